"""What an import may bring: one class a kind, with its columns, its row rule and its writer.

A further kind is one more entry in `KINDS` (contract, section 8).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Protocol

from branchtui.contract.imports import ImportKind
from branchtui.ledger.workflows.import_credit import CreditAccountRows
from branchtui.ledger.workflows.import_customers import ENTITIES, PERSONS
from branchtui.ledger.workflows.import_plans import PlanRows
from branchtui.ledger.workflows.import_records import BalanceRecordRows
from branchtui.ledger.workflows.statement_kinds import FORMATS
from branchtui.ledger.workflows.statement_take import StatementRows

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from branchtui.ledger.core import Core
    from branchtui.ledger.feeds.table_row import Row
    from branchtui.ledger.store.connection import Connection
    from branchtui.ledger.store.rows import Import
    from branchtui.ledger.store.unit import BulkTx
    from branchtui.ledger.workflows.import_rows import Checked, Setting, Taken


class RowCheck(Protocol):
    """Judges the rows of one file, in order."""

    def check(self, connection: Connection, rows: Sequence[Row]) -> list[Checked]:
        """The verdict on each row."""
        ...


class TableKind(Protocol):
    """A kind of import that is a table."""

    columns: tuple[str, ...]
    amount_columns: tuple[str, ...]
    """Those that show how the file writes amounts; the first is the one that a control sum is of."""
    date_columns: tuple[str, ...]
    synonyms: Mapping[str, str]
    """Other words for some of the columns."""

    @property
    def chunk_rows(self) -> int:
        """Rows that are written in one go, while other changes wait."""
        ...

    def missing(self, header: Sequence[str], setting: Setting) -> list[str]:
        """Mandatory columns that the header does not have."""
        ...

    def checker(self, core: Core, setting: Setting, header: Sequence[str]) -> RowCheck:
        """A fresh judge for one file."""
        ...

    def take(
        self, core: Core, tx: BulkTx, import_: Import, rows: Sequence[tuple[int, str]], at_us: int
    ) -> Taken:
        """Write rows (number and parsed JSON); those that fit no longer are returned with why."""
        ...


class RowTaker(Protocol):
    """Writes the rows of a kind, whatever it was read from."""

    @property
    def chunk_rows(self) -> int:
        """Rows that are written in one go, while other changes wait."""
        ...

    def take(
        self, core: Core, tx: BulkTx, import_: Import, rows: Sequence[tuple[int, str]], at_us: int
    ) -> Taken:
        """Write rows (number and parsed JSON); those that fit no longer are returned with why."""
        ...


KINDS: Final[dict[ImportKind, TableKind]] = {
    ImportKind.BALANCE_RECORDS: BalanceRecordRows(),
    ImportKind.CREDIT_ACCOUNTS: CreditAccountRows(),
    ImportKind.CUSTOMERS_PERSON: PERSONS,
    ImportKind.CUSTOMERS_ENTITY: ENTITIES,
    ImportKind.PLANS: PlanRows(),
}
"""The kinds that this ledger offers."""

MONEYLESS: Final = frozenset(
    {
        ImportKind.CREDIT_ACCOUNTS,
        ImportKind.CUSTOMERS_PERSON,
        ImportKind.CUSTOMERS_ENTITY,
        ImportKind.PLANS,
    }
)
"""Kinds whose rows may all be fine and come to no amount."""

STATEMENT_KINDS: Final[dict[str, StatementRows]] = dict.fromkeys(FORMATS, StatementRows())
"""The kinds that are statements; they have readers of their own."""


def taker_of(kind: ImportKind) -> RowTaker:
    """What writes the rows of this kind."""
    return STATEMENT_KINDS[kind] if kind in STATEMENT_KINDS else KINDS[kind]
