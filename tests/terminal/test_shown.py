"""No money moves by a key typed before its confirmation was on the screen, and none typed after is lost."""

from __future__ import annotations

from textual.screen import Screen

from branchtui.terminal.lean.figures import PaintFigures
from branchtui.terminal.shown import LOST_SECONDS, Shown


class Confirmation(Screen[bool]):
    """Moves money by a key."""

    is_confirmation = True


def painting() -> PaintFigures:
    """The figures of a painter at work."""
    figures = PaintFigures()
    figures._repaint = lambda: None
    return figures


def test_a_key_before_the_word_that_the_confirmation_is_painted_came_too_early() -> None:
    """Promise 1: the reply to the first frame that shows it parts the keys before from the keys after."""
    figures, front = painting(), Confirmation()
    shown = Shown(figures, clock=lambda: 100.0)
    figures.turn, figures.acknowledged = 7, 6
    figures.first_drawn[front] = (7, 100.0)
    early = shown.now(front, was_settled=True)
    figures.acknowledged = 7
    late = shown.now(front, was_settled=False)

    assert not shown.was_in_sight(front, early)
    assert shown.was_in_sight(front, late)


def test_a_key_typed_on_another_screen_never_confirms() -> None:
    """What was in front when the key came decides."""
    figures, front = painting(), Confirmation()
    shown = Shown(figures)
    figures.acknowledged = 9
    seen = shown.now(Screen(), was_settled=True)
    figures.first_drawn[front] = (3, 0.0)

    assert not shown.was_in_sight(front, seen)


def test_a_terminal_that_stopped_replying_does_not_lock_the_counter() -> None:
    """After a while it is believed to have painted."""
    figures, front = painting(), Confirmation()
    now = 100.0
    shown = Shown(figures, clock=lambda: now)
    figures.first_drawn[front] = (7, now)
    seen = shown.now(front, was_settled=True)

    assert not shown.was_in_sight(front, seen)
    now += LOST_SECONDS + 1
    assert shown.was_in_sight(front, seen)


def test_with_another_painter_what_came_before_the_confirmation_was_settled_came_too_early() -> None:
    """The framework's own driver tells nothing of what the terminal shows."""
    front = Confirmation()
    shown = Shown(None)

    assert not shown.was_in_sight(front, shown.now(front, was_settled=False))
    assert shown.was_in_sight(front, shown.now(front, was_settled=True))
