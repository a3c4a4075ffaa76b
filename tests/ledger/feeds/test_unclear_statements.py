"""Statements that may be read in two ways: what can mean one thing is put right and told of, the rest is asked or refused."""

from __future__ import annotations

from typing import Any

import pytest
from tests.ledger.statements import in_pieces
from tests.ledger.workbooks import workbook

from branchtui.contract.imports import DecimalWriting
from branchtui.contract.statements import AboveZero, Columns
from branchtui.ledger.feeds.bai2 import Bai2Reader
from branchtui.ledger.feeds.camt import CamtReader
from branchtui.ledger.feeds.incoming import Unfit
from branchtui.ledger.feeds.mpesa import read as read_confirmation
from branchtui.ledger.feeds.mt940 import Mt940Reader
from branchtui.ledger.feeds.ofx import OfxReader
from branchtui.ledger.feeds.qif import QifReader
from branchtui.ledger.feeds.statement import Damaged, Direction, Entry, Standing, StatementReader
from branchtui.ledger.feeds.statement_table import TableReader
from branchtui.ledger.feeds.table_setting import TableSetting

HEADER = "OFXHEADER:100\nDATA:OFXSGML\nCHARSET:{}\n\n"
KIND = "<STMTTRN><TRNTYPE>{}<DTPOSTED>20261103<TRNAMT>{}<FITID>{}<NAME>A PAYER<MEMO>100245"
FIRST, SECOND = KIND.format("CREDIT", "15.00", "F-1001"), KIND.format("CREDIT", "20.00", "F-1002")
END = "</STMTTRN>"


def signed(entry: Entry) -> int | None:
    if entry.amount_minor is None:
        return None
    return -entry.amount_minor if entry.direction is Direction.DEBIT else entry.amount_minor


def codes(reader: StatementReader, entries: list[Entry]) -> list[str]:
    """What is said of the entries and of the statements."""
    told = [one for each in entries for one in each.findings]
    return [each.code for each in (*told, *(one for each in reader.statements for one in each.findings))]


def ofx(
    body: str, *, charset: str = "1252", codec: str = "cp1252", end: str = "</STMTRS>", more: str = ""
) -> OfxReader:
    text = (
        f"{HEADER.format(charset)}<OFX><BANKMSGSRSV1><STMTTRNRS><STMTRS><CURDEF>KES<BANKACCTFROM><ACCTID>0170"
        f"</BANKACCTFROM><BANKTRANLIST>{body}</BANKTRANLIST>{end}</STMTTRNRS>{more}</BANKMSGSRSV1></OFX>"
    )
    return OfxReader(in_pieces(text.encode(codec)))


def table(text: str, **more: Any) -> TableReader:
    setting = {"account": "0170", "currency": "KES", "zone": "Africa/Nairobi"} | more
    return TableReader(in_pieces(text.encode()), TableSetting(**setting))


def qif(text: str, **more: Any) -> QifReader:
    return QifReader(
        in_pieces(text.encode()), **{"account": "0170", "currency": "KES", "zone": "Africa/Nairobi"} | more
    )


# ── OFX ──────────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("body", "end"),
    [
        (FIRST + SECOND + END, "</STMTRS>"),
        (FIRST + END + SECOND, "</STMTRS>"),
        (FIRST + END + SECOND + END, ""),
        (FIRST.replace("A PAYER", "A PAYER</MEMO>") + END + SECOND + END, "</STMTRS>"),
        (FIRST.replace("15.00", "15.00</AMOUNT>") + END + SECOND + END, "</STMTRS>"),
    ],
    ids=["first without end", "last without end", "statement without end", "end of another leaf", "end of no leaf"],
)  # fmt: skip
def test_an_end_that_is_missing_or_wrong_loses_no_transaction(body: str, end: str) -> None:
    """A transaction holds no other, and a leaf ends where its text does: it is read so, and said."""
    reader = ofx(body, end=end)
    entries = list(reader.entries())
    assert [(signed(each), each.reference, each.payer_name) for each in entries] == [
        (1_500, "F-1001", "A PAYER"),
        (2_000, "F-1002", "A PAYER"),
    ]
    assert codes(reader, entries) == ["ofx-repaired"]


