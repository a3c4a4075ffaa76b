"""The figures of a served ledger: who may read them, what they say, and that they say nothing of anybody."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from prometheus_client import generate_latest
from prometheus_client.parser import text_string_to_metric_families
from tests.ledger.running import PASSWORD, Api, RunningLedger, copy_template
from tests.ledger.served import Served, command, new_customer, run

from branchtui.ledger.figures import StoreFigures
from branchtui.ledger.journal import InvariantBroken
from branchtui.ledger.metrics import ALARMS, Metrics
from branchtui.ledger.store.engine import store_at
from branchtui.ledger.store.reader import SqliteReader
from branchtui.ledger.web.routes import all_routes

Figures = dict[tuple[str, tuple[tuple[str, str], ...]], float]


def read(text: str) -> Figures:
    """Every figure of a page by its name and labels."""
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def of(figures: Figures, name: str, **labels: str) -> float:
    """One figure; 0 where nothing was counted."""
    return figures.get((name, tuple(sorted(labels.items()))), 0.0)


@pytest.fixture
def served(ledger_template: Path, tmp_path: Path) -> Iterator[tuple[Served, str]]:
    """A served ledger with figures on a free port, and their address."""
    ledger = Served.start_at(copy_template(ledger_template, tmp_path), "--metrics", "0")
    assert ledger.process.stdout is not None
    yield ledger, ledger.process.stdout.readline().strip()
    ledger.stop()


def test_an_operator_sees_what_the_ledger_does(served: tuple[Served, str]) -> None:
    """Requests by route and status, refusals by code, the writer, sessions, sizes, memory: on a port of their own."""
    ledger, address = served
    assert re.fullmatch(r"http://127\.0\.0\.1:[0-9]+/metrics", address)
    branch_id = ledger.sign_in("teller").session["user"]["branch_id"]
    teller = ledger.sign_in("teller")
    made = teller.post("/v1/customers", new_customer(branch_id, 1)).json()
    for _ in range(3):
        teller.get(f"/v1/customers/{made['id']}")
    teller.get(f"/v1/customers/{uuid.uuid4()}")
    teller.get("/v1/audit")
    teller.get("/v9/anything")
    ledger.client.post("/v1/sessions", json={"username": "teller", "password": "x"})
    found = read(httpx.get(address, trust_env=False).text)
    profile = "GET /v1/customers/{id}"
    assert of(found, "branchtui_requests_total", route=profile, status="200") == 3
    assert of(found, "branchtui_request_seconds_count", route=profile) == 4
    assert of(found, "branchtui_refusals_total", route=profile, code="not-found") == 1
    assert of(found, "branchtui_refusals_total", route="GET /v1/audit", code="forbidden") == 1
    assert of(found, "branchtui_refusals_total", route="POST /v1/sessions", code="credentials-wrong") == 1
    assert of(found, "branchtui_requests_total", route="unknown", status="404") == 1
    assert of(found, "branchtui_writer_commands_total") >= 4
    assert of(found, "branchtui_commit_seconds_count") == of(found, "branchtui_writer_batches_total")
    assert of(found, "branchtui_sessions") == 2
    assert of(found, "branchtui_store_up") == 1
    assert of(found, "branchtui_database_bytes") > 100_000
    assert of(found, "branchtui_disk_free_bytes") > 0
    while of(found, "branchtui_loop_lag_seconds_count") == 0:
        found = read(httpx.get(address, trust_env=False).text)
    assert of(found, "process_resident_memory_bytes") > 10_000_000
    assert {labels for name, labels in found if name == "branchtui_alarms_total"} == {
        (("kind", kind),) for kind in ALARMS
    }
    for gauge in ("storage_full", "store_away", "writer_waiting", "approvals_waiting", "jobs_queued"):
        assert found[f"branchtui_{gauge}", ()] == 0


def test_the_figures_are_not_on_the_public_side(served: tuple[Served, str]) -> None:
    """Whoever reaches the API, signed in or not, gets 404; without the option nobody serves them at all."""
    ledger, _ = served
    for api in (Api(ledger.client), ledger.sign_in("administrator")):
        assert api.get("/metrics").status_code == 404


@pytest.mark.faults
def test_a_place_for_figures_that_cannot_be_one_is_refused(ledger_template: Path, tmp_path: Path) -> None:
    """A sentence and exit code 1, and no ledger without the figures that were asked for."""
    database = copy_template(ledger_template, tmp_path)
    for place in ("many", "127.0.0.1:99999", "192.0.2.1:9464"):
        found = run("serve", "--database", database, "--port", "0", "--metrics", place)
        assert found.returncode == 1, place
        assert found.stderr
        assert "Traceback" not in found.stderr
    assert command("serve")[-1] == "serve"


def test_labels_are_the_ledgers_own_words_and_few(own_ledger: RunningLedger) -> None:
    """No label is made of what was sent: a thousand made-up addresses, methods and names add one line."""
    anonymous = own_ledger.anonymous()
    for number in range(1_000):
        anonymous.get(f"/v1/{number}/Wanjiru")
    for method in ("BREW", "PROPFIND", "TRACE"):
        anonymous.send(method, "/v1/customers", key="")
    for number in range(20):
        body = {"username": f"Wanjiru {number}", "password": PASSWORD}
        anonymous.post("/v1/sessions", body, key="")
    found = read(generate_latest(own_ledger.core.metrics.registry).decode())
    routes = {route.name for route in all_routes(None)} | {"unknown", "unreadable"}  # type: ignore[arg-type]
    labels = [dict(labels) for name, labels in found if name.startswith("branchtui_re")]
    assert {each["route"] for each in labels if "route" in each} <= routes
    assert sum(name == "branchtui_requests_total" for name, _ in found) < 10


def test_failures_and_broken_invariants_are_alarms(
    own_ledger: RunningLedger, monkeypatch: pytest.MonkeyPatch
) -> None:
    """INV: an operator is told of what must never be, by a figure that was there as 0 before."""
    teller, registry = own_ledger.sign_in("teller"), own_ledger.core.metrics.registry
    for error, kind in ((InvariantBroken("INV-1"), "invariant"), (LookupError("x"), "internal")):

        async def fails(*_: object, error: Exception = error) -> object:
            raise error

        assert registry.get_sample_value("branchtui_alarms_total", {"kind": kind}) == 0
        with monkeypatch.context() as patched:
            patched.setattr(SqliteReader, "_fetch", fails)
            answer = teller.post("/v1/customers", {})
        assert (answer.status_code, answer.json()["code"]) == (500, kind)
        assert registry.get_sample_value("branchtui_alarms_total", {"kind": kind}) == 1


def test_a_name_that_is_locked_is_counted(own_ledger: RunningLedger) -> None:
    """AUTH-3: lock-outs and locked users are seen from outside."""
    registry = own_ledger.core.metrics.registry
    for _ in range(10):
        body = {"username": "teller", "password": "wrong"}
        assert own_ledger.anonymous().post("/v1/sessions", body, key="").status_code == 401
        own_ledger.clock.advance(seconds=61)
    assert registry.get_sample_value("branchtui_lock_outs_total") == 1
    registry.register(StoreFigures(own_ledger.store, own_ledger.clock))
    assert registry.get_sample_value("branchtui_users_locked") == 1


def test_looking_often_costs_no_more_than_looking_now_and_then(ledger_template: Path, tmp_path: Path) -> None:
    """What the database is asked is kept for five seconds; a database that is away leaves the other figures."""

    class Clock:
        now = 0.0

        def now_us(self) -> int:
            return 1_000_000

        def __call__(self) -> float:
            return self.now

    clock = Clock()
    store = store_at(copy_template(ledger_template, tmp_path))
    metrics = Metrics()
    metrics.registry.register(StoreFigures(store, clock, monotonic=clock))
    ask = metrics.registry.get_sample_value
    assert ask("branchtui_store_up") == 1
    assert store.file is not None
    store.file.rename(store.file.with_name("away.db"))
    assert ask("branchtui_store_up") == 1
    clock.now += 5
    assert ask("branchtui_store_up") == 0
    assert ask("branchtui_sessions") is None
    assert ask("branchtui_lock_outs_total") == 0
