"""The driver that the framework is given: it paints sparingly, paces itself, and reads without polling."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections import deque
from typing import TYPE_CHECKING, Any, Final

from textual import events
from textual.driver import Driver
from textual.geometry import Size

from branchtui.terminal.lean.ansi import AnsiReader
from branchtui.terminal.lean.filling import Filling
from branchtui.terminal.lean.input import InputReader, Kind, Token
from branchtui.terminal.lean.keys import events_of, is_key, is_mouse
from branchtui.terminal.lean.outlet import Outlet
from branchtui.terminal.lean.pacer import Pacer
from branchtui.terminal.lean.painter import Painter
from branchtui.terminal.lean.setup import Setup
from branchtui.terminal.lean.trial import TRIAL, TRIAL_ASCII, TRIAL_OVER, proven, unproven
from branchtui.terminal.lean.tty import Tty

if TYPE_CHECKING:
    from textual.app import App

PROBE: Final = "\x1b[6n"
"""Asks the terminal where its cursor is; the reply acknowledges everything before it."""
ENTER: Final = "\x1b[?1049h\x1b[?25l\x1b[?2004h\x1b[?7l"
"""Alternate screen, no cursor, bracketed paste, no wrapping at the right edge."""
WHOLE: Final = "\x1b[m\x1b[r"
"""No look and no scroll region of another program's."""
MOUSE: Final = "\x1b[?1000h\x1b[?1006h"
"""Clicks and the wheel, only where they were asked for; never movement."""
LEAVE: Final = "\x1b[m\x1b[?7h\x1b[?2004l\x1b[H\x1b[2J\x1b[?1049l\x1b[?25h"
"""The way back; the screen is cleared, for some terminals have only the one (SEC-5)."""
HANGUP: Final = 129
"""The exit code when the terminal vanished: 128 and SIGHUP."""
_LAST_WORDS_SECONDS: Final = 1.0
_LAST_REPLY_SECONDS: Final = 2.0
_UNPROVEN_REPLY_SECONDS: Final = 0.3
_SMALLEST: Final = (80, 24)


