"""Keyset pages: every row exactly once, both ways, while others come and go (PAGE-1 to 3)."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import bindparam

from branchtui.ledger.clock import as_us
from branchtui.ledger.problems import Refusal
from branchtui.ledger.store import tables
from branchtui.ledger.store.cursors import CURSOR_LIFE_US, Cursors
from branchtui.ledger.store.engine import Store
from branchtui.ledger.store.list_spec import ListSpec, Sort
from branchtui.ledger.store.lists import Lists, Slice, Window
from branchtui.ledger.store.rows import ClosedDay

DAYS = ListSpec(
    row_type=ClosedDay,
    name="days",
    sorts={
        "date": Sort("date"),
        "newest": Sort("date", descending=True),
        "closed": Sort("closed_at", key=int),
        "plain": Sort("closed_by", key=None),
        "latest": Sort("closed_at", descending=True, is_time=True),
        "earliest": Sort("closed_at", is_time=True),
    },
    filters={
        "branch": tables.closed_days.c.branch_id == bindparam("branch"),
        "by": tables.closed_days.c.closed_by == bindparam("by"),
    },
)
NKU = {"branch": "nku"}

pytestmark = pytest.mark.both_stores


class Shelf:
    """A table of days, changed by the test and read by pages."""

    def __init__(self, store: Store) -> None:
        self.connection = store.connect()
        self.reader = store.reader()
        self.reader.start()
        self.lists = Lists(self.reader, Cursors(b"secret of this ledger"))

    def put(self, number: int, branch: str = "nku", *, key: str | None = None) -> None:
        """A day; the date repeats every seven, so that the id must break ties."""
        self.connection.execute(
            "INSERT INTO closed_days VALUES (?, ?, ?, 'supervisor', ?)",
            (key or f"day-{number:05d}", branch, f"2026-01-{number // 7 + 1:04d}", number),
        )

    async def page(
        self, window: Window, who: str = "teller", now_us: int = 0, **filters: Any
    ) -> Slice[ClosedDay]:
        return await self.lists.page(DAYS, window, filters or NKU, who=who, now_us=now_us)

    async def walk(
        self, *, forward: bool, sort: str = "date", limit: int = 7, between: Any = None
    ) -> list[str]:
        """The ids of a whole walk in the order of the list, whichever way it went."""
        anchor = "first" if forward else "last"
        page = await self.page(Window(limit=limit, anchor=anchor, sort=sort))
        found: list[str] = []
        while True:
            ids = [row.id for row in page.rows]
            found = found + ids if forward else ids + found
            cursor = page.next if forward else page.prev
            if cursor is None:
                return found
            if between is not None:
                between()
            page = await self.page(Window(limit=limit, cursor=cursor, sort=sort))


@pytest.fixture
def shelf(empty_store: Store) -> Iterator[Shelf]:
    made = Shelf(empty_store)
    for number in range(100):
        made.put(number)
    for number in range(5):
        made.put(number, "ksm", key=f"ksm-{number}")
    yield made
    made.reader.stop()
    made.connection.close()


@pytest.mark.parametrize("sort", ["date", "newest", "closed"])
@pytest.mark.parametrize("forward", [True, False])
@pytest.mark.parametrize("limit", [1, 7, 99, 100, 101])
async def test_a_walk_meets_every_row_once_in_order(
    shelf: Shelf, sort: str, forward: bool, limit: int
) -> None:
    """PAGE-1: a total order that ends with the id, at every page size, in both directions."""
    expected = [f"day-{number:05d}" for number in range(100)]
    if sort == "newest":
        expected.reverse()
    assert await shelf.walk(forward=forward, sort=sort, limit=limit) == expected


@pytest.mark.parametrize("forward", [True, False])
async def test_rows_that_stay_appear_once_while_a_thousand_others_move(shelf: Shelf, forward: bool) -> None:
    """PAGE-2: present throughout with an unchanged key: exactly once, while others come, change and go."""
    chance = random.Random(20_260_930)
    stays = [f"day-{number:05d}" for number in range(0, 100, 2)]
    moving = [f"day-{number:05d}" for number in range(1, 100, 2)]

    def move() -> None:
        for _ in range(70):
            key = chance.choice(moving)
            shelf.connection.execute("DELETE FROM closed_days WHERE id = ?", (key,))
            if chance.random() < 0.7:
                shelf.put(chance.randrange(100), key=key)

    found = await shelf.walk(forward=forward, limit=3, between=move)
    assert [key for key in found if key in stays] == stays


async def test_a_page_turns_back_to_the_page_before(shelf: Shelf) -> None:
    """PAGE-2: `prev` of the second page is the first page again, and the ends say that they are ends."""
    first = await shelf.page(Window(limit=10))
    second = await shelf.page(Window(limit=10, cursor=first.next))
    back = await shelf.page(Window(limit=10, cursor=second.prev))
    assert first.prev is None
    assert back.rows == first.rows
    assert back.prev is None
    assert back.next is not None
    last = await shelf.page(Window(limit=10, anchor="last"))
    assert last.next is None
    assert [row.id for row in last.rows] == [f"day-{number:05d}" for number in range(90, 100)]


async def test_a_list_opens_at_a_row_or_at_a_key(shelf: Shelf) -> None:
    """Contract 1: `id:` opens at that row, `key:` at the first row from that value on."""
    at_row = await shelf.page(Window(limit=3, anchor="id:day-00050"))
    assert [row.id for row in at_row.rows] == ["day-00050", "day-00051", "day-00052"]
    assert at_row.prev is not None
    at_key = await shelf.page(Window(limit=1, anchor="key:40", sort="closed"))
    assert at_key.rows[0].closed_at == 40
    newest = await shelf.page(Window(limit=1, anchor="key:2026-01-0003", sort="newest"))
    assert newest.rows[0].id == "day-00020"


async def test_a_beginning_opens_an_order_at_the_first_row_that_has_it_whichever_way_it_runs(
    shelf: Shelf,
) -> None:
    """Contract 1: `key:2026-01-001` is met first at 0010 upwards, at its last downwards."""
    upwards = await shelf.page(Window(limit=1, anchor="key:2026-01-001", sort="date"))
    assert upwards.rows[0].date == "2026-01-0010"
    downwards = await shelf.page(Window(limit=1, anchor="key:2026-01-001", sort="newest"))
    assert downwards.rows[0].date == "2026-01-0015"


async def test_a_key_behind_all_rows_opens_at_the_last_one(shelf: Shelf) -> None:
    """Contract 1: the nearest place is the last row; the page before it is a turn away."""
    behind = await shelf.page(Window(limit=10, anchor="key:2027", sort="date", count=True))
    assert [row.id for row in behind.rows] == ["day-00099"]
    assert (behind.next, behind.count) == (None, 100)
    before = await shelf.page(Window(limit=10, cursor=behind.prev, sort="date"))
    assert [row.id for row in before.rows] == [f"day-{number:05d}" for number in range(89, 99)]


@pytest.mark.parametrize("zone", ["UTC", "Africa/Nairobi", "Pacific/Auckland"])
async def test_instants_open_at_a_day_of_the_readers_own(shelf: Shelf, zone: str) -> None:
    """Contract 5: a day is the branch's; downwards it is met at its last instant, upwards at its first."""
    here = ZoneInfo(zone)
    for number, hour in enumerate((0, 12, 23)):
        at = datetime(2026, 11, 20, hour, 30, tzinfo=here)
        shelf.connection.execute(
            "UPDATE closed_days SET closed_at = ? WHERE id = ?", (as_us(at), f"day-{number:05d}")
        )
    for text in ("2026-11-20", "2026-11", "2026"):
        for sort, expected in (("latest", "day-00002"), ("earliest", "day-00000")):
            window = Window(limit=1, anchor=f"key:{text}", sort=sort)
            page = await shelf.lists.page(DAYS, window, NKU, who="teller", now_us=0, zone=here)
            assert page.rows[0].id == expected
    for text in ("2026-13", "2026-02-30", "20", "soon", "2026-11-20T10"):
        with pytest.raises(Refusal):
            await shelf.page(Window(anchor=f"key:{text}", sort="latest"))


