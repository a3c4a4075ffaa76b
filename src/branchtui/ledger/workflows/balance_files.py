"""Balance files as commands and as answers: sent, seen, applied, rejected, reverted (contract, section 6)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from branchtui.contract import balance_files as wire
from branchtui.contract.balance_files import FileForm, FileState
from branchtui.contract.problem import Codes
from branchtui.ledger import audit, journal
from branchtui.ledger.cards import refuse_card_number
from branchtui.ledger.operations import Reply, reply
from branchtui.ledger.problems import Refusal, conflict, not_found
from branchtui.ledger.store import file_store
from branchtui.ledger.store.rows import Account, BalanceFile, Branch, Customer, Upload
from branchtui.ledger.workflows import file_apply, file_revert, jobs, uploads
from branchtui.ledger.workflows.file_rules import (
    APPLIED,
    FileAction,
    refuse_reach,
    refuse_reused,
    refuse_state,
    relatives,
)
from branchtui.ledger.workflows.file_run import JOB
from branchtui.ledger.workflows.file_views import answer, path_of, summary_of

if TYPE_CHECKING:
    from branchtui.ledger.access import Principal
    from branchtui.ledger.core import Core
    from branchtui.ledger.feeds.universal import Facts
    from branchtui.ledger.operations import Command
    from branchtui.ledger.store.unit import BulkTx, Tx

# ── sending ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def create(
    core: Core, tx: Tx, command: Command, new: wire.NewBalanceFile, said: tuple[FileForm, Facts]
) -> Reply:
    """`POST /v1/balance-files`: it goes to a job that checks it; `said` is what its first piece says of itself.

    The same bytes again give the first result, or, where that only waits, a fresh preview of it.

    Raises:
        Refusal: 404 for an upload, division or payer that is not the caller's to see, 409 `upload-offset`
            while the upload is unfinished, 409 `reference-taken` for the `file_id` of another file, 422.
    """
    form, facts = said
    upload, sha256 = uploads.whole_upload(tx, command.principal, new.upload_id, new.sha256)
    division = _division(core, command.principal, new, facts)
    branch = _branch_of(core, command.principal, division)
    if new.account_no is not None:
        _refuse_unknown_payer(tx, command.principal, new.account_no)
    earlier = _same_bytes(core, tx, command, branch.id, sha256)
    if earlier is not None and earlier.state != FileState.VALIDATED:
        return _again(command, earlier)
    if earlier is not None:
        fresh = replace(
            earlier,
            division=division,
            account_no=new.account_no,
            branch_id=branch.id,
            upload_id=upload.id,
            options=new.options.model_dump_json(),
        )
        return _to_be_checked(core, tx, command, fresh)
    file = BalanceFile(
        id=core.new_id(),
        version=0,
        branch_id=branch.id,
        division=division,
        account_no=new.account_no,
        form=form.value,
        file_id=facts.file_id[: wire.FILE_ID_CHARACTERS] or None,
        state=FileState.RECEIVED.value,
        job_id="",
        upload_id=upload.id,
        sha256=sha256,
        options=new.options.model_dump_json(),
        preview_version=0,
        payers=0,
        accounts_updated=0,
        unchanged=0,
        warnings=0,
        errors=0,
        total_minor=0,
        largest_minor=0,
        currency=branch.currency,
        as_of_date=None,
        reason=None,
        recognised="{}",
        xray="{}",
        done_row_no=0,
        operation_key=command.key,
        created_by=command.principal.username,
        created_at=command.at_us,
        applied_key=None,
        applied_by=None,
        applied_at=None,
        reverted_key=None,
        reverted_by=None,
        reverted_at=None,
    )
    refuse_reused(core, tx, command.principal, file, file.file_id)
    return _to_be_checked(core, tx, command, file)


def _branch_of(core: Core, principal: Principal, division: str | None) -> Branch:
    if division is None:
        return core.tree[principal.branch_id]
    found = core.tree.by_code(division)
    assert found is not None, "the division was looked up"
    return found


def _same_bytes(core: Core, tx: Tx, command: Command, branch_id: str, sha256: str) -> BalanceFile | None:
    """The first file of these bytes that is checked, waits or was applied, where the caller sees it."""
    family = relatives(core, branch_id)
    standing = {*APPLIED, FileState.RECEIVED, FileState.VALIDATED}
    for earlier in sorted(tx.find(BalanceFile, sha256=sha256), key=lambda each: each.created_at):
        seen = earlier.branch_id in family and command.principal.scope.covers(earlier.branch_id)
        if seen and earlier.state in standing:
            return earlier
    return None


def validate(core: Core, tx: Tx, command: Command, file_id: str) -> Reply:
    """`POST /v1/balance-files/{id}/validate`: a fresh preview of the same bytes.

    Raises:
        Refusal: 404; 409 `transition-not-allowed`, also when the bytes are not kept any more.
    """
    file = visible(tx, command.principal, file_id)
    _refuse(FileAction.VALIDATE, command.principal, file)
    if tx.get(Upload, file.upload_id) is None:
        said = "The bytes of this file are not kept any more. Send it again."
        raise conflict(Codes.TRANSITION_NOT_ALLOWED, said, **{"from": file.state, "command": "validate"})
    return _to_be_checked(core, tx, command, file)


def _division(core: Core, who: Principal, new: wire.NewBalanceFile, facts: Facts) -> str | None:
    """The code of the division that a file is for: the chosen one, else what its head says where that may be."""
    if new.division is not None:
        branch = core.tree.by_code(new.division)
        if branch is None or not who.scope.covers(branch.id):
            raise not_found("division")
        return branch.code
    branch = core.tree.by_code(facts.division) if facts.division else None
    return branch.code if branch is not None and who.scope.covers(branch.id) else None


def _refuse_unknown_payer(tx: Tx, who: Principal, account_no: str) -> None:
    wallet = tx.find_one(Account, account_no=account_no)
    payer = tx.get(Customer, wallet.customer_id) if wallet is not None and wallet.customer_id else None
    if payer is None or payer.account_no != account_no or not who.scope.covers(payer.branch_id):
        raise not_found("payer")


def _again(command: Command, file: BalanceFile) -> Reply:
    """The first result of the same bytes; nothing is done."""
    shown = answer(file, command.principal).model_copy(
        update={"already_applied": file.state != FileState.RECEIVED}
    )
    waits = file.state == FileState.RECEIVED
    event = audit.Event(action=command.action, object=path_of(file.id), after={"already_applied": not waits})
    return _reply(file, shown, event, job_id=file.job_id if waits else None)


def _to_be_checked(core: Core, tx: Tx, command: Command, file: BalanceFile) -> Reply:
    """Leave the file to a job that checks it, for who asks."""
    job = jobs.add_job(core, tx, command, kind=JOB, subject_id=file.id, branch_id=file.branch_id)
    file = replace(file, version=file.version + 1, state=FileState.RECEIVED.value, job_id=job.id, reason=None)
    tx.put(file)
    after = {"sha256": file.sha256, "file_id": file.file_id, "division": file.division}
    event = audit.Event(action=command.action, object=path_of(file.id), after=after)
    return _reply(file, answer(file, command.principal), event, job_id=job.id)


# ── what moves money ─────────────────────────────────────────────────────────────────────────────────────────────────


def apply(
    core: Core,
    tx: BulkTx,
    command: Command,
    file_id: str,
    asked: wire.ApplyBalanceFile,
    version: int | None = None,
) -> Reply:
    """`POST /v1/balance-files/{id}/apply`: exactly these bytes by exactly this preview; one payer at once (200).

    Raises:
        Refusal: 404; 403 `needs-checker`; 412; 409 `transition-not-allowed`, or `batch-changed` for another
            file or preview than was seen.
    """
    file = visible(tx, command.principal, file_id)
    if refusal := refuse_reach(FileAction.APPLY, command.principal, file):
        raise refusal
    _refuse_stale(command.principal, file, version)
    _refuse(FileAction.APPLY, command.principal, file)
    refuse_other(file, asked)
    if file.payers != 1:
        return begin_apply(core, tx, command, file)
    before = file
    file = file_apply.apply_one(core, tx, command, _begun(file, command, file.job_id))
    tx.put(file)
    shown = answer(file, command.principal, balances=_balances(tx, file))
    return _reply(file, shown, _moved(command, before, file))


def begin_apply(core: Core, tx: Tx, command: Command, file: BalanceFile) -> Reply:
    """Leave applying to a job (202)."""
    job = jobs.add_job(core, tx, command, kind=JOB, subject_id=file.id, branch_id=file.branch_id)
    begun = _begun(file, command, job.id)
    tx.put(begun)
    shown = answer(begun, command.principal)
    return _reply(begun, shown, _moved(command, file, begun), job_id=job.id)


def _begun(file: BalanceFile, command: Command, job_id: str) -> BalanceFile:
    return replace(
        file,
        version=file.version + 1,
        state=FileState.APPLYING.value,
        job_id=job_id,
        applied_key=command.key,
        applied_by=command.principal.username,
        done_row_no=0,
    )


def revert(core: Core, tx: BulkTx, command: Command, file_id: str, version: int | None = None) -> Reply:
    """`POST /v1/balance-files/{id}/revert`: mirror entries, where nothing has moved since; one payer at once (200).

    Of a file that was taken back in part, the rest.

    Raises:
        Refusal: 404; 412; 403 `needs-checker` above the limit; 409 `transition-not-allowed`, `day-closed`, or
            `revert-blocked` with what is in the way.
    """
    file = visible(tx, command.principal, file_id)
    _refuse_stale(command.principal, file, version)
    _refuse(FileAction.REVERT, command.principal, file)
    if refusal := refuse_reach(FileAction.REVERT, command.principal, file):
        raise refusal
    file_revert.refuse_blocked(core, tx, command.principal, file)
    is_one = file.accounts_updated <= 1
    begun = replace(
        file,
        version=file.version + 1,
        state=FileState.REVERTING.value,
        reverted_key=command.key,
        reverted_by=command.principal.username,
        done_row_no=0,
        reason=None,
    )
    if not is_one:
        job = jobs.add_job(core, tx, command, kind=JOB, subject_id=file.id, branch_id=file.branch_id)
        begun = replace(begun, job_id=job.id)
        tx.put(begun)
        shown = answer(begun, command.principal)
        return _reply(begun, shown, _moved(command, file, begun), job_id=job.id)
    posted = file_store.posted(tx.connection, file.id, 0, file_apply.ROWS_A_PIECE, outstanding=True)
    if posted:
        begun = file_revert.revert_rows(core, tx, command, begun, posted)
    done = file_revert.finished(tx, begun, command.at_us)
    tx.put(done)
    shown = answer(done, command.principal, balances=_balances(tx, done))
    return _reply(done, shown, _moved(command, file, done))


def reject(tx: Tx, command: Command, file_id: str, reason: str) -> Reply:
    """`POST /v1/balance-files/{id}/reject`: nobody applies it any more, and its `file_id` is free again.

    Raises:
        Refusal: 404; 409 `transition-not-allowed`; 422 for a card number as the reason.
    """
    refuse_card_number("reason", reason)
    file = visible(tx, command.principal, file_id)
    _refuse(FileAction.REJECT, command.principal, file)
    said = f"{command.principal.username}: {reason}"
    rejected = replace(file, version=file.version + 1, state=FileState.REJECTED.value, reason=said)
    tx.put(rejected)
    event = _moved(command, file, rejected)
    return _reply(rejected, answer(rejected, command.principal), replace(event, reason=reason))


# ── parts ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def visible(tx: Tx, who: Principal, file_id: str) -> BalanceFile:
    """The file, if it is the caller's to see; raises 404."""
    file = tx.get(BalanceFile, file_id)
    if file is None or not who.scope.covers(file.branch_id):
        raise not_found("balance file")
    return file


