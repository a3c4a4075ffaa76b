"""The report of a day: every journal entry of a business day, by user, tender and kind (contract, section 5).

One walk over the day's own range of an index, read in one snapshot: the answer costs what the day holds.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any, Final

from branchtui.contract import reports as wire
from branchtui.contract.tenders import Tender
from branchtui.ledger.clock import as_datetime
from branchtui.ledger.days import day_key
from branchtui.ledger.kept import Counted
from branchtui.ledger.store.sums import exact_sum, whole
from branchtui.ledger.tenders import TENDER_OF
from branchtui.ledger.workflows.report_paper import report_lines

if TYPE_CHECKING:
    from collections.abc import Iterable

    from branchtui.ledger.access import Scope
    from branchtui.ledger.core import Core
    from branchtui.ledger.store.reader import Snapshot
    from branchtui.ledger.store.rows import Branch

_OF_A_TENDER: Final = (
    "accounts.customer_id IS NULL AND accounts.kind IN (SELECT value FROM json_each(:tender_kinds))"
)

_ENTRIES: Final = f"""
SELECT created_by, kind, tender_kind, currency, COUNT(*),
  SUM(CASE WHEN tendered > 0 THEN 1 ELSE 0 END), SUM(CASE WHEN tendered < 0 THEN 1 ELSE 0 END),
  {exact_sum("moved")},
  {exact_sum("CASE WHEN tendered > 0 THEN tendered ELSE 0 END")},
  {exact_sum("CASE WHEN tendered < 0 THEN -tendered ELSE 0 END")}
FROM (
  SELECT entries.id, entries.created_by, entries.kind, accounts.currency,
    MAX(CASE WHEN {_OF_A_TENDER} THEN accounts.kind END) AS tender_kind,
    CAST(SUM(CASE WHEN legs.amount_minor > 0 THEN legs.amount_minor ELSE 0 END) AS BIGINT) AS moved,
    CAST(SUM(CASE WHEN {_OF_A_TENDER} THEN legs.amount_minor ELSE 0 END) AS BIGINT) AS tendered
  FROM journal_entries AS entries CROSS JOIN legs CROSS JOIN accounts
  WHERE entries.branch_id IN (SELECT value FROM json_each(:scope)) AND entries.business_date = :day
    AND legs.entry_id = entries.id AND accounts.id = legs.account_id
    AND (:created_by = '' OR entries.created_by = :created_by)
  GROUP BY entries.id, entries.created_by, entries.kind, accounts.currency
) AS entry
GROUP BY created_by, kind, tender_kind, currency
ORDER BY created_by, tender_kind, kind, currency"""  # noqa: S608 - words of our own

_CLOSED: Final = "SELECT COUNT(*) FROM closed_days WHERE id = :closed"


@dataclass(frozen=True, slots=True)
class Asked:
    """Which day, whose entries (empty: everybody's), and the width of paper, if any."""

    day: date
    created_by: str = ""
    columns: int | None = None


async def report(core: Core, branch: Branch, scope: Scope, asked: Asked, now_us: int) -> wire.DayReport:
    """The day of `branch` with those below it (`scope`)."""
    bound = {
        "scope": json.dumps(sorted(scope.branch_ids)),
        "day": asked.day.isoformat(),
        "created_by": asked.created_by,
        "tender_kinds": json.dumps(sorted(TENDER_OF)),
    }

    def read(snapshot: Snapshot) -> tuple[list[Any], int]:
        closed = snapshot.values(_CLOSED, {"closed": day_key(branch.id, asked.day.isoformat())})
        return snapshot.values(_ENTRIES, bound), closed[0][0]

    async def count() -> Counted:
        counted = await core.reader.in_long_snapshot(read)
        return Counted(counted, len(counted[0]), now_us)

    # It is printed: never of an earlier instant, however many ask.
    found, closed = await core.kept.exact(("day", branch.id, *bound.values()), count)
    found = [_with_sums(*values) for values in found]
    answer = wire.DayReport(
        branch_id=branch.id,
        branch_name=branch.name,
        business_date=asked.day,
        is_closed=bool(closed),
        made_at=as_datetime(now_us),
        created_by=asked.created_by or None,
        takings=takings(found),
        report=tuple(_line(values) for values in found),
    )
    if asked.columns is None:
        return answer
    return answer.model_copy(update={"lines": report_lines(core, branch, answer, asked.columns)})


def _with_sums(
    created_by: str,
    kind: str,
    tender_kind: str | None,
    currency: str,
    count: int,
    received: int,
    paid: int,
    *sums: int,
) -> tuple[Any, ...]:
    """A line of figures: what moved, then count and sum of what came, and of what went."""
    moved, came, went = (whole(*sums[place : place + 2]) for place in (0, 2, 4))
    return created_by, kind, tender_kind, currency, count, moved, received, came, paid, went


def takings(found: Iterable[Any]) -> tuple[wire.Takings, ...]:
    """What came and went, by tender in the order of the contract, then by currency."""
    sums: dict[tuple[Tender, str], list[int]] = {}
    for _, _, tender_kind, currency, _, _, *figures in found:
        if tender_kind is not None:
            so_far = sums.setdefault((TENDER_OF[tender_kind], currency), [0, 0, 0, 0])
            sums[TENDER_OF[tender_kind], currency] = [
                one + more for one, more in zip(so_far, figures, strict=True)
            ]
    order = list(Tender)
    return tuple(
        wire.Takings(
            tender=tender,
            currency=currency,
            received=figures[0],
            received_minor=figures[1],
            paid=figures[2],
            paid_minor=figures[3],
        )
        for (tender, currency), figures in sorted(
            sums.items(), key=lambda item: (order.index(item[0][0]), item[0][1])
        )
    )


def _line(values: Any) -> wire.ReportLine:
    created_by, kind, tender_kind, currency, count, moved, _, received, _, paid = values
    return wire.ReportLine(
        created_by=created_by,
        kind=kind,
        tender=None if tender_kind is None else TENDER_OF[tender_kind],
        currency=currency,
        count=count,
        moved_minor=moved,
        received_minor=received,
        paid_minor=paid,
    )
