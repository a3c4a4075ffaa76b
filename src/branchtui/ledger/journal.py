"""The one place that writes money: entries of two or more legs that sum to zero (ledger, section 0).

Debits are positive, credits negative. Every workflow moves money through `post_entry`, or through
`post_entries_bulk`, `post_pairs_bulk` or `journal_spread.post_spread_bulk` where a command makes thousands of them;
nothing else changes a balance.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from pydantic_core import to_json

from branchtui.contract.base import COUNTED_MAX
from branchtui.contract.customers import AccountBalance, AccountKind
from branchtui.contract.problem import Codes
from branchtui.ledger.problems import Refusal
from branchtui.ledger.store.mapping import insert_rows, mapping_of
from branchtui.ledger.store.rows import Account, Branch, JournalEntry, Leg

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from branchtui.ledger.operations import Command
    from branchtui.ledger.store.owner_store import HeldAccount
    from branchtui.ledger.store.unit import BulkTx, Tx

CREDIT_NORMAL: Final = frozenset(
    {AccountKind.WALLET, AccountKind.SAVINGS, AccountKind.SHARES, AccountKind.OVERPAYMENT}
)
"""Kinds that hold a customer's money: their credits are what is held."""

OPENING_CONTRA: Final = "opening-balance-contra"
UNALLOCATED: Final = "unallocated-receipts"
PROVIDER_FLOAT: Final = "provider-float"
REVENUE: Final = "revenue"
SALES_ON_ACCOUNT: Final = "sales-on-account"
CREDIT_ADJUSTMENTS: Final = "credit-adjustments"

_MOVED: Final = """
UPDATE accounts SET balance_minor = CAST(given.value ->> 1 AS BIGINT),
    version = version + CAST(given.value ->> 3 AS BIGINT)
FROM json_each(:rows) AS given
WHERE accounts.id = given.value ->> 0 AND +accounts.version = CAST(given.value ->> 2 AS BIGINT)
"""


class InvariantBroken(Exception):
    """An entry that may not exist: the transaction is rolled back and the ledger says 500 `invariant`."""


class LegDraft(NamedTuple):
    """A leg to be written: `amount_minor` positive debits the account, negative credits it."""

    account: Account
    amount_minor: int


class EntryDraft(NamedTuple):
    """An entry to be written; `subject_id` is the record, payment or account that it is about."""

    kind: str
    branch_id: str
    subject_id: str
    legs: tuple[LegDraft, ...]
    business_date: str
    narration: str = ""
    reference: str | None = None
    reversal_of: str | None = None


class Standing(NamedTuple):
    """As much of an account as a posting of many needs, as it was read in the same transaction."""

    id: str
    version: int
    balance_minor: int
    currency: str


class Pair(NamedTuple):
    """An entry of two legs to be written: `amount_minor` for the first account, as much the other way for the second.

    `row_no` numbers it among all of the operation (IDEM-10); `kind` is told where they are not all of one.
    """

    entry_id: str
    row_no: int
    branch_id: str
    subject_id: str
    first: Standing | Account | HeldAccount
    second: Standing | Account | HeldAccount
    amount_minor: int
    business_date: str
    narration: str
    reference: str | None
    kind: str = ""


def transfer(debit: Account, credit: Account, amount_minor: int) -> tuple[LegDraft, LegDraft]:
    """The two legs of moving `amount_minor` (positive) from the credited to the debited account."""
    return LegDraft(debit, amount_minor), LegDraft(credit, -amount_minor)


def post_entry(
    tx: Tx, command: Command, draft: EntryDraft, *, row_no: int = 0, new_id: str
) -> dict[str, Account]:
    """Write `draft` and return the touched accounts, by id, with their new balances.

    `row_no` numbers the entries of one operation (IDEM-10).

    Raises:
        InvariantBroken: fewer than two legs, a zero leg, or a sum that is not zero in a currency (INV-1).
        Refusal: 422 where an account would pass `COUNTED_MAX`.
    """
    _verify(draft.legs)
    entry = JournalEntry(
        id=new_id,
        branch_id=draft.branch_id,
        kind=draft.kind,
        operation_key=command.key,
        row_no=row_no,
        subject_id=draft.subject_id,
        reversal_of=draft.reversal_of,
        narration=draft.narration,
        reference=draft.reference,
        created_by=command.principal.username,
        booked_at=command.at_us,
        business_date=draft.business_date,
    )
    tx.put(entry)
    touched: dict[str, Account] = {}
    for line, leg in enumerate(draft.legs):
        current = tx.get(Account, leg.account.id) or leg.account
        balance = current.balance_minor + leg.amount_minor
        refuse_beyond(balance)
        account = replace(current, balance_minor=balance, version=current.version + 1)
        tx.put(account)
        tx.put(
            Leg(
                entry_id=entry.id,
                line=line,
                account_id=account.id,
                amount_minor=leg.amount_minor,
                balance_after_minor=balance,
            )
        )
        touched[account.id] = account
    return touched


