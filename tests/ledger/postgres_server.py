"""A real PostgreSQL server for tests: the installed programs, a folder of its own, a free loopback port.

`fsync` stays on, as the ledger demands; the folder lies in memory where there is room, so that a test
costs no disk. Servers refuse to run as root: then the server runs as `nobody`.
"""

from __future__ import annotations

import itertools
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Self

import psycopg
from psycopg import sql

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

OLDEST: Final = 14
START_SECONDS: Final = 30.0
_IN_MEMORY: Final = Path("/dev/shm")  # noqa: S108 - where a folder costs no disk
_USER: Final = "ledger"


def programs() -> Path | None:
    """The folder of the newest installed server's programs; None where there is none."""
    found = [
        (int(each.parent.parent.name), each.parent)
        for each in Path("/usr/lib/postgresql").glob("*/bin/postgres")
        if each.parent.parent.name.isdigit()
    ]
    new_enough = [(number, folder) for number, folder in found if number >= OLDEST]
    if new_enough:
        return max(new_enough)[1]
    on_path = shutil.which("postgres"), shutil.which("initdb")
    return Path(on_path[0]).parent if on_path[0] and on_path[1] else None


class PostgresServer:
    """A running server; `url` names a database of it."""

    def __init__(self, folder: Path, *, settings: Mapping[str, str] | None = None) -> None:
        found = programs()
        assert found is not None, "there is no PostgreSQL server here"
        self._programs = found
        self._folder = folder
        self._data = folder / "data"
        self._settings = dict(settings or {})
        self._numbers = itertools.count(1)
        self.port = _free_port()
        self.process: subprocess.Popen[bytes] | None = None

    @classmethod
    def fresh(cls, *, settings: Mapping[str, str] | None = None, parent: Path | None = None) -> Self:
        """A new server with nothing in it, running; in a folder of `parent`, or in memory where there is room."""
        if parent is None and os.access(_IN_MEMORY, os.W_OK):
            parent = _IN_MEMORY
        folder = Path(tempfile.mkdtemp(prefix="branchtui-postgres-", dir=parent))
        made = cls(folder, settings=settings)
        if os.geteuid() == 0:
            shutil.chown(folder, "nobody")
        made._run(
            "initdb", "--pgdata", str(made._data), "--encoding", "UTF8", "--locale", "C.UTF-8",
            "--auth", "trust", "--username", _USER, "--no-sync",
        )  # fmt: skip
        made.start()
        return made

    def start(self) -> None:
        """Start it, and wait until it answers."""
        settings = {
            "listen_addresses": "127.0.0.1",
            "unix_socket_directories": str(self._folder),
            "max_connections": "200",
            "shared_buffers": "64MB",
        } | self._settings
        with (self._folder / "server.log").open("ab") as log:
            self.process = subprocess.Popen(
                [
                    str(self._programs / "postgres"),
                    "-D",
                    str(self._data),
                    "-p",
                    str(self.port),
                    *(f"--{name}={value}" for name, value in settings.items()),
                ],
                stdout=log,
                stderr=log,
                **self._as_whom(),
            )
        conninfo = f"{self.url('postgres')}?connect_timeout=5"
        waited = threading.Event()
        for _ in range(int(START_SECONDS * 20)):
            try:
                psycopg.connect(conninfo).close()
            except psycopg.OperationalError:
                assert self.process.poll() is None, (self._folder / "server.log").read_text()
                waited.wait(0.05)
            else:
                return
        raise AssertionError("the server did not start")

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """Stop it: by default breaking every connection, as an operator would; SIGQUIT as a crash would."""
        if self.process is not None:
            self.process.send_signal(how)
            self.process.wait(START_SECONDS)
            self.process = None

    def crash(self) -> None:
        """End it as SIGKILL of its first process does: nothing is written, the rest finds out by itself."""
        assert self.process is not None
        pid = self.process.pid
        others = [int(each) for each in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
        self.stop(signal.SIGKILL)
        waited = threading.Event()
        for _ in range(int(START_SECONDS * 100)):
            # Its memory is in use until the last of them is gone, and no other server may take it before.
            if not any(Path(f"/proc/{each}").exists() for each in others):
                return
            waited.wait(0.01)
        raise AssertionError("processes of the server outlive it")

    def end_process(self, pid: int) -> None:
        """SIGKILL one of its processes: the server ends all the others and recovers by itself."""
        os.kill(pid, signal.SIGKILL)

    def remove(self) -> None:
        """Stop it and forget everything."""
        self.stop()
        shutil.rmtree(self._folder)

    def url(self, database: str) -> str:
        """The address of a database."""
        return f"postgresql://{_USER}@127.0.0.1:{self.port}/{database}"

    def new_database(self, template: str = "template0") -> str:
        """The address of a new database, a copy of `template`, which nobody may be connected to."""
        name = f"ledger_{next(self._numbers)}"
        make = sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(
            sql.Identifier(name), sql.Identifier(template)
        )
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(make)
        return self.url(name)

    def ask(self, statement: str, *bound: Any, database: str = "postgres") -> list[Any]:
        """Run a statement as the server's own administrator; its rows, if it has any."""
        with psycopg.connect(self.url(database), autocommit=True) as connection:
            text = statement.encode()
            cursor = connection.execute(text, bound or None)
            return cursor.fetchall() if cursor.description else []

    def _run(self, program: str, *arguments: str, check: bool = True) -> None:
        words: Sequence[str] = [str(self._programs / program), *arguments]
        found = subprocess.run(words, capture_output=True, text=True, check=False, **self._as_whom())
        assert not check or found.returncode == 0, found.stderr

    def _as_whom(self) -> dict[str, Any]:
        if os.geteuid() != 0:
            return {"cwd": self._folder}
        return {"cwd": self._folder, "user": "nobody", "group": "nogroup", "extra_groups": []}


def name_of(url: str) -> str:
    """The database that an address of this module names."""
    return url.rpartition("/")[2]


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as found:
        return int(found.getsockname()[1])
