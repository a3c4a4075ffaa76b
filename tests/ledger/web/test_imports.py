"""Importing balance records over HTTP (contract, section 8; issue: bad input)."""

from __future__ import annotations

import base64
import hashlib
import os
from pathlib import Path
from typing import Any

import pytest
from tests.ledger.files import (
    HEADER,
    ask_import,
    findings,
    finished,
    import_file,
    name_members,
    put_chunk,
    records_of,
    table,
    upload,
)
from tests.ledger.running import Api, RunningLedger, fresh_key

from branchtui.ledger.store.unit import BulkTx

pytestmark = pytest.mark.both_stores

SAMPLES = Path(
    os.environ.get("BRANCHTUI_SAMPLES", Path(__file__).resolve().parents[4] / "shared" / "samples")
)
needs_samples = pytest.mark.skipif(not SAMPLES.is_dir(), reason="the samples are not beside this checkout")


@pytest.fixture
def ledger(running_ledger: RunningLedger) -> RunningLedger:
    """The module's ledger, with the customers 000101 to 000104 in NKU and 000901 in KSM."""
    if not running_ledger.query("SELECT 1 FROM customers WHERE customer_no = '000101'"):
        name_members(running_ledger, "000101", "000102", "000103", "000104")
        name_members(running_ledger, "000901", branch="KSM")
    return running_ledger


@pytest.fixture
def teller(ledger: RunningLedger) -> Api:
    return ledger.sign_in("teller")


_numbers = iter(range(1, 1_000_000))


def row(amount: str = "100", number: str = "000101", day: str = "2026-09-30", ref: str | None = None) -> str:
    """A good row with a reference of its own."""
    return f"{number},savings,{amount},KES,{day},,{ref or f'R-{next(_numbers)}'}"


def wrong(api: Api, import_: dict[str, Any]) -> list[tuple[int, str | None, str]]:
    """Row, column and code of every error."""
    return [(each["row_no"], each["column"], each["code"]) for each in findings(api, import_, "error")]


# ── the samples ─────────────────────────────────────────────────────────────────────────────────────────────────────


@needs_samples
def test_the_good_sample_goes_in_whole(own_ledger: RunningLedger) -> None:
    """Four rows, amounts with thousands commas read as they are meant."""
    name_members(own_ledger, "000101", "000102", "000103", "000104")
    api = own_ledger.sign_in("teller")
    done = import_file(api, (SAMPLES / "balances" / "balance_records.csv").read_bytes())
    assert (done["state"], done["imported"], done["total_minor"]) == ("done", 4, 7_551_255)
    assert [each[:3] for each in records_of(own_ledger, done)] == [
        (2, "MB-1", 6_250_050),
        (3, "MB-2", 1_000_000),
        (4, "MB-3", 300_000),
        (5, "MB-4", 1_205),
    ]
    own_ledger.check()


@needs_samples
def test_the_sample_of_another_writing_is_read_as_it_was_written(own_ledger: RunningLedger) -> None:
    """Semicolons, decimal comma, day first, Western code page."""
    name_members(own_ledger, "000104")
    data = (SAMPLES / "balances" / "balance_records_semicolon_cp1252.csv").read_bytes()
    done = import_file(own_ledger.sign_in("teller"), data)
    assert records_of(own_ledger, done) == [(2, "MC-1", 25_075, "2026-09-30", "Café Müller – Depósito")]
    recognised = done["recognised"]
    assert (recognised["encoding"], recognised["delimiter"]) == ("cp1252", "semicolon")
    assert (recognised["decimal"], recognised["date_order"]) == ("comma", "day_first")


