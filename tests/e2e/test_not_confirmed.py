"""What a teller reads when the line breaks under a posting: the real terminal behind the byte proxy (link, section 5; T3)."""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING, Final

import pytest
from tests.e2e.books import effects_of
from tests.e2e.day import leave, sign_in
from tests.e2e.proxied import Proxied
from tests.e2e.terminal import Terminal
from tests.line.faults import NONE, Cut, Fault, How, Pace, Passed, page

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.e2e.demonstration import Demonstration, Person

pytestmark = [pytest.mark.faults, pytest.mark.pty, pytest.mark.e2e]

FIRST_ROW: Final = re.compile(r"^> .*\s(\d{6})\s.*\d{4}-\d\d", re.MULTILINE)
ATTEMPTS: Final = 3
NARROW: Final = Pace(slice_bytes=400, pause=0.05)

MENDED: Final = [
    *(Fault(request=Cut(at, how)) for at in (0, 1, 150, 400) for how in (How.FIN, How.RST)),
    *(Fault(answer=Cut(at, how)) for at in (0, 20, 300) for how in (How.FIN, How.RST)),
    Fault(ends_upstream=True),
    Fault(copies=2),
    Fault(up=NARROW, down=NARROW),
    Fault(instead=page(502)),
]
"""One attempt meets it, and the next one is answered: nobody is bothered, and it is posted once."""

CONFIRMED_LATE: Final = [
    *([Fault(answer=Cut(at, how))] * ATTEMPTS for at, how in ((0, How.FIN), (0, How.RST), (200, How.FIN))),
    [Fault(instead=page(200))],
    [Fault(instead=page(302))],
]
"""The ledger has recorded it, and no attempt brought its word back."""

NOT_RECORDED: Final = [
    *([Fault(request=Cut(at, how))] * ATTEMPTS for at, how in ((0, How.FIN), (0, How.RST), (300, How.FIN))),
    [Fault(is_lost=True, instead=page(200))],
    [Fault(is_lost=True, is_kept=True, instead=page(403))],
]
"""It never came to the ledger; the last one comes when it is fenced."""


class Desk:
    """A supervisor at Member Balances, and the line."""

    def __init__(self, shown: Terminal, line: Proxied, demonstration: Demonstration, person: Person) -> None:
        self.shown = shown
        self.line = line
        self._demonstration = demonstration
        self._person = person

    def effects(self) -> int:
        """How many changes the ledger holds of this person."""
        return effects_of(self._demonstration, self._person)

    def is_listed(self, account: str) -> bool:
        """Whether a balance of the account stands in the list."""
        return any(re.match(rf"[> ] .*\s{account}\s.*\d{{4}}-\d\d", row) for row in self.shown.lines)

    def posts(self, *faults: Fault) -> str:
        """`p` and `y` on the first row, over a line on which its attempts meet the faults; the account."""
        found = FIRST_ROW.search(self.shown.text)
        assert found is not None, self.shown.text
        if faults:
            self.line.befall(*faults)
        self.shown.press("p")
        self.shown.see("Post", "[y]")
        self.shown.press("y")
        return found[1]

    def is_posted(self, account: str) -> None:
        """Read the list anew: what was posted has left those that wait."""
        self.shown.press("ctrl+r")
        self.shown.see_that(
            lambda text: (
                FIRST_ROW.search(text) is not None
                and not any(row.rstrip().endswith(" accounted") for row in self.shown.lines[2:-2])
                and not self.is_listed(account)
            ),
            f"the list without {account}",
        )

    def reads_the_end(self, *words: str) -> str:
        """Wait for the end of a doubt in its dialog, and leave it."""
        screen = self.shown.see("[enter] seen", *words)
        self.shown.press("enter")
        self.shown.see_no_more("[enter] seen")
        return screen


@pytest.fixture
def desk(demonstration: Demonstration, tmp_path: Path) -> Iterator[Desk]:
    """Signed in, with what waits to be posted in sight; the ledger's invariants are checked when all is over."""
    person = demonstration.user("supervisor")
    env = {"XDG_STATE_HOME": str(tmp_path / "state"), "XDG_CONFIG_HOME": str(tmp_path / "config")}
    with Proxied(demonstration.url) as line:
        argv = [sys.executable, "-m", "branchtui", "--ledger", line.url, "--user", person.username]
        with Terminal(argv, env=env) as shown:
            sign_in(shown, person)
            shown.press("f3")
            shown.see_that(lambda text: FIRST_ROW.search(text) is not None, "what waits to be posted")
            yield Desk(shown, line, demonstration, person)
            leave(shown)
    demonstration.check()


def test_one_broken_attempt_bothers_nobody(desk: Desk) -> None:
    """Link, section 3: the same key goes out again; posted once, and no word of doubt."""
    for fault in MENDED:
        before = desk.effects()
        account = desk.posts(fault)
        desk.shown.see(f"Done: {account} accounted")
        desk.is_posted(account)
        assert "unconfirmed" not in desk.shown.text, fault
        assert desk.effects() == before + 1, fault


def test_what_was_recorded_without_a_word_is_confirmed_late(desk: Desk) -> None:
    """Link, section 5: never called failed; the end says when the ledger recorded it."""
    for faults in CONFIRMED_LATE:
        before = desk.effects()
        account = desk.posts(*faults)
        desk.reads_the_end("RECORDED", "(confirmed late)", account)
        desk.is_posted(account)
        assert desk.effects() == before + 1, faults


def test_what_never_arrived_is_fenced_and_may_be_entered_again(desk: Desk) -> None:
    """Link, section 5: only this text allows it; what comes late is refused, and the next post is the first."""
    before = desk.effects()
    for faults in NOT_RECORDED:
        account = desk.posts(*faults)
        screen = " ".join(desk.reads_the_end("NOT RECORDED", account).split())
        assert "You can enter it again." in screen
        assert desk.is_listed(account)
        assert desk.effects() == before, faults
    answer = desk.line.run(desk.line.proxy.release())
    assert answer.startswith(b"HTTP/1.1 409"), answer
    assert desk.effects() == before
    account = desk.posts()
    desk.shown.see(f"Done: {account} accounted")
    assert desk.effects() == before + 1


def test_while_nobody_knows_the_screen_says_so_and_counts_it(desk: Desk) -> None:
    """Link, section 5: sending, slow, UNKNOWN, counted in the status line, asked about on leaving; then the ledger's word."""
    is_silent = True

    def plan(one: Passed) -> Fault:
        is_meant = is_silent and (one.key is not None or "/operations/" in one.path)
        return Fault(is_lost=one.key is None, answer=Cut(0, How.STALL)) if is_meant else NONE

    before = desk.effects()
    shown = desk.shown
    desk.line.do(lambda: setattr(desk.line.proxy, "plan", plan))
    account = desk.posts()
    shown.see("Slow link", "still sending (attempt 2). Do not hand over cash.")
    shown.see(
        "UNKNOWN", "NOT CONFIRMED", account, "Do NOT enter it again.  Do NOT hand over cash or a receipt."
    )
    # Not acknowledged by the key for it: there is nothing yet to be seen.
    shown.press("enter")
    shown.press("esc")
    shown.see_no_more("Do NOT hand over")
    shown.see("1 unconfirmed")
    shown.press("ctrl+q")
    shown.see("1 not confirmed yet")
    shown.press("esc")
    is_silent = False
    shown.press("f9")
    shown.see("Activity", "recorded, [enter] seen")
    shown.see_no_more("unconfirmed")
    assert desk.effects() == before + 1
