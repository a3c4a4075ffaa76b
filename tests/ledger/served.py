"""The ledger as its operator runs it: the real command in a process of its own, over a file that may be harmed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import httpx
from tests.ledger.running import PASSWORD, Api

if TYPE_CHECKING:
    from pathlib import Path


def command(*arguments: str) -> list[str]:
    """The words of `branchtui ledger ...`."""
    return [sys.executable, "-m", "branchtui", "ledger", *arguments]


def run(*arguments: str, given: str | None = None) -> subprocess.CompletedProcess[str]:
    """Run a command to its end; `given` is what it reads."""
    return subprocess.run(
        command(*arguments), input=given, capture_output=True, text=True, timeout=60, check=False
    )


@dataclass
class Served:
    """A running `branchtui ledger serve`; `stop` ends it well, `kill` as a power cut would the process."""

    process: subprocess.Popen[str]
    url: str
    client: httpx.Client
    said: str = ""
    """What it wrote on standard error, once it has ended."""

    @classmethod
    def start(cls, path: Path) -> Self:
        """Serve the ledger in the file `path` on a free port."""
        return cls.start_at(f"sqlite:///{path}")

    @classmethod
    def start_at(cls, database: str, *options: str) -> Self:
        """Serve the ledger at the URL `database` on a free port, with further options."""
        return cls.start_by(command("serve", "--database", database, "--port", "0", *options))

    @classmethod
    def start_by(cls, words: list[str]) -> Self:
        """Serve by a command that prints where it listens."""
        process = subprocess.Popen(
            words,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=os.environ | {"BRANCHTUI_LEDGER_LIMITS": "off"},
        )
        assert process.stdout is not None
        url = process.stdout.readline().strip()
        assert url.startswith("http://"), process.communicate(timeout=30)
        return cls(process, url, httpx.Client(base_url=url, timeout=30.0, trust_env=False))

    def sign_in(self, username: str) -> Api:
        """Somebody signed in, over a connection pool of the ledger's own."""
        body = {"username": username, "password": PASSWORD}
        answer = Api(self.client).post("/v1/sessions", body, key="")
        assert answer.status_code == 201, answer.text
        return Api(self.client, username, answer.json()["access_token"], answer.json())

    def kill(self) -> None:
        """No handler runs, nothing is flushed."""
        self.process.send_signal(signal.SIGKILL)
        self._wait()

    def stop(self) -> None:
        """As an operator stops it."""
        self.process.terminate()
        self._wait()
        assert self.process.returncode in {0, -signal.SIGTERM}, self.process.returncode

    def _wait(self) -> None:
        self.client.close()
        _, self.said = self.process.communicate(timeout=60)


def assert_well(path: Path) -> None:
    """`branchtui ledger check` prints nothing and exits 0."""
    found = run("check", "--database", f"sqlite:///{path}")
    assert (found.returncode, found.stdout, found.stderr) == (0, "", "")


def new_customer(branch_id: str, number: int) -> dict[str, Any]:
    """The body of a customer nobody entered."""
    return {
        "branch_id": branch_id,
        "first_name": f"Wanjiru {number}",
        "last_name": "Storm",
        "external_id": uuid.uuid4().hex,
    }
