"""The rows of imports in bulk: staged, read back, looked up against what the ledger holds.

Sets of keys travel as one JSON array, so that a statement is prepared once whatever their number.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from sqlalchemy import bindparam, delete, func, select, text

from branchtui.ledger.store.mapping import compiled, insert_rows, mapping_of
from branchtui.ledger.store.rows import (
    Account,
    BalanceRecord,
    ClosedDay,
    Customer,
    Import,
    ImportRow,
    Institution,
    Plan,
)
from branchtui.ledger.store.tables import (
    accounts,
    balance_records,
    closed_days,
    customers,
    import_rows,
    imports,
    institution,
    plans,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from sqlalchemy import Column

    from branchtui.ledger.store.connection import Connection

R = TypeVar("R")


class Staged(NamedTuple):
    """A row that would be taken in: its number and what it says, as JSON text."""

    row_no: int
    parsed: str


class Party(NamedTuple):
    """As much of a customer as a row's rules need; there may be one for each row."""

    id: str
    customer_no: str
    branch_id: str
    status: str


_GIVEN = text("SELECT value FROM json_each(:keys)")


def _by(row_type: type[Any], column: Column[str]) -> str:
    return compiled(select(*mapping_of(row_type).select_list).where(column.in_(_GIVEN)))


_PARTIES = select(*(customers.c[name] for name in Party._fields))
_PARTIES_BY_NO = compiled(_PARTIES.where(customers.c.customer_no.in_(_GIVEN)))
_PARTIES_BY_ID = compiled(_PARTIES.where(customers.c.id.in_(_GIVEN)))
_CUSTOMERS_BY_ID = _by(Customer, customers.c.id)
_ACCOUNTS_BY_NO = _by(Account, accounts.c.account_no)
_CLOSED_DAYS = _by(ClosedDay, closed_days.c.id)
_PLANS_BY_CODE = _by(Plan, plans.c.code)
_PLANS_BY_NAME = _by(Plan, plans.c.name_key)
_INSTITUTION = _by(Institution, institution.c.id)
_REFERENCES = compiled(
    select(balance_records.c.branch_id, balance_records.c.external_ref).where(
        balance_records.c.branch_id == bindparam("branch_id"), balance_records.c.external_ref.in_(_GIVEN)
    )
)
_FORGET_ROWS = compiled(delete(import_rows).where(import_rows.c.import_id == bindparam("import_id")))
_STAGED = compiled(
    select(import_rows.c.row_no, import_rows.c.parsed)
    .where(
        import_rows.c.import_id == bindparam("import_id"),
        import_rows.c.row_no > bindparam("after"),
        import_rows.c.parsed.is_not(None),
    )
    .order_by(import_rows.c.row_no)
    .limit(bindparam("limit_rows"))
)
_PLACE = compiled(
    select(import_rows.c.row_no)
    .where(import_rows.c.import_id == bindparam("import_id"), import_rows.c.parsed.is_not(None))
    .order_by(import_rows.c.row_no)
    .limit(1)
    .offset(bindparam("before"))
)
_LAST_PLAN = compiled(
    select(func.max(plans.c.import_row_no)).where(plans.c.import_id == bindparam("import_id"))
)
_ROWS = select(*mapping_of(ImportRow).select_list).where(import_rows.c.import_id == bindparam("import_id"))
_LEVEL = import_rows.c.level == bindparam("level")
_REPORT = {
    (forward, with_level): compiled(
        (_ROWS.where(_LEVEL) if with_level else _ROWS)
        .where(
            import_rows.c.row_no >= bindparam("place")
            if forward
            else import_rows.c.row_no <= bindparam("place")
        )
        .order_by(import_rows.c.row_no.asc() if forward else import_rows.c.row_no.desc())
        .limit(bindparam("limit_rows"))
    )
    for forward in (True, False)
    for with_level in (True, False)
}
_COUNT = select(func.coalesce(func.sum(func.json_array_length(import_rows.c.findings)), 0)).where(
    import_rows.c.import_id == bindparam("import_id")
)
_COUNTS = {False: compiled(_COUNT), True: compiled(_COUNT.where(_LEVEL))}
_TAKEN_BEFORE = compiled(
    select(*mapping_of(Import).select_list)
    .where(
        imports.c.branch_id == bindparam("branch_id"),
        imports.c.sha256 == bindparam("sha256"),
        imports.c.imported > 0,
        imports.c.id != bindparam("import_id"),
    )
    .order_by(imports.c.created_at.desc())
    .limit(1)
)


def parties_by_number(connection: Connection, numbers: Iterable[str]) -> dict[str, Party]:
    """Customer number to customer."""
    found = connection.execute(_PARTIES_BY_NO, {"keys": json.dumps(list(numbers))})
    return {each.customer_no: each for each in map(Party._make, found)}


def parties_by_id(connection: Connection, ids: Iterable[str]) -> dict[str, Party]:
    """Id to customer."""
    found = connection.execute(_PARTIES_BY_ID, {"keys": json.dumps(list(ids))})
    return {each.id: each for each in map(Party._make, found)}


def customer(connection: Connection, party: Party) -> Customer:
    """The whole customer."""
    (found,) = _all(connection, Customer, _CUSTOMERS_BY_ID, [party.id])
    return found


