"""Import: a file of this host, or pasted rows, checked by the ledger, seen, then taken in (contract, section 8)."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING, ClassVar, Final

from textual import events, on, work
from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import Static

from branchtui.contract.imports import Import, ImportMode, ImportState
from branchtui.format.cells import cut
from branchtui.format.counts import count_of
from branchtui.format.safe_text import safe_text
from branchtui.remote.errors import FileProblem, LedgerError
from branchtui.screens import import_words
from branchtui.screens.base import screen_actions
from branchtui.screens.import_answers import ANSWERED, ANSWERS, ImportAnswers
from branchtui.screens.import_files import free_names, read_inside
from branchtui.screens.import_flow import IMPORT_PATH, Chosen, Stage
from branchtui.screens.outcome import sentence_of
from branchtui.screens.paste_field import PathField, RowsPasted, pasted_file, pasted_rows, refusal_of, rows_of
from branchtui.screens.payment_rows import as_lines
from branchtui.screens.sources import LedgerSource
from branchtui.widgets.actions import Action, ActionTable
from branchtui.widgets.dialogs import ConfirmDialog, MessageDialog
from branchtui.widgets.form import Form
from branchtui.widgets.virtual_list import VirtualList

if TYPE_CHECKING:
    from branchtui.contract.imports import RowFinding
    from branchtui.screens.desk import Desk
    from branchtui.widgets.fields import Field
    from branchtui.widgets.status_line import Level

BALANCES: Final = "balances"
IMPORT_REFUSED: Final = "import-refused"
"""Refused by its mode, or by an open question: what another mode or an answer may change."""
_LEVELS: Final = ("error", "warning", None)
_LEVEL_WORDS: Final = {"error": "wrong rows", "warning": "warnings", None: "every row"}


class ImportScreen(ImportAnswers):
    """`enter` shows what the ledger makes of the rows, `y` takes them in."""

    HEADING = "Import"
    TITLE: ClassVar[str] = "Import Member Balances"
    BACK: ClassVar[str] = BALANCES
    BACK_ARGUMENT: ClassVar[str] = ""
    BACK_LABEL: ClassVar[str] = "Member Balances"
    VALID_EFFECT: ClassVar[str] = (
        "The rows that go in are not accounted until they are posted. The others can be saved afterwards, to correct them."
    )
    ACTIONS: ClassVar[ActionTable] = screen_actions(
        Action("take", "y", "Import", "Take the rows in: all of them or none", changes=True),
        Action("valid", "v", "Valid only", "Take in the good rows, leave out the others", changes=True),
        Action("save", "s", "Save rejects", "Save the wrong rows beside the file, each with what is wrong"),
        Action("turn", "t", "Turn", "Wrong rows, warnings, every row"),
        Action("again", "i", "Another", "Import another file, or pasted rows"),
        *ANSWERS,
    )
    BINDINGS = ACTIONS.bindings()

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._level = 0
        self._is_kept = False

    def compose_body(self) -> ComposeResult:
        """The line for the file; what was found; the rows."""
        yield Form(*self.form_fields(), title=self.TITLE, id="import-form")
        yield Static(Content(""), id="import-found")
        yield VirtualList(
            import_words.finding_columns(),
            import_words.finding_id,
            empty="No row of this kind. [t] turn the list",
            explain=sentence_of,
            id="findings",
        )
        yield Static(Content(""), id="import-room")
        yield Static(Content(""), id="finding")

    def form_fields(self) -> list[Field]:
        """What is asked before the file is sent; `file` is among it."""
        return [PathField("file", "File", hint="a path, or paste rows of a spreadsheet")]

    @property
    def form(self) -> Form:
        """The line for the file."""
        return self.query_one("#import-form", Form)

    @property
    def path(self) -> PathField:
        """The line itself, which keeps pasted rows."""
        field = self.form.field("file")
        assert isinstance(field, PathField), "`form_fields` makes it so"
        return field

    @property
    def findings(self) -> VirtualList[RowFinding]:
        """What was found in the rows."""
        return self.query_one("#findings", VirtualList)

    def on_mount(self) -> None:
        """Begin with the file."""
        super().on_mount()
        self.show_stage(Stage.CHOOSE)

    def arrive(self, argument: str) -> None:
        """`i`, or `:import FILE`. What is under way, or was seen last, is found as it was left."""
        if self.stage is Stage.DONE:
            self._begin()
        super().arrive(argument)
        if self.stage is Stage.CHOOSE:
            self._start_form()
            if refused := self.why_no_file():
                self.say_refusal(refused)
        elif self.job_id is not None:
            self.reload()

    def take_argument(self, argument: str) -> None:
        """A file's path, or the ledger's path of an import that began elsewhere."""
        if argument.startswith(IMPORT_PATH):
            self.take_up(argument.removeprefix(IMPORT_PATH))
        elif self.stage not in {Stage.BUSY, Stage.IMPORTING}:
            self._begin()
            self._is_kept = False
            self.form.field("file").set_keyed(argument)

    def reload(self) -> None:
        """Look again: after the job where its end was not seen, else at the import."""
        if self.job_id is not None:
            self.follow(self.job_id)
        else:
            self.look_again()

    # ── choosing ─────────────────────────────────────────────────────────────────────────────────────────────────

    def on_paste(self, event: events.Paste) -> None:
        """Rows that were pasted beside the line are meant for it as well, while a file is being chosen."""
        rows = rows_of(event)
        if rows and self.stage is Stage.CHOOSE:
            event.stop()
            self.post_message(RowsPasted(rows))

    @on(RowsPasted)
    def _rows_pasted(self, message: RowsPasted) -> None:
        if refusal := refusal_of(message.text):
            self.say(refusal, "error")
            return
        self.path.take(message.text)
        rows = pasted_rows(message.text)
        self._tell_found(
            [
                f"{count_of(len(rows), 'row')} pasted, the first one:",
                f"  {rows[0]}",
                "",
                "[ctrl+s] check them",
            ]
        )

    @on(Form.Submitted, "#import-form")
    def _file_named(self, message: Form.Submitted) -> None:
        typed = message.values.get("file", "")
        if typed or not self.path.rows:
            self.send_file(typed)
        else:
            self.send(Chosen("pasted rows", pasted_file(self.path.rows)))

    @on(Form.Cancelled, "#import-form")
    def _left(self) -> None:
        self._begin()
        self.go(self.BACK, self.BACK_ARGUMENT)

    @work(group="write")
    async def send_file(self, typed: str) -> None:
        """Read the file, then as `send`."""
        try:
            with self.hold_keys():
                path, content = await asyncio.to_thread(read_inside, self.desk.settings.imports, typed)
        except FileProblem as problem:
            self.form.set_errors({"file": problem.sentence})
            return
        self.send(Chosen(path.name, content, path))

    # ── what is seen ─────────────────────────────────────────────────────────────────────────────────────────────

    def show_found(self, found: Import) -> None:
        """The preview, or the result; the worst rows first."""
        super().show_found(found)
        if found.state is ImportState.READY:
            self.show_stage(Stage.PREVIEW)
            self.say("Nothing is imported yet.")
        else:
            self.show_stage(Stage.DONE)
            level: Level = "done" if found.state is ImportState.DONE else "error"
            self.announce(self.result(found), level)
        self._level = 0 if found.rows_error else 1 if found.rows_warning else 2
        self._ask_rows()

    def _begin(self) -> None:
        """Another file; behind one that was refused, what was typed stands there to be corrected."""
        found = self.found if self.stage is Stage.DONE else None
        self._is_kept = found is not None and found.state is ImportState.REFUSED
        self.path.rows = ""
        self.forget()
        self.form.clear(keep=[field.field_name for field in self.form.fields] if self._is_kept else ())
        self.say("")
        self.show_stage(Stage.CHOOSE)

    def _start_form(self) -> None:
        """At what is still empty; at the file where all was kept: typing puts another one in its place."""
        if self._is_kept:
            self.form.field("file").focus()
        else:
            self.form.start()

    def show_stage(self, stage: Stage) -> None:
        """The line for the file, or what was found."""
        super().show_stage(stage)
        is_choosing = stage is Stage.CHOOSE
        if stage in {Stage.IMPORTING, Stage.DONE}:
            self.form.mark_saved()  # the ledger has what was named: leaving loses nothing
        self.form.display = is_choosing
        self.findings.display = self.query_one("#finding").display = stage in {Stage.PREVIEW, Stage.DONE}
        self.query_one("#import-room").display = not self.findings.display
        if is_choosing:
            self._tell_found([*self.choose_lines(), f"[ctrl+s] check the file   [esc] {self.BACK_LABEL}"])
            self.heading.show(note="")
            if self.is_current:
                self._start_form()
        else:
            self.heading.show(note=f"{self.chosen.name if self.chosen else ''}  {stage.value}".strip())
            self._tell_found(self._found_lines())
            if self.findings.display and self.is_current:
                self.findings.focus()
        self.refresh_actions()

    def choose_lines(self) -> list[str]:
        """What is said below the file's line."""
        return [f"Files are read from {self.desk.settings.imports}."]

    def _found_lines(self) -> list[str]:
        found = self.found
        if found is None or self.stage in {Stage.BUSY, Stage.IMPORTING}:
            return [f"{self.chosen.name if self.chosen else 'The file'} is {self.stage.value}."]
        lines = self.read_lines(found)
        if self.stage is Stage.DONE:
            return [*lines, self.result(found), f"[i] another   [esc] {self.BACK_LABEL}"]
        lines += import_words.question_lines(found)
        if found.reason and not found.recognised.questions:
            lines.append(found.reason)
        ways = [f"[{key}] {text}" for key, action, text in _WAYS if self.why_not(action) is None]
        return [*lines, "   ".join(ways)] if ways else lines

    def read_lines(self, found: Import) -> list[str]:
        """What was found, and how the file was read."""
        reading = cut(safe_text(import_words.reading_line(found)), max(40, self.size.width - 2))
        return [import_words.counts_line(found), reading]

    def result(self, found: Import) -> str:
        """What became of it."""
        return import_words.result_line(found)

    def _tell_found(self, lines: list[str]) -> None:
        self.query_one("#import-found", Static).update(Content("\n".join(safe_text(line) for line in lines)))

    def _ask_rows(self) -> None:
        if self.found is None:
            return
        level = _LEVELS[self._level]
        rows = partial(self.ledger.import_rows, self.found.id, level=level)
        self.findings.set_source(LedgerSource(rows, anchored=False))
        name = self.chosen.name if self.chosen else ""
        self.heading.show(note=f"{name}  {self.stage.value}  {_LEVEL_WORDS[level]}".strip())

    @on(VirtualList.Highlighted, "#findings")
    def _finding_highlighted(self, message: VirtualList.Highlighted) -> None:
        said = import_words.finding_sentence(message.item) if message.item is not None else ""
        self.query_one("#finding", Static).update(Content(safe_text(said)))

    @on(VirtualList.Opened, "#findings")
    def _finding_opened(self, message: VirtualList.Opened) -> None:
        title = import_words.row_title(message.item)
        self.app.push_screen(MessageDialog(title, as_lines(import_words.finding_lines(message.item))))

    # ── what may be done ─────────────────────────────────────────────────────────────────────────────────────────

    def why_not(self, action_id: str) -> str | None:
        """What the preview allows."""
        found = self.found
        if action_id in {"take", "valid", *ANSWERED}:
            if self.stage is not Stage.PREVIEW or found is None:
                return _NO_PREVIEW.get(self.stage) or f"The file is {self.stage.value}."
            return self._why_not_in_preview(action_id, found)
        if action_id in {"save", "turn"} and (self.stage not in {Stage.PREVIEW, Stage.DONE} or found is None):
            return "No file was checked yet."
        if action_id == "save" and found is not None and not found.rows_error:
            return "No row is wrong: there is nothing to save."
        if action_id == "again" and self.stage is Stage.CHOOSE:
            return "Name a file, or paste rows."  # never an empty form for what is in it
        if action_id == "again" and self.stage in {Stage.BUSY, Stage.IMPORTING}:
            return f"An import is {self.stage.value}."
        return None

    def _why_not_in_preview(self, action_id: str, found: Import) -> str | None:
        if action_id in ANSWERED:
            return self.why_not_answer(action_id, found)
        if found.recognised.questions:
            return "First say how the file is written."
        refused = found.refused.get("start")
        if refused is not None and refused.code != IMPORT_REFUSED:
            return refused.message
        if action_id == "take":
            if found.rows_error:
                return (
                    f"{import_words.wrong_sentence(found.rows_error)} [v] valid rows only  [s] save rejects"
                )
            return None if self.has_more(found) else "There is no row to import."
        if not found.rows_error:
            return "No row is wrong: [y] imports them all."
        return None if self.has_more(found) else "No row is fine: there is nothing to import."

    def has_more(self, found: Import) -> bool:
        """Whether the file holds anything that can be taken in."""
        return import_words.going_in(found) > 0

    def goes_in(self, found: Import) -> str:
        """What the valid rows are, as the question before them says it."""
        return count_of(import_words.going_in(found), "row")

    def action_back(self) -> None:
        """`esc`: from a preview to the file, else to where the rows go; what the ledger works on goes on."""
        if self.stage is not Stage.PREVIEW:
            self.go(self.BACK, self.BACK_ARGUMENT)
            return
        self._begin()
        self.say("Nothing was imported.")

    def action_again(self) -> None:
        """`i`."""
        self._begin()

    def action_turn(self) -> None:
        """`t`."""
        self._level = (self._level + 1) % len(_LEVELS)
        self._ask_rows()

    def action_take(self) -> None:
        """`y`: the preview was the question; all rows or none."""
        self.start(ImportMode.ALL_OR_NOTHING)

    @work(group="write")
    async def action_valid(self) -> None:
        """`v`: what goes in and what stays out is said, then `y`."""
        if (found := self.found) is None:
            return
        lines = [
            ("File", self.chosen.name if self.chosen else ""),
            ("Go in", self.goes_in(found)),
            ("Stay out", count_of(found.rows_error, "row")),
        ]
        dialog = ConfirmDialog("Import the valid rows only?", lines, effect=self.VALID_EFFECT)
        if await self.confirm(dialog):
            self.start(ImportMode.VALID_ROWS)

    @work(group="save", exclusive=True)
    async def action_save(self) -> None:
        """`s`: beside the file, never over another."""
        found, chosen = self.found, self.chosen
        if found is None or chosen is None:
            return
        folder = chosen.path.parent if chosen.path is not None else self.desk.settings.imports
        stem = chosen.path.stem if chosen.path is not None else "pasted-rows"
        for path in free_names(folder, f"{stem}-rejects", ".csv"):
            try:
                await self.ledger.import_rejects(found.id, path)
            except LedgerError as error:
                self.say(error.sentence, "error")
            else:
                self.say(f"The wrong rows are in {path}: correct them and import that file.", "done")
            return
        self.say(f"There are too many files of rejects in {folder} already.", "error")


_NO_PREVIEW: Final = {
    Stage.CHOOSE: "There is no preview: name a file first.",
    Stage.DONE: "This import has ended. [i] another file",
}
_WAYS: Final = (
    ("y", "take", "import"),
    ("v", "valid", "valid rows only"),
    ("s", "save", "save rejects"),
)
