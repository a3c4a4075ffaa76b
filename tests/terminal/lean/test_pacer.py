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
def test_holding_page_down_keeps_the_line_busy_and_never_a_frame_behind(bits: int, trip: float) -> None:
    """Frames of 2,200 bytes wanted thirty times a second for a minute, on a line with any buffer before it."""
    line = Line(bits / 8, trip)
    line.send(31)
    line.pass_time(2.0)
    frame_seconds = 2200 / line.rate
    begun, sent = line.now, 0
    for _ in range(60 * 200):
        if line.pacer.may_send(line.now):
            line.send(2200)
            sent += 1
        line.pass_time(1 / 200)
    assert line.most_behind <= 1.1 * frame_seconds + 0.1
    assert sent * frame_seconds > 0.9 * (line.now - begun - 2 * trip)


def test_a_line_that_stands_still_gets_nothing_more() -> None:
    """A reply that is late means that the line is not what it was: the frame under way is the last."""
    line = Line(1200, 0.3)
    line.send(31)
    line.pass_time(1.0)
    line.send(1200)
    line.pass_time(2.0)
    line.pacer.sent(1200, line.now, (0, 0))
    line.pacer.sent(1200, line.now + 1.0, (0, 0))
    assert not any(line.pacer.may_send(line.now + 1.9 + turn / 10) for turn in range(30))


def test_a_slower_line_is_learnt_from_the_next_replies() -> None:
    """From 64 to 9.6 kbit/s: after a few frames the line is a frame behind at most."""
    line = Line(8000, 0.3)
    line.send(31)
    for _ in range(1000):
        if line.pacer.may_send(line.now):
            line.send(2200)
        line.pass_time(1 / 100)
    line.rate = 1200
    for turn in range(6000):
        if turn == 3000:
            line.most_behind = 0.0
        if line.pacer.may_send(line.now):
            line.send(2200)
        line.pass_time(1 / 100)
    assert line.most_behind <= 1.2 * 2200 / 1200 + 0.1


def test_letters_typed_on_a_long_line_do_not_wait_for_each_other() -> None:
    """A few bytes under way are no reason to wait a round trip."""
    line = Line(1200, 0.8)
    line.send(31)
    line.pass_time(2.0)
    for _ in range(15):
        assert line.pacer.may_send(line.now)
        line.send(11)
        line.pass_time(0.05)


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
    assert pacer.retry_seconds(2.0) == pytest.approx(LOST_SECONDS - 1)
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
