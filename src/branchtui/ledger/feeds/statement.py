"""The one shape of a statement, whatever format it came in: what it says of itself, and its entries.

Each format has a reader of its own (`mt940`, `camt`, `ofx`, `bai2`, `qif`, `statement_table`). A reader
yields entries in the order of the file while it goes, and fills in the statement that each belongs to;
what it cannot read as a whole ends it with `Damaged`. Readers know nothing of the ledger.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from functools import lru_cache
from typing import Final, Protocol

from branchtui.contract.base import MAX_AMOUNT_MINOR
from branchtui.format.money import exponent_of, money
from branchtui.ledger.feeds.finding import CellError, Finding, error, shown, warning
from branchtui.ledger.feeds.incoming import clean

ENTRIES_MAX: Final = 250_000
"""Entries of one file (ledger, section 2.7)."""

TEXT_MAX: Final = 140
DETAILS_MAX: Final = 500
REFERENCE_MAX: Final = 64
_DIGITS_MAX: Final = 18
_GROUP: Final = 3
_CENTURY: Final = 80
"""Years written with two digits: 80 to 99 are of the last century."""

NOTHING_SAID: Final = frozenset(
    {"", "NONREF", "NOREF", "NOTPROVIDED", "NOT PROVIDED", "NOTAVAILABLE", "NONE", "N/A", "NA", "UNKNOWN"}
)
"""What banks write where they have no reference."""


class Direction(StrEnum):
    """Whether the account's owner received or paid."""

    CREDIT = "credit"
    DEBIT = "debit"


class Standing(StrEnum):
    """Whether the bank has booked an entry. Only what is booked is money."""

    BOOKED = "booked"
    PENDING = "pending"
    INFORMATION = "information"


class Damaged(Exception):
    """The file cannot be taken for what it says it is; `str()` is the reason, for a person.

    `place` is the line, or the number of the entry, where reading ended.
    """

    def __init__(self, code: str, message: str, place: int = 1) -> None:
        super().__init__(message)
        self.code = code
        self.place = place


@dataclass(slots=True)
class Statement:
    """What a statement says of itself. Balances are signed minor units of `currency`: overdrawn is negative.

    `provider` names a provider of mobile money whose statement this is; empty for a bank's.
    `is_interim` marks a report within the day, which promises no closing balance. `findings` are about
    the statement as a whole. `stated_credits_minor` and `stated_debits_minor` are totals that it gives itself.
    """

    account: str = ""
    identity: str = ""
    currency: str = ""
    place: int = 1
    opening_minor: int | None = None
    opening_on: str | None = None
    closing_minor: int | None = None
    closing_on: str | None = None
    stated_credits_minor: int | None = None
    stated_debits_minor: int | None = None
    is_interim: bool = False
    provider: str = ""
    findings: list[Finding] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Booking:
    """The booking of the bank that an entry is, or is one payment of: two files may tell of it in two ways.

    `references` name it in whichever file; `count` are the payments that it stands for, 1 where nothing says more.
    `is_listed`: the file lists them, and this is one of them; then `amount_minor` is that of all.
    """

    references: tuple[str, ...]
    amount_minor: int
    count: int = 1
    is_listed: bool = False

    @property
    def is_several(self) -> bool:
        """Whether it is of several payments that the file does not tell apart."""
        return self.count > 1 and not self.is_listed


@dataclass(slots=True)
class Entry:
    """One movement on the account.

    `amount_minor` is never negative: `direction` is the sign; None where it could not be read, and then
    an error is among `findings`. `day` is the ISO date that counts, `other_day` another that the bank gives it (of value,
    or of booking), which a file in another format may count by; `at_us` the very instant (microseconds since 1970 UTC)
    where the file gives one. `reference` is the bank's own for this entry, None where it
    gave none. `is_opening` marks a balance carried forward, `is_blank` an empty row: neither is a payment.
    Texts are cleaned (VAL-3); `raw` holds the entry as it came where that changed them. `booking` is told where
    another file may tell of the same money in more, or fewer, entries.
    """

    statement: Statement
    place: int
    direction: Direction
    amount_minor: int | None
    currency: str
    day: str | None
    at_us: int | None = None
    reference: str | None = None
    payer_name: str = ""
    payer_phone: str = ""
    account_ref: str = ""
    details: str = ""
    standing: Standing = Standing.BOOKED
    is_reversal: bool = False
    is_opening: bool = False
    is_blank: bool = False
    findings: list[Finding] = field(default_factory=list)
    raw: str | None = None
    booking: Booking | None = None
    other_day: str | None = None


