"""Search, fast path, status line, footer and actions: one row each."""

from __future__ import annotations

import pytest
from tests.widgets.apps import ManualTimer, WidgetApp, screen_text, until
from textual.app import ComposeResult
from textual.screen import Screen

from branchtui.widgets.actions import Action, ActionHost, ActionTable
from branchtui.widgets.commands import Command, UnknownCommand, resolve
from branchtui.widgets.fast_path import FastPath
from branchtui.widgets.key_footer import KeyFooter
from branchtui.widgets.search_box import SearchBox
from branchtui.widgets.status_line import StatusLine

COMMANDS = [
    Command("customers", "find a customer", aliases=("clients", "members", "payers"), argument="name"),
    Command("balances", "member balances"),
    Command("sign-off", "leave"),
    Command("settings", "settings"),
]


def kinds_of(app: WidgetApp) -> list[str]:
    """The names of what was said, in order."""
    return [type(message).__name__ for message in app.said]


async def test_rows_narrow_at_once_and_the_ledger_is_asked_after_a_rest() -> None:
    """Contract, search: `Changed` with each key, one `Settled` after the rest."""
    timer = ManualTimer()
    box = SearchBox(start_timer=timer.start)
    app = WidgetApp(box, kinds=[SearchBox.Changed, SearchBox.Settled, SearchBox.Submitted, SearchBox.Left])
    async with app.run_test(size=(80, 24)) as pilot:
        box.focus()
        await pilot.press(*"wan")
        await pilot.pause()
        assert kinds_of(app) == ["Changed"] * 3
        assert [seconds for seconds, _, one in timer.waiting if not one._stopped] == [0.3]
        timer.ring()
        await until(pilot, lambda: kinds_of(app)[-1] == "Settled")
        await pilot.press("enter")
        await until(pilot, lambda: kinds_of(app)[-1] == "Submitted")
        assert kinds_of(app).count("Settled") == 1


async def test_enter_before_the_rest_settles_first() -> None:
    """Terminal, keys: enter means what was typed, at any speed."""
    box = SearchBox(start_timer=ManualTimer().start)
    app = WidgetApp(box, kinds=[SearchBox.Changed, SearchBox.Settled, SearchBox.Submitted, SearchBox.Left])
    async with app.run_test(size=(80, 24)) as pilot:
        box.focus()
        await pilot.press("w", "enter")
        await until(pilot, lambda: "Submitted" in kinds_of(app))
        assert kinds_of(app)[-2:] == ["Settled", "Submitted"]


async def test_esc_empties_the_box_first_and_then_leaves_it() -> None:
    """Product: `esc` empties the box, then leaves it."""
    box = SearchBox(start_timer=ManualTimer().start)
    app = WidgetApp(box, kinds=[SearchBox.Settled, SearchBox.Left])
    async with app.run_test(size=(80, 24)) as pilot:
        box.focus()
        await pilot.press("w", "escape")
        await until(pilot, lambda: kinds_of(app) == ["Settled"])
        assert box.text == ""
        await pilot.press("escape")
        await until(pilot, lambda: kinds_of(app) == ["Settled", "Left"])


@pytest.mark.parametrize(
    ("typed", "name", "argument"),
    [
        ("cu wanj", "customers", "wanj"),
        (":bal", "balances", ""),
        ("clients", "customers", ""),
        ("sig", "sign-off", ""),
    ],
)
def test_any_unambiguous_beginning_is_a_command(typed: str, name: str, argument: str) -> None:
    """Product, fast path: `:cu wanj`, aliases included."""
    command, rest = resolve(COMMANDS, typed)
    assert (command.name, rest) == (name, argument)


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [("s", "may be sign-off, settings"), ("zz", "is no command"), ("bal x", "takes nothing behind it")],
)
def test_what_is_no_command_is_told(typed: str, sentence: str) -> None:
    """A sentence with a way on."""
    with pytest.raises(UnknownCommand, match=sentence):
        resolve(COMMANDS, typed)


async def test_the_fast_path_opens_completes_and_gives_the_keys_back() -> None:
    """`tab` completes, `enter` says the full name, the former widget has the keys again."""
    bar, box = FastPath(COMMANDS), SearchBox()
    app = WidgetApp(box, bar, kinds=[FastPath.Entered, FastPath.Refused, FastPath.Closed])
    async with app.run_test(size=(80, 24)) as pilot:
        box.focus()
        await pilot.pause()
        former = app.focused
        bar.open()
        await pilot.press(*"s", "enter")
        await until(pilot, lambda: kinds_of(app) == ["Refused"])
        await pilot.press("backspace", *"cu", "tab", *"wanj", "enter")
        await until(pilot, lambda: kinds_of(app)[-1] == "Entered")
        entered = app.said[-1]
        assert isinstance(entered, FastPath.Entered)
        assert (entered.name, entered.argument) == ("customers", "wanj")
        assert not bar.is_open
        assert app.focused is former


