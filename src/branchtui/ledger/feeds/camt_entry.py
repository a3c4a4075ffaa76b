"""One entry of a camt message: a movement, or, where a batch lists its payments, one movement for each."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Final

from lxml import etree

from branchtui.format.money import money
from branchtui.ledger.feeds.finding import CellError, Finding, error, warning
from branchtui.ledger.feeds.statement import (
    DETAILS_MAX,
    Booking,
    Direction,
    Standing,
    is_altered,
    is_currency,
    iso_day,
    minor_units,
    reference_of,
    text_of,
)

if TYPE_CHECKING:
    from lxml.etree import _Element

_AMOUNT: Final = re.compile(r"\s*\+?([0-9]*)(?:\.([0-9]*))?\s*", re.ASCII)
_DATE: Final = re.compile(
    r"\s*([0-9]{4})-([0-9]{2})-([0-9]{2})(T\S+)?\s*(?:Z|[+-][0-9]{2}:?[0-9]{2})?\s*", re.ASCII
)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_STANDINGS: Final = {"BOOK": Standing.BOOKED, "PDNG": Standing.PENDING, "FUTR": Standing.PENDING}
_DIRECTIONS: Final = {"CRDT": Direction.CREDIT, "DBIT": Direction.DEBIT}
_DAYS: Final = ("BookgDt/DtTm", "BookgDt/Dt", "ValDt/DtTm", "ValDt/Dt")
_ENTERED: Final = frozenset(
    {
        *(
            "Sts",
            "BookgDt",
            "ValDt",
            "NtryDtls",
            "NtryDtls/Btch",
            "Refs",
            "AmtDtls",
            "AmtDtls/TxAmt",
            "AmtDtls/InstdAmt",
        ),
        *("RmtInf", "RmtInf/Strd", "RmtInf/Strd/CdtrRefInf", "RmtInf/Strd/RfrdDocInf", "RltdPties"),
        *(f"RltdPties/{role}" for role in ("Dbtr", "UltmtDbtr", "Cdtr", "UltmtCdtr", "DbtrAcct")),
        *(f"RltdPties/{role}/Pty" for role in ("Dbtr", "UltmtDbtr", "Cdtr", "UltmtCdtr")),
    }
)
"""Elements that are asked for what stands in them; all others are passed by as a whole."""

_RAW_MAX: Final = 8_000


_DEBTORS, _CREDITORS = (
    tuple(f"RltdPties/{role}/{name}" for role in roles for name in ("Pty/Nm", "Nm"))
    for roles in (("Dbtr", "UltmtDbtr"), ("Cdtr", "UltmtCdtr"))
)
_REFERENCES: Final = ("Refs/AcctSvcrRef", "Refs/UETR", "Refs/TxId")


@dataclass(slots=True)
class Movement:
    """What an entry, or one payment of its batch, comes to; as `Entry`, without its statement."""

    direction: Direction
    amount_minor: int | None
    currency: str
    day: str | None
    at_us: int | None
    reference: str | None
    standing: Standing
    is_reversal: bool
    payer_name: str = ""
    account_ref: str = ""
    details: str = ""
    raw: str | None = None
    findings: list[Finding] = field(default_factory=list)
    booking: Booking | None = None
    other_day: str | None = None


@cache
def _path(path: str) -> str:
    return "/".join(f"{{*}}{step}" for step in path.split("/"))


def text_at(element: _Element, path: str) -> str:
    """The text at a path of local names, whatever the version; empty where there is none."""
    found: str | None = element.findtext(_path(path))
    return found.strip() if found else ""


@lru_cache(maxsize=1_024)
def _local(tag: str) -> str:
    return tag.rpartition("}")[2]


class Inside:
    """What stands in an entry, or in one payment of its batch, by paths of local names, whatever the version.

    Walked once, no deeper than the questions go: an entry is asked two dozen, and a search through the tree for each
    of them would cost most of the reading.
    """

    __slots__ = ("_found",)

    def __init__(self, element: _Element) -> None:
        self._found: dict[str, list[_Element]] = {}
        self._walk(element, "")

    def _walk(self, element: _Element, begun: str) -> None:
        found = self._found
        for child in element:
            tag = child.tag
            if isinstance(tag, str):
                path = begun + _local(tag)
                if path in found:
                    found[path].append(child)
                else:
                    found[path] = [child]
                if path in _ENTERED:
                    self._walk(child, path + "/")

    def all(self, path: str) -> list[_Element]:
        """Every element at this path, in the order of the file; nothing is known below elements not in `_ENTERED`."""
        return self._found.get(path, [])

    def text(self, path: str) -> str:
        """The text of the first element at this path, stripped; empty where there is none."""
        found = self._found.get(path)
        text = found[0].text if found else None
        return text.strip() if text else ""


def movements_of(element: _Element, day: str | None = None, *, is_statement: bool = False) -> list[Movement]:
    """The movements of an `Ntry`: the payments of its batch where they add up to it, else the entry as one.

    `day` is that of a statement of one day: clearing houses leave it out of its entries. In a statement
    (`is_statement`) an entry is booked where it does not say how it stands.
    """
    inside = Inside(element)
    whole = _entry(inside, day, Standing.BOOKED if is_statement else Standing.INFORMATION)
    parts = inside.all("NtryDtls/TxDtls")
    if whole.direction is not Direction.CREDIT or whole.amount_minor is None:
        _describe(whole, element, inside, Inside(parts[0]) if len(parts) == 1 else inside)
        return [whole]
    told = [Inside(part) for part in parts]
    stated = _stated(inside)
    count = max(stated, len(parts), 1)
    whole.booking = _booking(inside, told, whole, count)
    if len(parts) == 1 and stated < 2:
        _doubt_amount(whole, told[0])
        _describe(whole, element, inside, told[0])
        return [whole]
    if len(parts) > 1:
        split = [_part(whole, element, inside, each) for each in told]
        amounts = [each.amount_minor for each in split if each is not None]
        if len(amounts) == len(parts) and sum(each or 0 for each in amounts) == whole.amount_minor:
            return [each for each in split if each is not None]
        said = f"The {len(parts)} payments listed in the entry do not add up to it."
        whole.findings.append(warning("batch", said))
    elif stated > 1:
        said = f"The entry is of {stated:,} payments and lists {'one' if parts else 'none'} of them."
        whole.findings.append(warning("batch", said))
    _describe(whole, element, inside, inside)
    return [whole]


def _stated(inside: Inside) -> int:
    """How many payments an entry says that it is of; 0 where it says nothing."""
    said = [(each.text or "").strip() for each in inside.all("NtryDtls/Btch/NbOfTxs")]
    return sum(int(each) for each in said if each.isascii() and each.isdigit() and len(each) < 10)


def _booking(inside: Inside, told: list[Inside], whole: Movement, count: int) -> Booking | None:
    """What names the whole entry in every file of the bank; None where nothing but its own reference does."""
    batch = [inside.text(each) for each in ("NtryRef", "NtryDtls/Btch/PmtInfId", "NtryDtls/Btch/MsgId")]
    batch += dict.fromkeys([each.text("Refs/PmtInfId") for each in told])
    found = [name for each in batch if each and (name := reference_of(each)) is not None]
    if count < 2 and not found:
        return None
    own = [whole.reference] if whole.reference is not None else []
    return Booking(tuple(dict.fromkeys([*own, *found])), whole.amount_minor or 0, count)


def _doubt_amount(whole: Movement, details: Inside) -> None:
    """Say where the one payment of an entry is of another amount than the entry: charges, or payments not listed."""
    stated = details.all("Amt")
    if not stated or stated[0].get("Ccy") != whole.currency or whole.amount_minor is None:
        return
    minor = _minor(stated[0].text or "", whole.currency, [])
    if minor is not None and minor != whole.amount_minor:
        said = (
            f"The payment listed in the entry is of {money(minor, whole.currency)} {whole.currency}, the entry of "
            f"{money(whole.amount_minor, whole.currency)}: what was booked is taken."
        )
        whole.findings.append(warning("amount-differs", said, "amount"))


def _entry(inside: Inside, statement_day: str | None, unsaid: Standing) -> Movement:
    findings: list[Finding] = []
    said = inside.text("CdtDbtInd")
    if said not in _DIRECTIONS:
        findings.append(
            error("entry", "The entry does not say whether it is a credit or a debit.", None, text_of(said))
        )
    findings += [
        error("twice", f"{name} stands twice in the entry.")
        for name in ("Amt", "CdtDbtInd")
        if len(inside.all(name)) > 1
    ]
    currency, amount = _amount(inside, findings)
    day, at_us = _when(inside, findings, statement_day)
    status = inside.text("Sts/Cd") or inside.text("Sts") or inside.text("Sts/Prtry")
    return Movement(
        direction=_DIRECTIONS.get(said, Direction.DEBIT),
        amount_minor=amount,
        currency=currency,
        day=day,
        other_day=_valued(inside),
        at_us=at_us,
        reference=reference_of(inside.text("AcctSvcrRef")),
        standing=_STANDINGS.get(status, Standing.INFORMATION) if status else unsaid,
        is_reversal=inside.text("RvslInd") in {"true", "1"},
        findings=findings,
    )


def _part(whole: Movement, element: _Element, entry: Inside, details: Inside) -> Movement | None:
    """One payment of a batch, if it states its own amount in the entry's currency."""
    findings: list[Finding] = []
    stated = details.all("Amt") or details.all("AmtDtls/TxAmt/Amt") or details.all("AmtDtls/InstdAmt/Amt")
    if not stated or stated[0].get("Ccy") != whole.currency:
        return None
    if details.text("CdtDbtInd") not in {"", "CRDT"}:
        return None
    minor = _minor(stated[0].text or "", whole.currency, findings)
    if minor is None:
        return None
    movement = Movement(
        direction=whole.direction,
        amount_minor=minor,
        currency=whole.currency,
        day=whole.day,
        other_day=whole.other_day,
        at_us=whole.at_us,
        reference=whole.reference,
        standing=whole.standing,
        is_reversal=whole.is_reversal,
        findings=[*whole.findings],
    )
    if whole.booking is not None:
        movement.booking = replace(whole.booking, is_listed=True)
    own = _reference(details)
    if own is not None:
        movement.reference = own
    _describe(movement, element, entry, details)
    return movement


