"""How an import goes: sent, checked, seen, started, followed to its end wherever the person is meanwhile."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Final

from textual import work

from branchtui.contract.imports import (
    FILE_NAME_MAX,
    DateOrder,
    DecimalWriting,
    Import,
    ImportKind,
    ImportMode,
    ImportOptions,
    ImportState,
    NewImport,
    StartImport,
)
from branchtui.contract.problem import Codes
from branchtui.format.safe_text import safe_text
from branchtui.remote.errors import OutcomeUnknown, Refused
from branchtui.remote.resolver import Verdict
from branchtui.screens import import_words
from branchtui.screens.base import LedgerScreen
from branchtui.screens.job_watch import JobWatch
from branchtui.widgets.actions import Action
from branchtui.widgets.dialogs import ConfirmDialog

if TYPE_CHECKING:
    from branchtui.contract.imports import Upload
    from branchtui.contract.statements import AboveZero, Columns
    from branchtui.remote.resolver import Progress
    from branchtui.screens.desk import Desk

IMPORT_PATH: Final = "/v1/imports/"


class Stage(Enum):
    """Where the screen stands."""

    CHOOSE = "choose a file"
    BUSY = "being checked"
    PREVIEW = "preview"
    IMPORTING = "being imported"
    DONE = "done"


@dataclass(frozen=True)
class Chosen:
    """What is to be imported: its name for the person, its bytes, and where it lies when it is a file."""

    name: str
    content: bytes
    path: Path | None = None


class ImportFlow(JobWatch):
    """The ledger's side of an import. It lives as long as the session: an import goes on when one goes elsewhere."""

    KIND: ClassVar[ImportKind] = ImportKind.BALANCE_RECORDS
    NEEDS: ClassVar[str] = "import.records"
    """The permission of who sends a file of this kind."""
    SAID_AS = "Import"

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self.stage = Stage.CHOOSE
        self.chosen: Chosen | None = None
        self.found: Import | None = None
        self.job_id: str | None = None
        self._upload: Upload | None = None
        self._options = ImportOptions()
        self._doubt = ""
        self.account: str | None = None
        """Whose account a statement is of, where it does not say so itself."""

    def on_mount(self) -> None:
        """What is not confirmed and ends late goes on from there, wherever the person is."""
        self._leave = self.ledger.resolver.listen(self._doubt_ended)

    def on_unmount(self) -> None:
        """Listen no more."""
        self._leave()

    @property
    def kind(self) -> ImportKind:
        """What the rows of the file are."""
        return self.KIND

    def why_no_file(self) -> str | None:
        """Why a file that is named now is sent in vain: the role, or the line; told before one is named."""
        return self.why_not_now(Action("send", "", "Send", changes=True, needs=self.NEEDS))

    def show_stage(self, stage: Stage) -> None:
        """The import stands elsewhere now. The screen shows it."""
        self.stage = stage

    def show_found(self, found: Import) -> None:
        """The ledger's preview, or what became of the import. The screen shows it."""
        self.found = found

    def forget(self) -> None:
        """Nothing was chosen."""
        self.chosen = self.found = self.job_id = self._upload = None
        self._options = ImportOptions()

    @work(group="write")
    async def send(self, chosen: Chosen) -> None:
        """Upload, then let the ledger check without taking anything in."""
        self.chosen, self._options = chosen, ImportOptions()
        self.show_stage(Stage.BUSY)
        self.say(f"Sending {chosen.name}…")

        def progress(offset: int, length: int) -> None:
            self.say(f"Sending {chosen.name}: {offset // 1024:,} of {length // 1024:,} KiB")

        self._upload = await self.asked(partial(self.ledger.upload, chosen.content, progress))
        if self._upload is None:
            self.show_stage(Stage.CHOOSE)
            return
        await self._check()

    async def _check(self, *, confirm: bool = False) -> None:
        """A dry run: the preview, or why there is none. The same bytes a second time are asked about."""
        assert self._upload is not None, "the file was sent"
        new = NewImport(
            upload_id=self._upload.id,
            kind=self.kind,
            dry_run=True,
            sha256=self._upload.sha256,
            confirm=confirm,
            options=self._options,
            branch_id=self.desk.branch_filter,
            account=self.account,
            file_name=safe_text(self.chosen.name if self.chosen else "")[:FILE_NAME_MAX],
        )
        job_id: str | None = None
        async with self.outcome() as outcome:
            job_id = (await self.ledger.start_import(new)).job_id
        if job_id is not None:
            self.follow(job_id)
            return
        error = outcome.error
        if isinstance(error, OutcomeUnknown):
            self._doubt = error.intent.key
            return
        if isinstance(error, Refused) and error.code == Codes.FILE_ALREADY_IMPORTED and not confirm:
            effect = "References that were used are refused again in any case. Check it all the same?"
            if await self.confirm(
                ConfirmDialog("This file was imported before", [("", error.sentence)], effect=effect)
            ):
                await self._check(confirm=True)
                return
        self.show_stage(Stage.CHOOSE)

    @work(group="follow", exclusive=True)
    async def follow(self, job_id: str) -> None:
        """Wait for the job's end, wherever the person is meanwhile, and show what came of it."""
        self.job_id = job_id
        line = partial(import_words.progress_line, takes_in=self.stage is Stage.IMPORTING)
        job = await self.end_of_job(job_id, line)
        if not self.is_standing():
            return
        if job is None:
            self.announce("The ledger goes on with the import. [ctrl+r] on Import asks again.", "warning")
            return
        import_id = str(job.result.get("import_id") or "") or (self.found.id if self.found else "")
        found = await self.asked(partial(self.ledger.import_, import_id)) if import_id else None
        if not self.is_standing():
            return
        if found is None:
            self.announce(
                "The end of the import could not be shown. [ctrl+r] on Import asks again.", "warning"
            )
            return
        self.job_id = None
        is_taken_in = self.stage is Stage.IMPORTING
        self.show_found(found)
        if is_taken_in:
            self._renew_front()

    @work(group="follow", exclusive=True)
    async def look_again(self) -> None:
        """How the import stands in the ledger by now."""
        if self.found is None:
            return
        found = await self.asked(partial(self.ledger.import_, self.found.id))
        if found is not None and self.is_standing():
            self._show_standing(found)

    @work(group="write")
    async def start(self, mode: ImportMode) -> None:
        """Go on from exactly the preview that was seen."""
        found = self.found
        if found is None or self.stage is not Stage.PREVIEW:
            return
        self.show_stage(Stage.IMPORTING)
        start = StartImport(sha256=found.sha256, preview_version=found.preview_version, mode=mode)
        job_id: str | None = None
        async with self.outcome() as outcome:
            job_id = (await self.ledger.import_start(found, start)).job_id
        if job_id is not None:
            self.follow(job_id)
        elif isinstance(outcome.error, OutcomeUnknown):
            self._doubt = outcome.error.intent.key
        elif outcome.error is not None:
            self.show_stage(Stage.PREVIEW)

    def _doubt_ended(self, progress: Progress) -> None:
        """The check or the start that was not confirmed: go on from what it became."""
        settlement = progress.settlement
        if settlement is None or progress.intent.key != self._doubt or not self.is_standing():
            return
        self._doubt = ""
        operation = settlement.operation
        if settlement.verdict is not Verdict.RECORDED:
            self.show_stage(Stage.CHOOSE if self.found is None else Stage.PREVIEW)
        elif operation is not None and operation.resource:
            self.take_up(operation.resource.rpartition("/")[2])

    @work(group="follow", exclusive=True)
    async def take_up(self, import_id: str) -> None:
        """An import that the ledger has, and that this screen did not see begin: shown as it stands, and followed."""
        found = await self.asked(partial(self.ledger.import_, import_id))
        if found is not None and self.is_standing():
            self._show_standing(found)

    def _show_standing(self, found: Import) -> None:
        if found.state in {ImportState.VALIDATING, ImportState.IMPORTING}:
            self.found = found
            self.show_stage(Stage.IMPORTING if found.state is ImportState.IMPORTING else Stage.BUSY)
            self.follow(found.job_id)
        else:
            self.show_found(found)

    @work(group="write")
    async def answer(
        self,
        *,
        date_order: DateOrder | None = None,
        decimal: DecimalWriting | None = None,
        above_zero: AboveZero | None = None,
        columns: Columns | None = None,
    ) -> None:
        """What the file leaves open was said: check the same bytes again."""
        given = self._options
        self._options = ImportOptions(
            date_order=date_order or given.date_order,
            decimal=decimal or given.decimal,
            delimiter=given.delimiter,
            encoding=given.encoding,
            columns=columns or given.columns,
            above_zero=above_zero or given.above_zero,
        )
        self.show_stage(Stage.BUSY)
        await self._check()

    def _renew_front(self) -> None:
        """What came in belongs into the list that the person is looking at by now."""
        place = next((one for one in reversed(self.app.screen_stack) if isinstance(one, LedgerScreen)), None)
        if place is not None and place is not self:
            place.reload()
