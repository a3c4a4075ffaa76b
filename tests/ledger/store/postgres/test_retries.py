"""The writer when transactions meet, and when the server goes away: everything once, nothing assumed."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable
from typing import Any

import psycopg
import pytest
from tests.ledger.postgres_server import PostgresServer, name_of

from branchtui.ledger.store import migrate
from branchtui.ledger.store.connection import Connection
from branchtui.ledger.store.errors import CommitUnknown, Contention, StoreAway, StoreUnavailable, TookTooLong
from branchtui.ledger.store.postgres.connection import TURN, PostgresConnection
from branchtui.ledger.store.postgres.reader import PostgresReader
from branchtui.ledger.store.postgres.store import PostgresStore
from branchtui.ledger.store.rows import Counter
from branchtui.ledger.store.unit import BulkTx, Tx
from branchtui.ledger.store.writer import MAX_TRIES, Writer

pytestmark = pytest.mark.postgres


class Breaking(PostgresStore):
    """A store whose connections break at COMMIT as often as a test says, `after` or before it was done."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.breaks = 0
        self.after = False
        self.away = False

    def connect(self, *, read_only: bool = False) -> PostgresConnection:
        if self.away:
            raise StoreUnavailable("gone")
        opened = super().connect(read_only=read_only)
        commit = opened.commit

        def breaking() -> None:
            if not self.breaks:
                commit()
                return
            self.breaks -= 1
            if self.after:
                opened.driver.execute("COMMIT")
            opened.driver.close()
            commit()

        opened.commit = breaking  # type: ignore[method-assign]
        return opened

    def was_committed(self, mark: tuple[str, int]) -> bool:
        if self.away:
            raise StoreUnavailable("gone")
        return super().was_committed(mark)


@pytest.fixture
def store(postgres_server: PostgresServer) -> Breaking:
    made = Breaking(postgres_server.new_database())
    connection = made.connect()
    migrate.upgrade(connection)
    connection.close()
    return made


@pytest.fixture
async def writer(store: Breaking) -> AsyncIterator[Writer]:
    running = Writer(store, pause=lambda _: None)
    running.start()
    yield running
    store.away = False
    running.stop()


def add(name: str) -> Callable[[Tx], int]:
    def command(tx: Tx) -> int:
        known = tx.get(Counter, name) or Counter(name, 0)
        tx.put(Counter(name, known.value + 1))
        return known.value + 1

    return command


def counted(store: PostgresStore, name: str) -> int:
    connection = store.connect(read_only=True)
    try:
        found = connection.execute("SELECT value FROM counters WHERE id = ?", (name,)).fetchone()
    finally:
        connection.close()
    return int(found[0]) if found else 0


def fail_writes(server: PostgresServer, store: PostgresStore, state: str, times: int) -> None:
    """Let the next `times` writes of a counter end as the server ends a transaction that met another."""
    database = psycopg.conninfo.conninfo_to_dict(store.conninfo)["dbname"]
    server.ask("CREATE SEQUENCE met", database=str(database))
    server.ask(
        "CREATE FUNCTION meet() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
        f" IF nextval('met') <= {times} THEN RAISE EXCEPTION 'met' USING ERRCODE = '{state}'; END IF;"
        " RETURN NEW; END $$",
        database=str(database),
    )
    server.ask(
        "CREATE TRIGGER meets BEFORE INSERT OR UPDATE ON counters FOR EACH ROW EXECUTE FUNCTION meet()",
        database=str(database),
    )


@pytest.mark.parametrize("state", ["40001", "40P01"])
async def test_a_batch_that_met_another_runs_again_as_a_whole(
    writer: Writer, store: Breaking, postgres_server: PostgresServer, state: str
) -> None:
    """CONC-7: at most five tries, and the command is done once."""
    fail_writes(postgres_server, store, state, MAX_TRIES - 1)
    assert await writer.submit(add("receipts")) == 1
    assert writer.retries == MAX_TRIES - 1
    assert counted(store, "receipts") == 1


async def test_after_five_tries_the_caller_is_told_that_nothing_was_done(
    writer: Writer, store: Breaking, postgres_server: PostgresServer
) -> None:
    """CONC-7: then 503 `contention`, not applied; the writer goes on."""
    fail_writes(postgres_server, store, "40001", MAX_TRIES)
    with pytest.raises(Contention):
        await writer.submit(add("receipts"))
    assert counted(store, "receipts") == 0
    assert await writer.submit(add("receipts")) == 1


