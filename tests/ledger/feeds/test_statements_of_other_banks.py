"""Statements in the writings of banks that are not among the samples: made up, each in the shape of a real one."""

from __future__ import annotations

from typing import Any

import pytest
from tests.ledger.statements import in_pieces

from branchtui.ledger.feeds.bai2 import Bai2Reader
from branchtui.ledger.feeds.camt import CamtReader
from branchtui.ledger.feeds.mt940 import Mt940Reader
from branchtui.ledger.feeds.ofx import OfxReader
from branchtui.ledger.feeds.recognise import Format, recognise
from branchtui.ledger.feeds.statement import Damaged, Direction, Entry, Standing, StatementReader
from branchtui.ledger.feeds.statement_table import TableReader
from branchtui.ledger.feeds.table_setting import TableSetting


def read(reader: StatementReader) -> list[Entry]:
    return list(reader.entries())


def signed(entry: Entry) -> int | None:
    if entry.amount_minor is None:
        return None
    return -entry.amount_minor if entry.direction is Direction.DEBIT else entry.amount_minor


def mt940(*lines: str, closing: str = "C261104EUR100,00", end: str = "\n") -> Mt940Reader:
    """A statement with these lines between its balances."""
    whole = [":20:S1", ":25:NL00TEST0000000001", ":28C:1/1", ":60F:C261103EUR0,00", *lines, f":62F:{closing}"]
    return Mt940Reader(in_pieces(end.join([*whole, "-"]).encode()))


def table(text: str, **more: Any) -> TableReader:
    setting = {"account": "0170", "currency": "KES", "zone": "Africa/Nairobi"} | more
    return TableReader(in_pieces(text.encode()), TableSetting(**setting))


def ofx(body: str) -> OfxReader:
    return OfxReader(in_pieces(f"OFXHEADER:100\nDATA:OFXSGML\n\n<OFX>{body}</OFX>".encode()))


BANK = (
    "<BANKMSGSRSV1><STMTTRNRS><STMTRS><CURDEF>KES<BANKACCTFROM><BANKID>1<ACCTID>0170</BANKACCTFROM><BANKTRANLIST>"
    "<STMTTRN><TRNTYPE>CREDIT<DTPOSTED>20261103<TRNAMT>12.50<FITID>F-1001</STMTTRN></BANKTRANLIST>"
    "</STMTRS></STMTTRNRS></BANKMSGSRSV1>"
)


# ── MT940 and MT942 ──────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("line", "amount", "reference", "account_ref"),
    [
        (":61:261104C100,00NOV NONREF", 10_000, None, ""),
        (":61:261104D1,11NGT TANGO SHOP", -111, None, "TANGO SHOP"),
        (":61:2611041104C50,00 NTRFNONREF//7109025460", 5_000, "7109025460", ""),
        (":61:2611041104DF2402,00S   X", -240_200, None, "X"),
        (":61:2611041104CR7,50", 750, None, ""),
        (":61:2611041104C7,50NTRFEREF//B-700001", 750, "B-700001", ""),
        (":61:2611041104D7,50NRTIKREF+//B-700002", -750, "B-700002", ""),
        (":61:2611041104C7,50NTRFINVOICE 77\n//B-700003", 750, "B-700003", "INVOICE 77"),
    ],
)
def test_entries_are_read_in_the_codes_of_every_bank(
    line: str, amount: int, reference: str | None, account_ref: str
) -> None:
    """Codes of three letters, of one, and none; a space before the code; a reference on the next line."""
    (entry,) = read(mt940(line))
    assert (signed(entry), entry.reference, entry.account_ref, entry.findings) == (
        amount,
        reference,
        account_ref,
        [],
    )


@pytest.mark.parametrize("amount", ["12.345,67", "1,234,50", "", "x"])
def test_an_amount_that_could_be_two_is_no_amount(amount: str) -> None:
    """A sign between thousands does not make twelve shillings of twelve thousand."""
    (entry,) = read(mt940(f":61:2611041104C{amount}NTRFNONREF"))
    assert entry.amount_minor is None
    assert [each.level for each in entry.findings] == ["error"]


@pytest.mark.parametrize(
    ("lines", "name", "purpose"),
    [
        (["/CNTP/NL00TEST0000000002/TESTNL2A/A Payer///REMI/USTD//A/C 10", "0245/"], "A Payer", "A/C 100245"),
        (["/EREF/E-1//CNTP/NL00TEST0000000002/TESTNL2A/A Payer/Town//"], "A Payer", "E-1"),
        (["/REMI/USTD//just a text/"], "", "just a text"),
        (["/EREF/E-1/ORDP//NAME/A Payer/REMI/STRD/CUR/9001123812/"], "A Payer", "9001123812"),
        (["/BENM//NAME/A Payer/REMI//CDTRREFTP//CD/SCOR/ISSR/CUR/CDTRREF/1234567/"], "A Payer", "1234567"),
        (["166?00CREDIT?20100245 EREF: E-1 IBAN: DE00?21TEST BIC: TEST?32A Payer"], "A Payer", "100245"),
        (["SEPA TRANSFER    IBAN: NL00TEST02", "NAAM: A Payer", "OMSCHRIJVING: 100245"], "A Payer", "100245"),
        (["FOR 100245   REK: NL00TEST02/NAAM: A Payer"], "A Payer", "FOR 100245"),
        (["/ABC/is free text"], "", "/ABC/is free text"),
    ],
)  # fmt: skip
def test_who_paid_and_what_for_is_found_in_the_structures_of_every_bank(
    lines: list[str], name: str, purpose: str
) -> None:
    """Counterparties with bank and town, references within their issuer, words in columns."""
    (entry,) = read(mt940(":61:2611041104C100,00NTRFNONREF", ":86:" + "\n".join(lines)))
    assert (entry.payer_name, entry.account_ref) == (name, purpose)


