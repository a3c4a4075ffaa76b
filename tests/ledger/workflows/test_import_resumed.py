"""A ledger that is killed in the middle of an import takes in every row once (CONC-5; testing.md, T5)."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.ledger.files import ask_import, finished, name_members, records_of, table, upload
from tests.ledger.running import PASSWORD, Api, RunningLedger, copy_template
from tests.ledger.statements import ACCOUNT, credit, import_statement, mt940, own_accounts
from tests.ledger.till import open_till

pytestmark = pytest.mark.faults

ROWS = 240
CHUNK_ROWS = 50

# A ledger that kills itself, without a chance to say so, before the nth call of one of its functions.
SCRIPT = f"""
import importlib, os, signal, sys
from branchtui.ledger import serve
from branchtui.ledger.workflows import import_check, import_run, payment_bulk

database, module, name, calls = sys.argv[1:]
import_check.CHUNK_ROWS = import_run.CHUNK_ROWS = {CHUNK_ROWS}
payment_bulk.FEW = 20
owner = importlib.import_module(module)
original, left = getattr(owner, name), int(calls)

def deadly(*arguments, **options):
    global left
    left -= 1
    if left < 0:
        os.kill(os.getpid(), signal.SIGKILL)
    return original(*arguments, **options)

setattr(owner, name, deadly)
serve.serve(database, serve.Serving(), announce=lambda url: print(url, flush=True))
"""
STORE = "branchtui.ledger.store.import_store"
INDEX = "branchtui.ledger.store.text_index"
BOOKS = "branchtui.ledger.journal"
PAYMENTS = "branchtui.ledger.workflows.payment_bulk"
JOBS = "branchtui.ledger.workflows.jobs"


def import_until_death(
    database: str, data: bytes, mode: str, deadly: tuple[str, str, int], who: str = "teller", **more: Any
) -> tuple[str, str]:
    """Ask a doomed ledger for an import and wait for its death; the ids of import and job."""
    module, name, calls = deadly
    with subprocess.Popen(
        [sys.executable, "-c", SCRIPT, database, module, name, str(calls)], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        try:
            accepted = _asked(process.stdout.readline().strip(), data, who, {"mode": mode} | more)
            assert process.wait(60) == -signal.SIGKILL
        finally:
            process.kill()
    return accepted["import_id"], accepted["job_id"]


def _asked(url: str, data: bytes, who: str, members: dict[str, Any]) -> dict[str, str]:
    """Sign in, send the file, ask for its import."""
    with httpx.Client(base_url=url, timeout=30, trust_env=False) as client:
        api = Api(client)
        session = api.post("/v1/sessions", {"username": who, "password": PASSWORD}, key="").json()
        api = Api(client, who, session["access_token"], session)
        return dict(ask_import(api, upload(api, data), **members).json())


@pytest.mark.sampled(2)
@pytest.mark.e2e
@pytest.mark.parametrize(
    ("mode", "deadly"),
    [
        pytest.param("valid_rows", (STORE, "forget_rows", 0), id="before the check"),
        pytest.param("valid_rows", (STORE, "stage", 2), id="in the middle of the check"),
        pytest.param("valid_rows", (JOBS, "called", 6), id="when the check is over"),
        pytest.param("valid_rows", (STORE, "insert_records", 0), id="before the first row is in"),
        pytest.param("valid_rows", (STORE, "staged", 3), id="between two chunks"),
        pytest.param("valid_rows", (STORE, "insert_records", 3), id="in the middle of a chunk"),
        pytest.param("all_or_nothing", (STORE, "insert_records", 0), id="all: before the first row is in"),
        pytest.param("all_or_nothing", (STORE, "insert_records", 3), id="all: in the middle"),
    ],
)
def test_an_import_goes_on_exactly_where_the_ledger_was_killed(
    ledger_template: Path, tmp_path: Path, mode: str, deadly: tuple[str, str, int]
) -> None:
    """Whatever moment kill -9 chooses: after the restart the job ends and every row is a record once."""
    database = copy_template(ledger_template, tmp_path)
    with RunningLedger(database) as ledger:
        name_members(ledger, "000101")
    lines = [f"000101,savings,{each}.25,KES,2026-09-30,,K-{each}" for each in range(1, ROWS + 1)]
    wanted = [(each + 1, f"K-{each}", each * 100 + 25) for each in range(1, ROWS + 1)]
    if mode == "valid_rows":
        lines[100] = "NOPE,savings,1,KES,2026-09-30,,K-bad"
        del wanted[100]
    import_id, job_id = import_until_death(database, table(*lines).encode(), mode, deadly)
    with RunningLedger(database) as ledger:
        before = records_of(ledger, {"id": import_id})
        if mode == "all_or_nothing":
            assert len(before) in {0, ROWS}, "all or nothing holds at every moment"
        api = ledger.sign_in("teller")
        accepted = httpx.Response(
            202, json={"import_id": import_id, "job_id": job_id}, headers={"location": f"/v1/jobs/{job_id}"}
        )
        done = finished(api, accepted)
        assert (done["state"], done["imported"]) == ("done", len(wanted))
        assert done["total_minor"] == sum(amount for _, _, amount in wanted)
        assert [each[:3] for each in records_of(ledger, done)] == wanted
        ledger.check()


@pytest.mark.sampled(2)
@pytest.mark.e2e
@pytest.mark.parametrize(
    "deadly",
    [
        pytest.param((PAYMENTS, "many_in_transaction", 1), id="before owners are looked up"),
        pytest.param((BOOKS, "insert_rows", 4), id="between entries and legs"),
        pytest.param((INDEX, "indexed_text_sql", 1), id="while the text index has no trigger"),
        pytest.param((JOBS, "called", 4), id="between two pieces"),
    ],
)
def test_a_statement_goes_on_exactly_where_the_ledger_was_killed(
    ledger_template: Path, tmp_path: Path, deadly: tuple[str, str, int]
) -> None:
    """CONC-5, INV-6: every entry is a payment once, one that repeats a code too; what contradicts is kept apart once."""
    database = copy_template(ledger_template, tmp_path)
    said = [credit(f"KILLED{number:06d}", "1,25") for number in range(ROWS)]
    said[60] = said[170] = said[10]
    said[120] = credit("WRONG000001", "2,00")
    with RunningLedger(database) as ledger:
        own_accounts(ledger, ACCOUNT)
        till = open_till(ledger)
        import_statement(till.api("supervisor"), mt940(credit("WRONG000001", "9,00")))
        before = till.balance("000101")
    import_id, job_id = import_until_death(
        database, mt940(*said).encode(), "all_or_nothing", deadly, "supervisor", kind="statement"
    )
    with RunningLedger(database) as ledger:
        api = ledger.sign_in("supervisor")
        accepted = httpx.Response(
            202, json={"import_id": import_id, "job_id": job_id}, headers={"location": f"/v1/jobs/{job_id}"}
        )
        done = finished(api, accepted)
        assert (done["state"], done["imported"], done["total_minor"]) == ("done", ROWS - 1, (ROWS - 1) * 125)
        assert ledger.balance_minor(till.wallet("000101")) - before == (ROWS - 1) * 125
        codes = [code for (code,) in ledger.query("SELECT code FROM payments WHERE code LIKE 'KILLED%'")]
        assert len(codes) == len(set(codes)) == ROWS - 1
        assert {"KILLED000010", "KILLED000010/261103", "KILLED000010/261103/2"} <= set(codes)
        assert ledger.query("SELECT state FROM callback_events") == [("quarantined",)]
        found = api.get("/v1/payments", q="killed000239").json()["items"]
        assert [each["code"] for each in found] == ["KILLED000239"]
        ledger.check()
