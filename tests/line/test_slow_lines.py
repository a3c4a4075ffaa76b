"""Lines that are slow, late or halting: everything arrives, and nothing is asked for twice (T3; RTY-5)."""

from __future__ import annotations

import hashlib
import random
from pathlib import Path
from typing import Final

import pytest
from tests.ledger.web.every_route import World
from tests.line.counter import Said, counter
from tests.line.faults import Fault, Pace
from tests.line.leaping import LeapingLoop, run_leaping
from tests.line.operations import ready
from tests.line.proxy import ByteProxy, byte_proxy

KIB: Final = 1024
CHANGES: Final = ("POST /v1/balance-records", "POST /v1/balance-records/{id}/post")


def slow(name: str) -> Fault:
    """A line that does nothing wrong."""
    rng = random.Random(name)
    if name.endswith("KiB/s"):
        pace = Pace(latency=0.2, slice_bytes=256, bytes_per_second=float(name.split(maxsplit=1)[0]) * KIB)
        return Fault(up=pace, down=pace)
    if name.endswith("ms away"):
        seconds = float(name.split(maxsplit=1)[0]) / 1000
        # Late by a quarter more or less, each way by itself.
        up, down = (seconds * rng.uniform(0.75, 1.25) for _ in range(2))
        return Fault(up=Pace(latency=up), down=Pace(latency=down))
    if name == "halting":
        return Fault(
            up=Pace(latency=rng.uniform(0.2, 3)), down=Pace(slice_bytes=400, pause=rng.uniform(0.2, 1.5))
        )
    return Fault(up=Pace(slice_bytes=1, pause=0.001), down=Pace(slice_bytes=1, pause=0.001))


def work_on(world: World, state: Path, fault: Fault, content: bytes) -> ByteProxy:
    """Sign in, look, key and post a balance, send a file."""

    async def run(loop: LeapingLoop) -> ByteProxy:
        async with byte_proxy(int(world.ledger.url.rpartition(":")[2])) as proxy:
            proxy.plan = lambda _: fault
            async with counter(proxy, loop, state, "supervisor", proven=False) as person:
                assert (await person.ledger.customers("achieng")).items
                for name in CHANGES:
                    outcome = await person.make(ready(world, name))
                    assert (outcome.said, outcome.was_unknown) == (Said.DONE, False), (name, outcome)
                if content:
                    upload = await person.ledger.upload(content)
                    assert upload.sha256 == hashlib.sha256(content).hexdigest()
            return proxy

    return run_leaping(run)


@pytest.mark.parametrize(
    "name", ["20 KiB/s", "5 KiB/s", "1 KiB/s", "50 ms away", "1000 ms away", "3000 ms away", "halting"]
)
def test_on_a_slow_line_everything_arrives_and_nothing_is_sent_twice(
    world: World, state: Path, name: str
) -> None:
    """No deadline of ours is shorter than what such a line needs; a file takes as many chunks as it takes."""
    content = b"000101,savings,12.50,KES,2026-11-03,,F-1\n" * 1_000
    proxy = work_on(world, state, slow(name), content)

    keys = [one.key for one in proxy.passed if one.key is not None]
    assert len(keys) == len(set(keys)) == len(CHANGES)
    # Whether the file began to arrive earlier is asked first, and answered 404.
    assert {one.status // 100 for one in proxy.passed if one.method != "HEAD"} == {2}


@pytest.mark.faults
def test_a_line_that_carries_one_byte_at_a_time_is_a_line(world: World, state: Path) -> None:
    """Messages are put together again wherever they were taken apart."""
    proxy = work_on(world, state, slow("byte by byte"), b"")

    assert len([one for one in proxy.passed if one.key is not None]) == len(CHANGES)
