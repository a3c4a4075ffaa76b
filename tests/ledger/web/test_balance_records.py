"""Balance records over HTTP, against a real ledger (contract, section 4)."""

from __future__ import annotations

import itertools
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from tests.ledger.running import TELLER_LIMIT_MINOR, Api, Member, RunningLedger, fresh_key

from branchtui.ledger.days import day_key
from branchtui.ledger.store import tables
from branchtui.ledger.store.rows import ClosedDay

RECORDS = "/v1/balance-records"
_references = itertools.count(1)


@pytest.fixture
def member(running_ledger: RunningLedger) -> Member:
    return running_ledger.add_member()


@pytest.fixture
def teller(running_ledger: RunningLedger) -> Api:
    return running_ledger.sign_in("teller")


@pytest.fixture
def supervisor(running_ledger: RunningLedger) -> Api:
    return running_ledger.sign_in("supervisor")


def body_for(ledger: RunningLedger, member: Member, **changes: Any) -> dict[str, Any]:
    return {
        "customer_id": member.id,
        "account_kind": "savings",
        "amount_minor": 125_000,
        "currency": "KES",
        "as_of_date": ledger.today().isoformat(),
        "external_ref": f"REF-{next(_references)}",
    } | changes


def keyed(ledger: RunningLedger, api: Api, member: Member, **changes: Any) -> dict[str, Any]:
    """A record that waits."""
    answer = api.post(RECORDS, body_for(ledger, member, **changes))
    assert answer.status_code == 201, answer.text
    return answer.json()


def in_state(ledger: RunningLedger, member: Member, state: str) -> dict[str, Any]:
    """A record in this state."""
    supervisor = ledger.sign_in("supervisor")
    record = keyed(ledger, supervisor, member)
    if state in {"accounted", "reversed"}:
        record = supervisor.post(f"{RECORDS}/{record['id']}/post", if_match=1).json()
    if state == "reversed":
        reason = {"reason": "keyed twice"}
        record = supervisor.post(f"{RECORDS}/{record['id']}/reverse", reason, if_match=2).json()
    assert record["status"] == state
    return record | {"balances": []}


def send(api: Api, command: str, record: dict[str, Any], **options: Any) -> Any:
    path = f"{RECORDS}/{record['id']}"
    options.setdefault("if_match", record["version"])
    if command == "edit":
        return api.patch(path, {"amount_minor": 99_900}, **options)
    if command == "delete":
        return api.delete(path, **options)
    if command == "reverse":
        return api.post(f"{path}/reverse", {"reason": "keyed for another customer"}, **options)
    return api.post(f"{path}/post", **options)


# ── states and commands ─────────────────────────────────────────────────────────────────────────────────────────────

STATES = ("not_accounted", "accounted", "reversed")
COMMANDS = ("post", "edit", "delete", "reverse")
PERMITTED = {
    ("not_accounted", "post"): (200, "accounted"),
    ("not_accounted", "edit"): (200, "not_accounted"),
    ("not_accounted", "delete"): (204, None),
    ("accounted", "reverse"): (200, "reversed"),
}


