"""The forms of client accounts: terms, purchases, settlements (product, forms)."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date
from functools import partial
from typing import TYPE_CHECKING, Final

from textual.content import Content

from branchtui.contract.credit import (
    CreditAccountChange,
    CreditStatus,
    NewAdjustment,
    NewCreditAccount,
    NewPurchase,
    NewRefund,
    NewSettleEvery,
    NewSettlement,
    SettlementLine,
    SettlementMode,
    SettlementTender,
)
from branchtui.contract.customers import NewCustomer
from branchtui.format.dates import show_date
from branchtui.format.money import MoneyError, money, parse_money
from branchtui.format.rhythm import RhythmError, parse_rhythm
from branchtui.format.safe_text import safe_text
from branchtui.remote.errors import Refused
from branchtui.screens.credit_rows import NO_LIMIT, TENDERS
from branchtui.screens.dialogs.record_fields import find_customers
from branchtui.screens.rows import customer_label
from branchtui.widgets.fields import ChoiceField, Field, MoneyField, TextField
from branchtui.widgets.picker import PickerField, Suggestion

if TYPE_CHECKING:
    from branchtui.contract.credit import CreditAccount, CreditTransaction, SettleEvery
    from branchtui.contract.customers import CustomerBrief
    from branchtui.remote.client import Ledger
    from branchtui.screens.desk import Desk

_YES_NO: Final = [("yes", "Yes"), ("no", "No")]
_NONE: Final = "none"
EVERYTHING, CHOSEN, OLDEST = "all", "selected", "oldest_first"


class LimitField(TextField):
    """The maximum credit: an amount, `0` for no credit, `none` for no limit; its wire text is minor units or `none`."""

    def __init__(self, name: str, label: str, currency: str, *, value: str = "") -> None:
        super().__init__(name, label, required=True, max_length=40, value=value, hint="5,000, 0, none")
        self._currency = currency

    def _minor(self) -> str:
        """Raises MoneyError."""
        keyed = self.keyed.strip().lower()
        if keyed in {_NONE, NO_LIMIT}:
            return _NONE
        return "0" if keyed and keyed.strip("0.") == "" else str(parse_money(keyed, self._currency))

    @property
    def value(self) -> str:
        """Minor units as digits, or `none`; empty when it cannot be read."""
        try:
            return self._minor() if self.keyed.strip() else ""
        except MoneyError:
            return ""

    def _read(self) -> str | None:
        if not self.keyed.strip():
            return super()._read()
        try:
            self._minor()
        except MoneyError as error:
            return str(error)
        return None


_BETWEEN: Final = "  "
_DATES_A_LINE: Final = 3


class RhythmField(PickerField):
    """A rhythm in short words; the ledger answers what it means and its next five dates, which stay in sight."""

    def __init__(self, desk: Desk, *, chosen: Suggestion | None = None) -> None:
        super().__init__(
            "settle_every",
            "Settlement Frequency",
            partial(find_rhythm, desk.ledger),
            required=False,
            chosen=chosen,
            hint="month last day, 3 weeks mon",
            nothing="No rhythm is",
        )

    def choose(self, suggestion: Suggestion) -> None:
        """As every picker; the dates stay."""
        super().choose(suggestion)
        self._list.update(Content("\n".join(_in_lines(suggestion.detail))))
        self._list.display = bool(suggestion.detail)

    def _paint_list(self) -> None:
        """All five dates are in sight before the rhythm is taken."""
        super()._paint_list()
        for one in self.suggestions:
            lines = [f"> {safe_text(one.text)}", *(f"  {line}" for line in _in_lines(one.detail))]
            self._list.update(Content("\n".join(lines)))


def _in_lines(detail: str) -> list[str]:
    """The dates of a rhythm, as many in a line as a form of 80 cells has room for."""
    dates = safe_text(detail).split(_BETWEEN)
    return [_BETWEEN.join(dates[at : at + _DATES_A_LINE]) for at in range(0, len(dates), _DATES_A_LINE)]


async def find_rhythm(ledger: Ledger, text: str) -> Sequence[Suggestion]:
    """What a keyed rhythm means, as the one suggestion; none for what is no rhythm. One request."""
    try:
        members = parse_rhythm(text)
    except RhythmError:
        return []
    anchor = members.get("anchor")
    try:
        found = await ledger.settlement_dates(
            every=int(members["every"]),
            unit=members["unit"],
            weekday=members.get("weekday"),
            nth=members.get("nth"),
            day_of_month=int(members["day_of_month"]) if "day_of_month" in members else None,
            anchor=date.fromisoformat(anchor) if anchor else None,
        )
    except (Refused, ValueError):
        return []
    dates = _BETWEEN.join(show_date(day) for day in found.next_settlements)
    given = members if anchor else members | {"anchor": ""}
    return [Suggestion(json.dumps(given), found.words, dates)]


def _rhythm(value: str) -> NewSettleEvery | None:
    """The wire's rhythm of what the field took."""
    if not value:
        return None
    members = {name: kept for name, kept in json.loads(value).items() if kept}
    for name in ("every", "day_of_month", "nth"):
        if str(members.get(name, "")).isdigit():
            members[name] = int(members[name])
    return NewSettleEvery.model_validate_json(json.dumps(members))


