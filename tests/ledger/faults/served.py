"""The ledger of `doomed.py` in its process, as a test starts it and ends it."""

from __future__ import annotations

import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import httpx
from tests.ledger.running import PASSWORD, Api

ROOT: Final = Path(__file__).parents[3]


@dataclass
class Doomed:
    """The ledger's process, told how to end."""

    process: subprocess.Popen[str]
    url: str

    @classmethod
    def start(cls, path: Path) -> Doomed:
        """Serve the ledger at `path`."""
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.ledger.faults.doomed", str(path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=ROOT,
        )
        assert process.stdout is not None
        url = process.stdout.readline().strip()
        assert url.startswith("http://"), process.communicate(timeout=30)
        return cls(process, url)

    def arm(self, way: str, number: int, point: str) -> None:
        """Tell it where it ends."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(f"{way} {number} {point}\n")
        self.process.stdin.flush()
        assert self.process.stdout.readline() == "armed\n"

    def kill(self) -> None:
        """No handler runs."""
        self.process.send_signal(signal.SIGKILL)

    def end(self) -> tuple[int, str]:
        """Its exit status and what it said on standard error."""
        _, said = self.process.communicate(timeout=60)
        return self.process.returncode, said

    def sign_in(self, client: httpx.Client) -> Api:
        """A supervisor of NKU."""
        body = {"username": "supervisor", "password": PASSWORD}
        answer = Api(client).post("/v1/sessions", body, key="")
        assert answer.status_code == 201, answer.text
        return Api(client, "supervisor", answer.json()["access_token"], answer.json())