@pytest.mark.parametrize(("state", "command"), list(itertools.product(STATES, COMMANDS)))
def test_every_command_in_every_state_is_permitted_or_refused_as_the_table_says(
    running_ledger: RunningLedger, member: Member, supervisor: Api, state: str, command: str
) -> None:
    """Contract 4: the permitted pairs change the state, an accounted record answers `record-accounted`."""
    record = in_state(running_ledger, member, state)
    offered = command in record["actions"]

    answer = send(supervisor, command, record)

    assert offered == ((state, command) in PERMITTED)
    after = supervisor.get(f"{RECORDS}/{record['id']}")
    if offered:
        status, next_state = PERMITTED[state, command]
        assert answer.status_code == status
        assert after.status_code == (404 if next_state is None else 200)
        if next_state is not None:
            assert after.json()["status"] == answer.json()["status"] == next_state
            assert answer.headers["etag"] == f'"{record["version"] + 1}"'
        return
    accounted = state == "accounted"
    assert answer.status_code == 409
    problem = answer.json()
    assert problem["code"] == ("record-accounted" if accounted else "transition-not-allowed")
    assert problem["outcome"] == "not_applied"
    assert problem["code"] == record["refused"][command]["code"]
    assert problem["detail"] == record["refused"][command]["message"]
    assert problem["current"]["version"] == record["version"]
    if not accounted:
        allowed = ["post", "edit", "delete"] if state == "not_accounted" else []
        assert (problem["from"], problem["command"], problem["allowed"]) == (state, command, allowed)
    assert after.json()["version"] == record["version"]


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("state", ["not_accounted", "accounted"])
def test_what_is_another_branchs_does_not_exist(
    running_ledger: RunningLedger, member: Member, state: str, command: str
) -> None:
    """AUTHZ-2: another branch's record answers 404, exactly as one that was never there."""
    record = in_state(running_ledger, member, state)
    stranger = running_ledger.sign_in("supervisor2")

    answer = send(stranger, command, record)
    nowhere = send(stranger, command, record | {"id": "never-there"})

    assert answer.status_code == nowhere.status_code == 404
    assert answer.json()["detail"] == nowhere.json()["detail"]
    assert stranger.get(f"{RECORDS}/{record['id']}").status_code == 404


def test_the_top_branch_sees_and_posts_what_is_below_it(
    running_ledger: RunningLedger, member: Member
) -> None:
    """Contract 5: a scope covers the branch and those below it."""
    record = in_state(running_ledger, member, "not_accounted")
    assert send(running_ledger.sign_in("hq-supervisor"), "post", record).json()["status"] == "accounted"


@pytest.mark.parametrize(
    ("username", "command", "status"),
    [("teller", "reverse", 403), *[("auditor", command, 403) for command in COMMANDS]],
)
def test_a_role_that_may_not_is_refused_and_told_so_beforehand(
    running_ledger: RunningLedger, member: Member, username: str, command: str, status: int
) -> None:
    """AUTHZ-1: what the role may not do is in `refused` as `forbidden`, and answers 403."""
    state = "accounted" if command == "reverse" else "not_accounted"
    record = in_state(running_ledger, member, state)
    api = running_ledger.sign_in(username)

    assert api.get(f"{RECORDS}/{record['id']}").json()["refused"][command]["code"] == "forbidden"
    answer = send(api, command, record)

    assert (answer.status_code, answer.json()["code"]) == (status, "forbidden")


def test_an_amount_above_the_tellers_limit_needs_a_supervisor(
    running_ledger: RunningLedger, member: Member, teller: Api, supervisor: Api
) -> None:
    """Contract 4: at the limit a teller posts, one beyond it answers `needs-checker` and leaves the key free."""
    at_limit = keyed(running_ledger, teller, member, amount_minor=TELLER_LIMIT_MINOR)
    above = keyed(running_ledger, teller, member, amount_minor=TELLER_LIMIT_MINOR + 1)

    assert send(teller, "post", at_limit).status_code == 200
    refused = send(teller, "post", above, key=(key := fresh_key()))

    assert (refused.status_code, refused.json()["code"]) == (403, "needs-checker")
    assert above["refused"]["post"]["code"] == "needs-checker"
    assert "100,000.00" in refused.json()["detail"]
    assert send(supervisor, "post", above, key=key).status_code == 200


# ── what posting does ───────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("kind", "side"), [("savings", -1), ("shares", -1), ("overpayment", -1), ("loan", 1)]
)
def test_posting_moves_the_customers_account_against_the_opening_balance_contra(
    running_ledger: RunningLedger, member: Member, teller: Api, kind: str, side: int
) -> None:
    """Ledger 0: savings, shares and overpayment are credited, a loan is debited; the answer carries the balance."""
    record = keyed(running_ledger, teller, member, account_kind=kind, narration="passbook")

    posted = send(teller, "post", record).json()

    (balance,) = posted["balances"]
    assert (balance["kind"], balance["balance_minor"], balance["currency"]) == (kind, 125_000, "KES")
    assert posted["account_no"] == balance["account_no"]
    assert posted["posted_by"] == "teller"
    legs = running_ledger.query(
        "SELECT accounts.kind, legs.amount_minor, journal_entries.business_date FROM legs"
        " JOIN accounts ON accounts.id = account_id JOIN journal_entries ON journal_entries.id = entry_id"
        " WHERE subject_id = ?",
        record["id"],
    )
    day = record["as_of_date"]
    assert sorted(legs) == sorted(
        [(kind, side * 125_000, day), ("opening-balance-contra", -side * 125_000, day)]
    )


