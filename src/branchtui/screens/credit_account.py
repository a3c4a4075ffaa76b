"""A client account: its two cycles side by side, its transactions with what is open, its statements."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, Final

from textual import on, work
from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import Static

from branchtui.format.cells import cut
from branchtui.format.safe_text import safe_text
from branchtui.screens.asking import approval_for, ask_for_approval
from branchtui.screens.base import screen_actions
from branchtui.screens.credit_desk import ADJUST, EDIT, PURCHASE, REFUND, SETTLE, CreditDesk
from branchtui.screens.credit_rows import (
    account_lines,
    account_sentence,
    head_lines,
    statement_columns,
    transaction_columns,
    transaction_lines,
    transaction_word,
)
from branchtui.screens.desk import Desk
from branchtui.screens.outcome import sentence_of
from branchtui.screens.rows import total_in
from branchtui.screens.sources import PAGE_ROWS, LedgerSource
from branchtui.widgets.actions import Action, ActionTable, Choice
from branchtui.widgets.dialogs import MenuDialog, MessageDialog, ReasonDialog
from branchtui.widgets.page_source import MemorySource
from branchtui.widgets.virtual_list import VirtualList

if TYPE_CHECKING:
    from collections.abc import Sequence

    from branchtui.contract.credit import CreditAccount, CreditTransaction
    from branchtui.contract.credit_statements import StatementBrief

REVERSE: Final = Action(
    "reverse", "m", "Reverse settlement", "The cheque bounced: what it settled is open again"
)
VIEWS: Final = ("open", "all", "statements")
_PERSONAL: Final = ("statement_email", "cycle", "previous_cycle")


class CreditAccountScreen(CreditDesk):
    """Opened on a row of the list; what the row knew is shown while the rest is under way."""

    HEADING = "Client Account"
    ACTIONS: ClassVar[ActionTable] = screen_actions(
        PURCHASE,
        SETTLE,
        EDIT,
        Action("turn", "t", "Turn", "Turn the list: open transactions, all, statements"),
        Action("menu", "m", "Menu", "Everything that may be done here"),
        Action("copy", "c", "Copy", "Copy the reference, or the account number", show=False),
    )
    BINDINGS = ACTIONS.bindings()

    def __init__(self, desk: Desk, account: CreditAccount) -> None:
        super().__init__(desk)
        self._account = account
        self._view = 0
        self._is_visited = True

    def compose_body(self) -> ComposeResult:
        """Terms and cycles, then what is looked at."""
        yield Static(Content(""), id="credit-head")
        yield VirtualList(
            transaction_columns(self.desk),
            lambda one: one.id,
            empty="Nothing is open. [t] all transactions, statements",
            explain=sentence_of,
            page_limit=PAGE_ROWS,
            id="transactions",
        )
        yield VirtualList(
            statement_columns(lambda one: one.currency),
            lambda one: one.id,
            empty="No cycle has ended yet.",
            explain=sentence_of,
            page_limit=PAGE_ROWS,
            id="statements",
        )

    @property
    def transactions(self) -> VirtualList[CreditTransaction]:
        """What moved it."""
        return self.query_one("#transactions", VirtualList)

    @property
    def statements(self) -> VirtualList[StatementBrief]:
        """Its statements."""
        return self.query_one("#statements", VirtualList)

    @property
    def account(self) -> CreditAccount | None:
        """The one that is shown."""
        return self._account

    def chosen_transactions(self) -> Sequence[CreditTransaction]:
        """Those that `space` marked."""
        return self.transactions.marked

    def on_mount(self) -> None:
        """Show what the row knew, ask for the rest."""
        self.show(self._account)
        self._show_view()
        self.ask()

    # ── what is asked ────────────────────────────────────────────────────────────────────────────────────────────

    @work(group="account", exclusive=True)
    async def ask(self) -> None:
        """The account with its cycles: one request."""
        found = await self.asked(partial(self.ledger.credit_account, self._account.id))
        if found is not None:
            self.show(found)

    def reload(self) -> None:
        """The account and the list in sight."""
        self.ask()
        self._ask_rows()

    def _ask_rows(self) -> None:
        view = VIEWS[self._view]
        if view == "statements":
            self.statements.set_source(LedgerSource(partial(self.ledger.credit_statements, self._account.id)))
            return
        question = partial(
            self.ledger.credit_transactions,
            self._account.id,
            is_open=view == "open",
            sort="oldest" if view == "open" else "newest",
        )
        self.transactions.set_source(LedgerSource(question))

    def _show_view(self) -> None:
        is_statements = VIEWS[self._view] == "statements"
        self.transactions.display = not is_statements
        self.statements.display = is_statements
        (self.statements if is_statements else self.transactions).focus()
        self._ask_rows()
        self._show_note()

    def show(self, account: CreditAccount) -> None:
        """Put an account on the screen."""
        if account.cycle is None:
            account = account.model_copy(
                update={"cycle": self._account.cycle, "previous_cycle": self._account.previous_cycle}
            )
        self._account = account
        self._show_note()
        width = max(40, self.size.width - 2)
        lines = [cut(safe_text(line), width) for line in head_lines(account)]
        self.query_one("#credit-head", Static).update(Content("\n".join(lines)))
        self.refresh_actions()

    def on_resize(self) -> None:
        """The head is laid out for the width there is."""
        self.show(self._account)

    def _show_note(self) -> None:
        parts = [VIEWS[self._view]]
        if self.transactions.marks:
            sums = sum(one.open_minor for one in self.transactions.marked)
            parts = [f"{len(self.transactions.marks)} marked: {total_in(sums, self._account.currency)}"]
        # What is marked is seen also where a long name is cut.
        self.heading.show(note="  ".join([*parts, account_sentence(self._account)]))

    def free_data(self) -> None:
        """As everywhere; only the id stays, to ask again by."""
        for rows in self.query(VirtualList):
            rows.set_source(MemorySource((), lambda one: one.id))
        super().free_data()
        nobody = self._account.customer.model_copy(update={"name": ""})
        self._account = self._account.model_copy(update=dict.fromkeys(_PERSONAL) | {"customer": nobody})
        self.query_one("#credit-head", Static).update(Content(""))
        self.heading.show(note="")

    # ── what may be done ─────────────────────────────────────────────────────────────────────────────────────────

    def why_not(self, action_id: str) -> str | None:
        """The ledger's own reasons."""
        if action_id in {"edit", "purchase", "settle", "refund", "adjust"}:
            return self.refusal_of(action_id)
        if action_id == REVERSE.id:
            return self._why_not_reverse()
        return None

    def _why_not_reverse(self) -> str | None:
        one = self.transactions.highlighted if self.transactions.display else None
        if one is None or one.settlement_id is None:
            return "Stand on a settlement first: [t] all transactions."
        if "reverse" in one.actions or _approval_of(one) is not None:
            return None
        refused = one.refused.get("reverse")
        return refused.message if refused is not None else "This cannot be taken back."

    def account_changed(self, account_id: str, account: CreditAccount | None = None) -> None:
        """Show what the ledger holds now."""
        self.transactions.clear_marks()
        if account is not None:
            self.show(account)
        self.reload()

    @on(VirtualList.Highlighted)
    @on(VirtualList.Marked)
    def _offer(self) -> None:
        self._show_note()
        self.refresh_actions()

    @on(VirtualList.Opened, "#transactions")
    def _transaction_opened(self, message: VirtualList.Opened) -> None:
        lines = [f"{label:<14} {value}" for label, value in transaction_lines(message.item, self.desk)]
        self.app.push_screen(MessageDialog(transaction_word(message.item), lines))

    @on(VirtualList.Opened, "#statements")
    async def _statement_opened(self, message: VirtualList.Opened) -> None:
        from branchtui.screens.credit_statement import StatementScreen

        await self.app.push_screen(StatementScreen(self.desk, message.item), lambda _: self.reload())

    def action_turn(self) -> None:
        """`t`."""
        self._view = (self._view + 1) % len(VIEWS)
        self._show_view()

    def action_edit(self) -> None:
        """`e`."""
        self.edit_account(self._account)

    def action_purchase(self) -> None:
        """`u`."""
        self.key_purchase(self._account)

    def action_settle(self) -> None:
        """`s`: what is marked, where something is."""
        self.key_settlement(self._account, self.chosen_transactions())

    @work(group="menu", exclusive=True)
    async def action_menu(self) -> None:
        """`m`: everything that may be done to this account, and to the highlighted settlement."""
        choices = self.ACTIONS.choices(self.why_not, ["purchase", "settle", "edit"])
        choices += [Choice(each, self.why_not(each.id)) for each in (REFUND, ADJUST, REVERSE)]
        chosen = await self.app.push_screen_wait(MenuDialog(account_sentence(self._account), choices))
        if chosen == REFUND.id:
            self.key_refund(self._account)
        elif chosen == ADJUST.id:
            self.key_adjustment(self._account)
        elif chosen == REVERSE.id and self.transactions.highlighted is not None:
            self.reverse(self.transactions.highlighted)
        elif chosen is not None:
            await self.action_perform(chosen)

    @work(group="write")
    async def reverse(self, transaction: CreditTransaction) -> None:
        """A bounced cheque: a reason, `y`; who may not asks a second person."""
        assert transaction.settlement_id is not None, "only a settlement is reversed"
        settlement = await self.asked(
            partial(self.ledger.settlement, transaction.settlement_id), holds_keys=True
        )
        if settlement is None:
            return
        lines = [
            *account_lines(self._account),
            (
                "Settlement",
                f"{settlement.settlement_no}, {total_in(settlement.amount_minor, settlement.currency)}",
            ),
        ]
        if approval_for(settlement, "reverse"):
            await ask_for_approval(
                self,
                settlement,
                "reverse",
                lines,
                summary=f"reverse settlement {settlement.settlement_no}",
                reason_member="reason",
            )
            return
        reason = await self.app.push_screen_wait(ReasonDialog("Reverse this settlement?", lines))
        if reason is None:
            return
        async with self.outcome() as outcome:
            taken = await self.ledger.reverse_settlement(settlement, reason)
            self.account_changed(self._account.id)
            outcome.done(
                f"Settlement {taken.settlement_no} reversed: owed {total_in(taken.owed_minor, taken.currency)} again."
            )

    def action_copy(self) -> None:
        """`c`."""
        one: Any = self.transactions.highlighted if self.transactions.display else None
        self.copy_reference((one.pos_ref if one is not None else None) or self._account.account_no)

    def action_back(self) -> None:
        """`esc`: back to the list."""
        self.dismiss(None)


def _approval_of(one: CreditTransaction) -> str | None:
    refused = one.refused.get("reverse")
    return refused.approval if refused is not None else None
