"""Every terminal: the real descriptions of the system, and tmux and screen as emulators of another make.

What the program means to show is taken from its layout, without any terminal; what a terminal shows is
compared with that after each step: a list opened, paged and walked, a dialog and the palette opened and
closed, the window made larger and smaller again.
"""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import subprocess
import sys
import unicodedata
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from tests.e2e.terminal import Terminal
from tests.terminal.fixed_counter import fixed_counter
from tests.terminal.lean.replay import strangers

pytestmark = [pytest.mark.pty, pytest.mark.faults]

TERMS = (
    *("xterm", "xterm-256color", "xterm-direct", "tmux", "tmux-256color", "screen", "screen-256color"),
    *("putty", "putty-256color", "linux", "vt100", "vt220", "rxvt-unicode", "ansi", "nobody-knows"),
)
STEPS: tuple[tuple[str, ...], ...] = (
    ("f2",),
    ("pgdn",),
    ("down", "down", "down"),
    ("pgup",),
    ("n",),
    ("esc",),
    ("ctrl+p",),
    ("esc",),
)
LARGE = (104, 31)
_TEXTUAL = {"pgdn": "pagedown", "pgup": "pageup", "esc": "escape"}
PROGRAM = (sys.executable, "-m", "tests.terminal.fixed_counter")


def seen(lines: list[str]) -> list[str]:
    """Rows without marks above and below letters, which each emulator keeps in its own way, and without the figures."""
    plain = [
        "".join(
            letter for letter in unicodedata.normalize("NFD", line) if unicodedata.category(letter) != "Mn"
        )
        for line in lines
    ]
    # The last row but one tells how the line fares.
    return [line.rstrip() for line in (*plain[:-2], *plain[-1:])]


RESTS = 25
"""Looks in a row at which nothing has changed any more."""


@cache
def meant() -> list[list[str]]:
    """The picture after each step, as the layout has it; the last one is the large window's."""
    found = []

    async def walk() -> None:
        app = fixed_counter()
        async with app.run_test(size=(80, 24)) as pilot:

            def picture() -> list[str]:
                strips = app.screen._compositor.render_strips(app.size)
                return seen(["".join(segment.text for segment in line) for line in strips])

            async def settled(former: list[str]) -> list[str]:
                now, rested = picture(), 0
                async with asyncio.timeout(60):
                    while rested < RESTS:
                        # What stands behind a dialog is drawn with the dialog alone.
                        app.screen.refresh()
                        await pilot.pause(0.02)
                        before, now = now, picture()
                        is_there = now != former and not any(line.strip() == "…" for line in now)
                        rested = rested + 1 if is_there and now == before and not app.gate.is_busy else 0
                return now

            last = await settled([])
            while not any("What waits" in line for line in last):
                last = await settled(last)
            for keys in STEPS:
                await pilot.press(*(_TEXTUAL.get(key, key) for key in keys))
                last = await settled(last)
                found.append(last)
            await pilot.resize_terminal(*LARGE)
            found.append(await settled(last))

    asyncio.run(walk())
    return found


def walked(shown: Terminal) -> None:
    """Go through every step and find each picture as it was meant."""
    shown.see("What waits")
    *pictures, large = meant()
    for keys, picture in zip(STEPS, pictures, strict=True):
        shown.press(*keys)
        expect(shown, picture)
    shown.resize(*LARGE)
    expect(shown, large)
    shown.resize(80, 24)
    expect(shown, pictures[-1])


def expect(shown: Terminal, picture: list[str]) -> None:
    """Wait for a picture."""
    try:
        shown.see_that(lambda _: seen(shown.lines) == picture, "for a picture")
    except AssertionError:
        # Row by row, so that the one that differs is seen.
        assert seen(shown.lines) == picture
        raise


@pytest.fixture
def home(tmp_path: Path) -> dict[str, str]:
    """Nothing of the person who runs the tests."""
    return {
        "XDG_STATE_HOME": str(tmp_path / "state"),
        "XDG_CONFIG_HOME": str(tmp_path / "config"),
        "TMUX_TMPDIR": str(tmp_path),
        "SCREENDIR": str(tmp_path / "screens"),
        "COLORTERM": "",
        "TMUX": "",
        "STY": "",
    }