def _as_chosen(every: SettleEvery | None, words: str, dates: Sequence[date]) -> Suggestion | None:
    """The rhythm that an account has, as the field shows it."""
    if every is None:
        return None
    members = {name: str(kept) for name, kept in every.model_dump(mode="json").items() if kept is not None}
    return Suggestion(json.dumps(members), words, _BETWEEN.join(show_date(day) for day in dates))


# ── accounts ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def new_account_fields(desk: Desk, customer: CustomerBrief | None = None) -> list[Field]:
    """Customer or a new one, opening credit, terms."""
    chosen = None if customer is None else Suggestion(customer.id, customer_label(customer))
    currency = desk.currency
    return [
        PickerField(
            "customer_id", "Client", partial(find_customers, desk.ledger), required=False, chosen=chosen,
            hint="name, number or phone; empty: a new one",
        ),
        TextField("first_name", "New: First Name", max_length=140),
        TextField("last_name", "New: Last Name", max_length=140),
        TextField("mobile_no", "New: Phone", max_length=32),
        MoneyField("opening_credit_minor", f"Opening Credit {currency}", currency, required=False),
        LimitField("max_credit_minor", f"Maximum Credit {currency}", currency),
        ChoiceField("restrict_credit", "Restrict Credit", _YES_NO, value="yes"),
        RhythmField(desk),
        TextField("statement_email", "E-mail for statements", max_length=254),
    ]  # fmt: skip


def missing_customer(values: dict[str, str]) -> dict[str, str]:
    """What keeps the form back, by field: neither a client nor a new one's names, or both."""
    named = [name for name in ("first_name", "last_name", "mobile_no") if values.get(name)]
    if values.get("customer_id"):
        return {"first_name": "A client was chosen: leave the new one's names empty."} if named else {}
    if not named:
        return {"customer_id": "Choose a client, or name a new one."}
    return {
        name: f"A new client needs a {name.replace('_', ' ')}."
        for name in ("first_name", "last_name")
        if not values.get(name)
    }


def new_account(values: dict[str, str], desk: Desk) -> NewCreditAccount:
    """The body of a creation, from the wire values of the form."""
    customer = None
    if not values.get("customer_id"):
        customer = NewCustomer(
            branch_id=desk.branch.id,
            first_name=values.get("first_name"),
            last_name=values.get("last_name"),
            mobile_no=values.get("mobile_no"),
            active=True,
        )
    limit = values["max_credit_minor"]
    return NewCreditAccount(
        customer_id=values.get("customer_id"),
        customer=customer,
        opening_credit_minor=int(values.get("opening_credit_minor", "0")),
        max_credit_minor=None if limit == _NONE else int(limit),
        restrict_credit=values["restrict_credit"] == "yes",
        settle_every=_rhythm(values.get("settle_every", "")),
        statement_email=values.get("statement_email"),
    )


def terms_fields(desk: Desk, account: CreditAccount) -> list[Field]:
    """What may be changed of an account, filled from it."""
    currency, limit = account.currency, account.max_credit_minor
    return [
        LimitField(
            "max_credit_minor", f"Maximum Credit {currency}", currency,
            value=_NONE if limit is None else money(limit, currency),
        ),
        ChoiceField(
            "restrict_credit", "Restrict Credit", _YES_NO, value="yes" if account.restrict_credit else "no"
        ),
        RhythmField(
            desk,
            chosen=_as_chosen(account.settle_every, account.settle_every_words, account.next_settlements),
        ),
        ChoiceField(
            "status", "Status", [("active", "Active"), ("inactive", "Inactive")], value=str(account.status)
        ),
        TextField(
            "statement_email", "E-mail for statements", max_length=254, value=account.statement_email or ""
        ),
    ]  # fmt: skip