class StatementReader(Protocol):
    """Reads one file. `statements` are those met so far."""

    statements: list[Statement]

    def entries(self) -> Iterator[Entry]:
        """The entries in the order of the file.

        Raises:
            Damaged: the file cannot be read to its end; nothing of it is to be taken in.
        """
        ...


def minor_units(whole: str, part: str, currency: str) -> int:
    """Minor units of an amount whose digits stand before and behind its decimal sign; zeros too many are let go.

    Raises:
        CellError: more decimals than the currency has, or more money than there is.
    """
    decimals = exponent_of(currency)
    if len(part) > decimals:
        if part[decimals:].strip("0"):
            said = f"{shown(f'{whole}.{part}')} has {len(part)} decimals; {currency} has {decimals}."
            raise CellError("decimals", said)
        part = part[:decimals]
    if len(whole.lstrip("0")) > _DIGITS_MAX:
        raise too_much(whole, currency)
    amount: int = int(whole or "0") * 10**decimals + int(part.ljust(decimals, "0") or "0")
    if amount > MAX_AMOUNT_MINOR:
        raise too_much(whole, currency)
    return amount


def refuse_thousands(whole: str, part: str, currency: str) -> None:
    """Refuse `1,250` and `1.250` where nothing shows whether the sign stands between thousands or before decimals.

    Raises:
        CellError: it can be read in two ways.
    """
    decimals = exponent_of(currency)
    if len(part) != _GROUP or not 0 < len(whole) <= _GROUP or whole[0] == "0" or part[decimals:].strip("0"):
        return  # a third decimal that is not zero is refused for what it is
    if decimals < _GROUP:
        said = f"{whole}.{part} may be {whole}{part} or {whole}.{part[:2]}: it is not clear which sign is the decimal one."
        raise CellError("grouping", said)


def too_much(text: str, currency: str) -> CellError:
    """An amount that no account here can hold."""
    most = money(MAX_AMOUNT_MINOR, currency)
    return CellError("too-much", f"{shown(text)} is more than {most}, the most.")


def iso_day(year: int, month: int, day: int, findings: list[Finding]) -> str | None:
    """The ISO date; a day that its month does not have becomes the month's last, and says so (30 February).

    None, with an error among `findings`, where there is no such month or day at all.
    """
    real = _real_day(year, month, day)
    if real is not None:
        return real
    if not (1 <= month <= 12 and 1 <= day <= 31 and 1900 <= year <= 2999):
        findings.append(error("date", f"There is no day {year:04d}-{month:02d}-{day:02d}.", "date"))
        return None
    taken = f"{year:04d}-{month:02d}-{monthrange(year, month)[1]:02d}"
    said = f"There is no {year:04d}-{month:02d}-{day:02d}: {taken} is taken for it."
    findings.append(warning("day-moved", said, "date"))
    return taken


@lru_cache(maxsize=1_024)
def _real_day(year: int, month: int, day: int) -> str | None:
    """The ISO date of a day that a statement may be of, if there is such a day; a file names few, each many times."""
    if not 1900 <= year <= 2999:
        return None
    try:
        return date(year, month, day).isoformat()
    except ValueError:
        return None


def full_year(two_digits: int) -> int:
    """The year that two digits mean in a statement."""
    return (1900 if two_digits >= _CENTURY else 2000) + two_digits


def is_currency(code: str) -> bool:
    """Whether this is written as a currency code is."""
    return len(code) == 3 and code.isascii() and code.isalpha() and code.isupper()


def text_of(raw: str, longest: int = TEXT_MAX) -> str:
    """A text of a stranger as it may be kept and shown: cleaned, on one line, at most so long."""
    if not raw:
        return ""
    if raw.isascii() and raw.isprintable():
        if "  " in raw or raw[0] == " " or raw[-1] == " ":
            raw = " ".join(raw.split())
        return raw[:longest]
    return clean(_on_one_line(raw))[:longest]


def is_altered(*raws: str) -> bool:
    """Whether cleaning takes something out of one of these texts (line breaks and tabs are nothing)."""
    together = "".join(raws)
    if together.isascii() and together.isprintable():  # nearly always
        return False
    return any(map(_is_altered, raws))


def _is_altered(raw: str) -> bool:
    if raw.isascii() and raw.isprintable():
        return False
    return "\N{REPLACEMENT CHARACTER}" in clean(_on_one_line(raw))


def reference_of(raw: str) -> str | None:
    """The bank's own reference for an entry, or None where it wrote that there is none."""
    if not raw:
        return None
    text = text_of(raw, REFERENCE_MAX + 1)
    if text.upper() in NOTHING_SAID or not text.strip("0-./ "):
        return None
    return text


def _on_one_line(raw: str) -> str:
    return raw.replace("\r", " ").replace("\n", " ").replace("\t", " ")
