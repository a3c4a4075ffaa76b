"""Balance files from the first byte to the last entry (contract, section 6).

Bad input of issue 8, and where each is tried over HTTP with the contract's code:

| input | answered | test |
|---|---|---|
| wrong totals in the trailer | rejected, `record-count`, `amount-total` | a head or trailer that is wrong |
| wrong division, of a file or a row | rejected, row error `division` | the same; a row outside the chosen division |
| an account twice | row error `account-repeated` | of an account stated twice |
| a currency not ours | rejected, row error `currency` | a head or trailer; a table's own currency |
| a file cut in the middle | rejected, whatever is cut | a file that was cut anywhere |
| a file id reused | 409 `reference-taken` | a file_id belongs to one file |
| a payment between preview and apply | row error `moved-since-preview` | a payment that landed between |
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import httpx
import pytest
from tests.ledger.balance_files import (
    FILES,
    apply_bytes,
    apply_file,
    ask_apply,
    ask_revert,
    check_file,
    entries_of,
    found_in,
    fresh_name,
    owed,
    payer,
    result,
    sample,
    send,
    settled,
    universal,
)
from tests.ledger.members import enter
from tests.ledger.running import TELLER_LIMIT_MINOR, Api, Member, RunningLedger, fresh_key
from tests.ledger.till import Till, open_till

from branchtui.ledger.days import day_key
from branchtui.ledger.store.rows import Account, ClosedDay, Customer
from branchtui.ledger.store.unit import Tx
from branchtui.ledger.workflows import file_apply
from branchtui.ledger.workflows.file_sweep import same_name

pytestmark = pytest.mark.both_stores


@pytest.fixture(scope="module")
def till(running_ledger: RunningLedger) -> Till:
    """The customers whom the samples name, in NKU, and one in KSM."""
    return open_till(running_ledger)


@pytest.fixture
def ledger(till: Till) -> RunningLedger:
    return till.ledger


@pytest.fixture
def boss(ledger: RunningLedger) -> Api:
    return ledger.sign_in("supervisor")


@pytest.fixture
def teller(ledger: RunningLedger) -> Api:
    return ledger.sign_in("teller")


def numbers(ledger: RunningLedger, count: int, branch: str = "NKU") -> list[str]:
    """Main account numbers of customers nobody has stated anything of."""
    return [ledger.add_member(branch).customer.account_no for _ in range(count)]


def said(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json().get("code", "")


def change_member(ledger: RunningLedger, member: Member, **values: Any) -> None:
    """Set members of a stored customer."""

    def put(tx: Tx) -> None:
        found = tx.get(Customer, member.id)
        assert found is not None
        tx.put(replace(found, **values))

    ledger.write(put)


@pytest.mark.parametrize("rows", [1, 3, 8, 9])
def test_a_file_of_any_length_ends_alike_wherever_its_pieces_end(
    ledger: RunningLedger, boss: Api, monkeypatch: pytest.MonkeyPatch, rows: int
) -> None:
    """CONC-5: new, changed, unchanged, wrong and moved payers, applied by pieces of one, some, all and more rows."""
    monkeypatch.setattr(file_apply, "ROWS_A_PIECE", rows)
    monkeypatch.setattr(file_apply, "TIMES_ALONE", 1)
    known = numbers(ledger, 8)
    apply_bytes(boss, universal(*(payer(each, "10.00") for each in known[:6])))
    stated = ("10.00", "12.00", "-3.00", "10.00", "0", "11.00", "5.00", "6.00")
    seen = check_file(boss, universal(*map(payer, known, stated), payer("999999", "1.00")))
    apply_bytes(boss, universal(payer(known[3], "9.00"), payer(known[7], "1.00")))

    done = apply_file(boss, seen)

    assert result(done)[:3] == ("applied_with_errors", 5, 1)
    assert [owed(ledger, each) for each in known] == [1_000, 1_200, -300, 900, 0, 1_100, 500, 100]
    assert len(entries_of(ledger, done)) == 10
    ledger.check()


# ── what a file does ─────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_file_is_seen_before_anything_moves_and_then_states_what_each_payer_owes(
    ledger: RunningLedger, boss: Api
) -> None:
    """Contract 6: listed accounts are set by the difference, unlisted ones untouched; the X-ray says it before."""
    first, second, third, other = numbers(ledger, 4)
    apply_bytes(boss, universal(payer(first, "100.00"), payer(second, "50.00"), payer(other, "7.00")))

    seen = check_file(boss, universal(payer(first, "80.00"), payer(second, "50.00"), payer(third, "25.50")))

    assert (seen["state"], seen["payers"], seen["total_minor"]) == ("validated", 3, 15_550)
    assert {
        name: seen["xray"][name] for name in ("new", "changed", "unchanged", "sign_flips", "missing")
    } == {
        "new": 1,
        "changed": 1,
        "unchanged": 1,
        "sign_flips": 0,
        "missing": 1,
    }
    assert (seen["xray"]["before_minor"], seen["xray"]["after_minor"]) == (15_000, 15_550)
    assert [(each["account_no"], each["moved_minor"]) for each in seen["xray"]["biggest"]] == [
        (third, 2_550),
        (first, -2_000),
    ]
    assert seen["xray"]["divisions"] == [
        {"division": "NKU", "name": "Nakuru", "payers": 3, "moved": 2, "net_minor": 550}
    ]
    assert [owed(ledger, each) for each in (first, second, third, other)] == [10_000, 5_000, None, 700]
    assert entries_of(ledger, seen) == []

    done = apply_file(boss, seen)

    assert result(done) == ("applied", 2, 1, 0, 0)
    assert [owed(ledger, each) for each in (first, second, third, other)] == [8_000, 5_000, 2_550, 700]
    legs = [(kind, amount) for kind, amount, _ in entries_of(ledger, done)]
    assert legs == [
        ("receivable", -2_000),
        ("billing-contra", 2_000),
        ("receivable", 2_550),
        ("billing-contra", -2_550),
    ]
    assert (done["applied_by"], done["xray"]) == ("supervisor", seen["xray"])


def test_the_samples_do_as_their_names_say(own_ledger: RunningLedger) -> None:
    """Samples: all payers, wrong totals, one payer."""
    open_till(own_ledger)
    boss, teller = own_ledger.sign_in("supervisor"), own_ledger.sign_in("teller")

    good = apply_bytes(boss, sample("universal_all.csv"))
    bad = check_file(boss, sample("universal_bad_totals.csv"))
    one = apply_bytes(teller, sample("universal_one_payer.csv"))

    assert result(good) == ("applied", 2, 1, 1, 0)
    assert bad["state"] == "rejected"
    assert bad["reason"] == "The trailer counts 2; the file has 1 payer."
    assert result(one)[:3] == ("applied", 1, 0)
    assert [owed(own_ledger, each) for each in ("100245", "100246", "100247")] == [30_000, None, 9_999_999]
    own_ledger.check()


def test_the_same_bytes_again_give_the_first_result(ledger: RunningLedger, boss: Api) -> None:
    """Contract 6: `already_applied: true`, and nothing is done."""
    number, *_ = numbers(ledger, 1)
    data = universal(payer(number, "10.00"), payer(numbers(ledger, 1)[0], "5.00"))
    done = apply_bytes(boss, data)
    before = ledger.query("SELECT count(*) FROM journal_entries")

    again = send(boss, data)

    assert again.status_code == 200
    assert (again.json()["id"], again.json()["already_applied"]) == (done["id"], True)
    assert result(again.json()) == result(done)
    assert ledger.query("SELECT count(*) FROM journal_entries") == before


def test_the_same_bytes_before_they_are_applied_give_a_fresh_preview(
    ledger: RunningLedger, boss: Api
) -> None:
    """What waits is looked at again: the former preview binds no more."""
    number, *_ = numbers(ledger, 1)
    data = universal(payer(number, "10.00"))
    seen = check_file(boss, data)

    again = check_file(boss, data)

    assert (again["id"], again["preview_version"]) == (seen["id"], seen["preview_version"] + 1)
    assert said(ask_apply(boss, seen)) == (409, "batch-changed")
    assert result(apply_file(boss, again))[0] == "applied"


def test_a_payer_who_was_deleted_since_the_preview_is_told_of(ledger: RunningLedger, boss: Api) -> None:
    """Contract 6: the report speaks of every row; who is gone by the time of applying is a wrong row."""
    gone, stays = enter(ledger, active=False), enter(ledger, active=False)
    sent = check_file(
        boss, universal(payer(gone["account_no"], "100.00"), payer(stays["account_no"], "50.00"))
    )
    assert boss.delete(f"/v1/customers/{gone['id']}", if_match=gone["version"]).status_code == 204
    done = apply_file(boss, sent)
    assert result(done) == ("applied_with_errors", 1, 0, 1, 1)
    assert found_in(boss, done, "error") == [(2, "account_no", "account-unknown")]
    ledger.check()


def test_a_file_id_belongs_to_one_file_unless_that_was_rejected(ledger: RunningLedger, boss: Api) -> None:
    """Contract 6, 10: the same `file_id` with other bytes is 409; a rejected file's may be used again."""
    number, *_ = numbers(ledger, 1)
    name = fresh_name()
    waits = check_file(boss, universal(payer(number, "10.00"), file_id=name))

    refused = send(boss, universal(payer(number, "20.00"), file_id=name))

    assert said(refused) == (409, "reference-taken")
    assert refused.json()["existing"]["id"] == waits["id"]
    card = boss.post(f"{FILES}/{waits['id']}/reject", {"reason": "4111 1111 1111 1111"})
    assert (card.status_code, card.json()["errors"][0]["pointer"]) == (422, "/reason")
    given_up = boss.post(f"{FILES}/{waits['id']}/reject", {"reason": "a wrong amount"})
    assert (given_up.status_code, given_up.json()["state"]) == (200, "rejected")
    assert given_up.json()["reason"] == "supervisor: a wrong amount"
    taken = apply_bytes(boss, universal(payer(number, "20.00"), file_id=name))
    assert said(send(boss, universal(payer(number, "30.00"), file_id=name))) == (409, "reference-taken")
    assert owed(ledger, number) == 2_000
    assert taken["file_id"] == name


