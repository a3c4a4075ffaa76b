"""Several ledger processes on one database (issue 4): whichever is asked, everything happens once."""

from __future__ import annotations

import asyncio
import json
import random
import threading
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

import pytest
from tests.ledger.files import HEADER, ask_import, finished, upload
from tests.ledger.postgres_server import PostgresServer, name_of, programs
from tests.ledger.running import PASSWORD, TIMEZONE, Api, RunningLedger, fresh_key, make_template
from tests.ledger.served import Served, new_customer, run

from branchtui.ledger.figures import StoreFigures
from branchtui.ledger.setup import in_one_transaction
from branchtui.ledger.store import rows as stored
from branchtui.ledger.store.rows import Job, JobLease
from branchtui.ledger.store.unit import BulkTx, Tx
from branchtui.ledger.workflows import jobs

pytestmark = [pytest.mark.postgres, pytest.mark.e2e, pytest.mark.faults]

T = TypeVar("T")
RECORDS = "/v1/balance-records"


@dataclass
class Two:
    """Two ledger processes on one database, and somebody signed in to both by one session."""

    server: PostgresServer
    database: str
    ledgers: tuple[Served, Served]
    tellers: tuple[Api, Api]
    branch_id: str

    def ask(self, statement: str, *bound: Any) -> list[Any]:
        """Rows of the database."""
        return self.server.ask(statement, *bound, database=name_of(self.database))

    def assert_well(self) -> None:
        """`branchtui ledger check` prints nothing."""
        found = run("check", "--database", self.database)
        assert (found.returncode, found.stdout, found.stderr) == (0, "", "")


def serve_two(server: PostgresServer, database: str) -> Two:
    first, second = Served.start_at(database), Served.start_at(database)
    teller = first.sign_in("supervisor")
    beside = Api(second.client, teller.username, teller.token, teller.session)
    ((branch_id,),) = server.ask("SELECT id FROM branches WHERE code = 'NKU'", database=name_of(database))
    return Two(server, database, (first, second), (teller, beside), branch_id)


def today() -> str:
    """The branches' calendar day."""
    return datetime.now(ZoneInfo(TIMEZONE)).date().isoformat()


def new_record(customer_id: str) -> dict[str, Any]:
    """The body of a balance record that waits."""
    return {
        "customer_id": customer_id,
        "account_kind": "savings",
        "amount_minor": 1_000,
        "currency": "KES",
        "as_of_date": today(),
        "external_ref": uuid.uuid4().hex,
    }


@pytest.fixture(scope="module")
def two(postgres_server: PostgresServer, postgres_template: str) -> Iterator[Two]:
    made = serve_two(postgres_server, postgres_server.new_database(postgres_template))
    yield made
    for ledger in made.ledgers:
        ledger.stop()
    made.assert_well()


def at_once(works: list[Callable[[], T]]) -> list[T]:
    """Run all of these, begun together."""
    together = threading.Barrier(len(works))

    def run_one(work: Callable[[], T]) -> T:
        together.wait(30)
        return work()

    with ThreadPoolExecutor(len(works)) as pool:
        return list(pool.map(run_one, works))


def test_one_key_fifty_times_at_two_ledgers_is_one_effect_and_fifty_equal_answers(two: Two) -> None:
    """IDEM-7: the second waits for the first, wherever it runs, and answers the same."""
    key, body = fresh_key(), new_customer(two.branch_id, 1)
    answers = at_once([partial(two.tellers[n % 2].post, "/v1/customers", body, key=key) for n in range(50)])
    assert Counter(answer.status_code for answer in answers) == {201: 50}
    assert len({answer.content for answer in answers}) == 1
    ((count,),) = two.ask("SELECT count(*) FROM customers WHERE external_id = %s", body["external_id"])
    assert count == 1
    ((count,),) = two.ask("SELECT count(*) FROM audit WHERE operation_key = %s", key)
    assert count == 1


def test_a_session_is_good_at_every_ledger_and_ends_at_all_of_them(two: Two) -> None:
    """AUTH-5: sessions are the database's, so that a process may be replaced at any time."""
    here = two.ledgers[0].sign_in("teller")
    there = Api(two.ledgers[1].client, here.username, here.token, here.session)
    assert there.get("/v1/me").status_code == 200
    assert there.delete("/v1/sessions/current", key="").status_code == 204
    assert here.get("/v1/me").status_code == 401


