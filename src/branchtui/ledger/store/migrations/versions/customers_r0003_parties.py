"""Customers, whole: code lists with their first values, staff, products, parts of a profile, transfers, loans.

A ledger that the first revision of today made has the tables already. Columns that are new in tables of
before are added by `store/migrate.py`, which looks first whether they are there.
"""

from __future__ import annotations

from alembic import op
from sqlalchemy.schema import CreateIndex, CreateTable

from branchtui.format.folding import fold
from branchtui.ledger.store.search import follow_for_search, stop_following
from branchtui.ledger.store.tables import PARTIES

revision = "customers_r0003"
down_revision = "r0002"

FIRST_VALUES = {
    "gender": ("Female", "Male", "Other"),
    "client_type": ("Individual", "Group", "Company", "Institution"),
    "classification": ("Standard", "Priority", "Watch"),
    "closure_reason": ("Own wish", "Moved away", "Deceased", "Entered twice", "Other"),
    "rejection_reason": ("Not eligible", "Papers missing", "Untrue statements", "Other"),
    "withdrawal_reason": ("Changed mind", "Joined elsewhere", "Other"),
    "relationship": ("Spouse", "Child", "Parent", "Sibling", "Next of kin", "Guarantor", "Other"),
    "address_type": ("Home", "Work", "Postal", "Other"),
    "identifier_type": ("National id", "Passport", "Driving licence", "Alien id", "Tax number", "Other"),
    "constitution": ("Company", "Co-operative", "Partnership", "Sole proprietor", "Association", "Trust"),
    "business_line": ("Agriculture", "Trade", "Transport", "Manufacturing", "Services", "Other"),
}
"""What a new ledger begins with; labels, groups and organisations are the institution's own."""


def upgrade() -> None:
    """Make what is missing."""
    for table in PARTIES:
        op.execute(CreateTable(table, if_not_exists=True))
        for index in sorted(table.indexes, key=lambda each: str(each.name)):
            op.execute(CreateIndex(index, if_not_exists=True))
    if op.get_context().dialect.name == "sqlite":
        for statement in (*stop_following("customers"), *follow_for_search("customers")):
            op.execute(statement)
    for code, names in FIRST_VALUES.items():
        for place, name in enumerate(names, start=1):
            quoted = ", ".join(f"'{each}'" for each in (f"{code}-{place}", code, name, fold(name)))
            op.execute(
                "INSERT INTO code_values (id, code, name, name_key, version, position, active, number, created_at)"  # noqa: S608 - words of our own
                f" VALUES ({quoted}, 1, {place}, 1, 0, 0) ON CONFLICT DO NOTHING"
            )