@needs_samples
def test_the_sample_with_errors_is_told_of_row_by_row(own_ledger: RunningLedger) -> None:
    """All or nothing keeps it out; the valid rows are exactly ME-1 and the first ME-8; corrected rejects go in."""
    name_members(own_ledger, "000101", "000102", "000103")
    api = own_ledger.sign_in("teller")
    data = (SAMPLES / "balances" / "balance_records_with_errors.csv").read_bytes()
    refused = import_file(api, data)
    assert (refused["state"], refused["imported"]) == ("refused", 0)
    assert (refused["rows_total"], refused["rows_ok"], refused["rows_warning"], refused["rows_error"]) == (
        11,
        2,
        1,
        8,
    )
    assert wrong(api, refused) == [
        (3, "customer_no", "customer-unknown"),
        (4, "account_kind", "kind"),
        (5, "amount", "decimals"),
        (6, "amount", "negative"),
        (7, "amount", "scientific"),
        (8, "as_of_date", "date"),
        (11, "external_ref", "reference-repeated"),
        (12, "amount", "blank"),
    ]
    assert [each["row_no"] for each in findings(api, refused, "warning")] == [9]
    done = import_file(api, data, mode="valid_rows")
    assert [each[1] for each in records_of(own_ledger, done)] == ["ME-1", "ME-8"]
    file = api.get(f"/v1/imports/{done['id']}/rejects.csv")
    assert file.headers["row-count"] == "8"
    digest = base64.b64encode(hashlib.sha256(file.content).digest()).decode()
    assert file.headers["content-digest"] == f"sha-256=:{digest}:"
    text = file.content.decode("utf-8-sig")
    for bad, good in (
        ("NOPE", "000101"),
        ("savngs", "savings"),
        ("12.345", "12.34"),
        (",-5,", ",5,"),
        ("1E+05", "100000"),
        ("2026-02-30", "2026-02-28"),
        ("again,ME-8", "again,ME-8b"),
        ("savings,,KES", "savings,7,KES"),
    ):
        text = text.replace(bad, good, 1)
    corrected = import_file(api, text)
    assert (corrected["state"], corrected["imported"]) == ("done", 8), findings(api, corrected, "error")
    own_ledger.check()


# ── rows ────────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("line", "column", "code"),
    [
        ("000999,savings,100,KES,2026-09-30,,X", "customer_no", "customer-unknown"),
        ("000901,savings,100,KES,2026-09-30,,X", "customer_no", "customer-unknown"),
        (",savings,100,KES,2026-09-30,,X", "customer_no", "blank"),
        ("1.01E+02,savings,100,KES,2026-09-30,,X", "customer_no", "scientific"),
        ("101,savings,100,KES,2026-09-30,,X", "customer_no", "customer-unknown"),
        ("000101,,100,KES,2026-09-30,,X", "account_kind", "blank"),
        ("000101,wallet,100,KES,2026-09-30,,X", "account_kind", "kind"),
        ("000101,Savings,100,KES,2026-09-30,,X", "account_kind", "kind"),
        ("000101,savings,,KES,2026-09-30,,X", "amount", "blank"),
        ("000101,savings,0,KES,2026-09-30,,X", "amount", "zero"),
        ("000101,savings,1e5,KES,2026-09-30,,X", "amount", "scientific"),
        ("000101,savings,1_000,KES,2026-09-30,,X", "amount", "not-an-amount"),
        ('000101,savings,"1,00,000",KES,2026-09-30,,X', "amount", "grouping"),
        ("000101,savings,99999999999999.99,KES,2026-09-30,,X", "amount", "too-much"),
        ("000101,savings,100,USD,2026-09-30,,X", "currency", "currency"),
        ("000101,savings,100,,2026-09-30,,X", "currency", "blank"),
        ("000101,savings,100,KES,,,X", "as_of_date", "blank"),
        ("000101,savings,100,KES,2199-01-01,,X", "as_of_date", "date-in-future"),
        ("000101,savings,100,KES,30/09/26,,X", "as_of_date", "date"),
        ("000101,savings,100,KES,2026-09-30," + "n" * 201 + ",X", "narration", "too-long"),
        ("000101,savings,100,KES,2026-09-30,a\u202eb,X", "narration", "text"),
        ("000101,savings,100,KES,2026-09-30,a\x1b[2Jb,X", "narration", "text"),
        ('000101,savings,100,KES,2026-09-30,"two\nlines",X', "narration", "text"),
        ("000101,savings,100,KES,2026-09-30,4111 1111 1111 1111,X", "narration", "card-number"),
        ("000101,savings,100,KES,2026-09-30,," + "r" * 101, "external_ref", "too-long"),
        ("000101,savings,62,500.50,KES,2026-09-30,,X", None, "columns"),
        ('000101,savings,"1"00,KES,2026-09-30,,X', None, "quote"),
        ("000101,savings,1\x0000,KES,2026-09-30,,X", None, "nul"),
    ],
)
def test_a_bad_row_is_named_with_its_column_and_keeps_the_file_out(
    ledger: RunningLedger, teller: Api, line: str, column: str | None, code: str
) -> None:
    """Every bad row is reported with row, column, message and the cell as read; all or nothing is the default."""
    refused = import_file(teller, table(row(), line, row()))
    assert (refused["state"], refused["rows_ok"], refused["rows_error"]) == ("refused", 2, 1)
    assert wrong(teller, refused) == [(3, column, code)]
    (finding,) = findings(teller, refused, "error")
    assert finding["message"].endswith(".")
    assert (finding["value"] is None) == (column is None or (code == "blank" and finding["value"] is None))
    assert not records_of(ledger, refused)


