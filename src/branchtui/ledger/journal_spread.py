"""Entries that move thousands of accounts, each once, against one account of their branch: written by their columns."""

from __future__ import annotations

from itertools import chain, compress, repeat
from operator import add, neg
from typing import TYPE_CHECKING, Final, NamedTuple

from branchtui.contract.customers import AccountStatus
from branchtui.ledger.journal import InvariantBroken, move_accounts, refuse_beyond
from branchtui.ledger.store.mapping import insert_rows
from branchtui.ledger.store.rows import Account, JournalEntry, Leg

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from branchtui.ledger.operations import Command
    from branchtui.ledger.store.unit import BulkTx

_OPEN: Final = AccountStatus.OPEN.value


class Moves(NamedTuple):
    """One entry each, in columns: an account of `currency` and its branch, as it was read in this transaction.

    `versions` are None for accounts that are opened with their entry. `amounts` debit the account where they are
    positive; `row_nos` number the entries among all of the operation (IDEM-10).
    """

    entry_ids: Sequence[str]
    row_nos: Sequence[int]
    branch_ids: Sequence[str]
    account_ids: Sequence[str]
    versions: Sequence[int | None]
    balances: Sequence[int]
    amounts: Sequence[int]
    references: Sequence[str | None]


class Cause(NamedTuple):
    """What all the entries say: their kind, what they are about, the currency, the business day of each branch."""

    kind: str
    subject_id: str
    narration: str
    currency: str
    days: Mapping[str, str]


class Opening(NamedTuple):
    """The accounts among them that are opened, in their order: of what kind, and by whom they are held."""

    kind: str
    account_nos: Sequence[str]
    customer_ids: Sequence[str]


def post_spread_bulk(
    tx: BulkTx,
    command: Command,
    cause: Cause,
    moves: Moves,
    against: Mapping[str, Account],
    opening: Opening,
) -> None:
    """Write these entries: `journal.post_pairs_bulk` for accounts of which each moves once.

    `against` is the other account of each branch. Writes at once, so that the command can no longer refuse.

    Raises:
        InvariantBroken: an entry of nothing, of two currencies, or an account twice; nothing was written. Or an
            account moved meanwhile; the whole transaction fails.
        Refusal: 422 where an account would pass `COUNTED_MAX`; nothing was written.
    """
    entry_ids, amounts, account_ids = moves.entry_ids, moves.amounts, moves.account_ids
    _verify(cause, moves, against)
    afters = list(map(add, moves.balances, amounts))
    other_ids, others_after, left = _other_side(moves, against)
    for each in (max(afters), min(afters), max(others_after), min(others_after)):
        refuse_beyond(each)
    tx.flush()
    is_new = [version is None for version in moves.versions]
    fresh = (list(compress(column, is_new)) for column in (account_ids, moves.branch_ids, afters))
    new_ids, new_branch_ids, new_afters = fresh
    # In the order of the columns of `Account`, `JournalEntry` and `Leg`.
    insert_rows(
        tx.connection,
        Account,
        zip(
            new_ids, repeat(2), opening.account_nos, opening.customer_ids, new_branch_ids, repeat(opening.kind),
            repeat(cause.currency), repeat(_OPEN), repeat(None), new_afters, repeat(command.at_us),
        ),
    )  # fmt: skip
    known = zip(account_ids, afters, moves.versions, repeat(1))
    move_accounts(tx, [each for each in known if each[2] is not None] + left)  # type: ignore[arg-type]  # none is None
    insert_rows(
        tx.connection,
        JournalEntry,
        zip(
            entry_ids, moves.branch_ids, repeat(cause.kind), repeat(command.key), moves.row_nos,
            repeat(cause.subject_id), repeat(None), repeat(cause.narration), moves.references,
            repeat(command.principal.username), repeat(command.at_us), map(cause.days.get, moves.branch_ids),
        ),
    )  # fmt: skip
    first = zip(entry_ids, repeat(0), account_ids, amounts, afters)
    second = zip(entry_ids, repeat(1), other_ids, map(neg, amounts), others_after)
    # Side by side, as they lie: a second pass over the entries would go to each page of them again.
    insert_rows(tx.connection, Leg, chain.from_iterable(zip(first, second, strict=True)))


def _verify(cause: Cause, moves: Moves, against: Mapping[str, Account]) -> None:
    ids = set(moves.account_ids)
    if len(ids) < len(moves.account_ids) or not ids.isdisjoint(each.id for each in against.values()):
        raise InvariantBroken("an account stands twice among entries that move each account once")
    if 0 in moves.amounts or any(each.currency != cause.currency for each in against.values()):
        raise InvariantBroken("the legs of an entry are of nothing, or of two currencies")


def _other_side(
    moves: Moves, against: Mapping[str, Account]
) -> tuple[list[str], list[int], list[tuple[str, int, int, int]]]:
    """The other account of each entry and its balance behind it; and how these accounts are left, for `move_accounts`."""
    standing = {branch_id: against[branch_id].balance_minor for branch_id in dict.fromkeys(moves.branch_ids)}
    times = dict.fromkeys(standing, 0)
    afters: list[int] = []
    for branch_id, amount in zip(moves.branch_ids, moves.amounts, strict=True):
        balance = standing[branch_id] = standing[branch_id] - amount
        times[branch_id] += 1
        afters.append(balance)
    left = [
        (against[branch_id].id, balance, against[branch_id].version, times[branch_id])
        for branch_id, balance in standing.items()
    ]
    return [against[branch_id].id for branch_id in moves.branch_ids], afters, left
