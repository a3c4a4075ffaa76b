"""Clients who work against a ledger that will die, and who know afterwards what they may believe.

Every change is noted before it is sent, as the terminal's own journal does: what was answered is
acknowledged or refused, and the rest is unknown until its key settles it.
"""

from __future__ import annotations

import itertools
import json
import threading
import uuid
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import httpx
from tests.ledger.files import table, upload
from tests.ledger.running import Api
from tests.ledger.till import MASK, message

if TYPE_CHECKING:
    from collections.abc import Callable

RECORDS: Final = "/v1/balance-records"
FILE_ROWS: Final = 45


@dataclass
class Sent:
    """One keyed change and what is known of it. `effects` counts its rows: 1 when done, else 0."""

    key: str
    method: str
    path: str
    body: Any
    if_match: int | None
    effects: tuple[str, tuple[Any, ...]]
    status: int | None = None
    answer: bytes = b""

    @property
    def acknowledged(self) -> bool:
        """Whether the client was told that it is done."""
        return self.status is not None and self.status < 300


@dataclass
class Told:
    """A provider's confirmation: what it was answered, or None."""

    code: str
    status: int | None = None


@dataclass
class Crowd:
    """Six clients over one ledger; `work` returns when the ledger no longer answers, or `enough` says stop."""

    url: str
    token: str
    callback_token: str
    customer_id: str
    tag: str
    sent: list[Sent] = field(default_factory=list)
    told: list[Told] = field(default_factory=list)
    enough: threading.Event = field(default_factory=threading.Event)
    refused: set[str] = field(default_factory=set)
    """Keys of which somebody was told that nothing was done, although a later try may do it."""

    answered: int = 0
    goal: int = 0
    at_goal: Callable[[], None] = lambda: None

    def __post_init__(self) -> None:
        self._numbers = itertools.count()
        self._lock = threading.Lock()

    def work(self) -> None:
        """Work until the line is dead."""
        workers = (self._counter, self._counter, self._counter, self._provider, self._provider, self._clerk)
        with ThreadPoolExecutor(len(workers)) as crowd:
            for done in [crowd.submit(self._until_death, worker) for worker in workers]:
                done.result()

    def _until_death(self, worker: Callable[[Api], None]) -> None:
        hooks = {"response": [self._hear]}
        with httpx.Client(base_url=self.url, timeout=30.0, trust_env=False, event_hooks=hooks) as client:
            try:
                while not self.enough.is_set():
                    worker(Api(client, "supervisor", self.token))
            except httpx.TransportError:
                return

    def _hear(self, answer: httpx.Response) -> None:
        """A ledger whose database is away is a dead line; what it says of the outcome is noted."""
        if answer.status_code != 503:
            return
        answer.read()
        if answer.json()["outcome"] == "not_applied" and "idempotency-key" in answer.request.headers:
            self.refused.add(answer.request.headers["idempotency-key"])
        raise httpx.ReadError("the database is away")

    def _counter(self, api: Api) -> None:
        """A teller: enters a record and posts it."""
        number = next(self._numbers)
        reference = f"{self.tag}-{number}"
        body = self._record(reference, 1_000 + number)
        one = ("SELECT COUNT(*) FROM balance_records WHERE external_ref = ?", (reference,))
        record = self._send(api, "POST", RECORDS, body, effects=one).json()
        path = f"{RECORDS}/{record['id']}/post"
        one = ("SELECT COUNT(*) FROM journal_entries WHERE subject_id = ?", (record["id"],))
        self._send(api, "POST", path, None, if_match=record["version"], effects=one)

    def _provider(self, api: Api) -> None:
        """A provider confirms a payment, a teller associates it."""
        told = Told(f"{self.tag}{next(self._numbers):04d}")
        with self._lock:
            self.told.append(told)
        told.status = confirm(api, self.callback_token, told.code).status_code
        self._count()
        assert told.status == 200
        found = api.get("/v1/payments", q=told.code).json()["items"]
        payment = next(each for each in found if each["code"] == told.code)
        path, key = f"/v1/payments/{payment['id']}/associate", str(uuid.uuid4())
        one = ("SELECT COUNT(*) FROM journal_entries WHERE operation_key = ?", (key,))
        body = {"customer_id": self.customer_id}
        self._send(api, "POST", path, body, key=key, if_match=payment["version"], effects=one)

    def _clerk(self, api: Api) -> None:
        """A clerk: imports a file, waits for its job, posts all of it by another job."""
        number = next(self._numbers)
        rows = [
            f"000102,savings,{each}.50,KES,2026-09-30,,{self.tag}-F{number}-{each}"
            for each in range(FILE_ROWS)
        ]
        rows[0] = rows[0].replace(",0.50,", ",0.75,")
        asked = {"upload_id": upload(api, table(*rows).encode()), "kind": "balance-records"}
        asked["mode"] = "valid_rows" if number % 2 else "all_or_nothing"
        one = ("SELECT COUNT(*) FROM imports WHERE upload_id = ?", (asked["upload_id"],))
        accepted = self._send(api, "POST", "/v1/imports", asked, effects=one).json()
        wait_for_job(api, accepted["job_id"])
        filters = {"import_id": accepted["import_id"]}
        seen = api.get(f"{RECORDS}/summary", **filters).json()
        body = {"filter": filters, **{name: seen[name] for name in ("count", "total_minor", "set_hash")}}
        key = str(uuid.uuid4())
        one = ("SELECT COUNT(*) FROM jobs WHERE subject_id = ?", (key,))
        posting = self._send(api, "POST", f"{RECORDS}/post-all", body, key=key, effects=one)
        wait_for_job(api, posting.headers["location"].rpartition("/")[2])

    def _record(self, reference: str, amount_minor: int) -> dict[str, Any]:
        return {
            "customer_id": self.customer_id,
            "account_kind": "savings",
            "amount_minor": amount_minor,
            "currency": "KES",
            "as_of_date": "2026-09-30",
            "external_ref": reference,
        }

    def _send(
        self,
        api: Api,
        method: str,
        path: str,
        body: Any,
        *,
        effects: tuple[str, tuple[Any, ...]],
        key: str | None = None,
        if_match: int | None = None,
    ) -> httpx.Response:
        intent = Sent(key or str(uuid.uuid4()), method, path, body, if_match, effects)
        with self._lock:
            self.sent.append(intent)
        answer = send_again(api, intent)
        intent.status, intent.answer = answer.status_code, answer.content
        self._count()
        assert answer.is_success, answer.text
        return answer

    def _count(self) -> None:
        with self._lock:
            self.answered += 1
            if self.answered == self.goal:
                self.at_goal()


def send_again(api: Api, intent: Sent) -> httpx.Response:
    """The very same request under the very same key."""
    return api.send(intent.method, intent.path, intent.body, key=intent.key, if_match=intent.if_match)


def confirm(api: Api, callback_token: str, code: str) -> httpx.Response:
    """What the provider says, and says again."""
    body = json.dumps(message(code, BillRefNumber="", MSISDN=MASK)).encode()
    path = f"/v1/callbacks/mpesa/{callback_token}/confirmation"
    return api.client.post(path, content=body, headers={"content-type": "application/json"})


def wait_for_job(api: Api, job_id: str) -> dict[str, Any]:
    """The job at its end, which is a good one."""
    while True:
        job: dict[str, Any] = api.get(f"/v1/jobs/{job_id}", wait=20).json()
        if job["state"] in {"succeeded", "failed"}:
            assert job["state"] == "succeeded", job
            return job
