"""Universal Files: what came lately and what became of it; a new one is sent, seen and applied from here."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, ClassVar, Final

from textual import on, work
from textual.app import ComposeResult

from branchtui.contract.balance_files import BalanceFile, FileState, NewBalanceFile
from branchtui.remote.errors import FileProblem
from branchtui.screens.base import screen_actions
from branchtui.screens.dialogs.file_form import (
    SCOPE_TITLES,
    SCOPES,
    FileFormDialog,
    PayerFinder,
    file_fields,
    payer_fields,
    payer_file,
)
from branchtui.screens.dialogs.form_dialog import FormDialog
from branchtui.screens.file_desk import APPLY, SAVE, FileDesk
from branchtui.screens.file_screen import FileScreen
from branchtui.screens.file_words import AT_WORK, ended_sentence, file_columns, file_name
from branchtui.screens.import_files import read_inside
from branchtui.screens.list_screen import ListScreen
from branchtui.screens.outcome import sentence_of
from branchtui.screens.paste_field import pasted_file
from branchtui.screens.sides import named_side, next_side
from branchtui.screens.sources import PAGE_ROWS, LedgerSource, day_key
from branchtui.widgets.actions import Action, ActionTable, Choice
from branchtui.widgets.dialogs import MenuDialog
from branchtui.widgets.virtual_list import VirtualList

if TYPE_CHECKING:
    from branchtui.contract.imports import Upload
    from branchtui.screens.desk import Desk


@dataclass(frozen=True)
class Turn:
    """One side of the list."""

    name: str
    state: FileState | None


TURNS: Final = (
    Turn("recent uploads", None),
    Turn("to apply", FileState.VALIDATED),
    Turn("applied", FileState.APPLIED),
    Turn("with errors", FileState.APPLIED_WITH_ERRORS),
    Turn("rejected", FileState.REJECTED),
    Turn("reverted", FileState.REVERTED),
)
_OPEN: Final = Action("open", "", "X-ray and rows")
_OF_A_ROW: Final = frozenset({"apply", "save", "menu", "copy"})


@dataclass(frozen=True)
class Sent:
    """A file on its way: its name for the person, its bytes, whom it is for, and the form it came from."""

    name: str
    content: bytes
    scope: str
    division: str | None = None
    account_no: str | None = None
    draft: dict[str, str] | None = None


class FilesScreen(ListScreen, FileDesk):
    """Recent Uploads, newest first; `enter` opens the X-ray. A file goes on when one goes elsewhere."""

    HEADING = "Universal Files"
    ACTIONS: ClassVar[ActionTable] = screen_actions(
        Action(
            "new",
            "n",
            "New file",
            "Send a file: all divisions, one division, one payer",
            also=("i",),
            changes=True,
            needs="file.send",
        ),
        Action(
            "edit",
            "e",
            "One payer",
            "Key what one payer owes: the file of one line",
            changes=True,
            needs="file.send",
        ),
        APPLY,
        Action("turn", "t", "Turn", "Recent uploads, to apply, applied, rejected, reverted"),
        Action("menu", "m", "Menu", "Everything that may be done to this file"),
        SAVE,
        Action("copy", "c", "Copy name", "Copy the file's name", show=False),
    )
    BINDINGS = ACTIONS.bindings()

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._turn = TURNS[0]
        self._draft: dict[str, dict[str, str]] = {}

    def compose_body(self) -> ComposeResult:
        """The list."""
        yield VirtualList(
            file_columns(self.desk),
            lambda one: one.id,
            empty="No file here. [n] new file   [e] one payer   [t] turn the list",
            explain=sentence_of,
            page_limit=PAGE_ROWS,
            id="files",
        )

    @property
    def rows(self) -> VirtualList[BalanceFile]:
        """The list."""
        return self.query_one("#files", VirtualList)

    # ── what is asked ────────────────────────────────────────────────────────────────────────────────────────────

    def take_argument(self, argument: str) -> None:
        """A side of the list, any beginning of its name."""
        side, _ = named_side(TURNS, argument)
        if self._is_visited and side is self._turn:
            self.reload()
            return
        self._turn = side or self._turn
        self._is_visited = True
        self.ask()

    def ask(self) -> None:
        """The files of this side."""
        question = partial(self.ledger.balance_files, state=self._turn.state, branch=self.desk.branch_filter)
        self.rows.set_source(LedgerSource(question, key=day_key(self.desk.today)))
        self._show_note()

    @on(VirtualList.Loaded)
    @on(VirtualList.Highlighted)
    def _show_note(self) -> None:
        parts = [self._turn.name, self.rows.position]
        self.heading.show(note="  ".join(part for part in parts if part))

    def show_file(self, file: BalanceFile) -> None:
        """A file as the ledger has it now."""
        self.rows.replace(file)
        self.refresh_actions()

    def file_ended(self, file: BalanceFile) -> None:
        """Who waited for it sees it; who went elsewhere finds it here."""
        if self.is_current and file.state in {FileState.VALIDATED, FileState.REJECTED}:
            self._open(file)

    def _open(self, file: BalanceFile, said: str = "") -> None:
        # What was said of it is old when one comes back: its own screen has said more since.
        self.say("")
        self.app.push_screen(FileScreen(self.desk, file, self.show_file, said))

    @on(VirtualList.Opened)
    @work(group="open", exclusive=True)
    async def opened(self, message: VirtualList.Opened) -> None:
        """`enter`: the file with its X-ray."""
        wanted: BalanceFile = message.item
        await self.open_file(wanted)

    async def open_file(self, file: BalanceFile) -> None:
        """Ask for a file and show it; only in a worker."""
        found = await self.asked(partial(self.ledger.balance_file, file.id), holds_keys=True)
        if found is not None:
            self.show_file(found)
            self._open(found)

    # ── what may be done ─────────────────────────────────────────────────────────────────────────────────────────

    def why_not(self, action_id: str) -> str | None:
        """The ledger's own reason, for the highlighted file."""
        if action_id not in _OF_A_ROW:
            return None
        return self.why_not_file(self.rows.highlighted, "copy" if action_id == "menu" else action_id)

    def action_apply(self) -> None:
        """`p`."""
        if self.rows.highlighted is not None:
            self.apply_file(self.rows.highlighted)

    def action_save(self) -> None:
        """`s`."""
        if self.rows.highlighted is not None:
            self.save_rejects(self.rows.highlighted)

    def action_copy(self) -> None:
        """`c`."""
        if self.rows.highlighted is not None:
            self.copy_reference(file_name(self.rows.highlighted))

    def action_turn(self) -> None:
        """`t`: the next side."""
        self._turn = next_side(TURNS, self._turn)
        self.ask()

    @work(group="menu", exclusive=True)
    async def action_menu(self) -> None:
        """`m`."""
        file = self.rows.highlighted
        if file is None:
            return
        if await self.file_menu(file, Choice(_OPEN)) == _OPEN.id:
            await self.open_file(file)

    def show_blocking(self, file: BalanceFile) -> None:
        """What is in the way is a side of the file's own screen."""
        screen = FileScreen(self.desk, file, self.show_file)
        self.app.push_screen(screen)
        screen.call_after_refresh(screen.show_blocking, file)

    # ── sending ──────────────────────────────────────────────────────────────────────────────────────────────────

    @work(group="menu", exclusive=True)
    async def action_new(self) -> None:
        """`n`: for whom, then the file."""
        scope = await self.app.push_screen_wait(
            MenuDialog("Universal File for", [Choice(one) for one in SCOPES])
        )
        if scope is None:
            return
        dialog = FileFormDialog(
            SCOPE_TITLES[scope], file_fields(self.desk, scope), partial(self.send_form, scope)
        )
        # What could not be sent is not typed again.
        dialog.form.load_draft(self._draft.pop(scope, {}))
        self.app.push_screen(dialog)

    @work(group="write")
    async def send_form(self, scope: str, dialog: FormDialog, values: dict[str, str]) -> None:
        """Read the file, then as `send`: the form goes, what it named is on its way."""
        typed = values.get("file", "")
        pasted = dialog.pasted if isinstance(dialog, FileFormDialog) else ""
        name, content = "pasted rows", pasted_file(pasted) if pasted else b""
        if typed or not pasted:
            try:
                with self.hold_keys():
                    path, content = await asyncio.to_thread(read_inside, self.desk.settings.imports, typed)
            except FileProblem as problem:
                dialog.refused({"file": problem.sentence})
                return
            name = path.name
        draft = dialog.form.draft
        dialog.saved("")
        self.send(Sent(name, content, scope, values.get("division"), values.get("account_no"), draft))

    def action_edit(self) -> None:
        """`e`: the same file with one line."""
        finder = PayerFinder(self.desk.ledger)

        def submit(dialog: FormDialog, values: dict[str, str]) -> None:
            name = finder.names.get(values["account_no"], "")
            file_id, content = payer_file(values, name, self.desk.currency, self.desk.now())
            dialog.saved("")
            self.send(Sent(file_id, content, "one", account_no=values["account_no"]))

        self.app.push_screen(
            FormDialog(
                "What one payer owes",
                payer_fields(self.desk, finder),
                submit,
                keys="[ctrl+s] see what it moves   [esc] cancel",
            )
        )

    @work(group="write")
    async def send(self, sent: Sent) -> None:
        """Upload, then let the ledger check; nothing moves."""
        self.say(f"Sending {sent.name}…")

        def progress(offset: int, length: int) -> None:
            self.say(f"Sending {sent.name}: {offset // 1024:,} of {length // 1024:,} KiB")

        upload: Upload | None = await self.asked(partial(self.ledger.upload, sent.content, progress))
        file: BalanceFile | None = None
        if upload is not None:
            new = NewBalanceFile(
                upload_id=upload.id, division=sent.division, account_no=sent.account_no, sha256=upload.sha256
            )
            async with self.outcome():
                file = await self.ledger.send_balance_file(new)
        if file is None:
            if sent.draft:
                self._draft[sent.scope] = sent.draft
            return
        self._show_sent(file)
        if file.already_applied:
            said = f"These bytes were applied before. {ended_sentence(file)}"
            self.announce(said, "warning")
            if self.is_current:
                self._open(file, said)
        elif file.state in AT_WORK:
            self.follow_file(file)

    def _show_sent(self, file: BalanceFile) -> None:
        if any(one.id == file.id for one in self.rows.items):
            self.show_file(file)
        elif self._turn.state in {None, file.state}:
            self.rows.insert_first(file)
