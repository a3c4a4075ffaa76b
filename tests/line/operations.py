"""Every change that the terminal can make, each on an object made for it alone, through the client's own methods."""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from pydantic import BaseModel, ConfigDict
from tests.ledger.running import PASSWORD
from tests.ledger.web.asking import Ask
from tests.ledger.web.every_route import CHANGES, World
from tests.line.customer_operations import METHODS as OF_CUSTOMERS

from branchtui.contract.approvals import Approval, NewApproval
from branchtui.contract.balance_records import (
    BalanceRecord,
    BalanceRecordChange,
    BulkAction,
    NewBalanceRecord,
)
from branchtui.contract.base import Answer
from branchtui.contract.customers import NewAccount, NewCustomer
from branchtui.contract.imports import Import, NewImport, StartImport
from branchtui.contract.payments import Payment
from branchtui.contract.people import (
    BranchChange,
    BranchRecord,
    NewBranch,
    NewUser,
    Security,
    SecurityChange,
    UserChange,
    UserRecord,
)
from branchtui.remote.answers import read_answer, read_nothing
from branchtui.remote.intents import Intent

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from branchtui.ledger.store.connection import Connection
    from branchtui.remote.answers import Reply
    from branchtui.remote.client import Ledger

    Act = Callable[[Ledger], Awaitable[Any]]

BRANCH: Final = "NKU"


@dataclass(frozen=True)
class Change:
    """One change, ready to be made once: `who` makes it by `act`, and what that answers."""

    name: str
    who: str
    act: Act


@dataclass(frozen=True)
class Wanted:
    """A change as it would be sent, and how what it is about is read over the ledger's own line."""

    ask: Ask
    read: Callable[[str], bytes]

    def body(self, model: type[Any]) -> Any:
        """What is sent."""
        return model.model_validate_json(json.dumps(self.ask.body))

    def seen(self, model: type[Any], path: str | None = None) -> Any:
        """The object as somebody saw it."""
        found = path or self.ask.path.removesuffix("/" + self.ask.path.rsplit("/", 1)[-1])
        return model.model_validate_json(self.read(found))

    @property
    def owner(self) -> str:
        """The id in the path."""
        return self.ask.ids["path"]


def ready(world: World, name: str) -> Change:
    """The change `name`, everything it needs made before."""
    if name in OWN:
        return OWN[name](world)
    ask = CHANGES[name](world, BRANCH)
    api = world.api(ask, BRANCH)
    wanted = Wanted(ask, lambda path: api.get(path).content)
    return Change(name, api.username, METHODS.get(name, _as_it_stands)(wanted))


def _customer_create(wanted: Wanted) -> Act:
    body = wanted.body(NewCustomer).model_copy(update={"last_name": f"P{uuid.uuid4().hex[:12]}"})
    return lambda ledger: ledger.create_customer(body)


def _account_open(wanted: Wanted) -> Act:
    body = wanted.body(NewAccount)
    return lambda ledger: ledger.open_account(wanted.owner, body)


def _record_create(wanted: Wanted) -> Act:
    body = wanted.body(NewBalanceRecord)
    return lambda ledger: ledger.create_balance_record(body)


def _record_change(wanted: Wanted) -> Act:
    seen, body = wanted.seen(BalanceRecord, wanted.ask.path), wanted.body(BalanceRecordChange)
    return lambda ledger: ledger.change_balance_record(seen, body)


def _record_delete(wanted: Wanted) -> Act:
    seen = wanted.seen(BalanceRecord, wanted.ask.path)
    return lambda ledger: ledger.delete_balance_record(seen)


def _record_post(wanted: Wanted) -> Act:
    seen = wanted.seen(BalanceRecord)
    return lambda ledger: ledger.post_balance_record(seen)


def _record_reverse(wanted: Wanted) -> Act:
    seen = wanted.seen(BalanceRecord)
    return lambda ledger: ledger.reverse_balance_record(seen, "keyed twice")


def _post_all(wanted: Wanted) -> Act:
    body = wanted.body(BulkAction)
    return lambda ledger: ledger.post_all_records(body)


def _delete_all(wanted: Wanted) -> Act:
    body = wanted.body(BulkAction)
    return lambda ledger: ledger.delete_all_records(body)


