"""Transactions, receipts and printing at the keyboard, over a real ledger."""

from __future__ import annotations

import csv
import re
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.ledger.till import Till
from tests.screens.counter import Counter, counter

from branchtui.terminal.printing import PRINTER_OFF, PRINTER_ON
from branchtui.widgets.dialogs import ConfirmDialog


def paper_folder(folder: Path) -> Path:
    """Where printed files go."""
    found = folder / "paper"
    found.mkdir()
    return found


def seat_folder(folder: Path, name: str) -> Path:
    """Where one session keeps its files."""
    found = folder / name
    found.mkdir(exist_ok=True)
    return found


def taken(till: Till, **more: Any) -> dict[str, Any]:
    """A payment keyed by the teller."""
    body = {"customer_id": till.id_of("000101"), "amount_minor": 125_000, "currency": "KES", "tender": "cash"}
    answer = till.api("teller").post("/v1/payments", body | {"receipt_no": till.fresh_code()} | more)
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


@asynccontextmanager
async def printing(
    till: Till, folder: Path, *, username: str = "teller", **settings: Any
) -> AsyncIterator[Counter]:
    """The program with a printer that is set up so."""
    async with counter(till.ledger.url, folder, username=username) as desk:
        desk.app.desk.settings = replace(desk.app.desk.settings, **settings)
        yield desk


async def test_the_log_shows_every_entry_and_opens_its_legs(till: Till, tmp_path: Path) -> None:
    """Issue: the complete log of money in one list; each line opens its journal entry with legs."""
    till.pay()
    taken(till, receipt_no="A-17", narration="rent")
    async with counter(till.ledger.url, tmp_path) as desk:
        await desk.press("colon", *"transa", "enter")
        screen = await desk.see("Transactions", "1 of 3", "Payment by hand", "Payment received", "1,250.00")
        assert screen.index("Payment by hand") < screen.index("Payment received")
        before = desk.requests()
        await desk.press("enter")
        await desk.see(
            "Journal entry", "Debit", "cash GL/NKU/cash/KES", "Credit", "wallet 100245", "rent", "A-17"
        )
        assert desk.requests() == before + 1


async def test_the_log_is_narrowed_and_searched(till: Till, tmp_path: Path) -> None:
    """Issue: filters; a search narrows at once and then asks the ledger."""
    till.pay("FOUND00001")
    taken(till)
    async with counter(till.ledger.url, tmp_path) as desk:
        await desk.press("colon", *"transa", "enter")
        await desk.see("1 of 3")
        await desk.press("f")
        await desk.see("Show transactions")
        await desk.press("5", "enter")
        await desk.type("teller")
        await desk.press("enter", "enter", "enter")
        await desk.see("Payment by hand  teller  1 of 1")
        await desk.press("f", "1", "enter", "ctrl+u", "enter", "enter", "enter")
        await desk.see("1 of 3")
        await desk.press("slash")
        await desk.type("found00001")
        await desk.see("“found00001”  1 of 2", "Payment received")


async def test_a_receipt_without_a_printer_is_shown(till: Till, tmp_path: Path) -> None:
    """Nothing is sent to a terminal that nobody has said prints."""
    taken(till)
    async with counter(till.ledger.url, tmp_path) as desk:
        await desk.press("colon", *"transa", "enter")
        await desk.see("1 of 1")
        await desk.press("r")
        await desk.see("R000001", "Check code", "1,250.00 KES", "Nakuru (NKU)")


