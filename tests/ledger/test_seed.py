"""Made-up people and money: rules wrote them, so the ledger stays whole (`branchtui ledger seed`)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.ledger.running import RunningLedger, copy_template

from branchtui.format.folding import fold
from branchtui.ledger.check import violations
from branchtui.ledger.names import is_family_first
from branchtui.ledger.seed import seed
from branchtui.ledger.seeds.people_names import PEOPLE
from branchtui.ledger.store.sqlite import connect
from branchtui.ledger.store.sqlite_store import database_path
from branchtui.ledger.texts import is_unsafe


@pytest.fixture
def database(ledger_template: Path, tmp_path: Path) -> str:
    return copy_template(ledger_template, tmp_path)


def ask(database: str, statement: str) -> list[tuple[Any, ...]]:
    connection = connect(database_path(database), read_only=True)
    try:
        return [tuple(row) for row in connection.execute(statement)]
    finally:
        connection.close()


def broken(database: str) -> list[str]:
    connection = connect(database_path(database), read_only=True)
    try:
        return list(violations(connection))
    finally:
        connection.close()


def test_a_seed_adds_exactly_what_was_asked_and_breaks_nothing(database: str) -> None:
    """INV-1 to 6, 8 and 9 hold after two seeds into two branches; counts are exact; no users are made."""
    users = ask(database, "SELECT COUNT(*) FROM users")
    seed(database, branch_code="NKU", customers=300, payments=200, balance_records=40, unmatched=30)
    seed(database, branch_code="KSM", customers=250, payments=60, balance_records=10)
    assert ask(database, "SELECT COUNT(*) FROM customers") == [(550,)]
    assert ask(database, "SELECT COUNT(*) FROM balance_records") == [(50,)]
    assert dict(ask(database, "SELECT state, COUNT(*) FROM payments GROUP BY 1")) == {
        "associated": 227,
        "unassociated": 33,
    }
    assert ask(database, "SELECT COUNT(*) FROM users") == users
    assert broken(database) == []


def test_every_balance_is_the_journals(database: str) -> None:
    """Savings, shares and loans were posted; wallets hold the payments that were associated."""
    seed(database, branch_code="NKU", customers=120, payments=80, unmatched=0)
    kinds = dict(ask(database, "SELECT kind, SUM(balance_minor) FROM accounts GROUP BY 1"))
    assert kinds["savings"] < 0
    assert kinds["shares"] < 0
    assert kinds["loan"] > 0
    ((paid,),) = ask(database, "SELECT SUM(amount_minor) FROM payments")
    assert kinds["wallet"] == -paid
    assert kinds["unallocated-receipts"] == 0
    assert kinds["provider-float"] == paid
    assert sum(kinds.values()) == 0


def test_what_waits_says_why_in_different_words(database: str) -> None:
    """Unknown references, masks, shared phones, strangers: each payment that waits has a reason."""
    seed(database, branch_code="NKU", customers=500, payments=200, unmatched=100)
    reasons = [
        why for (why,) in ask(database, "SELECT waits_because FROM payments WHERE state = 'unassociated'")
    ]
    for part in ("looks like one of our numbers", "is masked", "More than one customer", "nobody has"):
        assert any(part in reason for reason in reasons), part


def test_a_second_seed_goes_on_where_the_first_ended(database: str) -> None:
    """The same chance again: other numbers, other phones, other codes."""
    for _ in range(2):
        seed(database, branch_code="NKU", customers=150, payments=40, balance_records=5, rng_seed=9)
    assert ask(database, "SELECT COUNT(DISTINCT customer_no), COUNT(DISTINCT account_no) FROM customers") == [
        (300, 300)
    ]
    assert ask(database, "SELECT COUNT(DISTINCT code) FROM payments") == [(80,)]
    names = ask(database, "SELECT name, COUNT(*) FROM customers GROUP BY 1 HAVING COUNT(*) % 2 = 1")
    assert names == [], "the same seed gives the same people"
    assert broken(database) == []


def test_numbers_that_an_older_system_gave_are_not_given_again(own_ledger: RunningLedger) -> None:
    """A made number never names two customers, not even one by customer and one by account number."""
    teller = own_ledger.sign_in("teller")
    body = {"branch_id": own_ledger.branch("NKU").id, "first_name": "Old", "last_name": "System"}
    body |= {"customer_no": "100002", "account_no": "000003"}
    assert teller.post("/v1/customers", body).status_code == 201
    made = []
    for name in ("A", "B", "C", "D"):
        answer = teller.post(
            "/v1/customers", body | {"last_name": name, "customer_no": None, "account_no": None}
        )
        made.append((answer.json()["customer_no"], answer.json()["account_no"]))
    assert [customer_no for customer_no, _ in made] == ["000001", "000002", "000004", "000005"]
    assert [account_no for _, account_no in made] == ["100001", "100003", "100004", "100005"]


@pytest.mark.parametrize("rng_seed", range(4))
@pytest.mark.parametrize("customers", [1, 2])
def test_a_seed_of_hardly_anybody_is_one(database: str, customers: int, rng_seed: int) -> None:
    """Counts are exact however small; who has a wallet alone has no record that was posted."""
    seed(
        database,
        branch_code="NKU",
        customers=customers,
        payments=3,
        balance_records=5,
        unmatched=0,
        rng_seed=rng_seed,
    )
    counted = "SELECT (SELECT COUNT(*) FROM customers), (SELECT COUNT(*) FROM payments)"
    assert ask(database, counted) == [(customers, 3)]
    assert broken(database) == []


@pytest.mark.parametrize(
    "counts",
    [
        {"customers": -1, "payments": 0},
        {"customers": 0, "payments": 5},
        {"customers": 5, "payments": 5, "unmatched": 6},
    ],
)
def test_a_seed_that_cannot_be_is_refused_before_anything_is_written(
    database: str, counts: dict[str, Any]
) -> None:
    """The refusal is a sentence; the ledger stays as it was."""
    with pytest.raises(ValueError, match=r"[Cc]ount|need customers"):
        seed(database, branch_code="NKU", **counts)
    with pytest.raises(ValueError, match="There is no branch XYZ"):
        seed(database, branch_code="XYZ", customers=1, payments=0)
    assert ask(database, "SELECT COUNT(*) FROM customers") == [(0,)]


def test_the_names_come_from_many_scripts_and_none_is_one_of_the_demonstrations() -> None:
    """Nobody of a seed is called Wanjiku, Achieng or Ngũgĩ, and every name may be stored (VAL-3)."""
    given = [name for _, (first, last) in PEOPLE for name in first + last]
    assert len(PEOPLE) >= 12
    assert any(is_family_first(name) for name in given)
    for name in given:
        assert not is_unsafe(name)
        assert not any(own in fold(name) for own in ("wanjiku", "achieng", "ngugi")), name
