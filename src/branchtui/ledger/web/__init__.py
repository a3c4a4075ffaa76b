"""Routes, sessions and problems: thin."""
