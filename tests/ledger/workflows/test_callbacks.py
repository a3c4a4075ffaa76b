"""Confirmations over HTTP: every message is acknowledged, each payment is in the books once (HOOK-1, T-22)."""

import json
import random
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from ipaddress import ip_network
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from tests.ledger.members import again, do, ok, teller, today
from tests.ledger.running import PASSWORD, RunningLedger
from tests.ledger.statements import SAMPLES as STATEMENT_SAMPLES
from tests.ledger.statements import import_statement
from tests.ledger.till import MASK, OTHER_SHORT_CODE, Till, message, open_till

from branchtui.ledger import provider_book, setup
from branchtui.ledger.core import SHARED_WAIT_SECONDS
from branchtui.ledger.feeds import mpesa
from branchtui.ledger.store.errors import StorageFull

pytestmark = pytest.mark.both_stores

SAMPLES = STATEMENT_SAMPLES / "mobile-money" / "c2b"
ACCEPTED = {"ResultCode": 0, "ResultDesc": "Accepted"}
HASH_INTERNATIONAL = "76b926dd21da766367e6a4f0c7917a5deb8b0317878527bef023475ee1d3c9f2"
HASH_LOCAL = "b045b0b2f6584c552604112b5ba8d81a5c4905abdcf795aadf20922dc9cd5782"


@pytest.fixture(scope="module")
def till(running_ledger: RunningLedger) -> Till:
    return open_till(running_ledger)


@pytest.fixture
def own_till(new_ledger: Callable[[Path], str], tmp_path: Path) -> Iterator[Till]:
    """A till of one's own; its invariants are checked when the test ends."""
    with RunningLedger(new_ledger(tmp_path)) as ledger:
        yield open_till(ledger)
        ledger.check()


BY_REFERENCE = {
    "plain": {},
    "reference_spaces_case": {"BillRefNumber": " 100 245 "},
    "reference_with_signs": {"BillRefNumber": "100-245."},
    "numeric_types": {"TransAmount": 10, "BusinessShortCode": 600100, "MSISDN": 254711222333},
    "no_name_keys": {"FirstName": None, "MiddleName": None, "LastName": None},
    "name_with_escape_and_markup": {
        "FirstName": "\x1b[2J[bold red]PAID[/] \u202eETIHW",
        "LastName": "\x9b31mX",
    },
    "customer_number": {"BillRefNumber": "000101"},
    "reference_in_arabic_digits": {"BillRefNumber": "١٠٠٢٤٥", "MSISDN": "254722333444"},
    "reference_in_persian_digits": {"BillRefNumber": "۱۰۰ ۲۴۵", "MSISDN": "254722333444"},
    "reference_against_phone": {"MSISDN": "254722333444"},
}


def test_an_address_that_was_registered_with_a_query_loses_no_payment(till: Till) -> None:
    """HOOK-1: a provider sends to what was registered with it; what stands behind the address is passed over."""
    code = till.fresh_code()
    assert till.send(message(code), path="validation?shop=1&shop=2").json() == ACCEPTED
    assert till.send(message(code), path="confirmation?shop=1&shop=2").json() == ACCEPTED
    (payment,) = till.by_code(code)
    assert payment["state"] == "associated"


@pytest.mark.parametrize("changes", BY_REFERENCE.values(), ids=BY_REFERENCE)
def test_a_reference_that_names_one_account_associates_at_once(till: Till, changes: dict[str, Any]) -> None:
    """Tier 1: case, spaces and punctuation folded; the reference comes before the phone."""
    before = till.balance("000101")
    payment = till.pay(**changes)
    assert payment["state"] == "associated"
    assert payment["customer"]["customer_no"] == "000101"
    assert payment["match"]["tier"] == 1
    assert "is the " in payment["match"]["reasons"][0]
    assert "of W. Kamau" in payment["match"]["reasons"][0]
    assert till.balance("000101") == before + payment["amount_minor"]


def test_the_reason_is_a_sentence_a_person_can_check(till: Till) -> None:
    """Every suggestion and association says why."""
    assert till.pay()["match"]["reasons"] == ["reference 100245 is the account of W. Kamau"]
    by_phone = till.pay(BillRefNumber="")
    assert by_phone["match"]["reasons"] == ["the phone that ends 333 is W. Kamau's"]
    by_hash = till.pay(BillRefNumber="", MSISDN=HASH_LOCAL)
    assert by_hash["match"]["reasons"] == ["the hashed phone is W. Kamau's, which ends 333"]


