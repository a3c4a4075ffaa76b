"""From what the terminal sent to the framework's events."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from textual import events
from textual._ansi_sequences import ANSI_SEQUENCES_KEYS
from textual._xterm_parser import XTermParser

from branchtui.terminal.lean.input import Kind, Token

_MOUSE: Final = re.compile(r"\x1b\[<\d{1,3};\d{1,4};\d{1,4}[Mm]")


def is_mouse(sequence: str) -> bool:
    """Whether an escape sequence tells of the mouse, in the one form that is ever asked for."""
    return _MOUSE.fullmatch(sequence) is not None


@lru_cache(maxsize=1024)
def is_key(sequence: str) -> bool:
    """Whether the framework has a key for an escape sequence."""
    return isinstance(ANSI_SEQUENCES_KEYS.get(sequence), tuple)


def events_of(token: Token) -> list[events.Event]:
    """The events a token stands for; empty for what means nothing."""
    if token.kind is Kind.PASTE:
        return [events.Paste(token.text)]
    if token.text == "\x1b":
        return [events.Key("escape", "\x1b")]
    if is_mouse(token.text):
        return [event for event in XTermParser().feed(token.text) if isinstance(event, events.MouseEvent)]
    named = _character(token.text) if token.kind is Kind.CHARACTER else _sequence(token.text)
    return [events.Key(name, character) for name, character in named]


@lru_cache(maxsize=4096)
def _character(character: str) -> tuple[tuple[str, str | None], ...]:
    # A parser of its own: nothing that came before can change what this character means.
    return tuple(
        (event.key, event.character)
        for event in XTermParser().feed(character)
        if isinstance(event, events.Key) and event.key != "<ignore>"
    )


@lru_cache(maxsize=1024)
def _sequence(sequence: str) -> tuple[tuple[str, str | None], ...]:
    keys = ANSI_SEQUENCES_KEYS.get(sequence)
    return (
        tuple((key.value, None) for key in keys if key.value != "<ignore>") if isinstance(keys, tuple) else ()
    )
