"""The one shape in which a payment enters the ledger, whichever door it came by (contract, section 5)."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from branchtui.ledger.texts import is_unsafe

REPLACEMENT: Final = "\N{REPLACEMENT CHARACTER}"
LOST: Final = "?"
"""What stands for a sign that was lost before it came here, in the text that names an owner."""
AHEAD_US: Final = 366 * 86_400 * 1_000_000
"""How far a payment may be ahead of the ledger's clock, by its day of value or a clock that is wrong. Later is no time."""

_JOINERS: Final = "\u200c\u200d"


class PhoneForm(StrEnum):
    """What is known of the payer's phone."""

    E164 = "e164"
    MASKED = "masked"
    SHA256 = "sha256"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class IncomingPayment:
    """A payment as a provider or a bank tells of it, its texts cleaned (VAL-3).

    `amount_minor` is in the smallest unit of `currency` and more than zero; `paid_at_us` in
    microseconds since 1970 UTC. `payer_phone` is `+254711222333`, a mask with one `*` for each hidden
    digit, or 64 hexadecimal digits, as `phone_form` says. `altered` is true where something that came
    is not shown as it came.
    """

    provider: str
    code: str
    payee_no: str
    amount_minor: int
    currency: str
    paid_at_us: int
    payer_phone: str | None = None
    phone_form: PhoneForm = PhoneForm.NONE
    payer_name: str | None = None
    account_ref: str | None = None
    altered: bool = False


class Unfit(ValueError):
    """What came cannot become a payment; `str()` is the reason, for a person.

    `code` and `payee_no` where they could be read.
    """

    def __init__(self, reason: str, code: str | None = None, payee_no: str | None = None) -> None:
        super().__init__(reason)
        self.code = code
        self.payee_no = payee_no


def with_losses(reference: str) -> str:
    """A reference in which what was lost before it came is told from what `clean` takes out: a digit may have stood there."""
    return reference.replace(REPLACEMENT, LOST)


def clean(text: str) -> str:
    """`text` in NFC, single-spaced, each character that may not be stored as U+FFFD (VAL-3)."""
    normal = unicodedata.normalize("NFC", text)
    if is_unsafe(normal):
        normal = "".join(
            REPLACEMENT if _is_bad(normal, at) else character for at, character in enumerate(normal)
        )
    return " ".join(normal.split())


def _is_bad(text: str, at: int) -> bool:
    """Whether a character may not stand where it stands: joiners are judged by their neighbours."""
    if text[at] in _JOINERS:
        return is_unsafe(text[max(0, at - 1) : at + 2])
    return is_unsafe(text[at])
