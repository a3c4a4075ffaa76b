"""TTY-1, the last wall: whatever a widget is given, no foreign control character is painted."""

from __future__ import annotations

import os
import pty
import re
import select
import subprocess
import sys
from pathlib import Path

import pytest
from rich.segment import Segment
from rich.style import Style
from tests.format.payloads import PAYLOADS
from textual.app import App, ComposeResult
from textual.color import Color
from textual.content import Content
from textual.widgets import DataTable, Input, Label, OptionList, Static

from branchtui.terminal.output_wall import OutputWall, OutputWallMissing, foreign_characters, raise_wall

_BLACK = Color(0, 0, 0)
# Newlines make more lines of a Static; the rest of each payload must stand in one row to be compared.
_ONE_LINE = [payload.replace("\n", " ").replace("\r", "\x0e") for payload in PAYLOADS]


class Hostile(App[None]):
    """One payload in every kind of part the framework has, with nothing before the last wall."""

    def __init__(self, payload: str, *, walled: bool = True) -> None:
        super().__init__()
        self._payload = payload
        self._walled = walled

    def compose(self) -> ComposeResult:
        """Every sink."""
        payload = self._payload
        yield Static(Content(payload))
        yield Label(Content(payload))
        yield Input(payload)
        yield OptionList(Content(payload))
        yield DataTable()
        boxed = Static(Content("x"), id="boxed")
        boxed.border_title = Content(payload)
        yield boxed

    def on_mount(self) -> None:
        """The wall, a table row, a toast."""
        if self._walled:
            raise_wall(self)
        table = self.query_one(DataTable)
        table.add_column("name")
        table.add_row(Content(self._payload))
        self.notify(self._payload, markup=False)


async def painted(payload: str, *, walled: bool = True) -> str:
    """All text the compositor would send for a payload in every part."""
    app = Hostile(payload, walled=walled)
    async with app.run_test(size=(80, 40), notifications=True) as pilot:
        await pilot.pause()
        return "".join(strip.text for strip in app.screen._compositor.render_strips(app.size))


async def test_without_the_wall_the_framework_passes_an_escape_code_through() -> None:
    """The control: this test family can fail."""
    assert "\x1b" in foreign_characters(await painted("Kofi\x1b[31m", walled=False))


@pytest.mark.parametrize("batch", range(4))
async def test_no_payload_comes_through_any_part(batch: int) -> None:
    """T-01: more than 200 payloads in seven sinks, no foreign character painted."""
    # Several payloads a line, each cut to what is hostile in it, so that all of them are in sight.
    mine = [payload[:30] for payload in _ONE_LINE[batch::4]]
    for start in range(0, len(mine), 8):
        assert foreign_characters(await painted("".join(mine[start : start + 8]))) == []


@pytest.mark.parametrize("payload", _ONE_LINE)
def test_every_payload_is_made_safe_and_keeps_its_width(payload: str) -> None:
    """The filter itself: nothing foreign, the line as wide as the framework believed."""
    segments = [Segment("ab"), Segment(payload, Style(link="http://evil.example\x1b\\")), Segment("cd")]
    safe = OutputWall().apply(segments, _BLACK)
    assert foreign_characters("".join(segment.text for segment in safe)) == []
    assert Segment.get_line_length(safe) == Segment.get_line_length(segments)
    assert all(segment.style is None or segment.style.link is None for segment in safe)


def test_a_clean_line_is_passed_on_as_it_is() -> None:
    """The wall costs nothing where there is nothing to do; control segments are the framework's own."""
    segments = [Segment("Ngũgĩ ◌ │ >", Style(bold=True)), Segment("\x1b[H", None, [(0,)])]  # type: ignore[list-item]
    assert OutputWall().apply(segments, _BLACK) is segments


def test_an_accent_that_the_framework_parted_from_its_letter_stays() -> None:
    """A line is cut where the style changes: a mark may begin a piece."""
    segments = [Segment("e"), Segment("\u0301x")]
    assert OutputWall().apply(segments, _BLACK) is segments


