"""What `ledger check` asks about users: that they may do what the audit chain says they were given, and no more.

Who writes to the database can give somebody a role without a word of it; the chain, which holds every change that an
administrator made, cannot be rewritten unseen (INV-8).
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

    from branchtui.ledger.store.connection import Connection

_USERS: Final = """
SELECT id, username, role, branch_id, person_id, limit_minor, disabled FROM users ORDER BY username
"""
_TOLD: Final = """
SELECT action, after FROM audit WHERE object = :object AND outcome = 'applied'
    AND action IN ('user.create', 'user.change', 'user.disable')
ORDER BY at, branch_id, seq
"""
_GIVEN: Final = ("role", "branch_id", "person_id", "limit_minor", "disabled")
"""What a user is given, in the order of the columns."""


def broken_users(connection: Connection) -> Iterator[str]:
    """A sentence for each user who is something else than the chain tells; of what it does not tell nothing is said."""
    for user_id, username, *stands in connection.execute(_USERS).fetchall():
        told = _told_of(connection, str(user_id))
        for name, value in zip(_GIVEN, stands, strict=True):
            if name in told and told[name] != value:
                yield (
                    f"INV-8: user {username} has {name} {_shown(value)}, "
                    f"and the audit chain tells of {_shown(told[name])}"
                )


def _told_of(connection: Connection, user_id: str) -> dict[str, Any]:
    """What the chain says of a user, the last word of each."""
    found: dict[str, Any] = {}
    for action, after in connection.execute(_TOLD, {"object": f"/v1/users/{user_id}"}):
        found |= json.loads(after) if after else {}
        if action == "user.disable":
            found["disabled"] = 1
    return found


def _shown(value: object) -> str:
    return "none" if value is None else str(value)
