"""Which column of a statement's table says what: as it was said, or by the names that banks give."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from babel.core import get_global

from branchtui.ledger.feeds.status_words import BOOKED
from branchtui.ledger.feeds.table_unfit import column_name

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

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
        "completion_time", "journaldate", "buchungstag", "buchungsdatum", "datum", "txn_date", "tran_date",
        "date_de_comptabilisation", "date_opération", "date_operation", "date_de_valeur", "fecha", "data", "created",
        "created_(utc)", "trans_date", "entry_date", "fecha_operación", "fecha_operacion", "data_operazione",
        "tarehe", "buchung", "booked_at", "completed_date", "transaction_date/time", "date/time", "date_time",
        "transaction_time", "data_księgowania", "data_operacji", "data_transakcji", "date_comptable", "fecha_contable",
        "fecha_de_operación", "data_lançamento", "data_do_lançamento", "dt_lançamento", "data_mov", "data_contabile",
        "bokföringsdag", "bokföringsdatum", "transaktionsdatum", "bogført", "bokføringsdato", "bokført", "dato",
        "kirjauspäivä", "data_i_czas_operacji", "könyvelés_dátuma", "datum_transakce", "txn_date/time", "trx_date", "transaction_day", "finish_time", "transaction_timestamp", "timestamp", "created_at", "value_date",
        "transaction_date_and_time", "transaction_date_&_time", "date_and_time",
    ),
    "amount": (
        "amount", "transaction_amount", "netamount", "net_amount", "betrag", "value", "montant", "importe", "importo",
        "bedrag", "umsatz", "kwota", "kiasi", "kwota_operacji", "kwota_transakcji", "valor", "belopp", "beløp", "beløb",
        "määrä", "määrä_euroa", "suma", "összeg", "objem", "částka", "montant_operation", "montant(euros)",
        "kwota_transakcji_(waluta_rachunku)",  "txn_amount", "tran_amount", "trx_amount", "credit/debit_amount",
    ),
    "credit": (
        "credit", "credit_amount", "credits", "deposit", "deposits", "paid_in", "money_in", "cr", "haben", "crédit",
        "credit_amt", "crédit_euros", "abono", "abonos", "avere", "deposit_amount", "deposit_amt", "amount_credited",
        "credited_amount", "gutschrift", "uznania", "uznanie", "entradas", "entrada", "crédito", "créditos", "haber",
        "ingresos", "entrate", "accrediti", "inn_på_konto", "inn", "ind", "insättning", "insättningar", "cash_in", "receipts",
    ),
    "debit": (
        "debit", "debit_amount", "debits", "withdrawal", "withdrawals", "withdrawn", "paid_out", "money_out", "dr",
        "soll", "débit", "debet", "debit_amt", "débit_euros", "cargo", "cargos", "dare", "withdrawal_amount", "withdrawal_amt",
        "amount_debited", "debited_amount", "belastung", "lastschrift", "obciążenia", "obciążenie", "saídas", "saída",
        "débito", "débitos", "debe", "gastos", "uscite", "addebiti", "ut_fra_konto", "ut", "ud", "uttag", "cash_out", "payments",
    ),
    "side": (
        "dr/cr", "cr/dr", "debit/credit", "credit/debit", "d/c", "c/d", "drcr", "crdr", "dr_cr", "cr_dr", "soll/haben",
        "debit_credit", "credit_debit", "debit_or_credit", "credit_or_debit", "d_c", "s/h", "+/", "wn/ma", "ma/wn",
        "debe/haber", "bij/af", "af/bij", "credit_debit_indicator", "debit_credit_indicator", "dr/cr_indicator",
        "debet/credit", "debet/kredit", "debit/kredit",
    ),
    "currency": (
        "currency", "ccy", "währung", "currency_code", "waehrung", "devise", "monn", "waluta", "moneda", "moeda",
        "divisa", "munt", "account_currency", "měna", "pénznem",
    ),
    "account": (
        "auftragskonto", "account", "account_number", "account_no", "iban", "konto", "kontonummer", "own_account",
        "iban_auftragskonto", "iban/bban", "rekening", "rekeningnummer", "iban_kontoinhaber",
    ),
    "reference": (
        "receipt_no", "transaction_id", "transaction_reference", "bank_reference", "transaction_ref",
        "reference_number", "reference_no", "reference", "ref", "ref_no", "transaction_no", "n°_de_transaction",
        "transaction_number", "txn_id", "tran_id", "trans_id", "trx_id", "transaction_ref_no", "txn_ref_no",
        "receipt_number", "mpesa_receipt", "transferwise_id", "volgnr", "transaktions_nr", "zkb_referenz",
        "chq/ref_number", "chq/ref_no", "chq/refno", "ref_no/cheque_no", "identificador", "arkivreferanse", "arkistointitunnus",
        "id_pohybu", "nr_transakcji", "transaction_reference_number", "confirmation_code", "id",
    ),
    "payer_name": (
        "payer_name", "payer", "name", "counterparty", "counterparty_name", "sender", "payee", "sender_name",
        "partner_name", "auftraggeber/empfänger", "beguenstigter/zahlungspflichtiger",
        "begünstigter/zahlungspflichtiger", "name_zahlungsbeteiligter", "counter_party", "begünstigter/auftraggeber",
        "auftraggeber/begünstigter", "zahlungspflichtiger", "empfänger/zahlungspflichtiger", "naam/omschrijving", "naam_tegenpartij", "nadawca/odbiorca",
        "nadawca", "kontrahent", "dane_kontrahenta", "název_protiúčtu", "saaja/maksaja", "navn", "namn", "avsändare", "avsender", "remitter", "remitter_name", "customer_name", "from_name",
        "ordenante", "ordinante", "remetente", "counteraccount_name", "naam",
    ),
    "payer_phone": (
        "payer_phone", "phone", "msisdn", "phone_number", "mobile", "mobile_number", "sender_msisdn", "payer_msisdn",
        "customer_msisdn", "sender_phone", "sender_mobile", "customer_phone", "sender_phone_number",
        "sender_mobile_number", "payer_mobile_number", "payer_phone_number", "from_msisdn", "from",
    ),
    "account_ref": (
        "a/c_no", "account_ref", "customer_reference", "client_reference", "payment_reference", "account_reference",
        "bill_ref_number", "bill_reference", "bill_reference_number", "payer_reference",
        "to_message", "vs", "variabilní_symbol", "variable_symbol", "variable_symbol_1", "viite", "kid", "merchant_reference", "tx_ref",
    ),
    "details": (
        "description_1", "description", "details", "narration", "narrative", "particulars", "reason", "memo", "remarks",
        "transaction_details", "verwendungszweck", "vorgang/verwendungszweck", "avisierungstext", "label", "libellé", "libelle", "desc", "vwz1", "buchungstext",
        "omschrijving", "concepto", "descrizione", "maelezo", "transaction_description", "transaction_remarks",
        "transaction_particulars", "tran_particulars", "transaction_narration", "transaction_narrative", "omschrijving_1",
        "mededelingen", "tytuł", "tytuł_operacji", "opis_transakcji", "opis_operacji", "opis", "histórico", "descrição",
        "lançamento", "descripción", "causale", "beschreibung1", "forklaring", "beskrivelse",
        "beskrivning", "rubrik", "tittel", "viesti", "libelle_operation", "libellé_opération", "megjegyzés", "zpráva_pro_příjemce", "message_for_payee", "text/mottagare", "text", "tekst", "notes", "note", "message",
    ),
    "balance": (
        "balance", "running_balance", "runningbalance", "saldo", "book_balance", "closing_balance", "solde", "kontostand",
        "ledger_balance", "running_bal", "bal", "saldos", "saldo_na_trn", "saldo_nach_buchung", "saldo_po_operacji",
        "saldo_po_transakcji", "balance_after", "account_balance", "balance_amount", "bokfört_saldo",
    ),
    "status": ("transaction_status", "status"),
}  # fmt: skip
"""By the names of `_folded`, the likeliest first."""

_MARKS: Final = re.compile(r"[.*#:'\"]+")
"""What stands beside and within words for show: `Ref. No.`, `#Kwota`."""

_IN_CURRENCY: Final = re.compile(
    r"(.+?)(?P<in>_in)?_?(?:\((?:in_)?(?P<within>[a-z]{3,4}|r?\$|[€£₹])_?\)|_(?P<behind>[a-z]{3}))"
)
"""A name that says its currency: `Amount (EUR)`, `Umsatz in EUR`, `Deposit Amount (INR )`."""

_SIGNS: Final = {"€": "EUR", "£": "GBP", "₹": "INR", "r$": "BRL", "ksh": "KES", "kshs": "KES"}

MONEY: Final = ("amount", "credit", "debit")
"""Meanings of the columns that may hold a movement's amount."""

