"""A screen that is a list: asked when one first comes, as it was left later, searched in the box over it."""

from __future__ import annotations

from typing import Any

from textual import events, on

from branchtui.format.safe_text import safe_text
from branchtui.screens.base import LedgerScreen
from branchtui.widgets.search_box import SearchBox
from branchtui.widgets.virtual_list import VirtualList


class ListScreen(LedgerScreen):
    """The list in sight takes the keys. What it shows is asked by `ask`, which the screen says."""

    _refused: tuple[str, str | None] = ("", None)
    """Why a key did nothing, and the row it was pressed on."""

    @property
    def shown(self) -> VirtualList[Any]:
        """The list in sight."""
        return next(rows for rows in self.query(VirtualList) if rows.display)

    @property
    def searched(self) -> VirtualList[Any]:
        """The list that the box searches."""
        return self.shown

    @property
    def search(self) -> SearchBox:
        """The box; only of a screen that has one."""
        return self.query_one("#search", SearchBox)

    def on_mount(self) -> None:
        """The list takes the keys."""
        self.shown.focus()

    def ask(self) -> None:
        """A new question: the answers to older ones are dropped."""
        raise NotImplementedError

    def arrive(self, argument: str) -> None:
        """By key the list as it was left, asked again; by the fast path the answer to what followed the name."""
        if argument or self._is_visited:
            self._leave_search()
            super().arrive(argument)
        else:
            self._is_visited = True
            self.ask()

    async def action_perform(self, action_id: str) -> None:
        """As every host; why a row refuses a key is kept with the row."""
        refusal = self.why_not(action_id)
        if refusal is not None:
            self._refused = (safe_text(refusal), self.shown.cursor.highlighted_id)
        await super().action_perform(action_id)

    def branch_changed(self) -> None:
        """Another branch is another question."""
        self.ask()

    def search_settled(self) -> None:
        """The person rests in the search box. A screen that narrows only what is here overrides it."""
        self.ask()

    def action_search(self) -> None:
        """`/`."""
        self.search.focus()

    def on_paste(self, event: events.Paste) -> None:
        """A paste is no row of commands; that nothing takes it is said."""
        event.stop()
        more = " [i] imports pasted rows." if "import" in self.ACTIONS else ""
        self.say_refusal(f"Nothing was pasted: no box and no form is open.{more}")

    def _leave_search(self) -> None:
        """Who comes back finds the list under the keys: the next letter is a verb, no text in the box."""
        if self.focused is not None and isinstance(self.focused.parent, SearchBox):
            self.searched.focus()

    @on(SearchBox.Settled)
    def _ask_when_settled(self) -> None:
        self.search_settled()

    @on(SearchBox.Submitted)
    @on(SearchBox.Left)
    def _to_the_list(self) -> None:
        self.searched.focus()

    @on(VirtualList.Highlighted)
    def _offer_actions(self) -> None:
        sentence, row_id = self._refused
        if sentence and row_id != self.shown.cursor.highlighted_id:
            self._refused = ("", None)
            # Beneath another row it would be an untruth about that one.
            if self.status.message == sentence:
                self.say("")
        self.refresh_actions()
