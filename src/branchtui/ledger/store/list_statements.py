"""The statements of lists: a page from anywhere in either direction, and the places of what a search finds.

Each is compiled once for a combination of filters and kept by its list (`ListSpec.statements`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    and_,
    bindparam,
    literal,
    literal_column,
    or_,
    select,
    union_all,
)

from branchtui.ledger.store.mapping import compiled

if TYPE_CHECKING:
    from sqlalchemy import GenerativeSelect

    from branchtui.ledger.store.list_spec import ListSpec


def conditions(spec: ListSpec[Any], active: tuple[str, ...]) -> list[ColumnElement[bool]]:
    """Those of the filters that are in use."""
    return [spec.filters[name] for name in active]


def place_statement(spec: ListSpec[Any], active: tuple[str, ...]) -> str:
    """The row with a given tie-breaker, if it passes the filters."""
    cache_key = ("place", active)
    if cache_key not in spec.statements:
        at = spec.columns[spec.tie] == bindparam("anchor_key")
        spec.statements[cache_key] = compiled(select(*spec.select_list).where(at, *conditions(spec, active)))
    return spec.statements[cache_key]


def page_statement(
    spec: ListSpec[Any],
    sort_name: str,
    active: tuple[str, ...],
    *,
    forward: bool,
    start: bool,
    inclusive: bool,
) -> str:
    """A page in one direction, from its beginning or from a `start` (`:start_value`, `:start_key`) on.

    A list that stands apart (`ListSpec.apart`), asked for without that filter, is put together of a page for each
    value, each a range of an index: no more is read than so many pages, and no more is sorted. What another filter
    narrows to a few rows is read whole.
    """
    cache_key = (sort_name, active, forward, start, inclusive)
    if cache_key in spec.statements:
        return spec.statements[cache_key]
    sort = spec.sorts[sort_name]
    column, tie = spec.columns[sort.column], spec.columns[spec.tie]
    ascending = forward != sort.descending
    where = conditions(spec, active)
    if start:
        value: BindParameter[Any] = bindparam("start_value")
        key: BindParameter[Any] = bindparam("start_key")
        if ascending:
            beyond = tie >= key if inclusive else tie > key
            where.append(and_(column >= value, or_(column > value, beyond)))
        else:
            beyond = tie <= key if inclusive else tie < key
            where.append(and_(column <= value, or_(column < value, beyond)))
    order = (column.asc(), tie.asc()) if ascending else (column.desc(), tie.desc())
    limit: BindParameter[Any] = bindparam("limit_rows")
    ordered = select(*spec.select_list).order_by(*order).limit(limit)
    if spec.apart is None or not spec.apart.divides(active):
        page: GenerativeSelect = ordered.where(*where)
    else:
        divided = spec.columns[spec.apart.column]
        # A page of each by itself: an engine that sorts what is put together sorts a few pages, never a table.
        pages = [
            ordered.where(divided == literal(value), *where).subquery(f"page_{place}")
            for place, value in enumerate(spec.apart.values)
        ]
        merged: list[ColumnElement[Any]] = [literal_column(each.name) for each in (column, tie)]
        ways = (each.asc() if ascending else each.desc() for each in merged)
        # All columns by a star: the driver keeps only short statements prepared.
        page = union_all(*(select(literal_column(f"{each.name}.*")).select_from(each) for each in pages))
        page = page.order_by(*ways).limit(limit)
    spec.statements[cache_key] = compiled(page)
    return spec.statements[cache_key]


def places_statement(spec: ListSpec[Any], sort_name: str, active: tuple[str, ...]) -> str:
    """Value and tie-breaker of everything that a search finds, in order."""
    cache_key = ("places", sort_name, active)
    if cache_key not in spec.statements:
        sort = spec.sorts[sort_name]
        column, tie = spec.columns[sort.column], spec.columns[spec.tie]
        order = (column.desc(), tie.desc()) if sort.descending else (column.asc(), tie.asc())
        text = compiled(select(column, tie).where(*conditions(spec, active)).order_by(*order))
        index = spec.brief.get(sort_name)
        if index is not None:
            # Core has no words for an index by name; the first FROM of the statement is the table's own.
            own = f"FROM {column.table.name}"
            text = text.replace(own, f"{own} INDEXED BY {index}", 1)
        spec.statements[cache_key] = text
    return spec.statements[cache_key]
