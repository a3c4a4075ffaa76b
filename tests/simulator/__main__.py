"""`python -m tests.simulator SEED...`: live the worlds with these seeds, tell their traces and what went wrong."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from tests.simulator.run import told
from tests.simulator.template import make_template
from tests.simulator.world import live


def main(seeds: list[str]) -> int:
    """1 when one of them went wrong."""
    wrong = 0
    with tempfile.TemporaryDirectory() as folder:
        template = make_template(Path(folder) / "ledger.db")
        for seed in seeds:
            story = live(seed, template)
            print("\n".join(story.trace))
            print(f"{story.changes} changes under faults, {story.struck} struck, {dict(story.seen)}")
            if story.faults:
                wrong = 1
                print(told(story))
    return wrong


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
