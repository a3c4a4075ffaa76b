"""Where a list gets its rows: pages by cursor or anchor, as the contract's lists give them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Generic, Protocol, TypeVar

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)

PAGE_LIMIT: Final = 50
"""Rows asked for at once: more than a screen of 36 lines shows, under 4 KiB compressed."""
FIRST: Final = "first"
LAST: Final = "last"


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
    """Rows in order; `next` and `prev` are cursors, None at an end; `count` is of all rows, when known."""

    items: Sequence[T_co]
    next: str | None = None
    prev: str | None = None
    count: int | None = None


class PageSource(Protocol[T_co]):
    """Anything that answers page requests; raises what the screen's `explain` turns into a sentence."""

    async def fetch(self, request: PageRequest) -> Page[T_co]:
        """The page asked for."""
        ...


class MemorySource(Generic[T]):
    """A source over rows that are all here: candidates of a payment, lines of a preview.

    `key` gives the text a jump by letter compares with, `row_id` the identity for `id:` anchors.
    """

    def __init__(
        self, rows: Sequence[T], row_id: Callable[[T], str], key: Callable[[T], str] | None = None
    ) -> None:
        self._rows = rows
        self._row_id = row_id
        self._key = key

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
            return next((at for at, row in enumerate(self._rows) if self._row_id(row) == wanted), 0)
        if kind == "key" and self._key is not None:
            folded = wanted.casefold()
            fitting = (at for at, row in enumerate(self._rows) if self._key(row).casefold() >= folded)
            return next(fitting, max(0, total - 1))
        return 0
