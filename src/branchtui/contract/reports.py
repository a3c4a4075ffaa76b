"""The report of a day: what was taken, given and booked, by user, tender and kind (contract, section 5)."""

from __future__ import annotations

from datetime import date, datetime

from branchtui.contract.base import Answer
from branchtui.contract.tenders import Tender


class Takings(Answer):
    """What came and went by one tender, in minor units of `currency`."""

    tender: Tender
    currency: str
    received: int = 0
    received_minor: int = 0
    paid: int = 0
    paid_minor: int = 0


class ReportLine(Answer):
    """Journal entries of one user, kind and tender: how many, and how much they moved, in minor units of `currency`.

    Without a `tender` nothing came or went over the counter. `received_minor` and `paid_minor` are the tender's side;
    `moved_minor` is the sum of all debits.
    """

    created_by: str
    kind: str
    tender: Tender | None = None
    currency: str
    count: int
    moved_minor: int
    received_minor: int = 0
    paid_minor: int = 0


class DayReport(Answer):
    """`GET /v1/reports/day`: of a branch with those below it, of entries of one business day.

    `takings` add up `report` by tender. `lines` are the same for a printer, where `columns` were asked for.
    """

    branch_id: str
    branch_name: str
    business_date: date
    is_closed: bool
    made_at: datetime
    created_by: str | None = None
    takings: tuple[Takings, ...]
    report: tuple[ReportLine, ...]
    lines: tuple[str, ...] | None = None