def _describe(movement: Movement, element: _Element, entry: Inside, details: Inside) -> None:
    """Who paid and what for, from the details of the payment, else from the entry."""
    if movement.reference is None:
        movement.reference = _reference(details)
    name = ""
    debtor = movement.direction is Direction.CREDIT
    for path in _DEBTORS if debtor else _CREDITORS:
        name = name or details.text(path)
    if debtor and not name:
        name = details.text("RltdPties/DbtrAcct/Nm")
    if details.all("RtrInf"):
        movement.is_reversal = True  # what went out and came back: nobody's payment
    structured = [each.text or "" for each in details.all("RmtInf/Strd/CdtrRefInf/Ref")]
    invoices = [each.text or "" for each in details.all("RmtInf/Strd/RfrdDocInf/Nb")]
    plain = [each.text or "" for each in details.all("RmtInf/Ustrd")]
    plain += [each.text or "" for each in details.all("RmtInf/Strd/AddtlRmtInf")]
    end_to_end = details.text("Refs/EndToEndId")
    more = details.text("AddtlTxInf") or entry.text("AddtlNtryInf")
    purpose = " ".join([*plain, *structured, *invoices]).strip()
    movement.payer_name = text_of(name)
    says = (*structured, " ".join(plain), " ".join(invoices), end_to_end, more)
    movement.account_ref = next((text_of(each) for each in says if reference_of(each) is not None), "")
    movement.details = text_of(purpose or more, DETAILS_MAX)
    if is_altered(name, purpose, end_to_end, more):
        movement.raw = etree.tostring(element, encoding="unicode")[:_RAW_MAX]


