"""Statements over HTTP: what they bring, what they bring twice, and what they may not bring (contract, sections 5 and 8)."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.ledger.files import findings, finished
from tests.ledger.members import ok
from tests.ledger.running import PASSWORD, Api, RunningLedger
from tests.ledger.statements import (
    ACCOUNT,
    PROVIDER,
    SAMPLES,
    ask_statement,
    credit,
    import_statement,
    mt940,
    needs_samples,
    own_accounts,
)
from tests.ledger.till import Till, message, open_till
from tests.ledger.workbooks import workbook

from branchtui.ledger.store import migrate
from branchtui.ledger.store.unit import BulkTx
from branchtui.ledger.workflows import import_kinds, import_run
from branchtui.ledger.workflows.statement_take import StatementRows

pytestmark = pytest.mark.both_stores

STATEMENTS = SAMPLES / "bank-statements"


@pytest.fixture(scope="module")
def till(running_ledger: RunningLedger) -> Till:
    own_accounts(running_ledger, ACCOUNT)
    own_accounts(running_ledger, "888", branch="KSM")
    return open_till(running_ledger)


@pytest.fixture
def own_till(new_ledger: Callable[[Path], str], tmp_path: Path) -> Iterator[Till]:
    """A till of one's own; its invariants are checked when the test ends."""
    with RunningLedger(new_ledger(tmp_path)) as ledger:
        own_accounts(ledger, ACCOUNT)
        yield open_till(ledger)
        ledger.check()


@pytest.fixture
def boss(till: Till) -> Api:
    return till.api("supervisor")


def closing(*amounts: int) -> str:
    """The closing balance behind an opening one of 1,000.00."""
    total = 100_000 + sum(amounts)
    return f"C261103KES{total // 100},{total % 100:02d}"


def codes(api: Api, import_: dict[str, Any]) -> list[tuple[int, str, str | None]]:
    """Row, level and code of everything that was found."""
    return [(each["row_no"], each["level"], each["code"]) for each in findings(api, import_)]


# ── what a statement brings ─────────────────────────────────────────────────────────────────────────────────────────


def test_credits_become_payments_and_find_their_owners(own_till: Till) -> None:
    """Booked credits alone; each matched as a callback is, the rest in the queue; float against receipts."""
    api = own_till.api("supervisor")
    data = mt940(
        credit("FT26110300010"),
        credit("FT26110300011", "20,00", says="school fees"),
        ":61:2611031103D5,00NTRFNONREF//FT26110300012",
        closing=closing(150_000, 2_000, -500),
    )
    preview = import_statement(api, data, dry_run=True)
    assert (preview["state"], preview["total_minor"], preview["currency"]) == ("ready", 152_000, "KES")
    assert own_till.top.pages("/v1/payments") == []
    (totals,) = preview["statements"]
    assert totals == totals | {
        "account": ACCOUNT,
        "is_ours": "ours",
        "provider": PROVIDER,
        "opening_minor": 100_000,
        "closing_minor": 251_500,
        "difference_minor": 0,
        "credits": 2,
        "credits_minor": 152_000,
        "debits": 1,
        "debits_minor": 500,
        "new": 2,
        "known": 0,
        "passed_over": 1,
    }
    assert codes(api, preview) == [(2, "ok", "ok"), (3, "ok", "ok"), (4, "ok", "debit")]
    started = api.post(
        f"/v1/imports/{preview['id']}/start",
        {"sha256": preview["sha256"], "preview_version": preview["preview_version"]},
    )
    assert started.status_code == 202, started.text
    assert api.get(started.headers["location"], wait=20).json()["result"]["imported"] == 2
    (given,) = own_till.by_code("FT26110300010")
    assert (given["state"], given["customer"]["customer_no"], given["source"]) == (
        "associated",
        "000101",
        "statement",
    )
    assert (given["associated_by"], given["provider"]) == ("ledger", PROVIDER)
    assert given["paid_at"][:10] == "2026-11-03"
    (waits,) = own_till.by_code("FT26110300011")
    assert (waits["state"], waits["account_ref"]) == ("unassociated", "school fees")
    assert own_till.balance("000101") == 150_000
    kinds = own_till.ledger.query("SELECT kind, count(*) FROM journal_entries GROUP BY kind ORDER BY kind")
    assert kinds == [("payment.associate", 1), ("payment.receive", 2)]
    own_till.ledger.check()


def test_the_same_statement_again_adds_nothing(own_till: Till) -> None:
    """409 for the very bytes; with `confirm`, and in another form, every entry finds its payment."""
    api = own_till.api("supervisor")
    data = mt940(credit("FT26110300010"), credit("NONREF", "20,00"), credit("NONREF", "20,00"))
    assert import_statement(api, data)["imported"] == 3
    again = ask_statement(api, data)
    assert (again.status_code, again.json()["code"]) == (409, "file-already-imported")
    before = own_till.top.pages("/v1/payments")
    for other in (data.replace("\n", "\r\n"), data.replace(":20:T1", ":20:T2")):
        done = import_statement(api, other)
        assert (done["state"], done["imported"], done["statements"][0]["known"]) == ("done", 0, 3)
    assert import_statement(api, data, confirm=True)["imported"] == 0
    assert own_till.top.pages("/v1/payments") == before


def test_an_overlapping_statement_adds_what_is_new(own_till: Till) -> None:
    """Entries of both days, then of the second and third: three payments."""
    api = own_till.api("supervisor")
    first = [credit("NONREF", "10,00", day="261101"), credit("FT26110200010", "10,00", day="261102")]
    second = [first[1], credit("NONREF", "10,00", day="261103")]
    assert import_statement(api, mt940(*first))["imported"] == 2
    done = import_statement(api, mt940(*second))
    assert (done["imported"], done["statements"][0]["known"], done["statements"][0]["new"]) == (1, 1, 1)
    assert len(own_till.top.pages("/v1/payments")) == 3
    assert own_till.balance("000101") == 3_000


