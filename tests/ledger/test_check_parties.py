"""`branchtui ledger check` of customers: a place in a list, a transfer, a schedule or a document that does not hold."""

from __future__ import annotations

from pathlib import Path

import apsw
import pytest
from tests.ledger.files import upload
from tests.ledger.members import add_staff, do, enter, ok, supervisor, teller, today
from tests.ledger.running import RunningLedger, copy_template

from branchtui.ledger.check import run

DAMAGE = {
    "a transfer that nobody knows of": ("UPDATE customers SET status = 'active' WHERE status = 'transfer_in_progress'", "INV-11"),
    "a transfer from elsewhere": ("UPDATE transfers SET from_branch_id = to_branch_id", "INV-11"),
    "an account of another branch": (
        "UPDATE accounts SET branch_id = (SELECT to_branch_id FROM transfers) WHERE kind = 'loan'",
        "INV-11",
    ),
    "a list that lost a customer": ("DELETE FROM customer_facets", "INV-12"),
    "a list that has another name": ("UPDATE customer_facets SET name_key = 'somebody else'", "INV-12"),
    "an instalment that is gone": ("DELETE FROM loan_instalments WHERE number = 1", "INV-13"),
    "another instalment": ("UPDATE loan_instalments SET principal_minor = principal_minor + 1", "INV-13"),
    "bytes that are gone": ("UPDATE documents SET length = length + 1", "INV-13"),
}  # fmt: skip


@pytest.fixture(scope="module")
def kept_members(ledger_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A borrower who has a document and stands in the list of a member of staff; another one is being transferred."""
    database = copy_template(ledger_template, tmp_path_factory.mktemp("members"))
    with RunningLedger(database) as ledger:
        borrower = enter(ledger)
        loan = {"principal_minor": 100_000, "instalments": 4, "every": "month", "start_date": today(ledger)}
        terms = loan | {"method": "flat", "rate": "12"}
        body = {"kind": "loan", "currency": "KES", "loan": terms}
        ok(teller(ledger).post(f"/v1/customers/{borrower['id']}/accounts", body), 201)
        paper = {"upload_id": upload(teller(ledger), b"a letter\n"), "name": "letter.txt"}
        ok(teller(ledger).post(f"/v1/customers/{borrower['id']}/documents", paper), 201)
        ok(do(supervisor(ledger), borrower, "assign-staff", {"staff_id": add_staff(ledger)["id"]}))
        leaving = {"destination_branch_id": ledger.branch("KSM").id, "transfer_date": today(ledger)}
        ok(do(supervisor(ledger), enter(ledger), "transfer/propose", leaving))
        ledger.check()
        return ledger.path


@pytest.mark.parametrize(("statement", "invariant"), list(DAMAGE.values()), ids=list(DAMAGE))
def test_damage_to_customers_is_reported_with_its_invariant(
    kept_members: Path, tmp_path: Path, statement: str, invariant: str
) -> None:
    """INV-11, 12, 13: by whatever hand it was done."""
    database = copy_template(kept_members, tmp_path)
    connection = apsw.Connection(database.removeprefix("sqlite:///"))
    for (name,) in list(connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")):
        connection.execute(f'DROP TRIGGER "{name}"')
    connection.execute(statement)
    assert connection.changes() > 0, "nothing was damaged"
    connection.close()
    said: list[str] = []
    assert run(database, said.append) == 1
    assert any(line.startswith(invariant) for line in said), said
