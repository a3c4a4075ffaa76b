"""Import from the keyboard over a real ledger: a file or pasted rows, a preview, all or nothing, or the valid rows."""

from __future__ import annotations

import asyncio
import stat
from pathlib import Path

import pytest
from tests.ledger.till import Till
from tests.screens.bad_line import bad_line
from tests.screens.counter import Counter, counter
from textual import events

from branchtui.remote.errors import FileProblem
from branchtui.screens.import_files import parts_inside, read_inside
from branchtui.screens.paste_field import pasted_file
from branchtui.widgets.dialogs import ConfirmDialog

HEADER = "customer_no,account_kind,amount,currency,as_of_date,narration,external_ref"
GOOD = f"""{HEADER}
000101,savings,"2,500.00",KES,2026-09-30,passbook,IMP-1
000102,shares,100.00,KES,2026-09-30,,IMP-2
"""
MIXED = f"""{HEADER}
000101,savings,12.345,KES,2026-09-30,three decimals,MIX-1
000102,savings,100.00,KES,2026-09-30,fine,MIX-2

999999,savings,1.00,KES,2026-09-30,nobody,MIX-3
"""


async def open_import(desk: Counter, name: str) -> None:
    """`f3`, `i`, the name, `enter`."""
    await desk.press("f3")
    await desk.see("not accounted")
    await desk.press("i")
    await desk.see("Import Member Balances")
    await desk.type(name)
    await desk.press("enter")


async def test_a_file_is_seen_before_it_goes_in_and_then_all_of_it_does(till: Till, tmp_path: Path) -> None:
    """Product: `i`, a path, `enter` for the preview, `y`; what goes in is not accounted yet."""
    folder = tmp_path / "imports"
    folder.mkdir()
    (folder / "good.csv").write_text(GOOD)
    async with counter(till.ledger.url, tmp_path) as desk:
        await open_import(desk, "good.csv")
        await desk.see("preview", "2 rows: 2 fine, 0 wrong", "2,600.00 KES", "Nothing is imported yet.")
        await desk.see("Read as: comma, utf-8, decimal point")
        assert till.ledger.query("SELECT count(*) FROM balance_records") == [(0,)]
        await desk.press("y")
        await desk.see("2 rows imported, 2,600.00 KES, not accounted.")
        await desk.press("escape")
        await desk.see("Member Balances", "Wanjiku Kamau", "2,500.00")

    assert till.ledger.query("SELECT count(*) FROM balance_records") == [(2,)]
    till.ledger.check()


async def test_wrong_rows_are_shown_with_row_column_and_cell_and_keep_the_whole_file_out(
    till: Till, tmp_path: Path
) -> None:
    """Contract, section 8: all or nothing by default; `v` takes the valid rows after a word; `s` saves the rejects."""
    folder = tmp_path / "imports"
    folder.mkdir()
    (folder / "mixed.csv").write_text(MIXED)
    async with counter(till.ledger.url, tmp_path, size=(120, 36)) as desk:
        await open_import(desk, "mixed.csv")
        await desk.see("1 fine", "2 wrong", "12.345", "999999", "amount", "customer_no", "KES has two")
        assert desk.line_with("12.345").split()[:2] == [">", "2"]
        await desk.press("y")
        await desk.see("! 2 rows are wrong, so nothing goes in.")
        await desk.press("s")
        await desk.see("mixed-rejects.csv")
        rejects = folder / "mixed-rejects.csv"
        assert stat.S_IMODE(rejects.stat().st_mode) == 0o600
        assert rejects.read_text().count("MIX-") == 2
        await desk.press("v")
        await desk.see("Import the valid rows only?", "Stay out", "2 rows", "afterwards")
        await desk.press("y")
        await desk.see("imported, 100.00 KES", "2 rows left out")

    assert till.ledger.query("SELECT external_ref FROM balance_records") == [("MIX-2",)]


