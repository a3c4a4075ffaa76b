"""Post all and delete all over HTTP: exactly the set that was seen (CONC-5)."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.ledger.running import (
    TELLER_LIMIT_MINOR,
    Api,
    Member,
    RunningLedger,
    fresh_key,
)

from branchtui.ledger.clock import new_id
from branchtui.ledger.store.errors import WriterBusy
from branchtui.ledger.store.rows import BalanceRecord
from branchtui.ledger.store.unit import BulkTx
from branchtui.ledger.workflows import jobs, record_bulk, record_jobs

pytestmark = pytest.mark.both_stores

RECORDS = "/v1/balance-records"


@pytest.fixture
def ledger(new_ledger: Callable[[Path], str], tmp_path: Path) -> Iterator[RunningLedger]:
    """A ledger of one's own, whose invariants hold at the end."""
    with RunningLedger(new_ledger(tmp_path)) as running:
        yield running
        running.check()


def stage(ledger: RunningLedger, member: Member, count: int = 1, **changes: Any) -> list[BalanceRecord]:
    """Records that wait, put into the store as an import would."""
    key = fresh_key()
    made = [
        replace(
            BalanceRecord(
                id=new_id(),
                version=1,
                branch_id=member.customer.branch_id,
                customer_id=member.id,
                account_kind="savings",
                account_no=None,
                product=None,
                amount_minor=1_000 + place,
                currency="KES",
                as_of_date=ledger.today().isoformat(),
                narration="",
                external_ref=f"{key}-{place}",
                status="not_accounted",
                import_id=None,
                import_row_no=None,
                operation_key=key,
                row_no=place,
                created_by="teller",
                created_at=ledger.clock.now_us(),
                posted_by=None,
                posted_at=None,
                account_id=None,
            ),
            **changes,
        )
        for place in range(count)
    ]

    def insert(tx: BulkTx) -> None:
        for record in made:
            tx.put(record)

    ledger.bulk(insert)
    return made


def seen(api: Api, **filters: Any) -> dict[str, Any]:
    """The set as the user saw it, as a bulk action's body."""
    summary = api.get(f"{RECORDS}/summary", **filters)
    assert summary.status_code == 200, summary.text
    figures = summary.json()
    filters.pop("action", None)
    return {"filter": filters, **{name: figures[name] for name in ("count", "total_minor", "set_hash")}}


def status_of(ledger: RunningLedger, record: BalanceRecord) -> str | None:
    found = ledger.query("SELECT status FROM balance_records WHERE id = ?", record.id)
    return found[0][0] if found else None


def test_the_hash_is_over_the_sorted_ids_and_versions(ledger: RunningLedger) -> None:
    """CONC-5: SHA-256 over one line `id:version` a record, sorted."""
    made = stage(ledger, ledger.add_member(), 3)
    summary = ledger.sign_in("supervisor").get(f"{RECORDS}/summary").json()
    lines = "".join(sorted(f"{record.id}:1\n" for record in made))
    assert summary == {
        "count": 3,
        "total_minor": 3_003,
        "set_hash": hashlib.sha256(lines.encode()).hexdigest(),
        "currency": "KES",
    }


def test_post_all_posts_each_record_as_if_it_were_posted_alone(ledger: RunningLedger) -> None:
    """Contract 4: one entry a record, running balances correct leg by leg, accounts opened once a customer."""
    member, other = ledger.add_member(), ledger.add_member(accounts=("wallet", "savings", "loan"))
    made = stage(ledger, member, 5)
    made += stage(ledger, other, 3, account_kind="loan")
    made += stage(ledger, other, 1, account_no=other.accounts["savings"].account_no)
    supervisor = ledger.sign_in("supervisor")
    action = seen(supervisor)

    answer = supervisor.post(f"{RECORDS}/post-all", action)

    assert answer.json() == {
        "count": 9,
        "total_minor": action["total_minor"],
        "currency": "KES",
        "job_id": None,
    }
    assert {status_of(ledger, record) for record in made} == {"accounted"}
    assert ledger.balance_minor(other.accounts["loan"].id) == 3_003
    assert ledger.balance_minor(other.accounts["savings"].id) == 1_000
    opened = ledger.query(
        "SELECT id, balance_minor, version, kind FROM accounts WHERE customer_id = ? AND kind = 'savings'",
        member.id,
    )
    assert [(row[1], row[2]) for row in opened] == [(-5_010, 6)]
    running = ledger.query(
        "SELECT amount_minor, balance_after_minor FROM legs WHERE account_id = ? ORDER BY entry_id",
        opened[0][0],
    )
    total = 0
    for amount, after in running:
        total += amount
        assert after == total
    row_nos = ledger.query("SELECT row_no FROM journal_entries ORDER BY row_no")
    assert [row_no for (row_no,) in row_nos] == list(range(9))
    shown = supervisor.get(f"{RECORDS}/{made[0].id}").json()
    assert (shown["status"], shown["version"], shown["posted_by"]) == ("accounted", 2, "supervisor")
    chained = ledger.query("SELECT after FROM audit WHERE action = 'balance-record.post-all'")
    assert len(chained) == 1
    assert action["set_hash"] in chained[0][0]


