"""Looking after a real ledger from the command line (product, The command line); each command a process of its own."""

from __future__ import annotations

import os
import re
import shutil
import stat
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import apsw
import httpx
import pytest
from tests.ledger.running import PASSWORD, RunningLedger, copy_template

from branchtui.ledger.check import violations
from branchtui.ledger.store.sqlite import connect
from branchtui.ledger.store.sqlite_store import FileLock, database_path

pytestmark = pytest.mark.faults

NEW_PASSWORD = "three patient camels"


@pytest.fixture
def database(ledger_template: Path, tmp_path: Path) -> str:
    return copy_template(ledger_template, tmp_path)


def ledger(*arguments: str, typed: str = "") -> subprocess.CompletedProcess[str]:
    """`branchtui ledger ...` as a person runs it."""
    return subprocess.run(
        [sys.executable, "-m", "branchtui", "ledger", *arguments],
        input=typed,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def done(*arguments: str, typed: str = "") -> str:
    """What a command that succeeds prints."""
    ended = ledger(*arguments, typed=typed)
    assert (ended.returncode, ended.stderr) == (0, "")
    return ended.stdout


def refused(*arguments: str, typed: str = "") -> str:
    """The one sentence of a command that is refused."""
    ended = ledger(*arguments, typed=typed)
    assert (ended.returncode, ended.stdout) == (1, "")
    assert ended.stderr.count("\n") == 1, ended.stderr
    return ended.stderr.strip()


def ask(database: str, statement: str, *bound: Any) -> list[tuple[Any, ...]]:
    connection = connect(database_path(database), read_only=True)
    try:
        return [tuple(row) for row in connection.execute(statement, bound)]
    finally:
        connection.close()


def whole(database: str) -> bool:
    connection = connect(database_path(database), read_only=True)
    try:
        return not list(violations(connection))
    finally:
        connection.close()


def test_a_branch_a_short_code_and_a_secret_make_a_callback_address(database: str) -> None:
    """Contract, section 5: what docs/payments.md sets up takes a payment into the branch that owns the short code."""
    at = ("--database", database)
    done("branch", "add", *at, "--code", "NYE", "--name", "Nyeri", "--parent", "HQ")
    done("payee", "add", *at, "--provider", "mpesa", "--number", "600100", "--branch", "NYE")
    token = done("callback-token", *at, "--provider", "mpesa").strip()
    assert re.fullmatch(r"[A-Za-z0-9_-]{32}", token)
    assert ask(database, "SELECT 1 FROM callback_tokens WHERE token_hash = ?", token) == []
    body = {
        "TransactionType": "Pay Bill",
        "TransID": "TKD0000001",
        "TransTime": "20261121101500",
        "TransAmount": "150.00",
        "BusinessShortCode": "600100",
        "BillRefNumber": "rent",
        "MSISDN": "254711222333",
        "FirstName": "AMANI",
    }
    with RunningLedger(database) as served:
        answer = served.client.post(f"/v1/callbacks/mpesa/{token}/confirmation", json=body)
        assert answer.json()["ResultCode"] == 0
        found = served.query(
            "SELECT branches.code FROM payments JOIN branches ON branches.id = payments.branch_id"
        )
        assert found == [("NYE",)]
        assert served.branch("NYE").timezone == "Africa/Nairobi"
    assert whole(database)
    actions = {action for (action,) in ask(database, "SELECT action FROM audit")}
    assert {"branch.create", "payee.create", "callback-token.create"} <= actions


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (
            ("branch", "add", "--code", "KSM", "--name", "K", "--parent", "HQ"),
            "There is a branch KSM already.",
        ),
        (("branch", "add", "--code", "NYE", "--name", "N", "--parent", "NO"), "There is no branch NO."),
        (("branch", "add", "--code", "N E", "--name", "N", "--parent", "HQ"), "N E is no code of a branch"),
        (
            ("branch", "add", "--code", "NYE", "--name", "N", "--parent", "HQ", "--timezone", "Mars/One"),
            "There is no time zone Mars/One",
        ),
        (
            ("payee", "add", "--provider", "mpesa", "--number", "1", "--branch", "NO"),
            "There is no branch NO.",
        ),
        (("payee", "add", "--provider", "mpesa", "--number", "6 1", "--branch", "HQ"), "6 1 is no number"),
        (("user", "unlock", "--username", "nobody"), "There is no user nobody."),
        (("user", "disable", "--username", "nobody"), "There is no user nobody."),
    ],
)
def test_what_cannot_be_is_refused_in_one_sentence(
    database: str, arguments: tuple[str, ...], sentence: str
) -> None:
    """Exit code 1, the reason on standard error, nothing changed."""
    before = ask(database, "SELECT COUNT(*) FROM audit")
    assert refused(*arguments, "--database", database).startswith(sentence)
    assert ask(database, "SELECT COUNT(*) FROM audit") == before


