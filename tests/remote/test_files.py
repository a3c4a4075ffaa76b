"""Uploads that go on where they stopped, and answers that go to a file (contract, section 8; SEC-6)."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import os
import stat
from pathlib import Path

import pytest
from tests.remote.conftest import Desk
from tests.remote.doubles import (
    Asked,
    Behaviour,
    StillTime,
    answers,
    client_of,
    closes,
    html,
    refuses,
    response,
    sends,
    stalls,
)

from branchtui.remote.breaker import Budget
from branchtui.remote.chunking import CHUNK_BYTES_MAX, CHUNK_BYTES_MIN, ChunkSize
from branchtui.remote.errors import FileProblem, LedgerError, Unreachable

CONTENT = (
    bytes(range(256)) * 1024
)  # 256 KiB: chunks of 4, 16, 64, 128 and 44 KiB on a line that takes no time


class Store:
    """The ledger's half of an upload."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.bytes: dict[str, bytes] = {}

    async def __call__(self, asked: Asked, writer: asyncio.StreamWriter) -> None:
        if not asked.path.startswith("/v1/uploads/"):
            await self.desk.keys(asked, writer)
            return
        upload = asked.path.rsplit("/", 1)[1]
        if asked.headers["authorization"] not in self.desk.keys.valid:
            await refuses(401, "token-expired")(asked, writer)
        elif asked.method == "HEAD":
            found = self.bytes.get(upload)
            status = (
                f"204 X\r\nUpload-Offset: {len(found)}" if found is not None else "404 X\r\nContent-Length: 0"
            )
            writer.write(f"HTTP/1.1 {status}\r\n\r\n".encode())
        else:
            await self.take(upload, asked, writer)

    async def take(self, upload: str, asked: Asked, writer: asyncio.StreamWriter) -> None:
        have = self.bytes.setdefault(upload, b"")
        digest = base64.b64encode(hashlib.sha256(asked.body).digest()).decode()
        assert asked.headers["content-digest"] == f"sha-256=:{digest}:"
        if int(asked.headers["upload-offset"]) != len(have):
            await refuses(409, "upload-offset")(asked, writer)
            return
        self.bytes[upload] = have + asked.body
        await answers(200, {"id": upload, "length": len(CONTENT), "offset": len(self.bytes[upload])})(
            asked, writer
        )


def stored_then(fault: Behaviour, store: Store) -> Behaviour:
    async def behave(asked: Asked, writer: asyncio.StreamWriter) -> None:
        store.bytes[asked.path.rsplit("/", 1)[1]] = (
            store.bytes.get(asked.path.rsplit("/", 1)[1], b"") + asked.body
        )
        await fault(asked, writer)

    return behave


@pytest.fixture
def store(desk: Desk) -> Store:
    store = Store(desk)
    desk.server.usual = store
    return store


@pytest.mark.parametrize("size", [0, 1, CHUNK_BYTES_MIN, CHUNK_BYTES_MIN + 1, len(CONTENT)])
async def test_a_file_arrives_whole_in_chunks_with_progress(
    desk: Desk, store: Store, size: int, tmp_path: Path
) -> None:
    """Every size at and around the chunk's edge; the digest is the file's."""
    path = tmp_path / "balances.csv"
    path.write_bytes(CONTENT[:size])
    seen: list[tuple[int, int]] = []

    upload = await desk.ledger.upload(path, lambda done, total: seen.append((done, total)))

    assert store.bytes[upload.id] == CONTENT[:size]
    assert upload.sha256 == hashlib.sha256(CONTENT[:size]).hexdigest()
    assert seen[-1] == (size, size)
    assert "idempotency-key" not in desk.server.asked[0].headers


async def test_after_a_break_the_ledger_is_asked_what_it_has_before_anything_is_sent_again(
    desk: Desk, store: Store
) -> None:
    """The matrix, chunk column: HEAD offset, then go on; no chunk twice, none lost."""
    desk.server.plan = [store, store, closes, store, stored_then(closes, store)]

    upload = await desk.ledger.upload(CONTENT)

    assert store.bytes[upload.id] == CONTENT
    assert kinds(desk)[:6] == ["HEAD", "PUT", "PUT", "HEAD", "PUT", "HEAD"]
    assert set(kinds(desk)[6:]) == {"PUT"}


