"""Files that arrive in pieces (contract, section 8; ledger, section 7)."""

from __future__ import annotations

import gzip
import hashlib
import uuid

import pytest
from tests.ledger.files import digest_of, put_chunk
from tests.ledger.running import RunningLedger

from branchtui.ledger.workflows import uploads

DATA = bytes(range(256)) * 1024


def fresh() -> str:
    return str(uuid.uuid4())


def test_a_file_sent_in_chunks_has_its_own_digest_in_the_end(running_ledger: RunningLedger) -> None:
    """The whole file's SHA-256 is known when its last byte has come, not before."""
    api, upload_id = running_ledger.sign_in("teller"), fresh()
    first = put_chunk(api, upload_id, DATA[:100_000], offset=0, length=len(DATA))
    assert (first.json()["offset"], first.json()["sha256"]) == (100_000, None)
    assert first.headers["upload-offset"] == "100000"
    last = put_chunk(api, upload_id, DATA[100_000:], offset=100_000, length=len(DATA))
    assert last.json() == {
        "id": upload_id,
        "length": len(DATA),
        "offset": len(DATA),
        "sha256": hashlib.sha256(DATA).hexdigest(),
    }


def test_a_cut_upload_goes_on_where_it_stopped(running_ledger: RunningLedger) -> None:
    """HEAD says how much arrived; a wrong offset is told the right one."""
    api, upload_id = running_ledger.sign_in("teller"), fresh()
    put_chunk(api, upload_id, DATA[:1_000], offset=0, length=3_000)
    head = api.send("HEAD", f"/v1/uploads/{upload_id}")
    assert (head.status_code, head.headers["upload-offset"], head.headers["upload-length"]) == (
        200,
        "1000",
        "3000",
    )
    wrong = put_chunk(api, upload_id, DATA[2_000:3_000], offset=2_000, length=3_000)
    assert (wrong.status_code, wrong.json()["code"], wrong.json()["offset"]) == (409, "upload-offset", 1_000)
    done = put_chunk(api, upload_id, DATA[1_000:3_000], offset=1_000, length=3_000)
    assert done.json()["sha256"] == hashlib.sha256(DATA[:3_000]).hexdigest()


def test_the_same_chunk_again_changes_nothing_and_another_one_is_refused(
    running_ledger: RunningLedger,
) -> None:
    """A lost answer is repeated; other bytes at the same place are not."""
    api, upload_id = running_ledger.sign_in("teller"), fresh()
    put_chunk(api, upload_id, b"abc", offset=0, length=6)
    again = put_chunk(api, upload_id, b"abc", offset=0, length=6)
    assert (again.status_code, again.json()["offset"]) == (200, 3)
    other = put_chunk(api, upload_id, b"xyz", offset=0, length=6)
    assert (other.status_code, other.json()["offset"]) == (409, 3)
    put_chunk(api, upload_id, b"def", offset=3, length=6)
    last_again = put_chunk(api, upload_id, b"def", offset=3, length=6)
    assert last_again.json()["sha256"] == hashlib.sha256(b"abcdef").hexdigest()


def test_a_chunk_that_the_line_changed_is_not_kept(running_ledger: RunningLedger) -> None:
    """Content-Digest is checked before anything is stored."""
    api, upload_id = running_ledger.sign_in("teller"), fresh()
    bent = put_chunk(api, upload_id, b"abd", offset=0, length=3, **{"content-digest": digest_of(b"abc")})
    assert bent.status_code == 400
    assert api.send("HEAD", f"/v1/uploads/{upload_id}").status_code == 404


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"content-digest": "md5=:abc:"}, 422),
        ({"content-digest": ""}, 422),
        ({"upload-length": "-1"}, 422),
        ({"upload-length": "many"}, 422),
        ({"upload-offset": "1e1"}, 422),
        ({"upload-length": str(uploads.UPLOAD_BYTES_MAX + 1)}, 413),
        ({"upload-length": "2"}, 422),
        ({"upload-offset": "1", "upload-length": "9"}, 409),
    ],
)
def test_a_chunk_with_wrong_headers_is_refused(
    running_ledger: RunningLedger, headers: dict[str, str], status: int
) -> None:
    """Each with its own plain refusal; nothing is begun."""
    api, upload_id = running_ledger.sign_in("teller"), fresh()
    answer = put_chunk(api, upload_id, b"abc", offset=0, length=3, **headers)
    assert answer.status_code == status, answer.text
    assert api.send("HEAD", f"/v1/uploads/{upload_id}").status_code == 404


