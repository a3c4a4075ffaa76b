"""A ledger that is killed in the middle of an import takes in every row once (CONC-5; testing.md, T5)."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import httpx
import pytest
from tests.ledger.files import ask_import, finished, name_members, records_of, table, upload
from tests.ledger.running import PASSWORD, Api, RunningLedger, copy_template

pytestmark = pytest.mark.faults

ROWS = 240
CHUNK_ROWS = 50

# A ledger that kills itself, without a chance to say so, before the nth call of one of its functions.
SCRIPT = f"""
import importlib, os, signal, sys
from branchtui.ledger import serve
from branchtui.ledger.workflows import import_check, import_run

database, module, name, calls = sys.argv[1:]
import_check.CHUNK_ROWS = import_run.CHUNK_ROWS = {CHUNK_ROWS}
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
JOBS = "branchtui.ledger.workflows.jobs"


def import_until_death(
    database: str, data: bytes, mode: str, deadly: tuple[str, str, int]
) -> tuple[str, str]:
    """Ask a doomed ledger for an import and wait for its death; the ids of import and job."""
    module, name, calls = deadly
    with subprocess.Popen(
        [sys.executable, "-c", SCRIPT, database, module, name, str(calls)], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        try:
            accepted = _asked(process.stdout.readline().strip(), data, mode)
            assert process.wait(60) == -signal.SIGKILL
        finally:
            process.kill()
    return accepted["import_id"], accepted["job_id"]


def _asked(url: str, data: bytes, mode: str) -> dict[str, str]:
    """Sign in, send the file, ask for its import."""
    with httpx.Client(base_url=url, timeout=30, trust_env=False) as client:
        api = Api(client)
        session = api.post("/v1/sessions", {"username": "teller", "password": PASSWORD}, key="").json()
        api = Api(client, "teller", session["access_token"], session)
        return dict(ask_import(api, upload(api, data), mode=mode).json())


@pytest.mark.sampled(2)
@pytest.mark.e2e
@pytest.mark.parametrize(
    ("mode", "deadly"),
    [
        pytest.param("valid_rows", (STORE, "forget_rows", 0), id="before the check"),
        pytest.param("valid_rows", (STORE, "stage", 2), id="in the middle of the check"),
        pytest.param("valid_rows", (JOBS, "called", 6), id="when the check is over"),
        pytest.param("valid_rows", (STORE, "insert_records", 0), id="before the first row is in"),
        pytest.param("valid_rows", (STORE, "last_record_row", 3), id="between two chunks"),
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
