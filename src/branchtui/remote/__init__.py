"""The only code of the terminal program that speaks HTTP: one method an endpoint.

Importing the package loads neither httpx nor pydantic: a name is fetched from its module when it is
first used, so that the first screen can be painted before.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from branchtui.remote.client import Ledger as Ledger
    from branchtui.remote.client import LinkSettings as LinkSettings
    from branchtui.remote.errors import Blocked as Blocked
    from branchtui.remote.errors import Conflict as Conflict
    from branchtui.remote.errors import JournalUnavailable as JournalUnavailable
    from branchtui.remote.errors import LedgerError as LedgerError
    from branchtui.remote.errors import LinkDown as LinkDown
    from branchtui.remote.errors import NotOurLedger as NotOurLedger
    from branchtui.remote.errors import OutcomeUnknown as OutcomeUnknown
    from branchtui.remote.errors import Refused as Refused
    from branchtui.remote.errors import SessionEnded as SessionEnded
    from branchtui.remote.errors import Unreachable as Unreachable
    from branchtui.remote.latest import Latest as Latest

_HOMES = {
    "Ledger": "client",
    "LinkSettings": "client",
    "Latest": "latest",
    **dict.fromkeys(
        (
            "Blocked",
            "Conflict",
            "JournalUnavailable",
            "LedgerError",
            "LinkDown",
            "NotOurLedger",
            "OutcomeUnknown",
            "Refused",
            "SessionEnded",
            "Unreachable",
        ),
        "errors",
    ),
}


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{home}"), name)
