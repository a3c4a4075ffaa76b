"""What belongs to something is refused without it, by the server itself, though no foreign key says so (0054)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import psycopg
import pytest
from tests.ledger.postgres_server import PostgresServer, name_of

pytestmark = pytest.mark.postgres

Ask = Callable[..., list[Any]]

STANDING = (
    """INSERT INTO accounts (id, version, account_no, branch_id, kind, currency, status, balance_minor, created_at)
    SELECT 'a' || n, 1, 'X' || n, branches.id, 'wallet', 'KES', 'open', 0, 0
    FROM branches, generate_series(1, 3) AS n WHERE branches.parent_id IS NULL""",
    """INSERT INTO journal_entries (id, branch_id, kind, operation_key, row_no, subject_id, narration, created_by,
        booked_at, business_date)
    SELECT 'e1', id, 'balance-record', 'key', 0, 's', '', 'me', 0, '2026-11-30' FROM branches WHERE parent_id IS NULL""",
)
LEG = "INSERT INTO legs (entry_id, line, account_id, amount_minor, balance_after_minor) VALUES "


@pytest.fixture
def url(postgres_server: PostgresServer, postgres_template: str) -> str:
    """A ledger of its own that has three accounts and an entry without legs."""
    made = postgres_server.new_database(template=postgres_template)
    for statement in STANDING:
        postgres_server.ask(statement, database=name_of(made))
    return made


@pytest.fixture
def ask(postgres_server: PostgresServer, url: str) -> Ask:
    """Asks that ledger."""
    return lambda statement: postgres_server.ask(statement, database=name_of(url))


@pytest.mark.parametrize(
    "statement",
    [
        LEG + "('e1', 0, 'a1', 5, 5), ('e2', 1, 'a2', -5, -5)",
        LEG + "('e1', 0, 'a1', 5, 5), ('e1', 1, 'a9', -5, -5)",
        "INSERT INTO job_rows (job_id, row_no, subject_id, version) VALUES ('j', 0, 's', 1)",
        "INSERT INTO import_rows (import_id, row_no, level, findings, cells) VALUES ('i', 0, 'ok', '', '')",
        """INSERT INTO balance_file_rows (balance_file_id, row_no, level, change, account_no, before_minor)
        VALUES ('f', 0, 'ok', 'same', 'X1', 0)""",
        "INSERT INTO balance_file_postings VALUES ('f', 0, 'a1', 'e1', 5, 5)",
    ],
    ids=["no entry", "no account", "no job", "no import", "no balance file", "no file of a posting"],
)
def test_a_row_that_belongs_to_nothing_is_refused_with_all_of_its_statement(ask: Ask, statement: str) -> None:
    """INV-1, 0054: one orphan among many refuses them all, as a foreign key would."""
    with pytest.raises(psycopg.errors.ForeignKeyViolation, match="belongs to nothing"):
        ask(statement)
    assert ask("SELECT COUNT(*) FROM legs WHERE entry_id = 'e1'") == [(0,)]


@pytest.mark.parametrize(
    "statement", ["DELETE FROM accounts WHERE id LIKE 'a_'", "UPDATE accounts SET id = 'b' || id"]
)
def test_an_account_that_legs_name_stays(ask: Ask, statement: str) -> None:
    """INV-1, 0054: what rows belong to is neither deleted nor called by another id."""
    ask(LEG + "('e1', 0, 'a1', 5, 5), ('e1', 1, 'a2', -5, -5)")
    with pytest.raises(psycopg.errors.ForeignKeyViolation):
        ask(statement)
    assert ask("SELECT id FROM accounts WHERE id LIKE 'a_' ORDER BY id") == [("a1",), ("a2",), ("a3",)]


def test_an_account_without_legs_may_go(ask: Ask) -> None:
    """A customer who was never active is deleted with the accounts."""
    ask(LEG + "('e1', 0, 'a1', 5, 5), ('e1', 1, 'a2', -5, -5)")
    ask("DELETE FROM accounts WHERE id = 'a3'")
    assert ask("SELECT COUNT(*) FROM accounts WHERE id = 'a3'") == [(0,)]


def test_a_balance_that_moves_finds_room_on_its_page(ask: Ask, url: str) -> None:
    """0054: all accounts of a page move in one statement, and no index is told."""
    ask(STANDING[0].replace("'a' ||", "'m' ||").replace("'X' ||", "'M' ||").replace("(1, 3)", "(1, 2000)"))
    with psycopg.connect(url) as connection:
        moved = connection.execute(
            "UPDATE accounts SET balance_minor = 5, version = 2 WHERE id LIKE 'm%'"
        ).rowcount
        found = connection.execute(
            "SELECT pg_stat_get_xact_tuples_hot_updated('accounts'::regclass)"
        ).fetchone()
    assert moved == 2_000
    assert found is not None
    assert found[0] > 1_900


def test_thousands_of_legs_are_asked_for_their_parents_by_key(ask: Ask) -> None:
    """0054: however small the planner believes a table to be, none is read from end to end for each row of a set."""
    ask(LEG + "('e1', 0, 'a1', 5, 5), ('e1', 1, 'a2', -5, -5)")
    (found,) = ask("SELECT proconfig FROM pg_proc WHERE proname = 'legs_have_parents'")
    assert found == (["enable_seqscan=off"],)
