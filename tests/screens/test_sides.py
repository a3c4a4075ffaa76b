"""The sides of a list by their names: what `:payments asso 4411` means."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from branchtui.screens.sides import named_side, next_side


@dataclass(frozen=True)
class Named:
    name: str


SIDES = [Named("to apply"), Named("applied"), Named("all")]


@pytest.mark.parametrize(
    ("argument", "name", "rest"),
    [
        ("app", "applied", ""),
        ("Applied 4411 x", "applied", "4411 x"),
        ("to", "to apply", ""),
        ("to app", "to apply", ""),
        ("a", None, "a"),
        ("a 4411", None, "a 4411"),
        ("4411", None, "4411"),
        ("", None, ""),
    ],
)
def test_one_beginning_names_one_side_and_the_rest_is_searched_for(
    argument: str, name: str | None, rest: str
) -> None:
    side, sought = named_side(SIDES, argument)
    assert (side.name if side else None, sought) == (name, rest)


def test_turned_from_the_last_it_is_the_first_again() -> None:
    assert next_side(SIDES, SIDES[0]) is SIDES[1]
    assert next_side(SIDES, SIDES[2]) is SIDES[0]
