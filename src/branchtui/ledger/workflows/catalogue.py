"""What is sold under a code of its own, as administrators keep it: one way to add and to change products and plans."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final, Generic, TypeVar

from branchtui.contract.problem import Codes
from branchtui.format.folding import fold
from branchtui.ledger import audit, history
from branchtui.ledger.access import Permission
from branchtui.ledger.operations import Reply, reply
from branchtui.ledger.problems import Refusal, conflict, not_found
from branchtui.ledger.store.rows import Plan, Product
from branchtui.ledger.workflows.changing import differences, offered, refuse_whole, sent_members
from branchtui.ledger.workflows.currencies import verify_currency

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from branchtui.contract.base import RefusedAction, Request, Resource
    from branchtui.ledger.access import Principal
    from branchtui.ledger.core import Core
    from branchtui.ledger.operations import Command
    from branchtui.ledger.store.unit import Tx

RowT = TypeVar("RowT", Product, Plan)

_NEVER_EMPTY: Final = frozenset({"name", "description", "price_minor", "validity_days", "active"})
"""Members that a change may leave out, but not set to nothing."""


@dataclass(frozen=True, slots=True)
class Catalogue(Generic[RowT]):
    """Rows of one type, told apart by `code`, found by `name_key`; changed against the version that was seen."""

    row_type: type[RowT]
    word: str
    """What one of them is called: "product"."""
    answer: Callable[[Principal, RowT], Resource]
    """One of them as the contract shows it."""

    def path_of(self, row: RowT) -> str:
        """Where one is found."""
        return f"/v1/{self.word}s/{row.id}"

    def offered(self, who: Principal) -> tuple[tuple[str, ...], dict[str, RefusedAction]]:
        """What `who` may do with one, and why not the rest."""
        return offered({"edit": self.refusal(who)})

    def refusal(self, who: Principal) -> Refusal | None:
        """Why `who` may keep none of them, or None."""
        return refuse_whole(who, Permission.CODE_ADMIN, f"{self.word}s")

    def taken(self, code: str) -> str:
        """What is said of a code that is used."""
        return f"There is a {self.word} {code} already."

    def refuse_new(self, tx: Tx, who: Principal, code: str, currency: str | None) -> None:
        """Let nobody add one who may not, nor one in a currency that is none, or under a code that is used.

        Raises:
            Refusal: 403, 422, 409 `reference-taken`, in this order.
        """
        self._refuse(who)
        if currency is not None:
            verify_currency(currency)
        taken = tx.find_one(self.row_type, code=code)
        if taken is not None:
            raise conflict(
                Codes.REFERENCE_TAKEN,
                f"{self.taken(code)} Nothing was recorded.",
                existing={"id": taken.id, "code": taken.code, "name": taken.name},
            )

    def add(self, tx: Tx, command: Command, row: RowT, told: Mapping[str, Any]) -> Reply:
        """Add one in its first version; `told` goes into its history beside code and name."""
        return self._done(command, row, self.enter(tx, command.action, row, told), 201)

    def enter(self, tx: Tx, action: str, row: RowT, told: Mapping[str, Any]) -> audit.Event:
        """As `add`, where many are added by one request: what its history is to tell."""
        tx.put(row)
        after = {"code": row.code, "name": row.name, **told, "version": 1}
        return audit.Event(action, object=self.path_of(row), after=after)

    def change(self, core: Core, tx: Tx, command: Command, row_id: str, seen: int, asked: Request) -> Reply:
        """Set the members that were sent, and nothing else.

        Raises:
            Refusal: 403, 404, 412 with what changed since `seen`, 422 for a member set to nothing.
        """
        who = command.principal
        self._refuse(who)
        row = tx.get(self.row_type, row_id)
        if row is None:
            raise not_found(self.word)
        path = self.path_of(row)
        if row.version != seen:
            changes = history.changes_since(tx, path, seen)
            raise history.stale(self.answer(who, row), changes, core.tree[who.branch_id].timezone)
        sent = sent_members(asked, never_empty=_NEVER_EMPTY)
        if "active" in sent:
            sent["active"] = int(sent["active"])
        before = differences(row, sent)
        if not before:
            return self._done(command, row, audit.Event(command.action, object=path))
        changed = replace(row, **sent, version=row.version + 1)
        changed = replace(changed, name_key=fold(changed.name))
        tx.put(changed)
        after = {name: sent[name] for name in before} | {"version": changed.version}
        event = audit.Event(command.action, object=path, before=before, after=after)
        return self._done(command, changed, event)

    def _refuse(self, who: Principal) -> None:
        if refusal := self.refusal(who):
            raise refusal

    def _done(self, command: Command, row: RowT, event: audit.Event, status: int = 200) -> Reply:
        path = self.path_of(row)
        return reply(
            self.answer(command.principal, row),
            event=event,
            branch_id=command.principal.branch_id,
            status=status,
            resource=path,
            version=row.version,
            location=path if status == 201 else None,
            summary=f"{self.word} {row.code}",
        )
