"""Pages over rows that have a number: of a file's findings, of its payers (PAGE-1, PAGE-2).

A row may hold several items; a place is the row's number and which of its items it is.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Generic, TypeVar

from branchtui.contract.problem import Codes
from branchtui.ledger.problems import Refusal, invalid
from branchtui.ledger.store.lists import Slice

if TYPE_CHECKING:
    from branchtui.ledger.core import Core
    from branchtui.ledger.store.connection import Connection
    from branchtui.ledger.store.lists import Window

T = TypeVar("T")

ITEMS_A_ROW: Final = 64
"""Items that one row may hold."""

_LAST_PLACE: Final = 2**53


@dataclass(frozen=True, slots=True)
class Placed(Generic[T]):
    """An item and its place in the order of all."""

    place: int
    item: T


@dataclass(frozen=True, slots=True)
class Span:
    """Which rows are read: from row `row_no` on, `forward` or back, `limit` of them at most."""

    row_no: int
    forward: bool
    limit: int


Read = Callable[["Connection", Span], Iterable[Placed[T]]]
"""The items of some rows, in order of reading."""


@dataclass(frozen=True, slots=True)
class Numbered(Generic[T]):
    """A list over numbered rows: what its cursors are bound to, its items, and how many there are."""

    binding: list[Any]
    read: Read[T]
    count: Callable[[Connection], int]


async def page(core: Core, rows: Numbered[T], window: Window, *, now_us: int) -> Slice[T]:
    """A page by row number.

    Raises:
        Refusal: 400 or 410 for a cursor, 400 for a sort, 422 for an anchor, that is not known.
    """
    if window.sort not in {None, "row_no"}:
        raise Refusal(400, Codes.MALFORMED, f"This list sorts by row_no; not by {window.sort}.")
    binding = json.dumps(rows.binding)
    forward, start, opened_inside = True, 0, False
    if window.cursor is not None:
        value, _, forward = core.lists.cursors.open(binding, window.cursor, now_us)
        start, opened_inside = int(value) + (1 if forward else -1), True
    elif window.anchor is not None:
        forward, start = _anchor(window.anchor)
        opened_inside = forward and start > 0

    def read(connection: Connection) -> tuple[list[Placed[T]], int | None]:
        count = rows.count(connection) if window.count else None
        found = rows.read(connection, Span(start // ITEMS_A_ROW, forward, window.limit + 2))
        inside = (each for each in found if (each.place >= start if forward else each.place <= start))
        return list(itertools.islice(inside, window.limit + 1)), count

    found, count = await core.reader.in_thread(read)
    more = len(found) > window.limit
    found = found[: window.limit]
    if not forward:
        found.reverse()
    has_next = more if forward else opened_inside
    has_prev = opened_inside if forward else more

    def seal(placed: Placed[T], *, ahead: bool) -> str:
        return core.lists.cursors.seal(binding, placed.place, "", forward=ahead, now_us=now_us)

    return Slice(
        rows=[each.item for each in found],
        next=seal(found[-1], ahead=True) if found and has_next else None,
        prev=seal(found[0], ahead=False) if found and has_prev else None,
        count=count,
    )


def placed(row_no: int, items: Iterable[T], *, forward: bool) -> Iterable[Placed[T]]:
    """The items of one row, in the direction of reading."""
    found = [Placed(row_no * ITEMS_A_ROW + index, item) for index, item in enumerate(items)]
    return found if forward else reversed(found)


def _anchor(anchor: str) -> tuple[bool, int]:
    kind, _, rest = anchor.partition(":")
    if anchor == "first":
        return True, 0
    if anchor == "last":
        return False, _LAST_PLACE
    if kind in {"id", "key"} and rest.isascii() and rest.isdigit() and len(rest) < 10:
        return True, int(rest) * ITEMS_A_ROW
    # It may be an anchor of another list: that can be read, and these rows have no such place.
    raise invalid("/anchor", "An anchor is first, last, or key: and a row number.")
