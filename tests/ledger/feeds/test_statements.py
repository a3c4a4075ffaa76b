"""Readers of statements against what independent parsers read of the samples, and what no reader may swallow."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from tests.ledger.statements import SAMPLES, in_pieces, mt940, needs_samples

from branchtui.contract.imports import DateOrder
from branchtui.contract.statements import Columns
from branchtui.format.money import exponent_of
from branchtui.ledger.feeds.bai2 import Bai2Reader
from branchtui.ledger.feeds.camt import CamtReader
from branchtui.ledger.feeds.mt940 import Mt940Reader
from branchtui.ledger.feeds.ofx import OfxReader
from branchtui.ledger.feeds.qif import QifReader
from branchtui.ledger.feeds.recognise import Format, recognise
from branchtui.ledger.feeds.statement import Damaged, Direction, Entry, Standing, StatementReader
from branchtui.ledger.feeds.statement_table import TableReader
from branchtui.ledger.feeds.table_setting import TableSetting

STATEMENTS = SAMPLES / "bank-statements"
LINE_ENDS = (b"\n", b"\r\n", b"\r")


def qif(chunks: Any, order: DateOrder | None = DateOrder.MONTH_FIRST) -> QifReader:
    return QifReader(chunks, account="A", currency="USD", zone="UTC", order=order)


def table(data: bytes | str, **more: Any) -> TableReader:
    raw = data.encode() if isinstance(data, str) else data
    setting = {"account": "0170", "currency": "KES", "zone": "Africa/Nairobi"} | more
    return TableReader(in_pieces(raw), TableSetting(**setting))


READERS: dict[str, Callable[[Any], StatementReader]] = {
    "mt940": Mt940Reader,
    "camt": CamtReader,
    "ofx": OfxReader,
    "bai2": Bai2Reader,
    "qif": qif,
}


def files_of(kind: str) -> list[Any]:
    folder = STATEMENTS / kind
    found = sorted(folder.iterdir()) if folder.is_dir() else []
    return [pytest.param(path, id=path.name) for path in found] or [pytest.param(None, marks=needs_samples)]


def expected(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(
        (STATEMENTS / "expected" / path.parent.name / f"{path.name}.json").read_text()
    )
    return found


def read(reader: StatementReader) -> list[Entry]:
    return list(reader.entries())


def minor(amount: str, currency: str) -> int:
    return int(Decimal(amount) * 10 ** exponent_of(currency))


def signed(entry: Entry) -> int | None:
    if entry.amount_minor is None:
        return None
    return -entry.amount_minor if entry.direction is Direction.DEBIT else entry.amount_minor


# ── the samples ──────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("path", files_of("mt940"))
def test_mt940_is_read_as_an_independent_parser_reads_it(path: Path) -> None:
    """Each entry's day, amount, currency, side and bank reference; the last statement's account and balances."""
    wanted = expected(path)
    reader = Mt940Reader(in_pieces(path.read_bytes()))
    if wanted["account"] is None:
        try:
            assert read(reader) == []
        except Damaged:
            return
        assert any(each.findings for each in reader.statements)
        return
    entries = read(reader)
    assert [(each.day, signed(each), each.currency) for each in entries] == [
        (each["date"], minor(each["amount"], each["currency"]), each["currency"])
        for each in wanted["transactions"]
    ]
    for entry, told in zip(entries, wanted["transactions"], strict=True):
        assert entry.reference == (told["bank_reference"] or entry.reference)
    assert reader.statements[-1].account.startswith(wanted["account"].rstrip())
    assert len(reader.statements) == wanted["n_statements_by_tag20"]
    # The other parser keeps the last balances of the file that are not of a page in between.
    for name in ("opening", "closing"):
        told = wanted[name]
        balances = [
            (getattr(each, f"{name}_minor"), getattr(each, f"{name}_on")) for each in reader.statements
        ]
        assert (minor(told["amount"], told["currency"]), told["date"]) in balances


@pytest.mark.parametrize("path", files_of("camt"))
def test_camt_is_read_as_its_paths_say(path: Path) -> None:
    """Account, entries with amount, side, day and reference, and the balances that are in the account's currency."""
    wanted = expected(path)
    reader = CamtReader(in_pieces(path.read_bytes()))
    if not wanted["statements"]:
        with pytest.raises(Damaged, match="holds no statement"):
            read(reader)
        return
    entries = read(reader)
    if "{{" in path.read_text():
        assert entries[0].findings
        assert entries[0].amount_minor is None
        return
    told = [each for statement in wanted["statements"] for each in statement["entries"]]
    assert len(entries) == len(told)
    for entry, each in zip(entries, told, strict=True):
        assert entry.amount_minor == minor(each["amount"], each["currency"])
        assert (entry.direction is Direction.CREDIT) == (each["cd"] == "CRDT")
        assert entry.day == each["booking"][:10]
        assert entry.reference in {each["ref"], entry.reference if each["ref"] is None else None}
        assert entry.standing is Standing.BOOKED
    for statement, each in zip(reader.statements, wanted["statements"], strict=True):
        assert (statement.account, statement.identity) == (each["account"], each["id"])
        by_code = {one["type"]: one for one in each["balances"]}
        opening, closing = by_code.get("OPBD"), by_code.get("CLBD")
        if opening and opening["currency"] == statement.currency:
            assert statement.opening_minor == minor(opening["amount"], opening["currency"])
        if closing:
            same = closing["currency"] == statement.currency
            assert statement.closing_minor == (
                minor(closing["amount"], closing["currency"]) if same else None
            )
            assert same or [one.code for one in statement.findings] == ["balance-currency"]


