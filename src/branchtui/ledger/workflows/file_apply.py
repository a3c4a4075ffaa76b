"""Applying a balance file: for each payer the difference between what is stated and what stands (ledger, section 0).

Nothing is overwritten: a row whose account has moved since the preview is listed instead. A piece commits its
entries, its postings, its place in the file and its link of the chain together, so that a job goes on after a
crash exactly where it stopped (CONC-5).
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from itertools import repeat
from operator import sub
from typing import TYPE_CHECKING, Any, Final

from branchtui.contract.balance_files import FileState, PayerChange
from branchtui.contract.customers import AccountKind, AccountStatus, CustomerStatus
from branchtui.format.money import money
from branchtui.ledger import audit, journal, numbers
from branchtui.ledger.days import is_closed
from branchtui.ledger.feeds.finding import ERROR, WARNING, Finding, error
from branchtui.ledger.journal_spread import Cause, Moves, Opening, post_spread_bulk
from branchtui.ledger.operations import Command
from branchtui.ledger.store import file_store
from branchtui.ledger.store.file_store import Waiting
from branchtui.ledger.store.rows import Account, BalanceFile, BalanceFileRow
from branchtui.ledger.workflows import jobs
from branchtui.ledger.workflows.import_rows import encoded_findings

if TYPE_CHECKING:
    from collections.abc import Sequence

    from branchtui.ledger.core import Core
    from branchtui.ledger.store.unit import BulkTx, Tx
    from branchtui.ledger.workflows.jobs import Running

ROWS_A_PIECE: Final = 2_000
"""Rows a transaction: everybody else waits for the writer no longer than these take."""

TIMES_ALONE: Final = 5
"""So many times as many where nobody else has asked this process, which has its ledger to itself, for anything."""

BILLING_CONTRA: Final = "billing-contra"
ENTRY_KIND: Final = "balance-file"
_OPEN: Final = AccountStatus.OPEN.value
_ON_THE_MOVE: Final = CustomerStatus.TRANSFER_IN_PROGRESS.value
_CUSTOMER: Final = Waiting._fields.index("customer_id")
_ACCOUNT: Final = Waiting._fields.index("account_id")
_BRANCH: Final = Waiting._fields.index("branch_id")
_NOWHERE: Final = ""
"""The branch of a payer who was deleted since the preview."""


@dataclass(frozen=True, slots=True)
class _Decided:
    """What becomes of some rows: those that move an account, in their order, and those that may not, with why."""

    moves: list[tuple[Any, ...]]
    unchanged: int
    refused: dict[int, Finding]


def is_its_own(running: Running, file: BalanceFile) -> bool:
    """Whether this job is the one that is to bring the file on.

    One that died between its last step and the note of its end is run again, when another may have taken over: that
    one has the name and the rights of who asked for it.
    """
    return file.job_id == running.job.id


@dataclass(frozen=True, slots=True)
class Applying:
    """A job on its file; every call of `piece` does the next rows of it."""

    running: Running

    def piece(self, tx: BulkTx, rows: int) -> BalanceFile:
        """Apply the next `rows` rows; the file as it is left, applied when there are none left."""
        core, principal = self.running.core, self.running.principal
        file = tx.get(BalanceFile, self.running.job.subject_id)
        assert file is not None, "balance files are never deleted"
        if file.state != FileState.APPLYING or not is_its_own(self.running, file):
            return file
        assert file.applied_key is not None, "who asks for it gives it a key"
        waiting, reached = file_store.waiting(tx.connection, file.id, file.currency, file.done_row_no, rows)
        if reached is None:
            applied = finished(file, core.clock.now_us())
            tx.put(applied)
            return applied
        command = Command(file.applied_key, b"", principal, "balance-file.apply", core.clock.now_us())
        applied = apply_rows(core, tx, command, file, waiting, reached)
        jobs.progress(tx, self.running.job.id, applied.done_row_no, max(file.payers, applied.done_row_no))
        return applied


def apply_one(core: Core, tx: BulkTx, command: Command, file: BalanceFile) -> BalanceFile:
    """A file of one payer, applied: however many blank rows stand before him, his is among them."""
    waiting: list[tuple[Any, ...]] = []
    reached: int | None = 0
    while reached is not None and not waiting:
        waiting, reached = file_store.waiting(tx.connection, file.id, file.currency, reached, ROWS_A_PIECE)
    if reached is not None:
        file = apply_rows(core, tx, command, file, waiting, reached)
    return finished(file, command.at_us)


def finished(file: BalanceFile, at_us: int) -> BalanceFile:
    """The file once every row was dealt with."""
    state = FileState.APPLIED_WITH_ERRORS if file.errors else FileState.APPLIED
    return replace(file, state=state.value, applied_at=at_us, version=file.version + 1)


def apply_rows(
    core: Core,
    tx: BulkTx,
    command: Command,
    file: BalanceFile,
    waiting: Sequence[tuple[Any, ...]],
    reached: int,
) -> BalanceFile:
    """Post the differences of these rows (values of `Waiting`), which end at row `reached`; the file with its figures so far.

    Raises:
        InvariantBroken: an account moved while its difference was written; the whole transaction fails.
    """
    decided = _decide(core, tx, file, waiting)
    postings = _post(core, tx, command, file, decided)
    file_store.insert_postings(tx.connection, postings)
    file = _mark(tx, file, decided.refused)
    _tell_chain(tx, command, file, postings, len(decided.refused))
    file = replace(
        file,
        version=file.version + 1,
        accounts_updated=file.accounts_updated + len(postings),
        unchanged=file.unchanged + decided.unchanged,
        done_row_no=reached,
    )
    tx.put(file)
    return file


def _decide(core: Core, tx: BulkTx, file: BalanceFile, waiting: Sequence[tuple[Any, ...]]) -> _Decided:
    """Which rows still are what the preview showed."""
    currency = file.currency
    closed = {
        branch_id: is_closed(tx, branch_id, core.today(core.tree[branch_id]).isoformat())
        for branch_id in {row[_BRANCH] for row in waiting} - {_NOWHERE}
    }
    inside = core.tree.below(file.branch_id)
    free = {branch_id for branch_id, is_shut in closed.items() if branch_id in inside and not is_shut}
    moves: list[tuple[Any, ...]] = []
    refused: dict[int, Finding] = {}
    unchanged = 0
    for row in waiting:
        (
            row_no,
            _,
            _,
            _,
            _,
            account_id,
            before,
            after,
            _,
            branch_id,
            status,
            standing,
            _,
            balance,
            late,
        ) = row
        # What `why_not` asks, for the rows of which there is nothing to say.
        is_as_seen = not late if account_id is None else balance == before and standing == _OPEN
        if not is_as_seen or branch_id not in free or status == _ON_THE_MOVE:
            refusal = why_not(Waiting._make(row), currency, inside, closed)
            assert refusal is not None, "what keeps a row out has a name"
            refused[row_no] = refusal
        elif after == before:
            unchanged += 1
        else:
            moves.append(row)
    return _Decided(moves, unchanged, refused)


def why_not(row: Waiting, currency: str, inside: frozenset[str], closed: dict[str, bool]) -> Finding | None:
    """What has happened between the preview and now that keeps a row out, or None."""
    number = row.account_no
    if row.branch_id == _NOWHERE:
        said = f"There is no payer with the account number {number} any more."
        return error("account-unknown", said, "account_no", number)
    if row.branch_id not in inside:
        return error("division", f"Payer {number} has left the division.", "account_no", number)
    if row.status == _ON_THE_MOVE:
        said = f"Payer {number} is being transferred to another branch; nothing moves until that ends."
        return error("transfer-in-progress", said, "account_no", number)
    if closed[row.branch_id]:
        return error("day-closed", f"Today is closed in the branch of payer {number}.", "account_no", number)
    if row.account_id is None:
        if not row.late:
            return None
        said = f"Payer {number} was given a receivable since the preview; nothing was overwritten."
        return error("moved-since-preview", said, "balance")
    if row.account_status != _OPEN or row.balance_minor is None:
        return error(
            "account-not-open", f"The receivable of payer {number} was closed.", "account_no", number
        )
    if row.balance_minor != row.before_minor:
        before, now = money(row.before_minor, currency), money(row.balance_minor, currency)
        said = (
            f"The account of payer {number} moved since the preview, from {before} to {now}; "
            f"{money(row.after_minor, currency)} was not put over it."
        )
        return error("moved-since-preview", said, "balance", money(row.after_minor, currency))
    return None


def _post(
    core: Core, tx: BulkTx, command: Command, file: BalanceFile, decided: _Decided
) -> list[tuple[Any, ...]]:
    """One entry a row, by the sign of its difference; the postings in the order of their columns.

    Payers who have no receivable are given one.
    """
    if not decided.moves:
        return []
    rows: Any = Waiting._make(zip(*decided.moves, strict=True))  # a column each
    branch_ids, befores, afters = rows.branch_id, rows.before_minor, rows.after_minor
    new_id, at_us = core.new_id, command.at_us
    holders = [row[_CUSTOMER] for row in decided.moves if row[_ACCOUNT] is None]
    opening = Opening(AccountKind.RECEIVABLE.value, numbers.next_account_nos(tx, len(holders)), holders)
    account_ids = [account_id or new_id() for account_id in rows.account_id]
    entry_ids = [new_id() for _ in account_ids]
    # More owed debits the receivable, less credits it.
    amounts = list(map(sub, afters, befores))
    branches = {branch_id: core.tree[branch_id] for branch_id in dict.fromkeys(branch_ids)}
    contras = {branch_id: contra(core, tx, branch_id, file.currency, at_us) for branch_id in branches}
    days = {branch_id: core.today(branch).isoformat() for branch_id, branch in branches.items()}
    moves = Moves(
        entry_ids, rows.row_no, branch_ids, account_ids, rows.version, befores, amounts, rows.statement_ref
    )
    cause = Cause(ENTRY_KIND, file.id, narration_of(file), file.currency, days)
    post_spread_bulk(tx, command, cause, moves, contras, opening)
    return list(zip(repeat(file.id), rows.row_no, account_ids, entry_ids, amounts, afters))


def contra(core: Core, tx: Tx, branch_id: str, currency: str, at_us: int) -> Account:
    """The branch's billing contra."""
    return journal.institution_account(tx, core.tree[branch_id], BILLING_CONTRA, currency, at_us)


