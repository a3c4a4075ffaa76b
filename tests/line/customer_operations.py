"""The client's methods for customers, their parts and accounts, and for the lists that administrators keep."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from branchtui.contract import codes, customer_parts, loans, transfers
from branchtui.contract import customers as wire
from branchtui.remote.customer_parts import ADDRESSES, FAMILY, IDENTIFIERS, NOTES, PartKind

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.line.operations import Act, Wanted

NUMBER: Final = "000101"
_COMMANDS: Final[dict[str, type[Any] | None]] = {
    "activate": wire.ActivateCustomer,
    "reject": wire.RejectCustomer,
    "withdraw": wire.WithdrawCustomer,
    "reopen": wire.ReopenCustomer,
    "close": wire.CloseCustomer,
    "reactivate": wire.ReactivateCustomer,
    "assign-staff": wire.AssignStaff,
    "unassign-staff": None,
    "transfer/propose": transfers.ProposeTransfer,
    "transfer/accept": transfers.AcceptTransfer,
    "transfer/reject": transfers.RejectTransfer,
    "transfer/withdraw": transfers.WithdrawTransfer,
}
_PARTS: Final[tuple[tuple[PartKind[Any], type[Any], type[Any]], ...]] = (
    (FAMILY, customer_parts.NewFamilyMember, customer_parts.FamilyMemberChange),
    (ADDRESSES, customer_parts.NewAddress, customer_parts.AddressChange),
    (IDENTIFIERS, customer_parts.NewIdentifier, customer_parts.IdentifierChange),
    (NOTES, customer_parts.NewNote, customer_parts.NoteChange),
)


class _Aim:
    """A customer of whom only this is known: what is offered is not seen by whom it is offered to."""

    def __init__(self, wanted: Wanted) -> None:
        assert wanted.ask.if_match is not None
        self.id, self.version, self.customer_no = wanted.owner, wanted.ask.if_match, NUMBER


def _customer_change(wanted: Wanted) -> Act:
    seen, body = wanted.seen(wire.Customer, wanted.ask.path), wanted.body(wire.CustomerChange)
    return lambda ledger: ledger.change_customer(seen, body)


def _customer_delete(wanted: Wanted) -> Act:
    seen = wanted.seen(wire.Customer, wanted.ask.path)
    return lambda ledger: ledger.delete_customer(seen)


def _command(name: str) -> Callable[[Wanted], Act]:
    model = _COMMANDS[name]

    def made(wanted: Wanted) -> Act:
        aim, body = _Aim(wanted), None if model is None else wanted.body(model)
        return lambda ledger: ledger.command_customer(aim, name, body)

    return made


def _part(wanted: Wanted, model: type[Any]) -> Any:
    """The part in the path, of the list it stands in."""
    many, _, part_id = wanted.ask.path.rpartition("/")
    found = json.loads(wanted.read(many))["items"]
    return model.model_validate_json(json.dumps(next(each for each in found if each["id"] == part_id)))


def _part_create(kind: PartKind[Any], new: type[Any]) -> Callable[[Wanted], Act]:
    def made(wanted: Wanted) -> Act:
        body = wanted.body(new)
        return lambda ledger: ledger.add_part(wanted.owner, NUMBER, kind, body)

    return made


def _part_change(kind: PartKind[Any], change: type[Any]) -> Callable[[Wanted], Act]:
    def made(wanted: Wanted) -> Act:
        seen, body = _part(wanted, kind.answer), wanted.body(change)
        return lambda ledger: ledger.change_part(wanted.owner, NUMBER, kind, seen, body)

    return made


def _part_delete(kind: PartKind[Any]) -> Callable[[Wanted], Act]:
    def made(wanted: Wanted) -> Act:
        seen = _part(wanted, kind.answer)
        return lambda ledger: ledger.delete_part(wanted.owner, NUMBER, kind, seen)

    return made


def _details_set(wanted: Wanted) -> Act:
    seen = wanted.seen(customer_parts.AdditionalDetails, wanted.ask.path)
    body = wanted.body(customer_parts.AdditionalDetailsChange)
    return lambda ledger: ledger.set_details(NUMBER, seen, body)


def _document_create(wanted: Wanted) -> Act:
    body = wanted.body(customer_parts.NewDocument)
    return lambda ledger: ledger.keep_document(wanted.owner, NUMBER, body)


def _document_delete(wanted: Wanted) -> Act:
    seen = _part(wanted, customer_parts.Document)
    return lambda ledger: ledger.delete_document(wanted.owner, NUMBER, seen)


def _account(wanted: Wanted) -> wire.Account:
    found: wire.Account = wanted.seen(wire.Account)
    return found


def _payout(wanted: Wanted) -> Act:
    seen, body = _account(wanted), wanted.body(loans.NewPayout)
    return lambda ledger: ledger.pay_out(seen, body)


def _offset(wanted: Wanted) -> Act:
    seen, body = _account(wanted), wanted.body(loans.NewOffset)
    return lambda ledger: ledger.offset(seen, body)


def _code_create(wanted: Wanted) -> Act:
    body = wanted.body(codes.NewCodeValue)
    return lambda ledger: ledger.create_code_value(codes.CodeName.LABEL, body)


def _of_list(wanted: Wanted, model: type[Any]) -> Any:
    """The row in the path, found by its list: it is the newest, and the last or first of few."""
    many, _, row_id = wanted.ask.path.rpartition("/")
    found = json.loads(wanted.read(f"{many}?limit=1&anchor=id:{row_id}"))["items"]
    return model.model_validate_json(json.dumps(found[0]))


def _code_change(wanted: Wanted) -> Act:
    seen, body = _of_list(wanted, codes.CodeValue), wanted.body(codes.CodeValueChange)
    return lambda ledger: ledger.change_code_value(seen, body)


def _staff_create(wanted: Wanted) -> Act:
    body = wanted.body(codes.NewStaffMember)
    return lambda ledger: ledger.create_staff(body)


def _staff_change(wanted: Wanted) -> Act:
    seen, body = _of_list(wanted, codes.StaffMember), wanted.body(codes.StaffChange)
    return lambda ledger: ledger.change_staff(seen, body)


def _product_create(wanted: Wanted) -> Act:
    body = wanted.body(codes.NewProduct)
    return lambda ledger: ledger.create_product(body)


def _product_change(wanted: Wanted) -> Act:
    seen, body = _of_list(wanted, codes.Product), wanted.body(codes.ProductChange)
    return lambda ledger: ledger.change_product(seen, body)


def _membership_set(wanted: Wanted) -> Act:
    seen = wanted.seen(codes.Membership, wanted.ask.path)
    body = wanted.body(codes.MembershipChange)
    return lambda ledger: ledger.set_membership(seen, body)


METHODS: Final[dict[str, Callable[[Wanted], Act]]] = {
    "PATCH /v1/customers/{id}": _customer_change,
    "DELETE /v1/customers/{id}": _customer_delete,
    **{f"POST /v1/customers/{{id}}/{name}": _command(name) for name in _COMMANDS},
    **{f"POST /v1/customers/{{id}}/{kind.path}": _part_create(kind, new) for kind, new, _ in _PARTS},
    **{
        f"PATCH /v1/customers/{{id}}/{kind.path}/{{part_id}}": _part_change(kind, change)
        for kind, _, change in _PARTS
    },
    **{f"DELETE /v1/customers/{{id}}/{kind.path}/{{part_id}}": _part_delete(kind) for kind, _, _ in _PARTS},
    "PUT /v1/customers/{id}/additional-details": _details_set,
    "POST /v1/customers/{id}/documents": _document_create,
    "DELETE /v1/customers/{id}/documents/{part_id}": _document_delete,
    "POST /v1/accounts/{id}/payouts": _payout,
    "POST /v1/accounts/{id}/offset": _offset,
    "POST /v1/codes/{code}/values": _code_create,
    "PATCH /v1/codes/{code}/values/{id}": _code_change,
    "POST /v1/staff": _staff_create,
    "PATCH /v1/staff/{id}": _staff_change,
    "POST /v1/products": _product_create,
    "PATCH /v1/products/{id}": _product_change,
    "PUT /v1/settings/membership": _membership_set,
}
"""The client's method for each endpoint of these."""
