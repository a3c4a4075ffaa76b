"""Keys that a slow line tore apart or ran together (product, promise 1)."""

from __future__ import annotations

from itertools import count

import pytest
from textual import events

from branchtui.terminal.torn_keys import TAIL_SECONDS, TornTails, parted


def typed(text: str, *, apart_seconds: float = 0.01) -> list[events.Key]:
    """A key a character, each so long after the one before."""
    keys = []
    for character, place in zip(text, count(1), strict=False):
        key = events.Key(character, character)
        key.time = 100.0 + place * apart_seconds
        keys.append(key)
    return keys


def kept(text: str, *, is_text: bool = False, apart_seconds: float = 0.01) -> str:
    """What of a text comes through."""
    tails = TornTails()
    keys = typed(text, apart_seconds=apart_seconds)
    return "".join(str(key.character) for key in keys if not tails.drops(key, is_text=is_text))


@pytest.mark.parametrize(
    ("name", "character"), [("alt+p", "p"), ("alt+shift+a", "A"), ("alt+1", "1"), ("alt+é", "é")]
)
def test_a_letter_at_the_heels_of_esc_is_two_keys(name: str, character: str) -> None:
    """Keys: no action uses alt, so `alt+p` is `esc` and then `p`, at the time it came."""
    key = events.Key(name, character)
    key.time = 7.0
    parts = parted(key)
    assert [(one.key, one.character, one.time) for one in parts] == [
        ("escape", "\x1b", 7.0),
        (character, character, 7.0),
    ]


@pytest.mark.parametrize(
    "key", [events.Key("alt+left", None), events.Key("p", "p"), events.Key("escape", "\x1b")]
)
def test_every_other_key_stays_as_it_is(key: events.Key) -> None:
    """An arrow that was held with alt is no `esc`."""
    assert parted(key) == [key]


@pytest.mark.parametrize("tail", ["[A", "[15~", "[1;3D", "[[A", "[200~"])
def test_the_tail_of_a_torn_sequence_never_acts(tail: str) -> None:
    """Keys: of `ESC [ 1 5 ~` without its ESC no digit and no letter is a command; the key after it is."""
    assert kept(tail + "p") == "p"


def test_a_bracket_in_a_text_is_a_bracket() -> None:
    """No key is lost: a narration may begin with one."""
    assert kept("[A1~p", is_text=True) == "[A1~p"


def test_what_comes_later_than_a_tail_can_is_a_key() -> None:
    """A person who types a bracket where it means nothing loses the bracket alone."""
    assert kept("[p", apart_seconds=TAIL_SECONDS * 2) == "p"


def test_a_tail_without_an_end_is_bounded() -> None:
    """Habit 8: a line that sends digits for ever does not swallow them for ever."""
    assert len(kept("[" + "1" * 100)) > 50
