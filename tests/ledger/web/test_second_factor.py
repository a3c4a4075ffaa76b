"""One-time codes: enrolled at the first sign-in that asks, each good once (AUTH-4, T-18)."""

from __future__ import annotations

import uuid
from typing import Any

import httpx
import pyotp
import pytest
from tests.ledger.running import PASSWORD, Api, RunningLedger

from branchtui.ledger.store.unit import Tx
from branchtui.ledger.workflows import second_factor


def said(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json().get("code", "")


def sign_in(ledger: RunningLedger, otp: str | None = None, password: str = PASSWORD) -> httpx.Response:
    body = {"username": "teller", "password": password} | ({"otp": otp} if otp else {})
    return ledger.anonymous().post("/v1/sessions", body, key="")


def now(ledger: RunningLedger, device: pyotp.TOTP, steps: int = 0) -> str:
    return device.generate_otp(ledger.clock.now_us() // 30_000_000 + steps)


def want(ledger: RunningLedger) -> None:
    def put(tx: Tx) -> None:
        user_id = ledger.query("SELECT id FROM users WHERE username = 'teller'")[0][0]
        tx.put(second_factor.blank(user_id, wanted=True))

    ledger.write(put)


def enrolled(ledger: RunningLedger) -> tuple[pyotp.TOTP, dict[str, Any]]:
    want(ledger)
    shown = sign_in(ledger).json()
    device = pyotp.TOTP(shown["secret"])
    session = sign_in(ledger, now(ledger, device))
    assert session.status_code == 201, session.text
    return device, session.json()


def test_nobody_is_asked_for_a_code_until_a_setting_says_so(own_ledger: RunningLedger) -> None:
    """AUTH-1: off until the institution's or the user's setting asks for it."""
    assert sign_in(own_ledger).status_code == 201


def test_the_first_sign_in_that_asks_enrols(own_ledger: RunningLedger) -> None:
    """AUTH-4: the seed as text and as an address, then the first code, then ten recovery codes, once."""
    want(own_ledger)
    shown = sign_in(own_ledger)
    assert said(shown) == (401, "otp-enrol")
    assert shown.json()["otpauth_uri"].startswith("otpauth://totp/")
    device = pyotp.TOTP(shown.json()["secret"])
    assert said(sign_in(own_ledger, "000000")) == (401, "credentials-wrong")
    session = sign_in(own_ledger, now(own_ledger, device)).json()
    assert len(set(session["recovery_codes"])) == 10
    own_ledger.clock.advance(seconds=60)
    assert said(sign_in(own_ledger)) == (401, "otp-required")
    again = sign_in(own_ledger, now(own_ledger, device)).json()
    assert again["recovery_codes"] == []
    assert again["user"]["second_factor"] is True
    own_ledger.check()


def test_a_code_is_good_once_and_one_step_either_side(own_ledger: RunningLedger) -> None:
    """T-18: the same code twice: the second is refused; two steps off is refused; the ledger's clock alone counts."""
    device, _ = enrolled(own_ledger)
    own_ledger.clock.advance(seconds=300)
    code = now(own_ledger, device)
    assert sign_in(own_ledger, code).status_code == 201
    assert said(sign_in(own_ledger, code)) == (401, "credentials-wrong")
    # One step back is older than what was used; one ahead is not.
    assert said(sign_in(own_ledger, now(own_ledger, device, -1))) == (401, "credentials-wrong")
    assert sign_in(own_ledger, now(own_ledger, device, 1)).status_code == 201
    own_ledger.clock.advance(seconds=300)
    assert said(sign_in(own_ledger, now(own_ledger, device, -2))) == (401, "credentials-wrong")
    assert said(sign_in(own_ledger, now(own_ledger, device, 2))) == (401, "credentials-wrong")
    assert sign_in(own_ledger, now(own_ledger, device, -1)).status_code == 201


def test_a_right_code_with_a_wrong_password_opens_nothing_and_is_not_used_up(
    own_ledger: RunningLedger,
) -> None:
    """AUTH-3: the same answer as ever."""
    device, _ = enrolled(own_ledger)
    own_ledger.clock.advance(seconds=300)
    code = now(own_ledger, device)
    assert said(sign_in(own_ledger, code, "wrong")) == (401, "credentials-wrong")
    assert sign_in(own_ledger, code).status_code == 201


def test_guessing_codes_is_throttled(own_ledger: RunningLedger) -> None:
    """AUTH-3: who knows the password guesses no faster than who does not."""
    enrolled(own_ledger)
    guesses = [said(sign_in(own_ledger, f"00000{place}"))[1] for place in range(6)]
    assert guesses[:4] == ["credentials-wrong"] * 4
    assert set(guesses[4:]) == {"login-throttled"}


def test_a_recovery_code_is_good_once(own_ledger: RunningLedger) -> None:
    """AUTH-4: for the day the device is lost."""
    _, session = enrolled(own_ledger)
    code = session["recovery_codes"][3]
    assert sign_in(own_ledger, code).status_code == 201
    assert said(sign_in(own_ledger, code)) == (401, "credentials-wrong")


def test_the_database_alone_makes_no_code(own_ledger: RunningLedger) -> None:
    """AUTH-4: neither seed nor recovery code is in any file of the database; the key beside it is the owner's alone."""
    device, session = enrolled(own_ledger)
    own_ledger.write(lambda _: None)
    stored = b"".join(
        each.read_bytes()
        for each in own_ledger.path.parent.glob(own_ledger.path.name + "*")
        if each.suffix != ".key"
    )
    assert device.secret.encode() not in stored
    assert pyotp.TOTP(device.secret).byte_secret() not in stored
    assert not [code for code in session["recovery_codes"] if code.encode() in stored]
    key = own_ledger.path.with_name(own_ledger.path.name + ".key")
    assert key.stat().st_mode & 0o777 == 0o600


def test_an_administrator_asks_for_codes_and_resets_a_lost_device(own_ledger: RunningLedger) -> None:
    """AUTH-4: `second_factor` true: at the next sign-in; false: the codes are forgotten; sessions end."""
    admin = own_ledger.sign_in("administrator", fresh=True)
    user = next(each for each in admin.pages("/v1/users") if each["username"] == "teller")
    token = sign_in(own_ledger).json()["access_token"]
    asked = admin.patch(f"/v1/users/{user['id']}", {"second_factor": True}, if_match=1)
    assert asked.json()["second_factor"] == "at-next-sign-in"
    assert Api(own_ledger.client, token=token).get("/v1/me").status_code == 401
    shown = sign_in(own_ledger).json()
    assert sign_in(own_ledger, now(own_ledger, pyotp.TOTP(shown["secret"]))).status_code == 201
    assert admin.get(f"/v1/users/{user['id']}").json()["second_factor"] == "on"
    reset = admin.patch(f"/v1/users/{user['id']}", {"second_factor": False}, if_match=2)
    assert reset.json()["second_factor"] == "off"
    assert sign_in(own_ledger).status_code == 201


@pytest.mark.parametrize("proof", ["code", "password"])
def test_a_step_up_takes_either(own_ledger: RunningLedger, proof: str) -> None:
    """AUTH-7: a password or a code, five minutes old at most."""
    device, session = enrolled(own_ledger)
    api = Api(own_ledger.client, token=session["access_token"])
    own_ledger.clock.advance(seconds=400)
    body = {"otp": now(own_ledger, device)} if proof == "code" else {"password": PASSWORD}
    assert api.post("/v1/me/step-up", body, key="").status_code == 200
    if proof == "code":
        assert said(api.post("/v1/me/step-up", body, key="")) == (403, "credentials-wrong")


def test_somebody_enrols_unasked_and_no_key_keeps_what_was_shown(own_ledger: RunningLedger) -> None:
    """AUTH-4, IDEM-4: the secret and the recovery codes are in the answer and in no stored one."""
    api = own_ledger.sign_in("teller", fresh=True)
    keys = [str(uuid.uuid4()) for _ in range(2)]
    begun = api.post("/v1/me/totp", {}, key=keys[0]).json()
    device = pyotp.TOTP(begun["secret"])
    assert said(api.post("/v1/me/totp", {"otp": "000000"})) == (403, "credentials-wrong")
    on = api.post("/v1/me/totp", {"otp": now(own_ledger, device)}, key=keys[1]).json()
    assert (on["state"], len(on["recovery_codes"])) == ("on", 10)
    for key in keys:
        ((body,),) = own_ledger.query("SELECT body FROM operations WHERE key = ?", key)
        assert device.secret.encode() not in body
        assert not [code for code in on["recovery_codes"] if code.encode() in body]
    assert said(api.post("/v1/me/totp", {})) == (409, "transition-not-allowed")
    assert said(sign_in(own_ledger)) == (401, "otp-required")
    own_ledger.check()