def test_branches_beside_each_other_may_name_their_files_alike(ledger: RunningLedger, boss: Api) -> None:
    """A file_id is its division's: only files that may state the same payers get in each other's way."""
    name = fresh_name()
    apply_bytes(boss, universal(payer(numbers(ledger, 1)[0], "10.00"), file_id=name))
    other = ledger.sign_in("supervisor2")
    apply_bytes(other, universal(payer(numbers(ledger, 1, "KSM")[0], "10.00"), file_id=name))

    above = send(
        ledger.sign_in("hq-supervisor"), universal(payer(numbers(ledger, 1)[0], "1.00"), file_id=name)
    )

    assert said(above) == (409, "reference-taken")


def test_a_payment_that_landed_between_preview_and_apply_is_listed_and_not_overwritten(
    till: Till, ledger: RunningLedger, boss: Api
) -> None:
    """Contract 6: the row is told of, the payment stands, the other rows are applied."""
    number = "100248"
    other, *_ = numbers(ledger, 1)
    apply_bytes(boss, universal(payer(number, "100.00"), payer(other, "10.00")))
    seen = check_file(boss, universal(payer(number, "90.00"), payer(other, "20.00")))
    ((receivable,),) = ledger.query(
        "SELECT id FROM accounts WHERE kind = 'receivable' AND customer_id = ?", till.id_of("000104")
    )
    given = till.give(till.waiting(TransAmount="30.00"), "000104", account_id=receivable)
    assert given.status_code == 200, given.text

    done = apply_file(boss, seen)

    assert result(done) == ("applied_with_errors", 1, 0, 1, 1)
    assert (owed(ledger, number), owed(ledger, other)) == (7_000, 2_000)
    assert found_in(boss, done, "error") == [(2, "balance", "moved-since-preview")]
    rejects = boss.get(f"{FILES}/{done['id']}/rejects.csv")
    assert rejects.headers["row-count"] == "1"
    assert "100248,,90.00,2026-02-05,,,KES,2026-01-14" in rejects.text
    assert "from 100.00 to 70.00" in rejects.text


