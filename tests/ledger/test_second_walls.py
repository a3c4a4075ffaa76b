"""What holds even where the code above it errs: constraints, triggers, hashes, and what is not there at all."""

from __future__ import annotations

import hashlib
import subprocess
import sys
import threading
from pathlib import Path

import apsw
import psycopg
import pytest
from argon2 import extract_parameters
from argon2.low_level import Type
from tests.ledger.running import RunningLedger, fresh_key
from tests.ledger.till import open_till

import branchtui.ledger
from branchtui.ledger.passwords import Passwords, PasswordUnfit, verify_new
from branchtui.ledger.store.connection import Connection
from branchtui.ledger.store.errors import Contention
from branchtui.ledger.store.sqlite import SqliteConnection, connect
from branchtui.ledger.store.unit import BulkTx, Tx

RECORDS = "/v1/balance-records"

REFUSED = (apsw.ConstraintError, psycopg.errors.IntegrityError, psycopg.errors.RaiseException, Contention)
"""What a wall says; a doubled key on a server is a race that was lost, again and again."""


def posted_record(ledger: RunningLedger) -> str:
    """The key under which a record was posted; the ledger holds one of everything afterwards."""
    api, key = ledger.sign_in("supervisor"), fresh_key()
    body = {
        "customer_id": ledger.add_member().id,
        "account_kind": "savings",
        "amount_minor": 500,
        "currency": "KES",
        "as_of_date": ledger.today().isoformat(),
    }
    record = api.post(RECORDS, body).json()
    assert api.post(f"{RECORDS}/{record['id']}/post", if_match=1, key=key).status_code == 200
    return key


@pytest.mark.parametrize(
    "copy",
    [
        "INSERT INTO operations SELECT * FROM operations LIMIT 1",
        """
        INSERT INTO journal_entries SELECT 'another', branch_id, kind, operation_key, row_no, subject_id,
            reversal_of, narration, reference, created_by, booked_at, business_date
        FROM journal_entries LIMIT 1
        """,
        "UPDATE balance_records SET operation_key = 'same', row_no = 0",
        "INSERT INTO legs SELECT * FROM legs LIMIT 1",
    ],
)
def test_a_second_effect_of_one_operation_does_not_fit_into_the_tables(
    own_ledger: RunningLedger, copy: str
) -> None:
    """IDEM-10: were the key ever overlooked, the row of the effect would still be there already."""
    posted_record(own_ledger)
    own_ledger.sign_in("supervisor").post(
        RECORDS,
        {
            "customer_id": own_ledger.add_member().id,
            "account_kind": "shares",
            "amount_minor": 700,
            "currency": "KES",
            "as_of_date": own_ledger.today().isoformat(),
        },
    )

    def twice(tx: BulkTx) -> None:
        tx.connection.execute(copy)

    with pytest.raises(REFUSED):
        own_ledger.bulk(twice)
    own_ledger.check()


def test_a_second_payment_of_one_code_does_not_fit_into_the_tables(own_ledger: RunningLedger) -> None:
    """INV-6, IDEM-10: were a provider's code overlooked, its row would be there already."""
    till = open_till(own_ledger)
    till.pay()
    till.pay()

    with pytest.raises(REFUSED):
        own_ledger.bulk(lambda tx: tx.connection.execute("UPDATE payments SET code = 'SAME'"))


def test_whoever_writes_to_a_file_syncs_each_commit_and_keeps_what_refers_to_what(
    own_ledger: RunningLedger,
) -> None:
    """DUR-2: WAL with synchronous=FULL (2) and foreign keys, on the connection that writes and on every other."""
    asked = ("journal_mode", "synchronous", "foreign_keys")

    def settings(connection: Connection) -> list[object]:
        return [connection.execute(f"PRAGMA {name}").fetchone()[0] for name in asked]

    found = [own_ledger.bulk(lambda tx: settings(tx.connection))]
    for read_only in (False, True):
        other = connect(own_ledger.path, read_only=read_only)
        found.append(settings(other))
        other.close()

    assert found == [["wal", 2, 1]] * 3


