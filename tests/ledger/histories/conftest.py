"""Scenes for the histories, over both engines."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.ledger.faults import seeds
from tests.ledger.histories.scene import Scene
from tests.ledger.postgres_server import PostgresServer, programs
from tests.ledger.running import RunningLedger, copy_template, make_template
from tests.ledger.till import open_till

CUSTOMERS = ("000101", "000102", "000103")


@pytest.fixture(scope="module")
def quarrelsome_server() -> Iterator[PostgresServer]:
    """A server that sees a deadlock at once."""
    if programs() is None:
        pytest.skip("no PostgreSQL server is installed here")
    server = PostgresServer.fresh(settings={"deadlock_timeout": "50ms"})
    yield server
    server.remove()


@pytest.fixture
def new_sqlite_scene(ledger_template: Path) -> Callable[[Path], Scene]:
    """Makes a branch with customers and a provider, in a file of a folder."""
    return lambda folder: _scene(copy_template(ledger_template, folder), folder)


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def new_scene(request: pytest.FixtureRequest) -> Callable[[Path], Scene]:
    """The same in either engine."""
    if request.param == "sqlite":
        made: Callable[[Path], Scene] = request.getfixturevalue("new_sqlite_scene")
        return made
    server: PostgresServer = request.getfixturevalue("quarrelsome_server")

    def make(folder: Path) -> Scene:
        database = server.new_database()
        make_template(database)
        return _scene(database, folder, server)

    return make


def _scene(database: str, folder: Path, server: PostgresServer | None = None) -> Scene:
    with RunningLedger(database) as ledger:
        till = open_till(ledger)
        branch_id = ledger.branch("NKU").id
        before = frozenset(key for (key,) in ledger.query("SELECT key FROM operations"))
    return Scene(
        database=database,
        branch_id=branch_id,
        customers=[till.id_of(number) for number in CUSTOMERS],
        callback_token=till.token,
        chance=seeds.chance("scene", folder.name),
        folder=folder,
        server=server,
        before=before,
    )
