"""What the terminal sends: cut anywhere, garbled or flooding, it is a key, a text, or nothing."""

from __future__ import annotations

import itertools
import random

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from branchtui.screens.paste_field import PASTE_CHARACTERS_MAX
from branchtui.terminal.lean.input import (
    ESCAPE_SECONDS,
    FLOOD_BYTES,
    FLOOD_SECONDS,
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
    # Rows that were cut here are known by their length, and refused.
    assert PASTE_CHARACTERS_MAX < MAX_PASTE


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


@pytest.mark.parametrize("size", [1, 7, 997, 4095])
def test_text_that_floods_in_unannounced_is_a_paste_and_no_command(size: int) -> None:
    """Bad input: a terminal without bracketed paste. Replies in its midst are replies, keys after it are keys."""
    read = reader()
    text = "delete\tevery\rthing é漢 y" * 4000
    half = len(text) // 2
    data = (text[:half] + "\x1b[1;4R" + text[half:]).encode()
    tokens = read.feed(data[:FLOOD_BYTES], 0.0)
    for at in range(FLOOD_BYTES, len(data), size):
        tokens += read.feed(data[at : at + size], 0.1)
    assert told(tokens) == ["place (0, 3)"]
    assert read.due_at == pytest.approx(0.1 + FLOOD_SECONDS)
    assert [token.text for token in read.expire(0.1 + FLOOD_SECONDS)] == [text]
    assert told(read.feed(b"z", 1.0)) == ["z"]


def test_a_flood_without_end_is_kept_to_its_bound() -> None:
    """5 MB unannounced: a mebibyte of it."""
    read = reader()
    for _ in range(1300):
        assert not read.feed(b"p" * 4095, 0.0)
    assert told(read.expire(FLOOD_SECONDS)) == [f"paste {MAX_PASTE}"]


def test_keys_in_a_flood_stay_keys() -> None:
    """An arrow held down on a line that stood still; and a paste that says what it is, behind keys."""
    assert set(told(reader().feed(b"\x1b[B" * 2000, 0.0))) == {"down"}
    assert told(reader().feed(b"ab\x1b[200~" + b"x" * 4000 + b"\x1b[201~", 0.0)) == ["a", "b", "paste 4000"]


ENDS = (
    "\x1b[201",
    "\x1b[201\x1b",
    "\x1b[20",
    "\x1b",
    "[201~",
    "\x1b[[201~",
    "\x9b201~",
    "\x1b[0201~",
    "\x1b[201;1~",
)


@given(
    inside=st.lists(
        st.one_of(st.sampled_from(ENDS), st.text(max_size=6), st.sampled_from("\r\n\t\0")), max_size=8
    ),
    cuts=st.sets(st.integers(1, 120), max_size=12),
)
def test_a_paste_is_one_event_whatever_is_in_it_and_however_it_is_cut(
    inside: list[str], cuts: set[int]
) -> None:
    """A false end, line ends, halves of sequences: all of it is the text, and the key after it is the key."""
    # A line ends where the text says; what cannot be sent is not sent.
    text = "".join(inside).encode(errors="replace").decode()
    assume((text + "\x1b[201~").find("\x1b[201~") == len(text))
    data = f"\x1b[200~{text}\x1b[201~k".encode()
    read = reader()
    tokens: list[Token] = []
    for first, last in itertools.pairwise([0, *sorted(cut for cut in cuts if cut < len(data)), len(data)]):
        tokens += read.feed(data[first:last], 0.0)
    assert [(token.kind, token.text) for token in tokens] == [
        (Kind.PASTE, text.replace("\0", "")),
        (Kind.CHARACTER, "k"),
    ]


@given(
    pieces=st.lists(st.binary(max_size=40), max_size=12),
    gaps=st.lists(st.sampled_from([0.0, 0.01, 0.3, 2.0])),
)
def test_any_bytes_in_any_pieces_leave_a_reader_that_hears_the_next_key(
    pieces: list[bytes], gaps: list[float]
) -> None:
    """NULs, C1, halves of UTF-8 and of sequences: bounded, never an exception, never deaf."""
    read = reader()
    now = 0.0
    for place, piece in enumerate(pieces):
        for token in read.feed(piece, now):
            events_of(token)
        now += gaps[place % len(gaps)] if gaps else 0.0
        read.expire(now)
    now += 2 * PASTE_SECONDS
    read.expire(now)
    assert told(read.feed(b"\x18k", now))[-1] == "k"
