"""The log of money as a CSV file: whole, with a count and control totals at its end (PAGE-4, SEC-6)."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

from branchtui.contract.operations import short_reference
from branchtui.contract.problem import Codes
from branchtui.format.money import money
from branchtui.ledger.clock import as_datetime
from branchtui.ledger.feeds.cells import guarded
from branchtui.ledger.problems import Refusal
from branchtui.ledger.store.rows import JournalEntry
from branchtui.ledger.tenders import TENDER_OF
from branchtui.ledger.workflows.transaction_views import LEGS, LegLine
from branchtui.ledger.workflows.transactions import export_statement

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from branchtui.ledger.core import Core
    from branchtui.ledger.store.connection import Connection

ROWS_MAX: Final = 100_000
"""Entries of one file; more are narrowed by days."""

PERSONS_MAX: Final = 1_000
"""Customers of one file that need no proof of who asks (AUTH-7)."""

COLUMNS: Final = (
    "booked_at",
    "business_date",
    "branch",
    "kind",
    "customer_no",
    "customer",
    "account_no",
    "tender",
    "amount",
    "currency",
    "reference",
    "narration",
    "created_by",
    "operation",
    "entry_id",
    "reversal_of",
)
_AT_ONCE: Final = 500
_NAMES: Final = "SELECT id, customer_no, name FROM customers WHERE id IN (SELECT value FROM json_each(:ids))"


@dataclass(frozen=True, slots=True)
class Export:
    """The bytes of the file, how many entries it holds, and of how many customers."""

    body: bytes
    row_count: int
    person_count: int


async def export(core: Core, bound: dict[str, Any], active: tuple[str, ...]) -> Export:
    """The entries that pass these filters, newest first, read over one state of the ledger.

    Raises:
        Refusal: 422 for more than fit into one file.
    """
    codes = {branch.id: branch.code for branch in core.tree}
    statement = export_statement(active)

    def write(connection: Connection) -> Export:
        rows = connection.execute(statement, bound | {"limit_rows": ROWS_MAX + 1})
        entries = [JournalEntry(*values) for values in rows]
        if len(entries) > ROWS_MAX:
            raise Refusal(
                422, Codes.VALIDATION, f"These are more than {ROWS_MAX:,} entries. Narrow them by days."
            )
        out = io.StringIO()
        file = csv.writer(out, lineterminator="\r\n")
        file.writerow(COLUMNS)
        totals: dict[str, int] = {}
        persons: set[str] = set()
        for part in _parts(entries):
            for entry, legs, customer in _with_legs(connection, part):
                file.writerow(_row(entry, legs, customer, codes))
                amount = sum(leg.amount_minor for leg in legs if leg.amount_minor > 0)
                totals[legs[0].currency] = totals.get(legs[0].currency, 0) + amount
                persons |= {leg.customer_id for leg in legs if leg.customer_id}
        for currency, total_minor in sorted(totals.items()) or [("", 0)]:
            file.writerow(_trailer(len(entries), currency, total_minor))
        return Export(out.getvalue().encode(), len(entries), len(persons))

    return await core.reader.in_thread(write)


def _parts(entries: Sequence[JournalEntry]) -> Iterator[list[JournalEntry]]:
    walk = iter(entries)
    while part := list(islice(walk, _AT_ONCE)):
        yield part


def _with_legs(
    connection: Connection, entries: Sequence[JournalEntry]
) -> Iterator[tuple[JournalEntry, list[LegLine], tuple[str, str]]]:
    """Each entry with its legs, and number and name of whose money it is."""
    legs: dict[str, list[LegLine]] = {}
    for values in connection.execute(LEGS, {"ids": json.dumps([entry.id for entry in entries])}):
        leg = LegLine(*values)
        legs.setdefault(leg.entry_id, []).append(leg)
    owners = sorted({leg.customer_id for each in legs.values() for leg in each if leg.customer_id})
    named = {
        customer_id: (customer_no, name)
        for customer_id, customer_no, name in connection.execute(_NAMES, {"ids": json.dumps(owners)})
    }
    for entry in entries:
        owned = next((leg.customer_id for leg in legs[entry.id] if leg.customer_id), None)
        yield entry, legs[entry.id], named.get(owned or "", ("", ""))


def _row(
    entry: JournalEntry, legs: Sequence[LegLine], customer: tuple[str, str], codes: dict[str, str]
) -> list[str]:
    owned = next((leg.account_no for leg in legs if leg.customer_id), "")
    tender = next((TENDER_OF[leg.kind].value for leg in legs if leg.kind in TENDER_OF), "")
    amount = sum(leg.amount_minor for leg in legs if leg.amount_minor > 0)
    cells = [
        as_datetime(entry.booked_at).isoformat().replace("+00:00", "Z"),
        entry.business_date,
        codes.get(entry.branch_id, ""),
        entry.kind,
        customer[0],
        customer[1],
        owned,
        tender,
        plain_money(amount, legs[0].currency),
        legs[0].currency,
        entry.reference or "",
        entry.narration,
        entry.created_by,
        short_reference(entry.operation_key),
        entry.id,
        entry.reversal_of or "",
    ]
    return [guarded(cell) for cell in cells]


def _trailer(row_count: int, currency: str, total_minor: int) -> list[str]:
    """How many entries, and their sum in one currency: a file that was cut has no such row."""
    cells = dict.fromkeys(COLUMNS, "")
    cells["booked_at"], cells["business_date"] = "TOTAL", str(row_count)
    if currency:
        cells["amount"], cells["currency"] = plain_money(total_minor, currency), currency
    return list(cells.values())


def plain_money(amount_minor: int, currency: str) -> str:
    """An amount as a file has it: `1250.00`, no commas."""
    return money(amount_minor, currency).replace(",", "")
