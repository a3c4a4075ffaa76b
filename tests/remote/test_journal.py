"""The intent journal: private, durable, one process a file, and closed when in doubt about itself (OUT-2 to 7)."""

from __future__ import annotations

import os
import sqlite3  # noqa: TID251 - looks at the file from outside
import stat
import subprocess
import sys
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from tests.remote.doubles import START

from branchtui.remote.errors import JournalUnavailable
from branchtui.remote.intents import IntentState, Pending, masked_name
from branchtui.remote.journal import IntentJournal
from branchtui.remote.journal_files import journal_directory

PENDING = Pending(
    key="00000000-0000-4000-8000-000000000001",
    action="balance-record.post",
    summary="Post balance 1,250.00 KES savings → acct 00417 (J*** W.)",
    state=IntentState.PREPARED,
    created_at=START,
    ledger_id="ledger-1",
    epoch="1",
    user="achieng",
    method="POST",
    route="/v1/balance-records/r1/post",
    body_sha256="0" * 64,
    target="c1",
    amount_minor=125_000,
    currency="KES",
)


def opened(directory: Path) -> IntentJournal:
    return IntentJournal.open(directory, now=START)


def test_file_and_directory_are_for_this_user_alone(tmp_path: Path) -> None:
    """OUT-2: 0600 in 0700, whatever the umask was; also what SQLite makes beside it."""
    before = os.umask(0)
    try:
        with opened(tmp_path / "state" / "j") as journal:
            journal.prepare(PENDING)
            made = list((tmp_path / "state" / "j").iterdir())
    finally:
        os.umask(before)

    assert {stat.S_IMODE(path.stat().st_mode) for path in made} == {0o600}
    assert stat.S_IMODE((tmp_path / "state" / "j").stat().st_mode) == 0o700
    assert stat.S_IMODE((tmp_path / "state").stat().st_mode) == 0o700


def test_it_syncs_fully_and_keeps_no_wal(tmp_path: Path) -> None:
    """OUT-2: synchronous FULL; a rollback journal, because of the WAL reset defect of older SQLite."""
    with opened(tmp_path / "j") as journal:
        assert journal._db.execute("PRAGMA synchronous").fetchone() == (2,)
        assert journal._db.execute("PRAGMA journal_mode").fetchone() == ("truncate",)


def test_what_was_sent_is_found_again(tmp_path: Path) -> None:
    """The whole row survives, and belongs to its user and ledger alone."""
    with opened(tmp_path / "j") as journal:
        journal.prepare(PENDING)
        journal.sent(PENDING.key)

    with opened(tmp_path / "j") as journal:
        assert journal.in_doubt("ledger-1", "achieng") == (replace(PENDING, state=IntentState.SENT),)
        assert journal.in_doubt("ledger-2", "achieng") == ()
        assert journal.in_doubt_of_others("ledger-1", "achieng") == 0
        assert journal.in_doubt_of_others("ledger-1", "otieno") == 1


@pytest.mark.parametrize(
    ("path", "is_allowed"),
    [
        (("sent", "succeeded"), True),
        (("sent", "rejected"), True),
        (("sent", "unknown", "applied", "seen"), True),
        (("sent", "unknown", "not_applied", "seen"), True),
        (("rejected",), True),
        (("not_applied", "seen"), True),
        (("succeeded",), False),
        (("applied",), False),
        (("sent", "succeeded", "sent"), False),
        (("sent", "succeeded", "unknown"), False),
        (("sent", "unknown", "seen"), False),
        (("sent", "unknown", "applied", "not_applied"), False),
        (("sent", "unknown", "not_applied", "applied"), False),
    ],
)
def test_states_follow_each_other_as_decided(tmp_path: Path, path: tuple[str, ...], is_allowed: bool) -> None:
    """OUT-4."""
    with opened(tmp_path / "j") as journal:
        journal.prepare(PENDING)
        *steps, last = (IntentState(name) for name in path)
        for step in steps:
            journal.move(PENDING.key, step)
        if is_allowed:
            journal.move(PENDING.key, last)
        else:
            with pytest.raises(AssertionError):
                journal.move(PENDING.key, last)


