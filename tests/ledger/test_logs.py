"""What an operator reads of a day: what happened, never whose it was (SEC-4, T-14)."""

from __future__ import annotations

import asyncio
import contextlib
import io
import json
import logging
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import structlog
from prometheus_client import generate_latest
from tests.ledger.own_logging import logging_lent
from tests.ledger.running import PASSWORD, RunningLedger
from tests.ledger.till import message
from tests.ledger.web.every_route import CHANGES, READS, World

from branchtui.contract.problem import Codes
from branchtui.ledger import logs
from branchtui.ledger.store.reader import SqliteReader
from branchtui.ledger.web.routes import all_routes

NAME, PHONE, EMAIL = "Zawadi Plantwell", "0799123987", "zawadi.plantwell@example.org"
AMOUNT_MINOR = 739_155_37
WRONG_PASSWORD = "a planted wrong passphrase"
PLANTED = [
    "Zawadi", "Plantwell", "799123987", "799 123 987", str(AMOUNT_MINOR), "739155.37", "739,155.37", WRONG_PASSWORD, PASSWORD,
    "planted",
]  # fmt: skip


class Told:
    """What was logged, and the threads and hooks of it."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self.stream = io.StringIO()
        self.lines = logs.configure(stream=self.stream)

    def text(self) -> str:
        """Everything that was logged until now: a request's line follows its answer, in the same turn of the loop."""
        asyncio.run_coroutine_threadsafe(asyncio.sleep(0), self.loop).result(60)
        self.lines.close()
        return self.stream.getvalue()

    def events(self) -> list[dict[str, Any]]:
        """The same, read as JSON."""
        return [json.loads(line) for line in self.text().splitlines()]


@pytest.fixture
def told(own_ledger: RunningLedger) -> Iterator[Told]:
    assert own_ledger.url, "it set its own logging up before"
    with logging_lent():
        yield Told(own_ledger.loop)


def plant(world: World) -> list[str]:
    """Work with what must not be told, all of it refused and done; returns the secrets that came up."""
    ledger, boss = world.ledger, world.boss("NKU")
    made = boss.post(
        "/v1/customers",
        {
            "branch_id": ledger.branch("NKU").id,
            "first_name": "Zawadi",
            "last_name": "Plantwell",
            "mobile_no": PHONE,
            "email": EMAIL,
            "active": True,
        },
    )
    assert made.status_code == 201, made.text
    record = world.new_record("NKU") | {"customer_id": made.json()["id"], "amount_minor": AMOUNT_MINOR}
    assert boss.post("/v1/balance-records", record | {"narration": "planted"}).status_code == 201
    assert boss.post("/v1/balance-records", record | {"narration": "planted\x1b"}).status_code == 422
    for query in ("Plantwell", PHONE, EMAIL, f"{NAME}\x00"):
        boss.get("/v1/customers", q=query)
    boss.get(f"/v1/{NAME}/{PHONE}")
    boss.send("GET", "/v1/me", headers={"x-name": NAME, "user-agent": NAME})
    wallet = made.json()["accounts"][0]["account_no"] if made.json().get("accounts") else "100245"
    world.till.send(message("PLANT00001", FirstName="ZAWADI", LastName="Plantwell", MSISDN="254799123987",
                            BillRefNumber=wallet, TransAmount="739155.37"))  # fmt: skip
    world.till.send(b'{"FirstName": "Zawadi')
    anonymous = ledger.anonymous()
    for username in ("teller2", NAME):
        for _ in range(5):
            anonymous.post("/v1/sessions", {"username": username, "password": WRONG_PASSWORD}, key="")
    session = anonymous.post("/v1/sessions", {"username": "auditor", "password": PASSWORD}, key="").json()
    fresh = anonymous.post("/v1/sessions/refresh", {"refresh_token": session["refresh_token"]}, key="").json()
    return [
        world.till.token,
        *(each[name] for each in (session, fresh) for name in ("access_token", "refresh_token")),
    ]


