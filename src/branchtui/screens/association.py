"""Bulk Actions of Payments: every payment of the list that has one certain owner, as it was seen (CONC-5)."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Final

from textual import work

from branchtui.contract.associations import REMAINING_MAX, PaymentFilter
from branchtui.format.counts import count_of
from branchtui.screens.payments_list import PaymentsList
from branchtui.screens.rows import total_in
from branchtui.widgets.actions import Action, Choice
from branchtui.widgets.dialogs import ConfirmDialog, MenuDialog

if TYPE_CHECKING:
    from branchtui.contract.associations import AssociationSummary

ASSOCIATE_ALL: Final = Action("associate-all", "1", "Associate All", changes=True)
_NOTHING: Final = "No payment that waits here has one certain owner."


class AssociationDesk(PaymentsList):
    """`b`: what waits in the list and is certainly somebody's, given at once or not at all."""

    @work(group="menu", exclusive=True)
    async def action_bulk(self) -> None:
        """`b`: with what Associate All would do, as the ledger sees it now."""
        shown = PaymentFilter(branch=self.desk.branch_filter, q=self.search.text.strip() or None)
        seen = await self._look_through(shown)
        if seen is None:
            return
        figures = f"{ASSOCIATE_ALL.label}: {seen.count:,}, {total_in(seen.total_minor, seen.currency)}"
        choice = Choice(replace(ASSOCIATE_ALL, label=figures), None if seen.count else _NOTHING)
        chosen = await self.app.push_screen_wait(MenuDialog("Bulk Actions", [choice]))
        if chosen is not None:
            self.associate_all(shown, seen)

    async def _look_through(self, shown: PaymentFilter) -> AssociationSummary | None:
        """The first piece of a long list in which something is certain, else the last; says how far it looked."""
        after: str | None = None
        looked_at = 0
        while True:
            seen = await self.asked(partial(self.ledger.association_summary, shown, after), holds_keys=True)
            if seen is None:
                return None
            looked_at += seen.looked_at
            if seen.count or seen.next is None:
                if after is not None:
                    self.say(f"Looked at {looked_at:,}.")
                return seen
            after = seen.next
            self.say(f"Looked at {looked_at:,}; {_remaining(seen)} behind these…")

    @work(group="write")
    async def associate_all(self, shown: PaymentFilter, seen: AssociationSummary) -> None:
        """The count, total and fingerprint that were shown are confirmed and sent back."""
        if not await self.confirm(_question(shown, seen, self.desk.branch.name)):
            return
        async with self.outcome() as outcome:
            done = await self.ledger.associate_all_payments(shown, seen)
            payments = count_of(done.count, "payment")
            behind = f" {_remaining(seen)} behind these: [b] again." if seen.remaining else ""
            outcome.done(f"{payments} associated, {total_in(done.total_minor, done.currency)}.{behind}")
        self.reload()


def _remaining(seen: AssociationSummary) -> str:
    """`1 waits`, `43,000 wait`; `100,000+ wait` where they are not counted to the end."""
    if seen.remaining == 1:
        return "1 waits"
    return f"{seen.remaining:,}{'+' if seen.remaining >= REMAINING_MAX else ''} wait"


def _question(shown: PaymentFilter, seen: AssociationSummary, branch: str) -> ConfirmDialog:
    lines = [
        ("Payments", f"{seen.count:,}: {seen.by_reference:,} by reference, {seen.by_phone:,} by phone"),
        ("Total", total_in(seen.total_minor, seen.currency)),
        ("Office", branch),
    ]
    if seen.remaining:
        lines.append(("Of", f"{seen.looked_at:,} looked at; {_remaining(seen)} behind them, for [b] again"))
    if shown.q:
        lines.append(("Only those with", shown.q))
    effect = "Each goes to the wallet of its one owner. If the set has moved, nothing happens."
    return ConfirmDialog("Associate All?", lines, effect=effect)
