"""Above the keys: what happened at the left, how the line fares at the right."""

from __future__ import annotations

from typing import Final, Literal

from textual.content import Content
from textual.widget import Widget

from branchtui.format.cells import cell_width, cut, pad, wrapped
from branchtui.format.safe_text import safe_text

ROWS_MAX: Final = 3
_KILO: Final = 1_000
Level = Literal["info", "done", "warning", "error", "unknown"]
_WORDS: Final[dict[Level, str]] = {
    "info": "",
    "done": "Done: ",
    "warning": "! ",
    "error": "Refused: ",
    "unknown": "UNKNOWN: ",
}
_COLOURS: Final[dict[Level, str]] = {
    "info": "",
    "done": "ansi_green",
    "warning": "ansi_yellow",
    "error": "ansi_red",
    "unknown": "bold ansi_yellow",
}


def bytes_word(count: int) -> str:
    """`85 B`, `1.4 kB`."""
    return f"{count} B" if count < _KILO else f"{count / _KILO:.1f} kB"


class StatusLine(Widget):
    """One message, and figures that change only with another paint: they never cause one themselves.

    Counts of keys put aside or waiting and a line that is down are the exception: they are painted at once
    (product, keys). Where the message needs the room, figures of the line give way; what is unconfirmed never does.
    """

    def __init__(self, id: str | None = None) -> None:
        super().__init__(id=id)
        self.message = ""
        self.level: Level = "info"
        self._counts = ""
        self._doubts: list[str] = []
        self._figures: list[str] = []
        self._shown: list[str] = []
        self._steady_cells = 0

    def say(self, text: str, level: Level = "info") -> None:
        """Show a sentence until the next one; its level is a word as well as a colour."""
        self.message, self.level = safe_text(text), level
        self._take_rows()
        self.refresh()

    def on_resize(self) -> None:
        """Another width is another number of rows."""
        self._take_rows()

    def set_figures(
        self,
        *,
        unconfirmed: int = 0,
        ledger_ms: float | None = None,
        line_ms: float | None = None,
        step_bytes: int = 0,
        put_aside: int = 0,
        keys_waiting: int = 0,
        is_asking: bool = False,
        note: str = "",
    ) -> None:
        """New figures; shown with the next paint, but counts of keys at once.

        `ledger_ms` and `line_ms` are round trips in milliseconds, to the ledger and to the terminal;
        `step_bytes` is what the last step sent to the terminal; `is_asking`: an answer has been long in coming.
        """
        counts = []
        if put_aside:
            counts.append(f"{put_aside} {'key' if put_aside == 1 else 'keys'} put aside")
        if keys_waiting:
            counts.append(f"{keys_waiting} {'key' if keys_waiting == 1 else 'keys'} waiting")
        if is_asking:
            counts.append("asking the ledger")
        if note:
            counts.append(safe_text(note))
        self._doubts = [f"{unconfirmed} unconfirmed"] if unconfirmed else []
        # Not by what changes with each key or answer: the rows of a sentence, and with them those of a list and of
        # its pages, are the same at any speed.
        self._steady_cells = cell_width("  ".join([safe_text(note), *self._doubts]).strip())
        self._figures = [
            *([f"line {line_ms:.0f} ms"] if line_ms is not None else []),
            *([bytes_word(step_bytes)] if step_bytes else []),
            *([f"ledger {ledger_ms:.0f} ms"] if ledger_ms is not None else []),
        ]
        former, self._counts = self._counts, "  ".join(counts)
        if former != self._counts:
            self.refresh()

    def render(self) -> Content:
        """The message in the rows it needs, the figures at the right of the last."""
        width = self.size.width
        self._shown = list(self._figures)
        right = self._right(width)
        cells = max(cell_width(right), self._steady(width))
        # Figures that came since may leave less room than the rows were taken for.
        lines = self._lines(width - cells, max(1, self.size.height))
        colour = _COLOURS[self.level]
        shown = Content("\n".join(lines))
        if colour and self.message:
            shown = shown.stylize(colour)
        return shown + Content(f" {pad(right, cells, 'right')}" if right else "")

    def show_newest(self) -> None:
        """Paint the figures if they changed: a larger paint of the same step goes with them."""
        if self._shown != self._figures:
            self.refresh()

    def _right(self, width: int) -> str:
        """Counts, doubts, and as many figures as leave the message its row: the last give way first."""
        kept = [part for part in (self._counts, *self._doubts) if part]
        message = cell_width(_WORDS[self.level] + self.message) + 1 if self.message else 0
        for count in range(len(self._figures), 0, -1):
            right = "  ".join([*kept, *self._figures[:count]])
            if cell_width(right) + message <= width:
                return right
        return cut("  ".join(kept), width)

    def _steady(self, width: int) -> int:
        return min(self._steady_cells, width)

    def _lines(self, left_cells: int, rows_max: int) -> list[str]:
        """The message in rows of one width, broken between words; what `rows_max` rows cannot hold is cut."""
        room = max(0, left_cells - (1 if left_cells < self.size.width else 0))
        rows = wrapped(_WORDS[self.level] + self.message if self.message else "", room)
        rows[rows_max - 1 :] = [" ".join(rows[rows_max - 1 :])] if len(rows) >= rows_max else []
        return [pad(row, room) for row in rows]

    def _take_rows(self) -> None:
        """A sentence about money is never cut for want of a row: the line grows, and shrinks with the next one."""
        width = self.size.width
        rows = len(self._lines(width - self._steady(width), ROWS_MAX)) if width else 1
        if self.styles.height is None or self.styles.height.value != rows:
            self.styles.height = rows
