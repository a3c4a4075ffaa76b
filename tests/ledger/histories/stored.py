"""What a ledger has stored: the chain of one branch, and the answers under the keys."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tests.ledger.histories.op import Op

if TYPE_CHECKING:
    from branchtui.ledger.store.engine import Store


@dataclass(frozen=True)
class Kept:
    """An answer under a key; `made` is the id at the end of what it names."""

    status: int
    body: bytes
    made: str | None

    @property
    def json(self) -> dict[str, Any]:
        """The body."""
        found: dict[str, Any] = json.loads(self.body) if self.body else {}
        return found


@dataclass
class Stored:
    """`order` holds key and number of each operation of the chain, in order; of two rows under a key the last."""

    answers: dict[str, Kept]
    rows_of_chain: Counter[str]
    order: list[tuple[str, int]]
    last: int
    payments: dict[str, str] = field(default_factory=dict)
    """Provider's code to the key that recorded it."""

    def key_of(self, op: Op) -> str:
        """The key of an operation; that of a provider's message is the ledger's own."""
        return self.payments.get(op.args["code"], op.args["code"]) if op.kind == "confirm" else op.key


def read_stored(store: Store, branch_id: str, before: frozenset[str]) -> Stored:
    """The ledger at rest, without the operations whose keys are in `before`."""
    connection = store.connect(read_only=True)
    try:
        connection.begin_reading()
        answers = {
            key: Kept(status, bytes(body), resource.rpartition("/")[2] if resource else None)
            for key, status, body, resource in connection.execute(
                "SELECT key, status, body, resource FROM operations"
            )
        }
        rows = list(
            connection.execute(
                "SELECT seq, operation_key FROM audit WHERE branch_id = ? ORDER BY seq", (branch_id,)
            )
        )
        payments = connection.execute(
            "SELECT code, operation_key FROM payments JOIN journal_entries ON subject_id = payments.id"
            " WHERE journal_entries.kind = 'payment.receive'"
        )
        by_code: dict[str, str] = dict(payments)
    finally:
        connection.close()
    answers = {key: kept for key, kept in answers.items() if key not in before}
    rows = [(seq, key) for seq, key in rows if key not in before]
    last = {key: seq for seq, key in rows if key is not None}
    return Stored(
        answers=answers,
        rows_of_chain=Counter(key for _, key in rows if key is not None),
        order=sorted(last.items(), key=lambda each: each[1]),
        last=rows[-1][0],
        payments=by_code,
    )
