"""How the screens are laid out: pictures at 80x24, which is a first-class size, and at 120x36."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from tests.screens.fixed import fixed_app
from textual.pilot import Pilot

SnapCompare = Callable[..., bool]
SMALL, LARGE = (80, 24), (120, 36)
PICTURES = {
    "home": (),
    "customers": ("f2",),
    "profile": ("f2", "enter"),
    "balances": ("f3",),
    "new balance": ("f3", "n", "tab", "1", "enter", *"12.345", "ctrl+s"),
    "post confirmation": ("f3", "p"),
    "bulk actions": ("f3", "b"),
    "palette": ("f3", "ctrl+p"),
    "help": ("f3", "question_mark"),
    "fast path": ("colon", "b"),
}


def typed(keys: tuple[str, ...]) -> Callable[[Pilot[None]], object]:
    """Press keys one by one, each when the one before has had its effect."""

    async def before(pilot: Pilot[None]) -> None:
        app = pilot.app
        while not app.screen.query("#queues"):
            await pilot.pause()
        for key in keys:
            await pilot.pause()
            await pilot.press(key)
            while app.gate.is_busy:  # type: ignore[attr-defined]  # the program's own app
                await pilot.pause()
        await pilot.pause()

    return before


@pytest.mark.parametrize("size", [SMALL, LARGE], ids=["80x24", "120x36"])
@pytest.mark.parametrize("name", PICTURES)
def test_a_screen_looks_as_it_did(snap_compare: SnapCompare, name: str, size: tuple[int, int]) -> None:
    """Habit 9: layout is asserted on pictures."""
    assert snap_compare(fixed_app(), terminal_size=size, run_before=typed(PICTURES[name]))
