"""What becomes of each entry of a statement: a payment, one that is there already, or nothing, and why."""

from __future__ import annotations

from datetime import datetime
from functools import partial
from itertools import chain
from typing import TYPE_CHECKING, Any, Final, NamedTuple
from zoneinfo import ZoneInfo

from branchtui.contract.payments import PaymentSource, PaymentState
from branchtui.format.money import money
from branchtui.ledger.clock import as_us, local_date
from branchtui.ledger.feeds.finding import ERROR, OK, Finding, error, warning
from branchtui.ledger.feeds.incoming import AHEAD_US, PhoneForm
from branchtui.ledger.feeds.mpesa import is_receipt_code, phone_of, receipt_code
from branchtui.ledger.feeds.statement import Direction, Entry, Standing
from branchtui.ledger.phones import region_of
from branchtui.ledger.store import statement_store
from branchtui.ledger.workflows.statement_accounts import MANUAL_TRANSFER
from branchtui.ledger.workflows.statement_batches import Batches, dumped, names_of, settled
from branchtui.ledger.workflows.statement_codes import Codes, Fate, Held, Wanted, base_of, dated

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterable, Sequence

    from branchtui.ledger.core import Core
    from branchtui.ledger.feeds.statement import Booking, Statement
    from branchtui.ledger.store.connection import Connection
    from branchtui.ledger.workflows.statement_accounts import OurAccount
    from branchtui.ledger.workflows.statement_codes import Decision

PASSED: Final = "passed-over"

_Because = tuple[str, str, str]
"""Why an entry is no payment: level, code and sentence."""


class Judged(NamedTuple):
    """An entry with its fate (`Fate`, or passed over), what is said of it, and what would be taken in.

    `cells` are the entry as the report keeps it.
    """

    entry: Entry
    fate: str
    findings: list[Finding]
    cells: tuple[str, ...]
    said: str = ""
    parsed: dict[str, Any] | None = None


class KnownCodes:
    """The payments behind codes, read for many at once. Days are those of each payment's branch."""

    def __init__(self, core: Core, connection: Connection) -> None:
        self._core, self._connection = core, connection
        self._known: dict[str, dict[str, Held | None]] = {}
        self._ids: dict[str, dict[str, str]] = {}
        self._zones: dict[str, ZoneInfo] = {}
        self._any: dict[str, bool] = {}

    def read_series(
        self, provider: str, bookings: Iterable[tuple[str, str]], claimed: Container[str] = frozenset()
    ) -> None:
        """Look up the codes that bookings (reference and day) may have.

        The one with the day counts only where the reference is taken: held, claimed, or another booking's too.
        """
        days: dict[str, list[str]] = {}
        for base, day in bookings:
            days.setdefault(base, []).append(day)
        self.read(provider, days)
        known = self._known[provider]
        taken = (each for each in days if known[each] is not None or each in claimed or len(days[each]) > 1)
        self.read(provider, [dated(base, day) for base in taken for day in days[base]])

    def read(self, provider: str, codes: Iterable[str]) -> None:
        """Look these codes up, unless they were."""
        known = self._known.setdefault(provider, {})
        wanted = [each for each in dict.fromkeys(codes) if each not in known]
        if not wanted:
            return
        known.update(dict.fromkeys(wanted))
        if provider not in self._any:
            self._any[provider] = statement_store.has_payments(self._connection, provider)
        if not self._any[provider]:
            return
        ids = self._ids.setdefault(provider, {})
        for found in statement_store.by_codes(self._connection, provider, wanted):
            day = datetime.fromtimestamp(found.paid_at / 1_000_000, self._zone(found.branch_id)).date()
            ids[found.code] = found.id
            known[found.code] = Held(
                found.payment_no,
                found.amount_minor,
                found.currency,
                day.isoformat(),
                found.source,
                found.state == PaymentState.REVERSED,
            )

    def ids(self, provider: str) -> dict[str, str]:
        """Code to the id of its payment, of the codes that were looked up and are held."""
        return self._ids.get(provider, {})

    def held(self, provider: str, code: str) -> Held | None:
        """The payment with this code of this provider."""
        known = self._known.setdefault(provider, {})
        if code not in known:
            self.read(provider, [code])
        return known[code]

    def _zone(self, branch_id: str) -> ZoneInfo:
        if branch_id not in self._zones:
            self._zones[branch_id] = ZoneInfo(self._core.tree[branch_id].timezone)
        return self._zones[branch_id]


