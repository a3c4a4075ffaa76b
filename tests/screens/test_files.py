"""Universal Files from the keyboard over a real ledger: sent, seen before anything moves, applied, taken back."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from tests.ledger.balance_files import apply_bytes, check_file, owed, payer, universal
from tests.ledger.till import Till
from tests.screens.bad_line import bad_line
from tests.screens.counter import Counter, counter
from textual import events

from branchtui.format.money import MoneyError, parse_balance
from branchtui.ledger.store.rows import BalanceFile
from branchtui.ledger.workflows import file_apply, file_revert
from branchtui.screens.dialogs.file_form import payer_file, plain_amount
from branchtui.screens.file_screen import FileScreen
from branchtui.screens.files import FilesScreen

ALL = universal(
    payer("100245", "1250.00", "Wanjiku Kamau", ref="S-1"),
    payer("100246", "0.00", "O'Brien, Achieng"),
    payer("100247", "999.99", "Ngũgĩ wa Mwangi"),
    file_id="MONTH-1",
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "imports"
    made.mkdir()
    (made / "all.csv").write_bytes(ALL)
    return made


async def open_files(desk: Counter) -> None:
    """`f6`."""
    await desk.press("f6")
    await desk.see("Universal Files", "recent uploads")


async def send_file(desk: Counter, name: str) -> None:
    """`n`, for all divisions, the file's name."""
    await desk.press("n")
    await desk.see("Universal File for", "1 All divisions", "3 One payer")
    await desk.press("1")
    await desk.see("all divisions", "File")
    await desk.type(name)
    await desk.press("enter")


@pytest.mark.usefixtures("folder")
async def test_a_file_is_seen_then_applied_and_its_result_stands_in_recent_uploads(
    till: Till, tmp_path: Path
) -> None:
    """Contract 6: the X-ray before anything moves; `p`, `y`; the result in the list."""
    async with counter(till.ledger.url, tmp_path, username="supervisor") as desk:
        await open_files(desk)
        await send_file(desk, "all.csv")
        await desk.at(FileScreen)
        await desk.see(
            "3 payers, 2,249.99 KES",
            "2 new, 0 changed, 1 unchanged",
            "Nothing has moved yet.",
            "biggest moves",
            "net +2,249.99 KES",
        )
        assert desk.line_with("100245").split()[-1] == "+1,250.00"
        assert owed(till.ledger, "100245") is None
        await desk.press("p")
        await desk.see("Apply this file?", "MONTH-1", "+2,249.99 KES")
        await desk.press("enter")
        await desk.press("y")
        await desk.see("Done: MONTH-1: 3 payers: 2 updated, 1 unchanged, 1 warning, 0 rows wrong.")
        await desk.see("Applied by supervisor")
        await desk.press("escape")
        await desk.at(FilesScreen)
        assert desk.line_with("MONTH-1").split()[-6:] == ["all", "3", "2", "1", "0", "applied"]
    assert owed(till.ledger, "100245") == 125_000
    till.ledger.check()


async def test_what_is_wrong_is_shown_row_by_row_and_saved_as_a_file(
    till: Till, tmp_path: Path, folder: Path
) -> None:
    """Contract 6: errors and warnings row by row; rejects as a file; what is rejected says why."""
    (folder / "bad.csv").write_bytes(
        universal(payer("100245", "12.345"), payer("999999", "1.00"), payer("100246", "4.00"), total="5.00")
    )
    (folder / "cut.csv").write_bytes(ALL[:-20].replace(b"MONTH-1", b"MONTH-2"))
    async with counter(till.ledger.url, tmp_path, username="supervisor", size=(120, 36)) as desk:
        await open_files(desk)
        await send_file(desk, "bad.csv")
        await desk.at(FileScreen)
        await desk.see("wrong rows", "12.345", "999999", "2 rows wrong")
        await desk.press("s")
        await desk.see("-rejects.csv", "correct them")
        (saved,) = saved_in(folder)
        await desk.press("t")
        await desk.see("biggest moves", "+4.00")
        await desk.press("escape")
        await send_file(desk, "cut.csv")
        await desk.see("Rejected:", "no trailer")
        await desk.press("p")
        await desk.see("it cannot be applied now.")
    assert saved.read_text(encoding="utf-8-sig").count("\n") == 3


