"""What the parts of a profile may say: what was sent becomes columns, or is refused with its member (422).

Each function takes the customer's branch, its day, the members that were sent as JSON values, and the row that
stands (None for a new part).
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any, Final

import phonenumbers

from branchtui.ledger.cards import holds_card_number
from branchtui.ledger.problems import invalid
from branchtui.ledger.store.search import fold_reference
from branchtui.ledger.workflows.reading import read_mobile

if TYPE_CHECKING:
    from branchtui.ledger.store.rows import Address, Branch, CustomerNote, FamilyMember, Identifier

_WHERE: Final = ("street", "line_1", "line_2", "line_3", "city", "state_province", "postal_code")


def family_member(
    branch: Branch, today: date, sent: dict[str, Any], row: FamilyMember | None
) -> dict[str, Any]:
    """A date of birth before today or an age, not both; a phone that can be dialled."""
    columns = dict(sent)
    for name in ("is_contact", "is_dependent"):
        if name in columns:
            columns[name] = int(columns[name])
    if columns.get("mobile_no") is not None:
        columns["mobile_no"] = read_mobile(columns["mobile_no"], branch, "/mobile_no").e164
    born = columns.get("date_of_birth")
    if born is not None and born >= today.isoformat():
        raise invalid("/date_of_birth", "A date of birth lies before today.")
    stands = {name: getattr(row, name) for name in ("date_of_birth", "age")} if row else {}
    after = stands | columns
    if after.get("date_of_birth") is not None and after.get("age") is not None:
        raise invalid("/age", "Say a date of birth or an age, not both.")
    return columns


def address(_: Branch, __: date, sent: dict[str, Any], row: Address | None) -> dict[str, Any]:
    """Something by which the place is found, and a country that exists."""
    columns = dict(sent)
    if "active" in columns:
        columns["active"] = int(columns["active"])
    country = columns.get("country")
    if country is not None and country not in phonenumbers.SUPPORTED_REGIONS:
        raise invalid("/country", f"There is no country {country}.")
    after = {name: getattr(row, name) for name in _WHERE} if row else {}
    if not any((after | columns).get(name) for name in _WHERE):
        raise invalid("/street", "An address needs a street, a line, a town or a postal code.", "needed")
    return columns


def identifier(_: Branch, __: date, sent: dict[str, Any], ___: Identifier | None) -> dict[str, Any]:
    """The number, and the form in which two writings of it are the same."""
    columns = dict(sent)
    if "number" in columns:
        columns["number_key"] = fold_reference(columns["number"])
    return columns


def note(_: Branch, __: date, sent: dict[str, Any], ___: CustomerNote | None) -> dict[str, Any]:
    """A text without a card's number (T-30)."""
    if holds_card_number(sent.get("note", "")):
        raise invalid("/note", "Note: this looks like a card number. Take it out.", "card-number")
    return dict(sent)