class LeanDriver(Driver):
    """Takes the framework's drawing as a picture and sends what changed, once a frame, as the line allows.

    Everything happens on the event loop: no thread, no timer while nothing happens. Mouse, focus,
    keyboard protocols and terminal queries are never switched on.
    """

    setup = Setup()

    def __init__(
        self, app: App[Any], *, debug: bool = False, mouse: bool = True, size: tuple[int, int] | None = None
    ) -> None:
        super().__init__(app, debug=debug, mouse=mouse, size=size)
        setup = self.setup
        self._figures = setup.figures
        self._painter = Painter(*_SMALLEST, unproven(setup.caps))
        self._is_on_trial = False
        self._turns: deque[int] = deque()
        """The turn of each question under way."""
        self._reader = AnsiReader(
            self._painter.target,
            colours=setup.caps.colours,
            ascii_only=setup.ascii_only,
            clipboard=setup.clipboard,
        )
        self._pacer = Pacer()
        self._input = InputReader(self._is_heard, escape_seconds=setup.escape_seconds)
        self._tty: Tty | None = None
        self._outlet: Outlet | None = None
        self._is_dirty = False
        self._turn: asyncio.Handle | None = None
        self._again: asyncio.TimerHandle | None = None
        self._input_due: asyncio.TimerHandle | None = None
        self._doubts_rows = False
        self._tells_resume = False
        self._is_leaving = False
        self._filling = Filling()

    @property
    def can_suspend(self) -> bool:
        """The terminal can be handed to another program and taken back."""
        return True

    # ── What the framework draws ──

    def write(self, data: str) -> None:
        """Take drawing in; nothing is sent before the frame is whole."""
        self._reader.read(data)
        if self._reader.rings or self._reader.copied:
            self.flush()

    def flush(self) -> None:
        """A frame is whole: send it at the end of this turn of the loop, together with others of the turn."""
        if self._is_dirty:
            self._figures.replaced += 1
        self._is_dirty = self._figures.is_owing = True
        if self._turn is None:
            self._turn = self._loop.call_soon(self._pump)

    def _pump(self) -> None:
        """Send the newest frame if the line may take it; else the next reply, or its loss, calls again."""
        self._turn = None
        outlet = self._outlet
        if outlet is None or not self._is_dirty or outlet.is_busy:
            return
        now = self.setup.clock()
        if not self._pacer.may_send(now):
            self._wait_for_line(now)
            return
        if (seconds := self._filling_seconds(now)) > 0:
            self._call_again(seconds)
            return
        self._is_dirty = self._figures.is_owing = False
        aside = self._reader.take_aside()
        frame = self._painter.frame()
        self._figures.turn += 1
        if frame or aside:
            self._figures.frames += 1
            if self._app.screen_stack:
                self._figures.first_drawn.setdefault(self._app.screen, (self._figures.turn, now))
            self._send(aside + frame)
        self._acknowledge()
        self._figures.dropped = self._reader.dropped

    def _send(self, text: str, *, after: str = "") -> None:
        """Write `text` and the question that acknowledges it; `after` follows the question."""
        outlet = self._outlet
        assert outlet is not None, "only while the terminal is ours"
        data = (text + PROBE + after).encode()
        writes = outlet.write(data)
        self._pacer.sent(len(data), self.setup.clock(), self._painter.place)
        self._turns.append(self._figures.turn)
        figures = self._figures
        figures.last_frame_bytes, figures.last_frame_writes = len(data), writes
        figures.bytes_total += len(data)
        figures.step_bytes += len(data)
        figures.writes_total = outlet.writes

    def _acknowledge(self) -> None:
        """Keep what is known to stand on the terminal: the turn of the last question that was answered."""
        while len(self._turns) > self._pacer.outstanding:
            self._figures.acknowledged = self._turns.popleft()
        if not self._turns or not self._pacer.is_proven:
            # Nothing is under way; or, as far as anybody can know, the terminal never says.
            self._figures.acknowledged = self._figures.turn

    def _filling_seconds(self, now: float) -> float:
        """How long the frame should wait for the answer that fills it; a small step never does."""
        asks = self._figures.is_filling
        is_filling = asks is not None and self._painter.is_much_changed and asks()
        return self._filling.seconds(now, self._pacer.bytes_a_second, is_filling=is_filling)

    def _wait_for_line(self, now: float) -> None:
        self._call_again(self._pacer.retry_seconds(now))

    def _call_again(self, seconds: float) -> None:
        if self._again is None:
            self._again = self._loop.call_later(seconds, self._try_again)

    def _try_again(self) -> None:
        self._again = None
        self._pump()

    def _repaint(self) -> None:
        """All of it again, and the modes: whatever wrote there may have left the screen or scrolled a part of it."""
        self._painter.start_over(WHOLE + ENTER + (MOUSE if self.setup.mouse else ""))
        self.flush()

    # ── What the terminal says ──

    def _is_heard(self, sequence: str) -> bool:
        return is_key(sequence) or (self.setup.mouse and is_mouse(sequence))

    def _readable(self) -> None:
        tty = self._tty
        if tty is None:
            return
        data = tty.read()
        if tty.is_gone:
            self._vanished()
            return
        # The size first: replies in `data` may tell of frames that the terminal has cut to its new one.
        self._resized()
        now = self.setup.clock()
        self._take(self._input.feed(data, now), now)
        self._await_input(now)

    def _await_input(self, now: float) -> None:
        """A timer only while a key sequence is incomplete."""
        if self._input_due is not None:
            self._input_due.cancel()
            self._input_due = None
        if self._input.due_at is not None:
            self._input_due = self._loop.call_later(max(0.0, self._input.due_at - now), self._input_is_due)

    def _input_is_due(self) -> None:
        self._input_due = None
        if self._tty is not None and self._tty.wait(0.0001):
            # The rest is there already; a busy loop was late, not the terminal.
            self._readable()
            return
        now = self.setup.clock()
        self._take(self._input.expire(now), now)
        self._await_input(now)

    def _take(self, tokens: list[Token], now: float) -> None:
        for token in tokens:
            if token.kind is Kind.PLACE and self._is_reply(token, now):
                continue
            for event in events_of(token):
                if isinstance(event, events.Key | events.Paste):
                    self._figures.begin_step()
                self.process_message(event)

    def _is_reply(self, token: Token, now: float) -> bool:
        """Whether a position report acknowledges a frame; Shift+F3 looks the same as one for the first row."""
        expected = self._pacer.expected()
        if expected is None or (is_key(token.text) and token.place[0] != expected[0]):
            return not is_key(token.text)
        self._pacer.replied(now)
        self._acknowledge()
        if self._is_on_trial:
            self._is_on_trial = False
            self._painter.caps = proven(self.setup.caps, token.place[1])
        self._figures.round_trip_seconds = self._pacer.round_trip_seconds
        self._figures.bytes_a_second = self._pacer.bytes_a_second
        if self._again is not None:
            self._again.cancel()
            self._again = None
        if self._doubts_rows and self._pacer.outstanding == 0:
            self._doubts_rows = False
            if expected[0] is not None and token.place[0] != expected[0]:
                # The terminal moved its rows when it changed size: what stands there is not what we believe.
                self._painter.start_over()
                self._is_dirty = self._figures.is_owing = True
        self._pump()
        return True

    def _resized(self) -> None:
        size = self._tty.size() if self._tty is not None else None
        if size is None or size == (self._painter.target.width, self._painter.target.height):
            return
        is_reflown = self.setup.caps.reflows and size[0] != self._painter.target.width
        self._painter.resize(*size)
        if is_reflown or self._pacer.outstanding:
            # What is under way was made for the size before, and may have met the terminal in this one.
            self._painter.start_over()
        self._reader.grid = self._painter.target
        if self._outlet is not None and not self._outlet.is_busy and self._painter.place[0] is not None:
            self._doubts_rows = True
            self._send("")
        self.send_message(events.Resize(Size(*size), Size(*size)))

    def _vanished(self) -> None:
        """The terminal is gone and no SIGHUP ended the program: leave as if it had."""
        if self._tty is not None:
            self._loop.remove_reader(self._tty.fd)
        self._is_leaving = True
        self._app.exit(return_code=HANGUP)

    # ── Taking the terminal and giving it back ──

    def start_application_mode(self) -> None:
        """Take the terminal: raw, alternate screen, everything to be painted."""
        if self._outlet is not None:
            return
        tty = self._tty = Tty(self.setup.descriptor)
        tty.make_raw()
        self._outlet = Outlet(tty, self._loop, self.flush)
        size = tty.size() or _SMALLEST
        self._painter.resize(*size)
        self._reader.grid = self._painter.target
        self._painter.start_over()
        self._loop.add_reader(tty.fd, self._readable)
        self._hear_signals()
        self._figures._repaint, self._figures._print = self._repaint, self._send
        # The first question goes with next to nothing, and so measures the bare round trip.
        self._is_on_trial = self.setup.caps.rep
        begin = ENTER + (MOUSE if self.setup.mouse else "")
        if self._is_on_trial:
            self._send(begin + (TRIAL_ASCII if self.setup.ascii_only else TRIAL), after=TRIAL_OVER)
        else:
            self._send(begin)
        self.send_message(events.Resize(Size(*size), Size(*size)))
        if self._tells_resume:
            self._tells_resume = False
            self.send_message(self.SignalResume())
            self.flush()

    def disable_input(self) -> None:
        """Hear nothing more from the terminal."""
        if self._tty is not None:
            self._loop.remove_reader(self._tty.fd)
        if self._input_due is not None:
            self._input_due.cancel()
            self._input_due = None

    def stop_application_mode(self) -> None:
        """Give the terminal back as it was found, with no reply of it still to come."""
        tty, outlet = self._tty, self._outlet
        if tty is None or outlet is None:
            return
        self.disable_input()
        self._figures._repaint = self._figures._print = None
        self._outlet = None
        for handle in (self._turn, self._again):
            if handle is not None:
                handle.cancel()
        self._turn = self._again = None
        self._is_dirty = False
        last = (MOUSE.replace("h", "l") if self.setup.mouse else "") + LEAVE
        outlet.finish(last.encode(), _LAST_WORDS_SECONDS)
        self._hear_last_replies(tty)
        self._pacer.forget()
        tty.restore()

    def close(self) -> None:
        """Close the own open of the terminal and stop hearing signals."""
        self.stop_application_mode()
        self._close_tty()
        for number in (signal.SIGWINCH, signal.SIGTSTP, signal.SIGCONT):
            with contextlib.suppress(ValueError, RuntimeError):
                self._loop.remove_signal_handler(number)

    def suspend_application_mode(self) -> None:
        """Hand the terminal to another program; the signals stay ours, or nothing would bring us back."""
        self.stop_application_mode()
        self._close_tty()

    def resume_application_mode(self) -> None:
        """Take the terminal back and paint everything again."""
        self.start_application_mode()
        self.flush()

    def _close_tty(self) -> None:
        if self._tty is not None:
            self._tty.close()
            self._tty = None

    def _hear_last_replies(self, tty: Tty) -> None:
        """Wait, bounded, for the replies still due: they must not reach the shell as if typed."""
        pacer, clock = self._pacer, self.setup.clock
        bound = _UNPROVEN_REPLY_SECONDS
        if pacer.is_proven:
            bound = min(_LAST_REPLY_SECONDS, 2 * (pacer.round_trip_seconds or 0.0) + 0.2)
        end = clock() + bound
        while pacer.outstanding and (left := end - clock()) > 0 and tty.wait(left):
            for token in self._input.feed(tty.read(), clock()):
                if token.kind is Kind.PLACE and pacer.outstanding:
                    pacer.replied(clock())

    # ── Signals ──

    def _hear_signals(self) -> None:
        for number, heard in (
            (signal.SIGWINCH, self._resized),
            (signal.SIGTSTP, self._stopped),
            (signal.SIGCONT, self._continued),
        ):
            # Only the main thread may; elsewhere the program still runs, without resize and suspend.
            with contextlib.suppress(ValueError, RuntimeError):
                self._loop.add_signal_handler(number, heard)

    def _stopped(self) -> None:
        if self._auto_restart:
            self.suspend_application_mode()
            self._tells_resume = True
        self.setup.stop()

    def _continued(self) -> None:
        """Continued after a stop: ours, or one from outside after which the shell has used the terminal."""
        if not self._auto_restart or self._is_leaving:
            return
        if self._outlet is None:
            self.resume_application_mode()
        elif self._tty is not None:
            self._tty.make_raw()
            self._resized()
            self._repaint()
