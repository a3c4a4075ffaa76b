"""What a file is that is no table with commas, semicolons or tabs: one sentence that says what to do (contract, section 8)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from branchtui.ledger.feeds.finding import Finding, error

if TYPE_CHECKING:
    from collections.abc import Collection

BAR: Final = "|"
OTHER_SIGNS: Final = {BAR: "a bar (|)", "^": "a caret (^)", "~": "a tilde (~)", ":": "a colon (:)"}
_OUR_SIGNS: Final = (",", ";", "\t")
_NO_TABLES: Final = (
    (re.compile(rb"%PDF-"), "a PDF"),
    (re.compile(rb"(?:\xef\xbb\xbf|\xff\xfe|\xfe\xff)?[\s\0]*<"), "a web page or another XML"),
    (re.compile(rb"\{\\rtf"), "a text document (RTF)"),
    (re.compile(rb"\x1f\x8b|7z\xbc\xaf|Rar!|BZh[1-9]|\xfd7zXZ"), "packed"),
    (re.compile(rb"\x89PNG|\xff\xd8\xff|GIF8"), "a picture"),
)
"""How files begin that people send in the place of a table, whatever the end of their name says."""

_NAME_GAPS: Final = re.compile(r"[\s-]+")
_MARKS: Final = "\ufeff\u200b"
"""What programs leave unseen in front of a header: a second mark of the encoding, a space without width."""


def what_else(start: bytes) -> Finding | None:
    """What is said of a file that begins so; None where it may be a table."""
    for pattern, name in _NO_TABLES:
        if pattern.match(start):
            said = (
                f"This file is {name}, whatever its name says. Send its table as .xlsx or CSV: a spreadsheet that "
                "opens the file saves it so."
            )
            return error("not-a-table", said)
    return None


def in_one_cell(cell: str, known: Collection[str], *, may_be_ours: bool) -> Finding | None:
    """What is said of a header that stands in one cell as a whole; None where that is the name of a column.

    `may_be_ours`: nobody has set another sign than the one of ours that stands in it.
    """
    for sign in (*OTHER_SIGNS, *(_OUR_SIGNS if may_be_ours else ())):
        names = {column_name(each.strip('"')) for each in cell.split(sign)}
        several = len(names.intersection(known)) > 1
        if several and sign in _OUR_SIGNS:
            said = "Each row stands in one cell, or in one pair of quotes, as a whole. Split it into columns, and save again."
            return error("delimiter", said)
        if several or (sign == BAR and len(names) > 1):
            return other_sign(OTHER_SIGNS[sign])
    return None


def other_sign(sign: str) -> Finding:
    """That something else stands between the cells."""
    said = f"The cells are separated by {sign}. Save the file with commas, semicolons or tabs between them."
    return error("delimiter", said)


def column_name(cell: str) -> str:
    """A header cell as columns are named: `Customer No` is `customer_no`."""
    return _NAME_GAPS.sub("_", cell.strip().strip(_MARKS)).lower()