def test_who_is_disabled_at_one_ledger_is_out_at_the_other_at_once(two: Two) -> None:
    """AUTH-5: who may still ask is read from the rows at each request; no second of grace, as branches have."""
    here = two.ledgers[0].sign_in("teller-b")
    there = Api(two.ledgers[1].client, here.username, here.token, here.session)
    administrator = two.ledgers[0].sign_in("administrator")
    assert administrator.post("/v1/me/step-up", {"password": PASSWORD}, key="").status_code == 200
    path = f"/v1/users/{here.session['user']['id']}"
    for change in ({"limit_minor": 5}, {"disabled": True}):
        assert there.get("/v1/me").status_code == 200
        version = administrator.get(path).json()["version"]
        assert administrator.patch(path, change, if_match=version).status_code == 200
        assert there.get("/v1/me").status_code == (401 if "disabled" in change else 200)
    body = {"refresh_token": here.session["refresh_token"]}
    assert there.post("/v1/sessions/refresh", body, key="").status_code == 401


def test_wrong_passwords_count_together(two: Two) -> None:
    """AUTH-3: whoever guesses at two ledgers has no more tries than at one."""
    codes = [
        Api(two.ledgers[n % 2].client)
        .post("/v1/sessions", {"username": "hq-teller", "password": f"wrong {n}"}, key="")
        .status_code
        for n in range(5)
    ]
    assert codes[-1] == 429


