"""The forked child: first it becomes the teller, then it reads what the teller's client sent, then it works."""

from __future__ import annotations

import gc
import os
import random
import signal
import socket
import sys
import time
from collections.abc import Callable
from typing import Final

from branchtui import __version__
from branchtui.launcher.identity import Account, NotPossible, account_of, become, lower_limits
from branchtui.launcher.kernel import Peer, hang_up_with
from branchtui.launcher.request import Request, receive
from branchtui.launcher.waiter import END, STOP
from branchtui.launcher.wire import GO, REFUSED, Garbled
from branchtui.settings import Settings, SettingsError
from branchtui.start import NotReady, Ready, ready, run_ready

TURNED_AWAY: Final = 75
"""The exit code of a child that gave no session: try again by other means (EX_TEMPFAIL)."""
_HANDSHAKE_SECONDS: Final = 5
_PATH: Final = "/usr/local/bin:/usr/bin:/bin"


def serve(line: socket.socket, peer: Peer) -> int:
    """Give `peer` a session on the terminal that comes over `line`; returns the exit code of this process.

    Called in a child that shares nothing with its parent but memory: no descriptor but `line` and the
    standard ones is open. What the client sends is read only after the identity was taken.
    """
    # A default action that nothing here can hold up: not a slow name service, not a silent client.
    signal.alarm(_HANDSHAKE_SECONDS)
    try:
        request = enter(line, peer)
        prepared = _prepare(request, lambda: _ask_to_stop(line))
        hang_up_with(line)
        line.send(GO + str(os.getpid()).encode())
    except (NotPossible, NotReady, Garbled, SettingsError) as refusal:
        _say(line, REFUSED + str(refusal).encode("ascii", "replace")[:200])
        return TURNED_AWAY
    except OSError:
        return TURNED_AWAY
    signal.alarm(0)
    code = run_ready(prepared)
    # The client leaves at the last word, which is no hang-up any more.
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    _say(line, END + str(code).encode())
    return code


def enter(line: socket.socket, peer: Peer) -> Request:
    """Become `peer`, then hear what it wants, then stand where it stands: limits, environment, folder, terminal.

    Raises:
        NotPossible, Garbled, OSError: it cannot be; the process must end.
    """
    os.setsid()
    account = account_of(peer.uid)
    become(account)
    request, terminal = receive(line)
    lower_limits(request.limits)
    _settle(request, account)
    _take_terminal(terminal)
    return request


def _settle(request: Request, account: Account) -> None:
    """The teller's environment and folder; what was seeded or switched off before the fork is made anew."""
    if request.version != __version__:
        raise NotPossible(f"it runs version {__version__}; restart it")
    os.environ.clear()
    os.environ.update(request.environment)
    os.environ.update({"HOME": account.home, "USER": account.name, "LOGNAME": account.name, "PATH": _PATH})
    time.tzset()
    random.seed()
    gc.enable()
    for folder in (request.cwd, account.home, "/"):
        try:
            os.chdir(folder)
        except (OSError, ValueError):
            continue
        return


def _take_terminal(terminal: list[int]) -> None:
    """The three descriptors become the standard ones, and the streams over them are new."""
    for place, descriptor in enumerate(terminal):
        os.dup2(descriptor, place)
        os.close(descriptor)
    sys.stdin = sys.__stdin__ = os.fdopen(0, "r", encoding="utf-8", closefd=False)  # type: ignore[misc]
    sys.stdout = sys.__stdout__ = os.fdopen(1, "w", encoding="utf-8", closefd=False)  # type: ignore[misc]
    sys.stderr = sys.__stderr__ = os.fdopen(2, "w", encoding="utf-8", closefd=False)  # type: ignore[misc]


def _prepare(request: Request, stop: Callable[[], None]) -> Ready:
    options = request.options
    settings = Settings.load(
        ledger=options.get("ledger"), user=options.get("user"), ascii_only="ascii" in options
    )
    prepared = ready(settings, stop=stop)
    if prepared.painting.driver_class is None:
        # The framework's own driver would stop and wake the wrong process.
        raise NotPossible("the terminal cannot be painted sparingly")
    return prepared


def _ask_to_stop(line: socket.socket) -> None:
    """`ctrl+z`: the client stops us and itself, so that the shell sees its job stop."""
    _say(line, STOP)


def _say(line: socket.socket, word: bytes) -> None:
    try:
        line.send(word, socket.MSG_DONTWAIT | socket.MSG_NOSIGNAL)
    except OSError:
        # Nobody listens any more; what ends us is under way.
        return
