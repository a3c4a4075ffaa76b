"""What was kept apart is closed by a person, with a reason, and opened again; no money moves by either (decision 0056)."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, Any, Final

import pytest
from tests.ledger.members import ok, refused
from tests.ledger.running import fresh_key
from tests.ledger.till import Till, message, open_till

from branchtui.ledger.store import migrate
from branchtui.ledger.store.rows import CallbackEvent

if TYPE_CHECKING:
    from tests.ledger.running import Api, RunningLedger

    from branchtui.ledger.store.engine import Store

pytestmark = pytest.mark.both_stores

REASON: Final = {"reason": "the payer was given the rest in cash, slip 17"}

AS_IT_WAS: Final = """
UPDATE alembic_version SET version_num = 'batches_r0011';
ALTER TABLE callback_events DROP COLUMN version;
ALTER TABLE callback_events DROP COLUMN held_as;
ALTER TABLE callback_events DROP COLUMN settled_by;
ALTER TABLE callback_events DROP COLUMN settled_at;
ALTER TABLE callback_events DROP COLUMN settled_because;
INSERT INTO callback_events (id, provider, state, reason, body, received_at) VALUES ('e', 'mpesa', 'parked', 'r', 'b', 7);
"""


@pytest.fixture
def till(own_ledger: RunningLedger) -> Till:
    return open_till(own_ledger)


def contradicting(till: Till, code: str = "HELD000001", **changes: Any) -> dict[str, Any]:
    """A message with a known code and another amount."""
    till.pay(code, **changes)
    till.send(message(code, TransAmount="2.00", **changes))
    (found,) = till.events(code)
    return found


def queue(api: Api) -> dict[str, int]:
    """What is held, as Home counts it."""
    queues = ok(api.get("/v1/dashboard"))["queues"]
    return {each["name"]: each["count"] for each in queues if each["name"].startswith("callbacks-")}


def listed(api: Api, state: str | None = None) -> list[str]:
    """The ids of what is kept apart, held or in this state."""
    asked = {} if state is None else {"state": state}
    return [each["id"] for each in api.pages("/v1/callback-events", **asked)]


def money(ledger: RunningLedger) -> list[tuple[Any, ...]]:
    """Everything that is booked."""
    return ledger.query("SELECT entry_id, line, amount_minor FROM legs ORDER BY entry_id, line")


def test_what_is_held_is_closed_with_a_reason_and_opened_again(till: Till) -> None:
    """Contract 1, 5: exactly once by its key, audited, under a filter, out of what Home counts, and nothing is booked."""
    api = till.api("supervisor")
    event, before = contradicting(till), money(till.ledger)
    path = f"/v1/callback-events/{event['id']}"
    assert (event["actions"], queue(api)["callbacks-quarantined"]) == (["ignore"], 1)

    key = fresh_key()
    done = ok(api.post(f"{path}/ignore", REASON, if_match=event["version"], key=key))
    again = api.post(f"{path}/ignore", REASON, if_match=event["version"], key=key)
    assert (again.json(), again.headers["idempotency-replayed"]) == (done, "true")
    assert (done["state"], done["held_as"], done["actions"]) == ("ignored", "quarantined", ["restore"])
    assert (done["settled_by"], done["settled_because"]) == ("supervisor", REASON["reason"])
    assert (done["reason"], done["body"]) == (event["reason"], event["body"])
    assert (listed(api), listed(api, "ignored"), listed(api, "quarantined")) == ([], [event["id"]], [])
    assert queue(api)["callbacks-quarantined"] == 0

    restored = ok(api.post(f"{path}/restore", if_match=done["version"]))
    assert restored == event | {"version": 3}
    assert ok(api.get(path)) == restored
    assert (listed(api), listed(api, "ignored"), queue(api)["callbacks-quarantined"]) == (
        [event["id"]],
        [],
        1,
    )
    assert money(till.ledger) == before
    links = till.ledger.query("SELECT action, actor, reason FROM audit WHERE object = ? ORDER BY seq", path)
    assert links[-2:] == [
        ("callback-event.ignore", "supervisor", REASON["reason"]),
        ("callback-event.restore", "supervisor", None),
    ]
    till.ledger.check()


def test_each_state_allows_its_own(till: Till) -> None:
    """Contract 1: the ledger says what may be done and why not; a repeat of the message opens nothing again."""
    api = till.api("supervisor")
    event = contradicting(till)
    path = f"/v1/callback-events/{event['id']}"
    answer = api.post(f"{path}/restore", if_match=1)
    refused(answer, 409, "transition-not-allowed")
    assert (answer.json()["from"], answer.json()["allowed"]) == ("quarantined", ["ignore"])
    done = ok(api.post(f"{path}/ignore", REASON, if_match=1))
    refused(api.post(f"{path}/ignore", REASON, if_match=done["version"]), 409, "transition-not-allowed")
    stale = api.post(f"{path}/restore", if_match=1)
    refused(stale, 412, "precondition-failed")
    assert stale.json()["current"]["state"] == "ignored"
    till.send(message("HELD000001", TransAmount="2.00"))
    assert listed(api) == []

    till.pay("CLEAN00001", FirstName="\u202eWANJIKU")
    (cleaned,) = [
        each for each in api.pages("/v1/callback-events", state="cleaned") if each["code"] == "CLEAN00001"
    ]
    answer = api.post(f"/v1/callback-events/{cleaned['id']}/ignore", REASON, if_match=1)
    refused(answer, 409, "transition-not-allowed")
    assert (cleaned["actions"], answer.json()["allowed"]) == ([], [])


def test_a_card_number_is_no_reason(till: Till) -> None:
    """VAL: what the audit keeps for ever holds none."""
    event = contradicting(till)
    body = {"reason": "card 4111 1111 1111 1111"}
    answer = till.api("supervisor").post(f"/v1/callback-events/{event['id']}/ignore", body, if_match=1)
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/reason")


def test_what_is_nobodys_is_closed_by_the_top_alone(till: Till) -> None:
    """Contract 10: a message that names none of our short codes is seen by supervisors of the top branch, and closed by them."""
    till.send(message("NOBODYS001", BusinessShortCode="999999"))
    (event,) = till.events("NOBODYS001")
    path = f"/v1/callback-events/{event['id']}/ignore"
    refused(till.api("supervisor").post(path, REASON, if_match=1), 404, "not-found")
    refused(till.api("auditor").post(path, REASON, if_match=1), 403, "forbidden")
    (seen,) = [each for each in till.api("auditor").pages("/v1/callback-events") if each["id"] == event["id"]]
    assert (seen["actions"], seen["refused"]["ignore"]["code"]) == ([], "forbidden")
    assert ok(till.top.post(path, REASON, if_match=1))["held_as"] == "parked"
    top = till.ledger.branch("HQ").id
    assert till.ledger.query("SELECT branch_id FROM audit WHERE action = 'callback-event.ignore'") == [(top,)]
    till.ledger.check()


def test_what_a_ledger_of_before_holds_may_be_closed(empty_store: Store) -> None:
    """Decision 0007: the migration gives what was kept apart its version, and nothing else."""
    with closing(empty_store.connect()) as connection:
        connection.begin()
        connection.run_script(AS_IT_WAS)
        connection.commit()

        assert migrate.upgrade(connection) == "batches_r0011"

        names = ", ".join(CallbackEvent.__dataclass_fields__)
        ((*values,),) = connection.execute(f"SELECT {names} FROM callback_events")
    assert CallbackEvent(*values) == CallbackEvent("e", None, "mpesa", "parked", "r", None, "b", 7)