def test_several_wrong_cells_of_a_row_are_all_told(teller: Api) -> None:
    """One finding a cell."""
    refused = import_file(teller, table("NOPE,savngs,-5,USD,soon,,"))
    assert wrong(teller, refused) == [
        (2, "customer_no", "customer-unknown"),
        (2, "amount", "negative"),
        (2, "as_of_date", "date"),
        (2, "currency", "currency"),
        (2, "account_kind", "kind"),
    ]
    assert refused["rows_error"] == 1


def test_a_reference_is_good_once_in_a_branch_for_ever(teller: Api) -> None:
    """Contract, section 4: the re-upload guard; of two rows the later is wrong."""
    first = import_file(teller, table(row(ref="ONCE-1")))
    assert first["imported"] == 1
    again = import_file(
        teller, table(row(ref="ONCE-1"), row(ref="ONCE-2"), row(ref="ONCE-2")), mode="valid_rows"
    )
    assert wrong(teller, again) == [
        (2, "external_ref", "reference-taken"),
        (4, "external_ref", "reference-repeated"),
    ]
    assert again["imported"] == 1


def test_a_number_of_an_account_names_the_customer_or_the_account(ledger: RunningLedger, teller: Api) -> None:
    """`account_no` alone says whose the record is; of the row's kind it says which account too."""
    member = ledger.add_member(accounts=("wallet", "savings", "savings"))
    other = ledger.add_member(accounts=("wallet", "savings"))
    wallet, savings = member.accounts["wallet"].account_no, member.accounts["savings"].account_no
    foreign = other.accounts["savings"].account_no
    header = "customer_no,account_no,account_kind,amount,currency,as_of_date"
    done = import_file(
        teller,
        table(
            f",{wallet},savings,1,KES,2026-09-30",
            f",{savings},savings,2,KES,2026-09-30",
            f"{member.customer.customer_no},{savings},savings,3,KES,2026-09-30",
            f"{member.customer.customer_no},{foreign},savings,4,KES,2026-09-30",
            f"{member.customer.customer_no},{savings},loan,5,KES,2026-09-30",
            ",99999999,savings,6,KES,2026-09-30",
            header=header,
        ),
        mode="valid_rows",
    )
    assert ledger.query(
        "SELECT customer_id, account_no, amount_minor FROM balance_records WHERE import_id = ? ORDER BY row_no",
        done["id"],
    ) == [(member.id, None, 100), (member.id, savings, 200), (member.id, savings, 300)]
    assert [each[:2] for each in wrong(teller, done)] == [
        (5, "account_no"),
        (6, "account_no"),
        (7, "customer_no"),
    ]


def test_a_customer_who_has_left_takes_no_record(ledger: RunningLedger, teller: Api) -> None:
    """The same rule as for a record keyed by hand."""
    member = ledger.add_member(status="closed")
    refused = import_file(teller, table(row(number=member.customer.customer_no)))
    assert wrong(teller, refused) == [(2, "customer_no", "customer-not-active")]


def test_what_was_imported_is_a_record_like_any_other(teller: Api) -> None:
    """Not accounted, of the import, created by the user, and it can be posted."""
    done = import_file(teller, table(row("12.50")))
    page = teller.get("/v1/balance-records", import_id=done["id"]).json()
    (record,) = page["items"]
    assert (record["status"], record["import_id"], record["created_by"]) == (
        "not_accounted",
        done["id"],
        "teller",
    )
    posted = teller.post(f"/v1/balance-records/{record['id']}/post", if_match=record["version"])
    assert (posted.status_code, posted.json()["status"]) == (200, "accounted"), posted.text


