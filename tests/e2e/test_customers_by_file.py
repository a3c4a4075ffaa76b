"""A branch takes its customers over from an older system, by keys alone, in a real terminal over the real ledger.

It waits for painted text, never for time, and ends with a clean `ledger check`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pytest
from tests.e2e.test_customer_day import choose, confirm, ledger, terminal
from tests.ledger.members import add_product, add_staff, add_value, enter, hold, ok, teller

if TYPE_CHECKING:
    from pathlib import Path

    from tests.ledger.running import RunningLedger

pytestmark = pytest.mark.faults
__all__ = ["ledger"]

ROWS: Final = 100_000


def test_pasted_and_large_files_become_customers(ledger: RunningLedger, tmp_path: Path) -> None:
    """Issue: 50 pasted rows, then 100,000 from a file; each is found, and the invariants hold."""
    head = "first_name,last_name,external_id,mobile_no\n"
    rows = "".join(f"Amina,Row {row},BIG-{row:06d},07{30_000_000 + row}\n" for row in range(ROWS))
    (tmp_path / "large.csv").write_text(head + rows + ",nobody,BIG-X,\n")
    pasted = "".join(f"Baraka\tPasted {row}\tPST-{row:02d}\r" for row in range(50))
    with terminal(ledger, tmp_path, "teller") as shown:
        shown.press(":import-customers", "enter")
        shown.see("Legal Form", "Persons")
        shown.type_bytes(
            b"\x1b[200~" + f"first_name\tlast_name\texternal_id\r{pasted}".encode() + b"\x1b[201~"
        )
        shown.see("51 rows pasted")
        shown.press("enter", "enter")
        shown.see("preview", "50 rows: 50 fine")
        shown.press("y")
        shown.see("50 customers entered.")
        shown.press("i")
        shown.see("Files are read from")
        shown.press("large.csv", "enter", "enter")
        shown.see("preview", f"{ROWS:,} fine", "1 wrong", "first_name")
        shown.press("v")
        confirm(shown, "Import the valid rows only?")
        shown.see(f"{ROWS:,} customers entered; 1 row left out.")
        last = ROWS - 1
        shown.press(f":customers BIG-{last:06d}", "enter")
        shown.see(f"Amina Row {last}")
        shown.press("enter")
        shown.see(">General")
        shown.press("9")
        shown.see(">History", "Import rows")
        shown.press("enter")
        shown.see("large.csv", f"{ROWS + 1}")
    assert ledger.query("SELECT COUNT(*) FROM customers WHERE status = 'pending'") == [(ROWS + 50,)]
    ledger.check()


def test_an_entity_is_found_by_every_filter_and_activated(
    ledger: RunningLedger,
    tmp_path: Path,
) -> None:
    """Issue: an entity to its activation; found by status, office, label, staff, product, group and organisation."""
    label, group = add_value(ledger, "label", "Growers"), add_value(ledger, "group", "Kilimo")
    organisation, staff = add_value(ledger, "organisation", "Union"), add_staff(ledger)
    product = add_product(ledger, "savings", code="SAV")
    one = enter(
        ledger, name="Tea Ltd", active=False, labels=[label["id"]], group=group["id"],
        organisation=organisation["id"], staff_id=staff["id"],
    )  # fmt: skip
    body = {"kind": "savings", "currency": "KES", "product": product["code"]}
    ok(teller(ledger).post(f"/v1/customers/{one['id']}/accounts", body), 201)
    enter(ledger, name="Other Ltd")
    with terminal(ledger, tmp_path, "teller") as shown:
        for narrowed in (
            "status=pending", "label=Growers", "staff=Peter", "product=SAV", "group=Kilimo", "organisation=Union",
        ):  # fmt: skip
            shown.press(f":customers {narrowed}", "enter")
            shown.see("Tea Ltd", narrowed.partition("=")[2])
            shown.see_no_more("Other Ltd")
        shown.press(":customers branch=NKU", "enter")
        shown.see("Tea Ltd", "Other Ltd", "NKU")
        shown.press(f":customers {one['customer_no']}", "enter")
        shown.see_no_more("Other Ltd")
        shown.press("enter")
        shown.see(">General", "pending", "Tea Ltd")
        choose(shown, "Activate")
        shown.see("Activation date")
        shown.press("enter")
        confirm(shown, "Activate?", "Tea Ltd")
        shown.see("is active")
    ledger.check()


def test_a_loan_is_offset_from_savings(ledger: RunningLedger, tmp_path: Path) -> None:
    """Issue: what is saved pays what is owed, with the effect shown before `y`."""
    one = enter(ledger)
    hold(ledger, one, "loan", 200_00)
    hold(ledger, one, "savings", 500_00)
    with terminal(ledger, tmp_path, "supervisor") as shown:
        shown.press(f":customers {one['customer_no']}", "enter")
        shown.see(one["name"])
        shown.press("enter")
        shown.see(">General")
        shown.press("2")
        shown.see(">Accounts", "Loan", "200.00", "500.00")
        shown.press("down")
        choose(shown, "Offset this loan")
        shown.see("owed 200.00")
        shown.press("enter", "150", "ctrl+s")
        confirm(shown, "200.00", "50.00", "350.00")
        shown.see("Offset: 150.00 KES.", "is now 350.00 KES")
    ledger.check()
