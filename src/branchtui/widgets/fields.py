"""The fields of a form: each keeps what was typed and says beside it what is wrong."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date

from textual import on
from textual.app import ComposeResult
from textual.content import Content
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Input, Static

from branchtui.format.dates import DateError, parse_date, show_date
from branchtui.format.money import MoneyError, parse_balance, parse_money
from branchtui.format.safe_text import safe_text
from branchtui.widgets.choice_line import ChoiceLine
from branchtui.widgets.line_input import LineInput


class Field(Widget):
    """A label (an asterisk on what is mandatory), something to type or choose in, and an error beneath.

    `name` is the member of the wire body; `keyed` is what the person sees in the field, `value` what goes on
    the wire. Subclasses bring `_editor` and `_read`.
    """

    @dataclass
    class Entered(Message):
        """`enter`: go to the next field."""

        field: Field

    @dataclass
    class Edited(Message):
        """A key changed the field."""

        field: Field

    def __init__(self, name: str, label: str, *, required: bool) -> None:
        super().__init__(name=name, classes="field")
        self.label = label
        self.required = required
        self.error = ""
        self._error_line = Static(Content(""), classes="field-error")
        self._editor: Widget = Static(Content(""))

    def compose(self) -> ComposeResult:
        """Label and editor in one row, the error in the next."""
        yield Static(Content(self.label + (" *" if self.required else "")), classes="field-label")
        yield self._editor
        yield self._error_line

    def on_mount(self) -> None:
        """No error yet: its row takes no room."""
        self._error_line.display = bool(self.error)

    @property
    def field_name(self) -> str:
        """The member of the wire body this field fills."""
        return self.name or ""

    @property
    def keyed(self) -> str:
        """What stands in the field."""
        raise TypeError(f"{type(self).__name__} does not say what was keyed")

    def set_keyed(self, text: str) -> None:
        """Put `text` in the field as if it were typed."""
        raise TypeError(f"{type(self).__name__} cannot be filled")

    @property
    def value(self) -> str:
        """Wire text; empty when nothing, or nothing valid, was keyed."""
        return self.keyed

    @property
    def is_settled(self) -> bool:
        """False while the field waits for an answer before the next key may go on."""
        return True

    @property
    def is_answered(self) -> bool:
        """False while what stands in the field has not been looked up, where it is."""
        return True

    def hurry(self) -> None:
        """Look up now what stands in the field: the next key is no text."""

    def check(self) -> str | None:
        """Read the field; show and return the sentence when it is wrong."""
        wrong = self._read()
        self.set_error(wrong or self.left_out)
        return wrong

    @property
    def left_out(self) -> str:
        """What is said of keys or of a paste that found no room; empty when all of it stands in the field."""
        line = self._editor
        if not isinstance(line, LineInput) or not line.is_cut:
            return ""
        return f"{self.label} takes {line.length_max} characters at most: what came after them is left out."

    @on(LineInput.LeftOut)
    def _left_out(self, event: LineInput.LeftOut) -> None:
        event.stop()
        self.post_message(self.Edited(self))

    def set_error(self, sentence: str) -> None:
        """Show `sentence` beneath the field; empty takes it away."""
        if sentence == self.error:
            return
        self.error = sentence
        self._error_line.update(Content(f"! {safe_text(sentence)}" if sentence else ""))
        self._error_line.display = bool(sentence)

    def draft(self) -> dict[str, str]:
        """What a draft keeps of this field."""
        return {self.field_name: self.keyed}

    def load_draft(self, draft: dict[str, str]) -> None:
        """Fill the field from a draft; a draft without it leaves it alone."""
        if self.field_name in draft:
            self.set_keyed(draft[self.field_name])

    def focus(self, scroll_visible: bool = True) -> Field:
        """The editor takes the keys."""
        self._editor.focus(scroll_visible)
        return self

    def _read(self) -> str | None:
        if self.required and not self.keyed.strip():
            return f"{self.label} is missing."
        return None


class TextField(Field):
    """One line of text."""

    def __init__(
        self,
        name: str,
        label: str,
        *,
        required: bool = False,
        max_length: int = 200,
        value: str = "",
        hint: str = "",
        password: bool = False,
        line_break: str = " ",
    ) -> None:
        super().__init__(name, label, required=required)
        self._input = LineInput(
            value,
            placeholder=hint,
            max_length=max_length,
            password=password,
            overtype=True,
            line_break=line_break,
        )
        self._editor = self._input

    @property
    def keyed(self) -> str:
        """What stands in the line."""
        return self._input.value

    def set_keyed(self, text: str) -> None:
        """Put `text` in the line, the cursor behind it."""
        self._input.value = text
        self._input.cursor_position = len(text)

    @property
    def value(self) -> str:
        """The text without blanks around it."""
        return self.keyed.strip()

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        event.stop()
        self.post_message(self.Edited(self))

    @on(Input.Submitted)
    def _entered(self, event: Input.Submitted) -> None:
        event.stop()
        self.post_message(self.Entered(self))


class PasswordField(TextField):
    """A password: shown as dots, never part of a draft, never trimmed."""

    def __init__(self, name: str, label: str, *, required: bool = True) -> None:
        super().__init__(name, label, required=required, password=True)

    @property
    def value(self) -> str:
        """Exactly what was typed."""
        return self.keyed

    def draft(self) -> dict[str, str]:
        """Nothing: a password is kept nowhere (SEC-1)."""
        return {}


class MoneyField(TextField):
    """An amount of one currency; its wire text is in minor units."""

    def __init__(
        self, name: str, label: str, currency: str, *, required: bool = True, value: str = ""
    ) -> None:
        super().__init__(name, label, required=required, max_length=40, value=value)
        self.currency = currency

    def parse(self) -> int:
        """What was keyed, in minor units; raises MoneyError with the sentence."""
        return parse_money(self.keyed, self.currency)

    def amount_minor(self) -> int | None:
        """The amount in minor units of the currency, or None when none or no valid one was keyed."""
        try:
            return self.parse()
        except MoneyError:
            return None

    @property
    def value(self) -> str:
        """Minor units as decimal digits."""
        amount_minor = self.amount_minor()
        return "" if amount_minor is None else str(amount_minor)

    def _read(self) -> str | None:
        if not self.keyed.strip():
            return super()._read()
        try:
            self.parse()
        except MoneyError as refused:
            return str(refused)
        return None


class BalanceField(MoneyField):
    """What somebody owes: an amount, zero, or what is held for them with a minus in front."""

    def parse(self) -> int:
        """As the base, of a balance."""
        return parse_balance(self.keyed, self.currency)


class DateField(TextField):
    """A day: ISO, day first, `t` or `-1`. `today` gives the branch's business day when asked."""

    def __init__(
        self, name: str, label: str, today: Callable[[], date], *, required: bool = True, value: str = ""
    ) -> None:
        super().__init__(name, label, required=required, max_length=20, value=value, hint="t, -1, 30/09/2026")
        self._today = today

    def day(self) -> date | None:
        """The day, or None when none or no valid one was keyed."""
        try:
            return parse_date(self.keyed, self._today())
        except DateError:
            return None

    @property
    def value(self) -> str:
        """`YYYY-MM-DD`."""
        day = self.day()
        return "" if day is None else show_date(day)

    def _read(self) -> str | None:
        if not self.keyed.strip():
            return super()._read()
        try:
            day = parse_date(self.keyed, self._today())
        except DateError as refused:
            return str(refused)
        # `t` typed on one side of midnight must not mean another day on the other.
        self.set_keyed(show_date(day))
        return None