_OF_THE_PAYER: Final = ("reference", "reference_number", "reference_no", "ref", "ref_no")
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
    booked: frozenset[str] = BOOKED
    is_portal: bool = False
    currency: str = ""
    has_debits_alone: bool = False
    above_zero: AboveZero | None = None

    @property
    def may_be_payers_reference(self) -> bool:
        """Whether the column of references holds the bank's own in one bank's tables and the payer's in another's."""
        return self.columns.get("reference") in {"reference", "ref", "ref."}

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

    def fault(self, header: Sequence[str]) -> str | None:
        """Why a table of this header cannot be read so, in a sentence, or None."""
        if self.missing is not None:
            return f"{self.missing} Say which columns hold what: columns."
        for meaning, name in self.columns.items():
            count = header.count(name)
            if count == 0:
                return f"The column {name} ({meaning}) is not in the header."
            if count > 1 and not self._may_repeat(meaning, name, header):
                return f"The column {name} ({meaning}) stands there several times."
        return None

    def _may_repeat(self, meaning: str, name: str, header: Sequence[str]) -> bool:
        """Whether a column may stand again for the balance: a currency, and the side directly behind the amount."""
        amount = self.columns.get("amount")
        is_behind = amount in header and header.index(name) == header.index(amount) + 1
        return meaning == "currency" or (meaning == "side" and is_behind)


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
    by_fold: dict[str, str] = {}
    for each in names:
        by_fold.setdefault(_folded(each), each)
    inner, of = _in_currencies(by_fold)
    for meaning in MEANINGS:
        says_currency = meaning in {*MONEY, "balance"}
        for known in _NAMES[meaning]:
            name = by_fold.get(known) or (inner.get(known) if says_currency else None)
            if name is not None and name not in taken:
                found[meaning] = name
                taken.add(name)
                break
    if found.get("account") == "iban" and names.index("iban") > names.index(found.get("payer_name", "iban")):
        del found["account"]  # an IBAN behind the payer's name is the payer's
    if "account_ref" not in found and "details" not in found:
        # Beside a number of the transaction a reference is what the payer wrote.
        left = (by_fold[each] for each in _OF_THE_PAYER if each in by_fold and by_fold[each] not in taken)
        if (name := next(left, None)) is not None:
            found["account_ref"] = name
    if "amount" in found and "credit" in found:
        del found["amount"]
    if "credit" in found and "details" not in found and "transaction" in by_fold:
        found["details"] = by_fold["transaction"]  # beside one column of amounts it may say their side
    has_debits_alone = "amount" in found and found.pop("debit", None) is not None
    if is_portal(names) and "account" in found:
        # The portal's file is of one short code: an account in a row is the one that the payer named.
        found.setdefault("account_ref", found["account"])
        del found["account"]
    told_by = {of[found[each]] for each in MONEY if of.get(found.get(each, ""))}
    currency = told_by.pop() if len(told_by) == 1 else ""
    return ColumnPlan(found, is_portal=is_portal(names), currency=currency, has_debits_alone=has_debits_alone)