def test_any_account_of_a_customer_names_him_and_the_money_goes_to_the_wallet(till: Till) -> None:
    """Ledger, section 0: an association credits the wallet."""
    opened = till.api("teller").post(
        f"/v1/customers/{till.id_of('000104')}/accounts",
        {"kind": "loan", "currency": "KES", "account_no": "LN-000777"},
    )
    assert opened.status_code == 201, opened.text
    payment = till.pay(BillRefNumber="ln000777")
    assert (payment["match"]["tier"], payment["customer"]["customer_no"]) == (1, "000104")
    assert payment["account_id"] == till.wallet("000104")


@pytest.mark.parametrize(
    ("changes", "tier"),
    [
        ({"BillRefNumber": ""}, 2),
        ({"BillRefNumber": None, "MSISDN": "0711222333"}, 2),
        ({"BillRefNumber": "school fees"}, 2),
        ({"BillRefNumber": "NO-SUCH-ACC"}, 2),
        ({"BillRefNumber": "", "MSISDN": HASH_INTERNATIONAL}, 3),
        ({"BillRefNumber": "", "MSISDN": HASH_LOCAL.upper()}, 3),
    ],
)
def test_without_a_number_in_the_reference_the_phone_decides(
    till: Till, changes: dict[str, Any], tier: int
) -> None:
    """Tiers 2 and 3: an empty reference or plain words leave it to the phone, plain or hashed."""
    payment = till.pay(**changes)
    assert (payment["state"], payment["customer"]["customer_no"]) == ("associated", "000101")
    assert payment["match"]["tier"] == tier


WAITS = {
    "phone_masked_tight": ({"BillRefNumber": "", "MSISDN": "2547****333"}, "masked"),
    "phone_masked_spaces": ({"BillRefNumber": "", "MSISDN": "2547 ***** 333"}, "masked"),
    "reference_unknown": (
        {"BillRefNumber": "NO-SUCH-ACC", "MSISDN": "254799000111"},
        "Nobody has reference NO-SUCH-ACC",
    ),
    "nothing": ({"BillRefNumber": "", "MSISDN": ""}, "Neither a reference nor a phone"),
    "number_of_nobody": ({"BillRefNumber": "999999"}, "looks like one of our numbers"),
    "phone_as_reference": ({"BillRefNumber": "0711222333"}, "looks like one of our numbers"),
    "other_branch_reference": ({"BillRefNumber": "200245"}, "looks like one of our numbers"),
    "other_branch_phone": (
        {"BillRefNumber": "", "MSISDN": "254733444555"},
        "nobody has the phone that ends 555",
    ),
    "wrong_hash": ({"BillRefNumber": "", "MSISDN": "0" * 64}, "nobody has the hashed phone"),
}


@pytest.mark.parametrize(("changes", "because"), WAITS.values(), ids=WAITS)
def test_what_proves_nobody_waits_with_the_reason(till: Till, changes: dict[str, Any], because: str) -> None:
    """Tier 0: a number that names nobody waits even when the phone is known; a mask proves nobody."""
    before = {number: till.balance(number) for number in till.customers}
    payment = till.pay(**changes)
    assert (payment["state"], payment["customer_id"], payment["match"]) == ("unassociated", None, None)
    assert because in payment["waits_because"]
    assert {number: till.balance(number) for number in till.customers} == before


def test_a_prefix_of_ours_before_unknown_digits_waits(till: Till) -> None:
    """Tier 0: a loan number mistyped by a digit is not plain words."""
    till.api("teller").post(
        f"/v1/customers/{till.id_of('000104')}/accounts",
        {"kind": "loan", "currency": "KES", "account_no": "FRM-000778"},
    )
    assert "looks like one of our numbers" in till.pay(BillRefNumber="frm 000779")["waits_because"]
    assert till.pay(BillRefNumber="house 12")["match"]["tier"] == 2


HOLDS = [
    "ACC 100245",
    "A/C:100245",
    "100245-John",
    "john 100245",
    "A100245",
    "Acc No. 100-245",
    "1OO245",
    "100 24S / 100245",
]


@pytest.mark.parametrize("reference", HOLDS)
def test_a_number_among_words_is_not_overruled_by_the_phone_of_somebody_else(
    till: Till, reference: str
) -> None:
    """Tier 0: it is nobody's as a whole, yet it is not plain words; both are proposed."""
    payment = till.pay(BillRefNumber=reference, MSISDN="254722333444")
    assert (payment["state"], payment["match"]) == ("unassociated", None)
    assert payment["waits_because"] == (
        f"Reference {reference} holds a number of W. Kamau (000101), and the phone that ends 444 is A. O'Brien's."
    )
    proposed = till.candidates(payment)
    assert [each["customer"]["customer_no"] for each in proposed] == ["000102", "000101"]
    assert proposed[1]["reasons"][0] == f"reference {reference} holds a number of W. Kamau"


