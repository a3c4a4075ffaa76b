"""Whose file an import is, and what keeps a customer or a reference out, said the same at the check and at the writing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from branchtui.contract.sessions import Role
from branchtui.ledger.access import Principal
from branchtui.ledger.feeds.finding import Finding, error, shown
from branchtui.ledger.store import import_store
from branchtui.ledger.workflows.record_rules import TAKES_RECORDS, refuse_customer_for_keying

if TYPE_CHECKING:
    from branchtui.ledger.core import Core
    from branchtui.ledger.store.connection import Connection
    from branchtui.ledger.store.import_store import Party


def refused_party(connection: Connection, party: Party, column: str) -> list[Finding]:
    """Why no record may be made for this customer, if none may."""
    if party.status in TAKES_RECORDS:
        return []
    refused = refuse_customer_for_keying(import_store.customer(connection, party))
    return [] if refused is None else [error(refused.code, refused.detail, column, party.customer_no)]


def reference_taken(reference: str) -> Finding:
    """An external reference stands for one record in a branch, for ever."""
    said = f"The reference {shown(reference)} was used before in this branch."
    return error("reference-taken", said, "external_ref", reference)


def sender_of(core: Core, connection: Connection, username: str) -> Principal:
    """Who sent a file, with the role and the limits of now."""
    found = connection.execute(
        "SELECT id, person_id, role, branch_id, limit_minor FROM users WHERE username = ?", (username,)
    ).fetchone()
    assert found is not None, "users are never deleted"
    user_id, person_id, role, branch_id, limit_minor = found
    return Principal(
        user_id=user_id,
        username=username,
        person_id=person_id,
        role=Role(role),
        branch_id=branch_id,
        scope=core.tree.scope(branch_id),
        limit_minor=core.limit_of(role, limit_minor),
    )
