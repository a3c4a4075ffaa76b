"""The branch's day: what waits, since when, and what the last days brought (contract, section 5).

Every figure is a range of an index, read in one snapshot on a thread: the answer costs what the days that
are asked for hold (a week, at most a quarter), whatever the history.
"""

from __future__ import annotations

import json
from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo

from branchtui.contract.approvals import ApprovalState
from branchtui.contract.balance_files import FileState
from branchtui.contract.balance_records import RecordStatus
from branchtui.contract.dashboard import Dashboard, DayFigures, Queue, TierFigures
from branchtui.contract.imports import JobState
from branchtui.contract.payments import CallbackState, PaymentState
from branchtui.contract.transfers import TransferState
from branchtui.ledger.access import Permission
from branchtui.ledger.clock import as_datetime, as_us, first_id
from branchtui.ledger.journal import OPENING_CONTRA, REVENUE
from branchtui.ledger.store.sums import exact_sum, whole
from branchtui.ledger.workflows.balance_records import ENTRY_KIND
from branchtui.ledger.workflows.payment_steps import ASSOCIATED, DISASSOCIATED, KEYED, REVERSED

if TYPE_CHECKING:
    from datetime import date

    from branchtui.ledger.access import Principal, Scope
    from branchtui.ledger.core import Core
    from branchtui.ledger.store.reader import Snapshot
    from branchtui.ledger.store.rows import Branch

DAYS: Final = 7
DAYS_MAX: Final = 92
"""A quarter, the longest that is told at once."""

_BOOKED_EARLIER_DAYS: Final = 45
"""An entry may be booked before its business day, when days were closed ahead; not longer before than this."""

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

_ASSOCIATED: Final = f"""
SELECT entries.business_date,
  SUM(CASE WHEN legs.amount_minor < 0 THEN 1 ELSE -1 END), {exact_sum("-legs.amount_minor")}
FROM journal_entries AS entries CROSS JOIN legs CROSS JOIN accounts
WHERE entries.branch_id IN (SELECT value FROM json_each(:scope))
  AND entries.business_date BETWEEN :since AND :today
  AND entries.kind IN (:associated, :disassociated, :keyed, :reversed)
  AND legs.entry_id = entries.id
  AND accounts.id = legs.account_id AND accounts.customer_id IS NOT NULL AND accounts.currency = :currency
GROUP BY entries.business_date"""  # noqa: S608 - words of our own

_BY_TIER: Final = f"""
SELECT payments.match_tier, COUNT(*), {exact_sum("payments.amount_minor")}
FROM (
  SELECT DISTINCT entries.subject_id FROM journal_entries AS entries
  WHERE entries.branch_id IN (SELECT value FROM json_each(:scope))
    AND entries.business_date BETWEEN :since AND :today
    AND entries.kind IN (:associated, :keyed)
) AS given CROSS JOIN payments
WHERE payments.id = given.subject_id AND payments.state = :held AND payments.currency = :currency
GROUP BY payments.match_tier
ORDER BY payments.match_tier"""  # noqa: S608 - words of our own

_REVENUE: Final = f"""
SELECT entries.business_date, {exact_sum("-legs.amount_minor")}
FROM accounts CROSS JOIN legs CROSS JOIN journal_entries AS entries
WHERE accounts.id IN (SELECT 'gl-' || value || '-' || :revenue || '-' || :currency FROM json_each(:scope))
  AND legs.account_id = accounts.id AND legs.entry_id >= :first_id
  AND entries.id = legs.entry_id AND entries.business_date BETWEEN :since AND :today
GROUP BY entries.business_date"""  # noqa: S608 - words of our own

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
    "associated": ASSOCIATED,
    "disassociated": DISASSOCIATED,
    "keyed": KEYED,
    "reversed": REVERSED,
    "held": PaymentState.ASSOCIATED.value,
    "posted": ENTRY_KIND,
    "revenue": REVENUE,
    "contra": OPENING_CONTRA,
}


