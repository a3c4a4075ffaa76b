"""Pages of the ledger, as the lists ask for them."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from datetime import date
from typing import Any, Final, Generic, TypeVar

from branchtui.format.dates import parse_date
from branchtui.format.money import parse_money
from branchtui.remote.errors import Refused
from branchtui.widgets.page_source import AnchorGone, Page, PageRequest

T = TypeVar("T")

_SPAN: Final = re.compile(r"[0-9]{4}(-[0-9]{2})?", re.ASCII)
NOT_FOUND: Final = 404
PAGE_ROWS: Final = 40
"""Rows asked for at a time: a tall screen in one request, two of 24 lines, and about 4 KiB on the line."""


class LedgerSource(Generic[T]):
    """Turns a method of the client that lists into a page source: `LedgerSource(partial(ledger.customers, q))`.

    `ask` takes `cursor`, `limit` and, when `anchored`, `anchor` and `count`. A list without anchors begins
    at its first row whatever anchor is asked for. `key` turns what is typed to jump to into a key of the
    list's order; it raises DateError or MoneyError for what is none.
    """

    def __init__(
        self, ask: Callable[..., Awaitable[Any]], *, anchored: bool = True, key: Callable[[str], str] = str
    ) -> None:
        self._ask = ask
        self._anchored = anchored
        self._key = key

    async def fetch(self, request: PageRequest) -> Page[T]:
        """One request; raises what the client raises, and AnchorGone for a row that the ledger has no more."""
        more: dict[str, Any] = {}
        kind, _, wanted = (request.anchor or "").partition(":")
        if self._anchored:
            anchor = f"key:{self._key(wanted)}" if kind == "key" else request.anchor
            more = {"anchor": anchor, "count": request.count}
        try:
            page = await self._ask(cursor=request.cursor, limit=request.limit, **more)
        except Refused as refused:
            if kind == "id" and refused.problem.status == NOT_FOUND:
                raise AnchorGone from refused
            raise
        return Page(page.items, page.next, page.prev, page.count, page.count_exact)


def day_key(today: Callable[[], date]) -> Callable[[str], str]:
    """For an order by time: a year, a month, or a day in any form that a date field takes."""

    def key(typed: str) -> str:
        text = typed.strip()
        return text if _SPAN.fullmatch(text) else parse_date(text, today()).isoformat()

    return key


def amount_key(currency: str) -> Callable[[str], str]:
    """For an order by amount: an amount as it is keyed, in minor units as the ledger takes it."""
    return lambda typed: str(parse_money(typed, currency))
