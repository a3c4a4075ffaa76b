"""`branchtui ledger check`: every kind of damage is reported in one plain sentence, and nothing is repaired."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import apsw
import psycopg
import pytest
from tests.ledger.running import RunningLedger, copy_template
from tests.ledger.till import open_till

from branchtui.ledger.check import run, violations

pytestmark = pytest.mark.both_stores


@dataclass
class Books:
    """A ledger at rest.

    Two of its records are posted, one is reversed and one waits; of its payments one belongs to a
    customer, one was taken back and one waits.
    """

    database: str
    path: Path

    def damage(self, *statements: str) -> None:
        """Change rows behind the ledger's back: triggers dropped, foreign keys off."""
        connection = apsw.Connection(str(self.path))
        triggers = [
            name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")
        ]
        for name in triggers:
            connection.execute(f'DROP TRIGGER "{name}"')
        for statement in statements:
            connection.execute(statement)
        connection.close()

    def said(self) -> list[str]:
        lines: list[str] = []
        assert run(self.database, lines.append) == (1 if lines else 0)
        return lines


@pytest.fixture(scope="module")
def kept_books(ledger_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    database = copy_template(ledger_template, tmp_path_factory.mktemp("books"))
    with RunningLedger(database) as ledger:
        supervisor = ledger.sign_in("supervisor")
        for place, commands in enumerate((("post",), ("post",), ("post", "reverse"), ())):
            record = supervisor.post(
                "/v1/balance-records",
                {
                    "customer_id": ledger.add_member().id,
                    "account_kind": "savings",
                    "amount_minor": 1_000 + place,
                    "currency": "KES",
                    "as_of_date": ledger.today().isoformat(),
                    "external_ref": f"BOOK-{place}",
                },
            ).json()
            for version, command in enumerate(commands, start=1):
                body = {"reason": "wrong book"} if command == "reverse" else None
                path = f"/v1/balance-records/{record['id']}/{command}"
                assert supervisor.post(path, body, if_match=version).status_code == 200
        till = open_till(ledger)
        till.waiting()
        till.give(till.waiting(), "000101")
        taken = till.give(till.waiting(), "000102").json()
        assert till.take_back(taken, who="supervisor").status_code == 200
        ledger.check()
        return ledger.path


@pytest.fixture
def books(kept_books: Path, tmp_path: Path) -> Books:
    database = copy_template(kept_books, tmp_path)
    return Books(database, Path(database.removeprefix("sqlite:///")))


def test_sound_books_say_nothing(books: Books) -> None:
    """Ledger 1: nothing printed and 0 when all is well."""
    assert books.said() == []


POSTED = "(SELECT id FROM journal_entries ORDER BY booked_at LIMIT 1)"
RECORD = "(SELECT id FROM balance_records WHERE status = 'accounted' LIMIT 1)"
WAITING = "(SELECT id FROM balance_records WHERE status = 'not_accounted' LIMIT 1)"
MIRROR = "(SELECT id FROM journal_entries WHERE reversal_of IS NOT NULL AND kind = 'balance-record-reversal')"
REVERSED = "(SELECT id FROM balance_records WHERE status = 'reversed')"
OWNED = "state = 'associated'"
UNOWNED = "id = (SELECT id FROM payments WHERE state = 'unassociated' LIMIT 1)"
SETTLED = "(SELECT key FROM operations WHERE action = 'balance-record.post' LIMIT 1)"
PAYMENT = """INSERT INTO payments (id, version, branch_id, payment_no, source, provider, code, phone_form,
    amount_minor, currency, paid_at, received_at, state, customer_id, match_reasons, search_text)
    SELECT 'p{0}', 1, branch_id, 'P{0}', 'callback', 'mpesa', '{1}', 'none', 500, 'KES', 0, 0, '{2}',
        {3}, '[]', '' FROM customers LIMIT 1"""

DAMAGE: dict[str, tuple[str, str]] = {
    "a leg's amount": (
        f"UPDATE legs SET amount_minor = amount_minor + 1 WHERE line = 0 AND entry_id = {POSTED}",
        "INV-1",
    ),
    "a lost leg": (f"DELETE FROM legs WHERE line = 0 AND entry_id = {POSTED}", "INV-1"),
    "an empty leg": (
        f"INSERT INTO legs SELECT entry_id, 9, account_id, 0, 0 FROM legs WHERE entry_id = {POSTED} LIMIT 1",
        "INV-1",
    ),
    "a lost entry": (f"DELETE FROM journal_entries WHERE id = {POSTED}", "INV-1"),
    "a mirror of something else": (
        f"UPDATE journal_entries SET reversal_of = {POSTED} WHERE id = {MIRROR}",
        "INV-1",
    ),
    "a balance": ("UPDATE accounts SET balance_minor = balance_minor - 5 WHERE kind = 'savings'", "INV-2"),
    "a record said to be posted": (
        f"UPDATE balance_records SET status = 'accounted' WHERE id = {WAITING}",
        "INV-3",
    ),
    "a record said to wait": (
        f"UPDATE balance_records SET status = 'not_accounted' WHERE id = {RECORD}",
        "INV-3",
    ),
    "a record's amount": (f"UPDATE balance_records SET amount_minor = 7 WHERE id = {RECORD}", "INV-3"),
    "a payment that credited nobody": (PAYMENT.format(1, "QK1", "associated", "id"), "INV-4"),
    "a payment that waits and has an owner": (PAYMENT.format(1, "QK1", "unassociated", "id"), "INV-5"),
    "a payment that was sent back and has an owner": (PAYMENT.format(1, "QK1", "refunded", "id"), "INV-5"),
    "a head": ("UPDATE chain_heads SET seq = seq + 1", "INV-8"),
    "a changed audit row": ("UPDATE audit SET actor = 'somebody' WHERE seq = 2", "INV-8"),
    "a deleted audit row": ("DELETE FROM audit WHERE seq = 2", "INV-8"),
    "a deleted last audit row": ("DELETE FROM audit WHERE seq = (SELECT MAX(seq) FROM audit)", "INV-8"),
    "an entry of no operation": (
        f"UPDATE journal_entries SET operation_key = 'nobody-knows' WHERE id = {POSTED}",
        "INV-9",
    ),
    "a rejected operation": (
        "UPDATE operations SET state = 'rejected' WHERE action = 'balance-record.post'",
        "INV-9",
    ),
    "a row without its parent": ("DELETE FROM customers", "INV-9"),
    # Legs: every column but the line, which is an order for the eye.
    "a leg in another entry": (
        f"UPDATE legs SET entry_id = {MIRROR}, line = 7 WHERE line = 0 AND entry_id = {POSTED}",
        "INV-1",
    ),
    "a leg on another account": (
        (
            "UPDATE legs SET account_id = (SELECT id FROM accounts WHERE kind = 'wallet' LIMIT 1) "
            f"WHERE line = 1 AND entry_id = {POSTED}"
        ),
        "INV-2",
    ),
    "a balance beside a leg": (
        f"UPDATE legs SET balance_after_minor = balance_after_minor + 1 WHERE line = 1 AND entry_id = {POSTED}",
        "INV-2",
    ),
    "an entry's legs, both": (f"DELETE FROM legs WHERE entry_id = {POSTED}", "INV-1"),
    # Entries.
    "an entry about something else": (
        f"UPDATE journal_entries SET subject_id = 'nothing' WHERE id = {POSTED}",
        "INV-1",
    ),
    "an entry about another record": (
        f"UPDATE journal_entries SET subject_id = {WAITING} WHERE id = {POSTED}",
        "INV-3",
    ),
    "an entry in another branch": (
        (
            "UPDATE journal_entries SET branch_id = (SELECT id FROM branches WHERE code = 'KSM') "
            f"WHERE id = {POSTED}"
        ),
        "INV-3",
    ),
    "a mirror that mirrors nothing": (
        f"UPDATE journal_entries SET reversal_of = NULL WHERE id = {MIRROR}",
        "INV-3",
    ),
    "an entry turned round, and the balances with it": (
        (
            "UPDATE legs SET amount_minor = -amount_minor, balance_after_minor = -balance_after_minor; "
            "UPDATE accounts SET balance_minor = -balance_minor"
        ),
        "INV-3",
    ),
    # Records.
    "a deleted record": (f"DELETE FROM balance_records WHERE id = {RECORD}", "INV-1"),
    "a record of another customer": (
        (
            f"UPDATE balance_records SET customer_id = (SELECT customer_id FROM balance_records WHERE id = {WAITING}) "
            f"WHERE id = {RECORD}"
        ),
        "INV-3",
    ),
    "a record of another account": (
        (
            "UPDATE balance_records SET account_id = (SELECT id FROM accounts WHERE kind = 'wallet' LIMIT 1) "
            f"WHERE id = {RECORD}"
        ),
        "INV-3",
    ),
    "a record of another kind": (
        f"UPDATE balance_records SET account_kind = 'shares' WHERE id = {RECORD}",
        "INV-3",
    ),
    "a record in another currency": (
        f"UPDATE balance_records SET currency = 'UGX' WHERE id = {RECORD}",
        "INV-3",
    ),
    "a record in another branch": (
        (
            "UPDATE balance_records SET branch_id = (SELECT id FROM branches WHERE code = 'KSM') "
            f"WHERE id = {RECORD}"
        ),
        "INV-3",
    ),
    "a reversed record said to be posted": (
        f"UPDATE balance_records SET status = 'accounted' WHERE id = {REVERSED}",
        "INV-3",
    ),
    # Payments.
    "a deleted payment": (f"DELETE FROM payments WHERE {OWNED}", "INV-1"),
    "an owned payment's amount": (f"UPDATE payments SET amount_minor = 7 WHERE {OWNED}", "INV-4"),
    "a waiting payment's amount": (f"UPDATE payments SET amount_minor = 7 WHERE {UNOWNED}", "INV-4"),
    "an owned payment said to wait": (
        f"UPDATE payments SET state = 'unassociated', customer_id = NULL WHERE {OWNED}",
        "INV-4",
    ),
    "a payment of another customer": (
        (
            "UPDATE payments SET customer_id = (SELECT id FROM customers WHERE customer_no = '000103') "
            f"WHERE {OWNED}"
        ),
        "INV-5",
    ),
    "a payment that names another account": (
        f"UPDATE payments SET account_id = (SELECT id FROM accounts WHERE kind = 'savings' LIMIT 1) WHERE {OWNED}",
        "INV-4",
    ),
    "a payment that names an account that is not there": (
        f"UPDATE payments SET account_id = 'nobody' WHERE {OWNED}",
        "INV-4",
    ),
    "a payment in another currency": (f"UPDATE payments SET currency = 'UGX' WHERE {OWNED}", "INV-4"),
    # Accounts.
    "a deleted account": ("DELETE FROM accounts WHERE kind = 'savings'", "INV-9"),
    "an account in another currency": (
        "UPDATE accounts SET currency = 'UGX' WHERE kind = 'savings'",
        "INV-1",
    ),
    "an account of another kind": ("UPDATE accounts SET kind = 'shares' WHERE kind = 'savings'", "INV-3"),
    "an account of another customer": (
        (
            "UPDATE accounts SET customer_id = (SELECT id FROM customers WHERE customer_no = '000103') "
            "WHERE kind = 'savings'"
        ),
        "INV-3",
    ),
    # Operations and the chain.
    "a deleted operation": (f"DELETE FROM operations WHERE key = {SETTLED}", "INV-9"),
    "a deleted operation that moved no money": (
        "DELETE FROM operations WHERE action = 'balance-record.create'",
        "INV-9",
    ),
    "another key": (f"UPDATE operations SET key = 'nobody-ever-sent-this' WHERE key = {SETTLED}", "INV-9"),
    "an operation said to be rejected": (
        "UPDATE operations SET state = 'rejected' WHERE action = 'balance-record.create'",
        "INV-9",
    ),
    "an operation said to have succeeded": (
        f"UPDATE operations SET status = 409 WHERE key = {SETTLED}",
        "INV-9",
    ),
    "an entry taken out with all that knows it": (
        f"DELETE FROM legs WHERE entry_id = {POSTED}; DELETE FROM journal_entries WHERE id = {POSTED}",
        "INV-3",
    ),
    "a deleted head": ("DELETE FROM chain_heads", "INV-8"),
    "a chain that is gone": ("DELETE FROM audit; DELETE FROM chain_heads", "INV-9"),
}

AUDITED = (
    "at actor person_id role session_hash address action object operation_key before after outcome reason "
    "request_id prev_hash hash"
).split()

LOOSE = {
    "journal_entries": "INV-9: 2 journal entries are row",
    "balance_records": "INV-9: 2 balance records are row",
    "legs": "INV-1",
    "payments": "INV-6",
}
"""Tables whose rows may be there once, and what is said of one that is there twice."""


@pytest.mark.parametrize(("statement", "invariant"), list(DAMAGE.values()), ids=list(DAMAGE))
def test_damage_is_reported_with_its_invariant(books: Books, statement: str, invariant: str) -> None:
    """INV-1 to 5, INV-8, INV-9: one line a violation and exit 1, and looking changes nothing."""
    books.damage(statement)

    lines = books.said()

    assert any(line.startswith(f"{invariant}: ") for line in lines), lines
    assert books.said() == lines


@pytest.mark.parametrize("column", AUDITED)
def test_no_column_of_the_chain_can_be_changed(books: Books, column: str) -> None:
    """INV-8, AUD-2: the hash covers every one of them."""
    other = "randomblob(32)" if column in {"hash", "prev_hash"} else f"COALESCE(\"{column}\" || '1', 'x')"
    books.damage(f'UPDATE audit SET "{column}" = {other} WHERE seq = 2')
    assert any(line.startswith("INV-8: row 2 ") or "after row 2" in line for line in books.said())


@pytest.mark.parametrize("table", LOOSE)
def test_a_row_that_is_there_twice_is_reported(books: Books, table: str) -> None:
    """INV-1, INV-6, INV-9: also where the constraints that forbid it have gone, and under another id."""
    books.damage(
        f"CREATE TABLE copied AS SELECT * FROM {table}",
        f"DROP TABLE {table}",
        f"ALTER TABLE copied RENAME TO {table}",
        f"CREATE TEMP TABLE doubled AS SELECT * FROM {table} LIMIT 1",
        *([] if table == "legs" else ["UPDATE doubled SET id = 'another'"]),
        f"INSERT INTO {table} SELECT * FROM doubled",
        *([] if table == "legs" else [f"CREATE UNIQUE INDEX parents ON {table} (id)"]),
    )
    assert any(line.startswith(LOOSE[table]) for line in books.said())


def test_one_code_on_two_payments_is_reported(books: Books) -> None:
    """INV-6: a code is unique per provider, even where the database's own constraint has gone."""
    books.damage(
        "CREATE TABLE copied AS SELECT * FROM payments",
        "DROP TABLE payments",
        "ALTER TABLE copied RENAME TO payments",
        PAYMENT.format(1, "QK1", "ignored", "NULL"),
        PAYMENT.format(2, "QK1", "ignored", "NULL"),
    )
    assert "INV-6: 2 payments carry the code QK1 of mpesa" in books.said()


def test_a_value_of_another_type_is_reported_and_ends_in_no_traceback(books: Books) -> None:
    """Ledger 1: what cannot even be read is a violation, told in a sentence."""
    books.damage("UPDATE audit SET hash = CAST(x'fffe' AS TEXT) WHERE seq = 2")
    assert any("cannot be read" in line for line in books.said())


def test_a_page_that_nothing_else_looks_at_is_looked_at(books: Books) -> None:
    """DUR-5: an index that was torn on the disk breaks no sum, and is damage all the same."""
    connection = apsw.Connection(str(books.path))
    connection.execute("PRAGMA journal_mode=DELETE").fetchall()
    ((root, size),) = connection.execute(
        "SELECT rootpage, (SELECT page_size FROM pragma_page_size) FROM sqlite_master WHERE name = 'users_person'"
        " OR (type = 'index' AND sql IS NOT NULL AND tbl_name = 'sessions') LIMIT 1"
    ).fetchall()
    connection.close()
    with books.path.open("r+b") as file:
        file.seek((int(str(root)) - 1) * int(str(size)))
        file.write(bytes(range(1, 201)))
    said = books.said()
    assert said
    assert said[0].startswith("DUR-5: the file is damaged: ")
    assert not any("\n" in line for line in said)


def test_two_swapped_rows_of_the_chain_are_found(books: Books) -> None:
    """INV-8: rows that are all there, but not in their order."""
    books.damage(
        "UPDATE audit SET seq = -1 WHERE seq = 2",
        "UPDATE audit SET seq = 2 WHERE seq = 3",
        "UPDATE audit SET seq = 3 WHERE seq = -1",
    )
    assert sum(line.startswith("INV-8: row") for line in books.said()) >= 2


def test_a_rewritten_tail_does_not_agree_with_the_head(books: Books) -> None:
    """INV-8: who cuts the chain must also rewrite the head, which only somebody outside can tell then."""
    books.damage("DELETE FROM audit WHERE seq > 1")
    assert any("its head says" in line for line in books.said())


def test_a_ledger_is_checked_while_it_is_served(own_ledger: RunningLedger) -> None:
    """Ledger 1: reads one snapshot beside the writer, on a connection that cannot write."""
    member = own_ledger.add_member()
    lines: list[str] = []
    assert run(own_ledger.database, lines.append) == 0
    assert lines == []
    connection = own_ledger.store.connect(read_only=True)
    assert list(violations(connection)) == []
    with pytest.raises((apsw.ReadOnlyError, psycopg.errors.ReadOnlySqlTransaction)):
        connection.execute("DELETE FROM accounts WHERE customer_id = ?", (member.id,))
    connection.close()
