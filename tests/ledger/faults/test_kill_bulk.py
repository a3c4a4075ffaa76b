"""The ledger's process dies while it posts, deletes or imports thousands of rows (testing.md, T5; CONC-5).

Whatever moment it dies at, on either engine: the job goes on in the next process and ends with exactly
the whole, and a client who asks again under its key is told of that very job.
"""

from __future__ import annotations

import json
import random
import signal
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import httpx
import pytest
from tests.ledger.faults import seeds
from tests.ledger.faults.crowd import RECORDS, wait_for_job
from tests.ledger.faults.served import Doomed
from tests.ledger.files import import_file, name_members, table, upload
from tests.ledger.running import Api, RunningLedger, fresh_key

from branchtui.ledger.check import violations
from branchtui.ledger.store.engine import store_at

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
EVERYWHERE: Final = (
    "a batch begins",
    "a batch is decided",
    "a row joins the chain",
    "waiters are called",
    "callers are told",
    "the key is remembered",
)


@dataclass
class Case:
    """One piece of work on one file of rows, and how it is asked for."""

    work: str
    path: str
    body: dict[str, Any]
    key: str
    rows: int
    import_id: str = ""
    job_id: str = ""


@dataclass
class Bulk:
    """A ledger that dies at long work again and again; everything is proved each time it is done."""

    database: str
    whole: bool
    chance: random.Random

    def __post_init__(self) -> None:
        self.ledger = self.start()
        self.struck = 0

    def start(self) -> Doomed:
        """The next process."""
        return Doomed.start(self.database, whole=self.whole)

    def cycle(self, work: str, tag: str, rows: int, deaths: int) -> None:
        """Ask for the work, let the ledger die at it `deaths` times, and prove what came of it."""
        with self.client() as client:
            case = self.prepared(self.ledger.sign_in(client), work, tag, rows)
        for _ in range(deaths):
            self.arm(case)
            with self.client() as client:
                try:
                    self.ask(self.ledger.sign_in(client), case)
                except httpx.TransportError:
                    self.struck += 1
            self.ledger.kill()
            status, said = self.ledger.end()
            assert status == -signal.SIGKILL, said
            assert "Traceback" not in said, said
            self.ledger = self.start()
        with self.client() as client:
            job = self.ask(self.ledger.sign_in(client), case)
        self.prove(case, job["result"])

    def client(self) -> httpx.Client:
        """A line to the process of now."""
        return httpx.Client(base_url=self.ledger.url, timeout=60.0, trust_env=False)

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

    def arm(self, case: Case) -> None:
        """Death at a point of this work, or at one that all work passes."""
        name = self.chance.choice((*OWN_POINTS[case.work], *EVERYWHERE))
        when = self.chance.choice(("before", "after"))
        if name == "an entry is verified":
            number = self.chance.randint(1, case.rows)
        elif name in OWN_POINTS[case.work]:
            number = self.chance.randint(1, 4)
        else:
            number = self.chance.randint(1, 12)
        self.ledger.arm("kill", number, f"{when} {name}")

    def ask(self, api: Api, case: Case) -> dict[str, Any]:
        """Ask under the one key, again if need be; the job at its end."""
        accepted = api.post(case.path, case.body, key=case.key)
        assert accepted.status_code == 202, accepted.text
        job_id = accepted.headers["location"].rpartition("/")[2]
        assert case.job_id in {"", job_id}, "the key names one job for ever"
        case.job_id = job_id
        case.import_id = accepted.json().get("import_id", case.import_id)
        return wait_for_job(api, job_id)

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
        connection = store_at(self.database).connect(read_only=True)
        try:
            assert list(violations(connection)) == [], seeds.seed()
        finally:
            connection.close()

    def rows(self, statement: str, *bound: Any) -> list[tuple[Any, ...]]:
        """What the database holds, as committed."""
        connection = store_at(self.database).connect(read_only=True)
        try:
            return [tuple(row) for row in connection.execute(statement, bound)]
        finally:
            connection.close()


@pytest.fixture
def bulk(request: pytest.FixtureRequest, new_ledger: Callable[[Path], str], tmp_path: Path) -> Iterator[Bulk]:
    """A ledger with members, at rest."""
    database = new_ledger(tmp_path)
    with RunningLedger(database) as ledger:
        name_members(ledger, *MEMBERS)
    running = Bulk(database, getattr(request, "param", False), seeds.chance("bulk", request.node.name))
    yield running
    running.ledger.kill()
    running.ledger.end()


def test_long_work_ends_whole_wherever_its_process_dies(bulk: Bulk) -> None:
    """CONC-5, IDEM-10, AUD-1: at named points, again and again on one ledger."""
    for number in range(CYCLES):
        bulk.cycle(WORKS[number % len(WORKS)], f"C{number}", ROWS, deaths=1)

    assert bulk.struck * 2 >= CYCLES, "a death that comes when all is done proves nothing"


@pytest.mark.parametrize("bulk", [True], indirect=True, ids=["real steps"])
def test_more_than_twenty_thousand_are_posted_once_each_through_two_deaths(bulk: Bulk) -> None:
    """CONC-5, INV-1 to 3: post all of 20,500 by a job in steps of their real size."""
    bulk.cycle("post-all", "W", WHOLE_ROWS, deaths=2)