def test_numbered_lines_of_multicash_say_who_paid() -> None:
    """`:NS:` with 01 to 14 what for, 15 and 16 who, the rest the bank's own."""
    (entry,) = read(
        mt940(
            ":61:2611041104C100,00NTRFNONREF", ":NS:01100245", "02 rent", "15A Payer", "17BOOKED", "1812345"
        )
    )
    assert (entry.payer_name, entry.details) == ("A Payer", "100245 rent")


def test_lines_that_end_with_two_signs_are_lines() -> None:
    """German home banking hands its statements on with `@@` for a line break."""
    reader = mt940(":61:2611041104C100,00NTRFNONREF", ":86:166?20100245", end="@@")
    (entry,) = read(reader)
    assert (signed(entry), entry.account_ref, reader.statements[0].closing_minor) == (
        10_000,
        "100245",
        10_000,
    )
    assert recognise(in_pieces(b"@@:20:S1@@:25:1@@")) is Format.MT940


def test_a_closing_balance_without_a_currency_is_in_that_of_the_statement() -> None:
    """The opening balance has said it."""
    reader = mt940(":61:2611041104C100,00NTRFNONREF", closing="C261104100,00")
    read(reader)
    assert reader.statements[0].closing_minor == 10_000
    assert reader.statements[0].findings == []


# ── OFX ──────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_comments_are_passed_over_wherever_a_piece_of_the_file_ends() -> None:
    """What is commented out is not said, and what stands behind it is."""
    hidden = "<!-- <CURDEF>USD</CURDEF>\n -- > <BANKACCTFROM> -->"
    data = f"<OFX>{BANK.replace('<CURDEF>KES', hidden + '<CURDEF>KES')}</OFX>".encode()
    for size in (1, 2, 3, 5, 7, 700):
        reader = OfxReader(in_pieces(data, size))
        assert [signed(each) for each in read(reader)] == [1_250]
        assert (reader.statements[0].currency, reader.statements[0].account) == ("KES", "0170")


def test_zero_bytes_behind_the_end_are_nothing() -> None:
    """Some programs fill their files up."""
    assert len(read(OfxReader(in_pieces(f"<OFX>{BANK}</OFX>\0\0".encode())))) == 1


def test_money_within_an_investment_account_is_no_payment() -> None:
    """A bank's statement in the same file is read; without one the file holds none."""
    invested = (
        "<INVSTMTMSGSRSV1><INVSTMTTRNRS><INVSTMTRS><CURDEF>KES<INVTRANLIST><INVBANKTRAN><STMTTRN><TRNTYPE>CREDIT"
        "<DTPOSTED>20261103<TRNAMT>99.00<FITID>I-1</STMTTRN><SUBACCTFUND>CASH</INVBANKTRAN></INVTRANLIST>"
        "</INVSTMTRS></INVSTMTTRNRS></INVSTMTMSGSRSV1>"
    )
    assert [each.reference for each in read(ofx(BANK + invested))] == ["F-1001"]
    with pytest.raises(Damaged, match="no statement of a bank or card account"):
        read(ofx(invested))


# ── BAI2 ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("total", "count", "said"), [("", 3, None), ("1250", 3, None), ("", 4, "records"), ("1", 3, "adds up")]
)
def test_a_blank_sum_is_not_checked_and_a_wrong_one_is(total: str, count: int, said: str | None) -> None:
    """The count of records always is."""
    data = (
        "01,B,C,261104,0101,1,,,2/\n02,C,B,1,261103,2359,KES,2/\n03,0170,KES/\n16,195,1250,Z,REF700001,,PAID/\n"
        f"49,{total},{count}/\n98,,1,{count + 2}/\n99,,1,{count + 4}/\n"
    )
    reader = Bai2Reader(in_pieces(data.encode()))
    if said is None:
        assert [signed(each) for each in read(reader)] == [1_250]
    else:
        with pytest.raises(Damaged, match=said):
            read(reader)


@pytest.mark.parametrize("count", ["³", "3³", "٣", "3" * 5_000])
def test_a_count_in_other_digits_or_without_end_is_damage(count: str) -> None:
    """What Python takes for a digit is none of a count of BAI2."""
    data = (
        "01,B,C,261104,0101,1,,,2/\n02,C,B,1,261103,2359,KES,2/\n03,0170,KES/\n16,195,1250,Z,REF700001,,PAID/\n"
        "49,1250,{}/\n98,1250,{},5/\n99,1250,1,7/\n"
    )
    for counts in ((count, "1"), ("3", count)):
        with pytest.raises(Damaged, match="cannot be read"):
            read(Bai2Reader(in_pieces(data.format(*counts).encode())))


# ── camt ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


def camt(entry: str, *, message: str = "053", closing_on: str = "2026-11-03") -> CamtReader:
    container = {"053": "Stmt", "054": "Ntfctn"}[message]
    balances = "".join(
        f'<Bal><Tp><CdOrPrtry><Cd>{code}</Cd></CdOrPrtry></Tp><Amt Ccy="EUR">1.00</Amt><CdtDbtInd>CRDT</CdtDbtInd>'
        f"<Dt><Dt>{on}</Dt></Dt></Bal>"
        for code, on in (("OPBD", "2026-11-03"), ("CLBD", closing_on))
    )
    data = (
        f'<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.{message}.001.08"><B><{container}><Id>1</Id><Acct><Id>'
        f"<Othr><Id>0170</Id></Othr></Id><Ccy>EUR</Ccy></Acct>{balances}<Ntry>"
        f'<Amt Ccy="EUR">12.50</Amt><CdtDbtInd>CRDT</CdtDbtInd>{entry}</Ntry></{container}></B></Document>'
    )
    return CamtReader(in_pieces(data.encode()))


