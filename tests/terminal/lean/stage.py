"""An app on a real pseudo-terminal, painted by the lean driver, with everything that passes written down."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
import pty
import signal
import struct
import termios
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from typing import Any, Self

from tests.terminal.lean.replay import Replay, differences
from textual.app import App
from textual.pilot import Pilot

from branchtui.terminal.lean.capabilities import XTERM, Capabilities
from branchtui.terminal.lean.choice import driver_with
from branchtui.terminal.lean.driver import PROBE, LeanDriver
from branchtui.terminal.lean.figures import PaintFigures
from branchtui.terminal.lean.setup import Setup
from branchtui.terminal.lean.trial import TRIAL, TRIAL_ASCII

TRUE_COLOUR = replace(XTERM, colours=1 << 24)


@dataclass
class Stage:
    """A terminal of `width` by `height`; `replies` False: one that never says where its cursor is."""

    width: int = 80
    height: int = 24
    caps: Capabilities = TRUE_COLOUR
    ascii_only: bool = False
    mouse: bool = False
    replies: bool = True
    repeats: str = "all"
    """What it repeats by REP ("all", "ascii", "nothing"), shown by its cursor after the driver's trial."""
    clock: Callable[[], float] = time.monotonic
    log: list[tuple[str, str]] = field(default_factory=list)
    """("drawn", text) by the framework, ("sent", text) by the driver, in their order."""
    received: bytes = b""
    figures: PaintFigures = field(default_factory=PaintFigures)

    def driver(self) -> type[LeanDriver]:
        """The driver class of this terminal, which writes down what it is given and what it sends."""
        stage, base = self, driver_with(self.setup())

        class Noted(base):  # type: ignore[misc, valid-type]  # a base made at run time, as the app gets it
            def write(self, data: str) -> None:
                stage.log.append(("drawn", data))
                super().write(data)

            def _send(self, text: str, *, after: str = "") -> None:
                stage.log.append(("sent", text + after))
                super()._send(text, after=after)

        return Noted

    def setup(self) -> Setup:
        """What the driver is made with."""
        return Setup(
            caps=self.caps,
            figures=self.figures,
            ascii_only=self.ascii_only,
            mouse=self.mouse,
            descriptor=self._slave,
            clock=self.clock,
        )

    async def play(self, app: App[Any], script: Callable[[Pilot[Any]], Awaitable[None]]) -> None:
        """Run `app`, made with `driver()`, and `script` on it, to the end."""
        loop = asyncio.get_running_loop()
        loop.add_reader(self._master, self._read)

        failures: list[Exception] = []

        async def acted(pilot: Pilot[Any]) -> None:
            try:
                await self.settle(pilot)
                await script(pilot)
            except Exception as failure:  # noqa: BLE001 - the framework drops what its pilot raises; we raise it below
                failures.append(failure)
            finally:
                if not app._exit:
                    app.exit()

        try:
            await app.run_async(auto_pilot=acted)
        finally:
            loop.remove_reader(self._master)
        if failures:
            raise failures[0]

    async def settle(self, pilot: Pilot[Any]) -> None:
        """Let the app come to rest and its last frame be painted and acknowledged."""
        for _ in range(400):
            # The framework gathers what changed for a sixtieth of a second; less than that is no rest.
            await pilot.pause(0.02)
            await pilot.pause()
            driver = pilot.app._driver
            assert isinstance(driver, LeanDriver)
            unpaced = not self.replies or driver._pacer.outstanding == 0
            if unpaced and not driver._is_dirty and driver._turn is None:
                return
        raise AssertionError("it never came to rest")

    def press(self, data: bytes) -> None:
        """Type raw bytes."""
        while data:
            data = data[os.write(self._master, data[:4096]) :]

    def resize(self, width: int, height: int) -> None:
        """Give the terminal another size, as a window does."""
        self.width, self.height = width, height
        fcntl.ioctl(self._master, termios.TIOCSWINSZ, struct.pack("HHHH", height, width, 0, 0))
        os.kill(os.getpid(), signal.SIGWINCH)

    def mismatches(self) -> list[Any]:
        """Replay both streams; the cells that differ after any frame, with the frame's number."""
        drawn = Replay(self.width, self.height)
        sent = Replay(self.width, self.height, bce=self.caps.bce)
        found: list[Any] = []
        for number, (who, text) in enumerate(self.log):
            if who == "drawn":
                drawn.feed(text, is_framework=True)
                continue
            sent.feed(text)
            if wrong := differences(drawn.cells(), sent.cells()):
                found.append((number, len(wrong), wrong[:3]))
        return found

    @property
    def frames(self) -> list[str]:
        """What was sent, frame by frame."""
        return [text for who, text in self.log if who == "sent"]

    def __enter__(self) -> Self:
        self._master, self._slave = pty.openpty()
        os.set_blocking(self._master, False)
        fcntl.ioctl(self._slave, termios.TIOCSWINSZ, struct.pack("HHHH", self.height, self.width, 0, 0))
        self._screen = Replay(self.width, self.height)
        return self

    def __exit__(self, *_: object) -> None:
        for descriptor in (self._master, self._slave):
            with contextlib.suppress(OSError):
                os.close(descriptor)

    def _read(self) -> None:
        try:
            data = os.read(self._master, 65536)
        except (BlockingIOError, OSError):
            return
        self.received += data
        for asked in data.split(PROBE.encode())[:-1]:
            if self.replies:
                is_trial = asked.endswith((TRIAL.encode(), TRIAL_ASCII.encode()))
                column = {"all": 7, "ascii": 5, "nothing": 3}[self.repeats] if is_trial else 1
                os.write(self._master, b"\x1b[1;%dR" % column)
