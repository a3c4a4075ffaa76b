"""Endpoints of uploads: chunks in, and how far they are (contract, section 8)."""

from __future__ import annotations

import asyncio
import base64
import binascii
import hashlib
import hmac
import re
import uuid
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from branchtui.contract import imports as wire
from branchtui.contract.problem import Codes
from branchtui.ledger.access import Permission as P
from branchtui.ledger.operations import Reply
from branchtui.ledger.problems import Refusal, invalid, not_found
from branchtui.ledger.web.body import content_encoding, read_bounded, unzipped
from branchtui.ledger.web.route import Call, Route, answered
from branchtui.ledger.workflows import uploads

if TYPE_CHECKING:
    from branchtui.ledger.store.rows import Upload

BODY_SECONDS: Final = 60.0
_ENCODINGS: Final = frozenset({"identity", "gzip"})
_WHOLE = re.compile(r"[0-9]{1,15}", re.ASCII)
_DIGEST = re.compile(r"\s*sha-256=:([A-Za-z0-9+/]{43}=):\s*", re.ASCII)


async def put_chunk(call: Call) -> Reply:
    """`PUT /v1/uploads/{id}`: one chunk, checked by its digest before it is kept.

    It may come packed by gzip; the digest is of the bytes as sent (RFC 9530), place and length of those unpacked.
    """
    upload_id = _upload_id(call)
    length, offset = _number(call, "upload-length"), _number(call, "upload-offset")
    digest = _digest(call)
    async with asyncio.timeout(BODY_SECONDS):
        sent = await read_bounded(call.http, uploads.CHUNK_BYTES_MAX, encodings=_ENCODINGS)
    if not hmac.compare_digest(hashlib.sha256(sent).digest(), digest):
        raise Refusal(
            400,
            Codes.MALFORMED,
            "The chunk is not what its digest says; the line has changed it. Send it again.",
            retry_same_key=True,
        )
    data = unzipped(sent, uploads.CHUNK_BYTES_MAX) if content_encoding(call.http) == "gzip" else sent
    if offset == 0:
        await uploads.sweep(call.core, call.at_us)
    upload = await call.core.writer.submit(
        lambda tx: uploads.add_chunk(
            tx, call.principal, upload_id, length=length, offset=offset, data=data, at_us=call.at_us
        )
    )
    upload = await uploads.finish(call.core, upload)
    answer = answered(uploads.upload_answer(upload))
    return replace(answer, headers=answer.headers | _place(upload))


async def head(call: Call) -> Reply:
    """`HEAD /v1/uploads/{id}`: how many bytes have arrived."""
    upload = await uploads.own_upload(call.core, call.principal, _upload_id(call))
    return Reply(status=200, body=b"", headers=_place(upload) | {"cache-control": "no-store"})


def _place(upload: Upload) -> dict[str, str]:
    return {"upload-offset": str(upload.received), "upload-length": str(upload.length)}


def _upload_id(call: Call) -> str:
    """The id in the path, which the client chose: a UUID in its usual writing, lower case.

    Raises:
        Refusal: 404 for anything else.
    """
    given = call.path["id"]
    try:
        found = str(uuid.UUID(given))
    except ValueError as error:
        raise not_found("upload") from error
    if found != given.lower():
        raise not_found("upload")
    return found


def _number(call: Call, header: str) -> int:
    given = call.http.headers.get(header, "")
    if not _WHOLE.fullmatch(given):
        raise invalid(f"/{header}", f"A chunk needs the header {header.title()} with a number of bytes.")
    return int(given)


def _digest(call: Call) -> bytes:
    found = _DIGEST.fullmatch(call.http.headers.get("content-digest", ""))
    if found is None:
        raise invalid(
            "/content-digest", "A chunk needs the header Content-Digest: sha-256=:...: of its bytes."
        )
    try:
        return base64.b64decode(found[1], validate=True)
    except binascii.Error as error:
        raise invalid("/content-digest", "Content-Digest is not base64.") from error


def routes() -> tuple[Route, ...]:
    """The endpoints of this module."""
    path = "/v1/uploads/{id}"
    return (
        Route(
            "PUT",
            path,
            P.IMPORT_FILES,
            put_chunk,
            "Send a chunk of a file",
            answer=wire.Upload,
            raw=True,
            operation="put_upload_chunk",
            refuses=(Codes.UPLOAD_OFFSET,),
        ),
        Route(
            "HEAD",
            path,
            P.IMPORT_FILES,
            head,
            "How much of a file has arrived",
            operation="get_upload_offset",
        ),
    )
