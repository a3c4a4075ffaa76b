"""Everything about a customer and the parts of a profile, as (label, value) pairs."""

from __future__ import annotations

from bisect import bisect_right
from itertools import accumulate
from typing import TYPE_CHECKING, Any, Final

from branchtui.format.cells import cell_width, cut, pad
from branchtui.format.safe_text import safe_text
from branchtui.format.scripts import with_script_mark
from branchtui.screens.customer_rows import (
    DetailRow,
    age_words,
    day_words,
    document_kind,
    family_name,
    history_word,
    size_words,
    yes_words,
)
from branchtui.screens.rows import customer_details, shown_phone, words

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
    from branchtui.contract.customers import Customer
    from branchtui.screens.desk import Desk

_LABEL_CELLS: Final = 13
_COLUMN_CELLS: Final = 38
_TWO_COLUMNS: Final = 2 * _COLUMN_CELLS + 2
_MARGINS: Final = 4
"""Left and right of a profile's head (`styles/customer.tcss`)."""

Pairs = list[tuple[str, str]]
_TEXT_LINES_MAX: Final = 500

_BY_FILE: Final = "import.rows"
"""The action of rows that a file brought."""


def customer_pairs(one: Customer) -> Pairs:
    """Everything that the form of a customer knows, and its life; empty ones left out."""
    pairs = [
        ("Legal Form", words(one.legal_form)),
        ("Name", one.name),
        ("Customer", one.customer_no),
        ("Account", one.account_no),
        ("Office", one.branch_code),
        ("Status", words(one.status)),
        ("Incorporation No.", one.incorporation_no or ""),
        ("Valid until", day_words(one.incorporation_valid_until)),
        ("Constitution", one.constitution or ""),
        ("Main Business Line", one.business_line or ""),
        ("Mobile No.", shown_phone(one.mobile_no)),
        ("E-mail", one.email or ""),
        ("Date of Birth", day_words(one.date_of_birth)),
        ("Gender", one.gender or ""),
        ("Client Type", one.client_type or ""),
        ("Classification", one.classification or ""),
        ("Staff", one.staff or ""),
        ("External Id", one.external_id or ""),
        ("Labels", ", ".join(one.labels)),
        ("Group", one.group or ""),
        ("Organisation", one.organisation or ""),
        ("Submitted on", day_words(one.submitted_on)),
        ("Activation date", day_words(one.activation_date)),
        ("Rejected", _with_reason(one.rejection_date, one.rejection_reason)),
        ("Withdrawn", _with_reason(one.withdrawal_date, one.withdrawal_reason)),
        ("Reopened", day_words(one.reopened_on)),
        ("Closed", _with_reason(one.closure_date, one.closure_reason)),
        ("Re-activated", day_words(one.reactivation_date)),
        ("Terms accepted", day_words(one.terms_accepted_on)),
        ("Registered himself", yes_words(one.self_registered)),
        ("Entered by", one.created_by),
    ]
    return [(label, value) for label, value in pairs if value]


def _with_reason(day: date | None, reason: str | None) -> str:
    return ", ".join(part for part in (day_words(day), reason) if part)


def detail_rows(one: Customer, further: dict[str, str]) -> list[DetailRow]:
    """The form's fields, then the further details by name."""
    return [
        *(DetailRow(label, value) for label, value in customer_pairs(one)),
        *(DetailRow(name, further[name], is_further=True) for name in sorted(further)),
    ]


def family_pairs(one: FamilyMember) -> Pairs:
    """Everything about somebody of the family."""
    return _filled(
        ("Name", family_name(one)),
        ("Relationship", one.relationship),
        ("Mobile No.", shown_phone(one.mobile_no)),
        ("Born", day_words(one.date_of_birth)),
        ("Age", age_words(one)),
        ("Gender", one.gender),
        ("Profession", one.profession),
        ("Marital Status", one.marital_status),
        ("Dependent", yes_words(one.is_dependent)),
        ("Contact", yes_words(one.is_contact)),
    )


