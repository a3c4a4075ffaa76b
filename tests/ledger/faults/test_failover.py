"""The primary is lost under load (issue 4): nothing acknowledged is, and work goes on by itself.

Three machines as `docs/operate.md` sets them up, two ledger processes of the real command, clients who send a key
again until they know what became of it, as the contract asks of them.
"""

from __future__ import annotations

import itertools
import os
import signal
import threading
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Self

import httpx
import pytest
from tests.ledger.faults.patroni_cluster import PASSWORDS, Cluster, Machine, free_ports, missing, until
from tests.ledger.faults.seeds import figure
from tests.ledger.running import Api, fresh_key, make_template
from tests.ledger.served import Served, new_customer, run
from tests.ledger.test_many_ledgers import new_record

pytestmark = [
    pytest.mark.faults,
    pytest.mark.postgres,
    pytest.mark.e2e,
    pytest.mark.xdist_group("failover"),
    pytest.mark.skipif(bool(missing()), reason=missing() or "all is there"),
]

CLIENTS = 6
ENOUGH = figure("BRANCHTUI_FAILOVER_KEYS", 60)
"""Keys that are settled before the next thing happens."""


@dataclass
class Load:
    """Clients who enter and post balance records; `settled` holds every key and the last answer to it."""

    ledgers: tuple[Served, Served]
    tellers: tuple[Api, Api]
    customer_id: str
    settled: dict[str, httpx.Response] = field(default_factory=dict)
    asking: set[str] = field(default_factory=set)
    enough: threading.Event = field(default_factory=threading.Event)
    given_up: threading.Event = field(default_factory=threading.Event)

    def __enter__(self) -> Self:
        self._pool = ThreadPoolExecutor(CLIENTS)
        self._turns = itertools.count()
        self._working: list[Future[None]] = [self._pool.submit(self._work) for _ in range(CLIENTS)]
        return self

    def __exit__(self, *_: object) -> None:
        self.enough.set()
        self.given_up.set()
        self._pool.shutdown()

    def finish(self) -> None:
        """Let everybody settle the key in hand."""
        self.enough.set()
        for each in self._working:
            each.result(120)

    def goes_on(self) -> None:
        """Wait until many more keys are settled."""
        goal = len(self.settled) + ENOUGH

        def reached() -> bool:
            for each in self._working:
                if each.done():
                    each.result()
            return len(self.settled) >= goal

        until("the work going on", reached)

    def _work(self) -> None:
        while not self.enough.is_set():
            record = self._settle("/v1/balance-records", new_record(self.customer_id)).json()
            posted = self._settle(f"/v1/balance-records/{record['id']}/post", None, record["version"])
            assert posted.json()["id"] == record["id"]

    def _settle(self, path: str, body: Any, if_match: int | None = None) -> httpx.Response:
        """Send it, and again under its key, here or there, until the answer is definite."""
        key, pause = fresh_key(), threading.Event()
        self.asking.add(key)
        while not self.given_up.is_set():
            teller = self.tellers[next(self._turns) % 2]
            with suppress(httpx.TransportError):
                answer = teller.post(path, body, key=key, if_match=if_match)
                if answer.status_code != 503:
                    assert answer.is_success, answer.text
                    self.settled[key] = answer
                    self.asking.remove(key)
                    return answer
            pause.wait(0.2)
        raise AssertionError(f"{path} was never settled")


@dataclass
class Office:
    """The machines, two ledgers on them, and somebody signed in at both."""

    cluster: Cluster
    ledgers: tuple[Served, Served]
    tellers: tuple[Api, Api]
    customer_id: str

    def load(self) -> Load:
        """Clients at work."""
        return Load(self.ledgers, self.tellers, self.customer_id)

    def lost(self, leader: Machine, settled: dict[str, httpx.Response]) -> list[str]:
        """Keys that were acknowledged and are not done exactly once."""
        found = dict(
            self.cluster.ask(
                leader,
                "SELECT operation_key, count(*) FROM audit WHERE operation_key IS NOT NULL GROUP BY 1",
                "ledger",
            )
        )
        return [key for key in settled if found.get(key) != 1]


@pytest.fixture(scope="module")
def office() -> Iterator[Office]:
    """Made once: the last test leaves it with another past than the clients know."""
    with Cluster() as cluster, pytest.MonkeyPatch.context() as environment:
        environment.setenv("PGPASSFILE", str(cluster.password_file))
        make_template(cluster.url)
        ledgers = Served.start_at(cluster.url), Served.start_at(cluster.url)
        teller = ledgers[0].sign_in("supervisor")
        beside = Api(ledgers[1].client, teller.username, teller.token, teller.session)
        leader = cluster.leader()
        assert leader is not None
        ((branch_id,),) = cluster.ask(leader, "SELECT id FROM branches WHERE code = 'NKU'", "ledger")
        customer = teller.post("/v1/customers", new_customer(branch_id, 1) | {"active": True}).json()
        try:
            yield Office(cluster, ledgers, (teller, beside), customer["id"])
        finally:
            for ledger in ledgers:
                ledger.stop()


