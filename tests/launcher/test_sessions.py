"""`branchtui --fast` in a real terminal, as a person and a shell meet it."""

from __future__ import annotations

import os
import signal
import sys
import termios
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.e2e.demonstration import Demonstration
from tests.e2e.terminal import Terminal
from tests.launcher.clients import RunningLauncher, is_gone, wait_for_end

from branchtui.launcher import waiter
from branchtui.terminal.lean.driver import LEAVE

pytestmark = [pytest.mark.pty, pytest.mark.e2e, pytest.mark.faults]

NOWHERE = "http://127.0.0.1:1"
PROGRAM = [sys.executable, "-m", "branchtui"]


def fast(launcher: RunningLauncher, url: str = NOWHERE, *more: str) -> list[str]:
    """The command line."""
    return [*PROGRAM, "--fast", "--socket", str(launcher.path), "--ledger", url, *more]


@pytest.fixture
def homes(place: Path) -> dict[str, str]:
    """Folders of the teller's own."""
    return {"XDG_STATE_HOME": str(place / "state"), "XDG_CONFIG_HOME": str(place / "config")}


@pytest.fixture
def shown(launcher: RunningLauncher, homes: dict[str, str]) -> Iterator[Terminal]:
    """A session at its sign-in."""
    with Terminal(fast(launcher), env=homes) as terminal:
        terminal.see("Password")
        yield terminal


def session_of(launcher: RunningLauncher) -> int:
    """The process of the session that was started last."""
    started = [line for line in launcher.log.splitlines() if line.startswith("started")]
    return int(started[-1].rpartition("=")[2])


def test_a_teller_works_on_it_as_on_any_other(launcher: RunningLauncher, homes: dict[str, str]) -> None:
    """Sign in, find a customer, leave by ctrl+q with exit code 0; nothing is left running."""
    with Demonstration() as demonstration:
        teller = demonstration.user("teller")
        with Terminal(fast(launcher, demonstration.url, "--user", teller.username), env=homes) as shown:
            shown.see("Password")
            shown.press(teller.password, "enter")
            shown.see("What waits")
            shown.press("f2")
            shown.see("Achieng")
            session = session_of(launcher)
            shown.press("ctrl+q")
            assert shown.wait_for_end() == 0
    wait_for_end(session)
    assert "exit=0" in launcher.logged("ended")


def test_what_waits_in_the_shell_is_a_bare_interpreter(shown: Terminal) -> None:
    """The client gives its memory up: no module of ours stays, and none of `site`."""
    command = Path(f"/proc/{shown.process.pid}/cmdline").read_text().split("\0")
    assert command[1:3] == ["-I", "-S"]
    assert command[3] == waiter.__file__


def test_another_size_is_painted(shown: Terminal) -> None:
    """SIGWINCH reaches the client alone; the session hears of it all the same."""
    shown.see("ctrl+q Leave")
    before = len(shown.received)
    shown._screen.resize(30, 100)
    shown.process.setwinsize(30, 100)
    shown._wait(lambda: "Password" in shown.received[before:].decode(), "to be painted anew")
    shown.see("ctrl+q Leave")


def test_a_client_that_is_killed_takes_its_session_along(shown: Terminal, launcher: RunningLauncher) -> None:
    """SIGKILL of the client, as a lost line: the session ends as by SIGHUP."""
    session = session_of(launcher)
    os.kill(shown.process.pid, signal.SIGKILL)
    wait_for_end(session)
    assert f"signal={signal.SIGHUP.value}" in launcher.logged("ended")


def test_a_terminal_that_hangs_up_ends_client_and_session(shown: Terminal, launcher: RunningLauncher) -> None:
    """A lost SSH line closes the terminal: neither process stays behind."""
    session = session_of(launcher)
    client = shown.process.pid
    shown.process.fileobj.close()
    shown.process.closed = True
    wait_for_end(client)
    wait_for_end(session)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_signals_to_the_client_end_the_session(
    shown: Terminal, launcher: RunningLauncher, number: signal.Signals
) -> None:
    """SIGTERM and SIGHUP are passed on, and the exit code says so."""
    session = session_of(launcher)
    os.kill(shown.process.pid, number)
    assert shown.wait_for_end() == 128 + number
    wait_for_end(session)


def test_a_session_that_is_killed_leaves_a_sane_terminal(
    launcher: RunningLauncher, homes: dict[str, str]
) -> None:
    """The client gives the terminal back, with the shell's settings, and ends with 128 and the signal."""
    shell = ["bash", "--norc", "-i"]
    with Terminal(shell, env={**homes, "PS1": "ready$ "}) as shown:
        shown.see("ready$")
        shown.press(" ".join(fast(launcher)) + '; echo "code $?"; stty -a', "enter")
        shown.see("Password")
        assert not termios.tcgetattr(shown.process.fd)[3] & termios.ICANON
        os.kill(session_of(launcher), signal.SIGKILL)
        shown.see(f"code {128 + signal.SIGKILL}", " icanon", " echo")
        assert waiter.LEAVE in shown.received


