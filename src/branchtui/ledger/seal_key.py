"""The key that lies beside the database and never in it: what second factors are made with (AUTH-4).

`BRANCHTUI_LEDGER_KEY_FILE` names the file; otherwise it is the database's own path with `.key` behind it.
"""

from __future__ import annotations

import os
import secrets
import stat
from pathlib import Path
from typing import Final

VARIABLE: Final = "BRANCHTUI_LEDGER_KEY_FILE"
KEY_BYTES: Final = 32


class KeyUnusable(RuntimeError):
    """The key file cannot be used; the message says why."""


def key_path(database: Path) -> Path:
    """Where the key of the ledger in `database` lies."""
    named = os.environ.get(VARIABLE)
    return Path(named) if named else database.with_name(database.name + ".key")


def read_key(path: Path) -> bytes:
    """The key in `path`; made, readable by its owner alone, when there is none yet.

    Raises:
        KeyUnusable: it is a link, others may read it, or it is no key.
    """
    try:
        opened = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    except FileExistsError:
        return _read(path)
    with os.fdopen(opened, "wb") as file:
        key = secrets.token_bytes(KEY_BYTES)
        file.write(key)
        file.flush()
        os.fsync(file.fileno())
    return key


def _read(path: Path) -> bytes:
    try:
        opened = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
    except OSError as error:
        raise KeyUnusable(f"The key file {path} cannot be read: {error.strerror}.") from error
    with os.fdopen(opened, "rb") as file:
        if stat.S_IMODE(os.fstat(file.fileno()).st_mode) & 0o077:
            raise KeyUnusable(f"Others may read the key file {path}. Take that right away: chmod 600.")
        key = file.read(KEY_BYTES + 1)
    if len(key) != KEY_BYTES:
        raise KeyUnusable(f"The file {path} is no key of a ledger.")
    return key
