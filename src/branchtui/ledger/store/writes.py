"""What a batch writes: rows that are new, and of those that stand already what differs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from branchtui.ledger.store.mapping import mapping_of, update_changed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

Write = tuple[str, list[tuple[Any, ...]]]
"""A statement, and the values of each row in the order of its parameters."""


def writes_of(
    row_type: type[Any], rows: Iterable[tuple[Any, Any]], standing: Callable[[Any], Any]
) -> tuple[list[Write], list[Write]]:
    """The insertions and the updates that bring these rows (key and row each) into the table.

    `standing` tells the row that stands under a key. The order in which rows changed stays: one may take a value
    that is nobody else's once another has let it go.
    """
    mapping = mapping_of(row_type)
    new: list[tuple[Any, ...]] = []
    updates: list[Write] = []
    names_before: tuple[str, ...] | None = None
    for key, row in rows:
        before, values = standing(key), mapping.values_of(row)
        if before is None:
            new.append(values)
            continue
        differing = [
            (name, value)
            for name, value, old in zip(mapping.columns, values, mapping.values_of(before), strict=True)
            if value is not old and value != old
        ]
        if not differing:
            continue
        names = tuple(name for name, _ in differing)
        if names != names_before:
            updates.append((update_changed(row_type, names), []))
            names_before = names
        updates[-1][1].append(
            (*(value for _, value in differing), *(key if isinstance(key, tuple) else (key,)))
        )
    return [(mapping.insert, new)] if new else [], updates
