"""One-time codes: enrolled at the first sign-in that asks for one, each good once (AUTH-4, T-18).

No seed is stored. A user's row holds a random mark; the seed is made of it with the key that lies beside the
database, so that who reads the database alone can make no code (docs/decisions/0018).
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import pyotp

from branchtui.contract.problem import Codes
from branchtui.ledger.problems import Refusal
from branchtui.ledger.store.rows import SecondFactor

if TYPE_CHECKING:
    from collections.abc import Mapping

    from branchtui.ledger.store.unit import Tx

STEP_SECONDS: Final = 30
RECOVERY_CODES: Final = 10
_MARK_BYTES: Final = 16
_SEED_BYTES: Final = 20
_RECOVERY_LETTERS: Final = 10
_STEP_US: Final = STEP_SECONDS * 1_000_000


@dataclass(frozen=True, slots=True)
class Enrolment:
    """What a person puts into a device: the seed as text, and as the address that a picture would hold."""

    secret: str
    uri: str


def blank(user_id: str, *, wanted: bool) -> SecondFactor:
    """A user without codes."""
    return SecondFactor(user_id, int(wanted), None, None, 0, "[]")


def stored(tx: Tx, user_id: str) -> SecondFactor:
    """What is known of a user's codes."""
    return tx.get(SecondFactor, user_id) or blank(user_id, wanted=False)


def is_wanted(factor: SecondFactor | None, role: str, settings: Mapping[str, object]) -> bool:
    """Whether a code belongs to signing in: the user's own setting, or the institution's for the role."""
    roles = settings.get("second_factor_roles")
    by_role = isinstance(roles, list) and role in roles
    return by_role or (factor is not None and bool(factor.wanted))


def is_enrolled(factor: SecondFactor | None) -> bool:
    """Whether the user's device makes codes that the ledger knows."""
    return factor is not None and factor.confirmed_at is not None


def begin(tx: Tx, user_id: str) -> SecondFactor:
    """A fresh mark, and with it a fresh seed; what an unconfirmed one before it made is worth nothing."""
    factor = replace(
        stored(tx, user_id), seed=secrets.token_bytes(_MARK_BYTES), confirmed_at=None, last_step=0
    )
    tx.put(factor)
    return factor


def enrolment(factor: SecondFactor, key: bytes, username: str, institution: str) -> Enrolment:
    """The seed of `factor`, for a person's device."""
    secret = _seed(factor, key)
    return Enrolment(secret, pyotp.TOTP(secret).provisioning_uri(name=username, issuer_name=institution))


def confirm(tx: Tx, user_id: str, key: bytes, code: str, at_us: int) -> tuple[str, ...]:
    """The first right code switches the factor on; returns ten recovery codes, which are shown this once.

    Raises:
        Refusal: 401 `credentials-wrong`.
    """
    factor = stored(tx, user_id)
    step = _step_of(factor, key, code, at_us)
    if step is None:
        raise wrong_code()
    codes = tuple(_recovery_code() for _ in range(RECOVERY_CODES))
    kept = json.dumps([_hashed(factor, each) for each in codes])
    tx.put(replace(factor, wanted=1, confirmed_at=at_us, last_step=step, recovery=kept))
    return codes


def spend(tx: Tx, user_id: str, key: bytes, code: str, at_us: int) -> None:
    """Use a code up: one of the device, or a recovery code.

    Raises:
        Refusal: 401 `credentials-wrong`, for a wrong code and for one that was used.
    """
    factor = stored(tx, user_id)
    step = _step_of(factor, key, code, at_us)
    if step is not None:
        tx.put(replace(factor, last_step=step))
        return
    left: list[str] = json.loads(factor.recovery)
    hashed = _hashed(factor, code.strip().lower())
    if hashed not in left:
        raise wrong_code()
    left.remove(hashed)
    tx.put(replace(factor, recovery=json.dumps(left)))


def wrong_code() -> Refusal:
    """The same for a wrong code, for one that was used already, and for a wrong password."""
    return Refusal(401, Codes.CREDENTIALS, "User name or password is wrong.")


def _step_of(factor: SecondFactor, key: bytes, code: str, at_us: int) -> int | None:
    """The step that `code` is of: one step either side of the ledger's clock, and later than the last one used."""
    digits = code.replace(" ", "")
    if factor.seed is None or not (digits.isascii() and digits.isdigit()):
        return None
    device = pyotp.TOTP(_seed(factor, key), interval=STEP_SECONDS)
    now = at_us // _STEP_US
    fitting = [
        step
        for step in (now - 1, now, now + 1)
        if step > factor.last_step and hmac.compare_digest(device.generate_otp(step), digits)
    ]
    return fitting[0] if fitting else None


def _seed(factor: SecondFactor, key: bytes) -> str:
    assert factor.seed is not None, "a factor without a mark makes no codes"
    made = hmac.digest(key, b"totp" + factor.user_id.encode() + b"\x00" + factor.seed, "sha256")
    return base64.b32encode(made[:_SEED_BYTES]).decode()


def _recovery_code() -> str:
    """Fifty random bits in letters that no two people read differently."""
    letters = "".join(secrets.choice("abcdefghjkmnpqrstuvwxyz23456789") for _ in range(_RECOVERY_LETTERS))
    return f"{letters[:5]}-{letters[5:]}"


def _hashed(factor: SecondFactor, code: str) -> str:
    return hashlib.sha256(f"{factor.user_id}:{code}".encode()).hexdigest()
