"""The correctness and upgrade gate: after every frame the terminal shows what the framework drew, cell by cell."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import Any, ClassVar

import pytest
from tests.format.payloads import PAYLOADS
from tests.terminal.lean.replay import strangers
from tests.terminal.lean.stage import TRUE_COLOUR, Stage
from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.pilot import Pilot
from textual.screen import Screen
from textual.widgets import DataTable, Footer, Header, Input, Static

from branchtui.terminal.lean.capabilities import Capabilities
from branchtui.terminal.styles import style_paths
from branchtui.terminal.theme import use_terminal_colours
from branchtui.widgets.columns import Column
from branchtui.widgets.dialogs import ConfirmDialog
from branchtui.widgets.page_source import MemorySource
from branchtui.widgets.search_box import SearchBox
from branchtui.widgets.status_line import StatusLine
from branchtui.widgets.virtual_list import VirtualList

NAMES = [
    "Achieng Otieno",
    "Ọbi Ámaka",
    "漢字 Tanaka",
    "e\u0301te\u0301 Ngu\u0303gi\u0303",
    "Kofi Mensah",
    "Ｗｉｄｅ Ltd",
]
# pyte draws neither joined nor unassigned characters: those are looked at in the bytes, in test_encoder.py.
SAFE_PAYLOADS = [text for text in PAYLOADS if text.isascii() and "\n" not in text and len(text) < 200]


class Rich(App[None]):
    """The framework's own look: true colours, borders, a table, a header, a footer, a dimming dialog."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("f2", "ask", "Ask"), Binding("f3", "other", "Other")]

    def compose(self) -> ComposeResult:
        """Much that repaints."""
        yield Header()
        yield Input(placeholder="name")
        yield DataTable(cursor_type="row")
        yield Footer()

    def on_mount(self) -> None:
        """Rows of every script."""
        table = self.query_one(DataTable)
        table.add_columns("No", "Name", "Amount")
        for number in range(200):
            table.add_row(str(number), NAMES[number % len(NAMES)], f"{number * 737:,}.00")

    def action_ask(self) -> None:
        """A dialog over it."""
        self.push_screen(
            ConfirmDialog("Post this record?", [("Customer", "漢字 Tanaka"), ("Amount", "9,500.00")])
        )

    def action_other(self) -> None:
        """Another screen."""
        self.push_screen(Other())


class Other(Screen[None]):
    """A full screen of text."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "app.pop_screen", "Back")]

    def compose(self) -> ComposeResult:
        """Lines."""
        for name in NAMES:
            yield Static(Content(f"{name} · " * 5))


class Ours(App[None]):
    """The program's widgets in the program's look."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f2", "ask", priority=True),
        Binding("f3", "say", priority=True),
    ]

    def __init__(self, names: list[str], **options: Any) -> None:
        super().__init__(css_path=[str(path) for path in style_paths()], **options)
        use_terminal_colours(self)
        self.rows = [(str(number), names[number % len(names)]) for number in range(500)]

    def compose(self) -> ComposeResult:
        """As a list screen."""
        yield SearchBox("name")
        yield VirtualList[tuple[str, str]](
            [Column("Name", lambda row: row[1]), Column("No", lambda row: row[0], width=8, align="right")],
            row_id=lambda row: row[0],
            source=MemorySource(self.rows, lambda row: row[0]),
        )
        yield StatusLine()

    def action_ask(self) -> None:
        """A confirmation that restates a name."""
        self.push_screen(ConfirmDialog("Post?", [("Customer", self.rows[7][1])]))

    def action_say(self) -> None:
        """A sentence in the status line."""
        self.query_one(StatusLine).say(f"{self.rows[3][1]}: accounted", "done")


KEYS = [
    "down",
    "down",
    "up",
    "pagedown",
    "pageup",
    "home",
    "end",
    "tab",
    "f2",
    "escape",
    "f3",
    "escape",
    "a",
    "é",
]
KEYS += ["backspace", "space", "enter", "right", "left"]
# All in true colours: the framework keeps a look's first sequence for ever, so one process knows one depth.
# How colours are reduced is looked at in test_styles.py, and on other terminals by the benchmark.
DEEP = 1 << 24
KINDS = {
    "xterm": TRUE_COLOUR,
    "no repeat": replace(TRUE_COLOUR, rep=False),
    "ASCII alone repeated": replace(TRUE_COLOUR, rep_any=False),
    "tmux": Capabilities(regions=True, indn=True, hpa=True, vpa=True, colours=DEEP),
    "linux console": Capabilities(ech=True, bce=True, regions=True, hpa=True, vpa=True, colours=DEEP),
    "least": Capabilities(colours=DEEP),
}


async def play(stage: Stage, app: App[Any], keys: list[str]) -> None:
    """Press keys, each after the frame of the one before."""

    async def script(pilot: Pilot[Any]) -> None:
        for key in keys:
            await pilot.press(key)
            await stage.settle(pilot)

    await stage.play(app, script)


@pytest.mark.sampled(2)
@pytest.mark.pty
@pytest.mark.parametrize(("kind", "size"), [*((kind, (80, 24)) for kind in KINDS), ("xterm", (120, 36))])
async def test_every_frame_shows_what_the_framework_drew(kind: str, size: tuple[int, int]) -> None:
    """The final picture is identical to the framework's own, here after every single frame."""
    dice = random.Random(kind)
    for make in (Rich, lambda **options: Ours(NAMES, **options)):
        with Stage(*size, caps=KINDS[kind]) as stage:
            await play(stage, make(driver_class=stage.driver()), KEYS + dice.choices(KEYS, k=10))
            assert len(stage.frames) > 8
            assert not stage.mismatches()
            assert not strangers(stage.received.decode())


@pytest.mark.pty
async def test_hostile_texts_leave_no_foreign_byte() -> None:
    """TTY-1 to TTY-3: with nothing but the painter as a wall, only the closed list leaves the process."""
    for at in range(0, len(PAYLOADS), 60):
        with Stage(80, 24) as stage:
            await play(
                stage,
                Ours(PAYLOADS[at : at + 60], driver_class=stage.driver()),
                ["pagedown", "f2", "escape", "f3"],
            )
            assert not strangers(stage.received.decode())


@pytest.mark.pty
async def test_hostile_texts_are_painted_where_the_framework_drew_them() -> None:
    """What is ASCII in a hostile text stands where the framework put it."""
    with Stage(80, 24) as stage:
        await play(
            stage, Ours(SAFE_PAYLOADS, driver_class=stage.driver()), ["pagedown"] * 5 + ["f2", "escape"]
        )
        assert not stage.mismatches()
