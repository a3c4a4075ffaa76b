"""What may be done to a balance file, from the list and from its X-ray alike."""

from __future__ import annotations

from functools import partial
from typing import Final

from textual import work

from branchtui.contract.balance_files import BalanceFile, FileState
from branchtui.contract.problem import Codes
from branchtui.remote.errors import LedgerError, Refused
from branchtui.screens.asking import approval_for, ask_for_approval
from branchtui.screens.file_words import (
    AT_WORK,
    apply_lines,
    ended_sentence,
    file_lines,
    file_name,
    progress_line,
)
from branchtui.screens.import_files import free_names
from branchtui.screens.job_watch import JobWatch
from branchtui.screens.rows import balances_sentence
from branchtui.widgets.actions import Action, Choice
from branchtui.widgets.dialogs import ConfirmDialog, MenuDialog, ReasonDialog

APPLY: Final = Action("apply", "p", "Apply", "Set every payer to what the file states", changes=True)
SAVE: Final = Action("save", "s", "Save rejects", "Save the wrong rows as a file, each with what is wrong")
_VALIDATE: Final = Action("validate", "", "X-ray again: what it would move by now")
_REJECT: Final = Action("reject", "", "Reject: nobody applies it any more")
_REVERT: Final = Action("revert", "", "Revert by mirror entries")
_COPY: Final = Action("copy", "", "Copy the file's name")


