"""The screens are tried over a real ledger; see tests/ledger/running.py for who is in it."""

import pytest

from tests.ledger.conftest import ledger_template as ledger_template
from tests.ledger.conftest import own_ledger as own_ledger
from tests.ledger.conftest import running_ledger as running_ledger
from tests.ledger.running import RunningLedger
from tests.ledger.till import Till, open_till


@pytest.fixture
def till(own_ledger: RunningLedger) -> Till:
    """A ledger for one test alone, with a short code and the customers the sample payments name."""
    return open_till(own_ledger)
