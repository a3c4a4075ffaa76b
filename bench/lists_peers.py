"""The list beside Textual's own: a million rows in memory here, a hundred thousand there, each in a process of its own."""

from __future__ import annotations

import asyncio
import gc
import json
import subprocess
import sys
import time
from pathlib import Path

from textual.app import App, ComposeResult
from textual.widget import Widget
from textual.widgets import DataTable, OptionList

from bench.ledgers import figure
from branchtui.widgets.columns import Column
from branchtui.widgets.page_source import MemorySource
from branchtui.widgets.virtual_list import VirtualList

Row = tuple[str, str, str]
SUBJECTS = (
    ("VirtualList", 1_000_000),
    ("VirtualList", 100_000),
    ("DataTable", 100_000),
    ("OptionList", 100_000),
)


class Peer(App[None]):
    """One list of `rows` on a screen."""

    def __init__(self, name: str, rows: list[Row]) -> None:
        super().__init__()
        self._name, self._rows = name, rows

    def compose(self) -> ComposeResult:
        """The list, filled as its own documentation says."""
        yield self.filled()

    def filled(self) -> Widget:
        """The widget of that name."""
        if self._name == "VirtualList":
            columns: list[Column[Row]] = [
                Column("No", lambda row: row[0]),
                Column("Name", lambda row: row[1]),
                Column("Amount", lambda row: row[2]),
            ]
            return VirtualList(columns, lambda row: row[0], MemorySource(self._rows, lambda row: row[0]))
        if self._name == "DataTable":
            table: DataTable[str] = DataTable(cursor_type="row")
            table.add_columns("No", "Name", "Amount")
            table.add_rows(self._rows)
            return table
        return OptionList(*(" ".join(row) for row in self._rows), markup=False)


def _resident_mib() -> float:
    gc.collect()
    status = Path("/proc/self/status").read_text()
    return int(next(line for line in status.splitlines() if line.startswith("VmRSS")).split()[1]) / 1024


async def _mounted(name: str, count: int) -> None:
    rows = [(f"{number:07d}", f"Wanjiku {number}", f"{number}.00") for number in range(count)]
    before = _resident_mib()
    began = time.perf_counter()
    app = Peer(name, rows)
    async with app.run_test(size=(120, 36)) as pilot:
        await pilot.pause()
        seconds = time.perf_counter() - began
        began = time.perf_counter()
        (await_focus := app.query_one(name)).focus()
        await pilot.press("end")
        await pilot.pause()
        assert await_focus.has_focus
        to_end = time.perf_counter() - began
        grown = _resident_mib() - before
    sys.stdout.write(json.dumps({"mount": seconds, "end": to_end, "grown": grown}))


def measure() -> None:
    """Mount time, time to the end, and the memory that the list adds to its rows."""
    found: dict[tuple[str, int], dict[str, float]] = {}
    for name, count in SUBJECTS:
        done = subprocess.run(
            [sys.executable, "-m", "bench.lists_peers", name, str(count)],
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        )
        found[name, count] = json.loads(done.stdout)
    beside = "; ".join(f"{name} of {count:,}: {_said(found[name, count])}" for name, count in SUBJECTS[1:])
    figure("VirtualList over a million rows in memory", _said(found[SUBJECTS[0]]), "", beside)


def _said(figures: dict[str, float]) -> str:
    return f"mounted in {figures['mount']:.2f} s, at the end in {figures['end']:.2f} s, {figures['grown']:.1f} MiB"


if __name__ == "__main__":
    asyncio.run(_mounted(sys.argv[1], int(sys.argv[2])))
