"""What every test shares: the event loop's kind, the run's seed, and which of many alike cases it draws."""

import os
import random
import secrets
import subprocess
from pathlib import Path

import pytest
from hypothesis import settings
from textual import _wait as textual_wait

# A test tells nothing of how fast a machine is: speed has its place in bench/.
settings.register_profile("branchtui", deadline=None)
# What decides over a change draws the same at each run: it tells of the change (docs/decisions/0052).
settings.register_profile("gate", deadline=None, derandomize=True, database=None)
settings.load_profile("gate" if os.environ.get("BRANCHTUI_GATE", "0") == "1" else "branchtui")

# Textual's harness looks every 20 ms whether the program has come to rest, twice for each key: minutes of a run.
textual_wait.SLEEP_GRANULARITY = 1 / 200
textual_wait.SLEEP_IDLE = textual_wait.SLEEP_GRANULARITY / 20

# What stands in a helper's assertion is told as well as what stands in a test's.
pytest.register_assert_rewrite(
    *(f"tests.{each.name}" for each in Path(__file__).parent.iterdir() if each.is_dir())
)


def pytest_configure() -> None:
    """Draw the seed of the run, unless one is given; workers inherit it (testing.md, common rules)."""
    os.environ.setdefault("BRANCHTUI_SEED", secrets.token_hex(4))


def pytest_report_header() -> str:
    """What is needed to have a failure again."""
    found = subprocess.run(
        ["git", "-C", str(Path(__file__).parent), "rev-parse", "--short=12", "HEAD"],
        capture_output=True,
        text=True,
        check=False,
    )
    return f"SEED={os.environ['BRANCHTUI_SEED']} COMMIT={found.stdout.strip() or 'none'}"


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """Run async tests on asyncio alone, the loop of Textual and of the server."""
    return "asyncio"


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Keep as many cases of a test marked `sampled` as are to be drawn.

    Cases that are alike are drawn by the run's seed, the same on each worker; all of them run with
    `BRANCHTUI_EVERY_CASE=1` (`make night`) and where cases were asked for by name.
    """
    named = config.getoption("keyword") or any("::" in str(each) for each in config.args)
    if not named and os.environ.get("BRANCHTUI_EVERY_CASE", "0") == "0":
        left_out = _not_drawn(items)
        config.hook.pytest_deselected(items=[item for item in items if item in left_out])
        items[:] = [item for item in items if item not in left_out]


def _not_drawn(items: list[pytest.Item]) -> set[pytest.Item]:
    families: dict[tuple[str, object], list[pytest.Item]] = {}
    for item in items:
        if item.get_closest_marker("sampled"):
            callspec = getattr(item, "callspec", None)
            engine = None if callspec is None else callspec.params.get("engine")
            families.setdefault((item.nodeid.partition("[")[0], engine), []).append(item)
    left_out: set[pytest.Item] = set()
    for (name, engine), cases in families.items():
        marker = cases[0].get_closest_marker("sampled")
        assert marker is not None
        (count,), always = marker.args, marker.kwargs.get("always", ())
        chance = random.Random(f"{os.environ['BRANCHTUI_SEED']} {name} {engine}")
        open_to_chance = [case for case in cases if not any(f"{each}]" in case.nodeid for each in always)]
        drawn = chance.sample(open_to_chance, min(count, len(open_to_chance)))
        left_out.update(case for case in open_to_chance if case not in drawn)
    return left_out
