"""A statement that is taken in piece by piece: wherever a piece ends, the same payments come of it."""

from __future__ import annotations

import hashlib

import pytest
from tests.ledger.running import RunningLedger
from tests.ledger.statements import PROVIDER, credit, import_statement, mt940, own_accounts
from tests.ledger.till import Till, open_till

from branchtui.ledger.store.unit import BulkTx
from branchtui.ledger.workflows import import_kinds, import_run, payment_bulk
from branchtui.ledger.workflows.statement_take import StatementRows

pytestmark = pytest.mark.both_stores

ACCOUNT = PROVIDER.partition(":")[2]


@pytest.fixture(scope="module")
def till(running_ledger: RunningLedger) -> Till:
    own_accounts(running_ledger, ACCOUNT)
    return open_till(running_ledger)


def in_pieces_of(count: int, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (import_kinds, import_run):
        small = dict.fromkeys(import_kinds.STATEMENT_KINDS, StatementRows(chunk_rows=count))
        monkeypatch.setattr(module, "STATEMENT_KINDS", small)


@pytest.mark.parametrize("size", [1, 2, 3, 4, 7, 2_000])
def test_wherever_a_piece_ends_the_same_payments_come_of_it(
    till: Till, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    """INV-6: a code twice in a piece and across pieces, a contradiction in the midst, known ones, one that waits."""
    in_pieces_of(size, monkeypatch)
    api, mark = till.api("supervisor"), f"PIECE{size:04d}"
    import_statement(api, mt940(credit(f"{mark}KNOWN", "5,00"), credit(f"{mark}WRONG", "6,00")))
    before = till.balance("000101"), till.balance("000102")

    done = import_statement(
        api,
        mt940(
            credit(f"{mark}TWICE", "10,00"),
            credit(f"{mark}TWICE", "10,00"),
            credit(f"{mark}KNOWN", "5,00"),
            credit(f"{mark}ACHIENG", "3,00", says="100246"),
            credit(f"{mark}WRONG", "7,00"),
            credit(f"{mark}NOBODY", "4,00", says="100299"),
            credit(f"{mark}TWICE", "10,00"),
            credit(f"{mark}LAST", "2,00"),
        ),
        mode="valid_rows",
    )

    (totals,) = done["statements"]
    assert (done["state"], done["imported"]) == ("done", 6)
    assert (totals["new"], totals["known"], totals["quarantined"]) == (6, 1, 1)
    assert till.balance("000101") - before[0] == 3 * 1_000 + 200
    assert till.balance("000102") - before[1] == 300
    taken = sorted(
        each["code"] for each in till.top.pages("/v1/payments") if str(each["code"]).startswith(mark)
    )
    assert taken == sorted(
        f"{mark}{code}"
        for code in (
            *("TWICE", "TWICE/261103", "TWICE/261103/2"),
            *("KNOWN", "WRONG", "ACHIENG", "NOBODY", "LAST"),
        )
    )
    (event,) = till.events(f"{mark}WRONG")
    assert event["state"] == "quarantined"
    (waits,) = till.by_code(f"{mark}NOBODY")
    assert waits["waits_because"] == "Reference 100299 looks like one of our numbers and names nobody."
    again = import_statement(api, mt940(credit(f"{mark}LAST", "2,00"), number=f"{size}"))
    assert again["imported"] == 0


def test_each_piece_is_one_link_of_the_chain(till: Till, monkeypatch: pytest.MonkeyPatch) -> None:
    """AUD-1: how many payments a piece took in, their sum, and the fingerprint of their ids in order."""
    in_pieces_of(2, monkeypatch)
    done = import_statement(
        till.api("supervisor"), mt940(*(credit(f"LINK{number:06d}", "1,00") for number in range(5)))
    )
    links = till.ledger.query(
        "SELECT after FROM audit WHERE object = ? AND action = 'import.rows' ORDER BY seq",
        f"/v1/imports/{done['id']}",
    )
    ids = [till.by_code(f"LINK{number:06d}")[0]["id"] for number in range(5)]
    hashes = [
        hashlib.sha256("".join(f"{each}:1\n" for each in ids[at : at + 2]).encode()).hexdigest()
        for at in (0, 2, 4)
    ]
    assert [after for (after,) in links] == [
        f'{{"rows":{rows},"set_hash":"{set_hash}","total_minor":{rows * 100}}}'
        for rows, set_hash in zip((2, 2, 1), hashes, strict=True)
    ]


def test_payments_that_enter_the_text_index_at_once_are_found_as_others_are(
    till: Till, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Contract, section 5: found by code and by reference, before and after they change, and those that follow too."""
    monkeypatch.setattr(payment_bulk, "FEW", 2)
    api = till.api("supervisor")
    import_statement(api, mt940(credit("INDEXED00001", says="ZEBRA"), credit("INDEXED00002", says="GIRAFFE")))
    (zebra,) = till.by_code("INDEXED00001")
    assert [each["code"] for each in api.get("/v1/payments", q="zebra").json()["items"]] == ["INDEXED00001"]
    assert till.give(zebra, "000103").status_code == 200
    given = api.get("/v1/payments", q="zebra", state="associated").json()["items"]
    assert [each["code"] for each in given] == ["INDEXED00001"]
    later = till.pay(BillRefNumber="OKAPI", MSISDN="2547*****999")
    assert [each["id"] for each in api.get("/v1/payments", q="okapi").json()["items"]] == [later["id"]]


def test_a_piece_that_fails_leaves_the_text_index_as_it_was(
    till: Till, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The trigger of the text index is away for the length of a transaction: one that is undone brings it back."""
    monkeypatch.setattr(payment_bulk, "FEW", 1)

    def fail(tx: BulkTx) -> None:
        def broken(*_: object) -> None:
            raise ZeroDivisionError

        monkeypatch.setattr(payment_bulk, "insert_rows", broken)
        payment_bulk.insert_payments(tx, [()])

    with pytest.raises(ZeroDivisionError):
        till.ledger.bulk(fail)
    monkeypatch.undo()
    paid = till.pay(BillRefNumber="WALRUS", MSISDN="2547*****998")
    assert [each["id"] for each in till.top.get("/v1/payments", q="walrus").json()["items"]] == [paid["id"]]
