"""What the ledger's commands say to wrong arguments and to databases that are not theirs: one sentence, never a traceback."""

from __future__ import annotations

import argparse
import io
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import apsw
import pytest
from tests.ledger.own_logging import logging_lent
from tests.ledger.running import PASSWORD, RunningLedger, copy_template

from branchtui.cli import main
from branchtui.ledger.commands import telling

LATER = "UPDATE alembic_version SET version_num = 'zebra_r9999'"
EARLIER = "UPDATE alembic_version SET version_num = 'sets_r0013'"
PLACE = ("--currency", "KES", "--timezone", "Africa/Nairobi")


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    """The commands run in this very process, and set its logging up as for one of their own."""
    with logging_lent():
        yield


@pytest.fixture
def database(ledger_template: Path, tmp_path: Path) -> str:
    return copy_template(ledger_template, tmp_path)


class Person:
    """Somebody who types a command and reads what it says."""

    def __init__(self, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
        self._capsys = capsys
        self._monkeypatch = monkeypatch

    def run(self, *arguments: str) -> tuple[int, str, str]:
        """Exit code, standard output and error of `branchtui ledger ...`; the password comes from a pipe."""
        self._monkeypatch.setattr("sys.stdin", io.StringIO(f"{PASSWORD}\n"))
        code = main(["ledger", *arguments])
        said = self._capsys.readouterr()
        return code, said.out, said.err

    def done(self, *arguments: str) -> None:
        """Run what succeeds."""
        code, _, error = self.run(*arguments)
        assert (code, error) == (0, "")

    def refused(self, *arguments: str) -> str:
        """The one sentence of what is refused."""
        code, out, error = self.run(*arguments)
        assert (code, out, error.count("\n")) == (1, "", 1), error
        return error.strip()

    def init(self, database: str, **given: str) -> tuple[str, ...]:
        """The arguments that make a ledger, with some of them changed."""
        names = {"institution": "Umoja Sacco", "branch": "HQ", "admin": "root"} | given
        written = (f"--{name.replace('_', '-')}={value}" for name, value in names.items())
        return ("init", "--database", database, *written, *PLACE, "--password-stdin")


@pytest.fixture
def person(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Person:
    return Person(capsys, monkeypatch)


def harm(database: str, *statements: str) -> None:
    """Change the file behind the ledger's back."""
    connection = apsw.Connection(database.removeprefix("sqlite:///"))
    for statement in statements:
        connection.execute(statement)
    connection.close()


def tables(path: Path) -> list[str]:
    connection = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READONLY)
    try:
        return [str(name) for (name,) in connection.execute("SELECT name FROM sqlite_master ORDER BY name")]
    finally:
        connection.close()


@pytest.mark.parametrize(
    "command", ["serve", "migrate", "check", "new-epoch", "backup", "init", "user unlock"]
)
def test_a_ledger_of_a_later_version_is_left_alone(
    person: Person, database: str, tmp_path: Path, command: str
) -> None:
    """DUR-5: whoever goes back to an older program is told so, and nothing is changed."""
    harm(database, LATER)
    more = {
        "serve": ("--port", "0"),
        "backup": ("--to", str(tmp_path / "copy.db")),
        "user unlock": ("--username", "teller"),
    }
    arguments = (
        person.init(database)
        if command == "init"
        else (*command.split(), "--database", database, *more.get(command, ()))
    )
    assert "A later version of branchtui has had this ledger" in person.refused(*arguments)
    assert not (tmp_path / "copy.db").exists()


@pytest.mark.parametrize("command", ["serve", "migrate", "check", "new-epoch"])
def test_an_empty_file_is_no_ledger_and_stays_empty(person: Person, tmp_path: Path, command: str) -> None:
    """Product, command line: only `init` makes a ledger; what looks for one leaves no tables behind."""
    path = tmp_path / "empty.db"
    path.touch()
    said = person.refused(command, "--database", f"sqlite:///{path}")
    assert said == "This database holds no ledger yet. Make one with: branchtui ledger init"
    assert tables(path) == []
    person.done(*person.init(f"sqlite:///{path}"))
    person.done("check", "--database", f"sqlite:///{path}")


def test_no_ledger_is_made_among_the_tables_of_something_else(person: Person, tmp_path: Path) -> None:
    """Product, command line: a wrong path does not put thirty tables into another program's database."""
    path = tmp_path / "other.db"
    harm(f"sqlite:///{path}", "CREATE TABLE recipes (name TEXT)")
    assert "holds something else already, such as the table recipes" in person.refused(
        *person.init(f"sqlite:///{path}")
    )
    assert tables(path) == ["recipes"]


def test_an_init_that_broke_off_is_made_again(person: Person, database: str) -> None:
    """Product, command line: tables without an institution are no ledger, and stand in nobody's way."""
    assert "holds a ledger already" in person.refused(*person.init(database))
    harm(database, "DELETE FROM institution", "DELETE FROM users", "DELETE FROM branches")
    person.done(*person.init(database))


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"institution": ""}, "'' is no name of an institution"),
        ({"institution": "Umoja\x1b[31m"}, r"'Umoja\x1b[31m' is no name of an institution"),
        ({"branch": "HQ;1"}, "'HQ;1' is no code of a branch"),
        ({"branch": "Büro"}, "'Büro' is no code of a branch"),
        ({"branch_name": "Head\u202eoffice"}, "is no name of a branch"),
        ({"admin": ""}, "'' is no name of a user"),
        ({"admin": "the boss"}, "'the boss' is no name of a user"),
    ],
)
def test_names_that_the_api_refuses_begin_no_ledger(
    person: Person, tmp_path: Path, given: dict[str, str], said: str
) -> None:
    """VAL-3: the rules of names are the same by every door, and nothing is left of what is refused."""
    assert said in person.refused(*person.init(f"sqlite:///{tmp_path}/new.db", **given))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (
            ("user", "add", "--role=teller", "--branch=HQ", "--username=a b", "--password-stdin"),
            "'a b' is no name",
        ),
        (
            ("user", "add", "--role=teller", "--branch=HQ", "--username=", "--password-stdin"),
            "'' is no name of a user",
        ),
        (
            ("branch", "add", "--code=NYE", "--name=x\x1b[31m", "--parent=HQ"),
            r"'x\x1b[31m' is no name of a branch",
        ),
        (
            ("branch", "add", "--code=NYE", "--name=N", "--parent=HQ", "--timezone=Africa"),
            "no time zone Africa",
        ),
        (("branch", "add", "--code=nku", "--name=N", "--parent=HQ"), "There is a branch NKU already"),
        (("serve", "--port=70000"), "70000 is no port"),
        (("serve", "--drain=nan"), "nan is no time to drain for"),
        (("serve", "--drain=-1"), "-1 is no time to drain for"),
        (("serve", "--proxy=nginx"), "nginx is no address of a proxy"),
        (("backup", "--to=/no/such/folder/copy.db"), "There is no folder /no/such/folder"),
    ],
)
def test_wrong_arguments_are_refused_in_one_sentence(
    person: Person, database: str, arguments: tuple[str, ...], said: str
) -> None:
    """Product, command line: exit code 1, and the reason on standard error."""
    words = [each for each in arguments if not each.startswith("-")]
    options = [each for each in arguments if each.startswith("-")]
    assert said in person.refused(*words, "--database", database, *options)


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (
            PermissionError(13, "Permission denied", "/srv/branch.db.lock"),
            "/srv/branch.db.lock: Permission denied.",
        ),
        (OSError(98, "Address already in use"), "Address already in use."),
        (FileExistsError("copy.db exists. Nothing was changed."), "copy.db exists. Nothing was changed."),
        (KeyboardInterrupt(), "\nStopped."),
    ],
)
def test_what_the_system_refuses_is_told_without_its_number(
    capsys: pytest.CaptureFixture[str], error: BaseException, said: str
) -> None:
    """Product, command line: a sentence for a person, whoever refused, also the one at the keyboard."""

    def fails(_: argparse.Namespace) -> int:
        raise error

    assert telling(fails)(argparse.Namespace()) == 1
    assert capsys.readouterr().err == f"{said}\n"


