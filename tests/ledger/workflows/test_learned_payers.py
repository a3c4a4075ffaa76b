"""Learned payers: visible, owned, forgotten, switched off; and the habit of amount and date."""

import itertools
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.ledger.learned import a_row
from tests.ledger.running import RunningLedger, fresh_key
from tests.ledger.till import MASK, OTHER_SHORT_CODE, Till, open_till
from tests.ledger.workflows.test_payments import refused

from branchtui.contract.sessions import Role
from branchtui.ledger.store import migrate
from branchtui.ledger.store.sqlite import connect
from branchtui.ledger.workflows.payer_habits import COMMON, HABITS, MONTHS, month_before, weeks_of
from branchtui.ledger.workflows.payer_memory import payer_key, trusted

pytestmark = pytest.mark.both_stores

_numbers = itertools.count(254_799_100_000)


@pytest.fixture(scope="module")
def till(running_ledger: RunningLedger) -> Till:
    return open_till(running_ledger)


@pytest.fixture
def own_till(new_ledger: Callable[[Path], str], tmp_path: Path) -> Iterator[Till]:
    with RunningLedger(new_ledger(tmp_path)) as ledger:
        yield open_till(ledger)
        ledger.check()


def a_payer(**changes: Any) -> dict[str, Any]:
    """Somebody of whom nothing is known but a phone that no customer has."""
    return {
        "BillRefNumber": "",
        "MSISDN": str(next(_numbers)),
        "FirstName": "ZAWADI",
        "LastName": None,
    } | changes


def teach(
    till: Till, payer: dict[str, Any], customer_no: str = "000103", *, who: str = "teller"
) -> dict[str, Any]:
    """Give a payment of the payer to a customer; returns what was learned by it."""
    given = till.give(till.pay(**payer), customer_no, who=who)
    assert given.status_code == 200, given.text
    return learned(till, payer, who=who)


def learned(till: Till, payer: dict[str, Any], *, who: str = "teller") -> dict[str, Any]:
    (found,) = till.api(who).get("/v1/learned-payers", q=payer["MSISDN"]).json()["items"]
    row: dict[str, Any] = found
    return row


def switch(till: Till, row: dict[str, Any], to: bool, *, who: str = "teller", **options: Any) -> Any:
    options.setdefault("if_match", row["version"])
    return till.api(who).patch(f"/v1/learned-payers/{row['id']}", {"active": to}, **options)


def proposed(till: Till, payment: dict[str, Any]) -> list[tuple[str, tuple[str, ...]]]:
    return [(each["customer"]["customer_no"], tuple(each["reasons"])) for each in till.candidates(payment)]


BEFORE = "the same payer was given to this customer before, {}"

# ── seen ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_what_a_person_taught_is_seen_with_who_and_until_when(till: Till) -> None:
    """Contract, section 5, tier 5: a learned payer is visible and owned, and expires a year after its last use."""
    payer = a_payer()
    row = teach(till, payer)
    assert (row["taught_by"], row["times"], row["state"]) == ("teller", 1, "active")
    assert (row["customer"]["customer_no"], row["payer_name"]) == ("000103", "ZAWADI")
    used, ends = (datetime.fromisoformat(row[name]) for name in ("used_at", "expires_at"))
    assert ends - used == timedelta(days=365)
    again = teach(till, payer)
    assert (again["id"], again["times"], again["version"]) == (row["id"], 2, 2)
    assert proposed(till, till.pay(**payer)) == [("000103", (BEFORE.format("2 times"),))]
    assert till.api("teller").get(f"/v1/learned-payers/{row['id']}").json() == again


def test_the_phone_is_masked_unless_permitted(till: Till) -> None:
    """AUTHZ-4: as on the payment itself."""
    payer = a_payer()
    assert teach(till, payer)["payer_phone"].startswith("+2547*")
    assert learned(till, payer, who="supervisor")["payer_phone"] == f"+{payer['MSISDN']}"


