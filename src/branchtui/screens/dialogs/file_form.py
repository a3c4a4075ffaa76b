"""Forms of balance files: for whom a file is and where it lies, or what one payer owes."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Final

from textual import on

from branchtui.contract.customers import CustomerStatus
from branchtui.format.counts import count_of
from branchtui.format.dates import show_date
from branchtui.format.money import exponent_of
from branchtui.screens.dialogs.form_dialog import FormDialog
from branchtui.screens.paste_field import PathField, RowsPasted, pasted_rows, refusal_of
from branchtui.screens.rows import shown_phone, words
from branchtui.widgets.actions import Action
from branchtui.widgets.fields import BalanceField, DateField, Field, TextField
from branchtui.widgets.picker import SUGGESTIONS_MAX, PickerField, Suggestion

if TYPE_CHECKING:
    from branchtui.remote.client import Ledger
    from branchtui.screens.desk import Desk

ALL, DIVISION, PAYER = "all", "division", "payer"
SCOPES: Final = (
    Action(ALL, "1", "All divisions"),
    Action(DIVISION, "2", "One division"),
    Action(PAYER, "3", "One payer"),
)
"""Whom a file may be for."""

SCOPE_TITLES: Final = {one.id: f"Universal File: {one.label.lower()}" for one in SCOPES}


class PayerFinder:
    """Looks payers up for a picker, by name, number or phone; the value is the main account number."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self.names: dict[str, str] = {}

    async def __call__(self, text: str) -> Sequence[Suggestion]:
        """One request."""
        page = await self._ledger.customers(text.strip(), limit=SUGGESTIONS_MAX)
        self.names |= {one.account_no: one.name for one in page.items}
        return [
            Suggestion(
                one.account_no,
                f"{one.account_no} {one.name}",
                "  ".join(
                    part
                    for part in (
                        "" if one.status is CustomerStatus.ACTIVE else words(one.status),
                        shown_phone(one.mobile_no),
                    )
                    if part
                ),
            )
            for one in page.items
        ]


def division_picker(desk: Desk) -> PickerField:
    """A branch that one may see, by code or name; the value is its code."""
    branches = () if desk.user is None else desk.user.branches

    async def find(text: str) -> Sequence[Suggestion]:
        wanted = text.strip().casefold()
        return [
            Suggestion(one.code, f"{one.code} {one.name}")
            for one in branches
            if wanted in f"{one.code} {one.name}".casefold()
        ]

    return PickerField("division", "Division", find, hint="code or name")


def file_fields(desk: Desk, scope: str) -> list[Field]:
    """Whom the file is for, where that is to be said, and the file."""
    fields: list[Field] = []
    if scope == DIVISION:
        fields.append(division_picker(desk))
    elif scope == PAYER:
        fields.append(
            PickerField("account_no", "Payer", PayerFinder(desk.ledger), hint="name, number or phone")
        )
    return [*fields, PathField("file", "File", hint="a path, or paste its rows")]


class FileFormDialog(FormDialog):
    """A form that knows pasted rows when it sees them; `pasted` holds them."""

    def __init__(
        self, title: str, fields: Sequence[Field], submit: Callable[[FormDialog, dict[str, str]], object]
    ) -> None:
        super().__init__(title, fields, submit, keys="[enter] check the file   [esc] cancel")

    @property
    def pasted(self) -> str:
        """The rows; empty where a path is meant."""
        return self._path.rows

    @property
    def _path(self) -> PathField:
        field = self.form.field("file")
        assert isinstance(field, PathField), "`file_fields` makes it so"
        return field

    @on(RowsPasted)
    def _rows_pasted(self, message: RowsPasted) -> None:
        if refusal := refusal_of(message.text):
            self.say(refusal, "error")
            return
        self._path.take(message.text)
        rows = pasted_rows(message.text)
        self.say(f"{count_of(len(rows), 'row')} pasted: {rows[0]}   [ctrl+s] check them")


def payer_fields(desk: Desk, finder: PayerFinder) -> list[Field]:
    """What one payer owes, in the order it is keyed."""
    return [
        PickerField("account_no", "Payer", finder, hint="name, number or phone"),
        BalanceField("balance_minor", f"Owes {desk.currency}", desk.currency),
        DateField("as_of_date", "As of", desk.today, value=show_date(desk.today())),
        DateField("due_date", "Due", desk.today, required=False),
        TextField("statement_ref", "Statement", max_length=100),
    ]


def payer_file(values: dict[str, str], name: str, currency: str, now: datetime) -> tuple[str, bytes]:
    """The universal file of one line that these values are, with the name it gives itself."""
    number = values["account_no"]
    file_id = f"ONE-{number}-{now:%Y%m%d%H%M%S}"
    stated = plain_amount(int(values["balance_minor"]), currency)
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["H", "1", file_id, "", f"{now:%Y-%m-%dT%H:%M:%SZ}", currency, values["as_of_date"]])
    writer.writerow(
        ["D", number, name, stated, values.get("due_date", ""), values.get("statement_ref", ""), ""]
    )
    writer.writerow(["T", "1", stated])
    return file_id, text.getvalue().encode()


def plain_amount(amount_minor: int, currency: str) -> str:
    """An amount as a universal file writes it: a point, all decimals, no thousands, a minus where it is held."""
    decimals = exponent_of(currency)
    whole, part = divmod(abs(amount_minor), 10**decimals)
    sign = "-" if amount_minor < 0 else ""
    return f"{sign}{whole}.{part:0{decimals}d}" if decimals else f"{sign}{whole}"
