"""What needs a second person is asked for in the same step: a reason, `y`, and it waits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from branchtui.remote.errors import AwaitsApproval
from branchtui.widgets.dialogs import ReasonDialog

if TYPE_CHECKING:
    from collections.abc import Sequence

    from branchtui.contract.base import Resource
    from branchtui.screens.base import LedgerScreen


def approval_for(resource: Resource, action: str) -> str | None:
    """What a second person may be asked for where `action` is refused to this user, or None."""
    refused = resource.refused.get(action)
    return refused.approval if refused is not None and not resource.allows(action) else None


async def ask_for_approval(
    screen: LedgerScreen,
    resource: Resource,
    action: str,
    lines: Sequence[tuple[str, str]],
    *,
    summary: str,
    body: dict[str, Any] | None = None,
    reason_member: str | None = None,
) -> bool:
    """Ask why, then file the request; True when it waits now. Only in a worker.

    `body` is what the action takes; `reason_member` is the member of it that the reason fills too.
    """
    why = ("Because", resource.refused[action].message)
    reason = await screen.app.push_screen_wait(
        ReasonDialog("This needs a supervisor. Ask for approval?", [*lines, why])
    )
    if reason is None:
        return False
    given = dict(body or {}) | ({reason_member: reason} if reason_member else {})
    return await file_request(screen, resource, action, given, reason, summary=summary)


async def file_request(
    screen: LedgerScreen,
    resource: Resource,
    action: str,
    body: dict[str, Any],
    reason: str,
    *,
    summary: str,
) -> bool:
    """File the request that `action` is refused in favour of; True when it waits now. Only in a worker."""
    # It brings pydantic's model of the request along, which most sittings never need.
    from branchtui.contract.approvals import NewApproval

    approval = approval_for(resource, action)
    assert approval is not None, "the ledger named what may be asked for"
    wanted = NewApproval(
        action=approval,
        object_id=resource.id,
        object_version=resource.version,
        body=body,
        reason=reason,
    )
    async with screen.outcome() as outcome:
        await screen.ledger.file_approval(wanted, summary)
    return isinstance(outcome.error, AwaitsApproval)
