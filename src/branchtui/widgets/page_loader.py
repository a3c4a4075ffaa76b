"""Asks a page source, one request an edge; an answer to an older question is dropped. Knows no Textual."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Final, Generic, Literal, TypeVar

from branchtui.widgets.page_source import PAGE_LIMIT, Edge, Page, PageRequest, PageSource

T = TypeVar("T")
Part = Literal["open", "next", "prev"]
"""What a request brings: a window opened anew, or the page at one of its edges."""

REQUESTS_A_STEP: Final = 2
"""What a key may cost; pages that are fetched ahead of need wait for the next key beyond it."""


class PageLoader(Generic[T]):
    """`opening` is the anchor under way, or None; `is_replacing` says that its rows answer another question.

    `run` starts a coroutine; `took` and `failed` get what came of it, never for an older generation.
    """

    def __init__(
        self,
        run: Callable[[Coroutine[None, None, None]], object],
        took: Callable[[Page[T], Part], None],
        failed: Callable[[Exception, Part], None],
        limit: int = PAGE_LIMIT,
    ) -> None:
        self._run = run
        self._took = took
        self._failed = failed
        self.limit = limit
        self.source: PageSource[T] | None = None
        self.opening: str | None = None
        self.is_replacing = False
        self._generation = 0
        self._fetching: set[Part] = set()
        self._asked = 0

    @property
    def is_idle(self) -> bool:
        """True when no request is under way."""
        return not self._fetching

    @property
    def is_opening(self) -> bool:
        """True while other rows are about to stand here: which one a key means is not known yet."""
        return self.opening is not None

    @property
    def must_wait(self) -> bool:
        """True while the rows in sight answer a former question: keys wait for the new ones."""
        return self.opening is not None and self.is_replacing

    def is_fetching(self, part: Part) -> bool:
        """True while that page is under way."""
        return part in self._fetching

    def begin_step(self) -> None:
        """A key was pressed: what is fetched ahead of need counts from here."""
        self._asked = 0

    def open(self, anchor: str, *, replacing: bool) -> None:
        """Begin a new generation at `anchor`."""
        self._generation += 1
        self._fetching.clear()
        self.opening = anchor
        self.is_replacing = replacing
        self._ask(PageRequest(anchor=anchor, limit=self.limit, count=True), "open")

    def ask_edge(self, edge: Edge, cursor: str | None, *, ahead: bool = False) -> bool:
        """Ask for the neighbour page, unless it is under way or there is none; False where it is not asked for.

        While a window is being opened its edges are not known yet. A page `ahead` of need is left out when the
        step has asked for enough.
        """
        if cursor is None or self.opening is not None or (ahead and self._asked >= REQUESTS_A_STEP):
            return False
        if edge not in self._fetching:
            self._ask(PageRequest(cursor=cursor, anchor=None, limit=self.limit), edge)
        return True

    def _ask(self, request: PageRequest, part: Part) -> None:
        source = self.source
        if source is None:
            return
        self._asked += 1
        self._fetching.add(part)
        self._run(self._fetch(source, request, part, self._generation))

    async def _fetch(self, source: PageSource[T], request: PageRequest, part: Part, generation: int) -> None:
        if generation != self._generation:
            # Another question was asked before this one was on its way.
            return
        try:
            page = await source.fetch(request)
        except Exception as error:  # noqa: BLE001  # whatever a source raises, the teller gets a sentence
            if generation == self._generation:
                self._fetching.discard(part)
                self._failed(error, part)
            return
        if generation == self._generation:
            self._fetching.discard(part)
            self._took(page, part)
