"""Statements that are written once for both engines, in PostgreSQL's words.

Most of what the ledger asks is the same SQL on both. What differs is put right here, once a statement:
parameters, sets of keys, the functions of another name, the hints that only SQLite's planner knows, and
the text index, which is a table of its own there and a trigram index on `search_text` here. Values stay
parameters throughout.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

_SET: Final = re.compile(r"IN \(SELECT value FROM json_each\(:(\w+)\)\)")
_EACH: Final = re.compile(r"json_each\(:(\w+)\)(?: AS (\w+))?")
_HINTS: Final = re.compile(r"\s+INDEXED BY \w+|(?<=[\s(])\+(?=[a-z_]+\.[a-z_]+)")
_TAIL: Final = re.compile(r"substr\(([\w.]+), -length\(:(\w+)\)\)")
_LENGTH: Final = re.compile(r"\bjson_array_length\(([\w.]+)\)")
_INDEXED_TEXT: Final = re.compile(r"\b(\w+)_search CROSS JOIN \1\b")
_JOINED_TEXT: Final = re.compile(r"\s+AND (\w+)\.row_no = \1_search\.rowid\b")
_ROWID: Final = re.compile(r"\b(\w+)_search\.rowid\b")
_MATCH: Final = re.compile(r"\b(\w+)_search MATCH :(\w+)")
_IS_NULL: Final = re.compile(r":(\w+) IS NULL")
_NAMED: Final = re.compile(r"(?<!:):([A-Za-z_]\w*)")
_PLACES: Final = re.compile(r"%\(\w+\)s")
_SUBQUERY: Final = re.compile(r"\b(?:FROM|JOIN) \(")
_ALIAS: Final = re.compile(r"\s*AS\s")

_TOKENS: Final = re.compile(r'\s*(\(|\)|AND\b|OR\b|"(?:[^"]|"")*")')
_PRIVATE: Final = range(0xE000, 0xF900)


@dataclass(frozen=True, slots=True)
class Worded:
    """A statement for the driver.

    `sets` are parameters that hold JSON arrays; `matches` are pairs (parameter, column) for conditions on the
    text index, each standing in the text as column and parameter between two NUL; `asked` are parameters
    of which the statement asks whether they are null, between two SOH: a parameter has one type here, and
    a null none, so that this is answered before it is sent.
    """

    text: str
    sets: frozenset[str]
    matches: tuple[tuple[str, str], ...]
    asked: frozenset[str]

    def bind(self, bound: Any) -> tuple[str, Any]:
        """The text and the parameters of one execution."""
        if bound is None:
            return self.text.replace("%%", "%"), None  # the driver looks into the text only for parameters
        if not isinstance(bound, Mapping) or not (self.sets or self.matches or self.asked):
            return self.text, bound
        values = dict(bound)
        for name in self.sets:
            values[name] = json.loads(values[name])
        text = self.text
        for name in self.asked:
            text = text.replace(f"\x01{name}\x01", "TRUE" if values[name] is None else "FALSE")
        for name, column in self.matches:
            condition, needles = match_condition(str(values[name]), column, name)
            text = text.replace(f"\x00{column} {name}\x00", condition)
            values |= needles
        return text, values


@lru_cache(maxsize=4_096)
def worded(statement: str) -> Worded:
    """`statement` as PostgreSQL and its driver want it."""
    sets: set[str] = set()
    asked: set[str] = set()
    matches: list[tuple[str, str]] = []

    def as_array(found: re.Match[str]) -> str:
        sets.add(found[1])
        return f"= ANY(:{found[1]}::text[])"

    def as_rows(found: re.Match[str]) -> str:
        if found[2] and f"{found[2]}.value ->>" in statement:
            return f"json_array_elements(:{found[1]}::json) AS {found[2]}(value)"
        sets.add(found[1])
        return f"unnest(:{found[1]}::text[]) AS {found[2] or 'given'}(value)"

    def as_condition(found: re.Match[str]) -> str:
        matches.append((found[2], f"{found[1]}.search_text"))
        return f"\x00{found[1]}.search_text {found[2]}\x00"

    def as_answer(found: re.Match[str]) -> str:
        asked.add(found[1])
        return f"\x01{found[1]}\x01"

    text = _HINTS.sub("", statement)
    text = _IS_NULL.sub(as_answer, text)
    text = _INDEXED_TEXT.sub(r"\1", text)
    text = _JOINED_TEXT.sub("", text)
    text = _ROWID.sub(r"\1.row_no", text)
    text = _MATCH.sub(as_condition, text)
    text = _SET.sub(as_array, text)
    text = _EACH.sub(as_rows, text)
    text = _TAIL.sub(r"right(\1, length(:\2))", text)
    text = _LENGTH.sub(r"json_array_length(\1::json)", text)
    text = text.replace("instr(", "strpos(")
    text = _named_subqueries(text).replace("%", "%%")
    text = _NAMED.sub(r"%(\1)s", text) if _NAMED.search(text) else text.replace("?", "%s")
    return Worded(text, frozenset(sets), tuple(matches), frozenset(asked))


@lru_cache(maxsize=1_024)
def by_place(statement: str) -> bytes:
    """`statement`, which names each parameter once, for rows that hold them in the order in which they stand there."""
    return _PLACES.sub("%s", worded(statement).text).encode()


def match_condition(expression: str, column: str, prefix: str) -> tuple[str, dict[str, str]]:
    """A text-index expression (quoted parts, AND, OR, parentheses) as LIKE conditions on `column`.

    Every part is a parameter named after `prefix`. Marks of branches are left out: branches are checked
    among the candidates.
    """
    needles: dict[str, str] = {}
    pieces: list[str] = []
    place = 0
    text = expression.strip()
    while place < len(text):
        token = _TOKENS.match(text, place)
        if token is None:
            raise ValueError(f"no text-index expression: {expression!r}")
        place = token.end()
        if not token[1].startswith('"'):
            pieces.append(token[1])
            continue
        part = token[1][1:-1].replace('""', '"')
        if part and all(ord(sign) in _PRIVATE for sign in part):
            pieces.append("TRUE")
            continue
        name = f"{prefix}_{len(needles)}"
        needles[name] = f"%{_unlike(part)}%"
        pieces.append(f"{column} LIKE %({name})s")
    return f"({' '.join(pieces)})", needles


def _unlike(part: str) -> str:
    """`part` as LIKE reads it, sign for sign."""
    return part.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def _named_subqueries(text: str) -> str:
    """Every subquery behind FROM with a name: PostgreSQL wants one before its release 16."""
    done, place, count = [], 0, 0
    ends: list[int] = []
    for found in _SUBQUERY.finditer(text):
        end = _closing(text, found.end() - 1)
        if end is not None and not _ALIAS.match(text, end + 1):
            ends.append(end)
    for count, end in enumerate(sorted(ends)):
        done.append(f"{text[place : end + 1]} AS part_{count}")
        place = end + 1
    return "".join([*done, text[place:]])


def _closing(text: str, opening: int) -> int | None:
    """Where the parenthesis at `opening` closes; quoted text is passed over."""
    depth, quoted = 0, False
    for place in range(opening, len(text)):
        sign = text[place]
        if sign == "'":
            quoted = not quoted
        elif quoted:
            continue
        elif sign == "(":
            depth += 1
        elif sign == ")":
            depth -= 1
            if depth == 0:
                return place
    return None