async def get(core: Core, who: Principal, file_id: str) -> BalanceFile:
    """The file as committed; raises 404."""
    found = await core.reader.get(BalanceFile, file_id)
    if found is None or not who.scope.covers(found.branch_id):
        raise not_found("balance file")
    return found


def _refuse(action: FileAction, who: Principal, file: BalanceFile) -> None:
    refusal = refuse_state(action, file)
    if refusal is not None:
        refusal.extra.setdefault("current", answer(file, who).model_dump(mode="json"))
        raise refusal


def _refuse_stale(who: Principal, file: BalanceFile, version: int | None) -> None:
    """`If-Match`, where the client sent it; the body binds all the same."""
    if version is None or version == file.version:
        return
    raise Refusal(
        412,
        Codes.PRECONDITION_FAILED,
        "The file has changed since you saw it. Nothing was done.",
        extra={"current": answer(file, who), "changed_fields": []},
        headers={"etag": f'"{file.version}"'},
    )


def refuse_other(file: BalanceFile, asked: wire.ApplyBalanceFile) -> None:
    """Refuse another file or preview than was seen (409 `batch-changed`)."""
    if (asked.file_sha256, asked.preview_version) == (file.sha256, file.preview_version):
        return
    raise conflict(
        Codes.BATCH_CHANGED,
        "This is not the file or the preview that you saw. Look at it again. Nothing was applied.",
        sha256=file.sha256,
        preview_version=file.preview_version,
    )


def _balances(tx: BulkTx, file: BalanceFile) -> tuple[Any, ...]:
    """The accounts that a change of one payer touched, as they stand now."""
    posted = file_store.posted(tx.connection, file.id, 0, 2)
    tx.read(Account, [each.account_id for each in posted])
    touched = [tx.get(Account, each.account_id) for each in posted]
    return journal.balances([account for account in touched if account is not None])


def _moved(command: Command, before: BalanceFile, after: BalanceFile) -> audit.Event:
    return audit.Event(
        action=command.action,
        object=path_of(after.id),
        before={"state": before.state, "version": before.version},
        after={
            "state": after.state,
            "version": after.version,
            "sha256": after.sha256,
            "preview_version": after.preview_version,
        },
    )


def _reply(
    file: BalanceFile,
    shown: wire.BalanceFile,
    event: audit.Event,
    *,
    job_id: str | None = None,
) -> Reply:
    return reply(
        shown,
        event=event,
        branch_id=file.branch_id,
        status=200 if job_id is None else 202,
        resource=path_of(file.id),
        version=file.version,
        location=None if job_id is None else f"/v1/jobs/{job_id}",
        summary=summary_of(file),
        currency=file.currency,
    )
