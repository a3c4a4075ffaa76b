"""A bank's statement from the keyboard over a real ledger: its own balances, what is new, what contradicts."""

from __future__ import annotations

from pathlib import Path

from tests.ledger.statements import ACCOUNT, credit, mt940, own_accounts
from tests.ledger.till import Till
from tests.screens.counter import Counter, counter

GOOD = mt940(
    credit("FT26110300010"), credit("FT26110300011", "20,00", says="school fees"), closing="C261103KES2520,00"
)


async def open_statement(desk: Counter, name: str, account: str = "") -> None:
    """`f4`, `i`, the name, `enter`, the account, `enter`."""
    await desk.press("f4")
    await desk.see("Payments")
    await desk.press("i")
    await desk.see("Import a bank's statement")
    await desk.type(name)
    await desk.press("enter")
    await desk.type(account)
    await desk.press("enter")


def folder_with(tmp_path: Path, **files: str) -> Path:
    folder = tmp_path / "imports"
    folder.mkdir()
    for name, text in files.items():
        (folder / f"{name}.txt").write_text(text)
    return folder


async def test_a_statement_is_seen_beside_its_balances_and_then_taken_in(till: Till, tmp_path: Path) -> None:
    """Opening, in, out, closing, whether they agree; `y` makes payments of what is new, and again of nothing."""
    own_accounts(till.ledger, ACCOUNT)
    folder_with(tmp_path, good=GOOD, again=GOOD.replace(":20:T1", ":20:T2"))
    async with counter(till.ledger.url, tmp_path, username="supervisor", size=(120, 36)) as desk:
        await open_statement(desk, "good.txt")
        await desk.see(
            ACCOUNT, "opening 1,000.00 KES", "closing 2,520.00 KES", "they agree", "2 new, 1,520.00 KES"
        )
        assert till.top.pages("/v1/payments") == []
        await desk.press("y")
        await desk.see("2 payments taken in, 1,520.00 KES.")
        await desk.press("i")
        await desk.type("again.txt")
        await desk.press("enter", "enter")
        await desk.see("0 new", "2 here already")
        await desk.press("y")
        await desk.see("Nothing in it was new.")
    assert till.balance("000101") == 150_000
    till.ledger.check()


async def test_a_statement_that_does_not_add_up_is_asked_about(till: Till, tmp_path: Path) -> None:
    """The figures stand in the question; `esc` takes nothing in."""
    own_accounts(till.ledger, ACCOUNT)
    folder_with(tmp_path, odd=GOOD.replace("KES2520,00", "KES2600,00"))
    async with counter(till.ledger.url, tmp_path, username="supervisor", size=(120, 36)) as desk:
        await open_statement(desk, "odd.txt")
        await desk.see("DIFFERS BY 80.00 KES")
        await desk.press("y")
        await desk.see("Import a statement that does not add up?", "differs by 80.00 KES")
        await desk.press("escape")
        await desk.see("DIFFERS BY 80.00 KES")
        assert till.top.pages("/v1/payments") == []
        await desk.press("y")
        await desk.see("Import a statement that does not add up?")
        await desk.press("y")
        await desk.see("2 payments taken in")


async def test_a_table_is_read_by_the_columns_that_are_named(till: Till, tmp_path: Path) -> None:
    """`e` asks which columns hold what; the answers are kept under a name for the next file."""
    own_accounts(till.ledger, ACCOUNT)
    table = "Day;Amt;Ref;Says\n03/11/2026;1.500,00;TB-0000001;100245\n13/11/2026;-20,00;TB-0000002;fees\n"
    folder_with(tmp_path, table=table)
    async with counter(till.ledger.url, tmp_path, username="supervisor", size=(120, 36)) as desk:
        await open_statement(desk, "table.txt", ACCOUNT)
        await desk.see("Say which columns hold what")
        await desk.press("e")
        await desk.see("Which column holds what?")
        for name in ("Day", "Amt", "", "", "Ref", "", "Says", "", "Equity"):
            await desk.type(name)
            await desk.press("enter")
        await desk.see("1 new, 1,500.00 KES")
        await desk.press("y")
        await desk.see("1 payment taken in, 1,500.00 KES.")
    assert [each["name"] for each in till.api("supervisor").pages("/v1/column-maps")] == ["Equity"]
    (payment,) = till.by_code("TB-0000001")
    assert payment["customer"]["customer_no"] == "000101"


