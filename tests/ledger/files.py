"""Sending files to a ledger under test: chunks, imports, and waiting for their jobs by the long poll."""

from __future__ import annotations

import base64
import hashlib
import uuid
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    import httpx
    from tests.ledger.running import Api, RunningLedger

CHUNK_BYTES: Final = 128 * 1024
HEADER: Final = "customer_no,account_kind,amount,currency,as_of_date,narration,external_ref"


def digest_of(data: bytes) -> str:
    """The Content-Digest of some bytes."""
    return f"sha-256=:{base64.b64encode(hashlib.sha256(data).digest()).decode()}:"


def put_chunk(
    api: Api, upload_id: str, data: bytes, *, offset: int, length: int, **headers: str
) -> httpx.Response:
    """Send one chunk."""
    sent = {
        "content-type": "application/octet-stream",
        "upload-length": str(length),
        "upload-offset": str(offset),
        "content-digest": digest_of(data),
    } | headers
    return api.send("PUT", f"/v1/uploads/{upload_id}", content=data, headers=sent, key="")


def upload(api: Api, data: bytes) -> str:
    """Send a whole file; its id."""
    upload_id = str(uuid.uuid4())
    offset = 0
    while True:
        chunk = data[offset : offset + CHUNK_BYTES]
        answer = put_chunk(api, upload_id, chunk, offset=offset, length=len(data))
        assert answer.status_code == 200, answer.text
        offset = answer.json()["offset"]
        if offset >= len(data):
            return upload_id


def ask_import(api: Api, upload_id: str, **members: Any) -> httpx.Response:
    """`POST /v1/imports` for balance records."""
    return api.post("/v1/imports", {"upload_id": upload_id, "kind": "balance-records"} | members)


def finished(api: Api, accepted: httpx.Response) -> dict[str, Any]:
    """Wait for the job of an accepted import and return the import."""
    assert accepted.status_code == 202, accepted.text
    assert accepted.headers["location"] == f"/v1/jobs/{accepted.json()['job_id']}"
    while True:
        job = api.get(accepted.headers["location"], wait=20)
        assert job.status_code == 200, job.text
        if job.json()["state"] in {"succeeded", "failed"}:
            break
    assert job.json()["state"] == "succeeded", job.text
    found = api.get(f"/v1/imports/{accepted.json()['import_id']}")
    assert found.status_code == 200, found.text
    return dict(found.json())


def import_file(api: Api, data: bytes | str, **members: Any) -> dict[str, Any]:
    """Upload a file and import it to its end."""
    raw = data.encode() if isinstance(data, str) else data
    return finished(api, ask_import(api, upload(api, raw), **members))


def findings(api: Api, import_: dict[str, Any], level: str | None = None) -> list[dict[str, Any]]:
    """What was found in the rows, all pages of it."""
    asked = {} if level is None else {"level": level}
    return api.pages(f"/v1/imports/{import_['id']}/rows", **asked)


def table(*rows: str, header: str = HEADER, end: str = "\n") -> str:
    """A file of balance records."""
    return end.join((header, *rows)) + end


def records_of(ledger: RunningLedger, import_: dict[str, Any]) -> list[tuple[Any, ...]]:
    """Row number, reference, amount, date and narration of the records that an import made."""
    return ledger.query(
        "SELECT import_row_no, external_ref, amount_minor, as_of_date, narration FROM balance_records "
        "WHERE import_id = ? ORDER BY import_row_no",
        import_["id"],
    )


def name_members(ledger: RunningLedger, *numbers: str, branch: str = "NKU") -> None:
    """Customers with exactly these numbers."""
    for number in numbers:
        member = ledger.add_member(branch)

        def rename(tx: Any, member: Any = member, number: str = number) -> None:
            tx.connection.execute(
                "UPDATE customers SET customer_no = ? WHERE id = ?", (number, member.customer.id)
            )

        ledger.bulk(rename)
