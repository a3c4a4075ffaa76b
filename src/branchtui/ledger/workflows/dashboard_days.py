"""What the days brought: payments associated, by which tier, and revenue booked, by business day (contract, section 5).

Every figure is a range of an index. Of days that hold much the figures are remembered by this process, together with
how far the journal had come, and a day is counted anew when an entry since then touched it: one of that business day,
or one that takes back a payment which was given on it. The journal is append-only and every change of who has a
payment is an entry (INV-4), so what no entry touched is as it was. Everything is forgotten when the date turns.
"""

from __future__ import annotations

import itertools
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from branchtui.contract.payments import PaymentState
from branchtui.ledger.clock import first_id, made_at_us
from branchtui.ledger.journal import REVENUE
from branchtui.ledger.store.sums import exact_sum, whole
from branchtui.ledger.workflows import vouchers
from branchtui.ledger.workflows.payment_steps import ASSOCIATED, DISASSOCIATED, KEYED, REVERSED

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from branchtui.ledger.store.reader import Snapshot

_DAYS_AT_ONCE: Final = 7
"""Days that one statement counts: a quarter of a large branch is no single statement's work."""

_SETTLED_US: Final = 60_000_000
"""How far the clocks of processes on one ledger may differ. Entries are booked one transaction after the other and
get their ids within it, so that none comes whose id is older than that beside one which is there."""

_ASSOCIATED: Final = f"""
SELECT entries.business_date, COUNT(*),
  SUM(CASE WHEN legs.amount_minor < 0 THEN 1 ELSE -1 END), {exact_sum("-legs.amount_minor")}
FROM journal_entries AS entries CROSS JOIN legs CROSS JOIN accounts
WHERE entries.branch_id IN (SELECT value FROM json_each(:scope))
  AND entries.business_date IN (SELECT value FROM json_each(:days))
  AND entries.kind IN (:associated, :disassociated, :keyed, :reversed)
  AND legs.entry_id = entries.id
  AND accounts.id = legs.account_id AND accounts.customer_id IS NOT NULL AND accounts.currency = :currency
GROUP BY entries.business_date"""  # noqa: S608 - words of our own

# Somebody may have a payment for the second time: it belongs to the last day on which it was given.
_BY_TIER: Final = f"""
SELECT given.business_date, payments.match_tier, COUNT(*), {exact_sum("payments.amount_minor")}
FROM (
  SELECT DISTINCT entries.business_date, entries.subject_id FROM journal_entries AS entries
  WHERE entries.branch_id IN (SELECT value FROM json_each(:scope))
    AND entries.business_date IN (SELECT value FROM json_each(:days))
    AND entries.kind IN (:associated, :keyed)
) AS given CROSS JOIN payments
WHERE payments.id = given.subject_id AND payments.state = :held AND payments.currency = :currency
  AND (given.business_date = :today OR NOT EXISTS (
    SELECT 1 FROM journal_entries AS later
    WHERE later.subject_id = given.subject_id AND later.kind IN (:associated, :keyed)
      AND later.business_date > given.business_date AND later.business_date <= :today
  ))
GROUP BY given.business_date, payments.match_tier"""  # noqa: S608 - words of our own

_REVENUE: Final = f"""
SELECT entries.business_date, {exact_sum("-legs.amount_minor")}
FROM journal_entries AS entries CROSS JOIN legs
WHERE entries.branch_id IN (SELECT value FROM json_each(:scope))
  AND entries.business_date IN (SELECT value FROM json_each(:days))
  AND entries.kind IN (:sold, :unsold)
  AND legs.entry_id = entries.id
  AND legs.account_id = 'gl-' || entries.branch_id || '-' || :revenue || '-' || :currency
GROUP BY entries.business_date"""  # noqa: S608 - words of our own

_NEWEST: Final = "SELECT MAX(id) FROM journal_entries"