def address_pairs(one: Address) -> Pairs:
    """An address, line by line."""
    return _filled(
        ("Type", one.address_type),
        ("Street", one.street),
        ("Line 1", one.line_1),
        ("Line 2", one.line_2),
        ("Line 3", one.line_3),
        ("City", one.city),
        ("Province", one.state_province),
        ("Country", one.country),
        ("Postal Code", one.postal_code),
        ("State", "" if one.active else "not active"),
    )


def identifier_pairs(one: Identifier) -> Pairs:
    """An identifier."""
    return _filled(
        ("Type", one.identifier_type),
        ("Number", one.number),
        ("Valid until", day_words(one.valid_until)),
        ("Description", one.description),
    )


def note_pairs(one: Note, desk: Desk) -> Pairs:
    """A note whole."""
    return _filled(("Note", one.note), ("Written", f"{desk.time(one.created_at)} by {one.created_by}"))


def document_pairs(one: Document, desk: Desk) -> Pairs:
    """A document as the ledger describes it, the first lines of a text with it; nothing of it is ever run."""
    seen = one.seen
    picture = f"{seen['width']} x {seen['height']} pixels" if "width" in seen and "height" in seen else ""
    text = str(seen.get("text", "")).splitlines()[:_TEXT_LINES_MAX]
    described = _filled(
        ("Name", one.name),
        ("File", one.file_name),
        ("What it is", ", ".join(part for part in (document_kind(one), picture) if part)),
        ("Size", f"{size_words(one.length)} ({one.length:,} bytes)"),
        ("Description", one.description),
        ("Kept", f"{desk.time(one.created_at)} by {one.created_by}"),
        ("Lines", f"{seen['lines']:,}" if isinstance(seen.get("lines"), int) else ""),
    )
    # Its blank lines stay: a text is read as it was written.
    return described + [("" if number else "Text", line or " ") for number, line in enumerate(text)]


def history_pairs(one: HistoryEntry, desk: Desk) -> Pairs:
    """What was done, by whom, and what it was and is."""
    if one.action == _BY_FILE:
        # Where a customer came from: a name of a file is no word of ours, and nothing was there before.
        changes = [(words(name).capitalize(), str(pair.get("after"))) for name, pair in one.changes.items()]
    else:
        changes = [
            (words(name).capitalize(), f"{_shown(pair.get('before'))} → {_shown(pair.get('after'))}")
            for name, pair in one.changes.items()
        ]
    return _filled(
        ("What", history_word(one)),
        ("When", f"{desk.time(one.at)} by {one.actor}"),
        ("Reason", one.reason),
        *changes,
    )


def _shown(value: Any) -> str:
    return "nothing" if value is None or value == "" else words(str(value))


def _filled(*pairs: tuple[str, str | None]) -> Pairs:
    return [(label, value) for label, value in pairs if value]


def profile_head(customer: Customer, width: int, rows: int) -> str:
    """In two columns where they fit `width` cells, else one below the other; what `rows` leave out is on Details.

    A line breaks once at most: whatever a ledger says, the accounts below stay in sight.
    """
    pairs = customer_details(customer)
    cells = [
        f"{pad(label, _LABEL_CELLS)}{with_script_mark(safe_text(value)) if label == 'Name' else safe_text(value)}"
        for label, value in pairs
    ]
    if 0 < width < _TWO_COLUMNS:
        lines = cells
    else:
        half = (len(cells) + 1) // 2
        rights = cells[half:] + [""] * (2 * half - len(cells))
        lines = [
            f"{pad(left, _COLUMN_CELLS)}  {right}".rstrip()
            for left, right in zip(cells[:half], rights, strict=True)
        ]
    across = (width or _TWO_COLUMNS + _MARGINS) - _MARGINS
    ends = list(accumulate(1 + (cell_width(line) > across) for line in lines))
    if ends[-1] > rows:
        lines = [*lines[: bisect_right(ends, rows - 1)], "… [8] Details has the rest"]
    return "\n".join(cut(line, 2 * across) for line in lines)
