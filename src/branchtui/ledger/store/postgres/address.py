"""The address of a PostgreSQL database: what libpq understands, several hosts included, and never a password."""

from __future__ import annotations

from typing import Final

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from branchtui.ledger.store.errors import StoreUnavailable

_USUAL: Final[dict[str, str | int]] = {
    # Of several hosts the one that takes writes: after a failover, the new primary.
    "target_session_attrs": "read-write",
    "connect_timeout": 3,
    # A host that vanished without a word is noticed in some ten seconds, not in hours.
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
    "tcp_user_timeout": 10_000,
    "application_name": "branchtui ledger",
}


def parse(url: str) -> str:
    """The connection string of `url`, with the settings that the ledger wants unless it names others.

    Raises:
        StoreUnavailable: it cannot be read, or holds a password: everybody on the machine would see that in
            the list of processes. The message repeats nothing of the address.
    """
    try:
        parts = conninfo_to_dict(url)
    except psycopg.ProgrammingError as error:
        raise StoreUnavailable("This is no address of a PostgreSQL database.") from error
    if parts.get("password"):
        raise StoreUnavailable(
            "Write no password into the address of a database: the list of processes shows it to everybody. "
            "Put it into ~/.pgpass, or into a file that PGPASSFILE names."
        )
    return make_conninfo("", **(_USUAL | {name: value for name, value in parts.items() if value is not None}))


def shown(conninfo: str) -> str:
    """The address as messages write it."""
    parts = conninfo_to_dict(conninfo)
    hosts = str(parts.get("host") or parts.get("hostaddr") or "this machine")
    name = parts.get("dbname") or parts.get("user") or parts.get("service") or "the user's own"
    return f"the database {name} on {hosts}"
