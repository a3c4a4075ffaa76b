"""The rows of a balance file in which nothing is wrong, judged in one sweep.

Nearly all rows of nearly all files are of this kind: a payer of ours, once, and a plain amount. Whatever is written
otherwise is left to the judge, who says what it is; both must come to the same where both may judge.
"""

from __future__ import annotations

import re
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from heapq import nlargest
from itertools import chain, compress, repeat
from operator import sub
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from branchtui.contract.balance_files import PayerChange
from branchtui.contract.base import MAX_AMOUNT_MINOR
from branchtui.contract.customers import CustomerStatus
from branchtui.contract.imports import DecimalWriting
from branchtui.format.money import exponent_of, money
from branchtui.ledger import names
from branchtui.ledger.feeds.finding import OK, WARNING, CellError, Finding, shown, warning
from branchtui.ledger.store.file_store import Payer
from branchtui.ledger.workflows.file_xray import BIGGEST
from branchtui.ledger.workflows.import_rows import encoded_findings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from branchtui.ledger.feeds.table_row import Row
    from branchtui.ledger.workflows.file_setting import Setting, Staged
    from branchtui.ledger.workflows.file_xray import Figures

_TEXT_CHARACTERS: Final = 100
_ACTIVE: Final = CustomerStatus.ACTIVE.value
_ON_THE_MOVE: Final = CustomerStatus.TRANSFER_IN_PROGRESS.value
_NEW, _CHANGED, _FLIPPED, _UNCHANGED = (
    PayerChange.NEW.value,
    PayerChange.CHANGED.value,
    PayerChange.FLIPPED.value,
    PayerChange.UNCHANGED.value,
)
_NOBODY: Final = ("", "", "", _ON_THE_MOVE, "", None, None)
"""Stands for a payer whom nobody knows; one who is on the move is left to the judge."""


class Stated(NamedTuple):
    """Rows that follow each other, by their columns: `PAYER_CELLS` behind the numbers of the rows.

    A row that has not these cells has blank ones, and no number that anybody could have.
    """

    row_nos: Sequence[int]
    numbers: Sequence[str]
    names: Sequence[str]
    balances: Sequence[str]
    due_dates: Sequence[str]
    references: Sequence[str]
    emails: Sequence[str]


