"""The dashboard at the keyboard, over a real ledger: a bar a day, what waits, how payments found their owners."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from tests.ledger.till import Till
from tests.screens.counter import counter

from branchtui.contract.dashboard import Dashboard
from branchtui.screens.dashboard_rows import BAR_CELLS_MAX, bar, posted_of


def keyed(till: Till, who: str, customer_no: str, amount_minor: int) -> dict[str, Any]:
    """A payment by hand."""
    body = {"customer_id": till.id_of(customer_no), "amount_minor": amount_minor, "currency": "KES"}
    answer = till.ledger.sign_in(who, fresh=True).post(
        "/v1/payments", body | {"tender": "cheque", "receipt_no": till.fresh_code()}
    )
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


def two_days(till: Till) -> None:
    """Yesterday 250.00, today 1,000.00 and one reversed; 333.00 in the other branch; one that waits."""
    keyed(till, "teller", "000101", 25_000)
    till.ledger.clock.advance(days=1)
    keyed(till, "teller", "000101", 100_000)
    gone = keyed(till, "supervisor", "000101", 77_700)
    reversed_ = till.ledger.sign_in("supervisor").post(
        f"/v1/payments/{gone['id']}/reverse", {"reason": "keyed wrongly"}, if_match=gone["version"]
    )
    assert reversed_.status_code == 200, reversed_.text
    keyed(till, "teller2", "000201", 33_300)
    till.ledger.sign_in("hq-supervisor", fresh=True)
    till.waiting()


@pytest.mark.parametrize(("ascii_only", "block"), [(False, "█"), (True, "#")])
async def test_the_days_are_bars_beside_their_figures(
    till: Till, tmp_path: Path, ascii_only: bool, block: str
) -> None:
    """Issue: payments and revenue by day as a plot in plain cells, whole at 80x24, in ASCII where that is asked for."""
    two_days(till)
    async with counter(till.ledger.url, tmp_path, ascii_only=ascii_only) as desk:
        await desk.press("colon", *"dashb", "enter")
        await desk.see("Dashboard", "14 days", "1,250.00 KES", "Balances posted today: 0 for 0.00 KES")
        today = desk.line_with("Today")
        before = desk.lines[desk.lines.index(today) + 1]
        assert today.split()[-4:-1] == ["1", "1,000.00", block * BAR_CELLS_MAX]
        assert before.split()[-4:-1] == ["1", "250.00", block * 4]
        oldest = desk.lines[desk.lines.index(today) + 13]
        assert oldest.split()[1:] == ["0", "0.00", "0.00"]
        assert "Payments associated: 2 for 1,250.00 KES" in desk.text
        assert max(len(line) for line in desk.lines[1:20]) <= 80
        assert not ascii_only or desk.text.isascii()
        asked = desk.requests()
        await desk.press("t")
        await desk.see("What waits", "Payments unassociated", "Oldest", "by a person  2  1,250.00")
        assert desk.requests() == asked
        await desk.press("t", "d")
        await desk.see("31 days", "Today")
        await desk.press("b")
        await desk.see("You see one branch only.")
        await desk.press("colon", *"dashboard 93", "enter")
        await desk.see("Key the days as a number, 1 to 92.")
        await desk.press("colon", *"dashboard 7", "enter")
        await desk.see("7 days")


async def test_who_sees_several_branches_turns_through_them(till: Till, tmp_path: Path) -> None:
    """The figures are of one branch with those below it; where one works stays."""
    two_days(till)
    till.ledger.sign_in("auditor", fresh=True)
    async with counter(till.ledger.url, tmp_path, username="auditor") as desk:
        await desk.press("d")
        await desk.see("Payments associated: 3 for 1,583.00 KES")
        for name, figures in (
            ("Kisumu", "1 for 333.00"),
            ("Nakuru", "2 for 1,250.00"),
            ("Head office", "3 for 1,583.00"),
        ):
            await desk.press("b")
            await desk.see(f"Dashboard  {name}  14 days", f"Payments associated: {figures} KES")
        assert desk.app.desk.chosen_branch is None


@pytest.mark.parametrize(
    ("amount", "largest", "cells"),
    [(100, 100, 14), (50, 100, 7), (1, 100_000, 1), (0, 100, 0), (-5, 100, 0), (0, 0, 0), (-5, -5, 0), (10**15, 10**15, 14)],
)  # fmt: skip
def test_a_bar_is_as_long_as_its_share_of_the_largest(amount: int, largest: int, cells: int) -> None:
    """By integers alone; what is more than nothing is to be seen."""
    assert bar(amount, largest, 14) == "█" * cells


def test_figures_that_are_not_of_now_say_of_when_they_are() -> None:
    """Home and the dashboard end with it, in the branch's own time; figures of now say nothing."""
    board = Dashboard(
        branch_id="b",
        branch_name="Nakuru",
        business_date=date(2026, 11, 20),
        currency="KES",
        queues=(),
        days=(),
    )
    zone = ZoneInfo("Africa/Nairobi")
    assert posted_of(board, zone) == "Balances posted today: 0 for 0.00 KES"
    older = board.model_copy(update={"as_of": datetime(2026, 11, 20, 6, 31, tzinfo=UTC)})
    assert posted_of(older, zone).splitlines()[1] == "Figures of 09:31, not of now."
