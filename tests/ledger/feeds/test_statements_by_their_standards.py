"""What the standards of statements say and a quick reading misses: returns, payments of a batch, one thing told twice."""

from __future__ import annotations

import pytest
from tests.ledger.statements import in_pieces, mt940

from branchtui.ledger.feeds.camt import CamtReader
from branchtui.ledger.feeds.finding import ERROR
from branchtui.ledger.feeds.mt940 import Mt940Reader
from branchtui.ledger.feeds.ofx import OfxReader
from branchtui.ledger.feeds.statement import Direction, Entry, Standing


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
