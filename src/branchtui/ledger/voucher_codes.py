"""The code of a voucher: what its holder keys in, made so that nobody guesses one.

A keyed hash of the voucher's id, so that it needs no source of chance of its own and a simulated ledger makes the same
codes again. Twelve characters of thirty that cannot be taken for each other: fifty-eight bits.
"""

from __future__ import annotations

import hashlib
import hmac
from typing import Final

ALPHABET: Final = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
_CHARACTERS: Final = 12
_GROUP: Final = 4


def voucher_code(secret: bytes, voucher_id: str) -> str:
    """The code under the institution's secret: `7QK2-M9XA-HJ4T`."""
    sealed = hmac.digest(secret, f"voucher\x1f{voucher_id}".encode(), hashlib.sha256)
    number, text = int.from_bytes(sealed, "big"), ""
    for _ in range(_CHARACTERS):
        number, place = divmod(number, len(ALPHABET))
        text += ALPHABET[place]
    return "-".join(text[at : at + _GROUP] for at in range(0, _CHARACTERS, _GROUP))


def folded_code(keyed: str) -> str | None:
    """A code as a person wrote it, in its stored form; None for what cannot be one."""
    text = "".join(each for each in keyed.upper() if each not in "- ")
    if len(text) != _CHARACTERS or not set(text) <= set(ALPHABET):
        return None
    return "-".join(text[at : at + _GROUP] for at in range(0, _CHARACTERS, _GROUP))


def hidden_code(code: str) -> str:
    """A code for who may not have it: `****-****-HJ4T`."""
    return "".join(each if each == "-" else "*" for each in code[:-_GROUP]) + code[-_GROUP:]
