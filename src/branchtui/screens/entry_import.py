"""What is entered from a file and is no amount: customers, plans. An empty file with the right columns is saved here."""

from __future__ import annotations

from functools import partial
from typing import ClassVar, Final

from textual import work

from branchtui.contract.imports import Import, ImportKind, ImportState
from branchtui.format.counts import count_of
from branchtui.remote.errors import LedgerError
from branchtui.screens import import_words
from branchtui.screens.import_files import free_names
from branchtui.screens.import_flow import Stage
from branchtui.screens.imports import ImportScreen
from branchtui.screens.outcome import level_of
from branchtui.widgets.actions import Action, Choice
from branchtui.widgets.dialogs import MenuDialog

TEMPLATE: Final = Action(
    "template", "o", "Template", "Save an empty file with the right columns", also=("ctrl+o",)
)

_TEXT: Final = Action("csv", "2", "Text", "Text (.csv): the columns alone")


class EntryImportScreen(ImportScreen):
    """Says what the rows are entered as, and saves a template of their kind."""

    WORD: ClassVar[str]
    """One of them: `customer`."""
    WORKBOOK: ClassVar[str]
    """What the workbook is good for."""

    def chosen_kind(self) -> tuple[ImportKind, str]:
        """What the rows are by now, and the words for it."""
        return self.kind, self.BACK_LABEL

    def result(self, found: Import) -> str:
        """What became of it."""
        if found.state is not ImportState.DONE:
            return import_words.result_line(found)
        left = found.rows_error
        out = f"; {count_of(left, 'row')} left out" if left else ""
        return f"{count_of(found.imported, self.WORD)} entered{out}."

    @work(group="save", exclusive=True)
    async def action_template(self) -> None:
        """`o`: of the kind that is chosen, into the folder that files are read from."""
        kind, word = self.chosen_kind()
        ending = await self.app.push_screen_wait(MenuDialog(f"Template: {word}", self._endings()))
        if ending is None:
            return
        folder = self.desk.settings.imports
        for path in free_names(folder, kind.value, f".{ending}"):
            save = partial(self.ledger.import_template, kind, path, branch_id=self.desk.branch_filter)
            try:
                await save()
            except LedgerError as error:
                self.say(error.sentence, level_of(error))
            else:
                self.say(f"Saved: {path.name}, where files are read from.", "done")
            return
        self.say(f"There are too many templates in {folder} already.", "error")

    def _endings(self) -> list[Choice]:
        workbook = Action("xlsx", "1", "Workbook", f"Workbook (.xlsx): {self.WORKBOOK}")
        return [Choice(workbook, None), Choice(_TEXT, None)]

    def why_not(self, action_id: str) -> str | None:
        """A template may be saved at any time but while the ledger works."""
        if action_id == "template":
            return "Not now." if self.stage in {Stage.BUSY, Stage.IMPORTING} else None
        return super().why_not(action_id)
