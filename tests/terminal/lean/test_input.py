"""What the terminal sends: cut anywhere, garbled or flooding, it is a key, a text, or nothing."""

from __future__ import annotations

import random

import pytest

from branchtui.terminal.lean.input import (
    ESCAPE_SECONDS,
    MAX_PASTE,
    PASTE_SECONDS,
    TORN_SECONDS,
    InputReader,
    Kind,
    Token,
)
from branchtui.terminal.lean.keys import events_of, is_key


def reader() -> InputReader:
    """A reader that knows the framework's keys."""
    return InputReader(is_key)


def told(tokens: list[Token]) -> list[str]:
    """Keys by name, pastes by length, places as such."""
    found = []
    for token in tokens:
        if token.kind is Kind.PLACE:
            found.append(f"place {token.place}")
        elif token.kind is Kind.PASTE:
            found.append(f"paste {len(token.text)}")
        else:
            found += [getattr(event, "key", "?") for event in events_of(token)]
    return found


SCRIPT = "ab\x1b[A\x1b[6~é漢\x1bOP\r\x1b[12;40R\x1b[200~a\x1b[Ab\r\n\x1b[201~\x1b[1;5Cz".encode()
SCRIPT_KEYS = "a b up pagedown é 漢 f1 enter|place (11, 39)|paste 7|ctrl+right z"


def wanted() -> list[str]:
    """The script as keys."""
    head, place, paste, tail = SCRIPT_KEYS.split("|")
    return [*head.split(), place, paste, *tail.split()]


@pytest.mark.parametrize("cut", range(1, len(SCRIPT)))
def test_a_script_cut_anywhere_gives_the_same_keys(cut: int) -> None:
    """Sequences and UTF-8 cut between two packets that follow each other are whole again."""
    read = reader()
    assert told(read.feed(SCRIPT[:cut], 0.0) + read.feed(SCRIPT[cut:], 0.001)) == wanted()


def test_one_byte_at_a_time_gives_the_same_keys() -> None:
    """A line of 1,200 bit/s."""
    read = reader()
    tokens = [token for byte in SCRIPT for token in read.feed(bytes([byte]), 0.0)]
    assert told(tokens) == wanted()
    assert read.due_at is None


def test_a_lone_escape_is_a_key_after_twenty_milliseconds() -> None:
    """Nothing is waited for before, nothing polled after."""
    read = reader()
    assert read.feed(b"\x1b", 1.0) == []
    assert read.due_at == pytest.approx(1.0 + ESCAPE_SECONDS)
    assert read.expire(1.0 + ESCAPE_SECONDS / 2) == []
    assert told(read.expire(1.0 + ESCAPE_SECONDS)) == ["escape"]
    assert read.due_at is None


def test_keys_typed_ahead_behind_escape_are_keys() -> None:
    """`esc` is an ordinary key: what follows it in the same packet is not swallowed."""
    read = reader()
    assert told(read.feed(b"\x1bpq\x1b\x1b[Ax\x1bP\x1bOz", 0.0)) == [
        *("escape p q escape up x escape P escape O z".split())
    ]


@pytest.mark.parametrize(
    "garbled",
    [
        b"\x1b[999~",
        b"\x1b[1;2;3;4;5m",
        b"\x1b[?1;2c",
        b"\x1b[<35;10;10M",
        b"\x1b[M !!",
        b"\x1b[I\x1b[O",
        b"\x1b[97;5u",
        b"\x1b]11;rgb:0000/0000/0000\x1b\\",
        b"\x1bP1$r0m\x1b\\",
        b"\x1b[>1;10;0c",
        b"\x1b[48;24;80;0;0t",
        b"\x1b[12;\x1b[",
        b"\xff\xfe\xc3",
        b"\xc2\x9b",
        b"\x1b[" + b"1;" * 50 + b"1m",
    ],
)
def test_garbled_and_unknown_sequences_are_no_keys(garbled: bytes) -> None:
    """Bad input: never a stray command. A letter after it is the letter again once it has timed out."""
    read = reader()
    assert [key for key in told(read.feed(garbled, 0.0)) if key != "escape"] == []
    read.expire(PASTE_SECONDS)
    assert told(read.feed(b"z", 20.0)) == ["z"]


def test_a_torn_sequence_is_dropped_and_not_typed() -> None:
    """The head times out after a second, the tail in one piece is taken for what it was."""
    read = reader()
    assert read.feed(b"\x1b[1;", 0.0) == []
    assert read.expire(TORN_SECONDS) == []
    late = reader()
    assert told(late.feed(b"\x1b", 0.0) + late.expire(ESCAPE_SECONDS) + late.feed(b"[A", 0.5)) == [
        "escape",
        "up",
    ]


def test_five_megabytes_pasted_are_one_event_of_bounded_length() -> None:
    """A paste is text, at most a mebibyte of it, and the keys after it are keys."""
    read = reader()
    data = b"\x1b[200~" + b"p\x1b[Aq" * 1_048_576 + b"\x1b[201~y"
    tokens = [token for at in range(0, len(data), 4093) for token in read.feed(data[at : at + 4093], 0.0)]
    assert told(tokens) == [f"paste {MAX_PASTE}", "y"]


def test_a_paste_without_end_gives_the_keyboard_back() -> None:
    """After ten silent seconds; what was pasted is dropped rather than typed."""
    read = reader()
    assert read.feed(b"\x1b[200~delete everything", 0.0) == []
    assert read.expire(PASTE_SECONDS) == []
    assert told(read.feed(b"a", PASTE_SECONDS + 1)) == ["a"]


def test_shift_f3_and_a_position_report_look_the_same_and_are_told_as_a_place() -> None:
    """The driver, which knows where the cursor should be, decides."""
    assert [token.kind for token in reader().feed(b"\x1b[1;2R", 0.0)] == [Kind.PLACE]


@pytest.mark.parametrize("seed", range(20))
def test_noise_never_breaks_the_reader_and_leaves_nothing_behind(seed: int) -> None:
    """Random bytes in random pieces: no exception, bounded memory, and the next key is a key."""
    dice = random.Random(seed)
    read = reader()
    now = 0.0
    alphabet = b"\x1b\x1b\x1b[[O];0123456789~ABRMPu<?$\\\x07\xc3\xa9\xe6\xbc\xa2 abc\r"
    for _ in range(400):
        now += dice.choice([0.0, 0.01, 0.3])
        read.feed(bytes(dice.choices(alphabet, k=dice.randrange(1, 40))), now)
        read.expire(now)
        assert len(read._rest) <= 4200
    now += 2 * PASTE_SECONDS
    read.expire(now)
    assert told(read.feed(b"\x18k", now))[-1] == "k"