async def test_pasted_spreadsheet_rows_are_a_previewed_import(till: Till, tmp_path: Path) -> None:
    """Product, promise 6: tab-separated rows that are pasted become the same upload."""
    rows = GOOD.replace('"2,500.00"', "2500.00").replace(",", "\t").replace("\n", "\r")
    async with counter(till.ledger.url, tmp_path) as desk:
        await desk.press("f3")
        await desk.see("not accounted")
        await desk.press("i")
        await desk.see("Import Member Balances")
        focused = desk.app.focused
        assert focused is not None
        focused.post_message(events.Paste(rows))
        await desk.see("3 rows pasted", "[ctrl+s] check them")
        await desk.press("enter")
        await desk.see("2 rows: 2 fine", "Read as: tab")
        await desk.press("y")
        await desk.see("2 rows imported, 2,600.00 KES")


async def test_pasted_rows_are_not_left_without_a_question(till: Till, tmp_path: Path) -> None:
    """Product, keys: `esc` never loses typed data without asking; pasted rows are more than was ever typed."""
    async with counter(till.ledger.url, tmp_path) as desk:
        await desk.press("f3", "i")
        await desk.see("Import Member Balances")
        await desk.paste(GOOD)
        await desk.see("3 rows pasted")
        for key in ("escape", "ctrl+q"):
            await desk.press(key)
            await desk.at(ConfirmDialog)
            await desk.see("What you typed is not saved and will be lost.")
            await desk.press("escape")
            await desk.see("3 rows pasted")
        await desk.press("ctrl+s")
        await desk.see("2 rows: 2 fine")
        await desk.press("escape")
        await desk.see("Nothing was imported.")
        await desk.press("escape")
        await desk.see("Member Balances  not accounted")


async def test_a_paste_on_a_list_is_told_to_have_gone_nowhere(till: Till, tmp_path: Path) -> None:
    """Product, promise 1: nothing that was entered is lost without a word, and the word says where rows go."""
    async with counter(till.ledger.url, tmp_path) as desk:
        await desk.press("f3")
        await desk.see("not accounted")
        await desk.paste(GOOD)
        await desk.see("! Nothing was pasted: no box and no form is open. [i] imports pasted rows.")
        await desk.press("f9")
        await desk.see("Activity")
        await desk.paste("7QK2-M9")
        await desk.see("! Nothing was pasted: no box and no form is open.")
        assert "imports" not in desk.said


async def test_a_day_and_month_that_the_rows_leave_open_are_asked(till: Till, tmp_path: Path) -> None:
    """Contract, section 8: never guessed; a key answers, and the same bytes are checked again."""
    folder = tmp_path / "imports"
    folder.mkdir()
    (folder / "open.csv").write_text(f"{HEADER}\n000101,savings,5.00,KES,05/06/2026,,OPEN-1\n")
    async with counter(till.ledger.url, tmp_path) as desk:
        await open_import(desk, "open.csv")
        await desk.see("05/06/2026", "[1] the day comes first", "[2] the month comes first")
        await desk.press("y")
        await desk.see("First say how the file is written.")
        await desk.press("1")
        await desk.see("1 row: 1 fine", "day before month")
        await desk.press("y")
        await desk.see("1 row imported, 5.00 KES")

    assert till.ledger.query("SELECT as_of_date FROM balance_records") == [("2026-06-05",)]


async def test_the_same_file_again_is_asked_about_and_its_references_still_protect(
    till: Till, tmp_path: Path
) -> None:
    """Contract, section 8: 409 `file-already-imported` unless confirmed."""
    folder = tmp_path / "imports"
    folder.mkdir()
    (folder / "good.csv").write_text(GOOD)
    async with counter(till.ledger.url, tmp_path) as desk:
        await open_import(desk, "good.csv")
        await desk.see("2 rows: 2 fine")
        await desk.press("y")
        await desk.see("2 rows imported")
        await desk.press("i")
        await desk.see("Import Member Balances")
        await desk.type("good.csv")
        await desk.press("enter")
        await desk.see("This file was imported before")
        await desk.press("y")
        await desk.see("2 wrong", "reference IMP-1 was used")

    assert till.ledger.query("SELECT count(*) FROM balance_records") == [(2,)]


