"""Exactly once, for every endpoint that changes something (IDEM-1 to 9)."""

from __future__ import annotations

import uuid
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest
from tests.ledger.running import RunningLedger
from tests.ledger.web.asking import Ask
from tests.ledger.web.every_route import CHANGES, NEVER_REJECTED, World, rejected

pytestmark = pytest.mark.both_stores(always=True)

STORM = 50
ENTRIES = {"POST /v1/payments/{id}/reassign": 2}
"""Journal entries of a change that writes more than one."""


@pytest.fixture(scope="module")
def world(running_ledger: RunningLedger) -> World:
    return World.open(running_ledger)


@pytest.fixture
def key() -> str:
    return str(uuid.uuid4())


def effects(world: World, key: str) -> tuple[int, int, int]:
    """Operations, audit rows of these (a job adds its own), and journal entries of a key."""
    ((operations, audited, entries),) = world.ledger.query(
        "SELECT (SELECT count(*) FROM operations WHERE key = ?), "
        "(SELECT count(*) FROM audit JOIN operations USING (action) "
        "WHERE operation_key = ? AND key = ?), "
        "(SELECT count(*) FROM journal_entries WHERE operation_key = ?)",
        *[key] * 4,
    )
    return operations, audited, entries


def problem(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


@pytest.mark.sampled(8)
@pytest.mark.parametrize("name", CHANGES)
def test_one_key_fifty_times_at_once_is_one_effect_and_fifty_equal_answers(
    world: World, key: str, name: str
) -> None:
    """IDEM-4, IDEM-5, IDEM-8: the replay comes before the version, and has the stored bytes, status and headers, and says that it is one."""
    ask = CHANGES[name](world, "NKU")
    api = world.api(ask, "NKU")
    with ThreadPoolExecutor(STORM) as crowd:
        answers = list(crowd.map(lambda _: ask.send(api, key=key), range(STORM)))
    assert answers[0].status_code in {200, 201, 202, 204}, answers[0].text
    assert {(each.status_code, each.content) for each in answers} == {
        (answers[0].status_code, answers[0].content)
    }
    assert {(each.headers.get("etag"), each.headers.get("location")) for each in answers} == {
        (answers[0].headers.get("etag"), answers[0].headers.get("location"))
    }
    assert sum("idempotency-replayed" not in each.headers for each in answers) == 1
    operations, audited, entries = effects(world, key)
    assert (operations, audited) == (1, 1)
    assert entries <= ENTRIES.get(name, 1)


@pytest.mark.sampled(8)
@pytest.mark.parametrize("name", CHANGES)
def test_a_used_key_tells_another_request_and_another_person_nothing(
    world: World, key: str, name: str
) -> None:
    """IDEM-2, IDEM-3, IDEM-7: person, version and body are in the fingerprint; 422 `idempotency-key-reused`, with nothing stored told."""
    ask = CHANGES[name](world, "NKU")
    api = world.api(ask, "NKU")
    first = ask.send(api, key=key)
    assert first.status_code < 300
    others = [ask.send(world.api(ask, "HQ"), key=key)]
    if ask.if_match is not None:
        others.append(ask.send(api, key=key, if_match=ask.if_match + 1))
    if ask.body is not None:
        others.append(CHANGES[name](world, "NKU").send(api, key=key))
    stored = (
        {value for value in first.json().values() if isinstance(value, str) and len(value) > 20}
        if (first.content)
        else set()
    )
    for other in others:
        assert problem(other) == (422, "idempotency-key-reused")
        assert not [value for value in stored if value in other.text]
    assert effects(world, key)[:2] == (1, 1)
    again = ask.send(api, key=key)
    assert (again.status_code, again.content) == (first.status_code, first.content)


@pytest.mark.sampled(8)
@pytest.mark.parametrize("name", [name for name in CHANGES if name not in NEVER_REJECTED])
def test_a_refused_key_stays_refused(world: World, key: str, name: str) -> None:
    """IDEM-6: 409, 412 and 422 are decided once; the same key never does it later."""
    ask = rejected(world, name)
    api = world.api(ask, "NKU")
    first = ask.send(api, key=key)
    assert first.status_code in {409, 412, 422}, first.text
    for _ in range(2):
        again = ask.send(api, key=key)
        assert (again.status_code, again.content) == (first.status_code, first.content)
        assert again.headers["idempotency-replayed"] == "true"
    assert effects(world, key) == (1, 1, 0)
    assert api.get(f"/v1/operations/{key}").json()["state"] == "rejected"
    if ask.if_match is not None:
        assert problem(ask.send(api, key=key, if_match=ask.if_match - 1)) == (422, "idempotency-key-reused")


@pytest.mark.sampled(8)
@pytest.mark.parametrize("name", CHANGES)
def test_what_was_not_decided_leaves_the_key_free(world: World, key: str, name: str) -> None:
    """IDEM-6: 400, 401, 403, 404, 413, 415, 428 leave no trace, and the key does its work afterwards."""
    ask = CHANGES[name](world, "NKU")
    api = world.api(ask, "NKU")
    json_type = {"content-type": "application/json"}

    def send(content: bytes, headers: dict[str, str] = json_type) -> httpx.Response:
        return api.send(
            ask.method, ask.path, key=key, if_match=ask.if_match, content=content, headers=headers
        )

    refused: list[tuple[int, Any]] = [
        (400, send(b'{"a":')),
        (413, send(b" " * 300_000)),
        (415, send(b"{}", {"content-encoding": "gzip"})),
        (403, ask.send(world.ledger.sign_in("auditor"), key=key)),
        (401, ask.send(world.ledger.anonymous(), key=key)),
    ]
    if ask.if_match is not None:
        refused.append((428, api.send(ask.method, ask.path, ask.body, key=key)))
    refused += [(404, ask.instead(slot, str(uuid.uuid4())).send(api, key=key)) for slot in ask.ids]
    for status, answer in refused:
        assert answer.status_code == status, answer.text
        assert answer.json()["outcome"] == "not_applied"
    assert effects(world, key) == (0, 0, 0)
    assert ask.send(api, key=key).status_code < 300
    assert effects(world, key)[:2] == (1, 1)


@pytest.mark.sampled(8)
@pytest.mark.parametrize("name", CHANGES)
def test_after_a_fence_the_late_copy_does_nothing(world: World, key: str, name: str) -> None:
    """IDEM-9, T-06: 409 `operation-cancelled`, for ever."""
    ask = CHANGES[name](world, "NKU")
    api = world.api(ask, "NKU")
    assert api.post(f"/v1/operations/{key}/cancel", key="").json()["state"] == "cancelled"
    for _ in range(2):
        assert problem(ask.send(api, key=key)) == (409, "operation-cancelled")
    assert effects(world, key) == (1, 1, 0)
    assert ask.send(api).status_code < 300


def test_a_fence_and_its_request_at_once_agree_on_what_happened(world: World) -> None:
    """IDEM-9: whoever comes first, the fence's answer is what stands."""
    api = world.boss("NKU")
    for _ in range(20):
        key, ask = str(uuid.uuid4()), CHANGES["POST /v1/balance-records"](world, "NKU")
        with ThreadPoolExecutor(2) as pair:
            sent = pair.submit(ask.send, api, key=key)
            fenced = pair.submit(api.post, f"/v1/operations/{key}/cancel", key="")
            state, status = fenced.result().json()["state"], sent.result().status_code
        assert (state, status) in {("cancelled", 409), ("succeeded", 201)}


def test_thirty_two_people_who_edit_one_record_lose_no_edit(world: World) -> None:
    """CONC-1 to 3, T-07: of those who saw one version one succeeds; versions count the successes."""
    record = world.record("NKU")
    path = f"/v1/balance-records/{record['id']}"
    rounds, crowd_size = 8, 32

    def edit(number: int) -> list[tuple[int, int]]:
        api, done = world.boss("NKU"), []
        for turn in range(rounds):
            seen = api.get(path).json()["version"]
            amount = 10_000 + number * rounds + turn
            answer = api.patch(path, {"amount_minor": amount}, if_match=seen)
            assert answer.status_code in {200, 412}, answer.text
            if answer.status_code == 412:
                assert answer.json()["changed_fields"], answer.text
                assert answer.headers["etag"] != f'"{seen}"'
            else:
                done.append((answer.json()["version"], amount))
        return done

    with ThreadPoolExecutor(crowd_size) as crowd:
        done = sorted(edit for edits in crowd.map(edit, range(crowd_size)) for edit in edits)
    assert [version for version, _ in done] == list(range(2, len(done) + 2))
    last = world.boss("NKU").get(path).json()
    assert (last["version"], last["amount_minor"]) == done[-1]


def test_thirty_two_people_who_post_one_record_post_it_once(world: World) -> None:
    """CONC-4: the others hear 409 `record-accounted` or 412; the money moves once."""
    record = world.record("NKU")
    account = world.ledger.query(
        "SELECT id FROM accounts WHERE customer_id = ? AND kind = 'savings'", record["customer_id"]
    )[0][0]
    ask = Ask("POST", f"/v1/balance-records/{record['id']}/post", None, 1)
    with ThreadPoolExecutor(32) as crowd:
        statuses = sorted(
            each.status_code for each in crowd.map(lambda _: ask.send(world.boss("NKU")), range(32))
        )
    assert statuses[0] == 200
    assert set(statuses[1:]) <= {409, 412}
    assert world.ledger.balance_minor(account) == record["amount_minor"]