async def test_another_process_goes_on_with_the_same_file_where_the_ended_one_stopped(
    desk: Desk, store: Store, tmp_path: Path
) -> None:
    """A killed terminal: the same bytes by the same user are the same upload; nothing was kept on this host for it."""
    arrived = asyncio.Event()

    async def hang(asked: Asked, writer: asyncio.StreamWriter) -> None:
        await stored_then(stalls_after(arrived), store)(asked, writer)

    desk.server.plan = [store, store, hang]
    ended = asyncio.ensure_future(desk.ledger.upload(CONTENT))
    await arrived.wait()
    ended.cancel()
    await asyncio.gather(ended, return_exceptions=True)
    seen: list[tuple[int, int]] = []
    async with client_of(desk.server, tmp_path / "another", StillTime()) as other:
        await other.sign_in("achieng", "a long password")
        before = len(desk.server.asked)

        upload = await other.upload(CONTENT, lambda done, total: seen.append((done, total)))

    sent = [path.split()[0] for path in desk.server.paths()[before:]]
    assert (sent[0], set(sent[1:])) == ("HEAD", {"PUT"})
    assert seen[0] == (5 * CHUNK_BYTES_MIN, len(CONTENT))
    assert store.bytes == {upload.id: CONTENT}


def stalls_after(arrived: asyncio.Event) -> Behaviour:
    async def behave(asked: Asked, writer: asyncio.StreamWriter) -> None:
        arrived.set()
        await stalls(asked, writer)

    return behave


async def test_a_last_chunk_that_arrived_unanswered_is_not_sent_again(desk: Desk, store: Store) -> None:
    """The offset says that all of it is there."""
    desk.server.plan = [stored_then(closes, store)]

    upload = await desk.ledger.upload(b"short")

    assert store.bytes[upload.id] == b"short"
    assert [path.split()[0] for path in desk.server.paths()] == ["PUT", "HEAD"]


async def broken_off(desk: Desk, store: Store) -> None:
    """The first chunk arrives, and then the line is gone for longer than an upload waits."""
    desk.server.plan = [store, store, *[closes] * 6]
    with pytest.raises(Unreachable):
        await desk.ledger.upload(CONTENT)
    desk.server.plan = []
    await desk.ledger.try_now()
    desk.ledger._budget = desk.ledger._retries._budget = Budget()
    desk.server.asked.clear()


def kinds(desk: Desk) -> list[str]:
    return [path.split()[0] for path in desk.server.paths() if "/v1/uploads/" in path]


def first_offset(desk: Desk) -> str:
    return next(asked.headers["upload-offset"] for asked in desk.server.asked if asked.method == "PUT")


async def test_a_file_that_was_broken_off_goes_on_where_it_stopped_when_it_is_sent_again(
    desk: Desk, store: Store
) -> None:
    """Contract, section 8: an upload continues, whether the line or the person gave up meanwhile."""
    await broken_off(desk, store)

    upload = await desk.ledger.upload(CONTENT)

    assert store.bytes == {upload.id: CONTENT}
    assert kinds(desk)[:2] == ["HEAD", "PUT"]
    assert desk.server.asked[-len(kinds(desk)) + 1].headers["upload-offset"] == str(CHUNK_BYTES_MIN)
    desk.server.asked.clear()
    assert (await desk.ledger.upload(CONTENT)).id != upload.id, "an upload is used once"
    assert kinds(desk)[:3] == ["HEAD", "HEAD", "PUT"]


async def test_another_file_or_another_user_begins_at_the_first_byte(desk: Desk, store: Store) -> None:
    """An upload is its file's and its sender's alone."""
    await broken_off(desk, store)
    other = await desk.ledger.upload(CONTENT[::-1])
    assert store.bytes[other.id] == CONTENT[::-1]
    assert first_offset(desk) == "0"

    await broken_off(desk, store)
    await desk.ledger.sign_in("otieno", "a long password")
    again = await desk.ledger.upload(CONTENT)
    assert store.bytes[again.id] == CONTENT
    assert first_offset(desk) == "0"


def test_a_chunk_is_as_large_as_the_line_carries_in_three_seconds() -> None:
    """A chunk that runs into its deadline never arrives; a small one on a fast line only costs round trips."""
    size = ChunkSize()
    seen = [size.bytes]
    for _ in range(4):
        size.arrived(size.bytes, 0.2)
        seen.append(size.bytes)
    assert seen == [4_096, 16_384, 65_536, CHUNK_BYTES_MAX, CHUNK_BYTES_MAX]

    size.arrived(size.bytes, CHUNK_BYTES_MAX / 5_120)
    assert size.bytes == 15_360
    size.arrived(100, 9.0)
    assert size.bytes == 15_360, "the end of a file says nothing of the line"
    for _ in range(3):
        size.failed()
    assert size.bytes == CHUNK_BYTES_MIN


