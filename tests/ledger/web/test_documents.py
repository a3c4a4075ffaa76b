"""Documents of customers: chunked and resumable up, known by their content, down as they came (section 3)."""

from __future__ import annotations

import base64
import hashlib
import struct
import uuid
from typing import Any

import pytest
from tests.ledger.files import put_chunk, upload
from tests.ledger.members import do, enter, ok, refused, supervisor, teller, today, wrong
from tests.ledger.running import Api, RunningLedger

from branchtui.ledger.workflows.documents import DOCUMENT_BYTES_MAX
from branchtui.ledger.workflows.uploads import KEPT_US

pytestmark = pytest.mark.both_stores

PNG = (
    b"\x89PNG\r\n\x1a\n"
    + struct.pack(">I", 13)
    + b"IHDR"
    + struct.pack(">IIBBBBB", 640, 480, 8, 2, 0, 0, 0)
    + bytes(64)
)
PDF = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n<<>>\nendobj\n"
LETTER = "Dear Sir,\n\nplease close the account of Ngũgĩ.\n".encode()


def keep(api: Api, customer: dict[str, Any], data: bytes, **members: Any) -> Any:
    body = {"upload_id": upload(api, data), "name": "A paper"} | members
    return api.post(f"/v1/customers/{customer['id']}/documents", body)


@pytest.mark.parametrize("member", ["name", "description"])
def test_what_is_said_of_a_document_holds_no_card_number(running_ledger: RunningLedger, member: str) -> None:
    """T-30: a document's name and description are texts that people key."""
    said = {"name": "Scan", "description": "front", member: "4111 1111 1111 1111"}
    wrong(keep(teller(running_ledger), enter(running_ledger), PDF, **said), f"/{member}")


@pytest.mark.parametrize(
    ("data", "media_type", "seen"),
    [
        (PDF, "application/pdf", {}),
        (PNG, "image/png", {"width": 640, "height": 480}),
        (b"GIF89a" + struct.pack("<HH", 20, 10) + bytes(20), "image/gif", {"width": 20, "height": 10}),
        (LETTER, "text/plain", {"lines": 3, "text": ["Dear Sir,", "", "please close the account of Ngũgĩ."]}),
        (b"#!/bin/sh\nrm -rf ~\n", "text/plain", {"lines": 2, "text": ["#!/bin/sh", "rm -rf ~"]}),
    ],
    ids=["pdf", "png", "gif", "text", "script"],
)
def test_a_document_is_what_its_content_is(
    running_ledger: RunningLedger, data: bytes, media_type: str, seen: dict[str, Any]
) -> None:
    """Type by content; text and images described, never executed; what comes down is what went up."""
    customer, api = enter(running_ledger), teller(running_ledger)
    made = ok(keep(api, customer, data, name="Scan", file_name="../../photo.exe", description="front"), 201)
    assert (made["media_type"], made["length"], made["seen"]) == (media_type, len(data), seen)
    assert made["sha256"] == hashlib.sha256(data).hexdigest()
    assert (made["file_name"], made["description"]) == ("../../photo.exe", "front")
    path = f"/v1/customers/{customer['id']}/documents/{made['id']}"
    assert ok(api.get(path)) == made
    down = api.get(f"{path}/content")
    assert down.content == data
    assert down.headers["content-type"] == "application/octet-stream"
    assert down.headers["content-disposition"] == 'attachment; filename="photo.exe"'
    assert down.headers["x-content-type-options"] == "nosniff"
    digest = base64.b64encode(hashlib.sha256(data).digest()).decode()
    assert down.headers["content-digest"] == f"sha-256=:{digest}:"
    assert [each["id"] for each in ok(api.get(f"/v1/customers/{customer['id']}/documents"))["items"]] == [
        made["id"]
    ]


@pytest.mark.parametrize(
    "data",
    [
        b"MZ\x90\x00" + bytes(200),
        b"PK\x03\x04" + bytes(200),
        b"\x7fELF" + bytes(60),
        b"\x00\x01\x02\x03",
        b"a\x1b[2Jb",
    ],
    ids=["program", "archive", "elf", "bytes", "escape"],
)
def test_what_is_no_document_is_refused(running_ledger: RunningLedger, data: bytes) -> None:
    """Size and type limits; a name says nothing about what a file is."""
    customer, api = enter(running_ledger), teller(running_ledger)
    refused(keep(api, customer, data, file_name="letter.pdf"), 415, "media-type")
    assert ok(api.get(f"/v1/customers/{customer['id']}/documents"))["items"] == []


def test_a_document_may_be_10_mib_and_not_a_byte_more(running_ledger: RunningLedger) -> None:
    """Bad input: a 4 GiB "document"; the limit is said before a byte is sent beyond what an upload may be."""
    customer, api = enter(running_ledger), teller(running_ledger)
    whole = PDF + bytes(DOCUMENT_BYTES_MAX - len(PDF))
    assert ok(keep(api, customer, whole), 201)["length"] == DOCUMENT_BYTES_MAX
    refused(keep(api, customer, whole + b"x"), 413, "too-large")
    huge = put_chunk(api, str(uuid.uuid4()), PDF, offset=0, length=4 * 1024**3)
    refused(huge, 413, "too-large")


