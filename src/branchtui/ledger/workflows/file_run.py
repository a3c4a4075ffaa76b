"""The job behind a balance file: check it, apply it or revert it, exactly once however often it is interrupted.

Checking writes verdicts that can be thrown away; a check that was cut off begins again. Applying and reverting
are done piece by piece, each leaving behind how far it came (CONC-5).
"""

from __future__ import annotations

import asyncio
import json
import threading
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, Final, Protocol

from branchtui.contract.balance_files import FileState
from branchtui.ledger.problems import Refusal
from branchtui.ledger.store import file_store
from branchtui.ledger.store.errors import StoreFailure, TookTooLong
from branchtui.ledger.store.rows import BalanceFile
from branchtui.ledger.workflows import file_apply, file_revert, jobs
from branchtui.ledger.workflows.file_check import Checker, Verdict
from branchtui.ledger.workflows.file_rules import refuse_reused
from branchtui.ledger.workflows.import_run import STEP_SECONDS, Stopped

if TYPE_CHECKING:
    from concurrent.futures import Future

    from branchtui.ledger.store.connection import Connection
    from branchtui.ledger.store.unit import BulkTx
    from branchtui.ledger.workflows.file_setting import Staged
    from branchtui.ledger.workflows.jobs import Running


class Piece(Protocol):
    """Does the next rows of a file; the file as it is left."""

    def __call__(self, tx: BulkTx, rows: int) -> BalanceFile:
        """At most `rows` of them."""
        ...


JOB: Final = "balance-file"
"""The kind of the job, whatever the file stands at."""

_WORKED_ON: Final = frozenset({FileState.RECEIVED.value, FileState.APPLYING.value, FileState.REVERTING.value})


async def run(running: Running) -> dict[str, Any]:
    """Bring a file as far as it may go, from wherever it stands."""
    try:
        file = await _advance(running)
    except StoreFailure:
        raise
    except Refusal as refusal:
        await _give_up(running, refusal.detail)
        raise
    except Exception:
        await _give_up(running, "The ledger failed at this file.")
        raise
    return {
        "balance_file_id": file.id,
        "state": file.state,
        "payers": file.payers,
        "accounts_updated": file.accounts_updated,
        "unchanged": file.unchanged,
        "warnings": file.warnings,
        "errors": file.errors,
        "reason": file.reason,
    }


async def _advance(running: Running) -> BalanceFile:
    file = await running.core.reader.get(BalanceFile, running.job.subject_id)
    assert file is not None, "a job of this kind names a balance file"
    if not file_apply.is_its_own(running, file):
        return file
    if file.state == FileState.RECEIVED:
        return await _check(running, file)
    if file.state == FileState.APPLYING:
        return await _by_pieces(running, file_apply.Applying(running).piece)
    if file.state == FileState.REVERTING:
        return await _by_pieces(running, file_revert.Reverting(running).piece)
    return file


async def _by_pieces(running: Running, piece: Piece) -> BalanceFile:
    """Do a file piece by piece; larger pieces where nobody else has asked this process for anything meanwhile."""
    core, rows = running.core, file_apply.ROWS_A_PIECE
    while True:
        before = core.writer.commands
        file = await running.writer.bulk(partial(piece, rows=rows))
        jobs.called(core, running.job.id)
        if file.state not in _WORKED_ON or not file_apply.is_its_own(running, file):
            return file
        is_alone = core.writer.commands - before == 1 and not core.holder
        rows = file_apply.ROWS_A_PIECE * (file_apply.TIMES_ALONE if is_alone else 1)


async def _give_up(running: Running, why: str) -> None:
    """The ledger failed at this file, or may not go on with it: leave none that seems to be worked on for ever; what was done stands."""

    def settle(tx: BulkTx) -> None:
        current = tx.get(BalanceFile, running.job.subject_id)
        if current is None or current.state not in _WORKED_ON or not file_apply.is_its_own(running, current):
            return
        state = FileState.APPLIED_WITH_ERRORS
        if current.state == FileState.RECEIVED:
            state, said = FileState.REJECTED, "Nothing was applied."
        elif current.state == FileState.APPLYING:
            said = (
                f"It was applied down to row {current.done_row_no:,}. "
                "Revert it, which takes that back, and send it again."
            )
        else:
            said = f"It was taken back down to row {current.done_row_no:,}. Revert it again, which takes back the rest."
        reason = f"{why} {said}"
        tx.put(replace(current, state=state.value, reason=reason, version=current.version + 1))

    await running.writer.bulk(settle)


