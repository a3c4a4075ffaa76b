"""QIF, the Quicken Interchange Format: entries of bank, cash and card accounts.

A file says neither which account it is (save by a name of the owner's) nor the currency; both come with the
import. Lists of categories, classes and securities, and investments, are passed over. Source: Quicken's
description of the format, and the samples.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from branchtui.contract.imports import DecimalWriting, Delimiter
from branchtui.ledger.feeds import encodings
from branchtui.ledger.feeds.amounts import DecimalEvidence
from branchtui.ledger.feeds.days import DayEvidence, day_reader
from branchtui.ledger.feeds.finding import CellError, error
from branchtui.ledger.feeds.lines import BadLine, Lines
from branchtui.ledger.feeds.signed_amounts import bare, signed_reader
from branchtui.ledger.feeds.statement import (
    DETAILS_MAX,
    ENTRIES_MAX,
    Damaged,
    Direction,
    Entry,
    Statement,
    is_altered,
    text_of,
)
from branchtui.ledger.feeds.table_rows import reads_as_balance

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from branchtui.contract.imports import DateOrder, Encoding

LINES_MAX: Final = 1_000
"""Lines of one record."""

_MONEY: Final = frozenset({"bank", "cash", "ccard", "oth a", "oth l"})
_ACCOUNT: Final = "account"


@dataclass(slots=True)
class _Record:
    line: int
    fields: dict[str, str] = field(default_factory=dict)
    lines: int = 0
    twice: set[str] = field(default_factory=set)
    account: tuple[str, str] = ("", "")

    def keep(self, code: str, said: str) -> None:
        """One line: several of a text are one text, of a day or an amount the first counts and the next is told of."""
        if code not in self.fields:
            self.fields[code] = said
        elif code == "M":
            self.fields[code] += f" {said}"
        elif code in "DTU":
            self.twice.add(code)


class QifReader:
    """Reads one file. `currency`, `zone`, `order` and `writing` are what the file does not say itself."""

    def __init__(
        self,
        chunks: Callable[[], Iterable[bytes]],
        *,
        account: str,
        currency: str,
        zone: str,
        order: DateOrder | None = None,
        writing: DecimalWriting | None = None,
        encoding: Encoding | None = None,
    ) -> None:
        self._chunks = chunks
        self._account, self._currency, self._zone = account, currency, zone
        self._encoding = encoding
        self.statements: list[Statement] = []
        self._only = ("", "")
        self.questions: list[str] = []
        self.is_decimal_open = False
        self.order, self.writing = self._recognise(order, writing)

    def entries(self) -> Iterator[Entry]:
        """The entries in the order of the file; see `StatementReader`."""
        read_amount = signed_reader(self.writing, self._currency)
        read_day = day_reader(self.order, self._zone)
        for count, record in enumerate(self._records(), start=1):
            if not self.statements:
                self._begin(record)
            elif record.account != self._only:
                first, now = (
                    " ".join(each for each in said if each) for said in (self._only, record.account)
                )
                said = f"The file holds the entries of several accounts ({text_of(first, 60)}; {text_of(now, 60)}): export one at a time."
                raise Damaged("several-accounts", said, record.line)
            if count > ENTRIES_MAX:
                raise Damaged(
                    "too-many-rows", f"A file may hold {ENTRIES_MAX:,} entries at most.", record.line
                )
            entry = Entry(self.statements[0], record.line, Direction.CREDIT, None, self._currency, None)
            said = record.fields.get("T") or record.fields.get("U") or ""
            entry.findings += [
                error("twice", f"The field {code} stands twice in the entry.")
                for code in sorted(record.twice)
            ]
            try:
                signed = _one_amount(read_amount, said, record.fields.get("U", ""))
                entry.amount_minor = abs(signed)
                entry.direction = Direction.DEBIT if signed < 0 else Direction.CREDIT
            except CellError as failure:
                entry.findings.append(error(failure.code, str(failure), "amount", text_of(said, 40)))
            try:
                entry.day, entry.at_us = read_day(record.fields.get("D", ""), entry.findings)
            except CellError as failure:
                entry.findings.append(
                    error(failure.code, str(failure), "date", text_of(record.fields.get("D", ""), 40))
                )
            self._describe(entry, record)
            yield entry
        if not self.statements:
            raise Damaged("no-statement", "This QIF file holds no entries of a bank account.")

    def _begin(self, record: _Record) -> None:
        """The one statement of the file: a file says neither whose it is nor in which currency."""
        self._only = record.account
        statement = Statement(account=self._account, currency=self._currency, place=record.line)
        if not self._account:
            said = "The file does not say whose account it is: name the account."
            statement.findings.append(error("no-account", said))
        self.statements.append(statement)

    def _describe(self, entry: Entry, record: _Record) -> None:
        payee, memo = record.fields.get("P", ""), record.fields.get("M", "")
        number = record.fields.get("N", "")
        entry.payer_name = text_of(payee)
        entry.details = text_of(memo or number, DETAILS_MAX)
        entry.account_ref = text_of(memo or number)
        entry.is_opening = reads_as_balance(payee)
        if is_altered(payee, memo, number):
            entry.raw = f"{payee}\n{memo}\n{number}"

    def _recognise(
        self, order: DateOrder | None, writing: DecimalWriting | None
    ) -> tuple[DateOrder | None, DecimalWriting]:
        """How the file writes days and amounts, from all its records; what was said is not judged."""
        days, decimals = DayEvidence(), DecimalEvidence()
        for record in self._records():
            days.add(record.fields.get("D", ""))
            decimals.add(bare(record.fields.get("T") or record.fields.get("U") or "")[0])
        found_order, question = days.decide()
        if order is None:
            order = found_order
            self.questions += [question] if question else []
        if writing is None:
            writing, open_writing = decimals.decide_signed(Delimiter.COMMA, self._currency)
            self.is_decimal_open = open_writing is not None
            self.questions += [open_writing] if open_writing else []
        return order, writing

    def _records(self) -> Iterator[_Record]:
        """The records of sections of money; a field that is split keeps its first value."""
        section: str | None = None
        name = ""
        record = _Record(0)
        is_split = False
        for number, line in self._lines():
            if line.startswith("!"):
                self._refuse_cut(record)
                section = _section(line, section)
                record, is_split = _Record(0), False
            elif line.strip() == "^":
                if section in _MONEY and record.fields:
                    record.account = (name, section)
                    yield record
                record, is_split = _Record(0), False
            elif not line.strip() or (section is None and line.startswith("#")):
                continue
            elif section is None:
                raise Damaged(
                    "no-statement", f"Line {number:,}: this is no QIF file: it has no header.", number
                )
            elif section in _MONEY:
                record.line = record.line or number
                record.lines += 1
                if record.lines > LINES_MAX:
                    raise Damaged("qif", f"The record in line {record.line:,} does not end.", record.line)
                is_split = is_split or line[0] in "S$E%"
                if not is_split:
                    record.keep(line[0], line[1:].strip())
            elif section == _ACCOUNT and line[0] == "N":
                name = line[1:].strip()
        self._refuse_cut(record)
        if section is None:
            raise Damaged("empty-file", "The file is empty, or it is no QIF file.")

    def _refuse_cut(self, record: _Record) -> None:
        if record.fields:
            said = f"The record in line {record.line:,} does not end: the file is cut off."
            raise Damaged("qif", said, record.line)

    def _lines(self) -> Iterator[tuple[int, str]]:
        encoding = self._encoding or encodings.recognise(self._chunks())
        codec = encodings.codec_of(encoding, next(iter(self._chunks()), b""))
        lines = Lines(self._chunks(), codec)
        number = 0
        while True:
            number += 1
            try:
                line = next(lines)
            except StopIteration:
                return
            except BadLine as bad:
                raise Damaged(bad.finding.code, bad.finding.message, number) from bad
            line = line.strip("\r\n\ufeff\x1a")
            yield number, line.lstrip() if line.lstrip().startswith("!") else line


def _one_amount(read: Callable[[str], int], said: str, again: str) -> int:
    """The amount of T, which U may state once more."""
    signed = read(said)
    if again and read(again) != signed:
        raise CellError("two-amounts", "The entry states two amounts, T and U, that differ.")
    return signed


def _section(line: str, before: str | None) -> str | None:
    """The kind of the section that a header begins; options and the clearing of lists begin none."""
    name = line[1:].strip().lower()
    if name.startswith("type:"):
        return name[5:].strip()
    if name.startswith(("option:", "clear:")):
        return before if before is not None else ""
    return name or ""