def test_a_short_code_belongs_to_one_branch(database: str) -> None:
    """Two branches on one short code would make it a guess whose a payment is."""
    arguments = ("payee", "add", "--database", database, "--provider", "mpesa", "--number", "600100")
    done(*arguments, "--branch", "NKU")
    assert refused(*arguments, "--branch", "KSM") == "600100 of mpesa belongs to branch NKU already."


def test_a_new_secret_may_end_those_before_it(database: str) -> None:
    """HOOK-1: the old address goes on until its provider was told, unless it leaked."""
    arguments = ("callback-token", "--database", database, "--provider", "mpesa")
    first, second = done(*arguments), done(*arguments)
    assert first != second
    assert ask(database, "SELECT COUNT(*) FROM callback_tokens WHERE ended_at IS NULL") == [(2,)]
    done(*arguments, "--end-others")
    assert ask(database, "SELECT COUNT(*) FROM callback_tokens WHERE ended_at IS NULL") == [(1,)]


def test_a_new_password_unlocks_and_ends_every_session(database: str) -> None:
    """AUTH-2, AUTH-3: the old one is refused, the new one taken, and who was signed in is no longer."""
    with RunningLedger(database) as served:
        teller = served.sign_in("teller")
        assert teller.get("/v1/me").status_code == 200
        token = teller.token
    arguments = ("user", "password", "--database", database, "--username", "teller", "--password-stdin")
    assert refused(*arguments, typed="short\n").startswith("The password has 5 characters")
    done(*arguments, typed=f"{NEW_PASSWORD}\n")
    ((hashed, version),) = ask(database, "SELECT password_hash, version FROM users WHERE username = 'teller'")
    assert NEW_PASSWORD not in hashed
    assert version == 2
    with RunningLedger(database) as served:
        assert served.client.get("/v1/me", headers={"authorization": f"Bearer {token}"}).status_code == 401
        assert enter(served, PASSWORD).status_code == 401
        assert enter(served, NEW_PASSWORD).status_code == 201
    assert whole(database)


def enter(served: RunningLedger, password: str, username: str = "teller") -> httpx.Response:
    body = {"username": username, "password": password}
    return served.anonymous().post("/v1/sessions", body, key="")


def test_a_locked_user_is_let_in_again_and_a_disabled_one_is_not(database: str) -> None:
    """AUTH-3: an unlocked user signs in at once. A disabled one is out, whatever the password."""
    connection = connect(database_path(database))
    in_a_while = (int(time.time()) + 20 * 60) * 1_000_000
    connection.execute(
        "UPDATE users SET failed_tries = 10, locked_until = ? WHERE username = 'teller'", (in_a_while,)
    )
    connection.close()
    with RunningLedger(database) as served:
        assert enter(served, PASSWORD).status_code != 201
    done("user", "unlock", "--database", database, "--username", "Teller")
    with RunningLedger(database) as served:
        assert enter(served, PASSWORD).status_code == 201
    done("user", "disable", "--database", database, "--username", "teller")
    with RunningLedger(database) as served:
        assert enter(served, PASSWORD).status_code == 401
    assert ask(database, "SELECT COUNT(*) FROM sessions WHERE ended_at IS NULL") == [(0,)]


def test_the_last_administrator_stays(database: str) -> None:
    """A ledger that nobody may look after is no ledger."""
    done("user", "disable", "--database", database, "--username", "root")
    sentence = refused("user", "disable", "--database", database, "--username", "administrator")
    assert sentence.startswith("administrator is the only administrator")


def test_a_command_that_writes_refuses_while_the_ledger_is_served(database: str) -> None:
    """DUR-1: one process owns the file."""
    lock = FileLock(database_path(database))
    try:
        sentence = refused("user", "unlock", "--database", database, "--username", "teller")
    finally:
        lock.release()
    assert "is in use by another ledger process" in sentence


