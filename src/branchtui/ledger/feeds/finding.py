"""What is found in a file: a plain sentence with the place, never an exception (contract, section 8)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

OK: Final = "ok"
WARNING: Final = "warning"
ERROR: Final = "error"

SHOWN_MAX: Final = 80
"""Characters of a cell that are quoted back."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing to say about a row; `value` is the cell as it was read, shortened."""

    level: str
    code: str
    message: str
    column: str | None = None
    value: str | None = None


def error(code: str, message: str, column: str | None = None, value: str | None = None) -> Finding:
    """Something that keeps the row, or the file, out."""
    return Finding(ERROR, code, message, column, None if value is None else shown(value))


def warning(code: str, message: str, column: str | None = None, value: str | None = None) -> Finding:
    """Something a person should know; the row is taken all the same."""
    return Finding(WARNING, code, message, column, None if value is None else shown(value))


def shown(value: str) -> str:
    """A cell as a finding quotes it: the first 80 characters."""
    return value if len(value) <= SHOWN_MAX else value[: SHOWN_MAX - 1] + "…"


class CellError(ValueError):
    """A cell that cannot be read; `str()` is the sentence for the person."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
