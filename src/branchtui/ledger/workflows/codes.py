"""Code lists: kept by administrators, named by everybody by id or exact name (contract, sections 2 and 3)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from sqlalchemy import bindparam, func

from branchtui.contract import codes as wire
from branchtui.contract.codes import CodeName
from branchtui.contract.problem import Codes
from branchtui.format.folding import fold
from branchtui.ledger import audit, history, numbers
from branchtui.ledger.access import Permission
from branchtui.ledger.operations import Reply, reply
from branchtui.ledger.problems import conflict, invalid, not_found
from branchtui.ledger.store import tables
from branchtui.ledger.store.list_spec import ListSpec, Sort
from branchtui.ledger.store.rows import CodeValue
from branchtui.ledger.store.search import FACETS_MAX
from branchtui.ledger.workflows.changing import differences, offered, refuse_whole, sent_members

if TYPE_CHECKING:
    from branchtui.ledger.access import Principal
    from branchtui.ledger.core import Core
    from branchtui.ledger.operations import Command
    from branchtui.ledger.store.unit import Tx

FACET_COUNTER: Final = "facet"
LISTED_BY: Final = frozenset({CodeName.LABEL.value, CodeName.GROUP.value, CodeName.ORGANISATION.value})
"""Lists by whose values customers are filtered: each value has a number for its mark."""

_c = tables.code_values.c

VALUES: Final = ListSpec(
    row_type=CodeValue,
    name="code-values",
    sorts={"position": Sort("position", key=None), "name": Sort("name_key", key=fold)},
    filters={
        "code": _c.code == bindparam("code"),
        "active": _c.active == bindparam("active"),
        "q": func.instr(_c.name_key, bindparam("q")) > 0,
    },
)
"""The list behind `GET /v1/codes/{code}/values`."""


def code_named(text: str) -> CodeName:
    """The code list of this name.

    Raises:
        Refusal: 404.
    """
    found = CodeName.__members__.get(text.upper())
    if found is None or found is CodeName.OTHER or found.value != text:
        raise not_found("code list")
    return found


def path_of(value: CodeValue) -> str:
    """Where a value is found."""
    return f"/v1/codes/{value.code}/values/{value.id}"


def answer(who: Principal, value: CodeValue) -> wire.CodeValue:
    """A value as the contract shows one."""
    actions, refused = offered({"edit": refuse_whole(who, Permission.CODE_ADMIN, "code lists")})
    return wire.CodeValue(
        id=value.id,
        version=value.version,
        actions=actions,
        refused=refused,
        code=CodeName(value.code),
        name=value.name,
        position=value.position,
        active=bool(value.active),
    )


def resolve(tx: Tx, code: CodeName, given: str, pointer: str, *, kept: str | None = None) -> CodeValue:
    """The value of a list that `given` names: its id or its exact name, in any case.

    `kept` is the id that stands there already: it may stay when it is offered no more.

    Raises:
        Refusal: 422 for what is no value of this list, or one that is not active.
    """
    value = tx.get(CodeValue, given)
    if value is None or value.code != code.value:
        value = tx.find_one(CodeValue, code=code.value, name_key=fold(given))
    if value is None:
        raise invalid(pointer, f"{_plain(code)}: {given} is none of the list.", "code-unknown")
    if not value.active and value.id != kept:
        raise invalid(pointer, f"{_plain(code)}: {value.name} is offered no more.", "code-inactive")
    return value


def create(core: Core, tx: Tx, command: Command, code: CodeName, new: wire.NewCodeValue) -> Reply:
    """`POST /v1/codes/{code}/values`.

    Raises:
        Refusal: 403, 409 `reference-taken` for a name that the list has.
    """
    if refusal := refuse_whole(command.principal, Permission.CODE_ADMIN, "code lists"):
        raise refusal
    _refuse_taken(tx, code.value, new.name)
    position = new.position
    if position is None:
        counter = numbers.reserve(tx, f"position:{code.value}")
        position = 1_000 + counter
    value = CodeValue(
        id=core.new_id(),
        version=1,
        code=code.value,
        name=new.name,
        name_key=fold(new.name),
        position=position,
        active=1,
        number=next_facet(tx) if code.value in LISTED_BY else 0,
        created_at=command.at_us,
    )
    tx.put(value)
    event = audit.Event(command.action, object=path_of(value), after={"name": value.name, "version": 1})
    return _done(command, value, event, status=201)


def change(
    core: Core,
    tx: Tx,
    command: Command,
    code: CodeName,
    value_id: str,
    seen: int,
    asked: wire.CodeValueChange,
) -> Reply:
    """`PATCH /v1/codes/{code}/values/{id}`.

    Raises:
        Refusal: 403, 404, 412, 409 `reference-taken`.
    """
    if refusal := refuse_whole(command.principal, Permission.CODE_ADMIN, "code lists"):
        raise refusal
    value = tx.get(CodeValue, value_id)
    if value is None or value.code != code.value:
        raise not_found("value")
    if value.version != seen:
        changes = history.changes_since(tx, path_of(value), seen)
        zone = core.tree[command.principal.branch_id].timezone
        raise history.stale(answer(command.principal, value), changes, zone)
    sent = sent_members(asked, never_empty={"name", "position", "active"})
    if "active" in sent:
        sent["active"] = int(sent["active"])
    before = differences(value, sent)
    if not before:
        return _done(command, value, audit.Event(command.action, object=path_of(value)))
    if "name" in before and fold(sent["name"]) != value.name_key:
        _refuse_taken(tx, value.code, sent["name"])
    changed = replace(value, **sent, version=value.version + 1)
    changed = replace(changed, name_key=fold(changed.name))
    tx.put(changed)
    after = {name: sent[name] for name in before} | {"version": changed.version}
    event = audit.Event(command.action, object=path_of(value), before=before, after=after)
    return _done(command, changed, event)


def next_facet(tx: Tx) -> int:
    """The next number for a mark.

    Raises:
        Refusal: 409 when all are given out.
    """
    number = numbers.reserve(tx, FACET_COUNTER)
    if number >= FACETS_MAX:
        raise conflict(Codes.TOO_MANY_VALUES, f"Customers can be listed by {FACETS_MAX:,} values at most.")
    return number


def _refuse_taken(tx: Tx, code: str, name: str) -> None:
    taken = tx.find_one(CodeValue, code=code, name_key=fold(name))
    if taken is not None:
        raise conflict(
            Codes.REFERENCE_TAKEN,
            f"{taken.name} is in the list already. Nothing was recorded.",
            existing={"id": taken.id, "name": taken.name, "active": bool(taken.active)},
        )


def _plain(code: CodeName) -> str:
    return code.value.replace("_", " ").capitalize()


def _done(command: Command, value: CodeValue, event: audit.Event, *, status: int = 200) -> Reply:
    return reply(
        answer(command.principal, value),
        event=event,
        branch_id=command.principal.branch_id,
        status=status,
        resource=path_of(value),
        version=value.version,
        location=path_of(value) if status == 201 else None,
        summary=f"{value.code} {value.name}",
    )
