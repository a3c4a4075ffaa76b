"""OFX 1 and 2, and QFX: statements of bank and card accounts.

Source: the OFX specifications 1.0.2 to 2.3 (Financial Data Exchange): a statement's transaction is named by
FITID within its account, its amount is signed, a time without a zone is GMT. Many banks write the day alone,
or midnight: that is a day of the branch.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone
from typing import TYPE_CHECKING, Final

from branchtui.ledger.feeds.finding import CellError, Finding, error
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
    text_of,
)
from branchtui.ledger.feeds.texts_in_blocks import text_blocks

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from branchtui.contract.imports import Encoding

_STATEMENTS: Final = frozenset({"STMTRS", "CCSTMTRS"})
_ENTRIES: Final = frozenset({"STMTTRN", "STMTTRNP"})
_KEPT: Final = frozenset({*_STATEMENTS, *_ENTRIES, "STMTTRNRS", "CCSTMTTRNRS"})
_AMOUNT: Final = re.compile(r"([+-]?)([0-9]{0,20})(?:[.,]([0-9]{0,20}))?", re.ASCII)
_TIME: Final = re.compile(
    r"([0-9]{4})([0-9]{2})([0-9]{2})(?:([0-9]{2})([0-9]{2})([0-9]{2})?)?(?:[.:][0-9]{1,6})?"
    r"(?:\s*\[([+-]?[0-9]{1,2}(?:\.[0-9]{1,2})?)(?::[A-Za-z]{1,6})?\])?",
    re.ASCII,
)
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

    def entries(self) -> Iterator[Entry]:
        """The entries in the order of the file; see `StatementReader`."""
        for event, element in elements(_message(text_blocks(self._chunks, self._encoding)), _KEPT):
            tag = element.tag
            if event == "begin":
                if tag in _STATEMENTS:
                    self._body = element
                    self._open = Statement(place=element.line)
                    self.statements.append(self._open)
                continue
            if tag in _ENTRIES:
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
        if is_currency(currency):
            signed = _signed(element.said("TRNAMT"), currency, findings)
        else:
            findings.append(error("currency", "It is not known in which currency this is.", "currency"))
        day, at_us = _when(element.said("DTPOSTED"), findings)
        name = element.said("NAME") or element.said("PAYEE", "NAME")
        memo = element.said("MEMO")
        number = reference_of(element.said("REFNUM")) or reference_of(element.said("CHECKNUM")) or ""
        return Entry(
            statement=statement,
            place=element.line,
            direction=Direction.DEBIT if signed is not None and signed < 0 else Direction.CREDIT,
            amount_minor=None if signed is None else abs(signed),
            currency=currency,
            day=day,
            at_us=at_us,
            reference=reference_of(element.said("FITID")),
            payer_name=text_of(name),
            account_ref=text_of(memo) or number,
            details=text_of(memo or number, DETAILS_MAX),
            standing=Standing.PENDING if element.tag == "STMTTRNP" else Standing.BOOKED,
            findings=findings,
            raw=f"{name}\n{memo}" if is_altered(name, memo) else None,
        )


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
