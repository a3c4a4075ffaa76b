"""The branch's day: what waits, since when, and what the last days brought (contract, section 5).

Every figure is a range of an index, read in a snapshot on a thread: the answer costs what waits and what the days that
are asked for hold (a week, at most a quarter), whatever the history. Where that is much, figures are told again
(`ledger/kept`), and `as_of` says of when they are.
"""

from __future__ import annotations

import asyncio
import json
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any, Final, NamedTuple
from zoneinfo import ZoneInfo

from branchtui.contract.approvals import ApprovalState
from branchtui.contract.balance_files import FileState
from branchtui.contract.balance_records import RecordStatus
from branchtui.contract.dashboard import Dashboard, DayFigures, Queue, TierFigures
from branchtui.contract.imports import JobState
from branchtui.contract.payments import CallbackState
from branchtui.contract.transfers import TransferState
from branchtui.ledger.access import Permission
from branchtui.ledger.clock import as_datetime, as_us, first_id
from branchtui.ledger.journal import OPENING_CONTRA
from branchtui.ledger.kept import Counted
from branchtui.ledger.store.sums import exact_sum, whole
from branchtui.ledger.workflows import dashboard_days
from branchtui.ledger.workflows.balance_records import ENTRY_KIND

if TYPE_CHECKING:
    from branchtui.ledger.access import Principal, Scope
    from branchtui.ledger.core import Core
    from branchtui.ledger.kept import Figure
    from branchtui.ledger.store.reader import Snapshot
    from branchtui.ledger.store.rows import Branch

DAYS: Final = 7
DAYS_MAX: Final = 92
"""A quarter, the longest that is told at once."""

_UNASSOCIATED: Final = f"""
SELECT COUNT(*), {exact_sum("CASE WHEN currency = :currency THEN amount_minor END")}, MIN(paid_at)
FROM payments INDEXED BY payments_waiting
WHERE branch_id IN (SELECT value FROM json_each(:scope)) AND state = 'unassociated'"""  # noqa: S608 - words of our own

_NOT_ACCOUNTED: Final = f"""
SELECT COUNT(*), {exact_sum("CASE WHEN currency = :currency THEN amount_minor END")}, MIN(created_at)
FROM balance_records WHERE branch_id IN (SELECT value FROM json_each(:scope)) AND status = :not_accounted"""  # noqa: S608 - words of our own

_UNDER_WAY: Final = """
SELECT COUNT(*), 0, 0, MIN(created_at)
FROM jobs WHERE +jobs.branch_id IN (SELECT value FROM json_each(:scope)) AND state IN (:queued, :running)"""

_FILES: Final = f"""
SELECT COUNT(*), {exact_sum("CASE WHEN currency = :currency THEN total_minor END")}, MIN(created_at)
FROM balance_files WHERE branch_id IN (SELECT value FROM json_each(:scope)) AND state = :to_apply"""  # noqa: S608 - words of our own

_CALLBACKS: Final = """
SELECT COUNT(*), 0, 0, MIN(received_at) FROM callback_events
WHERE state = :state
  AND (branch_id IN (SELECT value FROM json_each(:scope)) OR (branch_id IS NULL AND :top = 1))"""

_APPROVALS: Final = f"""
SELECT COUNT(*), {exact_sum("CASE WHEN currency = :currency THEN amount_minor END")}, MIN(created_at)
FROM approvals WHERE branch_id IN (SELECT value FROM json_each(:scope))
  AND state = :pending AND expires_at > :now_us AND maker_person_id <> :person"""  # noqa: S608 - words of our own

_OFFERED: Final = """
SELECT COUNT(*), 0, 0, MIN(proposed_at) FROM transfers
WHERE to_branch_id IN (SELECT value FROM json_each(:scope)) AND state = :proposed"""

_POSTED: Final = f"""
SELECT COUNT(*), {exact_sum("ABS(legs.amount_minor)")}
FROM accounts CROSS JOIN legs CROSS JOIN journal_entries AS entries
WHERE accounts.id IN (SELECT 'gl-' || value || '-' || :contra || '-' || :currency FROM json_each(:scope))
  AND legs.account_id = accounts.id AND legs.entry_id >= :today_id
  AND entries.id = legs.entry_id AND entries.kind = :posted AND entries.booked_at >= :today_us"""  # noqa: S608 - words of our own

_NAMED: Final = {
    "not_accounted": RecordStatus.NOT_ACCOUNTED.value,
    "queued": JobState.QUEUED.value,
    "running": JobState.RUNNING.value,
    "to_apply": FileState.VALIDATED.value,
    "posted": ENTRY_KIND,
    "contra": OPENING_CONTRA,
}


