"""Sets whose sum no 64 bits hold: shown exactly, moved where every account can hold it, refused in words otherwise.

The rows of the largest amounts are placed in the ledger as they stand: by hand it takes more than 9,000 of them.
"""

from __future__ import annotations

from typing import Any

import pytest
from tests.ledger.balance_files import check_file, payer, universal
from tests.ledger.files import import_file, name_members, table
from tests.ledger.running import Api, RunningLedger, fresh_key
from tests.ledger.shop import Shop
from tests.ledger.till import open_till

from branchtui.contract.base import COUNTED_MAX, MAX_AMOUNT_MINOR
from branchtui.ledger.store.unit import BulkTx

pytestmark = pytest.mark.both_stores

RECORDS = "/v1/balance-records"
LARGE = 4 * 10**18
"""Two of these an account can hold, three it cannot."""


@pytest.fixture
def ledger(own_ledger: RunningLedger) -> RunningLedger:
    """With two customers of NKU."""
    name_members(own_ledger, "000101", "000102")
    return own_ledger


def make_large(ledger: RunningLedger, rows: str) -> None:
    """Set the amount of all `rows`, a table's name."""
    statement = f"UPDATE {rows} SET amount_minor = :large"

    def enlarge(tx: BulkTx) -> None:
        tx.connection.execute(statement, {"large": LARGE})

    ledger.bulk(enlarge)


def place_records(ledger: RunningLedger, api: Api, *numbers: str) -> None:
    rows = [
        f"{each},savings,{place}.00,KES,2026-01-14,,L-{each}-{place}" for place, each in enumerate(numbers, 1)
    ]
    assert import_file(api, table(*rows))["imported"] == len(numbers)
    make_large(ledger, "balance_records")


def seen(api: Api) -> dict[str, Any]:
    figures = api.get(f"{RECORDS}/summary")
    assert figures.status_code == 200, figures.text
    return {"filter": {}} | {name: figures.json()[name] for name in ("count", "total_minor", "set_hash")}


def queues(api: Api) -> dict[str, int]:
    found = api.get("/v1/dashboard")
    assert found.status_code == 200, found.text
    return {each["name"]: each["total_minor"] for each in found.json()["queues"]}


def test_records_that_no_account_can_hold_are_shown_and_none_of_them_is_posted(ledger: RunningLedger) -> None:
    """VAL-1: the summary and Home say the sum exactly; posting is refused before anything moves."""
    api = ledger.sign_in("supervisor")
    place_records(ledger, api, "000101", "000102", "000101")
    asked, key = seen(api), fresh_key()
    assert asked["total_minor"] == 3 * LARGE > COUNTED_MAX
    assert queues(api)["records-not-accounted"] == 3 * LARGE

    refused = api.post(f"{RECORDS}/post-all", asked, key=key)

    assert (refused.status_code, refused.json()["code"]) == (422, "validation")
    assert refused.json()["outcome"] == "not_applied"
    assert refused.json()["detail"].endswith("the most that the ledger counts. Nothing was done.")
    assert ledger.query("SELECT count(*) FROM journal_entries") == [(0,)]
    assert ledger.query("SELECT count(*) FROM accounts WHERE kind = 'savings'") == [(0,)]
    assert seen(api) == asked
    changed = api.post(f"{RECORDS}/delete-all", asked | {"count": 2})
    assert (changed.status_code, changed.json()["total_minor"]) == (409, 3 * LARGE)


def test_records_of_any_sum_are_deleted_at_once(ledger: RunningLedger) -> None:
    """The answer and the list of operations tell of them; the same key tells it again."""
    api = ledger.sign_in("supervisor")
    place_records(ledger, api, "000101", "000102", "000101")
    asked, key = seen(api), fresh_key()
    done = api.post(f"{RECORDS}/delete-all", asked, key=key)
    assert (done.status_code, done.json()["count"], done.json()["total_minor"]) == (200, 3, 3 * LARGE)
    assert api.post(f"{RECORDS}/delete-all", asked, key=key).json() == done.json()
    operation = api.get(f"/v1/operations/{key}")
    assert (operation.status_code, operation.json()["state"]) == (200, "succeeded")
    ledger.check()


def test_one_more_than_an_account_can_hold_is_refused(ledger: RunningLedger) -> None:
    """The same where a record is posted by itself, over what is there already."""
    api = ledger.sign_in("supervisor")
    place_records(ledger, api, "000101", "000102", "000101")
    answers = []
    for each in api.pages(RECORDS):
        match = {"If-Match": f'"{each["version"]}"'}
        answers.append(api.post(f"{RECORDS}/{each['id']}/post", headers=match).status_code)
    assert answers == [200, 200, 422]
    assert ledger.query("SELECT count(*) FROM journal_entries") == [(2,)]


