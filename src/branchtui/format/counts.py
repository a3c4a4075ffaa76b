"""How many of something there are, as a sentence says it."""

from __future__ import annotations


def count_of(number: int, one: str, many: str = "") -> str:
    """`1 row`, `1,200 rows`; `many` is the word for several where it is not `one` and an s."""
    return f"{number:,} {one if number == 1 else many or f'{one}s'}"