# ── what keeps a whole file out ──────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("head", "row", "code"),
    [
        ({"version": "2"}, 1, "version"),
        ({"file_id": ""}, 1, "blank"),
        ({"file_id": "x" * 65}, 1, "file-id"),
        ({"currency": "USD"}, 1, "currency"),
        ({"currency": ""}, 1, "currency"),
        ({"as_of_date": "2199-01-01"}, 1, "date-in-future"),
        ({"as_of_date": "20/11/2026"}, 1, "date"),
        ({"created_at": "yesterday"}, 1, "date"),
        ({"division": "NOWHERE"}, 1, "division"),
        ({"division": "KSM"}, 1, "division"),
        ({"count": 3}, 4, "record-count"),
        ({"count": "two"}, 4, "record-count"),
        ({"total": "15.01"}, 4, "amount-total"),
        ({"total": "15,00"}, 4, "amount-total"),
        ({"total": "1,5.00"}, 4, "amount-total"),
    ],
)
def test_a_head_or_trailer_that_is_wrong_keeps_the_whole_file_out(
    ledger: RunningLedger, boss: Api, head: dict[str, Any], row: int, code: str
) -> None:
    """Contract 6: wrong totals, a currency not ours, a wrong division: rejected, nothing half done."""
    first, second = numbers(ledger, 2)

    found = check_file(boss, universal(payer(first, "10.00"), payer(second, "5.00"), **head))

    assert found["state"] == "rejected"
    assert found_in(boss, found, "error") == [(row, found_in(boss, found, "error")[0][1], code)]
    assert found["reason"]
    assert "apply" not in found["actions"]
    assert said(ask_apply(boss, found)) == (409, "transition-not-allowed")
    assert (owed(ledger, first), owed(ledger, second)) == (None, None)


def test_a_file_that_was_cut_anywhere_is_never_applied(ledger: RunningLedger, boss: Api) -> None:
    """Contract 6: a file cut in the middle has no trailer, or one that does not agree."""
    first, second = numbers(ledger, 2)
    whole = universal(payer(first, "10.21"), payer(second, "5.16"))
    for length in range(1, len(whole) - 1, 7):
        found = check_file(boss, whole[:length])
        assert found["state"] == "rejected", whole[:length]
        assert found["reason"], length
    assert check_file(boss, whole[:-1])["state"] == "validated", "only the last line's end is missing"
    assert owed(ledger, first) is None


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        (lambda whole: whole + b"D,1,x,1.00,,,\n", "record"),
        (lambda whole: whole.replace(b"T,", b"X,1\nT,"), "record"),
        (lambda whole: whole + whole, "record"),
        (lambda whole: whole.replace(b"T,2", b'"T,2'), "quote-open"),
    ],
    ids=["a row behind the trailer", "an unknown record", "two files in one", "a quote never closed"],
)
def test_what_may_not_stand_in_a_file_keeps_it_out(
    ledger: RunningLedger, boss: Api, changed: Any, code: str
) -> None:
    """The records of the form in their order, and no others."""
    first, second = numbers(ledger, 2)
    whole = universal(payer(first, "10.00"), payer(second, "5.00"))

    found = check_file(boss, changed(whole))

    assert found["state"] == "rejected"
    assert code in [each for *_, each in found_in(boss, found, "error")]


@pytest.mark.parametrize("data", [b"", b"\n\n", b"H\n", b"\x00\x01\x02", b"PK\x03\x04junk", b"H," * 70])
def test_what_is_no_balance_file_is_rejected_with_a_reason(boss: Api, data: bytes) -> None:
    """Whatever the bytes are: a sentence, and no error of ours."""
    answer = send(boss, data)
    found = settled(boss, answer)
    assert found["state"] == "rejected"
    assert found["reason"]


# ── what keeps a row out, and what is only remarkable ────────────────────────────────────────────────────────────────


WRONG: tuple[tuple[list[str], str, str], ...] = (
    (payer("999999", "1.00"), "account_no", "account-unknown"),
    (payer("200245", "1.00"), "account_no", "account-unknown"),
    (payer("", "1.00"), "account_no", "blank"),
    (payer("100246", ""), "balance", "blank"),
    (payer("{}", "12.345"), "balance", "decimals"),
    (payer("{}", "1E+05"), "balance", "scientific"),
    (payer("{}", "1,25.00"), "balance", "grouping"),
    (payer("{}", "ten"), "balance", "not-an-amount"),
    (payer("{}", "(5.00)"), "balance", "sign"),
    (payer("{}", "5.00-"), "balance", "sign"),
    (payer("{}", "\u22125.00"), "balance", "sign"),
    (payer("{}", "5.00 CR"), "balance", "sign"),
    (payer("{}", "+5.00"), "balance", "not-an-amount"),
    (payer("{}", "99999999999999999.00"), "balance", "too-much"),
    (payer("{}", "1.00", due="31/12/2026"), "due_date", "date"),
    (payer("{}", "1.00", due="2026-02-30"), "due_date", "date"),
    (payer("{}", "1.00", ref="R" * 101), "statement_ref", "too-long"),
    (payer("{}", "1.00", name="Achieng\u202e Otieno"), "payer_name", "text"),
    ([*payer("{}", "1.00"), "one cell too many"], "", "columns"),
    (["D", "{}"], "", "columns"),
)
"""A record, and the column and code by which it is told of."""


def test_each_wrong_row_is_named_and_the_others_are_applied(ledger: RunningLedger, boss: Api) -> None:
    """Contract 6: an error keeps its row out, with row, column and code; applied_with_errors says so."""
    good, *others = numbers(ledger, 1 + len(WRONG))
    records = [
        [cell.format(number) for cell in record] for (record, *_), number in zip(WRONG, others, strict=True)
    ]

    found = check_file(boss, universal(payer(good, "2.00"), *records, total="2.00"))

    assert found["state"] == "validated", found["reason"]
    assert found_in(boss, found, "error") == [
        (row_no, column, code) for row_no, (_, column, code) in enumerate(WRONG, start=3)
    ]
    done = apply_file(boss, found)
    assert result(done) == ("applied_with_errors", 1, 0, 0, len(WRONG))
    assert owed(ledger, good) == 200
    assert all(owed(ledger, each) is None for each in others)


def test_a_total_has_separators_of_thousands_where_its_balances_may_have_them(
    ledger: RunningLedger, boss: Api
) -> None:
    """Contract 6: one system writes both, and both are read in its writing."""
    first, second = numbers(ledger, 2)
    done = apply_bytes(
        boss, universal(payer(first, "1,234,567.50"), payer(second, "-1,000"), total="1,233,567.50")
    )
    assert result(done) == ("applied", 2, 0, 0, 0)
    assert (owed(ledger, first), owed(ledger, second)) == (123_456_750, -100_000)


