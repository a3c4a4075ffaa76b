"""Vouchers: what a customer's wallet buys of the plans (contract, section 5; ledger, section 0)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from branchtui.contract import vouchers as wire
from branchtui.contract.loans import BalanceChange
from branchtui.contract.problem import Codes
from branchtui.format.money import money
from branchtui.ledger import audit, history, numbers
from branchtui.ledger.cards import refuse_card_number
from branchtui.ledger.clock import as_datetime
from branchtui.ledger.days import is_closed
from branchtui.ledger.journal import (
    REVENUE,
    EntryDraft,
    balances,
    institution_account,
    mirror,
    natural_minor,
    post_entry,
    transfer,
)
from branchtui.ledger.operations import Reply, refuse_duplicate, reply, signature
from branchtui.ledger.problems import Refusal, conflict, invalid, not_found
from branchtui.ledger.store.rows import Account, Customer, JournalEntry, Plan, Voucher
from branchtui.ledger.voucher_codes import voucher_code
from branchtui.ledger.workflows import plans
from branchtui.ledger.workflows.account_rules import refuse_more_than_held
from branchtui.ledger.workflows.customer_rules import refuse_money
from branchtui.ledger.workflows.payment_rules import decide_account
from branchtui.ledger.workflows.payment_steps import stop
from branchtui.ledger.workflows.voucher_views import REVERSE, answer, is_visible, refuse_reverse

if TYPE_CHECKING:
    from collections.abc import Sequence

    from branchtui.ledger.access import Principal
    from branchtui.ledger.core import Core
    from branchtui.ledger.operations import Command
    from branchtui.ledger.store.unit import Tx

SOLD: Final = "voucher.sell"
TAKEN_BACK: Final = "voucher.reverse"
"""Kinds of journal entries; each has the voucher as its subject."""

_COUNTER: Final = "voucher_no"
_DAY_US: Final = 24 * 3600 * 1_000_000


@dataclass(frozen=True, slots=True)
class Sale:
    """Who buys what, and the wallet that pays."""

    customer: Customer
    plan: Plan
    wallet: Account

    @property
    def change(self) -> BalanceChange:
        """The wallet before and after."""
        held = natural_minor(self.wallet.kind, self.wallet.balance_minor)
        return BalanceChange(
            account_id=self.wallet.id,
            account_no=self.wallet.account_no,
            kind=self.wallet.kind,
            currency=self.wallet.currency,
            before_minor=held,
            after_minor=held - self.plan.price_minor,
        )


def sale_of(customer: Customer, plan: Plan, held: Sequence[Account]) -> Sale:
    """What would be sold.

    Raises:
        Refusal: 409 `customer-not-active`, `account-not-open` without a wallet in the plan's currency,
            `insufficient-balance`, 422 for a plan that is sold no more.
    """
    if not plan.active:
        raise invalid("/plan_id", f"{plan.name} is sold no more.", "plan-inactive")
    stop(refuse_money(customer))
    wallet = decide_account(customer, held, plan.currency, None)
    if isinstance(wallet, Refusal):
        raise wallet
    in_it = natural_minor(wallet.kind, wallet.balance_minor)
    stop(refuse_more_than_held(wallet, in_it, plan.price_minor))
    return Sale(customer, plan, wallet)


def effect(who: Principal, sale: Sale, at_us: int) -> wire.VoucherEffect:
    """What the sale would do, were it made now."""
    return wire.VoucherEffect(
        customer_id=sale.customer.id,
        plan=plans.answer(who, sale.plan),
        expires_at=as_datetime(at_us + sale.plan.validity_days * _DAY_US),
        change=sale.change,
    )


def sell(core: Core, tx: Tx, command: Command, customer_id: str, asked: wire.SellVoucher) -> Reply:
    """`POST /v1/customers/{id}/vouchers`: the wallet against revenue, and a code.

    An append: what the wallet holds is looked at here, whatever was seen before.

    Raises:
        Refusal: 404, 409 `customer-not-active`, `account-not-open`, `insufficient-balance`, `day-closed`,
            `batch-changed` where the plan costs another amount than was shown, `possible-duplicate`, 422.
    """
    customer = tx.get(Customer, customer_id)
    if customer is None or not command.principal.scope.covers(customer.branch_id):
        raise not_found("customer")
    plan = tx.get(Plan, asked.plan_id)
    if plan is None:
        raise not_found("plan")
    sale = sale_of(customer, plan, tx.find(Account, customer_id=customer.id))
    if asked.price_minor is not None and asked.price_minor != plan.price_minor:
        price = f"{money(plan.price_minor, plan.currency)} {plan.currency}"
        raise conflict(
            Codes.BATCH_CHANGED,
            f"{plan.name} costs {price} by now. Nothing was sold.",
            price_minor=plan.price_minor,
        )
    branch = core.tree[customer.branch_id]
    today = core.today(branch).isoformat()
    if is_closed(tx, branch.id, today):
        raise conflict(Codes.DAY_CLOSED, "Today is closed. Nothing was sold.")
    guard = signature(command, customer.id, plan.id, plan.price_minor)
    refuse_duplicate(tx, command, guard)
    voucher = _new_voucher(core, tx, command, sale)
    draft = EntryDraft(
        kind=SOLD,
        branch_id=branch.id,
        subject_id=voucher.id,
        legs=transfer(
            sale.wallet,
            institution_account(tx, branch, REVENUE, plan.currency, command.at_us),
            plan.price_minor,
        ),
        business_date=today,
        narration=f"Voucher {plan.name}",
        reference=voucher.voucher_no,
    )
    touched = post_entry(tx, command, draft, new_id=voucher.entry_id)
    tx.put(voucher)
    wallet = touched[sale.wallet.id]
    return _done(command, voucher, customer, wallet, event_of(command, sale, voucher), guard=guard)


def event_of(command: Command, sale: Sale, voucher: Voucher) -> audit.Event:
    """A sale as the chain tells it: with the number, never with the code."""
    return audit.Event(
        action=command.action,
        object=path_of(voucher),
        before={sale.wallet.account_no: sale.change.before_minor},
        after={
            "version": 1,
            "voucher_no": voucher.voucher_no,
            "plan": voucher.plan_code,
            "customer_id": voucher.customer_id,
            sale.wallet.account_no: sale.change.after_minor,
        },
    )


def reverse(
    core: Core,
    tx: Tx,
    command: Command,
    voucher_id: str,
    seen: int,
    asked: wire.ReverseVoucher,
) -> Reply:
    """`POST /v1/vouchers/{id}/reverse`: a sale that was keyed wrongly; the mirror of its entry.

    Raises:
        Refusal: 404, 412 when it moved, 409 `transition-not-allowed`, `customer-not-active`, `account-not-open`,
            `day-closed`, 403 `needs-checker` for who is no supervisor, and above the limit.
    """
    voucher, customer, account = visible(tx, command.principal, voucher_id)
    who = command.principal
    refuse_card_number("reason", asked.reason)
    if voucher.version != seen:
        current = answer(who, voucher, customer, account, command.at_us)
        changes = history.changes_since(tx, path_of(voucher), seen)
        raise history.stale(current, changes, core.tree[voucher.branch_id].timezone)
    stop(refuse_reverse(who, voucher, customer, account))
    branch = core.tree[voucher.branch_id]
    today = core.today(branch).isoformat()
    if is_closed(tx, branch.id, today):
        raise conflict(Codes.DAY_CLOSED, "Today is closed. Reverse it tomorrow.")
    entry = tx.get(JournalEntry, voucher.entry_id)
    assert entry is not None, "a voucher names the entry of its sale"
    draft = EntryDraft(
        kind=TAKEN_BACK,
        branch_id=branch.id,
        subject_id=voucher.id,
        legs=mirror(tx, entry),
        business_date=today,
        narration=f"Voucher {voucher.plan_name} reversed",
        reference=voucher.voucher_no,
        reversal_of=entry.id,
    )
    touched = post_entry(tx, command, draft, new_id=core.new_id())
    after = replace(voucher, version=voucher.version + 1, reversal_reason=asked.reason)
    tx.put(after)
    event = audit.Event(
        action=command.action,
        object=path_of(voucher),
        before={"state": "sold"},
        after={"version": after.version, "state": wire.VoucherState.REVERSED.value},
        reason=asked.reason,
    )
    return _done(command, after, customer, touched[account.id], event)


def visible(tx: Tx, who: Principal, voucher_id: str) -> tuple[Voucher, Customer, Account]:
    """A voucher with its owner and the wallet that paid.

    Raises:
        Refusal: 404.
    """
    voucher = tx.get(Voucher, voucher_id)
    customer = tx.get(Customer, voucher.customer_id) if voucher is not None else None
    account = tx.get(Account, voucher.account_id) if voucher is not None else None
    if voucher is None or customer is None or account is None or not is_visible(who, voucher, customer):
        raise not_found("voucher")
    return voucher, customer, account


def path_of(voucher: Voucher) -> str:
    """Where a voucher is found."""
    return f"/v1/vouchers/{voucher.id}"


def _new_voucher(core: Core, tx: Tx, command: Command, sale: Sale) -> Voucher:
    voucher_id = core.new_id()
    code = voucher_code(core.institution.secret, voucher_id)
    while tx.find_one(Voucher, code=code) is not None:
        voucher_id = core.new_id()
        code = voucher_code(core.institution.secret, voucher_id)
    plan = sale.plan
    return Voucher(
        id=voucher_id,
        version=1,
        branch_id=sale.customer.branch_id,
        voucher_no=f"V{numbers.reserve(tx, _COUNTER):06d}",
        code=code,
        customer_id=sale.customer.id,
        account_id=sale.wallet.id,
        plan_id=plan.id,
        plan_code=plan.code,
        plan_name=plan.name,
        price_minor=plan.price_minor,
        currency=plan.currency,
        sold_at=command.at_us,
        sold_by=command.principal.username,
        expires_at=command.at_us + plan.validity_days * _DAY_US,
        entry_id=core.new_id(),
        operation_key=command.key,
        row_no=0,
        reversal_reason=None,
    )


def _done(
    command: Command,
    voucher: Voucher,
    customer: Customer,
    wallet: Account,
    event: audit.Event,
    *,
    guard: str | None = None,
) -> Reply:
    found = answer(command.principal, voucher, customer, wallet, command.at_us, balances((wallet,)))
    is_new = voucher.version == 1
    price = f"{money(voucher.price_minor, voucher.currency)} {voucher.currency}"
    said = f"voucher {voucher.voucher_no}, {voucher.plan_name}, {price}, {customer.customer_no}"
    return reply(
        found,
        event=event,
        branch_id=voucher.branch_id,
        status=201 if is_new else 200,
        resource=path_of(voucher),
        version=voucher.version,
        location=path_of(voucher) if is_new else None,
        summary=said if is_new else f"{said}, {REVERSE}d",
        amount_minor=voucher.price_minor,
        currency=voucher.currency,
        guard=guard,
    )
