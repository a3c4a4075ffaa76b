"""What the institution asks of who becomes a member: kept in its settings, asked by every door (section 2)."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from branchtui.contract import codes as wire
from branchtui.ledger import audit, history
from branchtui.ledger.access import Permission
from branchtui.ledger.operations import Reply, reply
from branchtui.ledger.store.rows import Institution
from branchtui.ledger.workflows.changing import offered, refuse_whole

if TYPE_CHECKING:
    from branchtui.ledger.access import Principal
    from branchtui.ledger.core import Core
    from branchtui.ledger.operations import Command
    from branchtui.ledger.store.unit import Tx

PATH: Final = "/v1/settings/membership"
_MEMBER: Final = "membership"
_VERSION: Final = "membership_version"
_ID: Final = "institution"

Rules = wire.MembershipChange


def rules_in(settings: dict[str, Any]) -> Rules:
    """The rules that the institution's settings hold; without any, none."""
    return Rules.model_validate(settings.get(_MEMBER, {}), strict=False)


def rules(tx: Tx) -> Rules:
    """The rules as they stand inside a transaction."""
    return rules_in(_settings(tx))


def answer(who: Principal, settings: dict[str, Any]) -> wire.Membership:
    """The rules as the contract shows them."""
    found = rules_in(settings)
    actions, refused = offered({"edit": refuse_whole(who, Permission.CODE_ADMIN, "membership")})
    return wire.Membership(
        id=_MEMBER,
        version=settings.get(_VERSION, 1),
        actions=actions,
        refused=refused,
        self_registration=found.self_registration,
        terms=found.terms,
        minimum_age=found.minimum_age,
        mandatory_fields=found.mandatory_fields,
        approval=found.approval,
    )


def change(core: Core, tx: Tx, command: Command, seen: int, asked: Rules) -> Reply:
    """`PUT /v1/settings/membership`: holds from the next request on, for whoever enters somebody by whatever door.

    Raises:
        Refusal: 403, 412.
    """
    who = command.principal
    if refusal := refuse_whole(who, Permission.CODE_ADMIN, "membership"):
        raise refusal
    institution = tx.get(Institution, _ID)
    assert institution is not None, "a ledger has an institution"
    settings = _settings(tx)
    version = settings.get(_VERSION, 1)
    if version != seen:
        changes = history.changes_since(tx, PATH, seen)
        raise history.stale(answer(who, settings), changes, core.tree[who.branch_id].timezone)
    sent = asked.model_dump(mode="json")
    before = rules_in(settings).model_dump(mode="json")
    settings |= {_MEMBER: sent, _VERSION: version + 1}
    tx.put(replace(institution, settings=json.dumps(settings)))
    changed = {name: value for name, value in before.items() if sent[name] != value}
    event = audit.Event(
        action=command.action,
        object=PATH,
        before=changed,
        after={name: sent[name] for name in changed} | {"version": version + 1},
    )
    return reply(
        answer(who, settings),
        event=event,
        branch_id=who.branch_id,
        resource=PATH,
        version=version + 1,
        summary="membership settings",
    )


def _settings(tx: Tx) -> dict[str, Any]:
    institution = tx.get(Institution, _ID)
    assert institution is not None, "a ledger has an institution"
    found: dict[str, Any] = json.loads(institution.settings)
    return found
