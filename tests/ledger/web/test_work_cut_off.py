"""Work of thousands of rows that is cut off, overtaken, or found again by another hand: done once, and all of it.

What a piece of a job found when it was asked for may be otherwise when the next piece comes, and a database may
break a statement off that takes too long (CONC-5, CONC-7).
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from tests.ledger.balance_files import (
    apply_bytes,
    ask_apply,
    ask_revert,
    check_file,
    owed,
    payer,
    send,
    settled,
    universal,
)
from tests.ledger.files import ask_import, finished, import_file, name_members, records_of, table, upload
from tests.ledger.running import Api, RunningLedger, fresh_key
from tests.ledger.till import message, open_till

from branchtui.ledger import setup
from branchtui.ledger.core import Core
from branchtui.ledger.days import day_key
from branchtui.ledger.store import import_store
from branchtui.ledger.store.errors import TookTooLong
from branchtui.ledger.store.rows import ClosedDay, Job
from branchtui.ledger.store.unit import BulkTx, Tx
from branchtui.ledger.workflows import file_apply, import_run, jobs, record_bulk

pytestmark = pytest.mark.both_stores

RECORDS = "/v1/balance-records"


def overrun(tx: BulkTx) -> None:
    """Run into the server's time limit; a file has none, so that the refusal is said without one."""
    if not tx.is_far:
        raise TookTooLong
    tx.connection.execute("SET LOCAL statement_timeout = '20ms'")
    tx.connection.execute("SELECT pg_sleep(600)")


def lines(count: int, mark: str) -> list[str]:
    return [f"000101,savings,{place}.25,KES,2026-09-30,,{mark}-{place}" for place in range(1, count + 1)]


def seen(api: Api) -> dict[str, Any]:
    figures = api.get(f"{RECORDS}/summary").json()
    return {"filter": {}} | {name: figures[name] for name in ("count", "total_minor", "set_hash")}


@pytest.fixture
def ledger(own_ledger: RunningLedger) -> RunningLedger:
    """With one customer, 000101."""
    name_members(own_ledger, "000101")
    return own_ledger


def test_what_the_database_broke_off_is_refused_for_now_and_done_by_the_same_key(
    ledger: RunningLedger, monkeypatch: pytest.MonkeyPatch
) -> None:
    """CONC-7, ERR-2: an end that is certain is 503, to be tried again with the same key; never 500."""
    api = ledger.sign_in("supervisor")
    import_file(api, table(*lines(3, "LATE")))
    asked, key = seen(api), fresh_key()
    post = record_bulk.post_records

    def late(core: Any, tx: BulkTx, *more: Any, **options: Any) -> None:
        post(core, tx, *more, **options)
        overrun(tx)

    monkeypatch.setattr(record_bulk, "post_records", late)
    refused = api.post(f"{RECORDS}/post-all", asked, key=key)
    monkeypatch.undo()

    problem = refused.json()
    assert (refused.status_code, problem["code"], problem["outcome"]) == (503, "overloaded", "not_applied")
    assert (problem["retry"]["same_key"], refused.headers["retry-after"]) == (True, "5")
    assert ledger.query("SELECT count(*) FROM journal_entries") == [(0,)]
    done = api.post(f"{RECORDS}/post-all", asked, key=key)
    assert (done.status_code, done.json()["count"]) == (200, 3)
    assert api.post(f"{RECORDS}/post-all", asked, key=key).headers["idempotency-replayed"] == "true"
    ledger.check()


def test_a_job_whose_step_was_broken_off_goes_on(
    ledger: RunningLedger, monkeypatch: pytest.MonkeyPatch
) -> None:
    """CONC-5: a busy database is no failure of the file; the step is done once, later."""
    monkeypatch.setattr(jobs, "RETRY_SECONDS", 0.01)
    stage, times = import_store.insert_records, [0]
    api = ledger.sign_in("teller")

    def late(connection: Any, rows: Any) -> None:
        stage(connection, rows)
        times[0] += 1
        if times[0] == 1:
            if connection.dialect == "sqlite":
                raise TookTooLong
            connection.execute("SET LOCAL statement_timeout = '20ms'")
            connection.execute("SELECT pg_sleep(600)")

    monkeypatch.setattr(import_store, "insert_records", late)
    done = import_file(api, table(*lines(4, "AGAIN")), mode="valid_rows")
    assert (done["state"], done["imported"], times) == ("done", 4, [2])
    assert len(records_of(ledger, done)) == 4


