"""Keyset pages over any table: total order, both directions, opened anywhere (PAGE-1 to 3).

A list is declared once (`ListSpec`); each combination of filters is compiled once from SQLAlchemy
Core and kept. There is no OFFSET: a page costs the same at row one and at row one million.
"""

from __future__ import annotations

import json
from bisect import bisect_left, bisect_right
from dataclasses import dataclass, replace
from datetime import UTC
from typing import TYPE_CHECKING, Any, Final, Generic, TypeVar

from sqlalchemy import (
    bindparam,
    func,
    select,
)

from branchtui.contract.problem import Codes
from branchtui.ledger.problems import Refusal
from branchtui.ledger.store.list_spec import ListSpec, Sort
from branchtui.ledger.store.list_statements import (
    conditions,
    page_statement,
    place_statement,
    places_statement,
)
from branchtui.ledger.store.mapping import compiled

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import tzinfo

    from branchtui.ledger.store.cursors import Cursors
    from branchtui.ledger.store.reader import Reader

R = TypeVar("R")

COUNT_LIMIT: Final = 10_000
"""Beyond this a count is a lower bound."""


@dataclass(frozen=True, slots=True)
class Window:
    """Which page is asked for: after a cursor, or opened by an anchor; `limit` rows at most."""

    limit: int = 50
    cursor: str | None = None
    anchor: str | None = None
    sort: str | None = None
    count: bool = False


@dataclass(frozen=True, slots=True)
class Slice(Generic[R]):
    """The rows of a page with its cursors; `count` when asked, exact or a lower bound."""

    rows: list[R]
    next: str | None
    prev: str | None
    count: int | None = None
    count_exact: bool = True


