"""The sweep over a balance file's rows and the judge of single ones come to the same, whatever a row states."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from branchtui.contract.imports import DateOrder, DecimalWriting
from branchtui.ledger.feeds.table_row import Row
from branchtui.ledger.feeds.universal import Payers
from branchtui.ledger.store import file_store
from branchtui.ledger.workflows.file_judge import Judge
from branchtui.ledger.workflows.file_setting import Setting, Staged
from branchtui.ledger.workflows.file_sweep import Sweep
from branchtui.ledger.workflows.file_xray import Figures

SETTING = Setting(
    file_id="file",
    visible=frozenset({"nku", "ksm"}),
    inside=frozenset({"nku"}),
    division="NKU",
    account_no=None,
    currency="KES",
    as_of_date="2026-11-19",
    decimal=DecimalWriting.POINT,
    date_order=DateOrder.ISO,
    moved_share_percent=50,
)
BALANCES = (None, 10_000, -10_000, 0, 10**15)
STANDINGS = (("active", "nku"), ("dormant", "nku"), ("transfer_in_progress", "nku"), ("active", "ksm"))
STATED = (
    "100.00",
    "150.00",
    "150.01",
    "49.99",
    "0",
    "-0.00",
    "-100",
    "-7.5",
    "100.",
    "x",
    "10000000000000.01",
)
TEXTS = (
    ("", "", ""),
    ("Wanjiku Mwangi", "INV 2026 11", "a@example.org"),
    ("MWANGI, wanjiku", " r", "a@ example.org"),
    ("Somebody Else", "r ", "nobody"),
)


def rows_and_payers() -> tuple[list[Row], dict[str, tuple[Any, ...]]]:
    """A row for each standing of a payer and each writing, every seventh payer stated twice."""
    rows: list[Row] = []
    known: dict[str, tuple[Any, ...]] = {}
    every = itertools.product(BALANCES, STANDINGS, STATED, TEXTS)
    for row_no, (balance, (status, branch), stated, (name, reference, email)) in enumerate(every, 2):
        number = str(100_000 + row_no - (row_no % 7 == 0))
        account = None if balance is None else f"account-{number}"
        known.setdefault(number, (number, f"c-{number}", branch, status, "Wanjiku Mwangi", account, balance))
        rows.append(Row(row_no, [number, name, stated, "2026-12-05", reference, email]))
    return rows, known


def pieces(rows: list[Row]) -> list[Row | Payers]:
    """The rows as a file gives them: some together, one by itself, and the others together."""
    first, one, *others = rows
    return [
        Payers(first.row_no, [["D", *first.cells]]),
        one,
        Payers(others[0].row_no, [["D", *each.cells] for each in others[:40]]),
        Payers(others[40].row_no, [["D", *each.cells] for each in others[40:]]),
    ]


def verdicts(
    monkeypatch: pytest.MonkeyPatch, *, swept: bool, together: bool = False
) -> tuple[list[Staged], Figures]:
    """What becomes of the rows, all of them in the sweep or each before the judge; they come singly, or together."""
    rows, known = rows_and_payers()
    judge = Judge(SETTING, Figures())
    judge.dates["2026-12-05"] = "2026-12-05"
    with monkeypatch.context() as patched:
        patched.setattr(file_store, "payers_by_number", lambda *_: (dict(known), {}))
        if not swept:
            patched.setattr(
                Sweep,
                "judge",
                lambda _, some, __, row_at, one: [one(row_at(at)) for at in range(len(some.row_nos))],
            )
        connection: Any = None  # nothing is asked of it
        staged = [
            each
            for start in range(0, len(rows), 100)
            for each in judge.judge(
                connection, pieces(rows[start : start + 100]) if together else rows[start : start + 100]
            )
        ]
    return staged, judge.figures


@pytest.mark.parametrize("together", [False, True], ids=["singly", "together"])
def test_a_swept_row_is_staged_as_the_judge_would_stage_it(
    monkeypatch: pytest.MonkeyPatch, together: bool
) -> None:
    """Contract 6: verdict, remarks, change and figures of every kind of row, and of the whole file, are one."""
    swept, figures = verdicts(monkeypatch, swept=True, together=together)
    judged, wanted = verdicts(monkeypatch, swept=False)

    assert swept == judged
    assert figures == wanted
    assert {row[2] for row in swept} == {"ok", "warning", "error"}
