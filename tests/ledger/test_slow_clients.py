"""Connections that say nothing, drip, or do not read: others' work goes on, memory stays (T-25; ledger, section 7)."""

from __future__ import annotations

import contextlib
import resource
import socket
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from tests.ledger.running import RunningLedger, copy_template
from tests.ledger.served import Served, assert_well, new_customer
from tests.ledger.test_metrics import of, read
from tests.ledger.web.wire import UNFINISHED, held, line_to

from branchtui.ledger.store.sqlite_store import database_path
from branchtui.ledger.web import protocol

IDLE, HEADS, BODIES, READERS = 6_000, 200, 100, 50
MEMORY_MAX = 300_000_000
BIG = b"GET /openapi.json HTTP/1.1\r\nhost: x\r\n\r\n"


def is_closed(line: socket.socket) -> bool:
    """Whether the server has ended this connection; waits until it does."""
    with contextlib.suppress(ConnectionError):
        while part := line.recv(1_000_000):
            assert part
    return True


def test_of_too_many_connections_the_one_that_idled_longest_is_closed(
    own_ledger: RunningLedger, monkeypatch: pytest.MonkeyPatch
) -> None:
    """T-25: whoever waits for an answer keeps the connection; there is always room for one more."""
    token = own_ledger.sign_in("teller").token
    own_ledger.client.close()
    while own_ledger._server.server_state.connections:
        pass
    monkeypatch.setattr(protocol, "CONNECTIONS_MAX", 4)
    with contextlib.ExitStack() as lines:
        busy = lines.enter_context(held(own_ledger, token))
        oldest, younger, used = (lines.enter_context(line_to(own_ledger)) for _ in range(3))
        used.sendall(b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n")
        assert used.recv(1_000).startswith(b"HTTP/1.1 200 ")
        for victim in (oldest, younger, used):
            new = lines.enter_context(line_to(own_ledger))
            new.sendall(b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n")
            assert new.recv(1_000).startswith(b"HTTP/1.1 200 ")
            assert is_closed(victim)
        busy.sendall(b"x" * 100)
        assert busy.recv(1_000).startswith(b"HTTP/1.1 400 ")
    own_ledger.client = httpx.Client(base_url=own_ledger.url, trust_env=False)


def test_an_answer_that_nobody_reads_is_given_up(
    own_ledger: RunningLedger, monkeypatch: pytest.MonkeyPatch
) -> None:
    """T-25: who takes less than 256 bytes a second is cut off; who only reads slowly is served."""
    monkeypatch.setattr(protocol, "READER_SECONDS", 0.05)
    with line_to(own_ledger) as line:
        own_ledger.client.close()
        line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        line.sendall(BIG * 200)
        assert line.recv(1_000).startswith(b"HTTP/1.1 200 ")
        while own_ledger._server.server_state.connections:
            pass
        assert is_closed(line)
    own_ledger.client = httpx.Client(base_url=own_ledger.url, trust_env=False)
    assert own_ledger.sign_in("teller").get("/v1/me").status_code == 200


@pytest.fixture
def many_files() -> Iterator[None]:
    """As many open files as this user may have."""
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    if before[1] < IDLE + 1_000:
        pytest.skip("this user may not open so many connections")
    resource.setrlimit(resource.RLIMIT_NOFILE, (before[1], before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, before)


@pytest.mark.faults
@pytest.mark.e2e
@pytest.mark.usefixtures("many_files")
def test_thousands_who_hold_on_to_it_leave_the_honest_their_ledger(
    ledger_template: Path, tmp_path: Path
) -> None:
    """T-25: idle ones, half heads, bodies that do not come, readers that do not read: work is done within 300 MB."""
    database = copy_template(ledger_template, tmp_path)
    ledger = Served.start_at(database, "--metrics", "0")
    assert ledger.process.stdout is not None
    figures = ledger.process.stdout.readline().strip()
    teller = ledger.sign_in("teller")
    branch_id = teller.session["user"]["branch_id"]
    host, port = ledger.url.removeprefix("http://").split(":")
    with contextlib.ExitStack() as crowd:

        def connect(said: bytes) -> None:
            line = crowd.enter_context(socket.create_connection((host, int(port)), timeout=30))
            line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
            with contextlib.suppress(ConnectionError):
                line.sendall(said)

        for said, count in (
            (BIG * 100, READERS),
            (UNFINISHED % (b"/v1/sessions", b""), BODIES),
            (b"GET /healthz HTTP/1.1\r\nhost: x\r\nx-slow: ", HEADS),
            (b"", IDLE),
        ):
            for _ in range(count):
                connect(said)
            for number in range(20):
                made = teller.post("/v1/customers", new_customer(branch_id, number))
                assert made.status_code == 201, made.text
                assert teller.get(f"/v1/customers/{made.json()['id']}").status_code == 200
            found = read(httpx.get(figures, trust_env=False, timeout=30).text)
            assert of(found, "process_resident_memory_bytes") < MEMORY_MAX
            assert of(found, "branchtui_connections") <= protocol.CONNECTIONS_MAX + 1
            print(
                {name: of(found, name) for name in ("process_resident_memory_bytes", "branchtui_connections")}
            )
        again = Served(
            ledger.process, ledger.url, httpx.Client(base_url=ledger.url, timeout=30, trust_env=False)
        )
        assert again.sign_in("supervisor").get("/v1/me").status_code == 200
        again.client.close()
    ledger.stop()
    assert_well(database_path(database))
