"""A form: fields in order, keys that go through them, errors where they belong, drafts in and out."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Mapping
from dataclasses import dataclass
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Static

from branchtui.widgets.dialogs import LOST, ConfirmDialog
from branchtui.widgets.fields import Field


class Form(Widget):
    """`enter` or `tab` goes on, `enter` on the last field submits, `ctrl+s` from anywhere, `esc` cancels."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+s", "submit", "Save", priority=True),
        Binding("ctrl+d", "repeat", "Repeat the value of the record before", priority=True, show=False),
        Binding("tab", "go(1)", "Next field", priority=True, show=False),
        Binding("shift+tab", "go(-1)", "Field before", priority=True, show=False),
        Binding("escape", "cancel", "Cancel", show=False),
    ]

    @dataclass
    class Submitted(Message):
        """Every field is well; `values` are wire texts by field name, empty ones left out."""

        form: Form
        values: dict[str, str]

        @property
        def control(self) -> Form:
            """The form, for `@on(..., "#id")`."""
            return self.form

    @dataclass
    class Cancelled(Message):
        """`esc`, and the person meant it."""

        form: Form

        @property
        def control(self) -> Form:
            """The form, for `@on(..., "#id")`."""
            return self.form

    def __init__(
        self, *fields: Field, title: str = "", id: str | None = None, classes: str | None = None
    ) -> None:
        super().__init__(id=id, classes=classes)
        self.fields = list(fields)
        """Those that are asked for; `leave_out` takes some of them away."""
        self._every = tuple(fields)
        self.on_edit: Callable[[Field], None] = lambda _: None
        """Told of each field that a key changed, before the next key means anything."""
        self._title = title
        self.previous: dict[str, str] = {}
        self.in_doubt = ""
        """What was sent of it last and is not confirmed, by its key: until then it is neither saved nor to be saved."""
        self._untouched = self.draft

    def compose(self) -> ComposeResult:
        """The title, then the fields."""
        if self._title:
            yield Static(Content(self._title), classes="form-title")
        yield from self._every

    # ── data down and up ─────────────────────────────────────────────────────────────────────────────────────────

    def field(self, name: str) -> Field:
        """The field of a wire member."""
        return next(field for field in self.fields if field.field_name == name)

    def leave_out(self, names: Container[str]) -> None:
        """Do not ask for these: they are out of sight, nothing in them is read; a later call may bring them back."""
        self.fields = [field for field in self._every if field.field_name not in names]
        for field in self._every:
            field.display = field in self.fields

    def values(self) -> dict[str, str]:
        """Wire texts by field name; an empty field is left out."""
        return {field.field_name: field.value for field in self.fields if field.value}

    @property
    def draft(self) -> dict[str, str]:
        """What was keyed, to be kept; passwords are not in it."""
        kept: dict[str, str] = {}
        for field in self._every:
            kept |= field.draft()
        return kept

    def load_draft(self, draft: Mapping[str, str]) -> None:
        """Fill the form from a draft; what is in it counts as typed."""
        for field in self._every:
            field.load_draft(dict(draft))

    @property
    def is_dirty(self) -> bool:
        """True when something was typed that `esc` would lose; what was sent is kept elsewhere."""
        return not self.in_doubt and self.draft != self._untouched

    @property
    def is_settled(self) -> bool:
        """False while a field waits for an answer before the next key may go on."""
        return all(field.is_settled for field in self.fields)

    @property
    def is_answered(self) -> bool:
        """False while a field has not been looked up that is."""
        return all(field.is_answered for field in self.fields)

    def hurry(self) -> None:
        """Every field looks up now what it would look up after a rest."""
        for field in self.fields:
            field.hurry()

    def mark_saved(self) -> None:
        """What stands in the form now counts as untouched, and is what `ctrl+d` repeats in the next record."""
        self._untouched = self.draft
        self.previous = dict(self._untouched)

    def clear(self, keep: Iterable[str] = ()) -> None:
        """Empty every field but those in `keep`: the next record in entry mode."""
        kept = set(keep)
        for field in self.fields:
            field.set_error("")
            if field.field_name not in kept:
                field.set_keyed("")
        self._untouched = self.draft

    def start(self) -> None:
        """The first field that is still empty takes the keys; the first one when none is."""
        empty = [field for field in self.fields if not field.keyed]
        (empty or self.fields)[0].focus()

    def set_errors(self, errors: Mapping[str, str]) -> list[str]:
        """Show the ledger's sentences beside their fields and go to the first.

        `errors` is by field name or JSON pointer (`/amount_minor`). Returns the sentences that belong to no field.
        """
        rest: list[str] = []
        by_name: dict[str, str] = {}
        names = {field.field_name for field in self.fields}
        for pointer, sentence in errors.items():
            name = pointer.removeprefix("#").strip("/").split("/")[0]
            if name in names:
                by_name.setdefault(name, sentence)
            else:
                rest.append(sentence)
        for field in self.fields:
            field.set_error(by_name.get(field.field_name, ""))
        self._go_to_first_error()
        return rest

    # ── keys ─────────────────────────────────────────────────────────────────────────────────────────────────────

    def action_submit(self) -> None:
        """Check every field; submit when all are well, else go to the first that is not."""
        # Every field is read, so that all that is wrong is said at once.
        wrong = [field for field in self.fields if field.check() is not None]
        if wrong:
            self._go_to_first_error()
        else:
            self.post_message(self.Submitted(self, self.values()))

    def action_go(self, by: int) -> None:
        """Leave the field for its neighbour, in a ring; what is wrong in it is said."""
        at = self._focused_at()
        if at is None:
            self.fields[0].focus()
            return
        if self.fields[at].keyed:
            self.fields[at].check()
        self.fields[(at + by) % len(self.fields)].focus()

    def action_repeat(self) -> None:
        """The value the record before had in this field."""
        at = self._focused_at()
        if at is not None:
            self.fields[at].load_draft(self.previous)

    def action_cancel(self) -> None:
        """Leave; ask first when something typed would be lost."""
        if not self.is_dirty:
            self.post_message(self.Cancelled(self))
            return

        def answered(leave: bool | None) -> None:  # the framework calls it with the answer
            if leave:
                self.post_message(self.Cancelled(self))

        self.app.push_screen(
            ConfirmDialog("Leave this form?", [], effect=LOST),
            answered,
        )

    @on(Field.Entered)
    def _entered(self, event: Field.Entered) -> None:
        event.stop()
        if event.field is self.fields[-1]:
            self.action_submit()
            return
        if event.field.keyed:
            event.field.check()
        self.fields[self.fields.index(event.field) + 1].focus()

    @on(Field.Edited)
    def _edited(self, event: Field.Edited) -> None:
        event.stop()
        # Once it was said, it stays until the field is right: then it goes at once.
        left_out = event.field.left_out
        if left_out or (event.field.error and event.field.value):
            event.field.set_error(left_out)
        self.on_edit(event.field)

    def _focused_at(self) -> int | None:
        focused = self.app.focused
        if focused is None:
            return None
        return next(
            (at for at, field in enumerate(self.fields) if field in focused.ancestors_with_self), None
        )

    def _go_to_first_error(self) -> None:
        wrong = next((field for field in self.fields if field.error), None)
        if wrong is not None:
            wrong.focus()
