"""What a server must be before it is trusted with a ledger, and what it refuses by itself."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest
from tests.ledger.postgres_server import PostgresServer, name_of, programs
from tests.ledger.store.postgres.test_standbys import waits_for

from branchtui.ledger.store.errors import StoreUnavailable
from branchtui.ledger.store.postgres.store import PostgresStore

pytestmark = pytest.mark.postgres


@pytest.fixture(scope="module")
def careless_server() -> Iterator[PostgresServer]:
    """A server that would lose money in a power cut."""
    if programs() is None:
        pytest.skip("no PostgreSQL server is installed here")
    server = PostgresServer.fresh(settings={"fsync": "off", "full_page_writes": "off"})
    yield server
    server.remove()


def test_a_server_that_does_not_write_to_disk_is_refused(careless_server: PostgresServer) -> None:
    """DUR-2: faster, and not for sale."""
    with pytest.raises(StoreUnavailable, match="fsync = off"):
        PostgresStore(careless_server.url("postgres")).connect()


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ("synchronous_commit = off", "synchronous_commit = off"),
        ("synchronous_commit = local", "synchronous_commit = local"),
    ],
)
def test_a_database_that_acknowledges_too_early_is_refused(
    postgres_server: PostgresServer, options: str, reason: str
) -> None:
    """CONC-7: synchronous_commit stays on."""
    url = postgres_server.new_database()
    postgres_server.ask(f"ALTER DATABASE {name_of(url)} SET {options}")
    with pytest.raises(StoreUnavailable, match=reason):
        PostgresStore(url).connect()


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ("LC_CTYPE 'C' LC_COLLATE 'C'", "LC_CTYPE is C"),
        ("ENCODING 'SQL_ASCII' LC_CTYPE 'C' LC_COLLATE 'C'", "UTF8"),
    ],
)
def test_a_database_that_cannot_hold_every_name_is_refused(
    postgres_server: PostgresServer, options: str, reason: str
) -> None:
    """Names are written and searched in every script."""
    name = f"odd_{abs(hash(options))}"
    postgres_server.ask(f"CREATE DATABASE {name} TEMPLATE template0 {options}")
    with pytest.raises(StoreUnavailable, match=reason):
        PostgresStore(postgres_server.url(name)).connect()


def test_a_database_without_a_ledger_says_so(postgres_server: PostgresServer) -> None:
    """The sentence names what to do."""
    with pytest.raises(StoreUnavailable, match="branchtui ledger init"):
        PostgresStore(postgres_server.new_database()).verify()


def test_a_user_who_may_not_add_the_text_index_is_told_who_can(postgres_server: PostgresServer) -> None:
    """0004: search stands on pg_trgm; without it there is no ledger."""
    url = postgres_server.new_database()
    postgres_server.ask("DROP ROLE IF EXISTS guest")
    postgres_server.ask("CREATE ROLE guest LOGIN")
    with pytest.raises(StoreUnavailable, match="CREATE EXTENSION pg_trgm"):
        PostgresStore(url.replace("ledger@", "guest@")).verify(new=True)


def test_an_unreachable_server_is_said_in_one_line(unused_address: str) -> None:
    """What libpq says, without the address's secrets."""
    with pytest.raises(StoreUnavailable, match="cannot be reached") as refused:
        PostgresStore(unused_address).connect()
    assert "\n" not in str(refused.value)


def test_a_host_that_is_down_is_passed_over(postgres_server: PostgresServer, unused_address: str) -> None:
    """Several hosts in one address; the one that answers and writes is taken."""
    down = unused_address.partition("@")[2].partition("/")[0]
    url = postgres_server.new_database().replace("@", f"@{down},")
    connection = PostgresStore(url).connect()
    assert connection.execute("SELECT 1").fetchone() == (1,)
    connection.close()


def test_a_standby_alone_is_no_server_for_a_ledger(postgres_server: PostgresServer) -> None:
    """A server that takes no writes is passed over like one that is down."""
    url = postgres_server.new_database()
    postgres_server.ask(f"ALTER DATABASE {name_of(url)} SET default_transaction_read_only = on")
    with pytest.raises(StoreUnavailable, match="read-only"):
        PostgresStore(url).connect()


@pytest.mark.parametrize("level", ["repeatable read", "serializable"])
def test_a_database_that_is_set_to_another_isolation_does_not_change_the_ledgers(
    postgres_server: PostgresServer, level: str
) -> None:
    """CONC-7: what is read behind the turn is what stands then; an older snapshot would meet 40001 each time."""
    url = postgres_server.new_database()
    postgres_server.ask(f"ALTER DATABASE {name_of(url)} SET default_transaction_isolation = '{level}'")
    connection = PostgresStore(url).connect()
    connection.begin()
    found = connection.execute("SHOW transaction_isolation").fetchone()
    connection.close()
    assert found == ("read committed",)


@pytest.mark.parametrize("alone", [False, True])
def test_a_claim_waits_for_one_that_is_just_ending(postgres_server: PostgresServer, alone: bool) -> None:
    """CONC-7: the server lets a lock go a moment after its connection has ended; a ledger starts meanwhile."""
    url = postgres_server.new_database()
    store = PostgresStore(url)
    before = store.claim(alone=not alone)
    waiting = "SELECT 1 FROM pg_locks JOIN pg_database ON pg_database.oid = database WHERE datname = %s AND NOT granted"
    with ThreadPoolExecutor(1) as other:
        claiming = other.submit(store.claim, alone=alone)
        waits_for(lambda: claiming.done() or bool(postgres_server.ask(waiting, name_of(url))))
        before.release()
        claiming.result(30).release()


@pytest.mark.parametrize(
    ("alone", "who"), [(False, "somebody who changes its tables"), (True, "Stop them first")]
)
def test_a_claim_does_not_wait_for_ever(postgres_server: PostgresServer, alone: bool, who: str) -> None:
    """Whoever has the ledger in earnest is named, and keeps it."""
    store = PostgresStore(postgres_server.new_database())
    before = store.claim(alone=not alone)
    with pytest.raises(StoreUnavailable, match=who):
        store.claim(alone=alone)
    before.release()
    store.claim(alone=alone).release()


@pytest.mark.parametrize("table", ["journal_entries", "legs", "audit"])
@pytest.mark.parametrize("verb", ["UPDATE {} SET {}={}", "DELETE FROM {}", "TRUNCATE {} CASCADE"])
def test_what_was_written_is_never_changed(
    postgres_server: PostgresServer, postgres_template: str, table: str, verb: str
) -> None:
    """AUD-4: the tables refuse it to everybody, the owner too."""
    column = {"journal_entries": "narration", "legs": "line", "audit": "actor"}[table]
    with pytest.raises(psycopg.errors.RaiseException, match=f"{table} is append-only"):
        postgres_server.ask(verb.format(table, column, column), database=postgres_template)


@pytest.fixture
def unused_address() -> str:
    """An address where nobody listens."""
    return "postgresql://ledger@127.0.0.1:1/ledger"