def test_a_number_among_words_and_the_phone_of_the_same_customer_associate(till: Till) -> None:
    """Tier 2: nothing contradicts the phone; a house and a year are numbers of nobody."""
    for reference in ("ACC 100245", "100245-John", "house 12", "fees 2026", "100299 John", "who? me 7"):
        payment = till.pay(BillRefNumber=reference)
        assert (payment["customer"]["customer_no"], payment["match"]["tier"]) == ("000101", 2), reference


def test_a_masked_phone_leaves_a_number_among_words_as_a_suggestion(till: Till) -> None:
    """Nothing of it posts itself, and whoever the number is of is proposed."""
    payment = till.waiting(BillRefNumber="ACC 100246 school")
    (first, *_) = till.candidates(payment)
    assert (first["customer"]["customer_no"], first["tier"]) == ("000102", 5)


@pytest.mark.parametrize("reference", ["1.00245E+05", "1,00245E5", "100245E0"])
def test_a_number_that_a_spreadsheet_wrote_short_waits(till: Till, reference: str) -> None:
    """Tier 0: its digits are not known, and the phone does not overrule it."""
    payment = till.pay(BillRefNumber=reference, MSISDN="254722333444")
    assert "looks like one of our numbers" in payment["waits_because"]


@pytest.mark.parametrize("reference", ["1002\ufffd45", "1002?45", "10024\ufffd5", "AC?100245"])
def test_a_reference_that_lost_a_sign_names_nobody_for_certain(till: Till, reference: str) -> None:
    """What is left of it may be the number of another customer: it waits, and who that is is proposed."""
    payment = till.pay(BillRefNumber=reference, MSISDN="254722333444")
    shown = reference.replace("\ufffd", "?")
    assert payment["account_ref"] == shown
    assert (
        payment["waits_because"] == f"Reference {shown} lost a sign on its way: whom it names is not certain."
    )
    assert "000101" in {each["customer"]["customer_no"] for each in till.candidates(payment)} or "AC" in shown


def test_signs_that_nobody_sees_do_not_hide_a_number(till: Till) -> None:
    """VAL-3: a direction mark that was copied with the number is taken out, and no digit was lost with it."""
    assert till.pay(BillRefNumber="\u202a100245\u202c")["match"]["tier"] == 1


def test_a_phone_of_another_country_counts_without_its_plus(own_till: Till) -> None:
    """Tier 2: providers write every number with its country and none with a plus."""
    own_till.add_customer("teller", "NKU", "000105", "100249", "Neema", "Mushi", "+255 711 222 333")
    payment = own_till.pay(BillRefNumber="", MSISDN="255711222333")
    assert (payment["customer"]["customer_no"], payment["match"]["tier"]) == ("000105", 2)


def test_a_branch_may_let_every_unknown_reference_wait(own_till: Till) -> None:
    """Tier 0: set by an administrator, for that branch's payments alone, by callback and by statement."""
    api = own_till.api("administrator")
    assert api.post("/v1/me/step-up", {"password": PASSWORD}, key="").status_code == 200
    path = f"/v1/branches/{own_till.ledger.branch('NKU').id}"
    branch = ok(api.patch(path, {"unknown_reference_waits": True}, if_match=1))
    assert (branch["unknown_reference_waits"], branch["version"]) == (True, 2)
    payment = own_till.pay(BillRefNumber="house 12")
    assert (payment["state"], payment["match"]) == ("unassociated", None)
    assert payment["waits_because"] == "Reference house 12 names nobody, and here such a payment waits."
    assert own_till.candidates(payment)[0]["customer"]["customer_no"] == "000101"
    assert own_till.pay(BillRefNumber="")["match"]["tier"] == 2
    assert own_till.pay(BillRefNumber="100 245", MSISDN=MASK)["match"]["tier"] == 1
    elsewhere = {"BusinessShortCode": OTHER_SHORT_CODE, "MSISDN": "254733444555"}
    assert own_till.pay(BillRefNumber="house 12", **elsewhere)["match"]["tier"] == 2
    row = "SKA10QWE79,03-11-2026 09:15:02,Pay Bill,Completed,20.00,,254711222333 - W K,house 12\n"
    head = (
        "Receipt No.,Completion Time,Details,Transaction Status,Paid In,Withdrawn,Other Party Info,A/C No.\n"
    )
    assert (
        import_statement(own_till.api("supervisor"), head + row, "statement-mpesa", account="600100")[
            "imported"
        ]
        == 1
    )
    assert own_till.by_code("SKA10QWE79")[0]["state"] == "unassociated"
    ok(api.patch(path, {"name": "Nakuru", "unknown_reference_waits": False}, if_match=2))
    assert own_till.pay(BillRefNumber="house 12")["match"]["tier"] == 2