def _folded(name: str) -> str:
    """A name as it is looked for: without marks, and without gaps at its ends and around a stroke."""
    return _MARKS.sub("", name).replace("_/", "/").replace("/_", "/").strip("_")


def _in_currencies(by_fold: Mapping[str, str]) -> tuple[dict[str, str], dict[str, str]]:
    """The columns whose names say a currency: by what is left of the name without it, and the currency of each."""
    inner: dict[str, str] = {}
    of: dict[str, str] = {}
    for folded, name in by_fold.items():
        told = _IN_CURRENCY.fullmatch(folded)
        if told is None:
            continue
        said = told["within"] or told["behind"]
        code = _SIGNS.get(said, said.upper())
        if code not in get_global("all_currencies") and not said.endswith("$"):
            continue
        of[name] = "" if code == "$" else code
        inner.setdefault(told[1], name)
        if told["in"]:
            inner.setdefault(f"{told[1]}_in", name)  # `Paid In (KES)`
    return inner, of


def as_said(columns: Columns) -> ColumnPlan:
    """The plan that was given or saved."""
    said = columns.model_dump()
    found = {meaning: column_name(said[meaning]) for meaning in MEANINGS if said[meaning]}
    booked = frozenset(each.strip().lower() for each in columns.booked) or BOOKED
    return ColumnPlan(found, booked, above_zero=columns.above_zero)


def fitting(saved: Sequence[tuple[str, Columns]], names: Sequence[str]) -> tuple[str, ColumnPlan | None]:
    """The saved way of reading that fits a header, the one with the most columns, and its name; none where two do."""
    header = set(names)
    plans = [(name, as_said(columns)) for name, columns in saved]
    fit = [(len(plan.columns), name, plan) for name, plan in plans if set(plan.columns.values()) <= header]
    most = max((count for count, *_ in fit), default=0)
    best = [(name, plan) for count, name, plan in fit if count == most]
    return best[0] if len(best) == 1 else ("", None)
