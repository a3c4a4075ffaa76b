"""What a file is, by its content: described, never opened by its name and never run (contract, section 3).

A PDF, an image or a plain text; everything else is refused. Of an image the size is told, of a text its
first lines, cleaned of what could touch a screen.
"""

from __future__ import annotations

import io
import re
from dataclasses import dataclass, field
from typing import Any, Final

import imagesize  # type: ignore[import-untyped]  # it ships no types
import puremagic

TEXT: Final = "text/plain"
IMAGES: Final = ("image/png", "image/jpeg", "image/gif", "image/tiff", "image/webp")
KNOWN: Final = ("application/pdf", *IMAGES, TEXT)

LINES_SHOWN: Final = 20
LINE_SHOWN: Final = 200
_HEAD_BYTES: Final = 64 * 1024
# A line feed, a return, a tab and a form feed stand in texts; other controls do not.
_NO_TEXT: Final = re.compile("[\x00-\x08\x0b\x0e-\x1f\x7f]")
_UNSHOWN: Final = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff\ue000-\uf8ff\U000e0000-\U000e007f]"
)


class ContentUnknown(ValueError):
    """The bytes are none of what a document may be; `str()` says so to a person."""


@dataclass(frozen=True, slots=True)
class Content:
    """What a file is: its media type, and what may be said of it."""

    media_type: str
    seen: dict[str, Any] = field(default_factory=dict)


def describe(data: bytes) -> Content:
    """What these bytes are.

    Raises:
        ContentUnknown: no PDF, no image and no text, or nothing at all.
    """
    if not data:
        raise ContentUnknown("The file is empty.")
    kind = _by_magic(data)
    if kind in IMAGES:
        return Content(kind, _size(data))
    if kind == "application/pdf":
        return Content(kind)
    text = _as_text(data)
    if text is None:
        raise ContentUnknown("A document is a PDF, an image (PNG, JPEG, GIF, TIFF, WebP) or a plain text.")
    lines = text.splitlines()
    shown = [_UNSHOWN.sub("\N{REPLACEMENT CHARACTER}", line)[:LINE_SHOWN] for line in lines[:LINES_SHOWN]]
    return Content(TEXT, {"lines": len(lines), "text": shown})


def _by_magic(data: bytes) -> str:
    try:
        return str(puremagic.from_string(data[:_HEAD_BYTES], mime=True))
    except (puremagic.PureError, ValueError):
        return ""


def _size(data: bytes) -> dict[str, Any]:
    try:
        width, height = imagesize.get(io.BytesIO(data))
    except Exception:  # noqa: BLE001 - a head that a stranger made may break any reader; the file stays what it is
        return {}
    return {"width": int(width), "height": int(height)} if width > 0 and height > 0 else {}


def _as_text(data: bytes) -> str | None:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return None
    return None if _NO_TEXT.search(text) else text
