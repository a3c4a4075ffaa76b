"""Documents of customers: uploads that are kept, known by their content (contract, section 3)."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from branchtui.contract import customer_parts as wire
from branchtui.contract.problem import Codes
from branchtui.format.safe_text import safe_text
from branchtui.ledger import audit, history
from branchtui.ledger.access import Permission
from branchtui.ledger.cards import holds_card_number
from branchtui.ledger.clock import as_datetime
from branchtui.ledger.feeds.contents import Content, ContentUnknown, describe
from branchtui.ledger.operations import Reply, reply
from branchtui.ledger.problems import Refusal, conflict, forbidden, invalid, not_found
from branchtui.ledger.store import upload_store
from branchtui.ledger.store.rows import Document, Upload
from branchtui.ledger.workflows.changing import offered
from branchtui.ledger.workflows.customer_rules import CustomerAction, refuse_role, refuse_state
from branchtui.ledger.workflows.customers import visible

if TYPE_CHECKING:
    from branchtui.ledger.access import Principal
    from branchtui.ledger.core import Core
    from branchtui.ledger.operations import Command
    from branchtui.ledger.store.connection import Connection
    from branchtui.ledger.store.rows import Customer
    from branchtui.ledger.store.unit import BulkTx, Tx

DOCUMENT_BYTES_MAX: Final = 10 * 1024 * 1024
DOCUMENTS_MAX: Final = 200
"""Documents of one customer."""


@dataclass(frozen=True, slots=True)
class Looked:
    """What was found in an upload: what it is, or why it can be no document."""

    content: Content | None = None
    refusal: Refusal | None = None


def path_of(customer_id: str, document_id: str) -> str:
    """Where a document is found."""
    return f"/v1/customers/{customer_id}/documents/{document_id}"


async def look(core: Core, who: Principal, upload_id: str) -> Looked:
    """Look into an upload, on a thread; what is wrong with it is told where the command is decided."""
    upload = await core.reader.get(Upload, upload_id.lower())
    if upload is None or upload.user_id != who.user_id:
        return Looked(refusal=not_found("upload"))
    if upload.length > DOCUMENT_BYTES_MAX:
        limit = DOCUMENT_BYTES_MAX // 1024 // 1024
        return Looked(refusal=Refusal(413, Codes.TOO_LARGE, f"A document may be {limit} MiB at most."))
    if upload.sha256 is None:
        said = f"The upload is unfinished: {upload.received} of {upload.length} bytes have arrived."
        return Looked(refusal=conflict(Codes.UPLOAD_OFFSET, said, offset=upload.received))
    data = await core.reader.in_thread(lambda connection: whole(connection, upload.id))
    try:
        return Looked(content=describe(data))
    except ContentUnknown as error:
        return Looked(refusal=Refusal(415, Codes.MEDIA_TYPE, str(error)))


def whole(connection: Connection, upload_id: str) -> bytes:
    """All bytes of an upload; a document's are 10 MiB at most."""
    return b"".join(upload_store.chunks(connection, upload_id))


