"""What is said while a change is on its way (link, section 5), with time in the test's hand."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from types import SimpleNamespace
from typing import Any, cast

import pytest
from tests.widgets.apps import ManualTimer

from branchtui.remote.errors import Blocked
from branchtui.remote.intents import Pending
from branchtui.remote.listeners import Listeners
from branchtui.remote.person import Person
from branchtui.screens.outcome import Outcome
from branchtui.widgets.status_line import Level


class Host:
    """A screen reduced to what an outcome needs of it."""

    def __init__(self) -> None:
        self.said: list[tuple[str, Level]] = []
        self.timer = ManualTimer()
        self.sending: Listeners[Any] = Listeners()
        self.ledger = cast("Any", SimpleNamespace(listen_sending=self.sending.add, person=Person()))

    def say(self, text: str, level: Level = "info") -> None:
        self.said.append((text, level))

    def hold_keys(self) -> AbstractContextManager[None]:
        return nullcontext()

    def set_timer(self, delay: float, callback: Callable[[], None]) -> ManualTimer:
        return self.timer.start(delay, callback)

    async def sign_in_again(self) -> bool:
        return False

    async def prove(self) -> bool:
        return False

    def show_unconfirmed(self, intent: Pending) -> None:
        pytest.fail("nothing is unknown here")


async def test_a_slow_line_is_told_after_two_seconds_and_cash_is_not_to_be_handed_over() -> None:
    """0 to 2 s "Sending…", from then on the attempt and the warning; the end takes its place."""
    host = Host()
    async with Outcome(host) as outcome:
        assert host.said == [("Sending…", "info")]
        assert [seconds for seconds, _, _ in host.timer.waiting] == [2.0]
        host.timer.ring()
        assert host.said[-1] == ("Slow link – still sending (attempt 1). Do not hand over cash.", "warning")
        host.sending.tell(SimpleNamespace(attempt=2))
        assert host.said[-1] == ("Slow link – still sending (attempt 2). Do not hand over cash.", "warning")
        outcome.done("100245 W. Kamau: 1,500.00 associated")
    host.timer.ring()
    host.sending.tell(SimpleNamespace(attempt=3))

    assert host.said[-1] == ("100245 W. Kamau: 1,500.00 associated", "done")


async def test_what_was_blocked_is_said_and_kept_and_nothing_is_said_after_it() -> None:
    """An error of the link ends in its own sentence, and does not leave the block."""
    host = Host()
    async with Outcome(host) as outcome:
        raise Blocked("The same is not confirmed yet. Nothing was sent.")
    host.timer.ring()

    assert host.said[-1] == ("The same is not confirmed yet. Nothing was sent.", "error")
    assert isinstance(outcome.error, Blocked)
