"""The parts of a profile that are entered one by one: family, addresses, identifiers, notes (contract, section 3).

One way for all of them: a kind says which rows it keeps, which of its members are codes, and what its
values must be; everything else is the same.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final

from branchtui.contract.codes import CodeName
from branchtui.contract.problem import Codes
from branchtui.ledger import audit, history
from branchtui.ledger.access import Permission
from branchtui.ledger.operations import Reply, reply
from branchtui.ledger.problems import Refusal, conflict, forbidden, not_found
from branchtui.ledger.store.rows import (
    Address,
    Customer,
    CustomerDetails,
    CustomerNote,
    Document,
    FamilyMember,
    Identifier,
)
from branchtui.ledger.workflows import part_answers, part_values
from branchtui.ledger.workflows.changing import differences, sent_members
from branchtui.ledger.workflows.codes import resolve
from branchtui.ledger.workflows.customer_alike import brief
from branchtui.ledger.workflows.customer_rules import CustomerAction, refuse_role, refuse_state
from branchtui.ledger.workflows.customer_views import names_in

if TYPE_CHECKING:
    from branchtui.contract.base import Request, Resource
    from branchtui.contract.customers import NewCustomer
    from branchtui.ledger.access import Principal
    from branchtui.ledger.core import Core
    from branchtui.ledger.operations import Command
    from branchtui.ledger.store.unit import Tx


@dataclass(frozen=True, slots=True)
class PartKind:
    """A kind of part.

    `path` is its place below the customer; `said` what people call one. `codes` are the members that are codes;
    `values` turns what was sent into columns, given the row that stands (None for a new one), and raises what is
    wrong; `answer` shows a row to somebody. `told` are columns that the audit chain may hold.
    """

    path: str
    said: str
    row_type: type[Any]
    answer: Callable[..., Resource]
    values: Callable[..., dict[str, Any]]
    action: CustomerAction = CustomerAction.ADD_PART
    codes: Mapping[str, CodeName] = field(default_factory=dict)
    never_empty: frozenset[str] = frozenset()
    told: tuple[str, ...] = ()
    own_alone: bool = False
    """Whether only who made one changes it, and only that person or a supervisor takes it away."""


FAMILY: Final = PartKind(
    "family-members",
    "family member",
    FamilyMember,
    part_answers.family_member,
    part_values.family_member,
    codes={"relationship": CodeName.RELATIONSHIP, "gender": CodeName.GENDER},
    never_empty=frozenset({"first_name", "last_name", "relationship", "is_contact", "is_dependent"}),
    told=("relationship", "is_contact", "is_dependent"),
)
ADDRESSES: Final = PartKind(
    "addresses",
    "address",
    Address,
    part_answers.address,
    part_values.address,
    codes={"address_type": CodeName.ADDRESS_TYPE},
    never_empty=frozenset({"address_type", "active"}),
    told=("address_type", "city", "country", "active"),
)
IDENTIFIERS: Final = PartKind(
    "identifiers",
    "identifier",
    Identifier,
    part_answers.identifier,
    part_values.identifier,
    codes={"identifier_type": CodeName.IDENTIFIER_TYPE},
    never_empty=frozenset({"identifier_type", "number"}),
    told=("identifier_type", "valid_until"),
)
NOTES: Final = PartKind(
    "notes",
    "note",
    CustomerNote,
    part_answers.note,
    part_values.note,
    action=CustomerAction.ADD_NOTE,
    never_empty=frozenset({"note"}),
    own_alone=True,
)
KINDS: Final = (FAMILY, ADDRESSES, IDENTIFIERS, NOTES)
_WITH_A_NEW_ONE: Final = (("family", FAMILY), ("addresses", ADDRESSES), ("identifiers", IDENTIFIERS))


def path_of(customer_id: str, kind: PartKind, part_id: str) -> str:
    """Where a part is found."""
    return f"/v1/customers/{customer_id}/{kind.path}/{part_id}"


def refusal(kind: PartKind, action: str, who: Principal, customer: Customer, row: Any) -> Refusal | None:
    """Why `who` may not edit or delete a part, or None."""
    wrong = refuse_role(kind.action, who) or refuse_state(kind.action, customer.status)
    if wrong is not None or not kind.own_alone or row.created_by == who.username:
        return wrong
    if action == "delete" and who.may(Permission.DOCUMENT_DELETE):
        return None
    return forbidden(f"{row.created_by} wrote this {kind.said}.")


def add(core: Core, tx: Tx, command: Command, customer_id: str, kind: PartKind, new: Request) -> Reply:
    """`POST /v1/customers/{id}/...`: one more part.

    Raises:
        Refusal: 404, 409 `transition-not-allowed` or `reference-taken`, 422.
    """
    customer = _customer(tx, command.principal, customer_id)
    if wrong := refuse_role(kind.action, command.principal) or refuse_state(kind.action, customer.status):
        raise wrong
    row: Any = _made(core, tx, command, customer, kind, new.model_dump(mode="json"))
    event = audit.Event(
        command.action, object=path_of(customer.id, kind, row.id), after=_told(kind, row) | {"version": 1}
    )
    return _done(tx, command, customer, kind, row, event, status=201)


def change(
    core: Core,
    tx: Tx,
    command: Command,
    customer_id: str,
    kind: PartKind,
    part_id: str,
    seen: int,
    asked: Request,
) -> Reply:
    """`PATCH /v1/customers/{id}/.../{part_id}`: only the members that were sent change.

    Raises:
        Refusal: 403 for another's note, 404, 412, 409, 422.
    """
    customer, row = _seen(core, tx, command, customer_id, kind, part_id, seen, "edit")
    sent = sent_members(asked, never_empty=kind.never_empty)
    columns = _columns(core, tx, command.principal, customer, kind, sent, row)
    before = differences(row, columns)
    path = path_of(customer.id, kind, row.id)
    if not before:
        return _done(tx, command, customer, kind, row, audit.Event(command.action, object=path))
    changed = replace(row, **columns, version=row.version + 1)
    tx.put(changed)
    event = audit.Event(
        command.action,
        object=path,
        before={name: value for name, value in before.items() if name in kind.told},
        after={name: columns[name] if name in kind.told else "changed" for name in before}
        | {"version": changed.version},
    )
    return _done(tx, command, customer, kind, changed, event)


def remove(
    core: Core, tx: Tx, command: Command, customer_id: str, kind: PartKind, part_id: str, seen: int
) -> Reply:
    """`DELETE /v1/customers/{id}/.../{part_id}`: gone, with a tombstone in the chain.

    Raises:
        Refusal: 403 for another's note, 404, 412, 409.
    """
    customer, row = _seen(core, tx, command, customer_id, kind, part_id, seen, "delete")
    tx.remove(row)
    path = path_of(customer.id, kind, row.id)
    before = _told(kind, row) | {"version": row.version, "created_by": row.created_by}
    return Reply(
        status=204,
        body=b"",
        resource=path,
        summary=f"{kind.said} of {customer.customer_no}",
        event=audit.Event(command.action, object=path, before=before),
        branch_id=customer.branch_id,
    )


def add_parts(core: Core, tx: Tx, command: Command, customer: Customer, new: NewCustomer) -> None:
    """Put the parts that came with a new customer.

    Raises:
        Refusal: 409, 422 with a pointer into the whole body.
    """
    for member, kind in _WITH_A_NEW_ONE:
        for place, part in enumerate(getattr(new, member)):
            try:
                _made(core, tx, command, customer, kind, part.model_dump(mode="json"))
            except Refusal as wrong:
                inside = tuple(
                    each.model_copy(update={"pointer": f"/{member}/{place}{each.pointer}"})
                    for each in wrong.errors
                )
                raise replace(wrong, errors=inside) from wrong


def remove_parts(tx: Tx, customer: Customer) -> None:
    """Delete everything that belongs to a customer's profile; the bytes of documents go with their uploads."""
    row_types: list[type[Any]] = [*(kind.row_type for kind in KINDS), CustomerDetails, Document]
    for row_type in row_types:
        for row in tx.find(row_type, customer_id=customer.id):
            tx.remove(row)


