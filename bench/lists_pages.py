"""The ledger's own time for a page of any list: every order, filter and place, in the process that answers.

What a page costs the event loop: the rows, the count where the terminal asks for one, and the answer's models.
In processor time, so that a machine that does other things beside it does not count.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from bench.ledgers import BRANCH, figure, percentile
from branchtui.contract.balance_records import RecordFilter, RecordStatus
from branchtui.contract.customers import AccountKind
from branchtui.contract.sessions import Role
from branchtui.ledger.access import Principal
from branchtui.ledger.core import Core
from branchtui.ledger.phones import region_of
from branchtui.ledger.store.list_spec import ListSpec
from branchtui.ledger.store.lists import Slice, Window
from branchtui.ledger.workflows import (
    customer_search,
    customer_standing,
    payment_search,
    payment_views,
    record_sets,
    record_views,
)
from branchtui.ledger.workflows.customer_views import Looker, ids_in

TARGET_MS = 20.0
ROUNDS = 2
PAGES_DEEP = 5

_STATUSES = (RecordStatus.NOT_ACCOUNTED, RecordStatus.ACCOUNTED, RecordStatus.REVERSED)

Answer = Callable[[list[Any]], Awaitable[object]]


@dataclass(frozen=True)
class Asked:
    """One list as somebody asks for it: its filters under a name, in an order, at places that mean something there."""

    kind: str
    said: str
    spec: ListSpec[Any]
    filters: dict[str, Any]
    sort: str
    keys: tuple[str, ...]
    answer: Answer
    rows: int


class Asking:
    """A teller of the benchmark's branch, in the ledger's own process."""

    def __init__(self, core: Core) -> None:
        self.core = core
        branch = core.tree.by_code(BRANCH)
        assert branch is not None
        self.branch = branch
        self.who = Principal("bench", "teller", "bench", Role.TELLER, branch.id, core.tree.scope(branch.id))

    def sees(self, row: Any) -> bool:
        """Whether the teller may see a row that an anchor names."""
        return self.who.scope.covers(row.branch_id)

    def every(self) -> Iterator[Asked]:
        """Every list, order and filter that a screen of the terminal offers, and some together."""
        yield from self.customers()
        yield from self.payments()
        yield from self.records()

    def customers(self) -> Iterator[Asked]:
        """By search and by status, in each order."""
        scope, looker = self.who.scope, Looker(self.core, self.who)

        async def answer(rows: list[Any]) -> object:
            names = await self.core.book.names(ids_in(rows))
            standings = await customer_standing.of_page(self.core, rows)
            return [looker.answer(each, names) for each in standings]

        keys = {
            "name": ("wan", "otieno", "zz"),
            "customer_no": ("5", "0001"),
            "created": ("2026-11", "2020-01-01"),
        }
        queries = ("", "mwangi", "oti", "wa", "k", "zzzyyx", "0720 111", "4321", "100245")
        for sort, q, status in itertools.product(
            customer_search.CUSTOMERS.sorts, queries, (None, "active", "pending")
        ):
            search = (
                customer_search.parse(q, region_of(self.branch.currency, self.branch.timezone)) if q else None
            )
            filters = customer_search.filters(scope.branch_ids, whole=scope.top, search=search, status=status)
            said = f"{q or 'all'} {status or ''}".strip()
            yield Asked("customers", said, customer_search.CUSTOMERS, filters, sort, keys[sort], answer, 40)

    def payments(self) -> Iterator[Asked]:
        """By search, state and days, in each order; those that wait come with their candidates."""
        scope, looker = self.who.scope, payment_views.Looker(self.core, self.who)

        async def answer(rows: list[Any]) -> object:
            return await looker.answers(rows, candidates=True, at_us=self.core.clock.now_us())

        queries = ("", "kamau", "oti", "wa", "k", "zzzyyx", "TKD", "1,500.00", "0720 111", "005001")
        states = (None, "unassociated", "associated", "ignored")
        for sort, q, state in itertools.product(payment_search.PAYMENTS.sorts, queries, states):
            filters = payment_search.filters(
                scope.branch_ids, whole=scope.top, home=self.branch, q=q or None, state=state
            )
            said = f"{q or 'all'} {state or ''}".strip()
            keys = ("2026-11", "2020-01-01")
            yield Asked("payments", said, payment_search.PAYMENTS, filters, sort, keys, answer, 22)

    def records(self) -> Iterator[Asked]:
        """By search, status, who keyed them and kind, in each order."""
        looker = record_views.Looker(self.core, self.who)

        async def answer(rows: list[Any]) -> object:
            return await looker.answers(rows)

        keys = {"created": ("2026-11",), "amount": ("5000000",), "as_of": ("2026-11",)}
        narrowed: list[dict[str, Any]] = [{"status": status} for status in (None, *_STATUSES)]
        narrowed += [{"q": q} for q in ("mwangi", "oti", "k", "zzzyyx", "0720 111", "MB/0000", "passbook")]
        narrowed += [
            {"q": "mwangi", "status": RecordStatus.ACCOUNTED},
            {"status": RecordStatus.NOT_ACCOUNTED, "created_by": "system"},
        ]
        narrowed += [
            {"account_kind": AccountKind.LOAN},
            {"status": RecordStatus.NOT_ACCOUNTED, "account_kind": AccountKind.SHARES},
        ]
        for sort, members in itertools.product(record_sets.RECORDS.sorts, narrowed):
            asked = RecordFilter.model_validate(members)
            filters = record_sets.list_filters(self.core, self.who, asked)
            said = " ".join(str(each) for each in members.values() if each) or "all"
            is_offered = not members.keys() & {"created_by", "account_kind"}
            kind = "records" if is_offered else "records by filters that no screen offers"
            yield Asked(kind, said, record_sets.RECORDS, filters, sort, keys[sort], answer, 40)

    async def timed(self, asked: Asked, window: Window) -> tuple[float, Slice[Any]]:
        """Processor seconds of one page, models of its answer included."""
        began = time.process_time()
        window = replace(window, limit=asked.rows, sort=asked.sort)
        page = await self.core.lists.page(
            asked.spec,
            window,
            asked.filters,
            who=self.who.user_id,
            now_us=self.core.clock.now_us(),
            sees=self.sees,
        )
        await asked.answer(page.rows)
        return time.process_time() - began, page

    async def places(self, asked: Asked) -> dict[str, list[float]]:
        """Seconds by place: as the terminal opens the list, turns its pages and jumps in it."""
        found: dict[str, list[float]] = {}

        async def ask(place: str, **members: Any) -> Slice[Any]:
            seconds, page = await self.timed(asked, Window(**members))
            found.setdefault(place, []).append(seconds)
            return page

        opened = await ask("open", anchor="first", count=True)
        last = await ask("end", anchor="last", count=True)
        middle = opened
        for key in asked.keys:
            middle = await ask("letters", anchor=f"key:{key}", count=True)
        if middle.rows:
            await ask("refresh", anchor=f"id:{middle.rows[0].id}", count=True)
        for start, side, place in (
            (opened, "next", "next page"),
            (last, "prev", "page before"),
            (middle, "prev", "page before"),
        ):
            page = start
            for _ in range(PAGES_DEEP):
                if (cursor := getattr(page, side)) is None:
                    break
                page = await ask(place, cursor=cursor)
        return found


async def measure(core: Core, size: int, *, rounds: int = ROUNDS) -> None:
    """One figure a list and place: the middle and the slowest in a hundred over all orders and filters."""
    asking = Asking(core)
    seconds: dict[tuple[str, str], list[float]] = {}
    slowest: dict[tuple[str, str], tuple[float, str]] = {}
    for asked in asking.every():
        # Once unseen: its statements are made and prepared, which a ledger does once as long as it runs.
        await asking.places(asked)
        for _ in range(rounds):
            for place, taken in (await asking.places(asked)).items():
                at = (asked.kind, place)
                seconds.setdefault(at, []).extend(taken)
        for place, taken in (await asking.places(asked)).items():
            at = (asked.kind, place)
            said = f"{asked.said} by {asked.sort}"
            slowest[at] = max(slowest.get(at, (0.0, "")), (percentile(taken, 0.5), said))
    for (kind, place), taken in seconds.items():
        p50, p99 = percentile(taken, 0.5) * 1_000, percentile(taken, 0.99) * 1_000
        worst, said = slowest[kind, place]
        figure(
            f"{kind}, {size:,} rows: {place}, p99 of the processor",
            f"{p99:.2f}",
            "ms",
            f"p50 {p50:.2f} ms; slowest: {said}, {worst * 1_000:.1f} ms; target under {TARGET_MS:.0f} ms",
        )
