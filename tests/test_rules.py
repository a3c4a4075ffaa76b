"""Every rule has a test that names it, or stands in the short list of what is not built; the page says both."""

from __future__ import annotations

from functools import cache

import pytest
from tools.rules import PAGE, Proof, Rules, collect, faults, named_in, page


@cache
def collected() -> Rules:
    """The rules, the tests and the code, read once."""
    return collect()


@pytest.mark.xdist_group("rules")
def test_every_rule_is_proved_or_said_to_be_missing() -> None:
    """No rule without a test, none under [not_built] that a test proves, none that nobody knows."""
    assert list(faults(collected())) == []


@pytest.mark.xdist_group("rules")
def test_the_page_of_rules_is_up_to_date() -> None:
    """docs/rules.md is what `make rules` makes now."""
    assert PAGE.read_text() == page(collected()), "run: make rules"


@pytest.mark.parametrize(
    ("text", "rules"),
    [
        ("DUR-1: alone", {"DUR-1"}),
        ("DUR-1 to 4, T5", {"DUR-1", "DUR-2", "DUR-3", "DUR-4"}),
        ("link, RTY-5, 6.", {"RTY-5", "RTY-6"}),
        ("INV-1 to 3, 8 and 9", {"INV-1", "INV-2", "INV-3", "INV-8", "INV-9"}),
        ("TTY-1 to TTY-3", {"TTY-1", "TTY-2", "TTY-3"}),
        ("INV-7 and INV-10", {"INV-7", "INV-10"}),
        ("AUTHZ-2, AUTH-1", {"AUTHZ-2", "AUTH-1"}),
        ("AUTHZ-2 and 3 rows", {"AUTHZ-2", "AUTHZ-3"}),
        ("DUR-3: 200, 201", {"DUR-3"}),
        ("UTF-8 and XIDEM-1", set()),
    ],
)
def test_ranges_and_lists_of_rules_are_read_as_people_write_them(text: str, rules: set[str]) -> None:
    """A docstring that says `DUR-1 to 4` names four rules."""
    assert named_in(text) == rules


def test_a_list_that_is_not_true_is_told() -> None:
    """The check above can fail, in each of its ways."""
    made = Rules({"part": {"DUR-1": "a", "DUR-2": "b", "DUR-3": "c"}}, {"DUR-2": "later", "DUR-9": "?"})
    made.tests["DUR-2"] = [Proof("tests/test_x.py", "test_two")]
    made.tests["DUR-3"] = [Proof("tests/test_x.py", "test_three")]
    made.code["MC-1"] = ["src/branchtui/x.py"]
    assert list(faults(made)) == [
        "DUR-9 is named and stands in no list of tools/rules.toml",
        "MC-1 is named and stands in no list of tools/rules.toml",
        "DUR-1 is proved by no test and does not stand under [not_built]",
        "DUR-2 stands under [not_built] although tests/test_x.py proves it",
    ]