def parts_answers(tx: Tx, who: Principal, customer: Customer) -> dict[str, tuple[Resource, ...]]:
    """Family, addresses and identifiers of a customer, as the answer to his entry shows them."""
    found: dict[str, tuple[Resource, ...]] = {}
    for member, kind in _WITH_A_NEW_ONE:
        rows = sorted(tx.find(kind.row_type, customer_id=customer.id), key=lambda each: each.id)
        names = names_in(tx, ids_in(kind, rows))
        found[member] = answers(kind, who, customer, rows, names)
    return found


def answers(
    kind: PartKind, who: Principal, customer: Customer, rows: Sequence[Any], names: Mapping[str, str]
) -> tuple[Any, ...]:
    """Parts as the contract shows them; `names` are those of `ids_in`."""
    found = []
    for row in rows:
        refusals = {name: refusal(kind, name, who, customer, row) for name in ("edit", "delete")}
        found.append(kind.answer(who, row, names, refusals))
    return tuple(found)


def ids_in(kind: PartKind, rows: Sequence[Any]) -> set[str]:
    """The ids of the code values that these parts name."""
    return {each for row in rows for name in kind.codes if (each := getattr(row, name))}


def _made(
    core: Core, tx: Tx, command: Command, customer: Customer, kind: PartKind, sent: dict[str, Any]
) -> Any:
    columns = _columns(core, tx, command.principal, customer, kind, sent, None)
    row: Any = kind.row_type(
        id=core.new_id(),
        version=1,
        customer_id=customer.id,
        created_by=command.principal.username,
        created_at=command.at_us,
        **columns,
    )
    tx.put(row)
    return row


