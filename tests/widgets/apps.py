"""A bare app in the program's look, to show one widget at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from textual.app import App, ComposeResult
from textual.message import Message
from textual.pilot import Pilot
from textual.widget import Widget

from branchtui.terminal.styles import style_paths
from branchtui.terminal.theme import use_terminal_colours


class WidgetApp(App[None]):
    """Shows `widgets` and remembers the messages of `kinds`."""

    def __init__(self, *widgets: Widget, kinds: Iterable[type[Message]] = ()) -> None:
        super().__init__(css_path=[str(path) for path in style_paths()])
        use_terminal_colours(self)
        self._widgets = widgets
        self._kinds = tuple(kinds)
        self.said: list[Message] = []

    def compose(self) -> ComposeResult:
        """The widgets, one under the other."""
        yield from self._widgets

    def heard(self, kind: type[Message]) -> list[Message]:
        """The messages of one kind, in order."""
        return [message for message in self.said if isinstance(message, kind)]

    async def _on_message(self, message: Message) -> None:
        if isinstance(message, self._kinds):
            self.said.append(message)
        await super()._on_message(message)


async def until(pilot: Pilot[None], holds: Callable[[], bool]) -> None:
    """Let the app run until something holds; a fault shows as a failure, not as a hang."""
    for _ in range(4_000):
        await pilot.pause()
        if holds():
            return
    raise AssertionError("it never came to hold")


def screen_text(app: App[None]) -> list[str]:
    """The text of the whole screen, line by line, as the compositor would paint it."""
    return [
        "".join(segment.text for segment in line) for line in app.screen._compositor.render_strips(app.size)
    ]


class ManualTimer:
    """Stands in for the framework's timer: rings when the test says so."""

    def __init__(self) -> None:
        self.waiting: list[tuple[float, Callable[[], None], ManualTimer]] = []
        self._stopped = False

    def start(self, seconds: float, ring: Callable[[], None]) -> ManualTimer:
        """Start one more."""
        timer = ManualTimer()
        self.waiting = [entry for entry in self.waiting if not entry[2]._stopped]
        self.waiting.append((seconds, ring, timer))
        return timer

    def stop(self) -> None:
        """It will not ring."""
        self._stopped = True

    def ring(self) -> None:
        """Ring all that still wait."""
        due = [entry for entry in self.waiting if not entry[2]._stopped]
        self.waiting = []
        for _, ring, _ in due:
            ring()
