"""What the standards of statements say and a quick reading misses: returns, payments of a batch, one thing told twice."""

from __future__ import annotations

import pytest
from tests.ledger.statements import in_pieces, mt940

from branchtui.ledger.feeds.bai2 import Bai2Reader
from branchtui.ledger.feeds.camt import CamtReader
from branchtui.ledger.feeds.finding import ERROR
from branchtui.ledger.feeds.mt940 import Mt940Reader
from branchtui.ledger.feeds.ofx import OfxReader
from branchtui.ledger.feeds.qif import QifReader
from branchtui.ledger.feeds.statement import Damaged, Direction, Entry, Standing


def camt(details: str, *, amount: str = '<Amt Ccy="KES">30.00</Amt>', prefix: str = "") -> list[Entry]:
    """One credit of 30.00 KES, in any namespace prefix."""
    begin = '<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.08">'
    text = (
        f"<B><Stmt><Id>1</Id><Acct><Id><Othr><Id>0170</Id></Othr></Id><Ccy>KES</Ccy></Acct><Ntry>{amount}"
        "<CdtDbtInd>CRDT</CdtDbtInd><Sts><Cd>BOOK</Cd></Sts><BookgDt><Dt>2026-11-03</Dt></BookgDt>"
        f"<AcctSvcrRef>REF-000001</AcctSvcrRef>{details}</Ntry></Stmt></B></Document>"
    )
    if prefix:
        text = text.replace("</", f"</{prefix}:").replace("<", f"<{prefix}:").replace(f"<{prefix}:/", "</")
        begin = begin.replace("<Document xmlns=", f"<{prefix}:Document xmlns:{prefix}=")
    return list(CamtReader(in_pieces((begin + text).encode(), 50)).entries())


def codes(entry: Entry) -> list[str]:
    return [each.code for each in entry.findings]


def part(text: str) -> str:
    return f"<NtryDtls><TxDtls>{text}</TxDtls></NtryDtls>"


@pytest.mark.parametrize("prefix", ["", "ns2"])
def test_what_came_back_is_nobodys_payment(prefix: str) -> None:
    """A credit transfer of ours that another bank returned has a reason of return, and the reference that we wrote."""
    returned = "<RtrInf><Rsn><Cd>AC04</Cd></Rsn></RtrInf><RmtInf><Ustrd>100245</Ustrd></RmtInf>"
    (entry,) = camt(part(returned), prefix=prefix)
    assert (entry.is_reversal, entry.amount_minor, entry.account_ref) == (True, 3_000, "100245")
    (entry,) = camt(part("<RmtInf><Ustrd>100245</Ustrd></RmtInf>"), prefix=prefix)
    assert not entry.is_reversal


@pytest.mark.parametrize(
    ("message", "container", "is_interim"),
    [
        ("BkToCstmrStmt", "Stmt", False),
        ("BkToCstmrDbtCdtNtfctn", "Ntfctn", False),
        ("BkToCstmrAcctRpt", "Rpt", True),
    ],
)
def test_a_message_that_names_no_version_is_read_by_its_elements(
    message: str, container: str, is_interim: bool
) -> None:
    """Programs that convert statements leave the namespace out; it is said. In another one the same names mean nothing."""
    text = (
        f"<Document><{message}><{container}><Id>1</Id><Acct><Id><Othr><Id>0170</Id></Othr></Id><Ccy>KES</Ccy></Acct><Ntry>"
        '<Amt Ccy="KES">30.00</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts>BOOK</Sts><BookgDt><Dt>2026-11-03</Dt></BookgDt>'
        f"</Ntry></{container}></{message}></Document>"
    )
    reader = CamtReader(in_pieces(text.encode(), 50))
    (entry,) = reader.entries()
    (statement,) = reader.statements
    assert (entry.amount_minor, entry.day, entry.standing) == (3_000, "2026-11-03", Standing.BOOKED)
    assert (statement.account, statement.is_interim) == ("0170", is_interim)
    assert [(each.level, each.code) for each in statement.findings] == [("warning", "version")]
    with pytest.raises(Damaged, match="no camt"):
        list(
            CamtReader(
                in_pieces(text.replace("<Document>", '<Document xmlns="urn:x">').encode(), 50)
            ).entries()
        )


