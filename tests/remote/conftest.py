"""A key ledger behind a misbehaving server, and a client of it on still time."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.remote.doubles import KeyLedger, Server, StillTime, client_of, running

from branchtui.remote.client import Ledger
from branchtui.remote.transport import Deadlines


@dataclass
class Desk:
    """One teller at one terminal, and what stands behind the line."""

    ledger: Ledger
    server: Server
    keys: KeyLedger
    time: StillTime
    directory: Path


@asynccontextmanager
async def desk_at(
    directory: Path, *, time: StillTime | None = None, deadlines: Deadlines | None = None
) -> AsyncIterator[Desk]:
    """A signed-in teller."""
    keys = KeyLedger()
    time = time or StillTime()
    async with running(keys) as server, client_of(server, directory, time, deadlines=deadlines) as ledger:
        await ledger.sign_in("achieng", "a long password")
        server.asked.clear()
        yield Desk(ledger, server, keys, time, directory)


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    async with desk_at(tmp_path) as desk:
        yield desk
