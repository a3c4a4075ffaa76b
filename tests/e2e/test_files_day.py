"""Universal files by keys alone, in a real terminal of 80x24 over the real ledger: applied, refused, taken back.

The three files of the samples as their names say: good, wrong totals, one payer. They are made here, in the same form
and with the same payers; where the samples themselves are at hand, they are walked too. Waits for painted text, never
for time, and ends with a clean `ledger check`.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest
from tests.e2e.terminal import Terminal
from tests.ledger.balance_files import owed, payer, sample, universal
from tests.ledger.running import PASSWORD, RunningLedger, make_template
from tests.ledger.till import open_till

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = [pytest.mark.faults, pytest.mark.pty, pytest.mark.e2e]

NAMES = ("universal_all.csv", "universal_bad_totals.csv", "universal_one_payer.csv")


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[RunningLedger]:
    """A ledger with the payers whom the samples name."""
    database = f"sqlite:///{tmp_path / 'ledger.db'}"
    make_template(database)
    with RunningLedger(database) as running:
        open_till(running)
        yield running


@pytest.fixture(params=["made", "samples"])
def files(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A folder with the three files."""
    folder = tmp_path / "files"
    folder.mkdir()
    for name, data in made().items():
        (folder / name).write_bytes(data if request.param == "made" else sample(name))
    return folder


def made() -> dict[str, bytes]:
    """The three files, in the form of the samples."""
    first = payer("100245", "1250.00", "Wanjiku Kamau", ref="S-1", email="wanjiku@example.org")
    good = universal(
        first,
        payer("100246", "0.00", "O'Brien, Achieng", ref="S-2"),
        payer("100247", "99999.99", "Ngũgĩ wa Mwangi", ref="S-3"),
        file_id="F-2026-11-001",
    )
    bad = universal(first, count=2, file_id="F-2026-11-002")
    one = universal(payer("100245", "300.00", "Wanjiku Kamau", ref="S-9"), file_id="F-2026-11-003")
    return dict(zip(NAMES, (good, bad, one), strict=True))


def terminal(ledger: RunningLedger, folder: Path, username: str) -> Terminal:
    """The program with `username` signed in, at Home."""
    shown = Terminal(
        [sys.executable, "-m", "branchtui", "--ledger", ledger.url, "--user", username],
        env={
            "BRANCHTUI_IMPORT_FOLDER": str(folder),
            "XDG_STATE_HOME": str(folder.parent / f"state-{username}"),
            "XDG_CONFIG_HOME": str(folder.parent / "config"),
        },
    )
    shown.see("Password")
    shown.press(PASSWORD, "enter")
    shown.see("What waits")
    return shown


def send(shown: Terminal, scope: str, *keys: str) -> None:
    """`n`, whom the file is for, and what the form asks."""
    shown.press("n")
    shown.see("Universal File for", "3 One payer")
    shown.press(scope)
    shown.see("a path, or paste its rows")
    shown.press(*keys)


def test_the_three_files_do_as_their_names_say_and_one_is_taken_back(
    ledger: RunningLedger, files: Path
) -> None:
    """Issue 8, contract 6: good, wrong totals, one payer; what moved since blocks a revert; the last one is reverted."""
    with terminal(ledger, files, "supervisor") as shown:
        shown.press(":files", "enter")
        shown.see("Universal Files", "No file here.")

        send(shown, "1", NAMES[0], "enter")
        shown.see("3 payers, 101,249.99 KES", "2 new, 0 changed, 1 unchanged", "Nothing has moved yet.")
        shown.press("p")
        shown.see("Apply this file?", "F-2026-11-001", "[y]")
        shown.press("y")
        shown.see("3 payers: 2 updated, 1 unchanged", "Applied by supervisor")
        shown.press("esc")
        shown.see("recent uploads")

        send(shown, "1", NAMES[1], "enter")
        shown.see("Rejected:", "The trailer counts 2; the file has 1 payer.")
        shown.press("esc")
        shown.see("recent uploads")

        send(shown, "3", "100245")
        shown.see("100245 Wanjiku Kamau")
        shown.press("enter", NAMES[2], "enter")
        shown.see("For payer 100245 alone: 1 payer, 300.00 KES")
        shown.press("p")
        shown.see("Apply this file?", "300.00 KES", "[y]")
        shown.press("y")
        shown.see("1 updated", "is now 300.00 KES")
        assert owed(ledger, "100245") == 30_000

        shown.press("m")
        shown.see("Revert by mirror entries")
        shown.press("3")
        shown.see("Revert this file?", "[y]")
        shown.press("y")
        shown.see("F-2026-11-003 is reverted: 1 account as before.", "1,250.00 KES")
        shown.press("esc")
        shown.see("recent uploads")
        assert shown.line_with("F-2026-11-003").rstrip().endswith("reverted")
        assert shown.line_with("F-2026-11-002").rstrip().endswith("rejected")
        assert shown.line_with("F-2026-11-001").rstrip().endswith("applied")
        shown.press("ctrl+q")
        assert shown.wait_for_end() == 0
    assert [owed(ledger, each) for each in ("100245", "100246", "100247")] == [125_000, None, 9_999_999]
    ledger.check()
