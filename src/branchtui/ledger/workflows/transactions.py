"""The log of money: which journal entries a list shows, in the order of their ids, which is that of time.

Few kinds are most of all entries; those are met by walking. The others, and what people did, have an index each
(tables/money.py), which a condition has to name in the index's own words.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo

from sqlalchemy import Boolean, ColumnElement, bindparam, literal_column, select

from branchtui.ledger.access import SYSTEM
from branchtui.ledger.clock import as_us, first_id, span_us
from branchtui.ledger.problems import not_found
from branchtui.ledger.store import tables
from branchtui.ledger.store.list_spec import ListSpec, Sort
from branchtui.ledger.store.lists import Window
from branchtui.ledger.store.mapping import compiled
from branchtui.ledger.store.rows import JournalEntry
from branchtui.ledger.store.search import number_key, prefix_end
from branchtui.ledger.store.tables.money import MOST_KINDS
from branchtui.ledger.voucher_codes import folded_code
from branchtui.ledger.workflows import payment_search
from branchtui.ledger.workflows.activity import search_filter

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import tzinfo

    from branchtui.ledger.access import Principal
    from branchtui.ledger.core import Core
    from branchtui.ledger.store.rows import Branch

FOUND_MAX: Final = 200
"""Payments that a search looks for entries of."""

_MADE_WITHIN_US: Final = 3_600 * 1_000_000
"""An id is made while its operation is carried out, which takes less than this."""

_MOST: Final = frozenset(word.strip("' ") for word in MOST_KINDS.strip("()").split(","))

_e = tables.journal_entries.c


class _ByTime(Sort):
    """The order of ids, opened at a day, a month or a year of the reader's time zone."""

    def place(self, text: str, zone: tzinfo) -> str:
        """The id that would be the first met of what was booked then."""
        first_us, last_us = span_us(text, zone)
        return prefix_end(first_id(last_us)) if self.descending else first_id(first_us)


_FILTERS: Final[Mapping[str, ColumnElement[bool]]] = {
    "branch": _e.branch_id == bindparam("branch"),
    # The sign keeps the other condition's index in use.
    "branches": literal_column(
        "+journal_entries.branch_id IN (SELECT value FROM json_each(:branches))", Boolean
    ),
    "kind": literal_column("+journal_entries.kind = :kind", Boolean),
    "rare_kind": literal_column(
        f"journal_entries.kind = :rare_kind AND journal_entries.kind NOT IN {MOST_KINDS}", Boolean
    ),
    "person": literal_column(
        f"journal_entries.created_by = :person AND journal_entries.created_by <> '{SYSTEM}'", Boolean
    ),
    "machine": literal_column("+journal_entries.created_by = :machine", Boolean),
    "customer": literal_column(
        "journal_entries.id IN (SELECT legs.entry_id FROM legs WHERE legs.account_id IN"
        " (SELECT accounts.id FROM accounts WHERE accounts.customer_id = :customer))",
        Boolean,
    ),
    "since": literal_column(
        "journal_entries.id >= :since__id AND +journal_entries.booked_at >= :since__at", Boolean
    ),
    "until": literal_column(
        "journal_entries.id < :until__id AND +journal_entries.booked_at < :until__at", Boolean
    ),
    "found": literal_column(
        "journal_entries.id IN (SELECT entries.id FROM journal_entries AS entries"
        " WHERE entries.subject_id IN (SELECT value FROM json_each(:found__subjects))"
        " UNION ALL SELECT entries.id FROM journal_entries AS entries"
        " WHERE entries.operation_key IN (SELECT value FROM json_each(:found__keys))"
        " UNION ALL SELECT legs.entry_id FROM legs"
        " WHERE legs.account_id IN (SELECT value FROM json_each(:found__accounts)))",
        Boolean,
    ),
}

TRANSACTIONS: Final = ListSpec(
    row_type=JournalEntry,
    name="transactions",
    sorts={"newest": _ByTime("id", descending=True), "oldest": _ByTime("id")},
    filters=_FILTERS,
)
"""The list behind `GET /v1/transactions`."""


_exports: dict[tuple[str, ...], str] = {}


def export_statement(active: tuple[str, ...]) -> str:
    """All entries that pass these filters, newest first, `limit_rows` at most."""
    if active not in _exports:
        found = select(*TRANSACTIONS.select_list).where(*[_FILTERS[name] for name in active])
        _exports[active] = compiled(found.order_by(_e.id.desc()).limit(bindparam("limit_rows")))
    return _exports[active]


