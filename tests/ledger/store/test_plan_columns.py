"""A ledger of the revision before gains the row of the file that brought a plan, and keeps its plans."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from branchtui.ledger.store import migrate
from branchtui.ledger.store.rows import Plan

if TYPE_CHECKING:
    from branchtui.ledger.store.engine import Store

pytestmark = pytest.mark.both_stores

AS_IT_WAS = """
UPDATE alembic_version SET version_num = 'audit_r0009';
DROP INDEX plans_import;
ALTER TABLE plans DROP COLUMN import_row_no;
ALTER TABLE plans DROP COLUMN import_id;
INSERT INTO plans (id, version, code, name, name_key, price_minor, currency, validity_days, active, created_at)
VALUES ('p', 1, 'DAY', 'A day', 'a day', 5000, 'KES', 1, 1, 7);
"""


def test_a_ledger_of_the_revision_before_keeps_its_plans(empty_store: Store) -> None:
    """Decision 0007: the columns are added and empty, and one row of a file is one plan."""
    with closing(empty_store.connect()) as connection:
        connection.begin()
        connection.run_script(AS_IT_WAS)
        connection.commit()

        assert migrate.upgrade(connection) == "audit_r0009"

        names = ", ".join(Plan.__dataclass_fields__)
        ((*values,),) = connection.execute(f"SELECT {names} FROM plans")
        assert Plan(*values) == Plan("p", 1, "DAY", "A day", "a day", 5_000, "KES", 1, 1, 7, None, None)
        row = "INSERT INTO plans VALUES (?, 1, ?, '', '', 1, '', 1, 1, 1, 'import', 2)"
        connection.execute(row, ("q", "ONE"))
        with pytest.raises(Exception, match="import"):
            connection.execute(row, ("r", "TWO"))