def test_of_an_account_stated_twice_the_later_row_is_wrong(ledger: RunningLedger, boss: Api) -> None:
    """Contract 6, 8: an account twice is an error; the later of the two."""
    number, *_ = numbers(ledger, 1)
    found = check_file(boss, universal(payer(number, "2.00"), payer(number, "3.00")))
    assert found_in(boss, found, "error") == [(3, "account_no", "account-repeated")]
    assert result(apply_file(boss, found)) == ("applied_with_errors", 1, 0, 0, 1)
    assert owed(ledger, number) == 200


def test_a_file_of_which_every_row_is_wrong_is_rejected(boss: Api) -> None:
    """There is nothing to apply."""
    found = check_file(boss, universal(payer("999999", "1.00")))
    assert (found["state"], found["errors"]) == ("rejected", 1)


def test_what_is_remarkable_is_said_and_applied_all_the_same(ledger: RunningLedger, boss: Api) -> None:
    """Contract 6: name differs, sign flipped, moved more than the set share, zero are warnings."""
    remarkable = {
        "name-differs": ("90.00", {"name": "Somebody Else"}),
        "sign-flipped": ("-40.00", {}),
        "moved": ("151.00", {}),
        "zero": ("0.00", {}),
        "email": ("100.00", {"email": "no address"}),
    }
    stated = numbers(ledger, len(remarkable))
    apply_bytes(boss, universal(*(payer(each, "100.00") for each in stated)))

    found = check_file(
        boss,
        universal(
            *(
                payer(number, balance, **more)
                for number, (balance, more) in zip(stated, remarkable.values(), strict=True)
            )
        ),
    )

    assert (found["state"], found["warnings"], found["errors"]) == ("validated", len(remarkable), 0)
    told = {(row_no, code) for row_no, _, code in found_in(boss, found, "warning")}
    assert {(row_no, code) for row_no, code in enumerate(remarkable, start=2)} <= told
    assert (2, "moved") not in told
    apply_file(boss, found)
    assert [owed(ledger, each) for each in stated] == [9_000, -4_000, 15_100, 0, 10_000]


def test_a_payer_who_is_not_active_is_remarkable_and_one_who_is_being_transferred_waits(
    ledger: RunningLedger, boss: Api
) -> None:
    """Contract 3, 6: inactive is a warning; during a transfer people move no money."""
    closed, moving = ledger.add_member(status="closed"), ledger.add_member(status="transfer_in_progress")
    found = check_file(
        boss, universal(payer(closed.customer.account_no, "5.00"), payer(moving.customer.account_no, "5.00"))
    )
    assert found_in(boss, found, "warning") == [(2, "account_no", "inactive")]
    assert found_in(boss, found, "error") == [(3, "account_no", "transfer-in-progress")]


@pytest.mark.parametrize(
    ("written", "ours"),
    [
        ("WANJIKU KAMAU", "Wanjiku Kamau"),
        ("Kamau, Wanjiku", "Wanjiku Kamau"),
        ("  Wanjiku   Kamau ", "Wanjiku Kamau"),
        ("OBrien Achieng", "Achieng O'Brien"),
        ("Ngugi wa Mwangi", "Ngũgĩ wa Mwangi"),
    ],
)
def test_another_writing_of_the_same_name_is_no_difference(written: str, ours: str) -> None:
    """Case, marks, punctuation, spaces and the order of the parts."""
    assert same_name(written, ours)
    assert not same_name(f"{written} junior", ours)


def test_a_name_of_blanks_is_none(ledger: RunningLedger, boss: Api) -> None:
    """Contract 6: a file with a blank behind every comma says nothing of names."""
    (number,) = numbers(ledger, 1)
    found = check_file(boss, universal(payer(number, "5.00")).replace(b",", b", "))
    assert (found["state"], found_in(boss, found, "warning")) == ("validated", [])


def test_blank_rows_are_passed_over_and_said(ledger: RunningLedger, boss: Api) -> None:
    """Contract 8: a blank row is a warning, never the end."""
    first, second = numbers(ledger, 2)
    data = universal(payer(first, "1.00"), payer(second, "2.00")).replace(b"D,", b"\n,,,\nD,", 1)
    found = check_file(boss, data)
    assert (found["state"], found["payers"]) == ("validated", 2)
    assert found_in(boss, found, "warning") == [(2, "", "blank-row"), (3, "", "blank-row")]
    assert result(apply_file(boss, found))[:3] == ("applied", 2, 0)