@pytest.mark.parametrize("verb", ["post-all", "delete-all"])
@pytest.mark.parametrize("change", ["another", "edited", "gone", "posted"])
def test_a_set_that_moved_is_left_alone(ledger: RunningLedger, verb: str, change: str) -> None:
    """CONC-5: one record more, less, edited or posted since: 409 `batch-changed` and nothing is done."""
    member, supervisor = ledger.add_member(), ledger.sign_in("supervisor")
    made = stage(ledger, member, 3)
    action = seen(supervisor)
    path = f"{RECORDS}/{made[0].id}"
    if change == "another":
        stage(ledger, member)
    elif change == "edited":
        supervisor.patch(path, {"narration": "same amount"}, if_match=1)
    elif change == "gone":
        supervisor.delete(path, if_match=1)
    else:
        supervisor.post(f"{path}/post", if_match=1)

    refused = supervisor.post(f"{RECORDS}/{verb}", action)

    assert (refused.status_code, refused.json()["code"]) == (409, "batch-changed")
    assert refused.json()["set_hash"] == seen(supervisor)["set_hash"]
    assert status_of(ledger, made[1]) == status_of(ledger, made[2]) == "not_accounted"
    assert supervisor.post(f"{RECORDS}/{verb}", seen(supervisor)).status_code == 200


def test_a_wrong_count_or_total_is_as_bad_as_a_wrong_hash(ledger: RunningLedger) -> None:
    """CONC-5: all three figures bind."""
    stage(ledger, ledger.add_member(), 2)
    supervisor = ledger.sign_in("supervisor")
    for wrong in ({"count": 3}, {"total_minor": 1}, {"set_hash": "0" * 64}):
        refused = supervisor.post(f"{RECORDS}/post-all", seen(supervisor) | wrong)
        assert refused.json()["code"] == "batch-changed"


def test_a_tellers_set_is_the_tellers_own_within_the_limit(ledger: RunningLedger) -> None:
    """Contract 4: a teller's scope is the own records within the limit, a supervisor's the branch and below."""
    member = ledger.add_member()
    mine = stage(ledger, member, 2)
    stage(ledger, member, created_by="teller-b")
    above = stage(ledger, member, amount_minor=TELLER_LIMIT_MINOR + 1)
    stage(ledger, ledger.add_member("KSM"))
    teller = ledger.sign_in("teller")

    counts = {name: seen(ledger.sign_in(name))["count"] for name in ("teller", "teller-b", "supervisor")}
    assert counts == {"teller": 2, "teller-b": 1, "supervisor": 4}
    assert seen(ledger.sign_in("hq-supervisor"))["count"] == 5
    assert teller.post(f"{RECORDS}/post-all", seen(teller)).json()["count"] == 2
    assert {status_of(ledger, record) for record in mine} == {"accounted"}
    assert status_of(ledger, above[0]) == "not_accounted"