@dataclass(slots=True)
class Sweep:
    """Judges plain rows; `dates` are cells of days that were read before, `seen` accounts that were stated."""

    setting: Setting
    figures: Figures
    seen: dict[str, int]
    dates: dict[str, str]
    read_date: Callable[[str], str]
    plain: Callable[[str], re.Match[str] | None] = field(init=False)
    all_plain: Callable[[str], re.Match[str] | None] = field(init=False)
    point: str = field(init=False)
    scale: int = field(init=False)

    def __post_init__(self) -> None:
        decimals = exponent_of(self.setting.currency)
        self.point = "." if self.setting.decimal is DecimalWriting.POINT else ","
        # All decimals or none: what is written otherwise is rare, and the judge reads it.
        decimal = rf"{re.escape(self.point)}[0-9]{{{decimals}}}" if decimals else ""
        part = rf"(?:{re.escape(self.point)}([0-9]{{{decimals}}}))?" if decimals else "()"
        self.plain = re.compile(rf"(-?)([0-9]{{1,15}}){part}", re.ASCII).fullmatch
        self.all_plain = re.compile(rf"(?:-?[0-9]{{1,15}}{decimal}\n)++", re.ASCII).fullmatch
        self.scale = 10**decimals

    def judge(
        self,
        rows: Stated,
        known: dict[str, tuple[Any, ...]],
        row_at: Callable[[int], Row],
        judge: Callable[[Row], Staged],
    ) -> list[Staged]:
        """The verdict on each row; `known` are payers by their number, `judge` takes what is not plain.

        `row_at` gives a row by its place among them.
        """
        if not rows.row_nos:
            return []
        odd: set[int] = set()
        afters = self._amounts(rows.balances, odd)
        payers = [known.get(number, _NOBODY) for number in rows.numbers]
        _, customer_ids, branch_ids, statuses, own_names, account_ids, balances = zip(*payers, strict=True)
        self._look_at_payers(rows, branch_ids, statuses, odd)
        self._look_at_texts(rows, odd)
        befores = [balance or 0 for balance in balances]
        changes = list(map(change_of, account_ids, befores, afters))
        days = {due: day or None for due, day in self.dates.items()}
        staged: list[Staged] = list(
            zip(
                repeat(self.setting.file_id), rows.row_nos, repeat(OK), changes, rows.numbers, customer_ids,
                account_ids, befores, afters, map(days.get, rows.due_dates), _or_none(rows.references),
                _or_none(rows.emails), repeat(None), repeat(None),
            )
        )  # fmt: skip
        self._count(rows, odd, (branch_ids, changes, befores, afters))
        figures = self.figures
        told = self._remarkable(rows.names, statuses, own_names, befores, afters)
        moves = list(map(abs, map(sub, afters, befores)))
        for place in odd:
            moves[place] = 0
        least = max(figures.least_minor + 1, nlargest(BIGGEST, moves)[-1])
        # Of two moves as large the one further up is told: they are looked at in the order of their rows.
        for place in sorted({*odd, *told, *(at for at, size in enumerate(moves) if size >= least)}):
            if place in odd:
                staged[place] = judge(row_at(place))
                continue
            before, after, payer = befores[place], afters[place], Payer._make(payers[place])
            if place in told and (findings := remarks(self.setting, payer, rows.names[place], before, after)):
                figures.warnings += 1
                row = staged[place]
                staged[place] = (*row[:2], WARNING, *row[3:-2], encoded_findings(findings), None)
            if moves[place] > figures.least_minor:
                figures.add_biggest(rows.row_nos[place], payer, changes[place], before, after)
        return staged

    def _amounts(self, balances: Sequence[str], odd: set[int]) -> list[int]:
        """The balances in minor units; 0 for one that the judge is to read."""
        text = "\n".join(balances) + "\n"
        amounts: list[int] = []
        if self.all_plain(text):
            amounts = list(map(int, text.replace(self.point, "").split("\n")[:-1]))
        if len(amounts) != len(balances):  # a cell may hold a line break, too
            amounts = [self._amount(stated, place, odd) for place, stated in enumerate(balances)]
        if max(amounts) > MAX_AMOUNT_MINOR or min(amounts) < -MAX_AMOUNT_MINOR:
            odd.update(place for place, amount in enumerate(amounts) if abs(amount) > MAX_AMOUNT_MINOR)
        return amounts

    def _amount(self, stated: str, place: int, odd: set[int]) -> int:
        found = self.plain(stated)
        if found is None:
            odd.add(place)
            return 0
        amount = int(found[2]) * self.scale + int(found[3] or 0)
        return -amount if found[1] else amount

    def _look_at_payers(
        self, rows: Stated, branch_ids: Sequence[str], statuses: Sequence[str], odd: set[int]
    ) -> None:
        """Who is no payer of ours, may not be stated here or now, or stands in the file more than once."""
        inside, only, seen = self.setting.inside, self.setting.account_no, self.seen
        if _ON_THE_MOVE in statuses or not inside.issuperset(branch_ids):
            odd.update(
                place
                for place, (branch_id, status) in enumerate(zip(branch_ids, statuses, strict=True))
                if branch_id not in inside or status == _ON_THE_MOVE
            )
        if only is not None:
            odd.update(place for place, number in enumerate(rows.numbers) if number != only)
        numbers = list(map(str.strip, rows.numbers))
        if len(set(numbers)) < len(numbers) or not seen.keys().isdisjoint(numbers):
            times = Counter(numbers)
            odd.update(place for place, number in enumerate(numbers) if times[number] > 1 or number in seen)

    def _look_at_texts(self, rows: Stated, odd: set[int]) -> None:
        """Cells of which there may be something to say."""
        for due in set(rows.due_dates).difference(self.dates):
            if due == due.strip():
                with suppress(CellError):
                    self.dates[due] = self.read_date(due)
        if not self.dates.keys() >= set(rows.due_dates):
            odd.update(place for place, due in enumerate(rows.due_dates) if due not in self.dates)
        texts = (rows.names, rows.references, rows.emails)
        if not are_plain_texts(*texts):
            odd.update(
                place for place, three in enumerate(zip(*texts, strict=True)) if not is_plain_text(*three)
            )

    def _count(self, rows: Stated, odd: set[int], columns: tuple[Sequence[Any], ...]) -> None:
        """The figures of the rows that are not odd, and that their payers were stated."""
        numbers, row_nos = rows.numbers, rows.row_nos
        if odd:
            is_plain = [place not in odd for place in range(len(numbers))]
            numbers, row_nos, *columns_left = (
                list(compress(column, is_plain)) for column in (numbers, row_nos, *columns)
            )
            columns = tuple(columns_left)
        self.seen.update(zip(numbers, row_nos, strict=True))
        self.figures.add_many(*columns)

    def _remarkable(
        self,
        names: Sequence[str],
        statuses: Sequence[str],
        own_names: Sequence[str],
        befores: Sequence[int],
        afters: Sequence[int],
    ) -> set[int]:
        """The places of rows of which there may be something to remark."""
        share = self.setting.moved_share_percent
        found = {
            place
            for place, (before, after) in enumerate(zip(befores, afters, strict=True))
            if after <= 0 or before < 0 or (before and abs(after - before) * 100 > share * before)
        }
        if statuses.count(_ACTIVE) < len(statuses):
            found.update(place for place, status in enumerate(statuses) if status != _ACTIVE)
        if any(names):
            found.update(
                place
                for place, (name, own) in enumerate(zip(names, own_names, strict=True))
                if name and name != own
            )
        return found


