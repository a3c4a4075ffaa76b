"""What changed since somebody looked: the answer to a stale `If-Match` (CONC-2)."""

from __future__ import annotations

import json
from datetime import datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from branchtui.contract.problem import Codes
from branchtui.ledger.clock import as_datetime
from branchtui.ledger.problems import Refusal
from branchtui.ledger.store.rows import AuditRow

if TYPE_CHECKING:
    from collections.abc import Iterable

    from branchtui.contract.base import Resource
    from branchtui.ledger.store.unit import Tx


def change(field: str, actor: str, at_us: int) -> dict[str, Any]:
    """One changed field as the problem names it: the member, who changed it, and when."""
    return {"field": field, "actor": actor, "at": as_datetime(at_us).isoformat().replace("+00:00", "Z")}


def changes_since(tx: Tx, path: str, seen: int) -> list[dict[str, Any]]:
    """The members of the resource at `path` that changed after version `seen`, the latest change of each.

    Reads the audit chain: an event whose `after` names the new `version` beside what it changed.
    """
    found: dict[str, tuple[int, str]] = {}
    for row in sorted(tx.find(AuditRow, object=path, outcome="applied"), key=lambda each: each.at):
        after = json.loads(row.after) if row.after else {}
        if after.pop("version", 0) > seen:
            found.update(dict.fromkeys(after, (row.at, row.actor)))
    return [change(field, actor, at) for field, (at, actor) in sorted(found.items())]


def stale(current: Resource, changes: Iterable[dict[str, Any]], timezone: str) -> Refusal:
    """412: `current` is what stands now, `changes` what happened since the caller looked.

    The sentence tells the time as clocks show it in `timezone`.
    """
    listed = sorted(changes, key=lambda each: str(each["at"]))
    who = "This was changed"
    if listed:
        at = datetime.fromisoformat(listed[-1]["at"]).astimezone(ZoneInfo(timezone))
        who = f"{listed[-1]['actor']} changed this at {at:%H:%M}"
    return Refusal(
        412,
        Codes.PRECONDITION_FAILED,
        f"{who} since you looked. Nothing was changed now. Look at it again.",
        extra={
            "current": current.model_dump(mode="json"),
            "changed_fields": listed,
        },
        headers={"etag": f'"{current.version}"'},
    )