@dataclass(frozen=True, slots=True)
class Asked:
    """What the log is narrowed by; days are the user's branch's."""

    kind: str | None = None
    created_by: str | None = None
    customer: str | None = None
    branch: str | None = None
    date_from: date | None = None
    date_to: date | None = None
    q: str | None = None


async def filters(core: Core, who: Principal, asked: Asked, now_us: int) -> dict[str, Any]:
    """The filters of `TRANSACTIONS` that `asked` means for `who`, kept inside the own branches.

    Raises:
        Refusal: 404 for a branch that is not the caller's to see.
    """
    branch_ids = who.scope.branch_ids
    if asked.branch is not None:
        if not who.scope.covers(asked.branch):
            raise not_found("branch")
        branch_ids = core.tree.below(asked.branch)
    home = core.tree[who.branch_id]
    found: dict[str, Any] = {}
    if asked.created_by is not None:
        found["machine" if asked.created_by == SYSTEM else "person"] = asked.created_by
    if asked.customer is not None:
        found["customer"] = asked.customer
    if asked.kind is not None:
        common = asked.kind in _MOST or "person" in found or "customer" in found
        found["kind" if common else "rare_kind"] = asked.kind
    if asked.q:
        found["found"] = await _search(core, who, asked.q, branch_ids, now_us)
    narrowed = found.keys() & {"person", "customer", "found"}
    if len(branch_ids) == 1 and not narrowed:
        found["branch"] = next(iter(branch_ids))
    elif len(branch_ids) == 1 or not who.scope.top or asked.branch is not None:
        found["branches"] = json.dumps(sorted(branch_ids))
    if asked.date_from is not None:
        since = _begins(asked.date_from, home)
        found["since"] = {"at": since, "id": first_id(max(0, since - _MADE_WITHIN_US))}
    if asked.date_to is not None and asked.date_to < date.max:
        until = _begins(asked.date_to + timedelta(days=1), home)
        found["until"] = {"at": until, "id": first_id(until + _MADE_WITHIN_US)}
    return found


def _begins(day: date, home: Branch) -> int:
    instant = datetime.combine(day, time(), ZoneInfo(home.timezone))
    return as_us(instant) if day.year > 1 else as_us(datetime(1, 1, 2, tzinfo=UTC))


_ACCOUNTS: Final = """SELECT accounts.id FROM accounts CROSS JOIN customers
WHERE accounts.account_no_key = :number AND customers.id = accounts.customer_id
  AND +customers.branch_id IN (SELECT value FROM json_each(:scope))
UNION SELECT accounts.id FROM customers CROSS JOIN accounts
WHERE customers.customer_no_key = :number AND accounts.customer_id = customers.id
  AND +customers.branch_id IN (SELECT value FROM json_each(:scope))"""

_VOUCHERS: Final = """SELECT vouchers.id FROM vouchers
WHERE (vouchers.voucher_no = :number OR vouchers.code = :code)
  AND +vouchers.branch_id IN (SELECT value FROM json_each(:scope))"""

_KEYS: Final = """SELECT key FROM operations
WHERE reference >= :reference AND reference < :reference_end LIMIT 50"""


async def _search(
    core: Core, who: Principal, query: str, branch_ids: frozenset[str], now_us: int
) -> dict[str, Any]:
    """What a text means: payments or vouchers found by it, an account or customer number, an operation's reference."""
    home = core.tree[who.branch_id]
    payments = await core.lists.page(
        payment_search.PAYMENTS,
        Window(limit=FOUND_MAX),
        payment_search.filters(branch_ids, whole=who.scope.top, home=home, q=query),
        who=who.user_id,
        now_us=now_us,
    )
    number = {"number": number_key("".join(query.split())) or "\x01", "scope": json.dumps(sorted(branch_ids))}
    accounts = await core.reader.values(_ACCOUNTS, number)
    sold = await core.reader.values(
        _VOUCHERS,
        {
            "number": "".join(query.split()).upper(),
            "code": folded_code(query) or "",
            "scope": json.dumps(sorted(branch_ids)),
        },
    )
    by_reference = search_filter(query)["q"]
    keys: list[tuple[Any, ...]] = []
    if by_reference["reference"]:
        bound = {name: by_reference[name] for name in ("reference", "reference_end")}
        keys = await core.reader.values(_KEYS, bound)
    return {
        "subjects": json.dumps(
            [payment.id for payment in payments.rows] + [voucher_id for (voucher_id,) in sold]
        ),
        "accounts": json.dumps([account_id for (account_id,) in accounts]),
        "keys": json.dumps([key for (key,) in keys]),
    }
