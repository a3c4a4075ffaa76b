"""`branchtui import` over a real ledger: findings on standard error, the result on standard output, exit codes."""

from __future__ import annotations

import asyncio
import io
import json
from pathlib import Path
from types import SimpleNamespace

import pytest
from tests.ledger.conftest import engine, ledger_template, new_ledger, own_ledger
from tests.ledger.running import PASSWORD, RunningLedger
from tests.ledger.till import Till, open_till
from tests.screens.bad_line import bad_line

from branchtui import bulk
from branchtui.cli import main

__all__ = ["engine", "ledger_template", "new_ledger", "own_ledger"]

HEADER = "customer_no,account_kind,amount,currency,as_of_date,narration,external_ref"


@pytest.fixture
def till(own_ledger: RunningLedger) -> Till:
    return open_till(own_ledger)


@pytest.fixture(autouse=True)
def at_home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """State below the test's folder, the password piped in; what the program takes away it takes from no test."""
    monkeypatch.setattr("branchtui.privacy.keep_private", lambda: None)
    monkeypatch.setenv("BRANCHTUI_STATE_FOLDER", str(tmp_path / "state"))
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{PASSWORD}\n"))


def csv(folder: Path, *rows: str) -> str:
    path = folder / "records.csv"
    path.write_text("\n".join([HEADER, *rows]) + "\n")
    return str(path)


