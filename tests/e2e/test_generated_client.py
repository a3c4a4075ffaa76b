"""A client that a generator made of the API document alone walks through docs/api.md, over a ledger of its own."""

from __future__ import annotations

import base64
import hashlib
import importlib
import io
import subprocess
import sys
import uuid
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from tests.e2e.demonstration import Demonstration, Person

PACKAGE = "ledger_client_of_a_stranger"
pytestmark = [pytest.mark.e2e, pytest.mark.faults]


class Generated:
    """The generated package, and a client of it that is signed in."""

    def __init__(self, url: str, person: Person) -> None:
        self.models = importlib.import_module(f"{PACKAGE}.models")
        self._client = importlib.import_module(f"{PACKAGE}.client")
        sign_in = self.models.SignIn(username=person.username, password=person.password)
        stranger = self._client.Client(base_url=url)
        session = self._send(stranger, "sessions.sign_in", body=sign_in).parsed
        stranger.get_httpx_client().close()
        self.client = self._client.AuthenticatedClient(base_url=url, token=session.access_token)

    def send(self, operation: str, *arguments: Any, **named: Any) -> Any:
        """The detailed answer of `tag.operation_id`: status, headers, and the body as its model."""
        return self._send(self.client, operation, *arguments, **named)

    def change(self, operation: str, *arguments: Any, key: str | None = None, **named: Any) -> Any:
        """The same with an Idempotency-Key, a fresh one unless it is given."""
        return self.send(operation, *arguments, idempotency_key=key or str(uuid.uuid4()), **named)

    def _send(self, client: Any, operation: str, *arguments: Any, **named: Any) -> Any:
        module = importlib.import_module(f"{PACKAGE}.api.{operation}")
        return module.sync_detailed(*arguments, client=client, **named)


