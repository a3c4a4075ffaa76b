"""What reaches the terminal is, cell by cell, what the framework drew: on every screen of the program."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.ledger.running import PASSWORD
from tests.ledger.till import MASK, Till
from tests.terminal.lean.replay import strangers
from tests.terminal.lean.stage import Stage
from textual.pilot import Pilot

from branchtui.app import BranchApp
from branchtui.screens.desk import Credentials
from branchtui.settings import Settings
from branchtui.terminal.lean import Choice

pytestmark = pytest.mark.faults

WALK: dict[str, tuple[str, ...]] = {
    "home": ("down", "question_mark", "escape", "colon", *"cu", "tab", "escape", "ctrl+p", "down", "escape"),
    "customers": (
        *("f2", "down", "end", "home", "apostrophe", "o", "enter", "z", "escape", "f", "escape"),
        *("slash", *"wanj", "enter", "enter", "down", "m", "escape", "escape"),
    ),
    "a new balance": (
        "f3",
        "n",
        *"100245",
        "enter",
        "1",
        "enter",
        *"12.345",
        "ctrl+s",
        "escape",
        "y",
        "escape",
    ),
    "balances": (
        "f3",
        "t",
        "t",
        "t",
        "b",
        "escape",
        "space",
        "down",
        "p",
        "escape",
        "d",
        "escape",
        "e",
        "escape",
        "m",
        "escape",
    ),
    "payments": (
        "f4",
        "down",
        "tab",
        "down",
        "a",
        "escape",
        "t",
        "x",
        "escape",
        "t",
        "t",
        "slash",
        *"TILL",
        "enter",
    ),
    "import": ("f3", "i", *"nothing.csv", "enter", "escape"),
    "activity": ("f9", "down", "end", "enter", "escape"),
    "a refusal and a long sentence": ("f2", "f7", "f6", "ctrl+r", "ctrl+c", "ctrl+g", "ctrl+l", "ctrl+q"),
}


def waiting_record(till: Till, number: int) -> dict[str, Any]:
    """The body of a balance record that waits."""
    return {
        "customer_id": till.id_of("000101"),
        "account_kind": "savings",
        "amount_minor": 7 ** (number % 10) * 100,
        "currency": "KES",
        "as_of_date": "2026-09-30",
        "external_ref": f"MB/{number}",
    }


@pytest.mark.sampled(1)
@pytest.mark.pty
@pytest.mark.parametrize("size", [(80, 24), (120, 36)], ids=["80x24", "120x36"])
async def test_every_screen_stands_on_the_terminal_as_the_framework_drew_it(
    till: Till, tmp_path: Path, size: tuple[int, int]
) -> None:
    """Compared after every frame of a walk through all screens and their dialogs."""
    for number in range(40):
        till.pay(
            MSISDN=MASK,
            BillRefNumber=f"rent {number}",
            FirstName="Wanjiku",
            LastName="漢字" if number % 5 == 0 else "",
        )
    for number in range(40):
        till.api("teller").post("/v1/balance-records", waiting_record(till, number))
    with Stage(*size) as stage:
        app = BranchApp(
            Settings(ledger=till.ledger.url, state_folder=tmp_path / "state", import_folder=tmp_path),
            credentials=Credentials("teller", PASSWORD),
            painting=Choice(stage.driver(), None, stage.figures),
        )

        async def script(pilot: Pilot[Any]) -> None:
            while not app.screen.query("#queues"):
                await pilot.pause()
            for place, keys in WALK.items():
                for key in keys:
                    await pilot.press(key)
                    while app.gate.is_busy:
                        await pilot.pause()
                    await stage.settle(pilot)
                reached[place] = len(stage.log)

        reached: dict[str, int] = {}
        await stage.play(app, script)
        found = stage.mismatches()
        places = {place for place, end in reached.items() if any(number < end for number, *_ in found)}
        assert not found, f"{sorted(places)}: {found[:3]}"
        assert len(stage.frames) > 80
        assert not strangers(stage.received.decode())