def test_payments_of_a_batch_are_told_apart_by_what_they_instruct() -> None:
    """Where they state no amount of their own, the instructed ones count if they add up to the booking."""
    two = "".join(
        f'<TxDtls><AmtDtls><InstdAmt><Amt Ccy="KES">{amount}</Amt></InstdAmt></AmtDtls></TxDtls>'
        for amount in ("10.00", "20.00")
    )
    assert [each.amount_minor for each in camt(f"<NtryDtls>{two}</NtryDtls>")] == [1_000, 2_000]
    (whole,) = camt(f"<NtryDtls>{two.replace('20.00', '20.01')}</NtryDtls>")
    assert whole.booking is not None
    assert (whole.amount_minor, whole.booking.is_several, codes(whole)) == (3_000, True, ["batch"])


def test_the_number_of_an_invoice_is_what_the_payer_wrote() -> None:
    """It stands in the documents referred to; a reference of the creditor counts before it."""
    invoice = "<RfrdDocInf><Tp><CdOrPrtry><Cd>CINV</Cd></CdOrPrtry></Tp><Nb>100245</Nb></RfrdDocInf>"
    (entry,) = camt(part(f"<RmtInf><Strd>{invoice}</Strd></RmtInf>"))
    assert (entry.account_ref, entry.details) == ("100245", "100245")
    (entry,) = camt(
        part(f"<RmtInf><Strd>{invoice}<CdtrRefInf><Ref>100246</Ref></CdtrRefInf></Strd></RmtInf>")
    )
    assert entry.account_ref == "100246"


@pytest.mark.parametrize(
    ("amount", "code"),
    [
        ('<Amt Ccy="USD">30.00</Amt>', "currency"),
        ('<Amt Ccy="KES">30.00</Amt><Amt Ccy="KES">40.00</Amt>', "twice"),
    ],
)
def test_an_entry_that_contradicts_its_account_or_itself_is_wrong(amount: str, code: str) -> None:
    """An amount in another currency than the account's, or two amounts."""
    (entry,) = camt("", amount=amount)
    assert [(each.level, each.code) for each in entry.findings] == [(ERROR, code)]


def test_a_payment_of_another_amount_than_its_booking_is_told_of() -> None:
    """Charges were taken, or payments are not listed: what was booked is taken, and said."""
    (entry,) = camt(part('<Amt Ccy="KES">31.00</Amt>'))
    assert (entry.amount_minor, codes(entry)) == (3_000, ["amount-differs"])


@pytest.mark.parametrize(
    ("said", "purpose"),
    [
        ("100/245", "100/245"),
        ("100/20 school fees 100245", "100/20 school fees 100245"),
        ("166/00CREDIT/20100245/32W KAMAU", "100245"),
        ("166?00CREDIT?20100245?32W KAMAU", "100245"),
    ],
)
def test_a_number_with_a_stroke_is_no_numbered_structure(said: str, purpose: str) -> None:
    """:86: in free text may begin as `100/24`; numbered parts begin with 00 and go on with others."""
    data = mt940(f":61:2611031103C30,00NTRFNONREF//REF-000001\n:86:{said}")
    (entry,) = Mt940Reader(in_pieces(data.encode())).entries()
    assert entry.account_ref == purpose


def ofx(*transactions: str) -> list[Entry]:
    body = "".join(transactions)
    text = (
        "OFXHEADER:100\nDATA:OFXSGML\n\n<OFX><BANKMSGSRSV1><STMTTRNRS><STMTRS><CURDEF>KES<BANKACCTFROM><ACCTID>0170"
        f"</BANKACCTFROM><BANKTRANLIST>{body}</BANKTRANLIST></STMTRS></STMTTRNRS></BANKMSGSRSV1></OFX>"
    )
    return list(OfxReader(in_pieces(text.encode())).entries())


def test_a_transaction_of_ofx_that_stands_twice_is_one() -> None:
    """FITID names one transaction; where anything else differs the bank has repeated it, and both count."""
    one = "<STMTTRN><TRNTYPE>CREDIT<DTPOSTED>20261103<TRNAMT>15.00<FITID>F-100001<NAME>W KAMAU<MEMO>100245</STMTTRN>"
    first, again, other = ofx(one, one, one.replace("15.00", "16.00"))
    assert [each.standing for each in (first, again, other)] == [
        Standing.BOOKED,
        Standing.INFORMATION,
        Standing.BOOKED,
    ]
    assert ([codes(each) for each in (first, again, other)]) == [[], ["told-before"], []]
    assert other.direction is Direction.CREDIT
    unnamed = one.replace("<FITID>F-100001", "")
    assert [each.standing for each in ofx(unnamed, unnamed)] == [Standing.BOOKED] * 2


