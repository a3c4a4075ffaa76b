"""OFX 1 and 2, and QFX: statements of bank and card accounts.

Source: the OFX specifications 1.0.2 to 2.3 (Financial Data Exchange): a statement's transaction is named by
FITID within its account, its amount is signed, a time without a zone is GMT. Many banks write the day alone,
or midnight: that is a day of the branch.
"""

from __future__ import annotations

import codecs
import re
from datetime import UTC, datetime, timedelta, timezone
from typing import TYPE_CHECKING, Final

from branchtui.contract.imports import Encoding
from branchtui.ledger.feeds import encodings
from branchtui.ledger.feeds.finding import CellError, Finding, error, warning
from branchtui.ledger.feeds.ofx_markup import Element, elements
from branchtui.ledger.feeds.statement import (
    DETAILS_MAX,
    ENTRIES_MAX,
    Damaged,
    Direction,
    Entry,
    Standing,
    Statement,
    is_altered,
    is_currency,
    iso_day,
    minor_units,
    reference_of,
    refuse_thousands,
    text_of,
)
from branchtui.ledger.feeds.texts_in_blocks import text_blocks

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

_STATEMENTS: Final = frozenset({"STMTRS", "CCSTMTRS"})
_ENTRIES: Final = frozenset({"STMTTRN", "STMTTRNP"})
_KEPT: Final = frozenset({*_STATEMENTS, *_ENTRIES, "STMTTRNRS", "CCSTMTTRNRS"})
_AMOUNT: Final = re.compile(r"([+-]?)([0-9]{0,20})(?:[.,]([0-9]{0,20}))?", re.ASCII)
_TIME: Final = re.compile(
    r"([0-9]{4})([0-9]{2})([0-9]{2})(?:([0-9]{2})([0-9]{2})([0-9]{2})?)?(?:[.:][0-9]{1,6})?"
    r"(?:\s*\[([+-]?[0-9]{1,2}(?:\.[0-9]{1,2})?)(?::[A-Za-z]{1,6})?\])?",
    re.ASCII,
)
_ONCE: Final = ("TRNAMT", "DTPOSTED", "FITID")
"""What an entry may say once."""

_REPAIRS_TOLD: Final = 20
_CHARSET: Final = re.compile(
    rb"CHARSET:\s*([A-Z0-9-]+)|<\?xml[^>]{0,80}encoding=[\"']([A-Z0-9-]+)", re.IGNORECASE
)
_WINDOWS: Final = re.compile(r"(?:CP|WINDOWS-)?(125[0-8])", re.ASCII)
_ISO_8859: Final = re.compile(r"(?:ISO-?)?8859-([2-9]|1[0-9])", re.ASCII)
_HEADER_BYTES: Final = 2_048
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


