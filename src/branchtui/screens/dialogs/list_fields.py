"""The forms and columns of what administrators keep: staff, products, values of code lists, membership."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING, Any, Final

from pydantic import ValidationError

from branchtui.contract import codes as wire
from branchtui.contract.customers import AccountKind
from branchtui.contract.vouchers import VALIDITY_DAYS_MAX, NewPlan, Plan, PlanChange
from branchtui.format.dates import show_date
from branchtui.format.money import money
from branchtui.screens.dialogs.code_field import CodesField, ListFinder, several
from branchtui.screens.dialogs.part_fields import WholeField
from branchtui.screens.rows import ROOMY, kind_word, total_in, words
from branchtui.widgets.columns import Column
from branchtui.widgets.fields import ChoiceField, DateField, Field, MoneyField, TextField
from branchtui.widgets.picker import PickerField, Suggestion

if TYPE_CHECKING:
    from branchtui.screens.desk import Desk

CODES: Final = (
    ("label", "Labels"),
    ("group", "Groups"),
    ("organisation", "Organisations"),
    ("client_type", "Client types"),
    ("classification", "Classifications"),
    ("gender", "Genders"),
    ("closure_reason", "Closure reasons"),
    ("rejection_reason", "Rejection reasons"),
    ("withdrawal_reason", "Withdrawal reasons"),
    ("relationship", "Relationships"),
    ("address_type", "Address types"),
    ("identifier_type", "Identifier types"),
    ("constitution", "Constitutions"),
    ("business_line", "Business lines"),
)
"""The code lists, as the ledger names them and as people do."""
_YES_NO: Final = [("yes", "Yes"), ("no", "No")]
_KINDS: Final = ("savings", "shares", "loan", "overpayment", "receivable", "credit")
_PLACES_MAX: Final = 1_000_000
_BREAK: Final = "¶"
"""Stands for the end of a line: the ledger takes no text with breaks of lines (VAL-3)."""


def row_name(row: Any) -> str:
    """What a row is called."""
    return f"{row.code} {row.name}" if isinstance(row, wire.Product | Plan) else str(row.name)


def _state(row: Any) -> str:
    return "" if row.active else "no more"


def row_columns(name: str) -> list[Column[Any]]:
    """The columns of a list."""
    state = Column[Any]("Offered", _state, width=8)
    if name == "staff":
        return [
            Column("Name", lambda one: one.name),
            Column("No.", lambda one: one.staff_no or "", width=12),
            Column("Office", lambda one: one.branch_code, width=8),
            Column("Phone", lambda one: one.mobile_no or "", width=15, from_width=ROOMY),
            state,
        ]
    if name == "products":
        return [
            Column("Code", lambda one: one.code, width=12),
            Column("Name", lambda one: one.name),
            Column("Kind", lambda one: kind_word(one.kind), width=11),
            Column("Currency", lambda one: one.currency or "any", width=8, from_width=ROOMY),
            state,
        ]
    if name == "plans":
        return [
            Column("Code", lambda one: one.code, width=12),
            Column("Name", lambda one: one.name),
            Column("Price", lambda one: total_in(one.price_minor, one.currency), width=18, align="right"),
            Column("Days", lambda one: str(one.validity_days), width=5, align="right"),
            state,
        ]
    return [
        Column("Name", lambda one: one.name),
        Column("Place", lambda one: str(one.position), width=7, align="right"),
        state,
    ]


def row_fields(name: str, desk: Desk, row: Any = None) -> list[Field]:
    """The fields of a row, filled where one is changed."""

    def text(field: str, label: str, size: int, *, required: bool = False) -> Field:
        kept = getattr(row, field, None) if row is not None else None
        return TextField(field, label, required=required, max_length=size, value=str(kept or ""))

    if name == "staff":
        joined = show_date(row.joined_on) if row is not None and row.joined_on else ""
        return [
            text("first_name", "First Name", 140, required=True),
            text("last_name", "Last Name", 140, required=True),
            _branch_field(desk, row.branch_id if row is not None else desk.branch.id),
            text("staff_no", "Staff No.", 20),
            text("mobile_no", "Mobile No.", 32),
            text("email", "E-mail", 254),
            DateField("joined_on", "Joined on", desk.today, required=False, value=joined),
        ]
    if name == "products":
        own: list[Field] = []
        if row is None:
            kinds = [(kind, kind_word(kind)) for kind in _KINDS]
            own = [text("code", "Code", 64, required=True), ChoiceField("kind", "Kind", kinds)]
        return [*own, text("name", "Name", 140, required=True), text("description", "Description", 500)]
    if name == "plans":
        currency = row.currency if row is not None else desk.currency
        price = money(row.price_minor, currency) if row is not None else ""
        days = str(row.validity_days) if row is not None else ""
        return [
            *([] if row is not None else [text("code", "Code", 64, required=True)]),
            text("name", "Name", 140, required=True),
            MoneyField("price_minor", f"Price {currency}", currency, value=price),
            WholeField("validity_days", "Days", VALIDITY_DAYS_MAX, value=days, least=1, required=True),
        ]
    place = str(row.position) if row is not None else ""
    return [
        text("name", "Name", 140, required=True),
        WholeField("position", "Place", _PLACES_MAX, value=place),
    ]


def _branch_field(desk: Desk, chosen: str) -> Field:
    branches = () if desk.user is None else desk.user.branches
    known = [Suggestion(one.id, f"{one.code} {one.name}") for one in branches]

    async def find(typed: str) -> Sequence[Suggestion]:
        return [one for one in known if typed.strip().casefold() in one.text.casefold()]

    here = next((one for one in known if one.value == chosen), None)
    return PickerField("branch_id", "Office", find, chosen=here, hint="code or name")


def _members(values: dict[str, str]) -> dict[str, Any]:
    members: dict[str, Any] = {}
    for name, value in values.items():
        if name == "joined_on":
            members[name] = date.fromisoformat(value)
        elif name in {"position", "price_minor", "validity_days"}:
            members[name] = int(value)
        elif name == "active":
            members[name] = value == "yes"
        elif name == "kind":
            members[name] = AccountKind(value)
        else:
            members[name] = value
    return members


def new_row(name: str, values: dict[str, str], desk: Desk) -> Any:
    """The body of a creation.

    Raises:
        ValueError: a code or number has signs that it may not have; with the sentence.
    """
    model: type[Any] = {
        "staff": wire.NewStaffMember,
        "products": wire.NewProduct,
        "plans": NewPlan,
    }.get(name, wire.NewCodeValue)
    assert desk.user is not None, "somebody is signed in"
    own = {"currency": desk.currency} if name == "plans" else {}
    try:
        return model(**_members(values), **own)
    except ValidationError as wrong:
        raise ValueError("Letters, digits, dots and hyphens only, a letter or digit first.") from wrong


def changed_row(name: str, values: dict[str, str], row: Any, only: Sequence[str] | None = None) -> Any:
    """The body of a change: what differs from `row`; None when nothing does. An emptied field is emptied."""
    model: type[Any] = {
        "staff": wire.StaffChange,
        "products": wire.ProductChange,
        "plans": PlanChange,
    }.get(name, wire.CodeValueChange)
    keyed = _members(values)
    names = [each for each in (only or model.model_fields) if only or each != "active"]
    differs = {
        each: keyed.get(each) for each in names if (keyed.get(each) or None) != (getattr(row, each) or None)
    }
    if name == "products" and "description" in differs:
        differs["description"] = differs["description"] or ""
    return model(**differs) if differs else None


# ── membership ───────────────────────────────────────────────────────────────────────────────────────────────────────


def membership_fields(seen: wire.Membership) -> list[Field]:
    """What is asked of new members, as it stands."""

    async def ask(_: str | None, limit: int) -> Any:
        return _Page([words(each.value) for each in wire.MandatoryField][:limit])

    finder = ListFinder(ask, lambda one: Suggestion(one, one))
    return [
        _flag("self_registration", "Self-registration", stands=seen.self_registration),
        _flag("approval", "Approval of new members", stands=seen.approval),
        WholeField("minimum_age", "Minimum age", 120, value=str(seen.minimum_age or "")),
        CodesField(
            "mandatory_fields",
            "Mandatory fields",
            finder,
            values=[words(each.value) for each in seen.mandatory_fields],
        ),
        TextField("terms", "Terms", max_length=10_000, value=seen.terms, line_break=f" {_BREAK} "),
    ]


def membership_pairs(seen: wire.Membership) -> list[tuple[str, str]]:
    """The same to read."""
    return [
        ("Self-registration", _yes_no(is_so=seen.self_registration)),
        ("Approval of new members", _yes_no(is_so=seen.approval)),
        ("Minimum age", str(seen.minimum_age or "none")),
        ("Mandatory fields", ", ".join(words(each.value) for each in seen.mandatory_fields) or "none"),
        ("Terms", seen.terms or "none"),
    ]


def _yes_no(*, is_so: bool) -> str:
    return "yes" if is_so else "no"


class _Page:
    """A page of what is known here."""

    def __init__(self, items: list[str]) -> None:
        self.items = items
        self.next = None


def _flag(name: str, label: str, *, stands: bool) -> Field:
    return ChoiceField(name, label, _YES_NO, value="yes" if stands else "no")


def terms_lines(terms: str) -> list[str]:
    """The terms as a member reads them: each line that was pasted is one again."""
    return [line.strip() for line in terms.split(_BREAK)]


def membership_of(
    values: dict[str, str], seen: wire.Membership, stands: wire.Membership
) -> wire.MembershipChange:
    """The body: what differs from `seen`, which filled the form, and for the rest what `stands` now."""
    keyed = _keyed_membership(values, seen)
    return keyed.model_copy(
        update={
            name: getattr(stands, name)
            for name in wire.MembershipChange.model_fields
            if getattr(keyed, name) == getattr(seen, name)
        }
    )


def _keyed_membership(values: dict[str, str], seen: wire.Membership) -> wire.MembershipChange:
    typed = values.get("terms", "")
    terms = seen.terms if typed == seen.terms.strip() else typed
    age = values.get("minimum_age", "")
    fields = [each.replace(" ", "_") for each in several(values.get("mandatory_fields", ""))]
    return wire.MembershipChange(
        self_registration=values.get("self_registration") == "yes",
        approval=values.get("approval") == "yes",
        minimum_age=int(age) if age and int(age) else None,
        mandatory_fields=tuple(wire.MandatoryField(each) for each in fields),
        terms=terms,
    )