def test_what_cannot_be_posted_is_in_no_set_to_be_posted(ledger: RunningLedger) -> None:
    """Contract 4: pending customers, closed days and ambiguous accounts wait; the rest is posted."""
    from branchtui.ledger.days import day_key
    from branchtui.ledger.store.rows import ClosedDay

    pending = stage(ledger, ledger.add_member(status="pending"))
    twice = ledger.add_member(accounts=("wallet", "savings"))
    ledger.write(
        lambda tx: tx.put(replace(twice.accounts["savings"], id=new_id(), account_no="SECOND-SAVINGS"))
    )
    ambiguous = stage(ledger, twice)
    named = stage(ledger, twice, account_no="SECOND-SAVINGS")
    shut = replace(
        twice.accounts["savings"], id=new_id(), account_no="SHUT-LOAN", kind="loan", status="closed"
    )
    ledger.write(lambda tx: tx.put(shut))
    no_account = stage(ledger, twice, account_kind="loan", account_no="SHUT-LOAN")
    closed = stage(ledger, ledger.add_member(), as_of_date="2020-01-31")
    branch = ledger.branch("NKU")
    ledger.write(
        lambda tx: tx.put(
            ClosedDay(day_key(branch.id, "2020-01-31"), branch.id, "2020-01-31", "supervisor", 0)
        )
    )
    supervisor = ledger.sign_in("supervisor")

    assert supervisor.post(f"{RECORDS}/post-all", seen(supervisor)).json()["count"] == 1

    assert status_of(ledger, named[0]) == "accounted"
    left = [pending, ambiguous, no_account, closed]
    assert {status_of(ledger, records[0]) for records in left} == {"not_accounted"}
    everything = seen(supervisor, action="delete")
    assert everything["count"] == 4
    assert supervisor.post(f"{RECORDS}/delete-all", everything).json()["count"] == 4
    assert {status_of(ledger, records[0]) for records in left} == {None}


def test_delete_all_takes_away_what_waits_and_nothing_else(ledger: RunningLedger) -> None:
    """Contract 4: an accounted record is never deleted; the references of deleted ones are free again."""
    member, supervisor = ledger.add_member(), ledger.sign_in("supervisor")
    made = stage(ledger, member, 3, external_ref=None)
    supervisor.post(f"{RECORDS}/{made[0].id}/post", if_match=1)
    key = fresh_key()
    action = seen(supervisor)

    first, again = (supervisor.post(f"{RECORDS}/delete-all", action, key=key) for _ in range(2))

    assert first.json()["count"] == 2
    assert again.content == first.content
    assert [status_of(ledger, record) for record in made] == ["accounted", None, None]
    empty = supervisor.post(f"{RECORDS}/delete-all", seen(supervisor))
    assert (empty.status_code, empty.json()["detail"]) == (422, "There is nothing to delete.")


def test_a_filter_or_ids_narrow_the_set(ledger: RunningLedger) -> None:
    """Contract 4: `{filter or ids, ...}`; ids of another branch are simply not in it."""
    member = ledger.add_member()
    savings, loans = stage(ledger, member, 2), stage(ledger, member, 2, account_kind="loan")
    foreign = stage(ledger, ledger.add_member("KSM"))
    supervisor = ledger.sign_in("supervisor")

    assert seen(supervisor, account_kind="loan")["count"] == 2
    assert supervisor.post(f"{RECORDS}/post-all", seen(supervisor, account_kind="loan")).json()["count"] == 2
    figures = {
        "count": 1,
        "total_minor": 1_000,
        "set_hash": hashlib.sha256(f"{savings[0].id}:1\n".encode()).hexdigest(),
    }
    chosen = {"ids": [savings[0].id, foreign[0].id, loans[0].id], **figures}
    assert supervisor.post(f"{RECORDS}/post-all", chosen).json()["count"] == 1
    assert status_of(ledger, savings[1]) == status_of(ledger, foreign[0]) == "not_accounted"
    assert seen(supervisor, status="accounted")["count"] == 0


def test_one_set_posted_by_many_at_once_is_posted_once(ledger: RunningLedger) -> None:
    """CONC-5: of ten people who press together one posts, nine see that the set has moved."""
    stage(ledger, ledger.add_member(), 50)
    supervisor = ledger.sign_in("supervisor")
    action = seen(supervisor)
    with ThreadPoolExecutor(10) as pool:
        answers = list(pool.map(lambda _: supervisor.post(f"{RECORDS}/post-all", action), range(10)))
    assert sorted(answer.status_code for answer in answers) == [200] + [409] * 9


def test_many_new_accounts_of_one_sweep_have_numbers_of_their_own(ledger: RunningLedger) -> None:
    """A number is never given twice, and never one that somebody brought along from an older system."""
    members = [ledger.add_member() for _ in range(10)]
    for member in members:
        stage(ledger, member, 2)
    supervisor = ledger.sign_in("supervisor")
    supervisor.post(f"{RECORDS}/post-all", seen(supervisor))
    numbers = ledger.query("SELECT account_no FROM accounts WHERE kind = 'savings'")
    assert len(numbers) == len(set(numbers)) == 10


