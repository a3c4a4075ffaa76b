"""The real terminal ends, or is held, at each step of its journal; the next sign-in says what became of it (OUT-2 to 6, T5)."""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from contextlib import closing
from dataclasses import dataclass
from enum import Enum, auto
from itertools import cycle
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest
from tests.e2e.books import effects_of, rows_of
from tests.e2e.day import leave, sign_in
from tests.e2e.proxied import Proxied
from tests.e2e.ssh_host import await_end
from tests.e2e.stopping import GO, REACHED
from tests.e2e.terminal import PATIENCE_SECONDS, Terminal
from tests.line.faults import Cut, Fault, How, raw

from branchtui.contract.operations import short_reference

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.e2e.demonstration import Demonstration

pytestmark = [pytest.mark.faults, pytest.mark.pty, pytest.mark.e2e]


class End(Enum):
    """What the person reads of it in Activity."""

    NOTHING = auto()
    DONE = auto()
    RECORDED = auto()
    NOT_RECORDED = auto()


class Death(Enum):
    """What befalls the program at its point."""

    KILL = auto()
    HANGUP = auto()
    STOP = auto()


NO: Final = {
    "title": "State conflict",
    "status": 409,
    "code": "state-conflict",
    "outcome": "not_applied",
    "detail": "It is posted already.",
}
ANSWER_LOST: Final = (Fault(answer=Cut(0, How.FIN)),) * 3
NEVER_ARRIVES: Final = (Fault(request=Cut(0, How.FIN)),) * 3
REFUSED: Final = (Fault(is_lost=True, instead=raw(409, json.dumps(NO).encode(), "application/problem+json")),)

POINTS: Final[dict[str, tuple[tuple[Fault, ...], tuple[End, End, End], End]]] = {
    # transition: what the line does; how it ended for who is killed before, within and after; for who goes on
    "prepare": ((), (End.NOTHING, End.NOTHING, End.NOT_RECORDED), End.DONE),
    "sent": ((), (End.NOT_RECORDED, End.NOT_RECORDED, End.NOT_RECORDED), End.DONE),
    "succeeded": ((), (End.RECORDED, End.RECORDED, End.DONE), End.DONE),
    "rejected": (REFUSED, (End.NOT_RECORDED, End.NOT_RECORDED, End.NOTHING), End.NOTHING),
    "unknown": (ANSWER_LOST, (End.RECORDED, End.RECORDED, End.RECORDED), End.RECORDED),
    "applied": (ANSWER_LOST, (End.RECORDED, End.RECORDED, End.RECORDED), End.RECORDED),
    "not_applied": (
        NEVER_ARRIVES, (End.NOT_RECORDED, End.NOT_RECORDED, End.NOT_RECORDED), End.NOT_RECORDED,
    ),
    "seen": (ANSWER_LOST, (End.RECORDED, End.RECORDED, End.DONE), End.DONE),
}  # fmt: skip
MOMENTS: Final = ("before", "within", "after")
"""Of the write: while its transaction is open is a moment of its own."""


@dataclass(frozen=True)
class Case:
    transition: str
    moment: str
    death: Death
    does: str

    def __str__(self) -> str:
        return f"{self.does}, {self.death.name} {self.moment} {self.transition}"


_DOES: Final = {
    Death.KILL: cycle(("post", "associate", "key")),
    Death.HANGUP: cycle(("associate", "post", "key")),
}
_doing = cycle(("post", "associate"))
CASES: Final = [
    Case(transition, moment, death, next(_DOES.get(death, _doing)))
    for death in Death
    for transition in POINTS
    for moment in MOMENTS
]


