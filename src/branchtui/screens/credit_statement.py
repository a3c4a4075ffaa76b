"""A statement on the screen: as it was when its cycle ended; saved as PDF or text, mailed once more."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, ClassVar, Final

from textual import on, work
from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import Static

from branchtui.format.cells import cut
from branchtui.format.dates import show_date
from branchtui.format.safe_text import safe_text
from branchtui.remote.errors import LedgerError
from branchtui.screens.base import LedgerScreen, screen_actions
from branchtui.screens.credit_rows import line_columns, mail_lines, mail_words, statement_head
from branchtui.screens.desk import Desk
from branchtui.screens.import_files import free_names
from branchtui.widgets.actions import Action, ActionTable, Choice
from branchtui.widgets.dialogs import ConfirmDialog, MenuDialog
from branchtui.widgets.page_source import MemorySource
from branchtui.widgets.virtual_list import VirtualList

if TYPE_CHECKING:
    from branchtui.contract.credit_statements import Statement, StatementBrief, StatementLine

TEXT: Final = Action("save-text", "m", "Save as text", "Save it as plain text")
MAIL: Final = Action("mail", "m", "Mail again", "Mail it to the address that the account has now")


class StatementScreen(LedgerScreen):
    """Read only: nothing of it changes any more."""

    HEADING = "Statement"
    ACTIONS: ClassVar[ActionTable] = screen_actions(
        Action("export", "o", "Save PDF", "Save it as PDF in your folder"),
        Action("menu", "m", "Menu", "Save as text, mail again"),
    )
    BINDINGS = ACTIONS.bindings()

    def __init__(self, desk: Desk, statement: StatementBrief) -> None:
        super().__init__(desk)
        self._brief = statement
        self._statement: Statement | None = None
        self._is_visited = True

    def compose_body(self) -> ComposeResult:
        """Figures, then the lines."""
        yield Static(Content(""), id="statement-head")
        yield VirtualList(
            line_columns(self.desk, self._brief.currency),
            lambda one: one.transaction_id,
            empty="Nothing moved in this cycle.",
            id="lines",
        )

    @property
    def lines(self) -> VirtualList[StatementLine]:
        """What moved."""
        return self.query_one("#lines", VirtualList)

    def on_mount(self) -> None:
        """Ask for it whole."""
        self.lines.focus()
        self.heading.show(note=f"no. {self._brief.cycle_no} to {show_date(self._brief.closed_on)}")
        self.reload()

    def reload(self) -> None:
        """One request."""
        self.ask()

    @work(group="statement", exclusive=True)
    async def ask(self) -> None:
        """The statement with its lines."""
        found = await self.asked(partial(self.ledger.statement, self._brief.id))
        if found is None:
            return
        self._statement = found
        self.lines.set_source(MemorySource(found.lines, lambda one: one.transaction_id))
        self._show_head()
        if found.lines_total > len(found.lines):
            self.say(f"The first {len(found.lines):,} of {found.lines_total:,} lines; the PDF has all.")

    def _show_head(self) -> None:
        if self._statement is None:
            return
        width = max(40, self.size.width - 2)
        lines = [cut(safe_text(line), width) for line in statement_head(self._statement, self.desk)]
        self.query_one("#statement-head", Static).update(Content("\n".join(lines)))

    def on_resize(self) -> None:
        """The head is laid out for the width there is."""
        self._show_head()

    def free_data(self) -> None:
        """As everywhere, and the person's figures."""
        self.lines.set_source(MemorySource((), lambda one: one.transaction_id))
        super().free_data()
        self._statement = None
        self.query_one("#statement-head", Static).update(Content(""))

    def action_back(self) -> None:
        """`esc`: back to the account."""
        self.dismiss(None)

    def action_export(self) -> None:
        """`o`."""
        self.save("pdf")

    @work(group="save", exclusive=True)
    async def save(self, ending: str) -> None:
        """Into the folder that imports are read from, never over another file."""
        folder = self.desk.settings.imports
        stem = f"statement-{self._brief.cycle_no}-{show_date(self._brief.closed_on)}"
        if self._statement is not None:
            number = "".join(c if c.isalnum() else "-" for c in self._statement.account_no)
            stem = f"statement-{number}-{show_date(self._brief.closed_on)}"
        for path in free_names(folder, stem, f".{ending}"):
            try:
                await self.ledger.save_statement(self._brief.id, ending, path)
            except LedgerError as error:
                self.say(error.sentence, "error")
            else:
                self.say(f"Saved: {path}", "done")
            return
        self.say(f"There are too many files of this name in {folder}.", "error")

    @work(group="menu", exclusive=True)
    async def action_menu(self) -> None:
        """`m`."""
        refusal = None if "mail" in self._brief.actions else "Your role may not mail statements."
        choices = [*self.ACTIONS.choices(None, ["export"]), Choice(TEXT), Choice(MAIL, refusal)]
        chosen = await self.app.push_screen_wait(MenuDialog(f"Statement no. {self._brief.cycle_no}", choices))
        if chosen == "export":
            self.save("pdf")
        elif chosen == TEXT.id:
            self.save("txt")
        elif chosen == MAIL.id:
            self.mail_again()

    @work(group="write")
    async def mail_again(self) -> None:
        """After a confirmation that says where it stands."""
        lines = mail_lines(self._brief.mail, self.desk)
        effect = "It goes to the address that the account has now."
        if not await self.confirm(ConfirmDialog("Mail this statement again?", lines, effect=effect)):
            return
        async with self.outcome() as outcome:
            self._brief = await self.ledger.mail_statement(self._brief)
            outcome.done(f"The mail is {mail_words(self._brief.mail)}.")
            self.reload()

    @on(VirtualList.Highlighted)
    def _offer(self) -> None:
        self.refresh_actions()