def test_the_same_code_with_another_amount_is_quarantined_and_the_rest_goes_in(own_till: Till) -> None:
    """INV-6: seen in the third list with its reason, once, whichever mode; nothing settled changes."""
    api = own_till.api("supervisor")
    import_statement(api, mt940(credit("FT26110300010")))
    (payment,) = own_till.by_code("FT26110300010")
    data = mt940(credit("FT26110300010", "1600,00"), credit("FT26110300011", "20,00"))
    for confirm in (False, True):
        done = import_statement(api, data, confirm=confirm)
        assert (done["state"], done["statements"][0]["quarantined"]) == ("done", 1)
    (event,) = own_till.events("FT26110300010")
    assert (event["state"], event["provider"]) == ("quarantined", PROVIDER)
    assert event["reason"] == (
        f"Code FT26110300010 is payment {payment['payment_no']} of 1,500.00 KES; this statement says 1,600.00 KES."
    )
    assert own_till.by_code("FT26110300010") == [payment]
    assert len(own_till.by_code("FT26110300011")) == 1


def test_a_payment_is_one_row_whichever_door_it_came_by(own_till: Till) -> None:
    """Callback and the portal's table: the receipt number is one payment; another amount contradicts it."""
    api = own_till.api("supervisor")
    own_till.pay("SKA10QWE77")
    head = (
        "Receipt No.,Completion Time,Details,Transaction Status,Paid In,Withdrawn,Other Party Info,A/C No.\n"
    )
    rows = (
        "SKA10QWE77,03-11-2026 09:15:02,Pay Bill,Completed,1500.00,,254711222333 - W K,100245\n"
        "SKA10QWE78,13-11-2026 09:15:02,Pay Bill,Completed,20.00,,254722333444 - A O,\n"
    )
    unnamed = import_statement(api, head + rows, "statement-mpesa")
    assert (unnamed["state"], unnamed["imported"]) == ("refused", 0)
    assert "name the account" in unnamed["reason"]
    done = import_statement(api, head + rows, "statement-mpesa", account="600100")
    assert (done["imported"], done["statements"][0]["known"]) == (1, 1)
    (found,) = own_till.by_code("SKA10QWE78")
    assert (found["source"], found["provider"], found["match"]["tier"]) == ("statement", "mpesa", 2)
    assert own_till.send(message("SKA10QWE78", TransAmount="20.00")).status_code == 200
    assert own_till.send(message("SKA10QWE78", TransAmount="21.00")).status_code == 200
    assert own_till.by_code("SKA10QWE78") == [found]
    (event,) = own_till.events("SKA10QWE78")
    assert event["state"] == "quarantined"


def test_a_month_of_the_portal_brings_its_payments_and_nothing_else(own_till: Till) -> None:
    """Charges, settlements, own transfers and reversals beside payments; what callbacks brought is known."""
    api = own_till.api("supervisor")
    own_till.pay("PRT0000001")
    head = (
        'Short Code:,600100\nOpening Balance:,"10,000.00",Closing Balance:,"20,000.00"\n\n'
        "Receipt No.,Completion Time,Details,Transaction Status,Paid In,Withdrawn,Reason Type,Other Party Info,A/C No.\n"
    )
    when = "03-11-2026 09:15:02"
    rows = (
        f'PRT0000001,{when},Pay Bill Online,Completed,"1,500.00",,Pay Utility,254711222333 - W K,100245\n'
        f"PRT0000001,{when},Pay Bill Charge,Completed,,-15.00,Pay Bill Charge,,\n"
        f"PRT0000002,{when},Pay Bill from 254722333444 - A O Acc. reversal,Completed,20.00,,Pay Utility,,\n"
        f"PRT0000003,{when},Pay Bill Online,Completed,30.00,,Pay Utility,254722333444,1002\ufffd45\n"
        f"PRT0000004,{when},Organization Settlement,Completed,,-500.00,Organization Settlement,,\n"
        f"PRT0000005,{when},Utility Account to Organization Settlement Account,Completed,500.00,,,,\n"
        f"PRT0000006,{when},Pay Bill Reversal of PRT0000001,Completed,,-1500.00,Pay Utility Reversal,,\n"
        f"PRT0000007,{when},Pay Bill Online,Reversed,40.00,,Pay Utility,254711222333 - W K,100245\n"
    )
    done = import_statement(api, head + rows, "statement-mpesa")
    assert (done["state"], done["imported"], done["statements"][0]["known"]) == ("done", 2, 1)
    found = {each["code"]: each for each in own_till.top.pages("/v1/payments")}
    assert set(found) == {"PRT0000001", "PRT0000002", "PRT0000003"}
    assert (found["PRT0000002"]["customer"]["customer_no"], found["PRT0000002"]["match"]["tier"]) == (
        "000102",
        2,
    )
    assert "lost a sign" in found["PRT0000003"]["waits_because"]
    told = {(each["row_no"], each["code"]) for each in findings(api, done, "warning")}
    assert told == {
        (10, "own-transfer"),
        (10, "information"),
        (11, "reversal"),
        (12, "taken-back"),
        (12, "pending"),
    }