@pytest.mark.parametrize("path", files_of("ofx"))
def test_ofx_is_read_as_independent_parsers_read_it(path: Path) -> None:
    """Account, currency, balance; each transaction's FITID, day, amount, name; what they refuse goes in nowhere."""
    wanted = expected(path)["ofxparse 0.21"]
    reader = OfxReader(in_pieces(path.read_bytes()))
    if not isinstance(wanted, list) or not wanted:
        try:
            entries = read(reader)
        except Damaged as damage:
            assert "identification code" in str(damage)
            return
        wrong = [each for each in entries if each.findings]
        assert wrong or any(each.findings for each in reader.statements)
        return
    entries = read(reader)
    told = [each for account in wanted for each in account["transactions"]]
    assert [(each.reference, each.day, signed(each)) for each in entries] == [
        (each["id"], each["date"][:10], minor(each["amount"], "USD")) for each in told
    ]
    assert [each.payer_name for each in entries] == [each["payee"] for each in told]
    assert [(each.account, each.currency, each.closing_minor) for each in reader.statements] == [
        (each["account"], each["currency"].upper(), minor(each["balance"], "USD")) for each in wanted
    ]


@pytest.mark.parametrize("path", files_of("bai2"))
def test_bai2_is_read_as_an_independent_parser_reads_it(path: Path) -> None:
    """Accounts, opening and closing ledger balance, transactions; what it refuses is refused."""
    wanted = expected(path)
    reader = Bai2Reader(in_pieces(path.read_bytes()))
    if "exception" in wanted:
        with pytest.raises(Damaged):
            read(reader)
        return
    entries = read(reader)
    accounts = [each for group in wanted["groups"] for each in group["accounts"]]
    told = [each for account in accounts for each in account["transactions"]]
    assert [each.amount_minor for each in entries] == [each["amount_minor"] for each in told]
    assert [each.reference for each in entries] == [each["ref"] for each in told]
    assert [each.direction is Direction.CREDIT for each in entries] == [each["code"] < "400" for each in told]
    for statement, account in zip(reader.statements, accounts, strict=True):
        assert (statement.account, statement.currency) == (account["account"], account["currency"])
        sums = {each["code"]: each["amount_minor"] for each in account["summary"]}
        assert (statement.opening_minor, statement.closing_minor) == (sums.get("010"), sums.get("015"))


