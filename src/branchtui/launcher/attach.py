"""`branchtui --fast`: hand the terminal to the launcher's session, or say that the plain start is needed.

Everything here happens before the first paint, hence the low modules instead of `socket` and `argparse`.
"""

from __future__ import annotations

import _socket as socket
import os
import resource
import struct
import sys
import termios

from branchtui import __version__
from branchtui.launcher import waiter, wire

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Final

_ANSWER_SECONDS: Final = 3.0
_CREDENTIALS: Final = struct.Struct("3i")
_VALUED: Final = {"--ledger": "ledger", "--user": "user", "--socket": "socket"}
_PLAIN: Final = {"--fast": "fast", "--ascii": "ascii"}


class _TurnedAway(Exception):
    """There is no session for us; `str()` says why."""


def attached(given: Sequence[str]) -> int | None:
    """Work on a session of the launcher; the exit code, or None when the program has to start plainly.

    Normally it does not return: the process becomes the waiter.
    """
    options = asked(given)
    if options is None or not sys.platform.startswith("linux") or not os.isatty(0):
        return None
    waiter.wait_for_foreground()
    wanted = options.get("socket")
    for path in wire.service_sockets(os.environ, wanted):
        reason = _attach(path, options)
        if isinstance(reason, int):
            return reason
        if reason or wanted:
            sys.stderr.write(f"Started without the launcher: {reason or f'nothing listens at {path}'}.\n")
            return None
    return None


def asked(given: Sequence[str]) -> dict[str, str] | None:
    """The options by name, or None when there is anything that the full command line has to judge."""
    options: dict[str, str] = {}
    words = iter(given)
    for word in words:
        name, mark, value = word.partition("=")
        if name in _VALUED:
            if not mark:
                value = next(words, "")
            if not value or value.startswith("-"):
                return None
            options[_VALUED[name]] = value
        elif word in _PLAIN:
            options[_PLAIN[word]] = "1"
        else:
            return None
    return options


def _attach(path: str, options: dict[str, str]) -> int | str:
    """Try one socket: the exit code, or why not; an empty reason when nothing listens there."""
    line = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    line.settimeout(_ANSWER_SECONDS)
    try:
        line.connect(path)
    except OSError:
        line.close()
        return ""
    try:
        kept, session = _greet(line, options)
    except _TurnedAway as reason:
        line.close()
        return str(reason)
    except (OSError, ValueError, termios.error) as error:
        line.close()
        return f"{path} does not answer ({type(error).__name__})"
    return _become_waiter(line.detach(), session, kept)


def _greet(line: socket.socket, options: dict[str, str]) -> tuple[str, int]:
    """Ask for a session: the terminal's settings from before it, and its pidfd."""
    _, owner, _ = _CREDENTIALS.unpack(
        line.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
    )
    if owner not in {0, os.geteuid()}:
        raise _TurnedAway("its socket belongs to another user")
    kept = waiter.settings_kept()
    packet = wire.pack(_fields(options))
    rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, struct.pack("3i", 0, 1, 2))]
    try:
        line.sendmsg([packet], rights)
    except BrokenPipeError:
        # It hung up before it heard us, and left its reason.
        raise _TurnedAway(_reason(_heard(line))) from None
    answer = _heard(line)
    if not answer.startswith(wire.GO):
        raise _TurnedAway(_reason(answer))
    return kept, os.pidfd_open(int(answer[1:]))


def _heard(line: socket.socket) -> bytes:
    try:
        return line.recv(wire.MAX_ANSWER_BYTES)
    except ConnectionResetError:
        # It hung up while our words were unread: what it said before stands behind that error.
        return line.recv(wire.MAX_ANSWER_BYTES)


def _reason(answer: bytes) -> str:
    # It comes from root or from oneself, and still is printed on a terminal.
    text = answer[1:].decode("ascii", "replace")
    return "".join(letter for letter in text if letter.isprintable()) or "it gave no answer"


def _fields(options: dict[str, str]) -> list[tuple[str, str]]:
    """What the session has to know about this process, and nothing of its secrets."""
    fields = [("version", __version__), ("cwd", _folder())]
    fields += [(f"option:{name}", options[name]) for name in ("ledger", "user", "ascii") if name in options]
    for number in range(resource.RLIM_NLIMITS if hasattr(resource, "RLIM_NLIMITS") else 16):
        soft, hard = resource.getrlimit(number)
        fields.append((f"limit:{number}", f"{soft}:{hard}"))
    fields += [(f"env:{name}", value) for name, value in os.environ.items() if wire.passes(name)]
    return fields


def _folder() -> str:
    try:
        return os.getcwd()  # noqa: PTH109 - pathlib takes longer to import than all of this
    except OSError:
        # It was deleted under us; the session falls back to the home folder.
        return ""


def _become_waiter(line: int, session: int, kept: str) -> int:
    """Give this process's memory up for the smallest interpreter that can wait."""
    arguments = [str(line), str(session), kept]
    os.set_blocking(line, True)
    for descriptor in (line, session):
        os.set_inheritable(descriptor, True)
    if sys.executable:
        command = [sys.executable, "-I", "-S", waiter.__file__, *arguments]
        try:
            os.execv(sys.executable, command)  # noqa: S606 - our own interpreter and file, no shell
        except OSError:
            # Waiting here costs more memory, and works.
            return waiter.main(arguments)
    return waiter.main(arguments)
