"""What a power cut could have left on the disk, built from a recorded history.

A disk keeps what was synced. Of everything since the last sync of a file it may keep nothing, any
part in any order, or a write that was torn between two sectors or inside one. Names that were made
or deleted and not synced may be there or not, each for itself.
"""

from __future__ import annotations

from enum import Enum
from itertools import count
from typing import TYPE_CHECKING, Final

from tests.ledger.faults.recording import Acknowledged, Created, Deleted, Event, Synced, Truncated, Written

if TYPE_CHECKING:
    import random
    from pathlib import Path

SECTOR: Final = 512

Image = dict[str, bytes]
"""File name to content: a folder as it is found after the power came back."""


class Cut(Enum):
    """How much of what was not synced survives."""

    NOTHING = "all unsynced lost"
    SOME = "a random part of the unsynced writes kept"
    TORN = "the unsynced writes kept up to one that was torn"
    SECTORS = "a random part of the unsynced sectors kept"


class Disk:
    """A folder on a disk, followed through a history; `image` shows it as a power cut now would leave it."""

    def __init__(self, start: Image) -> None:
        self._numbers = count()
        self._synced: dict[int, bytes] = {}
        self._unsynced: dict[int, list[Written | Truncated]] = {}
        self._names: dict[str, int] = {}
        for name, content in start.items():
            self._synced[self._new(name)] = content
        self._names_synced = dict(self._names)
        self.acknowledged: list[Acknowledged] = []

    def _new(self, name: str) -> int:
        number = next(self._numbers)
        self._names[name] = number
        self._synced[number] = b""
        self._unsynced[number] = []
        return number

    def follow(self, event: Event) -> None:
        """Let one event of the history happen."""
        match event:
            case Created(name):
                self._new(name)
            case Deleted(name, is_durable):
                self._names.pop(name, None)
                if is_durable:
                    self._names_synced = dict(self._names)
            case Written(name) | Truncated(name):
                # A file that was deleted while open can be lost with everything in it.
                if name in self._names:
                    self._unsynced[self._names[name]].append(event)
            case Synced(name, names):
                self._sync(name)
                if names:
                    self._names_synced = dict(self._names)
            case Acknowledged():
                self.acknowledged.append(event)

    def _sync(self, name: str) -> None:
        number = self._names.get(name)
        if number is not None:
            self._synced[number] = applied(self._synced[number], self._unsynced[number])
            self._unsynced[number] = []

    def image(self, cut: Cut, chance: random.Random) -> Image:
        """The folder after a power cut at this moment."""
        names = self._names_synced
        if cut is not Cut.NOTHING:
            changed = [each for each in {*names, *self._names} if names.get(each) != self._names.get(each)]
            kept = {each for each in sorted(changed) if chance.random() < 0.5}
            names = {
                name: number
                for name in sorted({*names, *self._names})
                if (number := (self._names if name in kept else self._names_synced).get(name)) is not None
            }
        return {
            name: applied(self._synced[number], _survivors(self._unsynced[number], cut, chance))
            for name, number in names.items()
        }


def applied(content: bytes, changes: list[Written | Truncated]) -> bytes:
    """`content` after these changes; a gap reads as zeros."""
    if not changes:
        return content
    made = bytearray(content)
    for change in changes:
        if isinstance(change, Truncated):
            del made[change.size :]
            made.extend(bytes(change.size - len(made)))
            continue
        made.extend(bytes(max(0, change.offset - len(made))))
        made[change.offset : change.offset + len(change.data)] = change.data
    return bytes(made)


def _survivors(
    changes: list[Written | Truncated], cut: Cut, chance: random.Random
) -> list[Written | Truncated]:
    if cut is Cut.NOTHING or not changes:
        return []
    if cut is Cut.SOME:
        share = chance.random()
        return [change for change in changes if chance.random() < share]
    if cut is Cut.TORN:
        last = chance.randrange(len(changes))
        return [*changes[:last], *_torn(changes[last], chance)]
    pieces = [piece for change in changes for piece in _sectors(change)]
    share = chance.random()
    return [piece for piece in pieces if chance.random() < share]


def _torn(change: Written | Truncated, chance: random.Random) -> list[Written | Truncated]:
    """The beginning of a write: it ends where a sector does or, half of the time, inside the last sector."""
    if isinstance(change, Truncated):
        return [change]
    end = chance.randrange(len(change.data) + 1)
    if chance.random() < 0.5:
        end = max(0, (change.offset + end) // SECTOR * SECTOR - change.offset)
    return [Written(change.name, change.offset, change.data[:end])]


def _sectors(change: Written | Truncated) -> list[Written | Truncated]:
    """A write cut where sectors begin."""
    if isinstance(change, Truncated):
        return [change]
    pieces: list[Written | Truncated] = []
    place = 0
    while place < len(change.data):
        end = min(len(change.data), place + SECTOR - (change.offset + place) % SECTOR)
        pieces.append(Written(change.name, change.offset + place, change.data[place:end]))
        place = end
    return pieces


def folder_image(folder: Path) -> Image:
    """The folder as it is, all of it durable."""
    return {
        each.name: each.read_bytes()
        for each in folder.iterdir()
        if each.is_file() and each.suffix not in {".lock", ".db-shm"}
    }
