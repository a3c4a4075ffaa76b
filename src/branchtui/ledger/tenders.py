"""What money comes and goes by, and the branch's own account of each (ledger, section 0)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from branchtui.contract.tenders import Tender
from branchtui.ledger.journal import PROVIDER_FLOAT, institution_account

if TYPE_CHECKING:
    from branchtui.ledger.store.rows import Account, Branch
    from branchtui.ledger.store.unit import Tx

CASH: Final = "cash"
BANK: Final = "bank"
CHEQUES: Final = "cheques-receivable"
CARD: Final = "card-receivable"

RECEIVED_IN: Final = {
    Tender.CASH: CASH,
    Tender.BANK_TRANSFER: BANK,
    Tender.CHEQUE: CHEQUES,
    Tender.CARD: CARD,
    Tender.MOBILE_MONEY: PROVIDER_FLOAT,
}
"""The kind of the branch's account that money which comes in is debited to."""

PAID_FROM: Final = {
    Tender.CASH: CASH,
    Tender.BANK_TRANSFER: BANK,
    Tender.CHEQUE: BANK,
    Tender.MOBILE_MONEY: PROVIDER_FLOAT,
}
"""The kind of the account that money which goes out is credited to: our own cheques are drawn on the bank; nobody is paid by card."""

REFUNDED_FROM: Final = {**PAID_FROM, Tender.CARD: CARD}
"""The kind of the account that a refund is credited to: what came by card may go back to the card."""

RECEIVED_BY: Final = "received"
REFUNDED_BY: Final = "refunded"
"""Directions of a payment's tender."""

TENDER_OF: Final[dict[str, Tender]] = {kind: tender for tender, kind in RECEIVED_IN.items()}
"""The tender that an account of the branch's stands for, by its kind."""


def tender_account(tx: Tx, branch: Branch, tender: Tender, currency: str, at_us: int) -> Account:
    """The branch's account that money by `tender` comes to in `currency`, opened when first used."""
    return institution_account(tx, branch, RECEIVED_IN[tender], currency, at_us)


def refunding_account(tx: Tx, branch: Branch, tender: Tender, currency: str, at_us: int) -> Account:
    """The branch's account that a refund by `tender` leaves from, opened when first used."""
    return institution_account(tx, branch, REFUNDED_FROM[tender], currency, at_us)
