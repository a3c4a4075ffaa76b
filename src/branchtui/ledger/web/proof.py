"""Step-up: what is risky is done by who proved a moment ago to be the person (AUTH-7)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from branchtui.contract.problem import Codes
from branchtui.ledger.problems import Refusal
from branchtui.ledger.store.rows import Session, SessionProof

if TYPE_CHECKING:
    from branchtui.ledger.access import Principal
    from branchtui.ledger.store.reader import Reader
    from branchtui.ledger.store.unit import Tx

PROOF_US: Final = 5 * 60 * 1_000_000
"""How long a password or a code counts; signing in is one."""


def refuse_unproved(tx: Tx, who: Principal, at_us: int) -> None:
    """Refuse what is risky unless the person proved to be it within five minutes; the key stays free.

    Raises:
        Refusal: 403 `step-up`.
    """
    session = tx.get(Session, who.session_id) if who.session_id else None
    proof = tx.get(SessionProof, who.session_id) if who.session_id else None
    _refuse(session, proof, at_us)


async def refuse_unproved_reading(reader: Reader, who: Principal, at_us: int) -> None:
    """The same for what is only read.

    Raises:
        Refusal: 403 `step-up`.
    """
    session = await reader.get(Session, who.session_id) if who.session_id else None
    proof = await reader.get(SessionProof, who.session_id) if who.session_id else None
    _refuse(session, proof, at_us)


def _refuse(session: Session | None, proof: SessionProof | None, at_us: int) -> None:
    proved_at = max(session.started_at if session else 0, proof.proved_at if proof else 0)
    if at_us - proved_at > PROOF_US:
        raise Refusal(
            403,
            Codes.STEP_UP,
            "This needs your password once more. Nothing was done.",
            retry_same_key=True,
        )
