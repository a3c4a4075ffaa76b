"""Taking an applied balance file back: the mirror of each of its entries, where nothing has moved since.

What stands in the way is found before anything is done, and then nothing is. A long revert is decided in one
moment and written piece by piece: what a payer pays meanwhile stays on the account beside the mirror. Who is being
transferred by then is left out with the reason; what was left out, or not reached, a second revert takes back.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from branchtui.contract.balance_files import FileState, PayerChange
from branchtui.contract.customers import AccountStatus, CustomerStatus
from branchtui.contract.problem import Codes
from branchtui.format.money import money
from branchtui.ledger import audit, journal
from branchtui.ledger.days import is_closed
from branchtui.ledger.feeds.finding import OK, WARNING, Finding, warning
from branchtui.ledger.operations import Command
from branchtui.ledger.problems import conflict
from branchtui.ledger.store import file_pages, file_store
from branchtui.ledger.store.rows import Account, BalanceFile, BalanceFileRow, Leg
from branchtui.ledger.workflows import jobs
from branchtui.ledger.workflows.file_apply import is_its_own, narration_of
from branchtui.ledger.workflows.import_rows import encoded_findings
from branchtui.ledger.workflows.payments import first_open_day

if TYPE_CHECKING:
    from collections.abc import Sequence

    from branchtui.ledger.access import Principal
    from branchtui.ledger.core import Core
    from branchtui.ledger.store.file_store import Posted
    from branchtui.ledger.store.unit import BulkTx
    from branchtui.ledger.workflows.jobs import Running

_ON_THE_MOVE: Final = CustomerStatus.TRANSFER_IN_PROGRESS.value
_OPEN: Final = AccountStatus.OPEN.value
_CODE: Final = 1
"""Where a kept finding has its code."""

REVERSAL_KIND: Final = "balance-file-reversal"
NAMED_MAX: Final = 20
"""Accounts in the way that a refusal names; the list of payers has them all."""

_LEGS: Final = """
SELECT entry_id, line, account_id, amount_minor, balance_after_minor FROM legs
WHERE entry_id IN (SELECT value FROM json_each(:entries)) ORDER BY entry_id, line
"""


def refuse_blocked(core: Core, tx: BulkTx, who: Principal, file: BalanceFile) -> None:
    """Refuse what cannot be taken back as a whole, of what was not taken back yet.

    Accounts that moved since, payers who are on their way to another branch or have gone where `who` does not see
    them, branches whose day is closed.

    Raises:
        Refusal: 409 `revert-blocked` with `count` and, where they moved, the first `accounts`, or 409 `day-closed`.
    """
    connection = tx.connection
    for account_no, branch_id, status in file_store.payers_elsewhere(connection, file.id):
        if status == _ON_THE_MOVE:
            raise conflict(
                Codes.REVERT_BLOCKED,
                f"Payer {account_no} is being transferred to another branch; nothing moves until that ends.",
            )
        if not who.scope.covers(branch_id):
            raise conflict(
                Codes.REVERT_BLOCKED,
                f"Payer {account_no} has left the branches that you see since the file was applied. "
                "Ask a supervisor who sees both. Nothing was taken back.",
            )
    count = file_store.blocking_count(connection, file.id)
    if count:
        named = file_pages.payers(
            connection, file.id, PayerChange.BLOCKING, 0, NAMED_MAX, currency=file.currency
        )
        first = named[0]
        said = "1 account has" if count == 1 else f"{count:,} accounts have"
        raise conflict(
            Codes.REVERT_BLOCKED,
            f"{said} moved since the file was applied, the first of them {first.account_no}: "
            f"stated {money(first.before_minor, file.currency)}, now "
            f"{money(first.after_minor or 0, file.currency)}. Nothing was taken back.",
            count=count,
            accounts=[
                {
                    "account_no": each.account_no,
                    "name": each.name,
                    "stated_minor": each.before_minor,
                    "balance_minor": each.after_minor,
                }
                for each in named
            ],
        )
    for branch_id in file_store.branches_posted(connection, file.id):
        branch = core.tree[branch_id]
        if is_closed(tx, branch_id, core.today(branch).isoformat()):
            raise conflict(
                Codes.DAY_CLOSED, f"Today is closed in {branch.code}. Revert the file on the next open day."
            )


@dataclass(frozen=True, slots=True)
class Reverting:
    """A job on its file; every call of `piece` takes the next postings of it back."""

    running: Running

    def piece(self, tx: BulkTx, rows: int) -> BalanceFile:
        """Take back the next `rows` postings; the file as it is left, reverted when there are none behind them."""
        core, principal = self.running.core, self.running.principal
        file = tx.get(BalanceFile, self.running.job.subject_id)
        assert file is not None, "balance files are never deleted"
        if file.state != FileState.REVERTING or not is_its_own(self.running, file):
            return file
        assert file.reverted_key is not None, "who asks for it gives it a key"
        posted = file_store.posted(tx.connection, file.id, file.done_row_no, rows, outstanding=True)
        if not posted:
            reverted = finished(tx, file, core.clock.now_us())
            tx.put(reverted)
            return reverted
        command = Command(file.reverted_key, b"", principal, "balance-file.revert", core.clock.now_us())
        reverted = revert_rows(core, tx, command, file, posted)
        done = reverted.done_row_no
        jobs.progress(tx, self.running.job.id, done, max(file.payers, done))
        return reverted


def finished(tx: BulkTx, file: BalanceFile, at_us: int) -> BalanceFile:
    """The file once every posting was dealt with: taken back, or in part, with how to go on."""
    count, first_row_no = file_store.outstanding(tx.connection, file.id)
    if not count:
        return replace(file, state=FileState.REVERTED.value, reverted_at=at_us, version=file.version + 1)
    named = f"row {first_row_no:,}" if count == 1 else f"{count:,} rows, the first of them {first_row_no:,}"
    reason = (
        f"It was taken back but for {named}; its warnings say why. Once that is over, revert it again: "
        "that takes back the rest."
    )
    state = FileState.APPLIED_WITH_ERRORS.value
    return replace(file, state=state, reason=reason, version=file.version + 1)


def revert_rows(
    core: Core, tx: BulkTx, command: Command, file: BalanceFile, posted: Sequence[Posted]
) -> BalanceFile:
    """Write the mirrors of these postings, save those that may not move now; the file with how far it is."""
    left: dict[int, Finding] = {}
    for each in posted:
        if reason := why_left(core, command.principal, each):
            left[each.row_no] = reason
    taken = [each for each in posted if each.row_no not in left]
    if taken:
        _take_back(core, tx, command, file, taken)
    file = _mark(tx, file, left)
    _tell_chain(tx, command, file, taken, len(left))
    file = replace(file, version=file.version + 1, done_row_no=posted[-1].row_no)
    tx.put(file)
    return file


def why_left(core: Core, who: Principal, posted: Posted) -> Finding | None:
    """What has happened since the revert was asked for that keeps a payer out of it, or None."""
    number, day = posted.payer_no, core.today(core.tree[posted.branch_id]).isoformat()
    if posted.payer_status == _ON_THE_MOVE:
        said = "is being transferred to another branch, and nothing moves until that ends"
        return warning(
            "transfer-in-progress", f"Not taken back on {day}: payer {number} {said}.", "account_no", number
        )
    if not who.scope.covers(posted.payer_branch_id):
        said = f"has left the branches that {who.username} sees"
        return warning("division", f"Not taken back on {day}: payer {number} {said}.", "account_no", number)
    if posted.account_status != _OPEN:
        said = f"the receivable of payer {number} was closed"
        return warning("account-not-open", f"Not taken back on {day}: {said}.", "account_no", number)
    return None


def _mark(tx: BulkTx, file: BalanceFile, left: dict[int, Finding]) -> BalanceFile:
    """Keep why rows were left out, and count them as warnings; the last reason of a kind stands."""
    if not left:
        return file
    marked: list[BalanceFileRow] = []
    were_well = 0
    tx.read(BalanceFileRow, [(file.id, row_no) for row_no in left])
    for row_no, finding in left.items():
        row = tx.get(BalanceFileRow, (file.id, row_no))
        assert row is not None, "only staged rows are applied"
        were_well += row.level == OK
        (added,) = json.loads(encoded_findings([finding]))
        kept = [each for each in json.loads(row.findings or "[]") if each[_CODE] != added[_CODE]]
        findings = json.dumps([*kept, added], ensure_ascii=False)
        marked.append(replace(row, level=WARNING, findings=findings))
    file_store.restage(tx.connection, marked)
    return replace(file, warnings=file.warnings + were_well)


def _take_back(core: Core, tx: BulkTx, command: Command, file: BalanceFile, posted: Sequence[Posted]) -> None:
    """Write the mirrors of these postings."""
    entries = [each.entry_id for each in posted]
    legs: dict[str, list[Leg]] = {entry_id: [] for entry_id in entries}
    for values in tx.connection.execute(_LEGS, {"entries": json.dumps(entries)}):
        leg = Leg(*values)
        legs[leg.entry_id].append(leg)
    tx.read(Account, {leg.account_id for some in legs.values() for leg in some})
    days: dict[str, str] = {}
    drafts: list[journal.EntryDraft] = []
    narration = f"{narration_of(file)} taken back"
    for each in posted:
        if each.branch_id not in days:
            # What was begun is brought to its end, though the day was closed meanwhile: on the next open one.
            days[each.branch_id] = first_open_day(core, tx, core.tree[each.branch_id])
        drafts.append(
            journal.EntryDraft(
                REVERSAL_KIND,
                each.branch_id,
                file.id,
                tuple(_mirrored(tx, leg) for leg in legs[each.entry_id]),
                days[each.branch_id],
                narration,
                each.reference,
                each.entry_id,
            )
        )
    journal.post_entries_bulk(
        tx, command, drafts, row_nos=[each.row_no for each in posted], new_id=core.new_id
    )


def _mirrored(tx: BulkTx, leg: Leg) -> journal.LegDraft:
    account = tx.get(Account, leg.account_id)
    assert account is not None, "a leg names an account that exists"
    return journal.LegDraft(account, -leg.amount_minor)


def _tell_chain(tx: BulkTx, command: Command, file: BalanceFile, posted: Sequence[Posted], left: int) -> None:
    """One link of the chain for each piece, with the fingerprint of what it took back (AUD-1)."""
    digest = hashlib.sha256("".join(f"{each.entry_id}\n" for each in posted).encode()).hexdigest()
    after: dict[str, Any] = {
        "rows": len(posted),
        "left": left,
        "net_minor": -sum(each.amount_minor for each in posted),
        "set_hash": digest,
    }
    audit.append(
        tx,
        audit.Event(action="balance-file.rows-reverted", object=f"/v1/balance-files/{file.id}", after=after),
        branch_id=file.branch_id,
        principal=command.principal,
        at_us=command.at_us,
        operation_key=command.key,
        request_id=None,
    )
