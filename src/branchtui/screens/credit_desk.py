"""What may be done to a client account, shared by the list and the account's own screen."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, Any, Final

from textual import work

from branchtui.contract.problem import Codes
from branchtui.format.money import money
from branchtui.remote.errors import Conflict
from branchtui.screens.asking import approval_for, ask_for_approval
from branchtui.screens.base import LedgerScreen
from branchtui.screens.credit_rows import account_lines, account_sentence, receipt_lines, tender_words
from branchtui.screens.dialogs.form_dialog import FormDialog
from branchtui.screens.keyed import made_of
from branchtui.screens.rows import total_in
from branchtui.widgets.actions import Action
from branchtui.widgets.dialogs import ConfirmDialog, MessageDialog

if TYPE_CHECKING:
    from branchtui.contract.credit import CreditAccount, CreditTransaction, NewSettlement, PostedTransaction
    from branchtui.contract.customers import CustomerBrief

ONE_KEYS: Final = "[ctrl+s] go on   [esc] cancel"
PURCHASE: Final = Action("purchase", "u", "Purchase", "A purchase on this account", changes=True)
SETTLE: Final = Action(
    "settle", "s", "Settle", "Make Settlement: all, the marked ones, or the oldest first", changes=True
)
EDIT: Final = Action("edit", "e", "Edit", "Limit, restriction, frequency, status, e-mail", changes=True)
REFUND: Final = Action("refund", "m", "Refund", "Goods given back")
ADJUST: Final = Action("adjust", "m", "Adjust", "Correct what is owed, with a reason")
BY_THE_LEDGER: Final = frozenset({"edit", "purchase", "refund", "adjust", "settle"})


class CreditDesk(LedgerScreen):
    """A screen from which client accounts are kept. It hears of every change by `account_changed`."""

    @property
    def account(self) -> CreditAccount | None:
        """The account that a key means; None where there is none."""
        return None

    def chosen_transactions(self) -> Sequence[CreditTransaction]:
        """What of it was marked to be settled."""
        return ()

    def account_changed(self, account_id: str, account: CreditAccount | None = None) -> None:
        """The ledger holds the account otherwise now; `account` is how, where it was answered."""

    def account_opened(self, account: CreditAccount) -> None:
        """A new one is there."""

    def refusal_of(self, action_id: str) -> str | None:
        """The ledger's own reason, for the account that a key means."""
        account = self.account
        if account is None:
            return "No account is highlighted."
        if action_id not in BY_THE_LEDGER or account.allows(action_id) or approval_for(account, action_id):
            return None
        found = account.refused.get(action_id)
        return found.message if found is not None else "This cannot be done now."

    # ── open and change ──────────────────────────────────────────────────────────────────────────────────────────

    def open_new(self, customer: CustomerBrief | None = None) -> None:
        """The form of a new account."""
        from branchtui.screens.dialogs.credit_fields import new_account_fields

        fields = new_account_fields(self.desk, customer)
        self.app.push_screen(FormDialog("New Client Account", fields, self.save_new, keys=ONE_KEYS))

    @work(group="write")
    async def save_new(self, dialog: FormDialog, values: dict[str, str]) -> None:
        """Open it; the form stays as it is until the ledger confirmed."""
        from branchtui.screens.dialogs.credit_fields import missing_customer, new_account

        missing = missing_customer(values)
        if missing:
            dialog.refused(missing)
            return
        new = made_of(dialog, lambda: new_account(values, self.desk))
        if new is None:
            return

        async def send(confirmed: str | None) -> CreditAccount:
            return await self.ledger.create_credit_account(new, confirm_duplicate_of=confirmed)

        made = await self._sent(dialog, send, "Open it all the same?")
        if made is None:
            dialog.settled()
            return
        dialog.saved("")
        self.account_opened(made)
        self.say(f"Opened: {account_sentence(made)}. {self._dates(made)}", "done")

    @staticmethod
    def _dates(account: CreditAccount) -> str:
        found = account.next_settlements
        return f"Settles next on {found[0].isoformat()}." if found else "It has no settlement dates."

    def edit_account(self, account: CreditAccount) -> None:
        """The form of its terms."""
        from branchtui.screens.dialogs.credit_fields import terms_fields

        seen = _Seen(account)
        self.app.push_screen(
            FormDialog(
                f"Client Account {account.account_no}",
                terms_fields(self.desk, account),
                lambda dialog, values: self.save_terms(dialog, values, seen),
                keys="[ctrl+s] save   [ctrl+u] empty the field   [esc] cancel",
                at_first=True,
            )
        )

    @work(group="write")
    async def save_terms(self, dialog: FormDialog, values: dict[str, str], seen: _Seen) -> None:
        """Send what differs; above the own limit a second person is asked."""
        from branchtui.screens.dialogs.credit_fields import changed_terms

        change = changed_terms(values, seen.account)
        if change is None:
            dialog.saved("")
            self.say("Nothing was changed: the form holds what the ledger holds.")
            return

        def stands_now(current: Any) -> None:
            if hasattr(current, "max_credit_minor"):
                seen.account = current
                self.account_changed(current.id, current)

        saved: CreditAccount | None = None
        async with self.outcome(say=dialog.say, form=dialog.form, on_current=stands_now) as outcome:
            saved = await self.ledger.change_credit_account(seen.account, change)
            outcome.done("Saved.")
        if saved is not None:
            dialog.saved("")
            self.account_changed(saved.id, saved)
            warning = f" {saved.warnings[0].message}" if saved.warnings else ""
            self.say(f"Saved: {account_sentence(saved)}.{warning}", "warning" if warning else "done")
            return
        dialog.settled()
        body = change.model_dump(mode="json", exclude_unset=True)
        if await self._asked_instead(outcome.error, seen.account, "edit", "more credit", body):
            dialog.saved("")

    # ── purchases, refunds, adjustments ──────────────────────────────────────────────────────────────────────────

    def key_purchase(self, account: CreditAccount) -> None:
        """Amount, reference, narration."""
        from branchtui.screens.dialogs.credit_fields import purchase_fields

        self._key(f"Purchase on {account.account_no}", purchase_fields(account), account, "purchase")

    def key_refund(self, account: CreditAccount) -> None:
        """As a purchase; the sale's own reference settles that sale."""
        from branchtui.screens.dialogs.credit_fields import purchase_fields

        self._key(f"Refund on {account.account_no}", purchase_fields(account), account, "refund")

    def key_adjustment(self, account: CreditAccount) -> None:
        """More or less, amount, why."""
        from branchtui.screens.dialogs.credit_fields import adjustment_fields

        self._key(f"Adjust {account.account_no}", adjustment_fields(account), account, "adjust")

    def _key(self, title: str, fields: Any, account: CreditAccount, what: str) -> None:
        self.app.push_screen(
            FormDialog(
                title,
                fields,
                lambda dialog, values: self.save_movement(dialog, values, account, what),
                keys=ONE_KEYS,
            )
        )

    @work(group="write")
    async def save_movement(
        self, dialog: FormDialog, values: dict[str, str], account: CreditAccount, what: str
    ) -> None:
        """After a confirmation that restates it: post; the limit is the ledger's to look at."""
        from branchtui.screens.dialogs import credit_fields as fields

        make: Any = {
            "purchase": fields.new_purchase,
            "refund": fields.new_refund,
            "adjust": fields.new_adjustment,
        }[what]
        new: Any = made_of(dialog, lambda: make(values))
        if new is None:
            return
        sign = -1 if what == "refund" else 1
        amount = total_in(sign * new.amount_minor, account.currency)
        lines = [*account_lines(account), (what.capitalize(), amount)]
        if not await self.confirm(ConfirmDialog(f"{what.capitalize()}?", lines, effect=_EFFECTS[what])):
            dialog.settled()
            return
        calls: dict[str, Any] = {
            "purchase": self.ledger.purchase,
            "refund": self.ledger.refund,
            "adjust": self.ledger.adjust,
        }

        async def send(confirmed: str | None) -> PostedTransaction:
            made: PostedTransaction = await calls[what](account, new, confirm_duplicate_of=confirmed)
            return made

        errors: list[Any] = []
        posted = await self._sent(dialog, send, "Enter it a second time all the same?", errors)
        if posted is not None:
            dialog.saved("")
            self.account_changed(account.id)
            self._say_posted(what, account, posted)
            return
        dialog.settled()
        body = new.model_dump(mode="json", exclude_none=True)
        if errors and await self._asked_instead(errors[-1], account, what, f"{what} of {amount}", body):
            dialog.saved("")

    def _say_posted(self, what: str, account: CreditAccount, posted: PostedTransaction) -> None:
        owed = money(posted.owed_minor, account.currency)
        left = (
            ""
            if posted.available_minor is None
            else (f", {money(posted.available_minor, account.currency)} available")
        )
        said = f"{what.capitalize()} posted on {account.account_no}: owed {owed} {account.currency}{left}."
        if posted.warnings:
            self.say(f"{said} {posted.warnings[0].message}", "warning")
        else:
            self.say(said, "done")

    # ── settlements ──────────────────────────────────────────────────────────────────────────────────────────────

    def key_settlement(self, account: CreditAccount, marked: Sequence[CreditTransaction]) -> None:
        """What, tender, reference, amount."""
        from branchtui.screens.dialogs.credit_fields import settlement_fields

        chosen = [one for one in marked if one.open_minor > 0]
        self.app.push_screen(
            FormDialog(
                f"Make Settlement, {account.account_no}",
                settlement_fields(account, chosen),
                lambda dialog, values: self.save_settlement(dialog, values, account, chosen),
                keys=ONE_KEYS,
                at_first=True,
            )
        )

    @work(group="write")
    async def save_settlement(
        self,
        dialog: FormDialog,
        values: dict[str, str],
        account: CreditAccount,
        marked: Sequence[CreditTransaction],
    ) -> None:
        """After a confirmation: settle; what goes beyond the debt is asked about once more. Then the receipt."""
        from branchtui.screens.dialogs.credit_fields import new_settlement

        new = made_of(dialog, lambda: new_settlement(values, account, marked))
        if new is None:
            return
        amount = new.amount_minor or 0
        settles = {
            "all": "all that is owed",
            "selected": f"{len(new.lines)} marked",
            "oldest_first": "the oldest first",
        }
        lines = [
            *account_lines(account),
            ("Settles", settles.get(str(new.mode), str(new.mode))),
            ("Paid", f"{total_in(amount, account.currency)} by {tender_words(new.tender).lower()}"),
            ("Reference", new.reference or "none"),
        ]
        effect = f"Owed after it: {total_in(account.owed_minor - amount, account.currency)}."
        if not await self.confirm(ConfirmDialog("Make this settlement?", lines, effect=effect)):
            dialog.settled()
            return
        await self._settle(dialog, account, new, amount)

    async def _settle(
        self, dialog: FormDialog, account: CreditAccount, new: NewSettlement, amount: int
    ) -> None:
        async def send(confirmed: str | None) -> Any:
            return await self.ledger.settle(account, new, amount, confirm_duplicate_of=confirmed)

        errors: list[Any] = []
        made = await self._sent(dialog, send, "Settle a second time all the same?", errors)
        if made is not None:
            dialog.saved("")
            self.account_changed(account.id)
            self.say(
                f"Settled {total_in(made.amount_minor, made.currency)}: receipt {made.settlement_no}.", "done"
            )
            await self.app.push_screen(MessageDialog("Receipt", receipt_lines(made, self.desk)))
            return
        dialog.settled()
        error = errors[-1] if errors else None
        if isinstance(error, Conflict) and error.code == Codes.OVERPAYMENT and not new.allow_overpayment:
            if await self.confirm(
                ConfirmDialog("More than is owed", [], effect=f"{error.sentence} Keep the rest?")
            ):
                again = new.model_copy(update={"allow_overpayment": True})
                await self._settle(dialog, account, again, amount)
            return
        body = new.model_dump(mode="json", exclude_none=True)
        what = f"settlement of {total_in(amount, account.currency)}"
        if await self._asked_instead(error, account, "settle", what, body):
            dialog.saved("")

    # ── parts ────────────────────────────────────────────────────────────────────────────────────────────────────

    async def _sent(
        self,
        dialog: FormDialog,
        send: Callable[[str | None], Awaitable[Any]],
        question: str,
        errors: list[Any] | None = None,
        confirmed: str | None = None,
    ) -> Any:
        """What the ledger answers to a change; a look-alike is asked about once (IDEM-11); None when it said no."""
        made = None
        async with self.outcome(say=dialog.say, form=dialog.form) as outcome:
            made = await send(confirmed)
            outcome.done("Done.")
        if errors is not None and outcome.error is not None:
            errors.append(outcome.error)
        twin = _twin(outcome.error)
        if twin is None or confirmed is not None:
            return made
        said = outcome.error.sentence if outcome.error is not None else ""
        if await self.confirm(
            ConfirmDialog("This looks like one already made", [], effect=f"{said} {question}")
        ):
            return await self._sent(dialog, send, question, errors, twin)
        dialog.say("Not done a second time.", "warning")
        return None

    async def _asked_instead(
        self, error: Any, account: CreditAccount, action: str, what: str, body: dict[str, Any]
    ) -> bool:
        """Where a second person can allow what was refused: ask, with a reason; True when it waits now."""
        approval = getattr(getattr(error, "problem", None), "extra", {}).get("approval")
        if not isinstance(approval, str):
            return False
        from branchtui.contract.base import RefusedAction

        refused = RefusedAction(code=error.code, message=error.sentence, approval=approval)
        asked = account.model_copy(
            update={
                "refused": {**account.refused, action: refused},
                "actions": tuple(each for each in account.actions if each != action),
            }
        )
        return await ask_for_approval(
            self, asked, action, account_lines(account), summary=f"{what} on {account.account_no}", body=body
        )


class _Seen:
    """What a form was filled from, as the ledger last showed it."""

    def __init__(self, account: CreditAccount) -> None:
        self.account = account


_EFFECTS: Final = {
    "purchase": "It is owed from now on.",
    "refund": "So much less is owed.",
    "adjust": "What is owed is corrected by it.",
}


def _twin(error: Exception | None) -> str | None:
    """The key of what this one looks like, when that is why it was refused."""
    if isinstance(error, Conflict) and error.code == Codes.POSSIBLE_DUPLICATE:
        earlier = error.problem.extra.get("duplicate_of")
        key = earlier.get("key") if isinstance(earlier, dict) else earlier
        return key if isinstance(key, str) else None
    return None