def test_an_entry_without_a_date_is_of_the_one_day_of_its_statement() -> None:
    """Clearing houses write one statement a day and no date in it; it is taken with a word about it."""
    (entry,) = read(camt("<AcctSvcrRef>REF700001</AcctSvcrRef>"))
    assert (entry.day, entry.standing) == ("2026-11-03", Standing.BOOKED)
    assert [each.level for each in entry.findings] == ["warning"]


def test_an_entry_without_a_date_is_refused_where_the_day_is_open() -> None:
    """A statement of two days, and a notification, do not say which."""
    for reader in (camt("", closing_on="2026-11-04"), camt("", message="054")):
        (entry,) = read(reader)
        assert (entry.day, [each.level for each in entry.findings]) == (None, ["error"])


def test_what_is_not_booked_is_no_money() -> None:
    """A notification must say that an entry is booked, a statement holds what is."""
    (entry,) = read(camt("<BookgDt><Dt>2026-11-03</Dt></BookgDt>", message="054"))
    assert entry.standing is Standing.INFORMATION
    (entry,) = read(camt("<Sts><Cd>PDNG</Cd></Sts><BookgDt><Dt>2026-11-03</Dt></BookgDt>"))
    assert entry.standing is Standing.PENDING


def test_a_text_that_says_that_there_is_none_is_no_reference() -> None:
    """`NOTPROVIDED` is what banks write for nothing; the next that says something counts."""
    details = (
        "<BookgDt><Dt>2026-11-03</Dt></BookgDt><NtryDtls><TxDtls><Refs><EndToEndId>100245</EndToEndId></Refs>"
        "<RmtInf><Ustrd>NOTPROVIDED</Ustrd></RmtInf></TxDtls></NtryDtls>"
    )
    (entry,) = read(camt(details))
    assert entry.account_ref == "100245"


# ── tables ───────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("header", "words"),
    [("Transaction Type", ("debit", "credit")), ("Details", ("DEBIT", "CREDIT")), ("Type", ("Dr", "Cr")), ("Af Bij", ("Af", "Bij"))],
)  # fmt: skip
def test_a_column_whose_cells_all_say_credit_or_debit_is_the_side(
    header: str, words: tuple[str, str]
) -> None:
    """Amounts without a sign beside it: what went out is never a payment."""
    out, came = words
    reader = table(f"Date,Description,Amount,{header}\n2026-11-03,A,12.50,{out}\n2026-11-04,B,7.50,{came}\n")
    assert [signed(each) for each in read(reader)] == [-1_250, 750]


def test_a_column_of_kinds_is_not_the_side() -> None:
    """One cell that says another thing, and the column says what kind of booking it was."""
    reader = table("Date,Amount,Type\n2026-11-03,-12.50,debit\n2026-11-04,7.50,TRANSFER\n")
    assert [signed(each) for each in read(reader)] == [-1_250, 750]
    assert "side" not in reader.plan.columns


def test_a_column_of_money_may_say_its_currency() -> None:
    """`Amount (EUR)` is not in the branch's currency."""
    (entry,) = read(table("Booking Date,Partner Name,Amount (EUR)\n2026-11-03,A Payer,12.50\n"))
    assert (signed(entry), entry.currency, entry.payer_name) == (1_250, "EUR", "A Payer")
    entries = read(table("Date,Paid In (KES),Paid Out (USD)\n2026-11-03,12.50,\n"))
    assert [each.currency for each in entries] == ["KES"]


@pytest.mark.parametrize(
    ("header", "row", "told"),
    [
        ("Monn.;Description 1;Date de valeur;N° de transaction;Débit;Crédit;Solde", "CHF;VIREMENT;31.03.2026;T-700001;;240.00;11'613.94",
         (24_000, "CHF", "2026-03-31", "T-700001", "VIREMENT")),
        ("Kontonummer;Buchungstag;Auftraggeber/Empfänger;VWZ1;Betrag;Kontostand;Währung", "1;13.10.2026;A Payer;100245;98,76;1.234,56;EUR",
         (9_876, "EUR", "2026-10-13", None, "100245")),
        ("Date,Narration,Chq./Ref.No.,Value Dt,Withdrawal Amt.,Deposit Amt.,Closing Balance", "13/11/26,100245,0000700001,13/11/26,,500.00,1500.00",
         (50_000, "KES", "2026-11-13", "0000700001", "100245")),
        ("created;amount;currency;status;description", "2026-11-03 13:12;25.00;kes;Paid;100245",
         (2_500, "KES", "2026-11-03", None, "100245")),
    ],
)  # fmt: skip
def test_columns_are_known_in_other_tongues(header: str, row: str, told: tuple[Any, ...]) -> None:
    """French, German, and the exports of card processors."""
    (entry,) = read(table(f"{header}\n{row}\n"))
    assert (signed(entry), entry.currency, entry.day, entry.reference, entry.details) == told
    assert entry.standing is Standing.BOOKED