def post_entries_bulk(
    tx: BulkTx,
    command: Command,
    drafts: Sequence[EntryDraft],
    *,
    row_nos: Iterable[int],
    new_id: Callable[[], str],
    opened: Sequence[Account] = (),
) -> None:
    """Write many entries of one command. `opened` are accounts among theirs that are not kept yet.

    `row_nos` numbers the entries among all of the operation (IDEM-10).

    The same entries and balances as `post_entry` in the same order, written in one sweep: each
    account once, however many legs it has. Writes at once, so that the command can no longer refuse.

    Raises:
        InvariantBroken: as `post_entry`, for any of them; nothing was written. Or an account moved
            meanwhile; the whole transaction fails.
        Refusal: as `post_entry`; nothing was written.
    """
    new = {account.id: account for account in opened}
    standing = dict(new)
    moved: dict[str, list[int]] = {}  # balance, and how often it moved
    entries: list[tuple[Any, ...]] = []
    legs: list[tuple[Any, ...]] = []
    key, username, at_us = command.key, command.principal.username, command.at_us
    for row_no, draft in zip(row_nos, drafts, strict=True):
        kind, branch_id, subject_id, its_legs, day, narration, reference, reversal_of = draft
        _verify(its_legs)
        entry_id = new_id()
        # In the order of the columns of `JournalEntry` and `Leg`.
        entries.append(
            (
                entry_id,
                branch_id,
                kind,
                key,
                row_no,
                subject_id,
                reversal_of,
                narration,
                reference,
                username,
                at_us,
                day,
            )
        )
        for line, (account, amount_minor) in enumerate(its_legs):
            account_id = account.id
            state = moved.get(account_id)
            if state is None:
                if account_id not in standing:
                    standing[account_id] = tx.get(Account, account_id) or account
                state = moved[account_id] = [standing[account_id].balance_minor, 0]
            balance = state[0] = state[0] + amount_minor
            if not -COUNTED_MAX <= balance <= COUNTED_MAX:
                refuse_beyond(balance)
            state[1] += 1
            legs.append((entry_id, line, account_id, amount_minor, state[0]))
    tx.flush()
    known = {name: account for name, account in standing.items() if name not in new}
    insert_rows(tx.connection, Account, _as_moved(opened, moved))
    move_accounts(tx, [(name, moved[name][0], each.version, moved[name][1]) for name, each in known.items()])
    insert_rows(tx.connection, JournalEntry, entries)
    insert_rows(tx.connection, Leg, legs)


def post_pairs_bulk(
    tx: BulkTx, command: Command, kind: str, pairs: Iterable[Pair], *, opened: Sequence[Account] = ()
) -> None:
    """Write many entries of two legs each: `post_entries_bulk` for the thousands that a row costs most.

    They are of `kind` where they name none of their own. The accounts are as they were read in this transaction;
    `opened` are those among them that are not kept yet.

    Raises:
        InvariantBroken: as `post_entries_bulk`.
        Refusal: as `post_entries_bulk`.
    """
    known: dict[str, Standing | Account | HeldAccount] = {}
    moved: dict[str, list[int]] = {}
    entries: list[tuple[Any, ...]] = []
    legs: list[tuple[Any, ...]] = []
    key, username, at_us = command.key, command.principal.username, command.at_us
    for (
        entry_id,
        row_no,
        branch_id,
        subject_id,
        first,
        second,
        amount,
        day,
        narration,
        reference,
        own,
    ) in pairs:
        if amount == 0 or first.currency != second.currency:
            raise InvariantBroken(f"the legs of entry {row_no} are of nothing, or of two currencies")
        # In the order of the columns of `JournalEntry` and `Leg`.
        entries.append(
            (
                entry_id,
                branch_id,
                own or kind,
                key,
                row_no,
                subject_id,
                None,
                narration,
                reference,
                username,
                at_us,
                day,
            )
        )
        for line, account, amount_minor in ((0, first, amount), (1, second, -amount)):
            account_id = account.id
            state = moved.get(account_id)
            if state is None:
                known[account_id] = account
                state = moved[account_id] = [account.balance_minor, 0]
            balance = state[0] = state[0] + amount_minor
            if not -COUNTED_MAX <= balance <= COUNTED_MAX:
                refuse_beyond(balance)
            state[1] += 1
            legs.append((entry_id, line, account_id, amount_minor, state[0]))
    tx.flush()
    for account in opened:
        del known[account.id]
    insert_rows(tx.connection, Account, _as_moved(opened, moved))
    move_accounts(tx, [(name, moved[name][0], each.version, moved[name][1]) for name, each in known.items()])
    insert_rows(tx.connection, JournalEntry, entries)
    insert_rows(tx.connection, Leg, legs)