def test_a_workbook_with_lines_above_its_header_may_end_its_rows_with_blank_cells(own_till: Till) -> None:
    """A till's payments name no account: the sheet leaves those cells out, and the lines above are narrow."""
    head = "Receipt No.,Completion Time,Details,Transaction Status,Paid In,Withdrawn,Other Party Info,A/C No."
    rows: list[list[Any]] = [
        ["Short Code:", "600100"],
        [],
        head.split(","),
        ["WBK0000001", "03-11-2026 09:15:02", "Buy Goods", "Completed", 20, None, 254722333444],
        ["WBK0000002", "03-11-2026 09:15:02", "Pay Bill", "Completed", 30, None, None, "100245"],
        ["WBK0000003", "03-11-2026 09:15:02", "Pay Bill Charge", "Completed", None, -15],
    ]
    done = import_statement(own_till.api("supervisor"), workbook(rows), "statement-mpesa")
    assert (done["state"], done["imported"]) == ("done", 2)
    owners = {each["code"]: each["customer"]["customer_no"] for each in own_till.top.pages("/v1/payments")}
    assert owners == {"WBK0000001": "000102", "WBK0000002": "000101"}


@pytest.mark.parametrize("written", ["SKA10QWE77", "ska10qwe77", " SKA10 qwe77", "SKA10\u00a0QWE77 "])
def test_a_receipt_number_is_one_payment_in_every_writing(own_till: Till, written: str) -> None:
    """Capitals, small letters and spaces, by the callback, the portal's table and by hand; what is none is refused."""
    api = own_till.api("supervisor")
    head = (
        "Receipt No.,Completion Time,Details,Transaction Status,Paid In,Withdrawn,Other Party Info,A/C No.\n"
    )
    row = "{},03-11-2026 09:15:02,Pay Bill,Completed,1500.00,,254711222333 - W K,100245\n"
    assert own_till.send(message(written.replace("\u00a0", " "))).status_code == 200
    done = import_statement(
        api, head + row.format(written) + row.format("SKA10QWE77"), "statement-mpesa", account="600100"
    )
    assert (done["state"], done["imported"], done["statements"][0]["known"]) == ("done", 0, 2)
    keyed = {
        "customer_id": own_till.id_of("000101"), "currency": "KES", "tender": "mobile_money", "provider": "mpesa",
        "receipt_no": written.replace("\u00a0", " ").strip(), "amount_minor": 150_000,
    }  # fmt: skip
    assert api.post("/v1/payments", keyed).status_code == 409
    damaged = import_statement(
        api, head + row.format("SKA10\u200bQWE77"), "statement-mpesa", account="600100"
    )
    assert (damaged["state"], damaged["imported"]) == ("refused", 0)
    (payment,) = own_till.top.pages("/v1/payments")
    assert payment["code"] == "SKA10QWE77"


def test_a_statement_that_stands_twice_in_its_file_is_refused(own_till: Till) -> None:
    """Two exports put together would book everything twice: banks repeat references within a statement."""
    api = own_till.api("supervisor")
    data = mt940(credit("FT26110300010"), closing=closing(150_000))
    done = import_statement(api, data + data)
    assert (done["state"], done["imported"]) == ("refused", 0)
    assert "the same statement stands twice in the file" in done["reason"]
    assert import_statement(api, data + data.replace(":28C:1", ":28C:2"))["state"] == "done"


def test_an_instant_of_another_day_here_is_found_again(own_till: Till) -> None:
    """The bank's own day counts, as in its other files: late in the evening there it is the next day here."""
    api = own_till.api("supervisor")
    entry = (
        '<Ntry><Amt Ccy="KES">12.50</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts>BOOK</Sts><BookgDt>{}</BookgDt>'
        "<AcctSvcrRef>FT26110300010</AcctSvcrRef></Ntry>"
    )
    text = (
        '<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.02"><BkToCstmrStmt><Stmt><Id>1</Id><Acct><Id><Othr>'
        f"<Id>{ACCOUNT}</Id></Othr></Id><Ccy>KES</Ccy></Acct>{entry}</Stmt></BkToCstmrStmt></Document>"
    )
    first = text.format("<DtTm>2026-11-03T23:30:00-05:00</DtTm>")
    assert import_statement(api, first)["imported"] == 1
    for again in (first + "\n", text.format("<Dt>2026-11-03</Dt>"), mt940(credit("FT26110300010", "12,50"))):
        done = import_statement(api, again)
        assert (done["imported"], done["statements"][0]["known"]) == (0, 1)
    (payment,) = own_till.top.pages("/v1/payments")
    assert payment["paid_at"][:10] == "2026-11-03"


def test_a_statement_in_two_formats_that_count_by_two_days_brings_no_payment_twice(own_till: Till) -> None:
    """MT940 tells the day of value first, camt that of booking: with the same reference a person looks at it."""
    api = own_till.api("supervisor")
    camt = (
        '<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.02"><BkToCstmrStmt><Stmt><Id>1</Id><Acct><Id><Othr>'
        f"<Id>{ACCOUNT}</Id></Othr></Id><Ccy>KES</Ccy></Acct>"
        '<Ntry><Amt Ccy="KES">12.50</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts>BOOK</Sts><BookgDt><Dt>2026-11-03</Dt></BookgDt>'
        "<ValDt><Dt>2026-11-04</Dt></ValDt><AcctSvcrRef>FT26110300010</AcctSvcrRef></Ntry></Stmt></BkToCstmrStmt></Document>"
    )
    swift = mt940(credit("FT26110300010", "12,50", day="261104"))
    first, second = import_statement(api, camt), import_statement(api, swift)
    assert (first["imported"], second["imported"], second["statements"][0]["quarantined"]) == (1, 0, 1)
    (kept,) = own_till.top.pages("/v1/callback-events")
    assert "look whether it is the same" in kept["reason"]
    assert import_statement(api, swift + "\n")["imported"] == 0
    assert len(own_till.top.pages("/v1/payments")) == 1


