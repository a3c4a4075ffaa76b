"""One booking told of as one entry and as its payments: whichever file comes first, the money is in the books once."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import Any

import pytest
from tests.ledger.files import findings
from tests.ledger.running import Api, RunningLedger
from tests.ledger.statements import import_statement, own_accounts
from tests.ledger.till import Till, open_till

pytestmark = pytest.mark.both_stores

NUMBERS = itertools.count(1)
NAMES = (
    "<AcctSvcrRef>BATCH-000777</AcctSvcrRef>",
    "<NtryRef>ENTRY-000777</NtryRef>",
)
COUNT = "<NtryDtls><Btch><PmtInfId>{}</PmtInfId><NbOfTxs>2</NbOfTxs></Btch>{}</NtryDtls>"
PARTS = "".join(
    f'<TxDtls><Refs><TxId>TX-000000{n}</TxId></Refs><Amt Ccy="KES">{amount}</Amt>'
    f"<RmtInf><Ustrd>{says}</Ustrd></RmtInf></TxDtls>"
    for n, amount, says in ((1, "10.00", "100245"), (2, "20.00", "100246"))
)


@pytest.fixture(scope="module")
def own_till(running_ledger: RunningLedger) -> Till:
    return open_till(running_ledger)


@dataclass(frozen=True)
class Bank:
    """An account of its own in the ledger of the module."""

    till: Till
    account: str

    @property
    def api(self) -> Api:
        return self.till.api("supervisor")

    def mine(self, path: str) -> list[dict[str, Any]]:
        return [each for each in self.till.top.pages(path) if each["provider"] == f"equity:{self.account}"]


@pytest.fixture
def bank(own_till: Till) -> Bank:
    account = f"0170{next(NUMBERS):09d}"
    own_accounts(own_till.ledger, account)
    return Bank(own_till, account)


def camt(
    account: str, message: str, details: str = "", *, named: str = NAMES[0], day: str = "2026-11-03"
) -> str:
    inner = {"053": ("BkToCstmrStmt", "Stmt"), "054": ("BkToCstmrDbtCdtNtfctn", "Ntfctn")}[message]
    return (
        f'<?xml version="1.0"?><Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.{message}.001.08">'
        f"<{inner[0]}><{inner[1]}><Id>{message}-{day}</Id><Acct><Id><Othr><Id>{account}</Id></Othr></Id>"
        f'<Ccy>KES</Ccy></Acct><Ntry>{named}<Amt Ccy="KES">30.00</Amt><CdtDbtInd>CRDT</CdtDbtInd>'
        f"<Sts><Cd>BOOK</Cd></Sts><BookgDt><Dt>{day}</Dt></BookgDt>{details}</Ntry></{inner[1]}></{inner[0]}></Document>"
    )


def whole(bank: Bank, details: str = "", **more: Any) -> dict[str, Any]:
    return import_statement(bank.api, camt(bank.account, "053", details, **more))


def parts(bank: Bank, **more: Any) -> dict[str, Any]:
    return import_statement(bank.api, camt(bank.account, "054", COUNT.format("COLLECTION-1", PARTS), **more))


def booked(bank: Bank) -> list[tuple[str, int]]:
    return sorted((each["code"], each["amount_minor"]) for each in bank.mine("/v1/payments"))


def fates(done: dict[str, Any]) -> tuple[int, int, int]:
    (totals,) = done["statements"]
    return done["imported"], totals["known"], totals["quarantined"]


SPLIT = [("TX-0000001", 1_000), ("TX-0000002", 2_000)]


@pytest.mark.parametrize(
    ("named", "details"),
    [
        (NAMES[0], ""),
        (NAMES[0], COUNT.format("COLLECTION-2", "")),
        (NAMES[1], ""),
        ("", COUNT.format("COLLECTION-1", "")),
    ],
    ids=["bank's reference", "stated count", "entry's reference", "batch's reference"],
)
def test_a_booking_whose_payments_are_in_is_known_by_any_name_of_it(
    bank: Bank, named: str, details: str
) -> None:
    """The notification first: the statement's one entry adds nothing, and says which it is."""
    assert fates(parts(bank, named="".join(reversed(NAMES)))) == (2, 0, 0)
    done = whole(bank, details, named=named)
    assert (done["state"], *fates(done)) == ("done", 0, 1, 0)
    assert "its 2 payments are in, one by one" in findings(bank.api, done)[-1]["message"]
    assert booked(bank) == SPLIT
    assert bank.mine("/v1/callback-events") == []
    assert fates(parts(bank, named=NAMES[0])) == (0, 2, 0)


def test_a_booking_of_several_payments_waits_for_them(bank: Bank) -> None:
    """The statement first: nothing is booked for the entry, a person sees it, and the notification brings its payments."""
    done = whole(bank, COUNT.format("COLLECTION-1", ""))
    assert (done["state"], *fates(done)) == ("done", 0, 0, 1)
    (event,) = bank.mine("/v1/callback-events")
    assert "they come in with the bank's notification (camt.054)" in event["reason"]
    assert booked(bank) == []
    assert fates(parts(bank)) == (2, 0, 0)
    assert booked(bank) == SPLIT
    again = whole(bank, COUNT.format("COLLECTION-1", "") + "\n")
    assert fates(again) == (0, 1, 0)


def test_parts_of_a_booking_that_is_one_payment_are_left_to_a_person(bank: Bank) -> None:
    """A statement that says nothing of several payments: its entry is one, and its parts add nothing to it."""
    assert fates(whole(bank)) == (1, 0, 0)
    assert fates(parts(bank)) == (0, 0, 2)
    assert booked(bank) == [("BATCH-000777", 3_000)]
    reasons = {each["reason"] for each in bank.mine("/v1/callback-events")}
    assert [" as a whole: its parts are not taken in" in each for each in reasons] == [True]


def test_the_same_reference_and_amount_on_another_day_is_asked_about(bank: Bank) -> None:
    """A bank may repeat a reference, or date its notification otherwise: neither is guessed."""
    parts(bank)
    assert fates(whole(bank, day="2026-11-04")) == (0, 0, 1)
    assert booked(bank) == SPLIT
    (event,) = bank.mine("/v1/callback-events")
    assert "a booking of 2026-11-03 with this amount came in as its 2 payments" in event["reason"]


def test_what_became_known_since_the_preview_is_no_second_booking(bank: Bank) -> None:
    """The notification between the preview of the statement and its start."""
    api = bank.api
    preview = import_statement(api, camt(bank.account, "053"), dry_run=True)
    parts(bank)
    asked = {"sha256": preview["sha256"], "preview_version": preview["preview_version"]}
    started = api.post(f"/v1/imports/{preview['id']}/start", asked)
    assert api.get(started.headers["location"], wait=20).json()["result"]["imported"] == 0
    assert booked(bank) == SPLIT
