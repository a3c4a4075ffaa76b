"""The fields of a member balance, in the order they are keyed (product, forms)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from functools import partial
from typing import TYPE_CHECKING, Final

from branchtui.contract.balance_records import (
    RECORD_KINDS,
    BalanceRecord,
    BalanceRecordChange,
    NewBalanceRecord,
)
from branchtui.contract.customers import AccountKind, CustomerStatus
from branchtui.format.dates import show_date
from branchtui.format.money import money
from branchtui.screens.rows import customer_label, kind_word, shown_phone, words
from branchtui.widgets.fields import ChoiceField, DateField, Field, MoneyField, TextField
from branchtui.widgets.picker import SUGGESTIONS_MAX, PickerField, Suggestion

if TYPE_CHECKING:
    from branchtui.contract.customers import CustomerBrief, CustomerRow
    from branchtui.remote.client import Ledger
    from branchtui.screens.desk import Desk

KEPT: Final = ("account_kind", "as_of_date")
_CHANGEABLE: Final = (
    "customer_id",
    "account_kind",
    "amount_minor",
    "as_of_date",
    "narration",
    "external_ref",
)
_KINDS: Final = [(kind.value, kind_word(kind)) for kind in RECORD_KINDS]


async def find_customers(ledger: Ledger, text: str) -> Sequence[Suggestion]:
    """Customers by name, number or phone, as suggestions of a picker; one request."""
    page = await ledger.customers(text.strip(), limit=SUGGESTIONS_MAX)
    return [Suggestion(one.id, customer_label(one), customer_detail(one)) for one in page.items]


def customer_detail(one: CustomerRow) -> str:
    """Account and phone; a status that stands in the way comes before the phone, which a narrow row cuts."""
    status = "" if one.status is CustomerStatus.ACTIVE else words(one.status)
    return "  ".join(part for part in (one.account_no, status, shown_phone(one.mobile_no)) if part)


def record_fields(
    desk: Desk, *, customer: CustomerBrief | None = None, record: BalanceRecord | None = None
) -> list[Field]:
    """Customer, kind, amount, as of, narration, reference; filled from `record`, or with `customer` alone."""
    known = record.customer if record is not None else customer
    chosen = None if known is None else Suggestion(known.id, customer_label(known))
    currency = desk.currency if record is None else record.currency
    return [
        PickerField(
            "customer_id", "Member", partial(find_customers, desk.ledger), chosen=chosen,
            hint="name, number or phone",
        ),
        ChoiceField("account_kind", "Account kind", _KINDS, value=record.account_kind if record else ""),
        MoneyField(
            "amount_minor", f"Amount {currency}", currency,
            value=money(record.amount_minor, record.currency) if record else "",
        ),
        DateField(
            "as_of_date", "As of", desk.today, value=show_date(record.as_of_date if record else desk.today())
        ),
        TextField("narration", "Narration", value=record.narration if record else ""),
        TextField(
            "external_ref", "Reference", max_length=100,
            value=(record.external_ref or "") if record else "",
        ),
    ]  # fmt: skip


def new_record(values: dict[str, str], currency: str) -> NewBalanceRecord:
    """The body of a creation, from the wire values of the form."""
    return NewBalanceRecord(
        customer_id=values["customer_id"],
        account_kind=AccountKind(values["account_kind"]),
        amount_minor=int(values["amount_minor"]),
        currency=currency,
        as_of_date=date.fromisoformat(values["as_of_date"]),
        narration=values.get("narration", ""),
        external_ref=values.get("external_ref"),
    )


def changed_record(values: dict[str, str], record: BalanceRecord) -> BalanceRecordChange | None:
    """The body of a change: only what differs from `record`; None when nothing does."""
    keyed = new_record(values, record.currency)
    differs = {
        name: getattr(keyed, name) for name in _CHANGEABLE if getattr(keyed, name) != getattr(record, name)
    }
    return BalanceRecordChange(**differs) if differs else None
