"""Dialogs ask, restate and answer; they never act."""

from __future__ import annotations

from typing import Any

import pytest
from tests.widgets.apps import WidgetApp, screen_text, until
from textual.pilot import Pilot
from textual.screen import ModalScreen

from branchtui.widgets.actions import Action, Choice
from branchtui.widgets.dialogs import ConfirmDialog, MenuDialog, MessageDialog, ReasonDialog, restated

_NONE_YET = object()


class Asking(WidgetApp):
    """Remembers the answer of one dialog."""

    answer: object = _NONE_YET

    async def ask(self, dialog: ModalScreen[Any]) -> None:
        """Show it."""

        def take(answer: object) -> None:
            self.answer = answer

        await self.push_screen(dialog, take)


async def answered(pilot: Pilot[None], app: Asking) -> object:
    """The answer, once it is there."""
    await until(pilot, lambda: app.answer is not _NONE_YET)
    return app.answer


@pytest.mark.parametrize(("keys", "answer"), [(("enter", "enter", "y"), True), (("escape",), False)])
async def test_only_y_confirms_and_enter_does_nothing(keys: tuple[str, ...], answer: bool) -> None:
    """Product: `y` confirms, `esc` cancels, `enter` does nothing; the prompt restates what it is about."""
    app = Asking()
    async with app.run_test(size=(80, 24)) as pilot:
        await app.ask(
            ConfirmDialog("Post this balance?", [("Customer", "[/] Kofi"), ("Amount", "1,250.00 KES")])
        )
        await pilot.pause()
        text = "\n".join(screen_text(app))
        assert "Customer  [/] Kofi" in text
        assert "Amount    1,250.00 KES" in text
        await pilot.press(*keys[:-1])
        assert app.answer is _NONE_YET
        await pilot.press(keys[-1])
        assert await answered(pilot, app) is answer


async def test_a_name_that_mixes_scripts_is_marked_where_it_is_confirmed() -> None:
    """TTY-4, T-03: a Cyrillic letter in a Latin name is told."""
    app = Asking()
    async with app.run_test(size=(80, 24)) as pilot:
        await app.ask(ConfirmDialog("Pay out?", [("Customer", "W\u0430njiku"), ("Other", "Ngũgĩ")]))
        await pilot.pause()
        text = "\n".join(screen_text(app))
        assert "W\u0430njiku (mixed scripts!)" in text
        assert "Ngũgĩ (" not in text


NUMBERS = " ".join(f"{number:03}" for number in range(250))
LONG = [("Customer", NUMBERS), ("Amount", "12.00 KES"), ("Last", "the end")]


async def test_the_keys_stay_in_sight_and_y_confirms_only_what_was_read_to_its_end() -> None:
    """However much a ledger says: what `y` does is on the screen, and every row was in sight before it confirms."""
    app = Asking()
    async with app.run_test(size=(80, 12)) as pilot:
        await app.ask(ConfirmDialog("Associate?", LONG))
        await until(pilot, lambda: "[y] the rest   [esc] no" in "\n".join(screen_text(app)))
        box = app.screen.query_one(".dialog")
        seen = screen_text(app)
        while box.scroll_offset.y < box.max_scroll_y:
            await pilot.press("y")
            assert app.answer is _NONE_YET
            seen += screen_text(app)
        await until(pilot, lambda: "[y] yes   [esc] no" in "\n".join(screen_text(app)))
        assert "the end" in "\n".join(screen_text(app))
        assert [
            row for row in restated(LONG).plain.split("\n") if not any(row in line for line in seen)
        ] == []
        await pilot.press("y")
        assert await answered(pilot, app) is True


async def test_a_terminal_that_grows_shows_that_y_confirms() -> None:
    """What is in sight is another part after a change of size."""
    app = Asking()
    async with app.run_test(size=(80, 12)) as pilot:
        await app.ask(ConfirmDialog("Associate?", LONG))
        await until(pilot, lambda: "[y] the rest" in "\n".join(screen_text(app)))
        await pilot.resize_terminal(80, 60)
        await until(pilot, lambda: "[y] yes" in "\n".join(screen_text(app)))


async def test_a_reason_for_something_long_is_read_from_the_beginning() -> None:
    """What the line had scrolled away is shown before `y` confirms it."""
    app = Asking()
    async with app.run_test(size=(80, 12)) as pilot:
        await app.ask(ReasonDialog("Disassociate?", LONG))
        await pilot.press(*"why", "enter")
        await until(pilot, lambda: "[y] the rest   [esc] change it" in "\n".join(screen_text(app)))
        assert "Disassociate?" in "\n".join(screen_text(app))
        box = app.screen.query_one(".dialog")
        while box.scroll_offset.y < box.max_scroll_y:
            await pilot.press("y")
        assert app.answer is _NONE_YET
        await pilot.press("y")
        assert await answered(pilot, app) == "why"