@pytest.mark.parametrize("order", [DateOrder.MONTH_FIRST, DateOrder.DAY_FIRST])
@pytest.mark.parametrize("path", files_of("qif"))
def test_qif_is_read_as_an_independent_parser_reads_it(path: Path, order: DateOrder) -> None:
    """Days in either order where both exist, amounts, payees; an empty file and what is no QIF are refused."""
    wanted = expected(path)[f"day_first={order is DateOrder.DAY_FIRST}"]
    if "exception" in wanted or not wanted:
        with pytest.raises(Damaged):
            read(qif(in_pieces(path.read_bytes()), order))
        return
    told = wanted["Quiffen Default Account"]["AccountType.BANK"]
    entries = read(qif(in_pieces(path.read_bytes()), order))
    assert [(each.payer_name, signed(each)) for each in entries] == [
        (each["payee"], minor(each["amount"], "USD")) for each in told
    ]
    for entry, each in zip(entries, told, strict=True):
        # The other parser turns a date round where there is no such month; here it is told of.
        assert entry.day == each["date"][:10] or [one.code for one in entry.findings] == ["date"]
    assert entries[0].is_opening


TABLES: dict[str, tuple[dict[str, Any], list[tuple[str | None, int | None]]]] = {
    "creditunion.csv": ({}, [("2015-02-08", 5_000_000), ("2015-02-08", 5_000_000), ("2015-02-24", 7_000_000)]),
    "default.csv": ({}, [("2015-02-08", 5_000_000), ("2015-02-08", 5_000_000)]),
    "outbank.csv": ({}, [("2019-02-20", 10_000), ("2019-02-08", -6_389), ("2019-01-21", -4_700), ("2019-01-05", -2_500)]),
    "payoneer.csv": ({"order": DateOrder.DAY_FIRST}, [("2021-03-05", -10_000), ("2021-03-05", 12_000)]),
    "schwab-checking.csv": (
        {"currency": "USD"},
        [("2022-08-17", 2_000), ("2022-08-14", -10_300), ("2022-08-09", -7_500), ("2022-08-04", -5_727)],
    ),
    "xero.csv": ({}, [("2015-01-23", -3_600_000), ("2015-01-23", -11_300_000), ("2015-01-23", 3_600_000)]),
    "amazon.csv": (
        {"columns": Columns(date="date", amount="total", reference="order id", details="items")},
        [("2022-12-20", 422), ("2022-12-20", 742), ("2022-10-11", 3_412), (None, None)],
    ),
}  # fmt: skip


@needs_samples
@pytest.mark.parametrize("name", TABLES)
def test_a_banks_table_is_read_in_its_own_writing(name: str) -> None:
    """CR ends, two-digit years, months by name, decimal commas, dollar signs, two columns of money."""
    more, first = TABLES[name]
    entries = read(table((STATEMENTS / "csv" / name).read_bytes(), **more))
    assert [(each.day, signed(each)) for each in entries[: len(first)]] == first


@needs_samples
def test_a_running_balance_gives_the_statement_its_own_balances() -> None:
    """Newest first: the balance before the last row is the opening one."""
    reader = table((STATEMENTS / "csv" / "schwab-checking.csv").read_bytes(), currency="USD")
    read(reader)
    assert (reader.statements[0].opening_minor, reader.statements[0].closing_minor) == (109_374, 87_847)


@needs_samples
def test_what_the_rows_leave_open_is_asked() -> None:
    """05/03/2021 is a day in March or in May: nothing is guessed."""
    reader = table((STATEMENTS / "csv" / "payoneer.csv").read_bytes())
    assert "05/03/2021" in reader.questions[0]
    assert {each.day for each in reader.entries()} == {None}


@needs_samples
def test_without_columns_of_money_it_is_asked_which_they_are() -> None:
    """Orders of a shop are no statement until somebody says which column is what."""
    with pytest.raises(Damaged, match="Say which columns"):
        table((STATEMENTS / "csv" / "amazon.csv").read_bytes())