def test_reversing_writes_the_mirror_and_keeps_the_original(
    running_ledger: RunningLedger, member: Member, supervisor: Api
) -> None:
    """Contract 4: the balance is as before, two entries stand, the second points at the first."""
    record = in_state(running_ledger, member, "accounted")
    path, card = f"{RECORDS}/{record['id']}/reverse", {"reason": "4111 1111 1111 1111"}
    refused = supervisor.post(path, card, if_match=record["version"])
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "/reason")

    answer = send(supervisor, "reverse", record).json()

    assert answer["balances"][0]["balance_minor"] == 0
    entries = running_ledger.query(
        "SELECT id, reversal_of, narration FROM journal_entries WHERE subject_id = ? ORDER BY booked_at",
        record["id"],
    )
    assert [entry[1] for entry in entries] == [None, entries[0][0]]
    assert entries[1][2] == "keyed for another customer"


def test_a_second_posting_uses_the_account_that_the_first_opened(
    running_ledger: RunningLedger, member: Member, teller: Api
) -> None:
    """Contract 4: the customer's only account of that kind; one is opened only when there is none."""
    first = send(teller, "post", keyed(running_ledger, teller, member)).json()
    second = send(teller, "post", keyed(running_ledger, teller, member)).json()

    assert first["account_no"] == second["account_no"]
    assert second["balances"][0]["balance_minor"] == 250_000


def test_several_accounts_of_a_kind_are_never_guessed_at(running_ledger: RunningLedger, teller: Api) -> None:
    """Contract 4: without `account_no` several refuse with `account-ambiguous`; with it, that one is moved."""
    member = running_ledger.add_member(accounts=("wallet", "savings"))
    running_ledger.sign_in("supervisor")
    other = teller.post(f"/v1/customers/{member.id}/accounts", {"kind": "savings", "currency": "KES"}).json()
    record = keyed(running_ledger, teller, member)

    refused = send(teller, "post", record)
    assert (refused.status_code, refused.json()["code"]) == (409, "account-ambiguous")
    assert other["account_no"] in refused.json()["accounts"]

    named = teller.patch(f"{RECORDS}/{record['id']}", {"account_no": other["account_no"]}, if_match=1).json()
    assert send(teller, "post", named).json()["balances"][0]["account_no"] == other["account_no"]


@pytest.mark.parametrize("status", ["pending", "transfer_in_progress"])
def test_a_customer_who_is_not_active_may_be_keyed_for_but_not_posted_for(
    running_ledger: RunningLedger, teller: Api, status: str
) -> None:
    """Contract 4: posting needs an active customer; what an import stages may belong to a pending one."""
    record = keyed(running_ledger, teller, running_ledger.add_member(status=status))

    refused = send(teller, "post", record)

    assert (refused.status_code, refused.json()["code"]) == (409, "customer-not-active")
    assert record["refused"]["post"]["code"] == "customer-not-active"


@pytest.mark.parametrize("status", ["closed", "rejected", "withdrawn"])
def test_nothing_is_keyed_for_somebody_who_left(
    running_ledger: RunningLedger, teller: Api, status: str
) -> None:
    """Contract 3: a closed customer has no unposted record."""
    refused = teller.post(RECORDS, body_for(running_ledger, running_ledger.add_member(status=status)))
    assert (refused.status_code, refused.json()["code"]) == (409, "customer-not-active")


