"""The audit chain: a row that was changed, deleted or swapped is always found (AUD-1, AUD-2, DUR-6)."""

from __future__ import annotations

import random
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import pytest

from branchtui.contract.sessions import Role
from branchtui.ledger import audit
from branchtui.ledger.access import Principal, Scope
from branchtui.ledger.store import migrate
from branchtui.ledger.store.rows import AuditRow, ChainHead
from branchtui.ledger.store.sqlite import connect
from branchtui.ledger.store.unit import Batch, Tx

WHO = Principal(
    "u1", "achieng", "p1", Role.TELLER, "nku", Scope(frozenset({"nku"})), session_id="s1", address="::1"
)


def make_chain(tx: Tx, count: int, branch: str = "nku", at_us: int = 1_000) -> list[AuditRow]:
    return [
        audit.append(
            tx,
            audit.Event(
                "record.post",
                object=f"/v1/x/{place}",
                after={"n": place},
                reason="Ngũgĩ" if place % 2 else None,
            ),
            branch_id=branch,
            principal=WHO,
            at_us=at_us,
            operation_key=f"key-{place}",
            request_id=None,
        )
        for place in range(count)
    ]


def is_sound(rows: list[AuditRow], head: ChainHead) -> bool:
    """What a verifier does: gapless numbers, each hash right and continued, the head at the end."""
    before, seq = audit.GENESIS, 0
    for row in rows:
        if row.seq != seq + 1 or row.prev_hash != before or audit.row_hash(row) != row.hash:
            return False
        before, seq = row.hash, row.seq
    return (head.seq, head.hash) == (seq, before)


@pytest.fixture
def tx(tmp_path: Path) -> Tx:
    connection = connect(tmp_path / "ledger.db")
    migrate.upgrade(connection)
    return Batch(connection).begin()


def test_each_row_continues_the_one_before_and_the_head_is_the_last(tx: Tx) -> None:
    """AUD-2: bound by hashes; every branch has its own chain."""
    rows, other = make_chain(tx, 5), make_chain(tx, 2, "ksm")
    head, other_head = tx.get(ChainHead, "nku"), tx.get(ChainHead, "ksm")
    assert head is not None
    assert other_head is not None
    assert is_sound(rows, head)
    assert is_sound(other, other_head)
    assert rows[0].prev_hash == other[0].prev_hash == audit.GENESIS


def test_time_never_steps_back_in_a_chain(tx: Tx) -> None:
    """DUR-6: strictly increasing, even when the wall clock is put back."""
    times = [make_chain(tx, 1, at_us=at)[0].at for at in (5_000, 5_000, 10, 9_000)]
    assert times == [5_000, 5_001, 5_002, 9_000]


def test_a_session_is_named_by_a_hash_alone(tx: Tx) -> None:
    """AUD-1: `session_id_hash`; the id itself is not in the chain."""
    (row,) = make_chain(tx, 1)
    assert row.session_hash is not None
    assert "s1" not in row.session_hash


@pytest.mark.parametrize("name", [field.name for field in fields(AuditRow)])
def test_a_change_to_any_member_is_found(tx: Tx, name: str) -> None:
    """T-12: no member of a row is outside its hash."""
    rows = make_chain(tx, 3)
    head = tx.get(ChainHead, "nku")
    assert head is not None
    value: Any = getattr(rows[1], name)
    changed: Any = (
        b"\x00" * 32 if isinstance(value, bytes) else (value + 1 if isinstance(value, int) else f"{value}x")
    )
    assert not is_sound([rows[0], replace(rows[1], **{name: changed}), rows[2]], head)


def test_ten_thousand_forgeries_are_all_found(tx: Tx) -> None:
    """T-12: a deleted row, two swapped rows, a repeated row, or a member changed anywhere in the chain."""
    rows = make_chain(tx, 40)
    head = tx.get(ChainHead, "nku")
    assert head is not None
    seed = 20_260_930
    print(f"SEED={seed}")
    chance = random.Random(seed)
    names = [field.name for field in fields(AuditRow)]
    for _ in range(10_000):
        forged = list(rows)
        at, other = chance.sample(range(40), 2)
        kind = chance.randrange(4)
        if kind == 0:
            del forged[at]
        elif kind == 1:
            forged[at], forged[other] = forged[other], forged[at]
        elif kind == 2:
            forged.insert(at, forged[other])
        else:
            name = chance.choice(names)
            forged[at] = replace(forged[at], **{name: getattr(forged[other], name)})
            if forged == rows:
                continue
        assert not is_sound(forged, head)


def test_a_forger_who_makes_the_hash_again_breaks_the_next_link(tx: Tx) -> None:
    """AUD-2: one row cannot be changed without rewriting all that follow, and the head."""
    rows = make_chain(tx, 3)
    head = tx.get(ChainHead, "nku")
    assert head is not None
    forged = replace(rows[1], actor="nobody")
    forged = replace(forged, hash=audit.row_hash(forged))
    assert not is_sound([rows[0], forged, rows[2]], head)
    # Nor does it help to point the next row to the forged one: what it points to is part of its own hash.
    assert not is_sound([rows[0], forged, replace(rows[2], prev_hash=forged.hash)], head)