# ── the same in another form ────────────────────────────────────────────────────────────────────────────────────────


def shape(reader: StatementReader) -> list[Any]:
    entries = [
        (each.day, signed(each), each.reference, each.payer_name, each.account_ref) for each in read(reader)
    ]
    return [entries, [(each.account, each.opening_minor, each.closing_minor) for each in reader.statements]]


@needs_samples
@pytest.mark.parametrize("end", LINE_ENDS, ids=["LF", "CRLF", "CR"])
@pytest.mark.parametrize(
    "name", ["mt940/betterplace_sepa_snippet.sta", "bai2/svb_us_example.bai2", "qif/test.qif", "ofx/bank_medium.ofx"]
)  # fmt: skip
def test_line_ends_do_not_matter(name: str, end: bytes) -> None:
    """LF, CR LF and CR."""
    make = READERS[name.partition("/")[0]]
    data = (STATEMENTS / name).read_bytes()
    assert shape(make(in_pieces(re.sub(rb"\r\n|\r|\n", end, data)))) == shape(make(in_pieces(data)))


@needs_samples
@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.parametrize(
    "name", ["mt940/betterplace_with_binary_character.sta", "qif/test.qif", "ofx/multiple_accounts.ofx"]
)
def test_encodings_do_not_matter(name: str, encoding: str) -> None:
    """UTF-8 with or without mark, UTF-16, the Western code page."""
    make = READERS[name.partition("/")[0]]
    data = (STATEMENTS / name).read_bytes()
    assert shape(make(in_pieces(data.decode().encode(encoding), 701))) == shape(make(in_pieces(data)))


@needs_samples
@pytest.mark.parametrize("message", ["052", "053", "054"])
@pytest.mark.parametrize("version", range(2, 15))
def test_every_version_of_camt_is_read(message: str, version: int) -> None:
    """Versions 2 to 14; names of parties and states moved a level down on the way."""
    data = (STATEMENTS / "camt" / ("camt053.v8.xml" if version > 7 else "camt053.v3.xml")).read_text()
    body, container = {"052": ("BkToCstmrAcctRpt", "Rpt"), "053": ("BkToCstmrStmt", "Stmt")}.get(
        message, ("BkToCstmrDbtCdtNtfctn", "Ntfctn")
    )
    data = re.sub(r"camt\.053\.001\.\d\d", f"camt.{message}.001.{version:02d}", data)
    data = re.sub(r"(</?)BkToCstmrStmt", rf"\1{body}", data)
    data = re.sub(r"(</?)Stmt>", rf"\1{container}>", data)
    (entry,) = read(CamtReader(in_pieces(data.encode())))
    assert (entry.amount_minor, entry.payer_name, entry.account_ref) == (885, "NAME NAME", "4654654654654654")


@pytest.mark.parametrize("version", ["001.01", "001.15", "001.99"])
def test_versions_that_are_not_known_are_refused(version: str) -> None:
    """What a later version means nobody knows yet."""
    data = f'<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.{version}"><B><Stmt><Id>1</Id></Stmt></B></Document>'
    with pytest.raises(Damaged, match="is not known"):
        read(CamtReader(in_pieces(data.encode())))


@needs_samples
def test_formats_are_recognised_by_how_they_begin() -> None:
    """The name of a file says nothing."""
    wanted = {
        "mt940": Format.MT940,
        "camt": Format.CAMT,
        "ofx": Format.OFX,
        "bai2": Format.BAI2,
        "csv": Format.TABLE,
    }
    odd = {"self-provided_empty_non_swift.sta", "moov_errors_sample-parseError.txt"}
    for folder, found in wanted.items():
        for path in (STATEMENTS / folder).iterdir():
            if path.name not in odd:
                assert recognise(in_pieces(path.read_bytes(), 9_000)) is found, path.name
    assert recognise(in_pieces((STATEMENTS / "qif" / "test.qif").read_bytes(), 9_000)) is Format.QIF