def test_a_closed_day_takes_no_record_and_no_posting(own_ledger: RunningLedger) -> None:
    """Contract 4: `as_of_date` is not in a closed day, when keyed and when posted; a reversal needs today open."""
    member, supervisor = own_ledger.add_member(), own_ledger.sign_in("supervisor")
    waiting = keyed(own_ledger, supervisor, member)
    posted = send(supervisor, "post", keyed(own_ledger, supervisor, member)).json()
    branch, today = own_ledger.branch("NKU"), own_ledger.today().isoformat()
    own_ledger.write(
        lambda tx: tx.put(ClosedDay(day_key(branch.id, today), branch.id, today, "supervisor", 0))
    )

    again = supervisor.post(RECORDS, body_for(own_ledger, member))
    assert (again.status_code, again.json()["errors"][0]["code"]) == (422, "day-closed")
    for command, record in (("post", waiting), ("reverse", posted)):
        refused = send(supervisor, command, record)
        assert (refused.status_code, refused.json()["code"]) == (409, "day-closed")
        seen = supervisor.get(f"{RECORDS}/{record['id']}").json()
        assert seen["refused"][command]["code"] == "day-closed"
    own_ledger.check()


def test_a_record_of_a_day_that_was_closed_since_is_not_posted_on_an_open_one(
    own_ledger: RunningLedger,
) -> None:
    """Contract 4: the entry would be of its own day, which was counted; with another date it can be posted."""
    member, supervisor = own_ledger.add_member(), own_ledger.sign_in("supervisor")
    yesterday = (own_ledger.today() - timedelta(days=1)).isoformat()
    record = supervisor.post(RECORDS, body_for(own_ledger, member) | {"as_of_date": yesterday}).json()
    branch = own_ledger.branch("NKU")
    closed = ClosedDay(day_key(branch.id, yesterday), branch.id, yesterday, "supervisor", 0)
    own_ledger.write(lambda tx: tx.put(closed))

    refused = send(supervisor, "post", record)
    assert (refused.status_code, refused.json()["code"]) == (409, "day-closed")
    today = {"as_of_date": own_ledger.today().isoformat()}
    moved = supervisor.patch(f"{RECORDS}/{record['id']}", today, if_match=1).json()
    assert send(supervisor, "post", moved).json()["status"] == "accounted"
    own_ledger.check()


# ── values ──────────────────────────────────────────────────────────────────────────────────────────────────────────

WRONG: list[tuple[str, dict[str, Any], str]] = [
    ("a kind that states no member balance", {"account_kind": "wallet"}, "/account_kind"),
    ("a kind nobody knows", {"account_kind": "gold"}, "/account_kind"),
    ("zero", {"amount_minor": 0}, "/amount_minor"),
    ("less than zero", {"amount_minor": -1}, "/amount_minor"),
    ("more than the largest", {"amount_minor": 10**15 + 1}, "/amount_minor"),
    ("a float", {"amount_minor": 12.5}, "/amount_minor"),
    ("text for an amount", {"amount_minor": "1250"}, "/amount_minor"),
    ("another currency", {"currency": "USD"}, "/currency"),
    ("no currency", {"currency": None}, "/currency"),
    ("an account of nobody", {"account_no": "999999"}, "/account_no"),
    ("a card number", {"narration": "4111 1111 1111 1111"}, "/narration"),
    ("a long narration", {"narration": "x" * 201}, "/narration"),
    ("direction marks", {"narration": "abc\u202e"}, "/narration"),
    ("an unknown member", {"status": "accounted"}, "/status"),
]


@pytest.mark.parametrize(
    ("changes", "pointer"), [case[1:] for case in WRONG], ids=[case[0] for case in WRONG]
)
def test_a_value_that_breaks_a_rule_is_named_with_its_place(
    running_ledger: RunningLedger, member: Member, teller: Api, changes: dict[str, Any], pointer: str
) -> None:
    """Contract 1 and 4, T-30, VAL-1 to 3: 422 with a pointer, and nothing is kept."""
    refused = teller.post(RECORDS, body_for(running_ledger, member, **changes))
    assert refused.status_code == 422
    assert [error["pointer"] for error in refused.json()["errors"]] == [pointer]
    assert teller.get(RECORDS, customer=member.id).json()["items"] == []


