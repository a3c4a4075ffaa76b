"""A field that finds: type-ahead by an asynchronous look-up, suggestions beneath, `enter` takes."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar, Final

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.message import Message
from textual.widgets import Input, Static

from branchtui.format.safe_text import safe_text
from branchtui.widgets.fields import Field
from branchtui.widgets.line_input import LineInput
from branchtui.widgets.resting import REST_SECONDS, Rest, StartTimer

SUGGESTIONS_MAX: Final = 6
_ROWS_AROUND: Final = 14
"""What the longest form takes beside its suggestions: frame, title, fields, two rows that say something, keys."""
_NO_ANSWER: Final = "The ledger does not answer. [enter] try again"


@dataclass(frozen=True)
class Suggestion:
    """What may be taken: `value` goes on the wire, `text` into the line, `detail` beside it in the list."""

    value: str
    text: str
    detail: str = ""


Lookup = Callable[[str], Awaitable[Sequence[Suggestion]]]


class PickerField(Field):
    """`enter` waits for the answer to what was typed, so that it takes the same row at any speed."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down", "step(1)", "Next suggestion", show=False),
        Binding("up", "step(-1)", "Suggestion before", show=False),
    ]

    @dataclass
    class Failed(Message):
        """A look-up did not come; `owed` are the keys that waited for it. Who can mend it says `ask_again(owed)`."""

        field: PickerField
        error: Exception
        owed: tuple[int | None, ...]

    def __init__(
        self,
        name: str,
        label: str,
        lookup: Lookup,
        *,
        required: bool = True,
        chosen: Suggestion | None = None,
        hint: str = "",
        nothing: str = "Nobody fits",
        rest_seconds: float = REST_SECONDS,
        start_timer: StartTimer | None = None,
    ) -> None:
        super().__init__(name, label, required=required)
        self._lookup = lookup
        self._nothing = nothing
        self._input = LineInput(
            chosen.text if chosen else "", placeholder=hint, max_length=100, overtype=True
        )
        self._editor = self._input
        self._list = Static(Content(""), classes="field-suggestions")
        self._rest = Rest(start_timer or self.set_timer, self._ask, rest_seconds)
        self.chosen = chosen
        self.suggestions: list[Suggestion] = []
        self._at = 0
        self._generation = 0
        self._asking = False
        self._answered_text: str | None = None
        self._failed_text: str | None = None
        self._owed: list[int | None] = []

    def compose(self) -> ComposeResult:
        """As every field, with the suggestions last."""
        yield from super().compose()
        yield self._list

    def on_mount(self) -> None:
        """Nothing is suggested yet."""
        self._paint_list()

    @property
    def keyed(self) -> str:
        """What stands in the line."""
        return self._input.value

    def set_keyed(self, text: str) -> None:
        """Put `text` in the line; it names nobody until it was looked up and taken."""
        self._input.value = text
        self._input.cursor_position = len(text)

    def choose(self, suggestion: Suggestion) -> None:
        """Take `suggestion`, as `enter` on it does."""
        self.chosen = suggestion
        self._rest.cancel()
        self._generation += 1
        self._asking = False
        self.suggestions = []
        self.set_keyed(suggestion.text)
        self.set_error("")
        self._paint_list()
        self.post_message(self.Edited(self))

    @property
    def value(self) -> str:
        """The wire value of what was taken; empty when nothing was, or the line was changed since."""
        return self.chosen.value if self.chosen is not None and self.chosen.text == self.keyed else ""

    @property
    def is_settled(self) -> bool:
        """False while keys wait for an answer."""
        return not self._owed

    @property
    def is_answered(self) -> bool:
        """False while the ledger has not said who fits what stands in the line; a look-up that failed is over."""
        return not self._is_waiting or self._failed_text == self.keyed

    def hurry(self) -> None:
        """Ask now, not after the rest; a look-up that failed is asked again by `enter` alone."""
        if not self.is_answered and not self._asking:
            self._rest.cancel()
            self._ask()

    def ask_again(self, owed: Sequence[int | None] = ()) -> None:
        """What stood in the way is gone: look up what stands in the line, and give the keys that waited their answer."""
        self.set_error("")
        if self._is_waiting:
            self._owed = list(owed)
            self._rest.cancel()
            self._ask()

    def draft(self) -> dict[str, str]:
        """The line, and the wire value when something was taken."""
        kept = {self.field_name: self.keyed}
        return kept | {f"{self.field_name}.value": self.value} if self.value else kept

    def load_draft(self, draft: dict[str, str]) -> None:
        """Fill from a draft, what was taken included."""
        text = draft.get(self.field_name)
        if text is None:
            return
        value = draft.get(f"{self.field_name}.value")
        if value:
            self.choose(Suggestion(value, text))
        else:
            self.set_keyed(text)

    def action_step(self, by: int) -> None:
        """Move among the suggestions; waits for them when they are under way."""
        if self._is_waiting:
            self._owe(by)
        elif self.suggestions:
            self._at = min(max(0, self._at + by), len(self.suggestions) - 1)
            self._paint_list()

    def _read(self) -> str | None:
        if self.value or (not self.required and not self.keyed.strip()):
            return None
        if not self.keyed.strip():
            return f"{self.label} is missing."
        return f"Take one of the list: nothing is chosen for {self.keyed}."

    @property
    def _is_waiting(self) -> bool:
        return not self.value and bool(self.keyed.strip()) and self._answered_text != self.keyed

    def _owe(self, key: int | None) -> None:
        if len(self._owed) < 64:
            self._owed.append(key)
        if not self._asking:
            self._rest.cancel()
            self._ask()

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        event.stop()
        if event.value != self._input.value or (self.chosen is not None and self.chosen.text == event.value):
            return
        self.chosen = None
        self._generation += 1
        self._asking = False
        self.post_message(self.Edited(self))
        if event.value.strip():
            self._rest.touch()
        else:
            self._rest.cancel()
            self._answer([], "")

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        event.stop()
        if self._is_waiting:
            self._owe(None)
        else:
            self._take()

    def _ask(self) -> None:
        self._generation += 1
        self._asking = True
        self._failed_text = None
        self.run_worker(
            self._fetch(self.keyed, self._generation), group="picker", exit_on_error=False, exclusive=False
        )

    async def _fetch(self, text: str, generation: int) -> None:
        try:
            found = list(await self._lookup(text.strip()))[:SUGGESTIONS_MAX]
        except Exception as error:  # noqa: BLE001  # whatever a look-up raises, the teller gets a sentence
            if generation == self._generation:
                self._asking = False
                self._failed_text = text
                owed, self._owed = tuple(self._owed), []
                self.set_error(_NO_ANSWER)
                self.post_message(self.Failed(self, error, owed))
            return
        if generation == self._generation:
            self._asking = False
            self._answer(found, text)

    def _answer(self, found: list[Suggestion], text: str) -> None:
        self.suggestions = found
        self._answered_text = text
        self._at = 0
        self.set_error("" if found or not text.strip() else f"{self._nothing} {text.strip()}.")
        self._paint_list()
        owed, self._owed = self._owed, []
        for key in owed:
            if key is None:
                self._take()
                break
            self.action_step(key)

    def _take(self) -> None:
        """`enter` with an answer at hand: take the highlighted suggestion and go on."""
        if not self.value and self.suggestions:
            self.choose(self.suggestions[self._at])
        if self.value or not self.keyed.strip():
            self.post_message(self.Entered(self))

    def _paint_list(self) -> None:
        """One row a suggestion; on a low terminal as many as leave the rest of the form, the highlighted among them."""
        rows = max(1, min(SUGGESTIONS_MAX, self.screen.size.height - _ROWS_AROUND))
        first = max(0, self._at - rows + 1)
        lines = [
            f"{'>' if at == self._at else ' '} {safe_text(one.text)}  {safe_text(one.detail)}".rstrip()
            for at, one in enumerate(self.suggestions)
        ][first : first + rows]
        self._list.update(Content("\n".join(lines)))
        self._list.display = bool(lines)
