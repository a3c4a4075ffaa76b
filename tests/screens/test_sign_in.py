"""Signing in, and what stands between: a wrong word, a ledger that is down, a web page, a session that ends."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from tests.ledger.running import PASSWORD, RunningLedger
from tests.ledger.till import Till
from tests.screens.counter import Counter, counter, sign_in_again

from branchtui.screens.balances import BalancesScreen
from branchtui.screens.dialogs.form_dialog import FormDialog
from branchtui.screens.dialogs.sign_in_again import SignInAgainDialog
from branchtui.screens.home import HomeScreen
from branchtui.screens.sign_in import SignInScreen
from branchtui.widgets.dialogs import ConfirmDialog, ReasonDialog


@asynccontextmanager
async def something_that_answers(body: bytes) -> AsyncIterator[str]:
    """A server on loopback that says `body` to everybody; gives its URL."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nConnection: close\r\n")
        writer.write(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"


async def test_a_teller_signs_in_with_the_keyboard_and_stands_on_home(
    running_ledger: RunningLedger, tmp_path: Path
) -> None:
    """Product, forms: user name, password, enter."""
    async with counter(running_ledger.url, tmp_path, username=None) as seat:
        await seat.type("teller")
        await seat.press("enter")
        await seat.type(PASSWORD)
        await seat.press("enter")
        await seat.at(HomeScreen)
        await seat.see("NKU  teller")


async def test_with_a_user_given_the_password_has_the_focus(
    running_ledger: RunningLedger, tmp_path: Path
) -> None:
    """Product, keys: with `--user` the password has the focus, and it never shows."""
    async with counter(running_ledger.url, tmp_path, username=None, user="teller") as seat:
        await seat.type(PASSWORD)
        assert PASSWORD not in seat.text
        await seat.press("enter")
        await seat.at(HomeScreen)


async def test_a_wrong_word_says_nothing_about_which_part_was_wrong(
    running_ledger: RunningLedger, tmp_path: Path
) -> None:
    """AUTH-3: an unknown name and a wrong password read the same; the name stays, the password goes."""
    said = []
    for name in ("teller", "nobody-of-that-name"):
        async with counter(running_ledger.url, tmp_path / name, username=None, user=name) as seat:
            await seat.type("wrong")
            await seat.press("enter")
            await seat.until(lambda seat=seat: "wrong" in seat.said)  # type: ignore[misc]  # bound in each round
            said.append(seat.said)
            screen = await seat.at(SignInScreen)
            assert screen.form.field("username").keyed == name
            assert not screen.form.field("password").keyed
            assert screen.form.field("password") in (screen.focused.ancestors if screen.focused else [])
    assert said[0] == said[1]


async def test_a_ledger_that_is_down_is_a_sentence_and_the_form_stays(tmp_path: Path) -> None:
    """Bad input: never a traceback, and a way on."""
    server = await asyncio.start_server(lambda *_: None, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    server.close()
    await server.wait_closed()
    async with counter(f"http://127.0.0.1:{port}", tmp_path, username=None, user="teller") as seat:
        await seat.type("x")
        await seat.press("enter")
        await seat.until(lambda: bool(seat.said) and seat.said != "Signing in…")
        assert "answer" in seat.said or "reach" in seat.said
        assert isinstance(seat.app.screen, SignInScreen)
        assert seat.app.is_running


async def test_a_web_page_instead_of_a_ledger_is_a_sentence(tmp_path: Path) -> None:
    """Bad input: an HTML answer or a wrong URL; its text never reaches the screen."""
    async with (
        something_that_answers(b"<html><body>Proxy says no</body></html>") as url,
        counter(url, tmp_path, username=None, user="teller") as seat,
    ):
        await seat.type("x")
        await seat.press("enter")
        await seat.until(lambda: bool(seat.said) and seat.said != "Signing in…")
        assert "Proxy says no" not in seat.text
        assert "ledger" in seat.said.lower()


async def test_an_address_that_is_none_is_a_sentence(tmp_path: Path) -> None:
    """TLS-3: plain http leaves this machine never; it is said before anything is keyed."""
    async with counter("http://ledger.example.org", tmp_path, username=None, user="teller") as seat:
        await seat.until(lambda: bool(seat.said))
        assert "https" in seat.said


async def end_sessions(ledger: RunningLedger) -> None:
    """Let so much time pass that every session is over."""
    ledger.clock.advance(days=2)


async def test_an_expired_session_keeps_the_draft_and_is_taken_up_in_the_same_place(
    own_ledger: RunningLedger, tmp_path: Path
) -> None:
    """Bad input: the form stays as it was typed until the password is given; then the same save goes on."""
    member = own_ledger.add_member(first_name="Wanjiku", last_name="Kamau")
    async with counter(own_ledger.url, tmp_path) as seat:
        await seat.press("f3")
        await seat.at(BalancesScreen)
        await fill(seat, "wanjiku", "1,250.00")
        await end_sessions(own_ledger)
        await seat.press("ctrl+s")
        await seat.at(SignInAgainDialog)
        assert not own_ledger.query("SELECT id FROM balance_records")
        form = next(one for one in seat.app.screen_stack if isinstance(one, FormDialog)).form
        assert form.field("amount_minor").keyed == "1,250.00"
        assert form.field("customer_id").value == member.id
        await seat.type(PASSWORD)
        await seat.press("enter")
        await seat.at(FormDialog)
        await seat.see("1 so far, 1,250.00 KES")
        assert own_ledger.query("SELECT amount_minor FROM balance_records") == [(125_000,)]


async def fill(seat: Counter, who: str, amount: str) -> None:
    """Open the form and key a balance, all but the save."""
    await seat.press("n")
    dialog = await seat.at(FormDialog)
    await seat.type(who)
    await seat.press("enter")
    await seat.until(lambda: bool(dialog.form.field("customer_id").value))
    await seat.press("1", "enter")
    await seat.type(amount)


async def test_a_list_that_meets_the_end_of_the_session_goes_on_after_it(
    own_ledger: RunningLedger, tmp_path: Path
) -> None:
    """A reading asks for the password in place and is then answered."""
    own_ledger.add_member(first_name="Wanjiku", last_name="Kamau")
    async with counter(own_ledger.url, tmp_path) as seat:
        await end_sessions(own_ledger)
        await seat.press("f2")
        await sign_in_again(seat)
        await seat.see("Wanjiku Kamau")


async def test_two_readings_that_meet_the_end_of_the_session_ask_once(
    own_ledger: RunningLedger, tmp_path: Path
) -> None:
    """A list and its totals are asked together; one password answers both."""
    async with counter(own_ledger.url, tmp_path) as seat:
        await end_sessions(own_ledger)
        await seat.press("f3")
        await sign_in_again(seat)
        await seat.at(BalancesScreen)
        await seat.see("Post All: none", "Nothing here.")
        assert not any(isinstance(screen, SignInAgainDialog) for screen in seat.app.screen_stack)


async def test_leaving_asks_only_when_something_is_typed(
    running_ledger: RunningLedger, tmp_path: Path
) -> None:
    """Product, keys: `ctrl+q` exits 0; with a typed form it asks, and `esc` keeps the form."""
    running_ledger.add_member(first_name="Njeri", last_name="Wambui")
    async with counter(running_ledger.url, tmp_path) as seat:
        await seat.press("f3", "n")
        dialog = await seat.at(FormDialog)
        await seat.type("nj")
        await seat.press("ctrl+q")
        await seat.at(ConfirmDialog)
        await seat.press("escape")
        await seat.at(FormDialog)
        assert dialog.form.field("customer_id").keyed == "nj"
    async with counter(running_ledger.url, tmp_path) as seat:
        await seat.press("ctrl+q")
        await seat.until(lambda: not seat.app.is_running)
        assert not seat.app.return_code


async def test_leaving_asks_while_a_reason_is_being_typed(till: Till, tmp_path: Path) -> None:
    """Product, keys: `ctrl+q` asks when something is typed; the reason of a question is typed too."""
    till.waiting()
    async with counter(till.ledger.url, tmp_path) as seat:
        await seat.press("f4")
        await seat.see("1 of 1")
        await seat.press("g")
        dialog = await seat.at(ReasonDialog)
        await seat.type("not ours")
        await seat.press("ctrl+q")
        await seat.at(ConfirmDialog)
        await seat.see("What you typed is not saved and will be lost.")
        await seat.press("escape")
        await seat.at(ReasonDialog)
        assert dialog.is_dirty
