"""The disk reports an I/O error: the ledger stops there and then, and recovery decides (DUR-4; testing.md, T6)."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest
from tests.ledger.faults.served import Doomed
from tests.ledger.running import Api, copy_template
from tests.ledger.served import new_customer

from branchtui.ledger.check import violations
from branchtui.ledger.store.sqlite import connect
from branchtui.ledger.store.sqlite_store import database_path

STOPPED = 70
"""The exit status of a ledger whose disk failed; a supervisor of processes sees it."""


def customers_until_death(api: Api) -> dict[str, bytes]:
    """Enter customers until the line is dead; what was acknowledged, by key."""
    acknowledged: dict[str, bytes] = {}
    place = api.session["user"]["branch_id"]
    try:
        for number in range(300):
            answer = api.post("/v1/customers", new_customer(place, number))
            assert answer.status_code == 201, answer.text
            acknowledged[answer.request.headers["idempotency-key"]] = answer.content
    except httpx.TransportError:
        pass
    return acknowledged


def read_everything(api: Api) -> None:
    """A page of each list, so that something is read that was not in memory."""
    for page in ("audit", "payments", "customers", "balance-records", "imports", "operations"):
        api.get(f"/v1/{page}")


@pytest.mark.faults
@pytest.mark.parametrize("number", [1, 5])
@pytest.mark.parametrize(
    "point", ["the log is synced", "the log is written", "the database is synced", "the database is written"]
)
def test_an_error_of_the_disk_stops_the_process_and_is_never_tried_again(
    ledger_template: Path, tmp_path: Path, point: str, number: int
) -> None:
    """DUR-4: non-zero exit at the first failed write or fsync, also in a checkpoint; nothing told is lost."""
    path = database_path(copy_template(ledger_template, tmp_path))
    ledger = Doomed.start(f"sqlite:///{path}")
    with httpx.Client(base_url=ledger.url, timeout=30.0, trust_env=False) as client:
        api = ledger.sign_in(client)
        ledger.arm("break", number, f"before {point}")
        acknowledged = customers_until_death(api)
    status, said = ledger.end()

    assert status == STOPPED, (status, said)
    assert "the database reports an I/O error, stopping" in said
    assert "TRIED AGAIN" not in said
    assert len(acknowledged) < 300
    connection = connect(path)
    stored = dict(connection.execute("SELECT key, body FROM operations"))
    assert [key for key, body in acknowledged.items() if stored.get(key) != body] == []
    assert len(stored) <= len(acknowledged) + 1
    assert list(violations(connection)) == []
    connection.close()


@pytest.mark.faults
def test_a_disk_that_cannot_be_read_stops_the_process_too(ledger_template: Path, tmp_path: Path) -> None:
    """DUR-4: any I/O error, also under a reading that nobody changes anything by."""
    path = database_path(copy_template(ledger_template, tmp_path))
    ledger = Doomed.start(f"sqlite:///{path}")
    with httpx.Client(base_url=ledger.url, timeout=30.0, trust_env=False) as client:
        api = ledger.sign_in(client)
        ledger.arm("break", 1, "before the database is read")
        with pytest.raises(httpx.TransportError):
            read_everything(api)
    status, said = ledger.end()

    assert status == STOPPED, (status, said)
    assert "the database reports an I/O error, stopping" in said
