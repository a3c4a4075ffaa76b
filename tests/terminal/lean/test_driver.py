"""The driver on a real pseudo-terminal: keys, resize, suspension, a line that is slow, silent or gone."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import termios
from typing import Any

import pytest
from tests.terminal.lean.replay import Replay
from tests.terminal.lean.stage import Stage
from textual import events
from textual.app import App, ComposeResult
from textual.content import Content
from textual.pilot import Pilot
from textual.widgets import Static

from branchtui.terminal.lean.driver import ENTER, HANGUP, LEAVE, LeanDriver
from branchtui.terminal.lean.trial import TRIAL

pytestmark = pytest.mark.pty


class Notes(App[None]):
    """Shows a text and remembers what it heard."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.heard: list[str] = []
        self.pasted: list[int] = []
        self.sizes: list[tuple[int, int]] = []
        self.resumed = 0

    def compose(self) -> ComposeResult:
        """One text."""
        yield Static(Content("ready"))

    def on_mount(self) -> None:
        """Hear of resumption."""
        self.app_resume_signal.subscribe(self, lambda _: setattr(self, "resumed", self.resumed + 1))

    def on_key(self, event: events.Key) -> None:
        """Remember."""
        self.heard.append(event.key)

    def on_paste(self, event: events.Paste) -> None:
        """Remember."""
        self.pasted.append(len(event.text))

    def on_resize(self, event: events.Resize) -> None:
        """Remember."""
        self.sizes.append((event.size.width, event.size.height))

    def on_mouse_down(self, event: events.MouseDown) -> None:
        """Remember."""
        self.heard.append(f"mouse {event.screen_x} {event.screen_y}")

    def show(self, text: str) -> None:
        """Another text."""
        self.query_one(Static).update(Content(text))


async def until(pilot: Pilot[Any], holds: Any) -> None:
    """Let the app run until something holds."""
    for _ in range(20_000):
        if holds():
            return
        await pilot.pause()
    raise AssertionError("it never came to hold")


def shown(stage: Stage) -> list[str]:
    """What the terminal shows now."""
    screen = Replay(stage.width, stage.height)
    screen.feed(stage.received.decode(errors="replace"))
    return screen.lines


async def run(stage: Stage, script: Any) -> Notes:
    """Run `script(app, pilot)` on the notes app."""
    app = Notes(driver_class=stage.driver())

    async def acted(pilot: Pilot[Any]) -> None:
        await script(app, pilot)

    await stage.play(app, acted)
    return app


async def test_keys_arrive_in_order_and_a_paste_is_one_event() -> None:
    """Bracketed paste of any length; keys before and after it stay keys."""
    with Stage() as stage:

        async def script(app: Notes, pilot: Pilot[Any]) -> None:
            stage.press(b"ab\x1b[A\x1b[999~\xc3")
            stage.press(b"\xa9\x1b[200~" + b"x" * 3000 + b"\x1b[201~z\x1b")
            await until(pilot, lambda: "escape" in app.heard)

        app = await run(stage, script)
        assert app.heard == ["a", "b", "up", "é", "z", "escape"]
        assert app.pasted == [3000]


async def test_a_frame_is_one_write_and_an_idle_terminal_none() -> None:
    """One write a frame, zero bytes and no timer while nothing happens."""
    with Stage() as stage:

        async def script(app: Notes, pilot: Pilot[Any]) -> None:
            figures = stage.figures
            before = figures.writes_total
            app.show("Amaka Obi")
            await until(pilot, lambda: "Amaka Obi" in shown(stage)[0])
            await stage.settle(pilot)
            assert figures.writes_total == before + 1
            assert figures.last_frame_writes == 1
            assert 0 < figures.last_frame_bytes < 30
            assert figures.round_trip_seconds is not None
            driver = app._driver
            assert isinstance(driver, LeanDriver)
            assert driver._again is None
            assert driver._input_due is None
            received = len(stage.received)
            for _ in range(50):
                await pilot.pause()
            assert len(stage.received) == received

        await run(stage, script)


