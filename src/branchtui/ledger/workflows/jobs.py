"""Long work: a table of jobs, one runner, and an exact continuation after a crash (CONC-5).

A job's steps commit by themselves and leave in the tables where they stand; running a job again from
there is always safe. A process runs one job at a time, so that the branch's own work keeps its share,
and holds a lease on it that it renews: where several processes serve a ledger, a job whose process died
goes on in another one, and a process that was only slow can write no more.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

import structlog
from sqlalchemy import Boolean, bindparam, literal_column

from branchtui.contract import imports as wire
from branchtui.contract.imports import JobState
from branchtui.contract.problem import Codes
from branchtui.contract.sessions import Role
from branchtui.ledger.access import Principal
from branchtui.ledger.clock import as_datetime
from branchtui.ledger.problems import Refusal, not_found
from branchtui.ledger.store import tables
from branchtui.ledger.store.errors import NotNow, StoreFailure
from branchtui.ledger.store.list_spec import ListSpec, Sort
from branchtui.ledger.store.rows import Job, JobLease
from branchtui.ledger.store.writer import FencedWriter

if TYPE_CHECKING:
    from branchtui.ledger.core import Core
    from branchtui.ledger.operations import Command
    from branchtui.ledger.store.unit import Tx

log = structlog.get_logger("branchtui.ledger")

WAIT_SECONDS_MAX: Final = 20
PROGRESS_SECONDS: Final = 1.0
"""A waiting client is told of progress no sooner than this: a short job costs it one round trip."""

RETRY_SECONDS: Final = 30.0
LEASE_US: Final = 30_000_000
RENEW_SECONDS: Final = 10.0
_WAITING: Final = "jobs"
_RESOURCES: Final = {"import": "/v1/imports/", "balance-file": "/v1/balance-files/"}
"""What a kind of job works on, where it has a path."""
_ENDED: Final = frozenset({JobState.SUCCEEDED.value, JobState.FAILED.value})

_c = tables.jobs.c

JOBS: Final = ListSpec(
    row_type=Job,
    name="jobs",
    sorts={"created": Sort("created_at", descending=True, key=None)},
    filters={
        "branch": _c.branch_id == bindparam("branch"),
        "branches": literal_column("+jobs.branch_id IN (SELECT value FROM json_each(:branches))", Boolean),
        "created_by": _c.created_by == bindparam("created_by"),
        "states": literal_column("jobs.state IN (SELECT value FROM json_each(:states))", Boolean),
    },
)
"""The list behind `GET /v1/jobs`."""

UNDER_WAY: Final = json.dumps([JobState.QUEUED.value, JobState.RUNNING.value])
"""What that list is narrowed to: few at any time, whatever the history."""


class LeaseLost(NotNow):
    """Another process has taken the job over; nothing was applied."""


@dataclass(frozen=True, slots=True)
class Running:
    """A job at work, as its kind sees it; `writer` is the only way it may write."""

    core: Core
    job: Job
    principal: Principal
    writer: FencedWriter


Kinds = Mapping[str, Callable[[Running], Awaitable[dict[str, Any]]]]
"""A job's kind to what does it and returns its result, a JSON object."""


def add_job(core: Core, tx: Tx, command: Command, *, kind: str, subject_id: str, branch_id: str) -> Job:
    """Put a job of `command`'s principal into the queue, in the command's own transaction."""
    job = Job(
        id=core.new_id(),
        kind=kind,
        subject_id=subject_id,
        branch_id=branch_id,
        state=JobState.QUEUED.value,
        done=0,
        total=None,
        result="{}",
        principal=_frozen(command.principal),
        created_by=command.principal.username,
        created_at=command.at_us,
    )
    tx.put(job)
    return job


def progress(tx: Tx, job_id: str, done: int, total: int | None) -> None:
    """Note how far a job is, in the transaction of the step that got it there."""
    job = tx.get(Job, job_id)
    if job is not None and job.state not in _ENDED:
        tx.put(replace(job, done=done, total=total))


