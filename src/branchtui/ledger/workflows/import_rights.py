"""Who may send files of a kind, and whose imports somebody sees (AUTHZ-1)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from branchtui.contract.imports import ImportKind
from branchtui.ledger.access import Permission
from branchtui.ledger.problems import Refusal, forbidden
from branchtui.ledger.workflows.plans import CATALOGUE
from branchtui.ledger.workflows.statement_kinds import is_statement

if TYPE_CHECKING:
    from branchtui.ledger.access import Principal
    from branchtui.ledger.store.rows import Import

_KEPT: Final = {ImportKind.PLANS: CATALOGUE.refusal}
"""Kinds that bring what is the whole institution's: sent by who may key it, as when it is keyed."""


def refuse_sending(who: Principal, kind: ImportKind | str) -> Refusal | None:
    """Why `who` may not send files of this kind nor take them in, or None."""
    kept = _KEPT.get(ImportKind(kind))
    if kept is not None:
        return kept(who)
    if is_statement(kind):
        needed, what = Permission.IMPORT_STATEMENTS, "statements"
    else:
        needed, what = Permission.IMPORT_RECORDS, "such files"
    return None if who.may(needed) else forbidden(f"Your role, {who.role.value}, may not import {what}.")


def sees(who: Principal, import_: Import) -> bool:
    """Whether an import exists for somebody: of the own branches, and of a kind that is theirs."""
    if not who.scope.covers(import_.branch_id):
        return False
    return who.may(Permission.IMPORT_VIEW) or refuse_sending(who, import_.kind) is None


def seen_kinds(who: Principal) -> tuple[str, ...] | None:
    """The kinds whose imports somebody sees alone; None: all of them."""
    if who.may(Permission.IMPORT_VIEW):
        return None
    return tuple(kind.value for kind in ImportKind if refuse_sending(who, kind) is None)
