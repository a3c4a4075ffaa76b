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

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from branchtui.contract.imports import DateOrder, Encoding

LINES_MAX: Final = 1_000
"""Lines of one record."""

_MONEY: Final = frozenset({"bank", "cash", "ccard", "oth a", "oth l"})
_OPENING: Final = "opening balance"


@dataclass(slots=True)
class _Record:
    line: int
    fields: dict[str, str] = field(default_factory=dict)
    lines: int = 0


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
        self.questions: list[str] = []
        self.order, self.writing = self._recognise(order, writing)

    def entries(self) -> Iterator[Entry]:
        """The entries in the order of the file; see `StatementReader`."""
        read_amount = signed_reader(self.writing, self._currency)
        read_day = day_reader(self.order, self._zone)
        for count, record in enumerate(self._records(), start=1):
            if not self.statements:
                self.statements.append(
                    Statement(account=self._account, currency=self._currency, place=record.line)
                )
            if count > ENTRIES_MAX:
                raise Damaged(
                    "too-many-rows", f"A file may hold {ENTRIES_MAX:,} entries at most.", record.line
                )
            entry = Entry(self.statements[0], record.line, Direction.CREDIT, None, self._currency, None)
            said = record.fields.get("T") or record.fields.get("U") or ""
            try:
                signed = read_amount(said)
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

    def _describe(self, entry: Entry, record: _Record) -> None:
        payee, memo = record.fields.get("P", ""), record.fields.get("M", "")
        number = record.fields.get("N", "")
        entry.payer_name = text_of(payee)
        entry.details = text_of(memo or number, DETAILS_MAX)
        entry.account_ref = text_of(memo or number)
        entry.is_opening = payee.strip().lower() == _OPENING
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
            writing, _ = decimals.decide(Delimiter.COMMA)
        return order, writing

    def _records(self) -> Iterator[_Record]:
        """The records of sections of money; a field that is split keeps its first value."""
        section: str | None = None
        record = _Record(0)
        is_split = False
        for number, line in self._lines():
            if line.startswith("!"):
                self._refuse_cut(record)
                section = _section(line, section)
                record, is_split = _Record(0), False
            elif line.strip() == "^":
                if section in _MONEY and record.fields:
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
                    record.fields.setdefault(line[0], line[1:].strip())
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
            yield number, line.strip("\r\n\ufeff\x1a")


def _section(line: str, before: str | None) -> str | None:
    """The kind of the section that a header begins; options and the clearing of lists begin none."""
    name = line[1:].strip().lower()
    if name.startswith("type:"):
        return name[5:].strip()
    if name.startswith(("option:", "clear:")):
        return before if before is not None else ""
    return name or ""