def test_a_good_file_goes_in_and_the_result_is_one_json_object(
    till: Till, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit 0; what a script reads is on standard output alone."""
    file = csv(tmp_path, "000101,savings,5.00,KES,2026-09-30,,B-1", "000102,shares,7.00,KES,2026-09-30,,B-2")

    code = main(
        ["import", "balance-records", file, "--ledger", till.ledger.url, "--user", "teller", "--json"]
    )

    said = capsys.readouterr()
    assert (code, said.err) == (0, "")
    result = json.loads(said.out)
    assert (result["state"], result["imported"], result["total_minor"]) == ("done", 2, 1200)
    till.ledger.check()


def test_wrong_rows_are_told_one_a_line_and_nothing_goes_in(
    till: Till, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """All or nothing by default: exit 1, each row with its column, message and cell; `valid_rows` takes the rest."""
    file = csv(tmp_path, "000101,savings,5.001,KES,2026-09-30,,B-1", "000102,shares,7.00,KES,2026-09-30,,B-2")
    arguments = ["import", "balance-records", file, "--ledger", till.ledger.url, "--user", "teller"]

    code = main(arguments)

    said = capsys.readouterr()
    assert code == 1
    assert said.out.startswith("Nothing was imported. 1 row is wrong")
    assert said.err.startswith("error: row 2, amount: ")
    assert "[5.001]" in said.err
    assert till.ledger.query("SELECT count(*) FROM balance_records") == [(0,)]


def test_the_valid_rows_alone_when_that_is_asked_for(
    till: Till, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """`--mode valid_rows`: exit 0, and what stayed out is said."""
    file = csv(tmp_path, "000101,savings,5.001,KES,2026-09-30,,B-1", "000102,shares,7.00,KES,2026-09-30,,B-2")
    arguments = ["import", "balance-records", file, "--ledger", till.ledger.url, "--user", "teller"]

    code = main([*arguments, "--mode", "valid_rows"])

    assert code == 0
    assert capsys.readouterr().out == "1 of 2 rows imported, 7.00 KES; 1 left out.\n"


@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    [
        (["balance-records", "missing.csv", "--user", "teller"], 1, "cannot be read"),
        (["balance-cards", "missing.csv", "--user", "teller"], 2, "is no kind of import"),
        (["balance-records", "missing.csv", "--user", "nobody"], 1, "wrong"),
    ],
)
def test_what_cannot_be_done_is_a_plain_sentence(
    till: Till,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    code: int,
    sentence: str,
) -> None:
    """Never a traceback; nothing on standard output."""
    kind, file, *rest = arguments

    assert main(["import", kind, str(tmp_path / file), "--ledger", till.ledger.url, *rest]) == code

    said = capsys.readouterr()
    assert said.out == ""
    assert sentence in said.err


def test_a_file_is_imported_for_another_office(
    till: Till, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """`--branch NKU` by somebody above it: contract, section 8, `branch_id`."""
    file = tmp_path / "members.csv"
    file.write_text("first_name,last_name,external_id\nNafula,Wekesa,EX-1\n")
    arguments = ["--ledger", till.ledger.url, "--user", "hq-supervisor", "--branch", "nku"]

    assert main(["import", "customers-person", str(file), *arguments]) == 0

    assert capsys.readouterr().out == "1 of 1 row imported.\n"
    found = till.ledger.query(
        "SELECT branches.code FROM customers JOIN branches ON branches.id = customers.branch_id "
        "WHERE external_id = 'EX-1'"
    )
    assert found == [("NKU",)]


def test_an_office_that_is_not_there_is_wrong_usage(
    till: Till, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nothing is sent: exit 2, and what to do."""
    file = csv(tmp_path, "000101,savings,5.00,KES,2026-09-30,,B-1")
    arguments = ["--ledger", till.ledger.url, "--user", "teller", "--branch", "NOWHERE"]

    assert main(["import", "balance-records", file, *arguments]) == 2

    said = capsys.readouterr()
    assert said.out == ""
    assert said.err == "There is no office NOWHERE that you may see. Leave --branch out for your own.\n"
    assert till.ledger.query("SELECT count(*) FROM imports") == [(0,)]


async def test_an_answer_that_was_lost_is_settled_by_its_key(
    till: Till, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Promise 3: the file is taken in once, and the script learns it."""
    file = csv(tmp_path, "000101,savings,5.00,KES,2026-09-30,,B-1")
    async with bad_line(till.ledger.url) as line:
        # The change itself and both of its repetitions: then it is unknown, and only its key tells.
        line.answers_lost_of["/v1/imports"] = 3
        quick = SimpleNamespace(open=lambda *_: line.client(tmp_path / "state"))
        monkeypatch.setattr(bulk, "Ledger", quick)
        arguments = ["import", "balance-records", file, "--ledger", line.url, "--user", "teller"]
        code = await asyncio.to_thread(main, arguments)

    said = capsys.readouterr()
    assert (code, said.out) == (0, "1 of 1 row imported, 5.00 KES.\n")
    assert said.err.startswith("Not confirmed: Import balance-records.")
    assert till.ledger.query("SELECT count(*) FROM balance_records") == [(1,)]


def test_what_the_rows_leave_open_is_said_by_an_option(
    till: Till, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Contract, section 8: a day and month that all rows leave open are asked, never guessed; so is a decimal sign."""
    file = csv(tmp_path, '000101,savings,"5,00",KES,03/09/2026,,B-1')
    arguments = ["import", "balance-records", file, "--ledger", till.ledger.url, "--user", "teller", "--json"]

    assert main([*arguments, "--date-order", "day_first", "--decimal", "comma"]) == 0

    assert json.loads(capsys.readouterr().out)["total_minor"] == 500
    found = till.ledger.query("SELECT as_of_date, amount_minor FROM balance_records")
    assert found == [("2026-09-03", 500)]


@pytest.mark.parametrize("arguments", [[], ["demo"]], ids=["terminal", "demo"])
def test_settings_that_cannot_be_used_end_in_a_sentence(
    arguments: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Product, command line: exit code 1 with the reason on standard error, before anything is set up."""
    monkeypatch.setenv("BRANCHTUI_SLOW_LINE", "perhaps")

    assert main(arguments) == 1

    said = capsys.readouterr()
    assert (said.out, said.err) == ("", "slow_line is perhaps; it can be true or false.\n")
