"""A value of one of the institution's lists: found by typing, taken by its number, listed by the down arrow."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, Any, Final

from textual import events

from branchtui.widgets.picker import SUGGESTIONS_MAX, PickerField, Suggestion

if TYPE_CHECKING:
    from branchtui.contract.codes import CodeName
    from branchtui.remote.client import Ledger

Ask = Callable[..., Awaitable[Any]]
ALL_MAX: Final = 200
"""A list of so many values is asked for once; a longer one is searched by the ledger."""
HINT: Final = "letters or a number, ↓ lists"
SEPARATOR: Final = ","
FIRMER: Final = ";"
"""Stands between values, and behind the only one, where one of them has a comma of its own."""


class ListFinder:
    """Looks a text up in a list of the ledger. `ask(q, limit=)` gives a page; `suggest` says how a row is shown."""

    def __init__(self, ask: Ask, suggest: Callable[[Any], Suggestion]) -> None:
        self._ask = ask
        self._suggest = suggest
        self._all: list[Suggestion] | None = None
        self._is_long = False

    async def __call__(self, text: str) -> Sequence[Suggestion]:
        """Those that fit, numbered as the list is; a number that is keyed takes that one."""
        if self._all is None and not self._is_long:
            page = await self._ask(None, limit=ALL_MAX)
            self._is_long = page.next is not None
            self._all = [self._suggest(one) for one in page.items]
        if self._is_long and text:
            page = await self._ask(text, limit=SUGGESTIONS_MAX)
            return [self._suggest(one) for one in page.items]
        numbered = [
            (number, Suggestion(one.value, one.text, f"{one.detail}  [{number}]".strip()))
            for number, one in enumerate(self._all or (), 1)
        ]
        if text.isascii() and text.isdigit():
            return [one for number, one in numbered if number == int(text)]
        wanted = text.casefold()
        begins = [one for _, one in numbered if one.text.casefold().startswith(wanted)]
        return [*begins, *(one for _, one in numbered if wanted in one.text.casefold() and one not in begins)]


class CodeField(PickerField):
    """A picker whose list can be looked at before a letter is typed; `opened` shows it at once."""

    def __init__(
        self,
        name: str,
        label: str,
        finder: Callable[[str], Awaitable[Sequence[Suggestion]]],
        *,
        required: bool = False,
        value: str | None = None,
        chosen: Suggestion | None = None,
        opened: bool = False,
    ) -> None:
        given = chosen or (Suggestion(value, value) if value else None)
        super().__init__(
            name,
            label,
            finder,
            required=required,
            chosen=given,
            hint="" if opened else HINT,
            nothing="The list has no",
        )
        self._opened = opened

    def on_mount(self) -> None:
        """Nothing is listed yet, unless it was asked for."""
        super().on_mount()
        if self._opened and not self.keyed:
            self._ask()

    def action_step(self, by: int) -> None:
        """Move among the values; in an empty line the arrow brings them."""
        if not self.keyed.strip() and not self.suggestions:
            self._ask()
            return
        super().action_step(by)

    def on_descendant_blur(self, _: events.DescendantBlur) -> None:
        """What was only looked at makes room."""
        if self.suggestions and (self.value or not self.keyed.strip()) and not self._opened:
            self.suggestions = []
            self._paint_list()


class CodesField(CodeField):
    """Several values of a list, with commas between: what follows the last one is looked up.

    Where a value has a comma itself, semicolons are between them.
    """

    def __init__(self, name: str, label: str, finder: ListFinder, *, values: Sequence[str] = ()) -> None:
        given = joined(values)
        super().__init__(name, label, _several(finder), value=given or None)


def _several(finder: ListFinder) -> Callable[[str], Awaitable[Sequence[Suggestion]]]:
    async def find(text: str) -> Sequence[Suggestion]:
        head, mark, last = text.rpartition(_mark_of(text))
        kept = list(several(f"{head}{mark}"))
        found = [one for one in await finder(last.strip()) if one.text not in kept]
        offered = [(joined([*kept, one.text]), one.detail) for one in found]
        if mark and not last.strip():
            offered.insert(0, (joined(kept), ""))
        return [Suggestion(each, each, detail) for each, detail in offered]

    return find


def several(value: str) -> tuple[str, ...]:
    """The values that a `CodesField` gives, by name."""
    return tuple(each.strip() for each in value.split(_mark_of(value)) if each.strip())


def joined(values: Sequence[str]) -> str:
    """Values as a `CodesField` shows them, and `several` takes them apart again."""
    if any(SEPARATOR in each for each in values):
        return f"{FIRMER} ".join(values) + (FIRMER if len(values) == 1 else "")
    return f"{SEPARATOR} ".join(values)


def _mark_of(text: str) -> str:
    return FIRMER if FIRMER in text else SEPARATOR


def code_finder(ledger: Ledger, code: CodeName | str) -> ListFinder:
    """Values of a code list that are offered, by name."""

    async def ask(q: str | None, limit: int) -> Any:
        return await ledger.code_values(code, q, active=True, limit=limit)

    return ListFinder(ask, lambda one: Suggestion(one.name, one.name))


def staff_finder(ledger: Ledger, branch_id: str | None = None) -> ListFinder:
    """Staff to whom a customer may be assigned: by id, shown by name."""

    async def ask(q: str | None, limit: int) -> Any:
        return await ledger.staff(q, active=True, branch=branch_id, limit=limit)

    return ListFinder(
        ask, lambda one: Suggestion(one.id, one.name, f"{one.staff_no or ''} {one.branch_code}".strip())
    )


def product_finder(ledger: Ledger, kind: str | None = None) -> ListFinder:
    """Products that are sold, by code."""

    async def ask(q: str | None, limit: int) -> Any:
        return await ledger.products(q, active=True, kind=kind, limit=limit)

    return ListFinder(ask, lambda one: Suggestion(one.code, f"{one.code} {one.name}", one.kind.value))