async def test_a_line_that_takes_nothing_gets_the_newest_frame_only() -> None:
    """Frames are dropped, never queued."""
    with Stage() as stage:

        async def script(app: Notes, pilot: Pilot[Any]) -> None:
            stage.replies = False
            sent = len(stage.frames)
            for number in range(80):
                app.show(f"{number:03} " * 400)
                await pilot.pause()
            assert len(stage.frames) - sent < 30
            assert stage.figures.replaced > 40
            stage.replies = True
            os.write(stage._master, b"\x1b[1;1R" * (len(stage.frames) - sent))
            await until(pilot, lambda: "079" in shown(stage)[0])

        await run(stage, script)


async def test_a_terminal_that_never_says_where_its_cursor_is_is_painted_all_the_same() -> None:
    """No reply ever seen: pacing stays off."""
    with Stage(replies=False) as stage:

        async def script(app: Notes, pilot: Pilot[Any]) -> None:
            for number in range(30):
                app.show(f"frame {number}")
                await pilot.pause()
            await until(pilot, lambda: "frame 29" in shown(stage)[0])
            assert stage.figures.round_trip_seconds is None

        await run(stage, script)


async def test_repaint_clears_and_paints_all() -> None:
    """ctrl+l: something else wrote on the terminal."""
    with Stage() as stage:

        async def script(_: Notes, pilot: Pilot[Any]) -> None:
            before = len(stage.frames)
            assert stage.figures.is_painting
            assert stage.figures.repaint()
            await until(pilot, lambda: len(stage.frames) > before)
            assert "\x1b[2J" in stage.frames[-1]
            assert "ready" in stage.frames[-1]

        await run(stage, script)
        assert not stage.figures.repaint()


async def test_a_storm_of_resizes_ends_with_the_last_size_painted() -> None:
    """Also sizes below what any screen fits into, and one that is none."""
    with Stage() as stage:

        async def script(app: Notes, pilot: Pilot[Any]) -> None:
            for size in [(120, 36), (40, 10), (3, 2), (1, 1), (200, 60), (80, 24)] * 3 + [(101, 31)]:
                stage.resize(*size)
                await pilot.pause()
            await until(pilot, lambda: app.size == (101, 31))
            before = len(stage.frames)
            app.show("settled " * 12)
            await until(pilot, lambda: any("settled" in frame for frame in stage.frames[before:]))
            await stage.settle(pilot)
            assert any(line.count("settled") == 12 for line in shown(stage)), shown(stage)

        app = await run(stage, script)
        assert app.sizes[-1] == (101, 31)


async def test_rows_moved_by_the_terminal_at_a_resize_are_painted_anew() -> None:
    """The reply to a question asked at once says where the cursor went; elsewhere means all anew."""
    with Stage() as stage:

        async def script(app: Notes, pilot: Pilot[Any]) -> None:
            app.show("a\nb\nc\nd")
            await until(pilot, lambda: any("d" in frame for frame in stage.frames))
            await stage.settle(pilot)
            before = len(stage.frames)
            # This terminal says that its cursor is in the first row, whatever we painted last.
            stage.resize(80, 20)
            await until(pilot, lambda: any("\x1b[2J" in frame for frame in stage.frames[before:]))

        await run(stage, script)


async def test_suspended_and_resumed_the_terminal_is_given_back_and_painted_anew() -> None:
    """`App.suspend`: another program has the terminal as it was, then ours comes back whole."""
    with Stage() as stage:
        cooked = termios.tcgetattr(stage._slave)

        async def script(app: Notes, pilot: Pilot[Any]) -> None:
            with app.suspend():
                assert termios.tcgetattr(stage._slave) == cooked
                stage._read()
                assert stage.received.endswith(LEAVE.encode()) or LEAVE.encode() in stage.received
                before = len(stage.frames)
            await until(pilot, lambda: any("ready" in frame for frame in stage.frames[before:]))
            assert stage.received.count(ENTER.encode()) == 2

        await run(stage, script)
        assert termios.tcgetattr(stage._slave) == cooked


