"""Long work whose process dies at it, again and again: the ledger of now, the way to ask, the moments of death."""

from __future__ import annotations

import random
import signal
from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import Any, ClassVar, Final

import httpx
from tests.ledger.faults import seeds
from tests.ledger.faults.crowd import wait_for_job
from tests.ledger.faults.served import Doomed
from tests.ledger.running import Api

from branchtui.ledger.check import violations
from branchtui.ledger.store.engine import store_at

EVERYWHERE: Final = (
    "a batch begins",
    "a batch is decided",
    "a row joins the chain",
    "waiters are called",
    "callers are told",
    "the key is remembered",
)
"""Points that all work passes."""


@dataclass
class Case:
    """One piece of work on one file of rows, and how it is asked for. `kept` is what was committed at each death."""

    work: str
    path: str
    body: dict[str, Any]
    key: str
    rows: int
    import_id: str = ""
    job_id: str = ""
    kept: list[list[tuple[Any, ...]]] = field(default_factory=list)


@dataclass
class LongWork(ABC):
    """A ledger that dies at long work again and again; everything is proved each time it is done."""

    own_points: ClassVar[dict[str, tuple[str, ...]]]
    """The points that one work alone passes, once a piece."""

    who: ClassVar[str] = "supervisor"
    """Who asks for the work."""

    database: str
    whole: bool
    chance: random.Random

    def __post_init__(self) -> None:
        self.ledger = self.start()
        self.struck = 0

    @abstractmethod
    def prepared(self, api: Api, work: str, tag: str, rows: int) -> Case:
        """What the work needs, and how it is asked for."""

    @abstractmethod
    def committed(self, case: Case) -> list[tuple[Any, ...]]:
        """The rows that are done by now, in their order."""

    @abstractmethod
    def prove(self, case: Case, result: dict[str, Any]) -> None:
        """Every row exactly once, the sums right, the chain told of each."""

    def start(self) -> Doomed:
        """The next process."""
        return Doomed.start(self.database, whole=self.whole)

    def cycle(self, work: str, tag: str, rows: int, deaths: int, point: str = "") -> Case:
        """Ask for the work, let the ledger die at it `deaths` times, and prove what came of it.

        It dies when it is at `point` for the second time, or anywhere.
        """
        with self.client() as client:
            case = self.prepared(self.ledger.sign_in(client, self.who), work, tag, rows)
        for _ in range(deaths):
            if point:
                self.ledger.arm("kill", 2, point)
            else:
                self.arm(case)
            with self.client() as client:
                try:
                    self.ask(self.ledger.sign_in(client, self.who), case)
                except httpx.TransportError:
                    self.struck += 1
            self.ledger.kill()
            status, said = self.ledger.end()
            assert status == -signal.SIGKILL, said
            assert "Traceback" not in said, said
            case.kept.append(self.committed(case))
            self.ledger = self.start()
        with self.client() as client:
            job = self.ask(self.ledger.sign_in(client, self.who), case)
        self.prove(case, job["result"])
        ended = self.committed(case)
        for kept in case.kept:
            assert ended[: len(kept)] == kept, "what was committed stands, and the rest comes behind it"
        connection = store_at(self.database).connect(read_only=True)
        try:
            assert list(violations(connection)) == [], seeds.seed()
        finally:
            connection.close()
        return case

    def client(self) -> httpx.Client:
        """A line to the process of now."""
        return httpx.Client(base_url=self.ledger.url, timeout=60.0, trust_env=False)

    def arm(self, case: Case) -> None:
        """Death at a point of this work, or at one that all work passes."""
        own = self.own_points[case.work]
        name = self.chance.choice((*own, *EVERYWHERE))
        when = self.chance.choice(("before", "after"))
        if name == "an entry is verified":
            number = self.chance.randint(1, case.rows)
        elif name in own:
            number = self.chance.randint(1, 4)
        else:
            number = self.chance.randint(1, 12)
        self.ledger.arm("kill", number, f"{when} {name}")

    def ask(self, api: Api, case: Case) -> dict[str, Any]:
        """Ask under the one key, again if need be; the job at its end."""
        accepted = api.post(case.path, case.body, key=case.key)
        assert accepted.status_code == 202, accepted.text
        job_id = accepted.headers["location"].rpartition("/")[2]
        assert case.job_id in {"", job_id}, "the key names one job for ever"
        case.job_id = job_id
        case.import_id = accepted.json().get("import_id", case.import_id)
        return wait_for_job(api, job_id)

    def rows(self, statement: str, *bound: Any) -> list[tuple[Any, ...]]:
        """What the database holds, as committed."""
        connection = store_at(self.database).connect(read_only=True)
        try:
            return [tuple(row) for row in connection.execute(statement, bound)]
        finally:
            connection.close()
