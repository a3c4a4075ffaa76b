"""Proofs, passwords and approvals over the real ledger: one key over a step-up, nothing secret on disk."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from tests.ledger.conftest import engine, ledger_template, new_ledger, own_ledger
from tests.ledger.running import PASSWORD, RunningLedger

from branchtui.contract.people import NewUser, UserChange
from branchtui.contract.sessions import Role
from branchtui.remote.client import Ledger, LinkSettings
from branchtui.remote.errors import Refused

__all__ = ["engine", "ledger_template", "new_ledger", "own_ledger"]

NEW_PASSWORD = "nine loud pelicans"


@pytest.fixture
def link(tmp_path: Path) -> LinkSettings:
    return LinkSettings(state_directory=tmp_path / "state")


def on_disk(tmp_path: Path) -> bytes:
    return b"".join(each.read_bytes() for each in (tmp_path / "state").rglob("*") if each.is_file())


async def test_a_step_up_is_asked_once_and_the_same_key_goes_out_again(
    own_ledger: RunningLedger, link: LinkSettings
) -> None:
    """Link, retry matrix: 403 `step-up`: asked, then once more under the same key."""
    asked: list[str] = []
    async with Ledger.open(own_ledger.url, link) as ledger:
        await ledger.sign_in("administrator", PASSWORD)
        page = await ledger.users("teller2")
        own_ledger.clock.advance(seconds=400)

        async def prove() -> bool:
            asked.append("password")
            await ledger.step_up(password=PASSWORD)
            return True

        leave = ledger.person.proved_by(prove)
        changed = await ledger.change_user(page.items[0], UserChange(limit_minor=5))
        leave()
        assert (changed.limit_minor, asked) == (5, ["password"])
        own_ledger.clock.advance(seconds=400)
        with pytest.raises(Refused) as refused:
            await ledger.change_user(changed, UserChange(limit_minor=6))
        assert refused.value.code == "step-up"
        assert not ledger.resolver.unresolved
    done = own_ledger.query("SELECT count(*) FROM operations WHERE action = 'user.change'")
    assert done == [(1,)]


async def test_who_does_not_prove_it_is_refused_and_nothing_is_in_doubt(
    own_ledger: RunningLedger, link: LinkSettings
) -> None:
    """AUTH-7: nothing happened, and the change may be made again."""
    async with Ledger.open(own_ledger.url, link) as ledger:
        await ledger.sign_in("administrator", PASSWORD)
        page = await ledger.users("teller2")
        own_ledger.clock.advance(seconds=400)

        async def leave_it() -> bool:
            return False

        ledger.person.proved_by(leave_it)
        with pytest.raises(Refused):
            await ledger.change_user(page.items[0], UserChange(limit_minor=5))
        assert not ledger.resolver.unresolved
    assert own_ledger.query("SELECT limit_minor FROM users WHERE username = 'teller2'") != [(5,)]


async def test_no_password_can_be_guessed_from_the_journal(
    own_ledger: RunningLedger, link: LinkSettings, tmp_path: Path
) -> None:
    """OUT-2, SEC-1: neither the password nor a hash of a body that holds it; the ledger got it all the same."""
    async with Ledger.open(own_ledger.url, link) as ledger:
        await ledger.sign_in("administrator", PASSWORD)
        branch = own_ledger.branch("NKU").id
        await ledger.create_user(
            NewUser.model_validate(
                {"username": "akinyi", "role": Role.TELLER, "branch_id": branch, "password": NEW_PASSWORD}
            )
        )
        user = (await ledger.users("akinyi")).items[0]
        await ledger.change_user(user, UserChange.model_validate({"password": f"{NEW_PASSWORD} too"}))
    stored = on_disk(tmp_path)
    for secret in (NEW_PASSWORD, f"{NEW_PASSWORD} too"):
        assert secret.encode() not in stored
        for text in (f'{{"password":"{secret}"}}', f'{{"password": "{secret}"}}'):
            assert hashlib.sha256(text.encode()).hexdigest().encode() not in stored
    body = {"username": "akinyi", "password": f"{NEW_PASSWORD} too"}
    assert own_ledger.anonymous().post("/v1/sessions", body, key="").status_code == 201