def test_a_transfer_that_was_keyed_from_a_slip_is_found_in_the_statement(own_till: Till) -> None:
    """A manual bank transfer is known under the bank's own reference; another amount contradicts it."""
    api = own_till.api("supervisor")
    body = {"customer_id": own_till.id_of("000101"), "currency": "KES", "tender": "bank_transfer"}
    for code, amount_minor in (("SLIP0000010", 150_000), ("SLIP0000011", 1_000)):
        ok(api.post("/v1/payments", body | {"receipt_no": code, "amount_minor": amount_minor}), 201)
    done = import_statement(api, mt940(credit("SLIP0000010"), credit("SLIP0000011", "20,00")))
    totals = done["statements"][0]
    assert (done["imported"], totals["known"], totals["quarantined"]) == (0, 1, 1)
    assert len(own_till.top.pages("/v1/payments")) == 2


def test_a_transfer_that_was_keyed_and_reversed_is_kept_apart_when_the_bank_tells_of_it(
    own_till: Till,
) -> None:
    """Contract, section 5: never silently dropped; the same statement again holds it no second time."""
    api = own_till.api("supervisor")
    body = {"customer_id": own_till.id_of("000101"), "currency": "KES", "tender": "bank_transfer"}
    made = ok(api.post("/v1/payments", body | {"receipt_no": "SLIP0000012", "amount_minor": 150_000}), 201)
    path = f"/v1/payments/{made['id']}/reverse"
    ok(api.post(path, {"reason": "keyed wrongly"}, if_match=made["version"]))
    for _ in range(2):
        done = import_statement(api, mt940(credit("SLIP0000012")), confirm=True)
        totals = done["statements"][0]
        assert (done["imported"], totals["known"], totals["quarantined"]) == (0, 0, 1)
    (kept,) = own_till.events("SLIP0000012")
    assert "was keyed by hand and reversed" in kept["reason"]


@pytest.mark.parametrize("door", ["bank", "portal"])
def test_a_payment_that_a_statement_told_of_too_is_not_reversed(own_till: Till, door: str) -> None:
    """Contract, section 5: the bank or the provider has the money; a preview that is not taken in says nothing yet."""
    api = own_till.api("supervisor")
    body = {"customer_id": own_till.id_of("000101"), "currency": "KES", "amount_minor": 150_000}
    if door == "bank":
        body |= {"tender": "bank_transfer", "receipt_no": "SLIP0000013"}
        sent: tuple[Any, ...] = (mt940(credit("SLIP0000013")),)
        more: dict[str, Any] = {}
    else:
        body |= {"tender": "mobile_money", "provider": "mpesa", "receipt_no": "SKA10QWE88"}
        head = "Receipt No.,Completion Time,Details,Transaction Status,Paid In,Withdrawn,Other Party Info,A/C No.\n"
        row = "SKA10QWE88,03-11-2026 09:15:02,Pay Bill,Completed,1500.00,,254711222333 - W K,100245\n"
        sent, more = (head + row, "statement-mpesa"), {"account": "600100"}
    made = ok(api.post("/v1/payments", body), 201)
    path = f"/v1/payments/{made['id']}"
    ready = import_statement(api, *sent, dry_run=True, **more)
    assert "reverse" in api.get(path).json()["actions"]
    asked = {"sha256": ready["sha256"], "preview_version": ready["preview_version"]}
    done = finished(api, api.post(f"/v1/imports/{ready['id']}/start", asked))
    assert (done["state"], done["imported"], done["statements"][0]["known"]) == ("done", 0, 1)
    (told,) = api.pages("/v1/callback-events", state="confirmed")
    assert f"is payment {made['payment_no']}" in told["reason"]
    answer = api.post(f"{path}/reverse", {"reason": "keyed wrongly"}, if_match=made["version"])
    assert (answer.status_code, answer.json()["code"]) == (409, "transition-not-allowed")
    assert "this money came" in api.get(path).json()["refused"]["reverse"]["message"]
    assert import_statement(api, *sent, confirm=True, **more)["imported"] == 0
    assert len(api.pages("/v1/callback-events", state="confirmed")) == 1


def test_a_payment_that_is_reversed_between_preview_and_taking_in_is_kept_apart(own_till: Till) -> None:
    """Contract, section 5: what was known at the preview is looked up again, and held when the books say it never came."""
    api = own_till.api("supervisor")
    body = {"customer_id": own_till.id_of("000101"), "currency": "KES", "tender": "bank_transfer"}
    made = ok(api.post("/v1/payments", body | {"receipt_no": "SLIP0000014", "amount_minor": 150_000}), 201)
    ready = import_statement(api, mt940(credit("SLIP0000014")), dry_run=True)
    ok(api.post(f"/v1/payments/{made['id']}/reverse", {"reason": "keyed wrongly"}, if_match=made["version"]))
    asked = {"sha256": ready["sha256"], "preview_version": ready["preview_version"]}
    finished(api, api.post(f"/v1/imports/{ready['id']}/start", asked))
    (kept,) = own_till.events("SLIP0000014")
    assert (kept["state"], "was keyed by hand and reversed" in kept["reason"]) == ("quarantined", True)


# ── whose account it is ─────────────────────────────────────────────────────────────────────────────────────────────


