"""The ledger server."""