# ── files ───────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("data", "code"),
    [
        ("", "empty-file"),
        (
            "customer_no,account_kind,amount,currency,as_of_date,colour\n000101,savings,1,KES,2026-09-30,red\n",
            "unknown-column",
        ),
        ("customer_no,account_kind,currency,as_of_date\n000101,savings,KES,2026-09-30\n", "missing-column"),
        ("account_kind,amount,currency,as_of_date\nsavings,1,KES,2026-09-30\n", "missing-column"),
        ("customer_no,account_kind,amount,as_of_date\n000101,savings,1,2026-09-30\n", "missing-column"),
        (f"{HEADER},amount\n", "duplicate-column"),
        ("PK\x03\x04", "not-a-table"),
    ],
)
@pytest.mark.parametrize("mode", ["all_or_nothing", "valid_rows"])
def test_a_file_whose_header_is_wrong_is_kept_out_in_every_mode(
    teller: Api, data: str, code: str, mode: str
) -> None:
    """The finding stands at the header's row, and the import says why."""
    refused = import_file(teller, data, mode=mode)
    assert (refused["state"], refused["imported"]) == ("refused", 0)
    assert [each[2] for each in wrong(teller, refused) if each[0] == 1] == [code]
    assert refused["reason"]


def test_a_file_that_ends_in_an_open_quote_is_kept_out_in_every_mode(teller: Api) -> None:
    """What lies behind the quote was never read: the good rows before it are not the file."""
    refused = import_file(
        teller, table(row(), '000101,savings,1,KES,2026-09-30,"open,X', row()), mode="valid_rows"
    )
    assert (refused["state"], refused["imported"]) == ("refused", 0)
    assert "row 3" in refused["reason"]


def test_a_header_without_rows_has_nothing_to_take_in(teller: Api) -> None:
    """Nothing was done, and it says so."""
    refused = import_file(teller, table())
    assert (refused["state"], refused["reason"]) == ("refused", "No row can be taken in.")


def test_a_day_and_month_that_the_rows_leave_open_are_asked(ledger: RunningLedger, teller: Api) -> None:
    """Contract, section 8: asked, never guessed, in any mode; an option answers."""
    upload_id = upload(teller, table(row(day="03/04/2026"), row(day="2026-09-30")).encode())
    preview = finished(teller, ask_import(teller, upload_id, dry_run=True, mode="valid_rows"))
    assert (preview["state"], preview["actions"]) == ("ready", [])
    (question,) = preview["recognised"]["questions"]
    assert "03/04/2026" in question
    body = {"sha256": preview["sha256"], "preview_version": preview["preview_version"]}
    assert teller.post(f"/v1/imports/{preview['id']}/start", body).json()["code"] == "import-refused"
    refused = finished(teller, ask_import(teller, upload_id, mode="valid_rows"))
    assert (refused["state"], refused["reason"]) == ("refused", question)
    done = finished(teller, ask_import(teller, upload_id, options={"date_order": "month_first"}))
    assert [each[3] for each in records_of(ledger, done)] == ["2026-03-04", "2026-09-30"]


def test_options_set_how_amounts_are_read(ledger: RunningLedger, teller: Api) -> None:
    """1,250 is 1250 by a point file's grouping, and by the comma it is refused, never 1.25."""
    upload_id = upload(teller, table(row('"1,250"')).encode())
    refused = finished(teller, ask_import(teller, upload_id, options={"decimal": "comma"}))
    assert wrong(teller, refused) == [(2, "amount", "decimals")]
    done = finished(teller, ask_import(teller, upload_id))
    assert records_of(ledger, done)[0][2] == 125_000


def test_formula_texts_go_in_without_their_guard_and_out_with_it(ledger: RunningLedger, teller: Api) -> None:
    """SEC-6: one quote is taken off at import; the rejects put it back, so that the round trip is exact."""
    good = f"000101,savings,1,KES,2026-09-30,'=1+1,G-{next(_numbers)}"
    done = import_file(teller, table(good, "NOPE,savings,1,KES,2026-09-30,'@SUM(A1),X"), mode="valid_rows")
    assert records_of(ledger, done)[0][4] == "=1+1"
    rejects = teller.get(f"/v1/imports/{done['id']}/rejects.csv").content.decode("utf-8-sig")
    assert "'@SUM(A1)" in rejects
    assert ",@SUM" not in rejects


