"""The rows a list holds at a time: a few neighbouring pages out of any number. Knows no Textual."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final, Generic, TypeVar

from branchtui.widgets.page_source import LAST, Edge, Page

T = TypeVar("T")
PAGES_MAX: Final = 12


class RowWindow(Generic[T]):
    """Neighbouring pages, grown at either edge and forgotten at the far one.

    `rows` are the loaded items in order; `base` is the place of the first of them among all rows (from 0), or None
    when the window was opened in the middle; `count` is the number of all rows when the source told it, without
    `is_count_exact` a number that is exceeded.
    """

    def __init__(self, row_id: Callable[[T], str], pages_max: int = PAGES_MAX) -> None:
        self._row_id = row_id
        self._pages_max = pages_max
        self._pages: list[list[T]] = []
        self._prevs: list[str | None] = []
        self._nexts: list[str | None] = []
        self.rows: list[T] = []
        self.base: int | None = None
        self.count: int | None = None
        self.is_count_exact = True

    @property
    def next(self) -> str | None:
        """Cursor behind the last loaded row; None at the end."""
        return self._nexts[-1] if self._nexts else None

    @property
    def prev(self) -> str | None:
        """Cursor before the first loaded row; None at the beginning."""
        return self._prevs[0] if self._prevs else None

    def open(self, page: Page[T], anchor: str) -> None:
        """Forget everything and begin with `page`, which `anchor` opened."""
        self._pages = [list(page.items)]
        self._prevs, self._nexts = [page.prev], [page.next]
        if page.count is not None:
            self.count, self.is_count_exact = page.count, page.count_exact
        self._flatten()
        if page.prev is None:
            self.base = 0
        elif anchor == LAST and self.count is not None and self.is_count_exact:
            self.base = max(0, self.count - len(self.rows))
        else:
            self.base = None
        self._count_at_the_end()

    def rows_forgotten(self, edge: Edge) -> int:
        """How many rows at the far side one more page at `edge` makes forgotten."""
        if len(self._pages) < self._pages_max:
            return 0
        return len(self._pages[0 if edge == "next" else -1])

    def append(self, page: Page[T]) -> int:
        """Add the page behind; returns how many rows were forgotten at the beginning."""
        self._pages.append(self._unseen(page.items))
        self._prevs.append(page.prev)
        self._nexts.append(page.next)
        forgotten = 0
        while len(self._pages) > self._pages_max:
            forgotten += len(self._pages.pop(0))
            del self._prevs[0], self._nexts[0]
        if self.base is not None:
            self.base += forgotten
        self._flatten()
        self._count_at_the_end()
        return forgotten

    def prepend(self, page: Page[T]) -> int:
        """Add the page before; returns how many rows were added at the beginning."""
        added = self._unseen(page.items)
        self._pages.insert(0, added)
        self._prevs.insert(0, page.prev)
        self._nexts.insert(0, page.next)
        while len(self._pages) > self._pages_max:
            self._pages.pop()
            del self._prevs[-1], self._nexts[-1]
        if page.prev is None:
            self.base = 0
        elif self.base is not None:
            self.base = max(0, self.base - len(added))
        self._flatten()
        return len(added)

    def index_of(self, row_id: str) -> int | None:
        """Place of a row among the loaded ones, or None."""
        return next((at for at, row in enumerate(self.rows) if self._row_id(row) == row_id), None)

    def replace(self, item: T) -> int | None:
        """Put `item` where the row of its id stands; returns its place, or None when it is not loaded."""
        row_id = self._row_id(item)
        for page in self._pages:
            for at, row in enumerate(page):
                if self._row_id(row) == row_id:
                    page[at] = item
                    self._flatten()
                    return self.index_of(row_id)
        return None

    def remove(self, row_id: str) -> int | None:
        """Take a row out and count one less; returns where it stood, or None when it is not loaded."""
        at = self.index_of(row_id)
        if at is None:
            return None
        for page in self._pages:
            page[:] = [row for row in page if self._row_id(row) != row_id]
        if self.count is not None:
            self.count = max(0, self.count - 1)
        self._flatten()
        return at

    def insert_first(self, item: T) -> bool:
        """Put a new row before all others; False when the beginning is not loaded (it is counted all the same)."""
        if self.index_of(self._row_id(item)) is not None:
            self.replace(item)
            return True
        if self.count is not None:
            self.count += 1
        if self.prev is not None:
            if self.base is not None:
                self.base += 1
            return False
        if not self._pages:
            self._pages, self._prevs, self._nexts = [[]], [None], [None]
            self.base = 0
        self._pages[0].insert(0, item)
        self._flatten()
        return True

    def _count_at_the_end(self) -> None:
        # Who walked past what the source counted, to the end, has counted the rest.
        if self.base is not None and self._pages and self.next is None:
            self.count, self.is_count_exact = self.base + len(self.rows), True

    def _unseen(self, items: Sequence[T]) -> list[T]:
        # Rows that moved between two requests would otherwise stand twice.
        seen = {self._row_id(row) for row in self.rows}
        return [item for item in items if self._row_id(item) not in seen]

    def _flatten(self) -> None:
        self.rows = [row for page in self._pages for row in page]
