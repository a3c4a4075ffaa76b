"""What the line did, in figures: for the status line and for the benchmarks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from branchtui.remote.listeners import Listeners


@dataclass(frozen=True, slots=True)
class LineFigures:
    """Totals since the start, and the last exchange.

    Bytes are those of HTTP/1.1 as it goes over the line: request or status line, headers and the
    body as it is sent, compressed; TLS records and chunk framing are not counted. Times in milliseconds.
    """

    requests: int = 0
    bytes_up: int = 0
    bytes_down: int = 0
    last_round_trip_ms: float | None = None
    last_bytes_up: int = 0
    last_bytes_down: int = 0
    is_up: bool = True

    def __sub__(self, earlier: LineFigures) -> LineFigures:
        """What happened between two moments: the figures of one step."""
        return replace(
            self,
            requests=self.requests - earlier.requests,
            bytes_up=self.bytes_up - earlier.bytes_up,
            bytes_down=self.bytes_down - earlier.bytes_down,
        )


LineListener = Callable[[LineFigures], None]


class Line:
    """Keeps the figures and tells who listens."""

    def __init__(self) -> None:
        self.figures = LineFigures()
        self._listeners: Listeners[LineFigures] = Listeners()

    def listen(self, listener: LineListener) -> Callable[[], None]:
        """Call `listener` with the new figures after each exchange; the result ends that."""
        return self._listeners.add(listener)

    def sent(self, bytes_up: int) -> None:
        """A request went out; `bytes_up` is its size."""
        self.figures = replace(
            self.figures,
            requests=self.figures.requests + 1,
            bytes_up=self.figures.bytes_up + bytes_up,
            last_bytes_up=bytes_up,
        )

    def received(self, bytes_down: int, round_trip_ms: float) -> None:
        """Its answer is in: `bytes_down` long, `round_trip_ms` after the request began."""
        self.figures = replace(
            self.figures,
            bytes_down=self.figures.bytes_down + bytes_down,
            last_bytes_down=bytes_down,
            last_round_trip_ms=round_trip_ms,
        )
        self._tell()

    def turned(self, *, is_up: bool) -> None:
        """The circuit opened or closed."""
        if self.figures.is_up != is_up:
            self.figures = replace(self.figures, is_up=is_up)
            self._tell()

    def _tell(self) -> None:
        self._listeners.tell(self.figures)
