"""Work that goes on in the ledger: told on Home, followed in a list, taken up again by who comes back later."""

from __future__ import annotations

import asyncio
import threading
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from tests.ledger.till import Till, open_till
from tests.screens.counter import Counter, counter
from tests.screens.test_balances import keyed, on_balances
from tests.screens.test_imports import GOOD, open_import
from tests.screens.test_marks import bulk_menu

from branchtui.contract.imports import Job, JobState
from branchtui.ledger.workflows import record_bulk, record_jobs
from branchtui.ledger.workflows.job_kinds import JOB_KINDS
from branchtui.screens.balances import BalancesScreen
from branchtui.screens.import_words import progress_line
from branchtui.screens.imports import ImportScreen
from branchtui.screens.work import WorkScreen, how_far
from branchtui.widgets.dialogs import ConfirmDialog

if TYPE_CHECKING:
    from pathlib import Path

    from tests.ledger.running import RunningLedger

    from branchtui.ledger.workflows.jobs import Running


@pytest.fixture
def gate(monkeypatch: pytest.MonkeyPatch) -> threading.Event:
    """No piece of a job is done before it is set."""
    opened = threading.Event()

    def held(kind: str) -> Any:
        run = JOB_KINDS[kind]

        async def wait(running: Running) -> dict[str, Any]:
            await asyncio.to_thread(opened.wait, 60)
            return await run(running)

        return wait

    for kind in tuple(JOB_KINDS):
        monkeypatch.setitem(JOB_KINDS, kind, held(kind))
    monkeypatch.setattr(record_bulk, "ROWS_AT_ONCE", 2)
    monkeypatch.setattr(record_jobs, "ROWS_A_PIECE", 2)
    return opened


async def post_all(seat: Counter, said: str) -> None:
    """`b`, `3`, `y`, up to the ledger's word that it has taken it on."""
    await on_balances(seat)
    await bulk_menu(seat)
    await seat.press("3")
    await seat.at(ConfirmDialog)
    await seat.press("y")
    await seat.until(lambda: said in seat.said, f"for {said!r} to be said")


async def to_the_work(seat: Counter) -> WorkScreen:
    """From Home, where it is counted, by `enter`."""
    await seat.see("Work under way")
    while not seat.line_with("Work under way").startswith(">"):
        await seat.press("down")
    await seat.press("enter")
    return await seat.at(WorkScreen)


async def test_a_large_set_is_posted_while_the_terminal_is_gone_and_found_again(
    own_ledger: RunningLedger, tmp_path: Path, gate: threading.Event
) -> None:
    """Issue: post all goes on while the line is gone, with its progress waiting on return."""
    member = own_ledger.add_member(accounts=("wallet", "savings"))
    for amount_minor in (100, 200, 400):
        keyed(own_ledger, member, amount_minor)
    async with counter(own_ledger.url, tmp_path) as seat:
        await post_all(seat, "taken it on: 3 records, 7.00 KES, are being posted now")
    async with counter(own_ledger.url, tmp_path / "later") as seat:
        await to_the_work(seat)
        await seat.see("Post All", "teller")
        await seat.press("enter")
        await seat.at(BalancesScreen)
        await seat.press("colon")
        await seat.type("work")
        await seat.press("enter")
        await seat.see("Work Under Way", "Post All")
        gate.set()
        await seat.until(lambda: "Post All is done" in seat.said)
        await seat.see("Nothing is under way")
    assert own_ledger.query("SELECT COUNT(*) FROM balance_records WHERE status = 'accounted'") == [(3,)]
    own_ledger.check()


async def test_who_waits_for_a_large_set_is_told_how_far_it_is_and_what_came_of_it(
    own_ledger: RunningLedger, tmp_path: Path, gate: threading.Event
) -> None:
    """Contract, section 8: the long poll of a job, as a person reads it; the list follows."""
    member = own_ledger.add_member(accounts=("wallet", "savings"))
    for amount_minor in (100, 200, 400):
        keyed(own_ledger, member, amount_minor)
    async with counter(own_ledger.url, tmp_path) as seat:
        await post_all(seat, "taken it on")
        gate.set()
        await seat.until(lambda: "3 records posted." in seat.said)
        await seat.until(lambda: "4.00" not in seat.text, "for the list to be read again")
    own_ledger.check()