@pytest.mark.parametrize(
    ("control", "codes"),
    [
        ({"count": 2, "amount_minor": 350}, []),
        ({"count": 3}, ["control-count"]),
        ({"amount_minor": 351}, ["control-amount"]),
        ({"count": 1, "amount_minor": 1}, ["control-count", "control-amount"]),
    ],
)
def test_control_totals_must_agree_when_they_are_given(
    teller: Api, control: dict[str, int], codes: list[str]
) -> None:
    """Contract, section 8: count and amount, blank rows not counted."""
    done = import_file(teller, table(row("1.25"), "", row("2.25")), control=control)
    assert done["state"] == ("refused" if codes else "done")
    assert [each[2] for each in wrong(teller, done)] == codes


def test_the_same_bytes_again_are_a_slip_until_somebody_confirms(teller: Api) -> None:
    """409 `file-already-imported`; with `confirm` the references still protect."""
    data = table(row(ref="SLIP-1"), row(ref="SLIP-2")).encode()
    assert import_file(teller, data)["imported"] == 2
    again = ask_import(teller, upload(teller, data))
    assert (again.status_code, again.json()["code"]) == (409, "file-already-imported")
    confirmed = import_file(teller, data, confirm=True)
    assert confirmed["state"] == "refused"
    assert [each[2] for each in wrong(teller, confirmed)] == ["reference-taken", "reference-taken"]


def test_a_refused_file_may_be_sent_again_as_it_is(teller: Api) -> None:
    """Only an import that took rows in makes the same bytes a repetition."""
    data = table("NOPE,savings,1,KES,2026-09-30,,")
    assert import_file(teller, data)["state"] == "refused"
    assert import_file(teller, data)["state"] == "refused"


# ── previews ────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_dry_run_stops_at_its_preview_and_goes_on_when_started(ledger: RunningLedger, teller: Api) -> None:
    """Bound to the bytes and the preview that were seen; started once."""
    data = table(row(), row())
    preview = import_file(teller, data, dry_run=True)
    assert (preview["state"], preview["imported"], preview["actions"]) == ("ready", 0, ["start"])
    assert not records_of(ledger, preview)
    path = f"/v1/imports/{preview['id']}/start"
    seen = {"sha256": preview["sha256"], "preview_version": preview["preview_version"]}
    other = teller.post(path, seen | {"preview_version": 7})
    assert (other.status_code, other.json()["code"]) == (409, "batch-changed")
    assert teller.post(path, seen | {"sha256": "0" * 64}).status_code == 409
    assert teller.post(path, seen, if_match=preview["version"] + 1).status_code == 412
    done = finished(teller, teller.post(path, seen, if_match=preview["version"]))
    assert (done["state"], done["imported"], len(records_of(ledger, done))) == ("done", 2, 2)
    again = teller.post(path, seen)
    assert (again.status_code, again.json()["code"]) == (409, "transition-not-allowed")


def test_a_preview_with_errors_may_go_on_with_its_valid_rows(teller: Api) -> None:
    """The mode can be chosen after the preview was seen."""
    preview = import_file(teller, table(row(), "NOPE,savings,1,KES,2026-09-30,,"), dry_run=True)
    assert preview["refused"]["start"]["code"] == "import-refused"
    seen = {"sha256": preview["sha256"], "preview_version": preview["preview_version"]}
    path = f"/v1/imports/{preview['id']}/start"
    assert teller.post(path, seen).status_code == 409
    done = finished(teller, teller.post(path, seen | {"mode": "valid_rows"}))
    assert (done["state"], done["imported"]) == ("done", 1)


@pytest.mark.parametrize("mode", ["all_or_nothing", "valid_rows"])
def test_what_changed_after_the_preview_is_seen_before_anything_is_taken_in(
    ledger: RunningLedger, teller: Api, mode: str
) -> None:
    """A reference that was used in between keeps its row, or the whole file, out."""
    ref = f"RACE-{mode}"
    preview = import_file(teller, table(row(ref=ref), row()), dry_run=True, mode=mode)
    import_file(teller, table(row("7", ref=ref)))
    seen = {"sha256": preview["sha256"], "preview_version": preview["preview_version"]}
    done = finished(teller, teller.post(f"/v1/imports/{preview['id']}/start", seen))
    assert wrong(teller, done) == [(2, "external_ref", "reference-taken")]
    expected = ("refused", 0) if mode == "all_or_nothing" else ("done", 1)
    assert (done["state"], done["imported"], len(records_of(ledger, done))) == (*expected, expected[1])
    assert (done["rows_ok"], done["rows_error"]) == (1, 1)
    rejects = teller.get(f"/v1/imports/{done['id']}/rejects.csv").content.decode("utf-8-sig").splitlines()
    assert rejects[1].startswith(f"000101,savings,100,KES,2026-09-30,,{ref},")


