"""Statements of banks and of mobile-money accounts: seen beside their own balances, then taken in (contract, section 8)."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final

from pydantic import ValidationError
from textual import on, work

from branchtui.contract.imports import Import, ImportKind, ImportMode, ImportState
from branchtui.contract.statements import AboveZero, Columns, NewColumnMap
from branchtui.screens import statement_words
from branchtui.screens.base import screen_actions
from branchtui.screens.dialogs.form_dialog import FormDialog
from branchtui.screens.import_answers import SIDE_ANSWERS
from branchtui.screens.import_flow import Stage
from branchtui.screens.imports import ImportScreen
from branchtui.screens.paste_field import PathField
from branchtui.widgets.actions import Action, ActionTable
from branchtui.widgets.dialogs import ConfirmDialog
from branchtui.widgets.fields import Field, TextField
from branchtui.widgets.form import Form

if TYPE_CHECKING:
    from branchtui.contract.statements import ColumnMap
    from branchtui.screens.desk import Desk

_COLUMNS: Final = (
    ("date", "Date"),
    ("amount", "Amount"),
    ("credit", "Or paid in"),
    ("debit", "and paid out"),
    ("reference", "Bank's reference"),
    ("payer_name", "Payer"),
    ("account_ref", "Payer wrote"),
    ("balance", "Balance"),
    ("name", "Save as"),
)
"""What the columns of a bank's table are asked for, and the name to keep the answers under."""

_COLUMN_MAX: Final = 60


class StatementScreen(ImportScreen):
    """`enter` shows the statement beside its own balances, `y` takes in what is new."""

    HEADING = "Statements"
    TITLE = "Import a bank's statement"
    BACK = "payments"
    BACK_LABEL = "Payments"
    KIND: ClassVar[ImportKind] = ImportKind.STATEMENT
    NEEDS = "import.statements"
    VALID_EFFECT = (
        "What is new becomes payments. The entries that are wrong can be saved afterwards, to correct them."
    )
    ACTIONS: ClassVar[ActionTable] = screen_actions(
        *(each for each in ImportScreen.ACTIONS if each.id in {"take", "valid", "save", "turn", "again"}),
        Action("columns", "e", "Columns", "Say which columns of the bank's table hold what"),
        *(each for each in ImportScreen.ACTIONS if each.key in {"1", "2", "3", "4"}),
        *SIDE_ANSWERS,
    )
    BINDINGS = ACTIONS.bindings()

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._keyed_columns: dict[str, str] = {}
        self._kept: ColumnMap | None = None

    def form_fields(self) -> list[Field]:
        """The file, and whose account it is of where it does not say so."""
        return [
            PathField("file", "File", hint="a path, or paste rows of a spreadsheet"),
            # Rows that are pasted here are meant for the line above.
            PathField("account", "Account", max_length=64, hint="only if the file does not name it"),
        ]

    @on(Form.Submitted, "#import-form")
    def _account_named(self, message: Form.Submitted) -> None:
        self.account = message.values.get("account", "").strip() or None

    def read_lines(self, found: Import) -> list[str]:
        """Each statement with its balances and what its entries come to."""
        return statement_words.found_lines(found)

    def result(self, found: Import) -> str:
        """What became of it."""
        return statement_words.result_line(found)

    def has_more(self, found: Import) -> bool:
        """A statement in which nothing is new can be taken in: it changes nothing."""
        return bool(found.rows_total)

    def goes_in(self, found: Import) -> str:
        """The entries that become payments; the others are here already, or none."""
        return statement_words.new_word(found)

    def why_not(self, action_id: str) -> str | None:
        """`e` where a table was checked, or refused for want of its columns."""
        if action_id != "columns":
            return super().why_not(action_id)
        found = self.found
        if found is None or self.stage not in {Stage.PREVIEW, Stage.DONE} or found.state is ImportState.DONE:
            return "There is no preview: name a file first."
        if found.recognised.format not in {"", "table"}:
            return "This format says itself what is what."
        return None

    def action_take(self) -> None:
        """`y`."""
        self.take_in()

    @work(group="write")
    async def take_in(self) -> None:
        """At once where the balances agree; where they do not, after a question that states the figures."""
        found = self.found
        if found is None:
            return
        doubts = statement_words.doubt_lines(found)
        if doubts:
            effect = (
                "A row may be missing, or a figure may be wrong. What is new becomes payments all the same."
            )
            if not await self.confirm(
                ConfirmDialog("Import a statement that does not add up?", doubts, effect=effect)
            ):
                return
        self.start(ImportMode.ALL_OR_NOTHING)

    def action_columns(self) -> None:
        """`e`: which columns hold what; the same bytes are checked again."""
        fields: list[Field] = []
        for name, label in _COLUMNS:
            each = TextField(name, label, max_length=_COLUMN_MAX, required=name == "date")
            each.set_keyed(self._keyed_columns.get(name, ""))
            fields.append(each)
        self.app.push_screen(
            FormDialog(
                "Which column holds what?", fields, self.save_columns, keys="[ctrl+s] check   [esc] cancel"
            )
        )

    @work(group="write")
    async def save_columns(self, dialog: FormDialog, values: dict[str, str]) -> None:
        """Check again with these columns, and keep them under a name where one was given."""
        named = {name: values[name] for name, _ in _COLUMNS if name != "name" and values.get(name)}
        try:
            columns = Columns.model_validate(named)
        except ValidationError:
            dialog.refused({})
            dialog.say("Name the date, and either the amount or what was paid in.", "error")
            return
        self._keyed_columns = dict(values)
        columns = columns.model_copy(update={"above_zero": self._options.above_zero})
        if values.get("name"):
            saved = False
            async with self.outcome() as outcome:
                await self._keep(values["name"], columns)
                saved = True
            if not saved:
                dialog.settled()
                if outcome.error is not None:
                    dialog.say(outcome.error.sentence, "error")
                return
        dialog.saved("")
        self.answer(columns=columns)

    async def _keep(self, name: str, columns: Columns) -> None:
        """Save the answers under a name: what was saved under it here a moment ago is changed."""
        if self._kept is not None and self._kept.name == name:
            self._kept = await self.ledger.change_column_map(self._kept, columns)
        else:
            self._kept = await self.ledger.save_column_map(NewColumnMap(name=name, columns=columns))

    def action_came_in(self) -> None:
        """`5`."""
        self.say_above_zero(AboveZero.CAME_IN)

    def action_went_out(self) -> None:
        """`6`."""
        self.say_above_zero(AboveZero.WENT_OUT)

    @work(group="write")
    async def say_above_zero(self, said: AboveZero) -> None:
        """Check again with the answer; it is kept with the columns that were saved for this file."""
        kept = self._kept
        if kept is not None and self._options.columns is not None:
            async with self.outcome():
                await self._keep(kept.name, kept.columns.model_copy(update={"above_zero": said}))
        self.answer(above_zero=said)