async def in_one_batch(
    writer: Writer, *runs: Callable[[Tx], Any], breaking: Breaking | None = None
) -> list[Any]:
    """What becomes of commands that wait while another one is decided; `breaking` breaks behind their COMMIT."""
    begun, waits = threading.Event(), threading.Event()

    def decides(_: Tx) -> None:
        begun.set()
        waits.wait(60)

    first = asyncio.ensure_future(writer.bulk(decides))
    await asyncio.to_thread(begun.wait, 60)
    batch = [asyncio.ensure_future(writer.submit(run)) for run in runs]
    await asyncio.sleep(0)
    if breaking is not None:
        begin = writer._connection.begin  # type: ignore[union-attr]

        def then_breaks(**how: bool) -> None:
            breaking.breaks, breaking.after = 1, True
            begin(**how)

        writer._connection.begin = then_breaks  # type: ignore[union-attr, method-assign]
    waits.set()
    _, *found = await asyncio.gather(first, *batch, return_exceptions=True)
    return found


def overrun(tx: BulkTx) -> None:
    """Run into the server's time limit, however slow or quick the machine is."""
    tx.connection.execute("SET LOCAL statement_timeout = '20ms'")
    tx.connection.execute("SELECT pg_sleep(600)")


async def test_what_runs_into_the_servers_time_limit_is_certainly_not_done(
    writer: Writer, store: Breaking
) -> None:
    """CONC-7, ERR-2: broken off is rolled back; it is not run again at once, and the next one has the turn."""

    def late(tx: BulkTx) -> None:
        tx.put(Counter("receipts", 9))
        tx.flush()
        overrun(tx)

    with pytest.raises(TookTooLong):
        await writer.bulk(late)
    assert (writer.retries, counted(store, "receipts")) == (0, 0)
    assert await writer.submit(add("receipts")) == 1


async def test_of_a_batch_that_ran_into_the_limit_only_who_caused_it_is_told(
    writer: Writer, store: Breaking
) -> None:
    """CONC-4: the others of the batch are done, each once."""

    def late(tx: Tx) -> None:
        overrun(BulkTx(tx._batch))

    first, told, last = await in_one_batch(writer, add("a"), late, add("a"))
    assert (first, last, counted(store, "a")) == (1, 2, 2)
    assert isinstance(told, TookTooLong)


async def test_what_has_the_writer_to_itself_may_take_longer(writer: Writer) -> None:
    """CONC-5: a statement of 20,000 rows on a busy server is no mistake; a command of one is."""

    def limit(tx: Tx) -> str:
        (found,) = BulkTx(tx._batch).connection.execute("SHOW statement_timeout").fetchone()
        return str(found)

    assert await writer.bulk(limit) == "1min"
    assert await writer.submit(limit) == "10s"


async def test_a_database_that_cannot_say_what_became_of_a_commit_leaves_it_unknown(
    writer: Writer, store: Breaking, monkeypatch: pytest.MonkeyPatch
) -> None:
    """CONC-7: never assumed, and never run again, whatever the question about it met."""

    def cannot(_: tuple[str, int]) -> bool:
        raise psycopg.errors.InsufficientPrivilege("asked")

    monkeypatch.setattr(store, "was_committed", cannot)
    found = await in_one_batch(writer, add("a"), add("b"), breaking=store)
    assert [type(each) for each in found] == [CommitUnknown, CommitUnknown]
    assert (counted(store, "a"), counted(store, "b")) == (1, 1)


async def test_a_read_that_took_too_long_is_refused_for_now(store: Breaking) -> None:
    """ERR-2: 503, not 500; the connection serves the next one."""
    reader = store.reader()
    assert isinstance(reader, PostgresReader)
    reader.start()
    born, driver = await reader._take()
    await driver.execute("SET statement_timeout = '20ms'")
    reader._idle.append((born, driver))
    with pytest.raises(TookTooLong):
        await reader.values("SELECT pg_sleep(600)", {})
    await driver.execute("SET statement_timeout = '5s'")
    with pytest.raises(TookTooLong):
        await reader.in_thread(_overrun)
    assert await reader.find(Counter, id="receipts") == []
    assert reader._idle == [(born, driver)]
    reader.stop()


def _overrun(connection: Connection) -> None:
    connection.execute("SET LOCAL statement_timeout = '20ms'")
    connection.execute("SELECT pg_sleep(600)")


