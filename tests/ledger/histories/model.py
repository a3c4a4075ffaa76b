"""The ledger as one thread would keep it: what each command must answer, and what a read may see afterwards.

Rules as in `contract.md` sections 4, 5 and 9, written once more and without the ledger's code. Every
value that a read can see is a *cell*, named by a tuple; `touched` names the cells that the last command
may have changed.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from dataclasses import dataclass
from typing import Any, Final

from tests.ledger.histories.op import Op
from tests.ledger.running import TELLER_LIMIT_MINOR

Cell = tuple[str, ...]
Answer = dict[str, Any]

WAITS, POSTED, REVERSED = "not_accounted", "accounted", "reversed"
SUPERVISOR: Final = "supervisor"
CONTRA, RECEIPTS, FLOAT = "opening-balance-contra", "unallocated-receipts", "provider-float"


@dataclass
class Record:
    """A balance record."""

    id: str
    customer: str
    kind: str
    amount: int
    ref: str
    by: str
    version: int = 1
    status: str = WAITS


@dataclass
class Payment:
    """A payment that arrived."""

    id: str
    amount: int
    version: int = 1
    customer: str | None = None


@dataclass
class Request:
    """A request for a second person."""

    id: str
    record: str
    seen: int
    maker: str
    version: int = 1
    state: str = "pending"


def refused(status: int, code: str, **more: Any) -> Answer:
    """A refusal as it is compared."""
    return {"status": status, "code": code, **more}


class Model:
    """One branch. `apply` does what an operation asks and returns the answer that is right."""

    def __init__(self) -> None:
        self.records: dict[str, Record] = {}
        self.payments: dict[str, Payment] = {}
        self.requests: dict[str, Request] = {}
        self.pending: dict[str, str] = {}
        self.waiting: dict[str, dict[str, Record]] = defaultdict(dict)
        self.refs: dict[str, str] = {}
        self.held: dict[str, dict[str, int]] = defaultdict(dict)
        """What customers hold or owe, as they read it: by customer and kind."""
        self.books = {CONTRA: 0, RECEIPTS: 0, FLOAT: 0}
        """The institution's own accounts, debits positive."""
        self.touched: set[Cell] = set()

    def apply(self, op: Op, made: str | None) -> Answer:
        """The right answer to `op`; `made` is the id that the ledger gave to what was made."""
        self.touched = set()
        command = getattr(self, f"_{op.kind.replace('-', '_')}")
        answer: Answer = command(op, made)
        return answer

    def value(self, cell: Cell) -> Any:
        """What a read of this cell sees now."""
        what, *names = cell
        return getattr(self, f"_see_{what}")(*names)

    # ── balance records ─────────────────────────────────────────────────────────────────────────────────────────────

    def _create(self, op: Op, made: str | None) -> Answer:
        if op.args["ref"] in self.refs:
            return refused(409, "reference-taken")
        assert made is not None, "a record that was made has an id"
        asked = op.args
        record = Record(made, asked["customer"], asked["account_kind"], asked["amount"], asked["ref"], op.who)
        self.records[made] = record
        self.refs[record.ref] = made
        return self._changed(record, 201)

    def _edit(self, op: Op, _: str | None) -> Answer:
        record = self.records[op.args["id"]]
        if refusal := self._stale(record, op) or self._wrong_state(record, WAITS):
            return refusal
        if record.amount != op.args["amount"]:
            record.amount = op.args["amount"]
            record.version += 1
        return self._changed(record)

    def _delete(self, op: Op, _: str | None) -> Answer:
        record = self.records[op.args["id"]]
        if refusal := self._stale(record, op) or self._wrong_state(record, WAITS):
            return refusal
        self._forget(record)
        return {"status": 204}

    def _post(self, op: Op, _: str | None) -> Answer:
        record = self.records[op.args["id"]]
        if refusal := self._stale(record, op) or self._wrong_state(record, WAITS):
            return refusal
        self._move(record, POSTED)
        return self._moved(record)

    def _reverse(self, op: Op, _: str | None) -> Answer:
        record = self.records[op.args["id"]]
        if refusal := self._stale(record, op) or self._wrong_state(record, POSTED):
            return refusal
        self._move(record, REVERSED)
        return self._moved(record)

    def _post_all(self, op: Op, _: str | None) -> Answer:
        found = self._set_of(op.args["customer"], op.who)
        if refusal := self._other_set(found, op):
            return refusal
        for record in found:
            self._move(record, POSTED)
        return {"status": 200, **self._figures(found)}

    def _delete_all(self, op: Op, _: str | None) -> Answer:
        found = self._set_of(op.args["customer"], op.who)
        if refusal := self._other_set(found, op):
            return refusal
        figures = self._figures(found)
        for record in found:
            self._forget(record)
        return {"status": 200, **figures}

    # ── payments ────────────────────────────────────────────────────────────────────────────────────────────────────

    def _confirm(self, op: Op, made: str | None) -> Answer:
        assert made is not None, "a payment has an id"
        payment = self.payments[made] = Payment(made, op.args["amount"])
        self.books[FLOAT] += payment.amount
        self.books[RECEIPTS] -= payment.amount
        self.touched |= {("books",), ("unassociated",), ("payment", made)}
        return {"status": 200}

    def _associate(self, op: Op, _: str | None) -> Answer:
        payment = self.payments[op.args["id"]]
        if payment.version != op.args["seen"]:
            return refused(412, "precondition-failed", current=payment.version)
        if payment.customer is not None:
            return refused(409, "already-associated")
        return self._give(payment, op.args["customer"], payment.amount)

    def _disassociate(self, op: Op, _: str | None) -> Answer:
        payment = self.payments[op.args["id"]]
        if payment.version != op.args["seen"]:
            return refused(412, "precondition-failed", current=payment.version)
        if payment.customer is None:
            return refused(409, "not-associated")
        return self._give(payment, payment.customer, -payment.amount)

    def _give(self, payment: Payment, customer: str, amount: int) -> Answer:
        held = self.held[customer]
        held["wallet"] = held.get("wallet", 0) + amount
        self.books[RECEIPTS] += amount
        payment.customer = customer if amount > 0 else None
        payment.version += 1
        self.touched |= {("books",), ("accounts", customer), ("unassociated",), ("associated",)}
        self.touched.add(("payment", payment.id))
        return self._see_answer(200, self._see_payment(payment.id), held["wallet"])

    # ── requests for a second person ────────────────────────────────────────────────────────────────────────────────

    def _file(self, op: Op, made: str | None) -> Answer:
        record = self.records[op.args["id"]]
        if refusal := self._stale(record, op) or self._wrong_state(record, WAITS):
            return refusal
        if record.amount <= TELLER_LIMIT_MINOR:
            return refused(409, "transition-not-allowed")
        other = self.requests.get(self.pending.get(record.id, ""))
        if other is not None:
            if other.seen == record.version:
                return refused(409, "approval-already-pending")
            self._settle(other, "stale")
        assert made is not None, "a request that was filed has an id"
        self.requests[made] = Request(made, record.id, record.version, op.who)
        self.pending[record.id] = made
        self.touched.add(("request", made))
        return {"status": 202, "version": 1, "state": "pending"}

    def _approve(self, op: Op, _: str | None) -> Answer:
        request = self.requests[op.args["id"]]
        if request.state != "pending":
            return refused(409, "approval-settled")
        record = self.records.get(request.record)
        if record is None or record.version != request.seen:
            return refused(409, "stale-approval")
        self._move(record, POSTED)
        return self._settle(request, "approved")

    def _reject(self, op: Op, _: str | None) -> Answer:
        request = self.requests[op.args["id"]]
        if request.state != "pending":
            return refused(409, "approval-settled")
        return self._settle(request, "rejected")

    def _withdraw(self, op: Op, _: str | None) -> Answer:
        request = self.requests[op.args["id"]]
        if request.state != "pending":
            return refused(409, "approval-settled")
        return self._settle(request, "withdrawn")

    def _settle(self, request: Request, state: str) -> Answer:
        request.state = state
        request.version += 1
        if self.pending.get(request.record) == request.id:
            del self.pending[request.record]
        self.touched.add(("request", request.id))
        return {"status": 200, "version": request.version, "state": state}

    # ── what reads see ──────────────────────────────────────────────────────────────────────────────────────────────

    def _see_record(self, record_id: str) -> Any:
        found = self.records.get(record_id)
        return None if found is None else (found.version, found.status, found.amount)

    def _see_payment(self, payment_id: str) -> Any:
        found = self.payments.get(payment_id)
        if found is None:
            return None
        state = "unassociated" if found.customer is None else "associated"
        return (found.version, state, found.customer)

    def _see_request(self, request_id: str) -> Any:
        """As it is stored, whatever became of its record."""
        found = self.requests.get(request_id)
        return None if found is None else (found.version, found.state)

    def _see_accounts(self, customer: str) -> Any:
        """A wallet is there from the first day on, an account of another kind when money first moves on it."""
        return {kind: held for kind, held in self.held[customer].items() if held or kind != "wallet"}

    def _see_set(self, customer: str) -> Any:
        """The set of a supervisor."""
        return self._figures(self._set_of(customer, SUPERVISOR), with_hash=True)

    def _see_books(self) -> Any:
        return dict(self.books)

    def _see_total(self) -> int:
        """Of all balances, debits positive: what one account gives another one takes."""
        return 0

    def _see_waiting(self) -> Any:
        amounts = [each.amount for waiting in self.waiting.values() for each in waiting.values()]
        return (len(amounts), sum(amounts))

    def _see_unassociated(self) -> Any:
        amounts = [each.amount for each in self.payments.values() if each.customer is None]
        return (len(amounts), sum(amounts))

    def _see_associated(self) -> Any:
        amounts = [each.amount for each in self.payments.values() if each.customer is not None]
        return (len(amounts), sum(amounts))

    # ── parts ───────────────────────────────────────────────────────────────────────────────────────────────────────

    @staticmethod
    def _stale(record: Record, op: Op) -> Answer | None:
        if record.version == op.args["seen"]:
            return None
        return refused(412, "precondition-failed", current=record.version)

    @staticmethod
    def _wrong_state(record: Record, wanted: str) -> Answer | None:
        if record.status == wanted:
            return None
        code = "record-accounted" if record.status == POSTED else "transition-not-allowed"
        return refused(409, code)

    def _set_of(self, customer: str, who: str) -> list[Record]:
        return sorted(
            (
                each
                for each in self.waiting[customer].values()
                if who == SUPERVISOR or (each.by == who and each.amount <= TELLER_LIMIT_MINOR)
            ),
            key=lambda each: each.id,
        )

    def _other_set(self, found: list[Record], op: Op) -> Answer | None:
        figures = self._figures(found, with_hash=True)
        if figures != {name: op.args[name] for name in figures}:
            return refused(409, "batch-changed", **figures)
        return None if found else refused(422, "validation")

    @staticmethod
    def _figures(found: list[Record], *, with_hash: bool = False) -> dict[str, Any]:
        figures: dict[str, Any] = {
            "count": len(found),
            "total_minor": sum(each.amount for each in found),
        }
        if with_hash:
            lines = "".join(f"{each.id}:{each.version}\n" for each in found)
            figures["set_hash"] = hashlib.sha256(lines.encode()).hexdigest()
        return figures

    def _move(self, record: Record, status: str) -> None:
        amount = record.amount if status == POSTED else -record.amount
        held = self.held[record.customer]
        held[record.kind] = held.get(record.kind, 0) + amount
        self.books[CONTRA] += -amount if record.kind == "loan" else amount
        record.status = status
        record.version += 1
        self.touched |= {("books",), ("accounts", record.customer)}
        self._changed(record)

    def _moved(self, record: Record) -> Answer:
        seen = self._see_record(record.id)
        return self._see_answer(200, seen, self.held[record.customer][record.kind])

    def _forget(self, record: Record) -> None:
        del self.records[record.id]
        del self.refs[record.ref]
        self._changed(record)

    def _changed(self, record: Record, status: int = 200) -> Answer:
        waiting = self.waiting[record.customer]
        if record.id in self.records and record.status == WAITS:
            waiting[record.id] = record
        else:
            waiting.pop(record.id, None)
        self.touched |= {("record", record.id), ("set", record.customer), ("waiting",)}
        return self._see_answer(status, self._see_record(record.id), None)

    @staticmethod
    def _see_answer(status: int, resource: Any, balance: int | None) -> Answer:
        return {"status": status, "resource": resource, "balance": balance}


def told(kind: str, status: int, body: dict[str, Any]) -> Answer:
    """An answer of the ledger, reduced to what the model answers."""
    if status >= 400:
        found = refused(status, body.get("code", ""))
        if status == 412:
            found["current"] = body["current"]["version"]
        if body.get("code") == "batch-changed":
            found |= {name: body[name] for name in ("count", "total_minor", "set_hash")}
        return found
    if kind in {"delete", "confirm"}:
        return {"status": status}
    if kind in {"post-all", "delete-all"}:
        return {"status": status, "count": body["count"], "total_minor": body["total_minor"]}
    if kind in {"file", "approve", "reject", "withdraw"}:
        return {"status": status, "version": body["version"], "state": body["state"]}
    seen = seen_payment(body) if kind in {"associate", "disassociate"} else seen_record(body)
    balances = [each["balance_minor"] for each in body["balances"]]
    return Model._see_answer(status, seen, balances[0] if balances else None)


def seen_record(body: dict[str, Any]) -> Any:
    """A record as a cell holds it."""
    return (body["version"], body["status"], body["amount_minor"])


def seen_payment(body: dict[str, Any]) -> Any:
    """A payment as a cell holds it."""
    return (body["version"], body["state"], body["customer_id"])