@pytest.mark.parametrize(
    "body", ["<STMTTRN>*left out*</STMTTRN>", FIRST + END + "<STMTTRN>\nleft out\n</STMTTRN>"]
)
def test_a_transaction_that_holds_words_and_no_elements_is_damage(body: str) -> None:
    """It would be gone without a word: a statement of no entries, or of one less."""
    with pytest.raises(Damaged, match="STMTTRN holds text"):
        list(ofx(body).entries())


def test_an_end_too_many_is_damage() -> None:
    """It may stand for a transaction that is gone."""
    with pytest.raises(Damaged, match="never began"):
        list(ofx(FIRST + END + END).entries())


@pytest.mark.parametrize(
    ("entry", "code"),
    [
        (KIND.format("DEBIT", "15.00", "F-1001"), "side"),
        (KIND.format("CREDIT", "-15.00", "F-1001"), "side"),
        (KIND.format("CREDIT", "1,500", "F-1001"), "grouping"),
        (KIND.format("CREDIT", "1.500", "F-1001"), "grouping"),
        (FIRST + "<TRNAMT>99.00", "twice"),
        (FIRST + "<CORRECTFITID>F-0900<CORRECTACTION>DELETE", "correction"),
    ],
)
def test_a_transaction_that_says_two_things_is_wrong(entry: str, code: str) -> None:
    """Its kind against its sign, thousands or decimals, two amounts, or what the bank takes back."""
    reader = ofx(entry + END)
    entries = list(reader.entries())
    assert codes(reader, entries) == [code]
    assert entries[0].findings[0].level == "error"


def test_a_pending_transaction_has_the_day_on_which_it_was_made() -> None:
    """OFX 2.1.1: STMTTRNP has DTTRAN and no DTPOSTED."""
    (entry,) = ofx("<STMTTRNP><TRNTYPE>CREDIT<DTTRAN>20261103<TRNAMT>15.00<NAME>X</STMTTRNP>").entries()
    assert (entry.day, entry.standing, entry.findings) == ("2026-11-03", Standing.PENDING, [])


@pytest.mark.parametrize(
    ("charset", "codec", "name"),
    [("1251", "cp1251", "Иван"), ("ISO-8859-2", "iso8859-2", "Łukasz"), ("1252", "cp1252", "Müller"), ("NONE", "cp1252", "Müller")],
)  # fmt: skip
def test_names_are_read_in_the_code_page_that_the_header_names(charset: str, codec: str, name: str) -> None:
    """Where the bytes are no UTF-8."""
    (entry,) = ofx(FIRST.replace("A PAYER", name) + END, charset=charset, codec=codec).entries()
    assert entry.payer_name == name


def test_an_account_that_the_bank_refused_beside_another_is_told_of() -> None:
    """The answer for the other one is taken all the same."""
    refused = "<STMTTRNRS><STATUS><CODE>2003<SEVERITY>ERROR<MESSAGE>Account not found</STATUS></STMTTRNRS>"
    reader = ofx(FIRST + END, more=refused)
    assert codes(reader, list(reader.entries())) == ["refused-by-bank"]


# ── amounts with a sign before three digits ──────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("text", "is_open"),
    [
        ("Date,Amount\n2026-11-03,1.250\n", True),
        ("Date;Amount\n2026-11-03;1,250\n", True),
        ('Date,Amount\n2026-11-03,"1,250"\n', False),
        ("Date;Amount\n2026-11-03;1.250\n", False),
        ("Date,Amount\n2026-11-03,1.250\n2026-11-03,2.50\n", False),
    ],
)
def test_an_amount_that_may_be_a_thousand_is_asked_about(text: str, is_open: bool) -> None:
    """`1.250` is 1.25 or 1,250: one more amount shows it, or somebody says it."""
    reader = table(text)
    assert (bool(reader.questions), reader.is_decimal_open) == (is_open, is_open)
    if is_open:
        comma = "," if ";" in text else "."
        said = table(text, writing=DecimalWriting.POINT if comma == "," else DecimalWriting.COMMA)
        assert [signed(each) for each in said.entries()] == [125_000]
        assert said.questions == []