def test_a_chunk_may_come_packed(running_ledger: RunningLedger) -> None:
    """Ledger, section 7: gzip alone; the digest is of what was sent, the offset of what was packed."""
    api, upload_id = running_ledger.sign_in("teller"), fresh()
    half = len(DATA) // 2
    sha256 = None
    for offset, part in ((0, DATA[:half]), (half, DATA[half:])):
        packed = gzip.compress(part)
        assert len(packed) < len(part)
        answer = put_chunk(
            api, upload_id, packed, offset=offset, length=len(DATA), **{"content-encoding": "gzip"}
        )
        assert answer.json()["offset"] == offset + len(part)
        sha256 = answer.json()["sha256"]
    assert sha256 == hashlib.sha256(DATA).hexdigest()


@pytest.mark.parametrize(
    ("data", "encoding", "status"),
    [
        (gzip.compress(b"abc"), "br", 415),
        (gzip.compress(b"abc"), "gzip, gzip", 415),
        (gzip.compress(b"abc") + b"more", "gzip", 400),
        (gzip.compress(b"abc")[:-4], "gzip", 400),
        (b"abc", "gzip", 400),
        (gzip.compress(bytes(200_000_000 // 8), 1), "gzip", 413),
    ],
    ids=["br", "twice", "more", "cut", "none", "bomb"],
)
def test_what_is_not_one_small_gzip_stream_is_refused(
    running_ledger: RunningLedger, data: bytes, encoding: str, status: int
) -> None:
    """Ledger, section 7: the unpacked size is counted, and no more than the limit of it unpacked."""
    upload_id, api = fresh(), running_ledger.sign_in("teller")
    answer = put_chunk(api, upload_id, data, offset=0, length=3, **{"content-encoding": encoding})
    assert answer.status_code == status, answer.text
    assert api.send("HEAD", f"/v1/uploads/{upload_id}").status_code == 404


def test_only_the_owner_knows_of_an_upload(running_ledger: RunningLedger) -> None:
    """For everybody else it does not exist, and cannot be written to."""
    upload_id = fresh()
    put_chunk(running_ledger.sign_in("teller"), upload_id, b"abc", offset=0, length=6)
    other = running_ledger.sign_in("supervisor")
    assert other.send("HEAD", f"/v1/uploads/{upload_id}").status_code == 404
    assert put_chunk(other, upload_id, b"def", offset=3, length=6).status_code == 404
    put_chunk(running_ledger.sign_in("teller"), upload_id, b"def", offset=3, length=6)
    asked = {"upload_id": upload_id, "kind": "balance-records"}
    assert other.post("/v1/imports", asked).status_code == 404


@pytest.mark.parametrize(("username", "status"), [("auditor", 403), ("administrator", 200)])
def test_who_imports_nothing_uploads_nothing(
    running_ledger: RunningLedger, username: str, status: int
) -> None:
    """AUTHZ-1: an administrator sends plans."""
    api = running_ledger.sign_in(username)
    assert put_chunk(api, fresh(), b"abc", offset=0, length=3).status_code == status


@pytest.mark.parametrize("upload_id", ["1", "not-a-uuid", "0" * 64, "{01a2007e-6d28-77cd-a440-87f071d1e910}"])
def test_an_upload_is_named_by_a_uuid(running_ledger: RunningLedger, upload_id: str) -> None:
    """Anything else does not exist."""
    assert put_chunk(running_ledger.sign_in("teller"), upload_id, b"a", offset=0, length=1).status_code == 404


def test_a_fourth_unfinished_upload_waits_until_one_is_finished_or_abandoned(
    own_ledger: RunningLedger,
) -> None:
    """Ledger, section 7: three unfinished per user; one that nothing came to for an hour counts no more."""
    api = own_ledger.sign_in("teller")
    ids = [fresh() for _ in range(4)]
    for each in ids[:3]:
        assert put_chunk(api, each, b"abc", offset=0, length=6).status_code == 200
    refused = put_chunk(api, ids[3], b"abc", offset=0, length=6)
    assert (refused.status_code, refused.json()["code"]) == (429, "rate-limited")
    assert put_chunk(api, ids[0], b"def", offset=3, length=6).status_code == 200
    assert put_chunk(api, ids[3], b"abc", offset=0, length=6).status_code == 200
    own_ledger.clock.advance(seconds=3_601)
    later = own_ledger.sign_in("teller", fresh=True)
    assert put_chunk(later, fresh(), b"abc", offset=0, length=6).status_code == 200
    assert later.send("HEAD", f"/v1/uploads/{ids[1]}").status_code == 404, "what was abandoned is forgotten"
    assert later.send("HEAD", f"/v1/uploads/{ids[0]}").status_code == 200, "what is whole is kept"


def test_an_empty_file_is_whole_at_once(running_ledger: RunningLedger) -> None:
    """Nothing is a file too; its import says that it holds no rows."""
    answer = put_chunk(running_ledger.sign_in("teller"), fresh(), b"", offset=0, length=0)
    assert answer.json()["sha256"] == hashlib.sha256(b"").hexdigest()
