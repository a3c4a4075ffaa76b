"""Staff: to whom customers are assigned, in the own branch and in those above it (contract, sections 2 and 3)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import Boolean, bindparam, func, literal_column

from branchtui.contract import codes as wire
from branchtui.contract.problem import Codes
from branchtui.format.folding import fold
from branchtui.ledger import audit, history, names
from branchtui.ledger.access import Permission
from branchtui.ledger.operations import Reply, reply
from branchtui.ledger.problems import Refusal, conflict, forbidden, invalid, not_found
from branchtui.ledger.store import tables
from branchtui.ledger.store.list_spec import ListSpec, Sort
from branchtui.ledger.store.rows import Staff
from branchtui.ledger.workflows.changing import differences, offered, sent_members
from branchtui.ledger.workflows.codes import next_facet
from branchtui.ledger.workflows.customer_views import day_of, phone_shown
from branchtui.ledger.workflows.reading import read_email, read_mobile

if TYPE_CHECKING:
    from branchtui.ledger.access import Principal
    from branchtui.ledger.core import Core, Tree
    from branchtui.ledger.operations import Command
    from branchtui.ledger.store.rows import Branch
    from branchtui.ledger.store.unit import Tx

_c = tables.staff.c
_NEVER_EMPTY: Final = frozenset({"branch_id", "first_name", "last_name", "active"})

STAFF: Final = ListSpec(
    row_type=Staff,
    name="staff",
    sorts={"name": Sort("name_key", key=fold)},
    filters={
        "branches": literal_column("staff.branch_id IN (SELECT value FROM json_each(:branches))", Boolean),
        "active": _c.active == bindparam("active"),
        "q": func.instr(_c.name_key, bindparam("q")) > 0,
    },
)
"""The list behind `GET /v1/staff`."""


def path_of(staff: Staff) -> str:
    """Where somebody is found."""
    return f"/v1/staff/{staff.id}"


def seen_branches(tree: Tree, who: Principal) -> frozenset[str]:
    """The branches whose staff one may see: the own ones, and those above, who serve them too."""
    return who.scope.branch_ids | tree.above(who.branch_id)


def serves(tree: Tree, staff: Staff, branch_id: str) -> bool:
    """Whether customers of a branch may be assigned to somebody: of that branch, or of one above it."""
    return staff.branch_id in tree.above(branch_id)


def chosen(core: Core, tx: Tx, who: Principal, staff_id: str, branch_id: str, pointer: str) -> Staff:
    """The member of staff to whom a customer of this branch is to be assigned.

    Raises:
        Refusal: 404 for one who is not the caller's to see, 422 for one of another branch or who has left.
    """
    staff = tx.get(Staff, staff_id)
    if staff is None or staff.branch_id not in seen_branches(core.tree, who) | core.tree.above(branch_id):
        raise not_found("member of staff")
    if not serves(core.tree, staff, branch_id):
        theirs, ours = core.tree[staff.branch_id].name, core.tree[branch_id].name
        raise invalid(
            pointer, f"{staff.name} is of {theirs}, the customer of {ours}.", "staff-of-another-branch"
        )
    if not staff.active:
        raise invalid(pointer, f"{staff.name} has left.", "staff-inactive")
    return staff


def answer(core: Core, who: Principal, staff: Staff) -> wire.StaffMember:
    """Somebody as the contract shows one."""
    actions, refused = offered({"edit": refuse(who, staff.branch_id)})
    return wire.StaffMember(
        id=staff.id,
        version=staff.version,
        actions=actions,
        refused=refused,
        branch_id=staff.branch_id,
        branch_code=core.tree[staff.branch_id].code,
        staff_no=staff.staff_no,
        first_name=staff.first_name,
        last_name=staff.last_name,
        name=staff.name,
        mobile_no=phone_shown(who, staff.mobile_no),
        email=staff.email,
        joined_on=day_of(staff.joined_on),
        active=bool(staff.active),
    )


def refuse(who: Principal, branch_id: str) -> Refusal | None:
    """Why `who` may not change staff of this branch, or None."""
    if not who.may(Permission.CODE_ADMIN):
        return forbidden(f"Your role, {who.role.value}, may not change staff.")
    if not who.scope.covers(branch_id):
        return forbidden("This is staff of a branch above yours.")
    return None


def create(core: Core, tx: Tx, command: Command, new: wire.NewStaffMember) -> Reply:
    """`POST /v1/staff`.

    Raises:
        Refusal: 404 for a branch that is not the caller's, 409 `reference-taken` for a number, 422.
    """
    branch = _branch(core, command.principal, new.branch_id)
    values = _values(branch, new.model_dump(mode="json"))
    _refuse_taken(tx, values.get("staff_no"))
    name = names.full_name(new.first_name, None, new.last_name)
    staff = Staff(
        **values,
        id=core.new_id(),
        version=1,
        name=name,
        name_key=fold(name),
        active=1,
        number=next_facet(tx),
        created_at=command.at_us,
    )
    tx.put(staff)
    after = {"branch_id": branch.id, "staff_no": staff.staff_no, "version": 1}
    return _done(core, command, staff, audit.Event(command.action, object=path_of(staff), after=after), 201)


def change(core: Core, tx: Tx, command: Command, staff_id: str, seen: int, asked: wire.StaffChange) -> Reply:
    """`PATCH /v1/staff/{id}`. Customers stay assigned to who has left or moved, until they are given to another.

    Raises:
        Refusal: 403, 404, 412, 409 `reference-taken`, 422.
    """
    who = command.principal
    staff = tx.get(Staff, staff_id)
    if staff is None or staff.branch_id not in seen_branches(core.tree, who):
        raise not_found("member of staff")
    if refusal := refuse(who, staff.branch_id):
        raise refusal
    if staff.version != seen:
        changes = history.changes_since(tx, path_of(staff), seen)
        raise history.stale(answer(core, who, staff), changes, core.tree[staff.branch_id].timezone)
    sent = sent_members(asked, never_empty=_NEVER_EMPTY)
    branch = _branch(core, who, sent.get("branch_id", staff.branch_id))
    values = _values(branch, sent)
    before = differences(staff, values)
    if not before:
        return _done(core, command, staff, audit.Event(command.action, object=path_of(staff)))
    if "staff_no" in before:
        _refuse_taken(tx, values["staff_no"])
    changed = replace(staff, **values, version=staff.version + 1)
    name = names.full_name(changed.first_name, None, changed.last_name)
    changed = replace(changed, name=name, name_key=fold(name))
    tx.put(changed)
    told = ("branch_id", "staff_no", "active", "joined_on")
    event = audit.Event(
        command.action,
        object=path_of(staff),
        before={name: value for name, value in before.items() if name in told},
        after={name: values[name] if name in told else "changed" for name in before}
        | {"version": changed.version},
    )
    return _done(core, command, changed, event)


def _values(branch: Branch, sent: dict[str, Any]) -> dict[str, Any]:
    """What was sent as columns hold it."""
    values = dict(sent)
    if values.get("mobile_no") is not None:
        values["mobile_no"] = read_mobile(values["mobile_no"], branch, "/mobile_no").e164
    if values.get("email") is not None:
        values["email"] = read_email(values["email"], "/email")
    if "active" in values:
        values["active"] = int(values["active"])
    return values


def _branch(core: Core, who: Principal, branch_id: str) -> Branch:
    if not who.scope.covers(branch_id):
        raise not_found("branch")
    return core.tree[branch_id]


def _refuse_taken(tx: Tx, staff_no: str | None) -> None:
    taken = tx.find_one(Staff, staff_no=staff_no) if staff_no is not None else None
    if taken is not None:
        raise conflict(
            Codes.REFERENCE_TAKEN, f"Staff number {staff_no} is taken. Nothing was recorded.", existing=None
        )


def _done(core: Core, command: Command, staff: Staff, event: audit.Event, status: int = 200) -> Reply:
    return reply(
        answer(core, command.principal, staff),
        event=event,
        branch_id=staff.branch_id,
        status=status,
        resource=path_of(staff),
        version=staff.version,
        location=path_of(staff) if status == 201 else None,
        summary=f"staff {staff.staff_no or staff.id[-6:]}",
    )
