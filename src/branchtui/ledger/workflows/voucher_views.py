"""Vouchers as the contract shows them, the lists of them, and the law of who may take one back."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import Boolean, and_, bindparam, literal_column, or_

from branchtui.contract import vouchers as wire
from branchtui.contract.customers import AccountStatus
from branchtui.contract.problem import Codes
from branchtui.ledger.access import Permission
from branchtui.ledger.clock import as_datetime
from branchtui.ledger.problems import Refusal, conflict, forbidden
from branchtui.ledger.store import tables
from branchtui.ledger.store.list_spec import ListSpec, Sort
from branchtui.ledger.store.rows import Account, Customer, Voucher
from branchtui.ledger.store.search import prefix_end
from branchtui.ledger.voucher_codes import folded_code, hidden_code
from branchtui.ledger.workflows.changing import offered
from branchtui.ledger.workflows.customer_rules import refuse_money
from branchtui.ledger.workflows.payment_rules import refuse_amount
from branchtui.ledger.workflows.payment_views import brief

if TYPE_CHECKING:
    from collections.abc import Sequence

    from branchtui.contract.customers import AccountBalance
    from branchtui.ledger.access import Principal, Scope
    from branchtui.ledger.core import Core

REVERSE: Final = "reverse"
APPROVAL: Final = "voucher.reverse"
_v = tables.vouchers.c

VOUCHERS: Final = ListSpec(
    row_type=Voucher,
    name="vouchers",
    sorts={
        "newest": Sort("sold_at", descending=True, is_time=True),
        "oldest": Sort("sold_at", is_time=True),
    },
    filters={
        "branch": _v.branch_id == bindparam("branch"),
        "branches": literal_column(
            "+vouchers.branch_id IN (SELECT value FROM json_each(:branches))", Boolean
        ),
        "customer": _v.customer_id == bindparam("customer"),
        "valid": and_(_v.expires_at > bindparam("valid__now"), _v.reversal_reason.is_(None)),
        "expired": and_(_v.expires_at <= bindparam("expired__now"), _v.reversal_reason.is_(None)),
        "reversed": and_(_v.reversal_reason.is_not(None), bindparam("reversed", type_=Boolean)),
        "q": or_(
            _v.code == bindparam("q__code"),
            and_(_v.voucher_no >= bindparam("q__number"), _v.voucher_no < bindparam("q__number_end")),
        ),
    },
)
"""The lists behind `GET /v1/vouchers` and `GET /v1/customers/{id}/vouchers`."""


def filters(
    scope: Scope, *, customer_id: str | None, state: wire.VoucherState | None, q: str | None, now_us: int
) -> dict[str, Any]:
    """The filters of `VOUCHERS`. A customer who is the caller's to see is not narrowed by branch once more."""
    found: dict[str, Any] = {}
    if q:
        number = "".join(q.split()).upper()
        number = number if number.startswith("V") else f"V{number}"
        found["q"] = {"code": folded_code(q) or "", "number": number, "number_end": prefix_end(number)}
    if state is not None:
        found[state.value] = True if state is wire.VoucherState.REVERSED else {"now": now_us}
    if customer_id is not None:
        found["customer"] = customer_id
    elif len(scope.branch_ids) == 1:
        found["branch"] = min(scope.branch_ids)
    elif not scope.top:
        found["branches"] = json.dumps(sorted(scope.branch_ids))
    return found


def is_visible(who: Principal, voucher: Voucher, customer: Customer | None) -> bool:
    """Whether it was sold in the caller's branches, or its owner belongs to one of them now."""
    return who.scope.covers(voucher.branch_id) or (
        customer is not None and who.scope.covers(customer.branch_id)
    )


def state_of(voucher: Voucher, now_us: int) -> wire.VoucherState:
    """What it is worth now."""
    if voucher.reversal_reason is not None:
        return wire.VoucherState.REVERSED
    return wire.VoucherState.VALID if voucher.expires_at > now_us else wire.VoucherState.EXPIRED


def refuse_reverse(who: Principal, voucher: Voucher, customer: Customer, account: Account) -> Refusal | None:
    """Why `who` may not take a sale back, or None: role, state, whose it is to decide."""
    if not who.may(Permission.VOUCHER_SELL):
        return forbidden(f"Your role, {who.role.value}, may not reverse vouchers.")
    if voucher.reversal_reason is not None:
        return conflict(
            Codes.TRANSITION_NOT_ALLOWED,
            f"Voucher {voucher.voucher_no} was reversed already: {voucher.reversal_reason}",
            **{"from": wire.VoucherState.REVERSED.value, "command": REVERSE, "allowed": []},
        )
    if refusal := refuse_money(customer):
        return refusal
    if account.status != AccountStatus.OPEN:
        return conflict(Codes.ACCOUNT_NOT_OPEN, f"Account {account.account_no} is {account.status}.")
    if not who.may(Permission.VOUCHER_REVERSE):
        return Refusal(
            403,
            Codes.NEEDS_CHECKER,
            "Whoever has the slip may have used it. Ask a supervisor to reverse it.",
            extra={"approval": APPROVAL},
        )
    return refuse_amount(who, voucher.price_minor, voucher.currency, REVERSE, approval=APPROVAL)


def answer(
    who: Principal,
    voucher: Voucher,
    customer: Customer,
    account: Account,
    now_us: int,
    balances: tuple[AccountBalance, ...] = (),
) -> wire.Voucher:
    """A stored voucher as the contract's; whole only for who may print it."""
    actions, refused = offered({REVERSE: refuse_reverse(who, voucher, customer, account)})
    is_whole = who.may(Permission.RECEIPT_PRINT)
    return wire.Voucher(
        id=voucher.id,
        version=voucher.version,
        actions=actions,
        refused=refused,
        branch_id=voucher.branch_id,
        voucher_no=voucher.voucher_no,
        code=voucher.code if is_whole else hidden_code(voucher.code),
        state=state_of(voucher, now_us),
        customer_id=voucher.customer_id,
        customer=brief(customer),
        account_id=voucher.account_id,
        plan_id=voucher.plan_id,
        plan_code=voucher.plan_code,
        plan_name=voucher.plan_name,
        price_minor=voucher.price_minor,
        currency=voucher.currency,
        sold_by=voucher.sold_by,
        sold_at=as_datetime(voucher.sold_at),
        expires_at=as_datetime(voucher.expires_at),
        transaction_id=voucher.entry_id,
        reversal_reason=voucher.reversal_reason,
        balances=balances,
    )


async def answers(
    core: Core, who: Principal, vouchers: Sequence[Voucher], now_us: int
) -> tuple[wire.Voucher, ...]:
    """Vouchers of a page."""
    customers = {
        each.id: each
        for each in await core.reader.by_keys(Customer, {voucher.customer_id for voucher in vouchers})
    }
    accounts = {
        each.id: each
        for each in await core.reader.by_keys(Account, {voucher.account_id for voucher in vouchers})
    }
    return tuple(
        answer(who, each, customers[each.customer_id], accounts[each.account_id], now_us) for each in vouchers
    )
