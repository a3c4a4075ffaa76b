"""Lists: keyset pages that open anywhere and turn both ways (PAGE-1 to 3)."""

from __future__ import annotations

from typing import Final, Generic, TypeVar

from branchtui.contract.base import Answer

DEFAULT_LIMIT: Final = 50
MAX_LIMIT: Final = 200

T = TypeVar("T")


class Page(Answer, Generic[T]):
    """One window on a list.

    `next` and `prev` are opaque cursors, or None at the end and at the beginning. `count` is given
    when `count=true` was asked; `count_exact` is False when it is a lower bound.
    """

    items: tuple[T, ...]
    next: str | None = None
    prev: str | None = None
    count: int | None = None
    count_exact: bool = True