def _reference(details: Inside) -> str | None:
    """What names one payment everywhere: the bank's reference, else the network's own."""
    for path in _REFERENCES:
        found = reference_of(details.text(path))
        if found is not None:
            return found
    return None


def _amount(inside: Inside, findings: list[Finding]) -> tuple[str, int | None]:
    stated = inside.all("Amt")
    if not stated:
        findings.append(error("not-an-amount", "The entry has no amount.", "amount"))
        return "", None
    currency = stated[0].get("Ccy") or ""
    if not is_currency(currency):
        findings.append(error("currency", "The amount has no currency.", "currency", text_of(currency)))
        return "", None
    return currency, _minor(stated[0].text or "", currency, findings)


def _minor(text: str, currency: str, findings: list[Finding]) -> int | None:
    found = _AMOUNT.fullmatch(text)
    if found is None or not (found[1] or found[2]):
        said = f"{text_of(text, 40)} is not an amount." if text.strip() else "There is no amount."
        findings.append(error("not-an-amount", said, "amount", text_of(text, 40)))
        return None
    try:
        return minor_units(found[1], found[2] or "", currency)
    except CellError as failure:
        findings.append(error(failure.code, str(failure), "amount", text_of(text, 40)))
        return None


def _when(
    inside: Inside, findings: list[Finding], statement_day: str | None
) -> tuple[str | None, int | None]:
    """The day on which the bank booked the entry, else its value date; the instant where it has a zone."""
    for path in _DAYS:
        said = inside.text(path)
        if not said:
            continue
        if day := _day_alone(said):
            return day, None
        found = _DATE.fullmatch(said)
        if found is None:
            findings.append(error("date", f"{text_of(said, 40)} is not a date.", "date", text_of(said, 40)))
            return None, None
        day = iso_day(int(found[1]), int(found[2]), int(found[3]), findings)
        return day, _instant(said) if found[4] else None
    if statement_day is not None:
        findings.append(
            warning("date", f"The entry has no date: {statement_day}, its statement's day, is taken.")
        )
        return statement_day, None
    findings.append(error("date", "The entry has no date.", "date"))
    return None, None


def _valued(inside: Inside) -> str | None:
    """The day of value, which other files of the bank may count by."""
    said = inside.text("ValDt/DtTm") or inside.text("ValDt/Dt")
    return _value_day(said) if said else None


@lru_cache(maxsize=1_024)
def _value_day(said: str) -> str | None:
    found = _DATE.fullmatch(said)
    return iso_day(int(found[1]), int(found[2]), int(found[3]), []) if found else None


@lru_cache(maxsize=1_024)
def _day_alone(said: str) -> str | None:
    """The ISO date of a day without an instant, where there is one; a file names few days, each many times."""
    found = _DATE.fullmatch(said)
    if found is None or found[4]:
        return None
    doubts: list[Finding] = []
    day = iso_day(int(found[1]), int(found[2]), int(found[3]), doubts)
    return None if doubts else day


def _instant(said: str) -> int | None:
    try:
        at = datetime.fromisoformat(said)
    except ValueError:
        return None
    return None if at.tzinfo is None else (at - _EPOCH) // timedelta(microseconds=1)