def test_one_payer_behind_more_blank_rows_than_a_piece_holds_is_applied(
    ledger: RunningLedger, boss: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Contract 6: what was stated is what the file moved, wherever in the file it stands."""
    monkeypatch.setattr(file_apply, "ROWS_A_PIECE", 3)
    (number,) = numbers(ledger, 1)
    data = universal(payer(number, "7.00")).replace(b"D,", b"\n" * 7 + b"D,", 1)
    found = apply_bytes(boss, data)
    assert (result(found), owed(ledger, number)) == (("applied", 1, 0, 7, 0), 700)


def test_a_payer_with_two_receivables_is_not_guessed(ledger: RunningLedger, boss: Api) -> None:
    """The file sets *the* receivable: of several it is not clear which."""
    member = ledger.add_member(accounts=("wallet", "receivable"))
    body = {"kind": "receivable", "currency": "KES"}
    assert boss.post(f"/v1/customers/{member.id}/accounts", body).status_code == 201
    found = check_file(boss, universal(payer(member.customer.account_no, "1.00")))
    assert found_in(boss, found, "error") == [(2, "account_no", "account-ambiguous")]


# ── all divisions, one division, one payer ───────────────────────────────────────────────────────────────────────────


def test_a_row_outside_the_chosen_division_is_wrong(ledger: RunningLedger) -> None:
    """Contract 6: `division` is a branch's code, with those below it."""
    top = ledger.sign_in("hq-supervisor")
    (near,), (far,) = numbers(ledger, 1), numbers(ledger, 1, "KSM")
    rows = (payer(near, "1.00"), payer(far, "2.00"))

    chosen = check_file(top, universal(*rows), division="NKU")
    named = check_file(top, universal(*rows, division="KSM"))
    both = check_file(top, universal(*rows))
    against = check_file(top, universal(*rows, division="KSM"), division="NKU")

    assert (chosen["division"], found_in(top, chosen, "error")) == ("NKU", [(3, "account_no", "division")])
    assert (named["division"], found_in(top, named, "error")) == ("KSM", [(2, "account_no", "division")])
    assert (both["division"], found_in(top, both, "error")) == (None, [])
    assert {each["division"] for each in both["xray"]["divisions"]} == {"NKU", "KSM"}
    assert against["state"] == "rejected"
    assert "was chosen" in against["reason"]


def test_a_file_for_one_payer_states_that_payer_alone(ledger: RunningLedger, boss: Api) -> None:
    """Contract 6: the same form serves one payer."""
    mine, other = numbers(ledger, 2)
    right = check_file(boss, universal(payer(mine, "1.00")), account_no=mine)
    wrong = check_file(boss, universal(payer(other, "1.00")), account_no=mine)
    both = check_file(boss, universal(payer(mine, "2.00"), payer(other, "1.00")), account_no=mine)
    assert (right["state"], right["account_no"]) == ("validated", mine)
    assert found_in(boss, wrong, "error") == [(2, "account_no", "payer")]
    assert both["state"] == "rejected"
    for stranger in ("no-such", "200245"):
        assert said(send(boss, universal(payer(mine, "3.00")), account_no=stranger)) == (404, "not-found")


# ── who may ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_teller_applies_one_payer_within_the_limit_and_nothing_else(
    ledger: RunningLedger, teller: Api
) -> None:
    """Contract 6: at once, with the new balance in the answer; more needs a supervisor."""
    one, large, *several = numbers(ledger, 4)
    most = TELLER_LIMIT_MINOR / 100

    within = check_file(teller, universal(payer(one, f"{most:.2f}")))
    beyond = check_file(teller, universal(payer(large, f"{most + 0.01:.2f}")))
    many = check_file(teller, universal(*(payer(each, "1.00") for each in several)))

    done = ask_apply(teller, within)
    assert done.status_code == 200, done.text
    assert [(each["kind"], each["balance_minor"]) for each in done.json()["balances"]] == [
        ("receivable", TELLER_LIMIT_MINOR)
    ]
    for refused in (beyond, many):
        assert refused["refused"]["apply"]["approval"] == "balance-file.apply"
        assert said(ask_apply(teller, refused)) == (403, "needs-checker")
    assert [owed(ledger, each) for each in (large, *several)] == [None, None, None]


def test_a_supervisors_limit_holds_for_every_payer_of_a_file(own_ledger: RunningLedger) -> None:
    """Product: the largest single amount; a second payer in the file is no way around it, nor is taking it back."""
    boss, top = own_ledger.sign_in("supervisor"), own_ledger.sign_in("hq-supervisor")
    admin = own_ledger.sign_in("administrator")
    (known,) = [each for each in admin.pages("/v1/users") if each["username"] == "supervisor"]
    ok = admin.patch(f"/v1/users/{known['id']}", {"limit_minor": 1_000}, if_match=known["version"])
    assert ok.status_code == 200, ok.text
    boss = own_ledger.sign_in("supervisor", fresh=True)
    one, two, three, four = numbers(own_ledger, 4)
    within = check_file(boss, universal(payer(one, "10.00"), payer(two, "10.00")))
    beyond = check_file(boss, universal(payer(three, "10.00"), payer(four, "10.01")))
    assert apply_file(boss, within)["state"] == "applied"
    refused = ask_apply(boss, beyond)
    assert said(refused) == (403, "needs-checker")
    assert refused.json()["detail"] == (
        "It moves a payer by 10.01 KES, above your limit of 10.00. Ask a supervisor to apply it."
    )
    assert beyond["refused"]["apply"]["approval"] == "balance-file.apply"
    applied = apply_file(top, beyond)
    assert [owed(own_ledger, each) for each in (three, four)] == [1_000, 1_001]
    shown = boss.get(f"{FILES}/{applied['id']}").json()
    assert (shown["actions"], shown["refused"]["revert"]["code"]) == ([], "needs-checker")
    assert said(boss.post(f"{FILES}/{applied['id']}/revert", if_match=shown["version"])) == (
        403,
        "needs-checker",
    )
    assert top.post(f"{FILES}/{applied['id']}/revert", if_match=shown["version"]).status_code in {200, 202}


def test_what_a_teller_may_not_apply_is_applied_by_approval(
    ledger: RunningLedger, teller: Api, boss: Api
) -> None:
    """MC-1 to 3: the checker sees what would move, and signs exactly that."""
    several = numbers(ledger, 3)
    waits = check_file(teller, universal(*(payer(each, "4.00") for each in several)))
    body = {"file_sha256": waits["sha256"], "preview_version": waits["preview_version"]}
    filed = teller.post(
        "/v1/approvals",
        {
            "action": "balance-file.apply",
            "object_id": waits["id"],
            "object_version": waits["version"],
            "body": body,
            "reason": "the month's statement",
        },
    )
    assert filed.status_code == 202, filed.text
    boss.post("/v1/me/step-up", {"password": "seven quiet herons"}, key="")
    shown = boss.get(f"/v1/approvals/{filed.json()['id']}").json()
    assert {"field": "Payers", "before": "", "after": "3 payers"} in shown["difference"]

    approved = boss.post(
        f"/v1/approvals/{shown['id']}/approve", {"difference_hash": shown["difference_hash"]}
    )

    assert approved.status_code == 200, approved.text
    file = boss.get(f"{FILES}/{waits['id']}").json()
    while file["state"] == "applying":
        boss.get(f"/v1/jobs/{file['job_id']}", wait=20)
        file = boss.get(f"{FILES}/{waits['id']}").json()
    assert (file["state"], file["applied_by"]) == ("applied", "supervisor")
    assert [owed(ledger, each) for each in several] == [400, 400, 400]


# ── exactly what was seen ────────────────────────────────────────────────────────────────────────────────────────────


