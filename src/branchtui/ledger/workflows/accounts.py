"""Customers' accounts: opening them, and what they look like on the wire (contract, section 3)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from babel.core import get_global

from branchtui.contract import customers as wire
from branchtui.contract.customers import AccountKind, AccountStatus, CustomerStatus
from branchtui.contract.problem import Codes
from branchtui.ledger import audit, numbers
from branchtui.ledger.journal import natural_minor
from branchtui.ledger.operations import Reply, reply
from branchtui.ledger.problems import conflict, invalid, not_found
from branchtui.ledger.store.rows import Account, Customer

if TYPE_CHECKING:
    from branchtui.ledger.access import Principal
    from branchtui.ledger.core import Core
    from branchtui.ledger.operations import Command
    from branchtui.ledger.store.unit import Tx

OPENED_BY_HAND: Final = frozenset(
    {
        AccountKind.SAVINGS,
        AccountKind.SHARES,
        AccountKind.LOAN,
        AccountKind.OVERPAYMENT,
        AccountKind.RECEIVABLE,
    }
)
"""Kinds that a person may open. The wallet comes with the customer, credit with its terms."""

OPENS_ACCOUNTS: Final = frozenset({CustomerStatus.PENDING, CustomerStatus.ACTIVE})
"""Where a customer must stand to be given an account."""


def add_account(
    tx: Tx,
    customer: Customer,
    kind: str,
    currency: str,
    *,
    new_id: str,
    at_us: int,
    account_no: str | None = None,
    product: str | None = None,
) -> Account:
    """Put a new, empty account of `customer`; a number is made unless one is given."""
    account = Account(
        id=new_id,
        version=1,
        account_no=account_no or numbers.next_account_no(tx),
        customer_id=customer.id,
        branch_id=customer.branch_id,
        kind=kind,
        currency=currency,
        status=AccountStatus.OPEN.value,
        product=product,
        balance_minor=0,
        created_at=at_us,
    )
    tx.put(account)
    return account


def open_account(core: Core, tx: Tx, command: Command, customer_id: str, new: wire.NewAccount) -> Reply:
    """`POST /v1/customers/{id}/accounts`.

    Raises:
        Refusal: 404 for a customer who is not the caller's to see, 409 `transition-not-allowed` for one
            who has left or was refused, 409 `reference-taken`, 422 for a kind that is not opened by hand.
    """
    customer = tx.get(Customer, customer_id)
    if customer is None or not command.principal.scope.covers(customer.branch_id):
        raise not_found("customer")
    if customer.status not in OPENS_ACCOUNTS:
        raise conflict(
            Codes.TRANSITION_NOT_ALLOWED,
            f"Customer {customer.customer_no} is {customer.status.replace('_', ' ')}; "
            "only active and pending customers are given accounts.",
            **{"from": customer.status, "command": "open-account", "allowed": []},
        )
    if new.kind not in OPENED_BY_HAND:
        raise invalid("/kind", f"An account of kind {new.kind.value} is not opened here.")
    verify_currency(new.currency)
    if new.account_no is not None:
        refuse_taken_account_no(tx, command.principal, new.account_no)
    account = add_account(
        tx,
        customer,
        new.kind.value,
        new.currency,
        new_id=core.new_id(),
        at_us=command.at_us,
        account_no=new.account_no,
        product=new.product,
    )
    path = f"/v1/accounts/{account.id}"
    after = {"account_no": account.account_no, "kind": account.kind, "currency": account.currency}
    return reply(
        account_answer(account),
        event=audit.Event(action=command.action, object=path, after=after),
        branch_id=customer.branch_id,
        status=201,
        resource=path,
        summary=f"{account.kind} {account.account_no} for {customer.customer_no}",
    )


def verify_currency(currency: str) -> None:
    """Refuse a currency that does not exist (422)."""
    if currency not in get_global("all_currencies"):
        raise invalid("/currency", f"There is no currency {currency}.")


def refuse_taken_account_no(tx: Tx, principal: Principal, account_no: str) -> None:
    """Refuse an account number that is in use (409 `reference-taken`); others' branches are not told of."""
    taken = tx.find_one(Account, account_no=account_no)
    if taken is None:
        return
    seen = taken.customer_id is not None and principal.scope.covers(taken.branch_id)
    raise conflict(
        Codes.REFERENCE_TAKEN,
        f"Account number {account_no} is taken.",
        existing={"account_id": taken.id, "customer_id": taken.customer_id} if seen else None,
    )


def account_answer(account: Account) -> wire.Account:
    """A stored account as the contract's, its balance as the owner reads it, in minor units."""
    return wire.Account(
        id=account.id,
        account_no=account.account_no,
        kind=AccountKind(account.kind),
        currency=account.currency,
        status=AccountStatus(account.status),
        product=account.product,
        balance_minor=natural_minor(account.kind, account.balance_minor),
    )
