"""Balance files that were brought on in part: what a supervisor sees of one, and how it comes to its end.

A transfer that begins between two pieces, a ledger that fails at a piece, and a file that is older than the last.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from tests.ledger.balance_files import (
    FILES,
    apply_bytes,
    ask_apply,
    ask_revert,
    check_file,
    found_in,
    owed,
    payer,
    result,
    send,
    settled,
    universal,
)
from tests.ledger.running import Api, Member, RunningLedger

from branchtui.ledger.store.rows import Customer
from branchtui.ledger.store.unit import BulkTx, Tx
from branchtui.ledger.workflows import file_apply, file_revert, jobs

pytestmark = pytest.mark.both_stores


@pytest.fixture
def ledger(own_ledger: RunningLedger, monkeypatch: pytest.MonkeyPatch) -> RunningLedger:
    """Files are done two rows at a time."""
    monkeypatch.setattr(file_apply, "ROWS_A_PIECE", 2)
    monkeypatch.setattr(file_apply, "TIMES_ALONE", 1)
    return own_ledger


@pytest.fixture
def boss(ledger: RunningLedger) -> Api:
    return ledger.sign_in("supervisor")


def stated(members: list[Member], amount: str = "5.00", **head: Any) -> bytes:
    return universal(*(payer(each.customer.account_no, amount) for each in members), **head)


def balances(ledger: RunningLedger, members: list[Member]) -> list[int | None]:
    return [owed(ledger, each.customer.account_no) for each in members]


def put_status(tx: Tx, member: Member, status: str) -> None:
    found = tx.get(Customer, member.id)
    assert found is not None
    tx.put(replace(found, status=status))


def after_a_piece(monkeypatch: pytest.MonkeyPatch, then: Callable[[BulkTx], None]) -> None:
    """Do something as the first piece of a job ends, before the next one begins."""
    progress = jobs.progress

    def piece_done(tx: BulkTx, *figures: Any) -> None:
        progress(tx, *figures)
        then(tx)

    monkeypatch.setattr(jobs, "progress", piece_done)


def fail_at_the_second(monkeypatch: pytest.MonkeyPatch, module: Any, name: str) -> None:
    """Let the ledger fail at the second piece that `module.name` does."""
    do, times = getattr(module, name), [0]

    def failing(*given: Any, **options: Any) -> Any:
        times[0] += 1
        if times[0] == 2:
            raise RuntimeError("said by the test")
        return do(*given, **options)

    monkeypatch.setattr(module, name, failing)


def ended(api: Api, answer: Any) -> tuple[str, dict[str, Any]]:
    """The state of the job, and the file as it is left."""
    assert answer.status_code == 202, answer.text
    while (job := api.get(answer.headers["location"], wait=20).json())["state"] in {"queued", "running"}:
        pass
    return job["state"], dict(api.get(f"{FILES}/{answer.json()['id']}").json())


def test_a_payer_whose_transfer_is_proposed_while_a_file_is_applied_is_left_out(
    ledger: RunningLedger, boss: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Contract 3: movement by people is refused until the transfer ends; the row says so, the others go on."""
    members = [ledger.add_member() for _ in range(5)]
    seen = check_file(boss, stated(members))
    after_a_piece(monkeypatch, lambda tx: put_status(tx, members[3], "transfer_in_progress"))

    done = settled(boss, ask_apply(boss, seen))

    assert result(done)[:3] == ("applied_with_errors", 4, 0)
    assert found_in(boss, done, "error") == [(5, "account_no", "transfer-in-progress")]
    assert balances(ledger, members) == [500, 500, 500, None, 500]
    ledger.write(lambda tx: put_status(tx, members[3], "active"))
    ledger.check()


