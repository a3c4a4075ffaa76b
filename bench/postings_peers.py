"""One double entry after the other: other ledgers by their own API, beside ours over HTTP, in one run.

Each peer is fetched into an environment of its own, lives in a database of its own on the same engine, and is
called in its own process: no network, no sign-in, no rules of another program between the caller and the entry.
Ours is asked over HTTP, signed in, with keys, rules and audit: by one client, and by 32.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
import venv
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import uvloop
from tests.ledger.postgres_server import PostgresServer, programs

from bench.ledgers import BenchLedger, Served, figure
from bench.postings import CONNECTIONS, POSTINGS, sign_in
from bench.postings_load import drive

ENTRIES = 300
TURNS = 3
SCRIPTS = Path(__file__).with_name("peers")


@dataclass(frozen=True)
class Peer:
    """A ledger by another hand: what to install, the script that drives it, how much faster we mean to be."""

    name: str
    script: str
    packages: tuple[str, ...]
    target: float
    knows_sqlite: bool = True


PEERS = (
    Peer("django-hordak", "djangohordak", ("django-hordak", "psycopg[binary,pool]"), 1.0, knows_sqlite=False),
    Peer("django-ledger", "djangoledger", ("django-ledger", "psycopg[binary,pool]"), 10.0),
    Peer("Tryton", "tryton", ("trytond", "trytond-account", "proteus", "psycopg[binary,pool]"), 1.0),
)


def main() -> None:
    """Measure on both engines, and print one line a figure."""
    folder = Path(tempfile.mkdtemp(prefix="branchtui-peers-"))
    server = PostgresServer.fresh(parent=Path(tempfile.gettempdir())) if programs() is not None else None
    try:
        installed = [(peer, found) for peer in PEERS if (found := install(peer, folder)) is not None]
        beside([each for each in installed if each[0].knows_sqlite], None, folder)
        if server is not None:
            beside(installed, server, folder)
    finally:
        if server is not None:
            server.remove()
        shutil.rmtree(folder)


def install(peer: Peer, folder: Path) -> Path | None:
    """The interpreter of a fresh environment that holds `peer`; None, and a figure that says so, where it cannot be had."""
    place = folder / peer.script
    venv.create(place, with_pip=True)
    python = place / "bin" / "python"
    command = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *peer.packages]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.stderr.write(done.stderr)
        figure(peer.name, "not measured", "", "it could not be installed here")
        return None
    return python


def beside(installed: list[tuple[Peer, Path]], server: PostgresServer | None, folder: Path) -> None:
    """Every peer and ours in turns on one engine."""
    engine = "SQLite" if server is None else "PostgreSQL"
    ledger = BenchLedger.make(customers=1_000, url="" if server is None else server.new_database())
    theirs: dict[str, list[float]] = {peer.name: [] for peer, _ in installed}
    lone: list[float] = []
    many: list[float] = []
    try:
        left = ledger.add_records((TURNS + 1) * (ENTRIES + POSTINGS), tag="peers")
        with ledger.serve() as served:
            tokens = sign_in(served)
            ours(served, tokens, left, ENTRIES, 1)
            for _ in range(TURNS):
                for peer, python in installed:
                    theirs[peer.name].append(entries_a_second(peer, python, server, folder))
                lone.append(ours(served, tokens, left, ENTRIES, 1))
                many.append(ours(served, tokens, left, POSTINGS, CONNECTIONS))
    finally:
        shutil.rmtree(ledger.folder)
    for peer, _ in installed:
        rate = median(theirs[peer.name])
        figure(
            f"{engine}: {peer.name}, one entry after the other",
            f"{rate:,.0f}",
            "a second",
            f"ours over HTTP: one client {median(lone):,.0f} ({median(lone) / rate:.1f} times), "
            f"{CONNECTIONS} clients {median(many):,.0f} ({median(many) / rate:.1f} times); "
            f"target {peer.target:g} times",
        )


def ours(served: Served, tokens: list[str], left: list[str], count: int, connections: int) -> float:
    """Postings a second."""
    records, left[:count] = left[:count], []
    return count / uvloop.run(drive(served, tokens, records, connections))[0]


def entries_a_second(peer: Peer, python: Path, server: PostgresServer | None, folder: Path) -> float:
    """What the peer records in a second, in a fresh database."""
    place = Path(tempfile.mkdtemp(dir=folder))
    database = f"sqlite://{place / 'books.sqlite'}" if server is None else server.new_database()
    done = subprocess.run(
        [python, SCRIPTS / f"{peer.script}.py", database, str(ENTRIES)],
        capture_output=True, text=True, check=False, cwd=place,
    )  # fmt: skip
    if done.returncode:
        raise RuntimeError(f"{peer.name} failed: {done.stderr[-2_000:]}")
    return ENTRIES / float(json.loads(done.stdout.splitlines()[-1])["seconds"])


if __name__ == "__main__":
    main()