def test_two_copies_that_are_started_at_once_go_in_once(ledger: RunningLedger, teller: Api) -> None:
    """The repetition is looked for at the start, and again in the very transaction that takes rows in."""
    data = table("000101,savings,1,KES,2026-09-30,two copies,").encode()
    first, second, third = (
        finished(teller, ask_import(teller, upload(teller, data), dry_run=True, mode=mode))
        for mode in ("all_or_nothing", "all_or_nothing", "valid_rows")
    )
    seen = {"sha256": first["sha256"], "preview_version": first["preview_version"]}
    assert finished(teller, teller.post(f"/v1/imports/{first['id']}/start", seen))["state"] == "done"
    late = teller.post(f"/v1/imports/{second['id']}/start", seen)
    assert (late.status_code, late.json()["code"]) == (409, "file-already-imported")

    def started_before_the_first_was_done(tx: BulkTx) -> None:
        for each in (second, third):
            tx.connection.execute("UPDATE imports SET state = 'importing' WHERE id = ?", (each["id"],))
            tx.connection.execute("UPDATE jobs SET state = 'queued' WHERE id = ?", (each["job_id"],))

    ledger.bulk(started_before_the_first_was_done)
    import_file(teller, table(row()))
    for each in (second, third):
        job = teller.get(f"/v1/jobs/{each['job_id']}", wait=20).json()
        assert (job["state"], job["result"]["state"]) == ("succeeded", "refused")
    assert ledger.query("SELECT count(*) FROM balance_records WHERE narration = 'two copies'") == [(1,)]


# ── requests ────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_an_import_is_begun_once_however_often_it_is_asked_for(teller: Api) -> None:
    """IDEM-4: the same key answers with the same import and job."""
    upload_id, key = upload(teller, table(row()).encode()), fresh_key()
    body = {"upload_id": upload_id, "kind": "balance-records"}
    first, again = teller.post("/v1/imports", body, key=key), teller.post("/v1/imports", body, key=key)
    assert (first.status_code, again.status_code) == (202, 202)
    assert first.json() == again.json()
    assert again.headers["idempotency-replayed"] == "true"
    assert again.headers["location"] == first.headers["location"]
    finished(teller, again)


def test_an_unfinished_upload_cannot_be_imported(teller: Api) -> None:
    """409 with the offset to go on from."""
    upload_id = fresh_key()
    put_chunk(teller, upload_id, b"abc", offset=0, length=9)
    answer = ask_import(teller, upload_id)
    assert (answer.status_code, answer.json()["code"], answer.json()["offset"]) == (409, "upload-offset", 3)
    put_chunk(teller, upload_id, b"defghi", offset=3, length=9)


@pytest.mark.parametrize(
    ("members", "pointer"),
    [
        ({"kind": "products"}, "/kind"),
        ({"sha256": "0" * 64}, "/sha256"),
        ({"currency": "USD"}, "/currency"),
    ],
)
def test_what_does_not_fit_the_ledger_is_refused_before_anything_begins(
    teller: Api, members: dict[str, str], pointer: str
) -> None:
    """422 with the member that is wrong; a kind that nobody knows is none."""
    upload_id = upload(teller, table(row()).encode())
    answer = teller.post("/v1/imports", {"upload_id": upload_id, "kind": "balance-records"} | members)
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, pointer)