async def test_a_list_opens_where_a_row_stood_that_has_left_it(shelf: Shelf) -> None:
    """Terminal, Lists: a refresh stays in its place when the row it stood on was posted by somebody."""

    async def open_at(row_id: str, **options: Any) -> Slice[ClosedDay]:
        window = Window(limit=2, anchor=f"id:{row_id}")
        return await shelf.lists.page(DAYS, window, NKU | {"by": "supervisor"}, who="t", now_us=0, **options)

    shelf.connection.execute("UPDATE closed_days SET closed_by = 'other' WHERE id = 'day-00050'")
    page = await open_at("day-00050", sees=lambda row: row.branch_id == "nku")
    assert [row.id for row in page.rows] == ["day-00051", "day-00052"]
    for row_id, options in (
        ("day-00050", {}),
        ("ksm-1", {"sees": lambda row: row.branch_id == "nku"}),
        ("nowhere", {"sees": lambda _: True}),
    ):
        with pytest.raises(Refusal) as refused:
            await open_at(row_id, **options)
        assert refused.value.status == 404


@pytest.mark.parametrize(
    ("anchor", "sort", "status"),
    [
        ("id:ksm-1", None, 404),
        ("id:nowhere", None, 404),
        ("key:", None, 400),
        ("middle", None, 400),
        ("first:1", None, 400),
        ("key:soon", "closed", 400),
        ("key:anything", "plain", 400),
        ("key:2026-11-31", "latest", 400),
        (None, "branch_id", 400),
    ],
)
async def test_a_place_that_is_none_is_refused(
    shelf: Shelf, anchor: str | None, sort: str | None, status: int
) -> None:
    """AUTHZ-2: a row of another branch is not there; T-24: orders come from an allow-list."""
    with pytest.raises(Refusal) as refused:
        await shelf.page(Window(anchor=anchor, sort=sort))
    assert refused.value.status == status