@pytest.mark.parametrize(
    "given",
    [
        b"\xff\xfe",
        b"[]",
        b'{"heads": {"b": 1}, "branches": {}}',
        b'{"heads": {"b": [1, "00", 3]}, "branches": {}, "ledger_id": "l", "epoch": "e"}',
        b'{"heads": {"b": ["many", "00"]}, "branches": {}, "ledger_id": "l", "epoch": "e"}',
    ],
)
def test_what_are_no_heads_is_said_to_be_none(
    person: Person, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, given: bytes
) -> None:
    """AUD-3: whatever came over the line from the other machine, nothing is signed."""
    key, heads, anchors = tmp_path / "anchor.key", tmp_path / "heads.json", tmp_path / "anchors.jsonl"
    person.done("anchor-key", "--private", str(key), "--public", str(tmp_path / "anchor.pem"))
    monkeypatch.setenv("BRANCHTUI_LEDGER_ANCHOR_KEY_FILE", str(key))
    heads.write_bytes(given)
    said = person.refused("anchor", "--heads", str(heads), "--to", str(anchors))
    assert said == "These are no heads, as branchtui ledger heads prints them."
    assert not anchors.exists() or anchors.read_bytes() == b""


def test_a_password_that_nobody_types_is_told(
    person: Person, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """AUTH-8: from a job without a terminal the prompt has nobody to ask."""

    def nobody(_: str) -> str:
        raise EOFError

    monkeypatch.setattr("getpass.getpass", nobody)
    said = person.refused("user", "password", "--database", database, "--username", "teller")
    assert said == "No password was typed; --password-stdin reads it from a pipe."


def test_half_a_pair_of_keys_is_never_made(person: Person, tmp_path: Path) -> None:
    """AUD-3: where one half cannot be written the other is not, and the same command works once there is a folder."""
    private, public = tmp_path / "anchor.key", tmp_path / "public" / "anchor.pem"
    asked = ("anchor-key", "--private", str(private), "--public", str(public))
    assert "There is no folder" in person.refused(*asked)
    assert not private.exists()
    public.parent.mkdir()
    person.done(*asked)


def test_a_copy_of_an_earlier_version_is_proved_and_restored(
    person: Person, database: str, tmp_path: Path
) -> None:
    """DUR-5: a copy that was taken before an upgrade is what one wants back after it."""
    harm(database, "DROP TABLE vouchers", "DROP TABLE plans", EARLIER.replace("sets_r0013", "credit_r0004"))
    said = person.refused("check", "--database", database)
    assert re.search(
        "are of an earlier version. Bring them to this one first: branchtui ledger migrate", said
    )
    copy, again = tmp_path / "copy.db", tmp_path / "again.db"
    person.done("backup", "--database", database, "--to", str(copy))
    assert "vouchers" not in tables(copy)
    person.done("restore", "--database", f"sqlite:///{again}", "--from", str(copy))
    person.done("check", "--database", f"sqlite:///{again}")
    with RunningLedger(f"sqlite:///{again}") as served:
        assert served.sign_in("teller").get("/v1/me").status_code == 200
    assert sorted(each.name for each in tmp_path.glob("*.part*")) == []


def test_a_copy_of_an_earlier_version_that_does_not_add_up_is_refused(
    person: Person, database: str, tmp_path: Path
) -> None:
    """DUR-5: what is brought to this version for the proof is held to the same invariants."""
    damaged = tmp_path / "damaged.db"
    shutil.copyfile(Path(database.removeprefix("sqlite:///")), damaged)
    harm(f"sqlite:///{damaged}", EARLIER, "UPDATE chain_heads SET seq = seq + 1")
    said = person.refused("backup", "--database", f"sqlite:///{damaged}", "--to", str(tmp_path / "copy.db"))
    assert "does not add up" in said
    assert sorted(each.name for each in tmp_path.glob("copy*")) == []


def test_a_table_that_is_gone_is_told_and_proves_nothing(person: Person, database: str) -> None:
    """INV-1..10: `check` never ends in a traceback, nor in silence, whatever was done to the file."""
    harm(database, "DROP TABLE payments")
    assert "cannot be read, so that nothing is proved" in person.refused("check", "--database", database)