# ── MT942, batches, the portal ──────────────────────────────────────────────────────────────────────────────────────


def test_a_report_within_the_day_promises_no_closing_balance() -> None:
    """MT942: floor limit, time, totals; expected entries are pending."""
    data = (
        ":20:R1\n:25:0170\n:28C:12/1\n:34F:KES0,\n:13D:2611031200+0300\n"
        ":61:2611031103C1500,NTRFNONREF//FT1234567\n:86:100245\n:61:261103EC20,NMSCNONREF\n"
        ":90D:0KES0,\n:90C:1KES1500,\n-\n"
    )
    reader = Mt940Reader(in_pieces(data.encode()))
    entries = read(reader)
    assert [(signed(each), each.standing) for each in entries] == [
        (150_000, Standing.BOOKED),
        (2_000, Standing.PENDING),
    ]
    (statement,) = reader.statements
    assert (statement.is_interim, statement.findings) == (True, [])
    assert (statement.stated_credits_minor, statement.stated_debits_minor) == (150_000, 0)


def test_a_booking_taken_back_is_no_payment() -> None:
    """RC takes a credit back, RD a debit."""
    data = mt940(":61:261103RC20,00NTRFNONREF//FT1", ":61:261103RD30,00NTRFNONREF//FT2")
    assert [(signed(each), each.is_reversal) for each in read(Mt940Reader(in_pieces(data.encode())))] == [
        (-2_000, True),
        (3_000, True),
    ]


BATCH = """<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"><BkToCstmrStmt><Stmt><Id>1</Id>
<Acct><Id><Othr><Id>0170</Id></Othr></Id><Ccy>KES</Ccy></Acct>
<Ntry><Amt Ccy="KES">30.00</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts><Cd>BOOK</Cd></Sts><BookgDt><Dt>2026-11-03</Dt></BookgDt>
<AcctSvcrRef>BATCH-0001</AcctSvcrRef><NtryDtls>
<TxDtls><Refs><TxId>TX-0000001</TxId></Refs><Amt Ccy="KES">%s</Amt><RltdPties><Dbtr><Pty><Nm>W KAMAU</Nm></Pty></Dbtr></RltdPties>
<RmtInf><Ustrd>100245</Ustrd></RmtInf></TxDtls>
<TxDtls><Refs><TxId>TX-0000002</TxId></Refs><Amt Ccy="KES">20.00</Amt><RmtInf><Ustrd>100246</Ustrd></RmtInf></TxDtls>
</NtryDtls></Ntry></Stmt></BkToCstmrStmt></Document>"""


def test_a_batch_that_lists_its_payments_is_one_payment_each() -> None:
    """They are its payments where they add up to it to the cent; else it is one entry, and says so."""
    split = read(CamtReader(in_pieces((BATCH % "10.00").encode())))
    assert [(each.amount_minor, each.reference, each.payer_name, each.account_ref) for each in split] == [
        (1_000, "TX-0000001", "W KAMAU", "100245"),
        (2_000, "TX-0000002", "", "100246"),
    ]
    (whole,) = read(CamtReader(in_pieces((BATCH % "10.01").encode())))
    assert (whole.amount_minor, whole.reference) == (3_000, "BATCH-0001")
    assert [each.code for each in whole.findings] == ["batch"]


PORTAL = """Organization Name,Pamoja Sacco
Short Code,600100

Receipt No.,Completion Time,Initiation Time,Details,Transaction Status,Paid In,Withdrawn,Balance,Balance Confirmed,Reason Type,Other Party Info,Linked Transaction ID,A/C No.
SKA10QWE77,03-11-2026 09:15:02,03-11-2026 09:15:02,Pay Bill from 254711222333 - WANJIKU KAMAU Acc. 100245,Completed,"1,500.00",,"11,500.00",true,Pay Bill,254711222333 - WANJIKU KAMAU,,100245
SKA10QWE77,03-11-2026 09:15:02,03-11-2026 09:15:02,Pay Bill Charge,Completed,,-15.00,"11,485.00",true,Charge,,,
SKA10QWE78,13-11-2026 09:15:02,13-11-2026 09:15:02,Pay Bill from 2547****333 - W K Acc. 100246,Completed,20.00,,"11,505.00",true,Pay Bill,,,
SKA10QWE79,13-11-2026 09:16:02,13-11-2026 09:16:02,Pay Bill from 254711222333 - W K Acc. 9,Cancelled,20.00,,,true,Pay Bill,,,
"""


