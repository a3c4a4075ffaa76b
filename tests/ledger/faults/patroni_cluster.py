"""Three machines with PostgreSQL, Patroni and etcd on loopback, set up as `docs/operate.md` says.

The page's own blocks with the addresses, folders and ports of this test, shorter times, and no watchdog device;
nothing else is changed. Servers refuse to run as root: then they run as `nobody`.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import urllib.request
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Self

import psycopg
from tests.ledger.postgres_server import programs

if TYPE_CHECKING:
    from collections.abc import Callable

PAGE: Final = Path(__file__).parents[3] / "docs" / "operate.md"
NAMES: Final = ("db1", "db2", "db3")
PASSWORDS: Final = {
    name: f"change-me-{n}" for n, name in enumerate(("postgres", "replicator", "rewinder", "ledger"), 1)
}
PATIENCE_SECONDS: Final = 60.0
_IN_MEMORY: Final = Path("/dev/shm")  # noqa: S108 - where a folder costs no disk
_SERVICES: Final = (5432, 8008, 2379, 2380)


def missing() -> str:
    """Why there can be no such machines here; empty when there can."""
    if programs() is None:
        return "no PostgreSQL server is installed here"
    for program, package in (("etcd", "etcd-server"), ("patroni", "patroni"), ("patronictl", "patroni")):
        if shutil.which(program) is None:
            return f"{program} is not installed (Debian: apt install {package})"
    return ""


def block(info: str) -> str:
    """The block of the page with this word behind its fence."""
    found = re.search(rf"^```{re.escape(info)}\n(.*?)^```", PAGE.read_text(), re.MULTILINE | re.DOTALL)
    assert found, f"docs/operate.md has no block {info}"
    return found[1]


def replaced(text: str, old: str, new: str) -> str:
    """`text` with `old`, which must be in it, made `new`."""
    assert old in text, f"docs/operate.md does not say {old!r}"
    return text.replace(old, new)


def until(what: str, happened: Callable[[], Any]) -> Any:
    """What `happened` returns, once that is anything."""
    pause = threading.Event()
    for _ in range(int(PATIENCE_SECONDS / 0.1)):
        found = happened()
        if found:
            return found
        pause.wait(0.1)
    raise AssertionError(f"this never came: {what}")


class Machine:
    """One of the three: its etcd, its Patroni, and the PostgreSQL that Patroni runs."""

    def __init__(self, cluster: Cluster, name: str) -> None:
        self.cluster, self.name = cluster, name
        self.folder = cluster.folder / name
        self.folder.mkdir()
        self.etcd: subprocess.Popen[bytes] | None = None
        self.patroni: subprocess.Popen[bytes] | None = None

    @property
    def data(self) -> Path:
        """Where its PostgreSQL keeps everything."""
        return self.folder / "data"

    def start_etcd(self) -> None:
        """Let it vote."""
        text = replaced(self._own("env"), "/var/lib/etcd/ledger", str(self.folder / "etcd"))
        given = dict(line.split("=", 1) for line in text.splitlines())
        self.etcd = self.cluster.spawn(self.folder / "etcd.log", ["etcd"], given)

    def start_patroni(self) -> None:
        """Let it lead or follow."""
        text = self._own("yaml")
        for old, new in (
            ("ttl: 30", "ttl: 6"),
            ("loop_wait: 10", "loop_wait: 1"),
            ("retry_timeout: 10", "retry_timeout: 2"),
            ("max_connections: 100", "max_connections: 60"),
            ("data_dir: /var/lib/postgresql/15/ledger", f"data_dir: {self.data}"),
            ("bin_dir: /usr/lib/postgresql/15/bin", f"bin_dir: {self.cluster.programs}"),
            ("/var/lib/postgresql/patroni.pgpass", str(self.folder / "pgpass")),
            ("unix_socket_directories: /run/postgresql", f"unix_socket_directories: {self.folder}"),
            ("10.0.0.0/24", "127.0.0.1/32"),
            ("mode: required ", "mode: off "),
        ):
            text = replaced(text, old, new)
        settings = self.folder / "patroni.yml"
        settings.write_text(text)
        self.patroni = self.cluster.spawn(self.folder / "patroni.log", ["patroni", str(settings)])

    def lose(self) -> None:
        """As if the machine had lost its power: everything on it ends at once."""
        self.lose_patroni()
        self.lose_postgres()
        if self.etcd is not None:
            self.etcd.kill()
            self.etcd.wait()
            self.etcd = None

    def lose_patroni(self) -> None:
        """Patroni alone falls; what it started runs on."""
        if self.patroni is not None:
            self.patroni.kill()
            self.patroni.wait()
            self.patroni = None

    def lose_postgres(self) -> None:
        """PostgreSQL falls, every process of it."""
        with suppress(FileNotFoundError, ProcessLookupError):
            first = int((self.data / "postmaster.pid").read_text().split()[0])
            assert str(self.data).encode() in Path(f"/proc/{first}/cmdline").read_bytes()
            os.kill(first, signal.SIGSTOP)  # it starts nothing any more
            children = Path(f"/proc/{first}/task/{first}/children").read_text().split()
            for pid in (*map(int, children), first):
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            until("the end of PostgreSQL", lambda: not Path(f"/proc/{first}/cmdline").exists() or not Path(
                f"/proc/{first}/cmdline").read_bytes())  # fmt: skip

    def come_back(self) -> None:
        """Power again."""
        self.start_etcd()
        self.start_patroni()

    def port(self, service: int) -> int:
        """The port here that stands for `service` of the page."""
        return self.cluster.ports[self.name, service]

    def _own(self, info: str) -> str:
        """The page's block as this machine has it: its name and address in the place of db1's."""
        text = block(info)
        # First what is the same for all: lists of all three.
        lists = re.compile(r"^(.*10\.0\.0\.21.*10\.0\.0\.22.*)$", re.MULTILINE)
        address = f"10.0.0.2{NAMES.index(self.name) + 1}"
        parts = lists.split(text)
        own = [
            part if n % 2 else part.replace("10.0.0.21", address).replace("db1", self.name)
            for n, part in enumerate(parts)
        ]
        return self.cluster.on_loopback("".join(own))


class Cluster:
    """Three machines; `url` is the ledger's address of them. Use as a context manager."""

    def __init__(self) -> None:
        found = programs()
        assert found is not None, "asked before"
        self.programs = found
        parent = _IN_MEMORY if os.access(_IN_MEMORY, os.W_OK) else None
        self.folder = Path(tempfile.mkdtemp(prefix="branchtui-failover-", dir=parent))
        self.ports = dict(
            zip([(name, service) for name in NAMES for service in _SERVICES], free_ports(12), strict=True)
        )
        self.machines = {name: Machine(self, name) for name in NAMES}
        if os.geteuid() == 0:
            for each in (self.folder, *self.folder.iterdir()):
                shutil.chown(each, "nobody")
        self.password_file = self.folder / "ledger.pgpass"
        self.password_file.write_text(f"*:*:*:ledger:{PASSWORDS['ledger']}\n")
        self.password_file.chmod(0o600)
        hosts = ",".join(f"127.0.0.1:{each.port(5432)}" for each in self.machines.values())
        self.url = f"postgresql://ledger@{hosts}/ledger"

    def __enter__(self) -> Self:
        try:
            for each in self.machines.values():
                each.start_etcd()
            first, *others = self.machines.values()
            first.start_patroni()
            until("a first leader", self.leader)
            for each in others:
                each.start_patroni()
            self.await_whole()
            self._create_database()
        except BaseException:
            print(self.told())
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        for each in self.machines.values():
            each.lose()
        shutil.rmtree(self.folder)

    def members(self) -> dict[str, dict[str, Any]]:
        """What any Patroni that answers says of all of them, by name."""
        for each in self.machines.values():
            with suppress(OSError, ValueError):
                at = f"http://127.0.0.1:{each.port(8008)}/cluster"
                with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(at, timeout=3) as told:
                    return {member["name"]: member for member in json.load(told)["members"]}
        return {}

    def leader(self) -> Machine | None:
        """The machine that leads and takes writes, if one does."""
        for name, member in self.members().items():
            if member["role"] == "leader" and member["state"] == "running":
                return self.machines[name]
        return None

    def await_other_leader(self, than: Machine) -> Machine:
        """Another leader than this."""

        def other() -> Machine | None:
            leader = self.leader()
            return leader if leader is not than else None

        found = until(f"another leader than {than.name}", other)
        assert isinstance(found, Machine)
        return found

    def await_whole(self) -> None:
        """A leader, a synchronous standby and another, all on the leader's timeline."""

        def whole() -> bool:
            members = self.members().values()
            roles = sorted(each["role"] for each in members)
            lines = {each.get("timeline") for each in members}
            return roles == ["leader", "replica", "sync_standby"] and len(lines) == 1 and all(
                each["state"] in {"running", "streaming"} for each in members
            )  # fmt: skip

        until("all three machines at work", whole)

    def control(self, *words: str) -> None:
        """`patronictl` on a machine that runs."""
        running = next(each for each in self.machines.values() if each.patroni is not None)
        done = subprocess.run(
            ["patronictl", "-c", str(running.folder / "patroni.yml"), *words],
            capture_output=True, text=True, check=False, **self._as_whom(),
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr

    def ask(self, machine: Machine, statement: str, database: str = "postgres") -> list[Any]:
        """Run a statement at one machine as its administrator."""
        at = f"postgresql://postgres:{PASSWORDS['postgres']}@127.0.0.1:{machine.port(5432)}/{database}"
        with psycopg.connect(at, autocommit=True, connect_timeout=5) as connection:
            cursor = connection.execute(statement.encode())
            return cursor.fetchall() if cursor.description else []

    def on_loopback(self, text: str) -> str:
        """`text` with this test's ports for the page's addresses."""

        def found(each: re.Match[str]) -> str:
            return f"127.0.0.1:{self.ports[NAMES[int(each[1]) - 1], int(each[2])]}"

        return re.sub(r"10\.0\.0\.2([123]):(\d+)", found, text)

    def spawn(
        self, log: Path, words: list[str], given: dict[str, str] | None = None
    ) -> subprocess.Popen[bytes]:
        """Start a program of a machine."""
        with log.open("ab") as said:
            return subprocess.Popen(words, stdout=said, stderr=said, **self._as_whom(given))

    def told(self) -> str:
        """The ends of all logs."""
        logs = sorted(self.folder.glob("*/*.log"))
        return "\n".join(f"--- {each}\n{each.read_text(errors='replace')[-3_000:]}" for each in logs)

    def run_block(self, info: str, changes: dict[str, str], given: dict[str, str]) -> None:
        """Run a block of shell of the page, on loopback and with `changes`."""
        ports = ",".join(str(each.port(5432)) for each in self.machines.values())
        text = block(info).replace("10.0.0.21,10.0.0.22,10.0.0.23", ",".join(["127.0.0.1"] * len(NAMES)))
        text = text.replace("=5432", f"={ports}")
        for old, new in changes.items():
            text = replaced(text, old, new)
        path = {"PATH": f"{self.programs}:{os.environ['PATH']}"}
        done = subprocess.run(
            ["sh", "-e", "-c", text], capture_output=True, text=True, check=False,
            **self._as_whom(path | given),
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr

    def _create_database(self) -> None:
        self.run_block("sh create-database", {}, {"PGPASSWORD": PASSWORDS["postgres"]})

    def _as_whom(self, given: dict[str, str] | None = None) -> dict[str, Any]:
        # Patroni is a program of the system's own Python.
        environment = {"PATH": os.environ["PATH"], "HOME": str(self.folder), "LC_ALL": "C.UTF-8"}
        whom: dict[str, Any] = {"cwd": self.folder, "env": environment | (given or {})}
        if os.geteuid() == 0:
            whom |= {"user": "nobody", "group": "nogroup", "extra_groups": []}
        return whom


def free_ports(count: int) -> list[int]:
    """All at the same time, so that they differ."""
    held = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    try:
        return [each.getsockname()[1] for each in held]
    finally:
        for each in held:
            each.close()
