"""The forms of the parts of a profile: family, addresses, identifiers, notes, further details."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any, Final

from branchtui.contract import customer_parts as wire
from branchtui.contract.codes import CodeName
from branchtui.format.dates import show_date
from branchtui.screens.dialogs.code_field import CodeField, code_finder
from branchtui.widgets.fields import ChoiceField, DateField, Field, TextField

if TYPE_CHECKING:
    from branchtui.contract.base import Request
    from branchtui.screens.desk import Desk

_YES_NO: Final = [("yes", "Yes"), ("no", "No")]
_FLAGS: Final = frozenset({"is_contact", "is_dependent", "active"})
_DATES: Final = frozenset({"date_of_birth", "valid_until"})
_WHOLE: Final = frozenset({"age"})
AGE_MAX: Final = 150
NEW: Final[dict[str, type[Request]]] = {
    "family": wire.NewFamilyMember,
    "addresses": wire.NewAddress,
    "identifiers": wire.NewIdentifier,
    "notes": wire.NewNote,
}
CHANGE: Final[dict[str, type[Request]]] = {
    "family": wire.FamilyMemberChange,
    "addresses": wire.AddressChange,
    "identifiers": wire.IdentifierChange,
    "notes": wire.NoteChange,
}
TITLES: Final = {
    "family": "Family Member",
    "addresses": "Address",
    "identifiers": "Identifier",
    "notes": "Note",
    "details": "Detail",
    "documents": "Document",
}
"""What one of a kind is called."""


class WholeField(TextField):
    """A whole number, in digits."""

    def __init__(
        self,
        name: str,
        label: str,
        most: int,
        *,
        value: str = "",
        least: int = 0,
        required: bool = False,
    ) -> None:
        super().__init__(name, label, max_length=9, value=value, required=required)
        self._least, self._most = least, most

    def _read(self) -> str | None:
        typed = self.value
        if not typed:
            return super()._read()
        if not (typed.isascii() and typed.isdigit()) or not self._least <= int(typed) <= self._most:
            return f"Write a number of {self._least} to {self._most}."
        return None


class CountryField(TextField):
    """A country by its two letters, written small or large."""

    @property
    def value(self) -> str:
        """The two letters as the ledger takes them."""
        return super().value.upper()

    def _read(self) -> str | None:
        typed = self.value
        if typed and not (len(typed) == 2 and typed.isascii() and typed.isalpha()):
            return "Two letters: KE, UG, TZ."
        return super()._read()


def part_fields(kind: str, desk: Desk, part: Any = None) -> list[Field]:
    """The fields of a part of this kind, filled from `part` where one is changed."""
    return _FIELDS[kind](desk, part)


def _kept(part: Any, name: str) -> str:
    value = getattr(part, name, None)
    if isinstance(value, date):
        return show_date(value)
    return "" if value is None else str(value)


def _text(
    part: Any, name: str, label: str, size: int = 140, hint: str = "", *, required: bool = False
) -> Field:
    return TextField(name, label, required=required, max_length=size, value=_kept(part, name), hint=hint)


def _flag(part: Any, name: str, label: str, *, standard: bool) -> Field:
    stands = standard if part is None else bool(getattr(part, name))
    return ChoiceField(name, label, _YES_NO, value="yes" if stands else "no")


def _code(desk: Desk, part: Any, name: str, label: str, code: CodeName, *, required: bool = True) -> Field:
    finder = code_finder(desk.ledger, code)
    return CodeField(name, label, finder, required=required, value=_kept(part, name) or None)


def _family(desk: Desk, part: Any) -> list[Field]:
    return [
        _code(desk, part, "relationship", "Relationship", CodeName.RELATIONSHIP),
        _text(part, "first_name", "First Name", required=True),
        _text(part, "middle_name", "Middle Name"),
        _text(part, "last_name", "Last Name", required=True),
        _text(part, "mobile_no", "Mobile No.", 32),
        DateField(
            "date_of_birth",
            "Date of Birth",
            desk.today,
            required=False,
            value=_kept(part, "date_of_birth"),
        ),
        WholeField("age", "or Age", AGE_MAX, value=_kept(part, "age")),
        _code(desk, part, "gender", "Gender", CodeName.GENDER, required=False),
        _text(part, "profession", "Profession"),
        _text(part, "marital_status", "Marital Status"),
        _flag(part, "is_dependent", "Dependent", standard=False),
        _flag(part, "is_contact", "Contact", standard=False),
    ]


def _address(desk: Desk, part: Any) -> list[Field]:
    return [
        _code(desk, part, "address_type", "Address Type", CodeName.ADDRESS_TYPE),
        _text(part, "street", "Street"),
        _text(part, "line_1", "Line 1"),
        _text(part, "line_2", "Line 2"),
        _text(part, "line_3", "Line 3"),
        _text(part, "city", "City"),
        _text(part, "state_province", "County or Province"),
        CountryField("country", "Country", max_length=2, value=_kept(part, "country"), hint="KE"),
        _text(part, "postal_code", "Postal Code", 20),
        _flag(part, "active", "Active", standard=True),
    ]


def _identifier(desk: Desk, part: Any) -> list[Field]:
    return [
        _code(desk, part, "identifier_type", "Identifier Type", CodeName.IDENTIFIER_TYPE),
        _text(part, "number", "Number", 64, required=True),
        _text(part, "description", "Description"),
        DateField("valid_until", "Valid until", desk.today, required=False, value=_kept(part, "valid_until")),
    ]


def _note(_: Desk, part: Any) -> list[Field]:
    return [_text(part, "note", "Note", 2_000, required=True)]


_FIELDS: Final = {
    "family": _family,
    "addresses": _address,
    "identifiers": _identifier,
    "notes": _note,
}


def new_part(kind: str, values: dict[str, str]) -> Any:
    """The body of a creation, from the wire values of the form."""
    return NEW[kind](**{name: _read(name, value) for name, value in values.items()})


def changed_part(kind: str, values: dict[str, str], part: Any, names: list[str]) -> Any:
    """The body of a change: what differs from `part`; None when nothing does."""
    keyed = {name: _read(name, values[name]) if name in values else None for name in names}
    differs = {name: value for name, value in keyed.items() if value != getattr(part, name)}
    return CHANGE[kind](**differs) if differs else None


def _read(name: str, value: str) -> Any:
    if name in _FLAGS:
        return value == "yes"
    if name in _DATES:
        return date.fromisoformat(value)
    return int(value) if name in _WHOLE else value


def detail_fields(name: str = "", text: str = "") -> list[Field]:
    """A further detail: what it is called, and what it says."""
    return [
        TextField("name", "Name", required=True, max_length=64, value=name),
        TextField("text", "Text", max_length=500, value=text),
    ]
