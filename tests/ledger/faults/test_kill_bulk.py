"""The ledger's process dies while it posts, deletes or imports thousands of rows (testing.md, T5; CONC-5).

Whatever moment it dies at, on either engine: the job goes on in the next process and ends with exactly
the whole, and a client who asks again under its key is told of that very job.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

import pytest
from tests.ledger.faults import seeds
from tests.ledger.faults.crowd import RECORDS
from tests.ledger.faults.long_work import Case, LongWork
from tests.ledger.files import import_file, name_members, table, upload
from tests.ledger.running import Api, RunningLedger, fresh_key

pytestmark = [pytest.mark.faults, pytest.mark.both_stores]

CYCLES: Final = max(8, seeds.figure("BRANCHTUI_KILLS", 40) // 5)
"""Deaths on each engine."""

ROWS: Final = 45
WHOLE_ROWS: Final = 20_500
"""More than one transaction takes, in steps of their real size."""

MEMBERS: Final = tuple(f"{number:06d}" for number in range(700_101, 700_131))
WORKS: Final = ("post-all", "delete-all", "valid_rows", "all_or_nothing")
OWN_POINTS: Final = {
    "post-all": ("records are posted", "progress is noted", "an entry is verified"),
    "delete-all": ("records are deleted", "progress is noted"),
    "valid_rows": ("rows become records", "progress is noted", "verdicts are kept"),
    "all_or_nothing": ("rows become records", "verdicts are kept"),
}


class Records(LongWork):
    """Balance records: imported, posted, deleted."""

    own_points = OWN_POINTS

    def prepared(self, api: Api, work: str, tag: str, rows: int) -> Case:
        """What the work needs: a file, and for a set to be posted or deleted its records."""
        lines = [
            f"{MEMBERS[row % len(MEMBERS)]},{('savings', 'loan')[row % 2]},{row + 1}.50,KES,2026-09-30,,{tag}-{row}"
            for row in range(rows)
        ]
        data = table(*lines).encode()
        if work in {"valid_rows", "all_or_nothing"}:
            asked = {"upload_id": upload(api, data), "kind": "balance-records", "mode": work}
            return Case(work, "/v1/imports", asked, fresh_key(), rows)
        import_ = import_file(api, data)
        assert (import_["state"], import_["imported"]) == ("done", rows), import_
        filters = {"import_id": import_["id"]}
        seen = api.get(f"{RECORDS}/summary", **filters).json()
        assert seen["count"] == rows
        body = {"filter": filters, **{name: seen[name] for name in ("count", "total_minor", "set_hash")}}
        return Case(work, f"{RECORDS}/{work}", body, fresh_key(), rows, import_["id"])

    def committed(self, case: Case) -> list[tuple[Any, ...]]:
        """The rows that became records; of a set, those that were posted."""
        if case.work in {"valid_rows", "all_or_nothing"}:
            asked = "SELECT import_row_no, id FROM balance_records WHERE import_id = ? ORDER BY 1"
            return self.rows(asked, case.import_id)
        return self.rows(
            "SELECT row_no, id FROM journal_entries WHERE operation_key = ? ORDER BY 1", case.key
        )

    def prove(self, case: Case, result: dict[str, Any]) -> None:
        """Every row exactly once, the sums right, the chain told of each, the invariants whole."""
        total_minor = sum(100 * (row + 1) + 50 for row in range(case.rows))
        records = self.rows(
            "SELECT import_row_no, status, amount_minor FROM balance_records WHERE import_id = ? ORDER BY 1",
            case.import_id,
        )
        told = [
            json.loads(after)
            for (after,) in self.rows(
                "SELECT after FROM audit WHERE operation_key = ? AND action IN (?, ?) AND object <> ? ORDER BY seq",
                case.key,
                "import.rows",
                f"balance-record.{case.work}",
                "",
            )
        ]
        entries = self.rows(
            "SELECT COUNT(*), COUNT(DISTINCT subject_id), COUNT(DISTINCT row_no), MIN(row_no), MAX(row_no) "
            "FROM journal_entries WHERE operation_key = ?",
            case.key,
        )
        if case.work in {"valid_rows", "all_or_nothing"}:
            assert (result["state"], result["imported"], result["total_minor"]) == (
                "done",
                case.rows,
                total_minor,
            )
            assert [row_no for row_no, *_ in records] == list(range(2, case.rows + 2))
            assert sum(amount for *_, amount in records) == total_minor
            assert sum(each["rows"] for each in told) == case.rows
        else:
            assert result == {"count": case.rows, "skipped": 0}
            pieces = [each for each in told if "from_row" in each]
            assert sum(each["count"] for each in pieces) == case.rows
            assert [each["from_row"] for each in pieces] == sorted({each["from_row"] for each in pieces})
            if case.work == "delete-all":
                assert records == []
            else:
                assert {status for _, status, _ in records} == {"accounted"}
                assert entries == [(case.rows,) * 3 + (0, case.rows - 1)]


@pytest.fixture
def bulk(
    request: pytest.FixtureRequest, new_ledger: Callable[[Path], str], tmp_path: Path
) -> Iterator[Records]:
    """A ledger with members, at rest."""
    database = new_ledger(tmp_path)
    with RunningLedger(database) as ledger:
        name_members(ledger, *MEMBERS)
    running = Records(database, getattr(request, "param", False), seeds.chance("bulk", request.node.name))
    yield running
    running.ledger.kill()
    running.ledger.end()


def test_long_work_ends_whole_wherever_its_process_dies(bulk: Records) -> None:
    """CONC-5, IDEM-10, AUD-1: at named points, again and again on one ledger."""
    for number in range(CYCLES):
        bulk.cycle(WORKS[number % len(WORKS)], f"C{number}", ROWS, deaths=1)

    assert bulk.struck, "a death that comes when all is done proves nothing"


@pytest.mark.parametrize("bulk", [True], indirect=True, ids=["real steps"])
def test_more_than_twenty_thousand_are_posted_once_each_through_two_deaths(bulk: Records) -> None:
    """CONC-5, INV-1 to 3: post all of 20,500 by a job in steps of their real size."""
    bulk.cycle("post-all", "W", WHOLE_ROWS, deaths=2)
