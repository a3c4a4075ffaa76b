"""Whose account a statement is of: the short codes and bank accounts that are ours (contract, sections 5 and 10)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from branchtui.ledger.feeds.statement_columns import PORTAL
from branchtui.ledger.store.rows import Payee

if TYPE_CHECKING:
    from collections.abc import Iterable

MANUAL_TRANSFER: Final = "bank_transfer"
"""The provider of a bank transfer that a person keyed from a slip: its receipt number is its code."""


@dataclass(frozen=True, slots=True)
class OurAccount:
    """An account of ours: the branch whose it is, and the provider whose codes its payments carry."""

    provider: str
    branch_id: str
    number: str
    is_strict: bool


class OurAccounts:
    """Finds the account of ours that a statement names, in whatever writing."""

    def __init__(self, payees: Iterable[Payee]) -> None:
        self._by_number: dict[str, list[Payee]] = {}
        for each in payees:
            self._by_number.setdefault(folded_account(each.number), []).append(each)

    def find(self, written: str, currency: str, provider: str = "") -> OurAccount | None:
        """The account, or None: nobody's, or two of ours answer to the number.

        `provider` names the provider of mobile money whose statement it is; others are a bank's.
        """
        for number in _writings(written, currency):
            found = [
                each
                for each in self._by_number.get(number, ())
                if (each.provider == PORTAL) == bool(provider)
            ]
            if len(found) == 1:
                return ours(found[0])
            if found:
                return None
        return None


def ours(payee: Payee) -> OurAccount:
    """A payee as an account that has statements. Codes of a bank are its account's own."""
    if payee.provider == PORTAL:
        return OurAccount(PORTAL, payee.branch_id, payee.number, is_strict=True)
    return OurAccount(f"{payee.provider}:{payee.number}", payee.branch_id, payee.number, is_strict=False)


def folded_account(number: str) -> str:
    """An account number as it is compared: letters and digits, no case."""
    return "".join(c for c in number.upper() if c.isascii() and c.isalnum())


def _writings(written: str, currency: str) -> list[str]:
    """What an account may be written for: as it stands, without the bank in front, without the currency behind."""
    whole = folded_account(written)
    behind = folded_account(written.rpartition("/")[2])
    found = [whole, behind]
    if currency:
        found += [each.removesuffix(currency) for each in (whole, behind) if each.endswith(currency)]
    return [each for each in dict.fromkeys(found) if each]