@pytest.mark.parametrize(
    ("header", "row", "told"),
    [
        ("Buchung;Valuta;Auftraggeber/Empfänger;Verwendungszweck;Saldo;Währung;Betrag;Währung", "13.11.2026;13.11.2026;A Payer;100245;2.250,00;EUR;1.250,00;EUR",
         (125_000, "EUR", "2026-11-13", "A Payer", "100245")),
        ("Buchungstag;Wert;Begünstigter / Auftraggeber;Verwendungszweck;Betrag;Soll;Haben;Währung", "13.11.2026;13.11.2026;A Payer;100245;1.250,00;;1.250,00;EUR",
         (125_000, "EUR", "2026-11-13", "A Payer", "100245")),
        ("Buchungstag;Wertstellung (Valuta);Buchungstext;Umsatz in EUR", "13.11.2026;13.11.2026;100245;1.250,00",
         (125_000, "EUR", "2026-11-13", "", "100245")),
        ("Datum;Naam / Omschrijving;Rekening;Af Bij;Bedrag (EUR);Mededelingen", "20261113;A Payer;NL1;Bij;1.250,00;100245",
         (125_000, "EUR", "2026-11-13", "A Payer", "100245")),
        ("#Data operacji;#Opis operacji;#Tytuł;#Nadawca/Odbiorca;#Kwota;#Saldo po operacji", "2026-11-13;PRZELEW;100245;A Payer;1 250,00 PLN;2 250,00 PLN",
         (125_000, "PLN", "2026-11-13", "A Payer", "100245")),
        ("Buchungstag;Valuta;Auftraggeber/Zahlungsempfänger;Empfänger/Zahlungspflichtiger;Vorgang/Verwendungszweck;Währung;Umsatz; ", "13.11.2026;13.11.2026;We;A Payer;100245;EUR;1.250,00;H",
         (125_000, "EUR", "2026-11-13", "A Payer", "100245")),
        ("Rekeningnummer;Naam;Munt;Datum;Omschrijving;Bedrag;Saldo;credit;debet;Naam tegenpartij", "BE1;WE;EUR;13/11/2026;100245;1250,00;2250,00;1250,00;;A Payer",
         (125_000, "EUR", "2026-11-13", "A Payer", "100245")),
        ("Datum,Bedrag,Rekening,Tegenrekening,Naam,Omschrijving", '2026-11-13,"1250,00",NL1,NL2,A Payer,100245',
         (125_000, "EUR", "2026-11-13", "A Payer", "100245")),
        ("Item;Posting date;Amount CZK;Variable symbol 1;Counteraccount name;Message for payee;Transaction reference number", "1;2026/11/13;1250,00;100245;A Payer;dues;700001",
         (125_000, "CZK", "2026-11-13", "A Payer", "100245")),
        ("Bokföringsdag;Belopp;Avsändare;Rubrik;Saldo", "2026-11-13;1250,00;A Payer;100245;2250,00",
         (125_000, "SEK", "2026-11-13", "A Payer", "100245")),
        ("Dato;Forklaring;Ut fra konto;Inn på konto", "13.11.2026;100245;;1250,00",
         (125_000, "NOK", "2026-11-13", "", "100245")),
        ("data;lançamento;valor (R$);saldos (R$)", "13/11/2026;100245;1.250,00;2.250,00",
         (125_000, "BRL", "2026-11-13", "", "100245")),
        ("S No.;Transaction Date;Transaction Remarks;Withdrawal Amount (INR );Deposit Amount (INR );Balance (INR )", "1;13/11/2026;100245;0.00;1,50,000.00;2,50,000.00",
         (15_000_000, "INR", "2026-11-13", "", "100245")),
        ("Txn. Date;Transaction Description;Debit (KShs);Credit (KShs);Ledger Balance", "13-Nov-2026;100245;;1,250.00;2,250.00",
         (125_000, "KES", "2026-11-13", "", "100245")),
    ],
)  # fmt: skip
def test_tables_of_banks_of_a_dozen_countries_are_read_without_a_word(
    header: str, row: str, told: tuple[Any, ...]
) -> None:
    """Marks, strokes and currencies in the names of columns, and the words of the country."""
    reader = table(f"{header}\n{row}\n", currency=told[1])
    (entry,) = read(reader)
    assert (signed(entry), entry.currency, entry.day, entry.payer_name, entry.account_ref) == told
    assert (entry.findings, entry.standing, reader.questions) == ([], Standing.BOOKED, [])


@pytest.mark.parametrize(
    ("header", "row", "told"),
    [
        ("Id,Date,Status,To message,From name,Amount,Currency,Fee,Currency", "123456789012,2026-11-13 10:11:12,Completed,100245,A Payer,50000,UGX,,",
         (50_000, "123456789012", "A Payer", "100245")),
        ("Transaction ID,Transaction Date,Sender Msisdn,Sender Name,Reference Number,Transaction Amount,Transaction Status", "MP261113.1011.A12345,13-Nov-2026 10:11:12,0701234567,A Payer,100245,50000,Transaction Success",
         (50_000, "MP261113.1011.A12345", "A Payer", "100245")),
    ],
)  # fmt: skip
def test_tables_of_mobile_money_name_the_payer_and_what_the_payer_wrote(
    header: str, row: str, told: tuple[Any, ...]
) -> None:
    """Beside a number of the transaction, a reference is the payer's."""
    (entry,) = read(table(f"{header}\n{row}\n", currency="UGX"))
    assert (signed(entry), entry.reference, entry.payer_name, entry.account_ref) == told


def test_what_went_out_has_a_column_of_its_own_in_a_belgian_table() -> None:
    """A debit beside the column of credits had no amount, and kept the file out."""
    text = "Datum;Omschrijving;Bedrag;credit;debet\n13/11/2026;KOSTEN;-3,40;;-3,40\n13/11/2026;100245;12,50;12,50;\n"
    assert [(signed(each), each.findings) for each in read(table(text))] == [(-340, []), (1_250, [])]


