"""What a customer may say, whoever says it: a form, a change, a row of a file (contract, section 3).

Pure. Texts and phones are read elsewhere; here is what the values must be together.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import TYPE_CHECKING, Any, Final

from branchtui.contract.codes import CodeName, MandatoryField
from branchtui.contract.customers import LegalForm
from branchtui.contract.problem import FieldError
from branchtui.ledger.workflows.reading import is_email

if TYPE_CHECKING:
    from branchtui.ledger.workflows.membership import Rules

PERSON_ALONE: Final = ("first_name", "middle_name", "last_name", "date_of_birth", "gender")
ENTITY_ALONE: Final = (
    "name",
    "incorporation_no",
    "incorporation_valid_until",
    "constitution",
    "business_line",
)

CODED: Final[dict[str, CodeName]] = {
    "gender": CodeName.GENDER,
    "client_type": CodeName.CLIENT_TYPE,
    "classification": CodeName.CLASSIFICATION,
    "constitution": CodeName.CONSTITUTION,
    "business_line": CodeName.BUSINESS_LINE,
    "group": CodeName.GROUP,
    "organisation": CodeName.ORGANISATION,
}
"""Members that are values of a code list; labels are several of one."""

COLUMN_OF: Final = {"group": "group_id", "organisation": "organisation_id"}
"""Where the wire's word is not the column's."""

_NOT_OF_FORM: Final = {
    LegalForm.PERSON: frozenset(ENTITY_ALONE),
    LegalForm.ENTITY: frozenset(PERSON_ALONE),
}
_PARTS: Final = {MandatoryField.ADDRESS: "addresses", MandatoryField.IDENTIFIER: "identifiers"}

Errors = list[FieldError]


def value_errors(
    form: LegalForm, values: Mapping[str, Any], today: date, rules: Rules, *, new: bool = True
) -> Errors:
    """All that is wrong with the values of a customer of this form, by JSON pointer.

    `values` are by the wire's names, dates as dates; parts count by how many there are. `new`: also what is asked
    only of who enters. `today` is the branch's.
    """
    found: Errors = []
    _names(form, values, found)
    _dates(values, today, found)
    email = values.get("email")
    if email is not None and not is_email(email):
        _wrong(found, "email", f"{email} is no e-mail address.")
    if new:
        _membership(form, values, today, rules, found)
    return found


def missing_fields(form: LegalForm, values: Mapping[str, Any], rules: Rules) -> list[str]:
    """The fields that the institution asks for and that are empty; those of the other form are not asked for."""
    found = []
    for asked in rules.mandatory_fields:
        member = _PARTS.get(asked, asked.value)
        if member not in _NOT_OF_FORM[form] and not values.get(member):
            found.append(member)
    return found


def age_errors(form: LegalForm, born: date | None, today: date, rules: Rules) -> Errors:
    """What a minimum age has against somebody who was born then; nothing against an entity."""
    found: Errors = []
    _age(form, born, today, rules, found)
    return found


def asked_for(member: str) -> str:
    """A member as a sentence begins with it."""
    return _plain(member).capitalize()


def age_on(born: date, day: date) -> int:
    """Full years of life on a day."""
    return day.year - born.year - ((day.month, day.day) < (born.month, born.day))


def _names(form: LegalForm, values: Mapping[str, Any], found: Errors) -> None:
    if form is LegalForm.PERSON:
        for member in ("first_name", "last_name"):
            if not values.get(member):
                _wrong(found, member, f"A person needs a {_plain(member)}.", "needed")
        if values.get("name") is not None:
            _wrong(found, "name", "A person has first and last names; only an entity has one name.")
        others: tuple[str, ...] = ENTITY_ALONE[1:]
    else:
        if not values.get("name"):
            _wrong(found, "name", "An entity needs a name.", "needed")
        others = PERSON_ALONE
    for member in others:
        if values.get(member) is not None:
            kind = "A person" if form is LegalForm.PERSON else "An entity"
            _wrong(found, member, f"{kind} has no {_plain(member)}.")


def _dates(values: Mapping[str, Any], today: date, found: Errors) -> None:
    born, submitted, activated = (
        values.get("date_of_birth"),
        values.get("submitted_on"),
        values.get("activation_date"),
    )
    if born is not None and born >= today:
        _wrong(found, "date_of_birth", "A date of birth lies before today.")
    if submitted is not None and submitted > today:
        _wrong(found, "submitted_on", "The day of submission lies in the future.")
    if activated is None:
        return
    if not values.get("active"):
        _wrong(found, "activation_date", "Only an active customer has an activation date.")
    elif activated > today:
        _wrong(found, "activation_date", "The activation date lies in the future.")
    elif submitted is not None and activated < submitted:
        _wrong(found, "activation_date", "The activation date lies before the day of submission.")


def _membership(form: LegalForm, values: Mapping[str, Any], today: date, rules: Rules, found: Errors) -> None:
    for member in missing_fields(form, values, rules):
        _wrong(found, member, f"{asked_for(member)}: the institution asks for it.", "mandatory")
    if not any(each.pointer == "/date_of_birth" for each in found):
        _age(form, values.get("date_of_birth"), today, rules, found)
    if rules.terms and not values.get("terms_accepted"):
        _wrong(found, "terms_accepted", "The terms of membership must be accepted.", "mandatory")
    if values.get("self_registered") and not rules.self_registration:
        _wrong(
            found, "self_registered", "The institution takes in nobody who registered himself.", "not-offered"
        )
    if values.get("active") and (rules.approval or values.get("self_registered")):
        said = "New members are approved before they are active: enter the customer as pending."
        _wrong(found, "active", said, "needs-approval")


def _age(form: LegalForm, born: date | None, today: date, rules: Rules, found: Errors) -> None:
    least = rules.minimum_age
    if form is not LegalForm.PERSON or least is None:
        return
    if born is None:
        said = f"Members are {least} years old at least: the date of birth is needed."
        _wrong(found, "date_of_birth", said, "mandatory")
    elif born < today and age_on(born, today) < least:
        said = f"Members are {least} years old at least; this one is {age_on(born, today)}."
        _wrong(found, "date_of_birth", said, "too-young")


def _wrong(found: Errors, member: str, message: str, code: str = "validation") -> None:
    found.append(FieldError(pointer=f"/{member}", code=code, message=message))


def _plain(member: str) -> str:
    return member.removesuffix("_id").replace("_", " ")