def test_the_day_of_branches_that_moved_more_than_64_bits_is_told_exactly(ledger: RunningLedger) -> None:
    """Home and the report of a day add up what each branch could hold."""
    api, top = ledger.sign_in("supervisor"), ledger.sign_in("hq-supervisor")
    place_records(ledger, api, "000101", "000102")
    assert api.post(f"{RECORDS}/post-all", seen(api)).status_code == 200
    other = ledger.add_member("KSM").customer.customer_no
    place_records(ledger, top, other)
    assert top.post(f"{RECORDS}/post-all", seen(top)).status_code == 200

    report = top.get("/v1/reports/day", date="2026-01-14")
    home = top.get("/v1/dashboard")

    assert (report.status_code, home.status_code) == (200, 200), (report.text, home.text)
    assert sum(each["moved_minor"] for each in report.json()["report"]) == 3 * LARGE
    assert home.json()["records_posted_today_minor"] == 3 * LARGE
    ledger.check()


def test_payments_that_no_account_can_hold_wait_on(own_ledger: RunningLedger) -> None:
    """The queue and the summary say the sum exactly; associating all is refused before anything moves."""
    ledger, till = own_ledger, open_till(own_ledger)
    boss = ledger.sign_in("supervisor")
    for _ in range(3):
        till.waiting(BillRefNumber="300301")
    make_large(ledger, "payments")
    till.add_customer("teller", "NKU", "000301", "300301", "Late", "Comer", None)
    assert queues(boss)["payments-unassociated"] == 3 * LARGE
    summary = boss.get("/v1/payments/association-summary").json()
    assert (summary["count"], summary["total_minor"]) == (3, 3 * LARGE)

    body = {name: summary[name] for name in ("count", "total_minor", "set_hash")}
    refused = boss.post("/v1/payments/associate-all", {"filter": {}} | body)

    assert (refused.status_code, refused.json()["code"]) == (422, "validation")
    assert till.balance("000301") == 0
    assert boss.get("/v1/payments/association-summary").json() == summary
    assert queues(boss)["payments-unassociated"] == 3 * LARGE


def test_a_file_of_records_of_more_than_64_bits_is_refused_in_words(ledger: RunningLedger) -> None:
    """Before anything goes in, whatever the mode; the job ends well."""
    api = ledger.sign_in("supervisor")
    largest = f"{MAX_AMOUNT_MINOR // 100}.00"
    count = COUNTED_MAX // MAX_AMOUNT_MINOR + 1
    rows = [f"000101,savings,{largest},KES,2026-01-14,,R-{place}" for place in range(count)]
    done = import_file(api, table(*rows), mode="valid_rows")
    assert (done["state"], done["imported"], done["rows_total"]) == ("refused", 0, count)
    assert done["reason"].startswith("The amounts add up to more than 9,223,372,036,854,775,807 minor units")
    assert ledger.query("SELECT count(*) FROM balance_records") == [(0,)]


def test_a_balance_file_of_more_than_64_bits_is_rejected_in_words(ledger: RunningLedger) -> None:
    """A file states what a branch is owed in all: what nobody can count, nobody applies."""
    api = ledger.sign_in("supervisor")
    count = COUNTED_MAX // MAX_AMOUNT_MINOR + 1
    largest = f"{MAX_AMOUNT_MINOR // 100}.00"
    whole, cents = divmod(count * MAX_AMOUNT_MINOR, 100)
    rows = [payer(f"9{place:07d}", largest) for place in range(count - 1)]
    done = check_file(api, universal(payer("000101", largest), *rows, total=f"{whole}.{cents:02d}"))
    assert (done["state"], done["total_minor"]) == ("rejected", 0)
    assert done["reason"].startswith("The balances add up to more than")
    assert queues(api)["files-to-apply"] == 0


def test_a_cycle_in_which_more_was_bought_than_is_counted_takes_no_more(own_ledger: RunningLedger) -> None:
    """What is owed may be little where as much was paid: the cycle's own figures stand in its statement."""
    shop = Shop(own_ledger)
    made = shop.open()

    def much(tx: BulkTx) -> None:
        bound = {"much": COUNTED_MAX - 5}
        tx.connection.execute("UPDATE credit_accounts SET cycle_purchases_minor = :much", bound)

    own_ledger.bulk(much)
    api = own_ledger.sign_in("supervisor")
    path = f"/v1/credit-accounts/{made['id']}/purchases"
    assert api.post(path, {"amount_minor": 5, "pos_ref": "LAST"}).status_code == 201
    refused = api.post(path, {"amount_minor": 1, "pos_ref": "MORE"})
    assert (refused.status_code, refused.json()["code"]) == (422, "validation")
    assert own_ledger.balance_minor(made["id"]) == 5
