"""Waiting until a person rests: a timer that starts again with each key."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Protocol

REST_SECONDS: Final = 0.3
"""Contract: the ledger is asked after 300 ms of rest."""


class Stoppable(Protocol):
    """A timer that was started."""

    def stop(self) -> None:
        """It will not ring."""
        ...


StartTimer = Callable[[float, Callable[[], None]], Stoppable]
"""Starts a timer of so many seconds that rings once; tests bring their own."""


class Rest:
    """Rings `settled` once, `seconds` after the last `touch`; `settle` rings at once when a touch is owed."""

    def __init__(
        self, start_timer: StartTimer, settled: Callable[[], None], seconds: float = REST_SECONDS
    ) -> None:
        self._start_timer = start_timer
        self._settled = settled
        self._seconds = seconds
        self._timer: Stoppable | None = None

    @property
    def is_owed(self) -> bool:
        """True between a touch and its ring."""
        return self._timer is not None

    def touch(self) -> None:
        """A key: begin to wait again."""
        self.cancel()
        self._timer = self._start_timer(self._seconds, self.settle)

    def settle(self) -> None:
        """Ring now, if a touch is owed."""
        if self._timer is not None:
            self.cancel()
            self._settled()

    def cancel(self) -> None:
        """Forget the touch."""
        if self._timer is not None:
            self._timer.stop()
            self._timer = None
