"""A balance file's X-ray: what it would move before anything does, and what became of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, Final

from textual import on, work
from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import Static

from branchtui.contract.balance_files import BalanceFile, DivisionMove, FileState, PayerChange, PayerMove
from branchtui.format.safe_text import safe_text
from branchtui.screens import import_words
from branchtui.screens.asking import approval_for
from branchtui.screens.base import screen_actions
from branchtui.screens.file_desk import APPLY, SAVE, FileDesk
from branchtui.screens.file_words import (
    AT_WORK,
    division_columns,
    file_name,
    payer_columns,
    payer_lines,
    scope_word,
    standing_lines,
    state_word,
    xray_lines,
)
from branchtui.screens.outcome import sentence_of
from branchtui.screens.payment_rows import as_lines
from branchtui.screens.sources import PAGE_ROWS, LedgerSource
from branchtui.widgets.actions import Action, ActionTable, Choice
from branchtui.widgets.dialogs import MenuDialog, MessageDialog
from branchtui.widgets.page_source import MemorySource
from branchtui.widgets.virtual_list import VirtualList

if TYPE_CHECKING:
    from branchtui.contract.imports import RowFinding
    from branchtui.screens.desk import Desk


@dataclass(frozen=True)
class View:
    """One side of the list: its name, how many it has, and what it is."""

    name: str
    count: int
    change: PayerChange | None = None
    level: str = ""


_BIGGEST: Final = "biggest moves"
_DIVISIONS: Final = "divisions"


def views_of(file: BalanceFile, *, blocking: bool = False) -> list[View]:
    """The sides that have something to show, the worst first."""
    seen = file.xray
    # A file that is wrong as a whole may have no wrong row: its reason stands in the report.
    wrong = file.errors or int(file.state is FileState.REJECTED)
    views = [View("wrong rows", wrong, level="error")]
    if seen is not None:
        views += [
            View(_BIGGEST, len(seen.biggest)),
            View("warnings", file.warnings, level="warning"),
            View("new", seen.new, PayerChange.NEW),
            View("changed", seen.changed, PayerChange.CHANGED),
            View("sign flips", seen.sign_flips, PayerChange.FLIPPED),
            View("unchanged", seen.unchanged, PayerChange.UNCHANGED),
            View("missing", seen.missing, PayerChange.MISSING),
            View(_DIVISIONS, len(seen.divisions) if len(seen.divisions) > 1 else 0),
        ]
    if blocking:
        views.insert(0, View("moved since", 1, PayerChange.BLOCKING))
    return [each for each in views if each.count]


class FileScreen(FileDesk):
    """Opened on a file. `changed` hears of what became of it; `said` is what there is to say at once."""

    HEADING = "Universal File"
    ACTIONS: ClassVar[ActionTable] = screen_actions(
        APPLY,
        Action("turn", "t", "Turn", "Wrong rows, biggest moves, warnings, new, changed, missing, ..."),
        Action("filter", "f", "Show", "Choose what the list shows, by its number"),
        SAVE,
        Action("menu", "m", "Menu", "Everything that may be done to this file"),
        Action("copy", "c", "Copy name", "Copy the file's name", show=False),
    )
    BINDINGS = ACTIONS.bindings()

    def __init__(
        self, desk: Desk, file: BalanceFile, changed: Callable[[BalanceFile], None], said: str = ""
    ) -> None:
        super().__init__(desk)
        self._said = said
        self.file = file
        self._changed = changed
        self._view: View | None = None
        self._kind = ""
        self._is_blocked = False
        self._is_visited = True

    def compose_body(self) -> ComposeResult:
        """The figures, the list, the row under the arrow in full."""
        yield Static(Content(""), id="xray")
        yield VirtualList(
            import_words.finding_columns(),
            _row_id,
            empty="There is nothing to show of this file.",
            explain=sentence_of,
            page_limit=PAGE_ROWS,
            id="file-rows",
        )
        yield Static(Content(""), id="file-row")

    @property
    def rows(self) -> VirtualList[Any]:
        """The list."""
        return self.query_one("#file-rows", VirtualList)

    def on_mount(self) -> None:
        """What the row knew, then the X-ray."""
        self.rows.focus()
        self.show_file(self.file)
        if self._said:
            self.say(self._said, "warning")
        if self.file.state in AT_WORK:
            self.follow_file(self.file)
        elif self.file.xray is None:
            self.reload()

    def reload(self) -> None:
        """Ask for the file again."""
        self.ask()

    def free_data(self) -> None:
        """As everywhere, and the figures: only what asks again stays."""
        super().free_data()
        self.rows.set_source(MemorySource((), _row_id))
        self.file = self.file.model_copy(update={"xray": None})
        for name in ("#xray", "#file-row"):
            self.query_one(name, Static).update(Content(""))

    @work(group="file", exclusive=True)
    async def ask(self) -> None:
        """One request."""
        found = await self.asked(partial(self.ledger.balance_file, self.file.id), holds_keys=True)
        if found is not None:
            self.show_file(found)
            if found.state in AT_WORK:
                self.follow_file(found)

    # ── what is seen ─────────────────────────────────────────────────────────────────────────────────────────────

    def show_file(self, file: BalanceFile) -> None:
        """Put a file on the screen; the list stays on its side where there is one."""
        if (
            file.xray is None
            and self.file.xray is not None
            and file.preview_version == self.file.preview_version
        ):
            file = file.model_copy(update={"xray": self.file.xray})
        self.file = file
        self._changed(file)
        self._is_blocked = self._is_blocked and file.allows("revert")
        lines = [*xray_lines(file), *standing_lines(file, self.desk)]
        self.query_one("#xray", Static).update(Content("\n".join(safe_text(line) for line in lines)))
        views = views_of(file, blocking=self._is_blocked)
        known = self._view.name if self._view is not None else ""
        self._view = next((each for each in views if each.name == known), views[0] if views else None)
        self._ask_rows()
        self.refresh_actions()

    def show_blocking(self, file: BalanceFile) -> None:
        """What has moved since the file was applied comes first."""
        self._is_blocked = True
        self._view = None
        self.show_file(self.file)

    def _ask_rows(self) -> None:
        view, file, rows = self._view, self.file, self.rows
        note = f"{file_name(file)}  {state_word(file)}  for {scope_word(file)}"
        self.heading.show(note=f"{note}  {view.name}" if view is not None else note)
        self.query_one("#file-row", Static).update(Content(""))
        kind = _kind_of(view)
        if kind != self._kind:
            # Rows of another kind have no cells for these columns, and the ledger's answer may come after a repaint.
            self._kind = kind
            rows.set_source(MemorySource((), _row_id))
            rows.forget()
        if view is None or file.xray is None:
            rows.set_source(MemorySource((), _row_id))
        elif view.name == _BIGGEST:
            rows.set_columns(payer_columns(file.currency))
            rows.set_source(MemorySource(file.xray.biggest, _row_id))
        elif view.name == _DIVISIONS:
            rows.set_columns(division_columns(file.currency))
            rows.set_source(MemorySource(file.xray.divisions, _row_id))
        elif view.change is not None:
            rows.set_columns(payer_columns(file.currency))
            question: Any = partial(self.ledger.balance_file_payers, file.id, change=view.change)
            rows.set_source(LedgerSource(question, anchored=False))
        else:
            rows.set_columns(import_words.finding_columns())
            question = partial(self.ledger.balance_file_rows, file.id, level=view.level)
            rows.set_source(LedgerSource(question, anchored=False))

    @on(VirtualList.Highlighted)
    def _highlighted(self, message: VirtualList.Highlighted) -> None:
        one = message.item
        said = ""
        if isinstance(one, PayerMove):
            said = "  ".join(value for _, value in payer_lines(one, self.file.currency)[1:3])
        elif one is not None and not isinstance(one, DivisionMove):
            said = import_words.finding_sentence(one)
        self.query_one("#file-row", Static).update(Content(safe_text(said)))

    @on(VirtualList.Opened)
    def _opened(self, message: VirtualList.Opened) -> None:
        one = message.item
        if isinstance(one, PayerMove):
            lines, title = payer_lines(one, self.file.currency), "Payer"
        elif isinstance(one, DivisionMove):
            return
        else:
            finding: RowFinding = one
            lines, title = import_words.finding_lines(finding), import_words.row_title(finding)
        self.app.push_screen(MessageDialog(title, as_lines(lines)))

    # ── what may be done ─────────────────────────────────────────────────────────────────────────────────────────

    def why_not(self, action_id: str) -> str | None:
        """The ledger's own reason, for this file."""
        if action_id in {"apply", "save"}:
            return self.why_not_file(self.file, action_id)
        if action_id in {"turn", "filter"} and not views_of(self.file, blocking=self._is_blocked):
            return "There is nothing to show of this file."
        return None

    def action_apply(self) -> None:
        """`p`: what the X-ray shows, then `y`; or asked for."""
        if self.file.xray is not None or approval_for(self.file, "apply"):
            self.apply_file(self.file)

    def action_save(self) -> None:
        """`s`."""
        self.save_rejects(self.file)

    def action_copy(self) -> None:
        """`c`."""
        self.copy_reference(file_name(self.file))

    def action_turn(self) -> None:
        """`t`: the next side that has something to show."""
        views = views_of(self.file, blocking=self._is_blocked)
        at = views.index(self._view) if self._view in views else -1
        self._view = views[(at + 1) % len(views)]
        self._ask_rows()

    @work(group="menu", exclusive=True)
    async def action_filter(self) -> None:
        """`f`: a side by its number."""
        views = views_of(self.file, blocking=self._is_blocked)
        choices = [Choice(Action(each.name, "", f"{each.name}: {each.count:,}"), None) for each in views]
        chosen = await self.app.push_screen_wait(MenuDialog("Show", choices))
        self._view = next((each for each in views if each.name == chosen), self._view)
        self._ask_rows()

    @work(group="menu", exclusive=True)
    async def action_menu(self) -> None:
        """`m`."""
        await self.file_menu(self.file)

    def action_back(self) -> None:
        """`esc`: back to Recent Uploads."""
        self.dismiss(None)


def _kind_of(view: View | None) -> str:
    """What the rows of a side are."""
    if view is None or view.level:
        return "finding"
    return "division" if view.name == _DIVISIONS else "payer"


def _row_id(one: Any) -> str:
    if isinstance(one, PayerMove):
        return f"{one.row_no}:{one.account_no}"
    if isinstance(one, DivisionMove):
        return one.division
    finding: RowFinding = one
    return import_words.finding_id(finding)