def test_what_is_not_sent_of_a_branch_stays(own_till: Till) -> None:
    """A new name leaves what becomes of unknown references, and nothing new changes nothing."""
    api = own_till.api("administrator")
    assert api.post("/v1/me/step-up", {"password": PASSWORD}, key="").status_code == 200
    path = f"/v1/branches/{own_till.ledger.branch('NKU').id}"
    ok(api.patch(path, {"unknown_reference_waits": True}, if_match=1))
    renamed = ok(api.patch(path, {"name": "Nakuru Town"}, if_match=2))
    assert (renamed["name"], renamed["unknown_reference_waits"], renamed["version"]) == (
        "Nakuru Town",
        True,
        3,
    )
    assert ok(api.patch(path, {}, if_match=3))["version"] == 3
    told = own_till.ledger.query("SELECT after FROM audit WHERE action = 'branch.change' ORDER BY seq")
    assert [json.loads(after).get("unknown_reference_waits") for (after,) in told if after][:2] == [
        True,
        None,
    ]


def test_a_reference_that_names_two_waits_and_lists_both(own_till: Till) -> None:
    """Ambiguity never resolves itself: the account number of one is the customer number of another."""
    own_till.add_customer("teller", "NKU", "100-245", "300300", "Njeri", "Maina", None)
    payment = own_till.pay()
    assert payment["state"] == "unassociated"
    assert "W. Kamau (000101) and N. Maina (100-245)" in payment["waits_because"]
    assert {each["customer"]["customer_no"] for each in own_till.candidates(payment)} == {"000101", "100-245"}


def test_two_customers_on_one_phone_wait_and_both_are_listed(own_till: Till) -> None:
    """Contract, section 5: whose first name fits stands first, and still nobody gets it unasked."""
    own_till.add_customer("teller", "NKU", "000105", "100249", "Kamau", "Junior", "0711 222 333")
    payment = own_till.pay(BillRefNumber="")
    assert payment["state"] == "unassociated"
    assert "W. Kamau (000101) and K. Junior (000105)" in payment["waits_because"]
    proposed = own_till.candidates(payment)
    assert [each["customer"]["customer_no"] for each in proposed] == ["000101", "000105"]
    assert "first name fits" in proposed[0]["reasons"]


def set_to(till: Till, at: str) -> None:
    """As it stands in a ledger that was imported: here a customer with money is not closed."""
    till.ledger.bulk(
        lambda tx: tx.connection.execute(
            "UPDATE customers SET status = ? WHERE customer_no = '000101'", (at,)
        )
    )


def moving(till: Till, _: str) -> None:
    """To the branch beside."""
    ledger = till.ledger
    body = {"destination_branch_id": ledger.branch("KSM").id, "transfer_date": today(ledger)}
    customer = till.customers["000101"]
    ok(do(teller(ledger), again(ledger, customer), "transfer/propose", body))


@pytest.mark.parametrize(
    ("status", "become"), [("pending", set_to), ("closed", set_to), ("transfer_in_progress", moving)]
)
def test_a_match_to_a_customer_who_is_not_active_waits(
    own_till: Till, status: str, become: Callable[[Till, str], None]
) -> None:
    """Contract, section 5: it waits with the reason, and is proposed with a warning."""
    become(own_till, status)
    payment = own_till.pay()
    assert payment["state"] == "unassociated"
    said = "being transferred" if status == "transfer_in_progress" else status
    assert f"who is {said}" in payment["waits_because"]
    (proposed, *_) = own_till.candidates(payment)
    assert proposed["reasons"][-1] == f"but the customer is {said}"


def test_the_payees_branch_decides_among_whom_is_looked(till: Till) -> None:
    """A short code covers its branch and those below it, nobody else's customers."""
    payment = till.pay(BusinessShortCode=OTHER_SHORT_CODE, BillRefNumber="200245")
    assert payment["customer"]["customer_no"] == "000201"
    assert payment["branch_id"] == till.ledger.branch("KSM").id
    assert till.pay(BusinessShortCode=OTHER_SHORT_CODE)["state"] == "unassociated"