def test_an_ofx_entry_in_another_currency_than_its_account_is_wrong() -> None:
    """CURRENCY says that the amount was not converted; with ORIGCURRENCY it was."""
    foreign = "<CURRENCY><CURRATE>129.5<CURSYM>USD</CURRENCY>"
    one = f"<STMTTRN><TRNTYPE>CREDIT<DTPOSTED>20261103<TRNAMT>15.00<FITID>F-100001<NAME>W KAMAU{foreign}</STMTTRN>"
    (entry,) = ofx(one)
    assert (entry.amount_minor, [(each.level, each.code) for each in entry.findings]) == (
        None,
        [(ERROR, "currency")],
    )
    (entry,) = ofx(one.replace("CURRENCY>", "ORIGCURRENCY>"))
    assert (entry.amount_minor, entry.currency, codes(entry)) == (1_500, "KES", [])


def test_the_whole_name_of_a_payer_counts_where_there_is_no_short_one() -> None:
    """EXTDNAME of OFX 2.2, and the owner of the payer's account in camt."""
    (entry,) = ofx(
        "<STMTTRN><TRNTYPE>CREDIT<DTPOSTED>20261103<TRNAMT>15.00<FITID>F-100001<EXTDNAME>W KAMAU</STMTTRN>"
    )
    assert entry.payer_name == "W KAMAU"
    (entry,) = camt(part("<RltdPties><DbtrAcct><Nm>W KAMAU</Nm></DbtrAcct></RltdPties>"))
    assert entry.payer_name == "W KAMAU"


@pytest.mark.parametrize(
    "details",
    [
        part("<RmtInf><Strd><AddtlRmtInf>100245</AddtlRmtInf></Strd></RmtInf>"),
        part("<AddtlTxInf>100245</AddtlTxInf>"),
        "<AddtlNtryInf>100245</AddtlNtryInf>",
    ],
)
def test_what_stands_beside_a_payment_is_its_reference_where_there_is_no_other(details: str) -> None:
    """What else was sent along, and what the bank adds."""
    (entry,) = camt(details)
    assert (entry.account_ref, entry.details) == ("100245", "100245")


@pytest.mark.parametrize(
    ("said", "name", "purpose"),
    [
        ("020<00PRZELEW<20100245<27W KAMAU<28UL X<38PL1", "W KAMAU UL X", "100245"),
        ("020~00PRZELEW~20100245~21skladka~32W KAMAU~33UL X", "W KAMAU UL X", "100245 skladka"),
        ("166?00G?20EREF+1?21SVWZ+MITGLIED NUMMER 10?220245?32EINE SEHR LANGE FIRMA MIT NA?33MEN", "EINE SEHR LANGE FIRMA MIT NAMEN", "MITGLIED NUMMER 10 0245"),
        ("166?00G?20EREF+1?21SVWZ+MITGLIEDS NUMMER: 1002?2245?32W KAMAU", "W KAMAU", "MITGLIEDS NUMMER: 100245"),
    ],
)  # fmt: skip
def test_a_numbered_part_that_is_full_goes_on_in_the_next(said: str, name: str, purpose: str) -> None:
    """Parts have 27 signs: a shorter one ends with its word. Polish banks name the payer from part 27 on."""
    (entry,) = Mt940Reader(
        in_pieces(mt940(f":61:2611031103C30,00NTRFNONREF//REF-000001\n:86:{said}").encode())
    ).entries()
    assert (entry.payer_name, entry.account_ref) == (name, purpose)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("C30,00NRTINONREF//REF-000001", "100245"),
        ("C30,00NTRFNONREF//REF-000001", "/TRTP/SEPA RETURN/NAME/A Payer/RTRN/AC04/REMI/100245"),
    ],
)
def test_mt940_tells_what_came_back_by_its_type_or_its_reason(line: str, said: str) -> None:
    """A transfer of ours that another bank returned carries the reference that we wrote: it is nobody's payment."""
    (entry,) = Mt940Reader(in_pieces(mt940(f":61:2611031103{line}\n:86:{said}").encode())).entries()
    assert (entry.is_reversal, entry.amount_minor, entry.account_ref) == (True, 3_000, "100245")


@pytest.mark.parametrize(
    ("currency", "code", "account_ref"),
    [
        ("EUR", "159", "Returned: 100245"),
        ("EUR", "181", "Returned: 100245"),
        ("EUR", "166", "100245"),
        ("PLN", "159", "100245"),
    ],
)
def test_a_business_code_of_a_return_keeps_the_reference_from_naming_an_owner(
    currency: str, code: str, account_ref: str
) -> None:
    """A number among words gives nothing away. Codes of SEPA are of payments in euros; others count in the same form."""
    said = f":61:2611031103C30,00NTRFNONREF//REF-000001\n:86:{code}?00CREDIT?20SVWZ+100245?32A Payer"
    (entry,) = Mt940Reader(in_pieces(mt940(said, currency=currency).encode())).entries()
    assert (entry.is_reversal, entry.payer_name, entry.account_ref) == (False, "A Payer", account_ref)
    assert entry.details == "100245"


