"""Bar or arrow: how a list shows its highlight, by what the line carries (terminal, look)."""

from __future__ import annotations

from typing import Final, Literal

ListMark = Literal["auto", "bar", "arrow"]
ARROW_CLASS: Final = "-arrow"
"""On the app; the stylesheet then paints no bar."""
SLOW_BYTES: Final = 4_000
"""A second. Moving a bar costs some 160 bytes more than moving an arrow: a twenty-fifth of a second here."""
QUICK_BYTES: Final = 8_000
"""A second, from which a line that was slow no longer is: it must not change its mind all the time."""


class MarkChoice:
    """Remembers what was chosen, so that a line near the limit does not flicker."""

    def __init__(self, wanted: ListMark = "auto") -> None:
        self._wanted = wanted
        self._is_arrow = wanted == "arrow"

    def is_arrow(self, bytes_a_second: float | None) -> bool:
        """Whether the arrow alone marks the row, on a line that carries so much (None: not known yet)."""
        if self._wanted == "auto" and bytes_a_second is not None:
            limit = QUICK_BYTES if self._is_arrow else SLOW_BYTES
            self._is_arrow = bytes_a_second < limit
        return self._is_arrow
