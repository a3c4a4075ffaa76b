"""Names of code values, staff and products for answers: few of them, named in every row of a list."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

from branchtui.ledger.store.mapping import select_among
from branchtui.ledger.store.rows import CodeValue, Staff

if TYPE_CHECKING:
    from collections.abc import Iterable

    from branchtui.ledger.store.reader import Reader

REMEMBERED_MAX: Final = 20_000
"""Names; with more all are forgotten and read again as they are asked for."""


class CodeBook:
    """Remembers names by id. Whoever changes a value calls `forget`; other processes look again after a second."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._names: dict[str, str] = {}

    def forget(self) -> None:
        """Something has another name now."""
        self._names.clear()

    async def names(self, ids: Iterable[str | None]) -> dict[str, str]:
        """The names of these ids; what has none, a word from before there were lists, is its own name."""
        wanted = {each for each in ids if each}
        missing = wanted - self._names.keys()
        if missing:
            if len(self._names) + len(missing) > REMEMBERED_MAX:
                self._names.clear()
                missing = wanted
            bound = {"keys": json.dumps(sorted(missing))}
            values = await self._reader.rows(CodeValue, select_among(CodeValue, "id"), bound)
            people = await self._reader.rows(Staff, select_among(Staff, "id"), bound)
            self._names.update({each.id: each.name for each in values})
            self._names.update({each.id: each.name for each in people})
            for each in missing - self._names.keys():
                self._names[each] = each
        return {each: self._names[each] for each in wanted}
