"""Endpoints of what the institution asks of its roles: one-time codes, limits (AUTH-4; contract, section 2)."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from branchtui.contract import people as wire
from branchtui.contract.base import RefusedAction
from branchtui.contract.sessions import Role
from branchtui.ledger import audit, history
from branchtui.ledger.access import Permission as P
from branchtui.ledger.operations import Reply, reply
from branchtui.ledger.problems import forbidden
from branchtui.ledger.store.errors import StoreFailure
from branchtui.ledger.store.rows import Institution
from branchtui.ledger.web.route import Call, Route, answered

if TYPE_CHECKING:
    from branchtui.ledger.access import Principal
    from branchtui.ledger.operations import Command
    from branchtui.ledger.problems import Refusal
    from branchtui.ledger.store.unit import Tx

_PATH: Final = "/v1/settings/security"
_VERSION: Final = "security_version"
_ID: Final = "institution"


async def security(call: Call) -> Reply:
    """`GET /v1/settings/security`."""
    found = _answer(call.principal, call.core.settings)
    return answered(found, version=found.version)


async def set_security(call: Call) -> Reply:
    """`PUT /v1/settings/security`: holds from the next request on; it is the whole institution's.

    Raises:
        Refusal: 403 for an administrator of a part of it, 412.
    """
    core, asked = call.core, call.body

    def decide(tx: Tx, command: Command) -> Reply:
        who = command.principal
        if refusal := _refusal(who):
            raise refusal
        institution = tx.get(Institution, _ID)
        assert institution is not None, "a ledger has an institution"
        before: dict[str, Any] = json.loads(institution.settings)
        shown = _answer(who, before)
        if shown.version != call.version:
            changes = history.changes_since(tx, _PATH, call.version)
            raise history.stale(shown, changes, core.tree[who.branch_id].timezone)
        sent = asked.model_dump(mode="json")
        after = before | sent | {_VERSION: shown.version + 1}
        tx.put(replace(institution, settings=json.dumps(after)))
        event = audit.Event(
            action=command.action,
            object=_PATH,
            before={name: before.get(name) for name in sent},
            after=sent | {"version": shown.version + 1},
        )
        return reply(
            _answer(who, after),
            event=event,
            branch_id=who.branch_id,
            resource=_PATH,
            version=shown.version + 1,
            summary="security of the institution",
        )

    done = await call.execute("security.change", decide)
    core.fresh_until = 0.0
    # What was done is told as done though it cannot be read now.
    with suppress(StoreFailure):
        stored = await core.reader.get(Institution, _ID)
        assert stored is not None, "a ledger has an institution"
        core.institution = stored
    return done


def _answer(who: Principal, settings: dict[str, Any]) -> wire.Security:
    refusal = _refusal(who)
    return wire.Security(
        id="security",
        version=settings.get(_VERSION, 1),
        actions=("edit",) if refusal is None else (),
        refused={} if refusal is None else {"edit": RefusedAction(code=refusal.code, message=refusal.detail)},
        second_factor_roles=tuple(Role(each) for each in settings.get("second_factor_roles", ())),
        role_limits={Role(name): value for name, value in settings.get("role_limits", {}).items()},
    )


def _refusal(who: Principal) -> Refusal | None:
    if not who.may(P.SECURITY_ADMIN):
        return forbidden(f"Your role, {who.role.value}, may not change this.")
    return (
        None
        if who.scope.top
        else forbidden("Only an administrator of the whole institution may change this.")
    )


def routes() -> tuple[Route, ...]:
    """The endpoints of this module."""
    return (
        Route(
            "GET",
            _PATH,
            P.SECURITY_VIEW,
            security,
            "What is asked of each role",
            answer=wire.Security,
            operation="get_security",
        ),
        Route(
            "PUT",
            _PATH,
            P.SECURITY_ADMIN,
            set_security,
            "Set one-time codes and limits by role",
            body=wire.SecurityChange,
            answer=wire.Security,
            keyed=True,
            if_match=True,
            step_up=True,
            operation="set_security",
        ),
    )
