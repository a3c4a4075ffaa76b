"""A file for a person as an answer: named, never kept by a proxy, its digest beside it (PAGE-4)."""

from __future__ import annotations

import base64
import hashlib

from branchtui.ledger.operations import Reply

CSV = "text/csv; charset=utf-8"
TEXT = "text/plain; charset=utf-8"


def file_reply(body: bytes, name: str, *, media_type: str = CSV, row_count: int | None = None) -> Reply:
    """The bytes of a file; the digest is that of the file as it lies on the disk."""
    digest = base64.b64encode(hashlib.sha256(body).digest()).decode()
    headers = {
        "content-type": media_type,
        "content-disposition": f'attachment; filename="{name}"',
        "content-digest": f"sha-256=:{digest}:",
        "cache-control": "no-store",
    }
    if row_count is not None:
        headers["row-count"] = str(row_count)
    return Reply(status=200, body=body, headers=headers)