def test_three_decimals_are_usual_where_a_currency_has_them() -> None:
    """A dinar of Kuwait has a thousand fils."""
    reader = table("Date,Amount\n2026-11-03,1.250\n", currency="KWD")
    assert ([signed(each) for each in reader.entries()], reader.questions) == ([1_250], [])


@pytest.mark.parametrize(
    ("text", "is_open"),
    [
        ('Date,Amount\n2026-11-03,"12,500"\n', True),
        ('Date,Amount\n2026-11-03,"12,500"\n2026-11-03,1.250\n', True),
        ("Date;Amount\n2026-11-03;12.500\n", True),
        ("Date;Amount\n2026-11-03;12,500\n", False),
        ('Date,Amount\n2026-11-03,"12,500"\n2026-11-03,"1,250.500"\n', False),
    ],
)
def test_a_thousand_of_a_currency_of_three_decimals_is_asked_about(text: str, is_open: bool) -> None:
    """`12,500` is twelve dinars and a half in Tunis: taken for thousands it was a thousand times as much."""
    reader = table(text, currency="TND")
    assert (bool(reader.questions), reader.is_decimal_open) == (is_open, is_open)


def test_qif_and_mt940_take_no_thousand_for_one() -> None:
    """QIF asks as a table does; MT940 has one way of writing, and another is refused."""
    reader = qif("!Type:Bank\nD2026-11-03\nT1.250\n^\n")
    assert (reader.is_decimal_open, len(reader.questions)) == (True, 1)
    data = ":20:T\n:25:0170\n:60F:C261103KES0,00\n:61:261103C1.250NTRFNONREF\n:62F:C261103KES1250,00\n-\n"
    (entry,) = Mt940Reader(in_pieces(data.encode())).entries()
    assert ([each.code for each in entry.findings], entry.amount_minor) == (["grouping"], None)


# ── QIF ──────────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "text",
    [
        "!Account\nNOne\n^\n!Type:Bank\nD2026-11-03\nT5.00\n^\n!Account\nNTwo\n^\n!Type:Bank\nD2026-11-03\nT6.00\n^\n",
        "!Type:Bank\nD2026-11-03\nT5.00\n^\n!Type:CCard\nD2026-11-03\nT6.00\n^\n",
    ],
)
def test_entries_of_two_accounts_are_not_taken_for_one(text: str) -> None:
    """The account that is named with the file is one: the other's money is not its."""
    with pytest.raises(Damaged, match="several accounts"):
        list(qif(text).entries())


@pytest.mark.parametrize(
    ("lines", "code"),
    [("T5.00\nT6.00", "twice"), ("U5.00\nT6.00", "two-amounts"), ("T", "blank")],
)
def test_an_entry_of_two_amounts_or_none_is_wrong(lines: str, code: str) -> None:
    """T once, and U as T."""
    (entry,) = qif(f"!Type:Bank\nD2026-11-03\n{lines}\n^\n").entries()
    assert [each.code for each in entry.findings] == [code]


# ── tables ───────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("header", "out", "came"),
    [("Sign", "-", "+"), ("Type", "Withdrawal", "Deposit"), ("Direction", "OUTGOING", "INCOMING"), ("Dr/Cr", "Dr.", "Cr."), ("Type", "Money Out", "Money In"), ("Typ", "Obciążenie", "Uznanie"), ("Tipo", "Débito", "Crédito")],
)  # fmt: skip
def test_words_and_signs_of_a_column_are_the_side(header: str, out: str, came: str) -> None:
    """Amounts without a sign beside them: what went out is no payment."""
    reader = table(f"Date,Amount,{header}\n2026-11-03,12.50,{out}\n2026-11-04,7.50,{came}\n")
    assert [signed(each) for each in reader.entries()] == [-1_250, 750]


