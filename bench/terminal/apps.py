"""The program that is measured without a ledger: our widgets, a hundred thousand rows, and either driver.

`python -m bench.terminal.apps lean|plain`. Keys: f2 a confirmation, f3 and f4 two screens, f5 the search.
"""

from __future__ import annotations

import sys
from typing import Any, ClassVar

from textual import on
from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.screen import Screen
from textual.widgets import Static

from branchtui.terminal.lean import choose
from branchtui.terminal.styles import style_paths
from branchtui.terminal.theme import use_terminal_colours
from branchtui.widgets.columns import Column
from branchtui.widgets.dialogs import ConfirmDialog
from branchtui.widgets.fields import Field, TextField
from branchtui.widgets.form import Form
from branchtui.widgets.page_source import MemorySource
from branchtui.widgets.search_box import SearchBox
from branchtui.widgets.status_line import StatusLine
from branchtui.widgets.virtual_list import VirtualList

_FIRST = (
    "Achieng Kofi Amaka Wanjiru Otieno Fatuma Juma Akosua Chidi Nyambura Barasa Zainab Mutua Naliaka".split()
)
_LAST = (
    "Ochieng Mensah Obi Kamau Odhiambo Hassan Mwangi Boateng Eze Njoroge Wekesa Abdi Kilonzo Simiyu".split()
)
Row = tuple[int, str, str, str]


def _row(number: int) -> Row:
    name = f"{_FIRST[number * 7 % 14]} {_LAST[number * 5 % 13]}"
    return (number, name, f"+2547{number * 7919 % 100000000:08}", f"{number * 7331 % 1000000 / 100:,.2f}")


ROWS = [_row(number) for number in range(100_000)]


class Customers(Screen[None]):
    """A heading, a search, a list, a status line."""

    def compose(self) -> ComposeResult:
        """As the program's list screens."""
        yield Static(Content("Customers"))
        yield SearchBox("name, phone or account", id="search")
        yield VirtualList[Row](
            [
                Column("Account", lambda row: f"{row[0]:010}", width=12),
                Column("Name", lambda row: row[1]),
                Column("Phone", lambda row: row[2], width=16),
                Column("Balance", lambda row: row[3], width=14, align="right"),
            ],
            row_id=lambda row: str(row[0]),
            source=MemorySource(ROWS, lambda row: str(row[0]), lambda row: row[1]),
        )
        yield StatusLine()

    def on_mount(self) -> None:
        """Keys go to the list."""
        self.query_one(VirtualList).focus()

    @on(SearchBox.Settled)
    def _search(self, message: SearchBox.Settled) -> None:
        found = [row for row in ROWS[:5000] if message.text.casefold() in row[1].casefold()]
        self.query_one(VirtualList).set_source(MemorySource(found, lambda row: str(row[0])))


class Entry(Screen[None]):
    """A form of a few fields."""

    def compose(self) -> ComposeResult:
        """As the program's forms."""
        yield Static(Content("New customer"))
        names = ("First name", "Last name", "Phone", "National id", "Address", "Narration")
        fields: list[Field] = [
            TextField(name.casefold().replace(" ", "_"), name, required=False) for name in names
        ]
        yield Form(*fields, title="Customer")
        yield StatusLine()


class Measured(App[None]):
    """Both screens and a dialog."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f2", "ask", priority=True),
        Binding("f3", "go('entry')", priority=True),
        Binding("f4", "go('customers')", priority=True),
        Binding("f5", "search", priority=True),
    ]

    def __init__(self, **options: Any) -> None:
        super().__init__(css_path=[str(path) for path in style_paths()], **options)
        use_terminal_colours(self)

    def on_mount(self) -> None:
        """Start with the list."""
        self.install_screen(Customers(), "customers")
        self.install_screen(Entry(), "entry")
        self.push_screen("customers")

    def action_ask(self) -> None:
        """A confirmation as before money moves."""
        lines = [("Customer", "Amaka Obi"), ("Account", "0010000042"), ("Amount", "KES 9,500.00")]
        self.push_screen(ConfirmDialog("Post this record?", lines, effect="The balance changes now."))

    def action_go(self, name: str) -> None:
        """One screen for the other."""
        self.switch_screen(name)

    def action_search(self) -> None:
        """Keys go to the search."""
        self.screen.query_one("#search LineInput").focus()


def main() -> None:
    """Run with the driver named by the first argument."""
    choice = choose()
    if sys.argv[1:] == ["plain"]:
        app = Measured()
    else:
        assert choice.driver_class is not None, choice.reason
        app = Measured(driver_class=choice.driver_class)
    app.run(mouse=False)


if __name__ == "__main__":
    main()
