"""Customers by the file: the same way as balances; persons and entities have a template each (contract, sections 3 and 8)."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, ClassVar, Final

from textual import on, work

from branchtui.contract.imports import Import, ImportKind, ImportState
from branchtui.remote.errors import LedgerError
from branchtui.screens import import_words
from branchtui.screens.base import screen_actions
from branchtui.screens.import_files import free_names
from branchtui.screens.import_flow import Stage
from branchtui.screens.imports import ImportScreen
from branchtui.screens.outcome import level_of
from branchtui.screens.paste_field import PathField
from branchtui.widgets.actions import Action, ActionTable, Choice
from branchtui.widgets.dialogs import MenuDialog
from branchtui.widgets.fields import ChoiceField, Field
from branchtui.widgets.form import Form

if TYPE_CHECKING:
    from branchtui.screens.desk import Desk

PERSONS, ENTITIES = ImportKind.CUSTOMERS_PERSON, ImportKind.CUSTOMERS_ENTITY
_KINDS: Final = ((PERSONS.value, "Persons"), (ENTITIES.value, "Entities"))
_ENDINGS: Final = (
    Action("xlsx", "1", "Workbook", "Workbook (.xlsx): offers codes, offices and staff"),
    Action("csv", "2", "Text", "Text (.csv): the columns alone"),
)


class CustomerImportScreen(ImportScreen):
    """`i` on Customers. What the rows are is chosen below the file, so that a paste always lands in its line."""

    HEADING = "Import Customers"
    KIND: ClassVar[ImportKind] = PERSONS
    TITLE: ClassVar[str] = "Import Customers"
    BACK: ClassVar[str] = "customers"
    BACK_LABEL: ClassVar[str] = "Customers"
    VALID_EFFECT: ClassVar[str] = (
        "The customers of the rows that go in are entered at once. "
        "[s] save rejects keeps the others, to correct them."
    )
    ACTIONS: ClassVar[ActionTable] = screen_actions(
        *(each for each in ImportScreen.ACTIONS if each.id in {"take", "valid", "save", "turn", "again"}),
        Action("template", "o", "Template", "Save an empty file with the right columns", also=("ctrl+o",)),
        *(each for each in ImportScreen.ACTIONS if each.id in {"day-first", "month-first"}),
    )
    BINDINGS = ACTIONS.bindings()

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._kind = PERSONS

    @property
    def kind(self) -> ImportKind:
        """Persons or entities."""
        return self._kind

    def form_fields(self) -> list[Field]:
        """Where the rows are, and what."""
        return [
            PathField("file", "File", hint="a path, or paste rows of a spreadsheet"),
            ChoiceField("kind", "Legal Form", _KINDS, value=PERSONS.value),
        ]

    @on(Form.Submitted, "#import-form")
    def _kind_chosen(self, message: Form.Submitted) -> None:
        self._kind = ImportKind(message.values.get("kind") or PERSONS.value)

    def _begin(self) -> None:
        """Another file; most likely of the same legal form."""
        super()._begin()
        self.form.field("kind").set_keyed(self._kind.value)
        self.form.mark_saved()

    def choose_lines(self) -> list[str]:
        """Where files are read from, and how to come by an empty one."""
        return [*super().choose_lines(), "[ctrl+o] saves a template of this legal form there"]

    def result(self, found: Import) -> str:
        """What became of it."""
        if found.state is not ImportState.DONE:
            return import_words.result_line(found)
        left = found.rows_error
        out = f"; {import_words.rows_word(left)} left out" if left else ""
        return f"{import_words.customers_word(found.imported)} entered{out}."

    @work(group="save", exclusive=True)
    async def action_template(self) -> None:
        """`o`: of the legal form that is chosen, into the folder that files are read from."""
        kind = ImportKind(self.form.field("kind").value or PERSONS.value)
        ending = await self.app.push_screen_wait(
            MenuDialog(f"Template: {dict(_KINDS)[kind.value]}", [Choice(each, None) for each in _ENDINGS])
        )
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

    def why_not(self, action_id: str) -> str | None:
        """A template may be saved at any time but while the ledger works."""
        if action_id == "template":
            return "Not now." if self.stage in {Stage.BUSY, Stage.IMPORTING} else None
        return super().why_not(action_id)