def test_nothing_acknowledged_is_lost_with_the_primary_and_work_goes_on(office: Office) -> None:
    """T4: lost machine, planned switchover, and a primary that outlives its Patroni, under load."""
    cluster = office.cluster
    first = cluster.leader()
    assert first is not None
    with office.load() as load:
        load.goes_on()

        first.lose()
        in_hand = set(load.asking)
        assert in_hand, "nobody asked anything just then"
        second = cluster.await_other_leader(first)
        load.goes_on()
        first.come_back()
        cluster.await_whole()

        cluster.control(
            "switchover", "ledger", "--leader", second.name, "--candidate", _standby(cluster), "--force"
        )
        third = cluster.await_other_leader(second)
        load.goes_on()
        # Patroni lets nobody follow a leader who was lost before it had told etcd of a synchronous standby.
        cluster.await_whole()

        # Nobody switches it off, as a watchdog would: it takes writes still, and no standby confirms them.
        third.lose_patroni()
        fourth = cluster.await_other_leader(third)
        waiting = "SELECT 1 FROM pg_stat_activity WHERE wait_event = 'SyncRep'"
        until("a change that waits for a standby", lambda: cluster.ask(third, waiting))
        third.lose_postgres()
        load.goes_on()
        load.finish()
        third.start_patroni()
        cluster.await_whole()

        assert in_hand <= set(load.settled)
        assert office.lost(fourth, load.settled) == []
        ((records, posted),) = cluster.ask(
            fourth,
            "SELECT (SELECT count(*) FROM balance_records), (SELECT count(*) FROM journal_entries)",
            "ledger",
        )
        assert records + posted == len(load.settled), "a key had another effect than its one"
        for ledger in office.ledgers:
            assert ledger.process.poll() is None
            assert ledger.client.get("/readyz").status_code == 200
        # The machine that was lost has the same books again, without what it alone had.
        until(
            "the same books on all three machines",
            lambda: len({str(cluster.ask(each, "SELECT seq, hash FROM chain_heads ORDER BY 1, 2", "ledger"))
                         for each in cluster.machines.values()}) == 1,
        )  # fmt: skip
    found = run("check", "--database", cluster.url)
    assert (found.returncode, found.stdout, found.stderr) == (0, "", "")


def test_a_copy_of_the_running_machines_can_be_restored(office: Office) -> None:
    """DUR-5: the page's backup and its drill; the restored ledger is well and begins a new epoch."""
    copy, port = office.cluster.folder / "copy", str(free_ports(1)[0])
    folder = {"/var/backups/ledger": str(copy)}
    office.cluster.run_block("sh back-up", folder, {"PGPASSWORD": PASSWORDS["replicator"]})
    log = {"/var/backups/drill.log": str(office.cluster.folder / "drill.log")}
    office.cluster.run_block("sh drill", folder | log | {"5499": port}, {})
    try:
        database = f"postgresql://ledger@127.0.0.1:{port}/ledger"
        for words in (("check",), ("new-epoch",), ("check",)):
            found = run(*words, "--database", database)
            assert (found.returncode, found.stderr) == (0, ""), found.stderr
    finally:
        os.kill(int((copy / "postmaster.pid").read_text().split()[0]), signal.SIGINT)
        until("the end of the drill", lambda: not (copy / "postmaster.pid").exists())


def test_without_a_synchronous_standby_the_same_loss_is_seen(office: Office) -> None:
    """The control: what is acknowledged by one machine alone goes with it, and this test can tell."""
    cluster = office.cluster
    leader = cluster.leader()
    assert leader is not None
    off = ("-s", "synchronous_mode=false", "-s", "synchronous_mode_strict=false")
    cluster.control("edit-config", "ledger", "--force", *off)
    until(
        "asynchronous replication", lambda: cluster.ask(leader, "SHOW synchronous_standby_names") == [("",)]
    )
    # The standbys are cut off, and told nothing.
    settings = leader.data / "pg_hba.conf"
    settings.write_text(f"host replication all all reject\n{settings.read_text()}")
    cluster.ask(leader, "SELECT pg_reload_conf()")
    cluster.ask(leader, "SELECT pg_terminate_backend(pid) FROM pg_stat_replication")
    until("standbys without news", lambda: not cluster.ask(leader, "SELECT 1 FROM pg_stat_replication"))
    with office.load() as load:
        load.goes_on()
        load.finish()
    assert office.lost(leader, load.settled) == []
    leader.lose()
    assert set(office.lost(cluster.await_other_leader(leader), load.settled)) == set(load.settled)


def _standby(cluster: Cluster) -> str:
    return next(name for name, member in cluster.members().items() if member["role"] == "sync_standby")
