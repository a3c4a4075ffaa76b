"""Pacing: on a line that holds a megabyte, no more is under way than the line's own delay."""

from __future__ import annotations

import pytest

from branchtui.terminal.lean.pacer import LOST_SECONDS, Pacer


class Line:
    """A line of `rate` bytes a second and `trip` seconds there and back, with any buffer before it."""

    def __init__(self, rate: float, trip: float) -> None:
        self.rate, self.trip = rate, trip
        self.now = 0.0
        self._free_at = 0.0
        self._replies: list[float] = []
        self.pacer = Pacer()
        self.most_behind = 0.0

    def send(self, count: int) -> None:
        """Hand a frame over."""
        self._free_at = max(self._free_at, self.now) + count / self.rate
        self.most_behind = max(self.most_behind, self._free_at - self.now)
        self._replies.append(self._free_at + self.trip)
        self.pacer.sent(count, self.now, (0, 0))

    def pass_time(self, seconds: float) -> None:
        """Let replies come in."""
        end = self.now + seconds
        while self._replies and self._replies[0] <= end:
            self.now = self._replies.pop(0)
            self.pacer.replied(self.now)
        self.now = end


@pytest.mark.parametrize(("bits", "trip"), [(9_600, 0.3), (9_600, 0.8), (64_000, 0.3), (64_000, 0.8)])
def test_holding_page_down_never_puts_more_than_two_frames_and_a_trip_on_the_line(
    bits: int, trip: float
) -> None:
    """Frames of 2,200 bytes, thirty times a second for a minute: the line is never behind, and never idle."""
    line = Line(bits / 8, trip)
    line.send(31)
    line.pass_time(2.0)
    sent = 0
    for _ in range(1800):
        if line.pacer.may_send(line.now):
            line.send(2200)
            sent += 1
        line.pass_time(1 / 30)
    frame_seconds = 2200 / line.rate
    assert line.most_behind <= 2 * frame_seconds + trip + 0.3
    assert sent * 2200 > 0.6 * line.rate * 60 * min(1.0, frame_seconds / (frame_seconds + trip))


def test_a_fast_line_takes_every_frame() -> None:
    """A local terminal: a reply within a millisecond never holds a frame back."""
    line = Line(5_000_000, 0.0005)
    line.send(4)
    line.pass_time(0.1)
    for _ in range(200):
        assert line.pacer.may_send(line.now)
        line.send(1500)
        line.pass_time(1 / 60)


def test_a_terminal_that_never_replies_is_not_paced() -> None:
    """What is sent unproven is bounded for five seconds, then pacing is off."""
    pacer = Pacer()
    sent = 0
    while pacer.may_send(1.0):
        pacer.sent(2000, 1.0, (None, None))
        sent += 2000
    assert sent <= 10_000
    assert not pacer.may_send(2.0)
    assert pacer.wait_seconds(2.0) == pytest.approx(LOST_SECONDS - 1)
    assert pacer.may_send(1.0 + LOST_SECONDS)
    for turn in range(1000):
        pacer.sent(2000, 7.0 + turn, (None, None))
        assert pacer.may_send(7.0 + turn)
    assert pacer.outstanding <= 256


def test_a_lost_reply_holds_the_screen_for_five_seconds_and_no_longer() -> None:
    """A proven line forgets what is overdue and goes on."""
    line = Line(1200, 0.3)
    line.send(4)
    line.pass_time(1.0)
    pacer = line.pacer
    pacer.sent(600, 1.0, (1, 1))
    pacer.sent(600, 1.1, (1, 1))
    assert not pacer.may_send(2.0)
    assert pacer.may_send(1.0 + LOST_SECONDS + 10)
    assert pacer.outstanding == 0


def test_a_large_frame_on_a_slow_line_is_not_taken_for_lost() -> None:
    """The patience grows with what is under way."""
    line = Line(120, 0.3)
    line.send(40)
    line.pass_time(5.0)
    line.send(400)
    line.pass_time(8.0)
    line.pacer.sent(1200, line.now, (1, 1))
    assert not line.pacer.may_send(line.now + LOST_SECONDS + 1)