def test_a_blank_row_in_front_says_nothing_of_whose_account_a_table_is() -> None:
    """The rows behind it name the account; a row that cannot be read is wrong by itself."""
    reader = table("Date,IBAN,Amount\n,,\n2026-11-13,0170,12.50\n", account="")
    blank, entry = reader.entries()
    assert (blank.is_blank, signed(entry), entry.statement.account) == (True, 1_250, "0170")
    assert [(each.account, each.findings) for each in reader.statements] == [("0170", [])]


@pytest.mark.parametrize("header", ["Umsatz; ", "Umsatz;"])
def test_a_column_without_a_name_may_be_the_side(header: str) -> None:
    """German cooperative banks name no column for S and H; balances among the rows are none of it."""
    text = f"Buchungstag;Vorgang;Kundenreferenz;{header}\n"
    text += "13.11.2026;100245;;1.250,00;H\n14.11.2026;x;;12,50;S\n14.11.2026;;Endsaldo;2.237,50;H\n"
    came, went, balance = read(table(text))
    assert (signed(came), signed(went), balance.is_opening) == (125_000, -1_250, True)


@pytest.mark.parametrize("behind", ["50", "250.00", "5,50"])
def test_a_figure_in_a_column_without_a_name_is_what_a_comma_has_cut_off(behind: str) -> None:
    """Words may stand there, as Polish banks write them."""
    (entry,) = read(table(f"Date,Description,Amount,\n2026-11-03,A,12,{behind}\n"))
    assert [each.code for each in entry.findings] == ["columns"]
    (entry,) = read(table("Date,Description,Amount,\n2026-11-03,A,12.50,Tytul: 100245\n"))
    assert (signed(entry), entry.findings) == (1_250, [])


@pytest.mark.parametrize("rows", [("A,5.00,", "B,10.00,115.00", "C,20.00,", "D,-5.00,130.00", "E,1.00,")])
@pytest.mark.parametrize("is_upwards", [False, True])
def test_a_balance_once_a_day_follows_from_all_rows_between(rows: tuple[str, ...], is_upwards: bool) -> None:
    """The rows without one count, whichever end the list begins at; a row that is missing is told of."""
    told = rows[::-1] if is_upwards else rows
    for missing in (None, "C,20.00,"):
        kept = [each for each in told if each != missing]
        reader = table("Date,Text,Amount,Balance\n" + "".join(f"2026-11-03,{each}\n" for each in kept))
        read(reader)
        (statement,) = reader.statements
        if missing:
            assert [each.code for each in statement.findings] == ["running-balance"]
        else:
            assert (statement.opening_minor, statement.closing_minor) == (10_000, 13_100)


@pytest.mark.parametrize(
    ("header", "account"),
    [("Datum;Auftraggeber;Zahlungspflichtige*r;IBAN;Betrag", "0170"), ("IBAN;Datum;Zahlungspflichtige*r;Text;Betrag", "DE02")],
)  # fmt: skip
def test_an_iban_behind_the_name_of_a_payer_is_the_payers(header: str, account: str) -> None:
    """In front it is the account's own: German banks write both. A transfer between two of ours is not taken for another's."""
    names = header.split(";")
    row = {"Datum": "13.11.2026", "IBAN": "DE02", "Betrag": "5,00"}
    (entry,) = read(table(f"{header}\n" + ";".join(row.get(each, "A Payer") for each in names) + "\n"))
    assert (entry.statement.account, entry.payer_name, signed(entry)) == (account, "A Payer", 500)


@pytest.mark.parametrize("words", ["TOTALS", "Grand Total", "Total Credits:", "*** TOTAL ***"])
def test_a_sum_that_has_a_day_is_no_payment(words: str) -> None:
    """In the column of details, where nothing else stands; a payer may be called so."""
    (entry,) = read(table(f"Date,Details,Debit,Credit\n2026-11-03,{words},0.00,5.00\n"))
    assert (entry.is_opening, [each.code for each in entry.findings]) == (True, ["balance-row"])
    (entry,) = read(table(f"Date,Payer,Debit,Credit\n2026-11-03,{words},0.00,5.00\n"))
    assert (entry.is_opening, signed(entry)) == (False, 500)


def test_a_line_of_signs_is_no_movement() -> None:
    """Some banks draw one below their lists."""
    line = read(table("Date,Details,Amount\n2026-11-03,A,5.00\n********,********,\n"))[-1]
    assert (line.standing, line.findings) == (Standing.INFORMATION, [])


def test_the_side_of_an_amount_stands_behind_it() -> None:
    """Indian banks write the side of the balance under the same name."""
    header = "Date,Description,Amount,Dr / Cr,Balance,Dr / Cr"
    entries = read(table(f"{header}\n2026-11-03,A,5.00,CR,105.00,CR\n2026-11-04,B,2.00,DR,103.00,CR\n"))
    assert [signed(each) for each in entries] == [500, -200]
    with pytest.raises(Damaged, match="several times"):
        table("Date,Dr / Cr,Amount,Balance,Dr / Cr\n2026-11-03,CR,5.00,105.00,CR\n")


def test_the_day_of_the_transaction_counts_before_that_of_value() -> None:
    """Which a bank may leave out, or set days ahead."""
    (entry,) = read(table("Value Date,Tran Date,Amount\n,2026-11-03,5.00\n"))
    assert entry.day == "2026-11-03"


def test_a_balance_needs_no_day() -> None:
    """`Balance b/f` above the movements, with nothing else in its row."""
    opening, _ = read(
        table("Date,Narration,Debit,Credit,Balance\n,BALANCE B/FWD,,,100.00\n2026-11-03,A,,12.50,112.50\n")
    )
    assert (opening.is_opening, opening.findings) == (True, [])


