"""The report of a day on paper: forty columns or eighty."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from branchtui.format.money import money
from branchtui.ledger.paper import Paper
from branchtui.ledger.workflows.receipt_paper import WORDS, plain

if TYPE_CHECKING:
    from branchtui.contract import reports as wire
    from branchtui.ledger.core import Core
    from branchtui.ledger.store.rows import Branch


def report_lines(core: Core, branch: Branch, report: wire.DayReport, columns: int) -> tuple[str, ...]:
    """The report as lines for a printer: takings by tender first, then each user."""
    paper = Paper(columns)
    paper.centre(core.institution.name)
    paper.centre(f"{branch.name} ({branch.code})")
    paper.centre(f"DAY REPORT {report.business_date.isoformat()}")
    paper.pair("Day", "closed" if report.is_closed else "open")
    if report.created_by is not None:
        paper.pair("User", report.created_by)
    made = report.made_at.astimezone(ZoneInfo(branch.timezone))
    paper.pair("Made", made.strftime("%Y-%m-%d %H:%M"))
    paper.rule()
    for each in report.takings:
        paper.left(plain(each.tender.value).upper())
        paper.pair(f"  in   {each.received}", _amount(each.received_minor, each.currency))
        if each.paid:
            paper.pair(f"  out  {each.paid}", _amount(each.paid_minor, each.currency))
            paper.pair("  left", _amount(each.received_minor - each.paid_minor, each.currency))
    if not report.takings:
        paper.left("Nothing came or went by any tender.")
    for user, lines in groupby(report.report, key=lambda line: line.created_by):
        paper.rule()
        paper.left(user)
        for line in lines:
            by = f", {plain(line.tender.value)}" if line.tender is not None else ""
            paper.left(f"{line.count} {WORDS.get(line.kind, plain(line.kind).capitalize())}{by}")
            paper.right(_signed(line))
    paper.rule()
    paper.left("Signed")
    paper.gap()
    paper.gap()
    return paper.lines


def _signed(line: wire.ReportLine) -> str:
    """What a tender's account was left with by these entries, or what they moved where none had a part in it."""
    if line.tender is None:
        return _amount(line.moved_minor, line.currency)
    return _amount(line.received_minor - line.paid_minor, line.currency)


def _amount(amount_minor: int, currency: str) -> str:
    return f"{money(amount_minor, currency)} {currency}"