def changed_terms(values: dict[str, str], account: CreditAccount) -> CreditAccountChange | None:
    """The body of a change: only what differs; None when nothing does."""
    limit = values["max_credit_minor"]
    keyed: dict[str, object] = {
        "max_credit_minor": None if limit == _NONE else int(limit),
        "restrict_credit": values["restrict_credit"] == "yes",
        "statement_email": values.get("statement_email"),
        "status": CreditStatus(values["status"]),
    }
    differs = {name: value for name, value in keyed.items() if value != getattr(account, name)}
    before = _as_chosen(account.settle_every, "", ())
    if values.get("settle_every", "") != (before.value if before is not None else ""):
        differs["settle_every"] = _rhythm(values.get("settle_every", ""))
    return CreditAccountChange.model_validate(differs) if differs else None


# ── money ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def purchase_fields(account: CreditAccount) -> list[Field]:
    """Amount, reference, narration."""
    return [
        MoneyField("amount_minor", f"Amount {account.currency}", account.currency),
        TextField("pos_ref", "Reference", max_length=100),
        TextField("narration", "Narration"),
    ]


def adjustment_fields(account: CreditAccount) -> list[Field]:
    """Which way, amount, why."""
    return [
        ChoiceField("way", "Owes", [("more", "More"), ("less", "Less")], value="less"),
        MoneyField("amount_minor", f"Amount {account.currency}", account.currency),
        TextField("narration", "Why", required=True),
    ]


def new_purchase(values: dict[str, str]) -> NewPurchase:
    """The body of a purchase."""
    return NewPurchase(
        amount_minor=int(values["amount_minor"]),
        pos_ref=values.get("pos_ref"),
        narration=values.get("narration", ""),
    )


def new_refund(values: dict[str, str]) -> NewRefund:
    """The body of a refund."""
    return NewRefund(
        amount_minor=int(values["amount_minor"]),
        pos_ref=values.get("pos_ref"),
        narration=values.get("narration", ""),
    )


def new_adjustment(values: dict[str, str]) -> NewAdjustment:
    """The body of an adjustment."""
    sign = 1 if values["way"] == "more" else -1
    return NewAdjustment(amount_minor=sign * int(values["amount_minor"]), narration=values["narration"])


def settlement_fields(account: CreditAccount, marked: Sequence[CreditTransaction]) -> list[Field]:
    """What, tender, reference, amount; marked transactions are what is meant where there are any."""
    ways = [(EVERYTHING, "All"), (OLDEST, "Oldest first")]
    if marked:
        ways.insert(0, (CHOSEN, f"The {len(marked)} marked"))
    owed = sum(one.open_minor for one in marked) if marked else max(0, account.owed_minor)
    return [
        ChoiceField("mode", "Settle", ways, value=CHOSEN if marked else EVERYTHING),
        ChoiceField("tender", "Tender", TENDERS, value="cash"),
        TextField("reference", "Reference", max_length=100, hint="cheque or transfer number"),
        MoneyField(
            "amount_minor", f"Amount {account.currency}", account.currency,
            value=money(owed, account.currency) if owed else "",
        ),
    ]  # fmt: skip


def new_settlement(
    values: dict[str, str], account: CreditAccount, marked: Sequence[CreditTransaction]
) -> NewSettlement:
    """The body of a settlement; an amount below what is marked settles the oldest of it, the last in part."""
    amount = int(values["amount_minor"])
    mode = SettlementMode(values["mode"])
    lines: list[SettlementLine] = []
    if mode is SettlementMode.SELECTED:
        left = amount
        for one in sorted(marked, key=lambda each: each.seq):
            if left > 0:
                part = min(left, one.open_minor)
                lines.append(SettlementLine(transaction_id=one.id, amount_minor=part))
                left -= part
    elif mode is SettlementMode.ALL and amount < account.owed_minor:
        # Less than all that is owed can only mean the oldest.
        mode = SettlementMode.OLDEST_FIRST
    return NewSettlement(
        tender=SettlementTender(values["tender"]),
        mode=mode,
        reference=values.get("reference"),
        lines=tuple(lines),
        amount_minor=amount,
    )