async def test_transfers_that_deadlock_are_run_again(writer: Writer, store: Breaking) -> None:
    """CONC-7: whoever locks the same rows in another order, a person at a console too, costs one try."""
    await writer.submit(add("left"))
    await writer.submit(add("right"))
    holds, asks = threading.Event(), threading.Event()

    def other() -> None:
        with psycopg.connect(store.conninfo) as connection:
            connection.execute("SET deadlock_timeout = '1h'")
            connection.execute("UPDATE counters SET value = value + 10 WHERE id = 'right'")
            holds.set()
            assert asks.wait(10)
            connection.execute("UPDATE counters SET value = value + 10 WHERE id = 'left'")

    def transfer(tx: BulkTx) -> None:
        for name in ("left", "right"):
            tx.connection.execute("UPDATE counters SET value = value + 1 WHERE id = ?", (name,))
            asks.set()

    console = threading.Thread(target=other)
    console.start()
    assert await asyncio.to_thread(holds.wait, 10)
    await writer.bulk(transfer)
    console.join()
    assert writer.retries >= 1
    assert (counted(store, "left"), counted(store, "right")) == (12, 12)


async def test_two_writers_take_turns_and_lose_no_update(writer: Writer, store: Breaking) -> None:
    """CONC-3, CONC-7: what a decision reads cannot change before it is written."""
    second = Writer(PostgresStore(psycopg_url(store)))
    second.start()
    results = await asyncio.gather(
        *(each.submit(add("receipts")) for _ in range(200) for each in (writer, second))
    )
    await asyncio.to_thread(second.stop)
    assert sorted(results) == list(range(1, 401))
    assert counted(store, "receipts") == 400


@pytest.mark.parametrize("after", [True, False])
async def test_a_commit_in_doubt_is_looked_up_and_never_assumed(
    writer: Writer, store: Breaking, after: bool
) -> None:
    """CONC-7: done before the connection broke, or not: the command is done once, and its answer is right."""
    store.breaks, store.after = 1, after
    assert await writer.submit(add("receipts")) == 1
    assert counted(store, "receipts") == 1
    assert await writer.submit(add("receipts")) == 2


