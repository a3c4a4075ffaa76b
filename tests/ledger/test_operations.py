"""Exactly once: a key is answered once and for ever, and a fence settles it (IDEM-1 to 11)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from branchtui.contract.sessions import Role
from branchtui.ledger import audit
from branchtui.ledger.access import Principal, Scope
from branchtui.ledger.operations import (
    DUPLICATE_WINDOW_US,
    Command,
    Reply,
    execute,
    fence,
    refuse_duplicate,
    signature,
)
from branchtui.ledger.problems import Refusal, conflict, forbidden, not_found
from branchtui.ledger.store import migrate
from branchtui.ledger.store.rows import AuditRow, Counter, Operation
from branchtui.ledger.store.sqlite import connect
from branchtui.ledger.store.unit import Batch, Tx

TELLER = Principal("u1", "achieng", "p1", Role.TELLER, "nku", Scope(frozenset({"nku"})))
COLLEAGUE = replace(TELLER, user_id="u2", username="otieno")
SUPERVISOR = replace(TELLER, user_id="u3", username="njeri", role=Role.SUPERVISOR)
STRANGER = replace(SUPERVISOR, user_id="u4", branch_id="ksm", scope=Scope(frozenset({"ksm"})))
KEY = "0198f3a2-7b1c-7000-8000-0123456789ab"
OTHER_KEY = "0198f3a2-7b1c-7000-8000-0123456789ac"


def command(key: str = KEY, who: Principal = TELLER, body: bytes = b"one", at_us: int = 1_000) -> Command:
    return Command(key, body, who, "receipt.create", at_us)


def counts(tx: Tx, _: Command) -> Reply:
    """A decision with an effect that can be counted."""
    known = tx.get(Counter, "receipts") or Counter("receipts", 0)
    tx.put(Counter("receipts", known.value + 1))
    return Reply(
        201,
        f'{{"no":{known.value + 1}}}'.encode(),
        {"etag": '"1"'},
        resource="/v1/receipts/1",
        event=audit.Event("receipt.create"),
        branch_id="nku",
    )


def refusing(refusal: Refusal) -> Callable[[Tx, Command], Reply]:
    def decide(tx: Tx, asked: Command) -> Reply:
        counts(tx, asked)
        raise refusal

    return decide


@pytest.fixture
def tx(tmp_path: Path) -> Tx:
    connection = connect(tmp_path / "ledger.db")
    migrate.upgrade(connection)
    return Batch(connection).begin()


def receipts(tx: Tx) -> int:
    found = tx.get(Counter, "receipts")
    return found.value if found else 0


def test_the_same_request_is_decided_once_and_answered_the_same(tx: Tx) -> None:
    """IDEM-8: the replay has the stored status, headers and bytes, and says that it is one."""
    first, again = execute(tx, command(), counts), execute(tx, command(at_us=9_000), counts)
    assert receipts(tx) == 1
    assert (again.status, again.body) == (first.status, first.body)
    assert again.headers == first.headers | {"idempotency-replayed": "true"}
    assert len(tx.find(AuditRow, operation_key=KEY)) == 1


@pytest.mark.parametrize("other", [command(body=b"two"), command(who=COLLEAGUE)], ids=["body", "person"])
def test_a_used_key_tells_another_request_nothing(tx: Tx, other: Command) -> None:
    """IDEM-2, IDEM-7: another fingerprint or another person: 422, and no stored content."""
    execute(tx, command(), counts)
    with pytest.raises(Refusal) as refused:
        execute(tx, other, counts)
    assert (refused.value.status, refused.value.code) == (422, "idempotency-key-reused")
    assert not refused.value.extra
    assert receipts(tx) == 1


@pytest.mark.parametrize("status", [409, 412, 422])
def test_a_definitive_refusal_is_kept_for_ever_without_its_effects(tx: Tx, status: int) -> None:
    """IDEM-6: what was decided inside the transaction stays decided; what it had put is gone."""
    first = execute(tx, command(), refusing(Refusal(status, "state", "No.")))
    again = execute(tx, command(), counts)
    assert first.status == again.status == status
    assert first.body == again.body
    assert receipts(tx) == 0
    (row,) = tx.find(AuditRow, operation_key=KEY)
    assert (row.outcome, row.reason) == ("not_applied", "state")


@pytest.mark.parametrize(
    "refusal",
    [
        not_found("receipt"),
        forbidden("No."),
        Refusal(503, "overloaded", "Later."),
        conflict("possible-duplicate", "Again?"),
    ],
    ids=lambda refusal: refusal.code,
)
def test_a_refusal_that_may_pass_leaves_the_key_free(tx: Tx, refusal: Refusal) -> None:
    """IDEM-6, IDEM-11: 401, 403, 404, 5xx and `possible-duplicate` are not stored."""
    with pytest.raises(Refusal):
        execute(tx, command(), refusing(refusal))
    tx.drop()
    assert tx.get(Operation, KEY) is None
    assert execute(tx, command(), counts).status == 201


def test_a_fence_before_the_request_keeps_it_out_for_ever(tx: Tx) -> None:
    """IDEM-9, T-06: a late copy of what was given up answers `operation-cancelled`."""
    assert fence(tx, KEY, TELLER, 1_000).state == "cancelled"
    for _ in range(2):
        with pytest.raises(Refusal) as refused:
            execute(tx, command(), counts)
        assert (refused.value.status, refused.value.code) == (409, "operation-cancelled")
    assert receipts(tx) == 0
    assert fence(tx, KEY, TELLER, 2_000).completed_at == 1_000


def test_a_fence_after_the_request_answers_what_it_became(tx: Tx) -> None:
    """IDEM-9: already done stays done."""
    execute(tx, command(), counts)
    assert fence(tx, KEY, TELLER, 2_000).state == "succeeded"
    execute(tx, command(OTHER_KEY), refusing(Refusal(409, "state", "No.")))
    assert fence(tx, OTHER_KEY, TELLER, 2_000).state == "rejected"


def test_only_the_owner_or_who_resolves_in_that_branch_may_ask(tx: Tx) -> None:
    """IDEM-9: a colleague and another branch's supervisor see nothing there."""
    execute(tx, command(), counts)
    assert fence(tx, KEY, SUPERVISOR, 2_000).state == "succeeded"
    for somebody in (COLLEAGUE, STRANGER):
        with pytest.raises(Refusal) as refused:
            fence(tx, KEY, somebody, 2_000)
        assert refused.value.status == 404