class Judge:
    """Judges the entries of one file, in order."""

    def __init__(self, core: Core, connection: Connection) -> None:
        self._core = core
        self._known = KnownCodes(core, connection)
        self._batches = Batches(connection)
        self._codes: dict[str, Codes] = {}
        self._known_claims: dict[str, set[str]] = {}
        self._noons: dict[tuple[str, str], int] = {}
        self._latest = local_date(core.clock.now_us() + AHEAD_US, "UTC").isoformat()

    def all(
        self, entries: Sequence[Entry], account_of: Callable[[Statement], OurAccount | None]
    ) -> list[Judged]:
        """The verdict on each, with one look at the ledger for all of them."""
        prepared: list[tuple[Entry, OurAccount | None, Wanted | None, _Because | None]] = []
        series: dict[str, list[tuple[str, str]]] = {}
        listed: dict[str, list[str]] = {}
        wholes: dict[str, list[tuple[Booking | None, Wanted]]] = {}
        slips: list[str] = []
        for entry in entries:
            account, because = account_of(entry.statement), _passed_over(entry)
            wanted = _wanted(entry, account) if account is not None and because is None else None
            prepared.append((entry, account, wanted, because))
            if account is None or wanted is None:
                continue
            provider = account.provider
            series.setdefault(provider, []).append((wanted.base, wanted.day))
            if entry.booking is not None and entry.booking.is_listed:
                listed.setdefault(provider, []).extend(entry.booking.references)
            elif not wanted.is_strict:
                wholes.setdefault(provider, []).append((entry.booking, wanted))
            if entry.reference is not None and not wanted.is_strict:
                slips.append(entry.reference)
        for provider, some in series.items():
            self._known.read_series(provider, some, self._codes_of(provider).claimed)
        for provider, references in listed.items():
            self._known.read(provider, references)
        for provider, told in wholes.items():
            self._batches.read(provider, chain.from_iterable(names_of(*each) for each in told))
        self._known.read(MANUAL_TRANSFER, slips)
        return [self._judge(*each) for each in prepared]

    def _codes_of(self, provider: str) -> Codes:
        codes = self._codes.get(provider)
        if codes is None:
            codes = self._codes[provider] = Codes(partial(self._known.held, provider))
        return codes

    def _judge(
        self, entry: Entry, account: OurAccount | None, wanted: Wanted | None, because: _Because | None
    ) -> Judged:
        findings, cells = entry.findings, _cells(entry)
        if entry.is_blank or (findings and any(each.level == ERROR for each in findings)):
            return Judged(entry, PASSED, findings, cells)
        if because is not None:
            level, code, said = because
            if level == OK and not findings:
                return Judged(entry, PASSED, [Finding(OK, code, f"{_line(cells)}: {said}")], cells)
            found = Finding(level if level != OK else "warning", code, said)
            return Judged(entry, PASSED, [*findings, found], cells)
        if account is None or wanted is None:
            if account is None:
                said = f"Account {entry.statement.account} is none of ours here."
                findings.append(error("account-unknown", said, None, entry.statement.account))
            else:
                findings.append(error("entry", "The entry cannot be read."))
            return Judged(entry, PASSED, findings, cells)
        if wanted.is_strict and (entry.reference is None or not is_receipt_code(wanted.base)):
            said = (
                f"{entry.reference} is no receipt number."
                if entry.reference
                else "The entry has no receipt number."
            )
            findings.append(error("reference", said, "reference", entry.reference))
            return Judged(entry, PASSED, findings, cells)
        if wanted.day > self._latest:
            said = f"{wanted.day} is more than a year ahead: no payment can be of that day."
            findings.append(error("date", said, "date", wanted.day))
            return Judged(entry, PASSED, findings, cells)
        return self._payment(entry, account, wanted, cells)

    def _payment(self, entry: Entry, account: OurAccount, wanted: Wanted, cells: tuple[str, ...]) -> Judged:
        manual = self._manual(entry, wanted)
        if manual is not None:
            decision = manual
        else:
            codes = self._codes_of(account.provider)
            decision = settled(
                codes.decide(wanted),
                wanted,
                entry.booking,
                account.provider,
                batches=self._batches,
                held=codes.held,
            )
        findings = entry.findings
        if decision.fate is Fate.KNOWN:
            if not wanted.is_strict:
                self._known_claims.setdefault(wanted.base, set()).add(decision.code)
            number = f"payment {decision.held.payment_no}" if decision.held else "an entry above"
            said = f"{_line(cells)}: {decision.because or f'this is {number}'}; nothing changes."
            if decision.because:
                findings = []
            is_keyed = decision.held is not None and decision.held.source == PaymentSource.MANUAL
            told = self._parsed(entry, account, wanted, decision) if is_keyed else None
            return Judged(entry, Fate.KNOWN, findings or [Finding(OK, "known", said)], cells, "", told)
        parsed = self._parsed(entry, account, wanted, decision)
        if decision.fate is Fate.QUARANTINED:
            findings.append(
                warning("quarantined", contradiction(wanted, decision), "reference", decision.code)
            )
            return Judged(entry, Fate.QUARANTINED, findings, cells, "", parsed)
        return Judged(entry, Fate.NEW, findings, cells, _line(cells), parsed)

    def _manual(self, entry: Entry, wanted: Wanted) -> Decision | None:
        """The bank transfer that somebody keyed from a slip under the bank's reference."""
        if wanted.is_strict or entry.reference is None:
            return None
        held = self._known.held(MANUAL_TRANSFER, entry.reference)
        if held is None:
            return None
        codes = self._codes_of(MANUAL_TRANSFER)
        if entry.reference in codes.claimed:
            return None
        return codes.decide(
            Wanted(entry.reference, wanted.day, wanted.amount_minor, wanted.currency, is_strict=True)
        )

    def _noon(self, day: str, timezone: str) -> int:
        """The instant that stands for a day of which no more is known."""
        found = self._noons.get((day, timezone))
        if found is None:
            at = datetime.fromisoformat(day).replace(hour=12, tzinfo=ZoneInfo(timezone))
            found = self._noons[day, timezone] = as_us(at)
        return found

    def _parsed(
        self, entry: Entry, account: OurAccount, wanted: Wanted, decision: Decision
    ) -> dict[str, Any]:
        """What the taking in needs of an entry, as JSON keeps it."""
        branch = self._core.tree[account.branch_id]
        phone, form = (
            phone_of(entry.payer_phone, region_of(branch.currency, branch.timezone))
            if entry.payer_phone
            else (None, PhoneForm.NONE)
        )
        paid_at = entry.at_us
        if paid_at is None or (not wanted.is_strict and _day_of(paid_at, branch.timezone) != wanted.day):
            # The bank's day is what every other file of it says: an instant of another day here would hide the payment.
            paid_at = self._noon(wanted.day, branch.timezone)
        found: dict[str, Any] = {
            "fate": decision.fate.value,
            "provider": account.provider,
            "branch_id": account.branch_id,
            "base": wanted.base,
            "day": wanted.day,
            "other_day": wanted.other_day,
            "is_strict": wanted.is_strict,
            "code": decision.code,
            "amount_minor": wanted.amount_minor,
            "currency": wanted.currency,
            "paid_at": paid_at,
            "payer_name": entry.payer_name or None,
            "payer_phone": phone,
            "phone_form": form.value,
            "account_ref": entry.account_ref or None,
        }
        claimed = self._known_claims.get(wanted.base)
        if claimed:
            found["claimed"] = sorted(claimed)
        if entry.booking is not None:
            found["booking"] = dumped(entry.booking)
        if entry.raw is not None:
            found["raw"] = entry.raw[:8_000]
        if decision.fate is Fate.KNOWN and decision.held is not None:
            found["confirms"] = decision.held.payment_no
        if decision.fate is Fate.QUARANTINED:
            found["details"] = entry.details
            found["reason"] = contradiction(wanted, decision)
        return found


