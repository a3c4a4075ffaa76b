"""Pages over the rows of balance files, by row number, both ways."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from sqlalchemy import (
    BindParameter,
    Boolean,
    ColumnElement,
    Select,
    Text,
    and_,
    bindparam,
    cast,
    func,
    literal_column,
    null,
    or_,
    select,
)

from branchtui.contract.balance_files import PayerChange
from branchtui.ledger.store.file_store import OUTSTANDING
from branchtui.ledger.store.mapping import compiled, mapping_of
from branchtui.ledger.store.rows import BalanceFileRow
from branchtui.ledger.store.tables import (
    accounts,
    balance_file_missing,
    balance_file_postings,
    balance_file_rows,
    customers,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from branchtui.ledger.store.connection import Connection


class StatedPayer(NamedTuple):
    """A payer of a file as a list shows one; name and branch are empty for a row that names nobody."""

    row_no: int
    account_no: str
    change: str
    before_minor: int
    after_minor: int | None
    due_date: str | None
    statement_ref: str | None
    email: str | None
    name: str | None
    branch_id: str | None


_posted = balance_file_postings.alias("postings")
_rows, _missing, _postings = balance_file_rows.c, balance_file_missing.c, _posted.c
_FILE: Final[BindParameter[str]] = bindparam("file")
_OWN: Final = _rows.balance_file_id == _FILE


def _paged(query: Select[Any], row_no: ColumnElement[int], *, forward: bool) -> str:
    place: BindParameter[int] = bindparam("place")
    ordered = (
        query.where(row_no >= place).order_by(row_no.asc())
        if forward
        else query.where(row_no <= place).order_by(row_no.desc())
    )
    return compiled(ordered.limit(bindparam("limit_rows")))


_WHOLE: Final = select(*mapping_of(BalanceFileRow).select_list).where(_OWN)
# Those that are well stand in no index of levels, and come in the order of the rows.
_WELL: Final = literal_column("+balance_file_rows.level = :level", Boolean)
_told = balance_file_rows.alias("told")
# What the partial index asks for is said word by word.
_TOLD: Final = literal_column("told.level = :level AND told.level <> 'ok'", Boolean)


def _told_rows(*, forward: bool) -> str:
    """A page of the rows of which something is said, by their numbers: a planner takes the index for these alone."""
    place: BindParameter[int] = bindparam("place")
    row_no = _told.c.row_no
    numbers = select(row_no).where(
        _told.c.balance_file_id == _FILE, _TOLD, row_no >= place if forward else row_no <= place
    )
    page = numbers.order_by(row_no.asc() if forward else row_no.desc()).limit(bindparam("limit_rows"))
    ordered = _rows.row_no.asc() if forward else _rows.row_no.desc()
    return compiled(_WHOLE.where(_rows.row_no.in_(page)).order_by(ordered))


_REPORT: Final[dict[tuple[bool, str | None], str]] = {
    (forward, None): _paged(_WHOLE, _rows.row_no, forward=forward) for forward in (True, False)
} | {(forward, "ok"): _paged(_WHOLE.where(_WELL), _rows.row_no, forward=forward) for forward in (True, False)}
_TOLD_PAGES: Final = {forward: _told_rows(forward=forward) for forward in (True, False)}


def _count(rows: Any, *conditions: ColumnElement[bool]) -> str:
    """How many findings rows have; one of which there is nothing to say has one that says so."""
    each = func.coalesce(func.json_array_length(rows.c.findings), 1)
    return compiled(
        select(func.coalesce(func.sum(each), 0)).where(rows.c.balance_file_id == _FILE, *conditions)
    )


_COUNTS: Final[dict[str | None, str]] = {
    None: _count(balance_file_rows),
    "ok": _count(balance_file_rows, _WELL),
}
_TOLD_COUNT: Final = _count(_told, _TOLD)

# The sign keeps the rows in their own order: one that is sorted anew for each page costs all of them.
_IS_CHANGED: Final = literal_column("+balance_file_rows.change IN ('changed', 'flipped')", Boolean)
_IS_PAYER: Final = literal_column("+balance_file_rows.change <> 'blank'", Boolean)
_PAYERS: Final = (
    select(
        _rows.row_no,
        _rows.account_no,
        _rows.change,
        _rows.before_minor,
        _rows.after_minor,
        _rows.due_date,
        _rows.statement_ref,
        _rows.email,
        customers.c.name,
        customers.c.branch_id,
    )
    .select_from(balance_file_rows.outerjoin(customers, customers.c.id == _rows.customer_id))
    .where(_OWN)
)
_BEFORE: Final = (
    select(
        _missing.row_no,
        _missing.account_no,
        literal_column("'missing'", Text),
        func.coalesce(accounts.c.balance_minor, 0),
        _missing.stated_minor,
        cast(null(), Text),
        cast(null(), Text),
        cast(null(), Text),
        customers.c.name,
        customers.c.branch_id,
    )
    .select_from(
        balance_file_missing.join(customers, customers.c.id == _missing.customer_id).outerjoin(
            accounts,
            and_(
                accounts.c.customer_id == _missing.customer_id,
                accounts.c.kind == "receivable",
                accounts.c.status == "open",
                accounts.c.currency == bindparam("currency"),
            ),
        )
    )
    .where(_missing.balance_file_id == _FILE)
)
_BLOCKING: Final = (
    select(
        _rows.row_no,
        _rows.account_no,
        literal_column("'blocking'", Text),
        _rows.after_minor,
        accounts.c.balance_minor,
        _rows.due_date,
        _rows.statement_ref,
        _rows.email,
        customers.c.name,
        customers.c.branch_id,
    )
    .select_from(
        _posted.join(accounts, accounts.c.id == _postings.account_id)
        .join(
            balance_file_rows,
            and_(_rows.balance_file_id == _postings.balance_file_id, _rows.row_no == _postings.row_no),
        )
        .join(customers, customers.c.id == _rows.customer_id)
    )
    .where(
        _postings.balance_file_id == _FILE,
        or_(accounts.c.balance_minor != _postings.balance_minor, accounts.c.status != "open"),
        literal_column(OUTSTANDING, Boolean),
    )
)


def _of_change(change: PayerChange | None) -> tuple[Select[Any], ColumnElement[int]]:
    if change is PayerChange.MISSING:
        return _BEFORE, _missing.row_no
    if change is PayerChange.BLOCKING:
        return _BLOCKING, _postings.row_no
    if change is None:
        return _PAYERS.where(_IS_PAYER), _rows.row_no
    if change is PayerChange.CHANGED:
        return _PAYERS.where(_IS_CHANGED), _rows.row_no
    return _PAYERS.where(_rows.change == bindparam("change")), _rows.row_no


_CHANGES: Final[tuple[PayerChange | None, ...]] = (
    None,
    *(each for each in PayerChange if each is not PayerChange.OTHER),
)
_PAGES: Final = {
    (change, forward): _paged(*_of_change(change), forward=forward)
    for change in _CHANGES
    for forward in (True, False)
}

_PAYER_COUNTS: Final = {
    change: compiled(select(func.count()).select_from(_of_change(change)[0].subquery()))
    for change in _CHANGES
}


def report(
    connection: Connection, file_id: str, level: str | None, place: int, limit: int, *, forward: bool
) -> list[BalanceFileRow]:
    """Rows from row `place` on, downwards or upwards; of one level, or all."""
    bound: dict[str, Any] = {"file": file_id, "place": place, "limit_rows": limit}
    if level is not None:
        bound["level"] = level
    return [
        BalanceFileRow(*found)
        for found in connection.execute(_REPORT.get((forward, level), _TOLD_PAGES[forward]), bound)
    ]


def finding_count(connection: Connection, file_id: str, level: str | None) -> int:
    """How many findings the rows have; a row of which there is nothing to say has one that says so."""
    bound = {"file": file_id} | ({} if level is None else {"level": level})
    found = connection.execute(_COUNTS.get(level, _TOLD_COUNT), bound).fetchone()
    return int(found[0]) if found else 0


def rows_at_level(connection: Connection, file_id: str, level: str, batch: int) -> Iterator[BalanceFileRow]:
    """Every row of a level, in order, read `batch` at a time."""
    place = 0
    while rows := report(connection, file_id, level, place, batch, forward=True):
        yield from rows
        place = rows[-1].row_no + 1


def payers(
    connection: Connection,
    file_id: str,
    change: PayerChange | None,
    place: int,
    limit: int,
    *,
    currency: str,
    forward: bool = True,
) -> list[StatedPayer]:
    """Payers from row `place` on: all that the file states, or those of one change."""
    bound: dict[str, Any] = {"file": file_id, "place": place, "limit_rows": limit}
    if change is PayerChange.MISSING:
        bound["currency"] = currency
    elif change is not None and change not in {PayerChange.CHANGED, PayerChange.BLOCKING}:
        bound["change"] = change.value
    return [StatedPayer(*found) for found in connection.execute(_PAGES[change, forward], bound)]


def payer_count(connection: Connection, file_id: str, change: PayerChange | None) -> int:
    """How many payers a list of this change has."""
    bound: dict[str, Any] = {"file": file_id}
    if change is PayerChange.MISSING:
        bound["currency"] = ""
    elif change is not None and change not in {PayerChange.CHANGED, PayerChange.BLOCKING}:
        bound["change"] = change.value
    found = connection.execute(_PAYER_COUNTS[change], bound).fetchone()
    return int(found[0]) if found else 0
