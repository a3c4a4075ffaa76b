"""Numbers that people type, made in order and never twice.

Customer numbers begin with a zero and account numbers never do, so that no reference can mean one
customer by the first and another by the second, for as long as the numbers are ours.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from branchtui.ledger.store.rows import Account, Counter, Customer

if TYPE_CHECKING:
    from branchtui.ledger.store.unit import Tx

CUSTOMERS: Final = "customer_no"
ACCOUNTS: Final = "account_no"
_FIRST_ACCOUNT: Final = 100_000
_WIDTH: Final = 6


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
    while True:
        number = write_customer_no(reserve(tx, CUSTOMERS))
        if not names_somebody(tx, number):
            return number


def next_account_no(tx: Tx) -> str:
    """An account number that names nobody yet, neither as account number nor as customer number."""
    while True:
        number = write_account_no(reserve(tx, ACCOUNTS))
        if not names_somebody(tx, number):
            return number


def names_somebody(tx: Tx, number: str) -> bool:
    """Whether a customer or an account has this number."""
    return bool(tx.find(Customer, customer_no=number) or tx.find(Account, account_no=number))
