"""Entries that may not exist: the one place that writes money refuses them, whoever asks (INV-1, CONC-3)."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.ledger.running import RunningLedger, fresh_key

from branchtui.ledger.journal import (
    EntryDraft,
    InvariantBroken,
    LegDraft,
    post_entries_bulk,
    post_entry,
    transfer,
)
from branchtui.ledger.operations import Command
from branchtui.ledger.setup import system_principal
from branchtui.ledger.store import migrate
from branchtui.ledger.store.rows import Account, JournalEntry
from branchtui.ledger.store.sqlite import connect
from branchtui.ledger.store.unit import Batch, Tx

if TYPE_CHECKING:
    from branchtui.ledger.store.unit import BulkTx

COMMAND = Command("0198f3a2-7b1c-7000-8000-0123456789ab", b"", system_principal("nku"), "test", 1_000)


def account(name: str, currency: str = "KES") -> Account:
    return Account(name, 1, name, None, "nku", "wallet", currency, "open", None, 0, 1)


A, B, DOLLARS = account("a"), account("b"), account("d", "USD")


@pytest.fixture
def tx(tmp_path: Path) -> Tx:
    connection = connect(tmp_path / "ledger.db")
    migrate.upgrade(connection)
    return Batch(connection).begin()


@pytest.mark.parametrize(
    "legs",
    [
        (LegDraft(A, 100), LegDraft(B, -99)),
        (LegDraft(A, 100), LegDraft(B, 100)),
        (LegDraft(A, 100), LegDraft(DOLLARS, -100)),
        (LegDraft(A, 0), LegDraft(B, 0)),
        (LegDraft(A, 100),),
        (LegDraft(A, 100), LegDraft(B, -60), LegDraft(B, -39)),
        (LegDraft(A, 100), LegDraft(B, -100), LegDraft(B, 0)),
        (LegDraft(A, 100), LegDraft(B, -50), LegDraft(DOLLARS, -50)),
        (),
    ],
)
def test_legs_that_do_not_balance_in_each_currency_are_no_entry(tx: Tx, legs: tuple[LegDraft, ...]) -> None:
    """INV-1: two legs or more, none of nothing, and every currency sums to zero; nothing was put."""
    draft = EntryDraft("test", "nku", "subject", legs, "2026-11-03")

    with pytest.raises(InvariantBroken):
        post_entry(tx, COMMAND, draft, new_id="entry")

    assert tx.find(JournalEntry, subject_id="subject") == []
    assert tx.get(Account, "a") is None


def test_three_legs_and_two_currencies_may_balance(tx: Tx) -> None:
    """INV-1, the other side: what sums to zero is written, and each balance moves by its legs."""
    legs = (LegDraft(A, 100), LegDraft(B, -60), LegDraft(B, -40), *transfer(DOLLARS, account("e", "USD"), 7))

    touched = post_entry(
        tx, COMMAND, EntryDraft("test", "nku", "subject", legs, "2026-11-03"), new_id="entry"
    )

    assert {name: each.balance_minor for name, each in touched.items()} == {
        "a": 100,
        "b": -100,
        "d": 7,
        "e": -7,
    }


def test_many_entries_at_once_are_not_written_over_an_account_that_moved(own_ledger: RunningLedger) -> None:
    """CONC-3: a balance that is not what it was read as is never overwritten; the whole transaction fails."""
    members = [own_ledger.add_member() for _ in range(2)]
    branch = own_ledger.branch("NKU")
    command = Command(fresh_key(), b"", system_principal(branch.id), "test", own_ledger.clock.now_us())

    def post(tx: BulkTx) -> None:
        held, other = (tx.find(Account, customer_id=each.id)[0] for each in members)
        tx.connection.execute("UPDATE accounts SET version = version + 1 WHERE id = :id", {"id": held.id})
        legs = transfer(held, other, 100)
        draft = EntryDraft("test", branch.id, held.id, legs, own_ledger.today().isoformat())
        post_entries_bulk(tx, command, [draft], row_nos=[0], new_id=lambda: "entry")

    before = own_ledger.query("SELECT id, version, balance_minor FROM accounts ORDER BY id")
    with pytest.raises(InvariantBroken):
        own_ledger.bulk(post)
    assert own_ledger.query("SELECT id, version, balance_minor FROM accounts ORDER BY id") == before
