"""T-01 to T-03 on every screen and dialog, in the bytes that leave the real program in a real terminal.

Every text that the ledger sends is hostile, each another one of `tests/format/payloads.py`; the run's
seed says which comes first.
"""

from __future__ import annotations

import os
import random
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.e2e.terminal import Terminal, without_figures
from tests.e2e.test_teller_day import WITH_ERRORS
from tests.format.payloads import PAYLOADS
from tests.terminal.lean.replay import ALLOWED, strangers

from branchtui.terminal.output_wall import foreign_characters

if TYPE_CHECKING:
    from tests.e2e.demonstration import Demonstration

pytestmark = [pytest.mark.e2e, pytest.mark.pty, pytest.mark.faults]
PAGES = int(os.environ.get("BRANCHTUI_TEST_HOSTILE_PAGES", "4"))
"""Pages of each list that are walked through; 4 show more than 200 payloads on each of them."""


@pytest.mark.parametrize(("mode", "pages"), [("inside", PAGES), ("wire", 1)])
def test_no_text_of_a_hostile_ledger_touches_the_terminal(
    demonstration: Demonstration, tmp_path: Path, mode: str, pages: int
) -> None:
    """Not one byte outside the closed list of our own sequences leaves, and amounts stay in their column."""
    (tmp_path / "errors.csv").write_text(WITH_ERRORS)
    person = demonstration.user("supervisor")
    first = random.Random(f"{os.environ['BRANCHTUI_SEED']} {mode}").randrange(len(PAYLOADS))
    command = [sys.executable, "-m", "tests.e2e.poisoned", mode, str(first)]
    environment = {
        "BRANCHTUI_IMPORT_FOLDER": str(tmp_path),
        "XDG_STATE_HOME": str(tmp_path / "state"),
        "XDG_CONFIG_HOME": str(tmp_path / "config"),
    }
    with Terminal(
        [*command, "--ledger", demonstration.url, "--user", person.username], env=environment
    ) as shown:
        _sign_in(shown, person.password)
        _customers(shown, pages)
        _balances(shown, pages)
        _import(shown, tmp_path)
        _payments(shown, pages)
        _activity_and_help(shown)
        shown.press("ctrl+q")
        assert shown.wait_for_end() == 0
    stream = shown.received.decode()
    assert not strangers(stream)
    assert not foreign_characters(ALLOWED.sub("", stream))
    assert "\a" not in stream
    demonstration.check()


def _sign_in(shown: Terminal, password: str) -> None:
    shown.see("Password")
    shown.press("wrong", "enter")
    shown.see("Refused:")
    shown.press(password, "enter")
    shown.see("What waits")


def _walk(shown: Terminal, pages: int, amounts: str) -> None:
    """Page by page to the end of what is walked, with the amounts of every page in one column."""
    for _ in range(pages):
        shown.press("pgdn")
        _barrier(shown)
        ends = {found.end() for line in shown.cells if (found := re.search(amounts, line))}
        assert len(ends) == 1, shown.text


def _barrier(shown: Terminal) -> None:
    """Let all that was typed have its effect: help opens behind it, and closes again."""
    shown.press("?")
    shown.see("Go to")
    shown.press("esc")
    shown.see_no_more("Go to")


def _confirm(shown: Terminal) -> None:
    """Read what is asked to its end, however long hostile names make it, then say yes."""
    asked = shown.see("[y] ")
    while "[y] " in asked:
        shown.press("y")
        before = without_figures(asked)
        asked = shown.see_that(lambda text, before=before: without_figures(text) != before, "what y does")  # type: ignore[misc]


def _customers(shown: Terminal, pages: int) -> None:
    shown.press("f2")
    shown.see("Customers", "active")
    _walk(shown, pages, r" (?=(?:active|pending|closed|rejected|withdrawn)\b)")
    shown.press("f")
    shown.see("[esc]")
    shown.press("esc", "/", "wanjik")
    shown.see("“wanjik”", "active")
    shown.press("enter", "enter")
    shown.see("Wallet", "KES")
    shown.press("n")
    shown.see("New Member Balance")
    shown.press("esc")
    shown.see_no_more("New Member Balance")


def _balances(shown: Terminal, pages: int) -> None:
    shown.press("f3")
    shown.see("Member Balances", "not accounted", ".00")
    _walk(shown, pages, r"\d\.\d\d \d{4}-\d\d-\d\d")
    for key, title in (
        ("m", "do it"),
        ("e", "Edit Member Balance"),
        ("p", "[y]"),
        ("d", "[y]"),
        ("b", "Bulk Actions"),
    ):
        shown.press(key)
        shown.see(title)
        shown.press("esc")
        shown.see_no_more(title)
    shown.press("n")
    shown.see("New Member Balance")
    shown.press("00010")
    shown.see("> ")
    shown.press("esc")
    shown.see("Leave this form?")
    shown.press("y")
    shown.see_no_more("New Member Balance")
    shown.press("b", "3")
    shown.see("[y]")
    shown.press("esc")
    shown.see_no_more("[y]")
    shown.press("p")
    _confirm(shown)
    shown.see("Done:")
    shown.press("p")
    shown.see("! ")


def _import(shown: Terminal, folder: Path) -> None:
    shown.press("i")
    shown.see("Import")
    shown.press(str(folder / "errors.csv"), "enter")
    shown.see("2 wrong")
    shown.press("pgdn", "down", "esc")


def _payments(shown: Terminal, pages: int) -> None:
    shown.press("f4")
    shown.see("Payments", "unassociated", ".00")
    _walk(shown, pages, r"\d\.\d\d \d\d [A-Z]")
    _barrier(shown)
    for _ in range(9):
        if "> somebody else" in shown.text:
            break
        shown.press("tab")
        _barrier(shown)
    shown.press("a")
    shown.see("Whose payment")
    shown.press("wanjik")
    shown.see("> ")
    shown.press("esc")
    shown.see_no_more("Whose payment")
    shown.press("home")
    shown.see("1 of ")
    shown.press("a")
    _confirm(shown)
    shown.see("associated")
    shown.press("t")
    shown.see("Payments  associated")
    shown.press("x")
    shown.see("Reason")
    shown.press("esc")
    shown.see_no_more("Reason *")


def _activity_and_help(shown: Terminal) -> None:
    shown.press("f9")
    shown.see("Activity", "done")
    shown.press("enter")
    shown.see("[enter] go on")
    shown.press("enter", ":", "nowhere", "enter")
    shown.see("! ")
    shown.press("esc", "ctrl+p")
    shown.see("[enter] do it")
    shown.press("esc")
