"""What kind of statement a file is, by how it begins."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from branchtui.ledger.feeds import encodings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

_SAMPLE_BYTES: Final = 8 * 1024
_SWIFT: Final = re.compile(r"(?:^|@@)\s*(?:\{1:|:(?:20|25P?|28C?|60[FM]|61):)", re.MULTILINE)
_QIF: Final = re.compile(r"^!(?:type|account|option|clear)\b", re.MULTILINE | re.IGNORECASE)
_OFX: Final = re.compile(r"OFXHEADER|<\?OFX|<OFX\b", re.IGNORECASE)


class Format(StrEnum):
    """A format of statements."""

    MT940 = "mt940"
    CAMT = "camt"
    OFX = "ofx"
    BAI2 = "bai2"
    QIF = "qif"
    TABLE = "table"


def recognise(chunks: Callable[[], Iterable[bytes]]) -> Format:
    """The format of a file; a table where nothing else fits."""
    start = next(iter(chunks()), b"")[:_SAMPLE_BYTES]
    codec = encodings.codec_of(encodings.recognise([start]), start)
    text = start.decode(codec, errors="replace").replace("\r", "\n").lstrip("\ufeff\x01\x00 \t\n")
    if _OFX.search(text):
        return Format.OFX
    if text.startswith("<"):
        return Format.CAMT
    if text.startswith("01,"):
        return Format.BAI2
    if _SWIFT.search(text):
        return Format.MT940
    if _QIF.search(text):
        return Format.QIF
    return Format.TABLE
