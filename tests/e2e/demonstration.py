"""A demonstration ledger as a process of its own, as `branchtui demo --serve-only` gives it.

It takes seconds to build, so a run of the tests builds it once and each test is served a copy: the same as
`branchtui demo --keep` opened again.
"""

from __future__ import annotations

import atexit
import json
import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from tests.e2e.planted import plant

from branchtui.demo import DESCRIPTION
from branchtui.ledger import demo

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True)
class Person:
    """A user of the demonstration."""

    username: str
    role: str
    branch_id: str
    password: str


class Demonstration:
    """Starts the ledger and knows its users; `check` proves the invariants as it is served."""

    def __init__(self, env: Mapping[str, str] | None = None) -> None:
        self._data = Path(tempfile.mkdtemp(prefix="branchtui-test-"))
        _copy(self._data / "branchtui" / "demo")
        self._process = subprocess.Popen(
            [sys.executable, "-m", "branchtui", "demo", "--serve-only", "--keep"],
            stdout=subprocess.PIPE,
            env={**os.environ, **(env or {}), "XDG_DATA_HOME": str(self._data)},
            text=True,
        )
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        assert line, "the demonstration did not start"
        self.description: dict[str, Any] = json.loads(line)
        self.url: str = self.description["url"]
        self.database: str = self.description["database"]
        self.callback_token: str = self.description["callback_token"]
        self.users = [Person(**user) for user in self.description["users"]]
        plant(user.password for user in self.users)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._process.wait(30)
        assert self._process.stdout is not None
        self._process.stdout.close()
        shutil.rmtree(self._data)

    def user(self, role: str, place: int = 0) -> Person:
        """The first user of a role (or a later one), in the order of the description."""
        return [user for user in self.users if user.role == role][place]

    def check(self) -> None:
        """`branchtui ledger check` is silent and exits 0."""
        done = subprocess.run(
            [sys.executable, "-m", "branchtui", "ledger", "check", "--database", self.database],
            capture_output=True,
            text=True,
            check=False,
        )
        assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@cache
def _template() -> Path:
    """A demonstration that nobody has served, for as long as this process of the tests lives."""
    folder = Path(tempfile.mkdtemp(prefix="branchtui-test-"))
    atexit.register(shutil.rmtree, folder)
    (folder / DESCRIPTION).write_text(json.dumps(demo.build(folder)))
    return folder


def _copy(folder: Path) -> None:
    shutil.copytree(_template(), folder)
    described = folder / DESCRIPTION
    description = json.loads(described.read_text())
    description["database"] = f"sqlite:///{folder / 'ledger.db'}"
    described.write_text(json.dumps(description))