def test_a_look_alike_is_asked_about_within_ten_minutes_only(tx: Tx) -> None:
    """IDEM-11: same user, kind, target and amount; confirmed, later, or anything else goes through."""
    guard = signature(command(), "customer-1", "savings", 500)

    def guarded(tx: Tx, asked: Command) -> Reply:
        refuse_duplicate(tx, asked, guard)
        return replace(counts(tx, asked), guard=guard)

    execute(tx, command(), guarded)
    last = 1_000 + DUPLICATE_WINDOW_US - 1
    with pytest.raises(Refusal) as refused:
        execute(tx, command(OTHER_KEY, at_us=last), guarded)
    assert refused.value.extra["duplicate_of"]["key"] == KEY
    execute(tx, replace(command(OTHER_KEY, at_us=last), confirm_duplicate_of=KEY), guarded)
    execute(tx, command(f"{OTHER_KEY}-late", at_us=last + DUPLICATE_WINDOW_US + 2), guarded)
    assert receipts(tx) == 3


def test_signatures_differ_by_user_kind_and_each_part() -> None:
    """IDEM-11: parts cannot run into each other."""
    made = {
        signature(command(), "a", "bc", 1),
        signature(command(), "ab", "c", 1),
        signature(command(), "a", "bc", 2),
        signature(command(who=COLLEAGUE), "a", "bc", 1),
        signature(replace(command(), action="other"), "a", "bc", 1),
    }
    assert len(made) == 5
