"""Bar or arrow in lists, by what the line carries."""

from __future__ import annotations

import pytest

from branchtui.terminal.list_mark import QUICK_BYTES, SLOW_BYTES, ListMark, MarkChoice


def test_a_slow_line_gets_the_arrow_and_keeps_it_until_it_is_clearly_quick() -> None:
    """Look: arrow on slow lines, bar otherwise; between the two limits nothing changes."""
    choice = MarkChoice()
    rates = (None, SLOW_BYTES, SLOW_BYTES - 1, SLOW_BYTES, QUICK_BYTES - 1, None, QUICK_BYTES, SLOW_BYTES)
    assert [choice.is_arrow(rate) for rate in rates] == [False, False, True, True, True, True, False, False]


@pytest.mark.parametrize(("wanted", "is_arrow"), [("bar", False), ("arrow", True)])
def test_what_a_person_chose_stays(wanted: ListMark, is_arrow: bool) -> None:
    """The setting `list_mark` wins over every measurement."""
    choice = MarkChoice(wanted)
    assert [choice.is_arrow(rate) for rate in (None, 1, 1e9)] == [is_arrow] * 3