@pytest.mark.parametrize(
    ("fields", "name", "account_ref"),
    [
        (("100245", "FROM JOHN"), "", "100245 FROM JOHN"),
        (("/EREF/E-1/", "/ORDP//NAME/A Payer/", "/REMI/USTD//100245/"), "A Payer", "100245"),
        (("166?20SVWZ+100245?32A Payer", "166?20SVWZ+100245?32A Payer"), "A Payer", "100245"),
        (("/ORDP//NAME/A Payer/REMI//REMI/100245",), "A Payer", "100245"),
    ],
)
def test_texts_of_an_entry_that_stand_in_several_fields_are_one(
    fields: tuple[str, ...], name: str, account_ref: str
) -> None:
    """Banks repeat the field :86: of an entry, or a tag within it: what stands in the first is not lost by the second."""
    said = "".join(f"\n:86:{each}" for each in fields)
    (entry,) = Mt940Reader(
        in_pieces(mt940(f":61:2611031103C30,00NTRFNONREF//REF-000001{said}").encode())
    ).entries()
    assert (entry.payer_name, entry.account_ref) == (name, account_ref)


def test_a_text_that_begins_as_a_field_goes_on() -> None:
    """`:12:` is no field of a statement."""
    data = mt940(":61:2611031103C30,00NTRFNONREF//REF-000001\n:86:PAID AT\n:12:30 100245")
    (entry,) = Mt940Reader(in_pieces(data.encode())).entries()
    assert entry.account_ref == "PAID AT :12:30 100245"


@pytest.mark.parametrize(
    ("kind", "minor", "is_reversal"),
    [("195", 1_250, False), ("920", 1_250, False), ("959", 1_250, False), ("960", -1_250, False), ("254", 1_250, False), ("257", 1_250, True), ("266", 1_250, True), ("555", -1_250, True)],
)  # fmt: skip
def test_type_codes_of_bai2_say_the_side(kind: str, minor: int, is_reversal: bool) -> None:
    """From 920 on they are each bank's own credits, from 960 its debits; some take back what was booked before."""
    (entry,) = bai2(kind)
    signed = entry.amount_minor if entry.direction is Direction.CREDIT else -(entry.amount_minor or 0)
    assert (signed, entry.standing, entry.is_reversal) == (minor, Standing.BOOKED, is_reversal)


@pytest.mark.parametrize("kind", ["", "ABC", "1", "1950"])
def test_a_transaction_of_bai2_without_a_type_code_is_wrong(kind: str) -> None:
    """Nobody knows on which side it is."""
    (entry,) = bai2(kind)
    assert (entry.amount_minor, [(each.level, each.code) for each in entry.findings]) == (
        None,
        [(ERROR, "kind")],
    )


def bai2(kind: str) -> list[Entry]:
    data = (
        f"01,B,C,261104,0101,1,,,2/\n02,C,B,1,261103,2359,KES,2/\n03,0170,KES/\n16,{kind},1250,Z,REF700001,100245,PAID/\n"
        "49,1250,3/\n98,1250,1,5/\n99,1250,1,7/\n"
    )
    return list(Bai2Reader(in_pieces(data.encode())).entries())


@pytest.mark.parametrize("payee", ["Opening Balance", "Anfangssaldo", "Solde initial", "Saldo inicial"])
def test_the_first_entry_of_a_qif_file_is_a_balance_in_any_tongue(payee: str) -> None:
    """Quicken names it in the language of its owner."""
    data = f"!Type:Bank\nD2026-11-01\nT1000.00\nP{payee}\nL[Konto]\n^\n"
    (entry,) = QifReader(in_pieces(data.encode()), account="0170", currency="KES", zone="UTC").entries()
    assert entry.is_opening


@pytest.mark.parametrize(
    ("days", "other_day"),
    [
        ("2611031104", "2026-11-04"),
        ("2612310101", "2027-01-01"),
        ("2601011231", "2025-12-31"),
        ("261103", None),
        ("2611031340", None),
    ],
)
def test_mt940_tells_the_day_of_booking_without_its_year(days: str, other_day: str | None) -> None:
    """It is the one nearest to the day of value, which counts."""
    (entry,) = Mt940Reader(in_pieces(mt940(f":61:{days}C30,00NTRFNONREF//REF-000001").encode())).entries()
    assert (entry.day is not None, entry.other_day, entry.findings) == (True, other_day, [])
