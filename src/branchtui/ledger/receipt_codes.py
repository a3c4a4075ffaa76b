"""The check code of a receipt: a keyed hash of what it says, cut to what a person can type.

Forty bits: whoever guesses asks the ledger each time, so that a lucky guess takes longer than a receipt is of use.
"""

from __future__ import annotations

import hashlib
import hmac
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from branchtui.ledger.store.rows import Receipt

_LETTERS: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_READ_AS: Final = str.maketrans("OIL", "011", "- ")
_CHARACTERS: Final = 8
_BITS_EACH: Final = 5


def check_code(secret: bytes, receipt: Receipt) -> str:
    """The code of a receipt under the institution's secret: `7QK2-M9XA`."""
    said = [
        receipt.receipt_no,
        receipt.entry_id,
        receipt.kind,
        receipt.account_no or "",
        str(receipt.amount_minor),
        receipt.currency,
        str(receipt.booked_at),
    ]
    sealed = hmac.digest(secret, "\x1f".join(["receipt", *said]).encode(), hashlib.sha256)
    bits = int.from_bytes(sealed[:_CHARACTERS], "big") >> (64 - _CHARACTERS * _BITS_EACH)
    text = "".join(
        _LETTERS[(bits >> shift) & 31] for shift in range((_CHARACTERS - 1) * _BITS_EACH, -1, -_BITS_EACH)
    )
    return f"{text[:4]}-{text[4:]}"


def is_same(code: str, keyed: str) -> bool:
    """Whether a person keyed this code: case, hyphen and letters that look like figures do not count."""
    read = [text.upper().translate(_READ_AS).encode() for text in (code, keyed)]
    return hmac.compare_digest(*read)
