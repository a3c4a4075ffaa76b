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
    def start(cls, database: str, *, whole: bool = False) -> Doomed:
        """Serve the ledger at the URL `database`; `whole` leaves its steps as large as they are."""
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.ledger.faults.doomed", database, *(["whole"] if whole else [])],
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
        while (line := self.process.stdout.readline()) != "armed\n":
            assert line in {"held\n", "going\n"}, line

    def is_held(self) -> bool:
        """Wait until it stands at the point where it was to be held; False when it was told to go before."""
        assert self.process.stdout is not None
        return self.process.stdout.readline() == "held\n"

    def go(self) -> None:
        """Let it go on."""
        assert self.process.stdin is not None
        self.process.stdin.write("go\n")
        self.process.stdin.flush()

    def kill(self) -> None:
        """No handler runs."""
        self.process.send_signal(signal.SIGKILL)

    def end(self) -> tuple[int, str]:
        """Its exit status and what it said on standard error."""
        _, said = self.process.communicate(timeout=60)
        return self.process.returncode, said

    def sign_in(self, client: httpx.Client, username: str = "supervisor") -> Api:
        """A supervisor of NKU, or somebody else."""
        body = {"username": username, "password": PASSWORD}
        answer = Api(client).post("/v1/sessions", body, key="")
        assert answer.status_code == 201, answer.text
        return Api(client, username, answer.json()["access_token"], answer.json())
