"""How many there are reads as a sentence."""

from __future__ import annotations

import pytest

from branchtui.format.counts import count_of


@pytest.mark.parametrize(
    ("number", "said"), [(0, "0 rows"), (1, "1 row"), (2, "2 rows"), (1_200, "1,200 rows")]
)
def test_one_is_one_and_the_rest_are_several(number: int, said: str) -> None:
    assert count_of(number, "row") == said


def test_several_may_have_a_word_of_their_own() -> None:
    found = [count_of(number, "sign flips", "signs flip") for number in (1, 2)]
    assert found == ["1 sign flips", "2 signs flip"]
