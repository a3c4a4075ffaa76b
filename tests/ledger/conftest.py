"""A real ledger over HTTP for the tests of this folder; see running.py for who is in it.

Modules marked `both_stores` run over SQLite and over PostgreSQL, the others over SQLite alone. Over
PostgreSQL they belong to `make faults`, but for those marked `both_stores(always=True)`: what the store
itself promises, exactly once, sessions. With BRANCHTUI_TEST_STORES=all everything runs over both. Without a
PostgreSQL server on the machine those tests are skipped, and say so.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.ledger.postgres_server import PostgresServer, name_of, programs
from tests.ledger.running import RunningLedger, copy_template, make_template

from branchtui.ledger.seal_key import KEY_BYTES
from branchtui.ledger.store import migrate
from branchtui.ledger.store.engine import Store
from branchtui.ledger.store.postgres.store import PostgresStore
from branchtui.ledger.store.sqlite_store import SqliteStore

SQLITE, POSTGRESQL = "sqlite", "postgresql"
_NewLedger = Callable[[Path], str]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Choose the stores that a test runs over."""
    if "engine" in metafunc.fixturenames:
        everything = os.environ.get("BRANCHTUI_TEST_STORES") == "all"
        marked = metafunc.definition.get_closest_marker("both_stores")
        both = everything or marked is not None
        always = everything or (marked is not None and marked.kwargs.get("always", False))
        marks = [pytest.mark.postgres] if always else [pytest.mark.postgres, pytest.mark.faults]
        needs = pytest.param(POSTGRESQL, marks=marks)
        metafunc.parametrize("engine", [SQLITE, needs] if both else [SQLITE], scope="session", indirect=True)


@pytest.fixture(scope="session")
def engine(request: pytest.FixtureRequest) -> str:
    """The engine that the ledger of a test lies in."""
    chosen: str = getattr(request, "param", SQLITE)
    return chosen


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """A server for all tests of a worker."""
    if programs() is None:
        pytest.skip("no PostgreSQL server is installed here (Debian: apt install postgresql)")
    server = PostgresServer.fresh()
    yield server
    server.remove()


@pytest.fixture(scope="session")
def ledger_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A ledger file with branches and people, made once and copied."""
    path = tmp_path_factory.mktemp("template") / "ledger.db"
    make_template(f"sqlite:///{path}")
    return path


@pytest.fixture(scope="session")
def postgres_template(postgres_server: PostgresServer) -> str:
    """A database with branches and people, made once and copied; its name."""
    url = postgres_server.new_database()
    make_template(url)
    return name_of(url)


@pytest.fixture(scope="session")
def new_ledger(request: pytest.FixtureRequest, engine: str) -> _NewLedger:
    """Makes a ledger of one's own, a copy of the template; a file lies in the folder that is given."""
    if engine == SQLITE:
        template: Path = request.getfixturevalue("ledger_template")
        return lambda folder: copy_template(template, folder)
    server: PostgresServer = request.getfixturevalue("postgres_server")
    name: str = request.getfixturevalue("postgres_template")
    return lambda _: server.new_database(name)


@pytest.fixture
def empty_store(request: pytest.FixtureRequest, engine: str, tmp_path: Path) -> Store:
    """A store with the tables of a ledger and nothing in them."""
    if engine == SQLITE:
        store: Store = SqliteStore(tmp_path / "ledger.db")
    else:
        server: PostgresServer = request.getfixturevalue("postgres_server")
        store = PostgresStore(server.new_database())
    connection = store.connect()
    migrate.upgrade(connection)
    connection.close()
    return store


@pytest.fixture(scope="module")
def running_ledger(
    new_ledger: _NewLedger, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunningLedger]:
    """One served ledger for all tests of a module; its invariants are checked when it ends."""
    folder = tmp_path_factory.mktemp("ledger")
    with RunningLedger(new_ledger(folder)) as ledger:
        _have_key(ledger, folder)
        yield ledger
        ledger.check()


@pytest.fixture
def own_ledger(new_ledger: _NewLedger, tmp_path: Path) -> Iterator[RunningLedger]:
    """A served ledger for one test alone: it may be damaged, its clock moved."""
    with RunningLedger(new_ledger(tmp_path)) as ledger:
        _have_key(ledger, tmp_path)
        yield ledger


def _have_key(ledger: RunningLedger, folder: Path) -> None:
    """The key that an operator names for a ledger in a server; one in a file makes its own."""
    if ledger.core.key_file is None:
        ledger.core.key_file = folder / "one-time-codes.key"
        ledger.core.key_file.touch(0o600)
        ledger.core.key_file.write_bytes(secrets.token_bytes(KEY_BYTES))
