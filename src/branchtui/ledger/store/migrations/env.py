"""Alembic asks for this file; `store/migrate.py` configures the environment itself."""
