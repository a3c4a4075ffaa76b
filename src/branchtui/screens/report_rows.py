"""The report of a day in words and columns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from branchtui.format.money import money
from branchtui.screens.rows import entry_word, tender_word
from branchtui.widgets.columns import Column

if TYPE_CHECKING:
    from branchtui.contract.reports import DayReport, Takings


@dataclass(frozen=True)
class ReportRow:
    """A line of the screen; amounts are text, empty where there is none."""

    row_id: str
    by: str
    tender: str
    what: str
    count: str
    received: str
    paid: str
    moved: str


def takings_columns() -> list[Column[ReportRow]]:
    """What came and went over the counter."""
    return [
        Column("By", lambda one: one.by, width=11),
        Column("Tender", lambda one: one.tender, width=13),
        Column("What", lambda one: one.what),
        Column("Count", lambda one: one.count, width=5, align="right"),
        Column("In", lambda one: one.received, width=14, align="right"),
        Column("Out", lambda one: one.paid, width=14, align="right"),
    ]


def kind_columns() -> list[Column[ReportRow]]:
    """Everything that was booked."""
    return [
        Column("By", lambda one: one.by, width=11),
        Column("What", lambda one: one.what),
        Column("Tender", lambda one: one.tender, width=13),
        Column("Count", lambda one: one.count, width=5, align="right"),
        Column("Moved", lambda one: one.moved, width=16, align="right"),
    ]


def takings_rows(report: DayReport, currency: str) -> list[ReportRow]:
    """The sums by tender, then what they are made of, by user."""
    sums = [
        ReportRow(
            row_id=f"all/{each.tender}/{each.currency}",
            by="all" if report.created_by is None else report.created_by,
            tender=tender_word(each.tender),
            what="",
            count=str(each.received + each.paid),
            received=_shown(each.received_minor, each.currency, currency),
            paid=_shown(each.paid_minor, each.currency, currency) if each.paid else "",
            moved="",
        )
        for each in report.takings
    ]
    return [*sums, *(row for row in kind_rows(report, currency) if row.tender)]


def kind_rows(report: DayReport, currency: str) -> list[ReportRow]:
    """Every kind of entry of every user."""
    return [
        ReportRow(
            row_id=f"{each.created_by}/{each.kind}/{each.tender}/{each.currency}",
            by=each.created_by,
            tender="" if each.tender is None else tender_word(each.tender),
            what=entry_word(each.kind),
            count=str(each.count),
            received=_shown(each.received_minor, each.currency, currency) if each.received_minor else "",
            paid=_shown(each.paid_minor, each.currency, currency) if each.paid_minor else "",
            moved=_shown(each.moved_minor, each.currency, currency),
        )
        for each in report.report
    ]


def takings_note(takings: tuple[Takings, ...], currency: str) -> str:
    """What is left of a day's takings by tender: `takings today: cash 12,500.00, cheque 0.00`."""
    if not takings:
        return "no takings today"
    parts = [
        f"{tender_word(each.tender)} {_shown(each.received_minor - each.paid_minor, each.currency, currency)}"
        for each in takings
    ]
    return f"takings today: {', '.join(parts)}"


def _shown(amount_minor: int, currency: str, usual: str) -> str:
    """An amount, with its currency where that is not the branch's own."""
    shown = money(amount_minor, currency)
    return shown if currency == usual else f"{shown} {currency}"
