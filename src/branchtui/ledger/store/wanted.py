"""What may be asked of a unit of work before it is needed: rows by their key, and the rows of a statement."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class ByKey:
    """The row of a class with this key."""

    row_type: type[Any]
    key: Any


@dataclass(frozen=True, slots=True)
class Rows:
    """The rows of a statement; where it asks one text column of a class for one value, `among` is that class."""

    statement: str
    bound: dict[str, Any]
    among: type[Any] | None = None


Wanted = ByKey | Rows


def asked(statement: str, bound: dict[str, Any]) -> tuple[Any, ...]:
    """What tells one question to the database from another."""
    return (statement, *bound.items())
