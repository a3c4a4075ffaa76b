"""Purchases of eight tills at once (ten thousand in `make night`): the limit is never passed (INV-7), on either engine."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, Final

import pytest
from tests.ledger.faults.seeds import chance, figure, seed
from tests.ledger.shop import Shop

if TYPE_CHECKING:
    from tests.ledger.running import RunningLedger

pytestmark = [pytest.mark.faults, pytest.mark.both_stores]

PURCHASES: Final = figure("BRANCHTUI_RACED_PURCHASES", 1_600)
TILLS: Final = 8
LIMIT: Final = 10_000
ACCOUNTS: Final = 3
A_PAYMENT_IN: Final = 8
"""Of so many sales one is followed by a settlement, so that the limit is met again and again from below."""


def test_purchases_at_once_never_pass_the_limit(own_ledger: RunningLedger) -> None:
    """INV-7: looked at inside the posting transaction; what is refused is refused by what was owed at that moment."""
    shop = Shop(own_ledger)
    accounts = [shop.open(max_credit_minor=LIMIT) for _ in range(ACCOUNTS)]
    shop.api()

    def till(number: int) -> Counter[str]:
        random, met = chance("credit", number), Counter[str]()
        for sale in range(PURCHASES // TILLS):
            account = random.choice(accounts)
            answer = shop.send(
                account, "purchases", amount_minor=random.randint(1, 2_500), pos_ref=f"{number}-{sale}"
            )
            if answer.status_code == 201:
                met["bought"] += 1
                assert answer.json()["owed_minor"] <= LIMIT
            else:
                met["refused"] += 1
                assert_beyond(answer.status_code, answer.json())
            if random.randrange(A_PAYMENT_IN) == 0:
                paid = shop.send(account, "settlements", tender="cash")
                met[f"paid {paid.status_code}"] += 1
        return met

    with ThreadPoolExecutor(TILLS) as tills:
        met = sum(tills.map(till, range(TILLS)), Counter[str]())
    print(dict(met))
    assert met["bought"] + met["refused"] == PURCHASES // TILLS * TILLS
    assert min(met["bought"], met["refused"]) > PURCHASES // 20, f"the limit was hardly met: {met}, {seed()}"
    assert_rows(own_ledger, met["bought"])
    own_ledger.check()


def assert_beyond(status: int, problem: dict[str, Any]) -> None:
    """The refusal tells what stood at that moment, and its sum comes out."""
    assert (status, problem["code"]) == (409, "credit-limit-exceeded")
    assert problem["limit"] == LIMIT
    assert problem["owed"] <= LIMIT
    assert problem["over_by"] > 0


def assert_rows(ledger: RunningLedger, bought: int) -> None:
    """By the rows alone: no account ever stood above its limit, and nothing was booked that was not answered."""
    connection = ledger.store.connect(read_only=True)
    ((highest,),) = connection.execute("SELECT MAX(owed_after_minor) FROM credit_transactions")
    ((kept,),) = connection.execute("SELECT COUNT(*) FROM credit_transactions WHERE type = 'purchase'")
    connection.close()
    assert highest <= LIMIT
    assert kept == bought
