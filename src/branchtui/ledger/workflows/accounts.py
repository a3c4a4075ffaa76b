"""Customers' accounts: opening them, and what they look like on the wire (contract, section 3)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final

from branchtui.contract import customers as wire
from branchtui.contract.customers import AccountKind, AccountStatus
from branchtui.contract.problem import Codes
from branchtui.ledger import audit, numbers
from branchtui.ledger.journal import natural_minor
from branchtui.ledger.operations import Reply, reply
from branchtui.ledger.problems import Refusal, conflict, invalid, not_found
from branchtui.ledger.store.rows import Account, Customer
from branchtui.ledger.workflows import customer_filing, loans, products
from branchtui.ledger.workflows.account_rules import KINDS, AccountAction, refuse
from branchtui.ledger.workflows.changing import offered
from branchtui.ledger.workflows.currencies import verify_currency
from branchtui.ledger.workflows.customer_rules import CustomerAction, refuse_state

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


def path_of(account_id: str) -> str:
    """Where an account is found."""
    return f"/v1/accounts/{account_id}"


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
    tx.add(account)
    if product is not None:
        customer_filing.refile(tx, customer.id)
    return account


def open_account(core: Core, tx: Tx, command: Command, customer_id: str, new: wire.NewAccount) -> Reply:
    """`POST /v1/customers/{id}/accounts`. A loan with terms moves no money: what is owed comes as a balance record.

    Raises:
        Refusal: 404 for a customer who is not the caller's to see, 409 `transition-not-allowed` for one
            who has left or was refused, 409 `reference-taken`, 422 for a kind that is not opened by hand, for a
            product or terms that do not fit.
    """
    customer = tx.get(Customer, customer_id)
    if customer is None or not command.principal.scope.covers(customer.branch_id):
        raise not_found("customer")
    if wrong := refuse_state(CustomerAction.OPEN_ACCOUNT, customer.status):
        raise wrong
    if new.kind not in OPENED_BY_HAND:
        raise invalid("/kind", f"An account of kind {new.kind.value} is not opened here.")
    verify_currency(new.currency)
    if new.loan is not None and new.kind is not AccountKind.LOAN:
        raise invalid("/loan", f"An account of kind {new.kind.value} has no terms of a loan.")
    product = None
    if new.product is not None:
        product = products.chosen(tx, new.product, new.kind.value, new.currency).code
    if new.account_no is not None:
        refuse_taken_account_no(tx, command.principal, new.account_no)
    new_id = core.new_id()
    terms, instalments = loans.agree(new_id, new.loan) if new.loan is not None else (None, [])
    account = add_account(
        tx,
        customer,
        new.kind.value,
        new.currency,
        new_id=new_id,
        at_us=command.at_us,
        account_no=new.account_no,
        product=product,
    )
    after = {"account_no": account.account_no, "kind": account.kind, "currency": account.currency}
    if terms is not None:
        tx.put(terms)
        for each in instalments:
            tx.put(each)
        after |= {"principal_minor": str(terms.principal_minor), "instalments": str(terms.instalments)}
    (answer,) = account_answers(core, tx, command.principal, customer, [account])
    path = path_of(account.id)
    return reply(
        answer,
        event=audit.Event(action=command.action, object=path, after=after),
        branch_id=customer.branch_id,
        status=201,
        resource=path,
        version=account.version,
        location=path,
        summary=f"{account.kind} {account.account_no} for {customer.customer_no}",
    )


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


def account_answers(
    core: Core, tx: Tx, who: Principal, customer: Customer, accounts: Sequence[Account]
) -> tuple[wire.Account, ...]:
    """Accounts of a customer as the contract's, as a transaction sees them."""
    return account_views(core, who, customer, accounts, loans.in_transaction(tx, accounts))


def account_views(
    core: Core,
    who: Principal,
    customer: Customer,
    accounts: Sequence[Account],
    agreed: Mapping[str, loans.Agreed],
) -> tuple[wire.Account, ...]:
    """Accounts of a customer as the contract's, balances as their owner reads them, in minor units."""
    today = core.today(core.tree[customer.branch_id])
    found = []
    for account in accounts:
        refusals: dict[str, Refusal | None] = {
            action.value: refuse(action, who, customer, account)
            for action in AccountAction
            if account.kind in KINDS[action]
        }
        actions, refused = offered(refusals)
        terms = agreed.get(account.id)
        found.append(
            wire.Account(
                id=account.id,
                version=account.version,
                actions=actions,
                refused=refused,
                account_no=account.account_no,
                kind=AccountKind(account.kind),
                currency=account.currency,
                status=AccountStatus(account.status),
                product=account.product,
                balance_minor=natural_minor(account.kind, account.balance_minor),
                loan=loans.figures(account, terms, today) if terms is not None else None,
            )
        )
    return tuple(found)