def _columns(
    core: Core, tx: Tx, who: Principal, customer: Customer, kind: PartKind, sent: dict[str, Any], row: Any
) -> dict[str, Any]:
    """What was sent as columns hold it: codes by their ids, days as texts."""
    columns = kind.values(core.tree[customer.branch_id], core.today(core.tree[customer.branch_id]), sent, row)
    for member, code in kind.codes.items():
        if columns.get(member) is not None:
            stands = getattr(row, member) if row is not None else None
            columns[member] = resolve(tx, code, columns[member], f"/{member}", kept=stands).id
    if kind is IDENTIFIERS:
        _refuse_taken(tx, who, customer, columns, row)
    return columns


def _refuse_taken(
    tx: Tx, who: Principal, customer: Customer, columns: dict[str, Any], row: Identifier | None
) -> None:
    """No two customers have one number of one kind."""
    kind_id = columns.get("identifier_type", row.identifier_type if row else None)
    number_key = columns.get("number_key", row.number_key if row else None)
    taken = tx.find_one(Identifier, identifier_type=kind_id, number_key=number_key)
    if taken is None or (row is not None and taken.id == row.id):
        return
    holder = tx.get(Customer, taken.customer_id)
    seen = holder is not None and who.scope.covers(holder.branch_id)
    if taken.customer_id == customer.id:
        whose = "The customer has this identifier already"
    elif holder is not None and seen:
        whose = f"Customer {holder.customer_no} {holder.name} has this identifier"
    else:
        whose = "Another customer has this identifier"
    raise conflict(
        Codes.REFERENCE_TAKEN,
        f"{whose}. Nothing was recorded.",
        existing=brief(holder) if holder is not None and seen else None,
    )


def _seen(
    core: Core,
    tx: Tx,
    command: Command,
    customer_id: str,
    kind: PartKind,
    part_id: str,
    seen: int,
    action: str,
) -> tuple[Customer, Any]:
    who = command.principal
    customer = _customer(tx, who, customer_id)
    row = tx.get(kind.row_type, part_id)
    if row is None or row.customer_id != customer.id:
        raise not_found(kind.said)
    if row.version != seen:
        (current,) = answers(kind, who, customer, [row], names_in(tx, ids_in(kind, [row])))
        changes = history.changes_since(tx, path_of(customer.id, kind, row.id), seen)
        raise history.stale(current, changes, core.tree[customer.branch_id].timezone)
    if wrong := refusal(kind, action, who, customer, row):
        raise wrong
    return customer, row


def _customer(tx: Tx, who: Principal, customer_id: str) -> Customer:
    customer = tx.get(Customer, customer_id)
    if customer is None or not who.scope.covers(customer.branch_id):
        raise not_found("customer")
    return customer


def _told(kind: PartKind, row: Any) -> dict[str, Any]:
    return {name: getattr(row, name) for name in kind.told}


def _done(
    tx: Tx,
    command: Command,
    customer: Customer,
    kind: PartKind,
    row: Any,
    event: audit.Event,
    *,
    status: int = 200,
) -> Reply:
    (answer,) = answers(kind, command.principal, customer, [row], names_in(tx, ids_in(kind, [row])))
    path = path_of(customer.id, kind, row.id)
    return reply(
        answer,
        event=event,
        branch_id=customer.branch_id,
        status=status,
        resource=path,
        version=row.version,
        location=path if status == 201 else None,
        summary=f"{kind.said} of {customer.customer_no}",
    )
