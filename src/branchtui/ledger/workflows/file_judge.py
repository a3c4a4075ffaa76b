"""The judgement of a balance file's rows: what each states, of whom, and what that would move (contract, section 6).

One look at the ledger a chunk. What a row would move is kept beside what stood when it was looked at, so that
applying finds out whether anything has happened since.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass, field
from itertools import chain
from operator import itemgetter
from typing import TYPE_CHECKING, Final

from pydantic_core import to_json

from branchtui.contract.balance_files import PayerChange
from branchtui.contract.customers import CustomerStatus
from branchtui.ledger.feeds.balances import balance_reader
from branchtui.ledger.feeds.dates import date_reader
from branchtui.ledger.feeds.finding import ERROR, OK, WARNING, CellError, Finding, error, shown, warning
from branchtui.ledger.feeds.payer_table import COLUMNS
from branchtui.ledger.feeds.table_row import Row
from branchtui.ledger.feeds.universal import PAYER_CELLS
from branchtui.ledger.store import file_store
from branchtui.ledger.store.file_store import Payer
from branchtui.ledger.texts import is_unsafe
from branchtui.ledger.workflows.file_setting import Setting, Staged
from branchtui.ledger.workflows.file_sweep import Stated, Sweep, change_of, remarks
from branchtui.ledger.workflows.file_xray import Figures
from branchtui.ledger.workflows.import_rows import encoded_findings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from branchtui.ledger.feeds.universal import Payers
    from branchtui.ledger.store.connection import Connection

BLANK: Final = "blank"
"""The change of a row in which nothing stands."""

NAME_CHARACTERS: Final = 140
_REFERENCE_CHARACTERS: Final = 100
_EMAIL_CHARACTERS: Final = 254
_DATE_CHARACTERS: Final = 10
_NEW, _CHANGED, _FLIPPED, _UNCHANGED, _WRONG = (
    PayerChange.NEW.value,
    PayerChange.CHANGED.value,
    PayerChange.FLIPPED.value,
    PayerChange.UNCHANGED.value,
    PayerChange.ERROR.value,
)
_ACTIVE: Final = CustomerStatus.ACTIVE.value
_ON_THE_MOVE: Final = CustomerStatus.TRANSFER_IN_PROGRESS.value


@dataclass(slots=True)
class Judge:
    """Judges the rows of one file, in order; `figures` gathers what they come to."""

    setting: Setting
    figures: Figures
    seen: dict[str, int] = field(default_factory=dict)
    """Account number to the row that stated it first: of two the later is wrong."""
    read_balance: Callable[[str], int] = field(init=False)
    read_date: Callable[[str], str] = field(init=False)
    dates: dict[str, str] = field(default_factory=lambda: {"": ""})
    """Cells of days that were read: a file has few."""
    sweep: Sweep = field(init=False)

    def __post_init__(self) -> None:
        self.read_balance = balance_reader(self.setting.decimal, self.setting.currency)
        self.read_date = date_reader(self.setting.date_order)
        self.sweep = Sweep(self.setting, self.figures, self.seen, self.dates, self.read_date)

    def judge(self, connection: Connection, rows: Sequence[Row | Payers]) -> list[Staged]:
        """The verdict on each row, ready to be staged."""
        known, several = file_store.payers_by_number(connection, _numbers(rows), self.setting.currency)
        for number in several:
            del known[number]

        def one(row: Row) -> Staged:
            if row.is_blank or not row.is_readable:
                return self._unread(row)
            number = row.cells[0].strip()
            found = several.get(number) or [each for each in (known.get(number),) if each is not None]
            return self._judge(row, number, list(map(Payer._make, found)))

        staged: list[Staged] = []
        for stated, row_at in _runs(rows):
            staged += self.sweep.judge(stated, known, row_at, one)
        return staged

    def _unread(self, row: Row) -> Staged:
        if row.is_blank and row.is_readable:
            findings = [warning("blank-row", "The row is blank; it was passed over.")]
            self.figures.warnings += 1
            return self._staged(row, WARNING, BLANK, "", findings=findings)
        self.figures.payers += 1
        self.figures.errors += 1
        self.figures.unread += 1
        number = row.cells[0].strip() if row.cells else ""
        return self._staged(row, ERROR, _WRONG, number[:20], findings=list(row.findings))

    def _judge(self, row: Row, number: str, found: list[Payer]) -> Staged:
        _, name, stated, due, reference, email, *own = row.cells
        findings = list(row.findings)
        payer = self._payer(row.row_no, number, found, findings)
        after = self._balance(stated, findings)
        if due or reference or email or own or name:
            due, reference, email = self._rest(due, reference, email, name, own, findings)
        figures = self.figures
        figures.payers += 1
        if after is not None:
            figures.total_minor += after
        if payer is None or after is None or any(each.level == ERROR for each in findings):
            figures.errors += 1
            return self._staged(row, ERROR, _WRONG, number[:20], payer, after, findings=findings)
        before = payer.balance_minor or 0
        change = change_of(payer.account_id, before, after)
        findings += remarks(self.setting, payer, name, before, after)
        if findings:
            figures.warnings += 1
        figures.add(row.row_no, payer, change, before, after)
        return self._staged(
            row, WARNING if findings else OK, change, number, payer, after, due, reference, email, findings
        )

    def _payer(self, row_no: int, number: str, found: list[Payer], findings: list[Finding]) -> Payer | None:
        """Whose row it is; within what the sender sees, inside the division, and once a file."""
        if not number:
            findings.append(error("blank", "The account number is blank.", "account_no"))
            return None
        setting = self.setting
        payer = found[0] if found else None
        if payer is None or payer.branch_id not in setting.visible:
            said = f"There is no payer with the account number {shown(number)}."
            findings.append(error("account-unknown", said, "account_no", number))
            return None
        first = self.seen.setdefault(number, row_no)
        if first != row_no:
            said = f"The account {number} stands in row {first:,} already."
            findings.append(error("account-repeated", said, "account_no", number))
        if payer.branch_id not in setting.inside:
            said = f"Payer {number} does not belong to the division {setting.division}."
            findings.append(error("division", said, "account_no", number))
        elif setting.account_no is not None and number != setting.account_no:
            said = f"The file is for payer {setting.account_no} alone."
            findings.append(error("payer", said, "account_no", number))
        if len(found) > 1:
            said = f"Payer {number} has {len(found)} receivables; it is not clear which one is stated."
            findings.append(error("account-ambiguous", said, "account_no", number))
        if payer.status == _ON_THE_MOVE:
            said = f"Payer {number} is being transferred to another branch; nothing moves until that ends."
            findings.append(error("transfer-in-progress", said, "account_no", number))
        return payer

    def _balance(self, stated: str, findings: list[Finding]) -> int | None:
        try:
            return self.read_balance(stated)
        except CellError as failure:
            said = "The balance is blank." if failure.code == "blank" else str(failure)
            findings.append(error(failure.code, said, "balance", stated))
            self.figures.unread += 1
            return None

    def _rest(
        self, due: str, reference: str, email: str, name: str, own: Sequence[str], findings: list[Finding]
    ) -> tuple[str, str, str]:
        """The cells that state no balance, trimmed; what is wrong with them is found."""
        due, reference, email = due.strip(), reference.strip(), email.strip()
        if due:
            try:
                day = self.dates[due] = self.read_date(due)
            except CellError as failure:
                findings.append(error(failure.code, str(failure), "due_date", due))
            else:
                due = day
        for column, value, longest in (
            ("payer_name", name, NAME_CHARACTERS),
            ("statement_ref", reference, _REFERENCE_CHARACTERS),
            ("email", email, _EMAIL_CHARACTERS),
        ):
            if len(value) > longest:
                said = f"The text has {len(value):,} characters; {longest} is the most."
                findings.append(error("too-long", said, column, value))
            elif not (value.isascii() and value.isprintable()) and is_unsafe(
                unicodedata.normalize("NFC", value)
            ):
                said = "The text holds a line break, or control or direction characters."
                findings.append(error("text", said, column, value))
        if email and ("@" not in email or " " in email):
            findings.append(warning("email", f"{shown(email)} is no e-mail address.", "email", email))
        if own:
            self._own(own, findings)
        return due, reference, email

    def _own(self, own: Sequence[str], findings: list[Finding]) -> None:
        """What a table says row by row and a file is of one: currency and day."""
        currency, as_of = own[0].strip(), own[1].strip()
        if currency and currency != self.setting.currency:
            said = f"Currency: {shown(currency)} is not ours, {self.setting.currency}."
            findings.append(error("currency", said, "currency", currency))
        if not as_of:
            return
        try:
            day = self.read_date(as_of)
        except CellError as failure:
            findings.append(error(failure.code, str(failure), "as_of_date", as_of))
            return
        if day != self.setting.as_of_date:
            said = f"The file states balances as of {self.setting.as_of_date}; this row says {day}."
            findings.append(error("as-of", said, "as_of_date", as_of))

    def _staged(
        self,
        row: Row,
        level: str,
        change: str,
        number: str,
        payer: Payer | None = None,
        after: int | None = None,
        due: str = "",
        reference: str = "",
        email: str = "",
        findings: Iterable[Finding] = (),
    ) -> Staged:
        kept = [each for each in findings if each.level == level]
        return (
            self.setting.file_id,
            row.row_no,
            level,
            change,
            number,
            payer.customer_id if payer else None,
            payer.account_id if payer else None,
            (payer.balance_minor or 0) if payer else 0,
            after,
            due or None,
            reference or None,
            email or None,
            encoded_findings(kept) if kept else None,
            to_json(row.cells).decode() if level == ERROR else None,
        )


def _numbers(rows: Iterable[Row | Payers]) -> list[str]:
    """The account numbers as they are looked for."""
    numbers: list[str] = []
    for row in rows:
        if isinstance(row, Row):
            numbers += row.cells[:1]
        else:
            numbers += map(itemgetter(1), row.records)
    return list(map(str.strip, numbers))


_NO_CELLS: Final = ("",) * len(PAYER_CELLS)


def _runs(rows: Iterable[Row | Payers]) -> Iterator[tuple[Stated, Callable[[int], Row]]]:
    """Rows by their columns, those that came together and those that came singly; and each as a row, by its place."""
    together: list[Payers] = []
    single: list[Row] = []
    for each in rows:
        if isinstance(each, Row):
            if together:
                yield _together(together)
                together = []
            single.append(each)
        else:
            if single:
                yield _single(single)
                single = []
            together.append(each)
    if together:
        yield _together(together)
    if single:
        yield _single(single)


def _together(pieces: list[Payers]) -> tuple[Stated, Callable[[int], Row]]:
    records = list(chain.from_iterable(piece.records for piece in pieces))
    row_nos = list(
        chain.from_iterable(range(each.row_no, each.row_no + len(each.records)) for each in pieces)
    )
    _, *columns = zip(*records, strict=True)
    return Stated(row_nos, *columns), lambda place: Row(row_nos[place], records[place][1:])


def _single(rows: list[Row]) -> tuple[Stated, Callable[[int], Row]]:
    columns = zip(*(_plain_cells(row) for row in rows), strict=True)
    return Stated([row.row_no for row in rows], *columns), rows.__getitem__


def _plain_cells(row: Row) -> Sequence[str]:
    """The cells of a row that states a balance and nothing of its own; of another one, blank ones."""
    cells, count = row.cells, len(PAYER_CELLS)
    if row.findings or row.is_blank or len(cells) < count or any(cells[count:]):
        return _NO_CELLS
    return cells[:count]


assert COLUMNS[:3] == ("account_no", "payer_name", "balance"), "rows come in this order"