async def test_a_cursor_is_bound_to_reader_list_filter_and_order(shelf: Shelf) -> None:
    """PAGE-1: another person's, another filter's or another order's cursor is foreign."""
    cursor = (await shelf.page(Window(limit=2))).next
    for window, options in (
        (Window(limit=2, cursor=cursor), {"who": "supervisor"}),
        (Window(limit=2, cursor=cursor), {"branch": "ksm"}),
        (Window(limit=2, cursor=cursor), {"branch": "nku", "by": "supervisor"}),
        (Window(limit=2, cursor=cursor, sort="newest"), {}),
    ):
        with pytest.raises(Refusal) as refused:
            await shelf.page(window, **options)  # type: ignore[arg-type]  # who and filters together
        assert (refused.value.status, refused.value.code) == (400, "cursor-invalid")


async def test_an_altered_cursor_is_refused_whatever_was_altered(shelf: Shelf) -> None:
    """PAGE-1: sealed; no character can be changed, cut or added."""
    cursor = (await shelf.page(Window(limit=2))).next
    assert cursor is not None
    altered = [
        cursor[:at] + ("A" if cursor[at] != "A" else "B") + cursor[at + 1 :] for at in range(len(cursor) - 1)
    ]
    for foreign in [*altered, cursor[:-2], "", "%%%", "é", "A" * 40]:
        with pytest.raises(Refusal) as refused:
            await shelf.page(Window(limit=2, cursor=foreign))
        assert refused.value.status == 400


async def test_a_cursor_lives_a_quarter_of_an_hour(shelf: Shelf) -> None:
    """PAGE-1: at fifteen minutes it still opens, beyond them 410."""
    cursor = (await shelf.page(Window(limit=2), now_us=1_000)).next
    await shelf.page(Window(limit=2, cursor=cursor), now_us=1_000 + CURSOR_LIFE_US)
    with pytest.raises(Refusal) as refused:
        await shelf.page(Window(limit=2, cursor=cursor), now_us=1_001 + CURSOR_LIFE_US)
    assert refused.value.status == 410


async def test_a_count_is_of_the_filter_and_only_when_asked(shelf: Shelf) -> None:
    """PAGE-3: no total unless asked for; exact within the bound."""
    assert (await shelf.page(Window(limit=1))).count is None
    counted = await shelf.page(Window(limit=1, count=True))
    assert (counted.count, counted.count_exact) == (100, True)
    assert (await shelf.page(Window(limit=1, count=True), branch="ksm")).count == 5
