"""The first row of a screen: what one sees at the left, who works where at the right."""

from __future__ import annotations

from textual.content import Content
from textual.widget import Widget

from branchtui.format.cells import cell_width, cut, pad
from branchtui.format.safe_text import safe_text


class Heading(Widget):
    """One row that changes only with what it says: no clock."""

    def __init__(self, title: str) -> None:
        super().__init__(id="heading")
        self.heading = title
        self.note = ""
        self.place = ""

    def show(self, *, heading: str | None = None, note: str | None = None, place: str | None = None) -> None:
        """Change what is given; paints only when something differs."""
        former = (self.heading, self.note, self.place)
        self.heading = self.heading if heading is None else safe_text(heading)
        self.note = self.note if note is None else safe_text(note)
        self.place = self.place if place is None else safe_text(place)
        if former != (self.heading, self.note, self.place):
            self.refresh()

    def render(self) -> Content:
        """The title bold. Where all do not fit, parts of the note go, whole: half a figure misleads.

        Only where the title itself leaves no room the user's name goes, then the branch.
        """
        width = self.size.width
        places = (self.place, self.place.split("  ")[0], "")
        right = next(one for one in places if not one or _both_fit(self.heading, one, width))
        left = self._left(width - cell_width(right) - (2 if right else 0))
        room = max(0, width - cell_width(right))
        return Content(pad(cut(left, room), room) + right).stylize("bold", 0, len(self.heading))

    def _left(self, room: int) -> str:
        """Title and as many parts of the note as fit: the first and the last stay longest, the first is cut at worst."""
        parts = self.note.split("  ") if self.note else []
        while len(parts) > 1 and cell_width("  ".join([self.heading, *parts])) > room:
            parts.pop(-2 if len(parts) > 2 else -1)
        return cut("  ".join([self.heading, *parts]), max(0, room))


def _both_fit(left: str, right: str, width: int) -> bool:
    return cell_width(left) + cell_width(right) + 2 <= width
