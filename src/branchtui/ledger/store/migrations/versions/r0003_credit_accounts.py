"""Credit accounts: their terms, transactions, settlements, statements and mails.

A ledger that the first revision of today made has the tables already, and not what follows them.
"""

from __future__ import annotations

from alembic import op
from sqlalchemy.schema import CreateIndex, CreateTable

from branchtui.ledger.store.tables import CREDIT

revision = "r0003_credit"
down_revision = "customers_r0003"

APPEND_ONLY = ("credit_transactions", "credit_allocations", "credit_statements")


def upgrade() -> None:
    """Make what is missing, and let the engine follow names, branches and numbers."""
    for table in CREDIT:
        op.execute(CreateTable(table, if_not_exists=True))
        for index in sorted(table.indexes, key=lambda each: str(each.name)):
            op.execute(CreateIndex(index, if_not_exists=True))
    if op.get_context().dialect.name == "sqlite":
        for name in APPEND_ONLY:
            _refuse_changes(name)
        _follow()
    else:
        for name in APPEND_ONLY:
            op.execute(
                f"CREATE OR REPLACE TRIGGER {name}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {name} "
                "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
            )
        _follow_on_the_server()


def _refuse_changes(table: str) -> None:
    for verb in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER IF NOT EXISTS {table}_no_{verb.lower()} BEFORE {verb} ON {table} "
            f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
        )


def _follow() -> None:
    op.execute(
        "CREATE TRIGGER IF NOT EXISTS credit_accounts_added AFTER INSERT ON credit_accounts BEGIN "
        "UPDATE credit_accounts SET branch_id = (SELECT branch_id FROM accounts WHERE accounts.id = new.id), "
        "account_no = (SELECT account_no FROM accounts WHERE accounts.id = new.id), "
        "name_key = (SELECT name_key FROM customers WHERE customers.id = new.customer_id) "
        "WHERE credit_accounts.id = new.id; END"
    )
    op.execute(
        "CREATE TRIGGER IF NOT EXISTS accounts_credit_moved AFTER UPDATE OF branch_id, account_no ON accounts "
        "WHEN old.branch_id IS NOT new.branch_id OR old.account_no IS NOT new.account_no BEGIN "
        "UPDATE credit_accounts SET branch_id = new.branch_id, account_no = new.account_no "
        "WHERE credit_accounts.id = new.id; END"
    )
    op.execute(
        "CREATE TRIGGER IF NOT EXISTS customers_credit_renamed AFTER UPDATE OF name_key ON customers "
        "WHEN old.name_key IS NOT new.name_key BEGIN "
        "UPDATE credit_accounts SET name_key = new.name_key WHERE customer_id = new.id; END"
    )


def _follow_on_the_server() -> None:
    _function(
        "credit_account_added",
        "SELECT branch_id, account_no INTO NEW.branch_id, NEW.account_no FROM accounts WHERE accounts.id = NEW.id; "
        "SELECT name_key INTO NEW.name_key FROM customers WHERE customers.id = NEW.customer_id; ",
    )
    _function(
        "credit_account_moved",
        "UPDATE credit_accounts SET branch_id = NEW.branch_id, account_no = NEW.account_no "
        "WHERE credit_accounts.id = NEW.id; ",
    )
    _function(
        "credit_account_renamed",
        "UPDATE credit_accounts SET name_key = NEW.name_key WHERE customer_id = NEW.id; ",
    )
    op.execute(
        "CREATE OR REPLACE TRIGGER credit_accounts_added BEFORE INSERT ON credit_accounts "
        "FOR EACH ROW EXECUTE FUNCTION credit_account_added()"
    )
    op.execute(
        "CREATE OR REPLACE TRIGGER accounts_credit_moved AFTER UPDATE OF branch_id, account_no ON accounts "
        "FOR EACH ROW WHEN (OLD.branch_id IS DISTINCT FROM NEW.branch_id "
        "OR OLD.account_no IS DISTINCT FROM NEW.account_no) EXECUTE FUNCTION credit_account_moved()"
    )
    op.execute(
        "CREATE OR REPLACE TRIGGER customers_credit_renamed AFTER UPDATE OF name_key ON customers "
        "FOR EACH ROW WHEN (OLD.name_key IS DISTINCT FROM NEW.name_key) EXECUTE FUNCTION credit_account_renamed()"
    )


def _function(name: str, body: str) -> None:
    op.execute(
        f"CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {body}RETURN NEW; END $$"
    )
