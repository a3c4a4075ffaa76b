"""Ours when it fits, else the framework's driver and a sentence; the program starts either way."""

from __future__ import annotations

import os
import pty
import sys
from collections.abc import Iterator

import pytest
from textual.driver import Driver

from branchtui.terminal.lean import choose
from branchtui.terminal.lean.driver import LeanDriver
from branchtui.terminal.lean.self_test import faults

XTERM = {"TERM": "xterm-256color"}


class _Stdin:
    """Standard input on a descriptor."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def fileno(self) -> int:
        """The descriptor."""
        return self._descriptor


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A terminal on standard input."""
    master, slave = pty.openpty()
    monkeypatch.setattr(sys, "__stdin__", _Stdin(slave))
    yield
    os.close(master)
    os.close(slave)


def test_the_framework_we_pin_is_the_one_the_painter_rests_on() -> None:
    """The self-test finds nothing."""
    assert faults() == []


@pytest.mark.usefixtures("terminal")
def test_on_a_terminal_the_lean_driver_is_chosen() -> None:
    """With its options and no word to the person."""
    choice = choose(ascii_only=True, environment={**XTERM, "ESCDELAY": "45"})
    assert choice.reason is None
    assert choice.driver_class is not None
    assert issubclass(choice.driver_class, LeanDriver)
    setup = choice.driver_class.setup
    assert setup.ascii_only
    assert setup.escape_seconds == 0.045
    assert setup.figures is choice.figures


@pytest.mark.usefixtures("terminal")
@pytest.mark.parametrize(
    "broken",
    [
        "textual.driver.Driver.send_message",
        "branchtui.terminal.lean.keys.XTermParser",
        "branchtui.terminal.lean.self_test.LayoutUpdate",
        "textual.strip.Strip.render",
    ],
)
def test_an_upgrade_that_breaks_a_name_falls_back_with_a_reason(
    broken: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A self-test at start; the framework's own driver paints, and the person is told."""
    from branchtui.terminal.lean import keys

    keys._character.cache_clear()
    monkeypatch.setattr(broken, None)
    choice = choose(environment=XTERM)
    monkeypatch.undo()
    keys._character.cache_clear()
    assert choice.driver_class is None
    assert choice.reason is not None
    assert "does not fit this version of Textual" in choice.reason
    assert not choice.figures.repaint()


def test_without_a_terminal_the_framework_s_driver_is_left_to_say_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """A pipe on standard input."""
    reader, writer = os.pipe()
    monkeypatch.setattr(sys, "__stdin__", _Stdin(reader))
    choice = choose(environment=XTERM)
    os.close(reader)
    os.close(writer)
    assert choice.driver_class is None
    assert choice.reason is not None


def test_a_driver_made_otherwise_is_a_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    """The initialiser we call."""

    def made(self: Driver, app: object) -> None:
        """Another one."""

    monkeypatch.setattr(Driver, "__init__", made)
    assert faults() == ["its drivers are made differently"]
