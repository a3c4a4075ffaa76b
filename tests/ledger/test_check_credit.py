"""`branchtui ledger check` of credit accounts: a figure, a settlement or a cycle that does not hold."""

from __future__ import annotations

from pathlib import Path

import apsw
import pytest
from tests.ledger.running import RunningLedger, copy_template
from tests.ledger.shop import DAILY, Shop

from branchtui.ledger.check import run
from branchtui.ledger.check_credit import CREDIT

_OF_A_KIND = "id = (SELECT id FROM credit_transactions WHERE type = '{}' ORDER BY seq LIMIT 1)"
_PURCHASE, _SETTLEMENT = _OF_A_KIND.format("purchase"), _OF_A_KIND.format("settlement")
_LAST = "seq = (SELECT MAX(seq) FROM credit_transactions AS other WHERE other.account_id = credit_transactions.account_id)"

DAMAGE = {
    "more is owed than the account says": (
        "UPDATE credit_accounts SET owed_minor = owed_minor + 1",
        "INV-2: credit account",
    ),
    "a transaction ends elsewhere": (
        f"UPDATE credit_transactions SET owed_after_minor = owed_after_minor + 1 WHERE {_LAST}",
        "does not go on where the one before it ended",
    ),
    "the last transaction is gone": (
        f"DELETE FROM credit_transactions WHERE {_LAST}",
        "its last transaction says otherwise",
    ),
    "another amount than was posted": (
        f"UPDATE credit_transactions SET amount_minor = amount_minor + 1 WHERE {_PURCHASE}",
        "its journal entry moved its account by",
    ),
    "a posting without its transaction": (
        f"DELETE FROM credit_transactions WHERE {_PURCHASE}",
        "which has no transaction of it",
    ),
    "a sale beyond the limit": (
        f"UPDATE credit_transactions SET limit_minor = owed_after_minor - 1 WHERE {_PURCHASE}",
        "INV-7: purchase",
    ),
    "a purchase that is settled twice": (
        "UPDATE credit_allocations SET amount_minor = amount_minor * 2",
        "minor units is settled by",
    ),
    "a settlement that settles more than it is": (
        f"UPDATE credit_transactions SET amount_minor = amount_minor + 1 WHERE {_SETTLEMENT}",
        "minor units settles",
    ),
    "a settlement that settles less than nothing": (
        "UPDATE credit_allocations SET amount_minor = -amount_minor",
        "times less than nothing",
    ),
    "a settlement of another account": (
        "UPDATE credit_allocations SET account_id = (SELECT id FROM accounts WHERE kind = 'wallet' LIMIT 1)",
        "of another account",
    ),
    "an open amount that is another": (
        "UPDATE credit_open_items SET open_minor = open_minor + 1",
        "are said to be open, its settlements leave",
    ),
    "money kept that settles nothing": (
        "UPDATE credit_accounts SET unapplied_minor = unapplied_minor + 1",
        "that settle nothing, its open transactions say",
    ),
    "a bounced settlement that stands": (
        "UPDATE settlements SET state = 'applied' WHERE state = 'reversed'",
        "its transaction says otherwise",
    ),
    "a settlement nobody keeps": ("DELETE FROM settlements", "is a settlement, and none is kept of it"),
    "a statement that does not add up": (
        "UPDATE credit_statements SET closing_minor = closing_minor + 1",
        "INV-10: statement",
    ),
    "a cycle that begins elsewhere": (
        "UPDATE credit_statements SET opened_at = opened_at + 1 WHERE cycle_no = 2",
        "does not begin where the one before it ended",
    ),
    "an open cycle with other figures": (
        "UPDATE credit_accounts SET cycle_payments_minor = cycle_payments_minor + 1",
        "or its figures are not its own",
    ),
    "a change that moved nothing": (
        "UPDATE credit_transactions SET operation_key = 'another-' || id",
        "succeeded and moved no credit account",
    ),
}


@pytest.fixture(scope="module")
def sold_on_account(ledger_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An account with two statements, a settlement that bounced, one that stands, and something open."""
    database = copy_template(ledger_template, tmp_path_factory.mktemp("sold"))
    with RunningLedger(database) as ledger:
        shop = Shop(ledger)
        account = shop.open(settle_every=DAILY)
        shop.buy(account, 30_000)
        shop.bounce(shop.settle(account))
        shop.end_cycle(account)
        shop.settle(account, mode="oldest_first", amount_minor=20_000)
        shop.buy(account, 5_000)
        shop.end_cycle(account)
        shop.buy(account, 7_000)
        ledger.check()
        return ledger.path


@pytest.mark.parametrize(("statement", "sentence"), list(DAMAGE.values()), ids=list(DAMAGE))
def test_damage_to_a_credit_account_is_reported(
    sold_on_account: Path, tmp_path: Path, statement: str, sentence: str
) -> None:
    """INV-2, 7, 9, 10: by whatever hand it was done."""
    database = copy_template(sold_on_account, tmp_path)
    connection = apsw.Connection(database.removeprefix("sqlite:///"))
    for (name,) in list(connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")):
        connection.execute(f'DROP TRIGGER "{name}"')
    connection.execute(statement)
    assert connection.changes() > 0, "nothing was damaged"
    connection.close()
    said: list[str] = []
    assert run(database, said.append) == 1
    assert any(sentence in line for line in said), said


def test_every_question_about_credit_accounts_has_its_damage() -> None:
    """A question that nothing is known to answer would not be missed; two rows of one change the table itself refuses."""
    assert len(DAMAGE) == len(CREDIT) - 1
