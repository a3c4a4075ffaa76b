"""Text for a printer: nothing in it that a terminal or a printer obeys, and no print that never ends."""

from __future__ import annotations

import pytest
from tests.format.payloads import PAYLOADS

from branchtui.terminal.printing import LINES_MAX, PRINTER_OFF, PRINTER_ON, printable, through_terminal


@pytest.mark.parametrize("is_utf8", [False, True])
def test_hostile_text_goes_to_the_printer_as_signs_that_print(is_utf8: bool) -> None:
    """Product, promise 10: between the two sequences stand signs and ends of lines, whatever a line held."""
    for payload in PAYLOADS:
        sent = through_terminal(printable([payload, f"a{payload}b"], is_utf8=is_utf8))
        assert sent.startswith(PRINTER_ON)
        assert sent.endswith(f"\r\n{PRINTER_OFF}")
        inside = sent[len(PRINTER_ON) : -len(PRINTER_OFF)]
        assert inside.count("\r\n") == 2, ascii(payload)
        rest = inside.replace("\r\n", "")
        assert all(ord(sign) >= 32 and not 127 <= ord(sign) < 160 for sign in rest), ascii(payload)
        assert is_utf8 or rest.isascii(), ascii(payload)
        assert not any(0xD800 <= ord(sign) < 0xE000 for sign in rest), ascii(payload)


def test_names_stay_readable_on_a_printer_that_knows_ascii_alone() -> None:
    """Marks are left off, letters that do not come apart are spelled, anything else is a question mark."""
    lines = ["Ngũgĩ wa Mwangi", "François Nguyễn", "Åse Bjørn Łuk", "O’Brien – “x”…", "王 1,250.00"]
    assert printable(lines).split("\r\n") == [
        "Ngugi wa Mwangi",
        "Francois Nguyen",
        "Ase Bjorn Luk",
        'O\'Brien - "x"...',
        "? 1,250.00",
        "",
    ]
    assert printable(lines[:1], is_utf8=True) == "Ngũgĩ wa Mwangi\r\n"


@pytest.mark.parametrize("text", ["\x1b[4i", "a\nb", "\x9b4i", "\x07", "a\rb"])
def test_what_was_not_made_for_a_printer_is_never_sent(text: str) -> None:
    """The last wall stands where the sequences are put around it."""
    with pytest.raises(ValueError, match="no text for a printer"):
        through_terminal(text)


def test_a_print_has_an_end() -> None:
    """No number without a limit: more lines than a day's report are left off."""
    assert printable(["x"] * (LINES_MAX + 5)).count("\r\n") == LINES_MAX