async def test_a_receipt_goes_into_a_file_and_the_next_is_a_copy(till: Till, tmp_path: Path) -> None:
    """Issue: printing to a file; a reprint says COPY and its number; no file is written over."""
    taken(till)
    folder = paper_folder(tmp_path)
    async with printing(till, seat_folder(tmp_path, "s"), printer="file", print_folder=folder) as desk:
        await desk.press("colon", *"transa", "enter")
        await desk.see("1 of 1")
        await desk.press("r")
        await desk.see("Printed: receipt R000001 of 1,250.00 KES")
        await desk.press("r")
        await desk.see("receipt R000001, copy 1 of 1,250.00 KES")
    first, copy = (folder / name for name in ("receipt-R000001.txt", "receipt-R000001-copy-1.txt"))
    assert "COPY" not in first.read_text()
    assert "*** COPY 1 ***" in copy.read_text()
    assert first.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    ("program", "said"),
    [("import sys; open(sys.argv[1], 'wb').write(sys.stdin.buffer.read())", "Printed: receipt R000001"),
     ("import sys; sys.exit(3)", "NOT printed: receipt R000001")],
)  # fmt: skip
async def test_a_receipt_goes_to_the_operators_command(
    till: Till, tmp_path: Path, program: str, said: str
) -> None:
    """Issue: printing to a command, without a shell; one that fails is told, and the receipt stands."""
    taken(till)
    script, out = tmp_path / "print.py", tmp_path / "out; touch owned"
    script.write_text(program)
    command = f"{sys.executable} {script} '{out}'"
    async with printing(
        till, seat_folder(tmp_path, "s"), printer="command", print_command=command, print_feed=2
    ) as desk:
        await desk.press("colon", *"transa", "enter")
        await desk.see("1 of 1")
        await desk.press("r")
        await desk.see(said)
    if said.startswith("Printed"):
        assert out.read_bytes().endswith(b"check code.\r\n\r\n\r\n")
        assert out.read_bytes().isascii()


