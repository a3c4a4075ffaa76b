"""Family, addresses and identifiers that are entered with a new customer: added, changed, taken away before he is saved."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from branchtui.contract.customers import PARTS_MAX
from branchtui.screens.dialogs.form_dialog import FormDialog
from branchtui.screens.dialogs.part_fields import TITLES, new_part, part_fields
from branchtui.widgets.actions import Action, Choice
from branchtui.widgets.dialogs import MenuDialog

if TYPE_CHECKING:
    from branchtui.screens.base import LedgerScreen
    from branchtui.screens.dialogs.customer_fields import NewCustomerDialog

PART_KEYS: Final = "[ctrl+s] go on   [esc] cancel"
_SAVE: Final = Action("save", "", "Save", "", changes=True)
_CHANGE: Final = Action("change", "", "Change", "")
_TAKE_AWAY: Final = Action("take-away", "", "Take away", "")
_FULL: Final = f"{PARTS_MAX} of them come with a new customer; the profile takes more."


async def entered_with(screen: LedgerScreen, dialog: NewCustomerDialog, name: str) -> bool:
    """The menu of what comes with a customer, until the person says to save; False goes back to the form."""
    kept: dict[str, list[Any]] = {
        "family": dialog.family,
        "addresses": dialog.addresses,
        "identifiers": dialog.identifiers,
    }
    while True:
        chosen = await screen.app.push_screen_wait(
            MenuDialog(f"New customer: {name}", _choices(kept, dialog.missing() or None))
        )
        if chosen is None or chosen == _SAVE.id:
            return chosen is not None
        kind, _, place = chosen.partition(":")
        rows = kept[kind]
        if place:
            await _revised(screen, kind, rows, int(place))
        else:
            await _typed(screen, kind, rows, len(rows))


def part_label(kind: str, part: Any) -> str:
    """A part in a line."""
    if kind == "family":
        return f"{part.first_name} {part.last_name}, {part.relationship}"
    if kind == "addresses":
        where = next(
            (each for each in (part.street, part.line_1, part.city, part.postal_code) if each), "no place"
        )
        return f"{part.address_type}, {where}"
    return f"{part.identifier_type} {part.number}"


def _choices(kept: dict[str, list[Any]], refusal: str | None) -> list[Choice]:
    return [
        Choice(_SAVE, refusal),
        *(
            Choice(
                Action(kind, "", f"Add {TITLES[kind].lower()} ({len(rows)} so far)"),
                _FULL if len(rows) >= PARTS_MAX else None,
            )
            for kind, rows in kept.items()
        ),
        *(
            Choice(Action(f"{kind}:{place}", "", f"{TITLES[kind]}: {part_label(kind, part)}"))
            for kind, rows in kept.items()
            for place, part in enumerate(rows)
        ),
    ]


async def _revised(screen: LedgerScreen, kind: str, rows: list[Any], place: int) -> None:
    title = f"{TITLES[kind]}: {part_label(kind, rows[place])}"
    chosen = await screen.app.push_screen_wait(MenuDialog(title, [Choice(_CHANGE), Choice(_TAKE_AWAY)]))
    if chosen == _CHANGE.id:
        await _typed(screen, kind, rows, place)
    elif chosen == _TAKE_AWAY.id:
        del rows[place]


async def _typed(screen: LedgerScreen, kind: str, rows: list[Any], place: int) -> None:
    """The form of a part: one more at the end of `rows`, or what stands at `place`."""
    stands = rows[place] if place < len(rows) else None

    def keep(form: FormDialog, typed: dict[str, str]) -> None:
        rows[place : place + 1] = [new_part(kind, typed)]
        form.saved("")

    await screen.app.push_screen_wait(
        FormDialog(
            TITLES[kind],
            part_fields(kind, screen.desk, stands),
            keep,
            keys=PART_KEYS,
            at_first=stands is not None,
        )
    )
