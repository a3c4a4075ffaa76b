"""The list of customers by any combination of filters, each page in bounded time (contract, section 3).

Every label, member of staff, product, group and organisation is a mark; `customer_facets` holds the customers
of one mark in the order of the list by name, each with all of his marks. The rarest of what is asked for leads:
its customers are walked in order, or gathered and put in order where they are few, and the other marks are
checked on the way. Where branch or status have fewer customers than any mark, their own index leads.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo

from sqlalchemy import Boolean, bindparam, func, literal_column, select

from branchtui.contract.codes import CodeName
from branchtui.format.folding import fold
from branchtui.ledger.phones import region_of
from branchtui.ledger.problems import Refusal, invalid, not_found
from branchtui.ledger.store import tables
from branchtui.ledger.store.list_spec import ListSpec, Sort
from branchtui.ledger.store.lists import COUNT_LIMIT, Slice
from branchtui.ledger.store.mapping import compiled, mapping_of
from branchtui.ledger.store.rows import CodeValue, Customer, Product, Staff
from branchtui.ledger.store.search import branch_mark, facet_mark, standing_mark
from branchtui.ledger.workflows import customer_filing, customer_search, staff
from branchtui.ledger.workflows.customer_search import CUSTOMERS, GATHERED, GATHERED_MAX

if TYPE_CHECKING:
    from branchtui.ledger.access import Principal
    from branchtui.ledger.core import Core
    from branchtui.ledger.store.lists import Window

_SIZED_MAX: Final = 10_000
"""Customers of a mark that are counted to find the rarest; beyond it they are many."""

_NAMED_MAX: Final = 5


@dataclass(frozen=True, slots=True)
class Asked:
    """What the list is narrowed by, as it was sent."""

    q: str | None = None
    status: str | None = None
    branch: str | None = None
    label: str | None = None
    staff: str | None = None
    product: str | None = None
    group: str | None = None
    organisation: str | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """How a list is answered: by which declaration, with which filters.

    `count` is a statement with its parameters, where the declaration's own count would look at too many rows.
    """

    spec: ListSpec[Customer]
    filters: dict[str, Any]
    count: str | None = None
    bound: dict[str, Any] | None = None


_f, _c = tables.customer_facets.c, tables.customers.c
_OWN: Final = {"id": _f.customer_id.label("id"), "name_key": _f.name_key.label("name_key")}
_filed = (
    select(
        *(_OWN.get(name, _c[name]) for name in mapping_of(Customer).columns),
        _f.facet,
        _f.marks,
    )
    .join_from(tables.customer_facets, tables.customers, _c.id == _f.customer_id)
    .subquery("filed")
)

FILED: Final = ListSpec(
    row_type=Customer,
    name="customers",
    source=_filed,
    sorts={"name": Sort("name_key", key=fold)},
    filters={
        "facet": _filed.c.facet == bindparam("facet"),
        "marks": literal_column(
            "NOT EXISTS (SELECT 1 FROM json_each(:marks) WHERE instr(filed.marks, value) = 0)", Boolean
        ),
        "branch": _filed.c.branch_id == bindparam("branch"),
        "branches": literal_column("filed.branch_id IN (SELECT value FROM json_each(:branches))", Boolean),
    },
)
"""The customers of one mark, by name."""

_SIZE: Final = compiled(
    select(func.count()).select_from(
        select(_f.customer_id).where(_f.facet == bindparam("facet")).limit(_SIZED_MAX + 1).subquery("counted")
    )
)
_COUNT: Final = """SELECT COUNT(*) FROM (SELECT marks FROM customer_facets WHERE facet = :facet LIMIT 10001) AS counted
  WHERE NOT EXISTS (SELECT 1 FROM json_each(:marks) WHERE instr(counted.marks, value) = 0)"""


def _narrowed(*names: str) -> str:
    conditions = [CUSTOMERS.filters[name] for name in names]
    some = select(_c.id).where(*conditions).limit(_SIZED_MAX + 1).subquery("counted")
    return compiled(select(func.count()).select_from(some))


_NARROWED: Final[dict[tuple[str, ...], str]] = {
    names: _narrowed(*names) for names in (("branch",), ("status",), ("branch", "status"))
}


async def page(core: Core, who: Principal, asked: Asked, window: Window, at_us: int) -> Slice[Customer]:
    """The page of customers that is asked for.

    Raises:
        Refusal: 404 for a branch that is not the caller's, 422 for a name that means nobody or several, and what a
            list refuses.
    """
    home = core.tree[who.branch_id]
    plan = await plan_of(core, who, asked, window.sort)
    own_count = window.count and plan.count is not None
    rows = await core.lists.page(
        plan.spec,
        replace(window, count=window.count and not own_count),
        plan.filters,
        who=who.user_id,
        now_us=at_us,
        zone=ZoneInfo(home.timezone),
        sees=lambda row: who.scope.covers(row.branch_id),
        asked={name: getattr(asked, name) for name in Asked.__slots__},
    )
    if not own_count:
        return rows
    assert plan.count is not None, "asked for where there is one"
    ((count,),) = await core.reader.values(plan.count, plan.bound or {})
    ((size,),) = await core.reader.values(_SIZE, {"facet": (plan.bound or {})["facet"]})
    return replace(rows, count=min(count, COUNT_LIMIT), count_exact=size <= _SIZED_MAX)


async def plan_of(core: Core, who: Principal, asked: Asked, sort: str | None) -> Plan:
    """The cheapest way to the customers that are asked for.

    Raises:
        Refusal: as `page`.
    """
    scope, whole = who.scope.branch_ids, who.scope.top
    if asked.branch is not None:
        if not who.scope.covers(asked.branch):
            raise not_found("branch")
        scope, whole = core.tree.below(asked.branch), False
    marks = await marks_of(core, who, asked)
    home = core.tree[who.branch_id]
    words = (asked.q or "").strip()
    if words:
        search = customer_search.parse(words, region_of(home.currency, home.timezone))
        found = customer_search.filters(scope, whole=whole, search=search, status=asked.status, marks=marks)
        return Plan(CUSTOMERS, found)
    plain = customer_search.filters(scope, whole=whole, search=None, status=asked.status)
    if not marks:
        return Plan(CUSTOMERS, plain)
    return await _by_marks(core, plain, scope, whole=whole, status=asked.status, marks=marks, sort=sort)


async def _by_marks(
    core: Core,
    plain: dict[str, Any],
    scope: frozenset[str],
    *,
    whole: bool,
    status: str | None,
    marks: list[str],
    sort: str | None,
) -> Plan:
    sizes = [((await core.reader.values(_SIZE, {"facet": mark}))[0][0], mark) for mark in marks]
    size, rarest = min(sizes)
    narrowed = tuple(name for name in ("branch", "status") if name in plain)
    if narrowed:
        bound: dict[str, Any] = {name: plain[name] for name in narrowed}
        ((fewer,),) = await core.reader.values(_NARROWED[narrowed], bound)
        if fewer < size:
            return Plan(CUSTOMERS, plain | {"marked": json.dumps(marks)})
    checked = [mark for mark in marks if mark != rarest]
    checked += [] if status is None else [standing_mark(status)]
    if not whole and len(scope) == 1:
        checked.append(branch_mark(min(scope)))
    placed = {name: plain[name] for name in ("branch", "branches") if name in plain}
    # Two branches may share a mark by chance: the row itself is asked as well.
    bound = {"facet": rarest, "marks": json.dumps(checked)}
    if sort in {None, "name"}:
        counted = None if "branches" in placed else _COUNT
        filters = placed | {"facet": rarest} | ({"marks": json.dumps(checked)} if checked else {})
        return Plan(FILED, filters, counted, bound)
    if size <= GATHERED_MAX:
        gathered = {"facet": rarest, "marks": json.dumps(checked)}
        return Plan(CUSTOMERS, placed | {GATHERED: gathered})
    counted = None if "branches" in placed else _COUNT
    return Plan(CUSTOMERS, plain | {"marked": json.dumps(marks)}, counted, bound)


async def marks_of(core: Core, who: Principal, asked: Asked) -> list[str]:
    """The marks of what is asked for.

    Raises:
        Refusal: 422 for a name that means nobody, or several.
    """
    found: list[str] = []
    for name, kind in (
        ("label", customer_filing.LABEL),
        ("group", customer_filing.GROUP),
        ("organisation", customer_filing.ORGANISATION),
    ):
        given = getattr(asked, name)
        if given is not None:
            found.append(facet_mark(kind, (await _value(core, CodeName(name), given)).number))
    if asked.staff is not None:
        found.append(facet_mark(customer_filing.STAFF, (await _staff(core, who, asked.staff)).number))
    if asked.product is not None:
        found.append(facet_mark(customer_filing.PRODUCT, (await _product(core, asked.product)).number))
    return found


_VALUES = select(*mapping_of(CodeValue).select_list).where(tables.code_values.c.code == bindparam("code"))
_STAFF = select(*mapping_of(Staff).select_list).where(
    literal_column("staff.branch_id IN (SELECT value FROM json_each(:branches))", Boolean)
)
_PRODUCTS = select(*mapping_of(Product).select_list)


def _named_ways(base: Any, column: Any) -> tuple[str, str]:
    """Statements for an exact name, and for a part of one."""
    exact = base.where(column == bindparam("name")).limit(_NAMED_MAX + 1)
    part = base.where(func.instr(column, bindparam("name")) > 0).order_by(column).limit(_NAMED_MAX + 1)
    return compiled(exact), compiled(part)


_WAYS: Final = {
    CodeValue: _named_ways(_VALUES, tables.code_values.c.name_key),
    Staff: _named_ways(_STAFF, tables.staff.c.name_key),
    Product: _named_ways(_PRODUCTS, tables.products.c.name_key),
}


async def _value(core: Core, code: CodeName, given: str) -> CodeValue:
    value = await core.reader.get(CodeValue, given)
    if value is not None and value.code == code.value:
        return value
    found: CodeValue = await _by_name(core, CodeValue, given, code.value, {"code": code.value})
    return found


async def _staff(core: Core, who: Principal, given: str) -> Staff:
    seen = staff.seen_branches(core.tree, who)
    known = await core.reader.get(Staff, given)
    if known is not None and known.branch_id in seen:
        return known
    found: Staff = await _by_name(core, Staff, given, "staff", {"branches": json.dumps(sorted(seen))})
    return found


async def _product(core: Core, given: str) -> Product:
    known = await core.reader.find_one(Product, code=given) or await core.reader.get(Product, given)
    if known is not None:
        return known
    found: Product = await _by_name(core, Product, given, "product", {})
    return found


async def _by_name(core: Core, row_type: type[Any], given: str, pointer: str, bound: dict[str, Any]) -> Any:
    """The only one of this name, or whose name the text is a part of."""
    for statement in _WAYS[row_type]:
        rows = await core.reader.rows(row_type, statement, bound | {"name": fold(given).strip()})
        if len(rows) == 1:
            return rows[0]
        if rows:
            raise _several(pointer, given, [each.name for each in rows])
    raise invalid(f"/{pointer}", f"There is no {pointer} {given}.", "name-unknown")


def _several(pointer: str, given: str, names: list[str]) -> Refusal:
    shown = ", ".join(names[:_NAMED_MAX]) + (", ..." if len(names) > _NAMED_MAX else "")
    return invalid(f"/{pointer}", f"{given} may be {shown}. Say which.", "name-ambiguous")