@dataclass(frozen=True, slots=True)
class Lists:
    """Answers pages of any declared list."""

    reader: Reader
    cursors: Cursors

    async def page(
        self,
        spec: ListSpec[R],
        window: Window,
        filters: Mapping[str, Any],
        *,
        who: str,
        now_us: int,
        zone: tzinfo = UTC,
        sees: Callable[[R], bool] | None = None,
        asked: Mapping[str, Any] | None = None,
    ) -> Slice[R]:
        """The page of `spec` that `window` asks for, among the rows that pass `filters`.

        `filters` maps a filter's name to its parameter, or to a mapping of its parameters. Days in a key
        are those of `zone`. A list opens where a row stands that has left it (it was posted, say) when
        the reader `sees` that row; without `sees` such a row is not there. `asked` is what cursors are bound to
        instead of the filters, where the same question may be answered by one way or another.
        """
        name, sort = spec.sort(window.sort)
        bound = bound_of(filters)
        binding = _binding(spec.name, name, who, bound if asked is None else dict(asked))
        forward, inclusive, start = True, True, None
        if window.cursor is not None:
            value, key, forward = self.cursors.open(binding, window.cursor, now_us)
            start, inclusive = (value, key), False
        elif window.anchor is not None:
            forward, start = await self._anchor(spec, sort, window.anchor, filters, zone, sees)
        active = tuple(sorted(filters))
        places = await self._places(spec, name, active, bound) if spec.is_search(active) else None
        if places is None:
            statement = page_statement(
                spec, name, active, forward=forward, start=start is not None, inclusive=inclusive
            )
            given = dict(bound, limit_rows=window.limit + 1)
            if start is not None:
                given.update(start_value=start[0], start_key=start[1])
            found = await self.reader.rows(spec.row_type, statement, given)
        else:
            keys = _cut(
                places, sort, start, forward=forward, inclusive=inclusive, limit_rows=window.limit + 1
            )
            found = await self.reader.by_keys(spec.row_type, keys)
        if not found and window.anchor is not None and start is not None:
            # Nothing stands so late: the last row alone is the nearest place.
            at_the_end = replace(window, anchor="last", limit=1)
            return await self.page(spec, at_the_end, filters, who=who, now_us=now_us, asked=asked)
        more = len(found) > window.limit
        found = found[: window.limit]
        if not forward:
            found.reverse()
        opened_inside = start is not None
        has_next = more if forward else opened_inside
        has_prev = opened_inside if forward else more
        count, exact = await self._count(spec, active, bound, places) if window.count else (None, True)

        def seal(row: Any, *, ahead: bool) -> str:
            value, tie = getattr(row, sort.column), getattr(row, spec.tie)
            return self.cursors.seal(binding, value, tie, forward=ahead, now_us=now_us)

        return Slice(
            rows=found,
            next=seal(found[-1], ahead=True) if found and has_next else None,
            prev=seal(found[0], ahead=False) if found and has_prev else None,
            count=count,
            count_exact=exact,
        )

    async def all_rows(
        self, spec: ListSpec[R], sort: str | None, filters: Mapping[str, Any], most: int
    ) -> list[R]:
        """The first `most` rows of a list in its order, read on a thread; for a list that is no search."""
        name, _ = spec.sort(sort)
        active = tuple(sorted(filters))
        statement = page_statement(spec, name, active, forward=True, start=False, inclusive=True)
        bound = bound_of(filters) | {"limit_rows": most}
        return await self.reader.in_thread(
            lambda connection: [spec.row_type(*values) for values in connection.execute(statement, bound)]
        )

    async def _anchor(
        self,
        spec: ListSpec[R],
        sort: Sort,
        anchor: str,
        filters: Mapping[str, Any],
        zone: tzinfo,
        sees: Callable[[R], bool] | None,
    ) -> tuple[bool, Any]:
        """The direction and the first row of a window opened by `anchor`.

        Raises:
            Refusal: 404 for an id that is not there or not the reader's to see, 400 for another form.
        """
        kind, _, rest = anchor.partition(":")
        if kind == "first" and not rest:
            return True, None
        if kind == "last" and not rest:
            return False, None
        if kind == "key" and rest and sort.opens_by_key:
            try:
                value = sort.place(rest, zone)
            except ValueError as error:
                raise Refusal(400, Codes.MALFORMED, f"{rest} is no place in this order.") from error
            return True, (value, "" if not sort.descending else "\U0010ffff")
        if kind == "id" and rest:
            active = tuple(sorted(filters)) if sees is None else ()
            bound = bound_of(filters) if sees is None else {}
            statement = place_statement(spec, active)
            found = await self.reader.rows(spec.row_type, statement, bound | {"anchor_key": rest})
            if found and (sees is None or sees(found[0])):
                return True, (getattr(found[0], sort.column), rest)
            raise Refusal(404, Codes.NOT_FOUND, "The row to open the list at is not there.")
        raise Refusal(400, Codes.MALFORMED, "An anchor is first, last, id:... or key:...")

    async def _places(
        self, spec: ListSpec[R], sort_name: str, active: tuple[str, ...], bound: dict[str, Any]
    ) -> list[tuple[Any, str]]:
        """What a search finds, by its value in the order and its tie-breaker, in order: looked for once a page."""
        return [
            (value, key)
            for value, key in await self.reader.values(places_statement(spec, sort_name, active), bound)
        ]

    async def _count(
        self,
        spec: ListSpec[R],
        active: tuple[str, ...],
        bound: dict[str, Any],
        places: list[tuple[Any, str]] | None,
    ) -> tuple[int, bool]:
        limit = min([COUNT_LIMIT, *(spec.caps[name] for name in active if name in spec.caps)])
        if places is not None:
            return min(len(places), limit), len(places) <= limit
        key = ("count", active)
        if key not in spec.statements:
            rows = select(spec.columns[spec.tie]).where(*conditions(spec, active))
            inner = rows.limit(bindparam("limit_rows")).subquery()
            spec.statements[key] = compiled(select(func.count()).select_from(inner))
        ((count,),) = await self.reader.values(spec.statements[key], bound | {"limit_rows": limit + 1})
        return min(count, limit), count <= limit


def _cut(
    places: list[tuple[Any, str]],
    sort: Sort,
    start: tuple[Any, str] | None,
    *,
    forward: bool,
    inclusive: bool,
    limit_rows: int,
) -> list[str]:
    """The tie-breakers of the rows from `start` on, in the direction of the walk: what a page statement selects.

    Texts compare by their code points, as the engine compares their UTF-8.
    """
    ascending = forward != sort.descending
    walked = places if forward else places[::-1]
    if start is None:
        first = 0
    elif ascending:
        first = (bisect_left if inclusive else bisect_right)(walked, start)
    else:
        behind = walked[::-1]
        first = len(walked) - (bisect_right if inclusive else bisect_left)(behind, start)
    return [key for _, key in walked[first : first + limit_rows]]


def bound_of(filters: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters of these filters: those of one filter stand behind its name."""
    bound: dict[str, Any] = {}
    for name, value in filters.items():
        if isinstance(value, dict):
            bound.update({f"{name}__{part}": given for part, given in value.items()})
        else:
            bound[name] = value
    return bound


def _binding(list_name: str, sort: str, who: str, bound: dict[str, Any]) -> str:
    return json.dumps([list_name, sort, who, sorted(bound.items())], default=str)
