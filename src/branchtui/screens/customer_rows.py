"""The parts of a profile in words and columns, and the tabs they stand on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from branchtui.format.cells import cell_width
from branchtui.format.dates import show_date
from branchtui.format.money import money
from branchtui.screens.rows import (
    ROOMY,
    WIDE,
    account_columns,
    entry_columns,
    short_instant,
    shown_phone,
    words,
)
from branchtui.widgets.columns import Column

if TYPE_CHECKING:
    from datetime import date

    from branchtui.contract.customer_parts import (
        Address,
        Document,
        FamilyMember,
        HistoryEntry,
        Identifier,
        Note,
    )
    from branchtui.contract.customers import Account
    from branchtui.screens.desk import Desk

_KIB: Final = 1024


@dataclass(frozen=True)
class Tab:
    """One tab of a profile: what of the profile it asks for, and how its rows are shown."""

    name: str
    label: str
    include: tuple[str, ...]
    columns: Callable[[Desk], list[Column[Any]]]
    empty: str


@dataclass(frozen=True)
class DetailRow:
    """A field of the form, or a further detail (`is_further`): only those are kept by hand on this tab."""

    name: str
    value: str
    is_further: bool = False

    @property
    def id(self) -> str:
        """What a list knows it by."""
        return f"{'further' if self.is_further else 'form'}:{self.name}"


def day_words(value: date | None) -> str:
    """A day, or nothing."""
    return show_date(value) if value else ""


def yes_words(value: object) -> str:
    """`yes`, or nothing."""
    return "yes" if value else ""


# ── columns ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def _family(_: Desk) -> list[Column[FamilyMember]]:
    return [
        Column("Name", family_name, fraction=2),
        Column("Relationship", lambda one: one.relationship, width=14),
        Column("Phone", lambda one: shown_phone(one.mobile_no), width=14, from_width=ROOMY),
        Column("Born", lambda one: day_words(one.date_of_birth) or age_words(one), width=10),
        Column("Contact", lambda one: yes_words(one.is_contact), width=7, from_width=ROOMY),
        Column("Dependent", lambda one: yes_words(one.is_dependent), width=9, from_width=WIDE),
    ]


def family_name(one: FamilyMember) -> str:
    """First, middle and last name."""
    return " ".join(part for part in (one.first_name, one.middle_name, one.last_name) if part)


def age_words(one: FamilyMember) -> str:
    """An age in years, or nothing."""
    return "" if one.age is None else f"{one.age} years"


def _addresses(_: Desk) -> list[Column[Address]]:
    return [
        Column("Type", lambda one: one.address_type, width=12),
        Column("Address", address_line, fraction=2),
        Column("Country", lambda one: one.country or "", width=7, from_width=ROOMY),
        Column("State", lambda one: "" if one.active else "not active", width=10),
    ]


def address_line(one: Address) -> str:
    """Street to province, with commas."""
    parts = (
        one.street,
        one.line_1,
        one.line_2,
        one.line_3,
        one.city,
        one.state_province,
        one.postal_code,
    )
    return ", ".join(part for part in parts if part)


def _identifiers(_: Desk) -> list[Column[Identifier]]:
    return [
        Column("Type", lambda one: one.identifier_type, width=18),
        Column("Number", lambda one: one.number),
        Column("Valid until", lambda one: day_words(one.valid_until), width=11),
        Column("Description", lambda one: one.description or "", from_width=ROOMY),
    ]


def _documents(desk: Desk) -> list[Column[Document]]:
    return [
        Column("Name", lambda one: one.name),
        Column("What it is", document_kind, width=16),
        Column("Size", lambda one: size_words(one.length), width=9, align="right"),
        Column("When", lambda one: short_instant(one.created_at, desk), width=12),
        Column("By", lambda one: one.created_by, width=12, from_width=ROOMY),
    ]


_MEDIA: Final = {
    "application/pdf": "PDF",
    "image/png": "image, PNG",
    "image/jpeg": "image, JPEG",
    "image/gif": "image, GIF",
    "image/tiff": "image, TIFF",
    "image/webp": "image, WebP",
    "text/plain": "text",
}


def document_kind(one: Document) -> str:
    """What a document is, by its content."""
    return _MEDIA.get(one.media_type, one.media_type)


def size_words(length: int) -> str:
    """Bytes as a person says them: `812 B`, `3.2 KiB`, `1.5 MiB`."""
    if length < _KIB:
        return f"{length} B"
    kib = length / _KIB
    return f"{kib:.1f} KiB" if kib < _KIB else f"{kib / _KIB:.1f} MiB"


def _notes(desk: Desk) -> list[Column[Note]]:
    return [
        Column("Note", lambda one: one.note),
        Column("When", lambda one: short_instant(one.created_at, desk), width=12),
        Column("By", lambda one: one.created_by, width=12),
    ]


def _details(_: Desk) -> list[Column[DetailRow]]:
    return [
        Column("Name", lambda one: one.name, width=22),
        Column("Value", lambda one: one.value),
        Column("", lambda one: "further" if one.is_further else "", width=7, from_width=ROOMY),
    ]


def _history(desk: Desk) -> list[Column[HistoryEntry]]:
    return [
        Column("When", lambda one: short_instant(one.at, desk), width=12),
        Column("What", history_word),
        Column("By", lambda one: one.actor, width=14),
        Column("Changed", lambda one: ", ".join(words(name) for name in one.changes), from_width=ROOMY),
    ]


def history_word(one: HistoryEntry) -> str:
    """What was done: `Customer close`, refused or done."""
    said = words(one.action.replace(".", " ")).capitalize()
    return said if one.outcome == "applied" else f"{said}: {words(one.outcome)}"


def _accounts(_: Desk) -> list[Column[Account]]:
    columns = account_columns()
    columns.append(Column("Next due", _next_due, width=24, from_width=WIDE))
    return columns


def _next_due(one: Account) -> str:
    loan = one.loan
    if loan is None or loan.next_due_date is None:
        return ""
    return f"{show_date(loan.next_due_date)} {money(loan.next_due_minor, one.currency)}"


TABS: Final = (
    Tab("general", "General", ("accounts", "entries"), entry_columns, "Nothing was booked yet."),
    Tab("accounts", "Accounts", ("accounts",), _accounts, "No account."),
    Tab("family", "Family", ("family",), _family, "Nobody of the family is known. [n] add"),
    Tab("addresses", "Addresses", ("addresses",), _addresses, "No address is known. [n] add"),
    Tab("identifiers", "Ids", ("identifiers",), _identifiers, "No identifier is known. [n] add"),
    Tab("documents", "Documents", ("documents",), _documents, "There is no document. [n] add"),
    Tab("notes", "Notes", ("notes",), _notes, "Nobody wrote a note. [n] add"),
    Tab("details", "Details", ("additional_details",), _details, "Nothing is known."),
    Tab("history", "History", (), _history, "Nothing was done yet."),
)


def tab_line(at: int, width: int) -> str:
    """The tabs in one row, `>` before the one in sight; where they do not fit, that one and its place."""
    row = " ".join(f"{'>' if place == at else place + 1}{tab.label}" for place, tab in enumerate(TABS))
    if cell_width(row) <= width:
        return row
    return f">{at + 1}/{len(TABS)} {TABS[at].label}   [1-9] or [t] another"
