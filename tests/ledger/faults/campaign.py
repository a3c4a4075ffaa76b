"""A ledger, or the server that its database lies in, that dies again and again; what is proved each time."""

from __future__ import annotations

import random
import signal
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import httpx
from tests.ledger.faults import seeds
from tests.ledger.faults.crowd import FILE_ROWS, Crowd, Sent, confirm, send_again, wait_for_job
from tests.ledger.faults.served import Doomed

from branchtui.ledger.check import violations
from branchtui.ledger.store.engine import store_at
from branchtui.ledger.store.postgres.store import PostgresStore

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.ledger.running import Api

GOAL: Final = 60
"""Answers by which a random death comes."""

MISSED: Final = 10 * GOAL
"""A point that nobody passed by so many answers counts as missed."""

AFTERWARDS: Final = 20
"""Answers that a ledger gives whose server died and came back, before it is asked for proof."""


@dataclass
class Campaign:
    """One ledger that dies again and again, and what is found each time it stands up."""

    database: str
    callback_token: str
    customer_id: str
    chance: random.Random
    points_struck: set[str] = field(default_factory=set)
    whole: set[str] = field(default_factory=set)
    settled: int = 0
    fenced: int = 0

    def __post_init__(self) -> None:
        self.known = self.known_now()
        self.ledger = Doomed.start(self.database)

    def cycle(self, tag: str, point: str | None) -> None:
        """Load until death at `point` (or at any moment); then everything is proved on the ledger that came back."""
        ledger = self.ledger
        with httpx.Client(base_url=ledger.url, timeout=30.0, trust_env=False) as client:
            token = ledger.sign_in(client).token
        crowd = Crowd(ledger.url, token, self.callback_token, self.customer_id, tag)
        crowd.at_goal = ledger.kill
        crowd.goal = MISSED
        if point is None:
            crowd.goal = self.chance.randint(1, GOAL)
        else:
            ledger.arm("kill", self.chance.randint(1, 6), point)
        try:
            crowd.work()
        finally:
            ledger.kill()
        status, said = ledger.end()
        assert status == -signal.SIGKILL, said
        if point is not None and crowd.answered < crowd.goal:
            self.points_struck.add(point)
        self.prove(crowd)

    def server_dies(self, tag: str, point: str | None, crash: Callable[[], None]) -> None:
        """Load while the server of the database dies and comes back (`crash`); the ledger lives on.

        It dies while the ledger stands at `point`, or at any moment.
        """
        ledger = self.ledger
        with httpx.Client(base_url=ledger.url, timeout=30.0, trust_env=False) as client:
            token = ledger.sign_in(client).token
        crowd = Crowd(ledger.url, token, self.callback_token, self.customer_id, tag)
        crowd.goal = MISSED if point is not None else self.chance.randint(1, GOAL)
        has_died = threading.Event()

        def die() -> None:
            if point is not None and not ledger.is_held():
                return
            has_died.set()
            crash()
            crowd.goal, crowd.at_goal = crowd.answered + AFTERWARDS, crowd.enough.set
            if point is not None:
                ledger.go()
                self.points_struck.add(point)

        death = threading.Thread(target=die)
        crowd.at_goal = crowd.enough.set
        if point is None:
            crowd.at_goal = death.start
        else:
            ledger.arm("hold", self.chance.randint(1, 6), point)
            death.start()
        crowd.work()
        if point is not None and not has_died.is_set():
            ledger.go()
        death.join()
        assert has_died.is_set() or point is not None
        self.prove(crowd)

    def prove(self, crowd: Crowd) -> None:
        """Acknowledged is stored; unknowns settle by their keys; jobs end whole; the invariants hold."""
        self.await_turn()
        stored = dict(self.rows("SELECT key, body FROM operations"))
        lost = [each for each in crowd.sent if each.acknowledged and stored.get(each.key) != each.answer]
        assert not lost, (seeds.seed(), lost)
        assert self.known_now() - self.known <= {each.key for each in crowd.sent} | {
            each.code for each in crowd.told
        }, seeds.seed()
        assert not crowd.refused & stored.keys(), (seeds.seed(), crowd.refused & stored.keys())
        if self.ledger.process.poll() is not None:
            self.ledger = Doomed.start(self.database)
        with httpx.Client(base_url=self.ledger.url, timeout=30.0, trust_env=False) as client:
            api = self.ledger.sign_in(client)
            self.jobs_end_whole(api)
            for number, intent in enumerate(crowd.sent):
                if intent.status is None:
                    self.settle(api, intent, fences=number % 2 == 0, was_stored=intent.key in stored)
            for told in crowd.told:
                if told.status != 200:
                    assert confirm(api, self.callback_token, told.code).status_code == 200
            self.jobs_end_whole(api)
        for intent in crowd.sent:
            assert self.effects(intent) == (1 if intent.acknowledged else 0), (seeds.seed(), intent)
        for told in crowd.told:
            assert self.rows("SELECT COUNT(*) FROM payments WHERE code = ?", told.code) == [(1,)]
        self.known = self.known_now()
        connection = store_at(self.database).connect(read_only=True)
        assert list(violations(connection)) == [], seeds.seed()
        connection.close()

    def settle(self, api: Api, intent: Sent, *, fences: bool, was_stored: bool) -> None:
        """An unknown becomes exactly done or exactly not done: by its fence, or by sending it again."""
        self.settled += 1
        if fences:
            asked = api.get(f"/v1/operations/{intent.key}")
            assert asked.status_code == (200 if was_stored else 404), asked.text
            state = api.post(f"/v1/operations/{intent.key}/cancel", key="").json()["state"]
            assert state == ("succeeded" if was_stored else "cancelled")
            if state == "cancelled":
                self.fenced += 1
                late = send_again(api, intent)
                assert (late.status_code, late.json().get("code")) == (409, "operation-cancelled")
                return
        answer = send_again(api, intent)
        assert answer.is_success, answer.text
        assert (answer.headers.get("idempotency-replayed") == "true") == was_stored
        intent.status, intent.answer = answer.status_code, answer.content

    def jobs_end_whole(self, api: Api) -> None:
        """Every file is in with exactly its rows; every set is posted, each record once."""
        for job_id, kind, subject in self.rows("SELECT id, kind, subject_id FROM jobs"):
            if job_id in self.whole:
                continue
            self.whole.add(job_id)
            result = wait_for_job(api, job_id)["result"]
            if kind == "import":
                assert (result["state"], result["imported"]) == ("done", FILE_ROWS)
                rows = "SELECT import_row_no FROM balance_records WHERE import_id = ? ORDER BY 1"
                assert self.rows(rows, subject) == [(row,) for row in range(2, FILE_ROWS + 2)]
            else:
                assert result == {"count": FILE_ROWS, "skipped": 0}
                posted = (
                    "SELECT COUNT(DISTINCT subject_id), COUNT(*) FROM journal_entries WHERE operation_key = ?"
                )
                assert self.rows(posted, subject) == [(FILE_ROWS, FILE_ROWS)]

    def await_turn(self) -> None:
        """A commit that a dead process sent is done or not done when the turn to write can be had again."""
        store = store_at(self.database)
        if isinstance(store, PostgresStore):
            store.was_committed(("nobody", 0))

    def known_now(self) -> set[str]:
        """What the ledger has done: the keys of its clients, and the codes of its providers."""
        keys = "SELECT key FROM operations WHERE key NOT LIKE 'mpesa-%' UNION SELECT code FROM payments"
        return {key for (key,) in self.rows(keys)}

    def effects(self, intent: Sent) -> int:
        """How often a change happened."""
        statement, bound = intent.effects
        ((found,),) = self.rows(statement, *bound)
        return int(found)

    def rows(self, statement: str, *bound: Any) -> list[tuple[Any, ...]]:
        """What is stored, read as committed."""
        connection = store_at(self.database).connect(read_only=True)
        try:
            return [tuple(row) for row in connection.execute(statement, bound)]
        finally:
            connection.close()
