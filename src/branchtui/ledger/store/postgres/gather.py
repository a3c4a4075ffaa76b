"""Point reads of many requests in one statement: those that are asked for in the same turn of the event loop.

A round trip costs the ledger more than the server takes for the rows, and requests come in crowds: a batch
answers up to 128 at once, and all of them go on to read the same few tables.
"""

from __future__ import annotations

import asyncio
import json
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from branchtui.ledger.store.mapping import select_among

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

_Waiting = dict[str, asyncio.Future[list[Any]]]


class Gather:
    """Collects reads by row class and text column, each sent after it was asked for, so that none reads the past."""

    def __init__(self, fetch: Callable[[str, dict[str, Any]], Awaitable[Sequence[Any]]]) -> None:
        self._fetch = fetch
        self._waiting: dict[tuple[type[Any], str], _Waiting] = {}
        self._sent: set[asyncio.Task[None]] = set()

    async def rows(self, row_type: type[Any], name: str, value: str) -> list[Any]:
        """The rows of `row_type` whose column `name` is `value`; raises what the statement raised."""
        loop = asyncio.get_running_loop()
        waiting = self._waiting.get((row_type, name))
        if waiting is None:
            waiting = self._waiting[row_type, name] = {}
            loop.call_soon(self._send, row_type, name)
        if value not in waiting:
            waiting[value] = loop.create_future()
        # Whoever gives up gives up alone: others may wait for the same rows.
        return await asyncio.shield(waiting[value])

    def _send(self, row_type: type[Any], name: str) -> None:
        task = asyncio.ensure_future(self._answer(row_type, name, self._waiting.pop((row_type, name))))
        self._sent.add(task)
        task.add_done_callback(self._sent.discard)

    async def _answer(self, row_type: type[Any], name: str, waiting: _Waiting) -> None:
        try:
            found = await self._fetch(select_among(row_type, name), {"keys": json.dumps(list(waiting))})
        except BaseException as error:  # noqa: BLE001 - whatever it is, those who wait are told
            for future in waiting.values():
                future.set_exception(error)
                future.exception()  # told, even where everybody who waited has given up
            return
        rows: dict[str, list[Any]] = {value: [] for value in waiting}
        value_of = attrgetter(name)
        for values in found:
            row = row_type(*values)
            rows[value_of(row)].append(row)
        for value, future in waiting.items():
            future.set_result(rows[value])
