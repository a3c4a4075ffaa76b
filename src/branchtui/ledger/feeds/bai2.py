"""BAI2 cash management files.

Records of fields between commas, each with a two-digit code, ended by `/`; 88 continues the one before.
Every account, group and file ends with a count of records and a sum of amounts, and both must be right.
Source: the BAI2 specification (Bank Administration Institute, version 2).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from branchtui.ledger.feeds import encodings
from branchtui.ledger.feeds.finding import error, warning
from branchtui.ledger.feeds.lines import BadLine, Lines
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
    is_currency,
    iso_day,
    reference_of,
    text_of,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from branchtui.contract.imports import Encoding

CONTINUED_MAX: Final = 200
_AMOUNT: Final = re.compile(r"[+-]?[0-9]{1,18}", re.ASCII)
_COUNT: Final = re.compile(r"[0-9]{1,9}", re.ASCII)
_DATE: Final = re.compile(r"([0-9]{2})([0-9]{2})([0-9]{2})", re.ASCII)
_OPENING, _CLOSING = "010", "015"
_NO_MONEY: Final = "890"
"""A transaction that only tells something."""

_CREDITS: Final = (range(100, 400), range(920, 960))
_DEBITS: Final = (range(400, 700), range(960, 1_000))
"""Type codes by their sides; from 920 on each bank's own."""

_RETURNS: Final = frozenset({252, 255, 257, 258, 261, 266, 552, 555, 557, 558})
"""Credits by which what went out came back, and debits that take back what was credited: reversals, checks, transfers
and deposits returned or rejected."""

_CORRECTION: Final = "3"
_DEFAULT_CURRENCY: Final = "USD"
_FUNDS_AT: Final = 2
"""The field of a transaction that says when its money may be used."""

_REFERENCES: Final = 2
_REFERENCE: Final = re.compile(r"(?=[^0-9]*[0-9])[!-~]{1,40}|", re.ASCII)
"""A reference as banks write one, or nothing."""

_MAX_MINOR: Final = 10**15
_EXTRA: Final = {"V": 2, "S": 3}
_TRAILERS: Final = {"49": "account", "98": "group", "99": "file"}


@dataclass(slots=True)
class _Record:
    """A record with those that continue it: its code, its fields, its text as it stood, and its line."""

    code: str
    body: str
    more: list[str]
    line: int

    @property
    def size(self) -> int:
        """Records as they are counted."""
        return 1 + len(self.more)

    def fields(self) -> list[str]:
        """The fields, those of continuations behind the others."""
        return ",".join(_ended(each) for each in (self.body, *self.more)).split(",")


@dataclass(slots=True)
class _Sum:
    """What an account, a group or the file counts and adds up to."""

    records: int = 0
    total: int = 0
    parts: int = 0


