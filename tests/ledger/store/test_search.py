"""The text index knows the branch of each row: one mark, the same from Python and from the engine."""

from __future__ import annotations

from enum import StrEnum

import apsw
import pytest
from tests.ledger.running import RunningLedger

from branchtui.contract.customers import CustomerStatus
from branchtui.contract.payments import PaymentState
from branchtui.ledger.clock import new_id
from branchtui.ledger.store.search import branch_mark, branch_mark_sql, standing_mark, within


@pytest.mark.parametrize(
    "branch_id", ["01a20067-1a0f-76c6-a734-8b04e6d2aee7", "b", "NKU-0042", "0123456789abcdef", "ffffffffffff"]
)
def test_python_and_the_engine_make_the_same_mark(branch_id: str) -> None:
    """A search asks for what the trigger wrote, whatever an id looks like."""
    connection = apsw.Connection(":memory:")
    ((made,),) = connection.execute(f"SELECT {branch_mark_sql('?1')}", (branch_id,)).fetchall()
    assert made == branch_mark(branch_id)
    assert len(made) == 3
    assert all(0xE000 <= ord(c) <= 0xF8FF for c in made)


def test_a_match_within_branches_names_them_and_within_very_many_does_not() -> None:
    """An expression has a limit; beyond it each row's own branch decides."""
    few, many = [new_id() for _ in range(3)], [new_id() for _ in range(65)]
    assert within('"wa"', None) == '"wa"'
    assert all(branch_mark(each) in within('"wa"', few) for each in few)
    assert within('"wa"', many) == '"wa"'


@pytest.mark.parametrize("standings", [CustomerStatus, PaymentState])
def test_no_two_standings_of_a_table_have_one_mark(standings: type[StrEnum]) -> None:
    """The text index tells a status from every other, and from a branch."""
    marks = {standing_mark(each.value) for each in standings}
    assert len(marks) == len(standings)
    assert all(0xF110 < ord(sign) <= 0xF8FF for mark in marks for sign in mark)


def test_a_customer_whose_status_changes_is_found_by_the_new_one(own_ledger: RunningLedger) -> None:
    """The text index follows the status: a search among the pending finds nobody who is active."""
    member = own_ledger.add_member("NKU", first_name="Zuhura", last_name="Kipsang")
    teller = own_ledger.sign_in("teller")

    def found(status: str) -> int:
        return len(teller.get("/v1/customers", q="kipsang", status=status).json()["items"])

    assert (found("active"), found("pending")) == (1, 0)
    own_ledger.bulk(
        lambda tx: tx.connection.execute("UPDATE customers SET status = 'pending' WHERE id = ?", (member.id,))
    )
    assert (found("active"), found("pending")) == (0, 1)


def test_a_customer_who_changes_branches_is_found_there_and_no_longer_here(
    own_ledger: RunningLedger,
) -> None:
    """The text index follows the branch, not the text alone."""
    member = own_ledger.add_member("NKU", first_name="Zuhura", last_name="Kipsang")
    here, there = own_ledger.sign_in("teller"), own_ledger.sign_in("teller2")
    assert len(here.get("/v1/customers", q="kipsang").json()["items"]) == 1
    assert there.get("/v1/customers", q="kipsang").json()["items"] == []
    own_ledger.bulk(
        lambda tx: tx.connection.execute(
            "UPDATE customers SET branch_id = ? WHERE id = ?", (own_ledger.branch("KSM").id, member.id)
        )
    )
    assert here.get("/v1/customers", q="kipsang").json()["items"] == []
    assert len(there.get("/v1/customers", q="kipsang").json()["items"]) == 1
