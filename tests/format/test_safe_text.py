"""TTY-1, the second wall: text from strangers cannot touch the terminal."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from rich.cells import cell_len
from tests.format.payloads import PAYLOADS

from branchtui.format.cells import cell_width, cut, pad
from branchtui.format.safe_text import HIDDEN_SHOWN, MARKS_MAX, kind_of, mask_phone, safe_object, safe_text

_UNICODE_SAMPLES = Path(__file__).resolve().parents[3] / "shared" / "samples" / "hostile" / "unicode"
_ANY_TEXT = st.text(st.characters(exclude_categories=()), max_size=40) | st.sampled_from(PAYLOADS)


def _harmful(text: str) -> Iterator[str]:
    """Written apart from the code under test: by category alone."""
    for character in text:
        if unicodedata.category(character) in {"Cc", "Cs", "Co", "Cn", "Zl", "Zp"}:
            yield character
        if unicodedata.category(character) == "Cf" and character not in "\u200c\u200d":
            yield character


def test_there_are_more_than_two_hundred_payloads() -> None:
    """Threats, T-01: a corpus of at least 200."""
    assert len(set(PAYLOADS)) >= 200


@given(_ANY_TEXT)
def test_no_text_keeps_a_character_that_a_terminal_could_obey(text: str) -> None:
    """TTY-1: every control, direction, zero-width, private, unassigned character is replaced."""
    assert not list(_harmful(safe_text(text)))


@given(_ANY_TEXT)
def test_cleaning_twice_changes_nothing_more(text: str) -> None:
    """The walls stand behind one another: the second must not alter what the first let through."""
    once = safe_text(text)
    assert safe_text(once) == once


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("Kofi\x1b[31m", "Kofi␛[31m"),
        ("a\x9bb", "a�b"),
        ("a\u202eb", "a�b"),
        ("line\nnext\tcell\r\nend", "line next cell end"),
        ("a\rb", "a�b"),
        ("[/] Kofi", "[/] Kofi"),
        ("\u0301x", "◌\u0301x"),
        ("\u3164", "�"),
    ],
)
def test_what_is_replaced_is_seen(raw: str, shown: str) -> None:
    """TTY-1: ESC shows as ␛, everything else foreign as �, newlines and tabs as a space."""
    assert safe_text(raw) == shown


@pytest.mark.parametrize(
    "name",
    [
        "Wanjiku Kamau",
        "Achieng O'Brien",
        "Ngũgĩ wa Mwangi",
        "ක්‍රිස්ටි",
        "می‌خواهم",
        "Nguyễn",
        "محمد",
        "김민준",
        "अक्षय",
        "ዓለም",
    ],
)
def test_real_names_stay_as_they_are(name: str) -> None:
    """Joiners between letters belong to the spelling of Sinhala, Hindi and Persian."""
    assert safe_text(name) == name


def test_a_tower_of_marks_is_cut() -> None:
    """T-03: more marks than any script uses would paint the rows above."""
    shown = safe_text("a" + "\u0336" * 60)
    assert sum(unicodedata.combining(character) > 0 for character in shown) == MARKS_MAX
    assert HIDDEN_SHOWN in shown


@pytest.mark.skipif(not _UNICODE_SAMPLES.is_dir(), reason="the shared samples are not beside this checkout")
def test_seven_languages_pass_unchanged_but_for_line_ends() -> None:
    """The declaration of human rights in seven scripts holds nothing foreign."""
    for path in sorted(_UNICODE_SAMPLES.glob("udhr_*.txt")):
        for line in path.read_text(encoding="utf-8").splitlines():
            kept = line.replace("\t", " ")
            foreign = {character for character in kept if kind_of(character) == "bad"} - {"\u200c", "\u200d"}
            if not foreign:
                assert safe_text(kept) == kept, path.name


def test_an_answer_is_cleaned_to_its_last_text() -> None:
    """TTY-1 (ii): every text of an answer, member names included; numbers and nothing else untouched."""
    answer = {"items": [{"name": "a\x1b", "n": 3, "x": None, "ok": True}], "k\x07": ["b\u202e", 1.5]}
    assert safe_object(answer) == {
        "items": [{"name": "a␛", "n": 3, "x": None, "ok": True}],
        "k�": ["b�", 1.5],
    }


def test_an_answer_nested_without_end_is_refused() -> None:
    """No depth without a limit."""
    deep: object = "x"
    for _ in range(100):
        deep = [deep]
    with pytest.raises(ValueError, match="nested too deeply"):
        safe_object(deep)


@given(_ANY_TEXT, st.integers(0, 40), st.sampled_from(["left", "right", "center"]))
@example("\U0001f3fb", 2, "left")
@example("a\U0001f44d\U0001f3ff", 8, "left")
@example("\U0001f1f0\U0001f1ea Kofi", 12, "right")
@example("\U0001f1e6", 3, "center")
def test_a_padded_cell_has_exactly_its_width(text: str, width: int, align: str) -> None:
    """TTY-4: columns stay aligned whatever a name holds, by our measure and by the framework's."""
    cell = pad(safe_text(text), width, align)  # type: ignore[arg-type]  # the strategy gives the three literals
    assert cell_width(cell) == width
    assert cell_len(cell) == width


@given(_ANY_TEXT, st.integers(1, 40))
def test_a_cut_text_fits_and_says_that_it_was_cut(text: str, width: int) -> None:
    """Cut by grapheme: never wider than asked, and `…` tells that something is missing."""
    shown = safe_text(text)
    short = cut(shown, width)
    assert cell_width(short) <= width
    assert short == shown or short.endswith("…")


def test_a_letter_is_never_parted_from_its_accent() -> None:
    """Cutting counts graphemes, not code points."""
    assert cut("e\u0301e\u0301e\u0301", 2) == "e\u0301…"


@pytest.mark.parametrize(
    ("phone", "masked"),
    [("0711 222 333", "0711 *** 333"), ("+254711222333", "+2547*****333"), ("12345", "****5"), ("", "")],
)
def test_the_middle_of_a_phone_is_hidden(phone: str, masked: str) -> None:
    """Contract, section 5: the payer's phone is masked unless permitted."""
    assert mask_phone(phone) == masked