def called(core: Core, job_id: str) -> None:
    """Tell who waits for this job that it got on."""
    core.wakes.call(f"job:{job_id}")


def wake_runner(core: Core) -> None:
    """Tell the runner that the queue has changed."""
    core.wakes.call(_WAITING)


async def get_job(core: Core, principal: Principal, job_id: str, wait_seconds: int) -> wire.Job:
    """The job; held up to `wait_seconds` for it to end or, after a second, to get on.

    Raises:
        Refusal: 404.
    """
    loop = asyncio.get_running_loop()
    begun = loop.time()
    first = job = await _visible(core, principal, job_id)
    while job.state not in _ENDED:
        passed = loop.time() - begun
        has_news = (job.state, job.done, job.total) != (first.state, first.done, first.total)
        if core.stopping or passed >= wait_seconds or (has_news and passed >= PROGRESS_SECONDS):
            break
        until = PROGRESS_SECONDS if has_news else wait_seconds
        await core.wakes.wait(f"job:{job_id}", max(min(until, wait_seconds) - passed, 0))
        job = await _visible(core, principal, job_id)
    return job_answer(job)


def job_answer(job: Job) -> wire.Job:
    """The job as the contract shows one."""
    return wire.Job(
        id=job.id,
        kind=job.kind,
        branch_id=job.branch_id,
        resource=_RESOURCES[job.kind] + job.subject_id if job.kind in _RESOURCES else None,
        state=JobState(job.state),
        done=job.done,
        total=job.total,
        result=json.loads(job.result),
        created_by=job.created_by,
        created_at=as_datetime(job.created_at),
    )


def start_runner(core: Core, kinds: Kinds) -> None:
    """Run what is queued, and what a crash left running, until the ledger stops."""
    task = asyncio.get_running_loop().create_task(_run_all(core, kinds), name="ledger-jobs")
    core.runner = task
    core.background.add(task)
    task.add_done_callback(core.background.discard)


async def _run_all(core: Core, kinds: Kinds) -> None:
    while not core.stopping:
        # Asked for before the look at the table, so that a job added in between is not slept over.
        waker = asyncio.ensure_future(core.wakes.wait(_WAITING))
        await asyncio.sleep(0)
        try:
            job, waits = await _try_next(core, kinds)
            if waits:
                await asyncio.wait([waker], timeout=RETRY_SECONDS)
            elif job is None:
                await waker
        finally:
            waker.cancel()


async def _try_next(core: Core, kinds: Kinds) -> tuple[Job | None, bool]:
    """Run the next job, if there is one; the job, and whether there is one that has to wait.

    Whatever goes wrong around a job costs a pause: nobody would start a runner that has ended.
    """
    try:
        job, waits = await _next(core)
        if job is not None:
            waits = not await _run(core, job, kinds)
    except Exception:
        log.exception("jobs could not be looked after")
        core.metrics.alarm("job")
        return None, True
    return job, waits


async def _next(core: Core) -> tuple[Job | None, bool]:
    """The next job that is this process's to run; and whether there is one that cannot be had now."""
    try:
        await (
            core.refresh()
        )  # nobody may ask this process for anything, and the job is of a branch that is new
        jobs = [
            *await core.reader.find(Job, state=JobState.RUNNING.value),
            *await core.reader.find(Job, state=JobState.QUEUED.value),
        ]
        for job in sorted(jobs, key=lambda each: (each.state != JobState.RUNNING, each.created_at, each.id)):
            if await _claim(core, job.id):
                return job, False
    except StoreFailure:
        return None, True
    return None, bool(jobs)