async def test_where_the_database_cannot_be_asked_the_outcome_is_unknown(
    store: Breaking, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A guess would be a lie half of the time."""
    monkeypatch.setattr("branchtui.ledger.store.writer.PATIENCE_SECONDS", 0.0)
    running = Writer(store, pause=lambda _: None)
    running.start()

    def leaves(tx: Tx) -> int:
        store.away = True
        return add("receipts")(tx)

    store.breaks, store.after = 1, True
    with pytest.raises(CommitUnknown):
        await running.submit(leaves)
    with pytest.raises(StoreAway):
        await running.submit(add("receipts"))
    assert running.away
    store.away = False
    assert await running.submit(add("receipts")) == 2
    assert not running.away
    await asyncio.to_thread(running.stop)


async def test_a_backend_that_is_ended_in_the_middle_costs_one_try(
    writer: Writer, store: Breaking, postgres_server: PostgresServer
) -> None:
    """Nothing of the first try remains, nothing of the second is lost."""
    ended: list[int] = []

    def command(tx: BulkTx) -> int:
        if not ended:
            (pid,) = tx.connection.execute("SELECT pg_backend_pid()").fetchone()
            ended.append(pid)
            postgres_server.ask("SELECT pg_terminate_backend(%s)", pid)
        return add("receipts")(tx)

    assert await writer.bulk(command) == 1
    assert counted(store, "receipts") == 1


async def test_a_long_read_whose_connection_ends_is_refused_and_the_next_one_works(
    writer: Writer, store: Breaking, postgres_server: PostgresServer
) -> None:
    """Half of what it read may be used already; a job that was reading is tried again."""
    await writer.submit(add("receipts"))
    reader = store.reader()

    def ends(connection: Any) -> None:
        (pid,) = connection.execute("SELECT pg_backend_pid()").fetchone()
        postgres_server.ask("SELECT pg_terminate_backend(%s)", pid)
        connection.execute("SELECT 1")

    def counts(connection: Any) -> int:
        return int(connection.execute("SELECT value FROM counters").fetchone()[0])

    assert await reader.in_thread(counts) == 1
    with pytest.raises(StoreAway):
        await reader.in_thread(ends)
    assert await reader.in_thread(counts) == 1
    reader.stop()


async def test_a_short_read_whose_connection_ends_is_done_again(
    writer: Writer, store: Breaking, postgres_server: PostgresServer
) -> None:
    """Nobody is told of what a second try puts right."""
    await writer.submit(add("receipts"))
    reader = store.reader()
    for _ in range(3):
        assert await reader.get(Counter, "receipts") == Counter("receipts", 1)
        postgres_server.ask(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = %s AND application_name = 'branchtui ledger'",
            name_of(psycopg_url(store)),
        )
    assert await reader.find_one(Counter, id="receipts") == Counter("receipts", 1)
    reader.stop()


@pytest.mark.parametrize("wrote", [False, True])
async def test_who_holds_the_turn_and_falls_silent_loses_it(
    writer: Writer, store: Breaking, wrote: bool
) -> None:
    """CONC-7: everybody waits behind one turn, so that nobody may keep it; here the server's limit is shortened."""
    silent = PostgresStore(psycopg_url(store)).connect()
    silent.execute("SET idle_in_transaction_session_timeout = '300ms'")
    silent.begin()
    if wrote:
        silent.executemany("INSERT INTO counters (id, value) VALUES (?, ?)", [("a", 1), ("b", 2)])
    assert await writer.submit(add("receipts")) == 1
    with pytest.raises(psycopg.errors.IdleInTransactionSessionTimeout):
        silent.commit()
    silent.close()


async def test_who_begins_with_a_question_and_falls_silent_loses_the_turn_too(
    writer: Writer, store: Breaking
) -> None:
    """CONC-7: the same where the turn came in one journey with what was asked first."""
    for asked in (1, 2):
        silent = PostgresStore(psycopg_url(store)).connect()
        silent.execute("SET idle_in_transaction_session_timeout = '300ms'")
        silent.begin(with_first=True)
        silent.execute_all([("SELECT value FROM counters WHERE id = :id", {"id": "a"})] * asked)
        assert await writer.submit(add("receipts")) == asked
        with pytest.raises(psycopg.errors.IdleInTransactionSessionTimeout):
            silent.commit()
        silent.close()


def test_a_transaction_that_begins_with_its_first_statement_has_the_turn_from_then_on(
    store: Breaking,
) -> None:
    first, second = store.connect(), store.connect()
    ways: list[Callable[[], object]] = [
        lambda: first.execute("SELECT 1").fetchall(),
        lambda: first.execute_all([("SELECT 1", None), ("SELECT 2", None)]),
        lambda: first.executemany("INSERT INTO counters (id, value) VALUES (?, ?)", [("many", 1)]),
        lambda: first.add_rows("counters", ("id", "value"), [("rows", 2)]),
        lambda: first.write_all([("INSERT INTO counters (id, value) VALUES (:id, :value)", [("all", 3)])]),
        first.take_longer,
    ]
    for way in ways:
        first.begin(with_first=True)
        second.begin(bulk=True)
        second.rollback()
        way()
        assert not _may_begin(second)
        first.commit()
        assert _may_begin(second)
    assert {name: counted(store, name) for name in ("many", "rows", "all")} == {
        "many": 1,
        "rows": 2,
        "all": 3,
    }
    first.close()
    second.close()


def _may_begin(connection: Connection) -> bool:
    found = connection.execute(f"SELECT pg_try_advisory_lock({TURN})").fetchone()
    if found == (True,):
        connection.execute(f"SELECT pg_advisory_unlock({TURN})")
    return bool(found and found[0])


def test_what_was_begun_and_never_asked_is_ended_without_a_trace(store: Breaking) -> None:
    connection = store.connect()
    connection.begin(with_first=True)
    connection.rollback()
    connection.execute("INSERT INTO counters (id, value) VALUES (?, ?)", ("outside", 1))
    assert counted(store, "outside") == 1
    connection.begin(with_first=True)
    connection.commit()
    connection.execute("INSERT INTO counters (id, value) VALUES (?, ?)", ("behind", 1))
    assert counted(store, "behind") == 1
    connection.close()


def test_the_turn_is_held_to_the_end_of_the_transaction(store: Breaking) -> None:
    """The first lock of all, and the same for everybody: the rest cannot deadlock."""
    first = store.connect()
    first.begin()
    second: Any = psycopg.connect(store.conninfo, autocommit=True)
    assert second.execute("SELECT pg_try_advisory_lock(%s)", (TURN,)).fetchone() == (False,)
    first.commit()
    assert second.execute("SELECT pg_try_advisory_lock(%s)", (TURN,)).fetchone() == (True,)
    second.close()
    first.close()


def test_marks_of_writers_that_have_gone_are_forgotten(store: Breaking) -> None:
    """A limit on everything: each start of a process leaves a mark, and none stays for ever."""
    first = store.connect()
    for writer, age in (("gone", "25 hours"), ("here", "1 hour")):
        first.execute("INSERT INTO writer_marks VALUES (?, 1, now() - CAST(? AS interval))", (writer, age))
    store.connect().close()
    assert first.execute("SELECT writer FROM writer_marks").fetchall() == [("here",)]
    first.close()


def psycopg_url(store: PostgresStore) -> str:
    """The address of a store, for another one."""
    parts = psycopg.conninfo.conninfo_to_dict(store.conninfo)
    url = f"postgresql://{parts['user']}@{parts['host']}:{parts['port']}/{parts['dbname']}"
    assert name_of(url) == parts["dbname"]
    return url
