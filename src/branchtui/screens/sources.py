"""Pages of the ledger, as the lists ask for them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Final, Generic, TypeVar

from branchtui.widgets.page_source import Page, PageRequest

T = TypeVar("T")

PAGE_ROWS: Final = 40
"""Rows asked for at a time: a tall screen in one request, two of 24 lines, and about 4 KiB on the line."""


class LedgerSource(Generic[T]):
    """Turns a method of the client that lists into a page source: `LedgerSource(partial(ledger.customers, q))`.

    `ask` takes `cursor`, `limit` and, when `anchored`, `anchor` and `count`. A list without anchors begins
    at its first row whatever anchor is asked for.
    """

    def __init__(self, ask: Callable[..., Awaitable[Any]], *, anchored: bool = True) -> None:
        self._ask = ask
        self._anchored = anchored

    async def fetch(self, request: PageRequest) -> Page[T]:
        """One request; raises what the client raises."""
        more: dict[str, Any] = {"anchor": request.anchor, "count": request.count} if self._anchored else {}
        page = await self._ask(cursor=request.cursor, limit=request.limit, **more)
        return Page(items=page.items, next=page.next, prev=page.prev, count=page.count)