def create(
    core: Core, tx: Tx, command: Command, customer_id: str, new: wire.NewDocument, looked: Looked
) -> Reply:
    """`POST /v1/customers/{id}/documents`.

    Raises:
        Refusal: 404, 409 `upload-offset` or `transition-not-allowed`, 413, 415 for what is no document, 422.
    """
    who = command.principal
    customer = visible(tx, who, customer_id)
    if wrong := refuse_role(CustomerAction.ADD_NOTE, who) or refuse_state(
        CustomerAction.ADD_NOTE, customer.status
    ):
        raise wrong
    for member in ("name", "description"):
        if holds_card_number(getattr(new, member) or ""):
            raise invalid(f"/{member}", "This looks like a card number. Take it out.", "card-number")
    upload = tx.get(Upload, new.upload_id.lower())
    if looked.refusal is not None:
        raise looked.refusal
    if upload is None or upload.sha256 is None or looked.content is None:
        raise not_found("upload")
    if new.sha256 is not None and new.sha256 != upload.sha256:
        raise invalid("/sha256", "The file that arrived is another one: its SHA-256 differs.")
    if len(tx.find(Document, customer_id=customer.id)) >= DOCUMENTS_MAX:
        raise conflict(Codes.TOO_MANY_VALUES, f"A customer may have {DOCUMENTS_MAX} documents at most.")
    document = Document(
        id=core.new_id(),
        version=1,
        customer_id=customer.id,
        upload_id=upload.id,
        name=new.name,
        file_name=safe_text(new.file_name),
        description=new.description,
        media_type=looked.content.media_type,
        length=upload.length,
        sha256=upload.sha256,
        seen=json.dumps(looked.content.seen, ensure_ascii=False),
        created_by=who.username,
        created_at=command.at_us,
    )
    tx.put(document)
    path = path_of(customer.id, document.id)
    after = {"media_type": document.media_type, "length": str(document.length), "sha256": document.sha256}
    return reply(
        answer(who, customer, document),
        event=audit.Event(command.action, object=path, after=after | {"version": 1}),
        branch_id=customer.branch_id,
        status=201,
        resource=path,
        version=1,
        location=path,
        summary=f"document of {customer.customer_no}",
    )


def delete(core: Core, tx: BulkTx, command: Command, customer_id: str, document_id: str, seen: int) -> Reply:
    """`DELETE /v1/customers/{id}/documents/{part_id}`: the bytes too, unless another document has them.

    Raises:
        Refusal: 404, 412, 409 `transition-not-allowed`.
    """
    who = command.principal
    customer = visible(tx, who, customer_id)
    document = tx.get(Document, document_id)
    if document is None or document.customer_id != customer.id:
        raise not_found("document")
    path = path_of(customer.id, document.id)
    if document.version != seen:
        changes = history.changes_since(tx, path, seen)
        raise history.stale(answer(who, customer, document), changes, core.tree[customer.branch_id].timezone)
    if wrong := refusal(who, customer):
        raise wrong
    tx.remove(document)
    if len(tx.find(Document, upload_id=document.upload_id)) == 0:
        tx.flush()
        upload_store.forget(tx.connection, document.upload_id)
    before = {"media_type": document.media_type, "sha256": document.sha256, "created_by": document.created_by}
    return Reply(
        status=204,
        body=b"",
        resource=path,
        summary=f"document of {customer.customer_no}",
        event=audit.Event(command.action, object=path, before=before | {"version": document.version}),
        branch_id=customer.branch_id,
    )


def refusal(who: Principal, customer: Customer) -> Refusal | None:
    """Why `who` may not delete a document of this customer, or None."""
    if not who.may(Permission.DOCUMENT_DELETE):
        return forbidden(f"Your role, {who.role.value}, may not delete documents.")
    return refuse_state(CustomerAction.ADD_NOTE, customer.status)


def answer(who: Principal, customer: Customer, document: Document) -> wire.Document:
    """A document as the contract shows one."""
    actions, refused = offered({"delete": refusal(who, customer)})
    return wire.Document(
        id=document.id,
        version=document.version,
        actions=actions,
        refused=refused,
        name=document.name,
        file_name=document.file_name,
        description=document.description,
        media_type=document.media_type,
        length=document.length,
        sha256=document.sha256,
        seen=json.loads(document.seen),
        created_by=document.created_by,
        created_at=as_datetime(document.created_at),
    )


async def of_customer(core: Core, who: Principal, customer: Customer) -> tuple[wire.Document, ...]:
    """The documents of a customer, the newest first."""
    rows: Sequence[Document] = await core.reader.find(Document, customer_id=customer.id)
    ordered = sorted(rows, key=lambda each: each.id, reverse=True)
    return tuple(answer(who, customer, each) for each in ordered)
