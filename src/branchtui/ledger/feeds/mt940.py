"""SWIFT MT940 (statement) and MT942 (report within the day), in the writings of the banks.

A file is lines; a field begins with `:NN:`, other lines belong to the field before them. Envelopes
(`{1:...}{4:`, `-}`), preambles and control characters around a message are passed over. Sources: SWIFT
MT940 and MT942 field specifications; the samples of a dozen banks.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from branchtui.ledger.feeds import encodings
from branchtui.ledger.feeds.finding import CellError, Finding, error
from branchtui.ledger.feeds.lines import BadLine, Lines
from branchtui.ledger.feeds.mt940_details import read_details, read_lines
from branchtui.ledger.feeds.statement import (
    DETAILS_MAX,
    ENTRIES_MAX,
    Damaged,
    Direction,
    Entry,
    Standing,
    Statement,
    full_year,
    is_altered,
    iso_day,
    minor_units,
    reference_of,
    refuse_thousands,
    text_of,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from branchtui.contract.imports import Encoding

FIELD_LINES_MAX: Final = 200
"""Lines that one field may have; a bank's longest have 30."""

_FIELD: Final = re.compile(r":([0-9]{2}[A-Z]?|NS):", re.ASCII)
_TEXTS: Final = frozenset({"86", "NS"})
_NO_TEXT: Final = re.compile(r":(?:13D?|2[01]|25P?|28C?|34F|6[0-5][FM]?|86|90[CD]|NS):", re.ASCII)
"""Fields of a statement: within a text a line such as `:12:30` begins none."""

_HALF_YEAR: Final = 6
_ENTRY: Final = re.compile(
    r"(?P<year>[0-9]{2})(?P<month>[0-9]{2})(?P<day>[0-9]{2})(?:(?P<booked>[0-9]{4})|\s{4})?"
    r"(?P<mark>R?[CD]|E[CD])(?P<funds>[A-Z])?\s?(?=[0-9,.])(?P<whole>[0-9]{0,20})(?:[,.](?P<part>[0-9]{0,20}))?"
    # A few banks write codes of fewer letters (`NOV NONREF`, `S   X`), or a space before them.
    r"(?:\s?(?P<type>[A-Z][A-Z0-9 ]{3})(?P<rest>.*)|\s*$)",
    re.ASCII | re.DOTALL,
)
_BALANCE: Final = re.compile(
    r"\s*([CD])([0-9]{2})([0-9]{2})([0-9]{2})([A-Z]{3})?([0-9]{0,20})(?:[,.]([0-9]{0,20}))?\s*$", re.ASCII
)
_TOTAL: Final = re.compile(r"\s*[0-9]{1,7}([A-Z]{3})([0-9]{0,20})(?:[,.]([0-9]{0,20}))?", re.ASCII)
_FLOOR: Final = re.compile(r"\s*([A-Z]{3})\s?[CD]?[0-9]", re.ASCII)
_ENVELOPE: Final = re.compile(r"\{[1235]:[^{}]*(?:\{[^{}]*\}[^{}]*)*\}|\{4:", re.ASCII)
_END: Final = re.compile(r"-\}?(?:\{5:.*)?")
_IN_DETAILS: Final = frozenset({"KREF+", "EREF", "PREF", "MARF"})
"""What banks write for the customer's reference where it stands in :86:."""

_RETURNED: Final = "RTI"
"""The type of an entry by which money comes back that was sent, whoever sent it."""

_EURO: Final = "EUR"
"""The currency of the SEPA payments whose German business codes say the same."""

_CAME_BACK: Final = "Returned:"
"""What stands before a reference that may be ours and not a payer's."""

_AROUND: Final = " \t\r\n\x00\x01\x02\x03\x04\x0b\x0c\x1a\x1c\ufeff"


