"""The last wall of TTY-1 (link, section 6): no foreign control character reaches the terminal.

Whatever a widget was given, every line it paints goes through `OutputWall`. The wall hangs on a list of the
framework that is not public, so `raise_wall` proves it with a probe at each start and refuses to go on otherwise.
"""

from __future__ import annotations

from typing import Any, Final

from rich.segment import Segment
from textual.app import App
from textual.color import Color
from textual.filter import LineFilter
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from branchtui.format.safe_text import kind_of, safe_text

_JOINERS: Final = "\u200c\u200d"
PROBE: Final = "\x1b]0;probe\x07\x9b31m\x00\x7f\u202e\u200b\U000e0041probe"
_PROBE_CELLS: Final = 40


class OutputWallMissing(Exception):
    """The terminal cannot be protected from control characters in names; the program must not start."""

    def __init__(self) -> None:
        super().__init__(
            "The protection against control characters in text does not work with this version of Textual. "
            "Nothing was started. Install the version branchtui was made for."
        )


class OutputWall(LineFilter):
    """Makes every non-control segment safe, keeps the line's width, and drops foreign hyperlinks."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """`segments` itself when nothing in them is foreign, a safe copy of the same width otherwise."""
        if not any(_is_foreign(segment) for segment in segments):
            return segments
        width = Segment.get_line_length(segments)
        safe = [segment if segment.control else _made_safe(segment) for segment in segments]
        # A shown `�` takes a cell that the hidden character did not: cut at the right edge, never spill over it.
        return Segment.adjust_line_length(safe, width)


def raise_wall(app: App[Any]) -> None:
    """Put the wall behind every other filter of `app`, once, and prove that it stands.

    Call it when the app is mounted, before any text of the ledger is shown.

    Raises:
        OutputWallMissing: the probe came through.
    """
    filters = getattr(app, "_filters", None)
    if not isinstance(filters, list):
        raise OutputWallMissing
    if not any(isinstance(line_filter, OutputWall) for line_filter in filters):
        filters.append(OutputWall())
    painted = _painted_probe(app)
    # A probe that was not painted at all proves nothing.
    if "probe" not in painted or foreign_characters(painted):
        raise OutputWallMissing


def foreign_characters(text: str) -> list[str]:
    """The characters of painted text that a terminal could obey or that hide; empty when it is clean."""
    return [character for character in text if kind_of(character) == "bad" and character not in _JOINERS]


class _Probe(Widget):
    """A one-line widget that paints `PROBE` and is on no screen, so that proving the wall sends no byte."""

    @property
    def region(self) -> Region:
        """Where it would stand."""
        return Region(0, 0, _PROBE_CELLS, 1)

    @property
    def content_region(self) -> Region:
        """All of it: no border, no padding."""
        return self.region

    def render_line(self, y: int) -> Strip:
        """The probe as the line API of any widget would hand it over."""
        return Strip([Segment(PROBE)]).adjust_cell_length(_PROBE_CELLS)


def _painted_probe(app: App[Any]) -> str:
    """What the framework would paint for `PROBE`, through the very path every widget takes."""
    probe = _Probe()
    probe._attach(app.screen)
    try:
        return "".join(strip.text for strip in probe.render_lines(probe.region))
    finally:
        probe._detach()


def _safe_piece(text: str) -> str:
    # The framework cuts a line where the style changes, so a piece may begin with the mark of a letter before it.
    return safe_text("a" + text)[1:]


def _is_foreign(segment: Segment) -> bool:
    if segment.control:
        return False
    style = segment.style
    return bool(style is not None and style.link) or _safe_piece(segment.text) != segment.text


def _made_safe(segment: Segment) -> Segment:
    style = segment.style
    if style is not None and style.link:
        style = style.update_link(None)
    return Segment(_safe_piece(segment.text), style)