def _or_none(cells: Sequence[str]) -> Iterable[str | None]:
    """Blank cells as nothing."""
    if all(cells):
        return cells
    return [cell or None for cell in cells] if any(cells) else repeat(None)


def are_plain_texts(names: Sequence[str], references: Sequence[str], emails: Sequence[str]) -> bool:
    """Whether each of these threes is as `is_plain_text` has it; one that is barely so may be taken for none."""
    text = "".join(chain(names, references, emails))
    return (
        text.isascii()
        and text.isprintable()
        and sum(max(map(len, cells)) for cells in (names, references, emails)) <= _TEXT_CHARACTERS
        and list(map(str.strip, references)) == list(references)
        and (not any(emails) or all("@" in email and " " not in email for email in emails if email))
    )


def is_plain_text(name: str, reference: str, email: str) -> bool:
    """Whether there is nothing to be said of these cells: printable ASCII, short, and no space to be trimmed."""
    text = f"{name}{reference}{email}"
    return (
        len(text) <= _TEXT_CHARACTERS
        and text.isascii()
        and text.isprintable()
        and (not email or "@" in email)
        and reference == reference.strip()
        and " " not in email
    )


def change_of(account_id: str | None, before: int, after: int) -> str:
    """What a stated balance does to a payer's receivable, or to that of one who has none yet (`account_id` None)."""
    if before == after:
        return _UNCHANGED
    if account_id is None:
        return _NEW
    return _FLIPPED if before * after < 0 else _CHANGED


def remarks(setting: Setting, payer: Payer, name: str, before: int, after: int) -> list[Finding]:
    """What a person should see before it moves; the row is applied all the same."""
    currency, number, moved = setting.currency, payer.account_no, abs(after - before)
    found: list[Finding] = []
    if name.strip() and name != payer.name and not same_name(name, payer.name):
        said = f"The file says {shown(name.strip())}; payer {number} is {payer.name}."
        found.append(warning("name-differs", said, "payer_name", name))
    if before * after < 0:
        said = f"The sign flips: {money(before, currency)} before, {money(after, currency)} now."
        found.append(warning("sign-flipped", said, "balance"))
    if before and moved * 100 > setting.moved_share_percent * abs(before):
        share = moved * 100 // abs(before)
        said = f"It moves by {share:,} %: {money(before, currency)} before, {money(after, currency)} now."
        found.append(warning("moved", said, "balance"))
    if after == 0:
        found.append(warning("zero", "The balance is zero.", "balance"))
    if payer.status != _ACTIVE:
        said = f"Payer {number} is {payer.status.replace('_', ' ')}."
        found.append(warning("inactive", said, "account_no", number))
    return found


def same_name(written: str, ours: str) -> bool:
    """Whether two writings are of one name: case, marks, punctuation and the order of its parts are no difference."""
    return _parts(written) == _parts(ours)


def _parts(name: str) -> list[str]:
    plain = names.plain_name(name).replace("'", "")
    return sorted("".join(c if c.isalnum() else " " for c in plain).split())
