"""Where a list gets its rows: pages by cursor or anchor, as the contract's lists give them."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Generic, Literal, Protocol, TypeVar

from branchtui.format.folding import fold

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)

PAGE_LIMIT: Final = 50
"""Rows asked for at once: more than a screen of 36 lines shows, under 4 KiB compressed."""
FIRST: Final = "first"
LAST: Final = "last"
Edge = Literal["next", "prev"]
"""The side of the loaded rows at which a page is added."""


@dataclass(frozen=True)
class PageRequest:
    """One page: either the one behind `cursor`, or the one `anchor` opens.

    `anchor` is `first`, `last`, `id:<row id>` or `key:<beginning of the sort column>`; `limit` counts rows;
    `count` asks for the number of all rows beside the page.
    """

    cursor: str | None = None
    anchor: str | None = FIRST
    limit: int = PAGE_LIMIT
    count: bool = False


@dataclass(frozen=True)
class Page(Generic[T_co]):
    """Rows in order; `next` and `prev` are cursors, None at an end.

    `count` is of all rows, when known; without `count_exact` there are more than that.
    """

    items: Sequence[T_co]
    next: str | None = None
    prev: str | None = None
    count: int | None = None
    count_exact: bool = True


class AnchorGone(Exception):
    """The row of an anchor `id:...` is not in the list any more: a list then opens at another row."""


class PageSource(Protocol[T_co]):
    """Anything that answers page requests; raises what the screen's `explain` turns into a sentence."""

    async def fetch(self, request: PageRequest) -> Page[T_co]:
        """The page asked for."""
        ...


class MemorySource(Generic[T]):
    """A source over rows that are all here: candidates of a payment, lines of a preview.

    `key` gives the text that the rows are in order of and a jump by letters compares with, case and marks
    folded; `row_id` the identity for `id:` anchors, whose places are noted when the first is asked for.
    """

    def __init__(
        self, rows: Sequence[T], row_id: Callable[[T], str], key: Callable[[T], str] | None = None
    ) -> None:
        self._rows = rows
        self._row_id = row_id
        self._key = key
        self._places: dict[str, int] | None = None

    async def fetch(self, request: PageRequest) -> Page[T]:
        """The slice asked for; cursors are `+index` forward and `-index` backward."""
        total = len(self._rows)
        start = self._start(request, total)
        stop = min(total, start + request.limit)
        if request.cursor is not None and request.cursor.startswith("-"):
            stop = int(request.cursor[1:])
            start = max(0, stop - request.limit)
        return Page(
            items=self._rows[start:stop],
            next=f"+{stop}" if stop < total else None,
            prev=f"-{start}" if start > 0 else None,
            count=total,
        )

    def _start(self, request: PageRequest, total: int) -> int:
        if request.cursor is not None:
            return int(request.cursor[1:])
        anchor = request.anchor or FIRST
        if anchor == LAST:
            return max(0, total - request.limit)
        kind, _, wanted = anchor.partition(":")
        if kind == "id":
            return self._place_of(wanted)
        if kind == "key" and self._key is not None:
            key = self._key
            start = bisect_left(self._rows, fold(wanted), key=lambda row: fold(key(row)))
            return min(start, max(0, total - 1))
        return 0

    def _place_of(self, row_id: str) -> int:
        if self._places is None:
            self._places = {self._row_id(row): at for at, row in enumerate(self._rows)}
        if row_id not in self._places:
            raise AnchorGone
        return self._places[row_id]