def test_the_portals_table_names_short_code_phone_name_and_account() -> None:
    """Receipt numbers as codes, East African time, charges as debits, what was not completed passed over."""
    reader = table(PORTAL, account="")
    paid, charge, masked, cancelled = read(reader)
    (statement,) = reader.statements
    assert (statement.account, statement.provider) == ("600100", "mpesa")
    assert (statement.opening_minor, statement.closing_minor) == (1_000_000, 1_150_500)
    assert (paid.reference, paid.payer_phone, paid.payer_name, paid.account_ref) == (
        "SKA10QWE77",
        "254711222333",
        "WANJIKU KAMAU",
        "100245",
    )
    assert paid.at_us == 1_793_686_502_000_000
    assert signed(charge) == -1_500
    assert (masked.payer_phone, masked.payer_name, masked.account_ref) == ("2547****333", "W K", "100246")
    assert cancelled.standing is Standing.PENDING


# ── what is damaged ─────────────────────────────────────────────────────────────────────────────────────────────────


def is_refused(make: Callable[[Any], StatementReader], data: bytes) -> bool:
    try:
        reader = make(in_pieces(data))
        entries = read(reader)
    except Damaged:
        return True
    findings = [one for each in entries for one in each.findings]
    findings += [one for each in reader.statements for one in each.findings]
    return any(each.level == "error" for each in findings)


@needs_samples
@pytest.mark.parametrize(
    "name",
    ["mt940/mBank_mt940.sta", "camt/camt053.v8.xml", "ofx/bank_medium.ofx", "bai2/svb_us_example.bai2"],
)
def test_a_file_that_was_cut_off_is_never_taken_for_whole(name: str) -> None:
    """Cut at any place before its end: refused, or told of as wrong."""
    data = (STATEMENTS / name).read_bytes().rstrip()
    make = READERS[name.partition("/")[0]]
    assert not is_refused(make, data)
    marks = {"mt940": b":62F:", "camt": b"</Document>", "ofx": b"</OFX>", "bai2": b"99,"}
    end = data.rindex(marks[name.partition("/")[0]])
    for at in range(0, end, 37):
        assert is_refused(make, data[:at]), at


XML_BOMBS = {
    "entities": b'<!DOCTYPE d [<!ENTITY a "b"><!ENTITY c "&a;&a;&a;">]><Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.02">&c;</Document>',
    "external": b'<!DOCTYPE d SYSTEM "file:///etc/passwd"><Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.02"/>',
    "deep": b"<a>" * 5_000,
    "wide": b'<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.02">' + b"<x/>" * 3_000_000,
    "long text": b'<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.02"><B>' + b"x" * 12_000_000,
    "not closed": b'<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.02"><BkToCstmrStmt><Stmt>',
}


@pytest.mark.parametrize("data", XML_BOMBS.values(), ids=XML_BOMBS)
def test_xml_that_means_harm_is_refused(data: bytes) -> None:
    """No document type, no entities, no files, no depth, no breadth (T-21)."""
    with pytest.raises(Damaged):
        read(CamtReader(in_pieces(data, 65_536)))


@needs_samples
@pytest.mark.parametrize("path", files_of("../hostile/xml"))
def test_hostile_xml_is_refused_as_a_statement(path: Path) -> None:
    """Billion laughs, external entities, document types."""
    for make in (CamtReader, OfxReader):
        with pytest.raises(Damaged):
            read(make(in_pieces(path.read_bytes())))


