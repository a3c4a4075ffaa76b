"""Alembic's folder: `versions/` holds one module a revision. Rendered by `store/migrate.py`."""
