"""Endpoints of documents: of an upload that has arrived, listed, sent down, deleted (contract, section 3)."""

from __future__ import annotations

import base64
import re
from typing import TYPE_CHECKING, Final

from branchtui.contract import customer_parts as wire
from branchtui.contract.base import Answer
from branchtui.contract.problem import Codes
from branchtui.ledger.access import Permission as P
from branchtui.ledger.operations import Reply
from branchtui.ledger.problems import not_found
from branchtui.ledger.store.rows import Document, Upload
from branchtui.ledger.web.customer_parts import seen_customer
from branchtui.ledger.web.route import Call, Route, answered
from branchtui.ledger.workflows import documents, uploads

if TYPE_CHECKING:
    from branchtui.ledger.store.rows import Customer

_MANY: Final = "/v1/customers/{id}/documents"
_ONE: Final = "/v1/customers/{id}/documents/{part_id}"
_PLAIN_NAME = re.compile(r"[^A-Za-z0-9._-]+")


class Documents(Answer):
    """The documents of a customer, the newest first."""

    items: tuple[wire.Document, ...]


async def documents_of(call: Call, customer: Customer) -> tuple[wire.Document, ...]:
    """The documents of a customer."""
    return await documents.of_customer(call.core, call.principal, customer)


async def document_list(call: Call) -> Reply:
    """`GET /v1/customers/{id}/documents`: the newest first."""
    return answered(Documents(items=await documents_of(call, await seen_customer(call))))


async def create(call: Call) -> Reply:
    """`POST /v1/customers/{id}/documents`: an upload that has arrived whole, 10 MiB at most.

    What it is, is told by its content: a PDF, an image or a plain text. Nothing else is taken.
    """
    new: wire.NewDocument = call.body
    upload = await call.core.reader.get(Upload, new.upload_id.lower())
    if upload is not None and upload.user_id == call.principal.user_id:
        await uploads.finish(call.core, upload)
    looked = await documents.look(call.core, call.principal, new.upload_id)
    return await call.execute(
        "document.create",
        lambda tx, command: documents.create(call.core, tx, command, call.path["id"], new, looked),
    )


async def document(call: Call) -> Reply:
    """`GET /v1/customers/{id}/documents/{part_id}`."""
    customer, found = await _found(call)
    return answered(documents.answer(call.principal, customer, found), version=found.version)


async def content(call: Call) -> Reply:
    """`GET /v1/customers/{id}/documents/{part_id}/content`: the bytes, to be kept and not to be shown as a page."""
    _, found = await _found(call)
    data = await call.core.reader.in_thread(lambda connection: documents.whole(connection, found.upload_id))
    digest = base64.b64encode(bytes.fromhex(found.sha256)).decode()
    name = _PLAIN_NAME.sub("_", found.file_name or found.name).strip("._") or "document"
    headers = {
        # Whatever it is: nobody's program shall take it for a page.
        "content-type": "application/octet-stream",
        "content-disposition": f'attachment; filename="{name[:100]}"',
        "content-digest": f"sha-256=:{digest}:",
        "cache-control": "no-store",
        "x-content-type-options": "nosniff",
    }
    return Reply(status=200, body=data, headers=headers)


async def delete(call: Call) -> Reply:
    """`DELETE /v1/customers/{id}/documents/{part_id}`: the bytes too."""
    return await call.execute_bulk(
        "document.delete",
        lambda tx, command: documents.delete(
            call.core, tx, command, call.path["id"], call.path["part_id"], call.version
        ),
    )


async def _found(call: Call) -> tuple[Customer, Document]:
    customer = await seen_customer(call)
    found = await call.core.reader.get(Document, call.path["part_id"])
    if found is None or found.customer_id != customer.id:
        raise not_found("document")
    return customer, found


def routes() -> tuple[Route, ...]:
    """The endpoints of this module."""
    return (
        Route(
            "GET",
            _MANY,
            P.CUSTOMER_PARTS,
            document_list,
            "Documents of a customer",
            answer=Documents,
            operation="list_documents",
        ),
        Route(
            "POST",
            _MANY,
            P.CUSTOMER_CHANGE,
            create,
            "Keep an upload as a document",
            body=wire.NewDocument,
            answer=wire.Document,
            status=201,
            keyed=True,
            operation="create_document",
            refuses=(Codes.TRANSITION_NOT_ALLOWED, Codes.UPLOAD_OFFSET, Codes.TOO_MANY_VALUES),
        ),
        Route(
            "GET",
            _ONE,
            P.CUSTOMER_PARTS,
            document,
            "A document",
            answer=wire.Document,
            operation="get_document",
        ),
        Route(
            "GET",
            f"{_ONE}/content",
            P.CUSTOMER_PARTS,
            content,
            "The bytes of a document",
            operation="get_document_content",
            media_type="application/octet-stream",
        ),
        Route(
            "DELETE",
            _ONE,
            P.DOCUMENT_DELETE,
            delete,
            "Delete a document",
            status=204,
            keyed=True,
            if_match=True,
            operation="delete_document",
            refuses=(Codes.TRANSITION_NOT_ALLOWED,),
        ),
    )
