"""Plans by the file: the same way as balances, for those who keep the lists (contract, sections 5 and 8)."""

from __future__ import annotations

from typing import ClassVar

from branchtui.contract.imports import ImportKind
from branchtui.screens.base import screen_actions
from branchtui.screens.entry_import import TEMPLATE, EntryImportScreen
from branchtui.screens.imports import ImportScreen
from branchtui.screens.kept_lists import may_keep
from branchtui.widgets.actions import ActionTable


class PlanImportScreen(EntryImportScreen):
    """`i` on the list of plans."""

    HEADING = "Import Plans"
    KIND: ClassVar[ImportKind] = ImportKind.PLANS
    NEEDS: ClassVar[str] = "code.admin"
    TITLE: ClassVar[str] = "Import Plans"
    BACK: ClassVar[str] = "lists"
    BACK_ARGUMENT: ClassVar[str] = "plans"
    BACK_LABEL: ClassVar[str] = "Plans"
    WORD: ClassVar[str] = "plan"
    WORKBOOK: ClassVar[str] = "every column is text"
    VALID_EFFECT: ClassVar[str] = (
        "The plans of the rows that go in are sold from now on. "
        "The others can be saved afterwards, to correct them."
    )
    ACTIONS: ClassVar[ActionTable] = screen_actions(
        *(each for each in ImportScreen.ACTIONS if each.id in {"take", "valid", "save", "turn", "again"}),
        TEMPLATE,
        *(each for each in ImportScreen.ACTIONS if each.id in {"point", "comma"}),
    )
    BINDINGS = ACTIONS.bindings()

    def why_no_file(self) -> str | None:
        """Plans are an administrator's."""
        return may_keep(self.desk) or super().why_no_file()

    def choose_lines(self) -> list[str]:
        """Where files are read from, and how to come by an empty one."""
        return [*super().choose_lines(), "[ctrl+o] saves a template there"]