async def _claim(core: Core, job_id: str) -> bool:
    """Take a lease on the job, unless another process has one or the job has ended."""

    def take(tx: Tx) -> bool:
        job, lease, now_us = tx.get(Job, job_id), tx.get(JobLease, job_id), core.clock.now_us()
        assert job is not None, "jobs are never deleted"
        is_anothers = lease is not None and lease.holder != core.holder and lease.until > now_us
        if job.state in _ENDED or is_anothers:
            return False
        tx.put(JobLease(job_id, core.holder, now_us + LEASE_US))
        tx.put(replace(job, state=JobState.RUNNING.value))
        return True

    claimed = await core.writer.submit(take)
    if claimed:
        called(core, job_id)
    return claimed


async def _run(core: Core, job: Job, kinds: Kinds) -> bool:
    """Run one job to its end; False when the ledger cannot record now and the job must be tried again."""

    def fence(tx: Tx) -> None:
        lease = tx.get(JobLease, job.id)
        if lease is None or lease.holder != core.holder:
            raise LeaseLost

    writer = FencedWriter(core.writer, fence)
    renewing = asyncio.get_running_loop().create_task(_renew(core, writer, job.id))
    try:
        running = Running(core, job, _thawed(core, job.principal), writer)
        state, result = await _outcome(running, kinds)
        await _end(running, state, result)
    except StoreFailure:
        return False
    except asyncio.CancelledError:
        # The ledger stops: another process need not wait until the lease is old.
        with suppress(StoreFailure):
            await writer.submit(lambda tx: tx.remove(JobLease(job.id, core.holder, 0)))
        raise
    finally:
        renewing.cancel()
    return True


async def _renew(core: Core, writer: FencedWriter, job_id: str) -> None:
    def renew(tx: Tx) -> None:
        tx.put(JobLease(job_id, core.holder, core.clock.now_us() + LEASE_US))

    while True:
        await asyncio.sleep(RENEW_SECONDS)
        with suppress(StoreFailure):
            await writer.submit(renew)


async def _outcome(running: Running, kinds: Kinds) -> tuple[JobState, dict[str, Any]]:
    job = running.job
    try:
        return JobState.SUCCEEDED, await kinds[job.kind](running)
    except StoreFailure:
        raise
    except Refusal as refusal:
        return JobState.FAILED, {"code": refusal.code, "detail": refusal.detail}
    except Exception:
        log.exception("job failed", job=job.id, kind=job.kind)
        running.core.metrics.alarm("job")
        detail = f"The ledger failed at this; what was recorded before stands. Reference {job.id[-8:]}."
        return JobState.FAILED, {"code": Codes.INTERNAL, "detail": detail}


async def _end(running: Running, state: JobState, result: dict[str, Any]) -> None:
    def note(tx: Tx) -> None:
        job, lease = tx.get(Job, running.job.id), tx.get(JobLease, running.job.id)
        assert job is not None, "jobs are never deleted"
        done = job.total if state is JobState.SUCCEEDED and job.total is not None else job.done
        tx.put(replace(job, state=state.value, done=done, result=json.dumps(result, ensure_ascii=False)))
        if lease is not None:
            tx.remove(lease)

    await running.writer.submit(note)
    called(running.core, running.job.id)


async def _visible(core: Core, principal: Principal, job_id: str) -> Job:
    job = await core.reader.get(Job, job_id)
    if job is None or not principal.scope.covers(job.branch_id):
        raise not_found("job")
    return job


def _frozen(principal: Principal) -> str:
    """Who asked, so that the rules apply with that person's limits after a restart too."""
    return json.dumps(
        {
            "user_id": principal.user_id,
            "username": principal.username,
            "person_id": principal.person_id,
            "role": principal.role.value,
            "branch_id": principal.branch_id,
            "limit_minor": principal.limit_minor,
            "session_id": principal.session_id,
            "address": principal.address,
        }
    )


def _thawed(core: Core, text: str) -> Principal:
    members: dict[str, Any] = json.loads(text)
    role = Role(members.pop("role"))
    return Principal(role=role, scope=core.tree.scope(members["branch_id"]), **members)