async def test_hostile_cells_are_shown_harmlessly(till: Till, tmp_path: Path) -> None:
    """Product, promise 10: what stands in a stranger's file is data."""
    folder = tmp_path / "imports"
    folder.mkdir()
    (folder / "bad.csv").write_text(f"{HEADER}\n\x1b]0;x\x07[bold]\u202e,savings,1.00,KES,2026-09-30,,H-1\n")
    async with counter(till.ledger.url, tmp_path, size=(120, 36)) as desk:
        await open_import(desk, "bad.csv")
        screen = await desk.see("1 wrong", "[bold]")
        assert not set(screen) & {"\x1b", "\x07", "\u202e"}
        await desk.press("enter")
        await desk.see("Cell as read", "Row 2", "Level")
        assert not set(desk.text) & {"\x1b", "\x07", "\u202e"}


async def test_a_file_elsewhere_is_refused_with_a_plain_sentence_and_nothing_is_sent(
    till: Till, tmp_path: Path
) -> None:
    """T-28: files are read from the import folder alone; the sentence stands beside the field."""
    async with counter(till.ledger.url, tmp_path) as desk:
        await desk.press("f3")
        await desk.see("not accounted")
        await desk.press("i")
        await desk.see("Import Member Balances")
        before = desk.requests()
        await desk.type("/etc/hostname")
        await desk.press("enter")
        await desk.see("/etc/hostname is outside")
        assert desk.requests() == before


@pytest.mark.parametrize("typed", ["../secret.csv", "sub/../../secret.csv", "/etc/passwd", "~root/x.csv"])
def test_a_way_out_of_the_folder_is_no_way(tmp_path: Path, typed: str) -> None:
    """T-28: neither `..` nor another root leads out."""
    with pytest.raises(FileProblem, match=r"outside|leads out|no file"):
        parts_inside(tmp_path, typed)


def test_links_are_not_followed_wherever_they_stand(tmp_path: Path) -> None:
    """T-28: a link to a file, or in the way to one, is refused although it lies in the folder."""
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret.csv").write_text("secret")
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "link.csv").symlink_to(outside / "secret.csv")
    (folder / "way").symlink_to(outside)
    (folder / "inner").mkdir()
    (folder / "inner" / "good.csv").write_text("good")

    for typed in ("link.csv", "way/secret.csv"):
        with pytest.raises(FileProblem, match="link"):
            read_inside(folder, typed)
    with pytest.raises(FileProblem, match="is a folder"):
        read_inside(folder, "inner")
    with pytest.raises(FileProblem, match="There is no file"):
        read_inside(folder, "missing.csv")
    assert read_inside(folder, f"{folder}/inner/good.csv") == (folder / "inner" / "good.csv", b"good")


def test_pasted_rows_become_the_file_they_would_have_been() -> None:
    """Whatever line ends a terminal sends, one line feed ends each row."""
    assert pasted_file("a\tb\rc\td\r\ne\tf") == b"a\tb\nc\td\ne\tf\n"
    assert pasted_file("a\x0bb\u2028c\x85d\te\n") == "a\x0bb\u2028c\x85d\te\n".encode()


async def test_an_import_goes_on_when_one_goes_elsewhere_and_its_end_is_told_there(
    till: Till, tmp_path: Path
) -> None:
    """Product: progress goes on when leaving the screen; the job is the ledger's."""
    folder = tmp_path / "imports"
    folder.mkdir()
    (folder / "good.csv").write_text(GOOD)
    async with (
        bad_line(till.ledger.url) as line,
        counter(line.url, tmp_path, open_ledger=line.open_ledger) as desk,
    ):
        await open_import(desk, "good.csv")
        await desk.see("2 rows: 2 fine")
        line.held["/v1/jobs/"] = asyncio.Event()
        await desk.press("y")
        await desk.see("good.csv is being imported.")
        await desk.press("escape")
        await desk.see("Member Balances  not accounted")
        line.held["/v1/jobs/"].set()
        await desk.see("Done: Import: 2 rows imported, 2,600.00 KES, not accounted.")
        # The list that was opened before the end shows what came in, without a key.
        await desk.see("Post All 2: 2,600.00")
        await desk.press("i")
        await desk.see("Import Member Balances")

    assert till.ledger.query("SELECT count(*) FROM balance_records") == [(2,)]