def test_applying_is_bound_to_the_bytes_and_the_preview_that_were_seen(
    ledger: RunningLedger, boss: Api
) -> None:
    """Contract 6: another file, another preview or another version: nothing happens."""
    first, second = numbers(ledger, 2)
    seen = check_file(boss, universal(payer(first, "1.00"), payer(second, "1.00")))

    assert said(ask_apply(boss, seen | {"sha256": "0" * 64})) == (409, "batch-changed")
    assert said(ask_apply(boss, seen | {"preview_version": 7})) == (409, "batch-changed")
    assert said(ask_apply(boss, seen, if_match=seen["version"] + 1)) == (412, "precondition-failed")
    again = settled(boss, boss.post(f"{FILES}/{seen['id']}/validate"))
    assert again["preview_version"] == seen["preview_version"] + 1
    assert said(ask_apply(boss, seen)) == (409, "batch-changed")
    assert owed(ledger, first) is None
    assert settled(boss, ask_apply(boss, again, if_match=again["version"]))["state"] == "applied"


def test_the_same_key_applies_once(ledger: RunningLedger, boss: Api) -> None:
    """IDEM-8: the stored answer, and no second entry."""
    first, second = numbers(ledger, 2)
    seen = check_file(boss, universal(payer(first, "1.00"), payer(second, "1.00")))
    key = fresh_key()
    done = ask_apply(boss, seen, key=key)
    settled(boss, done)
    again = ask_apply(boss, seen, key=key)
    assert (again.status_code, again.content) == (done.status_code, done.content)
    assert again.headers["idempotency-replayed"] == "true"
    assert said(ask_apply(boss, seen)) == (409, "transition-not-allowed")
    assert len(entries_of(ledger, seen)) == 4


@pytest.fixture
def closed_today(ledger: RunningLedger) -> Iterator[None]:
    """Today is closed in NKU while the test runs."""
    branch, day = ledger.branch("NKU"), ledger.today("NKU").isoformat()
    row = ClosedDay(day_key(branch.id, day), branch.id, day, "supervisor", ledger.clock.now_us())
    ledger.write(lambda tx: tx.put(row))
    yield
    ledger.write(lambda tx: tx.remove(row))


def test_a_closed_day_takes_no_entry_of_a_file(
    ledger: RunningLedger, boss: Api, request: pytest.FixtureRequest
) -> None:
    """Rows of a branch whose day was closed meanwhile are told of; a revert is refused as a whole."""
    first, second = numbers(ledger, 2)
    done = apply_bytes(boss, universal(payer(first, "1.00"), payer(second, "1.00")))
    seen = check_file(boss, universal(payer(first, "2.00"), payer(second, "1.00")))
    request.getfixturevalue("closed_today")

    refused = ask_revert(boss, done)
    late = apply_file(boss, seen)

    assert said(refused) == (409, "day-closed")
    assert result(late) == ("applied_with_errors", 0, 0, 0, 2)
    assert {code for *_, code in found_in(boss, late, "error")} == {"day-closed"}
    assert owed(ledger, first) == 100


def test_what_changed_about_a_payer_since_the_preview_is_told_of(ledger: RunningLedger, boss: Api) -> None:
    """An account closed, a receivable opened, a transfer begun, a branch left: each row says which."""
    members = [ledger.add_member(accounts=("wallet", "receivable")) for _ in range(3)]
    members.append(ledger.add_member())
    seen = check_file(boss, universal(*(payer(each.customer.account_no, "9.00") for each in members)))
    closing, moving, gone, opened = members

    def close(tx: Tx) -> None:
        account = tx.get(Account, closing.accounts["receivable"].id)
        assert account is not None
        tx.put(replace(account, status="closed"))

    ledger.write(close)
    change_member(ledger, moving, status="transfer_in_progress")
    change_member(ledger, gone, branch_id=ledger.branch("KSM").id)
    body = {"kind": "receivable", "currency": "KES"}
    assert boss.post(f"/v1/customers/{opened.id}/accounts", body).status_code == 201

    done = apply_file(boss, seen)

    assert result(done) == ("applied_with_errors", 0, 0, 0, 4)
    assert [code for *_, code in found_in(boss, done, "error")] == [
        "account-not-open",
        "transfer-in-progress",
        "division",
        "moved-since-preview",
    ]
    # Neither is true: INV-11 holds when the module ends.
    change_member(ledger, gone, branch_id=ledger.branch("NKU").id)
    change_member(ledger, moving, status="active")


# ── taking back ──────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_file_is_taken_back_by_mirror_entries(ledger: RunningLedger, boss: Api) -> None:
    """Contract 6: every account stands as before; the originals stay; the same bytes may come again."""
    first, second = numbers(ledger, 2)
    apply_bytes(boss, universal(payer(first, "10.00"), payer(second, "3.00")))
    data = universal(payer(first, "4.00"), payer(second, "8.00"))
    done = apply_bytes(boss, data)

    back = settled(boss, ask_revert(boss, done))

    assert (back["state"], back["reverted_by"]) == ("reverted", "supervisor")
    assert (owed(ledger, first), owed(ledger, second)) == (1_000, 300)
    kinds = ledger.query(
        "SELECT kind, count(*) FROM journal_entries WHERE subject_id = ? GROUP BY kind ORDER BY kind",
        done["id"],
    )
    assert kinds == [("balance-file", 2), ("balance-file-reversal", 2)]
    assert said(ask_revert(boss, done)) == (409, "transition-not-allowed")
    anew = check_file(boss, data)
    assert (anew["id"] != done["id"], anew["state"]) == (True, "validated")
    assert result(apply_file(boss, anew))[:2] == ("applied", 2)


def test_what_has_moved_since_is_listed_and_blocks_the_whole_revert(ledger: RunningLedger, boss: Api) -> None:
    """Contract 6: mirror entries where nothing has moved since; what blocks it is named."""
    first, second = numbers(ledger, 2)
    done = apply_bytes(boss, universal(payer(first, "10.00"), payer(second, "3.00")))
    later = apply_bytes(boss, universal(payer(first, "12.00")))

    refused = ask_revert(boss, done)

    assert said(refused) == (409, "revert-blocked")
    assert (refused.json()["count"], refused.json()["accounts"]) == (
        1,
        [{"account_no": first, "name": "Achieng Otieno", "stated_minor": 1_000, "balance_minor": 1_200}],
    )
    blocking = boss.pages(f"{FILES}/{done['id']}/payers", change="blocking")
    assert [(each["account_no"], each["before_minor"], each["after_minor"]) for each in blocking] == [
        (first, 1_000, 1_200)
    ]
    assert (owed(ledger, first), owed(ledger, second)) == (1_200, 300)
    assert settled(boss, ask_revert(boss, later))["state"] == "reverted"
    assert settled(boss, ask_revert(boss, done))["state"] == "reverted"
    assert (owed(ledger, first), owed(ledger, second)) == (0, 0)


