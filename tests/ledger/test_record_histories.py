"""Any sequence of commands on balance records keeps the books right (INV-1, INV-2, INV-3)."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.ledger.running import Api, Member, RunningLedger

pytestmark = pytest.mark.both_stores

RECORDS = "/v1/balance-records"
KINDS = ("savings", "shares", "loan", "overpayment")

STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("create"), st.sampled_from(KINDS), st.integers(1, 10**15)),
        st.tuples(
            st.sampled_from(["post", "edit", "delete", "reverse"]), st.integers(0, 5), st.integers(1, 10**15)
        ),
        st.tuples(st.sampled_from(["post-all", "delete-all"]), st.just(0), st.just(0)),
    ),
    max_size=12,
)


class Model:
    """What the books must say: the records that exist, and what each kind of account holds or owes."""

    def __init__(self, api: Api, member: Member, today: str) -> None:
        self.api, self.member, self.today = api, member, today
        self.records: list[dict[str, Any]] = []
        self.balances = dict.fromkeys(KINDS, 0)

    def run(self, step: tuple[str, Any, int]) -> None:
        command, which, amount = step
        if command == "create":
            self.create(which, amount)
        elif command.endswith("-all"):
            self.all(command)
        elif self.records:
            self.one(command, self.records[which % len(self.records)], amount)

    def create(self, kind: str, amount: int) -> None:
        body = {
            "customer_id": self.member.id,
            "account_kind": kind,
            "amount_minor": amount,
            "currency": "KES",
            "as_of_date": self.today,
            "external_ref": f"{self.member.id}-{len(self.records)}",
        }
        answer = self.api.post(RECORDS, body)
        assert answer.status_code == 201
        self.records.append(answer.json())

    def one(self, command: str, record: dict[str, Any], amount: int) -> None:
        path = f"{RECORDS}/{record['id']}"
        if command == "edit":
            answer = self.api.patch(path, {"amount_minor": amount}, if_match=record["version"])
        elif command == "delete":
            answer = self.api.delete(path, if_match=record["version"])
        else:
            body = {"reason": "wrong"} if command == "reverse" else None
            answer = self.api.post(f"{path}/{command}", body, if_match=record["version"])
        status = record["status"]
        if status == "gone":
            assert answer.status_code == 404
            return
        permitted = status == ("accounted" if command == "reverse" else "not_accounted")
        assert answer.status_code == ((204 if command == "delete" else 200) if permitted else 409)
        if not permitted:
            return
        if command == "delete":
            record["status"] = "gone"
            return
        record.update(answer.json())
        if command in {"post", "reverse"}:
            self.moved(record, 1 if command == "post" else -1)

    def all(self, command: str) -> None:
        waiting = [record for record in self.records if record["status"] == "not_accounted"]
        figures = self.api.get(f"{RECORDS}/summary", customer=self.member.id).json()
        assert figures["count"] == len(waiting)
        total = sum(record["amount_minor"] for record in waiting)
        assert figures.pop("total_minor") == total
        figures.pop("currency")
        body = {"filter": {"customer": self.member.id}, "total_minor": total, **figures}
        answer = self.api.post(f"{RECORDS}/{command}", body)
        assert answer.status_code == (200 if waiting else 422)
        for record in waiting:
            record["status"] = "accounted" if command == "post-all" else "gone"
            record["version"] += 1
            if command == "post-all":
                self.moved(record, 1)

    def moved(self, record: dict[str, Any], sign: int) -> None:
        self.balances[record["account_kind"]] += sign * record["amount_minor"]

    def agrees_with(self, ledger: RunningLedger) -> None:
        accounts = ledger.query("SELECT kind, id FROM accounts WHERE customer_id = ?", self.member.id)
        held = {kind: ledger.balance_minor(account_id) for kind, account_id in accounts if kind != "wallet"}
        assert held == {kind: self.balances[kind] for kind in held}
        assert all(self.balances[kind] == 0 for kind in KINDS if kind not in held)
        shown = {each["id"]: each["status"] for each in self.api.pages(RECORDS, customer=self.member.id)}
        assert shown == {each["id"]: each["status"] for each in self.records if each["status"] != "gone"}


@settings(
    max_examples=30,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(steps=STEPS)
def test_any_history_leaves_the_balances_that_it_says(
    running_ledger: RunningLedger, steps: list[tuple[str, Any, int]]
) -> None:
    """INV-1 to 3: right and wrong commands in any order; answers, balances and states agree with a model."""
    model = Model(
        running_ledger.sign_in("supervisor"), running_ledger.add_member(), running_ledger.today().isoformat()
    )
    for step in steps:
        model.run(step)
    model.agrees_with(running_ledger)
    running_ledger.check()
