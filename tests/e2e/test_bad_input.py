"""Bad input at the terminal: garbage, floods and pastes of five megabytes. Never a crash, never a stray command."""

from __future__ import annotations

import os
import random
import re
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.e2e import day
from tests.e2e.demonstration import Demonstration
from tests.e2e.terminal import Terminal

if TYPE_CHECKING:
    from collections.abc import Iterator


pytestmark = [pytest.mark.e2e, pytest.mark.pty, pytest.mark.faults]

FIVE_MEGABYTES = b"p\ty,12 y d\rb3y " * 327_680
MEMORY_KIB = 48 * 1024
"""What the program may grow by, with a mebibyte of a paste kept in several writings of it."""
GARBLED = (
    *(
        b"\x1b[999~",
        b"\x1b[1;2;3;4;5m",
        b"\x1b[?1;2c",
        b"\x1b[<35;10;10M",
        b"\x1b[M !!",
        b"\x1b[I",
        b"\x1b[97;5u",
    ),
    *(
        b"\x1b]11;rgb:0000/0000/0000\x1b\\",
        b"\x1bP1$r0m\x1b\\",
        b"\x1b[>1;10;0c",
        b"\x1b[48;24;80;0;0t",
        b"\x1b[18;2~",
    ),
    *(b"\xff\xfe\xc3\0", b"\xc2\x9b", b"\x9b\0", b"\xe6\xbc\0", b"\0\0\0", b"\x1b[25~\x1b[34~", b"\x1b[5;5R"),
    *(
        b"\x1b[" + b"1;" * 50 + b"1m",
        b"\x1b[12;\x1b[I",
        b"\xed\xa0\x80\0",
        b"\xf5\x80\x80\x80",
        b"\x1b[200~\0\x1b[201~",
    ),
)


@pytest.fixture(scope="module")
def demonstration() -> Iterator[Demonstration]:
    """One for all of them: nothing here may change it."""
    with Demonstration() as running:
        yield running


@pytest.fixture
def counter(demonstration: Demonstration, tmp_path: Path) -> Iterator[Terminal]:
    """A supervisor, whom no limit stops, at the list of balances."""
    person = demonstration.user("supervisor")
    with Terminal(
        [sys.executable, "-m", "branchtui", "--ledger", demonstration.url, "--user", person.username],
        env={"XDG_STATE_HOME": str(tmp_path / "state"), "XDG_CONFIG_HOME": str(tmp_path / "config")},
    ) as shown:
        day.sign_in(shown, person)
        shown.press("f3")
        shown.see("Member Balances  not accounted  Post All", "> ", "Menu")
        yield shown


def memory_kib(shown: Terminal) -> int:
    """The most memory the program had so far."""
    status = Path(f"/proc/{shown.process.pid}/status").read_text()
    return int(next(line for line in status.splitlines() if line.startswith("VmHWM")).split()[1])


@pytest.mark.parametrize("seed", range(int(os.environ.get("BRANCHTUI_TEST_GARBAGE", "1"))))
def test_garbage_changes_nothing_on_any_screen(
    demonstration: Demonstration, counter: Terminal, seed: int
) -> None:
    """Sequences garbled and unknown, halves of letters, NULs and C1: the same screen stands, also a confirmation."""
    dice = random.Random(seed)
    for key, wanted in ((None, "Menu"), ("p", "[y]"), ("n", "Leave"), ("?", "Go to")):
        if key is not None:
            counter.press(key)
            counter.see(wanted if key != "n" else "New Member Balance")
        before = counter.text
        for _ in range(12):
            counter.type_bytes(b"".join(dice.choices(GARBLED, k=8)))
        # Whatever is incomplete is dropped by what follows it; a repaint shows what really stands there.
        counter.type_bytes(b"\x18\x18\x18\x18")
        counter.scribble("\x1b[2J")
        counter.press("ctrl+l")
        counter.see_that(partial(_is_same, day.body(before)), f"to see again:\n{before}")
        if key is not None:
            counter.press("esc")
            counter.see_that(partial(_is_closed, wanted), "it closed")
    day.leave(counter)
    demonstration.check()


@pytest.mark.sampled(1)
@pytest.mark.parametrize(("begin", "end"), [(b"\x1b[200~", b"\x1b[201~"), (b"", b"")], ids=["said", "unsaid"])
def test_five_megabytes_pasted_anywhere_are_text_or_nothing(
    demonstration: Demonstration, counter: Terminal, begin: bytes, end: bytes
) -> None:
    """In a list, a confirmation and the import: memory bounded, no command, and the next key is heard."""
    start = memory_kib(counter)
    paste = begin + FIVE_MEGABYTES + end

    before = counter.text
    counter.type_bytes(paste)
    counter.press_until("f1", "Go to")
    counter.press("esc")
    counter.see_no_more("Go to")
    counter.see_that(lambda text: day.body(text) == day.body(before), f"to see again:\n{before}")

    counter.press("p")
    counter.see("[y]")
    before = counter.text
    counter.type_bytes(paste)
    counter.scribble("\x1b[2J")
    counter.press_until("ctrl+l", "[y]")
    counter.see_that(lambda text: day.body(text) == day.body(before), f"to see again:\n{before}")
    counter.press("esc")
    counter.see_no_more("[y]")

    counter.press("i")
    counter.see("a path, or paste rows")
    counter.type_bytes(paste)
    counter.see("More than 1,000,000 characters")
    counter.press("esc", "f3")
    counter.see("Member Balances  not accounted", "Menu")
    assert memory_kib(counter) - start < MEMORY_KIB
    day.leave(counter)
    demonstration.check()


@pytest.mark.parametrize(("begin", "end"), [(b"\x1b[200~", b"\x1b[201~"), (b"", b"")], ids=["said", "unsaid"])
def test_five_megabytes_pasted_into_a_field_are_text(
    demonstration: Demonstration, counter: Terminal, begin: bytes, end: bytes
) -> None:
    """What the field takes of it is shown; the form asks before it is left."""
    counter.press("n")
    counter.see("New Member Balance")
    counter.press("000102")
    counter.see("> 000102")
    counter.press("tab", "tab", "tab", "tab", "Share")
    # Keys that are read in one piece with a paste that says no beginning are a part of it.
    counter.see_that(lambda text: bool(re.search(r"Narration +Share", text)), "the text in its field")
    counter.type_bytes(begin + FIVE_MEGABYTES + end)
    counter.see("y,12 y d")
    counter.press("esc")
    counter.see("Leave this form?")
    counter.press("y")
    counter.see_no_more("New Member Balance")
    day.leave(counter)
    demonstration.check()


def _is_same(before: list[str], text: str) -> bool:
    return day.body(text) == before


def _is_closed(wanted: str, text: str) -> bool:
    return wanted not in text or wanted == "Leave"