OFX_BOMBS = {
    "doctype": "<!DOCTYPE OFX [<!ENTITY a 'b'>]><OFX></OFX>",
    "deep": "<OFX>" + "<A>" * 5_000,
    "wide": "<OFX><A>" + "<B>1" * 5_000 + "</A></OFX>",
    "one tag": "<OFX><" + "A" * 200_000,
    "one text": "<OFX><A>" + "x" * 200_000,
    "no end": "<OFX><BANKMSGSRSV1><STMTTRNRS>",
    "behind": "<OFX><A>1</OFX><B>2",
}


@pytest.mark.parametrize("data", OFX_BOMBS.values(), ids=OFX_BOMBS)
def test_ofx_that_means_harm_is_refused(data: str) -> None:
    """Nothing is passed over in silence: an end without a beginning, text where none may stand, no end at all."""
    with pytest.raises(Damaged):
        read(OfxReader(in_pieces(data.encode())))


def test_an_empty_element_without_an_end_swallows_nothing() -> None:
    """OFX 1 leaves ends out: what follows an empty leaf is its parent's."""
    data = (
        "OFXHEADER:100\n\n<OFX><BANKMSGSRSV1><STMTTRNRS><STMTRS><CURDEF>KES<BANKACCTFROM><BANKID><ACCTID>0170"
        "</BANKACCTFROM><BANKTRANLIST><DTSTART><DTEND><STMTTRN><TRNTYPE>CREDIT<DTPOSTED>20261103<TRNAMT>15.00"
        "<FITID>F-000001<NAME><MEMO>100245</STMTTRN></BANKTRANLIST><LEDGERBAL><BALAMT>15.00<DTASOF>20261103"
        "</LEDGERBAL></STMTRS></STMTTRNRS></BANKMSGSRSV1></OFX>"
    )
    reader = OfxReader(in_pieces(data.encode(), 7))
    (entry,) = read(reader)
    assert (entry.amount_minor, entry.reference, entry.payer_name, entry.account_ref) == (
        1_500,
        "F-000001",
        "",
        "100245",
    )
    assert (reader.statements[0].account, reader.statements[0].closing_minor) == ("0170", 1_500)


@needs_samples
@pytest.mark.parametrize(
    ("name", "found", "instead"),
    [
        ("bai2/svb_us_example.bai2", b"16,142,490196", b"16,142,490197"),
        ("bai2/svb_us_example.bai2", b"49,138884258,7", b"49,138884258,8"),
        ("bai2/svb_us_example.bai2", b"98,138884258,1,9", b"98,138884258,2,9"),
        ("mt940/mBank_mt940.sta", b"CN0,01NTRF", b"CN0,0.1NTRF"),
        ("mt940/mBank_mt940.sta", b":61:1701190119", b":61:1713190119"),
        ("mt940/mBank_mt940.sta", b"PLN0,40", b"PLN0,405"),
        ("camt/camt053.v8.xml", b">8.85<", b">8.855<"),
        ("camt/camt053.v8.xml", b">8.85<", b">1e3<"),
        ("camt/camt053.v8.xml", b"CRDT</CdtDbtInd>\n", b"</CdtDbtInd>\n"),
        ("ofx/bank_medium.ofx", b"<TRNAMT>-6.60", b"<TRNAMT>-6.60x"),
        ("ofx/bank_medium.ofx", b"20090401122017.000[-5:EST]", b"20090231122017.000[-5:EST]"),
        ("qif/test.qif", b"T67.50", b"T67.505"),
        ("qif/test.qif", b"D2/14'2020", b"D2/34'2020"),
    ],
)
def test_a_changed_figure_is_told_of(name: str, found: bytes, instead: bytes) -> None:
    """Money and days are strict: what cannot be read is an error, never a guess."""
    data = (STATEMENTS / name).read_bytes()
    assert found in data
    make = READERS[name.partition("/")[0]]
    assert not is_refused(make, data)
    assert is_refused(make, data.replace(found, instead))


