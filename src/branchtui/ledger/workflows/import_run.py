"""The job behind an import: check, then take in, exactly once however often it is interrupted.

Checking writes verdicts that can be thrown away; a check that was cut off begins again. Taking in is
one transaction for all or nothing, and one a chunk for the valid rows, each leaving behind how far
it came (CONC-5).
"""

from __future__ import annotations

import asyncio
import json
import threading
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from branchtui.contract.base import COUNTED_MAX
from branchtui.contract.imports import ImportKind, ImportMode, ImportState
from branchtui.format.counts import count_of
from branchtui.ledger import audit
from branchtui.ledger.feeds.finding import ERROR, OK, WARNING, Finding, error
from branchtui.ledger.store import import_store
from branchtui.ledger.store.errors import StoreFailure, TookTooLong
from branchtui.ledger.store.rows import Import, ImportRow
from branchtui.ledger.workflows import import_rows, jobs, statement_parked
from branchtui.ledger.workflows.import_check import Checker, Verdict
from branchtui.ledger.workflows.import_kinds import KINDS, MONEYLESS, STATEMENT_KINDS, taker_of
from branchtui.ledger.workflows.statement_check import StatementChecker

if TYPE_CHECKING:
    from concurrent.futures import Future

    from branchtui.ledger.store.connection import Connection
    from branchtui.ledger.store.unit import BulkTx
    from branchtui.ledger.workflows.import_rows import Checked, Taken
    from branchtui.ledger.workflows.jobs import Running

CHUNK_ROWS: Final = 5_000
"""The most rows that are written in one go; a kind whose rows cost more has fewer."""

STEP_SECONDS: Final = 120.0
"""A step that the writer has not done by then will not be waited for; the job is tried again."""

_NO_ROW: Final = "No row can be taken in."


_AT_WORK: Final = frozenset({ImportState.VALIDATING.value, ImportState.IMPORTING.value})


class Stopped(Exception):
    """The ledger stops; the job goes on when it starts again."""


async def run(running: Running) -> dict[str, Any]:
    """Bring an import as far as it may go, from wherever it stands."""
    try:
        import_ = await _advance(running)
    except StoreFailure:
        raise
    except Exception:
        await _give_up(running)
        raise
    return {
        "import_id": import_.id,
        "state": import_.state,
        "rows_total": import_.rows_total,
        "rows_ok": import_.rows_ok,
        "rows_warning": import_.rows_warning,
        "rows_error": import_.rows_error,
        "imported": import_.imported,
        "total_minor": import_.total_minor,
        "currency": import_.currency,
        "reason": import_.reason,
    }


async def _advance(running: Running) -> Import:
    import_ = await _import(running)
    if not _is_at_work(running, import_):
        return import_
    if import_.state == ImportState.VALIDATING:
        import_ = await _check(running, import_)
    if import_.state == ImportState.IMPORTING:
        # A statement has nothing left that could fail: its rows go in piece by piece, so that callbacks need not wait.
        all_rows = import_.mode == ImportMode.ALL_OR_NOTHING and import_.kind not in STATEMENT_KINDS
        import_ = await (_take_all(running, import_) if all_rows else _take_valid(running, import_))
    return import_


def _is_at_work(running: Running, import_: Import) -> bool:
    """Whether this job is the one that is to bring the import on.

    One that died between its last step and the note of its end is run again, when another may have taken over: that
    one has the name and the rights of who started it.
    """
    return import_.job_id == running.job.id and import_.state in _AT_WORK


async def _give_up(running: Running) -> None:
    """The ledger failed at this file: leave no import that seems to go on for ever."""

    def settle(tx: BulkTx) -> None:
        current = tx.get(Import, running.job.subject_id)
        if current is None or not _is_at_work(running, current):
            return
        reason = f"The ledger failed at this file. Taken in before: {count_of(current.imported, 'row')}."
        state = ImportState.DONE if current.imported else ImportState.REFUSED
        tx.put(replace(current, state=state.value, reason=reason, version=current.version + 1))

    await running.writer.bulk(settle)


async def _import(running: Running) -> Import:
    found = await running.core.reader.get(Import, running.job.subject_id)
    assert found is not None, "a job of this kind names an import"
    return found


# ── check ───────────────────────────────────────────────────────────────────────────────────────────────────────────


async def _check(running: Running, import_: Import) -> Import:
    core = running.core
    await running.writer.bulk(lambda tx: import_store.forget_rows(tx.connection, import_.id))
    sender = _Sender(running, import_)
    checker = _checker(running, import_, sender)
    try:
        verdict = await core.reader.in_thread(lambda connection: _checked(checker, sender, connection))
    except asyncio.CancelledError:
        sender.stopped.set()
        raise

    def settle(tx: BulkTx) -> Import:
        current = tx.get(Import, import_.id)
        assert current is not None, "imports are never deleted"
        settled = _settled(current, verdict)
        tx.put(settled)
        if settled.kind in STATEMENT_KINDS:
            statement_parked.park_unknown(core, tx, settled, verdict, core.clock.now_us())
        return settled

    return await running.writer.bulk(settle)


