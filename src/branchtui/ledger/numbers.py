"""Numbers that people type, made in order and never twice.

Customer numbers begin with a zero and account numbers never do, so that no reference can mean one
customer by the first and another by the second, for as long as the numbers are ours.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

from branchtui.ledger.store.rows import Account, Counter, Customer

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from branchtui.ledger.store.unit import BulkTx, Tx

CUSTOMERS: Final = "customer_no"
ACCOUNTS: Final = "account_no"
_FIRST_ACCOUNT: Final = 100_000
_WIDTH: Final = 6

_NUMBERED: Final = ((Customer, "customer_no"), (Account, "account_no"))
_TAKEN: Final = """
SELECT account_no FROM accounts WHERE account_no IN (SELECT value FROM json_each(:numbers))
UNION ALL
SELECT customer_no FROM customers WHERE customer_no IN (SELECT value FROM json_each(:numbers))
"""


def write_customer_no(value: int) -> str:
    """The customer number of a count: six digits and more, always with a zero in front."""
    return f"{value:0{_WIDTH}d}" if value < 10 ** (_WIDTH - 1) else f"0{value}"


def write_account_no(value: int) -> str:
    """The account number of a count: six digits and more, never with a zero in front."""
    return str(_FIRST_ACCOUNT + value)


def reserve(tx: Tx, name: str, count: int = 1) -> int:
    """Take the next `count` values of the counter `name`; returns the first of them, from 1 on."""
    last = tx.get(Counter, name) or Counter(name, 0)
    tx.put(Counter(name, last.value + count))
    return last.value + 1


def next_customer_no(tx: Tx) -> str:
    """A customer number that names nobody yet, neither as customer number nor as account number."""
    return _next_free(tx, CUSTOMERS, write_customer_no)


def next_account_no(tx: Tx) -> str:
    """An account number that names nobody yet, neither as account number nor as customer number."""
    return _next_free(tx, ACCOUNTS, write_account_no)


def _next_free(tx: Tx, name: str, write: Callable[[int], str]) -> str:
    while True:
        value = reserve(tx, name)
        tx.expect_equal(_NUMBERED, [write(value + place) for place in range(tx.company)])
        if not names_somebody(tx, write(value)):
            return write(value)


def next_account_nos(tx: BulkTx, count: int, given: Collection[str] = ()) -> list[str]:
    """As many account numbers as wanted, each as `next_account_no` gives one, in a few questions.

    Looks at what is kept: a command asks before it makes customers or accounts of its own. None is among `given`.
    """
    return _next_nos(tx, ACCOUNTS, write_account_no, count, given)


def next_customer_nos(tx: BulkTx, count: int, given: Collection[str] = ()) -> list[str]:
    """As many customer numbers as wanted, as `next_account_nos` gives account numbers."""
    return _next_nos(tx, CUSTOMERS, write_customer_no, count, given)


def _next_nos(
    tx: BulkTx, name: str, write: Callable[[int], str], count: int, given: Collection[str]
) -> list[str]:
    found: list[str] = []
    while missing := count - len(found):
        first = reserve(tx, name, missing)
        made = [write(value) for value in range(first, first + missing)]
        taken = {number for (number,) in tx.connection.execute(_TAKEN, {"numbers": json.dumps(made)})}
        found += [number for number in made if number not in taken and number not in given]
    return found


def names_somebody(tx: Tx, number: str) -> bool:
    """Whether a customer or an account has this number."""
    return bool(tx.find(Customer, customer_no=number) or tx.find(Account, account_no=number))
