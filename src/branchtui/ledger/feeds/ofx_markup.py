"""The markup of OFX: elements of version 1 (SGML, ends left out) and version 2 (XML) alike.

No document type is read and no entity resolved but the five that every text may have. Nothing is skipped
in silence: an end that fits no beginning, or text where none may stand, is damage; what is put right is told of.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from html import unescape
from typing import TYPE_CHECKING, Final

from branchtui.ledger.feeds.statement import Damaged

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

DEPTH_MAX: Final = 32
TAG_MAX: Final = 64
TEXT_MAX: Final = 8_192
CHILDREN_MAX: Final = 500
"""Elements directly within one that is kept whole; a transaction has 30."""

_TAG: Final = re.compile(r"(/?)([A-Za-z0-9][A-Za-z0-9._-]*)\s*(/?)", re.ASCII)
_ENTITY: Final = re.compile(r"&(?:amp|lt|gt|quot|apos|nbsp|#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6});")
_CDATA: Final = "![CDATA["
_COMMENT: Final = "<!--"
_COMMENT_END: Final = "-->"


@dataclass(slots=True, eq=False)
class Element:
    """An element: a leaf with text, or an aggregate with children. `line` is where it begins."""

    tag: str
    line: int
    text: str = ""
    children: list[Element] = field(default_factory=list)

    def first(self, tag: str) -> Element | None:
        """The first child of this tag."""
        return next((each for each in self.children if each.tag == tag), None)

    def said(self, *path: str) -> str:
        """The text at a path of tags; empty where there is none."""
        found: Element | None = self
        for tag in path:
            found = found.first(tag) if found is not None else None
        return found.text if found is not None else ""


def elements(blocks: Iterable[str], kept: frozenset[str]) -> Iterator[tuple[str, Element]]:
    """`begin` and `end` of every aggregate, in order, with what is known of it by then.

    Children of an aggregate are kept with it until it ends, save those that are aggregates named in
    `kept`: those are told of when they end, and forgotten. `repair` tells of what was put right because it can be
    read in one way only: an element of `kept` whose end is missing (none stands in its like), and a leaf that ends
    under another name, which is then the text of what is told.

    Raises:
        Damaged: it is not whole.
    """
    stack: list[Element] = []
    seen_root = False
    leaf: Element | None = None
    for line, tag, is_end, text in _tokens(blocks):
        if is_end:
            if leaf is not None and leaf.tag != tag and all(each.tag != tag for each in stack):
                yield "repair", Element(leaf.tag, line, tag)
            else:
                yield from _ended(stack, tag, line, kept)
            leaf = None
            if text:
                raise Damaged("ofx", f"Line {line:,}: text stands where none may.", line)
            continue
        leaf = None
        if not tag:
            if not stack:
                raise Damaged("ofx", f"Line {line:,}: text stands outside the message.", line)
            stack[-1].text = text
            continue
        if not stack and (seen_root or tag != "OFX"):
            raise Damaged("ofx", f"Line {line:,}: {tag} stands outside the message.", line)
        seen_root = True
        if text and tag in kept:
            raise Damaged("ofx", f"Line {line:,}: {tag} holds text where its elements belong.", line)
        if tag in kept:
            at = next((place for place, each in enumerate(stack) if each.tag == tag), len(stack))
            yield from _left_open(stack, at, kept)
        element = Element(tag, line, text)
        _added(stack, element)
        leaf = element if text else None
        if not text:
            stack.append(element)
            yield "begin", element
    if stack or not seen_root:
        line = stack[-1].line if stack else 1
        raise Damaged("ofx", "The message does not end: the file is cut off, or it is no OFX.", line)


def _added(stack: list[Element], element: Element) -> None:
    """Give an element to the one that it stands in, within bounds."""
    if not stack:
        return
    if len(stack[-1].children) >= CHILDREN_MAX:
        raise Damaged("ofx", f"Line {element.line:,}: there are too many elements in one.", element.line)
    if not element.text and len(stack) >= DEPTH_MAX:
        raise Damaged("ofx", f"Line {element.line:,}: the file is nested too deeply.", element.line)
    stack[-1].children.append(element)


def _ended(stack: list[Element], tag: str, line: int, kept: frozenset[str]) -> Iterator[tuple[str, Element]]:
    """An end tag: of the innermost element, of a leaf, or of one around elements that were left open."""
    if stack and stack[-1].children and stack[-1].children[-1].tag == tag and stack[-1].tag != tag:
        last = stack[-1].children[-1]
        if last.text:
            return  # the end of a leaf
    at = next((place for place in reversed(range(len(stack))) if stack[place].tag == tag), None)
    if at is None:
        raise Damaged("ofx", f"Line {line:,}: {tag} ends and never began.", line)
    yield from _left_open(stack, at + 1, kept)
    element = stack.pop()
    yield "end", element
    if stack and tag in kept:
        stack[-1].children.remove(element)


def _left_open(stack: list[Element], keep: int, kept: frozenset[str]) -> Iterator[tuple[str, Element]]:
    """End the elements above the first `keep`: those in `kept` as what they are, others as leaves that say nothing."""
    while len(stack) > keep:
        element = stack.pop()
        if element.tag in kept and element.children:
            yield "repair", element
            yield "end", element
            stack[-1].children.remove(element)
        else:
            # What follows an empty leaf without an end is its parent's.
            moved, element.children = element.children, []
            stack[-1].children += moved


def _tokens(blocks: Iterable[str]) -> Iterator[tuple[int, str, bool, str]]:
    """Line, tag, whether it is an end, and the text behind it; declarations and comments are passed over."""
    rest, line = "", 1
    for block in _uncommented(blocks):
        rest += block
        cut = rest.rfind("<")
        if cut <= 0:
            if len(rest) > TEXT_MAX + TAG_MAX:
                raise Damaged("ofx", f"Line {line:,}: a text is too long, or this is no OFX.", line)
            continue
        yield from _pieces(rest[:cut], line)
        line += rest.count("\n", 0, cut)
        rest = rest[cut:]
    yield from _pieces(rest, line)


def _uncommented(blocks: Iterable[str]) -> Iterator[str]:
    """The blocks without comments, which leave their line breaks; a comment that does not end takes the rest."""
    rest, inside = "", False
    for block in blocks:
        rest += block
        while (at := rest.find(_COMMENT_END if inside else _COMMENT)) >= 0:
            if inside:
                yield "\n" * rest.count("\n", 0, at)
                rest = rest[at + len(_COMMENT_END) :]
            else:
                yield rest[:at]
                rest = rest[at + len(_COMMENT) :]
            inside = not inside
        # The last characters may be the beginning of a sign that the next block ends.
        cut = max(0, len(rest) - len(_COMMENT) + 1)
        yield "\n" * rest.count("\n", 0, cut) if inside else rest[:cut]
        rest = rest[cut:]
    if not inside:
        yield rest.rstrip("\x00\x1a")


def _pieces(text: str, line: int) -> Iterator[tuple[int, str, bool, str]]:
    pieces = text.split("<")
    line += pieces[0].count("\n")
    for piece in pieces[1:]:
        if piece.startswith(_CDATA):
            inside, ended, behind = piece[len(_CDATA) :].partition("]]>")
            if not ended or behind.strip():
                raise Damaged("ofx", f"Line {line:,}: a CDATA section does not end.", line)
            yield line, "", False, inside.strip()
            line += piece.count("\n")
            continue
        name, closed, said = piece.partition(">")
        if name[:1] in {"?", "!"}:
            if name[:8].upper() == "!DOCTYPE" or name[:7].upper() == "!ENTITY":
                raise Damaged(
                    "doctype", "The file declares a document type; no statement of a bank does.", line
                )
            line += piece.count("\n")
            continue
        found = _TAG.fullmatch(name) if closed and len(name) <= TAG_MAX else None
        if found is None:
            raise Damaged("ofx", f"Line {line:,}: this is no OFX element.", line)
        if len(said) > TEXT_MAX:
            raise Damaged("ofx", f"Line {line:,}: a text is too long.", line)
        value = _ENTITY.sub(lambda entity: unescape(entity[0]), said).strip()
        yield line, found[2].upper(), bool(found[1]), value
        if found[3] and not found[1]:
            yield line, found[2].upper(), True, ""
        line += piece.count("\n")
