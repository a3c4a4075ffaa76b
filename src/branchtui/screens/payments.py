"""Payments: what waits is given to its owner, what was given wrongly is taken back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Final

from textual import work

from branchtui.screens.asking import approval_for, ask_for_approval
from branchtui.screens.association import AssociationDesk
from branchtui.screens.base import screen_actions
from branchtui.screens.dialogs.pick_customer import PickCustomerDialog
from branchtui.screens.payment_moves import MOVES, RECEIPT, PaymentMoves, raised
from branchtui.screens.payment_rows import change_sentence, origin_line, payer_line
from branchtui.screens.payments_list import ROW_ACTIONS
from branchtui.screens.rows import amount_in
from branchtui.widgets.actions import Action, ActionTable, Choice
from branchtui.widgets.dialogs import ConfirmDialog, MenuDialog, ReasonDialog

if TYPE_CHECKING:
    from branchtui.contract.customers import Account
    from branchtui.contract.payments import Payment


ELSEWHERE: Final = Action("associate-elsewhere", "m", "Associate with another account", changes=True)


@dataclass(frozen=True)
class Owner:
    """Who gets a payment: as a candidate or as found by hand, in the ledger's words."""

    customer_id: str
    customer_no: str
    account_no: str
    name: str
    because: str


class PaymentsScreen(PaymentMoves, AssociationDesk):
    """`a`, `y`, and the next: the proposed owner of the oldest payment is two keys and one request away."""

    ACTIONS: ClassVar[ActionTable] = screen_actions(
        Action(
            "associate", "a", "Associate", "Give the payment to the customer under the arrow", changes=True
        ),
        Action(
            "disassociate",
            "x",
            "Disassociate",
            "Take the payment back from its customer, with a reason",
            changes=True,
        ),
        Action("candidate", "tab", "Candidate", "Choose another candidate"),
        Action(
            "new",
            "n",
            "Make payment",
            "Take a payment by hand; after each the next one",
            changes=True,
            needs="payment.create",
        ),
        Action("turn", "t", "Turn", "Unassociated, associated, held, all"),
        Action("search", "slash", "Search", "Search all payments by account, phone, code or amount"),
        Action("menu", "m", "Menu", "Everything that may be done to this payment"),
        Action(
            "ignore",
            "g",
            "Ignore",
            "Take it out of the queue, settled by hand or not ours; what was ignored back into it",
            show=False,
            changes=True,
        ),
        Action(
            "bulk", "b", "Bulk actions", "Associate all that have one certain owner", show=False, changes=True
        ),
        Action("filter", "f", "Filter", "Of what is held: what was settled by hand, and back", show=False),
        Action("sort", "z", "Sort", "The oldest first, or the newest", show=False),
        Action("details", "v", "Details", "Everything known of this payment (enter)", show=False),
        Action("copy", "c", "Copy code", "Copy the payment's code", show=False),
        Action(
            "import",
            "i",
            "Statement",
            "Import a bank's or a mobile-money account's statement",
            show=False,
            changes=True,
            needs="import.statements",
        ),
        Action(
            "learned", "l", "Learned payers", "Whose payments people gave to whom; switch one off", show=False
        ),
    )
    BINDINGS = ACTIONS.bindings()

    def action_learned(self) -> None:
        """`l`."""
        self.go("learned")

    def action_import(self) -> None:
        """`i`."""
        self.go("statements")

    def action_new(self) -> None:
        """`n`."""
        self.take_payments()

    @work(group="dialog", exclusive=True)
    async def action_menu(self) -> None:
        """`m`: everything that may be done to this payment."""
        if self.is_on_held:
            await self.held_menu()
            return
        one = self.rows.highlighted
        if one is None:
            return
        keyed = self.choices(ROW_ACTIONS)
        elsewhere = Choice(ELSEWHERE, self.why_not("associate"))
        moves = [Choice(move, self.why_not(move.id)) for move in MOVES]
        chosen = await self.app.push_screen_wait(
            MenuDialog(
                f"Payment {one.payment_no}",
                [keyed[0], elsewhere, keyed[1], *moves, Choice(RECEIPT), *keyed[2:]],
            )
        )
        if chosen == ELSEWHERE.id:
            self.associate_elsewhere(one)
        elif chosen is not None and not await self.move(chosen, one):
            await self.action_perform(chosen)

    # ── associate ────────────────────────────────────────────────────────────────────────────────────────────────

    @work(group="write")
    async def action_associate(self) -> None:
        """`a`: to the candidate under the arrow, else to a customer who is found; then `y`."""
        one = self.rows.highlighted
        if one is None:
            return
        owner = self._candidate() or await self._found(one)
        if owner is not None:
            await self._give(one, owner)

    @work(group="write")
    async def associate_elsewhere(self, one: Payment) -> None:
        """From the menu: as `a`, onto the loan, bill or savings that the money pays."""
        owner = self._candidate() or await self._found(one)
        if owner is None:
            return
        is_chosen, account = await self.choose_account(one, owner.customer_id)
        if is_chosen:
            await self._give(one, owner, account)

    async def _give(self, one: Payment, owner: Owner, account: Account | None = None) -> None:
        """Ask, then give `one` to `owner`: the wallet, or `account`. Only in a worker."""
        lines = [
            ("Customer", f"{owner.customer_no} {owner.name}"),
            ("Amount", amount_in(one)),
            ("Payment", origin_line(one)),
            ("Because", owner.because),
        ]
        account_id = account.id if account is not None else None
        if approval_for(one, "associate"):
            await ask_for_approval(
                self,
                one,
                "associate",
                lines,
                summary=f"associate payment {one.payment_no}",
                body={"customer_id": owner.customer_id} | ({"account_id": account_id} if account_id else {}),
            )
            return
        effect = f"The {raised(owner.account_no, account)} by {amount_in(one)}."
        if not await self.confirm(ConfirmDialog("Associate this payment?", lines, effect=effect)):
            return
        self._under_way.add(one.id)
        try:
            async with self.outcome(on_current=self._show_current) as outcome:
                changed = await self.ledger.associate_payment(
                    one, owner.customer_id, account_id, whom=f"{owner.account_no} {owner.name}"
                )
                self._show_changed(changed)
                account_no, name = owner.account_no, owner.name
                outcome.done(change_sentence("associated", account_no, name, changed))
        finally:
            self._under_way.discard(one.id)
            self.refresh_actions()

    def _candidate(self) -> Owner | None:
        chosen = self.panel.chosen
        if chosen is None:
            return None
        customer = chosen.customer
        because = " and ".join(chosen.reasons)
        return Owner(customer.id, customer.customer_no, customer.account_no, customer.name, because)

    async def _found(self, one: Payment) -> Owner | None:
        dialog = PickCustomerDialog(
            self.ledger,
            "Whose payment is it?",
            [("Payment", payer_line(one))],
            branch=self.desk.branch_filter,
        )
        found = await self.app.push_screen_wait(dialog)
        if found is None:
            return None
        return Owner(found.id, found.customer_no, found.account_no, found.name, "chosen by hand")

    # ── disassociate ─────────────────────────────────────────────────────────────────────────────────────────────

    @work(group="write")
    async def action_disassociate(self) -> None:
        """`x`, a reason, `enter`, `y`."""
        one = self.rows.highlighted
        if one is None or one.customer is None:
            return
        owner = one.customer
        lines = [
            ("Customer", f"{owner.customer_no} {owner.name}"),
            ("Account", owner.account_no),
            ("Amount", amount_in(one)),
            ("Payment", origin_line(one)),
            ("Effect", f"The account falls by {amount_in(one)}; the payment waits again."),
        ]
        if approval_for(one, "disassociate"):
            await ask_for_approval(
                self,
                one,
                "disassociate",
                lines,
                summary=f"disassociate payment {one.payment_no}",
                reason_member="reason",
            )
            return
        reason = await self.app.push_screen_wait(ReasonDialog("Disassociate this payment?", lines))
        if reason is None:
            return
        self._under_way.add(one.id)
        try:
            async with self.outcome(on_current=self._show_current) as outcome:
                changed = await self.ledger.disassociate_payment(one, reason)
                self._show_changed(changed)
                outcome.done(change_sentence("disassociated", owner.account_no, owner.name, changed))
        finally:
            self._under_way.discard(one.id)
            self.refresh_actions()