# ── repeats, contradictions, rubbish ─────────────────────────────────────────────────────────────────────────────────


def test_a_hundred_repeats_are_one_payment(own_till: Till) -> None:
    """T-22: repeated at once over eight connections and again later, the wallet rises once."""
    body = message("REPEATED01")
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: own_till.send(body), range(100)))
    assert all((each.status_code, each.json()) == (200, ACCEPTED) for each in answers)
    assert len(own_till.by_code("REPEATED01")) == 1
    assert own_till.balance("000101") == 150_000
    counted = own_till.ledger.query("SELECT count(*) FROM journal_entries")
    assert counted == [(2,)]
    assert own_till.events("REPEATED01") == []


def test_four_hundred_callbacks_over_eight_lines_are_each_a_payment_once(own_till: Till) -> None:
    """T-22: some repeated, some late, some for nobody; what arrived is what wallets and the queue hold."""
    draw = random.Random(11)
    amounts = {f"MANY{place:04d}": draw.randrange(1_000, 500_000) for place in range(400)}
    owned = {code: draw.random() < 0.7 for code in amounts}
    bodies = [
        message(
            code,
            TransAmount=f"{minor // 100}.{minor % 100:02d}",
            TransTime="20261031080000" if place % 100 == 0 else "20261103091502",
            **({} if owned[code] else {"BillRefNumber": "", "MSISDN": MASK}),
        )
        for place, (code, minor) in enumerate(amounts.items())
    ]
    bodies += draw.sample(bodies, 40)
    draw.shuffle(bodies)
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(own_till.send, bodies))
    assert all((each.status_code, each.json()) == (200, ACCEPTED) for each in answers)
    stored = own_till.ledger.query("SELECT code, amount_minor, state FROM payments")
    assert len(stored) == 400
    assert {code: minor for code, minor, _ in stored} == amounts
    assert {code for code, _, state in stored if state == "associated"} == {c for c in amounts if owned[c]}
    assert own_till.balance("000101") == sum(minor for code, minor in amounts.items() if owned[code])
    assert own_till.ledger.query("SELECT count(*) FROM callback_events") == [(0,)]


def test_late_and_shuffled_messages_each_count_once(own_till: Till) -> None:
    """Order of arrival changes nothing: the list is by the time of payment, each code once."""
    times = [f"202611030{hour}0000" for hour in range(1, 9)]
    bodies = [message(f"ORDER{place}", TransTime=time) for place, time in enumerate(times)] * 3
    random.Random(7).shuffle(bodies)
    for body in bodies:
        assert own_till.send(body).json() == ACCEPTED
    codes = [each["code"] for each in own_till.top.pages("/v1/payments", sort="oldest")]
    assert codes == [f"ORDER{place}" for place in range(8)]
    assert own_till.balance("000101") == 8 * 150_000


def test_the_same_code_with_another_amount_is_quarantined_and_credits_nothing(own_till: Till) -> None:
    """INV-6: acknowledged, kept apart once with its reason and body, the first payment untouched."""
    first = own_till.pay("SKA10QWE77")
    for _ in range(3):
        assert own_till.send(message("SKA10QWE77", TransAmount="2500.00")).json() == ACCEPTED
    (event,) = own_till.events("SKA10QWE77")
    assert event["state"] == "quarantined"
    assert event["reason"] == (
        f"Code SKA10QWE77 is payment {first['payment_no']} of 1,500.00 KES; this message says 2,500.00 KES."
    )
    assert json.loads(event["body"])["TransAmount"] == "2500.00"
    assert own_till.by_code("SKA10QWE77") == [first]
    assert own_till.balance("000101") == 150_000


def test_a_code_is_the_same_in_small_letters(own_till: Till) -> None:
    """One payment, one row, however the code is written."""
    own_till.pay("SKA10QWE77")
    assert own_till.send(message(" ska10qwe77 ")).json() == ACCEPTED
    assert len(own_till.by_code("SKA10QWE77")) == 1
    assert own_till.balance("000101") == 150_000


PARKED = {
    "bad_amount_text": ({"TransAmount": "lots"}, "TransAmount is not an amount."),
    "bad_amount_zero": ({"TransAmount": "0"}, "TransAmount: The amount must be more than zero."),
    "bad_time": ({"TransTime": "03/11/2026 09:15"}, "TransTime is not a time written yyyyMMddHHmmss."),
    "no_amount": ({"TransAmount": None}, "TransAmount is missing."),
    "short_code_not_ours": ({"BusinessShortCode": "999999"}, "Short code 999999 is none of ours."),
    **{
        kind: (
            {"TransactionType": kind},
            "TransactionType says that money was taken back: look after it by hand.",
        )
        for kind in ("Reversal", "Pay Bill Reversed", "Refund", "Remboursement", "Estorno", "Annulation")
    },
}