def _associate(wanted: Wanted) -> Act:
    seen = wanted.seen(Payment)
    return lambda ledger: ledger.associate_payment(seen, wanted.ask.ids["customer_id"])


def _disassociate(wanted: Wanted) -> Act:
    seen = wanted.seen(Payment)
    return lambda ledger: ledger.disassociate_payment(seen, "the wrong customer")


def _import_create(wanted: Wanted) -> Act:
    body = wanted.body(NewImport)
    return lambda ledger: ledger.start_import(body)


def _import_start(wanted: Wanted) -> Act:
    seen, body = wanted.seen(Import), wanted.body(StartImport)
    return lambda ledger: ledger.import_start(seen, body)


def _user_create(wanted: Wanted) -> Act:
    body = wanted.body(NewUser)
    return lambda ledger: ledger.create_user(body)


def _user_change(wanted: Wanted) -> Act:
    seen, body = wanted.seen(UserRecord, wanted.ask.path), wanted.body(UserChange)
    return lambda ledger: ledger.change_user(seen, body)


def _user_unlock(wanted: Wanted) -> Act:
    seen = wanted.seen(UserRecord)
    return lambda ledger: ledger.unlock_user(seen)


def _branch_create(wanted: Wanted) -> Act:
    body = wanted.body(NewBranch)
    return lambda ledger: ledger.create_branch(body)


def _branch_change(wanted: Wanted) -> Act:
    found = json.loads(wanted.read("/v1/branches"))["items"]
    seen = next(each for each in found if each["id"] == wanted.owner)
    branch = BranchRecord.model_validate_json(json.dumps(seen))
    return lambda ledger: ledger.change_branch(branch, BranchChange(name="Renamed"))


def _security_set(wanted: Wanted) -> Act:
    seen, body = wanted.seen(Security, wanted.ask.path), wanted.body(SecurityChange)
    return lambda ledger: ledger.set_security(seen, body)


def _approval_file(wanted: Wanted) -> Act:
    body = wanted.body(NewApproval)
    return lambda ledger: ledger.file_approval(body, "a large one")


def _approval_approve(wanted: Wanted) -> Act:
    seen = wanted.seen(Approval)
    return lambda ledger: ledger.approve(seen)


def _approval_reject(wanted: Wanted) -> Act:
    seen = wanted.seen(Approval)
    return lambda ledger: ledger.reject(seen, "not theirs")


def _approval_withdraw(wanted: Wanted) -> Act:
    seen = wanted.seen(Approval)
    return lambda ledger: ledger.withdraw(seen)


class _Loose(BaseModel):
    """A body as it stands."""

    model_config = ConfigDict(extra="allow")


def _as_it_stands(wanted: Wanted) -> Act:
    """An endpoint that the client has no method for: its request through the client's one way of making changes."""
    ask = wanted.ask

    def read(reply: Reply) -> _Loose | None:
        if ask.method != "DELETE":
            return read_answer(reply, _Loose)
        read_nothing(reply)
        return None

    async def act(ledger: Ledger) -> None:
        await ledger._carry_out(
            Intent(action=f"{ask.method} {ask.path}", summary="a change"),
            path=ask.path,
            method=ask.method,
            body=None if ask.body is None else _Loose.model_validate(ask.body),
            if_match=ask.if_match,
            read=read,
            current=Answer,
        )

    return act


METHODS: Final[dict[str, Callable[[Wanted], Act]]] = {
    "POST /v1/customers": _customer_create,
    "POST /v1/customers/{id}/accounts": _account_open,
    "POST /v1/balance-records": _record_create,
    "PATCH /v1/balance-records/{id}": _record_change,
    "DELETE /v1/balance-records/{id}": _record_delete,
    "POST /v1/balance-records/{id}/post": _record_post,
    "POST /v1/balance-records/{id}/reverse": _record_reverse,
    "POST /v1/balance-records/post-all": _post_all,
    "POST /v1/balance-records/delete-all": _delete_all,
    "POST /v1/payments/{id}/associate": _associate,
    "POST /v1/payments/{id}/disassociate": _disassociate,
    "POST /v1/imports": _import_create,
    "POST /v1/imports/{id}/start": _import_start,
    "POST /v1/users": _user_create,
    "PATCH /v1/users/{id}": _user_change,
    "POST /v1/users/{id}/unlock": _user_unlock,
    "POST /v1/branches": _branch_create,
    "PATCH /v1/branches/{id}": _branch_change,
    "PUT /v1/settings/security": _security_set,
    "POST /v1/approvals": _approval_file,
    "POST /v1/approvals/{id}/approve": _approval_approve,
    "POST /v1/approvals/{id}/reject": _approval_reject,
    "POST /v1/approvals/{id}/withdraw": _approval_withdraw,
    **OF_CUSTOMERS,
}
"""The client's method for each endpoint; one that is not here goes by `_as_it_stands`."""


