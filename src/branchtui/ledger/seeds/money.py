"""Money of people who do not exist: balances, records that wait, payments matched and unmatched.

Every entry goes through the journal, in one operation a day; whose a payment is, and why it waits, is
decided by the rules that decide for real ones.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from branchtui.contract.balance_records import RecordStatus
from branchtui.contract.customers import AccountKind, CustomerStatus
from branchtui.ledger import audit, journal, numbers
from branchtui.ledger.operations import Command, Reply, execute
from branchtui.ledger.seeds.payments import Drafted, draft_payments, settle
from branchtui.ledger.setup import system_principal
from branchtui.ledger.store.rows import Account, BalanceRecord, Payment
from branchtui.ledger.store.text_index import filled_at_once
from branchtui.ledger.workflows.balance_records import accounted, posting
from branchtui.ledger.workflows.record_rules import is_owed

if TYPE_CHECKING:
    from branchtui.ledger.seeds.people import Person
    from branchtui.ledger.seeds.planting import Day, Planting
    from branchtui.ledger.store.unit import BulkTx

REFERENCES: Final = "seed_reference"
WAITING_DAYS: Final = 10
"""What waits came within so many days."""

_ACCOUNTED_SHARE: Final = 0.3
_RECORD_KINDS: Final = (AccountKind.SAVINGS, AccountKind.SHARES, AccountKind.LOAN)
_SIZES_MINOR: Final = {
    AccountKind.SAVINGS: (50_000, 25_000_000),
    AccountKind.SHARES: (100_000, 5_000_000),
    AccountKind.LOAN: (500_000, 60_000_000),
}
_NARRATIONS: Final = ("Passbook balance", "Balance brought forward", "Branch book", "Member register", "")


@dataclass(slots=True)
class DayPlan:
    """What happens on one day: accounts that open with a balance in minor units, records, payments."""

    day: Day
    openings: list[tuple[Account, int]] = field(default_factory=list)
    records: list[tuple[BalanceRecord, Account | None]] = field(default_factory=list)
    payments: list[Drafted] = field(default_factory=list)


def make_money(
    tx: BulkTx,
    planting: Planting,
    people: list[Person],
    *,
    payments: int,
    unmatched: int,
    balance_records: int,
) -> None:
    """Balances for all these people's accounts, records and payments over the last days, written day by day."""
    rng = planting.rng
    plans = [DayPlan(day) for day in planting.days]
    active = [person for person in people if person.customer.status == CustomerStatus.ACTIVE]
    for person in active:
        owed = {loan.terms.account_id: loan.owed_minor for loan in person.loans}
        for account in person.accounts[1:]:
            amount_minor = owed.get(account.id) or _amount_minor(planting, AccountKind(account.kind))
            rng.choice(plans).openings.append((account, amount_minor))
    if active:
        _plan_records(tx, planting, active, plans, balance_records)
        for plan, drafted in draft_payments(tx, planting, active, payments, unmatched, WAITING_DAYS):
            plans[plan].payments.append(drafted)
    with filled_at_once(tx.connection, "payments"):
        for each in plans:
            _write_day(tx, planting, each)


def _plan_records(
    tx: BulkTx, planting: Planting, active: list[Person], plans: list[DayPlan], count: int
) -> None:
    rng = planting.rng
    first = numbers.reserve(tx, REFERENCES, count) if count else 0
    recorders = itertools.cycle(planting.recorders)
    has_another = any(len(person.accounts) > 1 for person in active)
    for place in range(count):
        is_accounted = rng.random() < _ACCOUNTED_SHARE and has_another
        plan = rng.choice(plans if is_accounted else plans[-WAITING_DAYS:])
        person = rng.choice(active)
        while is_accounted and len(person.accounts) == 1:
            person = rng.choice(active)
        account = rng.choice(person.accounts[1:]) if is_accounted else None
        kind = AccountKind(account.kind) if account else rng.choice(_RECORD_KINDS)
        record = BalanceRecord(
            id=planting.new_id(plan.day.opens_us),
            version=1,
            branch_id=planting.branch.id,
            customer_id=person.customer.id,
            account_kind=kind.value,
            account_no=None,
            product=None,
            amount_minor=_amount_minor(planting, kind),
            currency=planting.branch.currency,
            as_of_date=plan.day.date.isoformat(),
            narration=rng.choice(_NARRATIONS),
            external_ref=f"MB/{first + place:06d}",
            status=RecordStatus.NOT_ACCOUNTED.value,
            import_id=None,
            import_row_no=None,
            operation_key="",
            row_no=0,
            created_by=planting.actor if is_accounted else next(recorders),
            created_at=plan.day.instant(rng),
            posted_by=None,
            posted_at=None,
            account_id=None,
        )
        plan.records.append((record, account))


def _amount_minor(planting: Planting, kind: AccountKind) -> int:
    """More small ones than large ones, in round amounts."""
    low, high = _SIZES_MINOR[kind]
    return round(low + (high - low) * planting.rng.random() ** 3) // 5_000 * 5_000


def _write_day(tx: BulkTx, planting: Planting, plan: DayPlan) -> None:
    """One operation: its records and payments, then its entries."""
    if not (plan.openings or plan.records or plan.payments):
        return
    command = Command(
        key=planting.new_id(plan.day.closes_us),
        fingerprint=b"",
        principal=system_principal(planting.branch.id),
        action="ledger.seed",
        at_us=plan.day.closes_us,
    )
    execute(tx, command, lambda _, given: _decide(tx, planting, plan, given))


def _decide(tx: BulkTx, planting: Planting, plan: DayPlan, command: Command) -> Reply:
    branch, at_us = planting.branch, command.at_us

    def own(kind: str) -> Account:
        return journal.institution_account(tx, branch, kind, branch.currency, at_us)

    contra = own(journal.OPENING_CONTRA)
    drafts = [_opening(account, contra, amount_minor, plan.day) for account, amount_minor in plan.openings]
    records: list[BalanceRecord] = []
    for row_no, (draft, account) in enumerate(plan.records):
        record = _under(command, draft, row_no)
        if account is not None:
            drafts.append(posting(record, account, contra))
            record = accounted(record, account, command)
        records.append(record)
    payments: list[Payment] = []
    pair = own(journal.PROVIDER_FLOAT), own(journal.UNALLOCATED)
    for drafted in plan.payments:
        payment, entries = settle(planting, drafted, command, plan.day.date.isoformat(), pair)
        payments.append(payment)
        drafts += entries
    tx.insert(records)
    tx.insert(payments)
    journal.post_entries_bulk(
        tx, command, drafts, row_nos=range(len(drafts)), new_id=lambda: planting.new_id(at_us)
    )
    counts = {"entries": len(drafts), "records": len(records), "payments": len(payments)}
    return Reply(
        status=200,
        body=b"{}",
        summary=f"seed: {len(records)} balance records, {len(payments)} payments",
        event=audit.Event(action=command.action, after=counts),
        branch_id=branch.id,
    )


def _opening(account: Account, contra: Account, amount_minor: int, day: Day) -> journal.EntryDraft:
    debit, credit = (account, contra) if is_owed(account.kind) else (contra, account)
    return journal.EntryDraft(
        kind="account.opening",
        branch_id=account.branch_id,
        subject_id=account.id,
        legs=journal.transfer(debit, credit, amount_minor),
        business_date=day.date.isoformat(),
        narration="Balance brought forward",
    )


def _under(command: Command, record: BalanceRecord, row_no: int) -> BalanceRecord:
    return replace(record, operation_key=command.key, row_no=row_no)
