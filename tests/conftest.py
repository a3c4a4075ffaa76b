"""What every test shares: the event loop's kind, and nothing else."""

import pytest


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """Run async tests on asyncio alone, the loop of Textual and of the server."""
    return "asyncio"