@pytest.mark.parametrize(("changes", "reason"), PARKED.values(), ids=PARKED)
def test_what_cannot_be_a_payment_of_ours_is_parked_once_with_its_reason(
    till: Till, changes: dict[str, Any], reason: str
) -> None:
    """Acknowledged, never a half-empty payment, never dropped, and a repeat adds nothing."""
    code = till.fresh_code()
    for _ in range(2):
        assert till.send(message(code, **changes)).json() == ACCEPTED
    (event,) = till.events(code)
    assert (event["state"], event["reason"]) == ("parked", reason)
    assert till.by_code(code) == []


def test_a_mark_in_front_and_bytes_of_another_encoding_in_a_name_keep_no_payment_out(till: Till) -> None:
    """The money is certain; the name is shown with U+FFFD, and the body is kept as it came (VAL-3)."""
    marked, foreign = till.fresh_code(), till.fresh_code()
    assert till.send(b"\xef\xbb\xbf" + json.dumps(message(marked)).encode()).json() == ACCEPTED
    (payment,) = till.by_code(marked)
    assert (payment["state"], payment["payer_name"]) == ("associated", "WANJIKU KAMAU")
    body = json.dumps(message(foreign, FirstName="JOSÉ"), ensure_ascii=False).encode("latin-1")
    assert till.send(body, path="validation").json() == ACCEPTED
    assert till.send(body).json() == ACCEPTED
    (payment,) = till.by_code(foreign)
    assert (payment["state"], payment["payer_name"]) == ("associated", "JOS\ufffd KAMAU")
    cleaned = till.top.pages("/v1/callback-events", state="cleaned")
    assert {marked, foreign} & {each["code"] for each in cleaned} == {foreign}
    lost = json.dumps(message(till.fresh_code(), TransAmount="15~00")).encode().replace(b"~", b"\xff")
    assert till.send(lost).json() == ACCEPTED
    newest = till.top.get("/v1/callback-events", limit=1).json()["items"][0]
    assert (newest["state"], newest["reason"]) == ("parked", "TransAmount is not an amount.")


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"", "not readable JSON"),
        (b"\xff\xfe\x00", "not readable JSON"),
        (b"null", "not a JSON object"),
        (b'{"TransID": "DUPL000001", "TransID": "DUPL000002"}', "TransID stands twice"),
        (b'{"TransAmount": NaN}', "NaN is not a JSON value"),
        (b"[" * 5_000, "not readable JSON"),
        (b'{"TransID": "' + b"9" * (mpesa.MAX_BYTES + 10) + b'"}', "larger than 64 KiB"),
    ],
)
def test_rubbish_is_acknowledged_and_parked(till: Till, body: bytes, said: str) -> None:
    """Every body that could be stored is acknowledged; the list of events stays readable JSON."""
    assert till.send(body).json() == ACCEPTED
    newest = till.top.get("/v1/callback-events", limit=1).json()["items"][0]
    assert newest["state"] == "parked"
    assert said in newest["reason"]


def test_a_body_without_end_is_refused(till: Till) -> None:
    """Bodies are bounded while they stream, whatever the sender claims."""
    answer = till.send(b'{"TransID": "' + b"9" * 2 * 1024 * 1024)
    assert (answer.status_code, answer.json()["code"]) == (413, "too-large")


def test_a_cleaned_text_keeps_its_body_as_it_came(till: Till) -> None:
    """VAL-3: the name is shown with U+FFFD; what really came can be read beside it."""
    payment = till.pay(FirstName="\x1b[2J[bold red]PAID[/]", LastName="\u202eKAMAU")
    assert payment["payer_name"] == "\ufffd[2J[bold red]PAID[/] \ufffdKAMAU"
    (event,) = [
        each
        for each in till.top.pages("/v1/callback-events", state="cleaned")
        if each["code"] == payment["code"]
    ]
    assert json.loads(event["body"])["FirstName"] == "\x1b[2J[bold red]PAID[/]"
    assert event["id"] not in {each["id"] for each in till.top.pages("/v1/callback-events")}


