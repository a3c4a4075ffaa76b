"""Cursors of lists: a place between two rows, sealed so that nobody makes or alters one (PAGE-1)."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
from typing import Any, Final

from branchtui.contract.problem import Codes
from branchtui.ledger.problems import Refusal

CURSOR_LIFE_US: Final = 15 * 60 * 1_000_000
_MAC_BYTES: Final = 12


class Cursors:
    """Seals and opens cursors: bound to reader, list, filters and order; foreign or altered ones are refused."""

    def __init__(self, secret: bytes) -> None:
        self._secret = hashlib.sha256(b"cursor" + secret).digest()

    def seal(self, binding: str, value: Any, key: str, *, forward: bool, now_us: int) -> str:
        """An opaque cursor for the row (`value`, `key`), leading `forward` or back."""
        body = json.dumps([value, key, int(forward), now_us], separators=(",", ":")).encode()
        mac = hmac.digest(self._secret, binding.encode() + body, "sha256")[:_MAC_BYTES]
        return base64.urlsafe_b64encode(mac + body).rstrip(b"=").decode()

    def open(self, binding: str, cursor: str, now_us: int) -> tuple[Any, str, bool]:
        """The row and direction of a cursor.

        Raises:
            Refusal: 400 when foreign or altered, 410 when older than fifteen minutes.
        """
        try:
            raw = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
            body = raw[_MAC_BYTES:]
            self._verify(binding, raw)
            value, key, forward, at = json.loads(body)
        except (ValueError, binascii.Error, TypeError) as error:
            raise Refusal(
                400, Codes.CURSOR_INVALID, "This place in the list is not known. Open the list again."
            ) from error
        if now_us - at > CURSOR_LIFE_US:
            raise Refusal(
                410, Codes.CURSOR_INVALID, "This place in the list is too old. Open the list again."
            )
        return value, key, bool(forward)

    def _verify(self, binding: str, raw: bytes) -> None:
        mac = hmac.digest(self._secret, binding.encode() + raw[_MAC_BYTES:], "sha256")[:_MAC_BYTES]
        if not hmac.compare_digest(mac, raw[:_MAC_BYTES]):
            raise ValueError("foreign or altered")
