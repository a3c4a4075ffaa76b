"""Receipts: what is on the paper, copies that say so, and the check code that proves one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.format.payloads import PAYLOADS
from tests.ledger.running import RunningLedger
from tests.ledger.till import OTHER_SHORT_CODE, Till, open_till
from tests.ledger.workflows.test_manual_payments import key, move
from tests.ledger.workflows.test_payments import refused

from branchtui.format.cells import cell_width
from branchtui.ledger.core import Tree
from branchtui.ledger.paper import Paper
from branchtui.ledger.receipt_codes import check_code, is_same
from branchtui.ledger.store.rows import Receipt

pytestmark = pytest.mark.both_stores


@pytest.fixture(scope="module")
def till(running_ledger: RunningLedger) -> Till:
    return open_till(running_ledger)


@pytest.fixture
def own_till(new_ledger: Callable[[Path], str], tmp_path: Path) -> Iterator[Till]:
    with RunningLedger(new_ledger(tmp_path)) as ledger:
        yield open_till(ledger)


def entry_of(till: Till, payment: dict[str, Any], kind: str) -> str:
    found = till.ledger.query(
        "SELECT id FROM journal_entries WHERE subject_id = ? AND kind = ? ORDER BY id", payment["id"], kind
    )
    return str(found[-1][0])


def print_of(till: Till, entry_id: str, *, who: str = "teller", columns: int = 40, **more: Any) -> Any:
    return till.api(who).post(f"/v1/transactions/{entry_id}/receipts", {"columns": columns}, **more)


def check(till: Till, receipt_no: str, code: str, *, who: str = "teller") -> dict[str, Any]:
    answer = till.api(who).get("/v1/receipts/check", receipt_no=receipt_no, check_code=code)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


@pytest.mark.parametrize("columns", [40, 80])
def test_a_receipt_says_who_gave_what_for_what_and_fits_its_paper(till: Till, columns: int) -> None:
    """Issue: text receipts of 40 and of 80 columns."""
    payment = key(till, narration="rent of October", receipt_no="A-17" if columns == 40 else "A-18").json()
    answer = print_of(till, entry_of(till, payment, "payment.create"), columns=columns)
    assert answer.status_code == 201, answer.text
    body = answer.json()
    assert answer.headers["location"] == f"/v1/receipts/{body['id']}"
    text = "\n".join(body["lines"])
    for wanted in ("Pamoja Sacco", "Nakuru (NKU)", body["receipt_no"], "000101", "Wanjiku Kamau",
                   "wallet 100245", "cash A-1", "250.00 KES", "rent of October", "Served by", "teller",
                   payment["payment_no"], body["check_code"]):  # fmt: skip
        assert wanted in text, (wanted, text)
    assert "COPY" not in text
    assert {cell_width(line) <= columns for line in body["lines"]} == {True}
    assert max(cell_width(line) for line in body["lines"]) == columns
    assert (body["copy_no"], body["copies"], body["columns"]) == (0, 0, columns)


def test_a_reprint_says_copy_and_its_number(till: Till) -> None:
    """Issue: the same number and check code; every print but the first says which copy it is, and who printed it."""
    entry = entry_of(till, key(till).json(), "payment.create")
    first = print_of(till, entry).json()
    second, third = (print_of(till, entry, who="supervisor").json() for _ in range(2))
    assert [each["copy_no"] for each in (first, second, third)] == [0, 1, 2]
    assert {each["receipt_no"] for each in (first, second, third)} == {first["receipt_no"]}
    assert {each["check_code"] for each in (first, second, third)} == {first["check_code"]}
    assert "*** COPY 2 ***" in "\n".join(third["lines"])
    assert "supervisor" in "\n".join(third["lines"])
    listed = till.api("teller").get("/v1/receipts", q=first["receipt_no"]).json()["items"]
    assert [(each["receipt_no"], each["copies"]) for each in listed] == [(first["receipt_no"], 2)]
    till.ledger.check()


def test_the_same_request_again_prints_no_copy(till: Till) -> None:
    """IDEM-4: a lost answer asked for again is the first print still."""
    entry = entry_of(till, key(till).json(), "payment.create")
    again = [print_of(till, entry, key=f"a-receipt-of-{entry[-12:]}") for _ in range(2)]
    assert again[0].content == again[1].content
    assert again[1].headers["idempotency-replayed"] == "true"


def test_any_teller_proves_a_receipt_by_number_and_code(till: Till) -> None:
    """Issue: a check code that any teller can verify, of another branch too, who learns no name by it."""
    receipt = print_of(till, entry_of(till, key(till).json(), "payment.create")).json()
    number, code = receipt["receipt_no"], receipt["check_code"]
    found = check(till, number.lower(), code.lower().replace("-", "").replace("0", "o").replace("1", "l"))
    assert found["is_genuine"]
    assert found["receipt"]["customer"]["customer_no"] == "000101"
    assert (found["receipt"]["amount_minor"], found["receipt"]["was_reversed"]) == (25_000, False)
    abroad = check(till, number, code, who="teller2")
    assert abroad["is_genuine"]
    assert abroad["receipt"]["customer"] is None
    assert refused(till.api("teller2").get(f"/v1/receipts/{receipt['id']}")) == (404, "not-found")

    other = print_of(till, entry_of(till, key(till).json(), "payment.create")).json()
    nothing = {"is_genuine": False, "receipt": None}
    assert check(till, number, other["check_code"]) == nothing
    assert check(till, "R999999", code) == nothing
    wrong = till.api("teller").get("/v1/receipts/check", receipt_no=number, check_code="short")
    assert refused(wrong) == (422, "validation")


def test_every_word_of_a_receipt_that_counts_is_in_its_code() -> None:
    """A paper whose number, entry, amount, account, kind or time was altered proves nothing."""
    receipt = Receipt(
        "id", 1, "b", "R000001", "entry", "payment.create", "c", "100245", 25_000, "KES", 17, "teller", 18, 0
    )
    secret = b"institution"
    code = check_code(secret, receipt)
    altered = (
        {"receipt_no": "R000002"},
        {"entry_id": "other"},
        {"kind": "payment.refund"},
        {"account_no": "100246"},
        {"amount_minor": 250_000},
        {"currency": "UGX"},
        {"booked_at": 18},
    )
    assert len({code, *(check_code(secret, replace(receipt, **each)) for each in altered)}) == 8
    assert check_code(b"another", receipt) != code
    assert check_code(secret, replace(receipt, copies=3, version=4)) == code
    assert is_same(code, code.lower().replace("-", " "))
    assert not is_same(code, "0000-0000" if code != "0000-0000" else "1111-1111")


def test_a_receipt_of_what_was_taken_back_since_says_so(till: Till) -> None:
    """A copy of a reversed payment's receipt is no proof of money."""
    payment = key(till).json()
    receipt = print_of(till, entry_of(till, payment, "payment.create")).json()
    move(till, payment, "reverse")
    copy = print_of(till, receipt["transaction_id"]).json()
    assert "*** TAKEN BACK SINCE ***" in "\n".join(copy["lines"])
    assert check(till, receipt["receipt_no"], receipt["check_code"])["receipt"]["was_reversed"]
    own = print_of(till, entry_of(till, payment, "payment.reverse")).json()
    assert "Payment reversed" in "\n".join(own["lines"])