def test_a_statement_of_an_unknown_account_is_parked_for_the_top_branch(own_till: Till) -> None:
    """Contract, section 10: nothing is taken in, in any mode; a teller's supervisor does not see it."""
    api = own_till.api("supervisor")
    for mode in ("all_or_nothing", "valid_rows"):
        done = import_statement(api, mt940(credit("FT26110300010"), account="999"), mode=mode, confirm=True)
        assert (done["state"], done["imported"], done["statements"][0]["is_ours"]) == (
            "refused",
            0,
            "unknown",
        )
        assert done["reason"] == "Account 999 is none of ours here. An administrator adds it to a branch."
    assert own_till.top.pages("/v1/payments") == []
    (event,) = own_till.top.pages("/v1/callback-events")
    assert (event["state"], event["branch_id"]) == ("parked", None)
    assert json.loads(event["body"])["account"] == "999"
    (seen,) = own_till.api("administrator").pages("/v1/callback-events")
    assert seen | {"actions": event["actions"], "refused": event["refused"]} == event
    assert (event["actions"], seen["actions"]) == (["ignore"], [])
    assert api.pages("/v1/callback-events") == []


def test_an_account_of_another_branch_is_none_of_ours(till: Till, boss: Api) -> None:
    """Scope: a supervisor brings in the statements of the own branch and those below it."""
    assert import_statement(boss, mt940(credit("FT26110300110"), account="888"))["imported"] == 0
    done = import_statement(till.top, mt940(credit("FT26110300110"), account="888"))
    assert done["imported"] == 1
    (found,) = till.by_code("FT26110300110")
    assert found["branch_id"] == till.ledger.branch("KSM").id


@pytest.mark.parametrize("written", ["0170-123 456 789", "EQBLKENA/0170123456789", "0170123456789KES"])
def test_an_account_is_found_in_other_writings(till: Till, boss: Api, written: str) -> None:
    """Spaces and dashes, the bank in front, the currency behind."""
    done = import_statement(boss, mt940(credit(till.fresh_code() + "X"), account=written), dry_run=True)
    assert done["statements"][0]["is_ours"] == "ours"


def test_an_administrator_gives_an_account_to_a_branch(own_till: Till) -> None:
    """`POST /v1/payees`; a number is given once."""
    administrator = own_till.api("administrator")
    administrator.post("/v1/me/step-up", {"password": PASSWORD}, key="")
    body = {"provider": "kcb", "number": "KE12 KCBL 0123", "branch_id": own_till.ledger.branch("NKU").id}
    made = administrator.post("/v1/payees", body)
    assert (made.status_code, made.json()["number"]) == (201, "KE12KCBL0123")
    taken = administrator.post("/v1/payees", body)
    assert (taken.status_code, taken.json()["code"]) == (409, "reference-taken")
    seen = own_till.api("supervisor").pages("/v1/payees")
    assert made.json() in seen
    done = import_statement(
        own_till.api("supervisor"), mt940(credit("FT26110300010"), account="KE12KCBL0123")
    )
    assert done["imported"] == 1


def test_a_teller_imports_no_statement(till: Till) -> None:
    """Product: statement imports are a supervisor's."""
    answer = ask_statement(till.api("teller"), mt940(credit("FT26110300210")))
    assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")
    ready = import_statement(till.api("supervisor"), mt940(credit("FT26110300211")), dry_run=True)
    body = {"sha256": ready["sha256"], "preview_version": ready["preview_version"]}
    started = till.api("teller").post(f"/v1/imports/{ready['id']}/start", body)
    assert started.status_code == 403
    seen = till.api("teller").get(f"/v1/imports/{ready['id']}").json()
    assert seen["refused"]["start"]["code"] == "forbidden"


# ── what is wrong with a file ───────────────────────────────────────────────────────────────────────────────────────


def test_balances_that_do_not_follow_are_a_warning_with_the_figures(boss: Api) -> None:
    """The preview sets the entries against the statement's own balances; a person decides."""
    done = import_statement(boss, mt940(credit("FT26110300310"), closing="C261103KES2600,00"), dry_run=True)
    assert (done["state"], done["statements"][0]["difference_minor"]) == ("ready", 10_000)
    (said,) = findings(boss, done, "warning")
    assert said["row_no"] == 1
    assert said["message"].endswith(
        "from 1,000.00 the entries lead to 2,500.00 KES, not to the closing balance of 2,600.00: they differ by 100.00."
    )


@pytest.mark.parametrize("mode", ["all_or_nothing", "valid_rows"])
@pytest.mark.parametrize(
    ("data", "said"),
    [
        (mt940(credit("FT26110300410")).split(":62F:")[0], "no closing balance"),
        ("<Document xmlns='urn:iso:std:iso:20022:tech:xsd:camt.053.001.02'><BkToCstmrStmt>", "not whole XML"),
        ("<!DOCTYPE x><Document/>", "document type"),
        ("01,A,B,261103,0900,1,80,1,2/\n02,A,B,1,261103,,KES,2/\n", "cut off"),
        ("<OFX><BANKMSGSRSV1>", "does not end"),
        ("!Type:Bank\nD3/11/2026\nT5.00\n", "does not end"),
        ("", "holds no rows"),
    ],
)
def test_a_damaged_file_is_refused_plainly_with_nothing_taken_in(
    till: Till, boss: Api, mode: str, data: str, said: str
) -> None:
    """In any mode."""
    before = len(till.top.pages("/v1/payments"))
    done = import_statement(boss, data, mode=mode, account=ACCOUNT)
    assert (done["state"], done["imported"]) == ("refused", 0)
    assert said in done["reason"]
    assert len(till.top.pages("/v1/payments")) == before


