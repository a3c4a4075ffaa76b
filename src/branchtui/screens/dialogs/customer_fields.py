"""The form of a customer: a person or an entity, entered or changed (product, forms; contract, section 3)."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from typing import TYPE_CHECKING, Any, Final

from branchtui.contract.codes import CodeName
from branchtui.contract.customers import CustomerChange, LegalForm, NewCustomer
from branchtui.format.dates import show_date
from branchtui.screens.dialogs.code_field import (
    CodeField,
    CodesField,
    code_finder,
    several,
    staff_finder,
)
from branchtui.screens.dialogs.form_dialog import FormDialog
from branchtui.widgets.fields import ChoiceField, DateField, Field, TextField
from branchtui.widgets.picker import PickerField, Suggestion

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from branchtui.contract.codes import Membership
    from branchtui.contract.customer_parts import NewAddress, NewFamilyMember, NewIdentifier
    from branchtui.contract.customers import Customer
    from branchtui.screens.desk import Desk

PERSON: Final = LegalForm.PERSON.value
ENTITY: Final = LegalForm.ENTITY.value
OF_PERSONS: Final = frozenset({"first_name", "middle_name", "last_name", "date_of_birth", "gender"})
OF_ENTITIES: Final = frozenset(
    {"name", "incorporation_no", "incorporation_valid_until", "constitution", "business_line"}
)
_CODED: Final = (
    "gender",
    "client_type",
    "classification",
    "group",
    "organisation",
    "constitution",
    "business_line",
)
_DATES: Final = ("date_of_birth", "incorporation_valid_until", "submitted_on", "activation_date")
_TEXTS: Final = (
    "first_name",
    "middle_name",
    "last_name",
    "name",
    "mobile_no",
    "email",
    "external_id",
    "incorporation_no",
)
_STATES: Final = [("pending", "Pending"), ("active", "Active")]
LABELS: Final[dict[str, str]] = {
    "first_name": "First Name",
    "middle_name": "Middle Name",
    "last_name": "Last Name",
    "name": "Name",
    "incorporation_no": "Incorporation No.",
    "incorporation_valid_until": "Valid until",
    "constitution": "Constitution",
    "business_line": "Main Business Line",
    "mobile_no": "Mobile No.",
    "email": "E-mail",
    "date_of_birth": "Date of Birth",
    "gender": "Gender",
    "client_type": "Client Type",
    "classification": "Classification",
    "staff_id": "Staff",
    "external_id": "External Id",
    "labels": "Labels",
    "group": "Group",
    "organisation": "Organisation",
    "submitted_on": "Submitted on",
    "activation_date": "Activation date",
    "status": "Status",
    "branch_id": "Office",
}
"""Members of a customer in the words of the form."""


class NewCustomerDialog(FormDialog):
    """The form of a new customer. The first field says which others are asked for; what comes with it is kept here."""

    def __init__(
        self,
        desk: Desk,
        membership: Membership,
        submit: Callable[[NewCustomerDialog, dict[str, str]], object],
    ) -> None:
        super().__init__(
            "New Customer",
            new_customer_fields(desk, membership),
            lambda _, values: submit(self, values),
            keys="[ctrl+s] go on   [esc] cancel",
            is_long=True,
        )
        self.membership = membership
        self.family: list[NewFamilyMember] = []
        self.addresses: list[NewAddress] = []
        self.identifiers: list[NewIdentifier] = []
        self.is_entity = False
        self.form.on_edit = self._edited
        self.form.leave_out(OF_ENTITIES)

    def _edited(self, field: Field) -> None:
        if field.field_name not in {"legal_form", "status"}:
            return
        values = self.form.values()
        self.is_entity = values.get("legal_form") == ENTITY
        not_asked = OF_PERSONS if self.is_entity else OF_ENTITIES
        if values.get("status") == "pending":
            not_asked |= {"activation_date"}
        self.form.leave_out(not_asked)

    def missing(self) -> str:
        """What the institution asks for beside the fields and is not there yet, as a sentence; empty when nothing is."""
        wanted = {each.value for each in self.membership.mandatory_fields}
        if "address" in wanted and not self.addresses:
            return "The institution asks for an address."
        if "identifier" in wanted and not self.identifiers:
            return "The institution asks for an identifier."
        return ""


def new_customer_fields(desk: Desk, membership: Membership) -> list[Field]:
    """Legal form, names, how to reach them, what they are listed by, office, and whether they are active at once."""
    must = {each.value for each in membership.mandatory_fields}
    if membership.minimum_age is not None:
        must.add("date_of_birth")
    legal = ChoiceField("legal_form", "Legal Form", [(PERSON, "Person"), (ENTITY, "Entity")], value=PERSON)
    fields: list[Field] = [legal, *_names(None), *_others(desk, None, must)]
    fields.append(_branch_field(desk))
    if not membership.approval:
        fields.append(ChoiceField("status", LABELS["status"], _STATES, value="active"))
        fields.append(DateField("activation_date", LABELS["activation_date"], desk.today, required=False))
    fields.append(
        DateField(
            "submitted_on",
            LABELS["submitted_on"],
            desk.today,
            required=False,
            value=show_date(desk.today()),
        )
    )
    return fields


def customer_fields(desk: Desk, customer: Customer) -> list[Field]:
    """What may be changed of a customer, filled from it."""
    others = OF_PERSONS if customer.legal_form is LegalForm.ENTITY else OF_ENTITIES
    fields = [*_names(customer), *_others(desk, customer, frozenset())]
    if customer.status == "pending":
        fields.append(
            DateField(
                "submitted_on",
                LABELS["submitted_on"],
                desk.today,
                required=False,
                value=_day(customer.submitted_on),
            )
        )
    return [field for field in fields if field.field_name not in others]


def _day(value: date | None) -> str:
    return show_date(value) if value else ""


def _text(name: str, customer: Customer | None, *, required: bool = False, size: int = 140) -> TextField:
    value = getattr(customer, name, None) if customer is not None else None
    return TextField(name, LABELS[name], required=required, max_length=size, value=value or "")


def _names(customer: Customer | None) -> list[Field]:
    return [
        _text("first_name", customer, required=True),
        _text("middle_name", customer),
        _text("last_name", customer, required=True),
        _text("name", customer, required=True),
    ]


def _others(desk: Desk, customer: Customer | None, must: Collection[str]) -> list[Field]:
    def date_field(name: str) -> Field:
        kept = None if customer is None else getattr(customer, name)
        return DateField(name, LABELS[name], desk.today, required=name in must, value=_day(kept))

    def code(name: str) -> Field:
        kept = None if customer is None else getattr(customer, name)
        finder = code_finder(desk.ledger, CodeName(name))
        return CodeField(name, LABELS[name], finder, required=name in must, value=kept)

    def text(name: str, size: int) -> Field:
        return _text(name, customer, required=name in must, size=size)

    chosen = None
    if customer is not None and customer.staff_id:
        chosen = Suggestion(customer.staff_id, customer.staff or customer.staff_id)
    return [
        text("incorporation_no", 64),
        date_field("incorporation_valid_until"),
        code("constitution"),
        code("business_line"),
        text("mobile_no", 32),
        text("email", 254),
        date_field("date_of_birth"),
        code("gender"),
        code("client_type"),
        code("classification"),
        CodeField(
            "staff_id",
            LABELS["staff_id"],
            staff_finder(desk.ledger),
            required="staff_id" in must,
            chosen=chosen,
        ),
        text("external_id", 100),
        CodesField(
            "labels",
            LABELS["labels"],
            code_finder(desk.ledger, CodeName.LABEL),
            values=customer.labels if customer is not None else (),
        ),
        code("group"),
        code("organisation"),
    ]


def _branch_field(desk: Desk) -> Field:
    """Where the customer belongs: one of the offices that one works in, the present one unless it is changed."""
    branches = () if desk.user is None else desk.user.branches

    async def find(text: str) -> Sequence[Suggestion]:
        wanted = text.strip().casefold()
        return [
            Suggestion(one.id, f"{one.code} {one.name}")
            for one in branches
            if wanted in f"{one.code} {one.name}".casefold()
        ]

    here = desk.branch
    return PickerField(
        "branch_id",
        LABELS["branch_id"],
        find,
        chosen=Suggestion(here.id, f"{here.code} {here.name}"),
        hint="code or name",
        nothing="There is no office",
    )


def new_customer(values: dict[str, str], dialog: NewCustomerDialog, *, terms_accepted: bool) -> NewCustomer:
    """The body of a creation, from the wire values of the form and what comes with it."""
    given = _members(values)
    is_active = values.get("status") == "active"
    return NewCustomer(
        **given,
        legal_form=LegalForm(values["legal_form"]),
        branch_id=values["branch_id"],
        active=is_active,
        terms_accepted=terms_accepted,
        family=tuple(dialog.family),
        addresses=tuple(dialog.addresses),
        identifiers=tuple(dialog.identifiers),
    )


def _members(values: dict[str, str]) -> dict[str, Any]:
    members: dict[str, Any] = {
        name: values[name] for name in (*_TEXTS, *_CODED, "staff_id") if values.get(name)
    }
    members |= {name: date.fromisoformat(values[name]) for name in _DATES if values.get(name)}
    if values.get("labels"):
        members["labels"] = several(values["labels"])
    return members


def changed_customer(
    values: dict[str, str], filled: Customer, names: Collection[str]
) -> CustomerChange | None:
    """The body of a change: what differs from what the form was filled from; None when nothing does.

    `names` are the fields of the form: one that was emptied is emptied in the ledger.
    """
    keyed = _members(values)
    differs: dict[str, Any] = {}
    for name in names:
        if name == "labels":
            if tuple(keyed.get("labels", ())) != filled.labels:
                differs[name] = keyed.get("labels", ())
        elif keyed.get(name) != getattr(filled, name):
            differs[name] = keyed.get(name)
    return CustomerChange(**differs) if differs else None


def overtaken(filled: Customer, current: Customer) -> list[str]:
    """What somebody else made of the customer meanwhile, a piece for each field: `E-mail is now a@b.org`."""
    pieces = []
    for name, label in LABELS.items():
        shown = "staff" if name == "staff_id" else name
        before, after = getattr(filled, shown, None), getattr(current, shown, None)
        if before != after:
            pieces.append(f"{label} is now {_told(after)}")
    return pieces


def _told(value: Any) -> str:
    if value is None or value in {(), ""}:
        return "empty"
    if isinstance(value, date):
        return show_date(value)
    if isinstance(value, tuple):
        return ", ".join(str(each) for each in value)
    return str(value).replace("_", " ")
