"""A file of 100,000 rows, a thousand of them wrong: each wrong row is named, and no other (contract, section 8)."""

from __future__ import annotations

import csv
import io
from typing import Final

import pytest
from tests.ledger.files import findings, import_file, name_members, table
from tests.ledger.running import RunningLedger

from branchtui.ledger.feeds.cells import unguarded

pytestmark = pytest.mark.faults

ROWS: Final = 100_000
EVERY: Final = 100
NUMBERS: Final = ("000101", "000102", "000103")
WRONG: Final = (
    ("NOPE,savings,{n}.50,KES,2026-09-30,,W-{n}", "customer_no", "customer-unknown"),
    ("000101,savngs,{n}.50,KES,2026-09-30,,W-{n}", "account_kind", "kind"),
    ("000101,savings,{n}.505,KES,2026-09-30,,W-{n}", "amount", "decimals"),
    ("000101,savings,-{n}.50,KES,2026-09-30,,W-{n}", "amount", "negative"),
    ("000101,savings,{n}.50,USD,2026-09-30,,W-{n}", "currency", "currency"),
    ("000101,savings,{n}.50,KES,2026-02-30,,W-{n}", "as_of_date", "date"),
    ("000101,savings,{n}.50,KES,2026-09-30,\N{ZERO WIDTH SPACE}x,W-{n}", "narration", "text"),
    ("000101,savings,{n}.50,KES,2026-09-30,,R-1", "external_ref", "reference-repeated"),
    ("000101,savings,{n}.50,KES,2026-09-30,one cell,too many,W-{n}", None, "columns"),
    ("000101,savings,,KES,2026-09-30,,W-{n}", "amount", "blank"),
)
"""A row, and the column and code by which it is told of."""


def test_each_of_a_thousand_wrong_rows_is_named_among_a_hundred_thousand(own_ledger: RunningLedger) -> None:
    """Row, column and code of every wrong row; the rest goes in; the report is exactly the wrong rows as they came."""
    name_members(own_ledger, *NUMBERS)
    lines: list[str] = []
    wanted: list[tuple[int, str | None, str]] = []
    for number in range(1, ROWS + 1):
        if number % EVERY == 0:
            line, column, code = WRONG[number // EVERY % len(WRONG)]
            lines.append(line.format(n=number))
            wanted.append((number + 1, column, code))
        else:
            lines.append(f"{NUMBERS[number % 3]},savings,{number}.50,KES,2026-09-30,it's good,R-{number}")
    api = own_ledger.sign_in("teller")

    done = import_file(api, table(*lines, end="\r\n"), mode="valid_rows")

    assert (done["state"], done["rows_total"], done["rows_ok"], done["rows_error"], done["imported"]) == (
        "done",
        ROWS,
        ROWS - len(wanted),
        len(wanted),
        ROWS - len(wanted),
    )
    told = findings(api, done, "error")
    assert [(each["row_no"], each["column"], each["code"]) for each in told] == wanted
    report = api.get(f"/v1/imports/{done['id']}/rejects.csv")
    header, *rejected = csv.reader(io.StringIO(report.content.decode("utf-8-sig"), newline=""))
    assert header[-1] == "error"
    assert report.headers["row-count"] == str(len(wanted))
    came = [next(csv.reader([lines[row_no - 2]])) for row_no, *_ in wanted]
    assert [[unguarded(cell) for cell in row[:-1]] for row in rejected] == came
    assert [unguarded(row[-1]) for row in rejected] == [each["message"] for each in told]
    own_ledger.check()
