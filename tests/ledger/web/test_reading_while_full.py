"""While the disk is full reading goes on for who is at work, and for nobody else (DUR-4, AUTH-5)."""

from __future__ import annotations

import apsw
import httpx
import pytest
from tests.ledger.running import Api, RunningLedger

from branchtui.ledger.store.sqlite import SqliteConnection


def said(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json().get("code", "")


def renewed(api: Api) -> httpx.Response:
    tokens = {"refresh_token": api.session["refresh_token"]}
    return api.post("/v1/sessions/refresh", tokens, key="")


def test_who_is_at_work_reads_on_while_the_disk_is_full(
    own_ledger: RunningLedger, monkeypatch: pytest.MonkeyPatch
) -> None:
    """DUR-4: no token can be renewed and no use be noted then, and a branch looks its customers up for an hour all the same."""
    worker, absent = own_ledger.sign_in("teller"), own_ledger.sign_in("teller-b")
    as_it_is = SqliteConnection.commit

    def commit(_: SqliteConnection) -> None:
        raise apsw.FullError("no room")

    monkeypatch.setattr(SqliteConnection, "commit", commit)
    assert said(renewed(worker)) == (507, "storage-full")
    for _ in range(6):
        own_ledger.clock.advance(seconds=600)
        before = own_ledger.clock.now_us()
        while own_ledger.core.used_while_full.get(session_of(own_ledger, "teller"), 0) < before:
            assert worker.get("/v1/customers").status_code == 200
    assert said(renewed(worker)) == (507, "storage-full")
    assert said(absent.get("/v1/customers")) == (401, "idle")

    monkeypatch.setattr(SqliteConnection, "commit", as_it_is)
    own_ledger.client.get("/readyz")
    assert said(worker.get("/v1/customers")) == (401, "token-expired")
    assert renewed(worker).status_code == 200
    assert said(renewed(absent)) == (401, "idle")


def session_of(ledger: RunningLedger, username: str) -> str:
    """The id of somebody's session."""
    ((found,),) = ledger.query(
        "SELECT sessions.id FROM sessions JOIN users ON users.id = user_id WHERE username = ?", username
    )
    return str(found)
