"""Row classes to tables, and the point statements of each, compiled once from SQLAlchemy Core.

Statements are authored in Core where the dialects agree and executed by the raw driver, because
executing through SQLAlchemy costs two to nine times as much (see docs/decisions).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, fields
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from sqlalchemy import Table, bindparam, delete, insert, select, text, update
from sqlalchemy.dialects import sqlite
from sqlalchemy.sql.compiler import SQLCompiler

from branchtui.ledger.store import rows, tables

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from sqlalchemy.sql import ClauseElement

    from branchtui.ledger.store.connection import Connection

TABLES: dict[type[Any], Table] = {
    rows.Institution: tables.institution,
    rows.Branch: tables.branches,
    rows.Payee: tables.payees,
    rows.CallbackToken: tables.callback_tokens,
    rows.Counter: tables.counters,
    rows.User: tables.users,
    rows.Session: tables.sessions,
    rows.Customer: tables.customers,
    rows.CodeValue: tables.code_values,
    rows.Staff: tables.staff,
    rows.Product: tables.products,
    rows.CustomerFacet: tables.customer_facets,
    rows.FamilyMember: tables.family_members,
    rows.Address: tables.addresses,
    rows.Identifier: tables.identifiers,
    rows.CustomerNote: tables.customer_notes,
    rows.CustomerDetails: tables.customer_details,
    rows.Transfer: tables.transfers,
    rows.Account: tables.accounts,
    rows.LoanTerms: tables.loan_terms,
    rows.LoanInstalment: tables.loan_instalments,
    rows.JournalEntry: tables.journal_entries,
    rows.Leg: tables.legs,
    rows.BalanceRecord: tables.balance_records,
    rows.Payment: tables.payments,
    rows.LearnedPayer: tables.learned_payers,
    rows.PaymentTender: tables.payment_tenders,
    rows.Receipt: tables.receipts,
    rows.Plan: tables.plans,
    rows.Voucher: tables.vouchers,
    rows.CallbackEvent: tables.callback_events,
    rows.PaymentWait: tables.payment_waits,
    rows.Operation: tables.operations,
    rows.AuditRow: tables.audit,
    rows.ChainHead: tables.chain_heads,
    rows.Upload: tables.uploads,
    rows.UploadChunk: tables.upload_chunks,
    rows.Document: tables.documents,
    rows.Import: tables.imports,
    rows.ImportRow: tables.import_rows,
    rows.ColumnMap: tables.column_maps,
    rows.StatementBatch: tables.statement_batches,
    rows.BalanceFile: tables.balance_files,
    rows.BalanceFileRow: tables.balance_file_rows,
    rows.MissingPayer: tables.balance_file_missing,
    rows.FilePosting: tables.balance_file_postings,
    rows.Job: tables.jobs,
    rows.JobLease: tables.job_leases,
    rows.JobRow: tables.job_rows,
    rows.ClosedDay: tables.closed_days,
    rows.SessionProof: tables.session_proofs,
    rows.SpentRefresh: tables.spent_refreshes,
    rows.SecondFactor: tables.second_factors,
    rows.BranchVersion: tables.branch_versions,
    rows.Approval: tables.approvals,
    rows.ApprovalSlot: tables.approval_slots,
    rows.CreditAccount: tables.credit_accounts,
    rows.CreditTransaction: tables.credit_transactions,
    rows.CreditOpenItem: tables.credit_open_items,
    rows.CreditAllocation: tables.credit_allocations,
    rows.Settlement: tables.settlements,
    rows.CreditStatement: tables.credit_statements,
    rows.StatementMail: tables.statement_mails,
}
"""In the order in which rows are inserted: parents first."""

_DIALECT = sqlite.dialect(paramstyle="named")
# Otherwise Core writes `(id IN (...)) = 1`, and no index answers that. SQLite knows true and false since 3.23.
_DIALECT.supports_native_boolean = True
_NAMED = re.compile(r"(?<!:):([A-Za-z_]\w*)")


def compiled(statement: ClauseElement, columns: list[str] | None = None) -> str:
    """The statement as text with `:name` parameters, for the raw driver.

    `columns` names the columns that an insert or update sets, each by a parameter of its own name.
    """
    made = statement.compile(dialect=_DIALECT, column_keys=columns)
    assert isinstance(made, SQLCompiler), "a query, not a definition"
    return _NAMED.sub(lambda found: _written_out(made, found), str(made))


def _written_out(made: SQLCompiler, found: re.Match[str]) -> str:
    """A parameter as it stands, or the constant that Core made a parameter of."""
    bind = made.binds.get(found[1])
    if bind is None or bind.required:
        return found[0]
    render: Any = made.render_literal_bindparam
    return str(render(bind))


@dataclass(frozen=True, slots=True)
class Mapping:
    """What is needed to read and write one row class."""

    table: Table
    columns: tuple[str, ...]
    key: tuple[str, ...]
    key_of: Callable[[Any], Any]
    values_of: Callable[[Any], tuple[Any, ...]]
    insert: str
    update: str
    delete: str
    select_by_key: str
    append_only: bool

    @property
    def select_list(self) -> list[Any]:
        """The columns of the row class, in the order of its fields."""
        return [self.table.c[name] for name in self.columns]


_GIVEN = text("SELECT value FROM json_each(:keys)")
_mappings: dict[type[Any], Mapping] = {}
_equal_statements: dict[tuple[type[Any], tuple[str, ...]], str] = {}
_among_statements: dict[tuple[type[Any], str], str] = {}
_changing_statements: dict[tuple[type[Any], tuple[str, ...]], str] = {}


def mapping_of(row_type: type[Any]) -> Mapping:
    """The mapping of `row_type`, made once; raises TypeError where class and table disagree."""
    found = _mappings.get(row_type)
    if found is None:
        found = _mappings[row_type] = _make_mapping(row_type)
    return found


def _make_mapping(row_type: type[Any]) -> Mapping:
    table = TABLES[row_type]
    columns = tuple(c.name for c in table.columns if not c.info.get("engine"))
    if columns != tuple(field.name for field in fields(row_type)):
        raise TypeError(f"{row_type.__name__} and table {table.name} do not name the same columns")
    key = tuple(c.name for c in table.primary_key.columns if not c.info.get("engine")) or ("id",)
    is_key = _is_key(table, key)
    rest = [name for name in columns if name not in key]
    return Mapping(
        table=table,
        columns=columns,
        key=key,
        key_of=attrgetter(*key),
        values_of=attrgetter(*columns),
        insert=compiled(insert(table), list(columns)),
        update=_updating(table, key, rest) if rest else "",
        delete=compiled(delete(table).where(*is_key)),
        select_by_key=compiled(select(*[table.c[name] for name in columns]).where(*is_key)),
        append_only=bool(table.info.get("append_only")),
    )


def _is_key(table: Table, key: tuple[str, ...]) -> list[Any]:
    return [table.c[name] == bindparam(f"key_{name}") for name in key]


def _updating(table: Table, key: tuple[str, ...], names: list[str]) -> str:
    return compiled(update(table).where(*_is_key(table, key)), names)


def update_changed(row_type: type[Any], names: tuple[str, ...]) -> str:
    """Sets the columns `names`, some of them changed, of the row with a key.

    SQLite takes an entry out of every index over a column that is set, and puts it back, whatever the values; and
    looks for the parent of every reference that is set.
    """
    found = _changing_statements.get((row_type, names))
    if found is None:
        mapping = mapping_of(row_type)
        found = _updating(mapping.table, mapping.key, list(names))
        _changing_statements[row_type, names] = found
    return found


def select_equal(row_type: type[Any], names: tuple[str, ...]) -> str:
    """All rows of `row_type` whose columns `names` equal the parameters of these names (never null)."""
    found = _equal_statements.get((row_type, names))
    if found is None:
        mapping = mapping_of(row_type)
        wanted = [mapping.table.c[name] == bindparam(name) for name in names]
        found = compiled(select(*mapping.select_list).where(*wanted))
        _equal_statements[row_type, names] = found
    return found


def select_among(row_type: type[Any], name: str) -> str:
    """All rows of `row_type` whose text column `name` is in the JSON array `:keys`."""
    found = _among_statements.get((row_type, name))
    if found is None:
        mapping = mapping_of(row_type)
        found = compiled(select(*mapping.select_list).where(mapping.table.c[name].in_(_GIVEN)))
        _among_statements[row_type, name] = found
    return found


def insert_rows(connection: Connection, row_type: type[Any], rows: Iterable[tuple[Any, ...]]) -> None:
    """Insert many rows, each the values of `row_type` in the order of its fields."""
    mapping = mapping_of(row_type)
    table = mapping.table
    connection.add_rows(table.name, mapping.columns, rows, scattered=bool(table.info.get("scattered")))