class Renamed(App[None]):
    """A framework whose filters are elsewhere."""

    def get_line_filters(self) -> list[object]:  # type: ignore[override]  # a future framework, for this test
        """Not the list the wall hangs on."""
        return []


async def test_a_wall_that_does_not_stand_stops_the_program() -> None:
    """TTY-1: the self-test proves the wall at each start and refuses to start otherwise, with a plain sentence."""
    app = Renamed()
    async with app.run_test():
        with pytest.raises(OutputWallMissing, match="Nothing was started"):
            raise_wall(app)


async def test_the_wall_is_raised_once() -> None:
    """Twice asked, one wall."""
    app = Hostile("x")
    async with app.run_test():
        raise_wall(app)
        assert sum(isinstance(line_filter, OutputWall) for line_filter in app._filters) == 1


_PROGRAM = """
import sys
from tests.terminal.test_output_wall import Hostile
class Once(Hostile):
    def on_ready(self):
        self.set_timer(0.01, self.exit)
from tests.format.payloads import PAYLOADS
Once("".join(p.replace(chr(10), " ") for p in PAYLOADS if len(p) < 60)[int(sys.argv[1]):][:300]).run()
"""
# What the framework itself sends: CSI with ordinary final letters, mode settings, and queries about the terminal.
_OWN = re.compile(
    rb"\x1b\[[0-9;:]*[mHJKABCDGsu]|\x1b\[\?[0-9;]+[hl]|\x1b\[\?[0-9;]+\$p|\x1b\[[<>=]?[0-9;]*[u]|\x1b\[>[0-9]*[qu]"
    rb"|\x1b\[\?u|\x1b\[c|\x1b\[6n|\x1b\[[0-9]* q|\x1b[78]|\x1b_G[^\x1b]*\x1b\\|\x1bP\+q[0-9a-fA-F;]*\x1b\\"
    rb"|\x1b\]22;[a-z-]*\x1b\\|\x1b\]22;[a-z-]*\x07|\x1b\[14t|\x1b\[16t"
)


@pytest.mark.pty
@pytest.mark.parametrize("offset", [0, 300, 600, 900, 1200])
def test_the_bytes_that_leave_the_process_hold_no_foreign_escape(offset: int) -> None:
    """T-01: in a real terminal, all but the framework's own sequences is free of ESC, C0 and C1."""
    raw = _bytes_of_a_run(offset)
    assert b"Kofi" in raw
    rest = _OWN.sub(b"", raw).decode("utf-8", "surrogateescape")
    controls = {character for character in rest if ord(character) < 0x20 or 0x7F <= ord(character) < 0xA0}
    assert controls <= {"\r", "\n"}, sorted(map(ascii, controls))
    assert not {character for character in rest if 0xDC80 <= ord(character) <= 0xDCFF}


def _bytes_of_a_run(offset: int) -> bytes:
    master, slave = pty.openpty()
    root = Path(__file__).resolve().parents[2]
    path = os.pathsep.join([str(root / "src"), str(root)])
    env = {
        "PATH": os.environ.get("PATH", ""),
        "TERM": "xterm-256color",
        "PYTHONPATH": path,
        "LINES": "40",
        "COLUMNS": "100",
    }
    process = subprocess.Popen(
        [sys.executable, "-c", _PROGRAM, str(offset)],
        stdin=slave,
        stdout=slave,
        stderr=slave,
        env=env,
        close_fds=True,
    )
    os.close(slave)
    chunks: list[bytes] = []
    try:
        while select.select([master], [], [], 60)[0]:
            try:
                chunk = os.read(master, 65536)
            except OSError:
                break
            if not chunk:
                break
            chunks.append(chunk)
    finally:
        os.close(master)
        process.kill()
        process.wait()
    return b"".join(chunks)