def test_who_is_on_the_way_to_another_branch_or_has_gone_there_blocks_the_revert(
    ledger: RunningLedger, boss: Api
) -> None:
    """Contract 3: during a transfer people move no money; AUTHZ-3: nor that of whom they do not see."""
    members = [ledger.add_member() for _ in range(2)]
    done = apply_bytes(boss, universal(*(payer(each.customer.account_no, "9.00") for each in members)))

    change_member(ledger, members[1], status="transfer_in_progress")
    moving = ask_revert(boss, done)
    change_member(ledger, members[1], status="active", branch_id=ledger.branch("KSM").id)
    gone = ask_revert(boss, done)
    stood = [owed(ledger, each.customer.account_no) for each in members]
    back = settled(ledger.sign_in("hq-supervisor"), ask_revert(ledger.sign_in("hq-supervisor"), done))

    assert (said(moving), said(gone)) == ((409, "revert-blocked"), (409, "revert-blocked"))
    assert stood == [900, 900]
    assert back["state"] == "reverted"
    assert [owed(ledger, each.customer.account_no) for each in members] == [0, 0]
    change_member(ledger, members[1], branch_id=ledger.branch("NKU").id)


def test_taking_back_is_risky_and_a_supervisors(own_ledger: RunningLedger) -> None:
    """AUTH-7: a reversal asks for the password once more; a teller may not at all."""
    teller, boss = own_ledger.sign_in("teller"), own_ledger.sign_in("supervisor")
    done = apply_bytes(teller, universal(payer(numbers(own_ledger, 1)[0], "10.00")))
    assert said(ask_revert(teller, done)) == (403, "forbidden")
    own_ledger.clock.advance(seconds=301)
    assert said(boss.post(f"{FILES}/{done['id']}/revert")) == (403, "step-up")
    assert settled(boss, ask_revert(boss, done))["state"] == "reverted"


# ── looking ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_payers_who_stood_in_the_last_file_and_stand_in_this_one_no_more_are_listed(
    own_ledger: RunningLedger,
) -> None:
    """Contract 6: missing since the last file of the same scope; a file of one payer is none to compare with."""
    boss = own_ledger.sign_in("supervisor")
    first, second, third = numbers(own_ledger, 3)
    apply_bytes(
        boss, universal(payer(first, "1.00"), payer(second, "2.00"), payer(third, "3.00"), file_id="M-1")
    )
    apply_bytes(boss, universal(payer(first, "1.50")))

    seen = check_file(boss, universal(payer(first, "1.50"), payer(second, "2.00")))

    assert (seen["xray"]["missing"], seen["xray"]["missing_minor"]) == (1, 300)
    assert seen["xray"]["previous_file_id"] == "M-1"
    (missing,) = boss.pages(f"{FILES}/{seen['id']}/payers", change="missing")
    assert (missing["account_no"], missing["before_minor"], missing["after_minor"]) == (third, 300, 300)


def test_payers_are_listed_by_what_the_file_means_for_them_page_by_page(
    ledger: RunningLedger, boss: Api
) -> None:
    """PAGE-1, PAGE-2: both ways, counted, narrowed by the change."""
    stated = numbers(ledger, 7)
    apply_bytes(boss, universal(*(payer(each, "10.00") for each in stated[:4])))
    seen = check_file(
        boss,
        universal(
            payer(stated[0], "-1.00"),
            payer(stated[1], "11.00"),
            payer(stated[2], "10.00"),
            *(payer(each, "5.00") for each in stated[4:]),
            payer("999999", "1.00"),
        ),
    )
    path = f"{FILES}/{seen['id']}/payers"

    def listed(**asked: Any) -> list[str]:
        return [each["account_no"] for each in boss.pages(path, limit=2, **asked)]

    assert listed() == [*stated[:3], *stated[4:], "999999"]
    assert listed(change="new") == stated[4:]
    assert listed(change="changed") == stated[:2]
    assert listed(change="flipped") == stated[:1]
    assert listed(change="unchanged") == stated[2:3]
    assert listed(change="error") == ["999999"]
    last = boss.get(path, anchor="last", limit=2, count="true").json()
    assert ([each["row_no"] for each in last["items"]], last["count"]) == ([7, 8], 7)
    before = boss.get(path, cursor=last["prev"], limit=2).json()
    assert [each["row_no"] for each in before["items"]] == [5, 6]
    assert boss.get(path, cursor=before["next"], limit=2).json()["items"] == last["items"]
    assert said(boss.get(path, cursor="forged")) == (400, "cursor-invalid")


def test_recent_uploads_are_listed_newest_first_by_state_and_branch(ledger: RunningLedger, boss: Api) -> None:
    """Contract 6: `GET /v1/balance-files`; a list brings no X-ray."""
    number, *_ = numbers(ledger, 1)
    waits = check_file(boss, universal(payer(number, "1.00")))
    bad = check_file(boss, universal(payer(number, "1.00"), count=9))

    listed = boss.get(FILES, limit=2).json()["items"]
    waiting = boss.pages(FILES, state="validated")
    top = ledger.sign_in("hq-supervisor")

    assert [each["id"] for each in listed] == [bad["id"], waits["id"]]
    assert all(each["xray"] is None for each in listed)
    assert waits["id"] in [each["id"] for each in waiting]
    assert {each["state"] for each in waiting} == {"validated"}
    assert waits["id"] not in [each["id"] for each in top.pages(FILES, branch=ledger.branch("KSM").id)]
    assert waits["id"] in [each["id"] for each in top.pages(FILES, branch=ledger.branch("HQ").id)]
    assert ledger.sign_in("teller2").get(f"{FILES}/{waits['id']}").status_code == 404


