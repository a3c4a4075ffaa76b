"""How many there are reads as a sentence."""

from __future__ import annotations

import pytest

from branchtui.format.counts import count_of


@pytest.mark.parametrize(
    ("number", "said"), [(0, "0 rows"), (1, "1 row"), (2, "2 rows"), (1_200, "1,200 rows")]
)
def test_one_is_one_and_the_rest_are_several(number: int, said: str) -> None:
    assert count_of(number, "row") == said


def test_a_word_may_have_a_plural_of_its_own() -> None:
    assert [count_of(number, "entry", "entries") for number in (1, 2)] == ["1 entry", "2 entries"]
