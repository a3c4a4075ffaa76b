"""Where a person stands in a list: shown rows, the highlight, the first line in sight. Knows no Textual."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

from branchtui.widgets.row_window import RowWindow

T = TypeVar("T")


class ListCursor(Generic[T]):
    """`shown` are the loaded rows that pass the filter; `at` and `top` are places among them.

    `height` is the number of lines for rows; after each change `at` is a row (when there is one) and in sight.
    """

    def __init__(self, row_id: Callable[[T], str]) -> None:
        self.row_id = row_id
        self.window: RowWindow[T] = RowWindow(row_id)
        self.filter: Callable[[T], bool] | None = None
        self.shown: list[T] = []
        self.at = 0
        self.top = 0
        self.height = 1

    @property
    def highlighted(self) -> T | None:
        """The row under the arrow, or None."""
        return self.shown[self.at] if 0 <= self.at < len(self.shown) else None

    @property
    def highlighted_id(self) -> str | None:
        """Its id, or None."""
        item = self.highlighted
        return None if item is None else self.row_id(item)

    @property
    def last(self) -> int:
        """Place of the last shown row; -1 without rows."""
        return len(self.shown) - 1

    @property
    def position(self) -> str:
        """`12 of 5,000`, `12 of 10,000+` where there are more than were counted.

        Without the first figure where the place is not known; empty without rows.
        """
        base, count = self.window.base, self.window.count
        if not self.shown or self.filter is not None:
            return ""
        if base is None:
            return "" if count is None else f"of {self.count_words}"
        place = base + self.at + 1
        return f"{place:,}" if count is None else f"{place:,} of {self.count_words}"

    @property
    def count_words(self) -> str:
        """All rows in words: `5,000`, `10,000+` where there are more than were counted, empty when not known."""
        window = self.window
        if window.count is None:
            return ""
        seen = len(window.rows) + (window.base or 0)
        return f"{max(window.count, seen):,}{'' if window.is_count_exact else '+'}"

    def place_of(self, row_id: str | None) -> int | None:
        """Place of a shown row, or None."""
        return next((at for at, row in enumerate(self.shown) if self.row_id(row) == row_id), None)

    def empty(self) -> None:
        """Forget rows, filter and place; the height stays."""
        self.window = RowWindow(self.row_id)
        self.filter = None
        self.at = self.top = 0
        self.narrow(keep_id=None)

    def narrow(self, keep_id: str | None, line: int | None = None) -> None:
        """Take the rows up again after a change; stand on `keep_id`, in `line` of the screen when given.

        Where that row is gone the highlight goes to the one that followed it, or else to the one before.
        """
        former, at = self.shown, self.at
        self._take_rows()
        place = None if keep_id is None else self.place_of(keep_id)
        if place is None and keep_id is not None:
            place = self._nearest(former, at)
            line = line if place is not None else 0
            place = place or 0
        if place is not None:
            self.at = place
            if line is not None:
                self.top = place - line
        self.bound()

    def stay(self, keep_id: str | None) -> None:
        """Rows came or went at an edge: the highlight stays on `keep_id`, in its line of the screen."""
        self.narrow(keep_id, self.at - self.top)

    def bound(self) -> None:
        """The highlight is a row, in sight; no empty line stands below rows that could fill it."""
        self.at = min(max(0, self.at), max(0, self.last))
        lowest_top = max(0, len(self.shown) - self.height)
        self.top = min(max(self.top, self.at - self.height + 1, 0), self.at, lowest_top)

    def _nearest(self, former: list[T], at: int) -> int | None:
        """Place of the first row of `former` from `at` on that is still shown, or of the last one before it."""
        places = {self.row_id(row): place for place, row in enumerate(self.shown)}
        for row in (*former[at:], *reversed(former[:at])):
            place = places.get(self.row_id(row))
            if place is not None:
                return place
        return None

    def _take_rows(self) -> None:
        rows, fits = self.window.rows, self.filter
        self.shown = rows if fits is None else [row for row in rows if fits(row)]