def test_what_was_rejected_comes_back_as_a_table_that_can_be_corrected_and_sent(
    ledger: RunningLedger, boss: Api
) -> None:
    """Contract 6, SEC-6: the bad rows alone, with what is wrong; formulas are guarded; corrected, they are taken."""
    first, second = numbers(ledger, 2)
    name = "=HYPERLINK(1)"
    data = universal(
        payer(first, "5.00"),
        payer(second, "6.789", name=name, ref="S-1"),
        payer("999999", "1.00"),
        total="6.00",
    )
    done = apply_bytes(boss, data)
    answer = boss.get(f"{FILES}/{done['id']}/rejects.csv")
    text = answer.content.decode("utf-8-sig")
    assert answer.headers["row-count"] == "2"
    assert text.splitlines()[0] == (
        "account_no,payer_name,balance,due_date,statement_ref,email,currency,as_of_date,error"
    )
    assert "'=HYPERLINK(1)" in text

    corrected = text.replace("6.789", "6.78").replace("999999", first)
    again = apply_bytes(boss, corrected.encode())

    assert result(again)[:3] == ("applied", 2, 0)
    assert (owed(ledger, first), owed(ledger, second)) == (100, 678)
    assert (again["form"], again["file_id"], again["as_of_date"]) == ("table", None, "2026-01-14")


def test_what_was_rejected_of_a_table_is_written_as_the_table_was(ledger: RunningLedger, boss: Api) -> None:
    """Contract 6, 8: an amount that came between semicolons means the same when it comes back."""
    first, moving = numbers(ledger, 1)[0], ledger.add_member()
    number = moving.customer.account_no
    seen = check_file(boss, f"account_no;balance\n{first};12,50\n999999;1.250\n{number};7,25\n".encode())
    change_member(ledger, moving, status="transfer_in_progress")
    done = apply_file(boss, seen)
    change_member(ledger, moving, status="active")  # INV-11 holds when the module ends
    text = boss.get(f"{FILES}/{done['id']}/rejects.csv").content.decode("utf-8-sig")
    assert [line.split(";")[:3] for line in text.splitlines()[1:]] == [
        ["999999", "", "1.250"],
        [number, "", "7,25"],
    ]

    again = apply_bytes(boss, text.replace("999999", first).encode())

    assert result(again)[:3] == ("applied", 2, 0), found_in(boss, again)
    assert (owed(ledger, first), owed(ledger, number)) == (125_000, 725)


# ── plain tables ─────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("table", "encoding"),
    [
        ('Account No,Balance\n{0},"1,250.50"\n{1},3.00\n', "utf-8"),
        ("balance;account_no;payer_name\n1.250,50;{0};Café\n3,00;{1};\n", "cp1252"),
        ("account_no\tbalance\tdue_date\n{0}\t1250.50\t30/09/2026\n{1}\t3.00\t\n", "utf-16"),
    ],
    ids=["commas", "semicolons and decimal commas", "tabs, as pasted"],
)
def test_a_plain_table_is_read_by_the_names_of_its_columns(
    ledger: RunningLedger, boss: Api, table: str, encoding: str
) -> None:
    """Contract 6, 8: header by name, delimiter, encoding and writing recognised; the day is today."""
    first, second = numbers(ledger, 2)
    done = apply_bytes(boss, table.format(first, second).encode(encoding))
    assert (done["form"], done["file_id"], result(done)[:2]) == ("table", None, ("applied", 2))
    assert done["as_of_date"] == ledger.today().isoformat()
    assert (owed(ledger, first), owed(ledger, second)) == (125_050, 300)


def test_a_table_that_can_be_read_two_ways_is_asked_about(ledger: RunningLedger, boss: Api) -> None:
    """Contract 8: a day and month that the rows leave open are asked, never guessed; `options` answer."""
    number, *_ = numbers(ledger, 1)
    data = f"account_no,balance,due_date\n{number},5.00,05/06/2026\n".encode()
    open_ = check_file(boss, data)
    assert open_["state"] == "rejected"
    assert open_["recognised"]["questions"]
    answered = check_file(boss, data, options={"date_order": "day_first"})
    assert answered["state"] == "validated"
    assert boss.pages(f"{FILES}/{answered['id']}/payers")[0]["due_date"] == "2026-06-05"


@pytest.mark.parametrize(
    ("table", "code"),
    [
        ("account_no,amount\n1,2\n", "unknown-column"),
        ("account_no\n1\n", "missing-column"),
        ("account_no,balance,balance\n1,2,3\n", "duplicate-column"),
    ],
)
def test_a_table_of_other_columns_is_rejected(boss: Api, table: str, code: str) -> None:
    """The columns are named in the refusal."""
    found = check_file(boss, table.encode())
    assert found["state"] == "rejected"
    assert code in [each for *_, each in found_in(boss, found, "error")]


def test_a_tables_own_currency_and_day_are_those_of_every_row(ledger: RunningLedger, boss: Api) -> None:
    """A currency not ours, or a row of another day, is an error of its row."""
    first, second, third = numbers(ledger, 3)
    data = (
        "account_no,balance,currency,as_of_date\n"
        f"{first},1.00,KES,2026-01-10\n{second},1.00,USD,2026-01-10\n{third},1.00,KES,2026-01-11\n"
    )
    found = check_file(boss, data.encode())
    assert (found["state"], found["as_of_date"]) == ("validated", "2026-01-10")
    assert found_in(boss, found, "error") == [(3, "currency", "currency"), (4, "as_of_date", "as-of")]


# ── what is remarkable is the institution's to say ───────────────────────────────────────────────────────────────────


def test_an_administrator_sets_the_share_beyond_which_a_move_is_remarkable(own_ledger: RunningLedger) -> None:
    """Contract 6: "moved more than the set share"; it holds from the next file on."""
    boss, administrator = own_ledger.sign_in("supervisor"), own_ledger.sign_in("administrator")
    path = "/v1/settings/balance-files"
    number, *_ = numbers(own_ledger, 1)
    apply_bytes(boss, universal(payer(number, "100.00")))
    shown = administrator.get(path).json()
    assert (shown["moved_share_percent"], shown["actions"]) == (50, ["edit"])
    assert check_file(boss, universal(payer(number, "149.00")))["warnings"] == 0

    done = administrator.put(path, {"moved_share_percent": 20}, if_match=shown["version"])

    assert done.status_code == 200, done.text
    assert said(administrator.put(path, {"moved_share_percent": 30}, if_match=1)) == (
        412,
        "precondition-failed",
    )
    assert check_file(boss, universal(payer(number, "148.00")))["warnings"] == 1
    assert boss.get(path).json()["actions"] == []
    assert said(administrator.put(path, {"moved_share_percent": 0}, if_match=2)) == (422, "validation")
