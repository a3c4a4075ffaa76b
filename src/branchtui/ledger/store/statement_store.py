"""What the import of statements reads in bulk: payments by code, payees, saved columns."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final, NamedTuple

from sqlalchemy import bindparam, select, text

from branchtui.contract.statements import Columns
from branchtui.ledger.store.mapping import compiled, mapping_of
from branchtui.ledger.store.rows import Payee
from branchtui.ledger.store.search import prefix_end
from branchtui.ledger.store.tables import column_maps, journal_entries, payees, payments, statement_batches

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from branchtui.ledger.store.connection import Connection


class Coded(NamedTuple):
    """As much of a payment as the look for its code needs."""

    id: str
    code: str
    payment_no: str
    amount_minor: int
    currency: str
    paid_at: int
    source: str
    branch_id: str
    state: str


_GIVEN = text("SELECT value FROM json_each(:keys)")


class Batch(NamedTuple):
    """A booking that came in as the payments it stands for."""

    reference: str
    day: str
    amount_minor: int
    currency: str
    payments: int


_BATCHES = compiled(
    select(*(statement_batches.c[name] for name in Batch._fields)).where(
        statement_batches.c.provider == bindparam("provider"), statement_batches.c.reference.in_(_GIVEN)
    )
)
_ANY_BATCH = compiled(
    select(statement_batches.c.id).where(statement_batches.c.provider == bindparam("provider")).limit(1)
)
_ANY_OF_PROVIDER = compiled(
    select(payments.c.id).where(payments.c.provider == bindparam("provider")).limit(1)
)
_BY_CODES = compiled(
    select(*(payments.c[name] for name in Coded._fields)).where(
        payments.c.provider == bindparam("provider"), payments.c.code.in_(_GIVEN)
    )
)
_PAYEES = compiled(select(*mapping_of(Payee).select_list).where(payees.c.branch_id.in_(_GIVEN)))
MAPS_MAX: Final = 200
"""Saved ways of reading that a file is tried with."""

_MAPS = compiled(
    select(column_maps.c.name, column_maps.c.columns)
    .where(column_maps.c.branch_id.in_(_GIVEN))
    .order_by(column_maps.c.name)
    .limit(MAPS_MAX)
)
_BEGINNING = compiled(
    select(*(payments.c[name] for name in Coded._fields)).where(
        payments.c.provider == bindparam("provider"),
        payments.c.code >= bindparam("low"),
        payments.c.code < bindparam("high"),
    )
)
_OF_OPERATION = compiled(
    select(journal_entries.c.subject_id).where(
        journal_entries.c.subject_id.in_(_GIVEN), journal_entries.c.operation_key == bindparam("key")
    )
)


def by_codes(connection: Connection, provider: str, codes: Iterable[str]) -> list[Coded]:
    """The payments that carry one of these codes of a provider."""
    bound = {"provider": provider, "keys": json.dumps(list(codes))}
    return [Coded(*found) for found in connection.execute(_BY_CODES, bound)]


def has_payments(connection: Connection, provider: str) -> bool:
    """Whether a provider brought any payment."""
    return bool(list(connection.execute(_ANY_OF_PROVIDER, {"provider": provider})))


def has_batches(connection: Connection, provider: str) -> bool:
    """Whether any booking of a provider came in as several payments."""
    return bool(list(connection.execute(_ANY_BATCH, {"provider": provider})))


def batches(connection: Connection, provider: str, references: Iterable[str]) -> list[Batch]:
    """The bookings that came in as several payments, among those that these references name."""
    bound = {"provider": provider, "keys": json.dumps(list(references))}
    return [Batch(*found) for found in connection.execute(_BATCHES, bound)]


def payees_of(connection: Connection, branch_ids: Iterable[str]) -> list[Payee]:
    """The short codes and bank accounts of these branches."""
    return [Payee(*found) for found in connection.execute(_PAYEES, {"keys": json.dumps(sorted(branch_ids))})]


def saved_columns(connection: Connection, branch_ids: Iterable[str]) -> tuple[tuple[str, Columns], ...]:
    """The ways of reading tables that these branches have saved, by name."""
    found = connection.execute(_MAPS, {"keys": json.dumps(sorted(branch_ids))})
    return tuple((name, Columns.model_validate_json(columns)) for name, columns in found)


def beginning(connection: Connection, provider: str, begin: str) -> list[Coded]:
    """The payments whose code begins so."""
    bound = {"provider": provider, "low": begin, "high": prefix_end(begin)}
    return [Coded(*found) for found in connection.execute(_BEGINNING, bound)]


def of_operation(connection: Connection, payment_ids: Sequence[str], operation_key: str) -> set[str]:
    """Those of the payments that this operation brought in."""
    bound = {"keys": json.dumps(list(payment_ids)), "key": operation_key}
    return {found[0] for found in connection.execute(_OF_OPERATION, bound)}