def test_the_shell_sees_its_job_stop_and_go_on(launcher: RunningLauncher, homes: dict[str, str]) -> None:
    """`ctrl+z` stops client and session and gives the terminal to the shell; `fg` brings all of it back."""
    with Terminal(["bash", "--norc", "-i"], env={**homes, "PS1": "ready$ "}) as shown:
        shown.see("ready$")
        for _ in range(2):
            shown.press(" ".join(fast(launcher)) if _ == 0 else "fg", "enter")
            shown.see("Password", "ctrl+q Leave")
            shown.press("\x1a")
            shown.see("Stopped")
            shown.press("echo $((40+2))", "enter")
            shown.see("42")
        stopped = Path(f"/proc/{session_of(launcher)}/status").read_text()
        assert "State:\tT" in stopped
        # In the background it does not take the terminal from the shell.
        shown.press("bg", "enter", "echo $((50+3))", "enter")
        shown.see("53")
        shown.press("fg", "enter")
        shown.see("Password")
        prompts = shown.received.count(b"ready$")
        shown.press("ctrl+q")
        shown._wait(lambda: shown.received.count(b"ready$") > prompts, "for the shell's prompt")
        shown.press("echo $((60+4))", "enter")
        shown.see("64")


def test_where_nobody_could_continue_it_nothing_stops(shown: Terminal) -> None:
    """A forced command of sshd has no shell above it: after `ctrl+z` the session is painted anew and goes on."""
    before = len(shown.received)
    shown.press("\x1a")
    shown._wait(lambda: b"Password" in shown.received[before:], "to be painted anew")
    shown.press("ctrl+q")
    assert shown.wait_for_end() == 0


def test_sessions_go_on_without_the_launcher(shown: Terminal, launcher: RunningLauncher) -> None:
    """It is restarted after an upgrade; nobody at work notices."""
    session = session_of(launcher)
    launcher.process.terminate()
    assert launcher.process.wait(30) == 0
    assert not launcher.path.exists()
    assert not is_gone(session)
    shown.press("ctrl+q")
    assert shown.wait_for_end() == 0


def test_a_session_killed_when_nobody_can_say_how_is_noticed(
    shown: Terminal, launcher: RunningLauncher
) -> None:
    """Without the launcher there is no last word; the client sees the process end, and gives the terminal back."""
    launcher.process.kill()
    launcher.process.wait()
    os.kill(session_of(launcher), signal.SIGKILL)
    assert shown.wait_for_end() == 128 + signal.SIGKILL
    assert waiter.LEAVE in shown.received


def test_a_launcher_that_hangs_is_not_waited_for(launcher: RunningLauncher, homes: dict[str, str]) -> None:
    """Stopped, it takes the connection and never answers: after a bounded time the start is plain."""
    os.kill(launcher.process.pid, signal.SIGSTOP)
    try:
        with Terminal(fast(launcher), env=homes) as shown:
            shown.see("Password")
            assert b"does not answer" in shown.received
            os.kill(launcher.process.pid, signal.SIGCONT)
            # What it starts late has no client any more and ends at once.
            launcher.logged("ended")
            shown.press("ctrl+q")
            assert shown.wait_for_end() == 0
    finally:
        os.kill(launcher.process.pid, signal.SIGCONT)


def test_without_a_launcher_it_starts_plainly(place: Path, homes: dict[str, str]) -> None:
    """The plain start works alone; where a socket was named, the person is told that nothing is there."""
    command = [*PROGRAM, "--fast", "--socket", str(place / "none"), "--ledger", NOWHERE]
    with Terminal(command, env=homes) as shown:
        shown.see("Password")
        assert b"nothing listens" in shown.received
        shown.press("ctrl+q")
        assert shown.wait_for_end() == 0


def test_one_user_has_so_many_sessions_and_no_more(place: Path, homes: dict[str, str]) -> None:
    """The next one starts plainly, and the person is told why."""
    with (
        RunningLauncher(place / "socket", env={"BRANCHTUI_LAUNCHER_SESSIONS_PER_USER": "1"}) as launcher,
        Terminal(fast(launcher), env=homes) as first,
    ):
        first.see("Password")
        with Terminal(fast(launcher), env=homes) as second:
            second.see("Password")
            assert b"as many sessions as one may have" in second.received
            assert "branchtui" in Path(f"/proc/{second.process.pid}/cmdline").read_text()
        assert launcher.log.count("started") == 1


def test_what_the_program_would_refuse_is_refused_in_its_own_words(
    launcher: RunningLauncher, homes: dict[str, str]
) -> None:
    """A terminal that cannot be drawn on: the plain start says so, with its exit code."""
    with Terminal(fast(launcher), env={**homes, "TERM": "dumb"}) as shown:
        assert shown.wait_for_end() == 1
        assert b"TERM=dumb" in shown.received


def test_the_client_gives_back_all_that_the_driver_takes() -> None:
    """Two constants, for the client imports nothing; what leaves for the driver leaves for the client."""
    assert waiter.LEAVE.decode().endswith(LEAVE)
