"""Credit accounts by the file: what a row may say, who may send it, and that half a file never is (contract, section 8)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from tests.ledger.files import findings, finished, import_file
from tests.ledger.running import RunningLedger
from tests.ledger.shop import PATH, Shop

from branchtui.ledger.core import Tree
from branchtui.ledger.days import day_key
from branchtui.ledger.store.rows import ClosedDay
from branchtui.ledger.store.unit import Tx

pytestmark = pytest.mark.both_stores

HEAD = (
    "customer_no,first_name,last_name,mobile_no,account_no,max_credit,restrict_credit,opening_credit,"
    "settle_every,settle_unit,settle_weekday,settle_nth,settle_day,settle_anchor,statement_email"
)


@pytest.fixture
def shop(running_ledger: RunningLedger) -> Shop:
    return Shop(running_ledger)


def file(*rows: str) -> str:
    return "\n".join([HEAD, *rows, ""])


def take(shop: Shop, *rows: str, who: str = "teller", **members: Any) -> dict[str, Any]:
    return import_file(shop.api(who), file(*rows), kind="credit-accounts", **members)


def test_many_accounts_are_opened_at_once(shop: Shop) -> None:
    """Contract 7, 8: for customers who are there and for new ones, with opening credit and rhythm."""
    known = shop.ledger.add_member().customer.customer_no
    made = take(
        shop,
        f"{known},,,,SHOP-1,1000.00,yes,250.00,1,month,,last,,,client@example.org",
        ",Neema,Abuya,0788 111 222,SHOP-2,500,yes,,3,week,mon,,,2026-10-07,",
        ",Baraka,Soi,,SHOP-3,0,yes,0,,,,,,,",
    )
    assert (made["state"], made["imported"], made["total_minor"]) == ("done", 3, 25_000)
    first = shop.api().get(PATH, q="SHOP-1").json()["items"][0]
    assert (first["owed_minor"], first["available_minor"]) == (25_000, 75_000)
    assert first["settle_every_words"] == "last day of the month"
    second = shop.api().get(PATH, q="neema").json()["items"][0]
    assert (second["account_no"], second["settle_every_words"]) == (
        "SHOP-2",
        "first Monday after every 3 weeks",
    )
    shop.buy(second, 50_000)
    shop.ledger.check()


def test_every_wrong_cell_is_named(shop: Shop) -> None:
    """Contract 8: row, column and sentence; nothing of the file is opened."""
    known = shop.ledger.add_member().customer.customer_no
    gone = shop.ledger.add_member(status="closed").customer.customer_no
    made = take(
        shop,
        f"{known},,,,,abc,yes,,,,,,,,",
        f"{known},,,,,100,maybe,,,,,,,,",
        "no-such,,,,,100,yes,,,,,,,,",
        f"{gone},,,,,100,yes,,,,,,,,",
        ",Neema,,,,100,yes,,,,,,,,",
        f"{known},,,,,100,yes,100.01,,,,,,,",
        f"{known},,,,,100,yes,,1,day,,last,,,",
        f"{known},,,,,100,yes,,,week,,,,,",
        f"{known},,,,,100,yes,,,,,,,,nobody",
        f"{known},,,,,900000,yes,,,,,,,,",
        f"{known},,,,,none,yes,,,,,,,,",
        f"{known},,,,TWICE,100,yes,,,,,,,,",
        f"{known},,,,TWICE,100,yes,,,,,,,,",
    )
    assert (made["state"], made["imported"], made["rows_error"]) == ("refused", 0, 12)
    wrong = [(each["row_no"], each["column"]) for each in findings(shop.api(), made, "error")]
    assert wrong == [
        (2, "max_credit"),
        (3, "restrict_credit"),
        (4, "customer_no"),
        (5, "customer_no"),
        (6, "last_name"),
        (7, "opening_credit"),
        (8, "settle_nth"),
        (9, "settle_every"),
        (10, "statement_email"),
        (11, "max_credit"),
        (12, "max_credit"),
        (14, "account_no"),
    ]


def test_valid_rows_are_taken_and_the_rest_is_not(shop: Shop) -> None:
    """Contract 8: `valid_rows`; the same bytes again are refused."""
    known = shop.ledger.add_member().customer.customer_no
    rows = (f"{known},,,,VR-1,100,yes,,,,,,,,", f"{known},,,,VR-2,abc,yes,,,,,,,,")
    made = take(shop, *rows, mode="valid_rows")
    assert (made["state"], made["imported"], made["rows_error"]) == ("done", 1, 1)
    again = shop.api().get(PATH, q="VR-").json()["items"]
    assert [each["account_no"] for each in again] == ["VR-1"]


def test_a_template_has_the_columns(shop: Shop) -> None:
    """Contract 8: `GET /v1/templates/credit-accounts.csv`."""
    template = shop.api().get("/v1/templates/credit-accounts.csv")
    assert set(HEAD.split(",")) <= set(template.text.strip().split(","))


def change_branch(shop: Shop, code: str, **values: Any) -> None:
    """An office as its administrator would have made it."""
    branch = shop.ledger.branch(code)

    def put(tx: Tx) -> None:
        tx.put(replace(branch, **values))

    shop.ledger.write(put)
    shop.ledger.core.tree = Tree(
        replace(each, **values) if each.id == branch.id else each for each in shop.ledger.core.tree
    )


def test_an_office_below_with_books_of_another_currency_is_not_given_credit_in_its_own(
    own_ledger: RunningLedger,
) -> None:
    """VAL-1: an amount is of the currency that the file is in; 1,000.00 shillings are not 100,000 of another."""
    shop = Shop(own_ledger)
    known = own_ledger.add_member("KSM").customer.customer_no
    change_branch(shop, "KSM", currency="UGX")
    made = take(shop, f"{known},,,,,1000.00,yes,250.00,,,,,,,", who="hq-supervisor", mode="valid_rows")
    assert (made["state"], made["imported"]) == ("refused", 0)
    wrong = findings(shop.api("hq-supervisor"), made, "error")
    assert [(each["column"], each["code"]) for each in wrong] == [("customer_no", "currency")]
    assert own_ledger.query("SELECT count(*) FROM credit_accounts") == [(0,)]


def test_an_opening_credit_is_not_booked_on_a_closed_day_of_the_customers_own_office(
    own_ledger: RunningLedger,
) -> None:
    """A closed day takes no postings, whoever sends the file and from where."""
    shop = Shop(own_ledger)
    known = own_ledger.add_member("KSM").customer.customer_no
    branch, day = own_ledger.branch("KSM"), own_ledger.today("KSM").isoformat()
    closed = ClosedDay(day_key(branch.id, day), branch.id, day, "supervisor2", own_ledger.clock.now_us())
    own_ledger.write(lambda tx: tx.put(closed))
    made = take(shop, f"{known},,,,,1000,yes,250,,,,,,,", who="hq-supervisor", mode="valid_rows")
    assert (made["state"], made["imported"]) == ("done", 0)
    assert [each["code"] for each in findings(shop.api("hq-supervisor"), made, "error")] == ["day-closed"]
    assert own_ledger.query("SELECT count(*) FROM journal_entries") == [(0,)]


def test_who_starts_a_file_that_another_sent_opens_no_more_credit_than_by_hand(
    own_ledger: RunningLedger,
) -> None:
    """MC: the limit is that of who lets the money be owed, not of who looked at the file."""
    shop = Shop(own_ledger)
    known = own_ledger.add_member().customer.customer_no
    rows = (f"{known},,,,BIG,900000,yes,,,,,,,,", f"{known},,,,SMALL,1000,yes,,,,,,,,")
    ready = take(shop, *rows, who="supervisor", dry_run=True, mode="valid_rows")
    assert (ready["state"], ready["rows_error"]) == ("ready", 0)
    body = {"sha256": ready["sha256"], "preview_version": ready["preview_version"]}
    made = finished(shop.api(), shop.api().post(f"/v1/imports/{ready['id']}/start", body))
    assert (made["imported"], made["rows_error"]) == (1, 1)
    assert [(each["row_no"], each["code"]) for each in findings(shop.api(), made, "error")] == [
        (2, "needs-checker")
    ]


def test_a_customer_who_has_left_the_branch_since_the_preview_is_given_nothing(
    own_ledger: RunningLedger,
) -> None:
    """AUTHZ-3: whom the sender does not see any more, he opens no account for."""
    shop = Shop(own_ledger)
    member = own_ledger.add_member()
    ready = take(shop, f"{member.customer.customer_no},,,,,100,yes,,,,,,,,", dry_run=True, mode="valid_rows")
    moved = replace(member.customer, branch_id=own_ledger.branch("KSM").id)
    own_ledger.write(lambda tx: tx.put(moved))
    body = {"sha256": ready["sha256"], "preview_version": ready["preview_version"]}
    made = finished(shop.api(), shop.api().post(f"/v1/imports/{ready['id']}/start", body))
    assert (made["imported"], made["rows_error"]) == (0, 1)


@pytest.mark.parametrize("number", ["\u00c9T\u00c9-1", "\u0661\u0662\u0663", "-1"])
def test_an_account_number_is_typed_as_every_other_one(shop: Shop, number: str) -> None:
    """Contract 1: ASCII letters and digits: another engine folds others otherwise, and people cannot type them."""
    known = shop.ledger.add_member().customer.customer_no
    made = take(shop, f"{known},,,,{number},100,yes,,,,,,,,")
    assert (made["state"], [each["column"] for each in findings(shop.api(), made, "error")]) == (
        "refused",
        ["account_no"],
    )