class Bai2Reader:
    """Reads one file. `chunks` gives its bytes from the beginning each time it is called.

    `currency` is that of accounts whose records do not say theirs: US dollars, unless another one is given.
    """

    def __init__(
        self, chunks: Callable[[], Iterable[bytes]], encoding: Encoding | None = None, *, currency: str = ""
    ) -> None:
        self._chunks = chunks
        self._given = currency
        self._encoding = encoding
        self.statements: list[Statement] = []
        self._file, self._group, self._account = _Sum(), _Sum(), _Sum()
        self._currency = ""
        self._is_correction = False
        self._as_of: str | None = None
        self._open: Statement | None = None
        self._count = 0

    def entries(self) -> Iterator[Entry]:
        """The entries in the order of the file; see `StatementReader`."""
        state = "start"
        for record in self._records():
            code = record.code
            if code not in _FOLLOWS[state]:
                raise Damaged(
                    "bai2", f"Line {record.line:,}: a record {code} may not stand here.", record.line
                )
            if code == "01":
                self._begin_file(record)
            elif code == "02":
                self._begin_group(record)
            elif code == "03":
                self._begin_account(record)
            elif code == "16":
                yield self._entry(record)
            else:
                self._end(record)
            state = code
        if state != "99":
            raise Damaged(
                "bai2", "The file does not end with its record 99: it is cut off, or it is no BAI2."
            )

    def _records(self) -> Iterator[_Record]:
        waiting: _Record | None = None
        for number, line in self._lines():
            code, comma, body = line[:2], line[2:3], line[3:]
            if not (code.isascii() and code.isdigit()) or (comma != "," and line[2:]):
                raise Damaged("bai2", f"Line {number:,} is no record of BAI2.", number)
            if code == "88":
                if waiting is None or len(waiting.more) >= CONTINUED_MAX:
                    raise Damaged("bai2", f"Line {number:,} continues no record.", number)
                waiting.more.append(body)
                continue
            if waiting is not None:
                yield waiting
            if code not in _KNOWN:
                raise Damaged("bai2", f"Line {number:,}: there is no record {code} in BAI2.", number)
            waiting = _Record(code, body, [], number)
        if waiting is not None:
            yield waiting

    def _lines(self) -> Iterator[tuple[int, str]]:
        encoding = self._encoding or encodings.recognise(self._chunks())
        codec = encodings.codec_of(encoding, next(iter(self._chunks()), b""))
        number = 0
        lines = Lines(self._chunks(), codec)
        while True:
            number += 1
            try:
                line = next(lines).strip("\r\n\x1a\ufeff ")
            except StopIteration:
                return
            except BadLine as bad:
                raise Damaged(bad.finding.code, bad.finding.message, number) from bad
            if line:
                yield number, line

    def _begin_file(self, record: _Record) -> None:
        fields = record.fields()
        if len(fields) < 8 or fields[7].strip() != "2":
            raise Damaged("bai2", "The file is not BAI in version 2.", record.line)
        self._file = _Sum(records=record.size)

    def _begin_group(self, record: _Record) -> None:
        fields = record.fields()
        if len(fields) > 2 and fields[2].strip() in {"2", "4"}:
            raise Damaged("bai2", f"Line {record.line:,}: the group is a deletion or a test.", record.line)
        said = fields[3].strip() if len(fields) > 3 else ""
        self._as_of = _day(said)
        if self._as_of is None:
            raise Damaged("bai2", f"Line {record.line:,}: the group has no date.", record.line)
        self._is_correction = len(fields) > 2 and fields[2].strip() == _CORRECTION
        self._currency = _currency(fields[5] if len(fields) > 5 else "", record.line)
        self._group = _Sum(records=record.size)

    def _begin_account(self, record: _Record) -> None:
        fields = record.fields()
        currency = _currency(fields[1] if len(fields) > 1 else "", record.line) or self._currency
        statement = Statement(
            account=text_of(fields[0]),
            identity=self._as_of or "",
            currency=currency or self._given or _DEFAULT_CURRENCY,
            place=record.line,
        )
        if not statement.account:
            statement.findings.append(error("no-account", "The account record (03) names no account."))
        if not currency and not self._given:
            said = "The file does not say in which currency it is: US dollars are taken, as BAI2 has it, unless one is named with it."
            statement.findings.append(warning("currency", said, "currency"))
        if self._is_correction:
            said = "The group corrects one that came before: what it changes must be looked after by hand."
            statement.findings.append(warning("correction", said))
        self._account = _Sum(records=record.size)
        at = 2
        while at < len(fields):
            code = fields[at].strip()
            if not code:
                at += 1
                continue
            said = fields[at + 1].strip() if at + 1 < len(fields) else ""
            at = _behind_funds(fields, at + 3)
            if not said:
                continue
            if not _AMOUNT.fullmatch(said):
                raise Damaged(
                    "bai2", f"Line {record.line:,}: {text_of(said, 40)} is not an amount.", record.line
                )
            self._account.total += int(said)
            if code == _OPENING:
                statement.opening_minor, statement.opening_on = int(said), self._as_of
            elif code == _CLOSING:
                statement.closing_minor, statement.closing_on = int(said), self._as_of
        self._open = statement
        self.statements.append(statement)

    def _entry(self, record: _Record) -> Entry:
        statement = self._open
        assert statement is not None, "a transaction follows an account"
        self._count += 1
        if self._count > ENTRIES_MAX:
            raise Damaged("too-many-rows", f"A file may hold {ENTRIES_MAX:,} entries at most.", record.line)
        self._account.records += record.size
        fields, more = _whole_fields(record)
        fields[-1] = fields[-1].rstrip()
        kind, said = fields[0].strip(), _ended(fields[1]).strip() if len(fields) > 1 else ""
        entry = Entry(statement, record.line, Direction.CREDIT, None, statement.currency, self._as_of)
        if not said and kind == _NO_MONEY:
            entry.standing = Standing.INFORMATION
        elif not said:
            entry.findings.append(error("not-an-amount", "The entry has no amount.", "amount"))
        elif not _AMOUNT.fullmatch(said):
            raise Damaged("bai2", f"Line {record.line:,}: {text_of(said, 40)} is not an amount.", record.line)
        else:
            self._account.total += int(said)
            self._money(entry, kind, int(said))
        self._words(entry, more, fields)
        return entry

    def _money(self, entry: Entry, kind: str, minor: int) -> None:
        """The side of an entry by its type code."""
        number = int(kind) if kind.isascii() and kind.isdigit() else -1
        if abs(minor) > _MAX_MINOR:
            entry.findings.append(
                error("too-much", "The amount is more than any account here can hold.", "amount")
            )
            return
        if number < _CREDITS[0].start or number >= _DEBITS[1].stop:
            said = f"There is no type code {text_of(kind, 10)}: it is not known on which side the entry is."
            entry.findings.append(error("kind", said))
            return
        is_credit = minor >= 0
        if any(number in each for each in _DEBITS):
            is_credit = minor < 0
        elif not any(number in each for each in _CREDITS):
            entry.standing = Standing.INFORMATION
        entry.is_reversal = number in _RETURNS
        entry.direction = Direction.CREDIT if is_credit else Direction.DEBIT
        entry.amount_minor = abs(minor)

    def _words(self, entry: Entry, more: list[str], fields: list[str]) -> None:
        """Value date, references and text: what stands behind the two references is text, with its commas."""
        kind = fields[2].strip() if len(fields) > 2 else ""
        if _ended(kind) == "V" and len(fields) > 3 and (day := _day(fields[3].strip())):
            entry.day, entry.other_day = day, self._as_of
        at = _behind_funds(fields, 2)
        stated = len(fields)
        fields, more = _with_references(fields, more, at)
        bank, customer = (_ended(each).strip() for each in (*fields[at : at + 2], "", "")[:2])
        first = _ended(",".join(fields[at + 2 :]))
        text = "\n".join(each for each in (first, *(_ended(each) for each in more)) if each.strip())
        entry.reference = reference_of(bank)
        entry.details = text_of(text, DETAILS_MAX)
        entry.account_ref = reference_of(customer) or entry.details[:140]
        if not entry.account_ref and len(fields) > stated:
            # A lone word in a continuation is where the standard puts the bank's reference, and many banks the payer's.
            entry.account_ref = bank
        if is_altered(text, bank, customer):
            entry.raw = text

    def _end(self, record: _Record) -> None:
        """A trailer: its counts must be those of what it ends."""
        fields = [each.strip() for each in record.fields()]
        sums, inside = {
            "49": (self._account, self._group),
            "98": (self._group, self._file),
            "99": (self._file, None),
        }[record.code]
        sums.records += 1
        parts, counted = [*fields, "", ""][1:3]
        if record.code == "49":
            parts, counted = "", parts
        what = _TRAILERS[record.code]
        is_counted = _COUNT.fullmatch(counted) and (not parts or _COUNT.fullmatch(parts))
        if not is_counted or (fields[0] and not _AMOUNT.fullmatch(fields[0])):
            raise Damaged("bai2", f"Line {record.line:,}: the end of the {what} cannot be read.", record.line)
        # A bank may leave the sum blank; the count it may not.
        if fields[0] and int(fields[0]) != sums.total:
            said = f"Line {record.line:,}: the {what} says that it adds up to {int(fields[0]):,}; it is {sums.total:,}."
            raise Damaged("control-amount", said, record.line)
        if int(counted) != sums.records:
            said = f"Line {record.line:,}: the {what} says {int(counted):,} records; it has {sums.records:,}."
            raise Damaged("control-count", said, record.line)
        if parts and int(parts) != sums.parts:
            said = f"Line {record.line:,}: the {what} says {int(parts):,} parts; it has {sums.parts:,}."
            raise Damaged("control-count", said, record.line)
        if inside is not None:
            inside.total += sums.total
            inside.records += sums.records
            inside.parts += 1


