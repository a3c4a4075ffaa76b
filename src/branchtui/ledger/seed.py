"""`branchtui ledger seed`: adds made-up people and their money to a branch, for trials and benchmarks.

It adds to what is there and makes no users. Everything is written by rules of the ledger: balances by
journal entries, owners of payments by the tiers of matching; `ledger check` is clean afterwards.
"""

from __future__ import annotations

import random
from functools import partial
from typing import TYPE_CHECKING, Final

from branchtui.ledger import audit
from branchtui.ledger.access import SYSTEM
from branchtui.ledger.clock import Clock, SystemClock
from branchtui.ledger.operations import Command, Reply, execute
from branchtui.ledger.seeds.money import make_money
from branchtui.ledger.seeds.people import Person, make_people
from branchtui.ledger.seeds.planting import Planting, last_days
from branchtui.ledger.setup import change_in_parts, system_principal
from branchtui.ledger.store.engine import store_at
from branchtui.ledger.store.rows import Branch

if TYPE_CHECKING:
    from collections.abc import Sequence

    from branchtui.contract.customers import NewCustomer
    from branchtui.ledger.phones import Phone
    from branchtui.ledger.store.unit import BulkTx

CHUNK: Final = 20_000
"""Customers of one transaction."""

CACHE_KIB: Final = 512 * 1024
"""Memory for indexes while rows are added at all their places: a small cache is written out again and again."""

UNMATCHED_SHARE: Final = 0.05


def seed(
    database: str,
    *,
    branch_code: str,
    customers: int,
    payments: int,
    balance_records: int = 0,
    unmatched: int | None = None,
    rng_seed: int = 0,
    clock: Clock | None = None,
) -> None:
    """Add people to the branch `branch_code` of a ledger that nobody serves.

    `unmatched` of the payments wait (one in twenty unless given). The same `rng_seed` gives the same
    names and amounts; numbers, phones and codes go on where the last seed ended.

    Raises:
        ValueError: there is no such branch, or a count is not possible.
        StoreUnavailable: the ledger is in use, or there is none.
    """
    waiting = round(payments * UNMATCHED_SHARE) if unmatched is None else unmatched
    if min(customers, payments, balance_records, waiting) < 0 or waiting > payments:
        raise ValueError("Counts are not negative, and no more payments can wait than there are.")
    if not customers and (payments or balance_records):
        raise ValueError("Payments and balance records need customers in the same seed.")
    now_us = (clock or SystemClock()).now_us()
    rng = random.Random(rng_seed)  # noqa: S311 - made-up people must come again, not be secret
    parts = max(1, -(-customers // CHUNK))

    def plant_part(part: int, tx: BulkTx) -> None:
        branch = tx.find_one(Branch, code=branch_code)
        if branch is None:
            raise ValueError(f"There is no branch {branch_code}.")
        plant(
            tx,
            branch,
            customers=_share(customers, part, parts),
            payments=_share(payments - waiting, part, parts) + _share(waiting, part, parts),
            unmatched=_share(waiting, part, parts),
            balance_records=_share(balance_records, part, parts),
            rng=rng,
            now_us=now_us,
        )

    change_in_parts(database, (partial(plant_part, part) for part in range(parts)), cache_kib=CACHE_KIB)
    store_at(database).filled()


def plant(
    tx: BulkTx,
    branch: Branch,
    *,
    customers: int,
    payments: int,
    unmatched: int,
    balance_records: int,
    rng: random.Random,
    now_us: int,
    fixed: Sequence[tuple[NewCustomer, Phone]] = (),
    recorders: tuple[str, ...] = (SYSTEM,),
) -> None:
    """One seed inside a transaction: `fixed` customers first, then made-up ones until there are `customers`.

    `recorders` created the balance records that wait, in turn.
    """
    planting = Planting(branch, rng, last_days(tx, branch, now_us), recorders=recorders)
    command = Command(
        key=planting.new_id(planting.begin_us),
        fingerprint=b"",
        principal=system_principal(branch.id),
        action="ledger.seed",
        at_us=planting.begin_us,
    )

    def enter(_: object, given: Command) -> Reply:
        people.extend(make_people(tx, planting, customers, fixed=fixed))
        return Reply(
            status=200,
            body=b"{}",
            summary=f"seed: {customers} customers",
            event=audit.Event(action=given.action, after={"customers": customers}),
            branch_id=branch.id,
        )

    people: list[Person] = []
    execute(tx, command, enter)
    make_money(tx, planting, people, payments=payments, unmatched=unmatched, balance_records=balance_records)


def _share(total: int, part: int, parts: int) -> int:
    """What of `total` belongs to the part `part` (from 0) of `parts` equal ones."""
    return total * (part + 1) // parts - total * part // parts
