"""The branch's day, for Home and the dashboard (contract, section 5)."""

from __future__ import annotations

from datetime import date, datetime

from branchtui.contract.base import Answer


class Queue(Answer):
    """What waits: how many, how much in minor units, and since when."""

    name: str
    count: int
    total_minor: int
    oldest_at: datetime | None = None


class DayFigures(Answer):
    """One day of one branch, two named figures in minor units."""

    date: date
    branch_id: str
    payments_associated_minor: int = 0
    payments_associated: int = 0
    revenue_minor: int = 0


class TierFigures(Answer):
    """Payments that were given to somebody by one tier of matching, in minor units of the branch's currency.

    `tier` is that of `Payment.match`: 0 by a person's choice, 1 account reference, 2 phone, 3 hash of the phone.
    """

    tier: int
    payments: int
    total_minor: int


class Dashboard(Answer):
    """`GET /v1/dashboard?branch=&days=`; the days are the branch's own, the newest last.

    `associated_by_tier` counts each payment once that was given to somebody on one of `days` and is still
    somebody's, by the tier that it has now; a tier without one is left out. `days` subtract what was taken back on
    them, whenever that was given: the sums differ where a payment given earlier was taken back.

    `as_of` is null where all is as of now. Where very much was booked or waits, what was counted a while ago is told
    again, for twenty times as long as counting it took; `as_of` is then the instant that the oldest of it holds for.
    """

    branch_id: str
    branch_name: str
    business_date: date
    currency: str
    as_of: datetime | None = None
    queues: tuple[Queue, ...]
    days: tuple[DayFigures, ...]
    associated_by_tier: tuple[TierFigures, ...] = ()
    records_posted_today: int = 0
    records_posted_today_minor: int = 0
