"""Bulk Actions: all means what was seen (CONC-5)."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from textual import work

from branchtui.contract.balance_records import SUMMARY_IDS_MAX, BulkAction, RecordFilter, RecordStatus
from branchtui.contract.imports import ImportKind, JobState
from branchtui.format.counts import count_of
from branchtui.remote.errors import FileProblem, LedgerError
from branchtui.screens.job_watch import JobWatch
from branchtui.screens.record_desk import RecordScreen
from branchtui.screens.rows import total_in
from branchtui.widgets.actions import Action, Choice
from branchtui.widgets.dialogs import ConfirmDialog, MenuDialog

if TYPE_CHECKING:
    from pathlib import Path

    from branchtui.contract.balance_records import RecordSummary
    from branchtui.contract.imports import Job

POST_ALL: Final = "post-all"
DELETE_ALL: Final = "delete-all"
_TEMPLATES_MAX: Final = 100
_NOTHING: Final = "There is no record here that you may post or delete at once."
CHOICES: Final = (
    Action("import", "1", "Import CSV"),
    Action("template", "2", "Template: an empty file with its columns"),
    Action(POST_ALL, "3", "Post All"),
    Action(DELETE_ALL, "4", "Delete All"),
)


@dataclass(frozen=True)
class Sweep:
    """What a bulk action is asked for: all that the list shows, or of these exactly the marked ones."""

    shown: RecordFilter
    ids: tuple[str, ...] | None

    def action(self, seen: RecordSummary) -> BulkAction:
        """The command that names the set as it was seen."""
        return BulkAction(
            filter=self.shown,
            ids=self.ids,
            count=seen.count,
            total_minor=seen.total_minor,
            set_hash=seen.set_hash,
        )


class BulkDesk(RecordScreen, JobWatch):
    """The screen says by `record_filter` what it shows; only what is not accounted is ever touched."""

    SAID_AS = "Member Balances"

    def record_filter(self) -> RecordFilter:
        """The filter that the list shows."""
        return RecordFilter()

    def marked_ids(self) -> tuple[str, ...]:
        """The marked records. When there are any, *all* means these."""
        return ()

    def forget_marks(self) -> None:
        """What was marked has been dealt with."""

    @work(group="menu", exclusive=True)
    async def action_bulk(self) -> None:
        """`b`: with what Post All and Delete All would touch, as the ledger sees it now."""
        marked = self.marked_ids()
        if len(marked) > SUMMARY_IDS_MAX:
            self.say(
                f"{len(marked):,} records are marked; {SUMMARY_IDS_MAX} at most can be posted or deleted by marks. "
                "Take marks away with [space], or narrow the list with [/] and mark none.",
                "warning",
            )
            return
        shown = self.record_filter().model_copy(update={"status": RecordStatus.NOT_ACCOUNTED})
        sweep = Sweep(shown, marked or None)
        with self.hold_keys():
            seen = dict(
                zip(
                    (POST_ALL, DELETE_ALL),
                    await asyncio.gather(self._seen(sweep, POST_ALL), self._seen(sweep, DELETE_ALL)),
                    strict=True,
                )
            )
        choices = [_choice(one, seen, len(marked)) for one in CHOICES]
        chosen = await self.app.push_screen_wait(MenuDialog("Bulk Actions", choices))
        if chosen == "import":
            self.action_import()
        elif chosen == "template":
            self.save_template()
        elif chosen is not None:
            self.change_all(chosen, sweep, seen[chosen])

    async def _seen(self, sweep: Sweep, what: str) -> RecordSummary | None:
        purpose = "post" if what == POST_ALL else "delete"
        return await self.asked(
            lambda: self.ledger.records_summary(sweep.shown, action=purpose, ids=sweep.ids)
        )

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
    async def change_all(self, what: str, sweep: Sweep, seen: RecordSummary | None) -> None:
        """Post All, Delete All: the count, total and fingerprint that were shown are confirmed and sent back."""
        if seen is None:
            return
        if not await self.confirm(_confirmation(what, seen, sweep, self.desk.branch.name)):
            return
        action = sweep.action(seen)
        async with self.outcome() as outcome:
            if what == POST_ALL:
                done = await self.ledger.post_all_records(action)
            else:
                done = await self.ledger.delete_all_records(action)
            self.forget_marks()
            records = count_of(done.count, "record")
            figures = total_in(done.total_minor, done.currency)
            if done.job_id is None:
                verb = "accounted" if what == POST_ALL else "deleted"
                outcome.done(f"{records} {verb}, {figures}.")
            else:
                verb = "posted" if what == POST_ALL else "deleted"
                outcome.done(
                    f"The ledger has taken it on: {records}, {figures}, are being {verb} now. "
                    "[ctrl+r] shows what is left."
                )
                self.follow(what, done.job_id)
        self.reload()

    @work(group="follow", exclusive=True)
    async def follow(self, what: str, job_id: str) -> None:
        """How far it is, then what became of the set; the ledger goes on whether somebody looks or not."""
        verb = "posted" if what == POST_ALL else "deleted"
        job = await self.end_of_job(job_id, lambda job: _progress(what, job), is_aside=True)
        if not self.is_standing():
            return
        if job is None:
            self.announce("The ledger goes on with it. :work shows how far it is.", "warning")
            return
        if job.state is JobState.SUCCEEDED:
            skipped = int(job.result.get("skipped", 0))
            left = f"; {skipped:,} had moved and were left alone" if skipped else ""
            self.announce(f"{count_of(int(job.result.get('count', 0)), 'record')} {verb}{left}.", "done")
        else:
            self.announce("It could not be done to its end: look at what is left.", "error")
        self.reload()


def _progress(what: str, job: Job) -> str:
    doing = "Posting" if what == POST_ALL else "Deleting"
    return f"{doing}: {job.done:,} of {job.total:,}" if job.total else f"{doing}…"


def _choice(action: Action, seen: dict[str, RecordSummary | None], marked: int) -> Choice:
    """A line of the menu, Post All and Delete All with their figures."""
    if action.id not in seen:
        return Choice(action)
    summary = seen[action.id]
    label = f"{action.label} marked" if marked else action.label
    if summary is None:
        return Choice(
            replace(action, label=label), "The ledger did not say what it would touch. Nothing was sent."
        )
    figures = f"{label}: {summary.count:,}, {total_in(summary.total_minor, summary.currency)}"
    return Choice(replace(action, label=figures), None if summary.count else _NOTHING)


def _confirmation(what: str, summary: RecordSummary, sweep: Sweep, branch: str) -> ConfirmDialog:
    is_post = what == POST_ALL
    lines = [
        ("Records", f"{summary.count:,}"),
        ("Total", total_in(summary.total_minor, summary.currency)),
        ("Office", branch),
    ]
    if sweep.ids is not None:
        left_out = len(sweep.ids) - summary.count
        rest = f"; {left_out:,} of them you may not {'post' if is_post else 'delete'} now" if left_out else ""
        lines.append(("Of the marked", f"{len(sweep.ids):,}{rest}"))
    elif sweep.shown.q:
        lines.append(("Only those with", sweep.shown.q))
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
