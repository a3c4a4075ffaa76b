"""Clients: each draws operations, sends them to whichever ledger, and writes down what it was told.

`python -m tests.ledger.histories.client` reads the orders of its clients, a JSON list, from standard input.
"""

from __future__ import annotations

import json
import random
import sys
import threading
import time
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

import httpx
from tests.ledger.histories.op import Op
from tests.ledger.running import PASSWORD, TELLER_LIMIT_MINOR, Api, fresh_key
from tests.ledger.till import MASK, message

RECORDS, PAYMENTS, APPROVALS = "/v1/balance-records", "/v1/payments", "/v1/approvals"
KINDS: Final = ("savings", "shares", "loan", "overpayment")
REMEMBERED: Final = 12
"""Things that a client has seen lately and does something to; few, so that clients meet."""

STORM: Final = 50
PATIENCE_SECONDS: Final = 60.0
PAUSE_SECONDS: Final = 0.02
_CONFIRMED: Final = {"content-type": "application/json"}

MIX: Final = {
    "create": 16, "edit": 14, "delete": 3, "post": 10, "reverse": 4, "post-all": 2, "delete-all": 1,
    "confirm": 7, "associate": 8, "disassociate": 4, "file": 6, "approve": 6, "reject": 1, "withdraw": 1,
    "read-record": 5, "read-payment": 3, "read-set": 3, "read-accounts": 5, "read-day": 4,
    "list-records": 7, "list-payments": 4, "list-requests": 3,
}  # fmt: skip
"""How often each is drawn."""


_SET: Final = {
    "filter": {"customer": "<customer>"},
    "count": "<count>",
    "total_minor": "<total_minor>",
    "set_hash": "<set_hash>",
}
_SENT: Final[dict[str, tuple[str, str, Any]]] = {
    "create": ("POST", RECORDS, {
        "customer_id": "<customer>", "account_kind": "<account_kind>", "amount_minor": "<amount>",
        "currency": "KES", "as_of_date": "2026-09-30", "external_ref": "<ref>",
    }),
    "edit": ("PATCH", f"{RECORDS}/<id>", {"amount_minor": "<amount>"}),
    "delete": ("DELETE", f"{RECORDS}/<id>", None),
    "post": ("POST", f"{RECORDS}/<id>/post", None),
    "reverse": ("POST", f"{RECORDS}/<id>/reverse", {"reason": "wrong book"}),
    "post-all": ("POST", f"{RECORDS}/post-all", _SET),
    "delete-all": ("POST", f"{RECORDS}/delete-all", _SET),
    "associate": ("POST", f"{PAYMENTS}/<id>/associate", {"customer_id": "<customer>"}),
    "disassociate": ("POST", f"{PAYMENTS}/<id>/disassociate", {"reason": "the wrong customer"}),
    "file": ("POST", APPROVALS, {
        "action": "balance-record.post", "object_id": "<id>", "object_version": "<seen>", "reason": "too much",
    }),
    "approve": ("POST", f"{APPROVALS}/<id>/approve", {"difference_hash": "<hash>"}),
    "reject": ("POST", f"{APPROVALS}/<id>/reject", {"reason": "no"}),
    "withdraw": ("POST", f"{APPROVALS}/<id>/withdraw", None),
}  # fmt: skip
"""Method, path and body of each command; what stands in <> is its argument."""


@dataclass
class Orders:
    """What a client is told to do; `gives_up` is how often it stops asking what became of something."""

    seed: str
    number: int
    urls: list[str]
    customers: list[str]
    callback_token: str
    operations: int
    storms: int
    gives_up: float
    path: str
    mix: dict[str, int] = field(default_factory=lambda: dict(MIX))
    records: list[tuple[str, int]] = field(default_factory=list)
    """What it knows of at the start, with versions."""


NOT_SENT: Final = httpx.Response(503, json={"code": "unreachable", "outcome": "not_applied"})


class GaveUp(Exception):
    """Nobody answered, and this client asks no more: the outcome is unknown to it."""