_FOLLOWS: Final = {
    "start": {"01"},
    "01": {"02"},
    "02": {"03", "98"},
    "03": {"16", "49"},
    "16": {"16", "49"},
    "49": {"03", "98"},
    "98": {"02", "99"},
    "99": set[str](),
}
_KNOWN: Final = frozenset({"01", "02", "03", "16", "49", "98", "99"})


def _whole_fields(record: _Record) -> tuple[list[str], list[str]]:
    """The fields of a transaction, its amount and funds whole where they go on in continuations, and what is left of these."""
    fields, more = record.body.split(","), list(record.more)
    while more and (len(fields) < _FUNDS_AT or _behind_funds(fields, _FUNDS_AT) > len(fields) > _FUNDS_AT):
        fields = [*fields[:-1], _ended(fields[-1]), *more.pop(0).split(",")]
    return fields, more


def _with_references(fields: list[str], more: list[str], at: int) -> tuple[list[str], list[str]]:
    """The two references at `at`, where a continuation holds them: the standard lets fields go on anywhere.

    Banks also begin their text in a continuation without holding the places of the references: what has spaces or no
    digit is text.
    """
    more = list(more)
    while more and len(fields) < at + _REFERENCES:
        following = _ended(more[0]).split(",")
        wanted = at + _REFERENCES - len(fields)
        said = [each.strip() for each in following[:wanted]]
        if not any(said) or not all(_REFERENCE.fullmatch(each) for each in said):
            break
        fields = [*fields[:-1], _ended(fields[-1]), *following]
        del more[0]
    return fields, more


def _currency(said: str, line: int) -> str:
    """A currency that a record names; empty where it names none.

    Raises:
        Damaged: it is no currency.
    """
    code = _ended(said).strip().upper()
    if code and not is_currency(code):
        raise Damaged("currency", f"Line {line:,}: {text_of(code, 40)} is no currency.", line)
    return code


def _behind_funds(fields: list[str], at: int) -> int:
    """The place behind the funds type at `at` and what belongs to it: dates of V, parts of S and D."""
    kind = _ended(fields[at].strip()) if at < len(fields) else ""
    if kind == "D":
        count = fields[at + 1].strip() if at + 1 < len(fields) else ""
        return at + 2 + 2 * (int(count) if count.isascii() and count.isdigit() and len(count) < 3 else 0)
    return at + 1 + _EXTRA.get(kind, 0)


def _ended(text: str) -> str:
    """A record, or its last field, without the sign that ends it."""
    text = text.rstrip()
    return text.removesuffix("/")


def _day(said: str) -> str | None:
    found = _DATE.fullmatch(said)
    return iso_day(full_year(int(found[1])), int(found[2]), int(found[3]), []) if found else None
