"""Asks a page source, one request an edge; an answer to an older question is dropped. Knows no Textual."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Generic, Literal, TypeVar

from branchtui.widgets.page_source import PAGE_LIMIT, Page, PageRequest, PageSource

T = TypeVar("T")
Edge = Literal["open", "next", "prev"]


class PageLoader(Generic[T]):
    """`opening` is the anchor under way, or None; `is_replacing` says that its rows answer another question.

    `run` starts a coroutine; `took` and `failed` get what came of it, never for an older generation.
    """

    def __init__(
        self,
        run: Callable[[Coroutine[None, None, None]], object],
        took: Callable[[Page[T], Edge], None],
        failed: Callable[[Exception, Edge], None],
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
        self._fetching: set[Edge] = set()

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

    def is_fetching(self, edge: Edge) -> bool:
        """True while the page at that edge is under way."""
        return edge in self._fetching

    def open(self, anchor: str, *, replacing: bool) -> None:
        """Begin a new generation at `anchor`."""
        self._generation += 1
        self._fetching.clear()
        self.opening = anchor
        self.is_replacing = replacing
        self._ask(PageRequest(anchor=anchor, limit=self.limit, count=True), "open")

    def ask_edge(self, edge: Edge, cursor: str | None) -> None:
        """Ask for the neighbour page, unless it is under way or there is none."""
        if cursor is not None and edge not in self._fetching:
            self._ask(PageRequest(cursor=cursor, anchor=None, limit=self.limit), edge)

    def _ask(self, request: PageRequest, edge: Edge) -> None:
        self._fetching.add(edge)
        self._run(self._fetch(request, edge, self._generation))

    async def _fetch(self, request: PageRequest, edge: Edge, generation: int) -> None:
        source = self.source
        if source is None:
            return
        try:
            page = await source.fetch(request)
        except Exception as error:  # noqa: BLE001  # whatever a source raises, the teller gets a sentence
            if generation == self._generation:
                self._fetching.discard(edge)
                self._failed(error, edge)
            return
        if generation == self._generation:
            self._fetching.discard(edge)
            self._took(page, edge)
