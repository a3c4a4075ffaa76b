"""A universal file says the same whether its rows are read many at once or one by one, wherever its bytes are cut."""

from __future__ import annotations

import pytest

from branchtui.contract.imports import Encoding
from branchtui.ledger.feeds import universal
from branchtui.ledger.feeds.lines import Lines
from branchtui.ledger.feeds.table_row import Row
from branchtui.ledger.feeds.universal import Payers, UniversalFile

HEAD = "H,1,F-1,,2026-11-20T06:00:00Z,KES,2026-11-19\n"
ODD = {
    700: "D,100700,Wanjiku,1.00,,,\n\n",
    1_400: 'D,101400,"Wanjiku\nMwangi",2.00,,,\n',
    1_401: "D,101401,'=SUM(1),3.00,,,\n",
    2_100: "D,102100,Nul\0,4.00,,,\n",
    2_101: "D,102101,short,5.00\n",
    2_102: " D ,102102,spaced,6.00,,,\n",
    2_900: "D,102900,long,7.00,,,,,,more\n",
}


def payers(count: int, odd: dict[int, str] | None = None) -> str:
    odd = odd or {}
    return "".join(odd.get(row, f"D,{100_000 + row},O'Brien,{row}.50,,r-{row},\n") for row in range(count))


def read(text: str, size: int = 64 * 1024) -> tuple[list[Row], list[tuple[int, str]]]:
    """The rows, and what keeps the file out, of a file that comes `size` bytes at a time."""
    data = text.encode()
    file = UniversalFile(
        lambda: [data[start : start + size] for start in range(0, len(data), size)], Encoding.UTF_8
    )
    rows = [row for each in file.payers() for row in singly(each)]
    return rows, [(row_no, each.code) for row_no, each in file.fatal]


def singly(found: Row | Payers) -> list[Row]:
    """One row, or each of those that came together."""
    if isinstance(found, Row):
        return [found]
    return [Row(row_no, cells[1:]) for row_no, cells in enumerate(found.records, found.row_no)]


@pytest.mark.parametrize(
    "text",
    [
        HEAD + payers(3_000, ODD) + "T,3000,1.00\n",
        HEAD + payers(2_000),
        HEAD + payers(1_500) + "T,1,1\n" + payers(1_500),
        HEAD + payers(1_500) + HEAD + payers(1_500) + "T,1,1\n",
        "\n" + HEAD + payers(1_500) + 'D,1,"never closed,1.00,,,\n' + payers(600),
    ],
    ids=["odd rows", "no trailer", "behind the trailer", "a second head", "an open quote"],
)
def test_rows_read_together_are_those_read_one_by_one(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Contract 8: rows, their numbers, their findings and what keeps the file out do not hang on blocks of lines."""
    together = [read(text, size) for size in (64 * 1024, 4_099)]
    monkeypatch.setattr(Lines, "plain", lambda _: None)
    singly = read(text)

    assert together == [singly, singly]


@pytest.mark.parametrize(("over", "fatal"), [(0, []), (1, ["too-many-rows"])])
def test_a_file_may_hold_as_many_payers_as_it_may_and_not_one_more(
    over: int, fatal: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Contract 8: the limit holds to the row, where a block of lines reaches over it too."""
    monkeypatch.setattr(universal, "ROWS_MAX", 1_500)

    rows, found = read(HEAD + payers(1_500 + over) + f"T,{1_500 + over},1.00\n")

    assert len(rows) == 1_500 + over
    assert [code for _, code in found] == fatal
