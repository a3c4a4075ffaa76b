"""PostgreSQL: any number of ledger processes on one database."""
