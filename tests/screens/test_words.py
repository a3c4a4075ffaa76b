"""What stands on a screen in words: short enough for 80 columns, and the same for the same thing."""

from __future__ import annotations

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any, cast

import pytest
from textual.geometry import Size

from branchtui.contract.dashboard import Queue
from branchtui.contract.operations import Operation, OperationState
from branchtui.screens.activity_rows import operation_what, queue_columns
from branchtui.screens.heading import Heading
from branchtui.screens.rows import shown_phone

FIGURES = "Post All 207: 16,410,412.55"


@pytest.mark.parametrize(
    ("width", "note", "shown"),
    [
        (80, f"not accounted  207  {FIGURES}", f"Member Balances  not accounted  207  {FIGURES}"),
        (80, f"not accounted  “wanjiku kamau”  207  {FIGURES}", f"Member Balances  not accounted  {FIGURES}"),
        (40, f"not accounted  207  {FIGURES}", "Member Balances  not acco…"),
    ],
)  # fmt: skip
def test_the_note_gives_way_to_branch_and_name_part_by_part(
    monkeypatch: pytest.MonkeyPatch, width: int, note: str, shown: str
) -> None:
    """Who works where is always to be seen, and half a figure never is."""
    monkeypatch.setattr(Heading, "size", Size(width, 1))
    heading = Heading("Member Balances")
    heading.note, heading.place = note, "KIA  teller1"
    line = heading.render().plain
    assert line.endswith("  KIA  teller1")
    assert line.removesuffix("KIA  teller1").rstrip() == shown
    assert len(line) == width


@pytest.mark.parametrize(
    ("phone", "shown"),
    [
        ("+2547*****557", "2547*****557"),
        ("2547*****444", "2547*****444"),
        ("2547 ***** 126", "2547*****126"),
        ("+254711222333", "+254711222333"),
        (None, ""),
    ],
)
def test_masked_phones_have_one_writing(phone: str | None, shown: str) -> None:
    """The same payer looks the same, whether the provider masked the phone or the ledger."""
    assert shown_phone(phone) == shown


@pytest.mark.parametrize(
    ("action", "summary", "said"),
    [
        ("import.create", "balance-records, 38 bytes", "Checked a file of balances"),
        ("import.start", "balance-records, 38 rows", "Imported a file of balances, 38 rows"),
        ("import.start", "customers, 1 row", "Imported a file of customers, 1 row"),
    ],
)
def test_an_import_is_told_in_words(action: str, summary: str, said: str) -> None:
    """Activity names no kind of the wire and no bytes."""
    one = Operation(
        key="k", state=OperationState.SUCCEEDED, reference="7QK2-M9", action=action, summary=summary
    )
    assert operation_what(one) == said


@pytest.mark.parametrize(
    ("name", "total", "currency"),
    [("records-not-accounted", "16.00", "KES"), ("work-under-way", "", ""), ("callbacks-parked", "", "")],
)
def test_a_queue_that_holds_no_money_states_none(name: str, total: str, currency: str) -> None:
    """`0.00 KES` beside imports under way would be a figure that nobody counted."""
    desk = cast("Any", SimpleNamespace(currency="KES", now=lambda: datetime(2026, 11, 3, tzinfo=UTC)))
    columns = queue_columns(desk)
    queue = Queue(name=name, count=3, total_minor=1600, oldest_at=None)
    assert [columns[2].cell(queue), columns[3].cell(queue)] == [total, currency]