def test_what_is_done_goes_after_seven_days_and_what_is_in_doubt_stays(tmp_path: Path) -> None:
    """OUT-4: purge; doubt has no age."""
    with opened(tmp_path / "j") as journal:
        for number, states in enumerate(
            [
                ("sent", "succeeded"),
                ("sent",),
                ("sent", "unknown", "applied", "seen"),
                ("sent", "unknown"),
                ("sent", "rejected"),
                (),
                ("sent", "unknown", "applied"),
            ]
        ):
            key = f"00000000-0000-4000-8000-00000000000{number}"
            journal.prepare(replace(PENDING, key=key))
            for state in states:
                journal.move(key, IntentState(state))

        journal.purge(START + timedelta(days=6, hours=23))
        assert journal._db.execute("SELECT count(*) FROM intent").fetchone() == (7,)
        journal.purge(START + timedelta(days=7, hours=1))
        left = [state for (state,) in journal._db.execute("SELECT state FROM intent ORDER BY key")]
        assert left == ["sent", "unknown", "prepared", "applied"]


def test_a_second_process_gets_a_file_of_its_own_and_what_an_ended_one_left_is_taken_over(
    tmp_path: Path,
) -> None:
    """OUT-7: never two on one file; nothing in doubt is left in a file nobody opens."""
    first, second = opened(tmp_path / "j"), opened(tmp_path / "j")
    assert first.path != second.path
    second.prepare(PENDING)
    second.sent(PENDING.key)
    second.close()
    first.close()

    with opened(tmp_path / "j") as third:
        assert third.path == first.path
        assert [pending.key for pending in third.in_doubt("ledger-1", "achieng")] == [PENDING.key]


def test_the_lock_of_a_killed_process_is_free_and_its_intent_found(tmp_path: Path) -> None:
    """OUT-8: no clean-up is needed; kill -9 right after `sent`."""
    script = f"""
import os, signal, sys
from pathlib import Path
from tests.remote.test_journal import PENDING, opened
journal = opened(Path({str(tmp_path / "j")!r}))
journal.prepare(PENDING)
journal.sent(PENDING.key)
os.kill(os.getpid(), signal.SIGKILL)
"""
    root = Path(__file__).parents[2]
    ended = subprocess.run([sys.executable, "-c", script], cwd=root, check=False, timeout=60)
    assert ended.returncode == -9

    with opened(tmp_path / "j") as journal:
        [found] = journal.in_doubt("ledger-1", "achieng")
    assert found.state is IntentState.SENT


@pytest.mark.parametrize("spoil", ["garbage", "truncated", "link", "directory", "newer", "fifo"])
def test_a_journal_that_is_not_sound_is_refused_with_a_sentence(tmp_path: Path, spoil: str) -> None:
    """OUT-3: corrupted, cut, or not a file of ours: fail closed, and say so."""
    directory = tmp_path / "j"
    with opened(directory) as journal:
        path = journal.path
        for number in range(200):
            journal.prepare(replace(PENDING, key=f"00000000-0000-4000-8000-{number:012x}"))
    if spoil == "garbage":
        path.write_bytes(b"not a database" * 1000)
    elif spoil == "truncated":
        os.truncate(path, path.stat().st_size // 2)
    elif spoil == "newer":
        with sqlite3.connect(path) as db:
            db.execute("PRAGMA user_version = 99")
    else:
        path.unlink()
        if spoil == "link":
            path.symlink_to(tmp_path / "elsewhere")
        elif spoil == "directory":
            path.mkdir()
        else:
            os.mkfifo(path)

    with pytest.raises(JournalUnavailable) as refused:
        opened(directory)

    assert "journal" in refused.value.sentence.lower() or str(path) in refused.value.sentence
    assert not (tmp_path / "elsewhere").exists()


def test_a_directory_that_is_a_link_is_refused(tmp_path: Path) -> None:
    """A link could lead the journal to where others read."""
    (tmp_path / "real").mkdir()
    (tmp_path / "j").symlink_to(tmp_path / "real")

    with pytest.raises(JournalUnavailable):
        opened(tmp_path / "j")


def test_each_ledger_and_profile_has_its_own_directory(tmp_path: Path) -> None:
    """OUT-2: per ledger and profile."""
    named = {
        journal_directory(tmp_path, url, profile)
        for url in ("https://a.example", "https://b.example")
        for profile in ("default", "training")
    }
    assert len(named) == 4


@pytest.mark.parametrize(
    ("name", "masked"),
    [
        ("Jane Wanjiru", "J*** W."),
        ("Jane Njeri Wanjiru", "J*** W."),
        ("Madonna", "M***"),
        ("", ""),
        ("李 小龙", "李*** 小."),
    ],
)
def test_a_name_is_masked_so_that_it_is_recognised_and_not_read(name: str, masked: str) -> None:
    """Link, section 5: `J*** W.`."""
    assert masked_name(name) == masked