@pytest.mark.parametrize(
    ("written", "day"),
    [
        ("Nov 3, 2026", "2026-11-03"),
        ("November 3rd, 2026", "2026-11-03"),
        ("3. Nov. 2026", "2026-11-03"),
        ("03NOV26", "2026-11-03"),
        ("03-Okt-2026", "2026-10-03"),
        ("3 mars 2026", "2026-03-03"),
        ("03/ago/2026", "2026-08-03"),
        ("2026.11.03.", "2026-11-03"),
        ("3 Nov 2026 10:15", "2026-11-03"),
        ("Tue, 3 Nov 2026", "2026-11-03"),
        ("13/11/2026, 10:15", "2026-11-13"),
    ],
)
def test_days_are_read_in_the_words_of_their_country(written: str, day: str) -> None:
    """A month that has a name is no question."""
    reader = table(f'Date;Amount\n"{written}";5,00\n')
    assert ([each.day for each in read(reader)], reader.questions) == ([day], [])


@pytest.mark.parametrize(
    "header", ["Amount,Amount (USD)", "Amount in KES,Amount (USD)", "Paid In KES,Paid Out KES"]
)
def test_an_amount_in_a_currency_is_none_that_came_in(header: str) -> None:
    """`Amount (USD)` beside `Amount` is the same in another currency; `Paid In KES` is what came in."""
    (entry,) = read(table(f"Date,Text,{header}\n2026-11-03,A,5.00,\n"))
    assert (signed(entry), entry.currency, entry.findings) == (500, "KES", [])


def test_a_row_that_names_two_currencies_is_wrong() -> None:
    """A currency may stand beside each amount of a row; it is one."""
    (entry,) = read(table("Datum;Saldo;Währung;Betrag;Währung\n2026-11-13;9,00;EUR;5,00;USD\n"))
    assert [each.code for each in entry.findings] == ["currency"]


@pytest.mark.parametrize(
    ("header", "booked", "waiting"),
    [("Status", "Gebucht", "Vorgemerkt"), ("Info", "Umsatz gebucht", "Umsatz vorgemerkt"), ("State", "COMPLETED", "REVERTED"), ("Status", "Udført", "Venter")],
)  # fmt: skip
def test_a_row_that_is_not_booked_is_no_money_in_any_tongue(header: str, booked: str, waiting: str) -> None:
    """It may have no day yet."""
    entries = read(
        table(f"Date,Amount,Balance,{header}\n2026-11-03,12.50,12.50,{booked}\n,7.50,,{waiting}\n")
    )
    assert [each.standing for each in entries] == [Standing.BOOKED, Standing.PENDING]
    assert [each.findings for each in entries] == [[], []]


def test_a_column_of_states_of_a_country_says_nothing_of_bookings() -> None:
    """One cell that is no such word, and the column is another."""
    entries = read(table("Date,Amount,State\n2026-11-03,12.50,completed\n2026-11-04,7.50,CA\n"))
    assert [each.standing for each in entries] == [Standing.BOOKED, Standing.BOOKED]


def test_a_status_that_nobody_knows_is_told_of() -> None:
    """The row is passed over, and somebody sees it."""
    (entry,) = read(table("Date,Amount,Status\n2026-11-03,12.50,Lakki\n"))
    assert (entry.standing, [(each.level, each.code) for each in entry.findings]) == (
        Standing.PENDING,
        [("warning", "status")],
    )


def test_a_word_in_the_place_of_the_day_says_that_it_is_not_booked() -> None:
    """`offen` is what a German bank writes there."""
    (entry,) = read(table("Buchungstag;Betrag\noffen;-12,50\n"))
    assert (entry.standing, entry.day, entry.findings) == (Standing.PENDING, None, [])


def test_a_reference_is_what_the_payer_wrote_where_a_row_says_nothing_else() -> None:
    """Many banks have one column for the bank's reference and the payer's."""
    (entry,) = read(table("Date,Counter Party,Reference,Amount\n2026-11-03,A Payer,100245,12.50\n"))
    assert (entry.reference, entry.account_ref, entry.payer_name) == ("100245", "100245", "A Payer")
    (entry,) = read(table("Date,Transaction ID,Amount\n2026-11-03,100245,12.50\n"))
    assert (entry.reference, entry.account_ref) == ("100245", "")


@pytest.mark.parametrize("words", ["S A L D O", "SALDO DO DIA", "Beginning balance as of 11/01/2026", "Neuer Kontostand"])  # fmt: skip
def test_a_balance_in_the_words_of_a_bank_is_no_payment(words: str) -> None:
    """In the column of amounts, and passed over with a word."""
    (entry,) = read(table(f"Date,Description,Amount\n2026-11-03,{words},1000.00\n"))
    assert (entry.is_opening, [each.code for each in entry.findings]) == (True, ["balance-row"])


def test_a_balance_below_a_list_is_no_movement() -> None:
    """A short row that begins with the word."""
    below = read(table("Buchungstag;Text;Betrag;Info\n2026-11-03;A;5,00;\nKontostand;14.11.2026;9,00\n"))[-1]
    assert (below.standing, below.findings) == (Standing.INFORMATION, [])


def test_rows_that_hold_a_balance_or_a_sum_are_no_payments() -> None:
    """`Balance b/f` above and `Total` below: the balances follow, and only the movement is money."""
    reader = table(
        "Date,Narration,Debit,Credit,Balance\n2026-11-02,BALANCE B/F,,,100.00\n2026-11-03,100245,,12.50,112.50\n"
        "Total,,0.00,12.50,\n"
    )
    entries = read(reader)
    assert [(each.is_opening, each.standing, signed(each)) for each in entries] == [
        (True, Standing.BOOKED, 0),
        (False, Standing.BOOKED, 1_250),
        (False, Standing.INFORMATION, None),
    ]
    assert [each for entry in entries for each in entry.findings] == []
    assert (reader.statements[0].opening_minor, reader.statements[0].closing_minor) == (10_000, 11_250)