@pytest.mark.usefixtures("folder")
async def test_a_teller_applies_one_payer_at_once_and_asks_for_more(till: Till, tmp_path: Path) -> None:
    """Contract 6: the form makes the file of one line; many payers wait for a supervisor."""
    async with counter(till.ledger.url, tmp_path, username="teller") as desk:
        await open_files(desk)
        await desk.press("e")
        await desk.see("What one payer owes")
        await desk.type("100245")
        await desk.see("100245 Wanjiku Kamau")
        await desk.press("enter")
        await desk.type("300.50")
        await desk.press("ctrl+s")
        await desk.at(FileScreen)
        await desk.see("For payer 100245 alone: 1 payer, 300.50 KES")
        await desk.press("p")
        await desk.see("Apply this file?", "Wanjiku Kamau", "300.50 KES")
        await desk.press("y")
        await desk.see("1 updated", "Receivable", "is now 300.50 KES")
        await desk.press("escape")
        await desk.at(FilesScreen)
        await send_file(desk, "all.csv")
        await desk.at(FileScreen)
        await desk.see("Nothing has moved yet.")
        await desk.press("p")
        await desk.see("Ask for approval?", "MONTH-1")
        await desk.type("the month")
        await desk.press("enter", "y")
        await desk.see("waits for a second person")
    assert owed(till.ledger, "100245") == 30_050
    ((action,),) = till.ledger.query("SELECT action FROM approvals")
    assert action == "balance-file.apply"


async def test_a_file_is_taken_back_and_what_blocks_that_is_listed(till: Till, tmp_path: Path) -> None:
    """Contract 6: revert by mirror entries where nothing has moved since; the accounts in the way are shown."""
    boss = till.ledger.sign_in("supervisor")
    apply_bytes(boss, ALL)
    later = apply_bytes(boss, universal(payer("100245", "1300.00"), file_id="LATER"))
    async with counter(till.ledger.url, tmp_path, username="supervisor") as desk:
        await open_files(desk)
        await desk.see("MONTH-1", "LATER")
        await desk.press("down", "enter")
        await desk.at(FileScreen)
        await desk.see("Applied by supervisor", "biggest moves")
        await revert(desk)
        await desk.see("moved since", "1 account has moved since", "1,250.00", "1,300.00")
        await desk.press("escape", "up", "enter")
        await desk.at(FileScreen)
        await desk.see("LATER", "1 payer, 1,300.00 KES")
        await revert(desk)
        await desk.see("LATER is reverted: 1 account as before.", "is now 1,250.00")
        await desk.press("escape", "down", "enter")
        await desk.at(FileScreen)
        await desk.see("MONTH-1", "biggest moves")
        await revert(desk)
        await desk.see("MONTH-1 is reverted: 2 accounts as before.")
    assert later["state"] == "applied"
    assert (owed(till.ledger, "100245"), owed(till.ledger, "100247")) == (0, 0)
    till.ledger.check()