async def test_a_file_that_is_no_table_is_refused_whole_with_the_reason(till: Till, tmp_path: Path) -> None:
    """Contract, section 8: a header that does not fit keeps the file out in any mode."""
    folder = tmp_path / "imports"
    folder.mkdir()
    (folder / "wrong.csv").write_text("name,amount\nWanjiku,5.00\n")
    async with counter(till.ledger.url, tmp_path) as desk:
        await open_import(desk, "wrong.csv")
        await desk.see("The column name is not known", "wrong")
        await desk.press("y")
        await desk.see("! This import has ended. [i] another file")


async def test_what_was_typed_for_a_refused_file_stays_to_be_corrected(till: Till, tmp_path: Path) -> None:
    """House rule: nothing typed is lost; `enter` sends the file again, typing names another one in its place."""
    folder = tmp_path / "imports"
    folder.mkdir()
    wrong = "name,amount\nWanjiku,5.00\n"
    (folder / "wrong.csv").write_text(wrong)
    (folder / "good.csv").write_text(GOOD)
    async with counter(till.ledger.url, tmp_path) as desk:
        await open_import(desk, "wrong.csv")
        await desk.see("The column name is not known")
        await desk.press("i")
        await desk.see("[ctrl+s] check the file", "wrong.csv")
        (folder / "wrong.csv").write_text(wrong.replace("name", "nom"))
        await desk.press("enter")
        await desk.see("The column nom is not known")
        await desk.press("i")
        await desk.see("[ctrl+s] check the file", "wrong.csv")
        await desk.type("good.csv")
        await desk.press("enter")
        await desk.see("2 rows: 2 fine")


async def test_the_foot_stays_at_the_bottom_while_a_file_is_named(till: Till, tmp_path: Path) -> None:
    """The status line and the keys stand where they do on every screen; what the form is waiting for is said."""
    folder = tmp_path / "imports"
    folder.mkdir()
    (folder / "good.csv").write_text(GOOD)
    async with counter(till.ledger.url, tmp_path) as desk:
        await open_import(desk, "nothing.csv")
        await desk.see("There is no file nothing.csv", "[ctrl+s] check the file   [esc] Member Balances")
        assert desk.lines[-1].startswith("(y Import)")
        assert "(i Another)" in desk.lines[-1]
        await desk.press("escape", "y", "i")
        await desk.type("good.csv")
        await desk.press("enter")
        await desk.see("2 rows: 2 fine")
        assert desk.lines[-1].startswith("y Import")


async def test_blank_rows_are_no_rows_that_go_in(till: Till, tmp_path: Path) -> None:
    """The question before the valid rows counts those that go in; where none would, it is not asked."""
    folder = tmp_path / "imports"
    folder.mkdir()
    (folder / "mixed.csv").write_text(MIXED)
    (folder / "wrong.csv").write_text(MIXED.replace(",100.00,", ",x,"))
    async with counter(till.ledger.url, tmp_path) as desk:
        await open_import(desk, "mixed.csv")
        await desk.see("4 rows: 1 fine, 1 with a warning, 2 wrong")
        await desk.press("v")
        await desk.see("Import the valid rows only?")
        assert desk.line_with("Go in").partition("Go in")[2].split()[:2] == ["1", "row"]
        await desk.press("escape", "escape")
        await desk.type("wrong.csv")
        await desk.press("enter")
        await desk.see("4 rows: 0 fine, 1 with a warning, 3 wrong")
        assert "valid rows only" not in desk.text
        await desk.press("v")
        await desk.see("No row is fine: there is nothing to import.")