async def test_continued_after_a_stop_from_outside_everything_is_painted_anew() -> None:
    """SIGCONT: the shell has used the terminal meanwhile."""
    with Stage() as stage:

        async def script(_: Notes, pilot: Pilot[Any]) -> None:
            before = len(stage.frames)
            os.kill(os.getpid(), signal.SIGCONT)
            await until(pilot, lambda: any("ready" in frame for frame in stage.frames[before:]))

        await run(stage, script)


async def test_no_reply_is_left_to_be_typed_into_the_shell() -> None:
    """Outstanding replies are awaited, bounded, before the terminal is handed back."""
    with Stage() as stage:

        async def script(app: Notes, _: Pilot[Any]) -> None:
            app.show("last words")

        await run(stage, script)
        os.set_blocking(stage._slave, False)
        with pytest.raises(BlockingIOError):
            os.read(stage._slave, 100)


async def test_a_terminal_that_vanishes_ends_the_program() -> None:
    """Where no SIGHUP comes, the program leaves by itself and nothing is raised."""
    with Stage() as stage:

        async def script(app: Notes, pilot: Pilot[Any]) -> None:
            asyncio.get_running_loop().remove_reader(stage._master)
            os.close(stage._master)
            app.show("nobody sees this")
            await until(pilot, lambda: app.return_code == HANGUP)

        app = await run(stage, script)
        assert app.return_code == HANGUP


async def test_the_bell_rings_once_and_nothing_else_of_the_framework_comes_through() -> None:
    """Titles, pointer shapes and mode queries are not for this line."""
    with Stage() as stage:

        async def script(app: Notes, pilot: Pilot[Any]) -> None:
            app.bell()
            app._set_pointer_shape("text")
            await until(pilot, lambda: b"\x07" in stage.received)

        await run(stage, script)
        assert stage.received.count(b"\x07") == 1
        for mode in (b"?1000", b"?1003", b"?1004", b"?1006", b"?2026", b"?2048", b"]22", b"u\x1b[>"):
            assert mode not in stage.received


async def test_the_terminal_is_left_as_it_was_found() -> None:
    """Alternate screen, cursor, wrapping and paste mode back, settings as before."""
    with Stage() as stage:
        cooked = termios.tcgetattr(stage._slave)

        async def script(_: Notes, __: Pilot[Any]) -> None:
            assert termios.tcgetattr(stage._slave) != cooked

        await run(stage, script)
        stage._read()
        assert stage.received.startswith(ENTER.encode())
        assert stage.received.endswith(LEAVE.encode())
        assert termios.tcgetattr(stage._slave) == cooked


async def test_the_mouse_is_off_unless_asked_for_and_off_again_afterwards() -> None:
    """A report that comes all the same, from a mode another program left on, is no key."""
    click = b"\x1b[<0;5;3M\x1b[<0;5;3mz"
    for asked, heard in ((False, ["z"]), (True, ["mouse 4 2", "z"])):
        with Stage(mouse=asked) as stage:

            async def script(app: Notes, pilot: Pilot[Any]) -> None:
                stage.press(click)
                await until(pilot, lambda: "z" in app.heard)

            app = await run(stage, script)
            stage._read()
            assert app.heard == heard
            assert (b"?1000h" in stage.received, b"?1000l" in stage.received) == (asked, asked)


async def test_in_ascii_mode_nothing_but_ascii_leaves() -> None:
    """`--ascii`: for terminals whose fonts have no lines."""
    with Stage(ascii_only=True) as stage:

        async def script(app: Notes, pilot: Pilot[Any]) -> None:
            app.show("╭─ Ọbi ─╮ 漢 …")
            await until(pilot, lambda: "Obi" in shown(stage)[0])

        await run(stage, script)
        assert stage.received.isascii()


