"""What the ledger holds of the owners of many payments at once: by number, phone and id, a few columns of each.

Sets of keys travel as one JSON array, so that a statement is prepared once whatever their number.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final, NamedTuple

from sqlalchemy import select, text

from branchtui.ledger.store.mapping import compiled
from branchtui.ledger.store.tables import accounts, customers

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from sqlalchemy import Column

    from branchtui.ledger.store.connection import Connection


class OwnerRow(NamedTuple):
    """As much of a customer as says whether a payment is his; see `matching.Owner`."""

    id: str
    customer_no: str
    account_no: str
    branch_id: str
    status: str
    name: str
    first_name: str | None
    last_name: str | None
    mobile_no: str | None


class HeldAccount(NamedTuple):
    """As much of a customer's account as giving money to it needs; see `payment_rules.Holding` and `journal.Standing`."""

    id: str
    version: int
    account_no: str
    customer_id: str
    kind: str
    currency: str
    status: str
    balance_minor: int


_GIVEN = text("SELECT value FROM json_each(:keys)")
_WIDTH: Final = len(OwnerRow._fields)
_OWN = [customers.c[name] for name in OwnerRow._fields]


def _by(column: Column[str]) -> str:
    return compiled(select(*_OWN, column.label("said")).where(column.in_(_GIVEN)))


_BY_COLUMN: Final = {
    name: _by(customers.c[name])
    for name in (
        "id",
        "customer_no_key",
        "mobile_no",
        "phone_sha_international",
        "phone_sha_local",
    )
}
_BY_ACCOUNT: Final = compiled(
    select(accounts.c.account_no_key, accounts.c.customer_id).where(
        accounts.c.account_no_key.in_(_GIVEN), accounts.c.customer_id.is_not(None)
    )
)
_HELD: Final = compiled(
    select(*(accounts.c[name] for name in HeldAccount._fields)).where(accounts.c.customer_id.in_(_GIVEN))
)


def owners_by(connection: Connection, column: str, values: Collection[str]) -> Iterator[tuple[str, OwnerRow]]:
    """The customers whose `column` (a number as references are compared with it, a phone, the id) has one of the values.

    Each with the value that it has.
    """
    if values:
        for found in connection.execute(_BY_COLUMN[column], {"keys": json.dumps(list(values))}):
            yield found[_WIDTH], OwnerRow._make(found[:_WIDTH])


def owners_of_accounts(connection: Connection, numbers: Collection[str]) -> list[tuple[str, str]]:
    """Account number as references are compared with it, and the id of the customer whose account it is."""
    found = connection.execute(_BY_ACCOUNT, {"keys": json.dumps(list(numbers))})
    return [(number, customer_id) for number, customer_id in found]


def accounts_of(connection: Connection, customer_ids: Collection[str]) -> dict[str, list[HeldAccount]]:
    """The accounts of these customers, by customer, as they are stored."""
    held: dict[str, list[HeldAccount]] = {}
    if customer_ids:
        for found in connection.execute(_HELD, {"keys": json.dumps(sorted(customer_ids))}):
            account = HeldAccount._make(found)
            held.setdefault(account.customer_id, []).append(account)
    return held
