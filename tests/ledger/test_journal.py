"""Entries that may not exist: the one place that writes money refuses them, whoever asks (INV-1, CONC-3)."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.ledger.running import RunningLedger, fresh_key

from branchtui.ledger.journal import (
    EntryDraft,
    InvariantBroken,
    LegDraft,
    Pair,
    Standing,
    institution_account,
    institution_account_id,
    post_entries_bulk,
    post_entry,
    post_pairs_bulk,
    transfer,
)
from branchtui.ledger.journal_spread import Cause, Moves, Opening, post_spread_bulk
from branchtui.ledger.operations import Command
from branchtui.ledger.setup import system_principal
from branchtui.ledger.store import migrate
from branchtui.ledger.store.rows import Account, JournalEntry
from branchtui.ledger.store.sqlite import connect
from branchtui.ledger.store.unit import Batch, BulkTx, Tx

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


def test_many_pairs_at_once_move_each_account_as_one_entry_after_another(own_ledger: RunningLedger) -> None:
    """IDEM-10: an account that stands in several of them, and one that is new, end where single entries bring them."""
    branch = own_ledger.branch("NKU")
    member = own_ledger.add_member()
    held = own_ledger.bulk(lambda tx: tx.find(Account, customer_id=member.id)[0])
    day = own_ledger.today().isoformat()
    command = Command(fresh_key(), b"", system_principal(branch.id), "test", own_ledger.clock.now_us())
    new = Account("new", 1, "770001", held.customer_id, branch.id, "savings", "KES", "open", None, 0, 1)

    def post(tx: BulkTx) -> None:
        standing = Standing(held.id, held.version, held.balance_minor, "KES")
        pairs = [
            Pair("one", 4, branch.id, "s", standing, new, 100, day, "", None),
            Pair("two", 7, branch.id, "s", new, standing, 30, day, "said", "ref"),
            Pair("three", 9, branch.id, "s", standing, new, -5, day, "", None),
        ]
        post_pairs_bulk(tx, command, "test", pairs, opened=(new,))

    own_ledger.bulk(post)

    legs = "SELECT entry_id, line, account_id, amount_minor, balance_after_minor FROM legs WHERE entry_id = ?"
    start = held.balance_minor
    assert sorted(own_ledger.query(legs, "two")) == [
        ("two", 0, "new", 30, -70),
        ("two", 1, held.id, -30, start + 70),
    ]
    assert min(own_ledger.query(legs, "three")) == ("three", 0, held.id, -5, start + 65)
    found = own_ledger.query("SELECT version, balance_minor FROM accounts WHERE id IN (?, 'new')", held.id)
    assert sorted(found) == sorted([(held.version + 3, start + 65), (4, -65)])
    entries = own_ledger.query("SELECT id, row_no, reference FROM journal_entries WHERE subject_id = 's'")
    assert sorted(entries) == [("one", 4, None), ("three", 9, None), ("two", 7, "ref")]


@pytest.mark.parametrize(
    "pair",
    [
        Pair("e", 0, "nku", "s", A, B, 0, "2026-11-03", "", None),
        Pair("e", 0, "nku", "s", A, DOLLARS, 5, "2026-11-03", "", None),
    ],
)
def test_a_pair_of_nothing_or_of_two_currencies_is_no_entry(tmp_path: Path, pair: Pair) -> None:
    """INV-1: it is refused before anything of the whole set is written."""
    connection = connect(tmp_path / "ledger.db")
    migrate.upgrade(connection)
    good = Pair("good", 1, "nku", "s", A, B, 5, "2026-11-03", "", None)

    with pytest.raises(InvariantBroken):
        post_pairs_bulk(BulkTx(Batch(connection)), COMMAND, "test", [good, pair], opened=(A, B))

    assert connection.execute("SELECT COUNT(*) FROM journal_entries").fetchone() == (0,)


def test_pairs_are_not_written_over_an_account_that_moved(own_ledger: RunningLedger) -> None:
    """CONC-3: an account that is not as it was read fails the whole transaction."""
    members = [own_ledger.add_member() for _ in range(2)]
    branch = own_ledger.branch("NKU")
    command = Command(fresh_key(), b"", system_principal(branch.id), "test", own_ledger.clock.now_us())
    day = own_ledger.today().isoformat()

    def post(tx: BulkTx) -> None:
        held, other = (tx.find(Account, customer_id=each.id)[0] for each in members)
        late = Standing(held.id, held.version - 1, held.balance_minor, held.currency)
        post_pairs_bulk(tx, command, "test", [Pair("e", 0, branch.id, "s", late, other, 100, day, "", None)])

    before = own_ledger.query("SELECT id, version, balance_minor FROM accounts ORDER BY id")
    with pytest.raises(InvariantBroken):
        own_ledger.bulk(post)
    assert own_ledger.query("SELECT id, version, balance_minor FROM accounts ORDER BY id") == before


@pytest.mark.parametrize(
    ("account_ids", "amounts", "currency"),
    [
        (("a", "a"), (5, 5), "KES"),
        (("a", "b"), (5, 0), "KES"),
        (("a", "gl"), (5, 5), "KES"),
        (("a", "b"), (5, 5), "USD"),
    ],
    ids=["an account twice", "nothing", "against itself", "two currencies"],
)
def test_a_spread_that_is_none_is_not_written(
    tmp_path: Path, account_ids: tuple[str, ...], amounts: tuple[int, ...], currency: str
) -> None:
    """INV-1: an account that stands twice, nothing that moves, and another currency are no entries."""
    connection = connect(tmp_path / "ledger.db")
    migrate.upgrade(connection)
    other = Account("gl", 1, "GL", None, "nku", "billing-contra", currency, "open", None, 0, 1)
    moves = Moves(("e", "f"), (1, 2), ("nku", "nku"), account_ids, (1, 1), (0, 0), amounts, (None, None))
    cause = Cause("test", "s", "", "KES", {"nku": "2026-11-03"})

    with pytest.raises(InvariantBroken):
        post_spread_bulk(
            BulkTx(Batch(connection)), COMMAND, cause, moves, {"nku": other}, Opening("receivable", (), ())
        )

    assert connection.execute("SELECT COUNT(*) FROM journal_entries").fetchone() == (0,)


def test_a_spread_moves_each_account_and_the_one_that_it_is_set_against(own_ledger: RunningLedger) -> None:
    """INV-1, CONC-3: held and new accounts, and the other side, end where single entries bring them; never over one that moved."""
    branch = own_ledger.branch("NKU")
    member = own_ledger.add_member()
    held = own_ledger.bulk(lambda tx: tx.find(Account, customer_id=member.id)[0])
    command = Command(fresh_key(), b"", system_principal(branch.id), "test", own_ledger.clock.now_us())
    cause = Cause("test", "s", "said", "KES", {branch.id: own_ledger.today().isoformat()})

    def post(tx: BulkTx, version: int, names: tuple[str, str], row_no: int) -> None:
        other = institution_account(tx, branch, "billing-contra", "KES", command.at_us)
        moves = Moves(
            *(
                names,
                (row_no, row_no + 1),
                (branch.id, branch.id),
                (held.id, f"new-{row_no}"),
                (version, None),
            ),
            *((held.balance_minor, 0), (100, -30), (None, "ref")),
        )
        opening = Opening("savings", (f"77000{row_no}",), (member.id,))
        post_spread_bulk(tx, command, cause, moves, {branch.id: other}, opening)

    own_ledger.bulk(lambda tx: post(tx, held.version, ("one", "two"), 4))

    legs = "SELECT line, account_id, amount_minor, balance_after_minor FROM legs WHERE entry_id = ? ORDER BY line"
    contra_id = institution_account_id(branch, "billing-contra", "KES")
    assert own_ledger.query(legs, "one") == [
        (0, held.id, 100, held.balance_minor + 100),
        (1, contra_id, -100, -100),
    ]
    assert own_ledger.query(legs, "two") == [(0, "new-4", -30, -30), (1, contra_id, 30, -70)]
    accounts = "SELECT version, balance_minor FROM accounts WHERE id = ?"
    assert own_ledger.query(accounts, held.id) == [(held.version + 1, held.balance_minor + 100)]
    assert own_ledger.query(accounts, "new-4") == [(2, -30)]
    assert own_ledger.query(accounts, contra_id) == [(3, -70)]
    with pytest.raises(InvariantBroken):
        own_ledger.bulk(lambda tx: post(tx, held.version, ("three", "four"), 6))
    assert own_ledger.query("SELECT id, row_no, reference FROM journal_entries WHERE subject_id = 's'") == [
        ("one", 4, None),
        ("two", 5, "ref"),
    ]
