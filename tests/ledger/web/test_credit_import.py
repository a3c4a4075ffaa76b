"""Credit accounts by the file: what a row may say, who may send it, and that half a file never is (contract, section 8)."""

from __future__ import annotations

from typing import Any

import pytest
from tests.ledger.files import findings, import_file
from tests.ledger.running import RunningLedger
from tests.ledger.shop import PATH, Shop

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