def _day_of(at_us: int, timezone: str) -> str:
    return datetime.fromtimestamp(at_us / 1_000_000, ZoneInfo(timezone)).date().isoformat()


def contradiction(wanted: Wanted, decision: Decision) -> str:
    """Why an entry is kept apart: its code stands for another amount, or what else was found."""
    if decision.because:
        return decision.because
    now = f"{money(wanted.amount_minor, wanted.currency)} {wanted.currency}"
    if decision.held is None:
        return f"Code {decision.code} stands twice in this statement, here with {now}."
    held = decision.held
    first = f"{money(held.amount_minor, held.currency)} {held.currency}"
    return f"Code {decision.code} is payment {held.payment_no} of {first}; this statement says {now}."


def _passed_over(entry: Entry) -> _Because | None:
    """Why an entry is no payment; None where it is one."""
    if entry.is_opening:
        return OK, "opening", "a balance carried forward is no payment."
    if entry.standing is Standing.PENDING:
        return OK, "pending", "it is not booked; it comes again when it is."
    if entry.standing is Standing.INFORMATION:
        return OK, "information", "it is information, not money."
    if entry.amount_minor == 0:
        return OK, "zero", "no money moved."
    if entry.is_reversal:
        took = "taken back a payment" if entry.direction is Direction.DEBIT else "given back what went out"
        return "warning", "reversal", f"The bank has {took}: look after it by hand. Nothing is changed here."
    if entry.direction is Direction.DEBIT:
        return OK, "debit", "money that went out is no payment."
    if entry.statement.is_interim and entry.reference is None:
        return OK, "interim", "the bank has given it no reference yet; it comes again in the day's statement."
    return None


