"""`branchtui ledger check` holds what is told twice against each other: who, when, by which door, in which state."""

from __future__ import annotations

from pathlib import Path

import apsw
import pytest
from tests.ledger.running import RunningLedger, copy_template
from tests.ledger.web.every_route import CHANGES, World

from branchtui.ledger.check import run

DONE = (
    "POST /v1/balance-records/{id}/post",
    "POST /v1/balance-records/{id}/reverse",
    "POST /v1/payments",
    "POST /v1/payments/{id}/associate",
    "POST /v1/payments/{id}/refund",
    "POST /v1/payments/{id}/reverse",
    "POST /v1/credit-accounts/{id}/settlements",
    "POST /v1/approvals/{id}/approve",
)
"""One of each change whose marks are changed below."""


@pytest.fixture(scope="module")
def kept_books(ledger_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    with RunningLedger(copy_template(ledger_template, tmp_path_factory.mktemp("books"))) as ledger:
        world = World.open(ledger)
        for name in DONE:
            ask = CHANGES[name](world, "NKU")
            answer = ask.send(world.api(ask, "NKU"))
            assert answer.status_code < 300, (name, answer.text)
        world.stated("NKU", applied=True)
        made = world.user("HQ", "NKU", username="moses", limit_minor=5_000)
        changed = {"limit_minor": 7_000, "disabled": True}
        done = world.administrator("HQ").patch(f"/v1/users/{made['id']}", changed, if_match=1)
        assert done.status_code == 200, done.text
        ledger.check()
        return ledger.path


def said_of(kept_books: Path, folder: Path, statement: str) -> list[str]:
    """What `check` says after a change behind the ledger's back."""
    database = copy_template(kept_books, folder)
    connection = apsw.Connection(database.removeprefix("sqlite:///"))
    for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
        connection.execute(f'DROP TRIGGER "{name}"')
    before = connection.total_changes()
    connection.execute(statement)
    assert connection.total_changes() > before, "the damage hits nothing"
    connection.close()
    lines: list[str] = []
    assert run(database, lines.append) == 1
    return lines


def one(table: str, column: str = "", value: str = "") -> str:
    """One row of a table, the first one with a value."""
    where = f"WHERE {column} = '{value}' " if column else ""
    return f"id = (SELECT id FROM {table} {where}LIMIT 1)"


OTHER = "(SELECT id FROM branches WHERE code = 'KSM')"
DAMAGE: dict[str, tuple[str, str]] = {
    "the day of a record": (
        f"UPDATE balance_records SET as_of_date = '2020-01-01' WHERE {one('balance_records', 'status', 'accounted')}",
        "INV-3: balance record",
    ),
    "who posted a record": (
        f"UPDATE balance_records SET posted_by = 'mallory' WHERE {one('balance_records', 'status', 'accounted')}",
        "posted by mallory, its journal entry",
    ),
    "an applied file that waits again": (
        "UPDATE balance_files SET state = 'validated' WHERE applied_key IS NOT NULL",
        "INV-3: balance file",
    ),
    "an association under another name": (
        f"UPDATE journal_entries SET kind = 'payment.x' WHERE {one('journal_entries', 'kind', 'payment.associate')}",
        "INV-4: payment",
    ),
    "a payment by hand that came by itself": (
        f"UPDATE payments SET source = 'callback' WHERE {one('payments', 'source', 'manual')}",
        "is said to have come by callback",
    ),
    "the currency of a refunded payment": (
        "UPDATE payments SET currency = 'UGX' WHERE state = 'refunded'",
        "is in UGX and of branch",
    ),
    "the branch of a payment": (
        f"UPDATE payments SET branch_id = {OTHER} WHERE {one('payments', 'state', 'associated')}",
        "is in KES and of branch",
    ),
    "a day long ago": (
        f"UPDATE journal_entries SET business_date = '2020-01-01' WHERE {one('journal_entries', 'kind', 'payment.create')}",
        "is of 2020-01-01, which is not the day on which it was made",
    ),
    "a day to come": (
        f"UPDATE journal_entries SET business_date = '2099-01-01' WHERE {one('journal_entries', 'kind', 'payment.refund')}",
        "is of 2099-01-01, which is not the day on which it was made",
    ),
    "who made an entry": (
        f"UPDATE journal_entries SET created_by = 'mallory' WHERE {one('journal_entries')}",
        "says that mallory made it",
    ),
    "when an entry was made": (
        f"UPDATE journal_entries SET booked_at = booked_at - 300000000000 WHERE {one('journal_entries', 'kind', 'payment.create')}",
        "made it days before, its operation",
    ),
    "who did an operation": (
        "UPDATE operations SET actor = 'mallory' WHERE action = 'payment.refund'",
        "says that mallory did it, the audit chain",
    ),
    "a request approved by who asked": (
        "UPDATE approvals SET decided_by = maker WHERE state = 'approved'",
        "and teller decided it",
    ),
    "a request approved by nobody": (
        "UPDATE approvals SET state = 'approved', decided_by = NULL",
        "and nobody decided it",
    ),
    "a role that nobody gave": (
        "UPDATE users SET role = 'supervisor' WHERE username = 'moses'",
        "user moses has role supervisor, and the audit chain tells of teller",
    ),
    "a limit that nobody took away": (
        "UPDATE users SET limit_minor = NULL WHERE username = 'moses'",
        "user moses has limit_minor none, and the audit chain tells of 7000",
    ),
    "a user who was let in again": (
        "UPDATE users SET disabled = 0 WHERE username = 'moses'",
        "user moses has disabled 0, and the audit chain tells of 1",
    ),
    "a branch that nobody moved a user to": (
        f"UPDATE users SET branch_id = {OTHER} WHERE username = 'moses'",
        "user moses has branch_id",
    ),
    "the first administrator, made a supervisor": (
        "UPDATE users SET role = 'supervisor' WHERE username = 'root'",
        "user root has role supervisor, and the audit chain tells of administrator",
    ),
    "no institution": ("DELETE FROM institution", "has 0 institutions"),
    "a second institution": (
        "INSERT INTO institution SELECT 'x', name, 'KES', 'UTC', 'x', 'x', secret, settings, 1 FROM institution",
        "has 2 institutions",
    ),
    "branches in a ring": (
        f"UPDATE branches SET parent_id = {OTHER} WHERE code = 'HQ'",
        "branch HQ hangs on no top",
    ),
    "a second top": (
        "UPDATE branches SET parent_id = NULL WHERE code = 'KSM'",
        "hangs on no top branch, or on a second",
    ),
    "the tender of a settlement": (
        "UPDATE settlements SET tender = CASE tender WHEN 'cash' THEN 'card' ELSE 'cash' END",
        "INV-10: settlement",
    ),
}


@pytest.mark.parametrize(("statement", "sentence"), DAMAGE.values(), ids=DAMAGE)
def test_a_mark_that_was_changed_is_reported(
    kept_books: Path, tmp_path: Path, statement: str, sentence: str
) -> None:
    """INV-3, INV-4, INV-9: what one table says of an act is what the other one says of it."""
    said = said_of(kept_books, tmp_path, statement)
    assert any(sentence in line for line in said), said