def _new_password(world: World) -> Change:
    """The same one again, under a fresh salt: the user can still sign in afterwards."""
    who = _person(world, "changes-password")
    return Change(PASSWORD_CHANGE, who, lambda ledger: ledger.change_password(PASSWORD, PASSWORD))


def _new_device(world: World) -> Change:
    """A fresh seed instead of one that was never confirmed."""
    who = _person(world, "changes-device")
    if not world.ledger.query(
        "SELECT 1 FROM second_factors f JOIN users u ON u.id = f.user_id WHERE username = ?", who
    ):
        assert world.ledger.sign_in(who).post("/v1/me/totp", {}).status_code == 200
    return Change(DEVICE, who, lambda ledger: ledger.enrol_device())


def _person(world: World, username: str) -> str:
    if not world.ledger.query("SELECT 1 FROM users WHERE username = ?", username):
        world.user("HQ", BRANCH, username=username)
    return username


PASSWORD_CHANGE: Final = "POST /v1/me/password"
DEVICE: Final = "POST /v1/me/totp"
OWN: Final[dict[str, Callable[[World], Change]]] = {PASSWORD_CHANGE: _new_password, DEVICE: _new_device}
"""Changes of oneself, of a user who is there for them."""

ALL: Final = (*CHANGES, *OWN)

_COUNTED: Final = {
    "branches": "0",
    "branch_versions": "sum(version)",
    "users": "sum(version)",
    "customers": "sum(version)",
    "accounts": "sum(version)",
    "approvals": "sum(version)",
    "approval_slots": "0",
    "balance_records": "sum(version)",
    "import_rows": "0",
    "imports": "0",
    "jobs": "0",
    "journal_entries": "0",
    "legs": "sum(abs(amount_minor))",
    "payments": "sum(version)",
    "second_factors": "count(seed)",
    "uploads": "0",
}
"""Where a change leaves something; the second figure beside the number of rows."""


def footprint(reading: Connection) -> dict[str, tuple[int, int]]:
    """What all changes together have left in the ledger: rows, and a figure that grows with each change of one."""
    known = {name for (name,) in reading.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    parts = [
        f"SELECT '{table}', count(*), coalesce({figure}, 0) FROM {table}"
        for table, figure in _COUNTED.items()
        if table in known
    ]
    parts.append(
        "SELECT 'applied', count(*), 0 FROM audit WHERE outcome = 'applied' AND operation_key IS NOT NULL "
        "AND action <> 'operation.cancel'"
    )
    return {name: (rows, figure) for name, rows, figure in reading.execute(" UNION ALL ".join(parts))}


def settled(world: World) -> None:
    """Wait until the ledger has done what it goes on to do after it answered."""
    while under_way := world.ledger.query("SELECT id FROM jobs WHERE state IN ('queued', 'running')"):
        for (job,) in under_way:
            answer = world.boss(BRANCH).get(f"/v1/jobs/{job}", wait=20)
            assert answer.status_code == 200, answer.text


def left_by(
    before: dict[str, tuple[int, int]], after: dict[str, tuple[int, int]]
) -> dict[str, tuple[int, int]]:
    """The difference of two footprints, without what stayed."""
    found = {
        name: (after[name][0] - rows, after[name][1] - figure) for name, (rows, figure) in before.items()
    }
    return {name: each for name, each in found.items() if each != (0, 0)}


def times(left: dict[str, tuple[int, int]], count: int) -> dict[str, tuple[int, int]]:
    """What a change leaves, `count` times."""
    return {name: (rows * count, figure * count) for name, (rows, figure) in left.items()} if count else {}
