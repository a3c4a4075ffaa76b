"""Where a branch's chain stands, as the ledger tells it with each answer (AUD-3)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, Self

_FORM: Final = re.compile(r"([\x21-\x3a\x3c-\x7e]{1,64});([0-9]{1,18});([0-9a-f]{8})")


@dataclass(frozen=True, slots=True)
class Head:
    """Where a branch's chain stands: the number of its last row and the first eight digits of its hash."""

    branch_id: str
    seq: int
    hash8: str

    @classmethod
    def read(cls, text: str | None) -> Self | None:
        """The head in a header, or None where there is none that makes sense."""
        parts = _FORM.fullmatch(text.strip()) if text else None
        return None if parts is None else cls(parts[1], int(parts[2]), parts[3])

    def __str__(self) -> str:
        """As both headers carry it."""
        return f"{self.branch_id};{self.seq};{self.hash8}"

    @property
    def short(self) -> str:
        """For people to read to each other: `1204;ab12cd34`."""
        return f"{self.seq};{self.hash8}"
