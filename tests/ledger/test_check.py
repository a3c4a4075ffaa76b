"""`branchtui ledger check`: every kind of damage is reported in one plain sentence, and nothing is repaired."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import apsw
import psycopg
import pytest
from tests.ledger.running import RunningLedger, copy_template

from branchtui.ledger.check import run, violations

pytestmark = pytest.mark.both_stores


@dataclass
class Books:
    """A ledger at rest, with two posted records, one reversed and one waiting."""

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
MIRROR = "(SELECT id FROM journal_entries WHERE reversal_of IS NOT NULL)"
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
}


@pytest.mark.parametrize(("statement", "invariant"), list(DAMAGE.values()), ids=list(DAMAGE))
def test_damage_is_reported_with_its_invariant(books: Books, statement: str, invariant: str) -> None:
    """Ledger 1: one line a violation and exit 1, and looking changes nothing."""
    books.damage(statement)

    lines = books.said()

    assert any(line.startswith(f"{invariant}: ") for line in lines), lines
    assert books.said() == lines


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


def test_two_swapped_rows_of_the_chain_are_found(books: Books) -> None:
    """INV-8: rows that are all there, but not in their order."""
    books.damage(
        "UPDATE audit SET seq = -1 WHERE seq = 2",
        "UPDATE audit SET seq = 2 WHERE seq = 3",
        "UPDATE audit SET seq = 3 WHERE seq = -1",
    )
    assert sum(line.startswith("INV-8: row") for line in books.said()) >= 2


def test_a_rewritten_tail_does_not_agree_with_the_head(books: Books) -> None:
    """INV-8: who cuts the chain must also rewrite the head, and then gossip and anchors tell (AUD-3)."""
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