async def test_a_receipt_goes_through_the_terminal(
    till: Till, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Issue: printing by terminal pass-through, ESC[5i and ESC[4i around it and nothing like them inside."""
    till.ledger.bulk(
        lambda tx: tx.connection.execute(
            "UPDATE customers SET name = ? WHERE customer_no = '000101'", ("Ngũgĩ\x1b[4i\x9b4i",)
        )
    )
    taken(till)
    sent: list[str] = []
    async with printing(till, seat_folder(tmp_path, "s"), printer="terminal") as desk:
        driver = desk.app._driver
        assert driver is not None
        written = driver.write

        def noted(data: str) -> None:
            sent.append(data)
            written(data)

        monkeypatch.setattr(driver, "write", noted)
        await desk.press("colon", *"transa", "enter")
        await desk.see("1 of 1")
        await desk.press("r")
        await desk.see("Printed: receipt R000001")
    (printed,) = [each for each in sent if each.startswith(PRINTER_ON)]
    assert printed.endswith(PRINTER_OFF)
    inside = printed[len(PRINTER_ON) : -len(PRINTER_OFF)]
    assert "Ngugi?[4i?4i" in inside
    assert set(inside) - {"\r", "\n"} <= {chr(code) for code in range(32, 127)}


async def test_a_paper_is_proved_by_its_number_and_code(till: Till, tmp_path: Path) -> None:
    """Issue: a check code that any teller can verify, here one of another branch."""
    payment = taken(till)
    body = till.api("teller").post(f"/v1/payments/{payment['id']}/receipts", {"columns": 40}).json()
    code = body["check_code"]
    async with counter(till.ledger.url, tmp_path, username="teller2") as desk:
        await desk.press("colon", *"rece", "enter")
        await desk.see("No receipt was printed yet.")
        await desk.press("v")
        await desk.see("Verify a receipt")
        await desk.type("r000001")
        await desk.press("enter")
        await desk.type(code.lower())
        await desk.press("enter")
        await desk.see("GENUINE", "R000001", "1,250.00 KES")
        assert "Wanjiku" not in desk.text
        await desk.press("enter")
        wrong = re.sub(r"^.", "A" if code[0] != "A" else "B", code)
        await desk.press("colon")
        await desk.type(f"receipts 1 {wrong.lower()}")
        await desk.press("enter")
        await desk.see("NOT OURS", "R000001")


async def test_the_log_is_saved_as_a_file(till: Till, tmp_path: Path) -> None:
    """Issue: CSV export; `o` writes a new file each time, for who may."""
    till.pay()
    async with counter(till.ledger.url, seat_folder(tmp_path, "s"), username="supervisor") as desk:
        await desk.press("colon", *"transa", "enter")
        await desk.see("1 of 2")
        for number in ("", "-2"):
            await desk.press("o")
            await desk.see(f"{number}.csv")
        await desk.see("Done: Exported as transactions-")
    files = sorted((seat_folder(tmp_path, "s") / "imports").glob("transactions-*.csv"))
    assert len(files) == 2
    rows = list(csv.reader(files[0].read_text().splitlines()))
    assert [row[3] for row in rows[1:-1]] == ["payment.associate", "payment.receive"]
    assert rows[-1][:2] == ["TOTAL", "2"]
    async with counter(till.ledger.url, seat_folder(tmp_path, "t")) as desk:
        await desk.press("colon", *"transa", "enter")
        await desk.see("1 of 2")
        await desk.press("o")
        await desk.see("Your role, teller, may not do this.")
    assert list((seat_folder(tmp_path, "t") / "imports").iterdir()) == []


async def test_a_receipt_is_printed_as_soon_as_the_payment_was_taken_where_it_is_wanted(
    till: Till, tmp_path: Path
) -> None:
    """The operator's setting: no key for what is done each time."""
    folder = paper_folder(tmp_path)
    settings: dict[str, Any] = {
        "printer": "file",
        "print_folder": folder,
        "print_at_once": True,
        "print_columns": 80,
    }
    async with printing(till, seat_folder(tmp_path, "s"), **settings) as desk:
        await desk.press("f4", "n")
        await desk.type("000101")
        await desk.see("000101 Wanjiku Kamau")
        await desk.press("enter", "enter")
        await desk.type("50")
        await desk.press("ctrl+s")
        await desk.read("Take this payment?")
        await desk.press("y")
        await desk.see("1 so far, 50.00 KES")
        await desk.until(lambda: any(folder.iterdir()), "for the paper")
    (paper,) = folder.iterdir()
    assert max(map(len, paper.read_text().splitlines())) == 80


async def test_the_day_is_reported_by_user_and_tender_and_printed(till: Till, tmp_path: Path) -> None:
    """Contract, section 5: on the screen and printable; my takings by tender on Activity."""
    taken(till, receipt_no="D-1")
    taken(till, receipt_no="D-2", tender="cheque")
    till.pay()
    folder = paper_folder(tmp_path)
    async with printing(till, seat_folder(tmp_path, "s"), printer="file", print_folder=folder) as desk:
        await desk.press("colon", *"rep", "enter")
        screen = await desk.see("Day Report", "takings", "M-PESA", "cheque", "1,250.00", "1,500.00")
        assert "all" in desk.line_with("M-PESA")
        assert "Payment associated" not in screen
        await desk.press("t")
        await desk.see("everything", "Payment associated", "ledger")
        await desk.press("r")
        await desk.see("Printed: day report of")
        await desk.press("f9")
        await desk.see("takings today: cash 1,250.00, cheque 1,250.00")
        await desk.press("colon", *"report 2026-01-31", "enter")
        await desk.see("2026-01-31", "Nothing was booked.")
        await desk.press("colon", *"report soon", "enter")
        await desk.see("Payment associated")
    (paper,) = folder.iterdir()
    assert paper.name.startswith("day-report-")
    text = paper.read_text()
    assert "CASH" in text
    assert "1,250.00 KES" in text
    assert text.isascii()


async def test_a_supervisor_closes_the_day_that_is_shown_and_opens_it_again(
    till: Till, tmp_path: Path
) -> None:
    """Contract, section 2: after a question that says what it does; a teller's key says why it is not his."""
    async with counter(till.ledger.url, seat_folder(tmp_path, "s"), username="supervisor") as desk:
        await desk.press("colon", *"report 2026-01-31", "enter")
        await desk.see("2026-01-31", "Nothing came or went")
        await desk.press("c")
        await desk.at(ConfirmDialog)
        await desk.see("Close this day?", "Nothing is posted on it any more")
        await desk.press("escape")
        await desk.see("c Close or open")
        await desk.press("c")
        await desk.at(ConfirmDialog)
        await desk.press("y")
        await desk.see("is closed.", "2026-01-31  closed")
        assert till.ledger.query("SELECT date, closed_by FROM closed_days") == [("2026-01-31", "supervisor")]
        await desk.press("c")
        await desk.at(ConfirmDialog)
        await desk.see("Open this day again?", "takes postings again")
        await desk.press("y")
        await desk.see("is open again.")
        assert till.ledger.query("SELECT date FROM closed_days") == []
    async with counter(till.ledger.url, seat_folder(tmp_path, "t")) as desk:
        await desk.press("colon", *"report", "enter")
        await desk.see("Day Report", "takings")
        await desk.press("c")
        await desk.see("Your role, teller, may not do this.")
