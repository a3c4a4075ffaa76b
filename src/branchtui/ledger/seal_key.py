"""The key that lies beside the database and never in it: what second factors are made with (AUTH-4).

`BRANCHTUI_LEDGER_KEY_FILE` names the file; otherwise it is the database's own path with `.key` behind it. A
ledger in a database server has no such path, and every machine that serves it needs the same key: there the
file is named, and never made here.
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


def key_path(database: Path | None) -> Path | None:
    """Where the key of the ledger in the file `database` lies; None: a server has it, and no key is named."""
    named = os.environ.get(VARIABLE)
    if named:
        return Path(named)
    return database.with_name(database.name + ".key") if database else None


def read_key(path: Path | None, *, make: bool = True) -> bytes:
    """The key in `path`; with `make` made, readable by its owner alone, when there is none yet.

    Raises:
        KeyUnusable: none is named, there is none, it is a link, others may read it, or it is no key.
    """
    if path is None:
        raise KeyUnusable(
            f"A ledger in PostgreSQL needs a key for one-time codes: name its file with {VARIABLE}, "
            "the same key on every machine that serves the ledger."
        )
    if not make:
        return _read(path)
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