def refuse_beyond(balance_minor: int) -> None:
    """Refuse a balance, or a sum, that 64 bits do not hold (422)."""
    if not -COUNTED_MAX <= balance_minor <= COUNTED_MAX:
        said = f"An account would pass {COUNTED_MAX:,} minor units, the most that the ledger counts. Nothing was done."
        raise Refusal(422, Codes.VALIDATION, said)


def _as_moved(opened: Sequence[Account], moved: dict[str, list[int]]) -> Iterator[tuple[Any, ...]]:
    """New accounts as they stand behind their entries, in the order of the columns."""
    mapping = mapping_of(Account)
    version, balance = mapping.columns.index("version"), mapping.columns.index("balance_minor")
    for each in opened:
        values = list(mapping.values_of(each))
        values[balance], times = moved[each.id]
        values[version] += times
        yield tuple(values)


def move_accounts(tx: BulkTx, rows: Sequence[tuple[str, int, int, int]]) -> None:
    """Bring accounts to new balances in one statement; each must be as it was read (CONC-3).

    `rows` are id, balance, the version it had, and how often it moved.
    """
    before = tx.connection.total_changes()
    # In the order of their index: neighbours lie on one page of it.
    tx.connection.execute(_MOVED, {"rows": to_json(sorted(rows)).decode()})
    if tx.connection.total_changes() - before != len(rows):
        raise InvariantBroken("an account of a bulk posting moved while it was done")
    tx.forget(Account, (account_id for account_id, *_ in rows))


def mirror(tx: Tx, entry: JournalEntry) -> tuple[LegDraft, ...]:
    """The legs that take `entry` back: the same accounts, opposite signs."""
    drafts: list[LegDraft] = []
    for leg in sorted(tx.find(Leg, entry_id=entry.id), key=lambda found: found.line):
        account = tx.get(Account, leg.account_id)
        assert account is not None, "a leg names an account that exists"
        drafts.append(LegDraft(account, -leg.amount_minor))
    return tuple(drafts)


def institution_account_id(branch: Branch, kind: str, currency: str) -> str:
    """The id of the branch's own account of `kind` and `currency`, opened or not."""
    return f"gl-{branch.id}-{kind}-{currency}"


def institution_account(tx: Tx, branch: Branch, kind: str, currency: str, at_us: int) -> Account:
    """The branch's own account of `kind` and `currency` (contra, float, receipts), opened when first used."""
    account_id = institution_account_id(branch, kind, currency)
    account = tx.get(Account, account_id)
    if account is None:
        account = Account(
            id=account_id,
            version=1,
            account_no=f"GL/{branch.code}/{kind}/{currency}",
            customer_id=None,
            branch_id=branch.id,
            kind=kind,
            currency=currency,
            status="open",
            product=None,
            balance_minor=0,
            created_at=at_us,
        )
        tx.put(account)
    return account


def natural_minor(kind: str, signed_minor: int) -> int:
    """A signed sum of legs as its owner reads it: what is held, or what is owed, is positive."""
    return -signed_minor if kind in CREDIT_NORMAL else signed_minor


def balances(accounts: Sequence[Account]) -> tuple[AccountBalance, ...]:
    """The customers' accounts among `accounts`, for an answer to a change of money."""
    return tuple(
        AccountBalance(
            account_id=account.id,
            account_no=account.account_no,
            kind=AccountKind(account.kind),
            currency=account.currency,
            balance_minor=natural_minor(account.kind, account.balance_minor),
        )
        for account in accounts
        if account.customer_id is not None
    )


def _verify(legs: Sequence[LegDraft]) -> None:
    if len(legs) == 2:
        (debit, amount), (credit, other) = legs
        if amount == -other != 0 and debit.currency == credit.currency:
            return  # nearly every entry
    sums: dict[str, int] = {}
    for leg in legs:
        sums[leg.account.currency] = sums.get(leg.account.currency, 0) + leg.amount_minor
    if len(legs) < 2 or any(leg.amount_minor == 0 for leg in legs) or any(sums.values()):
        raise InvariantBroken(f"legs do not balance: {sorted(sums.items())}")
