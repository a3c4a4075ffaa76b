"""Customers as a CSV file for a spreadsheet: guarded against formulas, counted, with a trailer (SEC-6, PAGE-4)."""

from __future__ import annotations

import asyncio
import csv
import io
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final

from branchtui.contract.problem import Codes
from branchtui.ledger.feeds.cells import guarded
from branchtui.ledger.problems import conflict
from branchtui.ledger.store.lists import Window
from branchtui.ledger.workflows import customer_filters
from branchtui.ledger.workflows.customer_search import CANDIDATES
from branchtui.ledger.workflows.customer_views import ids_in, labels_of

if TYPE_CHECKING:
    from branchtui.ledger.access import Principal
    from branchtui.ledger.core import Core
    from branchtui.ledger.store.rows import Customer
    from branchtui.ledger.workflows.customer_filters import Asked

ROWS_MAX: Final = 100_000
UNPROVED_MAX: Final = 1_000
"""Persons that one may take out without a proof of who one is (AUTH-7)."""

TRAILER: Final = "#rows"
_MARK: Final = "\ufeff"
_PLAIN: Final = (
    "customer_no",
    "account_no",
    "legal_form",
    "name",
    "first_name",
    "middle_name",
    "last_name",
    "status",
    "mobile_no",
    "email",
    "date_of_birth",
    "external_id",
    "incorporation_no",
    "submitted_on",
    "activation_date",
)
_NAMED: Final = {
    "gender": "gender",
    "client_type": "client_type",
    "classification": "classification",
    "staff": "staff_id",
    "group": "group_id",
    "organisation": "organisation_id",
}
COLUMNS: Final = (*_PLAIN, *_NAMED, "labels", "branch")


async def rows(core: Core, who: Principal, asked: Asked, sort: str | None, at_us: int) -> list[Customer]:
    """The customers of the list, in its order.

    Raises:
        Refusal: what the list refuses, and 409 `too-many-rows`.
    """
    plan = await customer_filters.plan_of(core, who, asked, sort)
    if (asked.q or "").strip():
        window = Window(limit=CANDIDATES, sort=sort)
        return (await customer_filters.page(core, who, asked, window, at_us)).rows
    found = await core.lists.all_rows(plan.spec, sort, plan.filters, ROWS_MAX + 1)
    if len(found) > ROWS_MAX:
        raise conflict(
            Codes.TOO_MANY_ROWS, f"These are more than {ROWS_MAX:,} customers. Narrow the list and ask again."
        )
    return found


async def written(core: Core, customers: Sequence[Customer]) -> bytes:
    """The file: a header, a row a customer, and how many there are."""
    names = await core.book.names(ids_in(customers))
    branches = {branch.id: branch.code for branch in core.tree}
    return await asyncio.to_thread(_written, customers, names, branches)


def _written(customers: Sequence[Customer], names: Mapping[str, str], branches: Mapping[str, str]) -> bytes:
    text = io.StringIO(newline="")
    # Spreadsheets take a file without the mark for one in their own code page.
    text.write(_MARK)
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for each in customers:
        cells = [getattr(each, name) or "" for name in _PLAIN]
        cells += [names.get(getattr(each, column) or "", "") for column in _NAMED.values()]
        cells.append("; ".join(names.get(label, label) for label in labels_of(each)))
        cells.append(branches[each.branch_id])
        writer.writerow([guarded(cell) for cell in cells])
    writer.writerow([TRAILER, str(len(customers))])
    return text.getvalue().encode()
