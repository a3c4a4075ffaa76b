"""The X-ray of a balance file: what its rows come to, before anything moves (contract, section 6)."""

from __future__ import annotations

import heapq
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from branchtui.contract.balance_files import PayerChange

if TYPE_CHECKING:
    from collections.abc import Sequence

    from branchtui.ledger.core import Tree
    from branchtui.ledger.store.file_store import Payer

BIGGEST: Final = 10
"""Moves that an X-ray tells one by one."""

_UNCHANGED: Final = PayerChange.UNCHANGED.value


class _Move(NamedTuple):
    """A payer's move, the larger the later; of two as large the one that stands further up in the file."""

    size_minor: int
    above: int
    account_no: str
    name: str
    branch_id: str
    change: str
    before_minor: int
    after_minor: int


@dataclass(slots=True)
class _Division:
    payers: int = 0
    moved: int = 0
    net_minor: int = 0


@dataclass(slots=True)
class Figures:
    """Counts and sums over the rows of a file, amounts in minor units.

    `payers` are the rows that state a balance, `unread` those whose balance cannot be read; `total_minor` adds up
    what the others state, as a trailer does.
    """

    payers: int = 0
    errors: int = 0
    warnings: int = 0
    unread: int = 0
    total_minor: int = 0
    before_minor: int = 0
    after_minor: int = 0
    largest_minor: int = 0
    least_minor: int = 0
    """What a move must be more than to be among the biggest."""
    changes: dict[str, int] = field(default_factory=dict)
    divisions: dict[str, _Division] = field(default_factory=dict)
    biggest: list[_Move] = field(default_factory=list)

    @property
    def applicable(self) -> int:
        """Rows that can be applied."""
        return self.payers - self.errors

    def count(self, change: PayerChange) -> int:
        """Rows of one change."""
        return self.changes.get(change.value, 0)

    def add(self, row_no: int, payer: Payer, change: str, before: int, after: int) -> None:
        """Count a row that can be applied."""
        self.payers -= 1  # who calls has counted the payer and its sum
        self.total_minor -= after
        if not self.add_plain(payer.branch_id, change, before, after):
            self.add_biggest(row_no, payer, change, before, after)

    def add_plain(self, branch_id: str, change: str, before: int, after: int) -> bool:
        """Count a payer that can be applied, its sum too; False when it moves enough to be among the biggest."""
        self.payers += 1
        self.total_minor += after
        self.changes[change] = self.changes.get(change, 0) + 1
        self.before_minor += before
        self.after_minor += after
        division = self.divisions.get(branch_id)
        if division is None:
            division = self.divisions[branch_id] = _Division()
        division.payers += 1
        if before == after:
            return True
        division.moved += 1
        division.net_minor += after - before
        return abs(after - before) <= self.least_minor

    def add_many(
        self, branch_ids: Sequence[str], changes: Sequence[str], befores: Sequence[int], afters: Sequence[int]
    ) -> None:
        """Count payers as `add_plain` counts one; the biggest among them are left to the caller."""
        self.payers += len(afters)
        self.total_minor += sum(afters)
        self.before_minor += sum(befores)
        self.after_minor += sum(afters)
        for change, times in Counter(changes).items():
            self.changes[change] = self.changes.get(change, 0) + times
        divisions = self.divisions
        for branch_id in dict.fromkeys(branch_ids):
            divisions.setdefault(branch_id, _Division())
        for branch_id, before, after in zip(branch_ids, befores, afters, strict=True):
            division = divisions[branch_id]
            division.payers += 1
            if before != after:
                division.moved += 1
                division.net_minor += after - before

    def add_biggest(self, row_no: int, payer: Payer, change: str, before: int, after: int) -> None:
        """Put a move among the biggest, where the smallest of them leaves."""
        size = abs(after - before)
        self.largest_minor = max(self.largest_minor, size)
        move = _Move(size, -row_no, payer.account_no, payer.name, payer.branch_id, change, before, after)
        if len(self.biggest) < BIGGEST:
            heapq.heappush(self.biggest, move)
        else:
            heapq.heappushpop(self.biggest, move)
        if len(self.biggest) == BIGGEST:
            self.least_minor = self.biggest[0].size_minor

    def xray(self, tree: Tree) -> dict[str, Any]:
        """The members of `XRay` that the rows of the file themselves give."""
        flips = self.count(PayerChange.FLIPPED)
        return {
            "new": self.count(PayerChange.NEW),
            "changed": self.count(PayerChange.CHANGED) + flips,
            "unchanged": self.changes.get(_UNCHANGED, 0),
            "sign_flips": flips,
            "before_minor": self.before_minor,
            "after_minor": self.after_minor,
            "net_minor": self.after_minor - self.before_minor,
            "biggest": [_told(each, tree) for each in sorted(self.biggest, reverse=True)],
            "divisions": [
                {
                    "division": tree[branch_id].code,
                    "name": tree[branch_id].name,
                    "payers": each.payers,
                    "moved": each.moved,
                    "net_minor": each.net_minor,
                }
                for branch_id, each in sorted(
                    self.divisions.items(), key=lambda pair: -abs(pair[1].net_minor)
                )
            ],
        }


def _told(move: _Move, tree: Tree) -> dict[str, Any]:
    return {
        "row_no": -move.above,
        "account_no": move.account_no,
        "name": move.name,
        "division": tree[move.branch_id].code,
        "change": move.change,
        "before_minor": move.before_minor,
        "after_minor": move.after_minor,
        "moved_minor": move.after_minor - move.before_minor,
    }
