"""The one writer: order, one commit a batch, and failures that stay with their command."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable
from typing import Any

import apsw
import psycopg
import pytest

from branchtui.ledger.store.engine import Store
from branchtui.ledger.store.errors import StorageFull, WriterStopped
from branchtui.ledger.store.rows import ClosedDay, Counter, Payee
from branchtui.ledger.store.unit import BulkTx, Tx
from branchtui.ledger.store.writer import Writer

pytestmark = pytest.mark.both_stores(always=True)


@pytest.fixture
async def writer(empty_store: Store) -> AsyncIterator[Writer]:
    running = Writer(empty_store)
    running.start()
    yield running
    running.stop()


class Held:
    """Holds the writer inside a command, so that what is asked meanwhile becomes one batch."""

    def __init__(self) -> None:
        self.entered, self.free = threading.Event(), threading.Event()

    def __call__(self, _: Tx) -> None:
        self.entered.set()
        assert self.free.wait(10)


async def in_one_batch(writer: Writer, *commands: Callable[[Tx], Any]) -> list[Any]:
    """Run these commands in one batch; their values or errors, in order."""
    held = Held()
    first = asyncio.ensure_future(writer.submit(held))
    await asyncio.to_thread(held.entered.wait, 10)
    waiting = [asyncio.ensure_future(writer.submit(command)) for command in commands]
    await asyncio.sleep(0)
    held.free.set()
    await first
    return await asyncio.gather(*waiting, return_exceptions=True)


def counted(store: Store) -> dict[str, int]:
    connection = store.connect(read_only=True)
    try:
        return dict(connection.execute("SELECT id, value FROM counters"))
    finally:
        connection.close()


def add(name: str) -> Callable[[Tx], int]:
    def command(tx: Tx) -> int:
        known = tx.get(Counter, name) or Counter(name, 0)
        tx.put(Counter(name, known.value + 1))
        return known.value + 1

    return command


async def test_commands_of_a_batch_are_decided_in_order_and_committed_once(
    writer: Writer, empty_store: Store
) -> None:
    """DUR-3: each sees what those before it decided, and all are answered after one commit."""
    before = writer.batches
    assert await in_one_batch(writer, *[add("receipts") for _ in range(20)]) == list(range(1, 21))
    assert writer.batches == before + 2
    assert counted(empty_store) == {"receipts": 20}


async def test_who_is_answered_finds_it_stored(writer: Writer, empty_store: Store) -> None:
    """DUR-3: no answer before COMMIT returned."""
    for expected in range(1, 6):
        assert await writer.submit(add("receipts")) == expected
        assert counted(empty_store) == {"receipts": expected}


async def test_a_command_that_raises_fails_alone(writer: Writer, empty_store: Store) -> None:
    """A refusal leaves nothing behind and disturbs nobody in its batch."""

    def refuses(tx: Tx) -> None:
        tx.put(Counter("refused", 1))
        raise LookupError("no")

    found = await in_one_batch(writer, add("receipts"), refuses, add("receipts"))
    assert [found[0], found[2]] == [1, 2]
    assert isinstance(found[1], LookupError)
    assert counted(empty_store) == {"receipts": 2}


async def test_a_broken_constraint_fails_only_the_guilty_command(writer: Writer, empty_store: Store) -> None:
    """CONC-4: the batch is run again one command at a time."""

    def guilty(tx: Tx) -> None:
        tx.put(Counter("guilty", 1))
        tx.put(Payee("payee", "mpesa", "600100", "no such branch"))

    found = await in_one_batch(writer, add("receipts"), guilty, add("receipts"))
    assert [found[0], found[2]] == [1, 2]
    assert isinstance(found[1], apsw.ConstraintError | psycopg.IntegrityError)
    assert counted(empty_store) == {"receipts": 2}


async def test_a_value_the_engine_cannot_hold_fails_alone_and_the_writer_lives_on(
    writer: Writer, empty_store: Store
) -> None:
    """A number beyond 64 bits shows only when the batch is written; the thread must survive it."""

    def too_large(tx: Tx) -> None:
        tx.put(Counter("large", 2**63))

    found = await in_one_batch(writer, add("receipts"), too_large, add("receipts"))
    assert [found[0], found[2]] == [1, 2]
    assert isinstance(found[1], OverflowError | psycopg.DataError)
    assert await writer.submit(add("receipts")) == 3
    assert counted(empty_store) == {"receipts": 3}


async def test_a_bulk_command_stands_alone_between_the_others(writer: Writer, empty_store: Store) -> None:
    """Set-based statements see everything before them, and a failure rolls all of them back."""

    def doubles(tx: BulkTx) -> None:
        tx.connection.execute("UPDATE counters SET value = value * 2")

    def fails(tx: BulkTx) -> None:
        doubles(tx)
        raise LookupError("no")

    await writer.submit(add("receipts"))
    await writer.bulk(doubles)
    assert counted(empty_store) == {"receipts": 2}
    with pytest.raises(LookupError):
        await writer.bulk(fails)
    assert counted(empty_store) == {"receipts": 2}
    assert await writer.submit(add("receipts")) == 3


async def test_a_full_disk_is_said_and_nothing_is_kept(writer: Writer, empty_store: Store) -> None:
    """DUR-4: the transaction is rolled back, the writer knows it, and goes on when there is room again."""
    if empty_store.shared:
        pytest.skip("the disk of a server is not filled here")

    def limit(pages: int) -> Callable[[BulkTx], None]:
        def command(tx: BulkTx) -> None:
            tx.connection.execute(f"PRAGMA max_page_count = {pages}")

        return command

    await writer.bulk(limit(1))

    def fills(tx: Tx) -> None:
        for place in range(500):
            tx.put(ClosedDay(f"{place:04d}" * 50, "nku", "2026-09-30", "supervisor", 0))

    with pytest.raises(StorageFull):
        await writer.submit(fills)
    assert writer.full
    await writer.bulk(limit(100_000))
    await writer.submit(fills)
    assert not writer.full


async def test_who_gives_up_waiting_does_not_stop_the_command(writer: Writer) -> None:
    """A cancelled request is an unknown outcome for its client; here it is simply done."""
    held = Held()
    first = asyncio.ensure_future(writer.submit(held))
    await asyncio.to_thread(held.entered.wait, 10)
    given_up = asyncio.ensure_future(writer.submit(add("receipts")))
    await asyncio.sleep(0)
    given_up.cancel()
    held.free.set()
    await first
    assert await writer.submit(add("receipts")) == 2


async def test_a_stopped_writer_finishes_what_waits_and_takes_nothing_more(empty_store: Store) -> None:
    """Stopping loses nothing that was asked before, and tells who comes later."""
    running = Writer(empty_store)
    running.start()
    asked = asyncio.ensure_future(running.submit(add("receipts")))
    await asyncio.sleep(0)
    await asyncio.to_thread(running.stop)
    assert await asked == 1
    with pytest.raises(WriterStopped):
        await running.submit(add("receipts"))
    assert counted(empty_store) == {"receipts": 1}