def test_no_name_phone_amount_token_or_password_is_in_any_log_or_figure(
    own_ledger: RunningLedger, told: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SEC-4, T-14: every endpoint used, well and wrongly, and failing with a person's name in its hands: 0 hits."""
    world = World.open(own_ledger)
    secrets = plant(world)
    asks = [make(world, "NKU") for make in (*CHANGES.values(), *READS.values())]
    for ask in asks:
        ask.send(world.api(ask, "NKU"))

    async def fails(*_: Any) -> Any:
        raise LookupError(f"{NAME} {PHONE} {AMOUNT_MINOR} {WRONG_PASSWORD} {secrets[1]}")

    monkeypatch.setattr(SqliteReader, "_fetch", fails)
    for ask in asks:
        assert ask.send(own_ledger._apis["supervisor"]).status_code == 500
    asyncio.run_coroutine_threadsafe(never_looked_at(), own_ledger.loop).result(10)
    monkeypatch.undo()
    logging.getLogger("uvicorn.error").error(
        "Exception in ASGI application\n%s", NAME, exc_info=LookupError(NAME)
    )
    text = told.text() + generate_latest(own_ledger.core.metrics.registry).decode()
    assert "LookupError" in text
    hits = [planted for planted in [*PLANTED, *secrets] if planted.casefold() in text.casefold()]
    assert not hits, [
        line for line in text.splitlines() if any(hit.casefold() in line.casefold() for hit in hits)
    ][:5]


async def never_looked_at() -> None:
    """A task that fails and is forgotten: asyncio tells of it, with what the exception says."""

    async def fails() -> None:
        raise LookupError(NAME)

    task = asyncio.ensure_future(fails())
    await asyncio.wait([task])
    asyncio.get_running_loop().call_exception_handler(
        {"message": "Task exception was never retrieved", "exception": task.exception(), "task": task}
    )


def test_a_request_is_one_line_with_the_template_of_its_route(own_ledger: RunningLedger, told: Told) -> None:
    """SEC-4: route, status, milliseconds, reference, the user's id; the problem's code where it was refused."""
    teller = own_ledger.sign_in("teller")
    missing = teller.get("/v1/customers/no-such-customer?x=1")
    teller.get("/v1/customers/no-such-customer")
    own_ledger.anonymous().get("/healthz")
    nowhere = own_ledger.anonymous().get("/v2/Zawadi")
    by_route: dict[str, list[dict[str, Any]]] = {}
    for event in told.events():
        by_route.setdefault(event["route"], []).append(event)
    assert set(by_route) == {"POST /v1/sessions", "GET /v1/customers/{id}", "unknown"}
    wrong, gone = by_route["GET /v1/customers/{id}"]
    assert (wrong["status"], wrong["code"], wrong["request_id"]) == (
        422,
        "validation",
        missing.headers["request-id"],
    )
    assert (gone["status"], gone["code"], gone["user"]) == (404, "not-found", teller.session["user"]["id"])
    assert gone["ms"] >= 0
    (other,) = by_route["unknown"]
    assert (other["status"], other["request_id"]) == (404, nowhere.headers["request-id"])


def test_every_log_line_is_one_line_of_ascii_whatever_is_in_it(told: Told) -> None:
    """SEC-4: no control character, no second line, no direction mark leaves this way."""
    log = structlog.get_logger("branchtui.ledger")
    odd = "a\x1b]0;owned\x07\r\n\u202e\x9b31m"
    log.warning("odd", reason=odd)
    text = told.text()
    assert len(text.splitlines()) == 1
    assert text.rstrip("\n").isascii()
    assert text.rstrip("\n").isprintable()
    assert json.loads(text)["reason"] == odd


@pytest.mark.usefixtures("told")
def test_a_terminal_is_not_steered_by_a_log_line() -> None:
    """SEC-4: for a person the lines are written out; what is in them is escaped all the same."""

    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    screen = Terminal()
    lines = logs.configure(stream=screen)
    structlog.get_logger("branchtui.ledger").warning("odd", reason="a\x1b]0;owned\x07\r\n\u202e\x9b31m")
    lines.close()
    shown = screen.getvalue()
    assert r"a\x1b]0;owned\x07\r\n\u202e\x9b31m" in shown
    assert not {"\x07", "\r", "\u202e", "\x9b"} & set(shown)
    assert "\x1b]" not in shown


def test_a_log_that_nobody_reads_and_a_full_disk_hold_nobody_up() -> None:
    """T-25: lines without room are counted and lost; the work they tell of is not."""
    read_end, write_end = os.pipe()
    with contextlib.ExitStack() as closing:
        closing.callback(os.close, read_end)
        stuck = os.fdopen(write_end, "w", encoding="utf-8", buffering=1)
        lines = logs.Lines(stuck)
        for _ in range(3 * logs.LINES_MAX):
            lines.msg("x" * 100)
        assert lines.lost >= logs.LINES_MAX
        os.set_blocking(read_end, False)
        closing.callback(stuck.close)
        closing.callback(drain, read_end, lines)
    with Path("/dev/full").open("w", encoding="utf-8") as full:
        lines = logs.Lines(full)
        lines.msg("nowhere to go")
        lines.close()
        assert lines.lost == 1
        with contextlib.suppress(OSError):
            full.close()


def drain(read_end: int, lines: logs.Lines) -> None:
    """Let the writing thread come to its end."""
    while lines._thread.is_alive():
        with contextlib.suppress(BlockingIOError):
            os.read(read_end, 1_000_000)
        with contextlib.suppress(Exception):
            lines._waiting.put_nowait(None)


def test_every_code_and_route_of_a_log_line_is_one_of_ours() -> None:
    """SEC-4: what stands in `route` and `code` comes from two closed lists."""
    codes = {value for name, value in vars(Codes).items() if name.isupper()}
    assert len(codes) > 20
    assert all("{" in route.path or "/" in route.path for route in all_routes(None))  # type: ignore[arg-type]