def test_another_branchs_is_not_there(till: Till) -> None:
    """AUTHZ-2: a teller sees what the own branch learned."""
    payer = a_payer(BusinessShortCode=OTHER_SHORT_CODE)
    row = teach(till, payer, "000201", who="teller2")
    assert till.api("teller").get("/v1/learned-payers", q=payer["MSISDN"]).json()["items"] == []
    assert till.api("teller").get(f"/v1/learned-payers/{row['id']}").status_code == 404
    assert refused(switch(till, row, False)) == (404, "not-found")


def test_the_list_narrows_by_name_and_by_state(till: Till) -> None:
    """A list of the ledger: `q`, `state`, `customer`, `count`."""
    payer = a_payer(FirstName="Kwibuka")
    row = teach(till, payer, "000104")
    asked = till.api("teller").get("/v1/learned-payers", q="kwibuka", state="active", count="true").json()
    assert ([each["id"] for each in asked["items"]], asked["count"]) == ([row["id"]], 1)
    for state in ("off", "expired"):
        assert till.api("teller").get("/v1/learned-payers", q="kwibuka", state=state).json()["items"] == []
    mine = till.api("teller").pages(f"/v1/learned-payers?customer={till.id_of('000104')}")
    assert row["id"] in [each["id"] for each in mine]
    assert {each["customer"]["customer_no"] for each in mine} == {"000104"}


def test_a_payment_that_is_taken_back_teaches_nothing(till: Till) -> None:
    """What a person decided counts as long as it stands."""
    payer = a_payer()
    first, second = (till.give(till.pay(**payer), "000103").json() for _ in range(2))
    assert learned(till, payer)["times"] == 2
    till.take_back(first)
    assert learned(till, payer)["times"] == 1
    body = {"customer_id": till.id_of("000104"), "reason": "it was his"}
    moved = till.api("teller").post(f"/v1/payments/{second['id']}/reassign", body, if_match=second["version"])
    assert moved.status_code == 200, moved.text
    assert learned(till, payer)["customer"]["customer_no"] == "000104"


def test_a_mask_is_remembered_with_the_name_alone() -> None:
    """A masked phone is many people's, and without a name nobody's."""
    assert payer_key(MASK, "masked", "ZAWADI") == f"{MASK} ZAWADI"
    assert payer_key(MASK, "masked", None) is None
    assert payer_key(None, "none", "ZAWADI") is None


# ── switched off ─────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_switched_off_one_proposes_nobody_until_it_is_on_again(till: Till) -> None:
    """Contract, section 5: it can be switched off, and stays so whatever is given by it later."""
    payer = a_payer()
    row = teach(till, payer)
    off = switch(till, row, False)
    assert (off.status_code, off.json()["state"], off.json()["switched_by"]) == (200, "off", "teller"), (
        off.text
    )
    assert proposed(till, till.pay(**payer)) == []
    kept = teach(till, payer)
    assert (kept["state"], kept["times"]) == ("off", 2)
    waits = till.pay(**payer)
    assert proposed(till, waits) == []
    assert switch(till, kept, True).json()["state"] == "active"
    assert proposed(till, waits) == [("000103", (BEFORE.format("2 times"),))]


def test_a_switched_off_one_is_kept_when_its_payment_is_taken_back(till: Till) -> None:
    """The decision outlives what it was made on: the next payment does not teach it anew."""
    payer = a_payer()
    given = till.give(till.pay(**payer), "000103").json()
    switch(till, learned(till, payer), False)
    till.take_back(given)
    assert (learned(till, payer)["times"], learned(till, payer)["state"]) == (0, "off")
    teach(till, payer)
    assert proposed(till, till.pay(**payer)) == []