async def test_figures_wait_for_a_paint_but_keys_put_aside_are_told_at_once() -> None:
    """Product: figures never cause a paint; a count of keys does. The level is a word, not a colour alone."""
    status = StatusLine()
    app = WidgetApp(status)
    async with app.run_test(size=(80, 24)) as pilot:
        status.say("Achieng O. posted this record at 14:02.", "error")
        await pilot.pause()
        status.set_figures(unconfirmed=1, ledger_ms=412.4)
        await pilot.pause()
        assert "unconfirmed" not in screen_text(app)[0]
        status.set_figures(unconfirmed=1, ledger_ms=412.4, put_aside=3)
        await pilot.pause()
        line = screen_text(app)[0]
        assert line.startswith("Refused: Achieng O. posted")
        assert line.endswith("3 keys put aside  1 unconfirmed")
        assert len(line) == 80


async def test_figures_of_the_line_give_way_to_a_sentence_and_doubts_never_do() -> None:
    """Round trips and the bytes of the last step, as far as there is room; what is unconfirmed always."""
    status = StatusLine()
    app = WidgetApp(status)
    async with app.run_test(size=(80, 24)) as pilot:
        status.set_figures(unconfirmed=1, ledger_ms=23.4, line_ms=310.2, step_bytes=1413)
        for said, wanted in (
            ("", "1 unconfirmed  line 310 ms  1.4 kB  ledger 23 ms"),
            (
                "000101 Wanjiku Kamau: saved.",
                "000101 Wanjiku Kamau: saved.    1 unconfirmed  line 310 ms  1.4 kB  ledger 23 ms",
            ),
            ("x" * 44, f"{'x' * 44}  1 unconfirmed  line 310 ms  1.4 kB"),
            ("x" * 66, f"{'x' * 66} 1 unconfirmed"),
        ):
            status.say(said)
            await pilot.pause()
            assert screen_text(app)[0].strip() == wanted


async def test_figures_are_painted_with_a_larger_paint_only_when_they_changed() -> None:
    """Product: they change with a paint of more than 256 bytes and never cause one."""
    status = StatusLine()
    app = WidgetApp(status)
    async with app.run_test(size=(80, 24)) as pilot:
        status.set_figures(step_bytes=999)
        status.show_newest()
        await pilot.pause()
        assert screen_text(app)[0].strip() == "999 B"
        status.set_figures(step_bytes=1000)
        await pilot.pause()
        assert screen_text(app)[0].strip() == "999 B"
        status.show_newest()
        await pilot.pause()
        assert screen_text(app)[0].strip() == "1.0 kB"


class Branch(ActionHost, Screen[None]):
    """A screen with one action that may be refused."""

    ACTIONS = ActionTable(
        Action("post-record", "p", "Post", also=("f12",)), Action("help", "question_mark", "Help", show=False)
    )
    BINDINGS = ACTIONS.bindings()
    refusal: str | None = None
    posted = 0

    def __init__(self) -> None:
        super().__init__()
        self.status = StatusLine()
        self.footer = KeyFooter()

    def compose(self) -> ComposeResult:
        """Status and footer."""
        yield self.status
        yield self.footer

    def why_not(self, action_id: str) -> str | None:
        """The reason under test."""
        return self.refusal if action_id == "post-record" else None

    def say_refusal(self, sentence: str) -> None:
        """On the status line."""
        self.status.say(sentence, "warning")

    def action_post_record(self) -> None:
        """Count."""
        self.posted += 1


async def test_a_refused_key_says_why_and_opens_nothing() -> None:
    """Product: a refused action is greyed, its key says why on the status line; every key of it, and the footer."""
    app = WidgetApp()
    screen = Branch()
    async with app.run_test(size=(80, 24)) as pilot:
        await app.push_screen(screen)
        screen.footer.show_choices(screen.ACTIONS.choices(screen.why_not))
        await pilot.press("p", "f12")
        assert screen.posted == 2
        screen.refusal = "This record was posted at 14:02."
        screen.footer.show_choices(screen.ACTIONS.choices(screen.why_not))
        await pilot.press("p")
        await pilot.pause()
        assert screen.posted == 2
        lines = [line.rstrip() for line in screen_text(app)[:2]]
        assert lines == ["! This record was posted at 14:02.", "(p Post)"]


async def test_a_footer_too_long_ends_with_more() -> None:
    """80 columns are first class: what does not fit is told, not cut in the middle."""
    footer = KeyFooter()
    app = WidgetApp(footer)
    async with app.run_test(size=(80, 24)) as pilot:
        footer.show_choices(
            ActionTable(*(Action(f"a{n}", f"f{n}", f"Action {n}") for n in range(1, 13))).choices()
        )
        await pilot.pause()
        assert screen_text(app)[0].rstrip().endswith("? more")


def test_two_actions_never_share_a_key() -> None:
    """The framework would drop one of them without a word."""
    with pytest.raises(ValueError, match="share the key p"):
        ActionTable(Action("post", "p", "Post"), Action("print", "p", "Print"))
