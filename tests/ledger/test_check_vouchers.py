"""`branchtui ledger check` of vouchers: one that was altered, doubled, or lost its entry, is reported."""

from __future__ import annotations

from pathlib import Path

import apsw
import pytest
from tests.ledger.running import RunningLedger, copy_template
from tests.ledger.till import open_till
from tests.ledger.vouchers import fill_wallet, new_plan, prove, sold

from branchtui.ledger.check import run
from branchtui.ledger.check_vouchers import VOUCHERS

_STANDS = "id = (SELECT id FROM vouchers WHERE reversal_reason IS NULL)"
_UNGUARDED = (
    "CREATE TABLE bare AS SELECT * FROM vouchers; DROP TABLE vouchers; ALTER TABLE bare RENAME TO vouchers; "
)

DAMAGE = {
    "a sale without its entry": (
        f"UPDATE journal_entries SET kind = 'voucher.other' WHERE subject_id IN (SELECT id FROM vouchers WHERE {_STANDS})",
        "journal entries of its sale instead of one",
    ),
    "another operation": (
        f"UPDATE vouchers SET operation_key = 'another' WHERE {_STANDS}",
        "names operation another",
    ),
    "another price": (
        f"UPDATE vouchers SET price_minor = price_minor + 1 WHERE {_STANDS}",
        "costs 5001 minor units",
    ),
    "another wallet": (
        (
            "UPDATE vouchers SET account_id = "
            "(SELECT accounts.id FROM accounts JOIN customers ON customers.id = customer_id WHERE customer_no = '000102')"
        ),
        "which is not a wallet of its customer",
    ),
    "a reversal that never was": (
        f"UPDATE vouchers SET reversal_reason = 'used' WHERE {_STANDS}",
        "that take it back instead of 1",
    ),
    "a voucher that is gone": (f"DELETE FROM vouchers WHERE {_STANDS}", "and there is no such voucher"),
    "a code twice": (
        f"{_UNGUARDED} UPDATE vouchers SET code = 'AAAA-AAAA-AAAA'",
        "INV-6: 2 vouchers carry the code that V000001 has",
    ),
    "a number twice": (
        f"{_UNGUARDED} UPDATE vouchers SET voucher_no = 'V000001'",
        "INV-6: 2 vouchers carry the number V000001",
    ),
}


@pytest.fixture(scope="module")
def sold_vouchers(ledger_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One that stands, and one that was taken back."""
    with RunningLedger(copy_template(ledger_template, tmp_path_factory.mktemp("sold"))) as ledger:
        till = open_till(ledger)
        fill_wallet(till, "000101", 20_000)
        sold(till, "000101", new_plan(till))
        wrong = sold(till, "000101", new_plan(till))
        prove(till, "supervisor")
        done = till.api("supervisor").post(
            f"/v1/vouchers/{wrong['id']}/reverse", {"reason": "wrong"}, if_match=1
        )
        assert done.status_code == 200, done.text
        ledger.check()
        return ledger.path


@pytest.mark.parametrize(("statement", "sentence"), list(DAMAGE.values()), ids=list(DAMAGE))
def test_damage_to_a_voucher_is_reported(
    sold_vouchers: Path, tmp_path: Path, statement: str, sentence: str
) -> None:
    """INV-6, 9: each voucher has one sale in the journal, by whatever hand it lost it."""
    database = copy_template(sold_vouchers, tmp_path)
    connection = apsw.Connection(database.removeprefix("sqlite:///"))
    for (name,) in list(connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")):
        connection.execute(f'DROP TRIGGER "{name}"')
    connection.execute(statement)
    assert connection.changes() > 0, "nothing was damaged"
    connection.close()
    said: list[str] = []
    assert run(database, said.append) == 1
    assert any(sentence in line for line in said), said


def test_every_question_about_vouchers_has_its_damage() -> None:
    """A question that nothing is known to answer would not be missed."""
    assert len(DAMAGE) == len(VOUCHERS)