@pytest.mark.parametrize("repeats", ["all", "ascii", "nothing"])
async def test_repeating_is_used_only_for_what_a_terminal_has_shown_it_can(repeats: str) -> None:
    """Emulators that call themselves xterm and do not know REP or SU are many, and tmux repeats ASCII alone."""
    with Stage(repeats=repeats) as stage:

        async def script(app: Notes, pilot: Pilot[Any]) -> None:
            app.show("=" * 30 + "─" * 30)
            await until(pilot, lambda: "=" * 30 + "─" * 30 in shown(stage)[0])

        await run(stage, script)

        sent = stage.received.replace(TRIAL.encode(), b"")
        assert (b"=\x1b[29b" in sent) is (repeats != "nothing")
        assert ("─\x1b[29b".encode() in sent) is (repeats == "all")
        assert repeats != "nothing" or not re.search(rb"\x1b\[\d*[bST]", sent)


async def test_a_large_frame_waits_for_the_answer_that_fills_it_and_a_small_one_does_not() -> None:
    """An empty screen that is about to be filled need not cross a slow line; a letter typed meanwhile must."""
    now = [1.0]
    is_filling = [False]
    with Stage(clock=lambda: now[0]) as stage:
        stage.figures.is_filling = lambda: is_filling[0]

        async def script(app: Notes, pilot: Pilot[Any]) -> None:
            is_filling[0] = True
            app.show("typed")
            await until(pilot, lambda: shown(stage)[0].startswith("typed"))
            await stage.settle(pilot)
            before = len(stage.frames)
            app.show("…\n" * 20)
            await until(pilot, lambda: stage.figures.is_owing)
            app.show("Amaka Obi\n" * 20)
            driver = app._driver
            assert isinstance(driver, LeanDriver)
            await until(pilot, lambda: driver._painter.target.chars[10][:5] == list("Amaka"))
            assert len(stage.frames) == before
            is_filling[0] = False
            app.show("Amaka Obi\n" * 21)
            await until(pilot, lambda: shown(stage)[20].startswith("Amaka Obi"))
            assert not any("…" in frame for frame in stage.frames)

        await run(stage, script)


async def test_a_large_frame_does_not_wait_for_an_answer_that_does_not_come() -> None:
    """The wait is bounded: what there is to see is shown."""
    now = [1.0]
    with Stage(clock=lambda: now[0]) as stage:

        async def script(app: Notes, pilot: Pilot[Any]) -> None:
            stage.figures.is_filling = lambda: True
            driver = app._driver
            assert isinstance(driver, LeanDriver)
            app.show("…\n" * 20)
            # Owed is a frame from its drawing on; the clock may go on only once the wait has begun.
            await until(pilot, lambda: driver._again is not None)
            now[0] += 1
            await until(pilot, lambda: shown(stage)[10].startswith("…"))

        await run(stage, script)


async def test_the_bytes_of_a_step_are_those_between_two_keys() -> None:
    """What the last step sent to the terminal, acknowledgement included."""
    with Stage() as stage:

        async def script(app: Notes, pilot: Pilot[Any]) -> None:
            stage.press(b"a")
            await until(pilot, lambda: app.heard == ["a"])
            before = stage.figures.bytes_total
            app.show("Amaka Obi")
            await until(pilot, lambda: "Amaka Obi" in shown(stage)[0])
            await stage.settle(pilot)
            sent = stage.figures.bytes_total - before
            assert (stage.figures.step_bytes, sent > 9) == (sent, True)
            stage.press(b"b")
            await until(pilot, lambda: len(app.heard) == 2)
            assert (stage.figures.last_step_bytes, stage.figures.step_bytes) == (sent, 0)

        await run(stage, script)


async def test_a_resize_that_meets_a_frame_under_way_paints_everything_anew() -> None:
    """The terminal may have taken that frame in its new size already, and cut it: what stands there is not known."""
    with Stage() as stage:

        async def script(app: Notes, pilot: Pilot[Any]) -> None:
            stage.replies = False
            app.show("under way")
            await until(pilot, lambda: any("under" in frame for frame in stage.frames))
            before = len(stage.frames)
            stage.resize(90, 20)
            await until(pilot, lambda: any("\x1b[2J" in frame for frame in stage.frames[before:]))

        await run(stage, script)
