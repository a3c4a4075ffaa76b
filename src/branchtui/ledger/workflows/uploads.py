"""Files that arrive in pieces over a line that breaks (ledger, section 7; contract, section 8)."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from branchtui.contract import imports as wire
from branchtui.contract.problem import Codes
from branchtui.ledger.problems import Refusal, conflict, invalid, not_found
from branchtui.ledger.store import upload_store
from branchtui.ledger.store.rows import Upload, UploadChunk

if TYPE_CHECKING:
    from branchtui.ledger.access import Principal
    from branchtui.ledger.core import Core
    from branchtui.ledger.store.connection import Connection
    from branchtui.ledger.store.unit import BulkTx, Tx

CHUNK_BYTES_MAX: Final = 256 * 1024
UPLOAD_BYTES_MAX: Final = 64 * 1024 * 1024
UNFINISHED_MAX: Final = 3
BRANCH_BYTES_A_DAY: Final = 500 * 1024 * 1024

HOUR_US: Final = 3_600 * 1_000_000
ABANDONED_AFTER_US: Final = HOUR_US
"""An unfinished upload that nothing was added to for so long no longer counts, and is forgotten."""

KEPT_US: Final = 7 * 24 * HOUR_US
"""How long the bytes of an upload are kept: long enough to import them again with other options."""


async def sweep(core: Core, at_us: int) -> None:
    """Forget abandoned and old uploads, if there are any."""
    abandoned, old = at_us - ABANDONED_AFTER_US, at_us - KEPT_US
    if not await core.reader.in_thread(lambda found: upload_store.stale(found, abandoned, old)):
        return

    def forget(tx: BulkTx) -> None:
        for upload_id in upload_store.stale(tx.connection, abandoned, old):
            upload_store.forget(tx.connection, upload_id)

    await core.writer.bulk(forget)


def add_chunk(
    tx: Tx, principal: Principal, upload_id: str, *, length: int, offset: int, data: bytes, at_us: int
) -> Upload:
    """Take in one piece and return where the upload stands. The same piece again changes nothing.

    Raises:
        Refusal: 404 for somebody else's upload, 409 `upload-offset` with the `offset` to go on from,
            413 beyond the limits, 422 for lengths that do not fit, 429 beyond what a user or branch may send.
    """
    upload = tx.get(Upload, upload_id)
    if upload is None:
        upload = _begin(tx, principal, upload_id, length, at_us)
        if offset != 0:
            raise _wrong_offset(0)
    if upload.user_id != principal.user_id:
        raise not_found("upload")
    if length != upload.length:
        raise invalid("/upload-length", f"This upload was begun with a length of {upload.length} bytes.")
    if offset + len(data) > upload.length:
        raise invalid("/upload-offset", "The chunk reaches beyond the length of the upload.")
    if offset < upload.received and _is_known(tx, upload, offset, data):
        return upload
    if offset != upload.received:
        raise _wrong_offset(upload.received)
    if data:
        tx.put(UploadChunk(upload_id, offset, data))
    upload = replace(upload, received=offset + len(data), touched_at=at_us)
    tx.put(upload)
    return upload


async def finish(core: Core, upload: Upload) -> Upload:
    """Note the whole file's SHA-256 once every byte is there."""
    if upload.received < upload.length or upload.sha256 is not None:
        return upload
    whole = await core.reader.in_thread(lambda connection: _sha256(connection, upload.id))

    def note(tx: Tx) -> Upload:
        current = tx.get(Upload, upload.id)
        if current is None:
            raise not_found("upload")
        current = replace(current, sha256=whole)
        tx.put(current)
        return current

    return await core.writer.submit(note)


def whole_upload(tx: Tx, principal: Principal, upload_id: str, sha256: str | None) -> tuple[Upload, str]:
    """The caller's own upload once every byte is there, and its SHA-256, which must be `sha256` where one is given.

    Raises:
        Refusal: 404 for one that is not the caller's, 409 `upload-offset` while it is unfinished, 422.
    """
    upload = tx.get(Upload, upload_id.lower())
    if upload is None or upload.user_id != principal.user_id:
        raise not_found("upload")
    if upload.sha256 is None:
        raise conflict(
            Codes.UPLOAD_OFFSET,
            f"The upload is unfinished: {upload.received} of {upload.length} bytes have arrived.",
            offset=upload.received,
        )
    if sha256 is not None and sha256 != upload.sha256:
        raise invalid("/sha256", "The file that arrived is another one: its SHA-256 differs.")
    return upload, upload.sha256


async def own_upload(core: Core, principal: Principal, upload_id: str) -> Upload:
    """The upload, if it is the caller's own.

    Raises:
        Refusal: 404.
    """
    found = await core.reader.get(Upload, upload_id)
    if found is None or found.user_id != principal.user_id:
        raise not_found("upload")
    return found


def upload_answer(upload: Upload) -> wire.Upload:
    """The upload as the contract shows one."""
    return wire.Upload(id=upload.id, length=upload.length, offset=upload.received, sha256=upload.sha256)


def _begin(tx: Tx, principal: Principal, upload_id: str, length: int, at_us: int) -> Upload:
    if length > UPLOAD_BYTES_MAX:
        limit = UPLOAD_BYTES_MAX // 1024 // 1024
        raise Refusal(413, Codes.TOO_LARGE, f"A file may be {limit} MiB at most. Send it in parts.")
    waiting = [
        each
        for each in tx.find(Upload, user_id=principal.user_id)
        if each.received < each.length and each.touched_at > at_us - ABANDONED_AFTER_US
    ]
    if len(waiting) >= UNFINISHED_MAX:
        said = f"{UNFINISHED_MAX} of your uploads are unfinished. Finish one of them first."
        raise Refusal(429, Codes.RATE_LIMITED, said, retry_after_seconds=60)
    day = sum(
        each.length
        for each in tx.find(Upload, branch_id=principal.branch_id)
        if each.created_at > at_us - 24 * HOUR_US
    )
    if day + length > BRANCH_BYTES_A_DAY:
        limit = BRANCH_BYTES_A_DAY // 1024 // 1024
        said = f"Your branch has sent its {limit} MiB of files for one day. Send this one tomorrow."
        raise Refusal(429, Codes.RATE_LIMITED, said, retry_after_seconds=3_600)
    return Upload(
        id=upload_id,
        user_id=principal.user_id,
        branch_id=principal.branch_id,
        length=length,
        received=0,
        sha256=None,
        created_at=at_us,
        touched_at=at_us,
    )


def _is_known(tx: Tx, upload: Upload, offset: int, data: bytes) -> bool:
    known = tx.get(UploadChunk, (upload.id, offset))
    return known is not None and known.data == data


def _wrong_offset(expected: int) -> Refusal:
    return conflict(
        Codes.UPLOAD_OFFSET,
        f"The ledger has {expected} bytes of this file. Go on from there.",
        offset=expected,
    )


def _sha256(connection: Connection, upload_id: str) -> str:
    digest = hashlib.sha256()
    for chunk in upload_store.chunks(connection, upload_id):
        digest.update(chunk)
    return digest.hexdigest()
