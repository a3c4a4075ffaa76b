"""`docs/api.md` is true: every command in it runs against a real ledger and answers what it says."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest
from tests.e2e.demonstration import Demonstration

pytestmark = pytest.mark.faults

PAGE = Path(__file__).parents[2] / "docs" / "api.md"


@pytest.mark.e2e
def test_the_walk_through_answers_what_the_page_says(demonstration: Demonstration) -> None:
    """Every `# =>` line of the page, in order, is what the commands printed."""
    blocks = re.findall(r"^```bash\n(.*?)^```", PAGE.read_text(), re.MULTILINE | re.DOTALL)
    expected = [
        line.removeprefix("# => ")
        for block in blocks
        for line in block.splitlines()
        if line.startswith("# => ")
    ]
    teller, supervisor = demonstration.user("teller"), demonstration.user("supervisor")

    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", "\n".join(blocks)],
        env={
            **os.environ,
            "LEDGER": demonstration.url,
            "TELLER": teller.username,
            "TELLER_PASSWORD": teller.password,
            "SUPERVISOR": supervisor.username,
            "SUPERVISOR_PASSWORD": supervisor.password,
            "CALLBACK_TOKEN": demonstration.callback_token,
        },
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )

    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == expected
    demonstration.check()
