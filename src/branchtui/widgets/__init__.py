"""Reusable parts of the screen; they know neither remote nor contract."""