def _checker(running: Running, import_: Import, sender: _Sender) -> Checker | StatementChecker:
    """What judges the rows of this kind."""
    assert import_.currency is not None, "a new import has its branch's currency"
    core, control = running.core, json.loads(import_.control)
    if import_.kind in STATEMENT_KINDS:
        return StatementChecker(core, import_, import_.currency, control, sender.send)
    kind = KINDS[ImportKind(import_.kind)]
    return Checker(core, import_, kind, import_.currency, control, sender.send)


def _checked(checker: Checker | StatementChecker, sender: _Sender, connection: Connection) -> Verdict:
    verdict = checker.run(connection)
    sender.finish()
    return verdict


class _Sender:
    """Carries chunks of verdicts from the checking thread to the writer, one ahead of it at most."""

    def __init__(self, running: Running, import_: Import) -> None:
        self._running = running
        self._import = import_
        self._loop = asyncio.get_running_loop()
        self._under_way: Future[None] | None = None
        self.stopped = threading.Event()

    def send(self, rows: list[Checked], done: int, total: int) -> None:
        """Hand over a chunk; waits for the one before."""
        encoded = [import_rows.encoded(self._import.id, row) for row in rows]
        self.finish()
        self._under_way = asyncio.run_coroutine_threadsafe(self._keep(encoded, done, total), self._loop)

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

    async def _keep(self, encoded: list[tuple[Any, ...]], done: int, total: int) -> None:
        steps = total if self._import.dry_run else 2 * total

        def keep(tx: BulkTx) -> None:
            import_store.stage(tx.connection, encoded)
            jobs.progress(tx, self._running.job.id, done, steps)

        await self._running.writer.bulk(keep)
        jobs.called(self._running.core, self._running.job.id)


def _settled(import_: Import, verdict: Verdict) -> Import:
    """Where an import goes after its check: ready for a person, on to the taking in, or refused."""
    if verdict.total_minor > COUNTED_MAX:
        # Nothing is staged that could be started: the sum cannot be kept, nor could all of it be booked.
        said = (
            f"The amounts add up to more than {COUNTED_MAX:,} minor units, the most that the ledger counts."
        )
        verdict = replace(verdict, total_minor=0, fatal=[error("amount-total", said), *verdict.fatal])
    counted = replace(
        import_,
        version=import_.version + 1,
        preview_version=import_.preview_version + 1,
        rows_total=verdict.rows_total,
        rows_ok=verdict.rows_ok,
        rows_warning=verdict.rows_warning,
        rows_error=verdict.rows_error,
        total_minor=verdict.total_minor,
        recognised=json.dumps(verdict.recognised, ensure_ascii=False),
        currency=verdict.currency if import_.kind in STATEMENT_KINDS else import_.currency,
    )
    reason = _why_not(counted, verdict)
    is_blank = counted.kind in MONEYLESS and counted.rows_total > 0 and not verdict.data_rows
    if is_blank:
        reason = reason or _NO_ROW
    if counted.dry_run and not verdict.fatal and not verdict.cut and not is_blank:
        return replace(counted, state=ImportState.READY.value, reason=reason)
    if reason is not None:
        return replace(counted, state=ImportState.REFUSED.value, reason=reason)
    return replace(counted, state=ImportState.IMPORTING.value)


def _why_not(import_: Import, verdict: Verdict) -> str | None:
    """Why nothing of the file can be taken in as it was asked for, or None."""
    if verdict.fatal:
        return verdict.fatal[0].message
    return verdict.cut or why_not(import_)


def why_not(import_: Import) -> str | None:
    """Why a checked import cannot be taken in by its mode, or None."""
    questions = json.loads(import_.recognised).get("questions", [])
    if questions:
        return str(questions[0])
    if import_.mode == ImportMode.ALL_OR_NOTHING and import_.rows_error:
        are = "is" if import_.rows_error == 1 else "are"
        return f"{count_of(import_.rows_error, 'row')} {are} wrong, so nothing goes in."
    if import_.kind in STATEMENT_KINDS:
        # A statement in which nothing is new is no mistake: it was seen, and adds nothing.
        return "No entry can be taken in." if import_.rows_error and not import_.total_minor else None
    takes = import_.rows_total - import_.rows_error if import_.kind in MONEYLESS else 0
    if import_.total_minor == 0 and not takes:
        return _NO_ROW
    return None


# ── take in ─────────────────────────────────────────────────────────────────────────────────────────────────────────


