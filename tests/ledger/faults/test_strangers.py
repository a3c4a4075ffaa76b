"""Strangers with the API document in hand: nothing breaks, and nothing is answered that it does not say (T-24)."""

from __future__ import annotations

import pytest
from tests.ledger.faults.seeds import chance, figure
from tests.ledger.running import RunningLedger
from tests.ledger.web.every_route import World
from tests.ledger.web.strangers import Stranger

from branchtui.contract.sessions import Role

pytestmark = pytest.mark.faults

ROLES = chance("strangers").sample(
    [role for role in Role if role is not Role.OTHER], figure("BRANCHTUI_STRANGERS", 1)
)
"""One a run, drawn by its seed, and all four in `make night`: it makes more than ten thousand calls."""

EXAMPLES = figure("BRANCHTUI_STRANGER_EXAMPLES", 2)
"""How many an endpoint, beside the ten to hundred that cover each rule of its schema."""


@pytest.mark.parametrize("role", ROLES, ids=lambda role: role.value)
def test_a_stranger_is_answered_as_the_document_says(own_ledger: RunningLedger, role: Role) -> None:
    """Every call of every check of schemathesis is answered by a documented status, head and body, and none by a 5xx."""
    world = World.open(own_ledger)
    for branch in ("NKU", "KSM"):
        for _ in range(3):
            world.record(branch)
            world.waiting(branch)
            world.given(branch)
            world.ready_import(branch)
        world.record(branch, posted=True)
        world.request(branch)

    found = Stranger(own_ledger, role, examples=EXAMPLES, callback_token=world.till.token).visit()

    print(f"{role.value}: {found.calls} calls, {dict(sorted(found.statuses.items()))}")
    print(f"done: {sorted(found.done)}")
    assert not found.complaints, "\n\n".join(f"{name}: {said}" for name, said in found.complaints.items())
    assert not [status for status in found.statuses if status >= 500]
    own_ledger.check()
