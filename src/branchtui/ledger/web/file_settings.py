"""Endpoints of what the institution finds remarkable in a balance file."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from branchtui.contract import balance_files as wire
from branchtui.contract.base import RefusedAction
from branchtui.ledger import audit, history
from branchtui.ledger.access import Permission as P
from branchtui.ledger.operations import Reply, reply
from branchtui.ledger.problems import forbidden
from branchtui.ledger.store.rows import Institution
from branchtui.ledger.web.route import Call, Route, answered
from branchtui.ledger.workflows.file_check import MOVED_SHARE, MOVED_SHARE_PERCENT

if TYPE_CHECKING:
    from branchtui.ledger.access import Principal
    from branchtui.ledger.operations import Command
    from branchtui.ledger.problems import Refusal
    from branchtui.ledger.store.unit import Tx

_PATH: Final = "/v1/settings/balance-files"
_VERSION: Final = "balance_file_version"
_ID: Final = "institution"


async def settings(call: Call) -> Reply:
    """`GET /v1/settings/balance-files`."""
    found = _answer(call.principal, call.core.settings)
    return answered(found, version=found.version)


async def set_settings(call: Call) -> Reply:
    """`PUT /v1/settings/balance-files`: holds from the next file on; it is the whole institution's.

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
        version = shown.version + 1
        after = before | {MOVED_SHARE: asked.moved_share_percent, _VERSION: version}
        tx.put(replace(institution, settings=json.dumps(after)))
        event = audit.Event(
            action=command.action,
            object=_PATH,
            before={"moved_share_percent": shown.moved_share_percent},
            after={"moved_share_percent": asked.moved_share_percent, "version": version},
        )
        return reply(
            _answer(who, after),
            event=event,
            branch_id=who.branch_id,
            resource=_PATH,
            version=version,
            summary="what is remarkable in a balance file",
        )

    done = await call.execute("file-settings.change", decide)
    stored = await core.reader.get(Institution, _ID)
    assert stored is not None, "a ledger has an institution"
    core.institution = stored
    return done


def _answer(who: Principal, found: dict[str, Any]) -> wire.FileSettings:
    refusal = _refusal(who)
    return wire.FileSettings(
        id="balance-files",
        version=found.get(_VERSION, 1),
        actions=("edit",) if refusal is None else (),
        refused={} if refusal is None else {"edit": RefusedAction(code=refusal.code, message=refusal.detail)},
        moved_share_percent=found.get(MOVED_SHARE, MOVED_SHARE_PERCENT),
    )


def _refusal(who: Principal) -> Refusal | None:
    if not who.may(P.FILE_ADMIN):
        return forbidden(f"Your role, {who.role.value}, may not change this.")
    if not who.scope.top:
        return forbidden("Only an administrator of the whole institution may change this.")
    return None


def routes() -> tuple[Route, ...]:
    """The endpoints of this module."""
    return (
        Route(
            "GET",
            _PATH,
            P.FILE_SETTINGS,
            settings,
            "What is remarkable in a balance file",
            answer=wire.FileSettings,
            operation="get_balance_file_settings",
        ),
        Route(
            "PUT",
            _PATH,
            P.FILE_ADMIN,
            set_settings,
            "Set the share of a balance beyond which its move is remarkable",
            body=wire.FileSettingsChange,
            answer=wire.FileSettings,
            keyed=True,
            if_match=True,
            operation="set_balance_file_settings",
        ),
    )