def test_an_upload_goes_on_where_it_stopped_and_is_its_senders(running_ledger: RunningLedger) -> None:
    """Contract, sections 3 and 8: chunked, resumable; unfinished or another's upload makes no document."""
    customer, api = enter(running_ledger), teller(running_ledger)
    data, upload_id = LETTER * 9_000, str(uuid.uuid4())
    assert put_chunk(api, upload_id, data[:100_000], offset=0, length=len(data)).status_code == 200
    path = f"/v1/customers/{customer['id']}/documents"
    problem = refused(api.post(path, {"upload_id": upload_id, "name": "Half"}), 409, "upload-offset")
    at = int(api.send("HEAD", f"/v1/uploads/{upload_id}").headers["upload-offset"])
    assert at == problem["offset"] == 100_000
    while at < len(data):
        at = ok(put_chunk(api, upload_id, data[at : at + 200_000], offset=at, length=len(data)))["offset"]
    refused(
        supervisor(running_ledger).post(path, {"upload_id": upload_id, "name": "Not mine"}), 404, "not-found"
    )
    wrong(api.post(path, {"upload_id": upload_id, "name": "x", "sha256": "0" * 64}), "/sha256")
    made = ok(api.post(path, {"upload_id": upload_id, "name": "Whole"}), 201)
    assert made["seen"]["lines"] == 27_000


def test_a_document_is_deleted_by_permission_with_its_bytes(running_ledger: RunningLedger) -> None:
    """Delete with permission. The bytes go too, unless another document has them."""
    customer, api = enter(running_ledger), teller(running_ledger)
    upload_id = upload(api, LETTER)
    path = f"/v1/customers/{customer['id']}/documents"
    first = ok(api.post(path, {"upload_id": upload_id, "name": "One"}), 201)
    second = ok(api.post(path, {"upload_id": upload_id, "name": "Two"}), 201)
    assert first["refused"]["delete"]["code"] == "forbidden"
    refused(api.delete(f"{path}/{first['id']}", if_match=1), 403, "forbidden")
    boss = supervisor(running_ledger)
    refused(boss.delete(f"{path}/{first['id']}", if_match=7), 412, "precondition-failed")
    assert boss.delete(f"{path}/{first['id']}", if_match=1).status_code == 204
    assert api.get(f"{path}/{second['id']}/content").content == LETTER
    key = str(uuid.uuid4())
    assert boss.delete(f"{path}/{second['id']}", if_match=1, key=key).status_code == 204
    assert boss.delete(f"{path}/{second['id']}", if_match=1, key=key).status_code == 204
    assert running_ledger.query("SELECT 1 FROM upload_chunks WHERE upload_id = ?", upload_id) == []
    assert api.get(f"{path}/{second['id']}/content").status_code == 404
    assert ok(api.get(path))["items"] == []


def test_the_same_key_makes_one_document_and_old_uploads_stay_where_they_are_documents(
    own_ledger: RunningLedger,
) -> None:
    """IDEM-8: a replay needs no upload any more; a document's bytes are kept as long as it is."""
    customer, api = enter(own_ledger), teller(own_ledger)
    path, key = f"/v1/customers/{customer['id']}/documents", str(uuid.uuid4())
    body = {"upload_id": upload(api, LETTER), "name": "Kept"}
    first = api.post(path, body, key=key)
    second = api.post(path, body, key=key)
    assert (first.status_code, first.content) == (201, second.content)
    stray = upload(api, PDF)
    own_ledger.clock.advance(seconds=KEPT_US / 1_000_000 + 60)
    fresh = own_ledger.sign_in("teller", fresh=True)
    upload(fresh, b"another, so that old ones are swept")
    assert own_ledger.query("SELECT 1 FROM uploads WHERE id = ?", stray) == []
    assert fresh.get(f"{path}/{first.json()['id']}/content").content == LETTER


def test_a_document_is_its_customers_alone(running_ledger: RunningLedger) -> None:
    """AUTHZ-2: another branch's customer, and another customer's document, are not there."""
    mine, other = enter(running_ledger), enter(running_ledger)
    api = teller(running_ledger)
    made = ok(keep(api, mine, PDF), 201)
    for path in (
        f"/v1/customers/{other['id']}/documents/{made['id']}",
        f"/v1/customers/{other['id']}/documents/{made['id']}/content",
    ):
        assert api.get(path).status_code == 404
    far = teller(running_ledger, "KSM")
    assert far.get(f"/v1/customers/{mine['id']}/documents/{made['id']}/content").status_code == 404
    admin = running_ledger.sign_in("administrator")
    assert admin.get(f"/v1/customers/{mine['id']}/documents/{made['id']}").status_code == 403
    closed = {"closure_date": today(running_ledger), "closure_reason": "Own wish"}
    ok(do(api, mine, "close", closed))
    ok(keep(api, mine, LETTER, name="The letter of notice"), 201)
