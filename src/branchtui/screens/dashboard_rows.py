"""The dashboard in words, columns and bars: one bar a day, as long beside the others as its figure is large."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from branchtui.format.cells import pad
from branchtui.format.dates import show_date, show_time
from branchtui.format.money import money
from branchtui.screens.rows import total_in
from branchtui.widgets.columns import GUTTER, Column

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from branchtui.contract.dashboard import Dashboard

BAR_CELLS_MAX: Final = 14
_BAR_CELLS_MIN: Final = 4
_LINE_CELLS: Final = 78
"""What a line may take of 80 cells beside the arrow of the highlighted row."""
_DAY_CELLS: Final = 10
_GAPS: Final = 5
_BLOCK: Final = "█"
_TIER_WORDS: Final = {0: "by a person", 1: "by account reference", 2: "by phone", 3: "by hash of the phone"}


@dataclass(frozen=True)
class DayRow:
    """A day as it is shown; the bars are cells."""

    row_id: str
    day: str
    count: str
    associated: str
    associated_bar: str
    revenue: str
    revenue_bar: str


def bar(amount_minor: int, largest_minor: int, cells: int) -> str:
    """`amount_minor` of `largest_minor` in at most `cells` blocks, one at least; none for nothing and less."""
    if amount_minor <= 0:
        return ""
    return _BLOCK * max(1, (amount_minor * cells * 2 + largest_minor) // (largest_minor * 2))


def day_rows(board: Dashboard) -> list[DayRow]:
    """The days of the ledger, the newest first, with their bars."""
    cells = _bar_cells(board)
    associated = max((day.payments_associated_minor for day in board.days), default=0)
    revenue = max((day.revenue_minor for day in board.days), default=0)
    return [
        DayRow(
            row_id=day.date.isoformat(),
            day="Today" if day.date == board.business_date else show_date(day.date),
            count=f"{day.payments_associated:,}",
            associated=money(day.payments_associated_minor, board.currency),
            associated_bar=bar(day.payments_associated_minor, associated, cells),
            revenue=money(day.revenue_minor, board.currency),
            revenue_bar=bar(day.revenue_minor, revenue, cells),
        )
        for day in reversed(board.days)
    ]


def day_columns(board: Dashboard | None = None) -> list[Column[DayRow]]:
    """As wide as the figures of this board need, so that none is cut; the bars take what is left of 80 cells."""
    count, associated, revenue = _figure_cells(board)
    cells = _bar_cells(board)
    whole = GUTTER + _DAY_CELLS + count + associated + revenue + 2 * cells + _GAPS
    return [
        Column("Day", lambda one: one.day, width=_DAY_CELLS),
        Column("Count", lambda one: one.count, width=count, align="right"),
        Column("Associated", lambda one: one.associated, width=associated, align="right"),
        Column("", lambda one: one.associated_bar, width=cells),
        Column("Revenue", lambda one: one.revenue, width=revenue, align="right"),
        # Half a bar would be a smaller figure: where the window is narrow it is left out.
        Column("", lambda one: one.revenue_bar, width=cells, from_width=whole),
    ]


def _figure_cells(board: Dashboard | None) -> tuple[int, int, int]:
    days = () if board is None else board.days
    currency = "" if board is None else board.currency
    return (
        max(len("Count"), *(len(f"{day.payments_associated:,}") for day in days), 0),
        max(len("Associated"), *(len(money(day.payments_associated_minor, currency)) for day in days), 0),
        max(len("Revenue"), *(len(money(day.revenue_minor, currency)) for day in days), 0),
    )


def _bar_cells(board: Dashboard | None) -> int:
    left = _LINE_CELLS - _DAY_CELLS - _GAPS - sum(_figure_cells(board))
    return max(_BAR_CELLS_MIN, min(BAR_CELLS_MAX, left // 2))


def sums_of(board: Dashboard, zone: ZoneInfo) -> str:
    """What the days come to, and what was posted today."""
    count = sum(day.payments_associated for day in board.days)
    associated = sum(day.payments_associated_minor for day in board.days)
    revenue = sum(day.revenue_minor for day in board.days)
    return "\n".join(
        (
            f"Payments associated: {count:,} for {total_in(associated, board.currency)}",
            f"Revenue booked: {total_in(revenue, board.currency)}",
            posted_of(board, zone),
        )
    )


def posted_of(board: Dashboard, zone: ZoneInfo) -> str:
    """Today's postings of balances; and of when the figures are, where they are not of now."""
    posted = total_in(board.records_posted_today_minor, board.currency)
    line = f"Balances posted today: {board.records_posted_today:,} for {posted}"
    return line if board.as_of is None else f"{line}\nFigures of {show_time(board.as_of, zone)}, not of now."


def tiers_of(board: Dashboard) -> str:
    """Why the payments of these days are somebody's: how many and how much, a line a tier."""
    head = f"Associated in the last {len(board.days)} days, and still somebody's"
    if not board.associated_by_tier:
        return f"{head}: nothing"
    named = [
        (
            _TIER_WORDS.get(each.tier, f"tier {each.tier}"),
            f"{each.payments:,}",
            money(each.total_minor, board.currency),
        )
        for each in board.associated_by_tier
    ]
    widths = [max(len(line[at]) for line in named) for at in range(3)]
    return "\n".join(
        [f"{head}:"]
        + [
            f"  {pad(words, widths[0])}  {pad(count, widths[1], 'right')}  {pad(total, widths[2], 'right')}"
            for words, count, total in named
        ]
    )
