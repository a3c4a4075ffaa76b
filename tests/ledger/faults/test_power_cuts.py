"""The power goes at any moment (testing.md, T6): what was acknowledged is there, and nothing is half.

Killing a process does not show this, because the page cache survives it. Here a real ledger works on
a file system that records what was written and what was synced; each sync is then a moment at which
the power may go, and every way in which the disk may look is opened, recovered and checked.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from tests.ledger.faults import seeds
from tests.ledger.faults.day import Day, listen
from tests.ledger.faults.disk import Image, folder_image
from tests.ledger.faults.judge import judge, judge_history
from tests.ledger.faults.recording import Acknowledged, Created, Deleted, Event, RecordingVFS, Synced
from tests.ledger.running import RunningLedger, copy_template
from tests.ledger.till import open_till

from branchtui.ledger.store import sqlite
from branchtui.ledger.store.sqlite import SqliteConnection
from branchtui.ledger.store.sqlite_store import SqliteStore

pytestmark = pytest.mark.faults

IMAGES = seeds.figure("BRANCHTUI_POWER_CUTS", 500)


def record_a_day(template: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Image, list[Event]]:
    """A ledger that is opened, worked with, stopped and opened again: its folder before, and the history."""
    database = copy_template(template, folder)
    with RunningLedger(database) as ledger:
        till = open_till(ledger)
    start = folder_image(folder)
    # A checkpoint after every few commits, so that a short day has many.
    monkeypatch.setattr(sqlite, "CHECKPOINT_PAGES", 150)
    with RecordingVFS(folder) as vfs:
        for tag in ("AM", "PM"):
            with RunningLedger(database) as ledger:
                listen(ledger, vfs.note)
                day = Day(ledger, replace(till, ledger=ledger), seeds.chance("power", tag), tag=tag)
                day.work(50)
                ledger.check()
    return start, vfs.log


def count(log: list[Event], kind: type[Event], name: str = "") -> int:
    """How many events of a kind there are, of files whose name ends so."""
    return sum(isinstance(each, kind) and getattr(each, "name", "").endswith(name) for each in log)


def test_whatever_a_power_cut_leaves_holds_all_that_was_acknowledged(
    ledger_template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """DUR-2, DUR-3: at every sync point, in every way, the ledger recovers whole and nothing told is lost."""
    folder, opened = tmp_path / "disk", tmp_path / "opened"
    folder.mkdir()
    opened.mkdir()
    start, log = record_a_day(ledger_template, folder, monkeypatch)
    # The history holds what the proof is about: commits, checkpoints into the database, a log that was
    # deleted with its name unsynced, and one that was made anew.
    assert count(log, Acknowledged) > 100
    assert count(log, Synced, ".db") > 10
    assert count(log, Deleted, "-wal") >= 2
    assert count(log, Created, "-wal") >= 2

    verdict = judge_history(start, log, opened, images=IMAGES, chance=seeds.chance("images"))

    print(f"SEED={seeds.seed()}: {verdict.images} images at {verdict.moments} moments")
    assert verdict.faults == []
    assert verdict.images >= IMAGES


def test_a_log_that_is_not_synced_at_each_commit_is_found_out(
    ledger_template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """DUR-2, the control: with synchronous=NORMAL the same proof fails, and names what was lost."""
    as_it_is = SqliteStore.connect_writer

    def careless(store: SqliteStore) -> SqliteConnection:
        connection = as_it_is(store)
        connection.execute("PRAGMA synchronous=NORMAL")
        return connection

    folder, opened = tmp_path / "disk", tmp_path / "opened"
    folder.mkdir()
    opened.mkdir()
    monkeypatch.setattr(SqliteStore, "connect_writer", careless)
    start, log = record_a_day(ledger_template, folder, monkeypatch)

    verdict = judge_history(start, log, opened, images=IMAGES, chance=seeds.chance("images"))

    assert any("acknowledged and lost: " in fault for fault in verdict.faults), verdict


def test_a_half_written_page_without_a_log_is_found_out(ledger_template: Path, tmp_path: Path) -> None:
    """The control of the judge itself: an image that no sound ledger leaves is called what it is."""
    opened = tmp_path / "opened"
    opened.mkdir()
    copy_template(ledger_template, tmp_path)
    whole = folder_image(tmp_path)
    assert judge(whole, [], opened) == []
    torn = bytearray(whole["ledger.db"])
    torn[8_192:8_704] = bytes(512)
    assert judge({"ledger.db": bytes(torn)}, [], opened) != []
    lost = Acknowledged("POST /v1/customers", "SELECT 1 FROM customers WHERE id = ?", ("nobody",))
    assert judge(whole, [lost], opened) == ["acknowledged and lost: POST /v1/customers"]
