"""The ledger's process, or its database's server, dies at any moment, under load (testing.md, T5): nobody is ever told something untrue.

What was acknowledged is stored; what is stored and was not acknowledged is unknown to a client, and
each unknown settles by its key; jobs that were under way end with exactly the whole.
"""

from __future__ import annotations

import itertools
import random
import signal
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Final

import pytest
from tests.ledger.faults import seeds
from tests.ledger.faults.campaign import Campaign
from tests.ledger.faults.doomed import CODE_POINTS, POINTS
from tests.ledger.postgres_server import PostgresServer, name_of, programs
from tests.ledger.running import RunningLedger, copy_template, make_template
from tests.ledger.till import open_till

pytestmark = pytest.mark.faults

CYCLES = seeds.figure("BRANCHTUI_KILLS", 40)
PARTS: Final = max(4, CYCLES // 50)
"""The cycles are dealt over so many ledgers, so that workers share them and none grows for ever."""

OF_OTHERS: Final = (
    "records are deleted",
    "rows become customers",
    "rows become plans",
    "stated rows are kept",
    "differences are posted",
)
"""Nobody deletes all here, or sends such files: `test_kill_bulk.py`, `test_kill_files.py` and `test_kill_plans.py` do."""

PASSED: Final = tuple(point for point in POINTS if not point.endswith(OF_OTHERS))
IN_CODE: Final = tuple(
    f"{when} {name}" for name in CODE_POINTS if name not in OF_OTHERS for when in ("before", "after")
)
"""The points that a ledger has whose files are a server's. Of its deaths there, three in four are its own."""


@pytest.fixture(scope="module")
def mortal_server() -> Iterator[PostgresServer]:
    """A server that dies, and is started again."""
    if programs() is None:
        pytest.skip("no PostgreSQL server is installed here (Debian: apt install postgresql)")
    server = PostgresServer.fresh()
    yield server
    server.remove()


@pytest.fixture(scope="module")
def mortal_template(mortal_server: PostgresServer) -> str:
    """A database with branches and people, made once and copied; its name."""
    url = mortal_server.new_database()
    make_template(url)
    return name_of(url)


def begin(database: str) -> Campaign:
    """A ledger with customers and a provider, at rest."""
    with RunningLedger(database) as ledger:
        till = open_till(ledger)
    return Campaign(database, till.token, till.id_of("000101"), random.Random())


@pytest.fixture
def campaign(ledger_template: Path, tmp_path: Path) -> Iterator[Campaign]:
    """On a file."""
    yield from _running(begin(copy_template(ledger_template, tmp_path)))


@pytest.fixture
def server_campaign(mortal_server: PostgresServer, mortal_template: str) -> Iterator[Campaign]:
    """On a server."""
    yield from _running(begin(mortal_server.new_database(mortal_template)))


def _running(campaign: Campaign) -> Iterator[Campaign]:
    yield campaign
    campaign.ledger.kill()
    campaign.ledger.end()


def run(
    campaign: Campaign,
    part: int,
    points: Sequence[str],
    die: Callable[[str, str | None], None],
    *,
    cycles: int = CYCLES,
) -> None:
    """One part of the cycles: four in five at named points, the rest at any moment, in a drawn order."""
    named = list(itertools.islice(itertools.cycle(points), part, cycles * 4 // 5, PARTS))
    plan: list[str | None] = [*named, *[None] * max(1, cycles // PARTS - len(named))]
    campaign.chance.shuffle(plan)

    for number, point in enumerate(plan):
        die(f"P{part}C{number}", point)

    print(f"SEED={seeds.seed()}: {len(plan)} deaths, {campaign.settled} unknown, {campaign.fenced} fenced")
    assert campaign.points_struck == set(named), "a point that the load never passes proves nothing"


@pytest.mark.parametrize("part", range(PARTS))
def test_whenever_the_process_dies_nobody_was_told_something_untrue(campaign: Campaign, part: int) -> None:
    """DUR-3, IDEM-4, IDEM-9, CONC-5: at named points and at any moment, again and again on one ledger."""
    campaign.chance = seeds.chance("kill", part)
    run(campaign, part, PASSED, campaign.cycle)
    assert campaign.settled > 0


@pytest.mark.postgres
@pytest.mark.parametrize("part", range(PARTS))
def test_whenever_a_process_dies_that_writes_to_a_server_nobody_was_told_something_untrue(
    server_campaign: Campaign, part: int
) -> None:
    """DUR-3, IDEM-4, IDEM-9, CONC-5, CONC-7: the same where another process takes over what it left in the server."""
    server_campaign.chance = seeds.chance("kill on a server", part)
    run(server_campaign, part, IN_CODE, server_campaign.cycle, cycles=CYCLES * 3 // 4)
    assert server_campaign.settled > 0


@pytest.mark.postgres
@pytest.mark.parametrize("part", range(PARTS))
def test_whenever_the_server_dies_nobody_was_told_something_untrue(
    mortal_server: PostgresServer, server_campaign: Campaign, part: int
) -> None:
    """CONC-7, DUR-3: killed, stopped at once, or one of its processes killed; the ledger goes on by itself."""
    campaign = server_campaign
    campaign.chance = seeds.chance("kill the server", part)
    database = name_of(campaign.database)
    others = (
        "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        " AND application_name = 'branchtui ledger'"
    )

    def killed() -> None:
        mortal_server.crash()
        mortal_server.start()

    def stopped_at_once() -> None:
        mortal_server.stop(signal.SIGQUIT)
        mortal_server.start()

    def one_process_killed() -> None:
        pids = [pid for (pid,) in mortal_server.ask(others, database=database)]
        mortal_server.end_process(campaign.chance.choice(pids))

    def die(tag: str, point: str | None) -> None:
        way = campaign.chance.choice((killed, stopped_at_once, one_process_killed))
        campaign.server_dies(tag, point, way)

    drawn = seeds.chance("points of the server's deaths").sample(IN_CODE, len(IN_CODE))
    run(campaign, part, drawn, die, cycles=CYCLES // 4)
