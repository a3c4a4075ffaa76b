"""The key gate beside parts that are being closed: a failure ends the program, whatever waits (SEC-3)."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from textual.app import ComposeResult
from textual.widgets import Static

from branchtui.terminal import key_gate
from branchtui.terminal.guarded_app import GuardedApp
from branchtui.terminal.key_gate import KeyGate


class Closing(Static):
    """A part that has something left to do and takes nothing more."""

    def call_later(self, *_: object, **__: object) -> bool:
        return False


class Leaving(GuardedApp):
    """One such part."""

    def compose(self) -> ComposeResult:
        yield Closing("going")


async def test_a_part_that_takes_nothing_more_leaves_the_others_their_turn(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Waiting for it without a pause would keep the program from its own end, at the cost of a whole core."""
    async with Leaving(state_folder=tmp_path).run_test() as pilot:
        gate = KeyGate(pilot.app)
        monkeypatch.setattr(key_gate, "_is_at_rest", lambda part: not isinstance(part, Closing))
        turns: list[str] = []
        asyncio.get_running_loop().call_soon(turns.append, "another's")
        await gate._pass(pilot.app.screen)
        assert turns == ["another's"]
