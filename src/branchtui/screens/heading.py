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
        """The title bold; first the user's name, then the branch gives way to the note where all do not fit."""
        width = self.size.width
        left = f"{self.heading}  {self.note}" if self.note else self.heading
        places = (self.place, self.place.split("  ")[0], "")
        right = next(one for one in places if cell_width(left) + cell_width(one) + 2 <= width or not one)
        room = max(0, width - cell_width(right))
        return Content(pad(cut(left, room), room) + right).stylize("bold", 0, len(self.heading))
