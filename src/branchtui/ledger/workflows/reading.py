"""Phones and e-mail addresses as people write them, for whatever holds one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from branchtui.ledger.phones import Phone, PhoneUnreadable, read_phone, region_of
from branchtui.ledger.problems import invalid

if TYPE_CHECKING:
    from branchtui.ledger.store.rows import Branch

_NOT_PLAIN: Final = frozenset(' ,;:<>()[]\\"')


def read_mobile(written: str, branch: Branch, pointer: str) -> Phone:
    """The phone that somebody of this branch means.

    Raises:
        Refusal: 422.
    """
    try:
        return read_phone(written, region_of(branch.currency, branch.timezone))
    except PhoneUnreadable as error:
        raise invalid(pointer, f"{written} is no phone number.") from error


def is_email(text: str) -> bool:
    """Whether a text can be an address, which only a letter can show: ASCII, one part before the sign, a dotted domain behind it."""
    local, at, domain = text.rpartition("@")
    plain = text.isascii() and text.isprintable() and _NOT_PLAIN.isdisjoint(text)
    dotted = "." in domain.strip(".") and ".." not in text and not local.startswith(".")
    return plain and dotted and bool(local) and bool(at) and "@" not in local


def read_email(text: str, pointer: str) -> str:
    """The address.

    Raises:
        Refusal: 422 for what is none.
    """
    if not is_email(text):
        raise invalid(pointer, f"{text} is no e-mail address.")
    return text