# ── check ───────────────────────────────────────────────────────────────────────────────────────────────────────────


async def _check(running: Running, file: BalanceFile) -> BalanceFile:
    core = running.core
    await running.writer.bulk(lambda tx: file_store.forget_rows(tx.connection, file.id))
    sender = _Sender(running)
    checker = Checker(core=core, file=file, sender=running.principal, send=sender.send)

    def checked(connection: Connection) -> Verdict:
        verdict = checker.run(connection)
        sender.finish()
        return verdict

    try:
        verdict = await core.reader.in_thread(checked)
    except asyncio.CancelledError:
        sender.stopped.set()
        raise

    def settle(tx: BulkTx) -> BalanceFile:
        current = tx.get(BalanceFile, file.id)
        assert current is not None, "balance files are never deleted"
        settled = _settled(running, tx, current, verdict)
        file_store.stage_missing(tx.connection, verdict.missing)
        tx.put(settled)
        return settled

    return await running.writer.bulk(settle)


class _Sender:
    """Carries chunks of verdicts from the checking thread to the writer, one ahead of it at most."""

    def __init__(self, running: Running) -> None:
        self._running = running
        self._loop = asyncio.get_running_loop()
        self._under_way: Future[None] | None = None
        self.stopped = threading.Event()

    def send(self, rows: list[Staged], done: int, total: int | None) -> None:
        """Hand over a chunk; waits for the one before."""
        self.finish()
        self._under_way = asyncio.run_coroutine_threadsafe(self._keep(rows, done, total), self._loop)

    def finish(self) -> None:
        """Wait until everything is kept."""
        if self.stopped.is_set():
            raise Stopped
        if self._under_way is not None:
            try:
                self._under_way.result(STEP_SECONDS)
            except TimeoutError:
                raise TookTooLong from None  # a busy writer is no failure of the file
            self._under_way = None

    async def _keep(self, rows: list[Staged], done: int, total: int | None) -> None:
        def keep(tx: BulkTx) -> None:
            file_store.stage(tx.connection, rows)
            jobs.progress(tx, self._running.job.id, done, total)

        await self._running.writer.bulk(keep)
        jobs.called(self._running.core, self._running.job.id)


def _settled(running: Running, tx: BulkTx, file: BalanceFile, verdict: Verdict) -> BalanceFile:
    """Where a file goes after its check: it waits for somebody to apply it, or is rejected, with the reason."""
    figures, facts = verdict.figures, verdict.facts
    file = replace(
        file,
        version=file.version + 1,
        form=verdict.form.value,
        file_id=facts.file_id or None,
        preview_version=file.preview_version + 1,
        payers=figures.payers,
        warnings=figures.warnings,
        errors=figures.errors + len({row_no for row_no, _ in verdict.fatal}),
        total_minor=figures.total_minor,
        largest_minor=figures.largest_minor,
        as_of_date=verdict.as_of_date,
        recognised=json.dumps(verdict.recognised, ensure_ascii=False),
        xray=json.dumps(verdict.xray, ensure_ascii=False),
        done_row_no=0,
    )
    reason = _why_not(running, tx, file, verdict)
    state = FileState.VALIDATED if reason is None else FileState.REJECTED
    return replace(file, state=state.value, reason=reason)


def _why_not(running: Running, tx: BulkTx, file: BalanceFile, verdict: Verdict) -> str | None:
    """Why nothing of the file can be applied, or None."""
    if verdict.fatal:
        return verdict.fatal[0][1].message
    figures = verdict.figures
    if not figures.payers:
        return "The file states no balance."
    if not figures.applicable:
        return "Every row is wrong, so nothing can be applied."
    if file.account_no is not None and figures.payers > 1:
        return f"The file is for one payer and states {figures.payers:,} balances."
    try:
        refuse_reused(running.core, tx, running.principal, file, file.file_id)
    except Refusal as refusal:
        return refusal.detail
    return None
