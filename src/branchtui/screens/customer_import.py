"""Customers by the file: the same way as balances; persons and entities have a template each (contract, sections 3 and 8)."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final

from textual import on

from branchtui.contract.imports import ImportKind
from branchtui.screens.base import screen_actions
from branchtui.screens.entry_import import TEMPLATE, EntryImportScreen
from branchtui.screens.imports import ImportScreen
from branchtui.screens.paste_field import PathField
from branchtui.widgets.actions import ActionTable
from branchtui.widgets.fields import ChoiceField, Field
from branchtui.widgets.form import Form

if TYPE_CHECKING:
    from branchtui.screens.desk import Desk

PERSONS, ENTITIES = ImportKind.CUSTOMERS_PERSON, ImportKind.CUSTOMERS_ENTITY
_KINDS: Final = ((PERSONS.value, "Persons"), (ENTITIES.value, "Entities"))


class CustomerImportScreen(EntryImportScreen):
    """`i` on Customers. What the rows are is chosen below the file, so that a paste always lands in its line."""

    HEADING = "Import Customers"
    KIND: ClassVar[ImportKind] = PERSONS
    TITLE: ClassVar[str] = "Import Customers"
    WORD: ClassVar[str] = "customer"
    WORKBOOK: ClassVar[str] = "offers codes, offices and staff"
    BACK: ClassVar[str] = "customers"
    BACK_LABEL: ClassVar[str] = "Customers"
    VALID_EFFECT: ClassVar[str] = (
        "The customers of the rows that go in are entered at once. "
        "The others can be saved afterwards, to correct them."
    )
    ACTIONS: ClassVar[ActionTable] = screen_actions(
        *(each for each in ImportScreen.ACTIONS if each.id in {"take", "valid", "save", "turn", "again"}),
        TEMPLATE,
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

    def chosen_kind(self) -> tuple[ImportKind, str]:
        """As the form stands, which may not have been sent."""
        kind = ImportKind(self.form.field("kind").value or PERSONS.value)
        return kind, dict(_KINDS)[kind.value]

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
