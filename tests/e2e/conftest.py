"""A demonstration ledger for each end-to-end test: what one does is not seen by another."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.e2e.demonstration import Demonstration

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def demonstration() -> Iterator[Demonstration]:
    """A fresh demonstration ledger, ended after the test."""
    with Demonstration() as running:
        yield running