def test_tomorrow_is_refused_and_today_is_not(
    running_ledger: RunningLedger, member: Member, teller: Api
) -> None:
    """Contract 4: `as_of_date` is not in the future, by the branch's own calendar."""
    tomorrow = (running_ledger.today() + timedelta(days=1)).isoformat()
    refused = teller.post(RECORDS, body_for(running_ledger, member, as_of_date=tomorrow))
    assert refused.json()["errors"][0]["code"] == "date-in-future"
    assert keyed(running_ledger, teller, member)["as_of_date"] == running_ledger.today().isoformat()


def test_the_account_of_another_customer_is_not_this_ones(
    running_ledger: RunningLedger, member: Member, teller: Api
) -> None:
    """Contract 4: `account_no` is the customer's own, of that kind."""
    other = running_ledger.add_member(accounts=("wallet", "savings"))
    for number, owner in ((other.accounts["savings"], member), (other.accounts["wallet"], other)):
        refused = teller.post(RECORDS, body_for(running_ledger, owner, account_no=number.account_no))
        assert refused.json()["errors"][0]["pointer"] == "/account_no"


def test_a_customer_of_another_branch_cannot_be_named_in_a_body(
    running_ledger: RunningLedger, member: Member, teller: Api
) -> None:
    """AUTHZ-3: ids inside bodies are scope-checked too, on creating and on editing."""
    foreign = running_ledger.add_member("KSM")
    assert teller.post(RECORDS, body_for(running_ledger, foreign)).status_code == 404
    record = keyed(running_ledger, teller, member)
    answer = teller.patch(f"{RECORDS}/{record['id']}", {"customer_id": foreign.id}, if_match=1)
    assert answer.status_code == 404


def test_a_reference_is_taken_once_in_a_branch(
    running_ledger: RunningLedger, member: Member, teller: Api
) -> None:
    """Contract 4 and 10: 409 `reference-taken` with `existing`; another branch has its own references."""
    record = keyed(running_ledger, teller, member, external_ref="BOOK-17")

    refused = teller.post(RECORDS, body_for(running_ledger, member, external_ref="BOOK-17"))

    assert (refused.status_code, refused.json()["code"]) == (409, "reference-taken")
    assert refused.json()["existing"]["id"] == record["id"]
    elsewhere = running_ledger.add_member("KSM")
    keyed(running_ledger, running_ledger.sign_in("teller2"), elsewhere, external_ref="BOOK-17")
    other = keyed(running_ledger, teller, member)
    moved = teller.patch(f"{RECORDS}/{other['id']}", {"external_ref": "BOOK-17"}, if_match=1)
    assert moved.json()["code"] == "reference-taken"


def test_an_edit_changes_only_what_was_sent(
    running_ledger: RunningLedger, member: Member, teller: Api
) -> None:
    """Contract 4: PATCH keeps every other member; nothing sent, or the same again, makes no new version."""
    record = keyed(running_ledger, teller, member, narration="passbook", product="regular")
    path = f"{RECORDS}/{record['id']}"

    changed = teller.patch(path, {"amount_minor": 1, "product": None}, if_match=1).json()

    assert changed == record | {"version": 2, "amount_minor": 1, "product": None}
    assert teller.patch(path, {}, if_match=2).json()["version"] == 2
    assert teller.patch(path, {"amount_minor": 1}, if_match=2).json()["version"] == 2
    refused = teller.patch(path, {"amount_minor": None}, if_match=2)
    assert refused.json()["errors"][0]["pointer"] == "/amount_minor"


# ── exactly once ────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_same_key_answers_the_same_bytes_and_adds_nothing(
    running_ledger: RunningLedger, member: Member, teller: Api
) -> None:
    """IDEM-8: a replay carries the stored body and `Idempotency-Replayed`."""
    body, key = body_for(running_ledger, member), fresh_key()
    first, second = (teller.post(RECORDS, body, key=key) for _ in range(2))

    assert (first.status_code, first.content) == (second.status_code, second.content)
    assert first.headers["location"] == second.headers["location"]
    assert second.headers["idempotency-replayed"] == "true"
    assert "idempotency-replayed" not in first.headers
    assert len(teller.get(RECORDS, customer=member.id).json()["items"]) == 1


