"""What happens to the ledger from outside: disk full, files harmed, two at once (DUR-1 to 4, T6).

Death under load and power cuts have a folder of their own, `faults/`.
"""

from __future__ import annotations

import contextlib
import os
import random
import shutil
import subprocess
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.ledger.running import copy_template
from tests.ledger.served import Served, assert_well, new_customer, run

from branchtui.ledger.store.sqlite_store import database_path

pytestmark = pytest.mark.faults


@pytest.fixture
def path(ledger_template: Path, tmp_path: Path) -> Path:
    """A ledger file of one's own."""
    return database_path(copy_template(ledger_template, tmp_path))


# ── the disk ────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 8 MiB, where this user may mount one."""
    place = tmp_path / "small"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=8m", "branchtui-test", str(place)]
    made = shutil.which("mount") and subprocess.run(mount, capture_output=True, check=False)
    if not made or made.returncode:
        pytest.skip("this user may not mount a small file system")
    try:
        yield place
    finally:
        subprocess.run(["umount", "-l", str(place)], check=True)


def fill(place: Path) -> Path:
    """Take all room that is left."""
    ballast = place / "ballast"
    with ballast.open("wb", buffering=0) as file, contextlib.suppress(OSError):
        while file.write(b"\0" * 4_096):
            pass
    return ballast


def test_a_full_disk_stops_changes_and_not_reading_and_passes(
    ledger_template: Path, small_disk: Path
) -> None:
    """DUR-4: 507 `storage-full`, not applied; reads go on, readiness is false; with room again all is well."""
    path = database_path(copy_template(ledger_template, small_disk))
    served = Served.start(path)
    try:
        api = served.sign_in("supervisor")
        place = api.session["user"]["branch_id"]
        assert api.post("/v1/customers", new_customer(place, 0)).status_code == 201
        ballast = fill(small_disk)
        key, body = "", {}
        answer = api.get("/v1/me")
        for number in range(200):
            key, body = str(uuid.uuid4()), new_customer(place, number)
            answer = api.post("/v1/customers", body, key=key)
            if answer.status_code != 201:
                break
        assert answer.status_code == 507, answer.text
        assert (answer.json()["code"], answer.json()["outcome"]) == ("storage-full", "not_applied")
        assert api.get("/v1/customers").status_code == 200
        assert api.get("/v1/customers", q="storm").json()["items"]
        assert served.client.get("/readyz").status_code == 503
        assert served.client.get("/healthz").status_code == 200
        assert api.get(f"/v1/operations/{key}").status_code == 404
        ballast.unlink()
        assert served.client.get("/readyz").status_code == 200
        assert api.post("/v1/customers", body, key=key).status_code == 201
        assert served.client.get("/readyz").status_code == 200
    finally:
        served.stop()
    assert_well(path)


# ── files ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def refusal(path: Path) -> str:
    """What `serve` says when it does not begin; one sentence, exit code 1, no traceback."""
    found = run("serve", "--database", f"sqlite:///{path}", "--port", "0")
    assert found.returncode == 1, (found.returncode, found.stdout, found.stderr)
    assert found.stdout == ""
    assert "Traceback" not in found.stderr
    assert found.stderr.count("\n") == 1
    return found.stderr


def test_one_ledger_is_served_once(path: Path) -> None:
    """DUR-1: a second server, and commands that write, are refused; nothing of the first is disturbed."""
    served = Served.start(path)
    try:
        assert "in use by another ledger process" in refusal(path)
        seed = run("seed", "--database", f"sqlite:///{path}", "--branch", "NKU", "--customers", "5")
        assert seed.returncode == 1
        assert "in use by another ledger process" in seed.stderr
        api = served.sign_in("supervisor")
        place = api.session["user"]["branch_id"]
        assert api.post("/v1/customers", new_customer(place, 1)).status_code == 201
    finally:
        served.stop()
    assert_well(path)


def test_a_ledger_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    """AUTH-8: only `init` makes one."""
    assert "There is no ledger" in refusal(tmp_path / "nothing.db")
    assert not (tmp_path / "nothing.db").exists()


@pytest.mark.sampled(1)
@pytest.mark.parametrize(
    "content", [b"", b"not a database at all" * 500, b"SQLite format 3\x00" + b"\xff" * 8_000]
)
def test_what_is_no_ledger_is_refused_in_a_sentence(tmp_path: Path, content: bytes) -> None:
    """DUR-1: empty, foreign, or torn at its head; the file is left as it was but for an empty one."""
    path = tmp_path / "ledger.db"
    path.write_bytes(content)
    assert refusal(path)
    if content:
        assert path.read_bytes() == content


def test_a_log_of_garbage_is_not_believed(path: Path) -> None:
    """T6: a ledger that was stopped is one file; frames beside it that do not verify are not taken in."""
    served = Served.start(path)
    api = served.sign_in("supervisor")
    place = api.session["user"]["branch_id"]
    assert api.post("/v1/customers", new_customer(place, 1)).status_code == 201
    served.stop()
    assert not path.with_name(path.name + "-wal").exists()
    path.with_name(path.name + "-wal").write_bytes(random.Random(1).randbytes(100_000))
    again = Served.start(path)
    try:
        assert len(again.sign_in("supervisor").get("/v1/customers").json()["items"]) == 1
    finally:
        again.stop()
    assert_well(path)


@pytest.mark.skipif(os.geteuid() == 0, reason="root writes to read-only files")
def test_a_file_that_may_not_be_written_is_refused_in_a_sentence(path: Path) -> None:
    """DUR-1: a ledger that could not record anything does not begin."""
    path.chmod(0o400)
    path.parent.chmod(0o500)
    try:
        assert refusal(path)
    finally:
        path.parent.chmod(0o700)
