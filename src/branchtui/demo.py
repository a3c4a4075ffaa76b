"""`branchtui demo`: a ledger process with a demonstration branch, and the terminal over it.

The ledger is a process of its own, reached over HTTP like any other. It ends with the terminal:
by a signal when the terminal leaves, and by the end of its standard input when the terminal dies.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from pathlib import Path
from typing import Any, Final

from branchtui.exits import DONE, fail

DESCRIPTION: Final = "demo.json"
_GRACE_SECONDS: Final = 10
PARENT_PIPE: Final = "BRANCHTUI_DEMO_PARENT_PIPE"
"""Set for the child whose standard input ends when its parent does."""


def run(*, keep: bool, ascii_only: bool) -> int:
    """Start the ledger, print its users, open the terminal as the first teller; returns the exit code."""
    sys.stdout.write("Setting up the demonstration branch ...\n")
    sys.stdout.flush()
    child = _start_ledger(keep=keep)
    try:
        assert child.stdout is not None, "the child's output is a pipe"
        line = child.stdout.readline()
        if not line:
            return fail("The demonstration ledger did not start; its message stands above.")
        description: dict[str, Any] = json.loads(line)
        sys.stdout.write(welcome(description))
        sys.stdout.flush()
        code = _open_terminal(description, ascii_only=ascii_only)
        if keep and code == DONE:
            sys.stdout.write(
                f"The ledger goes on at {description['url']} (process {child.pid}); "
                f"stop it with: kill {child.pid}\nIts data: {description['database']}\n"
            )
        return code
    finally:
        if not keep:
            _stop(child)


def serve_only(*, keep: bool) -> int:
    """Build or reopen the demonstration and serve it; the first line of output is one JSON object."""
    from branchtui.ledger import demo
    from branchtui.ledger.serve import Serving, serve
    from branchtui.ledger.store.errors import StoreUnavailable

    if os.environ.get(PARENT_PIPE):
        threading.Thread(target=_end_with_parent, daemon=True).start()
    folder = _folder(keep=keep)
    try:
        description = _reopen(folder) or dict(demo.build(folder))
        _keep(folder / DESCRIPTION, description)

        def announce(url: str) -> None:
            sys.stdout.write(json.dumps({"url": url} | description) + "\n")
            sys.stdout.flush()

        serve(description["database"], Serving(), announce=announce)
    except StoreUnavailable as error:
        return fail(str(error))
    finally:
        if not keep:
            shutil.rmtree(folder, ignore_errors=True)
    return DONE


def welcome(description: dict[str, Any]) -> str:
    """Who may sign in, and where, for the person who started the demonstration."""
    width = max(len(user["username"]) for user in description["users"])
    users = "\n".join(
        f"  {user['username']:<{width}}  {user['role']:<13}  {user['password']}"
        for user in description["users"]
    )
    return f"Ledger: {description['url']}\nUsers (made up, for this demonstration only):\n{users}\n"


def _start_ledger(*, keep: bool) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "branchtui", "demo", "--serve-only", *(["--keep"] if keep else [])]
    environment = dict(os.environ)
    if not keep:
        environment[PARENT_PIPE] = "1"
    return subprocess.Popen(  # noqa: S603 - our own program, no shell
        command,
        stdin=subprocess.DEVNULL if keep else subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=environment,
        text=True,
        start_new_session=True,
    )


def _open_terminal(description: dict[str, Any], *, ascii_only: bool) -> int:
    from branchtui.settings import Settings
    from branchtui.start import Credentials, run_terminal

    teller = next(user for user in description["users"] if user["role"] == "teller")
    settings = Settings.load(ledger=description["url"], user=teller["username"], ascii_only=ascii_only)
    return run_terminal(settings, Credentials(teller["username"], teller["password"]))


def _stop(child: subprocess.Popen[str]) -> None:
    child.terminate()
    try:
        child.wait(_GRACE_SECONDS)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()


def _end_with_parent() -> None:
    """Wait for the end of standard input, which comes when the parent is gone, then stop serving."""
    while os.read(0, 4096):
        pass
    os.kill(os.getpid(), signal.SIGTERM)


def _folder(*, keep: bool) -> Path:
    """Where the demonstration lives: a temporary folder, or the user's own when it is kept."""
    if not keep:
        return Path(tempfile.mkdtemp(prefix="branchtui-demo-"))
    from platformdirs import user_data_path

    folder = user_data_path("branchtui") / "demo"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return folder


def _reopen(folder: Path) -> dict[str, Any] | None:
    """The description of a demonstration that was kept, or None."""
    kept = folder / DESCRIPTION
    if not kept.is_file():
        return None
    found: dict[str, Any] = json.loads(kept.read_text())
    return found


def _keep(file: Path, description: dict[str, Any]) -> None:
    """Write the description, which holds passwords, for its owner alone."""
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as kept:
        json.dump(description, kept)
