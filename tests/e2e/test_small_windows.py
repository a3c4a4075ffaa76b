"""Windows that are too small, that grow, shrink and are dragged about while somebody types."""

from __future__ import annotations

import os
import random
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

import pytest
from tests.e2e import day
from tests.e2e.demonstration import Demonstration
from tests.e2e.terminal import Terminal

pytestmark = [pytest.mark.e2e, pytest.mark.pty, pytest.mark.faults]

STORM = 300
KEYS = ["down", "up", "pgdn", "home", "f2", "f3", "f4", "f9", "esc"]


@pytest.fixture(scope="module")
def demonstration() -> Iterator[Demonstration]:
    """One for all of them: nothing here may change it."""
    with Demonstration() as running:
        yield running


def started(
    demonstration: Demonstration, folder: Path, columns: int, rows: int, role: str = "teller"
) -> Terminal:
    """The program in a window of this size."""
    person = demonstration.user(role)
    return Terminal(
        [sys.executable, "-m", "branchtui", "--ledger", demonstration.url, "--user", person.username],
        env={"XDG_STATE_HOME": str(folder / "state"), "XDG_CONFIG_HOME": str(folder / "config")},
        columns=columns,
        rows=rows,
    )


def test_started_in_a_small_window_it_says_so_and_goes_on_when_it_is_larger(
    demonstration: Demonstration, tmp_path: Path
) -> None:
    """Below 60x15 there is one sentence; keys go nowhere; the program was only covered."""
    with started(demonstration, tmp_path, 50, 12) as shown:
        shown.see("This window is 50x12;", "needs at", "60x15", "Make it larger")
        shown.press("nobody", "enter")
        # Whatever is cut, it is never a part of the program.
        for columns, rows, said in ((1, 1, "+"), (20, 5, "20x5"), (59, 24, "59x24"), (60, 14, "60x14")):
            shown.resize(columns, rows)
            shown.see(said)
        shown.resize(60, 15)
        shown.see("Password", "User name")
        shown.resize(80, 24)
        shown.see("Password", "Leave")
        day.sign_in(shown, demonstration.user("teller"))
        day.leave(shown)


def test_a_small_window_covers_and_loses_nothing(demonstration: Demonstration, tmp_path: Path) -> None:
    """A form half filled in is there again, letter by letter; what was typed at the sentence is not."""
    with started(demonstration, tmp_path, 80, 24) as shown:
        day.sign_in(shown, demonstration.user("teller"))
        shown.press("f3")
        shown.see("Member Balances", "not accounted", "> ")
        shown.press("n")
        shown.see("New Member Balance")
        shown.press("000102")
        before = shown.see("> 000102 Achieng O'Brien")
        shown.resize(40, 10)
        shown.see("This window is 40x10")
        shown.press("999", "enter", "esc", "y", "\x1b[200~pasted\x1b[201~", "ctrl+l")
        shown.resize(41, 10)
        shown.see("This window is 41x10")
        shown.resize(80, 24)
        shown.see_again(before)
        day.leave_with_typing(shown)
    demonstration.check()


def test_no_money_moves_by_a_key_typed_at_the_sentence(demonstration: Demonstration, tmp_path: Path) -> None:
    """The confirmation stands behind it, and waits to be seen."""
    with started(demonstration, tmp_path, 80, 24) as shown:
        day.sign_in(shown, demonstration.user("teller"))
        shown.press("f4")
        shown.see("unassociated", "ends 444 and first name fits")
        shown.press("a")
        before = shown.see("Associate", "[y]")
        shown.resize(80, 14)
        shown.see("This window is 80x14")
        shown.press("y", "y", "y")
        # The larger window and another one come together: the confirmation is not painted yet.
        shown.resize(80, 24)
        shown.press("y")
        shown.see_again(before)
        shown.press("esc")
        shown.see_no_more("[y]")
        shown.press("ctrl+r")
        shown.see("1 of 120", "ends 444 and first name fits")
        day.leave(shown)
    demonstration.check()


@pytest.mark.sampled(1)
@pytest.mark.parametrize("seed", range(int(os.environ.get("BRANCHTUI_TEST_STORMS", "1"))))
def test_a_window_dragged_about_while_somebody_types_ends_right(
    demonstration: Demonstration, tmp_path: Path, seed: int
) -> None:
    """Hundreds of sizes, most of them never painted: no crash, and the last picture is that of a fresh paint."""
    dice = random.Random(seed)
    with started(demonstration, tmp_path, 80, 24) as shown:
        day.sign_in(shown, demonstration.user("teller"))
        shown.press("f2")
        shown.see("Achieng")
        for _ in range(STORM):
            shown.resize(dice.randint(1, 160), dice.randint(1, 50))
            shown.press(*dice.choices(KEYS, k=dice.random() < 0.3))
        shown.resize(97, 31)
        # What is typed before the program stands there again is typed at the sentence.
        shown.see_that(
            lambda _: shown.lines[0].endswith("teller1") and len(shown.lines[0]) == 97, "all of it"
        )
        shown.press("esc", "f2", "home")
        day.settle(shown)
        shown.see("Customers", "> Achieng", "n New")
        before = shown.text
        shown.scribble("\x1b[2J\x1b[Hgarbage")
        shown.press("ctrl+l")
        shown.see_again(before)
        day.leave(shown)
    demonstration.check()