def test_one_wrong_entry_keeps_all_out_unless_the_valid_ones_are_wanted(own_till: Till) -> None:
    """All or nothing; the rejects come as a file."""
    api = own_till.api("supervisor")
    data = mt940(
        credit("FT26110300010"),
        ":61:2613031103C5,00NTRFNONREF//FT26110300011",
        credit("FT26110300012", "1,005"),
    )
    refused = import_statement(api, data)
    assert (refused["state"], refused["imported"], refused["rows_error"]) == ("refused", 0, 2)
    assert refused["reason"] == "2 rows are wrong, so nothing goes in."
    done = import_statement(api, data, mode="valid_rows")
    assert (done["state"], done["imported"]) == ("done", 1)
    rejects = api.get(f"/v1/imports/{done['id']}/rejects.csv").text.splitlines()
    assert rejects[0].endswith("line,date,amount,currency,reference,payer_name,account_ref,details,error")
    assert "FT26110300011" in rejects[1]
    assert "FT26110300012" in rejects[2]
    assert len(own_till.top.pages("/v1/payments")) == 1


def test_the_senders_own_count_must_be_the_files(boss: Api) -> None:
    """Control totals count the credits."""
    data = mt940(credit("FT26110300510"), ":61:2611031103D5,00NTRFNONREF//FT26110300511")
    wrong = import_statement(boss, data, control={"count": 2})
    assert (wrong["state"], wrong["reason"]) == ("refused", "The file has 1 credits; 2 were announced.")
    right = import_statement(boss, data, control={"count": 1, "amount_minor": 150_000}, dry_run=True)
    assert right["state"] == "ready"


def test_a_format_that_is_not_the_one_that_was_said_is_refused(boss: Api) -> None:
    """The sentence names what it is."""
    done = import_statement(boss, mt940(credit("FT26110300610")), "statement-camt053")
    assert done["reason"] == "This file is MT940 or MT942, not XML."


def test_another_currency_waits_for_an_account_in_it(own_till: Till) -> None:
    """A bank account in euros brings euros; a wallet in shillings cannot take them."""
    api = own_till.api("supervisor")
    done = import_statement(api, mt940(credit("FT26110300010"), currency="EUR"))
    assert (done["currency"], done["total_minor"]) == ("EUR", 150_000)
    (found,) = own_till.by_code("FT26110300010")
    assert (found["currency"], found["state"]) == ("EUR", "unassociated")
    assert found["waits_because"] == "Customer 000101 has no open EUR wallet."


# ── tables ──────────────────────────────────────────────────────────────────────────────────────────────────────────

TABLE = (
    "Posting Day;Amt;Ref;Who;Says\n"
    "03/11/2026;1.500,00;TB-0000001;W KAMAU;100245\n"
    "13/11/2026;-20,00;TB-0000002;;fees\n"
)
COLUMNS = {
    "date": "Posting Day",
    "amount": "Amt",
    "reference": "Ref",
    "payer_name": "Who",
    "account_ref": "Says",
}


def test_a_saved_column_map_reads_the_banks_tables(own_till: Till) -> None:
    """Said once, saved by name, found again by the header; branches below have it too."""
    api = own_till.api("supervisor")
    unsaid = import_statement(api, TABLE, account=ACCOUNT)
    assert (unsaid["state"], unsaid["imported"]) == ("refused", 0)
    assert "Say which columns" in unsaid["reason"]
    said = import_statement(api, TABLE, account=ACCOUNT, dry_run=True, options={"columns": COLUMNS})
    assert (said["total_minor"], said["recognised"]["decimal"]) == (150_000, "comma")
    made = own_till.top.post("/v1/column-maps", {"name": "Equity", "columns": COLUMNS})
    assert made.status_code == 201, made.text
    assert [each["name"] for each in api.pages("/v1/column-maps")] == ["Equity"]
    named = import_statement(api, TABLE, account=ACCOUNT, dry_run=True, options={"column_map": "Equity"})
    assert named["total_minor"] == 150_000
    found = import_statement(api, TABLE, account=ACCOUNT)
    assert (found["imported"], found["recognised"]["column_map"]) == (1, "Equity")
    (payment,) = own_till.by_code("TB-0000001")
    assert (payment["payer_name"], payment["customer"]["customer_no"]) == ("W KAMAU", "000101")
    unknown = ask_statement(api, TABLE, options={"column_map": "Nobody's"}, confirm=True)
    assert (unknown.status_code, unknown.json()["errors"][0]["pointer"]) == (422, "/options/column_map")


def test_a_saved_column_map_keeps_what_is_above_zero(own_till: Till) -> None:
    """A card whose spending is above zero is asked about once; what is said with a file counts before what was saved."""
    api = own_till.api("supervisor")
    text = "Posting Day;Amt;Ref;Card No\n13/11/2026;1500,00;TB-0000001;x\n14/11/2026;-20,00;TB-0000002;y\n"
    columns = {"date": "Posting Day", "amount": "Amt", "reference": "Ref"}
    asked = import_statement(api, text, account=ACCOUNT, dry_run=True, options={"columns": columns})
    assert [each[-11:] for each in asked["recognised"]["questions"]] == ["above_zero."]
    said = columns | {"above_zero": "went_out"}
    made = own_till.top.post("/v1/column-maps", {"name": "Card", "columns": said})
    assert made.json()["columns"]["above_zero"] == "went_out"
    for options, minor in (
        ({}, 2_000),
        ({"column_map": "Card"}, 2_000),
        ({"above_zero": "came_in"}, 150_000),
    ):
        found = import_statement(api, text, account=ACCOUNT, dry_run=True, options=options)
        assert (found["recognised"]["questions"], found["total_minor"]) == ([], minor)


