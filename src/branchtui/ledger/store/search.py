"""Folded text for search: case and marks removed, words in any order, phones in any writing."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from branchtui.format.folding import fold

if TYPE_CHECKING:
    from collections.abc import Iterable

_SPLIT = re.compile(r"[\s,;/]+")
_PHONE_LIKE = re.compile(r"^[+()\d\s.\-]{4,}$")
_NOT_DIGIT = re.compile(r"\D")
_PUNCTUATION = {code: None for code in range(128) if not chr(code).isalnum()}
_NUMBER_SIGNS = str.maketrans("", "", "./-")

_HEX: Final = "0123456789abcdef"
_MARK_DIGITS: Final = 9
_PRIVATE_USE: Final = 0xE000
_STANDING_SIGNS: Final = 0xF200
"""Behind the signs of branch marks, which end at U+F110."""
_MARKS: Final = 64
"""Branches that a match names at most."""

_FACET_KINDS: Final = 0xF300
_FACET_HIGH: Final = 0xF400
_FACET_LOW: Final = 0xF600
_FACET_BASE: Final = 512
FACETS_MAX: Final = _FACET_BASE * _FACET_BASE
"""Values (labels, groups, staff, products, ...) that customers can be listed by."""

SEARCHED: Final = {"customers": "status", "payments": "state"}
"""Tables with a text index, and the column that says how a row stands."""

MARKED: Final = {"customers": "facets"}
"""Tables with a text index whose rows bring further marks, and the column that holds them."""

TRIGRAM: Final = 3
"""Shorter words cannot be found inside a text, only at its beginning."""


def fold_reference(text: str) -> str:
    """A reference as it is compared: case, spaces and punctuation folded, leading zeros kept."""
    if text.isascii():
        # Most references are letters and digits alone; `translate` is slow beside that question.
        return text.lower() if text.isalnum() else text.lower().translate(_PUNCTUATION)
    return "".join(c for c in fold(text) if c.isalnum())


def number_key(number: str) -> str:
    """A number of ours as references are compared with it; says what the generated columns of the tables say."""
    return number.translate(_NUMBER_SIGNS).lower()


def words(query: str) -> list[str]:
    """The folded words of a query, longest first; quotes and signs that carry no meaning are dropped."""
    found = {word.strip("\"'`*()[]{}") for word in _SPLIT.split(fold(query))}
    return sorted((word for word in found if word), key=len, reverse=True)[:8]


def digits(query: str) -> str | None:
    """The digits of a query that is written like a phone or a number with spaces, or None."""
    return _NOT_DIGIT.sub("", query) if _PHONE_LIKE.match(query.strip()) else None


def trigram_match(parts: list[str]) -> str:
    """An FTS5 expression: every part must occur inside the text."""
    return " AND ".join('"' + part.replace('"', '""') + '"' for part in parts)


def branch_mark(branch_id: str) -> str:
    """A word of the text index that stands in every row of this branch, and in no text that people write.

    One trigram, made of the last nine digits of the id. Two branches may share a mark by chance: what a
    search finds by it is checked again.
    """
    tail = branch_id[-_MARK_DIGITS:].rjust(_MARK_DIGITS)
    values = [_HEX.find(c) + 1 for c in tail]
    return "".join(
        chr(_PRIVATE_USE + 256 * values[at] + 16 * values[at + 1] + values[at + 2])
        for at in range(0, _MARK_DIGITS, 3)
    )


def branch_mark_sql(column: str) -> str:
    """`branch_mark` of a column, for the triggers that fill the text index."""
    tail = f"substr('{' ' * _MARK_DIGITS}' || {column}, -{_MARK_DIGITS})"
    values = [f"instr('{_HEX}', substr({tail}, {at + 1}, 1))" for at in range(_MARK_DIGITS)]
    signs = (
        f"{_PRIVATE_USE} + 256 * {values[at]} + 16 * {values[at + 1]} + {values[at + 2]}"
        for at in range(0, _MARK_DIGITS, 3)
    )
    return f"char({', '.join(signs)})"


def standing_mark(standing: str) -> str:
    """A word of the text index that stands in every row of this status or state, and in no text that people write.

    One trigram, made of the first three letters: no two standings of a table begin alike.
    """
    return "".join(chr(_STANDING_SIGNS + ord(letter)) for letter in standing[:TRIGRAM])


def facet_mark(kind: int, number: int) -> str:
    """A word of the text index that stands in every row of this label, staff member, product, group or organisation.

    One trigram that stands in no text that people write. The three signs come from ranges of their own, so that
    marks may stand side by side: none is found across two others. `number` is below `FACETS_MAX`.
    """
    high, low = divmod(number, _FACET_BASE)
    return chr(_FACET_KINDS + kind) + chr(_FACET_HIGH + high) + chr(_FACET_LOW + low)


def indexed_text_sql(table: str, prefix: str = "") -> str:
    """What the text index holds of a row of `table` whose columns are written behind `prefix` (`new.`)."""
    standing = f"{prefix}{SEARCHED[table]}"
    signs = (f"{_STANDING_SIGNS} + unicode(substr({standing}, {at}, 1))" for at in range(1, TRIGRAM + 1))
    own = f" || {prefix}{MARKED[table]}" if table in MARKED else ""
    return f"{prefix}search_text || {branch_mark_sql(f'{prefix}branch_id')} || char({', '.join(signs)}){own}"


def follow_for_search(table: str) -> list[str]:
    """The triggers that keep the text index of `table` with its rows, on the embedded engine."""
    search = f"{table}_search"
    followed = ["search_text", "branch_id", SEARCHED[table], *([MARKED[table]] if table in MARKED else [])]
    text = indexed_text_sql(table, "new.")
    insert = f"INSERT INTO {search}(rowid, text) VALUES (new.row_no, {text})"  # noqa: S608 - names of our own schema
    delete = f"DELETE FROM {search} WHERE rowid = old.row_no"  # noqa: S608 - names of our own schema
    changed = " OR ".join(f"old.{name} IS NOT new.{name}" for name in followed)
    named = f"CREATE TRIGGER {table}_search"
    return [
        f"{named}_added AFTER INSERT ON {table} BEGIN {insert}; END",
        f"{named}_gone AFTER DELETE ON {table} BEGIN {delete}; END",
        f"{named}_changed AFTER UPDATE ON {table} WHEN {changed} BEGIN {delete}; {insert}; END",
    ]


def stop_following(table: str) -> list[str]:
    """What takes the triggers of `follow_for_search` away."""
    return [f"DROP TRIGGER IF EXISTS {table}_search_{name}" for name in ("added", "gone", "changed")]


def within(
    match: str, branch_ids: Iterable[str] | None, standing: str | None = None, facets: Iterable[str] = ()
) -> str:
    """`match` among the rows of these branches alone (None: of all), of this status or state, with all these marks.

    Very many branches are left to the check of each row: they are nearly all there are.
    """
    marks = sorted({branch_mark(each) for each in branch_ids or ()})
    if marks and len(marks) <= _MARKS:
        quoted = " OR ".join(f'"{mark}"' for mark in marks)
        match = f"({match}) AND ({quoted})"
    own = [*([] if standing is None else [standing_mark(standing)]), *facets]
    return match if not own else " AND ".join([f"({match})", *(f'"{mark}"' for mark in own)])


def prefix_end(prefix: str) -> str:
    """The first text after everything that begins with `prefix`, for a range on an index."""
    return prefix + "\U0010ffff"