class Counter:
    """A person at one terminal with one folder for its state, through as many lives of the program as it takes."""

    def __init__(self, demonstration: Demonstration, line: Proxied, folder: Path) -> None:
        self.person = demonstration.user("supervisor")
        self.folder = folder
        self._url = line.url
        self._demonstration = demonstration
        os.mkfifo(folder / GO)
        # Open at both ends it waits for no reader, who may be dead before it is let go.
        self._go = os.open(folder / GO, os.O_RDWR)

    def program(self, module: str, stop_at: str = "") -> Terminal:
        """The program, signed in, at Home."""
        env = {
            "XDG_STATE_HOME": str(self.folder / "state"),
            "XDG_CONFIG_HOME": str(self.folder / "config"),
            "STOP_AT": stop_at,
            "STOP_FOLDER": str(self.folder),
        }
        argv = [sys.executable, "-m", module, "--ledger", self._url, "--user", self.person.username]
        shown = Terminal(argv, env=env)
        sign_in(shown, self.person)
        return shown

    def until_reached(self, shown: Terminal) -> None:
        """Take in what is painted until the program is held."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not (self.folder / REACHED).exists():
            # Held it paints nothing any more.
            shown.read_some()
            assert time.monotonic() < deadline, f"It does not come to its point; it shows:\n{shown.text}"

    def let_go(self) -> None:
        """The program goes on from where it is held."""
        os.write(self._go, b"x")

    def close(self) -> None:
        """It goes home."""
        os.close(self._go)

    def change(self) -> tuple[str, str] | None:
        """The one change that this terminal knows of: its reference, and its state in the journal."""
        found = [
            (short_reference(key), state)
            for path in (self.folder / "state").rglob("intents*.db")
            for key, state in rows_of(path, "SELECT key, state FROM intent")
        ]
        assert len(found) <= 1, found
        return found[0] if found else None

    def effects(self) -> int:
        """How many changes the ledger holds of this person."""
        return effects_of(self._demonstration, self.person)


def post(shown: Terminal) -> None:
    """The first balance that waits."""
    shown.press("f3")
    shown.see("Member Balances", "not accounted", "> ")
    shown.press("p")
    shown.see("Post", "[y]")
    shown.press("y")


def associate(shown: Terminal) -> None:
    """The payment that waited longest."""
    shown.press("f4")
    shown.see("Payments", "unassociated", "ends 444 and first name fits")
    shown.press("a")
    shown.see("Associate", "[y]")
    shown.press("y")


def key(shown: Terminal) -> None:
    """A balance of a customer."""
    shown.press("f2")
    shown.see("Achieng")
    shown.press("/", "wanjik")
    shown.see("“wanjik”", "Wanjiku Kamau")
    shown.press("enter", "enter")
    shown.see("Customer  000101", "Shares")
    shown.press("n")
    shown.see("New Member Balance")
    shown.press("2", "enter", "1,250.00", "enter", "enter", "passbook", "enter", "DAY-9", "enter")


DOINGS: Final = {"post": post, "associate": associate, "key": key}


@pytest.fixture
def line(demonstration: Demonstration) -> Iterator[Proxied]:
    """The line to the ledger."""
    with Proxied(demonstration.url) as line:
        yield line


@pytest.fixture
def counter(demonstration: Demonstration, line: Proxied, tmp_path: Path) -> Iterator[Counter]:
    """The person whose terminal it is."""
    with closing(Counter(demonstration, line, tmp_path)) as counter:
        yield counter


def dies(shown: Terminal, counter: Counter, death: Death) -> None:
    """The program ends without a word, or is hung up and ends as it then does."""
    pid = shown.process.pid
    if death is Death.KILL:
        shown.process.kill(signal.SIGKILL)
        shown.wait_for_end()
        return
    shown.process.fileobj.close()
    counter.let_go()
    await_end([pid])
    os.waitpid(pid, 0)
    shown.process.terminated = shown.process.closed = True


def is_stopped_and_goes_on(shown: Terminal, counter: Counter) -> None:
    """ctrl+z of a whole machine: it notices nothing."""
    pid = shown.process.pid
    os.kill(pid, signal.SIGSTOP)
    _, status = os.waitpid(pid, os.WUNTRACED)
    assert os.WIFSTOPPED(status)
    os.kill(pid, signal.SIGCONT)
    counter.let_go()


def told_at_the_next_sign_in(shown: Terminal, change: tuple[str, str] | None) -> End:
    """How a change ended, by what stands on the screen: a dialog for what was in doubt, else its row in Activity."""
    if change is None or change[1] == "rejected":
        return End.NOTHING
    reference, state = change
    if state in {"succeeded", "seen"}:
        stands_in_activity(shown, reference, "done")
        return End.DONE
    screen = shown.see("[enter] seen", reference)
    end = End.NOT_RECORDED if "NOT RECORDED" in screen else End.RECORDED
    shown.press("enter")
    shown.see_no_more("[enter] seen")
    if end is End.RECORDED:
        stands_in_activity(shown, reference, "done")
    return end


def stands_in_activity(shown: Terminal, reference: str, word: str) -> None:
    """Wait for its row, in the ledger's own list."""
    shown.press("f9")
    shown.see_that(
        lambda text: "Activity" in text and any(reference in row and word in row for row in shown.lines),
        f"{reference} {word}",
    )
    assert "unconfirmed" not in shown.text


def goes_on(shown: Terminal, case: Case, end: End) -> None:
    """Who was held reads how it ended, as if nothing had been."""
    if case.transition == "seen":
        shown.see_no_more("[enter] seen")
    elif end is End.DONE:
        shown.see("Done:")
    elif end is End.NOTHING:
        shown.see("Refused:", "It is posted already.")
    else:
        heading = "RECORDED" if end is End.RECORDED else "NOT RECORDED"
        shown.see(heading, "[enter] seen")
        shown.press("enter")
        shown.see_no_more("[enter] seen")


@pytest.mark.sampled(6)
@pytest.mark.parametrize("case", CASES, ids=str)
def test_whatever_ends_the_terminal_the_next_sign_in_tells_the_truth(
    demonstration: Demonstration, line: Proxied, counter: Counter, case: Case
) -> None:
    """T5: acknowledged changes are stored, every other one is settled, and the screen agrees with the ledger."""
    faults, ends, end = POINTS[case.transition]
    before = counter.effects()
    with counter.program("tests.e2e.stopping", f"{case.transition}:{case.moment}") as shown:
        line.befall(*faults)
        DOINGS[case.does](shown)
        if case.transition == "seen":
            shown.see("RECORDED", "[enter] seen")
            shown.press("enter")
        counter.until_reached(shown)
        if case.death is Death.STOP:
            is_stopped_and_goes_on(shown, counter)
            goes_on(shown, case, end)
            change = counter.change()
            assert change is not None
            if end is not End.NOTHING:
                stands_in_activity(shown, change[0], "not recorded" if end is End.NOT_RECORDED else "done")
            leave(shown)
        else:
            dies(shown, counter, case.death)
    if case.death is not Death.STOP:
        with counter.program("branchtui") as shown:
            end = told_at_the_next_sign_in(shown, counter.change())
            # Hung up it is let go before it ends, and may come a step further.
            assert case.death is Death.HANGUP or end is ends[MOMENTS.index(case.moment)]
            leave(shown)
    assert counter.effects() - before == (1 if end in {End.DONE, End.RECORDED} else 0)
    demonstration.check()