def test_a_payer_called_total_is_a_payer() -> None:
    """A row with a date is a movement, whatever it begins with."""
    entries = read(table("Payer,Date,Amount\nTotal Kenya Ltd,2026-11-03,12.50\nTotal,,12.50\n"))
    assert [(each.standing, signed(each)) for each in entries] == [
        (Standing.BOOKED, 1_250),
        (Standing.INFORMATION, None),
    ]


def test_a_movement_whose_amount_is_gone_is_not_a_balance() -> None:
    """Only a row that says so carries a balance forward."""
    entries = read(table("Date,Narration,Debit,Credit,Balance\n2026-11-03,100245,,,112.50\n"))
    assert [each.level for entry in entries for each in entry.findings] == ["error"]


# ── the portal of M-PESA ─────────────────────────────────────────────────────────────────────────────────────────────

PORTAL = "Receipt No.,Completion Time,Details,Transaction Status,Paid In,Withdrawn,Balance"


@pytest.mark.parametrize(
    ("written", "day"),
    [
        ("2026-11-03 10:32:00", "2026-11-03"),
        ("03-11-2026 10:32:00", "2026-11-03"),
        ("03/11/2026 10:32:00", "2026-11-03"),
        ("3/11/26 10:32 AM", "2026-11-03"),
        ("11/23/2026 10:32:00", "2026-11-23"),
    ],
)
def test_the_portal_writes_the_day_first(written: str, day: str) -> None:
    """Only a file that was saved again in another country shows the month first, and then it shows it."""
    reader = table(
        f"{PORTAL}\nTFA4K21LMN,{written},Pay Bill Online,Completed,1500.00,,1500.00\n", account="600100"
    )
    (entry,) = read(reader)
    assert (entry.day, signed(entry), reader.questions) == (day, 150_000, [])


def test_an_account_in_a_row_of_the_portal_is_the_one_that_the_payer_named() -> None:
    """The short code is named above the table, or with the import."""
    reader = table(
        f"Short Code:,600100\n{PORTAL},Account No.,Other Party Info\n"
        "TFA4K21LMN,2026-11-03 10:32:00,Pay Bill Online,Completed,1500.00,,1500.00,100245,254700000001 - A PAYER\n",
        account="",
    )
    (entry,) = read(reader)
    assert (entry.statement.account, entry.account_ref, entry.payer_name) == ("600100", "100245", "A PAYER")


def test_the_account_that_a_sentence_of_the_portal_names_counts_beside_the_column_of_the_other_party() -> (
    None
):
    """Files without a column of their own for it."""
    row = "TFA4K21LMN,2026-11-03 10:32:00,Pay Bill from 2547****333 - A P Acc. 100245,Completed,1500.00,,1500.00,254700000001 - A PAYER"
    (entry,) = read(table(f"Short Code:,600100\n{PORTAL},Other Party Info\n{row}\n", account=""))
    assert (entry.payer_phone, entry.payer_name, entry.account_ref) == ("254700000001", "A PAYER", "100245")


@pytest.mark.parametrize(
    ("details", "told"),
    [
        ("Pay Bill from 2547****333 - Acc. 100245", ("2547****333", "", "100245")),
        ("Pay Bill from 254711222333 Acc. 100245", ("254711222333", "", "100245")),
        ("Pay Bill from 2547****333", ("2547****333", "", "")),
        ("Pay Bill from 254711222333 - ACCRA MEMBER Acc. 100245", ("254711222333", "ACCRA MEMBER", "100245")),
        ("Received from 12345 MART", ("", "", "")),
    ],
)
def test_a_sentence_of_the_portal_without_a_name_says_the_phone_and_the_account_all_the_same(
    details: str, told: tuple[str, str, str]
) -> None:
    """Portals that keep the payer's name to themselves: the account became the name, and named nobody."""
    row = f"TFA4K21LMN,2026-11-03 10:32:00,{details},Completed,1500.00,,"
    (entry,) = read(table(f"Short Code:,600100\n{PORTAL}\n{row}\n", account=""))
    assert (entry.payer_phone, entry.payer_name, entry.account_ref) == told


@pytest.mark.parametrize("above", ["Paybill,600100", "Till Number: 600100", "Business No.,600100"])
def test_the_number_of_an_organisation_stands_above_a_portals_table_under_any_of_its_names(
    above: str,
) -> None:
    """A short code is called by what it is used for."""
    row = "TFA4K21LMN,2026-11-03 10:32:00,Pay Bill Online,Completed,1500.00,,"
    (entry,) = read(table(f"Organisation Name,PAMOJA 2026\n{above}\n{PORTAL}\n{row}\n", account=""))
    assert entry.statement.account == "600100"


@pytest.mark.parametrize(
    ("other_party", "phone", "name"),
    [
        ("254711222333 - WANJIKU KAMAU", "254711222333", "WANJIKU KAMAU"),
        ("254711222333", "254711222333", ""),
        ("254711222333 -", "254711222333", ""),
        ("*****1333 - W", "*****1333", "W"),
        ("a" * 64 + " - W", "a" * 64, "W"),
        ("WANJIKU KAMAU", "", "WANJIKU KAMAU"),
        ("12345 MART", "", "12345 MART"),
    ],
)
def test_the_other_party_of_the_portal_is_a_phone_a_name_or_both(
    other_party: str, phone: str, name: str
) -> None:
    """A phone without a name became the payer's name, and found nobody."""
    row = f"TFA4K21LMN,2026-11-03 10:32:00,Pay Bill Online,Completed,1500.00,,,{other_party}"
    (entry,) = read(table(f"Short Code:,600100\n{PORTAL},Other Party Info\n{row}\n", account=""))
    assert (entry.payer_phone, entry.payer_name) == (phone, name)


