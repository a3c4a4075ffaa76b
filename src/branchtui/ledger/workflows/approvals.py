"""Maker and checker: a request waits for a second person, is checked anew, and is done by that person (MC-1 to 5).

One mechanism for every action: `approvables.py` says what can be asked for; nothing here knows which.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from pydantic import BaseModel

from branchtui.contract import approvals as wire
from branchtui.contract.approvals import ApprovalState, Difference
from branchtui.contract.base import RefusedAction
from branchtui.contract.problem import Codes
from branchtui.ledger import audit, history
from branchtui.ledger.access import PERMISSIONS, Permission
from branchtui.ledger.cards import holds_card_number, refuse_card_number
from branchtui.ledger.clock import as_datetime
from branchtui.ledger.operations import Reply, reply
from branchtui.ledger.problems import Refusal, conflict, forbidden, invalid, not_found
from branchtui.ledger.store.rows import Approval, ApprovalSlot, User
from branchtui.ledger.workflows.approval_rules import (
    LIFE_US,
    Approvable,
    can_be_lifted,
    may_see,
    path_of,
    principal_of_user,
    read_body,
    refusal_of,
    same_person,
    settled_already,
    shown_state,
    signed_hash,
    slot_of,
    stale_request,
    written,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from branchtui.ledger.access import Principal
    from branchtui.ledger.core import Core
    from branchtui.ledger.operations import Command
    from branchtui.ledger.store.unit import Tx


@dataclass(frozen=True, slots=True)
class Desk:
    """The register of what can be asked for, over a ledger."""

    core: Core
    register: Mapping[str, Approvable]

    # ── asking ───────────────────────────────────────────────────────────────────────────────────────────────────

    def file(self, tx: Tx, command: Command, asked: wire.NewApproval) -> Reply:
        """`POST /v1/approvals`: it waits; nothing else happens.

        Raises:
            Refusal: 404, 412, 422; what refuses the maker and no approval lifts; 409 when it needs none, when one
                waits already (MC-4), or when nobody else could approve it (MC-5).
        """
        who = command.principal
        approvable = self.register.get(asked.action)
        if approvable is None:
            raise invalid("/action", f"{asked.action} is nothing that is approved.")
        refuse_card_number("reason", asked.reason)
        for name, text in asked.body.items():
            if isinstance(text, str) and holds_card_number(text):
                raise invalid(f"/body/{name}", f"{name}: this looks like a card number. Take it out.")
        body = read_body(approvable, asked.body)
        subject = approvable.subject(self.core, tx, who, asked.object_id, body)
        if subject.version != asked.object_version:
            zone = self.core.tree[subject.branch_id].timezone
            raise history.stale(subject.current, (), zone)
        refusal = approvable.refusal(self.core, tx, who, asked.object_id, body)
        if refusal is None:
            raise conflict(Codes.TRANSITION_NOT_ALLOWED, "This needs no approval: you may do it yourself.")
        if not can_be_lifted(refusal):
            raise refusal
        slot = slot_of(asked.action, asked.object_id)
        self._free(tx, slot, command.at_us)
        if not self._somebody_could(tx, who, approvable, asked.object_id, body):
            raise conflict(
                Codes.NO_CHECKER,
                "Nobody else may approve this, so no request was filed. Tell the administrator.",
            )
        approval = Approval(
            id=self.core.new_id(),
            version=1,
            branch_id=subject.branch_id,
            action=asked.action,
            object_id=asked.object_id,
            object_version=asked.object_version,
            body=json.dumps(asked.body, sort_keys=True),
            summary=subject.summary,
            amount_minor=subject.amount_minor,
            currency=subject.currency,
            reason=asked.reason,
            difference=written(subject.lines),
            difference_hash=signed_hash(asked.action, asked.object_id, subject),
            state=ApprovalState.PENDING.value,
            maker_id=who.user_id,
            maker=who.username,
            maker_person_id=who.person_id,
            created_at=command.at_us,
            expires_at=command.at_us + LIFE_US,
            decided_by=None,
            decided_at=None,
            decision_reason=None,
            resource=None,
        )
        tx.put(approval)
        tx.put(ApprovalSlot(slot, approval.id))
        after = {"action": asked.action, "object_id": asked.object_id, "version": 1}
        event = audit.Event(command.action, object=path_of(approval.id), after=after, reason=asked.reason)
        answer = self.answer(who, approval, command.at_us, tx=tx)
        filed = wire.Filed(**answer.model_dump(), approval_id=approval.id)
        return self._reply(command, approval, filed, event, status=202)

    # ── deciding ─────────────────────────────────────────────────────────────────────────────────────────────────

    def approve(self, tx: Tx, command: Command, approval_id: str, signed: str) -> Reply:
        """`POST /v1/approvals/{id}/approve`: checked anew, then done, in one transaction (MC-2).

        Raises:
            Refusal: 404; 403 `same-person` (MC-1), or what refuses the checker; 409 `approval-settled`, or
                `stale-approval` when what it is about, or the maker's right to ask, changed.
        """
        who = command.principal
        approval = self._waiting(tx, who, approval_id, command.at_us)
        self._refuse_same_person(tx, who, approval)
        approvable, body = self._opened(approval)
        try:
            subject = approvable.subject(self.core, tx, who, approval.object_id, body)
        except Refusal as refusal:
            raise stale_request("What it is about is not there any more.") from refusal
        if subject.version != approval.object_version:
            raise stale_request("What it is about was changed since it was asked for.")
        if signed != signed_hash(approval.action, approval.object_id, subject):
            raise stale_request("It is not what you saw any more. Look at it again.")
        self._refuse_maker(tx, approval, approvable, body)
        self._refuse_checker(tx, who, approval, approvable, body)
        inner = replace(command, action=approval.action)
        done = approvable.perform(self.core, tx, inner, approval.object_id, approval.object_version, body)
        assert done.event is not None, "every change is audited"
        audit.append(
            tx,
            done.event,
            branch_id=done.branch_id or approval.branch_id,
            principal=who,
            at_us=command.at_us,
            operation_key=command.key,
            request_id=command.request_id,
        )
        settled = replace(approval, difference=written(subject.lines), resource=done.resource)
        return self._settle(tx, command, settled, ApprovalState.APPROVED, None)

    def reject(self, tx: Tx, command: Command, approval_id: str, reason: str) -> Reply:
        """`POST /v1/approvals/{id}/reject`.

        Raises:
            Refusal: 404; 403 `same-person`: the maker withdraws; 409 `approval-settled`; 422 for a card number.
        """
        refuse_card_number("reason", reason)
        approval = self._waiting(tx, command.principal, approval_id, command.at_us)
        self._refuse_same_person(tx, command.principal, approval)
        return self._settle(tx, command, approval, ApprovalState.REJECTED, reason)

    def withdraw(self, tx: Tx, command: Command, approval_id: str) -> Reply:
        """`POST /v1/approvals/{id}/withdraw`: the maker alone (MC-4).

        Raises:
            Refusal: 404; 403 for another's; 409 `approval-settled`.
        """
        approval = self._waiting(tx, command.principal, approval_id, command.at_us)
        if approval.maker_id != command.principal.user_id:
            raise forbidden("Only who asked for it can withdraw it.")
        return self._settle(tx, command, approval, ApprovalState.WITHDRAWN, None)

    # ── looking ──────────────────────────────────────────────────────────────────────────────────────────────────

    def look(self, tx: Tx, who: Principal, approval_id: str, at_us: int) -> wire.Approval:
        """`GET /v1/approvals/{id}`: with the difference as it stands now.

        Raises:
            Refusal: 404.
        """
        return self.answer(who, self._visible(tx, who, approval_id), at_us, tx=tx)

    def answer(
        self, who: Principal, approval: Approval, at_us: int, *, tx: Tx | None = None
    ) -> wire.Approval:
        """A request as the contract shows it; with `tx` its difference is of now, else as it was filed."""
        lines = tuple(Difference(**each) for each in json.loads(approval.difference))
        hashed, state = approval.difference_hash, shown_state(approval, at_us)
        if tx is not None and state is ApprovalState.PENDING:
            approvable, body = self._opened(approval)
            try:
                subject = approvable.subject(self.core, tx, who, approval.object_id, body)
            except Refusal:
                state = ApprovalState.STALE
            else:
                lines, hashed = subject.lines, signed_hash(approval.action, approval.object_id, subject)
                state = ApprovalState.STALE if subject.version != approval.object_version else state
        refusals = {
            name: refusal_of(name, who, approval, state) for name in ("approve", "reject", "withdraw")
        }
        if tx is not None and refusals["approve"] is None:
            refusals["approve"] = self._refusal_of_approving(tx, who, approval)
        return wire.Approval(
            id=approval.id,
            version=approval.version,
            actions=tuple(name for name, refusal in refusals.items() if refusal is None),
            refused={
                name: RefusedAction(code=refusal.code, message=refusal.detail)
                for name, refusal in refusals.items()
                if refusal is not None
            },
            action=approval.action,
            object_id=approval.object_id,
            object_version=approval.object_version,
            branch_id=approval.branch_id,
            summary=approval.summary,
            amount_minor=approval.amount_minor,
            currency=approval.currency,
            reason=approval.reason,
            state=state,
            maker=approval.maker,
            created_at=as_datetime(approval.created_at),
            expires_at=as_datetime(approval.expires_at),
            difference=lines,
            difference_hash=hashed,
            decided_by=approval.decided_by,
            decided_at=as_datetime(approval.decided_at) if approval.decided_at is not None else None,
            decision_reason=approval.decision_reason,
            resource=approval.resource,
        )

    # ── parts ────────────────────────────────────────────────────────────────────────────────────────────────────

    def _opened(self, approval: Approval) -> tuple[Approvable, BaseModel]:
        approvable = self.register[approval.action]
        return approvable, approvable.body.model_validate_json(approval.body)

    def _visible(self, tx: Tx, who: Principal, approval_id: str) -> Approval:
        found = tx.get(Approval, approval_id)
        if found is None or not may_see(found, who):
            raise not_found("request")
        return found

    def _waiting(self, tx: Tx, who: Principal, approval_id: str, at_us: int) -> Approval:
        approval = self._visible(tx, who, approval_id)
        state = shown_state(approval, at_us)
        if state is not ApprovalState.PENDING:
            raise settled_already(approval, state)
        return approval

    def _refuse_same_person(self, tx: Tx, who: Principal, approval: Approval) -> None:
        maker = tx.get(User, approval.maker_id)
        people = {approval.maker_person_id, maker.person_id if maker else approval.maker_person_id}
        if who.user_id == approval.maker_id or who.person_id in people:
            raise same_person()

    def _refuse_maker(self, tx: Tx, approval: Approval, approvable: Approvable, body: BaseModel) -> None:
        """The maker must still be somebody who may ask for this (MC-2)."""
        user = tx.get(User, approval.maker_id)
        maker = principal_of_user(self.core, user) if user is not None and not user.disabled else None
        if maker is None or not maker.may(Permission.APPROVAL_ASK):
            raise stale_request(f"{approval.maker} may not ask for this any more.")
        try:
            refusal = approvable.refusal(self.core, tx, maker, approval.object_id, body)
        except Refusal as error:
            raise stale_request(f"{approval.maker} may not ask for this any more.") from error
        if refusal is not None and not can_be_lifted(refusal):
            raise stale_request(refusal.detail)

    def _refuse_checker(
        self, tx: Tx, who: Principal, approval: Approval, approvable: Approvable, body: BaseModel
    ) -> None:
        """The checker may do it too, but for what only an approval lifts: also within the own limit (MC-2)."""
        reason = approvable.refusal(self.core, tx, who, approval.object_id, body)
        if reason is not None and not (reason.code != Codes.NEEDS_CHECKER and can_be_lifted(reason)):
            raise reason

    def _refusal_of_approving(self, tx: Tx, who: Principal, approval: Approval) -> Refusal | None:
        """Why a request that waits would not be done if `who` approved it now, or None."""
        approvable, body = self._opened(approval)
        try:
            self._refuse_same_person(tx, who, approval)
            self._refuse_maker(tx, approval, approvable, body)
            self._refuse_checker(tx, who, approval, approvable, body)
        except Refusal as refusal:
            return refusal
        return None

    def _free(self, tx: Tx, slot: str, at_us: int) -> None:
        """One request at a time; one that expired, or whose object moved, gives its place back (MC-4)."""
        taken = tx.get(ApprovalSlot, slot)
        other = tx.get(Approval, taken.approval_id) if taken is not None else None
        if other is None:
            return
        now = ApprovalState.EXPIRED if at_us > other.expires_at else self._moved(tx, other)
        if now is None:
            raise conflict(
                Codes.APPROVAL_PENDING,
                f"{other.maker} has asked for this already. It waits; nothing was filed.",
                existing={"id": other.id, "maker": other.maker},
            )
        tx.put(replace(other, state=now.value, version=other.version + 1))

    def _moved(self, tx: Tx, other: Approval) -> ApprovalState | None:
        approvable, body = self._opened(other)
        maker = tx.get(User, other.maker_id)
        assert maker is not None, "users are never deleted"
        try:
            subject = approvable.subject(
                self.core, tx, principal_of_user(self.core, maker), other.object_id, body
            )
        except Refusal:
            return ApprovalState.STALE
        return ApprovalState.STALE if subject.version != other.object_version else None

    def _somebody_could(
        self, tx: Tx, maker: Principal, approvable: Approvable, object_id: str, body: BaseModel
    ) -> bool:
        """Whether anybody else could approve it (MC-5)."""
        deciding = [role for role, may in PERMISSIONS.items() if Permission.APPROVAL_DECIDE in may]
        for role in deciding:
            for user in tx.find(User, role=role.value, disabled=0):
                checker = principal_of_user(self.core, user)
                if checker.person_id == maker.person_id:
                    continue
                try:
                    refusal = approvable.refusal(self.core, tx, checker, object_id, body)
                except Refusal:
                    continue
                if refusal is None or (refusal.code != Codes.NEEDS_CHECKER and can_be_lifted(refusal)):
                    return True
        return False

    def _settle(
        self, tx: Tx, command: Command, approval: Approval, state: ApprovalState, reason: str | None
    ) -> Reply:
        settled = replace(
            approval,
            version=approval.version + 1,
            state=state.value,
            decided_by=command.principal.username,
            decided_at=command.at_us,
            decision_reason=reason,
        )
        tx.put(settled)
        taken = tx.get(ApprovalSlot, slot_of(approval.action, approval.object_id))
        if taken is not None and taken.approval_id == approval.id:
            tx.remove(taken)
        event = audit.Event(
            action=command.action,
            object=path_of(approval.id),
            before={"state": approval.state, "maker": approval.maker},
            after={"state": state.value, "version": settled.version, "difference": approval.difference_hash},
            reason=reason,
        )
        return self._reply(command, settled, self.answer(command.principal, settled, command.at_us), event)

    def _reply(
        self,
        command: Command,
        approval: Approval,
        answer: wire.Approval,
        event: audit.Event,
        status: int = 200,
    ) -> Reply:
        path = path_of(approval.id)
        return reply(
            answer,
            event=event,
            branch_id=approval.branch_id,
            status=status,
            resource=path,
            version=approval.version,
            location=path if status == 202 else None,
            summary=f"{approval.action.rpartition('.')[2]} {approval.summary}",
            amount_minor=approval.amount_minor,
            currency=approval.currency,
        )