def test_a_day_that_does_not_exist_is_moved_with_notice() -> None:
    """30 February is what some banks write for the end of the month: the last day is taken, and said."""
    (entry,) = read(Mt940Reader(in_pieces(mt940(":61:2602300301C6,00N024NONREF//FT0000001").encode())))
    assert entry.day == date(2026, 2, 28).isoformat()
    assert [(each.level, each.code) for each in entry.findings] == [("warning", "day-moved")]


@pytest.mark.parametrize("cell", ["€5.00", "5.00 EUR", "£5.00"])
def test_a_sign_of_another_currency_is_no_amount(cell: str) -> None:
    """A file in pounds is not taken for one in shillings."""
    (entry,) = read(table(f"Date,Amount\n2026-11-03,{cell}\n"))
    assert [each.code for each in entry.findings] == ["currency"]


@pytest.mark.parametrize(
    ("cell", "minor_units"),
    [
        ("1,500.00", 150_000),
        ("KES 1,500.00", 150_000),
        ("Ksh1,500", 150_000),
        ("-20.5", -2_050),
        ("20.50-", -2_050),
        ("(20.50)", -2_050),
        ("20.50 DR", -2_050),
        ("+20.50 CR", 2_050),
        ("20.50D", -2_050),
        ("20.50C", 2_050),
        ("\u221220.50", -2_050),
        (".5", 50),
        ("12.340", 1_234),
    ],
)
def test_amounts_are_read_in_every_dress(cell: str, minor_units: int) -> None:
    """Signs in front and behind, brackets, CR and DR, spare zeros."""
    (entry,) = read(table(f'Date,Amount\n2026-11-03,"{cell}"\n'))
    assert (signed(entry), entry.findings) == (minor_units, [])


@pytest.mark.parametrize(
    ("currency", "cell", "minor_units"),
    [
        ("KES", "1,500/=", 150_000),
        ("KES", "1,500/-", 150_000),
        ("KES", "Kshs. 1,500.00", 150_000),
        ("UGX", "USh 50,000", 50_000),
        ("INR", "₹1,50,000.00", 15_000_000),
        ("INR", "Rs. 1,50,000.00 Cr", 15_000_000),
        ("BRL", "-R$ 12.50", -1_250),
        ("CHF", "1’250.00", 125_000),
        ("PLN", "1 250.00 zł", 125_000),
        ("SEK", "-1 250.00 kr", -125_000),
    ],
)
def test_amounts_are_read_as_their_country_writes_them(currency: str, cell: str, minor_units: int) -> None:
    """Its sign of the currency, its groups; a stroke and a dash behind an amount are no minus."""
    (entry,) = read(table(f'Date,Amount\n2026-11-03,"{cell}"\n2026-11-03,1.00\n', currency=currency))[:1]
    assert (signed(entry), entry.findings) == (minor_units, [])


@pytest.mark.parametrize("cell", ["USh 50.00", "KES 5.00 USD", "R$ 5.00", "1,50,00", "1,5,000.00"])
def test_another_currency_or_other_groups_are_no_amount(cell: str) -> None:
    """In a file of Kenyan shillings."""
    (entry,) = read(table(f'Date,Amount\n2026-11-03,"{cell}"\n2026-11-03,1.00\n'))[:1]
    assert (entry.amount_minor, [each.level for each in entry.findings]) == (None, ["error"])


@pytest.mark.parametrize("cell", ["", "1e3", "1_000", "12.345", "1,00", "٣", "--5", "1 5 x", "9" * 30])
def test_what_is_no_amount_is_an_error(cell: str) -> None:
    """VAL-1: ASCII digits, at most the currency's decimals, separators where they belong."""
    (entry,) = read(table(f'Date,Amount\n2026-11-03,"{cell}"\n2026-11-04,1.00\n'))[:1]
    assert entry.amount_minor is None
    assert [each.level for each in entry.findings] == ["error"]
