"""`branchtui launcher`: from the command line to a service that says when it is ready."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from branchtui.exits import DONE, WRONG_USAGE, fail
from branchtui.launcher import wire
from branchtui.launcher.service import Launcher, Limits
from branchtui.launcher.socket_file import CannotListen, SocketFile

_MOST: Final = 10_000
_MERGE: Final = "BRANCHTUI_LAUNCHER_MERGE_PAGES"
"""Set by an operator who would rather have the memory than keep sessions' pages apart (decision 0010)."""


def run(socket_path: str | None) -> int:
    """Serve until SIGTERM; the exit code of the command line."""
    if not sys.platform.startswith("linux"):
        return fail("The launcher needs Linux. The plain start works everywhere.")
    path = socket_path or _default(os.environ)
    if path is None:
        return fail("Where is the launcher to listen? Name it: branchtui launcher --socket PATH", WRONG_USAGE)
    try:
        limits = limits_from(os.environ)
    except ValueError as error:
        return fail(str(error), WRONG_USAGE)
    try:
        with SocketFile(Path(path).absolute()) as file:
            return _serve(file, path, limits)
    except CannotListen as error:
        return fail(str(error))


def _serve(file: SocketFile, path: str, limits: Limits) -> int:
    from branchtui.launcher.kernel import merge_pages
    from branchtui.launcher.preload import NotFit, preload, rehearse
    from branchtui.launcher.session import serve

    try:
        if os.environ.get(_MERGE):
            merge_pages()
        preload()
    except OSError as error:
        return fail(f"This kernel merges no pages ({error.strerror}); unset {_MERGE}.")
    except NotFit as reason:
        return fail(f"The launcher cannot serve: {reason}.")
    with Launcher(file.listener, serve, rehearse, limits=limits, log=_log) as launcher:
        sys.stdout.write(f"branchtui launcher ready at {path}\n")
        sys.stdout.flush()
        launcher.run()
    return DONE


def limits_from(environment: Mapping[str, str]) -> Limits:
    """How many sessions: BRANCHTUI_LAUNCHER_SESSIONS and ..._SESSIONS_PER_USER.

    Raises:
        ValueError: one of them is no such number; `str()` is the sentence for the person.
    """
    defaults = Limits()
    return Limits(
        _number(environment, "BRANCHTUI_LAUNCHER_SESSIONS", defaults.sessions),
        _number(environment, "BRANCHTUI_LAUNCHER_SESSIONS_PER_USER", defaults.sessions_per_user),
    )


def _number(environment: Mapping[str, str], name: str, default: int) -> int:
    told = environment.get(name, "")
    if not told:
        return default
    if not (told.isascii() and told.isdecimal() and 1 <= int(told) <= _MOST):
        raise ValueError(f"{name} is {told}; it can be a number from 1 to {_MOST}.")
    return int(told)


def _default(environment: Mapping[str, str]) -> str | None:
    return wire.SERVICE_SOCKET if os.geteuid() == 0 else wire.own_socket(environment)


def _log(line: str) -> None:
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()
