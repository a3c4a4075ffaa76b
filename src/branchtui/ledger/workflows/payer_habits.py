"""The habit of amount and date: who paid this amount about this day of the month, and nobody else did.

A hint for a payment that waits, and never more (contract, section 5, tier 5). Looked at are the payments of the
same amount that customers of the scope have, within `AROUND_DAYS` of the same day of each of the last `MONTHS`
months. Whoever paid in `LEAST` of them has the habit; an amount that several pay so proposes nobody, nor does one
that very many pay at all.
"""

from __future__ import annotations

import json
from calendar import monthrange
from collections import defaultdict
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

from sqlalchemy import Boolean, bindparam, literal, literal_column, select, union_all

from branchtui.contract.payments import PaymentState
from branchtui.format.money import money
from branchtui.ledger.clock import as_us, local_date
from branchtui.ledger.store import tables
from branchtui.ledger.store.mapping import compiled
from branchtui.ledger.store.rows import Customer
from branchtui.ledger.workflows.matching import Habit

if TYPE_CHECKING:
    from sqlalchemy import Select

    from branchtui.ledger.core import Core
    from branchtui.ledger.store.rows import Payment

MONTHS: Final = 3
LEAST: Final = 2
AROUND_DAYS: Final = 3
COMMON: Final = 60
"""An amount that more payments of one such week have says nothing of anybody."""

_p = tables.payments.c
_WITHIN: Final = literal_column("payments.branch_id IN (SELECT value FROM json_each(:branches))", Boolean)
_OWNED: Final = literal_column(f"payments.state = '{PaymentState.ASSOCIATED.value}'", Boolean)


def _about(month: int) -> Select[tuple[int, str | None]]:
    """The payments of one month's week."""
    week = (
        select(literal(month).label("month"), _p.customer_id)
        .where(
            _WITHIN,
            _p.amount_minor == bindparam("amount"),
            _p.paid_at >= bindparam(f"since_{month}"),
            _p.paid_at < bindparam(f"until_{month}"),
            _OWNED,
            _p.currency == bindparam("currency"),
        )
        .limit(COMMON + 1)
        .subquery(f"week_{month}")
    )
    return select(week.c.month, week.c.customer_id)


# Left alone, the planner reads all that a branch was paid in such a week.
HABITS: Final = compiled(union_all(*(_about(month) for month in range(1, MONTHS + 1)))).replace(
    "FROM payments ", "FROM payments INDEXED BY payments_amount "
)
"""Month (1: the last one) and customer of each payment that is looked at."""


async def habit(core: Core, payment: Payment, scope: frozenset[str]) -> Habit | None:
    """The one customer of `scope` whose habit a payment that waits fits, or None."""
    zone = core.tree[payment.branch_id].timezone
    bound = {
        **weeks_of(local_date(payment.paid_at, zone), zone),
        "branches": json.dumps(sorted(scope)),
        "amount": payment.amount_minor,
        "currency": payment.currency,
    }
    found = await core.reader.values(HABITS, bound)
    paid: dict[str, set[int]] = defaultdict(set)
    weeks: dict[int, int] = defaultdict(int)
    for month, customer_id in found:
        paid[customer_id].add(month)
        weeks[month] += 1
    regular = [each for each, months in paid.items() if len(months) >= LEAST]
    if len(regular) != 1 or any(count > COMMON for count in weeks.values()):
        return None
    customer = await core.reader.get(Customer, regular[0])
    if customer is None or customer.branch_id not in scope:
        return None
    amount = f"{money(payment.amount_minor, payment.currency)} {payment.currency}"
    return Habit(customer, amount, len(paid[customer.id]), MONTHS)


@lru_cache(maxsize=1_024)  # payments that wait came on few days
def weeks_of(day: date, zone: str) -> dict[str, int]:
    """`since_1` and `until_1` (microseconds since 1970) of the week about this day a month ago, and so on."""
    bound: dict[str, int] = {}
    for month in range(1, MONTHS + 1):
        about = month_before(day, month)
        first, end = about - timedelta(days=AROUND_DAYS), about + timedelta(days=AROUND_DAYS + 1)
        bound[f"since_{month}"] = _begins(first, zone)
        bound[f"until_{month}"] = _begins(end, zone)
    return bound


def month_before(day: date, months: int) -> date:
    """The same day so many months before; the last of its month where that has fewer days."""
    year, month = divmod(day.year * 12 + day.month - 1 - months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def _begins(day: date, zone: str) -> int:
    return as_us(datetime.combine(day, time(), ZoneInfo(zone)))