@pytest.mark.parametrize(
    ("cell", "minor"),
    [("5.00CR", 500), ("5.00dr", -500), ("-5.00 DR", -500), ("-5.00 CR", None)],
)
def test_a_side_beside_an_amount_counts_with_or_without_a_space(cell: str, minor: int | None) -> None:
    """A debit that has a minus as well is a debit; a credit below zero is no amount."""
    (entry,) = table(f"Date,Amount\n2026-11-03,{cell}\n").entries()
    assert signed(entry) == minor


def test_a_side_that_the_format_of_a_number_shows_counts() -> None:
    """Contract 8: accounting programs keep every amount above zero, and write `Dr` or `Cr` by the format of its cell."""

    def also(book: Any, sheet: Any) -> None:
        for row_no, (minor, side) in enumerate(((1500, "Dr"), (2000, "Cr")), 1):
            sheet.write_row(row_no, 0, ["2026-11-03", f"REF-{row_no}", "A payer"])
            sheet.write_number(row_no, 3, minor, book.add_format({"num_format": f'""0.00" {side}"'}))

    data = workbook([["Date", "Reference", "Description", "Amount"]], also=also)
    setting = TableSetting(account="0170", currency="KES", zone="Africa/Nairobi")
    entries = list(TableReader(lambda: [data], setting).entries())
    assert [signed(each) for each in entries] == [-150_000, 200_000]


def test_a_credit_below_zero_contradicts_its_column() -> None:
    """It is not turned into a payment."""
    (entry,) = table("Date,Amount,Dr/Cr\n2026-11-03,-5.00,CR\n").entries()
    assert [each.code for each in entry.findings] == ["side"]


@pytest.mark.parametrize(
    "row",
    ["Total,,20.00,", "2026-11-02,Opening Balance,1000.00,", "Date,Description,Amount,Type", "Made by the bank,,,", ",,,"],
)  # fmt: skip
def test_rows_that_are_no_movements_do_not_take_the_side_from_the_others(row: str) -> None:
    """A sum, a balance, a heading, a note have none: the debit above them stays one."""
    reader = table(
        f"Date,Description,Amount,Type\n2026-11-03,A,12.50,debit\n{row}\n2026-11-04,B,7.50,credit\n"
    )
    entries = list(reader.entries())
    assert (signed(entries[0]), signed(entries[2])) == (-1_250, 750)
    assert reader.plan.columns["side"] == "type"


@pytest.mark.parametrize("header", ["Dr/Cr", "Transaction Type"])
def test_an_amount_whose_side_is_left_out_is_wrong(header: str) -> None:
    """Beside amounts that have one; a minus says it as well."""
    text = f"Date,Amount,{header}\n2026-11-03,12.50,Dr\n2026-11-04,7.50,\n2026-11-04,-2.50,\n"
    entries = list(table(text).entries())
    assert [signed(each) for each in entries] == [-1_250, None, -250]
    assert [[one.code for one in each.findings] for each in entries] == [[], ["side"], []]


@pytest.mark.parametrize(("amount", "kind"), [("12.50", "Debit"), ("-12.50", "Deposit")])
def test_a_kind_that_contradicts_its_amount_is_asked_about(amount: str, kind: str) -> None:
    """In a column of kinds, some of which are sides: nobody knows which of the two is right until it is said."""
    text = f"Date,Amount,Type\n2026-11-03,{amount},{kind}\n2026-11-04,7.50,Fee\n"
    assert [each.code for each in next(table(text).entries()).findings] == ["side"]
    for more in ({"above_zero": AboveZero.CAME_IN}, {"columns": Columns(date="Date", amount="Amount")}):
        assert next(table(text, **more).entries()).findings == []


@pytest.mark.parametrize("header", ["Category", "Txn", "Details", "Debet/Credit"])
def test_plain_words_are_the_side_in_a_column_of_any_name(header: str) -> None:
    """Every movement says debit or credit there; other words may be of another thing."""
    text = f"Date,Amount,{header}\n2026-11-03,12.50,Debit\n2026-11-04,7.50,Credit\n"
    assert [signed(each) for each in table(text).entries()] == [-1_250, 750]
    graded = text.replace("Debit", "C").replace("Credit\n", "D\n") if header == "Category" else text
    assert [signed(each) for each in table(graded).entries()][1] == 750


