"""Textual as it comes: its own table, header, footer, dialog look and driver, for the comparison of latency."""

from __future__ import annotations

import sys
from typing import ClassVar

from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import ModalScreen
from textual.widgets import DataTable, Footer, Header, Input, Static

from bench.terminal.apps import ROWS
from branchtui.terminal.lean import choose


class Ask(ModalScreen[None]):
    """A confirmation in the framework's look."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "dismiss", "No")]

    def compose(self) -> ComposeResult:
        """The same words as ours."""
        yield Static("Post this record?\n\nCustomer  Amaka Obi\nAccount   0010000042\nAmount    KES 9,500.00")


class Stock(App[None]):
    """A table of customers."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("f2", "ask", "Post"), Binding("f5", "search", "Search")]

    def compose(self) -> ComposeResult:
        """Header, search line, table, footer."""
        yield Header()
        yield DataTable(cursor_type="row")
        yield Input(placeholder="name")
        yield Footer()

    def on_mount(self) -> None:
        """A thousand rows: what this table is made for."""
        table = self.query_one(DataTable)
        table.add_columns("Account", "Name", "Phone", "Balance")
        for number, name, phone, balance in ROWS[:1000]:
            table.add_row(f"{number:010}", name, phone, balance)
        table.focus()

    def action_ask(self) -> None:
        """The dialog."""
        self.push_screen(Ask())

    def action_search(self) -> None:
        """The search line."""
        self.query_one(Input).focus()


def main() -> None:
    """Run with the driver named by the first argument: `plain`, or `lean` to see the painter in many colours."""
    app = Stock()
    if sys.argv[1:] == ["lean"]:
        choice = choose()
        assert choice.driver_class is not None, choice.reason
        app.driver_class = choice.driver_class
    app.run()


if __name__ == "__main__":
    main()
