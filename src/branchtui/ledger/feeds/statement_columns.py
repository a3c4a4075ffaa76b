"""Which column of a statement's table says what: as it was said, or by the names that banks give."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from branchtui.ledger.feeds.table_unfit import column_name

if TYPE_CHECKING:
    from collections.abc import Sequence

    from branchtui.contract.statements import AboveZero, Columns

PORTAL: Final = "mpesa"
"""The organisation portal of M-PESA."""

MEANINGS: Final = (
    "date",
    "amount",
    "credit",
    "debit",
    "side",
    "currency",
    "account",
    "reference",
    "payer_name",
    "payer_phone",
    "account_ref",
    "details",
    "balance",
    "status",
)

_NAMES: Final[dict[str, tuple[str, ...]]] = {
    "date": (
        "date", "transaction_date", "booking_date", "posting_date", "posted_date", "date_posted", "booked_on",
        "value_date", "completion_time", "journaldate", "buchungstag", "buchungsdatum", "datum", "txn_date", "tran_date",
        "date_de_comptabilisation", "date_opération", "date_operation", "date_de_valeur", "fecha", "data", "created",
        "created_(utc)", "trans_date", "trans._date", "entry_date", "fecha_operación", "fecha_operacion", "data_operazione",
        "tarehe",
    ),
    "amount": (
        "amount", "transaction_amount", "netamount", "net_amount", "betrag", "value", "montant", "importe", "importo",
        "bedrag", "umsatz", "kwota", "kiasi",
    ),
    "credit": (
        "credit", "credit_amount", "credits", "deposit", "deposits", "paid_in", "money_in", "cr", "haben", "crédit",
        "credit_amt", "crédit_euros", "abono", "abonos", "avere",
    ),
    "debit": (
        "debit", "debit_amount", "debits", "withdrawal", "withdrawals", "withdrawn", "paid_out", "money_out", "dr",
        "soll", "débit", "debit_amt", "débit_euros", "cargo", "cargos", "dare",
    ),
    "side": (
        "dr/cr", "cr/dr", "debit/credit", "credit/debit", "d/c", "c/d", "drcr", "crdr", "dr_cr", "cr_dr", "soll/haben",
    ),
    "currency": ("currency", "ccy", "währung", "currency_code", "waehrung", "devise", "monn."),
    "account": (
        "auftragskonto", "account", "account_number", "account_no", "account_no.", "iban", "konto", "kontonummer", "own_account",
    ),
    "reference": (
        "receipt_no.", "receipt_no", "transaction_id", "transaction_reference", "bank_reference", "transaction_ref",
        "reference_number", "reference_no", "reference_no.", "reference", "ref", "ref_no", "transaction_no",
        "n°_de_transaction",
    ),
    "payer_name": (
        "payer_name", "payer", "name", "counterparty", "counterparty_name", "sender", "payee", "sender_name",
        "partner_name", "auftraggeber/empfänger", "beguenstigter/zahlungspflichtiger",
        "begünstigter/zahlungspflichtiger", "name_zahlungsbeteiligter",
    ),
    "payer_phone": ("payer_phone", "phone", "msisdn", "phone_number", "mobile"),
    "account_ref": ("a/c_no.", "a/c_no", "account_ref", "customer_reference", "client_reference", "payment_reference"),
    "details": (
        "description_1", "description", "details", "narration", "narrative", "particulars", "reason", "memo", "remarks",
        "transaction_details", "verwendungszweck", "label", "libellé", "libelle", "desc", "vwz1", "buchungstext",
        "omschrijving", "concepto", "descrizione", "maelezo",
    ),
    "balance": (
        "balance", "running_balance", "runningbalance", "saldo", "book_balance", "closing_balance", "solde", "kontostand",
    ),
    "status": ("transaction_status", "status"),
}  # fmt: skip
"""By the names of `column_name`, the likeliest first."""

_IN_CURRENCY: Final = re.compile(r"(.+?)_?\(([a-z]{3})\)", re.ASCII)
"""A name that says its currency: `Amount (EUR)`."""

MONEY: Final = ("amount", "credit", "debit")
"""Meanings of the columns that may hold a movement's amount."""

_BOOKED: Final = frozenset(
    {
        "", "completed", "complete", "posted", "booked", "cleared", "settled", "success", "successful", "paid", "succeeded",
    }
)  # fmt: skip
_PORTAL_NAMES: Final = frozenset({"completion_time", "paid_in", "withdrawn"})
_RECEIPT: Final = ("receipt_no.", "receipt_no")


@dataclass(frozen=True, slots=True)
class ColumnPlan:
    """What was chosen: meaning to the name of its column, and which words of a status mean that it is booked.

    `currency` is the one that the names of the columns of money say, empty where they say none or several.
    `has_debits_alone`: beside a column of amounts there is one of debits and none of credits.
    `above_zero` is what was saved with the columns.
    """

    columns: dict[str, str] = field(default_factory=dict)
    booked: frozenset[str] = _BOOKED
    is_portal: bool = False
    currency: str = ""
    has_debits_alone: bool = False
    above_zero: AboveZero | None = None

    @property
    def missing(self) -> str | None:
        """What no statement can do without, in a sentence, or None."""
        if "date" not in self.columns:
            return "No column was found that holds the date."
        if "amount" not in self.columns and "credit" not in self.columns:
            return "No column was found that holds the amount, or what was paid in."
        if self.has_debits_alone:
            return "There is a column of amounts and one of debits, but none of credits: it is not clear which counts."
        return None


def is_portal(names: Sequence[str]) -> bool:
    """Whether a header is that of the M-PESA organisation portal."""
    return set(names) >= _PORTAL_NAMES and any(each in names for each in _RECEIPT)


def is_header(names: Sequence[str]) -> bool:
    """Whether a row looks like the header of a statement: it names a date and an amount as banks do."""
    return choose(names).missing is None


def choose(names: Sequence[str]) -> ColumnPlan:
    """The plan for a header whose columns have these names, by what banks call them."""
    found: dict[str, str] = {}
    taken: set[str] = set()
    inner: dict[str, tuple[str, str]] = {}
    for each in names:
        if told := _IN_CURRENCY.fullmatch(each):
            inner.setdefault(told[1], (each, told[2].upper()))
    for meaning in MEANINGS:
        says_currency = meaning in {*MONEY, "balance"}
        for known in _NAMES[meaning]:
            name = inner[known][0] if says_currency and known not in names and known in inner else known
            if name in names and name not in taken:
                found[meaning] = name
                taken.add(name)
                break
    if "amount" in found and "credit" in found:
        del found["amount"]
    has_debits_alone = "amount" in found and found.pop("debit", None) is not None
    if is_portal(names) and "account" in found:
        # The portal's file is of one short code: an account in a row is the one that the payer named.
        found.setdefault("account_ref", found["account"])
        del found["account"]
    of = dict(inner.values())
    told_by = {of[found[each]] for each in MONEY if found.get(each) in of}
    currency = told_by.pop() if len(told_by) == 1 else ""
    return ColumnPlan(found, is_portal=is_portal(names), currency=currency, has_debits_alone=has_debits_alone)


def as_said(columns: Columns) -> ColumnPlan:
    """The plan that was given or saved."""
    said = columns.model_dump()
    found = {meaning: column_name(said[meaning]) for meaning in MEANINGS if said[meaning]}
    booked = frozenset(each.strip().lower() for each in columns.booked) or _BOOKED
    return ColumnPlan(found, booked, above_zero=columns.above_zero)
