"""T-01 to T-03 on our own widgets: hostile names are shown harmlessly and move no column."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from rich.cells import cell_len
from tests.format.payloads import PAYLOADS
from tests.widgets.apps import ManualTimer, WidgetApp, screen_text, until

from branchtui.terminal.output_wall import foreign_characters, raise_wall
from branchtui.widgets.actions import Action, Choice
from branchtui.widgets.columns import Column
from branchtui.widgets.dialogs import ConfirmDialog, MenuDialog, MessageDialog, ReasonDialog
from branchtui.widgets.fields import ChoiceField, TextField
from branchtui.widgets.form import Form
from branchtui.widgets.key_footer import KeyFooter
from branchtui.widgets.page_source import MemorySource
from branchtui.widgets.picker import PickerField, Suggestion
from branchtui.widgets.status_line import StatusLine
from branchtui.widgets.virtual_list import VirtualList

pytestmark = pytest.mark.faults


@dataclass(frozen=True)
class Person:
    """A row."""

    id: str
    name: str


async def test_hostile_names_in_a_list_keep_every_amount_in_its_column() -> None:
    """TTY-4: the amount stands at the same cells in every row, whatever the name holds."""
    people = [Person(str(at), payload) for at, payload in enumerate(PAYLOADS)]
    rows = VirtualList(
        [
            Column("Name", lambda one: one.name),
            Column("Amount", lambda _one: "1,250.00", width=12, align="right"),
        ],
        row_id=lambda one: one.id,
        source=MemorySource(people, lambda one: one.id),
    )
    app = WidgetApp(rows)
    async with app.run_test(size=(80, 24)) as pilot:
        rows.focus()
        for _ in range(len(people) // 20 + 1):
            await until(pilot, lambda: rows.is_settled)
            for line in screen_text(app)[1:]:
                assert cell_len(line) == 80
                assert line.endswith("    1,250.00") or not line.strip()
                assert foreign_characters(line) == []
            await pilot.press("pagedown")


@pytest.mark.sampled(1)
@pytest.mark.parametrize("batch", range(6))
async def test_hostile_text_in_every_other_widget_is_shown_harmlessly(batch: int) -> None:
    """T-01, T-02: status, footer, form, picker, choices and dialogs; no crash, nothing foreign painted."""
    for payload in PAYLOADS[batch::60]:
        await _show_everywhere(payload[:200])


async def _show_everywhere(payload: str) -> None:
    async def look_up(_text: str) -> list[Suggestion]:
        return [Suggestion("1", payload, payload)]

    picker = PickerField("p", payload, look_up, start_timer=ManualTimer().start)
    form = Form(
        picker, ChoiceField("c", "C", [("a", payload)]), TextField("t", "T", value=payload), title=payload
    )
    status, footer = StatusLine(), KeyFooter()
    choice = Choice(Action("x", "x", payload), payload)
    app = WidgetApp(form, status, footer)
    async with app.run_test(size=(80, 40)) as pilot:
        raise_wall(app)
        form.set_errors({"t": payload})
        status.say(payload, "error")
        status.set_figures(note=payload, put_aside=1)
        footer.show_choices([choice])
        form.fields[0].focus()
        await pilot.press("a", "enter")
        await until(pilot, lambda: form.is_settled)
        assert foreign_characters("".join(screen_text(app))) == []
        for dialog in (
            ConfirmDialog(payload, [(payload, payload)], effect=payload),
            ReasonDialog(payload, [(payload, payload)], label=payload),
            MenuDialog(payload, [choice]),
            MessageDialog(payload, [payload]),
        ):
            await app.push_screen(dialog)
            await pilot.press("1")
            await pilot.pause()
            assert foreign_characters("".join(screen_text(app))) == []
            app.pop_screen()
            await pilot.pause()