def test_rows_of_several_accounts_by_name_are_kept_apart() -> None:
    """A journal of every account, or a list of all that somebody has: one sum of them is nobody's money."""
    text = "JournalDate,AccountName,NetAmount,Description\n2026-11-03,Income,-12.50,SALE\n2026-11-03,Cash,12.50,SALE\n"
    reader = table(text)
    assert [(each.statement.account, signed(each)) for each in reader.entries()] == [
        ("Income", -1_250),
        ("Cash", 1_250),
    ]
    one = table(text.replace("Income", "Cash"))
    assert {each.statement.account for each in one.entries()} == {"0170"}
    said = table(text, columns=Columns(date="JournalDate", amount="NetAmount"))
    assert {each.statement.account for each in said.entries()} == {"0170"}


@pytest.mark.parametrize("header", ["Card Funding", "Card Type", "Funding", "Kartentyp"])
def test_the_kind_of_a_payers_card_is_no_side(header: str) -> None:
    """Who pays by a debit card pays all the same: such a payment was taken for money that went out. It is asked."""
    text = f"Date,Amount,Description,{header}\n2026-11-03,12.50,100245,debit\n2026-11-03,5.00,100246,credit\n"
    reader = table(text)
    assert [signed(each) for each in reader.entries()] == [1_250, 500]
    assert [each.endswith("above_zero.") for each in reader.questions] == [True]
    assert table(text, above_zero=AboveZero.CAME_IN).questions == []


@pytest.mark.parametrize("is_upwards", [False, True])
def test_amounts_of_both_sides_without_a_sign_are_refused_by_their_balance(*, is_upwards: bool) -> None:
    """Each balance follows by the size of an amount, and falls by some that are above zero."""
    rows = ["A,12.50,87.50", "B,5.00,92.50", "C,2.50,90.00", "D,1.00,89.00"]
    text = "Date,Details,Amount,Balance\n" + "".join(
        f"2026-11-03,{each}\n" for each in (rows[::-1] if is_upwards else rows)
    )
    reader = table(text)
    list(reader.entries())
    told = [(each.level, each.code) for each in reader.statements[0].findings]
    assert ("error", "side") in told
    reader = table(text.replace("B,5.00,92.50", "B,5.00,99.50"))
    list(reader.entries())
    assert [each.code for each in reader.statements[0].findings] == ["running-balance"]


def test_amounts_beside_debits_alone_are_refused() -> None:
    """Which of the two counts is not clear."""
    with pytest.raises(Damaged, match="none of credits"):
        table("Date,Amount,Debit\n2026-11-03,5.00,5.00\n")


CARDS = {
    "settled": "Date,Description,Amount\n2026-11-03,SHOP,40.00\n2026-11-04,PAYMENT RECEIVED - THANK YOU,-40.00\n",
    "column": "Date,Description,Amount,Card Member\n2026-11-03,SHOP,40.00,A\n2026-11-04,BACK,-40.00,A\n",
    "column in one word": "Date,Amount,CardId,Details\n2026-11-03,40.00,A,SHOP\n2026-11-04,-40.00,A,BACK\n",
    "where it was spent": "Date,Amount,MerchantCountry,Details\n2026-11-03,40.00,KE,A\n2026-11-04,-40.00,KE,B\n",
    "above": "Credit card statement\nDate,Description,Amount\n2026-11-03,SHOP,40.00\n2026-11-04,BACK,-40.00\n",
    "kind": "Date,Description,Amount,Type\n2026-11-03,SHOP,40.00,Purchase\n2026-11-04,PAY,-40.00,Payment\n",
    "balance": "Date,Description,Amount,Balance\n2026-11-03,SHOP,40.00,60.00\n2026-11-04,BACK,-40.00,100.00\n",
}