@pytest.fixture
def generated(
    demonstration: Demonstration, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Generated]:
    """The one command of docs/api.md; a warning (an endpoint left out, say) is a failure."""
    settings = tmp_path / "settings.yaml"
    # The generator knows no workbooks: what they are called is said to it, as docs/api.md says.
    workbook = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    settings.write_text(f"post_hooks: []\ncontent_type_overrides:\n  {workbook}: application/octet-stream\n")
    generator = Path(sys.executable).with_name("openapi-python-client")
    made = subprocess.run(
        [
            generator,
            "generate",
            "--url",
            f"{demonstration.url}/openapi.json",
            "--meta",
            "none",
            "--output-path",
            tmp_path / PACKAGE,
            "--config",
            settings,
            "--fail-on-warning",
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    assert made.returncode == 0, made.stdout + made.stderr
    monkeypatch.syspath_prepend(str(tmp_path))
    for name in [each for each in sys.modules if each.split(".")[0] == PACKAGE]:
        monkeypatch.delitem(sys.modules, name)
    it = Generated(demonstration.url, demonstration.user("teller"))
    yield it
    it.client.get_httpx_client().close()


def test_a_generated_client_walks_through_the_counters_day(
    demonstration: Demonstration, generated: Generated
) -> None:
    """Sign in, find, key, replay, collide, post, page, associate, import, look up, fence: by the document's types."""
    me = generated.send("me.get_me").parsed
    assert [role.value for role in me.user.roles] == ["teller"]

    customer = _find(generated)
    record, key = _key(generated, customer)
    _post(generated, record)
    _page(generated)
    _associate(generated, customer)
    _import(generated)
    _look_up(generated, customer, key)

    assert generated.send("sessions.sign_out").status_code == 204
    assert generated.send("me.get_me").parsed.code == "session-ended"
    demonstration.check()


def _find(it: Generated) -> Any:
    found = it.send("customers.list_customers", q="kamau wanj").parsed.items[0]
    assert (found.account_no, found.customer_no) == ("100245", "000101")
    whole = it.send("customers.get_customer", found.id, include="accounts,entries")
    assert whole.headers["etag"] == f'"{whole.parsed.version}"'
    assert {account.kind.value for account in whole.parsed.accounts} >= {"wallet"}
    return found


def _new_record(it: Generated, customer: Any, amount_minor: int) -> Any:
    return it.models.NewBalanceRecord(
        customer_id=customer.id,
        account_kind=it.models.AccountKind("shares"),
        amount_minor=amount_minor,
        currency="KES",
        as_of_date=date(2026, 9, 30),
        external_ref="STRANGER-1",
    )


def _key(it: Generated, customer: Any) -> tuple[Any, str]:
    """Keyed; sent again under its key it is the same one; under another key its reference is taken."""
    key, new = str(uuid.uuid4()), _new_record(it, customer, 125_000)
    made = it.change("balance_records.create_balance_record", key=key, body=new)
    assert (made.status_code, made.parsed.status.value) == (201, "not_accounted")
    again = it.change("balance_records.create_balance_record", key=key, body=new)
    assert again.headers["idempotency-replayed"] == "true"
    assert again.parsed == made.parsed
    other = it.change("balance_records.create_balance_record", body=new)
    assert (other.status_code, other.parsed.code) == (409, "reference-taken")
    return made.parsed, key


def _post(it: Generated, record: Any) -> None:
    """A change names the version that was seen, and the answer to a posting carries the new balance."""
    change = it.models.BalanceRecordChange(amount_minor=135_000)
    path = "balance_records.change_balance_record"
    changed = it.change(path, record.id, body=change, if_match='"1"')
    assert changed.parsed.amount_minor == 135_000
    stale = it.change(path, record.id, body=change, if_match='"1"')
    assert (stale.status_code, stale.parsed.code) == (412, "precondition-failed")
    assert stale.parsed.outcome.value == "not_applied"
    tag = changed.headers["etag"]
    posted = it.change("balance_records.post_balance_record", record.id, if_match=tag)
    assert posted.parsed.status.value == "accounted"
    assert posted.parsed.balances[0].balance_minor >= 135_000
    tag = posted.headers["etag"]
    twice = it.change("balance_records.post_balance_record", record.id, if_match=tag)
    assert (twice.status_code, twice.parsed.code) == (409, "record-accounted")


def _page(it: Generated) -> None:
    """A list is walked by its cursors to the end and back, and every row is met once."""
    counted = it.send("customers.list_customers", limit=200, count=True).parsed
    met: list[str] = []
    page = it.send("customers.list_customers", limit=5).parsed
    while True:
        met += [each.id for each in page.items]
        if page.next_ is None:
            break
        page = it.send("customers.list_customers", limit=5, cursor=page.next_).parsed
    assert len(met) == len(set(met)) == counted.count
    assert (
        it.send("customers.list_customers", limit=5, cursor=page.prev).parsed.items[-1].id
        == met[-len(page.items) - 1]
    )


def _associate(it: Generated, customer: Any) -> None:
    state = it.models.ListPaymentsState("unassociated")
    waiting = next(
        each
        for each in it.send("payments.list_payments", state=state, limit=200).parsed.items
        if "associate" in each.actions
    )
    assert it.send("payments.list_candidates", waiting.id).status_code == 200
    body = it.models.Associate(customer_id=customer.id)
    given = it.change("payments.associate_payment", waiting.id, body=body, if_match=f'"{waiting.version}"')
    assert given.parsed.state.value == "associated"
    assert given.parsed.customer.id == customer.id
    back = it.change(
        "payments.disassociate_payment",
        waiting.id,
        body=it.models.Disassociate(reason="the wrong customer"),
        if_match=given.headers["etag"],
    )
    assert back.parsed.state.value == "unassociated"


def _import(it: Generated) -> None:
    """A chunk, the job, and what was wrong in which row."""
    data = (
        b"customer_no,account_kind,amount,currency,as_of_date,narration,external_ref\n"
        b'000102,savings,"2,500.00",KES,2026-09-30,passbook,STRANGER-2\n'
        b"000103,savings,12.345,KES,2026-09-30,,STRANGER-3\n"
    )
    digest = base64.b64encode(hashlib.sha256(data).digest()).decode()
    types = importlib.import_module(f"{PACKAGE}.types")
    upload_id = uuid.uuid4()
    sent = it.send(
        "uploads.put_upload_chunk",
        upload_id,
        body=types.File(payload=io.BytesIO(data)),
        upload_length=str(len(data)),
        upload_offset="0",
        content_digest=f"sha-256=:{digest}:",
    )
    assert sent.parsed.offset == len(data)
    head = it.send("uploads.get_upload_offset", upload_id)
    assert head.headers["upload-offset"] == str(len(data))
    new = it.models.NewImport(upload_id=str(upload_id), kind=it.models.ImportKind("balance-records"))
    started = it.change("imports.create_import", body=new).parsed
    assert it.send("jobs.get_job", started.job_id, wait=20).parsed.state.value == "succeeded"
    assert it.send("imports.get_import", started.import_id).parsed.state.value == "refused"
    level = it.models.FindingLevel("error")
    row = it.send("imports.list_import_rows", started.import_id, level=level).parsed.items[0]
    assert (row.row_no, row.column) == (3, "amount")
    rejects = it.send("imports.get_rejects", started.import_id)
    assert b"STRANGER-3" in rejects.content


def _look_up(it: Generated, customer: Any, key: str) -> None:
    """What became of a key; and a key that is fenced is never applied."""
    assert it.send("operations.get_operation", key).parsed.state.value == "succeeded"
    never = str(uuid.uuid4())
    assert it.send("operations.get_operation", never).parsed.code == "operation-unknown"
    assert it.send("operations.cancel_operation", never).parsed.state.value == "cancelled"
    late = it.change("balance_records.create_balance_record", key=never, body=_new_record(it, customer, 100))
    assert (late.status_code, late.parsed.code) == (409, "operation-cancelled")
