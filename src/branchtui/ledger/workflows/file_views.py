"""Balance files as the contract shows them: to this user, with what may be done to one now."""

from __future__ import annotations

import json
from datetime import date
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import Boolean, bindparam, literal_column

from branchtui.contract import balance_files as wire
from branchtui.contract.balance_files import FileForm, FileState
from branchtui.contract.base import RefusedAction
from branchtui.contract.imports import Recognised
from branchtui.format.money import money
from branchtui.ledger.clock import as_datetime
from branchtui.ledger.store import tables
from branchtui.ledger.store.list_spec import ListSpec, Sort
from branchtui.ledger.store.rows import BalanceFile
from branchtui.ledger.workflows.file_rules import FileAction, refuse

if TYPE_CHECKING:
    from collections.abc import Iterable

    from branchtui.ledger.access import Principal

_c = tables.balance_files.c

FILES: Final = ListSpec(
    row_type=BalanceFile,
    name="balance-files",
    sorts={"created": Sort("created_at", descending=True, is_time=True)},
    filters={
        "branch": _c.branch_id == bindparam("branch"),
        "branches": literal_column(
            "+balance_files.branch_id IN (SELECT value FROM json_each(:branches))", Boolean
        ),
        "state": _c.state == bindparam("state"),
    },
)
"""The list behind `GET /v1/balance-files`."""


def path_of(file_id: str) -> str:
    """Where a balance file is found."""
    return f"/v1/balance-files/{file_id}"


def summary_of(file: BalanceFile) -> str:
    """A file in a few words, without a name of a payer."""
    named = file.file_id or "a table"
    if not file.payers:
        return f"balance file {named}"
    return f"balance file {named}: {file.payers:,} payers, {money(file.total_minor, file.currency)} {file.currency}"


def answer(
    file: BalanceFile, who: Principal, *, xray: bool = True, balances: Iterable[Any] = ()
) -> wire.BalanceFile:
    """The file as the contract shows one to this user; in a list without its X-ray."""
    refusals = {action.value: refuse(action, who, file) for action in FileAction}
    seen: dict[str, Any] = json.loads(file.xray) if xray else {}
    recognised: dict[str, Any] = json.loads(file.recognised)
    return wire.BalanceFile(
        id=file.id,
        version=file.version,
        actions=tuple(name for name, refusal in refusals.items() if refusal is None),
        refused={
            name: RefusedAction(
                code=refusal.code, message=refusal.detail, approval=refusal.extra.get("approval")
            )
            for name, refusal in refusals.items()
            if refusal is not None
        },
        branch_id=file.branch_id,
        division=file.division,
        account_no=file.account_no,
        form=FileForm(file.form),
        file_id=file.file_id,
        state=FileState(file.state),
        job_id=file.job_id,
        sha256=file.sha256,
        preview_version=file.preview_version,
        payers=file.payers,
        accounts_updated=file.accounts_updated,
        unchanged=file.unchanged,
        warnings=file.warnings,
        errors=file.errors,
        total_minor=file.total_minor,
        currency=file.currency,
        as_of_date=date.fromisoformat(file.as_of_date) if file.as_of_date else None,
        reason=file.reason,
        recognised=Recognised.model_validate(recognised, strict=False),
        xray=wire.XRay.model_validate(seen, strict=False) if seen else None,
        balances=tuple(balances),
        created_by=file.created_by,
        created_at=as_datetime(file.created_at),
        applied_by=file.applied_by,
        applied_at=None if file.applied_at is None else as_datetime(file.applied_at),
        reverted_by=file.reverted_by,
        reverted_at=None if file.reverted_at is None else as_datetime(file.reverted_at),
    )