async def dashboard(
    core: Core, principal: Principal, branch: Branch, scope: Scope, *, days_told: int = DAYS
) -> Dashboard:
    """The day of `branch` with those below it (`scope`), and `days_told` days, today the last of them."""
    today, now_us = core.today(branch), core.clock.now_us()
    days = [today - timedelta(days=back) for back in range(days_told - 1, -1, -1)]
    asked = dashboard_days.Asked(
        json.dumps(sorted(scope.branch_ids)), branch.currency, [day.isoformat() for day in days]
    )
    bound = _NAMED | {"scope": asked.scope, "top": int(scope.top), "currency": branch.currency}
    queues = _queues(principal, now_us)
    long = [queue for queue in queues if queue.is_long]
    short = [queue for queue in queues if not queue.is_long]
    at_once, figure = await asyncio.gather(
        core.reader.in_snapshot(lambda snapshot: _waiting(snapshot, short, bound)),
        _counted(core, branch, asked, long, bound),
    )
    waiting, found, posted = figure.value
    counted = {queue.name: queue for queue in (*at_once, *waiting)}
    told = [found.days[day] for day in asked.days]
    return Dashboard(
        branch_id=branch.id,
        branch_name=branch.name,
        business_date=today,
        currency=branch.currency,
        as_of=as_datetime(figure.at_us) if figure.is_older else None,
        queues=tuple(counted[queue.name] for queue in queues),
        days=tuple(_figures(day, branch, figures) for day, figures in zip(days, told, strict=True)),
        associated_by_tier=tuple(
            TierFigures(tier=tier, payments=count, total_minor=total_minor)
            for tier, count, total_minor in dashboard_days.by_tier(told)
        ),
        records_posted_today=posted[0],
        records_posted_today_minor=whole(*posted[1:]),
    )


async def _counted(
    core: Core, branch: Branch, asked: dashboard_days.Asked, queues: list[_Waits], bound: dict[str, Any]
) -> Figure[tuple[list[Queue], dashboard_days.Remembered, Any]]:
    """The queues that may be long, what the days brought, and today's posting of records (count and sum): of one state.

    A payment that is given to somebody leaves a queue and enters a day: it stands in one of them at any time.
    """
    begin_us = as_us(datetime.combine(date.fromisoformat(asked.days[-1]), time(), ZoneInfo(branch.timezone)))
    today = bound | {"today_us": begin_us, "today_id": first_id(begin_us)}

    async def count() -> Counted:
        at_us, parts = core.clock.now_us(), core.kept.parts
        before = parts.get(asked.key)

        def read(snapshot: Snapshot) -> tuple[list[Queue], dashboard_days.Remembered, Any]:
            days = dashboard_days.read(snapshot, asked, before, at_us)
            return _waiting(snapshot, queues, bound), days, snapshot.values(_POSTED, today)[0]

        waiting, days, posted = await core.reader.in_long_snapshot(read)
        booked = posted[0] + sum(day.rows for day in days.days.values())
        parts.put(asked.key, days if booked >= core.kept.many else None)
        return Counted((waiting, days, posted), booked + sum(queue.count for queue in waiting), at_us)

    # The instant at which today begins is that of the branch: those of a scope may lie in two zones.
    key = ("dashboard", begin_us, len(asked.days), *(queue.name for queue in queues), *asked.key)
    return await core.kept.figure(key, count)


def _waiting(snapshot: Snapshot, queues: list[_Waits], bound: dict[str, Any]) -> list[Queue]:
    return [_queue(queue.name, snapshot.values(queue.sql, bound | queue.bound)[0]) for queue in queues]


class _Waits(NamedTuple):
    """A queue and how it is counted. One that is long when a branch brings its books is no one person's."""

    name: str
    sql: str
    bound: dict[str, Any]
    is_long: bool = False


def _queues(principal: Principal, now_us: int) -> list[_Waits]:
    found: list[_Waits] = []
    if principal.may(Permission.APPROVAL_DECIDE):
        waiting = {"pending": ApprovalState.PENDING.value, "person": principal.person_id, "now_us": now_us}
        found.append(_Waits("approvals-waiting", _APPROVALS, waiting))
    if principal.may(Permission.PAYMENT_VIEW):
        found.append(_Waits("payments-unassociated", _UNASSOCIATED, {}, is_long=True))
    if principal.may(Permission.RECORD_VIEW):
        found.append(_Waits("records-not-accounted", _NOT_ACCOUNTED, {}, is_long=True))
    if principal.may(Permission.CUSTOMER_CHANGE):
        found.append(_Waits("customers-offered", _OFFERED, {"proposed": TransferState.PROPOSED.value}))
    if principal.may(Permission.FILE_VIEW):
        found.append(_Waits("files-to-apply", _FILES, {}))
    found.append(_Waits("work-under-way", _UNDER_WAY, {}))
    if principal.may(Permission.CALLBACK_VIEW):
        found += [
            _Waits(f"callbacks-{state.value}", _CALLBACKS, {"state": state.value})
            for state in (CallbackState.QUARANTINED, CallbackState.PARKED)
        ]
    return found


def _queue(name: str, values: tuple[Any, ...]) -> Queue:
    count, high, low, oldest = values
    return Queue(
        name=name,
        count=count,
        total_minor=whole(high, low),
        oldest_at=None if oldest is None else as_datetime(oldest),
    )


def _figures(day: date, branch: Branch, figures: dashboard_days.Brought) -> DayFigures:
    return DayFigures(
        date=day,
        branch_id=branch.id,
        payments_associated=figures.associated,
        payments_associated_minor=figures.associated_minor,
        revenue_minor=figures.revenue_minor,
    )