def accounts_by_number(connection: Connection, numbers: Iterable[str]) -> dict[str, Account]:
    """Account number to account."""
    return {each.account_no: each for each in _all(connection, Account, _ACCOUNTS_BY_NO, numbers)}


def plans_by_code(connection: Connection, codes: Iterable[str]) -> dict[str, Plan]:
    """Code to plan."""
    return {each.code: each for each in _all(connection, Plan, _PLANS_BY_CODE, codes)}


def plans_by_name(connection: Connection, name_keys: Iterable[str]) -> dict[str, Plan]:
    """Folded name to a plan that is offered under it; of several the one whose code comes first."""
    found = [each for each in _all(connection, Plan, _PLANS_BY_NAME, name_keys) if each.active]
    return {each.name_key: each for each in sorted(found, key=lambda each: each.code, reverse=True)}


def closed_days_among(connection: Connection, keys: Iterable[str]) -> set[str]:
    """Those of the day keys that are closed."""
    return {each.id for each in _all(connection, ClosedDay, _CLOSED_DAYS, keys)}


def settings(connection: Connection) -> dict[str, Any]:
    """The institution's settings as they stand."""
    found: dict[str, Any] = json.loads(
        next(_all(connection, Institution, _INSTITUTION, ["institution"])).settings
    )
    return found


def references_taken(connection: Connection, references: dict[str, set[str]]) -> set[tuple[str, str]]:
    """The pairs (branch id, external reference) that a record has already; `references` are by branch id."""
    taken: set[tuple[str, str]] = set()
    for branch_id, wanted in references.items():
        bound = {"branch_id": branch_id, "keys": json.dumps(list(wanted))}
        taken.update((found[0], found[1]) for found in connection.execute(_REFERENCES, bound))
    return taken


def stage(connection: Connection, rows: Iterable[tuple[Any, ...]]) -> None:
    """Insert rows of import_rows, each a tuple in the order of `ImportRow`."""
    insert_rows(connection, ImportRow, rows)


def restage(connection: Connection, rows: Iterable[ImportRow]) -> None:
    """Replace rows of import_rows."""
    mapping = mapping_of(ImportRow)
    for row in rows:
        values = dict(zip(mapping.columns, mapping.values_of(row), strict=True))
        values.update(key_import_id=row.import_id, key_row_no=row.row_no)
        connection.execute(mapping.update, values)


def forget_rows(connection: Connection, import_id: str) -> None:
    """Delete what was staged, so that the check can begin again."""
    connection.execute(_FORGET_ROWS, {"import_id": import_id})


def staged(connection: Connection, import_id: str, after: int, limit: int) -> list[Staged]:
    """The next rows to take in, behind row `after`."""
    bound = {"import_id": import_id, "after": after, "limit_rows": limit}
    return [Staged(*found) for found in connection.execute(_STAGED, bound)]


def last_taken(connection: Connection, import_id: str, imported: int) -> int:
    """The last of the `imported` rows that were taken in so far; 0 when none was.

    They are the first of those that are staged: what was refused, or passed over, is staged no longer. What has
    become of them since does not matter, so that nothing that people delete comes in again.
    """
    if not imported:
        return 0
    found = connection.execute(_PLACE, {"import_id": import_id, "before": imported - 1}).fetchone()
    assert found is not None, "what was taken in was staged"
    return int(found[0])


def last_plan_row(connection: Connection, import_id: str) -> int:
    """The last row that became a plan; 0 when none did."""
    found = connection.execute(_LAST_PLAN, {"import_id": import_id}).fetchone()
    return int(found[0] or 0) if found else 0


def insert_records(connection: Connection, rows: Iterable[tuple[Any, ...]]) -> None:
    """Insert balance records, each a tuple in the order of `BalanceRecord`."""
    insert_rows(connection, BalanceRecord, rows)


def report(
    connection: Connection, import_id: str, level: str | None, place: int, limit: int, *, forward: bool
) -> list[ImportRow]:
    """Rows from row `place` on, downwards or upwards; of one level, or all."""
    bound: dict[str, Any] = {"import_id": import_id, "place": place, "limit_rows": limit}
    if level is not None:
        bound["level"] = level
    return [ImportRow(*found) for found in connection.execute(_REPORT[forward, level is not None], bound)]


def finding_count(connection: Connection, import_id: str, level: str | None) -> int:
    """How many findings the rows have; a good row has one that says so."""
    bound = {"import_id": import_id} | ({} if level is None else {"level": level})
    found = connection.execute(_COUNTS[level is not None], bound).fetchone()
    return int(found[0]) if found else 0


def rows_at_level(connection: Connection, import_id: str, level: str, batch: int) -> Iterator[ImportRow]:
    """Every row of a level, in order, read `batch` at a time."""
    place = 0
    while rows := report(connection, import_id, level, place, batch, forward=True):
        yield from rows
        place = rows[-1].row_no + 1


def taken_before(connection: Connection, branch_id: str, sha256: str, import_id: str) -> Import | None:
    """The latest other import of these bytes in this branch that took rows in."""
    bound = {"branch_id": branch_id, "sha256": sha256, "import_id": import_id}
    found = connection.execute(_TAKEN_BEFORE, bound).fetchone()
    return Import(*found) if found else None


def _all(connection: Connection, row_type: type[R], statement: str, keys: Iterable[str]) -> Iterator[R]:
    for found in connection.execute(statement, {"keys": json.dumps(list(keys))}):
        yield row_type(*found)
