"""The first schema: every table, append-only journal and audit, text search over customers and payments."""

from __future__ import annotations

from alembic import op
from sqlalchemy.schema import CreateIndex, CreateTable

from branchtui.ledger.store.search import SEARCHED, follow_for_search
from branchtui.ledger.store.tables import metadata

revision = "r0001"
down_revision = None

APPEND_ONLY = ("journal_entries", "legs", "audit")


def upgrade() -> None:
    """Make everything."""
    if op.get_context().dialect.name == "postgresql":
        op.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
    for table in metadata.sorted_tables:
        op.execute(CreateTable(table))
        for index in sorted(table.indexes, key=lambda each: str(each.name)):
            op.execute(CreateIndex(index))
    if op.get_context().dialect.name == "sqlite":
        for name in APPEND_ONLY:
            _refuse_changes(name)
        for name in SEARCHED:
            _follow_for_search(name)
    else:
        _refuse_changes_on_the_server()
        for name in SEARCHED:
            op.execute(f"CREATE INDEX {name}_search ON {name} USING gin (search_text gin_trgm_ops)")
        op.execute(
            "CREATE TABLE writer_marks (writer text PRIMARY KEY, batch bigint NOT NULL,"
            " at timestamptz NOT NULL DEFAULT now())"
        )


def _refuse_changes(table: str) -> None:
    for verb in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table} "
            f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
        )


def _refuse_changes_on_the_server() -> None:
    op.execute(
        "CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$ "
        "BEGIN RAISE EXCEPTION USING MESSAGE = TG_TABLE_NAME || ' is append-only'; END $$"
    )
    for name in APPEND_ONLY:
        op.execute(
            f"CREATE TRIGGER {name}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {name} "
            "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )


def _follow_for_search(table: str) -> None:
    op.execute(
        f"CREATE VIRTUAL TABLE {table}_search USING fts5("
        "text, content='', contentless_delete=1, tokenize='trigram case_sensitive 1', detail=full)"
    )
    for statement in follow_for_search(table):
        op.execute(statement)