def test_a_payer_whose_transfer_is_proposed_while_a_file_is_taken_back_is_left_out_until_it_ends(
    ledger: RunningLedger, boss: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Contract 3 and 6: the row is left with the reason; once the transfer is over, the rest is taken back."""
    members = [ledger.add_member() for _ in range(5)]
    data = stated(members)
    applied = apply_bytes(boss, data)
    after_a_piece(monkeypatch, lambda tx: put_status(tx, members[3], "transfer_in_progress"))

    part = settled(boss, ask_revert(boss, applied))
    monkeypatch.undo()

    assert (part["state"], part["reverted_at"], "revert" in part["actions"]) == (
        "applied_with_errors",
        None,
        True,
    )
    assert part["reason"].startswith("It was taken back but for row 5;")
    assert (part["warnings"], part["errors"]) == (1, 0)
    assert found_in(boss, part, "warning") == [(5, "account_no", "transfer-in-progress")]
    assert balances(ledger, members) == [0, 0, 0, 500, 0]
    refused = ask_revert(boss, part)
    assert (refused.status_code, refused.json()["code"]) == (409, "revert-blocked")
    again = send(boss, data).json()
    assert (again["already_applied"], again["reason"]) == (True, part["reason"])

    ledger.write(lambda tx: put_status(tx, members[3], "active"))
    ledger.check()
    back = settled(boss, ask_revert(boss, part))
    assert (back["state"], back["reason"], back["reverted_by"]) == ("reverted", None, "supervisor")
    assert balances(ledger, members) == [0] * 5
    assert ledger.query("SELECT count(*) FROM journal_entries") == [(10,)]
    ledger.check()
    assert check_file(boss, data)["state"] == "validated"


def test_the_rest_of_a_file_is_taken_back_once_the_ledger_no_longer_fails(
    ledger: RunningLedger, boss: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was taken back already stands in nobody's way, and is not taken back twice (IDEM-10)."""
    members = [ledger.add_member() for _ in range(5)]
    data = stated(members)
    applied = apply_bytes(boss, data)
    fail_at_the_second(monkeypatch, file_revert, "revert_rows")

    failed, part = ended(boss, ask_revert(boss, applied))

    assert (failed, part["state"], "revert" in part["actions"]) == ("failed", "applied_with_errors", True)
    assert part["reason"] == (
        "The ledger failed at this file. It was taken back down to row 3. Revert it again, which takes back the rest."
    )
    assert balances(ledger, members) == [0, 0, 500, 500, 500]
    ledger.check()
    assert boss.pages(f"{FILES}/{part['id']}/payers", change="blocking") == []
    back = settled(boss, ask_revert(boss, part))
    assert (back["state"], back["reason"]) == ("reverted", None)
    assert balances(ledger, members) == [0] * 5
    assert ledger.query("SELECT count(*) FROM journal_entries") == [(10,)]
    ledger.check()
    assert check_file(boss, data)["state"] == "validated"


def test_what_has_moved_in_the_rest_of_a_file_still_blocks_it(
    ledger: RunningLedger, boss: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Contract 6: mirror entries where nothing has moved since; of those taken back anything may."""
    members = [ledger.add_member() for _ in range(5)]
    applied = apply_bytes(boss, stated(members))
    fail_at_the_second(monkeypatch, file_revert, "revert_rows")
    _, part = ended(boss, ask_revert(boss, applied))
    other = [members[0], members[4]]
    later = apply_bytes(boss, stated(other, "7.00"))

    refused = ask_revert(boss, part)

    assert (refused.json()["code"], refused.json()["count"]) == ("revert-blocked", 1)
    blocking = boss.pages(f"{FILES}/{part['id']}/payers", change="blocking")
    assert [each["account_no"] for each in blocking] == [members[4].customer.account_no]
    assert settled(boss, ask_revert(boss, later))["state"] == "reverted"
    assert settled(boss, ask_revert(boss, part))["state"] == "reverted"
    assert balances(ledger, members) == [0] * 5
    ledger.check()


def test_a_file_at_which_the_ledger_failed_is_taken_back_and_sent_again(
    ledger: RunningLedger, boss: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was applied of it stands, and is said; its bytes are free again once that is taken back."""
    members = [ledger.add_member() for _ in range(5)]
    data = stated(members)
    seen = check_file(boss, data)
    fail_at_the_second(monkeypatch, file_apply, "apply_rows")

    failed, part = ended(boss, ask_apply(boss, seen))

    assert (failed, part["state"], part["accounts_updated"]) == ("failed", "applied_with_errors", 2)
    assert part["reason"] == (
        "The ledger failed at this file. It was applied down to row 3. "
        "Revert it, which takes that back, and send it again."
    )
    assert send(boss, data).json()["already_applied"]
    ledger.check()
    assert settled(boss, ask_revert(boss, part))["state"] == "reverted"
    ledger.check()
    assert apply_bytes(boss, data)["state"] == "applied"
    assert balances(ledger, members) == [500] * 5


def test_a_file_that_is_older_than_the_last_one_is_warned_of_before_anything_moves(
    ledger: RunningLedger, boss: Api
) -> None:
    """Contract 6: a file states balances; one that came late would put older ones over newer ones."""
    members = [ledger.add_member() for _ in range(2)]
    apply_bytes(boss, stated(members, as_of_date="2026-01-14", file_id="DAY-14"))

    late = check_file(boss, stated(members, "3.00", as_of_date="2026-01-13"))

    assert (late["state"], late["warnings"], late["errors"]) == ("validated", 1, 0)
    assert found_in(boss, late, "warning") == [(1, "as_of_date", "older-file")]
    seen = late["xray"]
    assert (seen["newer_file_id"], seen["newer_as_of_date"]) == ("DAY-14", "2026-01-14")
    assert balances(ledger, members) == [500, 500]
    assert settled(boss, ask_apply(boss, late))["accounts_updated"] == 2, "a person may still mean it"
    same_day = check_file(boss, stated(members, as_of_date="2026-01-13"))
    assert (same_day["xray"]["newer_id"], same_day["as_of_date"]) == (None, "2026-01-13")
    ledger.check()


def test_a_file_of_a_division_or_a_payer_is_held_to_the_last_one_that_stated_the_same(
    ledger: RunningLedger,
) -> None:
    """A file of all states a division's payers too; one payer's file says nothing of the others."""
    top, boss = ledger.sign_in("hq-supervisor"), ledger.sign_in("supervisor")
    members = [ledger.add_member() for _ in range(2)]
    number = members[0].customer.account_no
    one = universal(payer(number, "9.00"), as_of_date="2026-01-14", file_id="ONE")
    apply_bytes(boss, one, account_no=number)
    wide = check_file(boss, stated(members, as_of_date="2026-01-12"))
    assert wide["xray"]["newer_id"] is None
    older = check_file(boss, universal(payer(number, "8.00"), as_of_date="2026-01-13"), account_no=number)
    assert older["xray"]["newer_file_id"] == "ONE"
    apply_bytes(top, stated(members, as_of_date="2026-01-13", file_id="ALL"))
    below = check_file(boss, stated(members, as_of_date="2026-01-12"), division="NKU")
    assert (below["xray"]["newer_file_id"], below["warnings"]) == ("ALL", 1)