class OfxReader:
    """Reads one file. `chunks` gives its bytes from the beginning each time it is called."""

    def __init__(self, chunks: Callable[[], Iterable[bytes]], encoding: Encoding | None = None) -> None:
        self._chunks = chunks
        self._encoding = encoding
        self.statements: list[Statement] = []
        self._open: Statement | None = None
        self._body: Element | None = None
        self._count = 0
        self._refusal = ""
        self._told: set[tuple[str | int | None, ...]] = set()
        self._repairs: list[Finding] = []

    def entries(self) -> Iterator[Entry]:
        """The entries in the order of the file; see `StatementReader`."""
        blocks = text_blocks(self._chunks, self._encoding, _codec_said(self._chunks, self._encoding))
        for event, element in elements(_message(blocks), _KEPT):
            tag = element.tag
            if event == "repair":
                self._repaired(element)
            elif event == "begin":
                if tag in _STATEMENTS:
                    self._body = element
                    self._open = Statement(place=element.line)
                    self.statements.append(self._open)
            elif tag in _ENTRIES:
                # Money that moves within an investment account (INVBANKTRAN) is none of a bank account.
                if self._open is not None:
                    yield self._entry(element)
            elif tag == "STATUS":
                self._status(element)
            elif tag in _STATEMENTS:
                self._close()
        if not self.statements:
            if self._refusal:
                raise Damaged("refused-by-bank", f"The bank has refused this: {self._refusal}")
            raise Damaged("no-statement", "This OFX message holds no statement of a bank or card account.")
        if self._refusal:
            said = f"The bank has refused another account that was asked for: {self._refusal}"
            self._repairs.append(warning("refused-by-bank", said))
        self.statements[0].findings += self._repairs

    def _repaired(self, element: Element) -> None:
        """Something was put right that can be read in one way only; the first few are told of."""
        if len(self._repairs) >= _REPAIRS_TOLD:
            return
        if element.text:
            said = (
                f"Line {element.line:,}: {element.tag} ends as {element.text}; it is read as {element.tag}."
            )
        else:
            said = f"Line {element.line:,}: {element.tag} has no end of its own; it is read up to what follows it."
        self._repairs.append(warning("ofx-repaired", text_of(said, 200)))

    def _status(self, element: Element) -> None:
        if element.said("SEVERITY").upper() == "ERROR":
            said = element.said("MESSAGE") or f"code {element.said('CODE')}"
            self._refusal = self._refusal or text_of(said)

    def _begun(self) -> Statement:
        """The statement that is open, with what stands before its entries."""
        statement, body = self._open, self._body
        if statement is None or body is None:
            raise Damaged("ofx", "A transaction stands outside a statement.")
        if not statement.currency and is_currency(body.said("CURDEF").upper()):
            statement.currency = body.said("CURDEF").upper()
        if not statement.account:
            for tag in ("BANKACCTFROM", "CCACCTFROM"):
                statement.account = statement.account or text_of(body.said(tag, "ACCTID"))
        return statement

    def _close(self) -> None:
        statement, body = self._begun(), self._body
        assert body is not None, "a statement that was begun"
        if not statement.account:
            statement.findings.append(error("no-account", "The statement names no account (ACCTID)."))
        if not statement.currency:
            said = "The statement does not say in which currency it is (CURDEF)."
            statement.findings.append(error("currency", said, "currency", text_of(body.said("CURDEF"))))
        balance = body.said("LEDGERBAL", "BALAMT")
        if balance and statement.currency:
            found: list[Finding] = []
            signed = _signed(balance, statement.currency, found)
            if signed is None:
                statement.findings += found
            else:
                statement.closing_minor = signed
                day, _ = _when(body.said("LEDGERBAL", "DTASOF"), [])
                statement.closing_on = day
        self._open = self._body = None

    def _entry(self, element: Element) -> Entry:
        statement = self._begun()
        self._count += 1
        if self._count > ENTRIES_MAX:
            said = f"A file may hold {ENTRIES_MAX:,} entries at most."
            raise Damaged("too-many-rows", said, element.line)
        findings: list[Finding] = []
        currency = element.said("CURRENCY", "CURSYM").upper() or statement.currency
        signed: int | None = None
        if is_currency(currency) and currency != (statement.currency or currency):
            said = f"The entry is in {currency}, its account in {statement.currency}: look after it by hand."
            findings.append(error("currency", said, "currency", currency))
        elif is_currency(currency):
            signed = _signed(element.said("TRNAMT"), currency, findings)
        else:
            findings.append(error("currency", "It is not known in which currency this is.", "currency"))
        is_pending = element.tag == "STMTTRNP"
        day, at_us = _when(element.said("DTTRAN" if is_pending else "DTPOSTED"), findings)
        findings += _contradictions(element, signed)
        name = element.said("NAME") or element.said("PAYEE", "NAME") or element.said("EXTDNAME")
        memo = element.said("MEMO")
        number = reference_of(element.said("REFNUM")) or reference_of(element.said("CHECKNUM")) or ""
        standing = Standing.PENDING if is_pending else Standing.BOOKED
        reference = reference_of(element.said("FITID"))
        told = (statement.account, reference, day, signed, currency, name, memo, standing)
        if reference is not None and told in self._told:
            said = f"The transaction {reference} stands in the file before, the same in all: FITID names one transaction, so it is passed over."
            findings.append(warning("told-before", said, "reference", reference))
            standing = Standing.INFORMATION
        self._told.add(told)
        return Entry(
            statement=statement,
            place=element.line,
            direction=Direction.DEBIT if signed is not None and signed < 0 else Direction.CREDIT,
            amount_minor=None if signed is None else abs(signed),
            currency=currency,
            day=day,
            at_us=at_us,
            reference=reference,
            payer_name=text_of(name),
            account_ref=text_of(memo) or number,
            details=text_of(memo or number, DETAILS_MAX),
            standing=standing,
            findings=findings,
            raw=f"{name}\n{memo}" if is_altered(name, memo) else None,
        )