@pytest.mark.sampled(3)
@pytest.mark.parametrize("term", TERMS)
def test_every_terminal_shows_what_was_meant(term: str, home: dict[str, str]) -> None:
    """By its description, or with the least where the system has none; nothing else ever leaves."""
    with Terminal(PROGRAM, env=home | {"TERM": term}) as shown:
        walked(shown)
        shown.press("ctrl+q")
        assert shown.wait_for_end() == 0
    assert not strangers(shown.received.decode())
    assert not re.search(rb"\x1b\[\?(?:9|100[0-6]|1015|1016)[hl]", shown.received)
    if term.startswith("vt"):
        assert not re.search(rb"\x1b\[[\d;]*[34]\d[;m]", shown.received), "no colours on a terminal without"


@pytest.mark.skipif(shutil.which("tmux") is None, reason="tmux is not installed")
@pytest.mark.parametrize("term", ["tmux-256color", "screen"])
def test_tmux_shows_what_was_meant(term: str, home: dict[str, str]) -> None:
    """An emulator of its own: what it holds, and what it paints on the terminal around it."""
    command = ["tmux", "-u", "-f", os.devnull]
    options = [
        "set",
        "-g",
        "status",
        "off",
        ";",
        "set",
        "-s",
        "escape-time",
        "10",
        ";",
        "set",
        "-g",
        "default-terminal",
        term,
    ]
    with Terminal([*command, *options, ";", "new-session", *PROGRAM], env=home) as shown:
        walked(shown)
        held = subprocess.run(
            ["tmux", "-u", "capture-pane", "-p"],
            env=os.environ | home,
            capture_output=True,
            text=True,
            check=True,
        ).stdout.splitlines()
        assert seen(held + [""] * (24 - len(held))) == meant()[-2]
        shown.press("ctrl+q")
        shown.wait_for_end()


@pytest.mark.skipif(shutil.which("screen") is None, reason="screen is not installed")
def test_screen_shows_what_was_meant(home: dict[str, str], tmp_path: Path) -> None:
    """The other one that is everywhere, with other habits."""
    settings = tmp_path / "screenrc"
    settings.write_text("startup_message off\ndefutf8 on\ndefautonuke off\nvbell off\n")
    (tmp_path / "screens").mkdir(mode=0o700)
    with Terminal(["screen", "-U", "-c", str(settings), "-m", *PROGRAM], env=home) as shown:
        walked(shown)
        shown.press("ctrl+q")
        shown.wait_for_end()


@pytest.fixture(params=["dumb", "unknown", ""])
def useless(request: pytest.FixtureRequest) -> Iterator[str]:
    """A TERM on which nothing can be placed."""
    return request.param


def test_a_terminal_that_cannot_be_drawn_on_is_told_why(useless: str, home: dict[str, str]) -> None:
    """Exit code 1, a sentence, and no control code."""
    command = [sys.executable, "-m", "branchtui", "--ledger", "http://127.0.0.1:9"]
    with Terminal(command, env=home | {"TERM": useless}) as shown:
        assert shown.wait_for_end() == 1
        assert "Nothing was started." in shown.text.replace("\n", " ")
        assert "set TERM" in shown.text.replace("\n", " ").replace("Set", "set")
        assert b"\x1b" not in shown.received


def test_without_colours_no_colour_leaves(home: dict[str, str]) -> None:
    """NO_COLOR: bold, reverse and underline are left to say what colour would only repeat."""
    with Terminal(PROGRAM, env=home | {"NO_COLOR": "1"}) as shown:
        walked(shown)
        shown.press("ctrl+q")
        shown.wait_for_end()
    for parameters in re.findall(rb"\x1b\[([\d;]*)m", shown.received):
        assert all(int(number or 0) < 30 for number in parameters.split(b";")), parameters


def test_with_sixteen_colours_none_beyond_them_leaves(home: dict[str, str]) -> None:
    """No 256-colour and no direct colour is sent to a terminal that has sixteen."""
    with Terminal(PROGRAM, env=home | {"TERM": "xterm"}) as shown:
        walked(shown)
        shown.press("ctrl+q")
        shown.wait_for_end()
    assert not re.search(rb"[34]8[;:][25]", shown.received)


def test_ascii_is_ascii_to_the_last_byte(home: dict[str, str]) -> None:
    """`--ascii`: no byte above 0x7e, and every column stands where it stood."""
    with Terminal([*PROGRAM, "--ascii"], env=home) as shown:
        shown.see("What waits")
        shown.press("f2", "pgdn")
        shown.see("indeed...", "1002419")
        assert {line.index("+2547") for line in shown.lines if "+2547" in line} == {53}
        shown.press("n")
        shown.see("New Customer")
        shown.press("esc", "ctrl+q")
        shown.wait_for_end()
    assert not {byte for byte in shown.received if byte > 0x7E}
