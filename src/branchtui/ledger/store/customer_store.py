"""What the ledger holds of the customers that a file names, many at once, and writing them in bulk.

Sets of keys travel as one JSON array, so that a statement is prepared once whatever their number.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple

from sqlalchemy import select, text

from branchtui.ledger.store.mapping import compiled, insert_rows, mapping_of
from branchtui.ledger.store.rows import (
    Account,
    Address,
    CodeValue,
    Customer,
    CustomerFacet,
    Identifier,
    Staff,
)
from branchtui.ledger.store.tables import accounts, code_values, customers, identifiers, staff
from branchtui.ledger.store.text_index import filled_at_once

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from branchtui.ledger.store.connection import Connection


class Known(NamedTuple):
    """As much of a customer as says whether another one is like him."""

    customer_no: str
    branch_id: str
    external_id: str | None
    mobile_no: str | None
    name_key: str
    date_of_birth: str | None


_GIVEN = text("SELECT value FROM json_each(:keys)")
_DAYS = text("SELECT value FROM json_each(:days)")
_KNOWN = select(*(customers.c[name] for name in Known._fields))
_BY_NO = compiled(_KNOWN.where(customers.c.customer_no.in_(_GIVEN)))
_BY_EXTERNAL_ID = compiled(_KNOWN.where(customers.c.external_id.in_(_GIVEN)))
_BY_MOBILE = compiled(_KNOWN.where(customers.c.mobile_no.in_(_GIVEN)))
_BY_NAME = compiled(_KNOWN.where(customers.c.name_key.in_(_GIVEN), customers.c.date_of_birth.in_(_DAYS)))
_ACCOUNT_NOS = compiled(select(accounts.c.account_no).where(accounts.c.account_no.in_(_GIVEN)))
_IDENTIFIERS = compiled(
    select(identifiers.c.identifier_type, identifiers.c.number_key).where(
        identifiers.c.number_key.in_(_GIVEN)
    )
)
_CODES = compiled(select(*mapping_of(CodeValue).select_list).where(code_values.c.code.in_(_GIVEN)))
_STAFF = compiled(select(*mapping_of(Staff).select_list).where(staff.c.branch_id.in_(_GIVEN)))


def by_number(connection: Connection, numbers: Collection[str]) -> dict[str, Known]:
    """Customer number to customer."""
    return {each.customer_no: each for each in _all(connection, _BY_NO, numbers)}


def by_external_id(connection: Connection, ids: Collection[str]) -> dict[str, Known]:
    """External id to customer."""
    return {each.external_id: each for each in _all(connection, _BY_EXTERNAL_ID, ids) if each.external_id}


def by_mobile(connection: Connection, phones: Collection[str]) -> dict[str, list[Known]]:
    """Phone in E.164 to those who have it."""
    found: dict[str, list[Known]] = {}
    for each in _all(connection, _BY_MOBILE, phones):
        found.setdefault(each.mobile_no or "", []).append(each)
    return found


def by_birth(
    connection: Connection, people: Collection[tuple[str, str]]
) -> dict[tuple[str, str], list[Known]]:
    """Folded name and date of birth to those who have both."""
    found: dict[tuple[str, str], list[Known]] = {}
    if not people:
        return found
    days = json.dumps(sorted({day for _, day in people}))
    for each in _all(connection, _BY_NAME, {name for name, _ in people}, days=days):
        if (pair := (each.name_key, each.date_of_birth or "")) in people:
            found.setdefault(pair, []).append(each)
    return found


def account_numbers_taken(connection: Connection, numbers: Collection[str]) -> set[str]:
    """Those account numbers that an account has."""
    if not numbers:
        return set()
    return {number for (number,) in connection.execute(_ACCOUNT_NOS, {"keys": json.dumps(list(numbers))})}


def identifiers_taken(connection: Connection, keys: Collection[str]) -> set[tuple[str, str]]:
    """The pairs (type, folded number) that somebody has, for these folded numbers."""
    if not keys:
        return set()
    return {(kind, key) for kind, key in connection.execute(_IDENTIFIERS, {"keys": json.dumps(list(keys))})}


def code_lists(connection: Connection, codes: Iterable[str]) -> list[CodeValue]:
    """All values of some lists."""
    return [CodeValue(*found) for found in connection.execute(_CODES, {"keys": json.dumps(list(codes))})]


def staff_of(connection: Connection, branch_ids: Iterable[str]) -> list[Staff]:
    """The staff of some branches, whoever has left too."""
    return [Staff(*found) for found in connection.execute(_STAFF, {"keys": json.dumps(list(branch_ids))})]


def insert_customers(
    connection: Connection,
    made: list[Customer],
    facets: list[CustomerFacet],
    wallets: list[Account],
    addresses: list[Address],
    numbers: list[Identifier],
) -> None:
    """Write new customers with all that is theirs, and let them be found."""
    with filled_at_once(connection, "customers"):
        insert_rows(connection, Customer, map(mapping_of(Customer).values_of, made))
    rows: list[Any]
    for row_type, rows in (
        (CustomerFacet, facets),
        (Account, wallets),
        (Address, addresses),
        (Identifier, numbers),
    ):
        if rows:
            insert_rows(connection, row_type, map(mapping_of(row_type).values_of, rows))


def _all(connection: Connection, statement: str, keys: Collection[str], **bound: str) -> Iterable[Known]:
    if not keys:
        return ()
    return map(Known._make, connection.execute(statement, {"keys": json.dumps(list(keys)), **bound}))