async def test_a_session_that_expires_in_the_middle_is_renewed(desk: Desk, store: Store) -> None:
    """401 in the chunk column: refresh once, same chunk."""
    desk.keys.valid = set()

    upload = await desk.ledger.upload(CONTENT)

    assert store.bytes[upload.id] == CONTENT


async def test_a_file_that_is_too_large_missing_or_no_file_is_refused_before_anything_is_sent(
    desk: Desk, tmp_path: Path
) -> None:
    """64 MiB is the most; a pipe does not hang the terminal."""
    large = tmp_path / "large.csv"
    with large.open("wb") as file:
        file.truncate(64 * 1024 * 1024 + 1)
    os.mkfifo(tmp_path / "pipe")

    for path, words in [
        (large, "64 MiB is the most"),
        (tmp_path / "none", "cannot be read"),
        (tmp_path / "pipe", "no file"),
    ]:
        with pytest.raises(FileProblem) as refused:
            await desk.ledger.upload(path)
        assert words in refused.value.sentence
    assert desk.server.asked == []


async def test_a_template_is_saved_for_this_user_alone(desk: Desk, tmp_path: Path) -> None:
    """SEC-6: 0600, exactly the bytes that came."""
    desk.server.plan = [sends(response(200, b"a,b\r\n", "text/csv"))]

    await desk.ledger.import_template("balance-records", tmp_path / "t.csv")

    assert (tmp_path / "t.csv").read_bytes() == b"a,b\r\n"
    assert stat.S_IMODE((tmp_path / "t.csv").stat().st_mode) == 0o600
    assert desk.server.paths() == ["GET /v1/templates/balance-records.csv"]


async def test_an_existing_file_or_a_link_is_never_written_to(desk: Desk, tmp_path: Path) -> None:
    """SEC-6: no overwrite, no symlink; nothing is asked of the ledger."""
    (tmp_path / "old.csv").write_bytes(b"mine")
    (tmp_path / "link.csv").symlink_to(tmp_path / "target.csv")

    for name in ("old.csv", "link.csv"):
        with pytest.raises(FileProblem) as refused:
            await desk.ledger.import_rejects("i1", tmp_path / name)
        assert "exists already" in refused.value.sentence

    assert (tmp_path / "old.csv").read_bytes() == b"mine"
    assert not (tmp_path / "target.csv").exists()
    assert desk.server.asked == []


@pytest.mark.parametrize(
    "fault",
    [
        sends(b"HTTP/1.1 200 OK\r\nContent-Type: text/csv\r\nContent-Length: 100\r\n\r\nhalf,a"),
        sends(
            response(
                200, b"other", "text/csv", Content_Digest=f"sha-256=:{base64.b64encode(b'x' * 32).decode()}:"
            )
        ),
    ],
    ids=["cut", "altered"],
)
async def test_half_a_file_is_fetched_again_from_its_beginning(
    desk: Desk, tmp_path: Path, fault: Behaviour
) -> None:
    """PAGE-4: a cut or altered file never stays."""
    desk.server.plan = [fault, sends(response(200, b"whole\r\n", "text/csv"))]

    await desk.ledger.import_rejects("i1", tmp_path / "r.csv")

    assert (tmp_path / "r.csv").read_bytes() == b"whole\r\n"


@pytest.mark.parametrize("fault", [refuses(404, "not-found"), html(), closes])
async def test_a_download_that_fails_leaves_no_file(desk: Desk, tmp_path: Path, fault: Behaviour) -> None:
    """A refusal, a web page, a dead line."""
    desk.server.usual = fault

    with pytest.raises(LedgerError):
        await desk.ledger.import_rejects("i1", tmp_path / "r.csv")

    assert not (tmp_path / "r.csv").exists()


async def test_a_long_poll_is_given_the_time_it_asked_for_and_is_no_activity(desk: Desk) -> None:
    """`wait=20`: the ledger may hold the answer; AUTH-5."""
    job = {
        "id": "j1",
        "branch_id": "b1",
        "kind": "import",
        "state": "running",
        "done": 3,
        "created_by": "a",
        "created_at": "2026-09-30T14:02:12Z",
    }
    desk.server.plan = [answers(200, job)]

    assert (await desk.ledger.job("j1")).done == 3
    [asked] = desk.server.asked
    assert asked.path == "/v1/jobs/j1?wait=20"
    assert asked.headers["x-user-activity"] == "0"