def test_a_switch_is_exactly_once_versioned_and_audited(till: Till) -> None:
    """IDEM-4, CONC-2, AUD-1: the same key again answers the same; a stale version changes nothing."""
    payer = a_payer()
    row, key = teach(till, payer), fresh_key()
    first, again = (switch(till, row, False, key=key) for _ in range(2))
    assert first.json() == again.json()
    assert refused(switch(till, row, True)) == (412, "precondition-failed")
    path = f"/v1/learned-payers/{row['id']}"
    told = till.ledger.query("SELECT actor, action, before, after FROM audit WHERE object = ?", path)
    assert len(told) == 1
    assert told[0][:2] == ("teller", "learned-payer.change")
    assert '"active":false' in told[0][3].replace(" ", "")


def test_it_is_switched_by_whom_it_belongs_to_or_by_a_supervisor(till: Till) -> None:
    """Owned: a teller switches what the teller taught, and not what a supervisor decided since."""
    till.ledger.add_user("neighbour", Role.TELLER)
    payer = a_payer()
    row = teach(till, payer)
    answer = switch(till, row, False, who="neighbour")
    assert refused(answer) == (403, "forbidden")
    assert answer.json()["detail"] == "teller taught this. Ask a supervisor to switch it off."
    shown = learned(till, payer, who="neighbour")
    assert (shown["actions"], shown["refused"]["switch"]["message"]) == ([], answer.json()["detail"])
    off = switch(till, row, False, who="supervisor").json()
    answer = switch(till, off, True)
    assert refused(answer) == (403, "forbidden")
    assert answer.json()["detail"] == "supervisor switched it off. Ask a supervisor to switch it on."
    assert refused(switch(till, off, True, who="auditor")) == (403, "forbidden")
    assert switch(till, off, True, who="supervisor").status_code == 200


def test_what_one_branch_switched_off_is_not_proposed_by_another_that_taught_it() -> None:
    """Within one scope off means off: HQ's payments look at what its branches learned."""
    on, off = a_row("NKU", active=1), a_row("HQ", active=0)
    assert trusted([on], frozenset({"NKU", "HQ"}), 10) == {"owner": 1}
    assert trusted([on, off], frozenset({"NKU", "HQ"}), 10) == {}
    assert trusted([on, off], frozenset({"NKU"}), 10) == {"owner": 1}


def test_an_expired_one_proposes_nobody_until_it_is_taught_anew(own_till: Till) -> None:
    """It expires a year after its last use, is seen as expired, and lives again by the next payment."""
    payer = a_payer()
    teach(own_till, payer)
    waits = own_till.pay(**payer)
    assert len(proposed(own_till, waits)) == 1
    own_till.ledger.clock.advance(days=366)
    own_till.ledger._apis.clear()
    assert proposed(own_till, waits) == []
    expired = own_till.api("teller").get("/v1/learned-payers", state="expired").json()["items"]
    assert [each["state"] for each in expired] == ["expired"]
    assert own_till.give(waits, "000103").status_code == 200
    assert learned(own_till, payer)["state"] == "active"
    assert len(proposed(own_till, own_till.pay(**payer))) == 1


# ── habits ───────────────────────────────────────────────────────────────────────────────────────────────────────────

HABIT = "paid 777.00 KES about this day in {} of the last 3 months, and nobody else did"


def paid_on(
    till: Till, day: str, customer_no: str | None = None, *, amount: str = "777.00"
) -> dict[str, Any]:
    """A payment of that day by nobody who is known; given to a customer where one is named."""
    payment = till.pay(**a_payer(TransAmount=amount, TransTime=f"{day.replace('-', '')}091502"))
    if customer_no is not None:
        assert till.give(payment, customer_no).status_code == 200
    return payment


