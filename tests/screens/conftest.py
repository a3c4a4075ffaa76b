"""The screens are tried over a real ledger; see tests/ledger/running.py for who is in it."""

import pytest
from tests.ledger.conftest import engine, ledger_template, new_ledger, own_ledger, running_ledger
from tests.ledger.running import RunningLedger
from tests.ledger.till import Till, open_till

__all__ = ["engine", "ledger_template", "new_ledger", "own_ledger", "running_ledger", "till"]


@pytest.fixture
def till(own_ledger: RunningLedger) -> Till:
    """A ledger for one test alone, with a short code and the customers the sample payments name."""
    return open_till(own_ledger)
