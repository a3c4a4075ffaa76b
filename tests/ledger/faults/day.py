"""A small day at the counter, straight at a running ledger; tells a listener what was acknowledged.

Customers, balance records (entered, posted, reversed, deleted, all posted), provider payments
(confirmed, associated, taken back), and a file imported: every kind of commit that there is.
"""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, Final

from tests.ledger.faults.recording import Acknowledged
from tests.ledger.files import import_file, table

if TYPE_CHECKING:
    import random
    from collections.abc import Callable

    import httpx
    from tests.ledger.running import Api, RunningLedger
    from tests.ledger.till import Till

RECORDS: Final = "/v1/balance-records"
_KEPT: Final = "SELECT 1 FROM operations WHERE key = ? AND status = ? AND body = ? AND state = 'succeeded'"
_PAID: Final = "SELECT 1 FROM payments WHERE code = ? AND amount_minor = 150000"
_ARRIVED: Final = "SELECT 1 FROM uploads WHERE id = ? AND received >= ?"


def listen(ledger: RunningLedger, tell: Callable[[Acknowledged], None]) -> None:
    """From now on tell of every change that this ledger's client is told to be done."""

    def hear(answer: httpx.Response) -> None:
        asked = answer.request
        if asked.method == "GET" or not answer.is_success:
            return
        answer.read()
        what = f"{asked.method} {asked.url.path}"
        if (key := asked.headers.get("idempotency-key")) is not None:
            tell(Acknowledged(what, _KEPT, (key, answer.status_code, answer.content)))
        elif asked.url.path.endswith("/confirmation"):
            tell(Acknowledged(what, _PAID, (json.loads(asked.content)["TransID"],)))
        elif asked.url.path.startswith("/v1/uploads/"):
            upload_id = asked.url.path.rpartition("/")[2]
            tell(Acknowledged(what, _ARRIVED, (upload_id, answer.json()["offset"])))

    ledger.client.event_hooks = {"response": [hear]}


class Day:
    """What happens, drawn by `chance`; `work` does some of it."""

    def __init__(self, ledger: RunningLedger, till: Till, chance: random.Random, *, tag: str) -> None:
        self._ledger, self._till, self._chance, self._tag = ledger, till, chance, tag
        self._boss: Api = ledger.sign_in("supervisor")
        self._numbers = iter(range(1_000_000))
        self._waiting: list[dict[str, Any]] = []
        self._posted: list[dict[str, Any]] = []
        self._payments: list[dict[str, Any]] = []

    def work(self, steps: int) -> None:
        """Do `steps` things one after another, then several at once, a file, and post all that waits."""
        for _ in range(steps):
            self._chance.choice(
                [self._enter, self._enter, self._post, self._post, self._reverse, self._drop, self._pay]
            )()
        with ThreadPoolExecutor(4) as crowd:
            for done in [crowd.submit(self._enter) for _ in range(16)]:
                done.result()
            waiting, self._waiting = self._waiting, []
            for posted in [crowd.submit(self._post_one, record) for record in waiting[:12]]:
                posted.result()
        number = next(self._numbers)
        rows = [
            f"000101,savings,{each}.50,KES,2026-09-30,,{self._tag}-F{number}-{each}" for each in range(1, 40)
        ]
        assert import_file(self._boss, table(*rows), mode="all_or_nothing")["state"] == "done"
        seen = self._boss.get(f"{RECORDS}/summary").json()
        body = {"filter": {}, **{name: seen[name] for name in ("count", "total_minor", "set_hash")}}
        self._done(self._boss.post(f"{RECORDS}/post-all", body))

    def _enter(self) -> None:
        number = next(self._numbers)
        body = {
            "customer_id": self._till.id_of("000101"),
            "account_kind": "savings",
            "amount_minor": 1_000 + number,
            "currency": "KES",
            "as_of_date": "2026-09-30",
            "external_ref": f"{self._tag}-{number}",
        }
        self._waiting.append(self._done(self._boss.post(RECORDS, body)))

    def _post(self) -> None:
        if self._waiting:
            self._posted.append(self._post_one(self._waiting.pop()))

    def _post_one(self, record: dict[str, Any]) -> dict[str, Any]:
        return self._done(self._boss.post(f"{RECORDS}/{record['id']}/post", if_match=record["version"]))

    def _reverse(self) -> None:
        if self._posted:
            record = self._posted.pop()
            path = f"{RECORDS}/{record['id']}/reverse"
            self._done(self._boss.post(path, {"reason": "wrong book"}, if_match=record["version"]))

    def _drop(self) -> None:
        if self._waiting:
            record = self._waiting.pop()
            self._done(self._boss.delete(f"{RECORDS}/{record['id']}", if_match=record["version"]))

    def _pay(self) -> None:
        code = f"{self._tag}{next(self._numbers):05d}"
        if self._payments and self._chance.random() < 0.5:
            payment = self._payments.pop()
            owned = self._done(self._till.give(payment, "000102"))
            self._done(self._till.take_back(owned, who="supervisor"))
        else:
            self._payments.append(self._till.waiting(code=code))

    def _done(self, answer: httpx.Response) -> dict[str, Any]:
        assert answer.is_success, answer.text
        return answer.json() if answer.content else {}
