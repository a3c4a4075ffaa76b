"""The schema, once for every engine: SQLAlchemy Core tables from which migrations and statements are made.

Money is BIGINT minor units, times are microseconds since 1970 UTC, dates ISO text, ids UUIDv7 text.
Journal, legs and audit are append-only: triggers refuse UPDATE and DELETE (see the first migration).
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import BigInteger, Column, Computed, Integer, MetaData, Text

metadata = MetaData()

Big = BigInteger().with_variant(Integer, "sqlite")
"""64 bits on every engine."""


def text(name: str, *args: Any, null: bool = False, **options: Any) -> Column[str]:
    """A text column, mandatory unless `null`."""
    return Column(name, Text, *args, nullable=null, **options)


def integer(name: str, *args: Any, null: bool = False, **options: Any) -> Column[int]:
    """A 64-bit column, mandatory unless `null`."""
    return Column(name, Big, *args, nullable=null, **options)


def key(name: str = "id") -> Column[str]:
    """A text column that is the table's primary key."""
    return Column(name, Text, primary_key=True)


def derived(name: str, expression: str) -> Column[str]:
    """A text column that the engine keeps from others of its row, for an index to stand on."""
    return Column(name, Text, Computed(expression), info={"engine": True})


def folded_number(name: str, source: str) -> Column[str]:
    """A number of ours as references are compared with it: no case, no punctuation (`search.number_key`)."""
    return derived(name, f"lower(replace(replace(replace({source}, '.', ''), '/', ''), '-', ''))")
