"""A program with the chosen driver as a process of its own: signals that would stop the tests themselves."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import sys
from collections.abc import Iterator

import pytest
from ptyprocess import PtyProcess
from tests.terminal.lean.replay import Replay, strangers

from branchtui.terminal.lean.driver import ENTER, LEAVE

pytestmark = pytest.mark.pty
_PATIENCE_SECONDS = 30.0


class Program:
    """The program, its terminal, and everything it sent."""

    def __init__(self) -> None:
        env = {**os.environ, "TERM": "xterm-256color"}
        command = [sys.executable, "-m", "tests.terminal.lean.program"]
        self.process = PtyProcess.spawn(command, env=env, dimensions=(24, 80))
        self.received = b""

    def read_until(self, wanted: str, *, since: int = 0, answers: bool = True) -> None:
        """Take in what is sent until a text is in it, and answer its questions."""
        while wanted.encode() not in self.received[since:]:
            ready, _, _ = select.select([self.process.fd], [], [], _PATIENCE_SECONDS)
            assert ready, f"{wanted!r} never came"
            data = self.process.read(65536)
            self.received += data
            for _ in range(data.count(b"\x1b[6n") if answers else 0):
                self.process.write(b"\x1b[1;1R")

    def read_rest(self) -> None:
        """Take in what comes until the program has ended."""
        with contextlib.suppress(EOFError):
            while True:
                self.received += self.process.read(65536)

    @property
    def lines(self) -> list[str]:
        """What the terminal shows."""
        screen = Replay(80, 24)
        screen.feed(self.received.decode())
        return screen.lines


@pytest.fixture
def program() -> Iterator[Program]:
    """A running program, ended afterwards."""
    started = Program()
    yield started
    started.process.close(force=True)


def test_stopped_and_continued_it_gives_the_terminal_back_and_takes_it_again(program: Program) -> None:
    """SIGTSTP: the terminal is the shell's; SIGCONT: everything is painted anew, and keys are heard."""
    program.read_until("no key yet")
    os.kill(program.process.pid, signal.SIGTSTP)
    program.read_until(LEAVE)
    _, status = os.waitpid(program.process.pid, os.WUNTRACED)
    assert os.WIFSTOPPED(status)
    since = len(program.received)
    os.kill(program.process.pid, signal.SIGCONT)
    program.read_until(ENTER, since=since)
    program.read_until("no key yet", since=since)
    program.process.write(b"x")
    program.read_until("1 k", since=since)
    assert program.lines[0].startswith("1 k")


def test_it_leaves_by_its_key_with_nothing_but_our_sequences(program: Program) -> None:
    """Start to end, every byte is on the closed list."""
    program.read_until("no key yet")
    program.process.write(b"q")
    program.read_until(LEAVE)
    program.read_rest()
    assert program.process.wait() == 0
    assert not strangers(program.received.decode())


def test_a_reply_that_comes_late_is_not_typed_into_the_shell(program: Program) -> None:
    """Outstanding replies are awaited before the terminal is handed back: the shell would echo them."""
    program.read_until("no key yet")
    program.process.write(b"x")
    program.read_until("1 k", answers=False)
    program.process.write(b"q")
    program.read_until(LEAVE, answers=False)
    program.process.write(b"\x1b[1;1R" * 3)
    program.read_rest()
    assert b"^[" not in program.received


def test_a_terminal_that_hangs_up_ends_it(program: Program) -> None:
    """SIGHUP, or the end of input where it is ignored: the process does not stay behind."""
    program.read_until("no key yet")
    program.process.fileobj.close()
    _, status = os.waitpid(program.process.pid, 0)
    assert os.WIFSIGNALED(status) or os.WIFEXITED(status)
    # Nothing is left for the fixture to end.
    program.process.closed = True