def test_a_key_belongs_to_one_request_of_one_person(
    running_ledger: RunningLedger, member: Member, teller: Api, supervisor: Api
) -> None:
    """IDEM-2, IDEM-7: another body or another person under a used key is refused and learns nothing."""
    body, key = body_for(running_ledger, member), fresh_key()
    teller.post(RECORDS, body, key=key)
    for answer in (
        teller.post(RECORDS, body | {"amount_minor": 1}, key=key),
        supervisor.post(RECORDS, body, key=key),
    ):
        assert (answer.status_code, answer.json()["code"]) == (422, "idempotency-key-reused")
        assert "id" not in answer.json()


def test_a_refused_key_stays_refused(running_ledger: RunningLedger, member: Member, teller: Api) -> None:
    """IDEM-6: a definitive rejection is kept, even when the reason has gone meanwhile."""
    record = keyed(running_ledger, teller, member, external_ref="KEPT-1")
    body, key = body_for(running_ledger, member, external_ref="KEPT-1"), fresh_key()
    refused = teller.post(RECORDS, body, key=key)
    send(teller, "delete", record)

    again = teller.post(RECORDS, body, key=key)

    assert (
        (refused.status_code, refused.content) == (again.status_code, again.content) == (409, refused.content)
    )
    assert again.headers["idempotency-replayed"] == "true"


def test_twenty_copies_at_once_have_one_effect(
    running_ledger: RunningLedger, member: Member, teller: Api
) -> None:
    """IDEM-4: however many copies of one request arrive together, the money moves once."""
    record = keyed(running_ledger, teller, member)
    key = fresh_key()
    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(lambda _: send(teller, "post", record, key=key), range(20)))

    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.content for answer in answers}) == 1
    assert sum("idempotency-replayed" in answer.headers for answer in answers) == 19
    entries = running_ledger.query("SELECT id FROM journal_entries WHERE subject_id = ?", record["id"])
    assert len(entries) == 1


def test_twenty_people_posting_one_record_move_it_once(
    running_ledger: RunningLedger, member: Member, teller: Api
) -> None:
    """CONC-3: with twenty keys one wins, the others see a newer version."""
    record = keyed(running_ledger, teller, member)
    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(lambda _: send(teller, "post", record), range(20)))
    assert sorted(answer.status_code for answer in answers) == [200] + [412] * 19


def test_the_same_again_without_a_reference_asks_first(
    own_ledger: RunningLedger,
) -> None:
    """IDEM-11: same user, customer, kind and amount within ten minutes needs `Confirm-Duplicate-Of`."""
    member, teller = own_ledger.add_member(), own_ledger.sign_in("teller")
    body, key = body_for(own_ledger, member, external_ref=None), fresh_key()
    first = teller.post(RECORDS, body, key=key)
    second_key = fresh_key()

    asked = teller.post(RECORDS, body, key=second_key)
    assert (asked.status_code, asked.json()["code"]) == (409, "possible-duplicate")
    assert asked.json()["duplicate_of"]["key"] == key
    assert asked.json()["duplicate_of"]["resource"] == f"{RECORDS}/{first.json()['id']}"
    confirmed = teller.post(RECORDS, body, key=second_key, headers={"confirm-duplicate-of": key})
    assert confirmed.status_code == 201
    assert own_ledger.sign_in("teller-b").post(RECORDS, body).status_code == 201
    assert teller.post(RECORDS, body | {"amount_minor": 7}).status_code == 201
    own_ledger.clock.advance(seconds=601)
    assert own_ledger.sign_in("teller", fresh=True).post(RECORDS, body).status_code == 201