@pytest.mark.parametrize(
    ("details", "is_reversal"),
    [
        ("Pay Bill from 254711222333 - A P Acc. 100245", False),
        ("Pay Bill from 254711222333 - A P Acc. reversal", False),
        ("Pay Bill from 254711222333 - REVERS OUMA Acc. 100245", False),
        ("Pay Bill Reversal from 254711222333 - A P Acc. 100245", True),
        ("Reversed transaction TFA4K21LMM", True),
    ],
)
def test_what_takes_money_back_is_told_by_the_portal_and_not_by_the_payer(
    details: str, is_reversal: bool
) -> None:
    """A payment whose payer wrote `reversal` was lost; one that was `reversed` was a payment."""
    row = f"TFA4K21LMN,2026-11-03 10:32:00,{details},Completed,1500.00,,"
    (entry,) = read(table(f"Short Code:,600100\n{PORTAL}\n{row}\n", account=""))
    assert entry.is_reversal is is_reversal


@pytest.mark.parametrize(
    ("details", "other_party", "is_own"),
    [
        ("Utility Account to Organization Settlement Account", "", True),
        ("Merchant account to organization Settlement Account Transfer", "600100 - PAMOJA", True),
        ("Working Account to Utility Account", "", True),
        ("Organisation Settlement", "", True),
        ("Organization Settlement from 254711222333 - A P Acc. 100245", "254711222333 - A P", False),
        ("Pay Bill from 254711222333 - A P Acc. organization settlement", "", False),
        ("Merchant to Merchant Payment", "174379 - ANOTHER SACCO", False),
    ],
)
def test_what_an_organisation_moves_between_its_accounts_is_no_payment(
    details: str, other_party: str, is_own: bool
) -> None:
    """It came in from another account of the same short code: taken in, the money would stand there twice."""
    row = f"TFA4K21LMN,2026-11-03 10:32:00,{details},Completed,1500.00,,,{other_party}"
    (entry,) = read(table(f"Short Code:,600100\n{PORTAL},Other Party Info\n{row}\n", account=""))
    assert [each.code for each in entry.findings] == (["own-transfer"] if is_own else [])
    assert (entry.standing is Standing.INFORMATION) is is_own


@pytest.mark.parametrize(
    ("status", "found"),
    [("Completed", []), ("Failed", []), ("Pending", []), ("Reversed", ["taken-back"]), ("Ghali", ["status"])],
)
def test_a_status_by_which_money_was_given_back_is_told_of(status: str, found: list[str]) -> None:
    """What was reversed may have been a payment here before."""
    row = f"TFA4K21LMN,2026-11-03 10:32:00,Pay Bill Online,{status},1500.00,,"
    (entry,) = read(table(f"Short Code:,600100\n{PORTAL}\n{row}\n", account=""))
    assert [each.code for each in entry.findings] == found
    assert (entry.standing is Standing.BOOKED) is (status == "Completed")


def test_who_paid_stands_in_the_column_that_portals_of_other_countries_call_the_opposite_party() -> None:
    """The same table, under another word."""
    row = "TFA4K21LMN,2026-11-03 10:32:00,C2B Payment,Completed,1500.00,,,255711222333 - NEEMA MUSHI"
    (entry,) = read(table(f"Short Code:,600100\n{PORTAL},Opposite Party\n{row}\n", account=""))
    assert (entry.payer_phone, entry.payer_name) == ("255711222333", "NEEMA MUSHI")


# ── other providers of mobile money ──────────────────────────────────────────────────────────────────────────────────

MTN = (
    "Id,External id,Date,Status,Type,To message,From,From name,To,To name,Amount,Currency,Balance\n"
    "1234567890,,2026-11-03 09:15:02,{},Payment,100245,FRI:254711222333/MSISDN,W KAMAU,FRI:600100/MM,PAMOJA,"
    "1500.00,KES,2500.00\n"
)
AIRTEL = (
    "Record No,Transaction ID,Transaction Date and Time,Sender Mobile Number,Reference Number,Transaction Type,"
    "Transaction Status,Transaction Amount,Previous Balance,Post Balance\n"
    "1,MP261103.0915.A06941,2026-11-03 09:15:02,711222333,100245,Merchant Payment,{},1500.00,1000.00,2500.00\n"
)


@pytest.mark.parametrize(
    ("text", "reference", "phone"),
    [(MTN, "1234567890", "FRI:254711222333/MSISDN"), (AIRTEL, "MP261103.0915.A06941", "711222333")],
    ids=["MTN MoMo", "Airtel Money"],
)
@pytest.mark.parametrize(
    ("status", "standing"),
    [
        ("Successful", Standing.BOOKED),
        ("TS", Standing.BOOKED),
        ("Succès", Standing.BOOKED),
        ("Concluída", Standing.BOOKED),
        ("Failed", Standing.PENDING),
        ("TF", Standing.PENDING),
        ("Échoué", Standing.PENDING),
        ("Imeshindwa", Standing.PENDING),
    ],
)
def test_a_table_of_mobile_money_says_who_paid_for_what_by_which_number(
    text: str, reference: str, phone: str, status: str, standing: Standing
) -> None:
    """In the columns and the words of its provider; what failed is no money, and nobody is asked about it."""
    (entry,) = read(table(text.format(status)))
    assert (entry.reference, entry.payer_phone, entry.account_ref) == (reference, phone, "100245")
    assert (signed(entry), entry.day, entry.standing, entry.findings) == (150_000, "2026-11-03", standing, [])