def narration_of(file: BalanceFile) -> str:
    """What an entry says of the file that caused it."""
    return f"Balance file {file.file_id}" if file.file_id else "Balance file"


def _mark(tx: BulkTx, file: BalanceFile, refused: dict[int, Finding]) -> BalanceFile:
    """Keep why rows that were good in the preview are not any more, and count them so."""
    if not refused:
        return file
    marked: list[BalanceFileRow] = []
    was_warned = 0
    tx.read(BalanceFileRow, [(file.id, row_no) for row_no in refused])
    for row_no, finding in refused.items():
        row = tx.get(BalanceFileRow, (file.id, row_no))
        assert row is not None, "only staged rows are applied"
        was_warned += row.level == WARNING
        findings = encoded_findings([finding])
        marked.append(replace(row, level=ERROR, change=PayerChange.ERROR.value, findings=findings))
    file_store.restage(tx.connection, marked)
    return replace(file, errors=file.errors + len(marked), warnings=file.warnings - was_warned)


def _tell_chain(
    tx: BulkTx, command: Command, file: BalanceFile, postings: Sequence[tuple[Any, ...]], refused: int
) -> None:
    """One link of the chain for each piece, with the fingerprint of what it posted (AUD-1)."""
    lines = "".join(f"{row_no}:{account_id}:{amount}\n" for _, row_no, account_id, _, amount, _ in postings)
    after = {
        "rows": len(postings),
        "refused": refused,
        "net_minor": sum(each[4] for each in postings),
        "set_hash": hashlib.sha256(lines.encode()).hexdigest(),
    }
    audit.append(
        tx,
        audit.Event(action="balance-file.rows", object=f"/v1/balance-files/{file.id}", after=after),
        branch_id=file.branch_id,
        principal=command.principal,
        at_us=command.at_us,
        operation_key=command.key,
        request_id=None,
    )