def test_who_paid_this_amount_about_this_day_is_proposed_and_given_nothing(own_till: Till) -> None:
    """Contract, section 5, tier 5: an amount-and-date habit is a suggestion with its reason."""
    paid_on(own_till, "2026-10-02", "000103")
    waits = paid_on(own_till, "2026-11-03")
    assert proposed(own_till, waits) == []
    paid_on(own_till, "2026-09-06", "000103")
    assert proposed(own_till, waits) == [("000103", (HABIT.format(2),))]
    assert own_till.candidates(waits)[0]["tier"] == 5
    paid_on(own_till, "2026-08-31", "000103", amount="776.99")
    paid_on(own_till, "2026-08-01", "000103")
    assert proposed(own_till, waits) == [("000103", (HABIT.format(3),))]
    assert own_till.by_code(waits["code"])[0]["state"] == "unassociated"
    assert proposed(own_till, paid_on(own_till, "2026-11-10")) == []
    assert proposed(own_till, paid_on(own_till, "2026-11-03", amount="778.00")) == []


def test_a_habit_that_two_have_proposes_nobody(own_till: Till) -> None:
    """Ambiguity never resolves itself."""
    for month in ("2026-10-03", "2026-09-03"):
        paid_on(own_till, month, "000103")
    waits = paid_on(own_till, "2026-11-03")
    assert [number for number, _ in proposed(own_till, waits)] == ["000103"]
    given = [paid_on(own_till, month, "000104") for month in ("2026-10-05", "2026-09-01")]
    assert proposed(own_till, waits) == []
    own_till.take_back(own_till.by_code(given[0]["code"])[0])
    assert [number for number, _ in proposed(own_till, waits)] == ["000103"]


def test_the_same_day_a_month_before_is_the_last_where_there_is_none() -> None:
    """The thirty-first is looked for about the thirtieth, and in February about its end."""
    assert month_before(date(2026, 3, 31), 1) == date(2026, 2, 28)
    assert month_before(date(2026, 1, 15), 3) == date(2025, 10, 15)
    assert month_before(date(2026, 12, 31), 1) == date(2026, 11, 30)


def test_habits_are_found_by_their_index_and_end_soon(till: Till) -> None:
    """Stack: what is proposed costs the same among a million payments: each week is read by the index, so far at most."""
    if till.ledger.database.startswith("postgresql"):
        pytest.skip("its planner decides by size")
    bound = {"branches": "[]", "amount": 1, "currency": "KES"} | weeks_of(date(2026, 11, 3), "Africa/Nairobi")
    connection = connect(till.ledger.path, read_only=True)
    plan = [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {HABITS}", bound)]
    connection.close()
    found = [line for line in plan if line.startswith(("SEARCH payments", "SCAN payments"))]
    index = "payments_amount (branch_id=? AND amount_minor=? AND state=? AND paid_at>? AND paid_at<?)"
    assert found == [f"SEARCH payments USING INDEX {index}"] * MONTHS, plan
    assert HABITS.count(f"LIMIT {COMMON + 1}") == MONTHS


# ── what older ledgers know ──────────────────────────────────────────────────────────────────────────────────────────


def test_an_older_ledger_remembers_what_its_people_decided(own_till: Till) -> None:
    """The migration makes rows of the associations that stand; rendered for the store the ledger stands on."""
    payer, masked = a_payer(), a_payer(MSISDN=MASK, FirstName="Tumaini")
    for one in (payer, payer, masked):
        assert own_till.give(own_till.pay(**one), "000103").status_code == 200
    own_till.take_back(own_till.give(own_till.pay(**a_payer()), "000104").json())
    wanted = "SELECT payer_key, payer_phone, taught_by, taught_at, used_at, times, active, customer_id, search_text"
    wanted += " FROM learned_payers ORDER BY payer_key"
    known = own_till.ledger.query(wanted)
    assert [row[5] for row in known] == [2, 1]
    dialect = "postgresql" if own_till.ledger.database.startswith("postgresql") else "sqlite"

    def migrate_again(tx: Any) -> None:
        tx.connection.execute("DELETE FROM learned_payers")
        script = migrate.render("imported_r0004", dialect)
        insert = script[script.index("INSERT INTO learned_payers") : script.index("UPDATE alembic_version")]
        tx.connection.execute(insert.strip().rstrip(";"))

    own_till.ledger.bulk(migrate_again)
    assert own_till.ledger.query(wanted) == known