def test_a_bulk_posting_and_single_postings_leave_the_same_books(ledger: RunningLedger) -> None:
    """Ledger 0: one way of writing money; the sweep differs in speed alone."""
    one, other = ledger.add_member(), ledger.add_member()
    supervisor = ledger.sign_in("supervisor")
    for record in stage(ledger, one, 4):
        supervisor.post(f"{RECORDS}/{record.id}/post", if_match=1)
    stage(ledger, other, 4)
    supervisor.post(f"{RECORDS}/post-all", seen(supervisor))

    def books(member: Member) -> list[tuple[Any, ...]]:
        return ledger.query(
            "SELECT legs.line, legs.amount_minor, legs.balance_after_minor, journal_entries.kind,"
            " journal_entries.business_date, accounts.version, accounts.status FROM legs"
            " JOIN accounts ON accounts.id = account_id JOIN journal_entries ON journal_entries.id = entry_id"
            " WHERE customer_id = ? ORDER BY legs.entry_id",
            member.id,
        )

    assert books(one) == books(other)


def test_an_auditor_has_no_set(ledger: RunningLedger) -> None:
    """AUTHZ-1: who only looks is offered no bulk action."""
    auditor = ledger.sign_in("auditor")
    assert auditor.get(f"{RECORDS}/summary").status_code == 403
    body = {"filter": {}, "count": 0, "total_minor": 0, "set_hash": "0" * 64}
    assert auditor.post(f"{RECORDS}/post-all", body).status_code == 403


def test_a_sweep_that_fails_half_way_leaves_nothing(
    ledger: RunningLedger, monkeypatch: pytest.MonkeyPatch
) -> None:
    """IDEM-6: an error after the first write rolls everything back, and the key stays free."""
    made = stage(ledger, ledger.add_member(), 3)
    supervisor = ledger.sign_in("supervisor")
    action, key = seen(supervisor), fresh_key()
    monkeypatch.setattr(
        record_bulk, "_ACCOUNTED", record_bulk._ACCOUNTED.replace("version = CAST", "version <> CAST")
    )

    failed = supervisor.post(f"{RECORDS}/post-all", action, key=key)
    assert (failed.status_code, failed.json()["outcome"]) == (500, "not_applied")
    assert {status_of(ledger, record) for record in made} == {"not_accounted"}
    assert ledger.query("SELECT COUNT(*) FROM legs") == [(0,)]
    assert ledger.query("SELECT COUNT(*) FROM accounts WHERE kind = 'savings'") == [(0,)]
    monkeypatch.undo()
    assert supervisor.post(f"{RECORDS}/post-all", action, key=key).status_code == 200


@pytest.mark.parametrize("verb", ["post-all", "delete-all"])
def test_a_set_too_large_for_one_transaction_goes_on_as_a_job(
    ledger: RunningLedger, monkeypatch: pytest.MonkeyPatch, verb: str
) -> None:
    """CONC-5: 202 with its job; piece by piece, each with its audit row, and every record once."""
    monkeypatch.setattr(record_bulk, "ROWS_AT_ONCE", 10)
    monkeypatch.setattr(record_jobs, "ROWS_A_PIECE", 4)
    monkeypatch.setattr(record_jobs, "TIMES_ALONE", 1)
    member = ledger.add_member()
    made = stage(ledger, member, 11)
    supervisor = ledger.sign_in("supervisor")
    action, key = seen(supervisor), fresh_key()

    accepted = supervisor.post(f"{RECORDS}/{verb}", action, key=key)

    job_id = accepted.json()["job_id"]
    assert (accepted.status_code, accepted.headers["location"]) == (202, f"/v1/jobs/{job_id}")
    job = supervisor.get(f"/v1/jobs/{job_id}", wait=20).json()
    while job["state"] in {"queued", "running"}:
        job = supervisor.get(f"/v1/jobs/{job_id}", wait=20).json()
    assert (job["state"], job["done"], job["total"]) == ("succeeded", 11, 11)
    assert job["result"] == {"count": 11, "skipped": 0}
    assert supervisor.post(f"{RECORDS}/{verb}", action, key=key).content == accepted.content
    expected = "accounted" if verb == "post-all" else None
    assert {status_of(ledger, record) for record in made} == {expected}
    pieces = ledger.query("SELECT COUNT(*) FROM audit WHERE object = ?", f"/v1/jobs/{job_id}")
    assert pieces == [(4,)]
    numbered = ledger.query("SELECT row_no FROM journal_entries WHERE operation_key = ? ORDER BY row_no", key)
    assert [row_no for (row_no,) in numbered] == (list(range(11)) if verb == "post-all" else [])