def _contradictions(element: Element, signed: int | None) -> Iterator[Finding]:
    """Where an entry says two things: a kind against its sign, a value twice, or that it corrects another."""
    kind = element.said("TRNTYPE").upper()
    if signed and kind in {"CREDIT", "DEBIT"} and (signed < 0) != (kind == "DEBIT"):
        side = "below" if signed < 0 else "above"
        said = f"The entry says that it is a {kind.lower()}, and its amount is {side} zero: ask the bank which is right."
        yield error("side", said, "amount", element.said("TRNAMT"))
    for tag in _ONCE:
        if sum(each.tag == tag for each in element.children) > 1:
            yield error("twice", f"{tag} stands twice in the entry.")
    corrected = element.said("CORRECTFITID")
    if corrected:
        action = element.said("CORRECTACTION").upper() or "REPLACE"
        done = "takes back" if action == "DELETE" else "replaces"
        said = f"With this entry the bank {done} the entry {text_of(corrected, 64)} that it gave before: look after it by hand."
        yield error("correction", said, "reference", text_of(corrected, 64))


def _codec_said(chunks: Callable[[], Iterable[bytes]], encoding: Encoding | None) -> str | None:
    """The single-byte code page that the header names, where nothing else was said; the Western one needs no naming."""
    if encoding is not None or encodings.recognise(chunks()) is not Encoding.CP1252:
        return None
    found = _CHARSET.search(next(iter(chunks()), b"")[:_HEADER_BYTES])
    name = (found[1] or found[2]).decode("ascii").upper() if found else ""
    if windows := _WINDOWS.fullmatch(name):
        return f"cp{windows[1]}"
    iso = _ISO_8859.fullmatch(name)
    if iso is None:
        return None
    try:
        return codecs.lookup(f"iso8859-{iso[1]}").name
    except LookupError:
        return None


def _message(blocks: Iterable[str]) -> Iterator[str]:
    """The message behind its header: a header of version 1 is lines of `KEY:VALUE`, and holds no `<`."""
    before = True
    for block in blocks:
        if not before:
            yield block
        elif (at := block.find("<")) >= 0:
            yield "\n" * block.count("\n", 0, at) + block[at:]
            before = False


def _signed(text: str, currency: str, findings: list[Finding]) -> int | None:
    found = _AMOUNT.fullmatch(text.strip())
    if found is None or not (found[2] or found[3]):
        said = f"{text_of(text, 40)} is not an amount." if text.strip() else "There is no amount."
        findings.append(error("not-an-amount", said, "amount", text_of(text, 40)))
        return None
    try:
        refuse_thousands(found[2], found[3] or "", currency)
        minor = minor_units(found[2], found[3] or "", currency)
    except CellError as failure:
        findings.append(error(failure.code, str(failure), "amount", text_of(text, 40)))
        return None
    return -minor if found[1] == "-" else minor


def _when(text: str, findings: list[Finding]) -> tuple[str | None, int | None]:
    """The day, and the instant where the file states a time that is one."""
    found = _TIME.fullmatch(text.strip())
    if found is None:
        said = f"{text_of(text, 40)} is not a date." if text.strip() else "The entry has no date (DTPOSTED)."
        findings.append(error("date", said, "date", text_of(text, 40)))
        return None, None
    year, month, day = int(found[1]), int(found[2]), int(found[3])
    hour, minute, second = (int(found[at] or 0) for at in (4, 5, 6))
    try:
        at = datetime(year, month, day, hour, minute, second, tzinfo=_zone(found[7]))
    except ValueError:
        said = f"There is no day and time {text_of(text, 40)}."
        findings.append(error("date", said, "date", text_of(text, 40)))
        return None, None
    is_time = found[7] is not None or (hour, minute, second) not in {(0, 0, 0), (12, 0, 0)}
    return iso_day(year, month, day, findings), (at - _EPOCH) // timedelta(
        microseconds=1
    ) if is_time else None


def _zone(hours: str | None) -> timezone:
    return UTC if hours is None else timezone(timedelta(hours=float(hours)))