def test_five_hundred_raced_edits_lose_no_update(two: Two) -> None:
    """CONC-3: of those who saw the same version one is first, the others are told what stands now."""
    customer = two.tellers[0].post("/v1/customers", new_customer(two.branch_id, 2)).json()
    record = two.tellers[0].post(RECORDS, new_record(customer["id"])).json()
    path = f"{RECORDS}/{record['id']}"
    won: list[int] = []
    lost: list[int] = []

    def edit(n: int) -> None:
        api = two.tellers[n % 2]
        for step in range(500 // 8):
            version = api.get(path).json()["version"]
            answer = api.patch(path, {"amount_minor": 1 + 1_000 * n + step}, if_match=version)
            if answer.status_code == 200:
                won.append(answer.json()["version"])
            else:
                assert answer.status_code == 412, answer.text
                lost.append(n)

    at_once([partial(edit, n) for n in range(8)])
    assert sorted(won) == list(range(record["version"] + 1, record["version"] + 1 + len(won)))
    assert two.tellers[1].get(path).json()["version"] == record["version"] + len(won)
    assert lost, "nobody ever met anybody: the race was none"


def test_ended_connections_lose_nothing_that_was_acknowledged(two: Two) -> None:
    """T4: backends ended at random under load; acknowledged is a subset of stored, each key is one effect."""
    chance = random.Random(20_261_129)
    acknowledged: list[tuple[str, str]] = []
    done = threading.Event()

    def work(n: int) -> None:
        for step in range(20):
            key, body = fresh_key(), new_customer(two.branch_id, 1_000 + 100 * n + step)
            for _ in range(50):
                answer = two.tellers[(n + step) % 2].post("/v1/customers", body, key=key)
                if answer.status_code == 201:
                    acknowledged.append((key, body["external_id"]))
                    break
                assert answer.status_code == 503, answer.text

    def end_some() -> None:
        while not done.wait(0.1):
            running = [
                pid
                for (pid,) in two.ask(
                    "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
                )
            ]
            two.ask("SELECT pg_terminate_backend(%s)", chance.choice(running))

    killer = threading.Thread(target=end_some)
    killer.start()
    at_once([partial(work, n) for n in range(8)])
    done.set()
    killer.join()
    assert len(acknowledged) == 160
    for key, external_id in acknowledged:
        ((stored,),) = two.ask("SELECT count(*) FROM customers WHERE external_id = %s", external_id)
        ((told,),) = two.ask("SELECT count(*) FROM audit WHERE operation_key = %s", key)
        assert (stored, told) == (1, 1)


def test_a_job_is_run_by_one_ledger_and_seen_at_the_other(two: Two) -> None:
    """CONC-5: an import that one ledger was asked for ends once, whoever waits for it where."""
    customer = two.tellers[0].post("/v1/customers", new_customer(two.branch_id, 3)).json()
    for here, there in (two.tellers, two.tellers[::-1]):
        rows = [
            f"{customer['customer_no']},savings,10.00,KES,{today()},,{uuid.uuid4().hex}" for _ in range(20)
        ]
        started = ask_import(here, upload(here, "\n".join([HEADER, *rows, ""]).encode()))
        found = finished(there, started)
        assert found["imported"] == 20, found
        ((count,),) = two.ask("SELECT count(*) FROM balance_records WHERE import_id = %s", found["id"])
        assert count == 20


def _put(row: Any, tx: Tx) -> None:
    tx.put(row)


@pytest.fixture
def own_server() -> Iterator[PostgresServer]:
    """A server that a test may stop."""
    if programs() is None:
        pytest.skip("no PostgreSQL server is installed here")
    server = PostgresServer.fresh()
    yield server
    server.remove()


def test_a_server_that_comes_back_is_found_again(own_server: PostgresServer) -> None:
    """Reads and writes go on by themselves; meanwhile everybody is told that nothing was done."""
    database = own_server.new_database()
    make_template(database)
    with RunningLedger(database) as ledger:
        teller = ledger.sign_in("teller")
        branch_id = ledger.branch("NKU").id
        assert teller.post("/v1/customers", new_customer(branch_id, 1)).status_code == 201
        own_server.stop()
        assert ledger.anonymous().get("/healthz").status_code == 200
        away = ledger.anonymous().get("/readyz")
        assert (away.status_code, away.json()["code"], ledger.core.writer.away) == (503, "overloaded", False)
        key, body = fresh_key(), new_customer(branch_id, 2)
        refused = teller.post("/v1/customers", body, key=key)
        assert (refused.status_code, refused.json()["outcome"]) == (503, "not_applied")
        own_server.start()
        assert teller.post("/v1/customers", body, key=key).status_code == 201
        assert teller.get("/v1/customers", q=body["external_id"]).json()["items"][0]["external_id"]
        assert ledger.anonymous().get("/readyz").status_code == 200
        ledger.check()


def test_a_job_that_another_process_holds_is_left_to_it_until_its_lease_ends(
    own_ledger: RunningLedger,
) -> None:
    """CONC-5: a process that died is relieved when its lease ends."""
    ledger = own_ledger
    now_us = ledger.clock.now_us()
    job = Job(
        "job", "nothing", "subject", ledger.branch("NKU").id, "running", 0, None, "{}", "{}", "x", now_us
    )
    lease = JobLease("job", "another", now_us + jobs.LEASE_US)
    for row in (job, lease):
        ledger.write(partial(_put, row))
    assert not ledger._on_loop(jobs._claim(ledger.core, "job"))
    ledger.clock.advance(seconds=31)
    assert ledger._on_loop(jobs._claim(ledger.core, "job"))


def test_what_another_process_sets_and_adds_is_known_here_a_second_later(
    postgres_server: PostgresServer, postgres_template: str
) -> None:
    """AUTHZ-3: limits by role and branches are the ledger's, whichever process was told of them."""
    with RunningLedger(postgres_server.new_database(postgres_template)) as ledger:
        administrator = ledger.sign_in("administrator")
        core = ledger.core
        beside = replace(ledger.branch("NKU"), id="elsewhere", code="NYE", name="Nyeri")
        institution = replace(core.institution, settings='{"role_limits": {"supervisor": 700}}')

        def as_another_process(tx: BulkTx) -> None:
            tx.put(beside)
            tx.put(institution)

        connection = ledger.store.connect()
        in_one_transaction(connection, as_another_process)
        connection.close()
        core.fresh_until = 0.0

        branches = administrator.get("/v1/branches").json()["items"]
        assert "NYE" in {each["code"] for each in branches}
        assert core.limit_of("supervisor", None) == 700
        assert core.fresh_until > 0.0


def test_a_branch_that_another_process_has_just_added_is_one_here_at_once(
    postgres_server: PostgresServer, postgres_template: str
) -> None:
    """Contract, section 1: whoever is asked in the second in which a branch is new elsewhere is answered, not failed."""
    database = postgres_server.new_database(postgres_template)
    with RunningLedger(database) as there, RunningLedger(database) as here:
        admin, beside = there.sign_in("administrator"), here.sign_in("administrator", fresh=True)
        for number in range(3):
            # What is known here is as young as can be.
            assert beside.get("/v1/branches").status_code == 200
            below = {"code": f"NEW{number}", "name": "New", "parent_id": there.branch("HQ").id}
            branch = admin.post("/v1/branches", below).json()
            user = {
                "username": f"new{number}",
                "role": "teller",
                "branch_id": branch["id"],
                "password": PASSWORD,
            }
            assert admin.post("/v1/users", user).status_code == 201
            signed_in = {"username": f"new{number}", "password": PASSWORD}
            if number == 0:
                assert here.anonymous().post("/v1/sessions", signed_in, key="").status_code == 201
            elif number == 1:
                listed = beside.get("/v1/users").json()["items"]
                assert f"new{number}" in {each["username"] for each in listed}
            else:
                session = there.anonymous().post("/v1/sessions", signed_in, key="").json()
                teller = Api(here.client, f"new{number}", session["access_token"], session)
                assert teller.get("/v1/dashboard").status_code == 200
                renewed = {"refresh_token": session["refresh_token"]}
                assert here.anonymous().post("/v1/sessions/refresh", renewed, key="").status_code == 200


def test_what_another_process_sets_is_looked_for_once_a_second_and_no_more(
    postgres_server: PostgresServer, postgres_template: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Decision 0015: at most a second old, however many ask; within it nothing is read again."""
    now, found = 1_000.0, []
    with RunningLedger(postgres_server.new_database(postgres_template)) as ledger:
        core, administrator = ledger.core, ledger.sign_in("administrator")
        monkeypatch.setattr("branchtui.ledger.core.time", SimpleNamespace(monotonic=lambda: now))
        core.fresh_until = 0.0
        for number, passed in enumerate((0.0, 0.5, 0.49, 0.02)):
            now += passed
            administrator.get("/v1/me")
            found.append(core.limit_of("supervisor", None))
            settings = json.dumps({"role_limits": {"supervisor": number}})
            connection = ledger.store.connect()
            in_one_transaction(connection, partial(_put, replace(core.institution, settings=settings)))
            connection.close()
    assert found == [None, None, None, 2]


def test_the_figures_of_a_database_on_a_server(
    postgres_server: PostgresServer, postgres_template: str
) -> None:
    """Operations: its size and what waits in it, over a connection that ends with the look."""
    with RunningLedger(postgres_server.new_database(postgres_template)) as ledger:
        ledger.sign_in("teller")
        registry = ledger.core.metrics.registry
        registry.register(StoreFigures(ledger.store, ledger.clock))
        ask = registry.get_sample_value
        assert (
            ask("branchtui_store_up"),
            ask("branchtui_sessions"),
            ask("branchtui_jobs_oldest_seconds"),
        ) == (1, 1, 0)
        assert (ask("branchtui_database_bytes") or 0) > 1_000_000


def test_a_ledger_that_stops_gives_its_job_to_the_others_at_once(own_ledger: RunningLedger) -> None:
    """CONC-5, operations: nobody waits half a minute for the lease of a process that was only restarted."""
    ledger = own_ledger
    principal = json.dumps(
        {
            "user_id": "u", "username": "u", "person_id": "p", "role": "teller", "limit_minor": None,
            "branch_id": ledger.branch("NKU").id, "session_id": None, "address": None,
        }
    )  # fmt: skip
    job = Job("job", "long", "subject", ledger.branch("NKU").id, "queued", 0, None, "{}", principal, "x", 1)
    ledger.write(partial(_put, job))

    async def stopped_in_the_middle() -> None:
        under_way = asyncio.Event()

        async def long(running: jobs.Running) -> dict[str, Any]:
            await running.writer.submit(partial(_put, stored.Counter("chunk", 1)))
            under_way.set()
            await asyncio.Event().wait()
            return {}

        assert await jobs._claim(ledger.core, "job")
        ledger.core.runner = asyncio.ensure_future(jobs._run(ledger.core, job, {"long": long}))
        await under_way.wait()
        ledger.core.begin_stop()
        await asyncio.wait([ledger.core.runner])

    ledger._on_loop(stopped_in_the_middle())
    assert ledger.query("SELECT state FROM jobs") == [("running",)]
    assert ledger.query("SELECT count(*) FROM job_leases") == [(0,)]
    assert ledger.query("SELECT value FROM counters WHERE id = 'chunk'") == [(1,)]


def test_a_process_that_was_slow_and_lost_its_job_writes_no_more(own_ledger: RunningLedger) -> None:
    """CONC-5: every step of a job looks at the lease in its own transaction."""
    ledger = own_ledger
    at_us = ledger.clock.now_us()
    principal = json.dumps(
        {
            "user_id": "u", "username": "u", "person_id": "p", "role": "teller", "limit_minor": None,
            "branch_id": ledger.branch("NKU").id, "session_id": None, "address": None,
        }
    )  # fmt: skip
    job = Job(
        "job", "slow", "subject", ledger.branch("NKU").id, "queued", 0, None, "{}", principal, "x", at_us
    )

    async def slow(running: jobs.Running) -> dict[str, Any]:
        await running.writer.submit(partial(_put, stored.Counter("while it was its own", 1)))
        await running.core.writer.submit(partial(_put, JobLease("job", "another", at_us)))
        await running.writer.submit(partial(_put, stored.Counter("too late", 1)))
        return {}

    ledger.write(partial(_put, job))
    assert ledger._on_loop(jobs._claim(ledger.core, "job"))
    assert not ledger._on_loop(jobs._run(ledger.core, job, {"slow": slow}))
    written = [name for (name,) in ledger.query("SELECT id FROM counters")]
    assert "while it was its own" in written
    assert "too late" not in written
    assert ledger.query("SELECT state FROM jobs") == [("running",)]


@pytest.mark.parametrize("words", [("backup", "--to", "copy"), ("restore", "--from", "copy")])
def test_copies_are_made_by_the_servers_own_tools(
    postgres_server: PostgresServer, words: tuple[str, ...], tmp_path: Path
) -> None:
    """DUR-5: a sentence that says what to use instead."""
    place = str(tmp_path / "copy")
    found = run(words[0], "--database", postgres_server.url("postgres"), words[1], place)
    assert found.returncode == 1
    assert "server's own tools" in found.stderr


def test_a_restored_database_begins_a_new_epoch(
    postgres_server: PostgresServer, postgres_template: str
) -> None:
    """T-31: what was recorded after the copy is gone, so that nobody is signed in and everybody asks again."""
    database = postgres_server.new_database(postgres_template)
    asked = "SELECT epoch, (SELECT count(*) FROM sessions WHERE ended_at IS NULL) FROM institution"
    with RunningLedger(database) as ledger:
        ledger.sign_in("teller")
        assert run("new-epoch", "--database", database).returncode == 1
    ((before, signed_in),) = postgres_server.ask(asked, database=name_of(database))
    found = run("new-epoch", "--database", database)
    assert found.returncode == 0, found.stderr
    ((after, left),) = postgres_server.ask(asked, database=name_of(database))
    assert (signed_in, left) == (1, 0)
    assert before != after


def test_the_commands_of_a_ledger_work_on_a_server(postgres_server: PostgresServer) -> None:
    """Init, seed, user, branch, migrate and check, as on a file; a password in the address is refused."""
    database = postgres_server.new_database()
    with_password = database.replace("ledger@", "ledger:hunter2hunter2@")
    refused = run("check", "--database", with_password)
    assert (refused.returncode, "hunter2" in refused.stderr + refused.stdout) == (1, False)
    init = (
        "init", "--database", database, "--institution", "Pamoja Sacco", "--branch", "HQ", "--currency", "KES",
        "--timezone", "Africa/Nairobi", "--admin", "root", "--password-stdin",
    )  # fmt: skip
    for code, said in ((0, ""), (1, "holds a ledger already")):
        made = run(*init, given=f"{PASSWORD}\n")
        assert made.returncode == code, made.stderr
        assert said in made.stderr
    assert (
        run(
            "seed", "--database", database, "--branch", "HQ", "--customers", "50", "--payments", "30"
        ).returncode
        == 0
    )
    assert run("migrate", "--database", database).returncode == 0
    served = Served.start_at(database)
    add = ("branch", "add", "--database", database, "--code", "NKU", "--name", "Nakuru", "--parent", "HQ")
    while_served = run(*add)
    assert (while_served.returncode, "Stop them first" in while_served.stderr) == (1, True)
    token = run("callback-token", "--database", database, "--provider", "mpesa")
    assert token.returncode == 0, token.stderr
    served.stop()
    assert run(*add).returncode == 0
    found = run("check", "--database", database)
    assert (found.returncode, found.stdout, found.stderr) == (0, "", "")