@pytest.mark.parametrize("table", ["audit", "journal_entries", "legs"])
@pytest.mark.parametrize("change", ["DELETE FROM {}", "UPDATE {} SET {} = {}"])
def test_what_was_written_down_is_never_changed(own_ledger: RunningLedger, table: str, change: str) -> None:
    """AUD-4: the database itself refuses to change or delete a row of the chain, an entry or a leg."""
    posted_record(own_ledger)
    column = {"audit": "actor", "journal_entries": "narration", "legs": "amount_minor"}[table]

    def harm(tx: BulkTx) -> None:
        tx.connection.execute(change.format(table, column, column))

    with pytest.raises(REFUSED, match="append-only"):
        own_ledger.bulk(harm)
    own_ledger.check()


def test_every_change_goes_through_one_connection_that_begins_immediately(
    own_ledger: RunningLedger,
) -> None:
    """CONC-6: a transaction that began as a reader would fail when it turned into a writer."""
    assert own_ledger.path.exists()
    said: list[tuple[str, int]] = []

    def note(_: apsw.Cursor, statement: str, __: object) -> bool:
        said.append((statement, threading.get_ident()))
        return True

    def trace(tx: BulkTx) -> None:
        assert isinstance(tx.connection, SqliteConnection)
        tx.connection.exec_trace = note

    own_ledger.bulk(trace)
    posted_record(own_ledger)

    begun = [statement for statement, _ in said if statement.startswith("BEGIN")]
    changes = [s for s, _ in said if s.startswith(("INSERT", "UPDATE", "DELETE"))]
    assert set(begun) == {"BEGIN IMMEDIATE"}
    assert len({thread for _, thread in said}) == 1
    assert any("journal_entries" in each for each in changes)


def test_whoever_else_may_write_waits_for_the_writer(own_ledger: RunningLedger) -> None:
    """CONC-6: while a batch is decided nobody else can begin to write."""
    other = connect(own_ledger.path)
    other.set_busy_timeout(0)

    def tries(_: Tx) -> str:
        try:
            other.execute("BEGIN IMMEDIATE")
        except apsw.BusyError:
            return "busy"
        return "begun"

    assert own_ledger.write(tries) == "busy"
    other.close()


def test_a_token_is_nowhere_in_the_database(own_ledger: RunningLedger) -> None:
    """AUTH-1: stored as SHA-256 alone; who reads the file cannot sign in with it."""
    session = own_ledger.sign_in("teller").session
    held = b"".join(each.read_bytes() for each in own_ledger.path.parent.iterdir() if each.is_file())
    for name in ("access_token", "refresh_token"):
        token = session[name]
        assert len(token) >= 43, "256 bits"
        assert token.encode() not in held
        assert hashlib.sha256(token.encode()).hexdigest().encode() in held


@pytest.mark.parametrize(
    ("password", "fits"),
    [
        ("x9 kLm2 qRs7 wz", True),
        ("x9 kLm2 qRs7 w", False),
        ("abcd" * 32, True),
        ("abcd" * 32 + "e", False),
        ("passwordpassword", False),
        ("PasswordPassword", False),
        ("abcabcabcabcabcabc", False),
        ("wanjiru.kamau.001123", False),
        ("ŋ ɓ ƙ 夏 😀 five words and more", True),
    ],
)
def test_a_new_password_is_long_and_not_the_first_one_guessed(password: str, fits: bool) -> None:
    """AUTH-2: 15 to 128 of any characters; not a common one, not the user's name, not one sign repeated."""
    try:
        verify_new(password, "wanjiru.kamau.001")
    except PasswordUnfit:
        assert not fits
    else:
        assert fits


def test_passwords_are_hashed_at_their_full_cost() -> None:
    """AUTH-2: argon2id with 46 MiB, two passes, one lane."""
    found = extract_parameters(Passwords().hash("seven quiet herons"))
    assert (found.type, found.memory_cost, found.time_cost, found.parallelism) == (Type.ID, 47_104, 2, 1)


def test_the_ledger_has_nothing_to_call_an_address_with() -> None:
    """HOOK-3: no provider is asked yet, so no client for HTTP or mail is even loaded.

    The figures' library loads `urllib.request` for a gateway that nobody sets up; no module of ours names it.
    """
    script = (
        "import sys, branchtui.ledger.serve, branchtui.ledger.commands\n"
        "names = {'httpx', 'httpcore', 'requests', 'urllib3', 'aiohttp', 'smtplib', 'ftplib'}\n"
        "print(sorted(names & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
    own = Path(branchtui.ledger.__file__).parent.rglob("*.py")
    assert not [path.name for path in own if "urllib.request" in path.read_text()]
