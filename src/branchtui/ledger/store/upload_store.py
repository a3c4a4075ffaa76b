"""The bytes of uploads, read and forgotten piece by piece."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import and_, bindparam, delete, not_, or_, select

from branchtui.ledger.store.mapping import compiled
from branchtui.ledger.store.tables import balance_files, documents, imports, upload_chunks, uploads

if TYPE_CHECKING:
    from collections.abc import Iterator

    from branchtui.ledger.store.connection import Connection

_CHUNKS = compiled(
    select(upload_chunks.c.data)
    .where(upload_chunks.c.upload_id == bindparam("upload_id"))
    .order_by(upload_chunks.c.start)
)
# A file that an import or a balance file still has to read stays, however old it is, and one that is somebody's document.
_IN_USE = or_(
    select(imports.c.id).where(imports.c.upload_id == uploads.c.id, imports.c.state == "validating").exists(),
    select(balance_files.c.id)
    .where(balance_files.c.upload_id == uploads.c.id, balance_files.c.state == "received")
    .exists(),
)
_IS_DOCUMENT = select(documents.c.id).where(documents.c.upload_id == uploads.c.id).exists()
_STALE = compiled(
    select(uploads.c.id).where(
        or_(
            and_(uploads.c.received < uploads.c.length, uploads.c.touched_at <= bindparam("abandoned")),
            uploads.c.created_at <= bindparam("old"),
        ),
        not_(_IN_USE),
        not_(_IS_DOCUMENT),
    )
)
_FORGET_CHUNKS = compiled(delete(upload_chunks).where(upload_chunks.c.upload_id == bindparam("upload_id")))
_FORGET = compiled(delete(uploads).where(uploads.c.id == bindparam("upload_id")))


def chunks(connection: Connection, upload_id: str) -> Iterator[bytes]:
    """The bytes of an upload, in order, one stored piece (at most 256 KiB) at a time."""
    for (data,) in connection.execute(_CHUNKS, {"upload_id": upload_id}):
        yield data


def stale(connection: Connection, abandoned: int, old: int) -> list[str]:
    """Uploads left unfinished since `abandoned`, or begun before `old` (microseconds), that nothing reads or is made of."""
    found = connection.execute(_STALE, {"abandoned": abandoned, "old": old})
    return [upload_id for (upload_id,) in found]


def forget(connection: Connection, upload_id: str) -> None:
    """Delete an upload and its bytes."""
    connection.execute(_FORGET_CHUNKS, {"upload_id": upload_id})
    connection.execute(_FORGET, {"upload_id": upload_id})