class Client:
    """Does one operation after another."""

    def __init__(self, orders: Orders) -> None:
        self.orders = orders
        self.chance = random.Random(f"{orders.seed}/{orders.number}")
        self.lines = [httpx.Client(base_url=url, timeout=30.0, trust_env=False) for url in orders.urls]
        self.tokens: dict[str, str] = {}
        self.pause = threading.Event()
        self.lock = threading.Lock()
        self.records: deque[tuple[str, int]] = deque(orders.records, maxlen=REMEMBERED)
        self.large: deque[tuple[str, int]] = deque(maxlen=REMEMBERED)
        """Of the records those that are beyond a teller, and waited."""
        self.payments: deque[tuple[str, int]] = deque(maxlen=REMEMBERED)
        self.requests: deque[tuple[str, str, str]] = deque(maxlen=REMEMBERED)
        self.made = 0

    def work(self) -> None:
        """Everything that was ordered; then the history stands in its file."""
        done: list[Op] = []
        storms = set(self.chance.sample(range(self.orders.operations), self.orders.storms))
        while len(done) < self.orders.operations:
            kind = self.chance.choices([*self.orders.mix], [*self.orders.mix.values()])[0]
            op = self.drawn(kind, self.chance.choice(("teller", "teller-b", "supervisor", "supervisor")))
            if op is None:
                continue
            if len(done) in storms:
                op = self.drawn("create", "teller")
                assert op is not None, "a record can always be made"
                op.copies = STORM
            self.run(op)
            done.append(op)
        Path(self.orders.path).write_text("\n".join(op.line() for op in done))

    # ── what is asked ───────────────────────────────────────────────────────────────────────────────────────────────

    def drawn(self, kind: str, who: str) -> Op | None:
        """An operation of this kind; None when there is nothing that it could be about."""
        customer = self.chance.choice(self.orders.customers)
        if kind in {"read-set", "read-accounts", "list-records"}:
            return Op(kind, who, {"customer": customer})
        if kind in {"read-day", "list-payments", "list-requests"}:
            return Op(kind, who, {})
        if kind == "create":
            return Op(kind, who, self._new_record(customer), fresh_key())
        if kind == "confirm":
            self.made += 1
            code = f"H{self.orders.number}X{self.made:06d}"
            return Op(kind, "provider", {"code": code, "amount": self.chance.randint(1, 9_999_999)})
        if kind in {"post-all", "delete-all"}:
            return self._drawn_bulk(kind, who, customer)
        return self._drawn_about(kind, who, customer)

    def _new_record(self, customer: str) -> dict[str, Any]:
        self.made += 1
        amount = self.chance.choice((self.chance.randint(1, 99_999), TELLER_LIMIT_MINOR + self.made))
        # One in ten takes a reference that others take too.
        taken = self.chance.random() < 0.1
        ref = f"R{self.chance.randint(1, 10)}" if taken else f"H{self.orders.number}-{self.made}"
        return {"customer": customer, "account_kind": self.chance.choice(KINDS), "amount": amount, "ref": ref}

    def _drawn_bulk(self, kind: str, who: str, customer: str) -> Op | None:
        seen = Op("read-set", who, {"customer": customer})
        try:
            self.answer(seen)
        except GaveUp:
            return None
        figures = {name: seen.json[name] for name in ("count", "total_minor", "set_hash")}
        return Op(kind, who, {"customer": customer, **figures}, fresh_key())

    def _drawn_about(self, kind: str, who: str, customer: str) -> Op | None:
        """Something about what this client saw lately, in the version that it saw."""
        if kind in {"approve", "reject", "withdraw"}:
            if not self.requests:
                return None
            # Mostly the newest: most of the others are settled.
            newest = self.chance.random() < 0.6
            request_id, signed, maker = self.requests[-1] if newest else self.chance.choice(self.requests)
            who = maker if kind == "withdraw" else "supervisor"
            return Op(kind, who, {"id": request_id, "hash": signed}, fresh_key())
        seen = self.payments if kind in {"associate", "disassociate", "read-payment"} else self.records
        if kind == "file" and self.large and self.chance.random() < 0.8:
            seen = self.large
        if not seen:
            return None
        found, version = self.chance.choice(seen)
        if kind.startswith("read-"):
            return Op(kind, who, {"id": found})
        args: dict[str, Any] = {"id": found, "seen": version}
        if kind == "edit":
            # An amount that nobody else ever gives, so that each accepted edit is known again.
            self.made += 1
            args["amount"] = 1_000_000 * self.orders.number + self.made
        if kind == "associate":
            args["customer"] = customer
        if kind in {"reverse", "disassociate"}:
            who = "supervisor"
        if kind == "file":
            who = self.chance.choice(("teller", "teller-b"))
        return Op(kind, who, args, fresh_key())

    # ── asking ──────────────────────────────────────────────────────────────────────────────────────────────────────

    def run(self, op: Op) -> None:
        """Ask, and remember what may be asked about next; who gives up leaves it unknown."""
        try:
            if op.copies > 1:
                self._storm(op)
            else:
                self.answer(op)
        except GaveUp:
            op.returned = None
            return
        if op.status < 300:
            self._remember(op)

    def _storm(self, op: Op) -> None:
        """The same request under the same key many times at once, at every ledger."""
        copies = [Op(op.kind, op.who, op.args, op.key) for _ in range(op.copies)]
        with ThreadPoolExecutor(op.copies) as pool:
            list(pool.map(lambda copy: self.answer(copy, patient=True), copies))
        op.invoked = min(copy.invoked for copy in copies)
        first = min(copies, key=lambda copy: copy.returned or 0)
        op.returned, op.status, op.body = first.returned, first.status, first.body
        op.more = [
            f"{copy.status} {copy.body!r}"
            for copy in copies
            if (copy.status, copy.body) != (op.status, op.body)
        ]

    def answer(self, op: Op, *, patient: bool = False) -> None:
        """Send until there is an answer that settles it. A read counts from when it was sent last.

        Raises:
            GaveUp: it may have happened.
        """
        op.invoked = time.monotonic_ns()
        until = time.monotonic() + PATIENCE_SECONDS
        in_doubt = False
        while time.monotonic() < until:
            if not op.key and op.kind != "confirm":
                op.invoked = time.monotonic_ns()
            found = self._sent(op)
            if found is None or _is_unknown(found):
                in_doubt = True
                if not patient and self.chance.random() < self.orders.gives_up:
                    raise GaveUp
            elif found.status_code == 401 or _code_of(found) == "step-up":
                self.tokens.pop(op.who, None)
            elif found.status_code != 503 and _code_of(found) != "operation-in-progress":
                op.returned, op.status, op.body = time.monotonic_ns(), found.status_code, found.content
                return
            self.pause.wait(PAUSE_SECONDS)
        if in_doubt:
            raise GaveUp
        raise AssertionError(f"{op.kind} was refused for {PATIENCE_SECONDS} seconds")

    def _sent(self, op: Op) -> httpx.Response | None:
        line = self.chance.choice(self.lines)
        try:
            if op.kind == "confirm":
                amount = f"{op.args['amount'] // 100}.{op.args['amount'] % 100:02d}"
                said = message(op.args["code"], TransAmount=amount, BillRefNumber="", MSISDN=MASK)
                path = f"/v1/callbacks/mpesa/{self.orders.callback_token}/confirmation"
                return line.post(path, content=json.dumps(said).encode(), headers=_CONFIRMED)
            return request(Api(line, op.who, self._token(op.who)), op)
        except httpx.ConnectError:
            return NOT_SENT
        except httpx.TransportError:
            return None

    def _token(self, who: str) -> str:
        with self.lock:
            if who not in self.tokens:
                body = {"username": who, "password": PASSWORD}
                found = Api(self.chance.choice(self.lines)).post("/v1/sessions", body, key="")
                if found.status_code != 201:
                    raise httpx.ReadError(found.text)
                self.tokens[who] = found.json()["access_token"]
            return self.tokens[who]

    def _remember(self, op: Op) -> None:
        if op.kind == "list-records":
            for each in op.json["items"]:
                self._remember_record(each)
        elif op.kind == "list-payments":
            self.payments.extend((each["id"], each["version"]) for each in op.json["items"])
        elif op.kind == "list-requests":
            self.requests.extend(
                (each["id"], each["difference_hash"], each["maker"])
                for each in op.json["items"]
                if each["state"] == "pending"
            )
        elif op.kind in {"create", "edit", "read-record"}:
            self._remember_record(op.json)
        elif op.kind in {"associate", "disassociate", "read-payment"}:
            self.payments.append((op.json["id"], op.json["version"]))

    def _remember_record(self, body: dict[str, Any]) -> None:
        found = (body["id"], body["version"])
        self.records.append(found)
        if body["amount_minor"] > TELLER_LIMIT_MINOR and body["status"] == "not_accounted":
            self.large.append(found)


