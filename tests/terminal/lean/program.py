"""A program of one line with the driver it would choose by itself; started by test_program.py."""

from __future__ import annotations

from textual.app import App, ComposeResult
from textual.content import Content
from textual.widgets import Static

from branchtui.terminal.lean import choose


class Counter(App[None]):
    """Counts keys, leaves at `q`."""

    keys = 0

    def compose(self) -> ComposeResult:
        """One line."""
        yield Static(Content("no key yet"))

    def on_key(self) -> None:
        """One more."""
        self.keys += 1
        self.query_one(Static).update(Content(f"{self.keys} keys"))

    def key_q(self) -> None:
        """Leave."""
        self.exit()


if __name__ == "__main__":
    choice = choose()
    assert choice.driver_class is not None, choice.reason
    Counter(driver_class=choice.driver_class).run()
