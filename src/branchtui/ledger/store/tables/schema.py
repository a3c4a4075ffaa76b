"""The schema, once for every engine: SQLAlchemy Core tables from which migrations and statements are made.

Money is BIGINT minor units, times are microseconds since 1970 UTC, dates ISO text, ids UUIDv7 text.
Journal, legs and audit are append-only: triggers refuse UPDATE and DELETE (see the first migration).
"""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import BigInteger, Column, Computed, Integer, MetaData, Text
from sqlalchemy.ext.compiler import compiles

metadata = MetaData()

APPEND_ONLY: Final = {"append_only": True}
"""A table whose rows are written once: triggers refuse everything else."""

SCATTERED: Final = {"scattered": True}
"""A table with several indexes in no order of time: a new row changes a page of its own in each."""

Big = BigInteger().with_variant(Integer, "sqlite")
"""64 bits on every engine."""

Words = Text().with_variant(Text(collation="C"), "postgresql")
"""Text that is compared sign by sign, as the embedded engine does: lists and ranges rest on one order."""


def text(name: str, *args: Any, null: bool = False, **options: Any) -> Column[str]:
    """A text column, mandatory unless `null`."""
    return Column(name, Words, *args, nullable=null, **options)


def integer(name: str, *args: Any, null: bool = False, **options: Any) -> Column[int]:
    """A 64-bit column, mandatory unless `null`."""
    return Column(name, Big, *args, nullable=null, **options)


def key(name: str = "id") -> Column[str]:
    """A text column that is the table's primary key."""
    return Column(name, Words, primary_key=True)


class Derived(Computed):
    """What the engine makes of others of the row: SQLite when it is read, PostgreSQL when it is written."""

    inherit_cache = True


@compiles(Derived)
def _derived(element: Derived, compiler: Any, **options: Any) -> str:
    return str(compiler.visit_computed_column(element, **options))


@compiles(Derived, "postgresql")
def _derived_on_the_server(element: Derived, compiler: Any, **_: Any) -> str:
    expression = compiler.sql_compiler.process(element.sqltext, include_table=False, literal_binds=True)
    return f"GENERATED ALWAYS AS ({expression}) STORED"


def derived(name: str, expression: str) -> Column[str]:
    """A text column that the engine keeps from others of its row, for an index to stand on."""
    return Column(name, Words, Derived(expression), info={"engine": True})


def folded_number(name: str, source: str) -> Column[str]:
    """A number of ours as references are compared with it: no case, no punctuation (`search.number_key`)."""
    return derived(name, f"lower(replace(replace(replace({source}, '.', ''), '/', ''), '-', ''))")
