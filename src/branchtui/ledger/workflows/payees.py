"""The short codes and bank accounts that people pay to, and whose each is (contract, section 5)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from sqlalchemy import Boolean, bindparam, literal_column

from branchtui.contract import statements as wire
from branchtui.contract.problem import Codes
from branchtui.ledger import audit
from branchtui.ledger.feeds.statement_columns import PORTAL
from branchtui.ledger.operations import Reply, reply
from branchtui.ledger.problems import conflict, invalid, not_found
from branchtui.ledger.store import tables
from branchtui.ledger.store.list_spec import ListSpec, Sort
from branchtui.ledger.store.rows import Payee
from branchtui.ledger.workflows.statement_accounts import folded_account

if TYPE_CHECKING:
    from branchtui.ledger.core import Core
    from branchtui.ledger.operations import Command
    from branchtui.ledger.store.unit import Tx

LENGTH_MAX: Final = 34
"""As long as an IBAN may be (ISO 13616)."""

_SHORT_CODE: Final = re.compile(r"[0-9]{3,20}", re.ASCII)

PAYEES: Final = ListSpec(
    row_type=Payee,
    name="payees",
    sorts={"number": Sort("number")},
    filters={
        "branch": tables.payees.c.branch_id == bindparam("branch"),
        "branches": literal_column("payees.branch_id IN (SELECT value FROM json_each(:branches))", Boolean),
    },
)
"""The list behind `GET /v1/payees`."""


def answer(row: Payee) -> wire.Payee:
    """The payee as the contract shows one."""
    return wire.Payee(id=row.id, provider=row.provider, number=row.number, branch_id=row.branch_id)


def create(core: Core, tx: Tx, command: Command, new: wire.NewPayee) -> Reply:
    """`POST /v1/payees`: from now on its statements and callbacks are the branch's.

    Raises:
        Refusal: 404 for a branch that is not the caller's, 409 `reference-taken`, 422 for what is no number.
    """
    branch = core.tree.find(new.branch_id)
    if branch is None or not command.principal.scope.covers(new.branch_id):
        raise not_found("branch")
    number = folded_account(new.number)
    if not number or len(number) > LENGTH_MAX:
        raise invalid("/number", f"Number: letters and digits, at most {LENGTH_MAX}.")
    if new.provider == PORTAL and not _SHORT_CODE.fullmatch(number):
        raise invalid("/number", "Number: a short code is digits.")
    if tx.find(Payee, provider=new.provider, number=number):
        raise conflict(Codes.REFERENCE_TAKEN, f"{number} of {new.provider} belongs to a branch already.")
    row = Payee(core.new_id(), new.provider, number, branch.id)
    tx.put(row)
    after = {"provider": row.provider, "number": row.number}
    return reply(
        answer(row),
        event=audit.Event(action=command.action, object=f"/v1/payees/{row.id}", after=after),
        branch_id=branch.id,
        status=201,
        resource=f"/v1/payees/{row.id}",
        summary=f"{row.provider} {row.number} of branch {branch.code}",
    )