async def test_what_is_above_zero_is_kept_with_the_columns(till: Till, tmp_path: Path) -> None:
    """The answer to the question of a card goes into the map that was saved for it: the next file is not asked about."""
    own_accounts(till.ledger, ACCOUNT)
    table = "Day;Amt;Ref;Card No\n13/11/2026;1500,00;TB-0000001;100245\n14/11/2026;-20,00;TB-0000002;thanks\n"
    folder_with(tmp_path, table=table, next=table.replace("TB-000000", "TB-000001"))
    async with counter(till.ledger.url, tmp_path, username="supervisor", size=(120, 36)) as desk:
        await open_statement(desk, "table.txt", ACCOUNT)
        await desk.press("e")
        await desk.see("Which column holds what?")
        for name in ("Day", "Amt", "", "", "Ref", "", "", "", "Card"):
            await desk.type(name)
            await desk.press("enter")
        await desk.see("[6] above zero was spent or paid out")
        await desk.press("6")
        await desk.see("1 new, 20.00 KES")
        await desk.press("y")
        await desk.see("1 payment taken in, 20.00 KES.")
        await desk.press("i")
        await desk.type("next.txt")
        await desk.press("enter")
        await desk.type(ACCOUNT)
        await desk.press("enter")
        await desk.see("1 new, 20.00 KES")
    (kept,) = till.api("supervisor").pages("/v1/column-maps")
    assert (kept["name"], kept["columns"]["above_zero"], kept["version"]) == ("Card", "went_out", 2)


async def test_a_contradiction_is_shown_and_stands_in_the_third_list(till: Till, tmp_path: Path) -> None:
    """The same code with another amount: held, with its reason."""
    own_accounts(till.ledger, ACCOUNT)
    folder_with(
        tmp_path, good=GOOD, other=mt940(credit("FT26110300010", "1600,00"), closing="C261103KES2600,00")
    )
    async with counter(till.ledger.url, tmp_path, username="supervisor", size=(120, 36)) as desk:
        await open_statement(desk, "good.txt")
        await desk.see("they agree")
        await desk.press("y")
        await desk.see("2 payments taken in")
        await desk.press("i")
        await desk.type("other.txt")
        await desk.press("enter", "enter")
        await desk.see("1 held: they contradict a payment", "this statement says 1,600.00")
        await desk.press("y")
        await desk.see("Nothing in it was new.")
        await desk.type(":payments held")
        await desk.press("enter")
        await desk.see("FT26110300010")


async def test_hostile_texts_of_a_statement_reach_no_terminal(till: Till, tmp_path: Path) -> None:
    """Escapes, direction marks and markup in name, reference and account are shown harmlessly (TTY-1, VAL-3)."""
    own_accounts(till.ledger, ACCOUNT)
    nasty = "\x1b[2J[bold red]PAID[/] \u202eETIHW\x9b31m"
    folder_with(tmp_path, nasty=mt940(credit("FT26110300010", says=nasty), account=f"{ACCOUNT}{nasty}"))
    async with counter(till.ledger.url, tmp_path, username="supervisor", size=(120, 36)) as desk:
        await open_statement(desk, "nasty.txt")
        screen = await desk.see("none of ours", "[bold red]PAID[/]")
        assert not {"\x1b", "\u202e", "\x9b"} & set(screen)


async def test_what_a_cards_list_leaves_open_is_asked(till: Till, tmp_path: Path) -> None:
    """Spending above zero, or money that came in: never guessed; a key answers, and the same bytes are checked again."""
    own_accounts(till.ledger, ACCOUNT)
    table = "Date,Description,Amount,Reference\n2026-11-03,SHOP,40.00,CD-0000001\n2026-11-03,100245 thank you,-15.00,CD-0000002\n"
    folder_with(tmp_path, table=table)
    async with counter(till.ledger.url, tmp_path, username="supervisor", size=(120, 36)) as desk:
        await open_statement(desk, "table.txt", ACCOUNT)
        await desk.see("[5] above zero came in", "[6] above zero was spent or paid out")
        await desk.press("y")
        await desk.see("First say how the file is written.")
        await desk.press("6")
        await desk.see("1 new, 15.00 KES")
        await desk.press("y")
        await desk.see("1 payment taken in, 15.00 KES.")
    assert till.by_code("CD-0000001") == []
    (payment,) = till.by_code("CD-0000002")
    assert payment["amount_minor"] == 1_500


async def test_rows_pasted_beside_the_file_are_the_file(till: Till, tmp_path: Path) -> None:
    """Product, promise 6: whichever line has the keys, rows of a table are no account number."""
    async with counter(till.ledger.url, tmp_path, username="supervisor") as desk:
        await desk.press("f4", "i")
        await desk.see("Import a bank's statement")
        await desk.press("tab")
        await desk.paste("Date\tReference\tAmount\n2026-11-03\tABC\t100.00\n")
        await desk.see("2 rows pasted, the first one:", "only if the file does not name it")