def _wanted(entry: Entry, account: OurAccount) -> Wanted | None:
    """An entry that is not passed over as a payment that is looked for; None where it cannot be read."""
    if entry.day is None or not entry.amount_minor:
        return None
    base = receipt_code(entry.reference) if account.is_strict and entry.reference else None
    if base is None:
        says = (
            entry.payer_name,
            entry.account_ref,
            entry.details,
            str(entry.amount_minor),
            entry.currency,
        )
        base = base_of(entry.reference, entry.day, account.number, says)
    return Wanted(
        base, entry.day, entry.amount_minor, entry.currency, account.is_strict, entry.other_day or ""
    )


def _cells(entry: Entry) -> tuple[str, ...]:
    """An entry as the report keeps it."""
    amount = "" if entry.amount_minor is None else money(entry.amount_minor, entry.currency)
    return (
        str(entry.place),
        entry.day or "",
        f"-{amount}" if amount and entry.direction is Direction.DEBIT else amount,
        entry.currency,
        entry.reference or "",
        entry.payer_name,
        entry.account_ref,
        entry.details,
    )


def _line(cells: tuple[str, ...]) -> str:
    """An entry in a few words."""
    _, day, amount, currency, reference, payer_name, account_ref, _ = cells
    words = (day, f"{amount} {currency}", reference, payer_name, account_ref)
    return " ".join([each for each in words if each])[:200]
