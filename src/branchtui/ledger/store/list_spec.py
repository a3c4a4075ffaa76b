"""What a list is: declared once, over one table or a source of rows (PAGE-1)."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from sqlalchemy import ColumnElement, FromClause

from branchtui.contract.problem import Codes
from branchtui.ledger.clock import span_us
from branchtui.ledger.problems import Refusal
from branchtui.ledger.store.mapping import mapping_of
from branchtui.ledger.store.search import prefix_end

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import tzinfo

R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Sort:
    """An order: the column that carries it (the id breaks ties) and its usual direction.

    `key` turns the text of an anchor `key:...` into a value of that column; it raises ValueError for
    one that is none. None: the order cannot be opened by a key. `is_time` says that the column holds
    instants: the key is a day, a month or a year of the reader's time zone, and `key` is not asked.
    """

    column: str
    descending: bool = False
    key: Callable[[str], Any] | None = str
    is_time: bool = False

    def place(self, text: str, zone: tzinfo) -> Any:
        """The value of the column at which `text` opens this order: of all that begin so, the first met.

        Raises:
            ValueError: the text is no value of this column.
        """
        if self.is_time:
            first_us, last_us = span_us(text, zone)
            return last_us if self.descending else first_us
        assert self.key is not None, "an order without keys is not asked for one"
        value = self.key(text)
        return prefix_end(value) if self.descending and isinstance(value, str) else value

    @property
    def opens_by_key(self) -> bool:
        """Whether an anchor `key:...` has a meaning here."""
        return self.is_time or self.key is not None


@dataclass(frozen=True, slots=True)
class Apart:
    """A column that has one of a few `values` in every row, and is a filter of the same name.

    `few` names filters that leave few rows, by an index of their own: these are read whole and put in order.
    """

    column: str
    values: tuple[str, ...]
    few: frozenset[str] = frozenset()

    def divides(self, active: tuple[str, ...]) -> bool:
        """Whether a page with these filters is put together of a page for each value."""
        return self.column not in active and self.few.isdisjoint(active)


@dataclass(frozen=True)
class ListSpec(Generic[R]):
    """A list over one table, or over a `source` whose columns are the fields of `row_type`.

    `filters` maps a filter's name to a condition whose parameters carry that name or start with
    `name__`; `sorts` maps what may follow `sort=` to an order, the first being the default. `tie` is
    the column that makes an order total. `caps` names the filters that look at so many candidates
    at most: a count that reaches the cap is a lower bound. `brief` maps an order to the index that holds
    it by row number: with a filter of `caps`, candidates are put in order there, once a request, and only
    the rows of the page are read whole. `apart` says by what the orders' indexes divide the rows: pages without that
    filter are merged.
    """

    row_type: type[R]
    sorts: Mapping[str, Sort]
    filters: Mapping[str, ColumnElement[bool]]
    name: str
    source: FromClause | None = None
    tie: str = "id"
    caps: Mapping[str, int] = field(default_factory=dict)
    brief: Mapping[str, str] = field(default_factory=dict)
    apart: Apart | None = None
    statements: dict[Any, str] = field(default_factory=dict, compare=False, repr=False)

    def is_search(self, active: tuple[str, ...]) -> bool:
        """Whether one of these filters looks at so many candidates at most."""
        return not self.caps.keys().isdisjoint(active)

    def sort(self, name: str | None) -> tuple[str, Sort]:
        """The order that `sort=name` asks for.

        Raises:
            Refusal: the name is not on the list.
        """
        wanted = name or next(iter(self.sorts))
        if wanted not in self.sorts:
            raise Refusal(
                400, Codes.MALFORMED, f"This list sorts by {', '.join(self.sorts)}; not by {wanted}."
            )
        return wanted, self.sorts[wanted]

    @property
    def columns(self) -> Any:
        """The columns by name."""
        return (mapping_of(self.row_type).table if self.source is None else self.source).c

    @property
    def select_list(self) -> list[ColumnElement[Any]]:
        """The columns of the row class, in the order of its fields."""
        return [self.columns[each.name] for each in fields(self.row_type)]  # type: ignore[arg-type]  # rows are dataclasses
