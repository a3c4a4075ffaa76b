"""Find the owner: type-ahead over the ledger's customers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar, Final

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from branchtui.format.safe_text import safe_text
from branchtui.screens.rows import shown_phone, words
from branchtui.widgets.dialogs import Lines, restated
from branchtui.widgets.form import Form
from branchtui.widgets.picker import SUGGESTIONS_MAX, PickerField, Suggestion

if TYPE_CHECKING:
    from branchtui.contract.customers import CustomerRow
    from branchtui.remote.client import Ledger
_CELLS: Final = 66
"""Inside its border (`styles/dialogs.tcss`)."""


class PickCustomerDialog(ModalScreen["CustomerRow | None"]):
    """Gives the customer as the ledger answered it, or None. It changes nothing."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "leave", "Back", show=False, priority=True)]

    is_left_by_lock: ClassVar[bool] = True
    """Customers do not stay behind the idle lock."""

    def __init__(self, ledger: Ledger, title: str, lines: Lines, *, branch: str | None = None) -> None:
        super().__init__()
        self._ledger = ledger
        self._branch = branch
        self._heading = title
        self._lines = list(lines)
        self._found: dict[str, CustomerRow] = {}
        self._form = Form(
            PickerField("customer", "Customer", self._look_up, hint="name, number or phone"),
            id="pick-customer",
        )

    def compose(self) -> ComposeResult:
        """What it is for, the line, keys."""
        with Vertical(classes="dialog"):
            yield Static(Content(safe_text(self._heading)), classes="dialog-title")
            yield Static(restated(self._lines, _CELLS), classes="dialog-lines")
            yield self._form
            yield Static(Content("[enter] take   [↑ ↓] another   [esc] back"), classes="dialog-keys")

    def on_mount(self) -> None:
        """The line takes the keys."""
        self._form.start()

    async def _look_up(self, text: str) -> Sequence[Suggestion]:
        page = await self._ledger.customers(text, branch=self._branch, limit=SUGGESTIONS_MAX)
        self._found |= {one.id: one for one in page.items}
        return [
            Suggestion(
                one.id,
                f"{one.account_no} {one.name}",
                f"{shown_phone(one.mobile_no)}  {words(one.status)}".strip(),
            )
            for one in page.items
        ]

    @on(Form.Submitted)
    def submitted(self, message: Form.Submitted) -> None:
        """Taken."""
        self.dismiss(self._found.get(message.values["customer"]))

    def action_leave(self) -> None:
        """`esc`: a search is no typed text, nothing is lost."""
        self.dismiss(None)