# ── versions ────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("command", COMMANDS)
def test_a_change_names_the_version_that_was_seen(
    running_ledger: RunningLedger, member: Member, supervisor: Api, command: str
) -> None:
    """CONC-2: without `If-Match` 428, with `*` 400, with a weak or foreign tag 412; nothing happens."""
    record = in_state(running_ledger, member, "accounted" if command == "reverse" else "not_accounted")
    assert send(supervisor, command, record, if_match=None).status_code == 428
    assert send(supervisor, command, record, if_match="*").status_code == 400
    assert send(supervisor, command, record, if_match=f'W/"{record["version"]}"').status_code == 412
    assert send(supervisor, command, record, if_match=record["version"] + 1).status_code == 412
    assert supervisor.get(f"{RECORDS}/{record['id']}").json() == record


def test_a_stale_version_is_told_what_changed_by_whom(
    running_ledger: RunningLedger, member: Member, teller: Api, supervisor: Api
) -> None:
    """CONC-2: 412 with the current state, its ETag, and each changed field with actor and time."""
    record = keyed(running_ledger, teller, member)
    path = f"{RECORDS}/{record['id']}"
    supervisor.patch(path, {"amount_minor": 135_000, "narration": "corrected"}, if_match=1)

    stale = teller.patch(path, {"amount_minor": 1}, if_match=1)

    problem = stale.json()
    assert (stale.status_code, problem["code"]) == (412, "precondition-failed")
    assert stale.headers["etag"] == '"2"'
    assert problem["current"]["amount_minor"] == 135_000
    changes = {each["field"]: each["actor"] for each in problem["changed_fields"]}
    assert changes == {"amount_minor": "supervisor", "narration": "supervisor"}
    assert all(each["at"].endswith("Z") for each in problem["changed_fields"])
    send(supervisor, "post", problem["current"])
    problem = send(teller, "post", record).json()
    assert {"field": "status", "actor": "supervisor"}.items() <= problem["changed_fields"][-1].items()


# ── lists ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_list_is_narrowed_by_each_of_its_filters(own_ledger: RunningLedger) -> None:
    """Contract 4: status, creator, kind, customer, dates, branch and search; newest first."""
    achieng = own_ledger.add_member(first_name="Achieng", last_name="Otieno")
    njeri = own_ledger.add_member(first_name="Njeri", last_name="Kamau")
    kisumu = own_ledger.add_member("KSM")
    teller, supervisor, top = (own_ledger.sign_in(name) for name in ("teller", "supervisor", "hq-supervisor"))
    early = (own_ledger.today() - timedelta(days=30)).isoformat()
    one = keyed(own_ledger, teller, achieng, external_ref="PASS-1", amount_minor=300)
    two = keyed(own_ledger, supervisor, njeri, account_kind="loan", as_of_date=early, amount_minor=200)
    three = keyed(own_ledger, teller, achieng, narration="From the Old Book 7", amount_minor=100)
    four = keyed(own_ledger, own_ledger.sign_in("teller2"), kisumu)
    three = send(teller, "post", three).json()

    def found(api: Api = teller, **filters: Any) -> list[str]:
        page = api.get(RECORDS, **filters)
        assert page.status_code == 200, page.text
        return [each["id"] for each in page.json()["items"]]

    ids = {1: one["id"], 2: two["id"], 3: three["id"], 4: four["id"]}
    assert found() == [ids[3], ids[2], ids[1]]
    assert found(top) == [ids[4], ids[3], ids[2], ids[1]]
    assert found(top, branch=own_ledger.branch("KSM").id) == [ids[4]]
    assert teller.get(RECORDS, branch=own_ledger.branch("KSM").id).status_code == 404
    assert found(status="accounted") == [ids[3]]
    assert found(created_by="supervisor") == [ids[2]]
    assert found(account_kind="loan") == [ids[2]]
    assert found(customer=njeri.id) == [ids[2]]
    assert found(as_of_to=early) == [ids[2]]
    assert found(as_of_from=own_ledger.today().isoformat()) == [ids[3], ids[1]]
    assert found(sort="amount") == [ids[1], ids[2], ids[3]]
    assert found(sort="as_of")[-1] == ids[2]
    assert found(q="kamau nje") == [ids[2]]
    assert found(q=achieng.customer.customer_no) == [ids[3], ids[1]]
    assert found(q=achieng.customer.account_no) == [ids[3], ids[1]]
    assert found(q="old book") == [ids[3]]
    assert found(q="PASS-") == [ids[1]]
    assert found(q="achieng", status="accounted") == [ids[3]]
    assert found(q="achieng", status="not_accounted", sort="amount") == [ids[1]]
    assert found(q="nobody at all") == []
    assert found(top, q="Otieno", branch=own_ledger.branch("KSM").id) == [ids[4]]
    assert teller.get(RECORDS, sort="narration").status_code == 400
    assert teller.get(RECORDS, status="gone").status_code == 422
    assert teller.get(RECORDS, count="true", limit=1).json()["count"] == 3
    own_ledger.check()