def test_a_writer_that_is_busy_for_longer_than_a_check_waits_is_no_failure_of_the_file(
    ledger: RunningLedger, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The job is tried again, and begins the check anew."""
    monkeypatch.setattr(import_run, "STEP_SECONDS", 0)
    monkeypatch.setattr(jobs, "RETRY_SECONDS", 0.01)
    given_up, run, stage, times = threading.Event(), jobs._run, import_store.stage, [0]

    async def run_once(core: Core, job: Job, kinds: jobs.Kinds) -> bool:
        done = await run(core, job, kinds)
        if not done:
            monkeypatch.setattr(import_run, "STEP_SECONDS", 120)
            given_up.set()
        return done

    def busy(connection: Any, rows: Any) -> None:
        times[0] += 1
        if times[0] == 1:
            assert given_up.wait(60)
        stage(connection, rows)

    monkeypatch.setattr(jobs, "_run", run_once)
    monkeypatch.setattr(import_store, "stage", busy)
    done = import_file(ledger.sign_in("teller"), table(*lines(2, "BUSY")))
    assert (done["state"], done["imported"]) == ("done", 2)


def test_what_people_delete_between_two_pieces_of_an_import_does_not_come_in_again(
    ledger: RunningLedger, monkeypatch: pytest.MonkeyPatch
) -> None:
    """CONC-5, IDEM-10: a row is taken in once, whatever becomes of it; how far an import is, people cannot move."""
    monkeypatch.setattr(import_run, "CHUNK_ROWS", 2)
    progress, pieces = jobs.progress, [0]

    def deleted_then(tx: BulkTx, *figures: Any) -> None:
        progress(tx, *figures)
        if tx.connection.execute("SELECT count(*) FROM balance_records").fetchone() == (2,):
            pieces[0] += 1
            assert pieces[0] < 5, "the same rows come in again and again"
            tx.connection.execute("DELETE FROM balance_records")

    monkeypatch.setattr(jobs, "progress", deleted_then)
    done = import_file(ledger.sign_in("teller"), table(*lines(5, "GONE")), mode="valid_rows")
    assert (done["state"], done["imported"], pieces) == ("done", 5, [2])
    assert [row_no for row_no, *_ in records_of(ledger, done)] == [6]


def test_an_import_goes_on_where_it_was_although_its_rows_were_deleted(
    ledger: RunningLedger, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same where the process died in between: the place is found among the rows of the file."""
    monkeypatch.setattr(import_run, "CHUNK_ROWS", 2)
    monkeypatch.setattr(jobs, "RETRY_SECONDS", 0.01)
    progress, pieces = jobs.progress, [0]

    def cut_off(tx: BulkTx, *figures: Any) -> None:
        progress(tx, *figures)
        if not tx.connection.execute("SELECT count(*) FROM balance_records").fetchone()[0]:
            return
        pieces[0] += 1
        if pieces[0] == 2:
            raise TookTooLong  # the job is run anew, as after a death
        tx.connection.execute("DELETE FROM balance_records")

    monkeypatch.setattr(jobs, "progress", cut_off)
    rows = lines(5, "CUT")
    rows[1] = rows[1].replace("savings", "nothing")
    done = import_file(ledger.sign_in("teller"), table(*rows), mode="valid_rows")
    assert (done["state"], done["imported"], done["rows_error"], pieces) == ("done", 4, 1, [3])


def hold_jobs(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Let no job begin until the function is called that is returned."""
    waits, find = [True], jobs._next

    async def held(core: Core) -> tuple[Job | None, bool]:
        return (None, True) if waits else await find(core)

    monkeypatch.setattr(jobs, "RETRY_SECONDS", 0.01)
    monkeypatch.setattr(jobs, "_next", held)
    return waits.clear


def run_anew(ledger: RunningLedger, job_id: str) -> None:
    """As if the process had died after the last step of this job, before it noted the end."""

    def begin(tx: Tx) -> None:
        job = tx.get(Job, job_id)
        assert job is not None
        tx.put(replace(job, state="running"))

    ledger.write(begin)


def test_a_check_that_is_run_again_does_not_take_in_what_somebody_else_has_started(
    ledger: RunningLedger, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A job of a process that died takes over nothing: who started an import is who its chain names (AUD-1)."""
    teller, boss = ledger.sign_in("teller"), ledger.sign_in("supervisor")
    asked = ask_import(teller, upload(teller, table(*lines(3, "MINE")).encode()), dry_run=True)
    ready = finished(teller, asked)
    go_on = hold_jobs(monkeypatch)
    body = {"sha256": ready["sha256"], "preview_version": ready["preview_version"]}
    started = boss.post(f"/v1/imports/{ready['id']}/start", body)
    run_anew(ledger, asked.json()["job_id"])
    go_on()
    done = finished(boss, started)
    assert (done["state"], done["imported"], done["created_by"]) == ("done", 3, "supervisor")
    actors = ledger.query("SELECT DISTINCT actor FROM audit WHERE action = 'import.rows'")
    assert actors == [("supervisor",)]
    assert ledger.query("SELECT count(*) FROM jobs WHERE state = 'running'") == [(0,)]


def test_a_check_that_is_run_again_does_not_apply_what_somebody_else_has_asked_for(
    ledger: RunningLedger, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The entries of a file are of who applied it, whichever job a process that died had left behind."""
    numbers = [ledger.add_member().customer.account_no for _ in range(3)]
    teller, boss = ledger.sign_in("teller"), ledger.sign_in("supervisor")
    sent = send(teller, universal(*(payer(each, "5.00") for each in numbers)))
    seen_ = settled(teller, sent)
    go_on = hold_jobs(monkeypatch)
    asked = ask_apply(boss, seen_)
    run_anew(ledger, sent.json()["job_id"])
    go_on()
    assert settled(boss, asked)["state"] == "applied"
    assert ledger.query("SELECT DISTINCT created_by FROM journal_entries") == [("supervisor",)]
    assert [owed(ledger, each) for each in numbers] == [500, 500, 500]
    ledger.check()


def test_an_apply_that_is_run_again_moves_nothing_of_a_file_that_is_taken_back(
    ledger: RunningLedger, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same the other way round: every account ends as it was, with two entries a payer."""
    numbers = [ledger.add_member().customer.account_no for _ in range(3)]
    boss = ledger.sign_in("supervisor")
    seen_ = check_file(boss, universal(*(payer(each, "5.00") for each in numbers)))
    asked = ask_apply(boss, seen_)
    applied = settled(boss, asked)
    go_on = hold_jobs(monkeypatch)
    reverting = ask_revert(boss, applied)
    run_anew(ledger, asked.json()["job_id"])
    go_on()
    assert settled(boss, reverting)["state"] == "reverted"
    assert [owed(ledger, each) for each in numbers] == [0, 0, 0]
    assert ledger.query("SELECT count(*) FROM journal_entries") == [(6,)]
    ledger.check()


def test_a_revert_that_meets_a_closed_day_between_two_pieces_is_booked_on_the_next_open_one(
    ledger: RunningLedger, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A closed day takes no more postings, and what was begun is not left half done."""
    monkeypatch.setattr(file_apply, "ROWS_A_PIECE", 2)
    monkeypatch.setattr(file_apply, "TIMES_ALONE", 1)
    numbers = [ledger.add_member().customer.account_no for _ in range(5)]
    boss = ledger.sign_in("supervisor")
    applied = apply_bytes(boss, universal(*(payer(each, "5.00") for each in numbers)))
    branch, today = ledger.branch("NKU"), ledger.today("NKU")
    progress = jobs.progress

    def then_close(tx: BulkTx, *figures: Any) -> None:
        progress(tx, *figures)
        day = today.isoformat()
        tx.put(ClosedDay(day_key(branch.id, day), branch.id, day, "supervisor", ledger.clock.now_us()))

    monkeypatch.setattr(jobs, "progress", then_close)
    assert settled(boss, ask_revert(boss, applied))["state"] == "reverted"
    days = ledger.query(
        "SELECT business_date, count(*) FROM journal_entries WHERE kind = 'balance-file-reversal'"
        " GROUP BY business_date ORDER BY business_date"
    )
    assert days == [(today.isoformat(), 2), ((today + timedelta(days=1)).isoformat(), 3)]


def test_what_goes_wrong_around_a_job_costs_a_pause_and_not_the_runner(
    ledger: RunningLedger, monkeypatch: pytest.MonkeyPatch
) -> None:
    """CONC-5: no fault leaves a process that takes files and does none of them."""
    monkeypatch.setattr(jobs, "RETRY_SECONDS", 0.01)
    claim, times = jobs._claim, [0]

    async def fails_once(core: Core, job_id: str) -> bool:
        times[0] += 1
        if times[0] == 1:
            raise RuntimeError("said by the test")
        return await claim(core, job_id)

    monkeypatch.setattr(jobs, "_claim", fails_once)
    done = import_file(ledger.sign_in("teller"), table(*lines(2, "RUN")))
    assert (done["state"], done["imported"]) == ("done", 2)


def test_a_process_that_only_providers_ask_knows_an_office_that_another_has_made(
    own_ledger: RunningLedger,
) -> None:
    """Where several processes serve a ledger: a payment to a new office is not sent away."""
    ledger, till = own_ledger, open_till(own_ledger)

    def elsewhere(tx: BulkTx) -> None:
        tx.put(replace(ledger.branch("NKU"), id="another", code="ELD", name="Eldoret"))
        tx.flush()
        setup.add_payee(tx, provider="mpesa", number="600300", branch_id="another")

    ledger.bulk(elsewhere)
    ledger.core.holder, ledger.core.fresh_until = "this", 0.0
    answer = till.send(message(till.fresh_code(), BusinessShortCode="600300"))
    ledger.core.holder = ""
    assert (answer.status_code, answer.json()["ResultCode"]) == (200, 0)
    assert ledger.query("SELECT branch_id FROM payments") == [("another",)]