async def dashboard(
    core: Core, principal: Principal, branch: Branch, scope: Scope, *, days_told: int = DAYS
) -> Dashboard:
    """The day of `branch` with those below it (`scope`), and `days_told` days, today the last of them."""
    today = core.today(branch)
    days = [today - timedelta(days=back) for back in range(days_told - 1, -1, -1)]
    today_us = _begin(today, branch)
    bound = _NAMED | {
        "scope": json.dumps(sorted(scope.branch_ids)),
        "top": int(scope.top),
        "currency": branch.currency,
        "since": days[0].isoformat(),
        "today": today.isoformat(),
        "today_us": today_us,
        "today_id": first_id(today_us),
        "first_id": first_id(_begin(days[0] - timedelta(days=_BOOKED_EARLIER_DAYS), branch)),
    }
    queues = _queues(principal, core.clock.now_us())

    def read(snapshot: Snapshot) -> tuple[list[Queue], list[Any], list[Any], list[Any], Any]:
        return (
            [_queue(name, snapshot.values(sql, bound | more)[0]) for name, sql, more in queues],
            snapshot.values(_ASSOCIATED, bound),
            snapshot.values(_BY_TIER, bound),
            snapshot.values(_REVENUE, bound),
            snapshot.values(_POSTED, bound)[0],
        )

    waiting, associated, by_tier, revenue, posted = await core.reader.in_snapshot(read)
    counts = {day: (count, whole(*total)) for day, count, *total in associated}
    earned = {day: whole(*total) for day, *total in revenue}
    figures = [_figures(day, branch, counts, earned) for day in days]
    return Dashboard(
        branch_id=branch.id,
        branch_name=branch.name,
        business_date=today,
        currency=branch.currency,
        queues=tuple(waiting),
        days=tuple(figures),
        associated_by_tier=tuple(
            TierFigures(tier=tier, payments=count, total_minor=whole(*total))
            for tier, count, *total in by_tier
        ),
        records_posted_today=posted[0],
        records_posted_today_minor=whole(*posted[1:]),
    )


def _queues(principal: Principal, now_us: int) -> list[tuple[str, str, dict[str, Any]]]:
    found: list[tuple[str, str, dict[str, Any]]] = []
    if principal.may(Permission.APPROVAL_DECIDE):
        waiting = {"pending": ApprovalState.PENDING.value, "person": principal.person_id, "now_us": now_us}
        found.append(("approvals-waiting", _APPROVALS, waiting))
    if principal.may(Permission.PAYMENT_VIEW):
        found.append(("payments-unassociated", _UNASSOCIATED, {}))
    if principal.may(Permission.RECORD_VIEW):
        found.append(("records-not-accounted", _NOT_ACCOUNTED, {}))
    if principal.may(Permission.CUSTOMER_CHANGE):
        found.append(("customers-offered", _OFFERED, {"proposed": TransferState.PROPOSED.value}))
    if principal.may(Permission.FILE_VIEW):
        found.append(("files-to-apply", _FILES, {}))
    found.append(("work-under-way", _UNDER_WAY, {}))
    if principal.may(Permission.CALLBACK_VIEW):
        found += [
            (f"callbacks-{state.value}", _CALLBACKS, {"state": state.value})
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


def _figures(
    day: date, branch: Branch, counts: dict[str, tuple[int, int]], earned: dict[str, int]
) -> DayFigures:
    count, total_minor = counts.get(day.isoformat(), (0, 0))
    return DayFigures(
        date=day,
        branch_id=branch.id,
        payments_associated=count,
        payments_associated_minor=total_minor,
        revenue_minor=earned.get(day.isoformat(), 0),
    )


def _begin(day: date, branch: Branch) -> int:
    return as_us(datetime.combine(day, time(), ZoneInfo(branch.timezone)))