def request(api: Api, op: Op) -> httpx.Response:
    """Send an operation once."""
    if not op.key:
        return _read(api, op)
    method, path, body = _SENT[op.kind]
    values = {f"<{name}>": value for name, value in op.args.items()}
    filled = _filled(body, values) if body is not None else None
    path = path.replace("<id>", op.args.get("id", ""))
    return api.send(
        method, path, filled, key=op.key, if_match=None if op.kind == "file" else op.args.get("seen")
    )


def _filled(body: Any, values: dict[str, Any]) -> Any:
    """A body with the values of an operation in their places."""
    if isinstance(body, dict):
        return {name: _filled(value, values) for name, value in body.items()}
    return values.get(body, body)


def _read(api: Api, op: Op) -> httpx.Response:
    args = op.args
    match op.kind:
        case "read-record":
            return api.get(f"{RECORDS}/{args['id']}")
        case "read-payment":
            return api.get(f"{PAYMENTS}/{args['id']}")
        case "read-set":
            return api.get(f"{RECORDS}/summary", customer=args["customer"])
        case "read-accounts":
            return api.get(f"/v1/customers/{args['customer']}", include="accounts")
        case "read-day":
            return api.get("/v1/dashboard")
        case "list-records":
            return api.get(RECORDS, customer=args["customer"], limit=10)
        case "list-payments":
            return api.get(PAYMENTS, limit=10)
        case "list-requests":
            return api.get(APPROVALS, limit=10)
    raise AssertionError(op.kind)


def _is_unknown(answer: httpx.Response) -> bool:
    return answer.status_code == 503 and answer.json().get("outcome") == "unknown"


def _code_of(answer: httpx.Response) -> str:
    """The code of a refusal; nothing for what was done."""
    return str(answer.json()["code"]) if answer.status_code >= 400 else ""


def orders_text(orders: list[Orders]) -> str:
    """Orders as they are given to a process."""
    return json.dumps([asdict(each) for each in orders])


def main() -> None:
    """Do what standard input orders, every client on a thread of its own."""
    clients = [Client(Orders(**each)) for each in json.load(sys.stdin)]
    with ThreadPoolExecutor(len(clients)) as pool:
        for done in [pool.submit(client.work) for client in clients]:
            done.result()


if __name__ == "__main__":
    main()
