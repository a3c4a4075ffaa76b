"""A few short worlds in every run of the tests, that the same seed is the same world, and that the judge can object."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from tests.simulator.faults import EXPECTED, LEAST, too_rare
from tests.simulator.messages import PAGES, Answer
from tests.simulator.network import may_pass
from tests.simulator.oracle import Kind, Oracle, Word
from tests.simulator.run import told
from tests.simulator.template import Template
from tests.simulator.world import Story, live

from branchtui.ledger.operations import Command, Reply
from branchtui.ledger.web import route
from branchtui.remote.resolver import Verdict

SHORT = 25
SEEDS = ("quick/1", "quick/2")


@pytest.mark.parametrize("seed", SEEDS)
def test_in_a_short_world_everything_happens_once_or_not_at_all(template: Template, seed: str) -> None:
    """T1: as the long run of `make faults`."""
    story = live(seed, template, changes=SHORT)

    assert not story.faults, told(story)
    assert story.changes >= SHORT


def test_the_same_seed_is_the_same_world(template: Template) -> None:
    """A world that went wrong can be had again, line by line."""
    first, second = (live("quick/same", template, changes=SHORT) for _ in range(2))

    assert first.trace == second.trace
    assert first.seen == second.seen


def test_a_ledger_that_forgets_its_keys_is_found_out(
    template: Template, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The judge objects: without the key every copy is a change of its own."""

    def forgetful(tx: Any, command: Command, decide: Any, *_: Any) -> Reply:
        answer: Reply = decide(tx, command)
        return answer

    monkeypatch.setattr(route, "execute", forgetful)

    story = live("quick/1", template, changes=SHORT)

    assert any("was told otherwise" in fault or "are there" in fault for fault in story.faults), story.faults


class _World:
    """As much of a world as an oracle looks at."""

    def __init__(self) -> None:
        self.house = self
        self.restores = 0

    def note(self, *_: str) -> None:
        return

    def asked(self) -> None:
        return


def test_whoever_is_told_both_that_it_is_and_that_it_is_not_done_was_told_wrong() -> None:
    """Only a restore in between makes of what was done something that is not."""
    world: Any = _World()
    oracle = Oracle(world)
    intents = [oracle.begin(Kind.CREATE, "teller-1") for _ in range(4)]
    keys = [oracle.key_for(intent, "terminal-1") for intent in intents]
    oracle.say(intents[0], Word.NOT_DONE, "refused")
    oracle.settled(keys[0], Verdict.RECORDED)
    oracle.say(intents[1], Word.DONE, "the ledger")
    oracle.settled(keys[1], Verdict.NOT_RECORDED)
    oracle.say(intents[2], Word.DONE, "the ledger")
    oracle.settled(keys[2], Verdict.RECORDED)
    oracle.say(intents[3], Word.DONE, "the ledger")
    world.restores = 1
    oracle.settled(keys[3], Verdict.NOT_RECORDED)

    assert [fault.split("#")[1].split()[0] for fault in oracle.faults] == ["1", "2"]
    oracle.key_for(intents[0], "terminal-1")
    assert "a second key" in oracle.faults[-1]


def test_a_run_in_which_a_fault_was_too_rare_proves_too_little() -> None:
    """Each fault in each part has a least number."""
    seen = Counter(dict.fromkeys(EXPECTED, LEAST))
    assert too_rare(seen) == []
    seen[EXPECTED[0]] -= 1
    assert too_rare(seen) == [f"{EXPECTED[0]}: {LEAST - 1}"]


def test_only_what_the_ledger_keeps_is_the_answer_to_all_copies_of_a_request() -> None:
    """IDEM-6: whoever repeats a request on the line must not hand on a refusal that another copy may not meet."""
    assert not may_pass(Answer(201, [], b"{}"))
    assert not may_pass(Answer(412, [], b'{"code": "precondition-failed"}'))
    assert may_pass(Answer(409, [], b'{"code": "possible-duplicate"}'))
    assert may_pass(Answer(507, [], b'{"code": "storage-full"}'))
    assert may_pass(Answer(429, [], b'{"code": "rate-limited"}'))
    assert not may_pass(None)
    assert {page.status for page in PAGES} >= {200, 302, 403, 502, 504}


def test_a_world_that_went_wrong_says_how_to_have_it_again() -> None:
    """The seed, and the command."""
    said = told(Story("abc/one-half/17", faults=["two effects"]))
    assert "WORLD=abc/one-half/17: two effects" in said
    assert ".venv/bin/python -m tests.simulator abc/one-half/17" in said
