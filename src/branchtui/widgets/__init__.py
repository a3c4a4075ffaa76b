"""Reusable Textual parts; they know neither the ledger's client nor the contract. See README.md here."""