async def test_an_import_that_began_elsewhere_is_taken_up(
    own_ledger: RunningLedger, tmp_path: Path, gate: threading.Event
) -> None:
    """Issue: import goes on in the ledger; who comes back opens it from the work under way, and sees its preview."""
    till: Till = open_till(own_ledger)
    (tmp_path / "imports").mkdir()
    (tmp_path / "imports" / "good.csv").write_text(GOOD)
    async with counter(till.ledger.url, tmp_path) as desk:
        await open_import(desk, "good.csv")
        await desk.until(lambda: own_ledger.query("SELECT COUNT(*) FROM jobs") == [(1,)], "for the job")
    async with counter(till.ledger.url, tmp_path / "later") as desk:
        await to_the_work(desk)
        await desk.see("A file of rows")
        await desk.press("enter")
        await desk.at(ImportScreen)
        await desk.see("being checked")
        gate.set()
        await desk.see("preview", "2 rows: 2 fine, 0 wrong", "Nothing is imported yet.")
        await desk.press("y")
        await desk.see("2 rows imported, 2,600.00 KES, not accounted.")
    till.ledger.check()


def test_only_what_is_under_way_is_listed_and_mine_is_mine(
    own_ledger: RunningLedger, gate: threading.Event
) -> None:
    """Contract, section 8: `GET /v1/jobs`; what has ended is in the activity, not here."""
    member = own_ledger.add_member(accounts=("wallet", "savings"))
    for amount_minor in (100, 200, 400):
        keyed(own_ledger, member, amount_minor)
    teller, other = own_ledger.sign_in("teller"), own_ledger.sign_in("supervisor")
    seen = teller.get("/v1/balance-records/summary", status="not_accounted", action="post").json()
    action = {"filter": {"status": "not_accounted"}} | {
        name: seen[name] for name in ("count", "total_minor", "set_hash")
    }
    job_id = teller.post("/v1/balance-records/post-all", action).json()["job_id"]
    (listed,) = teller.get("/v1/jobs", mine="true").json()["items"]
    assert (listed["id"], listed["kind"], listed["resource"]) == (job_id, "balance-record.post-all", None)
    assert [each["id"] for each in other.get("/v1/jobs").json()["items"]] == [job_id]
    assert other.get("/v1/jobs", mine="true").json()["items"] == []
    assert own_ledger.sign_in("supervisor2").get("/v1/jobs").json()["items"] == []
    gate.set()
    while teller.get(f"/v1/jobs/{job_id}", wait=20).json()["state"] != "succeeded":
        pass
    assert teller.get("/v1/jobs").json()["items"] == []


@pytest.mark.parametrize(
    ("done", "total", "takes_in", "line", "far"),
    [
        (0, None, False, "Checking…", ""),
        (25_000, 100_000, False, "Checking: 25 %", "25 %"),
        (50_000, 100_000, True, "Importing: 0 of 50,000", "50 %"),
        (95_000, 100_000, True, "Importing: 45,000 of 50,000", "95 %"),
        (0, None, True, "Importing…", ""),
    ],
)
def test_a_row_that_is_checked_is_not_counted_as_taken_in(
    done: int, total: int | None, takes_in: bool, line: str, far: str
) -> None:
    job = Job(
        id="01a229e9-6c47-7746-8721-e35a1feb196b",
        kind="import",
        branch_id="01a229e9-6c47-7746-8721-e35a1feb196c",
        state=JobState.RUNNING,
        done=done,
        total=total,
        created_by="wanjiru",
        created_at=datetime(2026, 11, 30, 9, tzinfo=UTC),
    )
    assert progress_line(job, takes_in=takes_in) == line
    assert how_far(job) == far
