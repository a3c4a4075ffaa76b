"""Text as it is compared: case and marks removed, as the ledger does for its orders by name."""

from __future__ import annotations

import unicodedata


def fold(text: str) -> str:
    """`text` without case and marks, single spaces: `"Ngũgĩ  wa"` is `"ngugi wa"`."""
    if text.isascii():
        return " ".join(text.lower().split())
    spread = unicodedata.normalize("NFKD", text)
    bare = "".join(c for c in spread if not unicodedata.combining(c))
    return " ".join(unicodedata.normalize("NFKC", bare).casefold().split())