@pytest.mark.parametrize("text", CARDS.values(), ids=CARDS)
def test_what_a_card_has_above_zero_is_asked_and_never_guessed(text: str) -> None:
    """Many cards write spending above zero; the file shows that it may be so, and somebody says it."""
    reader = table(text)
    entries = list(reader.entries())
    assert [each.endswith("above_zero.") for each in reader.questions] == [True]
    assert [signed(each) for each in entries] == [4_000, -4_000]
    said = table(text, above_zero=AboveZero.WENT_OUT)
    assert [signed(each) for each in said.entries()] == [-4_000, 4_000]
    assert said.questions == []
    said = table(text, above_zero=AboveZero.CAME_IN)
    assert [signed(each) for each in said.entries()] == [4_000, -4_000]
    assert said.questions == []


def test_what_is_owed_on_a_card_grows_by_what_is_spent() -> None:
    """Its column of balances is a debt: the opening and closing balances are below zero."""
    text = "Date,Description,Amount,Balance,Card No\n2026-11-03,SHOP,40.00,140.00,1\n2026-11-04,SHOP,60.00,200.00,1\n"
    reader = table(text, above_zero=AboveZero.WENT_OUT)
    assert [signed(each) for each in reader.entries()] == [-4_000, -6_000]
    (statement,) = reader.statements
    assert (statement.opening_minor, statement.closing_minor, statement.findings) == (-10_000, -20_000, [])


@pytest.mark.parametrize(
    "text",
    [
        "Date,Description,Debit,Credit,Card No.\n2026-11-03,SHOP,40.00,,1\n",
        "Date,Description,Amount,Card No.\n2026-11-03,SHOP,-40.00,1\n2026-11-04,PAYMENT - THANK YOU,40.00,1\n",
        "Date,Description,Amount\n2026-11-03,A,12.50\n2026-11-03,B,-2.50\n",
    ],
)
def test_a_file_whose_sides_are_clear_is_not_asked_about(text: str) -> None:
    """Two columns, a settlement that came in, or nothing that tells of a card."""
    reader = table(text)
    list(reader.entries())
    assert reader.questions == []


@pytest.mark.parametrize(
    "words",
    [
        "Opening Balance",
        "CLOSING BALANCE",
        "Balance b/f",
        "Balance brought forward 01/11/2026",
        "Saldo anterior",
    ],
)
def test_a_balance_in_the_column_of_amounts_is_no_payment(words: str) -> None:
    """Passed over with a word; the movement below it is one."""
    opening, moved = table(
        f"Date,Description,Amount\n2026-11-01,{words},1000.00\n2026-11-03,100245,5.00\n"
    ).entries()
    assert (opening.is_opening, [each.code for each in opening.findings]) == (True, ["balance-row"])
    assert (moved.is_opening, signed(moved)) == (False, 500)


def test_a_payer_who_writes_of_a_balance_is_a_payer() -> None:
    """Only a row that says nothing else is a balance."""
    (entry,) = table(
        "Date,Description,Amount\n2026-11-03,Opening balance for 100245 Wanjiku,5.00\n"
    ).entries()
    assert (entry.is_opening, signed(entry)) == (False, 500)


@pytest.mark.parametrize(
    "row",
    ["Date,Description,Amount", "Generated by the bank", "End of statement,,", "Total,,5.00", "Total,5.00"],
)
def test_rows_around_the_movements_are_passed_over_with_a_word(row: str) -> None:
    """A heading on every page, a note below, a sum: none is a payment and none keeps the file out."""
    entries = list(table(f"Date,Description,Amount\n2026-11-03,100245,5.00\n{row}\n").entries())
    assert [(each.standing, signed(each)) for each in entries] == [
        (Standing.BOOKED, 500),
        (Standing.INFORMATION, None),
    ]


@pytest.mark.parametrize("row", ["SKA10QWE77", "2026-11-03", "2026-11-03,100245"])
def test_a_row_that_was_cut_is_wrong(row: str) -> None:
    """What is left of a movement is no note."""
    entry = list(table(f"Date,Description,Amount\n2026-11-03,100245,5.00\n{row}\n").entries())[-1]
    assert [each.code for each in entry.findings] == ["columns"]


