"""What a file says as a whole: statements that stand in it twice, one that is missing, a day that has not come."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.ledger.files import findings
from tests.ledger.running import Api, RunningLedger
from tests.ledger.statements import ACCOUNT, credit, import_statement, mt940, own_accounts
from tests.ledger.till import Till, open_till

pytestmark = pytest.mark.both_stores


@pytest.fixture
def own_till(new_ledger: Callable[[Path], str], tmp_path: Path) -> Iterator[Till]:
    """A till of one's own; its invariants are checked when the test ends."""
    with RunningLedger(new_ledger(tmp_path)) as ledger:
        own_accounts(ledger, ACCOUNT)
        yield open_till(ledger)
        ledger.check()


def codes(api: Api, import_: dict[str, Any]) -> list[tuple[int, str, str | None]]:
    """Row, level and code of everything that was found beside what is said of good rows."""
    told = findings(api, import_)
    return [(each["row_no"], each["level"], each["code"]) for each in told if each["level"] != "ok"]


def day(entry: str, *, opening: int, number: int, on: str) -> str:
    """The statement of one day whose one entry brings 100.00."""
    return mt940(
        entry,
        number=str(number),
        opening=f"C2611{int(on[-2:]) - 1:02d}KES{opening},00",
        closing=f"C{on}KES{opening + 100},00",
    )


def days(*numbers: int) -> str:
    """Statements of these days of November: the first begins at 1,000.00, each where the day before ended."""
    return "".join(
        day(
            credit(f"FT2611{number:02d}0001", "100,00", day=f"2611{number:02d}"),
            opening=1_000 + 100 * (number - 2),
            number=number,
            on=f"2611{number:02d}",
        )
        for number in numbers
    )


@pytest.mark.parametrize("has_number", [True, False])
def test_a_statement_that_stands_twice_is_refused_with_and_without_a_number(
    own_till: Till, *, has_number: bool
) -> None:
    """INV-6: the second would be a second booking of each reference; its balances are those of the first."""
    api = own_till.api("supervisor")
    data = days(2)
    if not has_number:
        data = data.replace(":28C:2/1\n", "")
    import_ = import_statement(api, data + data, mode="valid_rows")
    assert (import_["state"], import_["imported"]) == ("refused", 0)
    assert (1, "error", "statement-twice") in codes(api, import_)


def test_a_day_that_is_missing_between_two_statements_is_told_of(own_till: Till) -> None:
    """Each agrees with its own balances; that one does not begin where the one before ended shows the gap."""
    api = own_till.api("supervisor")
    import_ = import_statement(api, days(2, 3, 5))
    assert (import_["state"], import_["imported"]) == ("done", 3)
    (told,) = (each for each in findings(api, import_) if each["code"] == "statement-missing")
    assert told["message"] == (
        f"Account {ACCOUNT}, 5/1: it begins at 1,300.00 KES, and the statement before it ended at 1,200.00: "
        "one between them may be missing."
    )


@pytest.mark.parametrize("numbers", [(2, 3, 4), (4, 3, 2)])
def test_statements_that_follow_each_other_are_not_remarked_on_in_either_order(
    own_till: Till, numbers: tuple[int, ...]
) -> None:
    """Some banks write the newest first."""
    api = own_till.api("supervisor")
    import_ = import_statement(api, days(*numbers))
    assert (import_["state"], import_["imported"]) == ("done", 3)
    assert codes(api, import_) == []


def test_an_entry_of_a_day_that_has_not_come_for_a_year_is_wrong(own_till: Till) -> None:
    """It would stand above all others for ever; one that is ahead by what clocks and value dates differ goes in."""
    api = own_till.api("supervisor")
    today = own_till.ledger.today()
    near, far = (f"{today + timedelta(days=ahead):%y%m%d}" for ahead in (40, 400))
    data = mt940(
        credit("FT2611030001", "100,00", day=near),
        credit("FT2611030002", "100,00", day=far),
        closing="C261103KES1200,00",
    ).replace(f":61:{far}1103", f":61:{far}")
    import_ = import_statement(api, data, mode="valid_rows")
    assert (import_["state"], import_["imported"], import_["rows_error"]) == ("done", 1, 1)
    assert codes(api, import_) == [(3, "error", "date")]
    (payment,) = api.get("/v1/payments", state="all").json()["items"]
    assert payment["code"] == "FT2611030001"
