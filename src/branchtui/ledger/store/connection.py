"""The type of an open connection, for functions that are handed one; only the store knows whose it is."""

from __future__ import annotations

from apsw import Connection

__all__ = ["Connection"]