_TOUCHED: Final = """
SELECT entries.business_date FROM journal_entries AS entries
WHERE entries.branch_id IN (SELECT value FROM json_each(:scope)) AND entries.id >= :settled
UNION
SELECT given.business_date FROM journal_entries AS entries CROSS JOIN journal_entries AS given
WHERE entries.branch_id IN (SELECT value FROM json_each(:scope)) AND entries.id >= :settled
  AND entries.kind IN (:disassociated, :reversed)
  AND given.subject_id = entries.subject_id AND given.kind IN (:associated, :keyed)"""

_NAMED: Final = {
    "associated": ASSOCIATED,
    "disassociated": DISASSOCIATED,
    "keyed": KEYED,
    "reversed": REVERSED,
    "held": PaymentState.ASSOCIATED.value,
    "sold": vouchers.SOLD,
    "unsold": vouchers.TAKEN_BACK,
    "revenue": REVENUE,
}


@dataclass(slots=True)
class Brought:
    """What one day brought, in minor units of the currency asked for; `tiers` are count and sum by tier.

    `rows` tells how much was gone through for it.
    """

    rows: int = 0
    associated: int = 0
    associated_minor: int = 0
    revenue_minor: int = 0
    tiers: dict[int, tuple[int, int]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Remembered:
    """Figures of days by ISO date; of every entry whose id is below `settled` they hold what it did."""

    settled: str
    days: Mapping[str, Brought]


@dataclass(frozen=True, slots=True)
class Asked:
    """Whose days: branches as a JSON array, a currency, ISO dates of which the last is today."""

    scope: str
    currency: str
    days: Sequence[str]

    @property
    def key(self) -> tuple[str, ...]:
        """Under which the days are remembered: of these branches, until the date turns."""
        return ("days", self.scope, self.currency, self.days[-1])


def read(snapshot: Snapshot, asked: Asked, before: Remembered | None, now_us: int) -> Remembered:
    """The figures of the days asked for and of those remembered, as this snapshot has them."""
    bound = _NAMED | {"scope": asked.scope, "currency": asked.currency, "today": asked.days[-1]}
    ((newest,),) = snapshot.values(_NEWEST, {})
    settled = first_id(max(0, min(made_at_us(newest), now_us) - _SETTLED_US)) if newest else ""
    found: dict[str, Brought] = {}
    # A clock that went back books below what was settled.
    if before is not None and before.settled <= settled:
        touched = {day for (day,) in snapshot.values(_TOUCHED, bound | {"settled": before.settled})}
        found.update((day, figures) for day, figures in before.days.items() if day not in touched)
    missing = [day for day in asked.days if day not in found]
    for begin in range(0, len(missing), _DAYS_AT_ONCE):
        found |= _count(snapshot, bound, missing[begin : begin + _DAYS_AT_ONCE])
    return Remembered(settled, found)


def _count(snapshot: Snapshot, bound: dict[str, Any], days: list[str]) -> dict[str, Brought]:
    bound = bound | {"days": json.dumps(days)}
    found = {day: Brought() for day in days}
    for day, rows, count, *total in snapshot.values(_ASSOCIATED, bound):
        one = found[day]
        one.rows, one.associated, one.associated_minor = rows, count, whole(*total)
    for day, tier, count, *total in snapshot.values(_BY_TIER, bound):
        found[day].tiers[tier] = count, whole(*total)
    for day, *total in snapshot.values(_REVENUE, bound):
        found[day].revenue_minor = whole(*total)
    return found


def by_tier(days: Iterable[Brought]) -> list[tuple[int, int, int]]:
    """Tier, count and sum over all of these days, by tier."""
    sums: dict[int, tuple[int, int]] = {}
    for tier, (count, minor) in itertools.chain.from_iterable(day.tiers.items() for day in days):
        had, had_minor = sums.get(tier, (0, 0))
        sums[tier] = had + count, had_minor + minor
    return [(tier, *figures) for tier, figures in sorted(sums.items())]
