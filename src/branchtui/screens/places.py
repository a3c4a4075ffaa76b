"""Where one can go: each place is declared once and gives its key, its fast path and its line in the palette."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Final

from textual.message import Message

from branchtui.widgets.actions import Action
from branchtui.widgets.commands import Command

if TYPE_CHECKING:
    from branchtui.screens.base import LedgerScreen
    from branchtui.screens.desk import Desk


@dataclass(frozen=True)
class Place:
    """A screen that lives as long as the session. It is imported and made when it is first gone to."""

    name: str
    keys: tuple[str, ...]
    label: str
    help: str
    screen: str
    """`module:Class`, below `branchtui.screens`."""
    argument: str = ""
    aliases: tuple[str, ...] = ()

    @property
    def action_id(self) -> str:
        """The id of the action that goes there."""
        return f"go-{self.name}"

    def make(self, desk: Desk) -> LedgerScreen:
        """The screen, fresh."""
        module, _, name = self.screen.partition(":")
        made: LedgerScreen = getattr(import_module(f"branchtui.screens.{module}"), name)(desk)
        return made


HOME: Final = "home"
PLACES: Final = (
    Place(HOME, (), "Home", "The branch's day: what waits, revenue, what is not confirmed", "home:HomeScreen"),
    Place(
        "customers", ("f2",), "Customers", "Find a customer by name, phone or number",
        "customers:CustomersScreen", "[words] [status=...] [branch=...]", ("clients", "members", "payers"),
    ),
    Place(
        "balances", ("f3",), "Member Balances", "Key, post, import member balances",
        "balances:BalancesScreen", "[not accounted|accounted|all] [words]",
    ),
    Place(
        "payments", ("f4",), "Payments", "Give what waits to its owner, take back what was given wrongly",
        "payments:PaymentsScreen", "[unassociated|associated|held|all] [words]",
    ),
    Place("import", (), "Import", "Member balances from a file or from pasted rows", "imports:ImportScreen", "[file]"),
    Place(
        "approvals", ("f8",), "Approvals", "What waits for a second person: decide it, or see what became of yours",
        "approvals:ApprovalsScreen", "[to decide|mine|all]",
    ),
    Place("activity", ("f9",), "Activity", "What I did, and whether it went through", "activity:ActivityScreen"),
    Place(
        "settings", (), "Settings", "Users and branches; the own password, the own device for codes",
        "settings_screen:SettingsScreen", "[users|branches]",
    ),
)  # fmt: skip


@dataclass(frozen=True)
class Absent:
    """A word or key that tellers know, for what this ledger has no part for. No menu or help lists it."""

    names: tuple[str, ...]
    key: str
    sentence: str


ABSENT: Final = (
    Absent(("files",), "f6", "This ledger does not offer universal files. Nothing was opened."),
    Absent(("accounts", "credit"), "f7", "This ledger does not offer client accounts. Nothing was opened."),
    Absent(
        ("transactions",), "",
        "This ledger does not offer a list of transactions. :activity shows what you did.",
    ),
)  # fmt: skip


@dataclass
class GoTo(Message):
    """Somebody wants to be at a place; `argument` is what followed its name on the fast path."""

    place: str
    argument: str = ""


@dataclass
class SignOff(Message):
    """Somebody wants to leave the program."""


@dataclass
class WorkIn(Message):
    """Somebody wants to work in another branch, by its code; empty means all that one may see."""

    branch_code: str


def place(name: str) -> Place:
    """The place of that name."""
    return next(one for one in PLACES if one.name == name)


def place_actions() -> tuple[Action, ...]:
    """One action a place that has a key; the footer leaves them out, every screen has them."""
    return tuple(
        Action(one.action_id, one.keys[0], one.label, one.help, "Go to", show=False, also=one.keys[1:])
        for one in PLACES
        if one.keys
    )


def fast_path_commands() -> list[Command]:
    """What may follow `:`."""
    goes = [Command(one.name, one.help, one.aliases, one.argument) for one in PLACES]
    return [
        *goes,
        Command("post", "Post the highlighted row"),
        Command("branch", "Work in another branch", argument="CODE"),
        Command("help", "The keys of this screen"),
        Command("sign-off", "Sign off and leave", aliases=("quit", "logout")),
        *(Command(name, "", refusal=one.sentence) for one in ABSENT for name in one.names),
    ]
