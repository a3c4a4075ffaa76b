"""What a shell, another program and a broken terminal do to the program: stopped, scribbled over, hung up, not read."""

from __future__ import annotations

import os
import select
import signal
import sys
from pathlib import Path

import pytest
from tests.e2e.ssh_host import await_end
from tests.e2e.terminal import Terminal

from branchtui.terminal.lean.driver import ENTER, LEAVE

pytestmark = [pytest.mark.pty, pytest.mark.faults]
PROGRAM = (sys.executable, "-m", "tests.terminal.fixed_counter")


@pytest.fixture
def home(tmp_path: Path) -> dict[str, str]:
    """Nothing of the person who runs the tests."""
    return {
        "XDG_STATE_HOME": str(tmp_path / "state"),
        "XDG_CONFIG_HOME": str(tmp_path / "config"),
        "PS1": "ready> ",
    }


def test_stopped_by_ctrl_z_and_fetched_back_by_fg_everything_stands_as_before(home: dict[str, str]) -> None:
    """A real shell with job control; it has the terminal in between, and both get it back whole."""
    with Terminal(["bash", "--norc", "--noprofile", "-i"], env=home) as shown:
        shown.see("ready>")
        shown.press(f"{' '.join(PROGRAM)}\r")
        shown.see("What waits")
        shown.press("f2")
        shown.see("Customers", "> Wanjiku", "  n New")
        before = shown.text
        for _ in range(2):
            shown.press("ctrl+z")
            shown.see("Stopped", "ready>")
            assert shown.received.count(ENTER.encode()) == shown.received.count(LEAVE.encode())
            shown.press("echo in the $((1+1))nd program\r")
            shown.see("in the 2nd program")
            shown.press("fg\r")
            shown.see_again(before)
        shown.press("down")
        shown.see("> Ngozi")
        shown.press("ctrl+q")
        shown.see("ready>")
        shown.press("exit\r")
        shown.wait_for_end()


def test_without_a_shell_behind_it_ctrl_z_does_nothing(home: dict[str, str]) -> None:
    """As the command of a terminal window or of sshd nobody could bring it back."""
    with Terminal(PROGRAM, env=home) as shown:
        shown.see("What waits")
        shown.press("ctrl+z", "f2")
        shown.see("Customers", "Ngozi")
        shown.press("ctrl+q")
        assert shown.wait_for_end() == 0


@pytest.mark.parametrize("key", ["ctrl+l", "palette"])
def test_what_something_else_wrote_on_the_terminal_is_painted_over(home: dict[str, str], key: str) -> None:
    """`ctrl+l`, and its line in the palette: every cell again, whatever stands there."""
    with Terminal(PROGRAM, env=home) as shown:
        shown.see("What waits")
        shown.press("f2")
        shown.see("Customers", "> Wanjiku", "  n New")
        before = shown.text
        for garbage in (
            "\x1b[2J",
            "\x1b[H\x1b[7mBroadcast message\r\n" * 9,
            "\x1b[5;9r\x1b[31m\x1b[24;1H\n\n\n",
            "x" * 1920,
        ):
            shown.scribble(garbage)
            assert shown.text != before
            if key == "palette":
                shown.press("ctrl+p")
                shown.press("repaint", "enter")
            else:
                shown.press(key)
            shown.see_again(before)
        shown.press("ctrl+q")
        assert shown.wait_for_end() == 0


@pytest.mark.parametrize("ignores_hangup", [False, True])
def test_a_terminal_that_vanishes_ends_the_program_without_a_word(
    home: dict[str, str], tmp_path: Path, ignores_hangup: bool
) -> None:
    """By SIGHUP, or by itself where that is ignored (`nohup`); no traceback, nothing runs on."""
    said = tmp_path / "said"
    ignoring = "trap '' HUP; " if ignores_hangup else ""
    with Terminal(["bash", "-c", f"{ignoring}exec {' '.join(PROGRAM)} 2>{said}"], env=home) as shown:
        shown.see("What waits")
        process = shown.process.pid
        shown.process.fileobj.close()
        await_end([process])
        _, status = os.waitpid(process, 0)
        # Nothing is left for the terminal to end.
        shown.process.terminated = shown.process.closed = True
    code = os.waitstatus_to_exitcode(status)
    assert code == 129 or (code == -signal.SIGHUP and not ignores_hangup)
    assert not said.read_text()
    assert not list((tmp_path / "state").rglob("failure-*"))


def test_a_terminal_that_is_not_read_for_a_while_is_right_when_it_is(home: dict[str, str]) -> None:
    """`ctrl+s`, a suspended emulator: the program waits, drops what is stale, and the last picture is right."""
    with Terminal(PROGRAM, env=home) as shown:
        shown.see("What waits")
        shown.press("f2")
        shown.see("Customers", "> Wanjiku", "  n New")
        at = len(shown.received)
        for _ in range(60):
            shown.press("pgdn", "pgup")
        shown.press("home", "down", "down")
        # Until the program has read all of it, its terminal's buffer of input is not empty.
        while select.select([], [shown.process.fd], [], 0)[1] == []:
            shown.see("Customers")
        shown.see_that(lambda text: "> Ngũgĩ wa Mwangi 0" in text, "the last picture")
        assert len(shown.received) - at < 60 * 4000
        shown.press("ctrl+q")
        assert shown.wait_for_end() == 0
