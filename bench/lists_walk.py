"""A teller's walk through the lists: the real program in a real terminal, requests counted on the line."""

from __future__ import annotations

import select
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

from tests.e2e.terminal import Terminal

from bench.ledgers import PASSWORD, Served, percentile
from bench.relay import Passed, Relay

QUIET_SECONDS = 0.7
"""Nothing painted for so long: the step has settled. More than a search box waits for the next key."""

HELD = "held"
HELD_KEYS = 30
KEY_SECONDS = 1 / 30
ROUNDS = 3

Keys = tuple[str, ...]
WALKS: dict[str, tuple[tuple[str, Keys], ...]] = {
    "customers": (
        ("open", ("f2",)),
        ("page down", ("pgdn",)),
        ("hold page down", (HELD, "pgdn")),
        ("refresh in the middle", ("ctrl+r",)),
        ("jump to the end", ("end",)),
        ("page up from the end", ("pgup",)),
        ("jump to the beginning", ("home",)),
        ("jump to letters", ("'", "otieno", "enter")),
        ("search a common name", ("/", "ctrl+u", "mwangi", "enter")),
        ("search two names", ("/", "ctrl+u", "nyokabi etyang", "enter")),
        ("search a phone", ("/", "ctrl+u", "0720 111", "enter")),
        ("search for nobody", ("/", "ctrl+u", "zzzyyx", "enter")),
        ("end the search", ("/", "esc", "esc")),
        ("sort by the next column", ("z",)),
        ("filter by a status", (":", "customers status=pending", "enter")),
        # A status of no name is none: the next round begins among all.
        ("end the filter", (":", "customers status=", "enter")),
        ("sort by the newest", ("z",)),
        ("sort by name", ("z",)),
    ),
    "payments": (
        ("open what waits", ("f4",)),
        ("page down", ("pgdn",)),
        ("hold page down", (HELD, "pgdn")),
        ("refresh in the middle", ("ctrl+r",)),
        ("jump to the end", ("end",)),
        ("page up from the end", ("pgup",)),
        ("jump to the beginning", ("home",)),
        ("turn to the associated", ("t",)),
        ("jump to the end of the associated", ("end",)),
        ("jump to a month", ("'", "2026", "enter")),
        ("search a payer", ("/", "ctrl+u", "kamau", "enter")),
        ("search a code", ("/", "ctrl+u", "TKDM8", "enter")),
        ("search for nobody", ("/", "ctrl+u", "zzzyyx", "enter")),
        ("end the search", ("/", "esc", "esc")),
    ),
    "records": (
        ("open what waits", ("f3",)),
        ("page down", ("pgdn",)),
        ("hold page down", (HELD, "pgdn")),
        ("refresh in the middle", ("ctrl+r",)),
        ("jump to the end", ("end",)),
        ("page up from the end", ("pgup",)),
        ("jump to the beginning", ("home",)),
        ("search a member", ("/", "ctrl+u", "mwangi", "enter")),
        ("search for nobody", ("/", "ctrl+u", "zzzyyx", "enter")),
        ("end the search", ("/", "esc", "esc")),
        ("turn to the accounted", ("t",)),
        ("sort by amount", ("z",)),
        ("jump to an amount", ("'", "50,000", "enter")),
        ("turn to all", ("t",)),
        ("sort by day", ("z",)),
        ("sort by the newest", ("z",)),
        ("back to what waits", ("t",)),
    ),
}


@dataclass
class Measured:
    """What one step took: pages of the list, all requests, bytes down, seconds until nothing moved, for each round."""

    pages: list[int] = field(default_factory=list)
    requests: list[int] = field(default_factory=list)
    bytes_down: list[int] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)

    def add(self, passed: Passed, seconds: float) -> None:
        """One more round."""
        self.pages.append(passed.pages)
        self.requests.append(passed.requests)
        self.bytes_down.append(passed.bytes_down)
        self.seconds.append(seconds)

    @property
    def ms(self) -> float:
        """The middle round, in milliseconds."""
        return percentile(self.seconds, 0.5) * 1_000


@dataclass
class Walked:
    """All steps of a walk by list and name, and the terminal's memory after it in MiB."""

    steps: dict[tuple[str, str], Measured]
    pss_mib: float
    rss_mib: float


def walk(served: Served) -> Walked:
    """Every step of every list, `ROUNDS` times, in one session of a teller."""
    steps: dict[tuple[str, str], Measured] = {}
    with tempfile.TemporaryDirectory(prefix="branchtui-bench-") as folder, Relay(served.url) as relay:
        program = [served.python, "-m", "branchtui", "--ledger", relay.url, "--user", "teller"]
        with Terminal(program, env={"XDG_STATE_HOME": folder, "XDG_CONFIG_HOME": folder}) as shown:
            shown.see("Password")
            shown.press(PASSWORD, "enter")
            shown.see("What waits", "Today")
            for _ in range(ROUNDS):
                for kind, walked in WALKS.items():
                    for name, keys in walked:
                        relay.take()
                        seconds = _step(shown, keys)
                        steps.setdefault((kind, name), Measured()).add(relay.take(), seconds)
                        assert not [line for line in shown.lines if line.strip() == "…"], shown.text
            pss, rss = _memory_mib(shown.process.pid)
    return Walked(steps, pss, rss)


def _step(shown: Terminal, keys: Keys) -> float:
    """Press, and wait until nothing moves; seconds from the last key to the last byte."""
    if keys[0] == HELD:
        for _ in range(HELD_KEYS):
            shown.press(keys[1])
            _read_for(shown, KEY_SECONDS)
    else:
        for key in keys[:-1]:
            shown.press(key)
            _read_for(shown, KEY_SECONDS)
        shown.press(keys[-1])
    pressed = last = time.perf_counter()
    while _read_for(shown, QUIET_SECONDS, first_only=True):
        last = time.perf_counter()
    return last - pressed


def _read_for(shown: Terminal, seconds: float, *, first_only: bool = False) -> bool:
    """Take in what is painted within `seconds`; True when there was something."""
    ends = time.perf_counter() + seconds
    has_read = False
    while (left := ends - time.perf_counter()) > 0:
        if not select.select([shown.process.fd], [], [], left)[0]:
            break
        has_read = shown.read_some() or has_read
        if first_only:
            break
    return has_read


def _memory_mib(pid: int) -> tuple[float, float]:
    """Proportional and resident memory of a process."""
    found = {}
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]:
        name, _, rest = line.partition(":")
        found[name] = int(rest.split()[0]) / 1024
    return found["Pss"], found["Rss"]
