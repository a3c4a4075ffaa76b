"""Requests and bytes on HTTP for each step of the teller's script, by the real program in a real terminal.

The target: one round trip a step, none over 4 KiB compressed.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Sequence

from tests.e2e.demonstration import Demonstration
from tests.e2e.terminal import Terminal

from bench.ledgers import figure
from bench.relay import Relay

STEPS: Sequence[tuple[str, tuple[str, ...], tuple[str, ...]]] = (
    ("open customers", ("f2",), ("Achieng",)),
    ("search a part of a name", ("/", "wanjik"), ("“wanjik”", "000101")),
    ("open the profile", ("enter", "enter"), ("Customer  000101", "Wallet")),
    ("open the balance form", ("n",), ("New Member Balance",)),
    (
        "save a balance of 1,250.00",
        ("2", "enter", "1,250.00", "enter", "enter", "passbook", "enter", "STEP-1", "enter"),
        ("Done", "1,250.00"),
    ),
    ("open member balances", ("esc", "f3"), ("Member Balances", "1,250.00")),
    (
        "edit it to 1,350.00",
        ("e", "\x00see:Edit Member Balance", "enter", "enter", "1,350.00", "ctrl+s"),
        ("Saved", "1,350.00"),
    ),
    ("post it", ("p", "\x00see:[y]", "y"), ("Done", "accounted. ")),
    ("be refused a second post", ("p",), ("can never be posted again",)),
    ("open the payments that wait", ("f4",), ("unassociated", "fits")),
    ("associate the oldest with its candidate", ("a", "\x00see:[y]", "y"), ("Done", "associated, wallet")),
    ("open activity", ("f9",), ("Activity", "1,350.00")),
)


def main() -> None:
    """Measure, and print one line a step."""
    folder = tempfile.mkdtemp(prefix="branchtui-bench-")
    with Demonstration() as demonstration, Relay(demonstration.url) as relay:
        teller = demonstration.user("teller")
        program = [sys.executable, "-m", "branchtui", "--ledger", relay.url, "--user", teller.username]
        with Terminal(program, env={"XDG_STATE_HOME": folder, "XDG_CONFIG_HOME": folder}) as shown:
            shown.see("Password")
            relay.take()
            shown.press(teller.password, "enter")
            shown.see("What waits", "Today")
            _tell("sign in, with home", relay)
            for name, keys, wanted in STEPS:
                _press(shown, keys)
                shown.see(*wanted)
                _tell(name, relay)


def _press(shown: Terminal, keys: tuple[str, ...]) -> None:
    for key in keys:
        if key.startswith("\x00see:"):
            shown.see(key.removeprefix("\x00see:"))
        else:
            shown.press(key)


def _tell(step: str, relay: Relay) -> None:
    passed = relay.take()
    figure(step, f"{passed.requests} requests, {passed.bytes_up:,} up, {passed.bytes_down:,} down", "bytes")


if __name__ == "__main__":
    main()
