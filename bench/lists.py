"""Lists of 10 thousand, 100 thousand and a million customers, payments and balance records.

Each step of a teller in the real program, with what it costs on the line, beside the same step at 10 thousand
rows in the same run; the ledger's own time for a page; the terminal's memory; and the list's own peers.

The ledgers take long to make: `python -m bench.lists --keep FOLDER 10000 1000000` makes them once and uses them
again, and measures these sizes alone.
"""

from __future__ import annotations

import argparse
import asyncio
import shutil
import tempfile
import time
from pathlib import Path

from bench import lists_pages, lists_peers, lists_walk
from bench.ledgers import BenchLedger, figure
from bench.lists_walk import Walked
from branchtui.ledger.core import open_core
from branchtui.widgets.page_loader import REQUESTS_A_STEP

SIZES = (10_000, 100_000, 1_000_000)
MEMORY_TARGET_MIB = 5.0
PAGE_TARGET_BYTES = 4_096


def ledger_of(size: int, folder: Path) -> BenchLedger:
    """A ledger of `size` customers, payments and balance records; the one that stands there, if any."""
    if (folder / "ledger.db").exists():
        return BenchLedger(folder)
    folder.mkdir(parents=True)
    began = time.perf_counter()
    made = BenchLedger.make(customers=size, payments=size, records=size, folder=folder)
    seconds = time.perf_counter() - began
    figure(f"seed {size:,} customers, payments and balance records", f"{seconds:.0f}", "s")
    return made


def in_process(ledger: BenchLedger, size: int) -> None:
    """The ledger's own time for a page."""
    core = open_core(ledger.database)
    try:
        asyncio.run(lists_pages.measure(core, size))
    finally:
        core.close()


def say_steps(walks: dict[int, Walked]) -> None:
    """One figure a step: the largest size, beside the smaller ones."""
    sizes = sorted(walks)
    smallest, largest = sizes[0], sizes[-1]
    for (kind, name), most in walks[largest].steps.items():
        beside = [
            f"{size:,} rows: {max(found.pages)} pages, {found.ms:.0f} ms"
            for size in sizes[:-1]
            for found in (walks[size].steps[kind, name],)
        ]
        least = walks[smallest].steps[kind, name]
        keys = f", {lists_walk.HELD_KEYS} keys" if name.startswith("hold") else ""
        figure(
            f"{kind}, {largest:,} rows: {name}",
            f"{max(most.pages)} pages of {max(most.requests)} requests{keys}, "
            f"{max(most.bytes_down):,} bytes down, {most.ms:.0f}",
            "ms",
            f"{'; '.join(beside)}; growth {most.ms / max(least.ms, 1):.2f}; target {REQUESTS_A_STEP} pages a key",
        )


def say_memory(walks: dict[int, Walked]) -> None:
    """What the terminal holds after the same walk."""
    sizes = sorted(walks)
    for size in sizes:
        grown = walks[size].pss_mib - walks[sizes[0]].pss_mib
        figure(
            f"memory of the terminal after the walk, {size:,} rows",
            f"{walks[size].pss_mib:.1f} MiB PSS, {walks[size].rss_mib:.1f}",
            "MiB RSS",
            f"growth {grown:+.1f} MiB from {sizes[0]:,} rows; target under {MEMORY_TARGET_MIB:.0f} MiB",
        )


def main() -> None:
    """Measure, and print one line a figure."""
    parser = argparse.ArgumentParser(prog="python -m bench.lists", description=__doc__)
    parser.add_argument("sizes", nargs="*", type=int, default=SIZES, metavar="ROWS")
    parser.add_argument("--keep", type=Path, metavar="FOLDER")
    asked = parser.parse_args()
    folder = asked.keep or Path(tempfile.mkdtemp(prefix="branchtui-bench-"))
    walks: dict[int, Walked] = {}
    try:
        for size in sorted(asked.sizes):
            ledger = ledger_of(size, folder / f"{size}")
            in_process(ledger, size)
            with ledger.serve() as served:
                walks[size] = lists_walk.walk(served)
            if asked.keep is None:
                shutil.rmtree(ledger.folder)
    finally:
        if asked.keep is None:
            shutil.rmtree(folder)
    say_steps(walks)
    say_memory(walks)
    lists_peers.measure()


if __name__ == "__main__":
    main()
