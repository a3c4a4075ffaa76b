"""A customer's life at the counter: each command of the contract's table with its words, its form and its body."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Final

from branchtui.contract import customers as wire
from branchtui.contract import transfers as transfer_wire
from branchtui.contract.codes import CodeName
from branchtui.format.dates import show_date
from branchtui.screens.dialogs.code_field import CodeField, code_finder, staff_finder
from branchtui.widgets.actions import Action
from branchtui.widgets.fields import DateField, Field, TextField
from branchtui.widgets.picker import PickerField, Suggestion

if TYPE_CHECKING:
    from branchtui.contract.base import Request
    from branchtui.screens.desk import Desk

Values = dict[str, str]
_WORDS_MAX: Final = 500


@dataclass(frozen=True)
class CustomerCommand:
    """One command: `name` is the end of its path, as the ledger's `actions` have it."""

    name: str
    label: str
    done: str
    """What is said of the customer afterwards: `is active`."""
    effect: str
    """What the confirmation says that it does."""
    fields: Callable[[Desk], list[Field]]
    body: Callable[[Values], Request | None]
    help: str = ""

    @property
    def action(self) -> Action:
        """The line of a menu."""
        return Action(self.name, "", self.label, self.help or self.effect, changes=True)


def _date(name: str, label: str) -> Callable[[Desk], Field]:
    return lambda desk: DateField(name, label, desk.today, value=show_date(desk.today()))


def _reason(name: str, label: str, code: CodeName) -> Callable[[Desk], Field]:
    return lambda desk: CodeField(name, label, code_finder(desk.ledger, code), required=True)


def _form(*fields: Callable[[Desk], Field]) -> Callable[[Desk], list[Field]]:
    return lambda desk: [field(desk) for field in fields]


def _day(values: Values, name: str) -> date:
    return date.fromisoformat(values[name])


def _destination(desk: Desk) -> Field:
    """Another office of the institution: the ledger tells them all by code and name."""
    known: list[Suggestion] = []

    async def find(text: str) -> Sequence[Suggestion]:
        if not known:
            found = (await desk.ledger.transfer_destinations()).items
            known.extend(Suggestion(one.id, f"{one.code} {one.name}") for one in found)
        return [one for one in known if text.casefold() in one.text.casefold()]

    return PickerField(
        "destination_branch_id", "To office", find, hint="code or name", nothing="There is no other office"
    )


def _staff(*, required: bool, label: str = "Staff") -> Callable[[Desk], Field]:
    return lambda desk: CodeField("staff_id", label, staff_finder(desk.ledger), required=required)


def _note(name: str = "note", label: str = "Note", *, required: bool = False) -> Callable[[Desk], Field]:
    return lambda _: TextField(name, label, required=required, max_length=_WORDS_MAX)


COMMANDS: Final = (
    CustomerCommand(
        "activate",
        "Activate",
        "is active",
        "Accounts are used from that day on.",
        _form(_date("activation_date", "Activation date")),
        lambda values: wire.ActivateCustomer(activation_date=_day(values, "activation_date")),
    ),
    CustomerCommand(
        "reject",
        "Reject",
        "is rejected",
        "The application is refused. It can be reopened.",
        _form(
            _date("rejection_date", "Rejection date"),
            _reason("rejection_reason", "Reason", CodeName.REJECTION_REASON),
        ),
        lambda values: wire.RejectCustomer(
            rejection_date=_day(values, "rejection_date"), rejection_reason=values["rejection_reason"]
        ),
    ),
    CustomerCommand(
        "withdraw",
        "Withdraw application",
        "has withdrawn",
        "The applicant does not want it any more. It can be reopened.",
        _form(
            _date("withdrawal_date", "Withdrawal date"),
            _reason("withdrawal_reason", "Reason", CodeName.WITHDRAWAL_REASON),
        ),
        lambda values: wire.WithdrawCustomer(
            withdrawal_date=_day(values, "withdrawal_date"), withdrawal_reason=values["withdrawal_reason"]
        ),
    ),
    CustomerCommand(
        "reopen",
        "Reopen application",
        "is pending again",
        "The application is looked at again.",
        _form(_date("reopened_date", "Reopened on")),
        lambda values: wire.ReopenCustomer(reopened_date=_day(values, "reopened_date")),
    ),
    CustomerCommand(
        "assign-staff",
        "Assign Staff",
        "is assigned",
        "This member of staff looks after the customer.",
        _form(_staff(required=True)),
        lambda values: wire.AssignStaff(staff_id=values["staff_id"]),
    ),
    CustomerCommand(
        "unassign-staff",
        "Unassign Staff",
        "is assigned to nobody",
        "Nobody looks after the customer any more.",
        lambda _: [],
        lambda _: None,
    ),
    CustomerCommand(
        "transfer/propose",
        "Transfer to another office",
        "is offered",
        "No money moves by hand until the other office has accepted or sent back; payments that arrive wait.",
        _form(_destination, _date("transfer_date", "Transfer date"), _note()),
        lambda values: transfer_wire.ProposeTransfer(
            destination_branch_id=values["destination_branch_id"],
            transfer_date=_day(values, "transfer_date"),
            note=values.get("note"),
        ),
    ),
    CustomerCommand(
        "transfer/accept",
        "Accept transfer",
        "belongs to this office now",
        "The customer comes to this office with all accounts, and is active at once.",
        _form(_staff(required=False), _note()),
        lambda values: transfer_wire.AcceptTransfer(staff_id=values.get("staff_id"), note=values.get("note")),
    ),
    CustomerCommand(
        "transfer/reject",
        "Send transfer back",
        "stays where the customer was",
        "The customer is active at the other office again.",
        _form(_note("reason", "Reason", required=True)),
        lambda values: transfer_wire.RejectTransfer(reason=values["reason"]),
    ),
    CustomerCommand(
        "transfer/withdraw",
        "Take transfer back",
        "stays in this office",
        "The offer ends and the customer is active here again.",
        _form(_note()),
        lambda values: transfer_wire.WithdrawTransfer(note=values.get("note")),
    ),
    CustomerCommand(
        "close",
        "Close",
        "is closed",
        "Nothing moves any more. A closed customer can be re-activated.",
        _form(
            _date("closure_date", "Closure date"),
            _reason("closure_reason", "Closure Reason", CodeName.CLOSURE_REASON),
        ),
        lambda values: wire.CloseCustomer(
            closure_date=_day(values, "closure_date"), closure_reason=values["closure_reason"]
        ),
    ),
    CustomerCommand(
        "reactivate",
        "Re-activate",
        "is active again",
        "The customer is active again at once.",
        _form(_date("reactivation_date", "Reactivation date")),
        lambda values: wire.ReactivateCustomer(reactivation_date=_day(values, "reactivation_date")),
    ),
)
"""In the order of a menu."""

DELETE: Final = Action("delete-customer", "", "Delete customer", "Only while pending", changes=True)
OPEN_ACCOUNT: Final = Action(
    "open-account", "", "Open account", "Savings, shares, loan and others", changes=True
)


def command_named(name: str) -> CustomerCommand | None:
    """The command of that name."""
    return next((one for one in COMMANDS if one.name == name), None)
