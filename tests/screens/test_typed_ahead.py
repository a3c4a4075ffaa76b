"""Promise 1: a script ends the same however fast it is typed and however late the ledger answers.

The real program over the real ledger, in one process on virtual time: an answer takes up to 3 seconds, each time
another, and no test waits for one. A script is typed at once, in bursts, and slowly (each key when all is quiet, and
2 seconds more); the ledger and the screen end the same, up to the first confirmation.

`BRANCHTUI_TYPED_EXAMPLES` says how many scripts are tried: 12 unless given, always the same ones. Any other number
tries new ones: `BRANCHTUI_TYPED_EXAMPLES=2000 .venv/bin/pytest tests/screens/test_typed_ahead.py` for a night. What
fails is made as short as it goes and printed as keys; it then becomes a line of `ASTRAY`.
"""

from __future__ import annotations

import asyncio
import os
import tempfile
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import HealthCheck, currently_in_test_context, given, note, settings
from hypothesis import strategies as st
from tests.ledger.running import PASSWORD, copy_template, make_template
from tests.screens.typed_ahead import Desk, End, Speed, at_desk, keys_of, typed
from tests.screens.typed_scripts import scripts
from tests.screens.virtual_time import MORNING
from textual.widgets import Input

from branchtui.ledger.seed import seed as plant
from branchtui.screens.home import HomeScreen
from branchtui.terminal.key_gate import KEYS_MAX

EXAMPLES_CI: Final = 12
EXAMPLES: Final = int(os.environ.get("BRANCHTUI_TYPED_EXAMPLES", str(EXAMPLES_CI)))
SIZES: Final = ((80, 24), (120, 36))

ASTRAY: Final = (
    # A key for a row while the page behind it was fetched: it was put off, and never done.
    "<f4>a",
    "<f4><pagedown>a<escape>",
    # Down in a list whose rows were asked for by the screen: it was lost.
    "<f2><enter><down>",
    ":cu<enter>:ho<enter><down><enter>",
    # Open a row over a page border, and act there: the next key acted in the list.
    "<f2><pagedown><pagedown><pagedown><enter>n1<enter>5<enter><ctrl+s>",
    # Words in the search box, away and back before their rest: the old rows answered.
    "<f2>/wanj<f3><f2><enter>",
    # The type-ahead of a form, left by another key than enter: its answer took the error away again.
    "<f3>nzz<tab>5",
    "<f3>nwanj<down><ctrl+s>",
    # A palette opened over rows that were not there yet: what needs one was refused.
    "<f2><ctrl+p>new<enter>",
    # A page down before the list knew its height, and one over a page border: it stood on another line.
    "<f2><pagedown><enter>",
    "<f4><pagedown>v",
    # A refresh between moves: pages were put together that are no neighbours.
    "<f2><end><ctrl+r><pageup><pageup><pageup><down><enter>",
    "<f2><pagedown><pagedown><pagedown><f3><f2><pagedown><enter>",
    # A page down near the end of what was loaded, then more rows; and a jump that was refused over a fetch.
    "<f4><pagedown><pagedown><up>v",
    "<f4><enter><enter>'o<enter>m<escape>",
    # A refresh over the answer to another question: the highlight stayed on a row of the former one.
    "<f2><down><down>z<ctrl+r><enter>",
    # What is held is for a supervisor: the list turned back under somebody who was typing.
    ":pay held<enter>/ng<enter>",
    "<f4>ttt/2<enter>",
    # The rows that a sentence takes: a page of the list was shorter by what the figures beside it said.
    "<f6><f2><pagedown><f6><pagedown><enter>",
    # Totals of a set to which a record was just added.
    "<f3>n1<enter><escape><escape>n000003<enter>1<enter>5<ctrl+s><escape>z<pagedown>d",
    # Entry mode, its answer, a slip, and the way out.
    "<f3>no<enter>1<enter>12.345<enter><ctrl+s>1<ctrl+s>o<down><enter><ctrl+s><escape>p",
)


class _Morning:
    """What stands in the branch does not depend on the day of the test."""

    def now_us(self) -> int:
        """The begin of every virtual day."""
        return int(MORNING.timestamp() * 1_000_000)