def test_the_mark_that_keeps_a_cell_text_is_none_of_its_reference_phone_or_day() -> None:
    """Banks write `'0000123` for spreadsheets: in the bank's other files the reference has no mark. A name may begin so."""
    text = (
        "Date,Amount,Transaction ID,Phone,Payer Name,Description\n"
        "'2026-11-13,12.50,'0000700001,'254711222333,'t Hart,100245\n"
    )
    (entry,) = table(text).entries()
    assert (entry.day, entry.reference, entry.payer_phone) == ("2026-11-13", "0000700001", "254711222333")
    assert (entry.payer_name, entry.findings) == ("'t Hart", [])


def test_a_reference_that_a_spreadsheet_wrote_short_is_wrong() -> None:
    """Its digits are gone: the same booking would come in again under another."""
    (entry,) = table("Date,Amount,Reference\n2026-11-03,5.00,1.23457E+11\n").entries()
    assert [each.code for each in entry.findings] == ["scientific"]


PORTAL = "Receipt No.,Completion Time,Details,Transaction Status,Paid In,Withdrawn,Reason Type,A/C No."


def test_the_portals_reversal_is_no_payment() -> None:
    """The reason may be all that says so."""
    row = "TFA4K21LMN,2026-11-03 10:32:00,Returned,Completed,1500.00,,Pay Bill Reversal,100245"
    (entry,) = table(f"Short Code,600100\n{PORTAL}\n{row}\n", account="").entries()
    assert entry.is_reversal


def test_two_short_codes_above_a_table_name_none() -> None:
    """Whose the money is must be said."""
    row = "TFA4K21LMN,2026-11-03 10:32:00,Pay Bill,Completed,1500.00,,Pay Bill,100245"
    reader = table(f"Parent Short Code,600100\nShort Code,600200\n{PORTAL}\n{row}\n", account="")
    assert codes(reader, list(reader.entries())) == ["no-account"]


def test_a_confirmation_of_a_reversal_is_no_payment() -> None:
    """It is parked with its reason."""
    body = (
        b'{"TransactionType": "Reversal", "TransID": "SKA10QWE77", "TransTime": "20261103091502",'
        b' "TransAmount": "5", "BusinessShortCode": "600100"}'
    )
    with pytest.raises(Unfit, match="taken back"):
        read_confirmation(body)


# ── BAI2 and camt ────────────────────────────────────────────────────────────────────────────────────────────────────


def bai2(
    *transaction: str, currency: str = "KES", status: str = "1", total: int = 1_250, given: str = ""
) -> Bai2Reader:
    lines = [f"03,0170,{currency}/", *transaction]
    data = [
        "01,B,C,261104,0101,1,,,2/",
        f"02,C,B,{status},261103,2359,,2/",
        *lines,
        f"49,{total},{len(lines) + 1}/",
        f"98,{total},1,{len(lines) + 3}/",
        f"99,{total},1,{len(lines) + 5}/",
    ]
    return Bai2Reader(in_pieces("\n".join(data).encode()), currency=given)


@pytest.mark.parametrize(
    "transaction",
    [
        ("16,195/", "88,1250,Z,REF700001,100245,PAID/"),
        ("16,195,1250,D,2,0/", "88,1000,1,250,REF700001,100245,PAID/"),
        ("16,195,1250,S,500/", "88,500,250,REF700001,100245,PAID/"),
    ],
)
def test_a_transaction_that_goes_on_in_a_continuation_is_whole(transaction: tuple[str, ...]) -> None:
    """Its amount and its funds type may be cut anywhere."""
    (entry,) = bai2(*transaction).entries()
    assert (signed(entry), entry.reference, entry.account_ref) == (1_250, "REF700001", "100245")