def test_a_refund_has_a_receipt_for_the_payer_and_a_receipt_of_nobodys_money_is_refused(till: Till) -> None:
    """Money that goes back to who is no customer is signed for too."""
    payment = till.waiting()
    move(till, payment, "refund", tender="bank_transfer", reference="FT 1")
    lines = "\n".join(print_of(till, entry_of(till, payment, "payment.refund")).json()["lines"])
    assert "WANJIKU KAMAU" in lines
    assert "bank transfer FT 1" in lines
    received = print_of(till, entry_of(till, till.waiting(), "payment.receive"))
    assert received.status_code == 201, "its payer is known"
    theirs = till.pay(BusinessShortCode=OTHER_SHORT_CODE, BillRefNumber="200245")
    assert refused(print_of(till, entry_of(till, theirs, "payment.associate"))) == (404, "not-found")


def is_harmless(lines: Any) -> bool:
    """Whether nothing on paper is more than text to a printer or a terminal."""
    text = "".join(lines)
    return all(ord(sign) >= 32 and not 127 <= ord(sign) < 160 for sign in text) and not set(text) & HIDING


HIDING = set("\u202a\u202b\u202d\u202e\u2066\u2067\u200b\u200e\u200f\u2060\ufeff\u2028\u2029")


@pytest.mark.parametrize("columns", [20, 40, 80])
def test_nothing_that_is_put_on_paper_is_more_than_text(columns: int) -> None:
    """TTY-1: every hostile text of the collection, in every way that a text comes onto paper."""
    for payload in PAYLOADS:
        paper = Paper(columns)
        paper.centre(payload)
        paper.left(payload)
        paper.right(payload)
        paper.pair("Customer", payload)
        paper.row(((payload, 10), (payload, -10)))
        assert is_harmless(paper.lines), ascii(payload)
        assert all(cell_width(line) <= columns for line in paper.lines), ascii(payload)


def test_no_name_of_old_data_reaches_a_receipt_as_more_than_text(own_till: Till) -> None:
    """Product, promise 10: what an older program stored is shown harmlessly, in both widths."""
    ledger = own_till.ledger
    entry = entry_of(own_till, key(own_till).json(), "payment.create")
    for payload in (
        "\x1b[5i\x1b[4i",
        "\x1b]0;owned\x07",
        "a\x9b4ib",
        "\u202egnp",
        "two\r\nlines\x0c",
        "[/] \u200b",
    ):
        for table in ("customers", "branches"):
            statement = f"UPDATE {table} SET name = ?"
            ledger.bulk(lambda tx, s=statement, p=payload: tx.connection.execute(s, (p,)))  # type: ignore[misc]
        ledger.core.tree = Tree(replace(branch, name=payload) for branch in ledger.core.tree)
        for columns in (40, 80):
            lines = print_of(own_till, entry, columns=columns).json()["lines"]
            assert is_harmless(lines), lines
            assert all(cell_width(line) <= columns for line in lines)


def test_paper_keeps_to_its_width_whatever_is_put_on_it() -> None:
    """A long word is cut where the line ends and goes on in the next; nothing of it is lost."""
    paper = Paper(20)
    paper.pair("Customer", "Ngũgĩ " * 9)
    paper.left("x" * 45)
    paper.centre("王" * 25)
    paper.row((("left", 10), ("12.00", -10)))
    paper.rule()
    assert all(cell_width(line) <= 20 for line in paper.lines), paper.lines
    assert "".join(paper.lines).count("x") == 45
    assert "".join(paper.lines).count("王") == 25
    assert "".join(paper.lines).count("Ngũgĩ") == 9
