"""Bulk Actions: all means what was seen (CONC-5)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from textual import work

from branchtui.contract.balance_records import BulkAction, RecordFilter, RecordStatus
from branchtui.contract.imports import ImportKind
from branchtui.remote.errors import FileProblem, LedgerError
from branchtui.screens.record_desk import RecordScreen
from branchtui.screens.rows import total_in
from branchtui.widgets.actions import Action, Choice
from branchtui.widgets.dialogs import ConfirmDialog, MenuDialog

if TYPE_CHECKING:
    from pathlib import Path

    from branchtui.contract.balance_records import RecordSummary

POST_ALL: Final = "post-all"
DELETE_ALL: Final = "delete-all"
_TEMPLATES_MAX: Final = 100
CHOICES: Final = (
    Action("import", "1", "Import CSV"),
    Action("template", "2", "Template: an empty file with the right columns"),
    Action(POST_ALL, "3", "Post All"),
    Action(DELETE_ALL, "4", "Delete All"),
)


class BulkDesk(RecordScreen):
    """The screen says by `record_filter` what it shows; only what is not accounted is ever touched."""

    def record_filter(self) -> RecordFilter:
        """The filter that the list shows."""
        return RecordFilter()

    @work(group="menu", exclusive=True)
    async def action_bulk(self) -> None:
        """`b`."""
        chosen = await self.app.push_screen_wait(MenuDialog("Bulk Actions", [Choice(one) for one in CHOICES]))
        if chosen == "import":
            self.action_import()
        elif chosen == "template":
            self.save_template()
        elif chosen is not None:
            self.change_all(chosen)

    def action_import(self) -> None:
        """`i`."""
        self.go("import")

    @work(group="template", exclusive=True)
    async def save_template(self) -> None:
        """An empty CSV with the right columns, in the import folder, never over a file that is there."""
        folder = self.desk.settings.imports
        for path in _free_names(folder):
            try:
                await self.ledger.import_template(ImportKind.BALANCE_RECORDS, path)
            except FileProblem as problem:
                if path.exists():
                    continue
                self.say(problem.sentence, "error")
                return
            except LedgerError as error:
                self.say(error.sentence, "error")
                return
            self.say(f"The template is in {path}", "done")
            return
        self.say(f"There are too many templates in {folder} already.", "error")

    @work(group="write")
    async def change_all(self, what: str) -> None:
        """Post All, Delete All: count, total and fingerprint are asked, shown, confirmed and sent back."""
        shown = self.record_filter().model_copy(update={"status": RecordStatus.NOT_ACCOUNTED})
        summary = await self.asked(lambda: self.ledger.records_summary(shown), holds_keys=True)
        if summary is None:
            return
        if summary.count == 0:
            self.say("There is no record here that you may post or delete.", "warning")
            return
        if not await self.confirm(_confirmation(what, summary, shown, self.desk.branch.name)):
            return
        action = BulkAction(
            filter=shown, count=summary.count, total_minor=summary.total_minor, set_hash=summary.set_hash
        )
        async with self.outcome() as outcome:
            if what == POST_ALL:
                done = await self.ledger.post_all_records(action)
            else:
                done = await self.ledger.delete_all_records(action)
            verb = "accounted" if what == POST_ALL else "deleted"
            outcome.done(f"{done.count:,} records {verb}, {total_in(done.total_minor, done.currency)}.")
        self.reload()


def _confirmation(what: str, summary: RecordSummary, shown: RecordFilter, branch: str) -> ConfirmDialog:
    is_post = what == POST_ALL
    lines = [
        ("Records", f"{summary.count:,}"),
        ("Total", total_in(summary.total_minor, summary.currency)),
        ("Office", branch),
    ]
    if shown.q:
        lines.append(("Only those with", shown.q))
    effect = (
        "Exactly these go into the books. Posted, none can be edited or deleted again."
        if is_post
        else "Exactly these are taken out of the list. They were not accounted: no balance changes."
    )
    return ConfirmDialog(
        "Post All?" if is_post else "Delete All?",
        lines,
        effect=f"{effect} If the set has moved, nothing happens.",
    )


def _free_names(folder: Path) -> list[Path]:
    """Names for the template that no file has yet."""
    names = [folder / "balance-records.csv"]
    names += [folder / f"balance-records-{number}.csv" for number in range(2, _TEMPLATES_MAX)]
    return [name for name in names if not name.exists()]