@pytest.fixture(scope="session")
def branch(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A branch with more of everything than a screen shows; copied for every run."""
    path = tmp_path_factory.mktemp("branch") / "ledger.db"
    database = f"sqlite:///{path}"
    make_template(database)
    plant(
        database,
        branch_code="NKU",
        customers=150,
        payments=90,
        unmatched=60,
        balance_records=60,
        rng_seed=5,
        clock=_Morning(),
    )
    return path


def ends(branch: Path, script: list[str], seed: int, **more: Any) -> dict[Speed, End]:
    """What the script ends in, at each speed."""
    found = {}
    for speed in (Speed.SLOWLY, Speed.AT_ONCE, Speed.IN_BURSTS):
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            found[speed] = typed(
                script, speed, database=copy_template(branch, folder), folder=folder, seed=seed, **more
            )
    return found


def assert_same(found: dict[Speed, End]) -> None:
    """The ledger, the screen, and where it stopped; what was typed at once behind a confirmation is counted."""
    slowly = found[Speed.SLOWLY]
    (note if currently_in_test_context() else print)("typed slowly:\n" + "\n".join(slowly.trail))
    for speed in (Speed.AT_ONCE, Speed.IN_BURSTS):
        assert found[speed].ledger == slowly.ledger, speed
        assert found[speed].screen == slowly.screen, speed
    if slowly.is_confirmation:
        assert found[Speed.AT_ONCE].put_aside == slowly.keys_left


@pytest.mark.faults
@settings(
    max_examples=EXAMPLES,
    derandomize=EXAMPLES == EXAMPLES_CI,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
@given(script=scripts, seed=st.integers(0, 2**32), size=st.sampled_from(SIZES))
def test_a_script_ends_the_same_at_any_speed(
    branch: Path, script: list[str], seed: int, size: tuple[int, int]
) -> None:
    """Promise 1, over every screen there is, with slips, detours and nonsense."""
    note(f"script: {''.join(script)}")
    assert_same(ends(branch, script, seed, size=size))


@pytest.mark.sampled(3)
@pytest.mark.parametrize("script", ASTRAY)
def test_what_once_went_astray_lands_where_it_was_meant(branch: Path, script: str) -> None:
    """Each of these ended otherwise when it was typed at once, or in bursts."""
    assert_same(ends(branch, keys_of(script), seed=len(script), size=SIZES[len(script) % 2]))


def test_a_day_may_be_typed_before_the_first_screen_is_there(branch: Path) -> None:
    """Promise 1: name, password and the first record, all of it in the terminal before the program is."""
    script = f"teller<enter>{PASSWORD}<enter><f3>no<enter>3<enter>777<enter><enter>early<ctrl+s><escape>"
    found = ends(branch, keys_of(script), seed=3, signs_in=True)
    assert_same(found)
    assert found[Speed.AT_ONCE].ledger["records"][-1][1:5] == ("loan", 77_700, "2026-11-03", "early")


@pytest.mark.parametrize("behind", ["y", "yyy", "<enter>y<f2>n"])
def test_what_is_typed_behind_a_confirmation_moves_no_money_and_is_counted(branch: Path, behind: str) -> None:
    """Promise 1: replay stops at the confirmation, and says how many keys were put aside."""
    found = ends(branch, keys_of(f"<f4>a{behind}"), seed=1)
    assert_same(found)
    at_once = found[Speed.AT_ONCE]
    assert at_once.is_confirmation
    assert at_once.put_aside == len(keys_of(behind))
    assert not [row for row in at_once.ledger["operations"] if row[0].startswith("payment.")]


def desk_of(branch: Path, tmp_path: Path, person: Any, seconds: float = 2.0) -> None:
    """Somebody at a ledger whose every answer takes as long."""
    database = copy_template(branch, tmp_path)
    at_desk(person, database=database, folder=tmp_path, seconds_of=lambda _: seconds)


def test_waiting_keys_are_seen_can_be_put_aside_and_the_next_key_clears_the_count(
    branch: Path, tmp_path: Path
) -> None:
    """Product, keys: the buffer is visible; `ctrl+g` empties it; what was put aside is told until the next key."""

    async def person(desk: Desk) -> None:
        desk.press("<f2>")
        await asyncio.sleep(0.5)
        desk.press("<enter>n1")
        await asyncio.sleep(0.5)
        assert "3 keys waiting" in desk.text
        desk.press("<ctrl+g>")
        await asyncio.sleep(0.1)
        assert "waiting" not in desk.text
        assert "3 keys put aside" in desk.text
        await desk.quiet()
        assert "3 keys put aside" in desk.text
        desk.press("<down>")
        await desk.quiet()
        assert "put aside" not in desk.text
        assert [type(screen).__name__ for screen in desk.app.screen_stack][-1] == "CustomersScreen"

    desk_of(branch, tmp_path, person)


def test_whoever_waits_long_for_an_answer_is_told_that_it_is_being_asked_for(
    branch: Path, tmp_path: Path
) -> None:
    """Product, feedback: an edit asks for the whole customer first; nothing else on the screen would show that."""

    async def person(desk: Desk) -> None:
        desk.press("<f2>")
        await desk.quiet()
        desk.press("e")
        await asyncio.sleep(0.5)
        assert "asking the ledger" not in desk.text
        await asyncio.sleep(1.0)
        assert "asking the ledger" in desk.text
        await desk.quiet()
        assert "asking the ledger" not in desk.text
        assert desk.app.screen.is_modal

    desk_of(branch, tmp_path, person)


def test_keys_wait_while_a_change_is_being_answered(branch: Path, tmp_path: Path) -> None:
    """Terminal, keys: a command being answered holds what is typed after it, text too, and says so."""

    async def person(desk: Desk) -> None:
        desk.press("<f3>no<enter>1<enter>")
        await desk.quiet()
        desk.press("5<ctrl+s>zz")
        await asyncio.sleep(1.0)
        assert "Sending" in desk.text
        assert "2 keys waiting" in desk.text
        await desk.quiet()
        # The record is keyed; what was typed behind it stands in the next one.
        assert isinstance(desk.app.focused, Input)
        assert desk.app.focused.value == "zz"

    desk_of(branch, tmp_path, person)


def test_the_count_of_waiting_keys_goes_with_the_last_of_them(branch: Path, tmp_path: Path) -> None:
    """Product, keys: a count says what waits now; keys that only move along a list paint no other figure."""

    async def person(desk: Desk) -> None:
        desk.press("<f2>")
        await asyncio.sleep(0.5)
        desk.press("jj")
        await asyncio.sleep(0.5)
        assert "2 keys waiting" in desk.text
        await desk.quiet()
        assert "waiting" not in desk.text

    desk_of(branch, tmp_path, person)


def test_a_full_buffer_rings_and_what_it_took_lands_in_order(branch: Path, tmp_path: Path) -> None:
    """Habit 8: at most 256 keys wait; each one more rings the bell and goes nowhere."""
    text = "".join(chr(ord("a") + number % 26) for number in range(KEYS_MAX + 44))

    async def person(desk: Desk) -> None:
        rung = []
        desk.press(":import<enter>")
        await desk.quiet()
        desk.app.bell = lambda: rung.append(1)  # type: ignore[method-assign]
        with desk.app.gate.hold():
            desk.press(text)
            await asyncio.sleep(1.0)
            assert len(desk.app.gate) == KEYS_MAX
            assert len(rung) == 44
        await desk.quiet()
        assert isinstance(desk.app.focused, Input)
        assert desk.app.focused.value == text[:KEYS_MAX]

    desk_of(branch, tmp_path, person)


def test_a_paste_is_one_event_in_its_place(branch: Path, tmp_path: Path) -> None:
    """Bracketed paste waits as one key does, and what follows comes after it."""

    async def person(desk: Desk) -> None:
        with desk.app.gate.hold():
            desk.press(":<paste:customers ><paste:0000>03<enter>")
            await asyncio.sleep(0.5)
            assert len(desk.app.gate) == 6
        await desk.quiet()
        assert "000003" in desk.text

    desk_of(branch, tmp_path, person)


def test_keys_that_lead_away_do_not_wait_for_rows(branch: Path, tmp_path: Path) -> None:
    """Nobody is kept in a place by a ledger that does not answer."""

    async def person(desk: Desk) -> None:
        for script in ("<f2><escape>", "<f3>:ho<enter>", "<f4>/wanj<escape><escape><escape>"):
            desk.press(script)
            await asyncio.sleep(0.5)
            assert isinstance(desk.app.screen, HomeScreen), script
            await desk.quiet()

    desk_of(branch, tmp_path, person, seconds=9.0)