def test_a_set_at_the_limit_is_still_one_transaction(
    ledger: RunningLedger, monkeypatch: pytest.MonkeyPatch
) -> None:
    """CONC-5: at the limit 200; one beyond it is a job."""
    monkeypatch.setattr(record_bulk, "ROWS_AT_ONCE", 3)
    supervisor = ledger.sign_in("supervisor")
    stage(ledger, ledger.add_member(), 3)
    assert supervisor.post(f"{RECORDS}/post-all", seen(supervisor)).status_code == 200


def test_a_job_leaves_alone_what_moved_since_it_was_seen(
    ledger: RunningLedger, monkeypatch: pytest.MonkeyPatch
) -> None:
    """CONC-5: clearly partial: an edited record is skipped and counted, and the job can be run again safely."""
    monkeypatch.setattr(record_bulk, "ROWS_AT_ONCE", 2)
    monkeypatch.setattr(record_jobs, "ROWS_A_PIECE", 2)
    monkeypatch.setattr(record_jobs, "TIMES_ALONE", 1)
    made = stage(ledger, ledger.add_member(), 6)
    supervisor = ledger.sign_in("supervisor")
    action = seen(supervisor)
    entered, free = threading.Event(), threading.Event()
    piece = record_jobs._Work.piece

    def held(work: record_jobs._Work, tx: BulkTx) -> bool:
        if not free.is_set():
            entered.set()
            raise WriterBusy
        return piece(work, tx)

    monkeypatch.setattr(record_jobs._Work, "piece", held)
    job_id = supervisor.post(f"{RECORDS}/post-all", action).json()["job_id"]
    assert entered.wait(10)
    supervisor.patch(f"{RECORDS}/{made[3].id}", {"amount_minor": 5}, if_match=1)
    free.set()
    ledger.loop.call_soon_threadsafe(jobs.wake_runner, ledger.core)
    job = supervisor.get(f"/v1/jobs/{job_id}", wait=20).json()
    while job["state"] in {"queued", "running"}:
        job = supervisor.get(f"/v1/jobs/{job_id}", wait=20).json()

    assert job["result"] == {"count": 5, "skipped": 1}
    assert [status_of(ledger, record) for record in made].count("accounted") == 5
    assert status_of(ledger, made[3]) == "not_accounted"


def test_a_summary_of_named_records_is_of_these_alone(ledger: RunningLedger) -> None:
    """Contract 4: `ids` narrows the set that a bulk action with the same ids then takes."""
    made = stage(ledger, ledger.add_member(), 3)
    supervisor = ledger.sign_in("supervisor")
    ids = [made[0].id, made[2].id]
    figures = supervisor.get(f"{RECORDS}/summary", ids=",".join(ids)).json()
    assert (figures["count"], figures["total_minor"]) == (2, made[0].amount_minor + made[2].amount_minor)
    seen_set = {name: figures[name] for name in ("count", "total_minor", "set_hash")}
    assert supervisor.post(f"{RECORDS}/post-all", {"ids": ids, **seen_set}).json()["count"] == 2
    assert status_of(ledger, made[1]) == "not_accounted"


def test_a_summary_names_no_record_of_another_branch(ledger: RunningLedger) -> None:
    """AUTHZ-3: a foreign id in a query is simply not in the set."""
    foreign = stage(ledger, ledger.add_member("KSM"))
    figures = ledger.sign_in("supervisor").get(f"{RECORDS}/summary", ids=foreign[0].id).json()
    assert (figures["count"], figures["total_minor"]) == (0, 0)


@pytest.mark.parametrize("ids", ["", "a b", "1;2", "x,,y", ",".join(["0" * 16] * 201)])
def test_a_summary_refuses_what_is_no_list_of_ids(ledger: RunningLedger, ids: str) -> None:
    """Contract 4: at most 200 ids, with commas between them."""
    assert ledger.sign_in("supervisor").get(f"{RECORDS}/summary", ids=ids).status_code == 422
