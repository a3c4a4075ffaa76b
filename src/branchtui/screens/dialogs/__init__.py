"""Dialogs of the screens: they ask, and never write."""