def test_rights_and_branches_hold_for_imports_too(ledger: RunningLedger, teller: Api) -> None:
    """A teller may, an auditor may look, another branch knows of nothing (AUTHZ-2)."""
    done = import_file(teller, table(row()))
    auditor, stranger = ledger.sign_in("auditor"), ledger.sign_in("teller2")
    assert auditor.get(f"/v1/imports/{done['id']}").json()["refused"]["start"]["code"] == "forbidden"
    body = {"upload_id": fresh_key(), "kind": "balance-records"}
    assert auditor.post("/v1/imports", body).status_code == 403
    for path in ("", "/rows", "/rejects.csv"):
        assert stranger.get(f"/v1/imports/{done['id']}{path}").status_code == 404
    assert stranger.get(f"/v1/jobs/{done['job_id']}").status_code == 404
    seen = {"sha256": done["sha256"], "preview_version": 1}
    assert stranger.post(f"/v1/imports/{done['id']}/start", seen).status_code == 404
    assert done["id"] not in {each["id"] for each in stranger.pages("/v1/imports")}
    elsewhere = ask_import(teller, upload(teller, b"x"), branch_id=ledger.branch("KSM").id)
    assert elsewhere.status_code == 404
    administrator = ledger.sign_in("administrator")
    assert administrator.get(f"/v1/imports/{done['id']}").status_code == 404
    assert administrator.pages("/v1/imports") == []


def test_a_branch_above_lists_what_those_below_it_import(ledger: RunningLedger, teller: Api) -> None:
    """`branch=` is the branch with those below it, as in every list."""
    done = import_file(teller, table(row()))
    above = ledger.sign_in("hq-teller")
    for asked, is_listed in (("HQ", True), ("NKU", True), ("KSM", False)):
        listed = {each["id"] for each in above.pages("/v1/imports", branch=ledger.branch(asked).id)}
        assert (done["id"] in listed) is is_listed, asked


def test_imports_are_listed_newest_first_and_by_state(teller: Api) -> None:
    """Keyset pages like every list."""
    ids = [import_file(teller, table(row()))["id"] for _ in range(3)]
    listed = [each["id"] for each in teller.pages("/v1/imports", limit=2, state="done")]
    assert [each for each in listed if each in ids] == ids[::-1]


def test_findings_turn_both_ways_and_count(teller: Api) -> None:
    """PAGE-1: every finding exactly once, forwards and back; `last` opens at the end."""
    lines = [f"N{each},savngs,1,KES,2026-09-30,," for each in range(20)]
    refused = import_file(teller, table(*lines))
    path = f"/v1/imports/{refused['id']}/rows"
    forwards = teller.pages(path, limit=7)
    assert len(forwards) == 40
    assert [each["row_no"] for each in forwards] == sorted(each["row_no"] for each in forwards)
    page = teller.get(path, limit=7, anchor="last", count="true").json()
    assert page["count"] == 40
    backwards = page["items"]
    while page["prev"]:
        page = teller.get(path, limit=7, cursor=page["prev"]).json()
        backwards = page["items"] + backwards
    assert backwards == forwards
    assert teller.get(path, anchor="key:10", limit=1).json()["items"][0]["row_no"] == 10
    foreign = teller.get(path, anchor="id:018f3c1e-5b7a-7c3e-9d21-4f1f0f6f2a11")
    assert (foreign.status_code, foreign.json()["errors"][0]["pointer"]) == (422, "/anchor")
    assert teller.get(path, cursor="nonsense").status_code == 400
    assert teller.get(path, sort="amount").status_code == 400


def test_a_template_is_a_file_that_the_import_reads(teller: Api) -> None:
    """Its columns are exactly those that are known; a kind that is not offered has none."""
    file = teller.get("/v1/templates/balance-records.csv")
    assert file.status_code == 200
    assert import_file(teller, file.content)["reason"] == "No row can be taken in."
    assert teller.get("/v1/templates/products.csv").status_code == 404


def test_a_job_that_is_over_answers_at_once(teller: Api) -> None:
    """The long poll holds nobody who has nothing to wait for."""
    done = import_file(teller, table(row(), row()))
    job = teller.get(f"/v1/jobs/{done['job_id']}", wait=20).json()
    assert (job["state"], job["done"], job["total"]) == ("succeeded", 4, 4)
    assert job["result"]["import_id"] == done["id"]
    assert teller.get(f"/v1/jobs/{done['job_id']}", wait=21).status_code == 422
    assert teller.get("/v1/jobs/nope").status_code == 404


@needs_samples
def test_hostile_files_are_told_of_and_never_break_the_ledger(teller: Api) -> None:
    """T-21 over HTTP: every file of the corpus ends in an import that says what it found."""
    for path in sorted((SAMPLES / "hostile").rglob("*.csv")):
        import_ = import_file(teller, path.read_bytes(), mode="valid_rows")
        assert import_["state"] == "refused", path.name
        assert import_["reason"], path.name
