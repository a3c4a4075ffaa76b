"""What every test shares: the event loop's kind, and that terminals are driven one at a time."""

import pytest


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """Run async tests on asyncio alone, the loop of Textual and of the server."""
    return "asyncio"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep the tests marked `pty` on one worker: several painting terminals at once starve each other."""
    for item in items:
        if item.get_closest_marker("pty"):
            item.add_marker(pytest.mark.xdist_group("pty"))
