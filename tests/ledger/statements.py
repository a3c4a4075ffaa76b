"""Statements for tests: accounts of ours for a till's ledger, files in every format with the same entries."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest
from tests.ledger.files import finished, upload

from branchtui.ledger import setup

if TYPE_CHECKING:
    import httpx
    from tests.ledger.running import Api, RunningLedger

    from branchtui.ledger.store.unit import BulkTx

SAMPLES: Final = Path(
    os.environ.get("BRANCHTUI_SAMPLES", Path(__file__).resolve().parents[3] / "shared" / "samples")
)
needs_samples = pytest.mark.skipif(not SAMPLES.is_dir(), reason="the samples are not beside this checkout")
ACCOUNT: Final = "0170123456789"
PROVIDER: Final = f"equity:{ACCOUNT}"


def in_pieces(data: bytes, size: int = 700) -> Any:
    """A file as the readers are given it: from the beginning each time it is called."""
    return lambda: [data[at : at + size] for at in range(0, len(data), size)]


def own_accounts(ledger: RunningLedger, *numbers: str, branch: str = "NKU", provider: str = "equity") -> None:
    """Give bank accounts to a branch."""
    branch_id = ledger.branch(branch).id

    def give(tx: BulkTx) -> None:
        for number in numbers:
            setup.add_payee(tx, provider=provider, number=number, branch_id=branch_id)

    ledger.bulk(give)


def ask_statement(api: Api, data: bytes | str, kind: str = "statement", **members: Any) -> httpx.Response:
    """Upload a statement and ask for its import."""
    raw = data.encode() if isinstance(data, str) else data
    return api.post("/v1/imports", {"upload_id": upload(api, raw), "kind": kind} | members)


def import_statement(api: Api, data: bytes | str, kind: str = "statement", **members: Any) -> dict[str, Any]:
    """Upload a statement and import it to its end."""
    return finished(api, ask_statement(api, data, kind, **members))


def mt940(
    *entries: str,
    account: str = ACCOUNT,
    opening: str = "C261101KES1000,00",
    closing: str = "C261103KES1000,00",
    number: str = "1",
    currency: str | None = None,
) -> str:
    """An MT940 statement with these lines of entries."""
    if currency is not None:
        opening, closing = opening.replace("KES", currency), closing.replace("KES", currency)
    lines = [
        ":20:T1",
        f":25:{account}",
        f":28C:{number}/1",
        f":60F:{opening}",
        *entries,
        f":62F:{closing}",
        "-",
    ]
    return "\n".join(lines) + "\n"


def credit(reference: str, amount: str = "1500,00", *, day: str = "261103", says: str = "100245") -> str:
    """An entry of MT940 that brings money."""
    return f":61:{day}1103C{amount}NTRFNONREF//{reference}\n:86:{says}"
