"""Balance files for tests: made, sent, waited for, applied, all over HTTP."""

from __future__ import annotations

import csv
import io
import itertools
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest
from tests.ledger.files import upload
from tests.ledger.running import PASSWORD

if TYPE_CHECKING:
    import httpx
    from tests.ledger.running import Api, RunningLedger

SAMPLES: Final = Path(__file__).parents[3] / "shared" / "samples" / "balances"
FILES: Final = "/v1/balance-files"
AS_OF: Final = "2026-01-14"
_numbers = itertools.count(1)


def fresh_name() -> str:
    """A file_id that nobody used."""
    return f"F-{next(_numbers):05d}"


def sample(name: str) -> bytes:
    """A file of the samples; the test is skipped where they are not at hand."""
    path = SAMPLES / name
    if not path.is_file():
        pytest.skip(f"the sample {name} is not at hand")
    return path.read_bytes()


def payer(
    number: str, balance: str, name: str = "", due: str = "2026-02-05", ref: str = "", email: str = ""
) -> list[str]:
    """A payer's record."""
    return ["D", number, name, balance, due, ref, email]


def universal(*payers: list[str], total: str | None = None, count: int | None = None, **head: str) -> bytes:
    """A universal file with a right trailer, unless another one is given."""
    said = {
        "version": "1",
        "file_id": fresh_name(),
        "division": "",
        "created_at": "2026-01-15T06:00:00Z",
        "currency": "KES",
        "as_of_date": AS_OF,
    } | head
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["H", *said.values()])
    writer.writerows(payers)
    summed = sum(round(float(each[3]) * 100) for each in payers) if total is None else 0
    added = f"{summed / 100:.2f}" if total is None else total
    writer.writerow(["T", len(payers) if count is None else count, added])
    return text.getvalue().encode()


def send(api: Api, data: bytes, **members: Any) -> httpx.Response:
    """Upload a file and ask for its check."""
    return api.post(FILES, {"upload_id": upload(api, data)} | members)


def settled(api: Api, answer: httpx.Response) -> dict[str, Any]:
    """Wait for the job of an accepted command and return the file; one that was done at once as it is."""
    assert answer.status_code in {200, 202}, answer.text
    if answer.status_code == 202:
        assert answer.headers["location"] == f"/v1/jobs/{answer.json()['job_id']}"
        while True:
            job = api.get(answer.headers["location"], wait=20)
            assert job.status_code == 200, job.text
            if job.json()["state"] in {"succeeded", "failed"}:
                break
        assert job.json()["state"] == "succeeded", job.text
    found = api.get(f"{FILES}/{answer.json()['id']}")
    assert found.status_code == 200, found.text
    return dict(found.json())


def check_file(api: Api, data: bytes, **members: Any) -> dict[str, Any]:
    """Send a file and wait for its X-ray."""
    return settled(api, send(api, data, **members))


def ask_apply(api: Api, file: dict[str, Any], **options: Any) -> httpx.Response:
    """Ask for what the preview showed to be applied."""
    body = {"file_sha256": file["sha256"], "preview_version": file["preview_version"]}
    return api.post(f"{FILES}/{file['id']}/apply", body, **options)


def apply_file(api: Api, file: dict[str, Any]) -> dict[str, Any]:
    """Apply a file to its end."""
    assert file["state"] == "validated", file
    return settled(api, ask_apply(api, file))


def apply_bytes(api: Api, data: bytes, **members: Any) -> dict[str, Any]:
    """Send and apply a file."""
    return apply_file(api, check_file(api, data, **members))


def ask_revert(api: Api, file: dict[str, Any], **options: Any) -> httpx.Response:
    """Ask for an applied file to be taken back, as somebody who has just proved to be the person."""
    assert api.post("/v1/me/step-up", {"password": PASSWORD}, key="").status_code == 200
    return api.post(f"{FILES}/{file['id']}/revert", **options)


def found_in(api: Api, file: dict[str, Any], level: str | None = None) -> list[tuple[int, str, str]]:
    """Row, column and code of what was found, all pages of it."""
    asked = {} if level is None else {"level": level}
    rows = api.pages(f"{FILES}/{file['id']}/rows", **asked)
    return [(each["row_no"], each["column"] or "", each["code"]) for each in rows]


def result(file: dict[str, Any]) -> tuple[str, int, int, int, int]:
    """State, updated, unchanged, warnings, errors."""
    return (
        file["state"],
        file["accounts_updated"],
        file["unchanged"],
        file["warnings"],
        file["errors"],
    )


def owed(ledger: RunningLedger, number: str) -> int | None:
    """What the payer with this main number owes, in minor units; None without a receivable."""
    found = ledger.query(
        "SELECT accounts.balance_minor FROM accounts JOIN customers ON customers.id = accounts.customer_id "
        "WHERE customers.account_no = ? AND accounts.kind = 'receivable' AND accounts.status = 'open'",
        number,
    )
    return None if not found else int(found[0][0])


def entries_of(ledger: RunningLedger, file: dict[str, Any]) -> list[tuple[str, int, int]]:
    """Kind of account, leg and balance after, of every entry of a file, in order."""
    return [
        (kind, amount, after)
        for kind, amount, after in ledger.query(
            "SELECT accounts.kind, legs.amount_minor, legs.balance_after_minor FROM journal_entries "
            "JOIN legs ON legs.entry_id = journal_entries.id JOIN accounts ON accounts.id = legs.account_id "
            "WHERE subject_id = ? ORDER BY journal_entries.booked_at, row_no, line",
            file["id"],
        )
    ]
