"""The list of seeded bugs stays true: what it changes is in the code, what it names is in the tests (testing.md, T1)."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import pytest
import tools.mutants
from tools.mutants import (
    BROKEN,
    CAUGHT,
    LEAST_CAUGHT,
    PAGE,
    SURVIVED,
    Mutant,
    Trial,
    collect,
    faults,
    page,
    score,
)


@cache
def collected() -> tuple[Mutant, ...]:
    """The list, read once."""
    return collect()


@pytest.mark.xdist_group("mutants")
def test_every_seeded_bug_is_still_about_what_stands_in_the_code() -> None:
    """Each old text stands once in its file, each new one is Python, each test that is meant to notice is there."""
    assert list(faults(collected())) == []


@pytest.mark.xdist_group("mutants")
def test_the_page_tells_of_every_seeded_bug_in_the_list() -> None:
    """docs/mutants.md was made from this list, and enough of it was caught."""
    told = PAGE.read_text()
    names = [line.split(" | ")[0].removeprefix("| ") for line in told.splitlines() if line.startswith("| ")]
    assert names[1:] == [each.name for each in collected()], "run: make mutants"
    assert told.count("**survived**") + told.count("**broken**") <= (1 - LEAST_CAUGHT) * len(collected())


def test_a_list_that_is_not_true_is_told() -> None:
    """The check above can fail, in each of its ways."""
    good = collected()[0]
    wrong = (
        replace(good, name="gone", old="a text that stands nowhere"),
        replace(good, name="often", old="import"),
        replace(good, name="same", new=good.old),
        replace(good, name="garbled", new="def ("),
        replace(good, name="unwatched", tests=()),
        replace(good, name="watched by nobody", tests=("tests/test_mutants.py::test_that_is_not_there",)),
        replace(good, name="watched by nobody", tests=("tests/test_nowhere.py",)),
    )
    told = [sentence.removesuffix(f" in {good.file}, not once") for sentence in faults(wrong)]
    assert told == [
        "watched by nobody stands in the list twice",
        "gone: its text stands 0 times",
        told[2],
        "same changes nothing",
        f"garbled makes {good.file} what is no Python",
        "unwatched names no test that is meant to notice",
        "watched by nobody names tests/test_mutants.py::test_that_is_not_there, which is not there",
        "watched by nobody names tests/test_nowhere.py, which is not there",
    ]
    assert told[2].startswith("often: its text stands ")


def test_what_is_broken_or_survives_is_not_caught() -> None:
    """A bug that is no program has been noticed by nobody."""
    bug = collected()[0]
    trials = [
        Trial(bug, CAUGHT, "test_it_is_so", 1.0),
        Trial(bug, SURVIVED, "", 1.0),
        Trial(bug, BROKEN, "?", 1.0),
    ]
    assert score(trials) == pytest.approx(1 / 3)
    told = page(trials)
    assert "**1 of 3 caught (33%).**" in told
    assert told.count("| it is so |") == told.count("| **survived** |") == told.count("| **broken** |") == 1


def test_a_copy_without_a_test_of_its_own_stays_idle() -> None:
    """Begun without the name of a test, it would run all there are."""
    copies = [Noted(), Noted(), Noted()]
    tools.mutants._refuse_failing(copies, ["tests/test_a.py::test_a", "tests/test_b.py::test_b"])  # type: ignore[arg-type]
    assert [copy.begun for copy in copies] == [
        [["tests/test_a.py::test_a"]],
        [["tests/test_b.py::test_b"]],
        [],
    ]


class Noted:
    """Stands for a copy of the tree: notes what it was told to run, and has run it."""

    def __init__(self) -> None:
        self.begun: list[list[str]] = []

    def start(self, tests: list[str]) -> None:
        self.begun.append(tests)

    def ended(self) -> tuple[str, str, float]:
        assert self.begun
        return SURVIVED, "", 0.0
