"""What a COMMIT means where a standby must have it too: nothing is told that only one machine knows (CONC-7, DUR-3)."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx
import psycopg
import pytest
from psycopg import generators
from tests.ledger.postgres_server import PostgresServer, name_of, programs
from tests.ledger.running import Api, RunningLedger, fresh_key, make_template
from tests.ledger.served import new_customer

from branchtui.ledger.store.errors import StoreUnavailable
from branchtui.ledger.store.postgres.connection import SETTINGS
from branchtui.ledger.store.postgres.store import PostgresStore

pytestmark = pytest.mark.postgres

WAITING = (
    "SELECT pid FROM pg_stat_activity WHERE wait_event = 'SyncRep' AND application_name = 'branchtui ledger'"
)
STORED = "SELECT count(*) FROM customers WHERE external_id = %s"


class Lonely:
    """A ledger whose server waits for a standby, which is not there while `standby` says so."""

    def __init__(self, server: PostgresServer, ledger: RunningLedger) -> None:
        self.server, self.ledger = server, ledger
        self.teller = ledger.sign_in("teller")
        self.body = new_customer(ledger.branch("NKU").id, 1)
        self.key = fresh_key()

    def standby(self, *, there: bool) -> None:
        """Let COMMIT return, or wait."""
        self.server.ask(f"ALTER SYSTEM SET synchronous_standby_names = '{'' if there else 'away'}'")
        self.server.ask("SELECT pg_reload_conf()")
        waits_for(lambda: self._commit_returns() is there)

    def _commit_returns(self) -> bool:
        with psycopg.connect(self.server.url("postgres"), autocommit=True) as connection:
            connection.pgconn.send_query(b"SELECT pg_logical_emit_message(true, 'a trial', '')")
            try:
                connection.wait(generators.execute(connection.pgconn), timeout=0.2)
            except psycopg.OperationalError:
                connection.close()
                return False
        return True

    def stored(self) -> int:
        """What everybody else sees of the customer."""
        ((count,),) = self.server.ask(
            STORED, self.body["external_id"], database=name_of(self.ledger.database)
        )
        return int(count)

    def post(self) -> httpx.Response:
        """Enter the customer, under the same key each time."""
        return self.teller.post("/v1/customers", self.body, key=self.key)

    def what_became(self) -> httpx.Response:
        """What the ledger says of the key."""
        return self.teller.get(f"/v1/operations/{self.key}")


@pytest.fixture
def lonely(monkeypatch: pytest.MonkeyPatch) -> Iterator[Lonely]:
    if programs() is None:
        pytest.skip("no PostgreSQL server is installed here")
    monkeypatch.setattr("branchtui.ledger.store.postgres.connection.COMMIT_SECONDS", 1.0)
    monkeypatch.setattr("branchtui.ledger.store.writer.PATIENCE_SECONDS", 0.5)
    monkeypatch.setattr(
        "branchtui.ledger.store.postgres.store.SETTINGS", ("SET lock_timeout = '300ms'", *SETTINGS[1:])
    )
    server = PostgresServer.fresh()
    database = server.new_database()
    make_template(database)
    with RunningLedger(database) as ledger:
        made = Lonely(server, ledger)
        made.standby(there=False)
        yield made
        ledger.check()
    server.remove()


def waits_for(happened: Callable[[], bool]) -> None:
    """Ask until it is so."""
    pause = threading.Event()
    for _ in range(600):
        if happened():
            return
        pause.wait(0.05)
    raise AssertionError("it never happened")


def cancel(lonely: Lonely) -> None:
    """An administrator cancels whoever waits."""
    lonely.server.ask(f"SELECT pg_cancel_backend(pid) FROM ({WAITING}) AS those")


def terminate(lonely: Lonely) -> None:
    """An administrator ends the connection of whoever waits."""
    lonely.server.ask(f"SELECT pg_terminate_backend(pid) FROM ({WAITING}) AS those")


def crash(lonely: Lonely) -> None:
    """The server falls and recovers by itself: it has what nobody else has, and shows it."""
    lonely.server.stop(signal.SIGQUIT)
    lonely.server.start()


def only_wait(lonely: Lonely) -> None:
    """Nobody does anything."""


@pytest.mark.faults
@pytest.mark.parametrize("befall", [only_wait, cancel, terminate, crash])
def test_what_no_standby_confirmed_is_never_acknowledged(
    lonely: Lonely, befall: Callable[[Lonely], None]
) -> None:
    """The server calls a COMMIT done whose wait was broken off, and shows it; the ledger does not."""
    with ThreadPoolExecutor(1) as other:
        posting = other.submit(lonely.post)
        waits_for(lambda: bool(lonely.server.ask(WAITING)))
        befall(lonely)
        answer = posting.result(60)
    assert (answer.status_code, answer.json().get("outcome")) == (503, "unknown"), answer.text
    assert lonely.stored() == (befall is not only_wait), "nothing was at stake"
    # Nor is it by asking again, in either way.
    assert lonely.what_became().status_code == (404 if befall is only_wait else 503)
    assert lonely.post().status_code == 503
    lonely.standby(there=True)
    waits_for(lambda: lonely.post().status_code == 201)
    assert lonely.what_became().json()["state"] == "succeeded"
    assert lonely.stored() == 1


def test_a_ledger_that_had_to_connect_anew_still_keeps_others_from_its_tables(
    postgres_server: PostgresServer, postgres_template: str
) -> None:
    """The claim was the lost server's; the writer's own connection claims again."""
    database = postgres_server.new_database(postgres_template)
    with RunningLedger(database) as ledger:
        teller: Api = ledger.sign_in("teller")
        postgres_server.ask(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", name_of(database)
        )
        assert teller.post("/v1/customers", new_customer(ledger.branch("NKU").id, 1)).status_code == 201
        with pytest.raises(StoreUnavailable, match="in use"):
            PostgresStore(database).claim(alone=True)
