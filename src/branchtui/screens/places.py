"""Where one can go: each place is declared once and gives its key, its fast path and its line in the palette."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from textual.message import Message

from branchtui.widgets.actions import Action
from branchtui.widgets.commands import Command


@dataclass(frozen=True)
class Place:
    """A screen that lives as long as the session."""

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


HOME: Final = "home"
PLACES: Final = (
    Place(HOME, (), "Home", "The branch's day: what waits, revenue, what is not confirmed", "home:HomeScreen"),
    Place(
        "customers", ("f2",), "Customers", "Find a customer by name, phone or number",
        "customers:CustomersScreen", "[words] [status=...] [staff=...] [label=...] ...", ("clients", "members", "payers"),
    ),
    Place(
        "transfers", (), "Transfers", "Customers that other offices offer to this one, and those that it has offered",
        "transfers:TransfersScreen", "[offered to us|offered by us]",
    ),
    Place(
        "balances", ("f3",), "Member Balances", "Key, post, import member balances",
        "balances:BalancesScreen", "[not accounted|accounted|all] [words]",
    ),
    Place(
        "payments", ("f4",), "Payments", "Give what waits to its owner, take back what was given wrongly",
        "payments:PaymentsScreen", "[unassociated|associated|held|settled|all] [words]",
    ),
    Place(
        "learned", (), "Learned Payers", "Whose payments people gave to whom: what is proposed next, switched off here",
        "learned_payers:LearnedPayersScreen", "[all|proposed|off|expired] [words]", ("learned-payers",),
    ),
    Place(
        "files", ("f6",), "Universal Files", "What payers owe, stated by one file: seen first, then applied",
        "files:FilesScreen", "[to apply|applied|rejected|reverted]",
    ),
    Place(
        "transactions", (), "Transactions", "The complete log of money; each line opens its journal entry",
        "transactions:TransactionsScreen", "[words]",
    ),
    Place(
        "vouchers", (), "Vouchers", "What was sold from wallets, with the codes: print one again, take one back",
        "vouchers:VouchersScreen", "[number|code]",
    ),
    Place(
        "receipts", (), "Receipts", "What was printed; prove a receipt by its check code",
        "receipts:ReceiptsScreen", "[number [check code]]",
    ),
    Place(
        "dashboard", (), "Dashboard", "Payments and revenue by day as a plot, what waits, how payments found owners",
        "dashboard:DashboardScreen", "[days]",
    ),
    Place(
        "report", (), "Day Report", "A day by user, tender and kind; also on paper",
        "day_report:DayReportScreen", "[day]",
    ),
    Place("import", (), "Import", "Member balances from a file or from pasted rows", "imports:ImportScreen", "[file]"),
    Place(
        "accounts", ("f7",), "Client Accounts", "What clients may buy for, owe and settle",
        "credit_accounts:CreditAccountsScreen", "[active|over|inactive|all] [words]", ("credit",),
    ),
    Place(
        "import-accounts", (), "Import Client Accounts", "Client accounts from a file or from pasted rows",
        "credit_import:CreditImportScreen", "[file]",
    ),
    Place(
        "import-customers", (), "Import Customers", "Persons or entities from a file or from pasted rows",
        "customer_import:CustomerImportScreen", "[file]",
    ),
    Place(
        "import-plans", (), "Import Plans", "What vouchers are sold of, from a file or from pasted rows",
        "plan_import:PlanImportScreen", "[file]",
    ),
    Place(
        "statements", (), "Statements", "Payments from a bank's or a mobile-money account's statement",
        "statements:StatementScreen", "[file]",
    ),
    Place(
        "approvals", ("f8",), "Approvals", "What waits for a second person: decide it, or see what became of yours",
        "approvals:ApprovalsScreen", "[to decide|mine|all]",
    ),
    Place(
        "work", (), "Work Under Way", "What the ledger goes on with by itself, and how far it is", "work:WorkScreen", "",
        ("jobs",),
    ),
    Place("activity", ("f9",), "Activity", "What I did, and whether it went through", "activity:ActivityScreen"),
    Place(
        "settings", (), "Settings", "Users and branches; the own password, the own device for codes",
        "settings_screen:SettingsScreen", "[users|branches]",
    ),
    Place(
        "lists", (), "Lists", "Staff, products, plans, code lists; what is asked of new members",
        "kept_lists:ListsScreen", "[staff|products|plans|label|group|...|membership]",
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
    ]