def test_a_column_map_is_changed_and_deleted_by_its_version(own_till: Till) -> None:
    """CONC-2: with `If-Match`; a branch below may use it, not change it."""
    made = own_till.top.post("/v1/column-maps", {"name": "Equity", "columns": COLUMNS}).json()
    path = f"/v1/column-maps/{made['id']}"
    changed = {"columns": COLUMNS | {"details": "Says"}}
    below = own_till.api("supervisor")
    assert below.pages("/v1/column-maps")[0]["actions"] == []
    assert below.put(path, changed, if_match=1).status_code == 404
    assert own_till.top.put(path, changed, if_match=7).status_code == 412
    assert own_till.top.put(path, changed, if_match=1).json()["version"] == 2
    taken = own_till.top.post("/v1/column-maps", {"name": "Equity", "columns": COLUMNS})
    assert taken.json()["code"] == "reference-taken"
    assert own_till.top.delete(path, if_match=2).status_code == 200
    assert own_till.top.pages("/v1/column-maps") == []


# ── however it is interrupted ───────────────────────────────────────────────────────────────────────────────────────


def test_piece_by_piece_no_booking_is_taken_for_another(
    own_till: Till, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A reference that a batch repeats, taken in two at a time: each of its bookings once, and once only."""
    for module in (import_kinds, import_run):
        small = dict.fromkeys(import_kinds.STATEMENT_KINDS, StatementRows(chunk_rows=2))
        monkeypatch.setattr(module, "STATEMENT_KINDS", small)
    api = own_till.api("supervisor")
    same = [credit("BATCH000001", "10,00")] * 5
    other = [credit("BATCH000001", "20,00")] * 2
    assert import_statement(api, mt940(same[0]))["imported"] == 1
    done = import_statement(api, mt940(*same, *other))
    assert (done["state"], done["imported"], done["statements"][0]["known"]) == ("done", 6, 1)
    assert own_till.balance("000101") == 5 * 1_000 + 2 * 2_000
    assert import_statement(api, mt940(*other, *same))["imported"] == 0


def test_what_became_known_since_the_preview_is_found_again(own_till: Till) -> None:
    """Another door between preview and start: no second payment, and no refusal for it."""
    api = own_till.api("supervisor")
    data = mt940(credit("FT26110300010"), credit("FT26110300011", "20,00"), credit("FT26110300012", "30,00"))
    preview = import_statement(api, data, dry_run=True)
    import_statement(api, mt940(credit("FT26110300010"), credit("FT26110300011", "21,00")))
    started = api.post(
        f"/v1/imports/{preview['id']}/start",
        {"sha256": preview["sha256"], "preview_version": preview["preview_version"]},
    )
    job = api.get(started.headers["location"], wait=20).json()
    assert (job["state"], job["result"]["imported"], job["result"]["total_minor"]) == ("succeeded", 1, 3_000)
    found = [each for each in codes(api, preview) if each[0] > 1]
    assert found == [(2, "ok", "known"), (3, "warning", "quarantined"), (4, "ok", "ok")]
    assert sorted(each["code"] for each in own_till.top.pages("/v1/payments")) == [
        "FT26110300010",
        "FT26110300011",
        "FT26110300012",
    ]
    (event,) = own_till.events("FT26110300011")
    assert event["state"] == "quarantined"


# ── the samples ─────────────────────────────────────────────────────────────────────────────────────────────────────

BROUGHT = {
    "mt940/betterplace_sepa_snippet.sta": (("50880050/0194787400888", "50880050/0194791600888"), 8),
    "mt940/betterplace_with_binary_character.sta": (("51230800/0000007055", "51230800/0000007304"), 3),
    "mt940/citi_mt940.txt": (("123456789",), 0),
    "mt940/cmxl_mt940.sta": (("45050050/76198810", "10020030/1234567", "320000546101"), 7),
    "mt940/jejik_abnamro.sta": (("517852257",), 0),
    "mt940/mBank_mt940.sta": (("PL29114010810000267002001002",), 3),
    "mt940/self-provided_february_30.sta": (("12345678/1020304050",), 0),
    "mt940/test1.mt940": (("123456789",), 2),
    "camt/camt053.v2.minimal.ultimate.xml": (("NL26VAYB8060476890",), 1),
    "camt/camt053.v2.multi.statement.xml": (("NL26VAYB8060476890",), 1),
    "camt/camt053.v3.xml": (("NL26VAYB8060476890",), 1),
    "camt/camt053.v8.xml": (("NL26VAYB8060476890",), 1),
    "camt/camt054.v4.xml": (("CH2801234000123456789",), 0),
    "ofx/anzcc.ofx": (("1234123412341234",), 0),
    "ofx/bank_medium.ofx": (("12300 000012345678",), 0),
    "ofx/multiple_accounts.ofx": (("9100", "9200"), 0),
    "bai2/citi_example.bai2": (("77777777",), 1),
    "bai2/svb_us_example.bai2": (("1234567890",), 2),
    "bai2/moov_sample1.txt": (("10200123456",), 5),
    "csv/outbank.csv": (("DE81254326973657190105",), 1),
}
"""Samples whose entries can be told apart from damage: the accounts of each, and how many credits it brings."""

REFUSED = (
    "mt940/betterplace_amount_formats.sta",
    "mt940/self-provided_empty_non_swift.sta",
    "camt/camt053.v2.wrong.xml",
    "camt/camt053_v14_statement.xml",
    "ofx/date_missing.ofx",
    "ofx/ofx-v102-empty-tags.ofx",
    "ofx/signon_fail.ofx",
    "bai2/moov_errors_sample-parseError.txt",
    "bai2/moov_sample3.txt",
    "qif/empty.qif",
    "qif/invalid.txt",
    "qif/test_nosymbol.qif",
    "csv/xero.csv",
    "csv/amazon.csv",
)


@needs_samples
def test_every_sample_goes_in_or_is_refused_plainly(own_till: Till) -> None:
    """Each through the very import a supervisor sends, and again: nothing twice."""
    api = own_till.api("supervisor")
    numbers = {each for accounts, _ in BROUGHT.values() for each in accounts} | {"12345678", "192639749"}
    own_accounts(own_till.ledger, *sorted(numbers))
    for name, (_, count) in BROUGHT.items():
        data = (STATEMENTS / name).read_bytes()
        done = import_statement(api, data)
        assert (name, done["state"], done["imported"], done["reason"]) == (name, "done", count, None)
        assert (name, import_statement(api, data, confirm=True)["imported"]) == (name, 0)
    for name in REFUSED:
        data = (STATEMENTS / name).read_bytes()
        for mode in ("all_or_nothing", "valid_rows"):
            done = import_statement(api, data, mode=mode, account=ACCOUNT, confirm=True)
            assert (name, done["state"], done["imported"]) == (name, "refused", 0)
            assert done["reason"]
    count = sum(count for _, count in BROUGHT.values())
    assert len(own_till.top.pages("/v1/payments")) == count


@needs_samples
def test_the_sample_of_qif_waits_until_the_order_of_its_days_is_said(own_till: Till) -> None:
    """2/14 shows that the month comes first: nothing is asked; the opening balance is no payment."""
    api = own_till.api("supervisor")
    data = (STATEMENTS / "qif" / "test.qif").read_bytes()
    done = import_statement(api, data, account=ACCOUNT)
    assert (done["imported"], done["total_minor"], done["recognised"]["date_order"]) == (
        2,
        9_950,
        "month_first",
    )


def test_a_sample_in_many_accounts_keeps_them_apart(own_till: Till) -> None:
    """OFX counts a day's bookings anew for each account: the same FITID is another payment in another one."""
    own_accounts(own_till.ledger, "1001", "1002")

    def ofx(account: str) -> str:
        return (
            f"<OFX><BANKMSGSRSV1><STMTTRNRS><STMTRS><CURDEF>KES<BANKACCTFROM><ACCTID>{account}</BANKACCTFROM>"
            "<BANKTRANLIST><STMTTRN><TRNTYPE>CREDIT<DTPOSTED>20261103<TRNAMT>15.00<FITID>202611030001<MEMO>100245"
            "</STMTTRN></BANKTRANLIST></STMTRS></STMTTRNRS></BANKMSGSRSV1></OFX>"
        )

    api = own_till.api("supervisor")
    assert [import_statement(api, ofx(each))["imported"] for each in ("1001", "1002", "1001 ")] == [1, 1, 0]
    assert own_till.balance("000101") == 3_000


def test_a_ledger_of_before_gets_its_table(own_ledger: RunningLedger) -> None:
    """The migration makes what a ledger of the revision before does not have."""
    own_ledger.bulk(_forget_revision)
    assert own_ledger.query("SELECT version_num FROM alembic_version") == [("r0003_credit",)]
    connection = own_ledger.store.connect()
    try:
        assert migrate.upgrade(connection) == "r0003_credit"
    finally:
        connection.close()
    assert own_ledger.query("SELECT count(*) FROM column_maps") == [(0,)]


def _forget_revision(tx: BulkTx) -> None:
    tx.connection.execute("DROP TABLE column_maps")
    tx.connection.execute("UPDATE alembic_version SET version_num = 'r0003_credit'")


# ── what a file leaves unclear ──────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("amount", "options", "brings"),
    [("1.250", {"decimal": "comma"}, 125_000), ("-15.00", {"above_zero": "went_out"}, 1_500)],
)
def test_what_a_table_leaves_open_is_asked_and_brings_nothing_before_it_is_said(
    till: Till, boss: Api, amount: str, options: dict[str, str], brings: int
) -> None:
    """A thousand or one, a card's spending or money that came in: no start, in any mode, until an option answers."""
    code = till.fresh_code() + "OPEN"
    data = f"Date,Description,Amount,Reference\n2026-11-03,100245 thank you,{amount},{code}\n"
    asked = import_statement(boss, data, account=ACCOUNT, mode="valid_rows")
    assert (asked["state"], asked["imported"]) == ("refused", 0)
    (question,) = asked["recognised"]["questions"]
    assert question.endswith(f"{next(iter(options))}.")
    assert till.by_code(code) == []
    done = import_statement(boss, data, account=ACCOUNT, options=options)
    assert (done["state"], done["imported"], done["recognised"]["questions"]) == ("done", 1, [])
    (payment,) = till.by_code(code)
    assert payment["amount_minor"] == brings


def test_no_transaction_of_ofx_is_lost_for_want_of_an_end(till: Till, boss: Api) -> None:
    """Both become payments, and the statement says what was put right."""
    codes_ = [till.fresh_code() + "OFX" for _ in range(2)]
    entries = "".join(
        f"<STMTTRN><TRNTYPE>CREDIT<DTPOSTED>20261103<TRNAMT>15.00<FITID>{code}<MEMO>100245" for code in codes_
    )
    data = (
        f"OFXHEADER:100\n\n<OFX><BANKMSGSRSV1><STMTTRNRS><STMTRS><CURDEF>KES<BANKACCTFROM><ACCTID>{ACCOUNT}</BANKACCTFROM>"
        f"<BANKTRANLIST>{entries}</BANKTRANLIST></STMTRS></STMTTRNRS></BANKMSGSRSV1></OFX>"
    )
    done = import_statement(boss, data)
    assert (done["state"], done["imported"]) == ("done", 2)
    assert [len(till.by_code(code)) for code in codes_] == [1, 1]
    told = [(each["row_no"], each["code"]) for each in findings(boss, done, "warning")]
    assert told == [(1, "ofx-repaired")] * 2
