"""What keeps a customer or a reference out of an import, said the same at the check and at the writing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from branchtui.ledger.feeds.finding import Finding, error, shown
from branchtui.ledger.store import import_store
from branchtui.ledger.workflows.record_rules import TAKES_RECORDS, refuse_customer_for_keying

if TYPE_CHECKING:
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