async def test_a_file_that_was_taken_back_in_part_says_how_to_go_on(
    till: Till, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Contract 6: the state, the reason and the next step stand on the screen; the same keys take back the rest."""
    apply_bytes(till.ledger.sign_in("supervisor"), ALL)
    monkeypatch.setattr(file_apply, "ROWS_A_PIECE", 1)
    monkeypatch.setattr(file_apply, "TIMES_ALONE", 1)
    take_back, times = file_revert.revert_rows, [0]

    def failing(*given: Any) -> BalanceFile:
        times[0] += 1
        if times[0] == 2:
            raise RuntimeError("said by the test")
        return take_back(*given)

    monkeypatch.setattr(file_revert, "revert_rows", failing)
    async with counter(till.ledger.url, tmp_path, username="supervisor") as desk:
        await open_files(desk)
        await desk.see("MONTH-1")
        await desk.press("enter")
        await desk.at(FileScreen)
        await desk.see("Applied by supervisor", "biggest moves")
        await revert(desk)
        await desk.see("It was taken back down to row 2.", "which takes back the rest.", "with errors")
        assert (owed(till.ledger, "100245"), owed(till.ledger, "100247")) == (0, 99_999)
        await revert(desk)
        await desk.see("MONTH-1 is reverted: 2 accounts as before.")
    assert (owed(till.ledger, "100245"), owed(till.ledger, "100247")) == (0, 0)
    till.ledger.check()


async def test_a_file_that_is_older_than_the_last_one_says_so_before_it_is_applied(
    till: Till, tmp_path: Path
) -> None:
    """Contract 6: in the X-ray, among its warnings, and in what `y` confirms."""
    boss = till.ledger.sign_in("supervisor")
    apply_bytes(boss, ALL)
    rows = (payer("100245", "1300.00"), payer("100247", "900.00"))
    check_file(boss, universal(*rows, file_id="LATE", as_of_date="2026-01-13"))
    async with counter(till.ledger.url, tmp_path, username="supervisor") as desk:
        await open_files(desk)
        await desk.see("LATE")
        await desk.press("enter")
        await desk.at(FileScreen)
        await desk.see("OLDER than MONTH-1, applied as of 2026-01-14", "1 warning", "Nothing has moved yet.")
        await desk.press("p")
        await desk.see("Apply this file?", "Take care", "OLDER than MONTH-1")
        await desk.press("escape")
        await desk.press("t")
        await desk.see("would put older balances over newer ones.")
    assert owed(till.ledger, "100245") == 125_000


def saved_in(folder: Path) -> list[Path]:
    """Files of rejects."""
    return list(folder.glob("*-rejects.csv"))


async def revert(desk: Counter) -> None:
    """`m`, its number, `y`, and the password where it is asked for."""
    await desk.press("m")
    await desk.see("Revert by mirror entries")
    await desk.press("3")
    await desk.see("Revert this file?")
    await desk.press("y")


async def test_the_same_bytes_and_the_same_name_are_told_apart(
    till: Till, tmp_path: Path, folder: Path
) -> None:
    """Contract 6: the same bytes give the first result; the same file_id with other bytes is refused."""
    apply_bytes(till.ledger.sign_in("supervisor"), ALL)
    (folder / "other.csv").write_bytes(ALL.replace(b"1250.00", b"1251.00").replace(b"2249.99", b"2250.99"))
    async with counter(till.ledger.url, tmp_path, username="supervisor") as desk:
        await open_files(desk)
        await send_file(desk, "all.csv")
        await desk.at(FileScreen)
        await desk.see("These bytes were applied before.", "2 updated")
        await desk.press("escape")
        await send_file(desk, "other.csv")
        await desk.see("The file_id MONTH-1 is that of another file")
        await desk.press("n")
        await desk.see("Universal File for")
        await desk.press("1")
        await desk.see("other.csv")


async def test_pasted_rows_are_a_file_and_go_to_one_division(till: Till, tmp_path: Path) -> None:
    """Product, promise 6; contract 6: a paste is a file; a row outside the division is wrong."""
    rows = "account_no\tbalance\r100245\t10.00\r200245\t5.00\r"
    async with counter(till.ledger.url, tmp_path, username="hq-supervisor") as desk:
        await open_files(desk)
        await desk.press("n")
        await desk.see("2 One division")
        await desk.press("2")
        await desk.see("Division", "code or name")
        await desk.type("nku")
        await desk.see("NKU Nakuru")
        await desk.press("enter")
        focused = desk.app.focused
        assert focused is not None
        focused.post_message(events.Paste(rows))
        await desk.see("3 rows pasted")
        await desk.press("enter")
        await desk.at(FileScreen)
        await desk.see("For division NKU: 2 payers", "1 row wrong", "does not belong to the division NKU")


async def test_a_supervisor_finds_what_waits_from_home_and_applies_from_the_list(
    till: Till, tmp_path: Path
) -> None:
    """Contract 6: a teller's file waits; the supervisor's Home says so, and `p` on the list restates it."""
    check_file(till.ledger.sign_in("teller"), ALL)
    async with counter(till.ledger.url, tmp_path, username="supervisor") as desk:
        await desk.see("Balance files to apply")
        await open_files(desk)
        await desk.press("t")
        await desk.see("Universal Files  to apply", "MONTH-1")
        await desk.press("p")
        await desk.see("Apply this file?", "+2,249.99 KES")
        await desk.press("y")
        await desk.see("2 updated")
        await desk.press("t")
        await desk.see("Universal Files  applied", "MONTH-1")


async def test_an_administrator_sets_what_is_remarkable(till: Till, tmp_path: Path) -> None:
    """Contract 6: the share beyond which a move is warned of."""
    async with counter(till.ledger.url, tmp_path, username="administrator") as desk:
        await desk.press("colon")
        await desk.type("settings")
        await desk.press("enter")
        await desk.see("Settings", "users")
        await desk.press("m")
        await desk.see("Balance files")
        mark = desk.line_with("Balance files").split("Balance files")[0].split()[-1].lstrip(">")
        await desk.press(mark)
        await desk.see("Warn of moves", "50")
        await desk.type("20")
        await desk.press("ctrl+s")
        await desk.see("Saved: it holds from the next file on.")
    shown = till.ledger.sign_in("supervisor").get("/v1/settings/balance-files").json()
    assert shown["moved_share_percent"] == 20


async def test_hostile_texts_of_a_file_are_shown_harmlessly(till: Till, tmp_path: Path, folder: Path) -> None:
    """Product, promise 10: what stands in a stranger's file is data."""
    (folder / "bad.csv").write_bytes(
        universal(
            payer("100245", "1.00", name="\x1b]0;x\x07[bold]\u202e"), payer("100246", "1.00"), total="2.00"
        )
    )
    async with counter(till.ledger.url, tmp_path, username="supervisor", size=(120, 36)) as desk:
        await open_files(desk)
        await send_file(desk, "bad.csv")
        await desk.at(FileScreen)
        screen = await desk.see("1 row wrong", "[bold]")
        assert not set(screen) & {"\x1b", "\x07", "\u202e"}


@pytest.mark.parametrize(
    ("keyed", "minor"), [("0", 0), ("0.00", 0), ("-12.50", -1_250), ("1,250.00", 125_000), (" 3 ", 300)]
)
def test_a_balance_may_be_zero_or_held(keyed: str, minor: int) -> None:
    """VAL-1: an amount, zero, or one minus in front."""
    assert parse_balance(keyed, "KES") == minor


@pytest.mark.parametrize("keyed", ["", "-", "--1", "+1", "1e5", "-0x1", "1.234", "٣"])
def test_what_is_no_balance_is_refused(keyed: str) -> None:
    """VAL-1: with a sentence."""
    with pytest.raises(MoneyError):
        parse_balance(keyed, "KES")


def test_the_file_of_one_payer_is_a_universal_file_of_one_line() -> None:
    """Contract 6: the same form serves one payer."""
    values = {
        "account_no": "100245",
        "balance_minor": "-30050",
        "as_of_date": "2026-11-19",
        "due_date": "2026-12-05",
    }
    name, data = payer_file(values, "O'Brien, Achieng", "KES", datetime(2026, 11, 20, 6, 0, tzinfo=UTC))
    assert name == "ONE-100245-20261120060000"
    assert data.decode().splitlines() == [
        "H,1,ONE-100245-20261120060000,,2026-11-20T06:00:00Z,KES,2026-11-19",
        'D,100245,"O\'Brien, Achieng",-300.50,2026-12-05,,',
        "T,1,-300.50",
    ]
    assert [plain_amount(5, each) for each in ("KES", "JPY", "KWD")] == ["0.05", "5", "0.005"]


@pytest.mark.usefixtures("folder")
async def test_until_the_ledger_answers_no_row_stands_in_the_columns_of_another_kind(
    till: Till, tmp_path: Path
) -> None:
    """`t` goes on at once; a repaint meanwhile finds nothing to draw where payers stood and findings are to come."""
    async with (
        bad_line(till.ledger.url) as line,
        counter(line.url, tmp_path, username="supervisor", open_ledger=line.open_ledger) as desk,
    ):
        await open_files(desk)
        await send_file(desk, "all.csv")
        screen = await desk.at(FileScreen)
        await desk.see("biggest moves")
        line.held["/v1/balance-files/"] = asyncio.Event()
        for _ in range(4):
            await desk.press("t")
            if screen._view is not None and screen._view.level:
                break
        assert screen._view is not None
        assert screen._view.level
        screen.rows.refresh()
        await desk.see("warnings")
        line.held["/v1/balance-files/"].set()
        await desk.see("The balance is zero.")
