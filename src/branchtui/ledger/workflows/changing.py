"""What every change of a resource does alike: who may, what was sent, what is different, what is told to the chain."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from branchtui.contract.base import RefusedAction
from branchtui.ledger.problems import Refusal, forbidden, invalid

if TYPE_CHECKING:
    from collections.abc import Container, Mapping

    from branchtui.contract.base import Request
    from branchtui.ledger.access import Permission, Principal


def sent_members(asked: Request, *, never_empty: Container[str] = ()) -> dict[str, Any]:
    """The members of a change that were sent, as JSON values.

    Raises:
        Refusal: 422 for null in one of `never_empty`.
    """
    sent = asked.model_dump(mode="json", include=set(asked.model_fields_set))
    for name, value in sent.items():
        if value is None and name in never_empty:
            raise invalid(f"/{name}", f"{name} cannot be empty.")
    return sent


def differences(row: Any, values: Mapping[str, Any]) -> dict[str, Any]:
    """What stood in `row` before, for those of `values` that are new."""
    return {name: getattr(row, name) for name, value in values.items() if getattr(row, name) != value}


def refuse_whole(who: Principal, permission: Permission, what: str) -> Refusal | None:
    """Why `who` may not change what is the whole institution's, or None."""
    if not who.may(permission):
        return forbidden(f"Your role, {who.role.value}, may not change {what}.")
    if not who.scope.top:
        return forbidden(f"Only an administrator of the whole institution may change {what}.")
    return None


def offered(
    refusals: Mapping[str, Refusal | None],
) -> tuple[tuple[str, ...], dict[str, RefusedAction]]:
    """Actions and refusals as a resource carries them."""
    actions = tuple(name for name, refusal in refusals.items() if refusal is None)
    refused = {
        name: RefusedAction(code=refusal.code, message=refusal.detail, approval=refusal.extra.get("approval"))
        for name, refusal in refusals.items()
        if refusal is not None
    }
    return actions, refused
