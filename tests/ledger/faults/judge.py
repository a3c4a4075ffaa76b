"""What must be true of every folder that a power cut can leave: it opens, it is well, nothing is lost or half."""

from __future__ import annotations

import contextlib
import random
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import apsw
from tests.ledger.faults.disk import Cut, Disk, Image
from tests.ledger.faults.recording import sync_points

from branchtui.ledger.check import violations
from branchtui.ledger.store.errors import StoreUnavailable
from branchtui.ledger.store.sqlite import SqliteConnection, connect

if TYPE_CHECKING:
    from pathlib import Path

    from tests.ledger.faults.recording import Acknowledged, Event

DATABASE: Final = "ledger.db"
ENOUGH: Final = 5
"""Faults are told up to here; the first says enough."""


@dataclass
class Verdict:
    """How many images were looked at, at how many moments, and what was wrong with them."""

    images: int = 0
    moments: int = 0
    faults: list[str] = field(default_factory=list)


def judge_history(
    start: Image, log: list[Event], folder: Path, *, images: int, chance: random.Random
) -> Verdict:
    """Cut the power at every sync of the history, in every way, until at least `images` were judged.

    Each round draws other parts that survive; that everything unsynced is lost is judged once a moment.
    """
    verdict = Verdict()
    rounds = 0
    while verdict.images < images and len(verdict.faults) < ENOUGH:
        disk, place = Disk(start), 0
        for moment in sync_points(log):
            for event in log[place:moment]:
                disk.follow(event)
            place = moment
            verdict.moments += rounds == 0
            for cut in Cut:
                if rounds and cut is Cut.NOTHING:
                    continue
                verdict.images += 1
                for fault in judge(disk.image(cut, chance), disk.acknowledged, folder):
                    verdict.faults.append(f"event {moment} of {len(log)}, {cut.value}: {fault}")
            if len(verdict.faults) >= ENOUGH:
                break
        rounds += 1
    return verdict


def judge(image: Image, acknowledged: list[Acknowledged], folder: Path) -> list[str]:
    """What is wrong with an image after the plain engine recovered it; nothing when all is well."""
    for old in folder.iterdir():
        old.unlink()
    for name, content in image.items():
        (folder / name).write_bytes(content)
    if DATABASE not in image:
        return ["the database has gone"]
    try:
        connection = connect(folder / DATABASE)
    except StoreUnavailable as error:
        return [f"it does not open: {error}"]
    with contextlib.closing(connection):
        try:
            return list(_faults(connection, acknowledged))
        except apsw.Error as error:
            return [f"it cannot be read: {error}"]


def _faults(connection: SqliteConnection, acknowledged: list[Acknowledged]) -> list[str]:
    found = [str(said) for (said,) in connection.execute("PRAGMA integrity_check") if said != "ok"]
    found += violations(connection)
    found += [
        f"acknowledged and lost: {each.what}"
        for each in acknowledged
        if connection.execute(each.statement, each.bound).fetchone() is None
    ]
    return found
