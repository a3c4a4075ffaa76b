"""What stays in the teller's shell while a session of the launcher works on the terminal.

Runs as a script of its own, without `site` and without one module of ours or of the library that it can do
without: every session pays for the memory of this process. It passes on signals, stops and goes on with the
session, and ends with its exit code.
"""

# The public module costs a megabyte for the enumerations around the same functions.
import _signal  # type: ignore[import-not-found]
import posix
import select
import sys
import termios

STOP = b"S"
"""From the session: it has given the terminal back and wants to be stopped, as by ctrl+z."""
END = b"E"
"""From the session or the launcher: it ended; the exit code follows."""
KILLED = b"K"
"""From the launcher: a signal killed it; the number follows."""
LEAVE = b"\x1b[?1006l\x1b[?1000l\x1b[m\x1b[?7h\x1b[?2004l\x1b[H\x1b[2J\x1b[?1049l\x1b[?25h"
"""What gives the terminal back when the session no longer can."""

_PASSED_ON = (
    _signal.SIGWINCH,
    _signal.SIGHUP,
    _signal.SIGTERM,
    _signal.SIGINT,
    _signal.SIGQUIT,
    _signal.SIGTSTP,
)
_LAST_WORD_MILLISECONDS = 1000
_MESSAGE_BYTES = 64
_TERMINAL = 0

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence


def in_background() -> bool:
    """Whether the terminal belongs to another job of the shell now."""
    try:
        return posix.tcgetpgrp(_TERMINAL) != posix.getpgrp()
    except OSError:
        # Not our controlling terminal: nobody takes it away.
        return False


def wait_for_foreground() -> None:
    """Stop, as the kernel stops a program that reads from the background, until the terminal is ours."""
    while in_background():
        posix.kill(posix.getpid(), _signal.SIGSTOP)


class Waiter:
    """`line` is the connection to the session, `session` its pidfd."""

    def __init__(self, line: int, session: int) -> None:
        self._line = line
        self._session = session
        self._is_stopping = False
        self._is_continuing = False

    def start(self) -> None:
        """Hear signals. What changed before is told once: the size of the terminal."""
        for number in _PASSED_ON:
            _signal.signal(number, self._pass_on)
        _signal.signal(_signal.SIGCONT, self._continued)
        self._tell(_signal.SIGWINCH)

    def wait(self) -> "tuple[int, bool]":
        """Wait for the end: the exit code, and whether a signal cut the session off."""
        poll = select.poll()
        poll.register(self._line, select.POLLIN)
        poll.register(self._session, select.POLLIN)
        while True:
            ready = [descriptor for descriptor, _ in poll.poll()]
            if self._line not in ready:
                # It is dead, and the launcher has yet to say how.
                poll.unregister(self._session)
                if not poll.poll(_LAST_WORD_MILLISECONDS):
                    break
            said = self._read()
            if said[:1] == END:
                return int(said[1:]), False
            if said[:1] == KILLED:
                return 128 + int(said[1:]), True
            if said == STOP:
                self._stop()
            elif not said:
                break
        # Neither it nor the launcher had time for a word.
        return 128 + _signal.SIGKILL, True

    def _read(self) -> bytes:
        try:
            return posix.read(self._line, _MESSAGE_BYTES)
        except OSError:
            return b""

    def _tell(self, number: int) -> None:
        try:
            _signal.pidfd_send_signal(self._session, number)
        except ProcessLookupError:
            # It has ended; the loop is about to hear so.
            return

    def _pass_on(self, number: int, _: object) -> None:
        if number == _signal.SIGTSTP:
            if self._is_stopping:
                return
            self._is_stopping = True
        self._tell(number)

    def _stop(self) -> None:
        # One sender for both: the SIGCONT that follows can never overtake this one.
        self._tell(_signal.SIGSTOP)
        self._is_stopping = True
        # The kernel's own rule: where no shell could continue us, as under a forced command, nothing stops.
        _signal.signal(_signal.SIGTSTP, _signal.SIG_DFL)
        posix.kill(posix.getpid(), _signal.SIGTSTP)
        _signal.signal(_signal.SIGTSTP, self._pass_on)
        if self._is_stopping:
            self._continued()

    def _continued(self, *_: object) -> None:
        if self._is_continuing:
            return
        self._is_continuing = True
        wait_for_foreground()
        self._is_continuing = self._is_stopping = False
        self._tell(_signal.SIGCONT)


def settings_kept() -> str:
    """The terminal's settings as they are now, for the command line of the waiter."""
    *numbers, characters = termios.tcgetattr(_TERMINAL)
    held = [each if isinstance(each, int) else each[0] for each in characters]
    return ",".join(str(number) for number in [*numbers, *held])


def give_back(kept: str) -> None:
    """The terminal as it was before the session, which can no longer do so itself."""
    numbers = [int(number) for number in kept.split(",")]
    settings: list[int | list[int]] = [*numbers[:6], numbers[6:]]
    try:
        termios.tcsetattr(_TERMINAL, termios.TCSANOW, settings)
        termios.tcflush(_TERMINAL, termios.TCIFLUSH)
        posix.write(1, LEAVE)
    except (OSError, termios.error):
        # It has gone with the line.
        return


def main(arguments: "Sequence[str]") -> int:
    """Wait for the session of `arguments`: connection, pidfd, settings; its exit code, 128 and more after a signal."""
    line, session, kept = arguments
    waiter = Waiter(int(line), int(session))
    waiter.start()
    code, is_cut_off = waiter.wait()
    if is_cut_off:
        give_back(kept)
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