class Mt940Reader:
    """Reads one file. `chunks` gives its bytes from the beginning each time it is called."""

    def __init__(self, chunks: Callable[[], Iterable[bytes]], encoding: Encoding | None = None) -> None:
        self._chunks = chunks
        self._encoding = encoding
        self.statements: list[Statement] = []
        self._open: Statement | None = None
        self._waiting: Entry | None = None
        self._texts: list[str] = []
        self._count = 0
        self._unbooked = False

    def entries(self) -> Iterator[Entry]:
        """The entries in the order of the file; see `StatementReader`."""
        for tag, place, lines in self._fields():
            if tag not in {"86", "NS"} and self._waiting is not None:
                yield self._waiting
                self._waiting = None
            self._take(tag, place, lines)
        if self._waiting is not None:
            yield self._waiting
        self._close()
        if not self.statements:
            raise Damaged("no-statement", "This file holds no MT940 or MT942 statement.")

    def _fields(self) -> Iterator[tuple[str, int, list[str]]]:
        """Each field with the number of its first line, and its lines."""
        tag, place, kept = "", 0, [""]
        for number, line in self._lines():
            found = (_NO_TEXT if tag in _TEXTS else _FIELD).match(line)
            if found is None:
                if _END.fullmatch(line):
                    if tag:
                        yield tag, place, kept
                    tag = ""
                elif tag:
                    kept.append(line)
                    if len(kept) > FIELD_LINES_MAX:
                        said = f"The field :{tag}: in line {place:,} does not end."
                        raise Damaged("field-too-long", said, place)
                continue
            if tag:
                yield tag, place, kept
            tag, place, kept = found[0].strip(":"), number, [line[found.end() :]]
        if tag:
            yield tag, place, kept

    def _lines(self) -> Iterator[tuple[int, str]]:
        encoding = self._encoding or encodings.recognise(self._chunks())
        codec = encodings.codec_of(encoding, next(iter(self._chunks()), b""))
        lines = Lines(self._chunks(), codec)
        number = 0
        while True:
            number += 1
            try:
                line = next(lines).strip(_AROUND)
            except StopIteration:
                return
            except BadLine as bad:
                raise Damaged(bad.finding.code, bad.finding.message, number) from bad
            if line.startswith("{"):
                line = _ENVELOPE.sub("", line).strip(_AROUND)
            elif line.endswith(":") and line[:1] == ":" and line.strip(":").isdigit() and len(line) == 5:
                continue  # `:940:` before a statement
            # German home banking ends lines with `@@`.
            yield from ((number, each) for each in (line.split("@@") if "@@" in line else (line,)))

    def _take(self, tag: str, place: int, lines: list[str]) -> None:
        if tag == "20":
            self._close()
            self._begin(place)
        elif tag in {"25", "25P"}:
            self._statement(place).account = text_of(lines[0])
        elif tag in {"28", "28C"}:
            self._statement(place).identity = text_of(lines[0])
        elif tag == "61":
            self._waiting, self._texts = self._entry(place, lines), []
        elif tag in {"86", "NS"}:
            if self._waiting is not None:
                self._describe(self._waiting, tag, lines)
        elif tag in {"60F", "60M", "62F", "62M"}:
            self._balance(tag, place, lines[0])
        else:
            self._report_field(tag, place, lines[0])

    def _report_field(self, tag: str, place: int, line: str) -> None:
        """The fields of a report within the day."""
        statement = self._statement(place)
        if tag == "34F":
            statement.is_interim = True
            found = _FLOOR.match(line)
            if found and not statement.currency:
                statement.currency = found[1]
        elif tag in {"13D", "13"}:
            statement.is_interim = True
        elif tag in {"90C", "90D"} and (total := _TOTAL.match(line)):
            amount = self._amount(total[2], total[3] or "", total[1], statement.findings)
            if tag == "90C":
                statement.stated_credits_minor = amount
            else:
                statement.stated_debits_minor = amount

    def _begin(self, place: int) -> Statement:
        self._open = Statement(place=place)
        self.statements.append(self._open)
        return self._open

    def _statement(self, place: int) -> Statement:
        """The statement that is open; some banks begin one without its field :20:, or go on behind its end."""
        return self._open or self._begin(place)

    def _close(self) -> None:
        statement, self._open = self._open, None
        if statement is None:
            return
        if not statement.account:
            statement.findings.append(error("no-account", "The statement names no account (:25:)."))
        if not statement.is_interim and statement.closing_minor is None:
            said = "The statement has no closing balance (:62F:): the file may be cut off."
            statement.findings.append(error("no-closing", said))
        if not statement.is_interim and statement.opening_minor is None:
            said = "The statement has no opening balance (:60F:)."
            statement.findings.append(error("no-opening", said))

    def _balance(self, tag: str, place: int, line: str) -> None:
        statement = self._statement(place)
        found = _BALANCE.match(line)
        if found is None:
            said = f"The balance :{tag}: in line {place:,} cannot be read."
            statement.findings.append(error("balance", said, None, text_of(line)))
            return
        currency = found[5] or statement.currency
        if not currency:
            said = f"The balance :{tag}: in line {place:,} does not say in which currency it is."
            statement.findings.append(error("currency", said, None, text_of(line)))
            return
        if statement.currency and statement.currency != currency:
            said = f"The balance :{tag}: is in {currency}, the statement in {statement.currency}."
            statement.findings.append(error("currency", said))
            return
        statement.currency = currency
        amount = self._amount(found[6], found[7] or "", currency, statement.findings)
        if amount is None:
            return
        signed = amount if found[1] == "C" else -amount
        year = full_year(int(found[2]))
        moved: list[Finding] = []
        on = iso_day(year, int(found[3]), int(found[4]), moved)
        if tag[:2] == "60":
            if statement.opening_minor is None:
                statement.opening_minor, statement.opening_on = signed, on
        else:
            statement.closing_minor, statement.closing_on = signed, on

    def _amount(self, whole: str, part: str, currency: str, findings: list[Finding]) -> int | None:
        if not whole and not part:
            findings.append(error("not-an-amount", "There is no amount.", "amount"))
            return None
        try:
            refuse_thousands(whole, part, currency)
            return minor_units(whole, part, currency)
        except CellError as failure:
            findings.append(error(failure.code, str(failure), "amount", f"{whole},{part}"))
            return None

    def _entry(self, place: int, lines: list[str]) -> Entry:
        statement = self._statement(place)
        self._count += 1
        if self._count > ENTRIES_MAX:
            said = f"A file may hold {ENTRIES_MAX:,} entries at most."
            raise Damaged("too-many-rows", said, place)
        found = _ENTRY.match(lines[0])
        entry = Entry(statement, place, Direction.CREDIT, None, statement.currency, None)
        if found is None:
            said = "The entry (:61:) cannot be read."
            entry.findings.append(error("entry", said, None, text_of(lines[0])))
            return entry
        mark = found["mark"]
        if mark in {"D", "RC", "ED"}:
            entry.direction = Direction.DEBIT
        entry.is_reversal = mark[0] == "R" or (found["type"] or "")[1:] == _RETURNED
        if mark[0] == "E":
            entry.standing = Standing.PENDING
        if statement.currency:
            whole, part = found["whole"], found["part"] or ""
            entry.amount_minor = self._amount(whole, part, statement.currency, entry.findings)
        else:
            said = "No balance before this entry says in which currency it is."
            entry.findings.append(error("currency", said, "currency"))
        year = full_year(int(found["year"]))
        entry.day = iso_day(year, int(found["month"]), int(found["day"]), entry.findings)
        entry.other_day = _booked(entry.day, found["booked"])
        rest, more = found["rest"] or "", lines[1:]
        if "//" not in rest and more and more[0].startswith("//"):
            rest, more = rest + more[0], more[1:]  # the line was broken before the bank's reference
        customer, _, bank = rest.partition("//")
        entry.reference = reference_of(bank)
        if customer.strip() not in _IN_DETAILS:
            entry.account_ref = reference_of(customer) or ""
        supplement = " ".join(more)
        if supplement:
            entry.details = text_of(supplement, DETAILS_MAX)
        if is_altered(rest, supplement):
            entry.raw = "\n".join(lines)
        return entry

    def _describe(self, entry: Entry, tag: str, lines: list[str]) -> None:
        """What :86: or :NS: says of an entry: who paid, and what for; a bank may go on in another field of the kind."""
        if self._texts and lines != self._texts:
            lines = [*self._texts, *lines]
        self._texts = lines
        said = read_details(lines) if tag == "86" else read_lines(lines)
        entry.is_reversal = entry.is_reversal or said.has_reason
        if said.name:
            entry.payer_name = text_of(said.name)
        purpose = text_of(said.purpose, DETAILS_MAX)
        if purpose:
            entry.details = purpose
            came_back = said.is_returned and entry.currency == _EURO
            entry.account_ref = (f"{_CAME_BACK} {purpose}" if came_back else purpose)[:140]
        if is_altered(*lines):
            entry.raw = "\n".join([entry.raw or "", *lines]).strip()


def _booked(day: str | None, written: str | None) -> str | None:
    """The day on which an entry was booked, month and day alone: the one of its kind that is nearest to the value's `day`."""
    if day is None or written is None:
        return None
    year, month = int(day[:4]), int(day[5:7])
    years = (int(written[:2]) - month) // _HALF_YEAR
    return iso_day(year - (years > 0) + (years < -1), int(written[:2]), int(written[2:]), [])
