"""Customers by the file from the keyboard over a real ledger: chosen, pasted, seen, entered; templates saved."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from python_calamine import CalamineWorkbook
from tests.screens.counter import Counter, counter
from textual import events

if TYPE_CHECKING:
    from pathlib import Path

    from tests.ledger.till import Till

PEOPLE = """first_name,last_name,mobile_no,external_id,gender
Asha,Noor,0711 900 001,CI-1,Female
Bakari,O'Mwangi-Abdi,+254711900002,CI-2,Passport
Cheche,Ñandú,0711 900 003,CI-3,Male
"""


async def open_import(desk: Counter) -> None:
    """`f2`, `i`."""
    await desk.press("f2")
    await desk.see("Customers", "Wanjiku Kamau")
    await desk.press("i")
    await desk.see("Import Customers", "Legal Form", "Persons", "Entities")


async def test_persons_are_seen_before_they_are_entered(till: Till, tmp_path: Path) -> None:
    """Product: `i` on Customers, a path, the legal form, the preview; the good rows after a word."""
    folder = tmp_path / "imports"
    folder.mkdir()
    (folder / "people.csv").write_text(PEOPLE)
    async with counter(till.ledger.url, tmp_path, size=(120, 36)) as desk:
        await open_import(desk)
        await desk.type("people.csv")
        await desk.press("enter", "enter")
        await desk.see(
            "preview", "3 rows: 2 fine, 1 wrong", "gender", "Passport is none of the list", "identifier type"
        )
        await desk.press("v")
        await desk.see("Import the valid rows only?", "The customers of the rows that go in")
        await desk.press("y")
        await desk.see("2 customers entered; 1 row left out.")
        await desk.press("escape")
        await desk.see("Asha Noor")
    rows = till.ledger.query(
        "SELECT external_id, mobile_no, status FROM customers WHERE import_id IS NOT NULL ORDER BY 1"
    )
    assert rows == [("CI-1", "+254711900001", "pending"), ("CI-3", "+254711900003", "pending")]
    till.ledger.check()


async def test_pasted_entities_are_a_previewed_import(till: Till, tmp_path: Path) -> None:
    """Product, promise 6: rows of a spreadsheet that are pasted; entities are chosen by their letter."""
    pasted = "Name\tIncorporation No\nKilimo Co-op\t0017\nBahari Ltd\t0018\n"
    async with counter(till.ledger.url, tmp_path) as desk:
        await open_import(desk)
        focused = desk.app.focused
        assert focused is not None
        focused.post_message(events.Paste(pasted))
        await desk.see("3 rows pasted", "[ctrl+s] check them")
        await desk.press("enter", "e", "enter")
        await desk.see("preview", "2 rows: 2 fine, 0 wrong")
        await desk.press("y")
        await desk.see("2 customers entered.")
    rows = till.ledger.query(
        "SELECT legal_form, name, incorporation_no FROM customers WHERE import_id IS NOT NULL ORDER BY name"
    )
    assert rows == [("entity", "Bahari Ltd", "0018"), ("entity", "Kilimo Co-op", "0017")]


async def test_a_template_is_saved_as_workbook_or_as_text(till: Till, tmp_path: Path) -> None:
    """Contract 8: of the legal form that is chosen, into the folder that files are read from."""
    folder = tmp_path / "imports"
    folder.mkdir()
    async with counter(till.ledger.url, tmp_path) as desk:
        await open_import(desk)
        await desk.press("ctrl+o")
        await desk.see("Template: Persons", "Workbook", "Text")
        await desk.press("1")
        await desk.see("Saved: customers-person.xlsx")
        await desk.press("tab", "e", "ctrl+o")
        await desk.see("Template: Entities")
        await desk.press("2")
        await desk.see("Saved: customers-entity.csv")
    book = CalamineWorkbook.from_filelike(io.BytesIO((folder / "customers-person.xlsx").read_bytes()))
    assert book.get_sheet_by_index(0).to_python()[0][:3] == ["first_name", "middle_name", "last_name"]
    assert (folder / "customers-entity.csv").read_text().startswith("name,")
