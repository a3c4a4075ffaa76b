"""A terminal program for branch tellers, and the double-entry ledger it talks to."""

__version__ = "0.1.0.dev0"
