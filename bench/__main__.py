"""Run every benchmark in a process of its own and write what it printed into `bench/RESULTS.md`.

A benchmark is a module of this package that prints one JSON object a figure:
`{"figure": ..., "value": ..., "unit": ..., "beside": ...}`; `beside` names the limit, target or peer
of the same run and what it gave.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
RESULTS = HERE / "RESULTS.md"
BENCHES = {
    "terminal": "Bytes, lag, latency and idling of the terminal",
    "start": "Start and weight of the terminal program",
    "launcher": "Sessions of the resident launcher beside plain ones",
    "steps": "Requests and bytes on HTTP, a step of the teller's script",
    "postings": "Postings over HTTP beside each engine's own limit; post all",
    "postings_peers": "Recording one double entry: other ledgers, each through its own API",
    "search": "Customer search",
    "lists": "Lists of 10 thousand, 100 thousand and a million rows",
    "growth": "How the same work grows with the ledger",
    "callbacks": "100,000 mobile-money callbacks: each once, whatever is repeated or late",
    "statements": "Import of bank statements",
    "imports": "Import of a CSV file, and post all of it",
    "files": "Balance files of 200,000 lines",
    "credit": "Credit accounts: purchases, settlements, cycles",
    "customer_imports": "Import of a CSV file of persons",
    "check": "The proof of the invariants: `ledger check`",
}


def main() -> int:
    """Run the named benchmarks (all when none is named) and rewrite their sections."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"any of {', '.join(BENCHES)}")
    asked = parser.parse_args().names or list(BENCHES)
    sections = _sections()
    failed = False
    for name in asked:
        sys.stderr.write(f"bench {name} ...\n")
        done = subprocess.run(
            [sys.executable, "-m", f"bench.{name}"],
            stdout=subprocess.PIPE,
            text=True,
            check=False,
            cwd=HERE.parent,
        )
        if done.returncode:
            sys.stderr.write(f"bench {name} failed\n")
            failed = True
            continue
        figures = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
        sections[name] = _section(name, figures)
        # At once: whoever ends a long run keeps what it has measured.
        RESULTS.write_text(_page(sections))
    return int(failed)


def _sections() -> dict[str, str]:
    """The sections that stand, by name, so that one benchmark can be run alone."""
    if not RESULTS.exists():
        return {}
    found: dict[str, str] = {}
    for part in RESULTS.read_text().split("\n<!-- bench ")[1:]:
        name, _, rest = part.partition(" -->\n")
        found[name] = rest.rstrip() + "\n"
    return found


def _section(name: str, figures: list[dict[str, Any]]) -> str:
    rows = "\n".join(
        f"| {each['figure']} | {each['value']} {each.get('unit', '')} | {each.get('beside', '')} |"
        for each in figures
    )
    when = datetime.now(UTC).strftime("%Y-%m-%d")
    return (
        f"## {BENCHES[name]}\n\n`make bench ARGS={name}` on {when}, {os.cpu_count()} cores, "
        f"Python {platform.python_version()}.\n\n| figure | measured | beside |\n|---|---|---|\n{rows}\n"
    )


def _page(sections: dict[str, str]) -> str:
    head = (
        "# Figures\n\nMade by `make bench`. The machine is a small shared one: trust ratios within a run, "
        "not absolute times between runs.\n"
    )
    return head + "".join(
        f"\n<!-- bench {name} -->\n{sections[name]}" for name in BENCHES if name in sections
    )


if __name__ == "__main__":
    sys.exit(main())
