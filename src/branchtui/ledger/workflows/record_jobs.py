"""Sets too large for one transaction: posted or deleted by a job, piece by piece (CONC-5).

Each piece commits its records, its place in the set and its audit row together, so that a job goes
on after a crash exactly where it stopped. A record that moved since the set was seen is left alone
and counted as skipped: the result says what was done and what was not.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from branchtui.contract.balance_records import RecordFilter
from branchtui.ledger import audit
from branchtui.ledger.operations import Command
from branchtui.ledger.store.rows import AuditRow, Job
from branchtui.ledger.workflows import jobs
from branchtui.ledger.workflows.record_bulk import delete_records, post_records, waiting
from branchtui.ledger.workflows.record_sets import BulkPurpose, read_rows, set_filters

if TYPE_CHECKING:
    from branchtui.ledger.store.unit import BulkTx
    from branchtui.ledger.workflows.jobs import Running

POST_ALL: Final = "balance-record.post-all"
DELETE_ALL: Final = "balance-record.delete-all"

ROWS_A_PIECE: Final = 2_000
"""Records a transaction: everybody else waits for the writer no longer than these take."""

TIMES_ALONE: Final = 5
"""So many times as many where nobody else has asked this process, which has its ledger to itself, for anything.

A small piece touches nearly as many pages of the indexes as a large one.
"""

_PIECE: Final = """
SELECT row_no, subject_id, version FROM job_rows
WHERE job_id = :job_id AND row_no >= :start ORDER BY row_no LIMIT :limit
"""


@dataclass(frozen=True, slots=True)
class _Work:
    """A job on its set; every call of `piece` does the next part of it, `rows` records at most."""

    running: Running
    rows: int = ROWS_A_PIECE

    def piece(self, tx: BulkTx) -> bool:
        """Do the next records of the set; False when there are none left."""
        core, job_id = self.running.core, self.running.job.id
        job = tx.get(Job, job_id)
        assert job is not None, "jobs are never deleted"
        place = {"job_id": job_id, "start": job.done, "limit": self.rows}
        rows = {
            str(found): (int(row_no), int(version))
            for row_no, found, version in tx.connection.execute(_PIECE, place)
        }
        if not rows:
            return False
        at_us = core.clock.now_us()
        command = Command(job.subject_id, b"", self.running.principal, job.kind, at_us)
        filters = self._filters(job, tuple(rows))
        if job.kind == DELETE_ALL:
            standing: list[tuple[str, int]] = [each[:2] for each in read_rows(tx.connection, filters)]
            still = [each for each in standing if each[1] == rows[each[0]][1]]
            delete_records(tx, still)
        else:
            # Read whole at once: the same rows again would cost a tenth of the job.
            records = [each for each in waiting(tx, filters) if each.version == rows[each.id][1]]
            still = [each[:2] for each in records]
            if records:
                post_records(core, tx, command, records, row_nos=[rows[each.id][0] for each in records])
        jobs.progress(tx, job_id, job.done + len(rows), job.total)
        audit.append(
            tx,
            audit.Event(job.kind, object=_path(job_id), after=self._figures(job, still, len(rows))),
            branch_id=job.branch_id,
            principal=command.principal,
            at_us=at_us,
            operation_key=command.key,
            request_id=None,
        )
        return True

    def _filters(self, job: Job, ids: tuple[str, ...]) -> dict[str, Any]:
        """What those of `ids` pass that may still be touched, by the rules and limits of who asked."""
        purpose = BulkPurpose.DELETE if job.kind == DELETE_ALL else BulkPurpose.POST
        filters = set_filters(self.running.core, self.running.principal, RecordFilter(), purpose, ids)
        del filters["currency"]  # no sum is told here; the set was of one currency when it was seen
        return filters

    def _figures(self, job: Job, still: list[tuple[str, int]], asked: int) -> dict[str, Any]:
        """What the audit keeps of a piece: how many, and the hash of exactly these."""
        lines = "".join(f"{found}:{version}\n" for found, version in still)
        set_hash = hashlib.sha256(lines.encode()).hexdigest()
        return {
            "count": len(still),
            "skipped": asked - len(still),
            "set_hash": set_hash,
            "from_row": job.done,
        }


async def run(running: Running) -> dict[str, Any]:
    """Do the whole set, from where it stands; the result counts what was done and what was skipped."""
    core, rows = running.core, ROWS_A_PIECE
    while True:
        before = core.writer.commands
        if not await running.writer.bulk(_Work(running, rows).piece):
            break
        jobs.called(core, running.job.id)
        is_alone = core.writer.commands - before == 1 and not core.holder
        rows = ROWS_A_PIECE * (TIMES_ALONE if is_alone else 1)
    pieces = await core.reader.find(AuditRow, object=_path(running.job.id))
    told = [json.loads(piece.after) for piece in pieces if piece.after and "skipped" in piece.after]
    return {name: sum(figures[name] for figures in told) for name in ("count", "skipped")}


def _path(job_id: str) -> str:
    return f"/v1/jobs/{job_id}"