class ChoiceField(Field):
    """One of a few: `choices` are (wire value, text) pairs; `value` is the one that stands at first."""

    def __init__(
        self,
        name: str,
        label: str,
        choices: Sequence[tuple[str, str]],
        *,
        required: bool = True,
        value: str = "",
    ) -> None:
        super().__init__(name, label, required=required)
        self._choices = list(choices)
        self._line = ChoiceLine([text for _, text in choices])
        self._editor = self._line
        self._line.set_reactive(ChoiceLine.at, self._place(value))

    def _place(self, value: str) -> int:
        return next((at for at, (wire, _) in enumerate(self._choices) if wire == value), -1)

    @property
    def keyed(self) -> str:
        """The wire value of the chosen one; empty when none is."""
        return self._choices[self._line.at][0] if 0 <= self._line.at < len(self._choices) else ""

    def set_keyed(self, text: str) -> None:
        """Choose by wire value; an unknown one chooses none."""
        self._line.at = self._place(text)

    @on(ChoiceLine.Chosen)
    def _chosen(self, event: ChoiceLine.Chosen) -> None:
        event.stop()
        self.post_message(self.Edited(self))

    @on(ChoiceLine.Entered)
    def _entered(self, event: ChoiceLine.Entered) -> None:
        event.stop()
        self.post_message(self.Entered(self))
