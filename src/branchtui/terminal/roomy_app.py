"""An app that needs a window of some size, and says so where it has less."""

from __future__ import annotations

import textwrap
from typing import Any, Final

from textual import events
from textual._compositor import LayoutUpdate
from textual.geometry import Size
from textual.screen import Screen

from branchtui.terminal.guarded_app import GuardedApp
from branchtui.terminal.shown import is_confirmation

LEAST: Final = Size(60, 15)
"""The smallest window that every screen and dialog fits into: columns, rows."""
_HEARD: Final = frozenset({"ctrl+l", "ctrl+q", "ctrl+z"})
"""What a person may want before the window is larger."""
_SENTENCES: Final = (
    (
        "This window is {0}x{1}; branchtui needs at least {2}x{3}. Make it larger. "
        "Everything is kept as it was. ctrl+q signs off."
    ),
    "This window is {0}x{1}; branchtui needs at least {2}x{3}. Make it larger.",
    "{0}x{1} is too small; needs {2}x{3}",
    "needs {2}x{3}",
    "{2}x{3}",
    "+",
)


def is_too_small(size: Size) -> bool:
    """Whether a window cannot hold the program."""
    return size.width < LEAST.width or size.height < LEAST.height


def cover_rows(size: Size) -> list[str]:
    """What stands on a window that is too small: every row, each as wide as the window; the longest text that fits."""
    for sentence in _SENTENCES:
        text = sentence.format(*size, *LEAST)
        lines = textwrap.wrap(text, max(1, size.width - 2 * (size.width > 20)), break_long_words=False)
        if len(lines) <= size.height and all(len(line) <= size.width for line in lines):
            break
    else:
        lines = ["+"]
    above = (size.height - len(lines)) // 2
    rows = [""] * above + lines
    return [row.center(size.width) for row in rows + [""] * (size.height - len(rows))]


class RoomyApp(GuardedApp, inherit_bindings=False):
    """Below `LEAST` the window shows a sentence instead of the program, which stays as it is behind it.

    Nothing is laid out for such a window, so that lists, fields and what is typed are found unmoved. No key
    but a few acts meanwhile; none acts on a confirmation before it is painted again.
    """

    _window = Size(0, 0)
    _covered_since: float | None = None
    """When the sentence came, by the clock of the events; None while the program stands there itself."""

    def goes_nowhere(self, event: events.Key | events.Paste) -> bool:
        """Whether this was typed at the sentence. What was typed before it came still has its effect."""
        if self._covered_since is None or event.time <= self._covered_since:
            return False
        if isinstance(event, events.Key) and event.key in _HEARD:
            return False
        return is_too_small(self._window) or is_confirmation(self.screen)

    async def on_resize(self, event: events.Resize) -> None:
        """Ours before the framework's: it learns of no window that is too small."""
        self._window = event.size
        if is_too_small(event.size):
            event.prevent_default()
            if self._covered_since is None:
                self._covered_since = event.time
            if self._size is None:
                # Started in such a window: the screens need some size to be made for.
                await self._on_resize(events.Resize(LEAST, LEAST))
            self._paint_cover()
        elif self._covered_since is not None and self.screen_stack:
            self.screen.refresh(layout=True)

    def uncovered(self) -> None:
        """The program is about to be painted where the sentence stood."""

    def paint_again(self) -> None:
        """All of it, or of the sentence."""
        if self._covered_since is not None and is_too_small(self._window):
            self._paint_cover()
        else:
            self.refresh(repaint=True, layout=True)

    def _display(self, screen: Screen[Any], renderable: Any) -> None:
        if self._covered_since is not None:
            if not self._is_whole(screen, renderable):
                self.post_display_hook()
                return
            self._covered_since = None
            self.uncovered()
        super()._display(screen, renderable)

    def _is_whole(self, screen: Screen[Any], renderable: Any) -> bool:
        """Whether this paints every cell of the window as it is now: a part would stand amid the sentence."""
        return (
            not is_too_small(self._window)
            and screen is self.screen
            and isinstance(renderable, LayoutUpdate)
            and renderable.region.size == self._window
        )

    def _paint_cover(self) -> None:
        if self._driver is None:
            return
        rows = enumerate(cover_rows(self._window), 1)
        self._driver.write("".join(f"\x1b[{y};1H\x1b[0m{row}" for y, row in rows))
        self._driver.flush()
