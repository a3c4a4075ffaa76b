"""Promise 1 in a real terminal: a script in one write ends as the same script key by key, over a line that lags."""

from __future__ import annotations

import asyncio
import random
import re
import sys
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

import pytest
from tests.e2e.terminal import KEYS, Terminal, without_figures
from tests.ledger.conftest import ledger_template
from tests.ledger.running import PASSWORD, RunningLedger, copy_template
from tests.remote.doubles import running
from tests.screens.bad_line import BadLine

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import httpx
    from tests.remote.doubles import Asked

__all__ = ["ledger_template"]

pytestmark = [pytest.mark.pty, pytest.mark.e2e]

LAG_SECONDS: Final = 0.05
RECORDS: Final = (
    "SELECT status, account_kind, amount_minor, narration FROM balance_records ORDER BY created_at"
)
STEPS: Final = (
    ((PASSWORD, "enter"), "What waits"),
    (("f3",), "Member Balances"),
    (("n",), "New Member Balance"),
    (("wanj",), "wanj"),
    (("enter",), "Wanjiku Kamau"),
    (("3",), ">3 Loan"),
    (("enter", "777"), "777"),
    (("enter", "enter", "ahead"), "ahead"),
    (("ctrl+s",), "1 so far, 777.00 KES"),
    (("achi", "enter"), "Achieng Otieno"),
    (("enter", "40", "ctrl+s"), "2 so far, 817.00 KES"),
    (("esc", "p"), "Post Balance?"),
)
"""What is pressed, and what is seen then."""
BEHIND: Final = "yy"
"""Typed ahead of the confirmation, by somebody who does not look."""


class LaggingLine(BadLine):
    """Every answer comes a little later than the one before, or sooner."""

    def __init__(self, ledger_url: str) -> None:
        super().__init__(ledger_url)
        self._rng = random.Random(12)

    async def _pass(self, asked: Asked) -> httpx.Response:
        await asyncio.sleep(self._rng.uniform(0, LAG_SECONDS))
        return await super()._pass(asked)


@contextmanager
def lagging(ledger_url: str) -> Iterator[str]:
    """The address of such a line, served beside the test."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    line = running(LaggingLine(ledger_url))
    server: Any = asyncio.run_coroutine_threadsafe(line.__aenter__(), loop).result(20)
    try:
        yield server.url
    finally:
        asyncio.run_coroutine_threadsafe(line.__aexit__(None, None, None), loop).result(20)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(20)
        loop.close()


def typed(template: Path, folder: Path, *, at_once: bool) -> tuple[list[str], list[tuple[Any, ...]]]:
    """The screen at the confirmation, without figures, and the records, typed one way or the other."""
    folder.mkdir()
    with RunningLedger(copy_template(template, folder)) as ledger:
        ledger.add_member(first_name="Achieng", last_name="Otieno")
        ledger.add_member(first_name="Wanjiku", last_name="Kamau")
        with (
            lagging(ledger.url) as url,
            Terminal(
                [sys.executable, "-m", "branchtui", "--ledger", url, "--user", "teller"],
                env={"XDG_STATE_HOME": str(folder / "state"), "XDG_CONFIG_HOME": str(folder / "config")},
            ) as shown,
        ):
            shown.see("Password")
            if at_once:
                keys = [key for keys, _ in STEPS for key in keys]
                shown.press("".join(KEYS.get(key, key) for key in keys) + BEHIND)
                shown.see("2 keys put aside")
            else:
                for step, wanted in STEPS:
                    shown.press(*step)
                    shown.see(wanted)
            shown.see("Post Balance?", "[y] yes", "Post All 2: 817.00")
            lines = [
                re.sub(r"\d+ keys? put aside|\d\d:\d\d", "", line).rstrip()
                for line in without_figures(shown.text).split("\n")
            ]
            return lines, ledger.query(RECORDS)


def test_a_script_in_one_write_ends_as_the_same_keys_one_by_one(
    ledger_template: Path, tmp_path: Path
) -> None:
    """Two records are keyed, the second one's confirmation is on the screen, and nothing was posted."""
    slowly, kept = typed(ledger_template, tmp_path / "slowly", at_once=False)
    at_once, records = typed(ledger_template, tmp_path / "at-once", at_once=True)
    assert (
        records == kept == [("not_accounted", "loan", 77_700, "ahead"), ("not_accounted", "loan", 4_000, "")]
    )
    assert at_once == slowly
