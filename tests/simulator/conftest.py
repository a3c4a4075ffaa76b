"""The ledger that every world begins with, made once."""

from __future__ import annotations

import pytest
from tests.simulator.template import Template, make_template


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Template:
    return make_template(tmp_path_factory.mktemp("world") / "ledger.db")