class FileDesk(JobWatch):
    """A screen on which a file is at hand. It hears of every change of one by `show_file`."""

    SAID_AS = "Universal Files"

    def show_file(self, file: BalanceFile) -> None:
        """A file as the ledger has it now."""

    def show_blocking(self, file: BalanceFile) -> None:
        """The accounts that stand in the way of a revert are worth seeing."""

    def why_not_file(self, file: BalanceFile | None, action_id: str) -> str | None:
        """The ledger's own reason why something may not be done to a file."""
        if file is None:
            return "No file is highlighted."
        if action_id == "save":
            return None if file.errors else "No row is wrong: there is nothing to save."
        if action_id == "copy" or file.allows(action_id) or approval_for(file, action_id):
            return None
        refused = file.refused.get(action_id)
        return refused.message if refused is not None else f"This file cannot be {action_id}ed now."

    async def file_menu(self, file: BalanceFile, *more: Choice) -> str | None:
        """Everything that may be done to this file, from the ledger's `actions`; only in a worker."""
        own = [
            Choice(one, self.why_not_file(file, one.id))
            for one in (APPLY, _VALIDATE, _REVERT, _REJECT, SAVE, _COPY)
        ]
        chosen = await self.app.push_screen_wait(MenuDialog(file_name(file), [*more, *own]))
        if chosen == APPLY.id:
            self.apply_file(file)
        elif chosen == _VALIDATE.id:
            self.validate_file(file)
        elif chosen == _REVERT.id:
            self.revert_file(file)
        elif chosen == _REJECT.id:
            self.reject_file(file)
        elif chosen == SAVE.id:
            self.save_rejects(file)
        elif chosen == _COPY.id:
            self.copy_reference(file_name(file))
        else:
            return chosen
        return None

    # ── changes ──────────────────────────────────────────────────────────────────────────────────────────────────

    @work(group="write")
    async def apply_file(self, file: BalanceFile) -> None:
        """Apply exactly the preview that is confirmed; what only a supervisor may is asked for."""
        seen = file
        if seen.xray is None:
            found = await self.asked(partial(self.ledger.balance_file, file.id), holds_keys=True)
            if found is None:
                return
            seen = found
        if approval_for(seen, "apply"):
            body = {"file_sha256": seen.sha256, "preview_version": seen.preview_version}
            summary = f"apply file {file_name(seen)}, {seen.payers:,} payers"
            await ask_for_approval(self, seen, "apply", apply_lines(seen), summary=summary, body=body)
            return
        effect = "Each payer is set to what is stated. What has moved since this preview is left and listed."
        if not await self.confirm(ConfirmDialog("Apply this file?", apply_lines(seen), effect=effect)):
            return
        changed: BalanceFile | None = None
        async with self.outcome(on_current=self._stands_now) as outcome:
            changed = await self.ledger.apply_balance_file(seen)
            self.show_file(changed)
            if changed.state not in AT_WORK:
                outcome.done(" ".join([ended_sentence(changed), balances_sentence(changed.balances)]).strip())
        self._go_on(changed)

    @work(group="write")
    async def revert_file(self, file: BalanceFile) -> None:
        """Take an applied file back; what blocks it is shown."""
        effect = "Every account that the file moved is moved back by a mirror entry. The originals stay."
        lines = file_lines(file, self.desk)
        if not await self.confirm(ConfirmDialog("Revert this file?", lines, effect=effect)):
            return
        changed: BalanceFile | None = None
        async with self.outcome(on_current=self._stands_now) as outcome:
            changed = await self.ledger.revert_balance_file(file)
            self.show_file(changed)
            if changed.state not in AT_WORK:
                outcome.done(" ".join([ended_sentence(changed), balances_sentence(changed.balances)]).strip())
        if isinstance(outcome.error, Refused) and outcome.error.code == Codes.REVERT_BLOCKED:
            self.show_blocking(file)
        self._go_on(changed)

    @work(group="write")
    async def validate_file(self, file: BalanceFile) -> None:
        """A fresh preview of the same bytes."""
        changed: BalanceFile | None = None
        async with self.outcome(on_current=self._stands_now):
            changed = await self.ledger.validate_balance_file(file)
            self.show_file(changed)
        self._go_on(changed)

    @work(group="write")
    async def reject_file(self, file: BalanceFile) -> None:
        """Give a file up, with a reason."""
        reason = await self.app.push_screen_wait(
            ReasonDialog("Reject this file?", file_lines(file, self.desk))
        )
        if reason is None:
            return
        async with self.outcome(on_current=self._stands_now) as outcome:
            changed = await self.ledger.reject_balance_file(file, reason)
            self.show_file(changed)
            outcome.done(f"{file_name(changed)} is rejected; its name may be used again.")

    def _stands_now(self, current: object) -> None:
        if isinstance(current, BalanceFile):
            self.show_file(current)

    def _go_on(self, file: BalanceFile | None) -> None:
        if file is not None and file.state in AT_WORK:
            self.follow_file(file)

    # ── the ledger at work ───────────────────────────────────────────────────────────────────────────────────────

    @work(group="follow", exclusive=True)
    async def follow_file(self, file: BalanceFile) -> None:
        """Wait for the end of the ledger's work on a file, and show what came of it."""
        ended = await self.end_of(file)
        if ended is None:
            return
        self.show_file(ended)
        is_bad = ended.state in {FileState.REJECTED, FileState.APPLIED_WITH_ERRORS}
        self.announce(ended_sentence(ended), "warning" if is_bad else "done")
        self.file_ended(ended)

    def file_ended(self, file: BalanceFile) -> None:
        """The ledger's work on a file has ended, and what came of it was said."""

    async def end_of(self, file: BalanceFile) -> BalanceFile | None:
        """The file once its job has ended, the progress said meanwhile; None when that was not seen."""
        job = await self.end_of_job(file.job_id, lambda job: progress_line(job, file), is_aside=True)
        if not self.is_standing():
            return None
        if job is None:
            self.announce("The ledger goes on with the file. [ctrl+r] asks again.", "warning")
            return None
        ended = await self.asked(partial(self.ledger.balance_file, file.id))
        return ended if self.is_standing() else None

    # ── the rejects ──────────────────────────────────────────────────────────────────────────────────────────────

    @work(group="save", exclusive=True)
    async def save_rejects(self, file: BalanceFile) -> None:
        """Into the import folder, never over another file."""
        folder = self.desk.settings.imports
        stem = "".join(c if c.isalnum() or c in "-_." else "-" for c in file_name(file)).strip(".") or "file"
        for path in free_names(folder, f"{stem}-rejects", ".csv"):
            try:
                await self.ledger.balance_file_rejects(file.id, path)
            except LedgerError as error:
                self.say(error.sentence, "error")
            else:
                self.say(f"The wrong rows are in {path}: correct them and send that file.", "done")
            return
        self.say(f"There are too many files of rejects in {folder} already.", "error")
