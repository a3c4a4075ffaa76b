"""The legs on a customer's accounts, newest first, as their owner reads them (contract, section 9)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from sqlalchemy import bindparam, desc, select

from branchtui.contract import customers as wire
from branchtui.contract.customers import AccountKind
from branchtui.ledger.clock import as_datetime
from branchtui.ledger.journal import natural_minor
from branchtui.ledger.store import tables
from branchtui.ledger.store.list_spec import ListSpec, Sort
from branchtui.ledger.store.mapping import compiled

if TYPE_CHECKING:
    from collections.abc import Sequence

    from branchtui.ledger.core import Core
    from branchtui.ledger.store.rows import Account

LATEST: Final = 10
"""Entries that a profile shows."""


@dataclass(frozen=True, slots=True)
class EntryLine:
    """A leg with the entry it belongs to; ids grow with time, so the newest have the greatest."""

    entry_id: str
    line: int
    account_id: str
    amount_minor: int
    balance_after_minor: int
    kind: str
    narration: str
    reference: str | None
    created_by: str
    booked_at: int


_l, _e = tables.legs.c, tables.journal_entries.c
_columns = (
    _l.entry_id,
    _l.line,
    _l.account_id,
    _l.amount_minor,
    _l.balance_after_minor,
    _e.kind,
    _e.narration,
    _e.reference,
    _e.created_by,
    _e.booked_at,
)
_joined = select(*_columns).join_from(tables.legs, tables.journal_entries, _e.id == _l.entry_id)
_source = _joined.subquery("entries")

ENTRIES: Final = ListSpec(
    row_type=EntryLine,
    name="entries",
    source=_source,
    tie="line",
    sorts={"time": Sort("entry_id", descending=True, key=None)},
    filters={"account": _source.c.account_id == bindparam("account")},
)
"""The list behind `GET /v1/accounts/{id}/entries`."""

_LATEST_OF_ACCOUNT: Final = compiled(
    _joined.where(_l.account_id == bindparam("account"))
    .order_by(desc(_l.entry_id), desc(_l.line))
    .limit(LATEST)
)


async def latest(core: Core, accounts: Sequence[Account]) -> tuple[wire.Entry, ...]:
    """The newest entries over all these accounts; each account is read by its own index."""
    found: list[tuple[EntryLine, Account]] = []
    for account in accounts:
        lines = await core.reader.rows(EntryLine, _LATEST_OF_ACCOUNT, {"account": account.id})
        found += [(line, account) for line in lines]
    found.sort(key=lambda pair: (pair[0].entry_id, pair[0].line), reverse=True)
    return tuple(entry_answer(line, account) for line, account in found[:LATEST])


def entry_answer(line: EntryLine, account: Account) -> wire.Entry:
    """A leg as the contract's: positive raises the balance that the owner reads."""
    return wire.Entry(
        id=f"{line.entry_id}-{line.line}",
        account_id=account.id,
        account_no=account.account_no,
        account_kind=AccountKind(account.kind),
        kind=line.kind,
        amount_minor=natural_minor(account.kind, line.amount_minor),
        balance_after_minor=natural_minor(account.kind, line.balance_after_minor),
        currency=account.currency,
        booked_at=as_datetime(line.booked_at),
        narration=line.narration,
        reference=line.reference,
        created_by=line.created_by,
    )
