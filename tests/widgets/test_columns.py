"""Columns, and the bar that shows which row has the keys."""

from __future__ import annotations

from branchtui.widgets.columns import BAR_CELLS, Column, ColumnLayout

COLUMNS = [
    Column[str]("Member", str),
    Column[str]("Account", str, width=10),
    Column[str]("Amount", str, width=14, align="right"),
    Column[str]("By", str, width=40),
]


def test_the_bar_is_the_row_on_a_terminal_that_is_no_wider() -> None:
    """80 cells: nothing is left out."""
    assert ColumnLayout(COLUMNS, 80).bar_cells == 80
    assert ColumnLayout(COLUMNS, BAR_CELLS).bar_cells == BAR_CELLS


def test_on_a_wide_terminal_the_bar_ends_with_a_column() -> None:
    """A step of the bar costs at most 180 bytes, so it does not cover what is far from the name."""
    layout = ColumnLayout(COLUMNS, 120)
    row = layout.row("x", highlighted=True, marked=False)
    header = layout.header()
    assert layout.bar_cells == header.index("By") - 1
    assert len(row) == 120


def test_without_a_column_that_short_the_gutter_alone_is_the_bar() -> None:
    """A single column of all cells: the arrow stands out."""
    assert ColumnLayout([Column[str]("All", str)], 120).bar_cells == 1


def test_no_digit_of_an_amount_is_cut_while_its_commas_can_go() -> None:
    """A balance of ten million in a narrow column: read whole; what is longer still ends with a sign that it does."""
    layout = ColumnLayout([Column[str]("Owed", str, width=12, align="right")], 16)

    def shown(amount: str) -> str:
        return layout.row(amount, highlighted=False, marked=False).strip()

    assert shown("9,999,999.99") == "9,999,999.99"
    assert shown("10,000,000.00") == "10000000.00"
    assert shown("-99,999,999.99") == "-99999999.99"
    assert shown("12,345,678,901.00") == "12345678901…"