async def test_a_reason_ends_with_enter_then_y() -> None:
    """Product: `y` in the reason is a letter; after enter it is the answer."""
    app = Asking()
    async with app.run_test(size=(80, 24)) as pilot:
        await app.ask(ReasonDialog("Disassociate?", [("Payment", "000017")]))
        await pilot.press("enter")
        await pilot.pause()
        assert "Reason is missing." in "\n".join(screen_text(app))
        await pilot.press(*"my eye", "enter", "escape", "s", "enter", "y")
        assert await answered(pilot, app) == "my eyes"


async def test_a_digit_in_the_menu_acts_and_a_refused_one_says_why() -> None:
    """Product: a refused action is greyed, its key says why and does nothing."""
    app = Asking()
    close = Choice(Action("close", "c", "Close"), "000101 still has a balance.")
    async with app.run_test(size=(80, 24)) as pilot:
        await app.ask(MenuDialog("Wanjiku", [Choice(Action("activate", "v", "Activate")), close]))
        await pilot.press("2")
        await pilot.pause()
        text = "\n".join(screen_text(app))
        assert "000101 still has a balance." in text
        assert "Close (not now)" in text
        assert app.answer is _NONE_YET
        await pilot.press("1")
        assert await answered(pilot, app) == "activate"


async def test_esc_leaves_the_menu_and_the_message() -> None:
    """`esc` goes back to the row."""
    app = Asking()
    async with app.run_test(size=(80, 24)) as pilot:
        await app.ask(MenuDialog("Wanjiku", []))
        await pilot.press("escape")
        assert await answered(pilot, app) is None
        app.answer = _NONE_YET
        await app.ask(MessageDialog("Expired", ["Your session ended. Sign in again."]))
        await pilot.press("enter")
        assert await answered(pilot, app) is None


async def test_what_is_restated_breaks_under_its_own_value() -> None:
    """A dialog is narrow, for what it hides has to be painted again; no value runs below its label."""
    app = Asking()
    origin = "TKD2JH092L  from 2547*****121 AWUOR  without a reference"
    async with app.run_test(size=(120, 36)) as pilot:
        await app.ask(ConfirmDialog("Associate?", [("Customer", "000101"), ("Payment", origin)]))
        await pilot.pause()
        lines = [line.strip("│ ") for line in screen_text(app) if "│" in line]
        assert lines[2] == "Payment   TKD2JH092L  from 2547*****121 AWUOR"
        assert lines[3] == "without a reference"
        assert all(len(line.rstrip()) <= 50 for line in screen_text(app))


async def test_a_reason_that_was_begun_is_not_lost_without_a_question() -> None:
    """Product, keys: `esc` is one step back, and never loses typed data without asking."""
    app = Asking()
    async with app.run_test(size=(80, 24)) as pilot:
        await app.ask(ReasonDialog("Disassociate?", [("Payment", "000017")]))
        await pilot.pause()
        await pilot.press(*"keyed twice", "enter", "escape", "escape")
        await until(pilot, lambda: "Leave this question?" in "\n".join(screen_text(app)))
        await pilot.press("escape")
        await until(pilot, lambda: "[enter] go on" in "\n".join(screen_text(app)))
        assert app.answer is _NONE_YET
        await pilot.press(*" here", "enter", "y")
        assert await answered(pilot, app) == "keyed twice here"

        app.answer = _NONE_YET
        await app.ask(ReasonDialog("Disassociate?", [("Payment", "000017")]))
        await pilot.pause()
        await pilot.press("x", "escape")
        await until(pilot, lambda: "Leave this question?" in "\n".join(screen_text(app)))
        await pilot.press("y")
        assert await answered(pilot, app) is None


async def test_a_title_without_end_leaves_what_may_be_done_in_sight() -> None:
    """T-03: a name of a thousand letters pushes no choice and no key out of the menu."""
    app = Asking()
    async with app.run_test(size=(80, 24)) as pilot:
        await app.ask(MenuDialog("x" * 1000, [Choice(Action("post", "p", "Post"))]))
        await pilot.pause()
        text = "\n".join(screen_text(app))
        assert ">1 Post" in text
        assert "[number] do it" in text


async def test_a_message_longer_than_the_terminal_is_read_to_its_end() -> None:
    """The keys stay in sight and tell of more; every line comes into sight, and one may go back."""
    app = Asking()
    lines = [f"line {number}" for number in range(40)]
    async with app.run_test(size=(80, 12)) as pilot:
        await app.ask(MessageDialog("Receipt", lines))
        await until(pilot, lambda: "[enter] go on   [↑ ↓] more" in "\n".join(screen_text(app)))
        seen = screen_text(app)
        for key in ("pagedown", "down") * 5:
            await pilot.press(key)
            await pilot.pause()
            seen += screen_text(app)
        assert [line for line in lines if not any(f" {line} " in row for row in seen)] == []
        assert "[enter] go on" in "\n".join(screen_text(app))
        await pilot.press("pageup", "pageup", "pageup", "pageup", "pageup", "up", "up")
        await until(pilot, lambda: "Receipt" in "\n".join(screen_text(app)))
        await pilot.press("enter")
        assert await answered(pilot, app) is None
