"""ISO 20022 camt.053 (statement), camt.054 (notification) and camt.052 (report within the day).

Versions 2 to 14 differ in names at a few places; all are read by one set of paths. The file is parsed
piece by piece with a hardened parser: no entities, no document type, no network, bounded depth and breadth.
Source: the ISO 20022 message definitions of bank-to-customer cash management.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from lxml import etree

from branchtui.ledger.feeds.camt_entry import Movement, movements_of, text_at
from branchtui.ledger.feeds.finding import CellError, error, warning
from branchtui.ledger.feeds.statement import (
    ENTRIES_MAX,
    Damaged,
    Entry,
    Statement,
    is_currency,
    minor_units,
    text_of,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from lxml.etree import _Element

QUIET_BYTES_MAX: Final = 8 * 1024 * 1024
"""Bytes that may pass without the end of an entry or of what stands beside entries; one entry has 2 KiB."""

_NAMESPACE: Final = re.compile(
    r"\{urn:iso:std:iso:20022:tech:xsd:camt\.(05[234])\.001\.([0-9]{2})\}", re.ASCII
)
_VERSIONS: Final = range(2, 15)
_UNNAMED: Final = {"BkToCstmrStmt": "053", "BkToCstmrDbtCdtNtfctn": "054", "BkToCstmrAcctRpt": "052"}
"""Which message it is by the element around its statements, where no namespace says so."""

_CONTAINERS: Final = frozenset({"Stmt", "Ntfctn", "Rpt"})
_TOLD: Final = tuple(f"{{*}}{name}" for name in (*sorted(_CONTAINERS), "Ntry", "Acct", "Bal", "TxsSummry"))
"""Elements of which the parser tells: all others are looked up within them."""

_AMOUNT: Final = re.compile(r"\+?([0-9]*)(?:\.([0-9]*))?", re.ASCII)
_OPENING: Final = ("OPBD", "PRCD")
_CLOSING: Final = "CLBD"
_INTERIM: Final = "052"
_STATEMENT: Final = "053"


class CamtReader:
    """Reads one file. `chunks` gives its bytes from the beginning each time it is called."""

    def __init__(self, chunks: Callable[[], Iterable[bytes]]) -> None:
        self._chunks = chunks
        self.statements: list[Statement] = []
        self._open: Statement | None = None
        self._message = ""
        self._count = 0
        self._quiet = 0
        self._stated_entries = 0
        self._entries_here = 0
        self._balances: dict[str, tuple[int, str, str | None]] = {}

    def entries(self) -> Iterator[Entry]:
        """The entries in the order of the file; see `StatementReader`."""
        parser = etree.XMLPullParser(
            events=("start", "end"),
            tag=_TOLD,
            resolve_entities=False,
            no_network=True,
            load_dtd=False,
            dtd_validation=False,
            huge_tree=False,
            remove_comments=True,
            remove_pis=True,
        )
        events = parser.read_events()
        try:
            for chunk in _begun(self._chunks()):
                parser.feed(chunk)
                self._quiet += len(chunk)
                yield from self._entries(events)
                if self._quiet > QUIET_BYTES_MAX:
                    raise Damaged("xml", "Too much stands in one place of the file.")
            root = parser.close()
        except etree.XMLSyntaxError as failure:
            line = failure.lineno or 1
            said = f"The file is not whole XML: in line {line:,} it is cut off or damaged."
            if "encod" in str(failure) or "UTF-8" in str(failure):
                said = (
                    f"Line {line:,} holds bytes that are no text in the encoding that the file says it is in."
                )
            raise Damaged("xml", said, line) from failure
        self._refuse_doctype(root)
        yield from self._entries(events)
        if not self._message:
            for element in root.iter():
                self._recognise(element)
        if not self._message:
            raise Damaged("no-statement", "This is XML, but no camt.052, camt.053 or camt.054 message.")
        if not self.statements:
            raise Damaged("no-statement", f"This camt.{self._message} message holds no statement.")

    def _entries(self, events: Iterator[tuple[str, _Element]]) -> Iterator[Entry]:
        for event, element in events:
            name, parent = _name(element), element.getparent()
            if event == "start":
                self._started(name, element)
            elif name in _CONTAINERS:
                self._close(element)
                self._forget(parent, element)
            elif self._open is not None and parent is not None and _name(parent) in _CONTAINERS:
                if name == "Ntry":
                    yield from self._entry(element)
                else:
                    self._say(name, element)
                self._forget(parent, element)

    def _forget(self, parent: _Element | None, element: _Element) -> None:
        """What was read is not held any longer."""
        self._quiet = 0
        if parent is not None:
            parent.remove(element)

    def _started(self, name: str, element: _Element) -> None:
        if name not in _CONTAINERS:
            return
        self._refuse_doctype(element)
        self._recognise(element)
        parent = element.getparent()
        unnamed = _UNNAMED.get(str(parent.tag)) if parent is not None else None
        self._message = unnamed or self._message
        if not self._message:
            return
        if self._open is not None:
            raise Damaged("xml", "A statement stands inside a statement.", element.sourceline or 1)
        self._open = Statement(place=element.sourceline or 1, is_interim=self._message == _INTERIM)
        if unnamed:
            said = "The file does not name the version of its message (xmlns): it is read by its elements."
            self._open.findings.append(warning("version", said))
        self.statements.append(self._open)
        self._balances = {}
        self._stated_entries = self._entries_here = 0

    def _refuse_doctype(self, element: _Element) -> None:
        document = element.getroottree().docinfo
        if document.doctype or document.internalDTD is not None:
            raise Damaged("doctype", "The file declares a document type; no statement of a bank does.")

    def _recognise(self, element: _Element) -> None:
        found = _NAMESPACE.match(element.tag) if isinstance(element.tag, str) else None
        if found is None:
            return
        self._message = found[1]
        if int(found[2]) not in _VERSIONS:
            raise Damaged(
                "version",
                f"camt.{found[1]} in version {int(found[2])} is not known; versions 2 to 14 are.",
                element.sourceline or 1,
            )

    def _say(self, name: str, element: _Element) -> None:
        """What stands beside the entries: account, balances, totals."""
        statement = self._open
        assert statement is not None, "only called within a statement"
        if name == "Acct":
            account = (
                text_at(element, "Id/IBAN")
                or text_at(element, "Id/Othr/Id")
                or text_at(element, "Id/PrtryAcct/Id")
            )
            statement.account = text_of(account)
            currency = text_at(element, "Ccy")
            if is_currency(currency):
                statement.currency = currency
        elif name == "Bal":
            self._balance(statement, element)
        elif name == "TxsSummry":
            self._totals(statement, element)

    def _balance(self, statement: Statement, element: _Element) -> None:
        code = text_at(element, "Tp/CdOrPrtry/Cd")
        amount = element.find("{*}Amt")
        if amount is None or code not in {*_OPENING, _CLOSING} or code in self._balances:
            return
        currency = amount.get("Ccy") or ""
        minor = _minor(amount.text or "", currency)
        if minor is None or not is_currency(currency):
            said = "A balance of the statement cannot be read."
            statement.findings.append(error("balance", said, None, text_of(amount.text or "")))
            return
        signed = -minor if text_at(element, "CdtDbtInd") == "DBIT" else minor
        on = (text_at(element, "Dt/Dt") or text_at(element, "Dt/DtTm"))[:10]
        self._balances[code] = signed, currency, text_of(on) or None

    def _only_day(self) -> str | None:
        """The day of a statement whose first and last balances are of one day, if they are."""
        days = {on for code, (_, _, on) in self._balances.items() if code != "PRCD"}
        return next(iter(days)) if len(days) == 1 and _CLOSING in self._balances else None

    def _totals(self, statement: Statement, element: _Element) -> None:
        stated = text_at(element, "TtlNtries/NbOfNtries")
        self._stated_entries = (
            int(stated) if stated.isascii() and stated.isdigit() and len(stated) < 10 else 0
        )
        if not statement.currency:
            return
        for path, name in (("TtlCdtNtries", "stated_credits_minor"), ("TtlDbtNtries", "stated_debits_minor")):
            said = text_at(element, f"{path}/Sum")
            minor = _minor(said, statement.currency) if said else None
            if minor is not None:
                setattr(statement, name, minor)

    def _close(self, element: _Element) -> None:
        statement, self._open = self._open, None
        if statement is None:
            return
        statement.identity = text_of(text_at(element, "Id"))
        if self._stated_entries and self._stated_entries != self._entries_here:
            said = f"It states {self._stated_entries:,} entries; it has {self._entries_here:,}: some may be missing."
            statement.findings.append(warning("total-differs", said))
        if not statement.account:
            statement.findings.append(error("no-account", "The statement names no account (Acct/Id)."))
        for code in (*_OPENING, _CLOSING):
            if code not in self._balances:
                continue
            signed, currency, on = self._balances[code]
            statement.currency = statement.currency or currency
            if currency != statement.currency:
                said = f"A balance ({code}) is in {currency}, the account in {statement.currency}: it cannot be compared."
                statement.findings.append(warning("balance-currency", said))
            elif code == _CLOSING:
                statement.closing_minor, statement.closing_on = signed, on
            elif statement.opening_minor is None:
                statement.opening_minor, statement.opening_on = signed, on

    def _entry(self, element: _Element) -> Iterator[Entry]:
        statement = self._open
        assert statement is not None, "only called within a statement"
        self._entries_here += 1
        if not statement.currency and (amount := element.find("{*}Amt")) is not None:
            currency = amount.get("Ccy") or ""
            statement.currency = currency if is_currency(currency) else ""
        place = element.sourceline or 1
        is_statement = self._message == _STATEMENT
        day = self._only_day() if is_statement else None
        for movement in movements_of(element, day, is_statement=is_statement):
            self._count += 1
            if self._count > ENTRIES_MAX:
                raise Damaged("too-many-rows", f"A file may hold {ENTRIES_MAX:,} entries at most.", place)
            if statement.currency and movement.currency not in {statement.currency, ""}:
                said = f"The entry is in {movement.currency}, its account in {statement.currency}: look after it by hand."
                movement.findings.append(error("currency", said, "currency", movement.currency))
            yield _made(statement, place, movement)


def _made(statement: Statement, place: int, movement: Movement) -> Entry:
    return Entry(
        statement=statement,
        place=place,
        direction=movement.direction,
        amount_minor=movement.amount_minor,
        currency=movement.currency,
        day=movement.day,
        at_us=movement.at_us,
        reference=movement.reference,
        payer_name=movement.payer_name,
        account_ref=movement.account_ref,
        details=movement.details,
        standing=movement.standing,
        is_reversal=movement.is_reversal,
        findings=movement.findings,
        raw=movement.raw,
        booking=movement.booking,
        other_day=movement.other_day,
    )


def _begun(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """The file without the blank lines that may stand before its declaration, where XML allows none."""
    has_begun = False
    for chunk in chunks:
        told = chunk if has_begun else chunk.lstrip(b" \t\r\n")
        has_begun = has_begun or bool(told)
        if told:
            yield told


def _name(element: _Element) -> str:
    tag = element.tag
    return tag.rpartition("}")[2] if isinstance(tag, str) else ""


def _minor(text: str, currency: str) -> int | None:
    found = _AMOUNT.fullmatch(text.strip())
    if found is None or not (found[1] or found[2]):
        return None
    try:
        return minor_units(found[1], found[2] or "", currency)
    except CellError:
        return None
