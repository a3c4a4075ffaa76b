"""What a second person can allow of vouchers: taking a sale back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from branchtui.contract.approvals import Difference
from branchtui.contract.problem import Codes
from branchtui.contract.vouchers import ReverseVoucher
from branchtui.format.money import money
from branchtui.ledger.journal import natural_minor
from branchtui.ledger.problems import conflict
from branchtui.ledger.workflows import voucher_views, vouchers
from branchtui.ledger.workflows.approval_rules import Approvable, Subject

if TYPE_CHECKING:
    from branchtui.ledger.access import Principal
    from branchtui.ledger.core import Core
    from branchtui.ledger.operations import Command, Reply
    from branchtui.ledger.problems import Refusal
    from branchtui.ledger.store.unit import Tx


def _subject(core: Core, tx: Tx, who: Principal, voucher_id: str, body: ReverseVoucher) -> Subject:
    voucher, customer, account = vouchers.visible(tx, who, voucher_id)
    if voucher.reversal_reason is not None:
        raise conflict(Codes.TRANSITION_NOT_ALLOWED, f"Voucher {voucher.voucher_no} was reversed already.")
    price = f"{money(voucher.price_minor, voucher.currency)} {voucher.currency}"
    held = natural_minor(account.kind, account.balance_minor)
    lines = (
        Difference(field="Customer", after=f"{customer.customer_no} {customer.name}"),
        Difference(field="Voucher", after=f"{voucher.voucher_no} {voucher.plan_name}"),
        Difference(field="Amount", after=price),
        Difference(
            field=f"Wallet {account.account_no}",
            before=f"{money(held, account.currency)} {account.currency}",
            after=f"{money(held + voucher.price_minor, account.currency)} {account.currency}",
        ),
        Difference(field="State", before="sold", after="reversed"),
        Difference(field="Reason", after=body.reason),
    )
    return Subject(
        branch_id=voucher.branch_id,
        version=voucher.version,
        current=voucher_views.answer(who, voucher, customer, account, core.clock.now_us()),
        summary=f"voucher {voucher.voucher_no}, {price}, keyed wrongly",
        amount_minor=voucher.price_minor,
        currency=voucher.currency,
        lines=lines,
    )


def _refusal(_core: Core, tx: Tx, who: Principal, voucher_id: str, _: ReverseVoucher) -> Refusal | None:
    return voucher_views.refuse_reverse(who, *vouchers.visible(tx, who, voucher_id))


def _reverse(core: Core, tx: Tx, command: Command, voucher_id: str, seen: int, body: ReverseVoucher) -> Reply:
    return vouchers.reverse(core, tx, command, voucher_id, seen, body)


APPROVABLES: Final = (Approvable(voucher_views.APPROVAL, ReverseVoucher, _subject, _refusal, _reverse),)
"""For the register in `approvables.py`."""
