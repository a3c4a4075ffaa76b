"""Applying a balance file as something that a second person can allow: a teller's file of many payers, or a large move."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from branchtui.contract.approvals import Difference
from branchtui.contract.balance_files import ApplyBalanceFile
from branchtui.format.counts import count_of
from branchtui.format.money import money
from branchtui.ledger.workflows import balance_files
from branchtui.ledger.workflows.approval_rules import Approvable, Subject
from branchtui.ledger.workflows.file_rules import FileAction, refuse
from branchtui.ledger.workflows.file_views import answer, summary_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from branchtui.ledger.access import Principal
    from branchtui.ledger.core import Core
    from branchtui.ledger.operations import Command, Reply
    from branchtui.ledger.problems import Refusal
    from branchtui.ledger.store.rows import BalanceFile
    from branchtui.ledger.store.unit import Tx


def _subject(_: Core, tx: Tx, who: Principal, file_id: str, body: ApplyBalanceFile) -> Subject:
    file = balance_files.visible(tx, who, file_id)
    balance_files.refuse_other(file, body)
    seen = json.loads(file.xray)
    currency = file.currency
    lines = [
        Difference(field="File", after=file.file_id or "a table"),
        Difference(field="For", after=file.account_no or file.division or "all divisions"),
        Difference(field="Payers", after=count_of(file.payers, "payer")),
        *_older(file, seen),
        Difference(field="New", after=f"{seen.get('new', 0):,}"),
        Difference(field="Changed", after=f"{seen.get('changed', 0):,}"),
        Difference(field="Wrong", after=f"{file.errors:,}"),
        Difference(
            field="They owe",
            before=f"{money(seen.get('before_minor', 0), currency)} {currency}",
            after=f"{money(seen.get('after_minor', 0), currency)} {currency}",
        ),
        *(
            Difference(
                field=f"{each['account_no']} {each['name']}",
                before=money(each["before_minor"], currency),
                after=money(each["after_minor"], currency),
            )
            for each in seen.get("biggest", [])
        ),
        Difference(field="SHA-256", after=file.sha256),
    ]
    return Subject(
        branch_id=file.branch_id,
        version=file.version,
        current=answer(file, who),
        summary=summary_of(file),
        amount_minor=file.largest_minor if file.payers == 1 else abs(file.total_minor),
        currency=currency,
        lines=tuple(lines),
    )


def _older(file: BalanceFile, seen: dict[str, Any]) -> Iterable[Difference]:
    """That the balances are older than those they are put over."""
    if seen.get("newer_as_of_date"):
        yield Difference(field="As of", before=seen["newer_as_of_date"], after=f"{file.as_of_date}, OLDER")


def _refusal(_: Core, tx: Tx, who: Principal, file_id: str, __: ApplyBalanceFile) -> Refusal | None:
    return refuse(FileAction.APPLY, who, balance_files.visible(tx, who, file_id))


def _perform(core: Core, tx: Tx, command: Command, file_id: str, _: int, body: ApplyBalanceFile) -> Reply:
    file = balance_files.visible(tx, command.principal, file_id)
    balance_files.refuse_other(file, body)
    return balance_files.begin_apply(core, tx, command, file)


APPLY_FILE: Final = Approvable("balance-file.apply", ApplyBalanceFile, _subject, _refusal, _perform)