def test_a_token_of_nobody_finds_nothing(till: Till) -> None:
    """T-22: a forged confirmation is not credited and learns nothing, not even that the path exists."""
    forged = Till(till.ledger, "x" * 32, till.customers)
    for path in ("confirmation", "validation"):
        answer = forged.send(message("FORGED0001"), path=path)
        assert (answer.status_code, answer.json()["code"]) == (404, "not-found")
    assert till.by_code("FORGED0001") == []
    assert till.events("FORGED0001") == []


def test_a_token_that_ended_is_worth_nothing(own_till: Till) -> None:
    """A leaked token can be ended."""
    own_till.ledger.bulk(lambda tx: tx.connection.execute("UPDATE callback_tokens SET ended_at = 1"))
    assert own_till.send(message("LATE000001")).status_code == 404


def test_a_token_is_looked_for_again_a_second_later(own_till: Till, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not with every message; but one that was ended elsewhere is worth nothing soon, and a new one is good at once."""
    now = [1_000.0]
    monkeypatch.setattr(provider_book, "time", SimpleNamespace(monotonic=lambda: now[0]))
    assert own_till.send(message("SOON000001")).json() == ACCEPTED
    own_till.ledger.bulk(lambda tx: tx.connection.execute("UPDATE callback_tokens SET ended_at = 1"))
    assert own_till.send(message("SOON000002")).json() == ACCEPTED

    now[0] += SHARED_WAIT_SECONDS
    assert own_till.send(message("SOON000003")).status_code == 404
    assert own_till.by_code("SOON000003") == []

    token = own_till.ledger.bulk(lambda tx: setup.new_callback_token(tx, "mpesa", 1))
    fresh = Till(own_till.ledger, token, own_till.customers)
    assert fresh.send(message("SOON000004")).json() == ACCEPTED


def test_validation_says_whether_it_would_be_understood_and_stores_nothing(till: Till) -> None:
    """The provider asks before it takes the money."""
    events = len(till.top.pages("/v1/callback-events"))
    assert till.send(message("VALID00001"), path="validation").json() == ACCEPTED
    rejected = till.send(message("VALID00002", TransAmount="lots"), path="validation")
    assert (rejected.status_code, rejected.json()["ResultCode"]) == (200, 1)
    assert till.by_code("VALID00001") == []
    assert len(till.top.pages("/v1/callback-events")) == events


@pytest.mark.parametrize(
    "changes",
    [
        {"BusinessShortCode": "999999"},
        {"TransAmount": "0"},
        {"TransAmount": "1.005"},
        {"TransTime": "20261332000000"},
    ],
)
def test_validation_rejects_what_would_be_no_payment_of_ours(till: Till, changes: dict[str, Any]) -> None:
    """Before the provider takes the money: our short codes, an amount of the currency, a time that exists."""
    answer = till.send(message("VALID00003", **changes), path="validation")
    assert (answer.status_code, answer.json()["ResultCode"]) == (200, 1)


def test_callbacks_come_from_the_providers_networks_alone(own_till: Till) -> None:
    """HOOK-1: the real peer's address; from elsewhere the address does not exist, whatever token is in it."""
    core = own_till.ledger.core
    core.callback_sources = (ip_network("196.201.214.0/24"), ip_network("2c0f::/16"))
    for path in ("confirmation", "validation"):
        answer = own_till.send(message("SOURCE0001"), path=path)
        assert (answer.status_code, answer.json()["code"]) == (404, "not-found")
    forwarded = own_till.ledger.client.post(
        f"/v1/callbacks/mpesa/{own_till.token}/confirmation",
        json=message("SOURCE0001"),
        headers={"x-forwarded-for": "196.201.214.200"},
    )
    assert forwarded.status_code == 404
    assert own_till.by_code("SOURCE0001") == []
    core.callback_sources = (ip_network("127.0.0.0/8"), ip_network("::1"))
    assert own_till.pay("SOURCE0001")["state"] == "associated"


def test_behind_a_proxy_the_address_that_it_names_counts(
    new_ledger: Callable[[Path], str], tmp_path: Path
) -> None:
    """HOOK-1: `X-Forwarded-For` is believed of a proxy that was named, of nobody else."""
    with RunningLedger(new_ledger(tmp_path), proxies=("127.0.0.1",)) as ledger:
        till = open_till(ledger)
        ledger.core.callback_sources = (ip_network("196.201.214.0/24"),)
        for source, status in (("196.201.214.200", 200), ("10.0.0.7", 404)):
            answer = ledger.client.post(
                f"/v1/callbacks/mpesa/{till.token}/confirmation",
                json=message(f"SOURCE{status}"),
                headers={"x-forwarded-for": source},
            )
            assert answer.status_code == status


def test_what_could_not_be_stored_is_not_acknowledged(
    own_till: Till, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A 503 makes the provider repeat; the repeat is then recorded once."""

    async def full(_: object) -> None:
        raise StorageFull

    with monkeypatch.context() as patched:
        patched.setattr(own_till.ledger.core.writer, "submit", full)
        answer = own_till.send(message("FULL000001"))
        assert (answer.status_code, answer.json()["outcome"]) == (503, "not_applied")
    assert own_till.pay("FULL000001")["state"] == "associated"
    assert own_till.balance("000101") == 150_000


def test_money_that_arrives_on_a_closed_day_is_booked_on_the_next_open_one(own_till: Till) -> None:
    """A closed day takes no more postings, and a payment cannot be sent away."""
    today = own_till.ledger.today().isoformat()
    branch = own_till.ledger.branch("NKU").id
    own_till.ledger.bulk(
        lambda tx: tx.connection.execute(
            "INSERT INTO closed_days(id, branch_id, date, closed_by, closed_at) VALUES (?, ?, ?, 'supervisor', 1)",
            (f"{branch}:{today}", branch, today),
        )
    )
    own_till.pay()
    ((day,),) = own_till.ledger.query("SELECT DISTINCT business_date FROM journal_entries")
    assert day > today


# ── who sees what was kept apart ─────────────────────────────────────────────────────────────────────────────────────


def test_messages_kept_apart_are_seen_by_who_may(till: Till) -> None:
    """Contract, section 10: what names no short code of ours is for the top, auditors and administrators."""
    ours, nobodys = till.fresh_code(), till.fresh_code()
    till.send(message(ours, TransAmount="lots"))
    till.send(message(nobodys, BusinessShortCode="999999"))

    def seen(who: str) -> set[str]:
        return {each["code"] for each in till.api(who).pages("/v1/callback-events")} & {ours, nobodys}

    assert seen("supervisor") == {ours}
    assert seen("supervisor2") == set()
    assert seen("hq-supervisor") == seen("auditor") == seen("administrator") == {ours, nobodys}
    assert till.api("teller").get("/v1/callback-events").status_code == 403


# ── the samples ──────────────────────────────────────────────────────────────────────────────────────────────────────

EXPECTED = {
    "plain": ("associated", 1),
    "reference_spaces_case": ("associated", 1),
    "numeric_types": ("associated", 1),
    "no_name_keys": ("associated", 1),
    "name_with_escape_and_markup": ("associated", 1),
    "phone_hashed_international": ("associated", 3),
    "phone_hashed_local": ("associated", 3),
    "till_no_reference": ("associated", 2),
    "phone_masked_spaces": ("unassociated", None),
    "phone_masked_tight": ("unassociated", None),
    "reference_unknown": ("unassociated", None),
    "short_code_not_ours": ("parked", None),
    "bad_almost_everything_missing": ("parked", None),
    "bad_amount_text": ("parked", None),
    "bad_amount_zero": ("parked", None),
    "bad_time": ("parked", None),
}


@pytest.mark.skipif(not SAMPLES.is_dir(), reason="the samples are not beside the project")
def test_every_sample_does_what_its_readme_says(own_till: Till) -> None:
    """All files in turn, `same_code_again` and `same_code_other_amount` after `plain`, all of them twice."""
    bodies = {path.stem: path.read_bytes() for path in sorted(SAMPLES.glob("*.json"))}
    assert set(bodies) == set(EXPECTED) | {"same_code_again", "same_code_other_amount"}
    for _ in range(2):
        for body in bodies.values():
            assert own_till.send(body).json() == ACCEPTED
    for name, (state, tier) in EXPECTED.items():
        code = json.loads(bodies[name])["TransID"]
        if state == "parked":
            assert own_till.by_code(code) == []
            assert [each["state"] for each in own_till.events(code)] == ["parked"], name
            continue
        (payment,) = own_till.by_code(code)
        assert payment["state"] == state, name
        assert (payment["match"] or {}).get("tier") == tier, name
        if name.startswith("phone_masked"):
            assert own_till.candidates(payment)[0]["customer"]["account_no"] == "100245"
    (held,) = own_till.events("SKA10QWE77")
    assert held["state"] == "quarantined"
    credited = sum(each["amount_minor"] for each in own_till.top.pages("/v1/payments", state="associated"))
    assert own_till.balance("000101") == credited == 7 * 150_000 + 1_000
    assert MASK in {each["payer_phone"] for each in own_till.top.pages("/v1/payments")}
