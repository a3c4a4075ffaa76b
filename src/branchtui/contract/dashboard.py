"""The branch's day, for Home (contract, section 5)."""

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


class Dashboard(Answer):
    """`GET /v1/dashboard?branch=`; the days are the branch's own, the newest last."""

    branch_id: str
    branch_name: str
    business_date: date
    currency: str
    queues: tuple[Queue, ...]
    days: tuple[DayFigures, ...]
    records_posted_today: int = 0
    records_posted_today_minor: int = 0