def test_a_backup_of_a_served_ledger_is_restored_as_a_new_epoch(database: str, tmp_path: Path) -> None:
    """DUR-5, T-31: the restore drill. What was recorded is there, clients learn of the new epoch, all sign in again."""
    copy, second = tmp_path / "night.db", f"sqlite:///{tmp_path / 'second' / 'ledger.db'}"
    with RunningLedger(database) as served:
        teller = served.sign_in("teller")
        served.add_member("NKU", first_name="Rehema", last_name="Baraka")
        epoch = teller.session["ledger"]["epoch"]
        done("backup", "--database", database, "--to", str(copy))
        assert refused("backup", "--database", database, "--to", str(copy)).endswith(
            "exists. Nothing was changed."
        )
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    assert [each.name for each in tmp_path.iterdir() if "part" in each.name] == []

    (tmp_path / "second").mkdir()
    done_with = done("restore", "--database", second, "--from", str(copy))
    assert "new epoch" in done_with
    assert refused("restore", "--database", second, "--from", str(copy)).endswith(
        "exists. Nothing was changed."
    )
    assert done("check", "--database", second) == ""
    with RunningLedger(second) as served:
        old = {"authorization": f"Bearer {teller.token}"}
        assert served.client.get("/v1/me", headers=old).status_code == 401
        again = served.sign_in("teller")
        assert again.session["ledger"]["epoch"] != epoch
        assert again.session["ledger"]["ledger_id"] == teller.session["ledger"]["ledger_id"]
        assert len(again.get("/v1/customers", q="rehema").json()["items"]) == 1
        served.check()
    assert ask(second, "SELECT COUNT(*) FROM audit WHERE action = 'ledger.restore'") == [(3,)]


def test_a_ledger_that_does_not_add_up_has_no_backup(database: str, tmp_path: Path) -> None:
    """DUR-5: a copy has its name only once every invariant holds in it."""
    connection = connect(database_path(database))
    connection.execute("UPDATE chain_heads SET seq = seq + 1")
    connection.close()
    sentence = refused("backup", "--database", database, "--to", str(tmp_path / "night.db"))
    assert "does not add up: INV-8" in sentence
    assert [each.name for each in tmp_path.iterdir() if each.name.startswith("night")] == []


def test_nothing_is_restored_from_what_is_no_ledger_or_over_one_that_is_served(
    database: str, tmp_path: Path
) -> None:
    """Neither a text file, nor another database, nor a copy cut short; and never into a file in use."""
    into = f"sqlite:///{tmp_path / 'new.db'}"
    text, other, short = (tmp_path / name for name in ("notes.txt", "other.db", "short.db"))
    text.write_text("not a database\n" * 400)
    connection = apsw.Connection(str(other))
    connection.execute("CREATE TABLE t (x)")
    connection.close()
    done("backup", "--database", database, "--to", str(short))
    os.truncate(short, short.stat().st_size // 2)
    for source in (text, other, short, tmp_path / "missing.db"):
        refused("restore", "--database", into, "--from", str(source))
    assert not (tmp_path / "new.db").exists()
    good = tmp_path / "good.db"
    done("backup", "--database", database, "--to", str(good))
    lock = FileLock(tmp_path / "new.db")
    try:
        assert "in use" in refused("restore", "--database", into, "--from", str(good))
    finally:
        lock.release()
    shutil.copyfile(good, tmp_path / "new.db-wal")
    assert refused("restore", "--database", into, "--from", str(good)).endswith(
        "exists. Nothing was changed."
    )


def test_passwords_are_not_arguments() -> None:
    """AUTH-8: what stands on a command line is seen by everybody on the machine."""
    ended = ledger("user", "password", "--database", "sqlite:///x", "--username", "t", "--password", "x")
    assert ended.returncode == 2


def test_an_operator_forgets_the_codes_of_a_lost_device(database: str) -> None:
    """AUTH-4: the only administrator may be who lost it, so there is a way without signing in; the chain says so."""
    connection = connect(database_path(database))
    connection.execute(
        "INSERT INTO second_factors SELECT id, 1, ?, 5, 7, '[\"hash\"]' FROM users WHERE username = 'root'",
        (b"sixteen bytes ...",),
    )
    connection.close()
    done("user", "forget-codes", "--database", database, "--username", "root")
    assert ask(database, "SELECT wanted, seed, confirmed_at, recovery FROM second_factors") == [
        (1, None, None, "[]")
    ]
    assert ask(database, "SELECT count(*) FROM audit WHERE action = 'user.forget-codes'") == [(1,)]