@pytest.mark.parametrize("sort", ["created", "amount", "as_of"])
def test_a_list_of_every_status_is_one_order_whatever_page_it_is_read_by(
    own_ledger: RunningLedger, sort: str
) -> None:
    """0054: pages of each status are merged; forward and back the same rows, none twice and none left out."""
    member, api = own_ledger.add_member(), own_ledger.sign_in("supervisor")
    states = ("accounted", "not_accounted", "reversed")
    made = [in_state(own_ledger, member, state)["id"] for state in (*states, *reversed(states))]
    whole = api.get(RECORDS, sort=sort).json()["items"]
    assert sorted(each["id"] for each in whole) == sorted(made)
    pages = [api.get(RECORDS, sort=sort, limit=2).json()]
    while pages[-1]["next"] is not None:
        pages.append(api.get(RECORDS, sort=sort, limit=2, cursor=pages[-1]["next"]).json())
    back = [pages[-1]]
    while back[-1]["prev"] is not None:
        back.append(api.get(RECORDS, sort=sort, limit=2, cursor=back[-1]["prev"]).json())
    assert [each for page in pages for each in page["items"]] == whole
    assert [each for page in reversed(back) for each in page["items"]] == whole


def test_nobody_without_a_session_sees_or_changes_anything(
    running_ledger: RunningLedger, member: Member
) -> None:
    """AUTHZ-1: deny by default."""
    nobody = running_ledger.anonymous()
    assert nobody.get(RECORDS).status_code == 401
    assert nobody.post(RECORDS, body_for(running_ledger, member)).status_code == 401


def test_an_administrator_has_no_business_with_money(running_ledger: RunningLedger, member: Member) -> None:
    """AUTHZ-1: who manages users neither sees nor posts records."""
    administrator = running_ledger.sign_in("administrator")
    assert administrator.get(RECORDS).status_code == 403
    assert administrator.post(RECORDS, body_for(running_ledger, member)).status_code == 403


def test_records_are_found_by_their_customer_behind_any_number_of_newer_ones(
    own_ledger: RunningLedger,
) -> None:
    """Contract 4: the customers' way is not the newest records' way; a narration is looked into among these alone."""
    achieng = own_ledger.add_member(first_name="Achieng", last_name="Otieno")
    njeri = own_ledger.add_member(first_name="Njeri", last_name="Kamau")
    teller = own_ledger.sign_in("teller")
    old = keyed(own_ledger, teller, achieng, external_ref="PASS-1", narration="Passbook")
    copied = keyed(own_ledger, teller, njeri)["id"]
    columns = [column.name for column in tables.balance_records.columns]
    changed = {"id": "id || '-' || n", "row_no": "n", "created_at": "created_at + n", "external_ref": "NULL"}
    values = ", ".join(changed.get(name, name) for name in columns)
    own_ledger.bulk(
        lambda tx: tx.connection.execute(
            "WITH RECURSIVE more(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM more WHERE n < 600)"
            f" INSERT INTO balance_records SELECT {values} FROM balance_records, more"
            " WHERE balance_records.id = ?",
            (copied,),
        )
    )
    for status in (None, "not_accounted"):
        for query, expected in (("achieng", [old["id"]]), ("PASS-", [old["id"]]), ("passbook", [])):
            page = teller.get(RECORDS, q=query, **({"status": status} if status else {})).json()
            assert [each["id"] for each in page["items"]] == expected
    assert teller.get(RECORDS, q="njeri", count="true").json()["count_exact"] is False