async def _take_all(running: Running, import_: Import) -> Import:
    """All rows in one transaction, or none."""
    core, kind = running.core, KINDS[ImportKind(import_.kind)]
    chunk_rows = min(CHUNK_ROWS, kind.chunk_rows)

    def take(tx: BulkTx) -> Import:
        current = tx.get(Import, import_.id)
        assert current is not None, "imports are never deleted"
        if not _is_at_work(running, current):
            return current
        if repeated := _repeated(tx, current):
            tx.put(repeated)
            return repeated
        at_us = core.clock.now_us()
        after, count, total = 0, 0, 0
        refused: dict[int, Finding] = {}
        tx.connection.execute("SAVEPOINT all_rows")
        while rows := import_store.staged(tx.connection, import_.id, after, chunk_rows):
            taken = kind.take(core, tx, current, rows, at_us)
            refused |= taken.refused
            count, total, after = count + taken.count, total + taken.total_minor, rows[-1].row_no
            if not refused:
                _tell_chain(running, tx, current, taken, at_us)
        if refused:
            tx.connection.execute("ROLLBACK TO all_rows")
            tx.drop()
            current = _mark(tx, current, refused)
            current = replace(current, state=ImportState.REFUSED.value, reason=why_not(current))
        else:
            current = replace(current, state=ImportState.DONE.value, imported=count, total_minor=total)
        tx.connection.execute("RELEASE all_rows")
        current = replace(current, version=current.version + 1)
        tx.put(current)
        return current

    return await running.writer.bulk(take)


async def _take_valid(running: Running, import_: Import) -> Import:
    """The good rows, a chunk a transaction; goes on behind the last row that is in."""
    core, kind = running.core, taker_of(ImportKind(import_.kind))
    chunk_rows = min(CHUNK_ROWS, kind.chunk_rows)

    behind: int | None = None

    def take(tx: BulkTx) -> tuple[Import, int]:
        current = tx.get(Import, import_.id)
        assert current is not None, "imports are never deleted"
        if not _is_at_work(running, current):
            return current, 0
        if current.imported == 0 and (repeated := _repeated(tx, current)):
            tx.put(repeated)
            return repeated, 0
        after = behind
        if after is None:
            after = import_store.last_taken(tx.connection, import_.id, current.imported)
        rows = import_store.staged(tx.connection, import_.id, after, chunk_rows)
        at_us = core.clock.now_us()
        taken = kind.take(core, tx, current, rows, at_us)
        if taken.count:
            _tell_chain(running, tx, current, taken, at_us)
        if taken.refused or taken.passed:
            current = _mark(tx, current, taken.refused | taken.passed)
        current = replace(current, imported=current.imported + taken.count, version=current.version + 1)
        job_done = current.rows_total + current.imported
        jobs.progress(tx, running.job.id, job_done, max(2 * current.rows_total, job_done))
        if len(rows) < chunk_rows:
            current = replace(current, state=ImportState.DONE.value)
        tx.put(current)
        return current, rows[-1].row_no if rows else after

    while True:
        import_, behind = await running.writer.bulk(take)
        jobs.called(core, running.job.id)
        if not _is_at_work(running, import_):
            return import_


def _repeated(tx: BulkTx, import_: Import) -> Import | None:
    """The import as refused, when another one took the same bytes in since it was asked for."""
    if import_rows.Asked.loaded(import_.options).confirm:
        return None
    other = import_store.taken_before(tx.connection, import_.branch_id, import_.sha256, import_.id)
    if other is None:
        return None
    reason = f"{other.created_by} has imported this very file in the meantime. Nothing was taken in."
    return replace(import_, state=ImportState.REFUSED.value, reason=reason, version=import_.version + 1)


def _mark(tx: BulkTx, import_: Import, found: dict[int, Finding]) -> Import:
    """Keep why rows that were good at the check are not any more, or are no rows to write, and count them so."""
    marked: list[ImportRow] = []
    lost_minor = 0
    counts = {OK: import_.rows_ok, WARNING: import_.rows_warning, ERROR: import_.rows_error}
    for row_no, finding in found.items():
        row = tx.get(ImportRow, (import_.id, row_no))
        assert row is not None, "only staged rows are taken in"
        assert row.parsed is not None, "a staged row says what it would be"
        counts[row.level] -= 1
        counts[finding.level] += 1
        parsed = json.loads(row.parsed)
        if parsed.get("fate", "new") == "new":
            lost_minor += parsed["amount_minor"]
        findings = import_rows.encoded_findings([finding])
        marked.append(replace(row, level=finding.level, findings=findings, parsed=None))
    import_store.restage(tx.connection, marked)
    return replace(
        import_,
        rows_ok=counts[OK],
        rows_warning=counts[WARNING],
        rows_error=counts[ERROR],
        total_minor=import_.total_minor - lost_minor,
    )


def _tell_chain(running: Running, tx: BulkTx, import_: Import, taken: Taken, at_us: int) -> None:
    """One link of the chain for each chunk, with the fingerprint of what it took in (AUD-1)."""
    after = {"rows": taken.count, "total_minor": taken.total_minor, "set_hash": taken.set_hash}
    audit.append(
        tx,
        audit.Event(action="import.rows", object=f"/v1/imports/{import_.id}", after=after),
        branch_id=import_.branch_id,
        principal=running.principal,
        at_us=at_us,
        operation_key=import_.operation_key,
        request_id=None,
    )