@pytest.mark.parametrize(
    ("transaction", "told"),
    [
        (("16,195,1250,Z/", "88,REF700001,100245,PAID/"), ("REF700001", "100245", "PAID")),
        (("16,195,1250,Z/", "88,REF700001/", "88,100245,PAID/"), ("REF700001", "100245", "PAID")),
        (("16,195,1250,Z,REF700001/", "88,100245,PAID, IN PART/"), ("REF700001", "100245", "PAID, IN PART")),
        (("16,195,1250,Z/", "88,,100245,PAID/"), (None, "100245", "PAID")),
        (("16,195,1250,V,261103,/", "88,REF700001,100245/"), ("REF700001", "100245", "")),
        # One word alone may be the bank's reference or the payer's: it is looked for as both.
        (("16,195,1250,Z/", "88,INV100245/"), ("INV100245", "INV100245", "")),
        # Text that begins in a continuation, its references left out or blank.
        (("16,195,1250,Z/", "88,PAID BY W KAMAU, 100245/"), (None, "PAID BY W KAMAU, 100245", "PAID BY W KAMAU, 100245")),
        (("16,195,1250,Z,,/", "88,REF700001,100245/"), (None, "REF700001,100245", "REF700001,100245")),
    ],
)  # fmt: skip
def test_references_that_stand_in_a_continuation_are_references(
    transaction: tuple[str, ...], told: tuple[str | None, str, str]
) -> None:
    """Fields go on in an 88 wherever the record was cut; what reads as text is text."""
    (entry,) = bai2(*transaction).entries()
    assert (entry.reference, entry.account_ref, entry.details) == told


def test_what_bai2_says_of_its_currency_is_never_dollars_in_silence() -> None:
    """Small letters are a currency, others none; nothing at all is said, or named with the file."""
    paid = "16,195,1250,Z,REF700001,100245,PAID/"
    for currency, given, found, told in (
        ("kes", "", "KES", []),
        ("", "", "USD", ["currency"]),
        ("", "KES", "KES", []),
    ):
        reader = bai2(paid, currency=currency, given=given)
        entries = list(reader.entries())
        assert (entries[0].currency, codes(reader, entries)) == (found, told)
    with pytest.raises(Damaged, match="SHILLINGS is no currency"):
        list(bai2(paid, currency="Shillings").entries())


def test_a_transaction_that_only_tells_something_is_no_money() -> None:
    """890 has no amount; a group that corrects another is told of."""
    reader = bai2("16,890,,,,,NOTE/", total=0, status="3")
    entries = list(reader.entries())
    assert (entries[0].standing, codes(reader, entries)) == (Standing.INFORMATION, ["correction"])


def camt(details: str, *, begin: str = "", totals: str = "") -> CamtReader:
    data = (
        f'{begin}<?xml version="1.0"?><Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"><B><Stmt><Id>1'
        f"</Id><Acct><Id><Othr><Id>0170</Id></Othr></Id><Ccy>KES</Ccy></Acct>{totals}<Ntry>"
        '<Amt Ccy="KES">12.50</Amt><CdtDbtInd>CRDT</CdtDbtInd><BookgDt><Dt>2026-11-03</Dt></BookgDt>'
        f"<NtryDtls>{details}</NtryDtls></Ntry></Stmt></B></Document>"
    )
    return CamtReader(in_pieces(data.encode(), 7))


ONE = '<TxDtls><Amt Ccy="KES">12.50</Amt><RmtInf><Ustrd>100245</Ustrd></RmtInf></TxDtls>'


@pytest.mark.parametrize(
    "details", ["<Btch><NbOfTxs>3</NbOfTxs></Btch>", f"<Btch><NbOfTxs>3</NbOfTxs></Btch>{ONE}"]
)
def test_a_batch_that_lists_one_of_its_payments_is_not_all_that_payers(details: str) -> None:
    """It is one entry of nobody known that says that it is of several payments."""
    (entry,) = camt(details).entries()
    assert entry.booking is not None
    assert (signed(entry), entry.account_ref, entry.booking.is_several) == (1_250, "", True)
    assert [each.code for each in entry.findings] == ["batch"]


def test_a_statement_that_counts_other_entries_than_it_has_is_told_of() -> None:
    """Blank lines before the declaration are nothing."""
    totals = "<TxsSummry><TtlNtries><NbOfNtries>2</NbOfNtries></TtlNtries></TxsSummry>"
    reader = camt(ONE, begin="\n\n \n", totals=totals)
    assert codes(reader, list(reader.entries())) == ["total-differs"]
    reader = camt(ONE, totals=totals.replace("2", "1"))
    assert codes(reader, list(reader.entries())) == []
