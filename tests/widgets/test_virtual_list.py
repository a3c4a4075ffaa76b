"""The list: a window on any number of rows, the highlight by id, keys that wait for their page."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace

import pytest
from textual.app import App, ComposeResult
from textual.pilot import Pilot

from branchtui.widgets.columns import Column
from branchtui.widgets.list_commands import COMMANDS_MAX
from branchtui.widgets.page_source import AnchorGone, MemorySource, Page, PageRequest
from branchtui.widgets.row_window import PAGES_MAX
from branchtui.widgets.virtual_list import MARKS_MAX, VirtualList


@dataclass(frozen=True)
class Row:
    """One row of a ledger that holds any number of them."""

    number: int
    name: str

    @property
    def id(self) -> str:
        """The row's identity."""
        return f"r{self.number}"


class Ledger:
    """A source of `total` rows made on demand; `gate` holds answers back until it is set."""

    def __init__(self, total: int, *, prefix: str = "Row") -> None:
        self.total = total
        self.prefix = prefix
        self.requests: list[PageRequest] = []
        self.gate = asyncio.Event()
        self.gate.set()
        self.failing: Exception | None = None
        self.removed: set[int] = set()
        self.counted_to: int | None = None
        self.pushed = 0

    def row(self, number: int) -> Row:
        """The row of a place; `pushed` rows came before those that were there first."""
        number -= self.pushed
        return Row(number, f"{self.prefix} {number:07}")

    async def fetch(self, request: PageRequest) -> Page[Row]:
        """As the contract's lists answer."""
        self.requests.append(request)
        await self.gate.wait()
        if self.failing is not None:
            raise self.failing
        start = self._start(request)
        stop = min(self.total, start + request.limit)
        if request.cursor and request.cursor.startswith("-"):
            stop = int(request.cursor[1:])
            start = max(0, stop - request.limit)
        count = self.total - len(self.removed)
        bound = count if self.counted_to is None else min(count, self.counted_to)
        return Page(
            [self.row(number) for number in range(start, stop) if number not in self.removed],
            next=f"+{stop}" if stop < self.total else None,
            prev=f"-{start}" if start > 0 else None,
            count=bound if request.count else None,
            count_exact=bound == count,
        )

    def _start(self, request: PageRequest) -> int:
        if request.cursor:
            return int(request.cursor[1:])
        anchor = request.anchor or "first"
        if anchor == "last":
            return max(0, self.total - request.limit)
        if anchor.startswith("id:"):
            if int(anchor[4:]) in self.removed:
                raise AnchorGone
            return int(anchor[4:]) + self.pushed
        if anchor.startswith("key:"):
            return int(anchor[4:].split()[-1])
        return 0


class ListApp(App[None]):
    """A list and what it said."""

    def __init__(self, source: Ledger) -> None:
        super().__init__()
        self.rows: VirtualList[Row] = VirtualList(
            [
                Column("Name", lambda row: row.name),
                Column("No", lambda row: str(row.number), width=8, align="right"),
            ],
            row_id=lambda row: row.id,
            source=source,
            empty="No customer fits.",
        )
        self.opened: list[Row] = []
        self.failures: list[Exception] = []

    def compose(self) -> ComposeResult:
        """Only the list."""
        yield self.rows

    def on_virtual_list_opened(self, message: VirtualList.Opened) -> None:
        """Remember."""
        self.opened.append(message.item)

    def on_virtual_list_failed(self, message: VirtualList.Failed) -> None:
        """Remember."""
        self.failures.append(message.error)


async def until(pilot: Pilot[None], holds: Callable[[], bool]) -> None:
    """Let the app run until something holds; a fault shows as a failure, not as a hang."""
    for _ in range(4_000):
        await pilot.pause()
        if holds():
            return
    raise AssertionError("it never came to hold")


@asynccontextmanager
async def showing(source: Ledger) -> AsyncIterator[tuple[ListApp, Pilot[None]]]:
    """The list on a screen of 80x24, its first page loaded."""
    app = ListApp(source)
    async with app.run_test(size=(80, 24)) as pilot:
        app.rows.focus()
        if source.gate.is_set():
            await until(pilot, lambda: app.rows.is_settled)
        yield app, pilot


def painted(app: ListApp) -> list[str]:
    """The text of the list's lines."""
    return [app.rows.render_line(y).text.rstrip() for y in range(app.rows.size.height)]


async def settled(app: ListApp, pilot: Pilot[None]) -> None:
    """Every key and page has come through."""
    await pilot.pause()
    await until(pilot, lambda: app.rows.is_settled)


async def test_a_million_rows_open_with_one_request() -> None:
    """Terminal, lists: every list is a window; opening costs one page."""
    ledger = Ledger(1_000_000)
    async with showing(ledger) as (app, _pilot):
        assert len(ledger.requests) == 1
        assert app.rows.position == "1 of 1,000,000"
        assert painted(app)[1].startswith("> Row 0000000")


async def test_the_end_costs_one_request_and_the_beginning_another() -> None:
    """A jump to an end is one request with an anchor, plus at most one prefetch."""
    ledger = Ledger(1_000_000)
    async with showing(ledger) as (app, pilot):
        await pilot.press("end")
        await settled(app, pilot)
        assert app.rows.highlighted == ledger.row(999_999)
        assert app.rows.position == "1,000,000 of 1,000,000"
        assert len(ledger.requests) <= 3
        await pilot.press("home")
        await settled(app, pilot)
        assert app.rows.highlighted == ledger.row(0)
        assert ledger.requests[-1].anchor == "first"


@pytest.mark.faults
async def test_moving_through_many_pages_keeps_only_a_few() -> None:
    """Memory is that of the pages kept, whatever was walked through."""
    ledger = Ledger(1_000_000)
    async with showing(ledger) as (app, pilot):
        for _ in range(60):
            await pilot.press("pagedown")
        await settled(app, pilot)
        assert app.rows.highlighted == ledger.row(60 * 23)
        assert len(app.rows.items) <= PAGES_MAX * 50
        for _ in range(60):
            await pilot.press("pageup")
        await settled(app, pilot)
        assert app.rows.highlighted == ledger.row(0)
        assert app.rows.position == "1 of 1,000,000"


async def test_keys_typed_while_a_page_is_under_way_land_where_they_would_have() -> None:
    """Promise 1: typing ahead of a slow ledger ends on the same row."""
    ledger = Ledger(1_000)
    ledger.gate.clear()
    async with showing(ledger) as (app, pilot):
        await pilot.press("j", "j", "end", "k", "k", "enter")
        assert app.opened == []
        ledger.gate.set()
        await settled(app, pilot)
        assert app.opened == [ledger.row(997)]


async def test_the_keys_that_wait_are_bounded() -> None:
    """No queue without a limit."""
    ledger = Ledger(1_000)
    ledger.gate.clear()
    async with showing(ledger) as (app, pilot):
        for _ in range(COMMANDS_MAX + 50):
            app.rows.action_move(1)
        ledger.gate.set()
        await settled(app, pilot)
        assert app.rows.highlighted == ledger.row(COMMANDS_MAX)


async def test_a_jump_by_letters_is_one_request_at_the_key() -> None:
    """`'` collects letters, j and k among them, until enter."""
    ledger = Ledger(1_000_000)
    async with showing(ledger) as (app, pilot):
        await pilot.press("apostrophe", *"jk 500")
        assert painted(app)[0] == "  Jump to: jk 500_"
        assert app.rows.highlighted == ledger.row(0)
        await pilot.press("enter")
        await settled(app, pilot)
        assert ledger.requests[1].anchor == "key:jk 500"
        assert app.rows.highlighted == ledger.row(500)
        assert app.opened == []


async def test_a_refresh_keeps_the_highlight_by_id_when_rows_before_it_went() -> None:
    """The highlight is a row, not a line number."""
    ledger = Ledger(1_000)
    async with showing(ledger) as (app, pilot):
        await pilot.press(*["j"] * 10)
        ledger.removed = {1, 2, 3}
        app.rows.reload()
        await settled(app, pilot)
        assert app.rows.highlighted == ledger.row(10)
        assert app.rows.position == "8 of 997"


async def test_a_refresh_far_down_asks_for_the_page_of_the_highlighted_row() -> None:
    """Past the first page the window opens at the row's id."""
    ledger = Ledger(10_000)
    async with showing(ledger) as (app, pilot):
        await pilot.press(*["pagedown"] * 20)
        await settled(app, pilot)
        before = app.rows.highlighted
        app.rows.reload()
        await settled(app, pilot)
        assert any(request.anchor == f"id:{before.id}" for request in ledger.requests if before)
        assert app.rows.highlighted == before


async def test_the_answer_of_an_older_source_never_replaces_the_newer() -> None:
    """Contract, search: the older answer never over the newer."""
    slow, quick = Ledger(100, prefix="Old"), Ledger(100, prefix="New")
    async with showing(Ledger(100)) as (app, pilot):
        slow.gate.clear()
        app.rows.set_source(slow)
        await until(pilot, lambda: len(slow.requests) == 1)
        app.rows.set_source(quick)
        await settled(app, pilot)
        slow.gate.set()
        await settled(app, pilot)
        assert app.rows.items[0].name.startswith("New")


async def test_local_rows_narrow_at_once_and_the_answer_replaces_them() -> None:
    """Search: local rows at once, the ledger's after."""
    ledger, answer = Ledger(100), Ledger(3, prefix="Found")
    async with showing(ledger) as (app, pilot):
        app.rows.local_filter(lambda row: row.name.endswith("7"))
        assert [row.number for row in app.rows.items] == [7, 17, 27, 37, 47]
        answer.gate.clear()
        app.rows.set_source(answer)
        await pilot.press("j", "enter")
        assert app.opened == []
        answer.gate.set()
        await settled(app, pilot)
        assert app.opened == [answer.row(1)]


async def test_a_ledger_that_does_not_answer_leaves_a_sentence_and_a_way_on() -> None:
    """No traceback, no rows of another question, and ctrl+r works."""
    broken = Ledger(10)
    broken.failing = ConnectionError("x")
    async with showing(Ledger(100)) as (app, pilot):
        app.rows.set_source(broken)
        await until(pilot, lambda: bool(app.failures))
        assert painted(app)[1] == "  The ledger does not answer. [ctrl+r] try again"
        broken.failing = None
        app.rows.reload()
        await settled(app, pilot)
        assert len(app.rows.items) == 10


async def test_a_jump_that_is_not_answered_leaves_the_rows_and_the_highlight() -> None:
    """A failed page of the same list loses nothing that is shown; the next key tries again."""
    ledger = Ledger(1_000)
    async with showing(ledger) as (app, pilot):
        await pilot.press("j", "j")
        ledger.failing = ConnectionError("x")
        await pilot.press("end")
        await until(pilot, lambda: bool(app.failures))
        assert app.rows.highlighted == ledger.row(2)
        ledger.failing = None
        await pilot.press("end")
        await settled(app, pilot)
        assert app.rows.highlighted == ledger.row(999)


async def test_an_empty_list_says_so() -> None:
    """An empty state is a sentence."""
    async with showing(Ledger(0)) as (app, _pilot):
        assert painted(app)[1] == "  No customer fits."
        assert app.rows.highlighted is None


async def test_rows_are_replaced_removed_and_inserted_in_place() -> None:
    """What the ledger returned is shown without another request."""
    ledger = Ledger(100)
    async with showing(ledger) as (app, pilot):
        await pilot.press("j")
        assert app.rows.replace(replace(ledger.row(1), name="Changed"))
        assert painted(app)[2].startswith("> Changed")
        assert app.rows.remove_row("r1")
        assert app.rows.highlighted == ledger.row(2)
        assert app.rows.count == 99
        app.rows.insert_first(Row(5000, "Newest"))
        assert app.rows.highlighted == Row(5000, "Newest")
        assert app.rows.position == "1 of 100"
        assert len(ledger.requests) == 1


async def test_space_marks_by_id_and_the_mark_is_a_character() -> None:
    """Colour never carries meaning alone: `*` marks, `>` highlights."""
    async with showing(Ledger(100)) as (app, pilot):
        await pilot.press("space", "space")
        assert [row.number for row in app.rows.marked] == [0, 1]
        assert [line[:2] for line in painted(app)[1:4]] == [" *", " *", "> "]


async def test_a_step_repaints_two_lines_only() -> None:
    """Terminal: refresh only what changed."""
    async with showing(Ledger(100)) as (app, pilot):
        asked: list[tuple[object, ...]] = []
        real = app.rows.refresh

        def spy(*regions: object, **options: bool) -> object:
            asked.append(regions)
            return real(*regions, **options)  # type: ignore[arg-type]  # passed through as it came

        app.rows.refresh = spy  # type: ignore[assignment, method-assign]  # a spy for this test
        await pilot.press("j")
        assert [len(regions) for regions in asked] == [1, 1]


@pytest.mark.faults
async def test_marks_survive_paging_away_and_back_and_a_refresh() -> None:
    """Marks are ids: what was forgotten by the window is marked again when it comes back; a thousand at most."""
    ledger = Ledger(5_000)
    async with showing(ledger) as (app, pilot):
        for _ in range(5):
            app.rows.action_mark()
        await pilot.press("end")
        await settled(app, pilot)
        assert [row.number for row in app.rows.marked] == [0, 1, 2, 3, 4]
        await pilot.press("home")
        app.rows.reload()
        await settled(app, pilot)
        assert [line[1] for line in painted(app)[1:7]] == ["*"] * 5 + [" "]
        while len(app.rows.marked) < MARKS_MAX:
            app.rows.action_mark()
            await until(pilot, lambda: app.rows.is_settled)
        app.rows.action_jump_last()
        app.rows.action_mark()
        await settled(app, pilot)
        assert len(app.rows.marked) == MARKS_MAX


async def test_a_count_that_is_exceeded_says_so_until_somebody_walked_to_the_end() -> None:
    """PAGE-3: counts are bounded; the screen never says 10,000 where there are more."""
    ledger = Ledger(130)
    ledger.counted_to = 100
    async with showing(ledger) as (app, pilot):
        assert app.rows.position == "1 of 100+"
        assert app.rows.count is None
        await pilot.press("end")
        await settled(app, pilot)
        assert app.rows.position == "of 100+"
        await pilot.press("home")
        await settled(app, pilot)
        for _ in range(6):
            await pilot.press("pagedown")
            await settled(app, pilot)
        assert app.rows.highlighted == ledger.row(129)
        assert app.rows.position == "130 of 130"
        assert app.rows.count == 130


async def test_a_page_that_comes_too_late_does_not_push_out_the_rows_in_sight() -> None:
    """The window is bounded, and what a person looks at is never what it forgets."""
    ledger = Ledger(2_000)
    async with showing(ledger) as (app, pilot):
        while len(app.rows.items) < PAGES_MAX * 50:
            await pilot.press("pagedown")
            await settled(app, pilot)
        ledger.gate.clear()
        app.rows.stand(app.rows.cursor.last)
        app.rows.fetch_ahead()
        await until(pilot, lambda: not app.rows.loader.is_idle)
        await pilot.press("home")
        assert app.rows.highlighted == ledger.row(0)
        ledger.gate.set()
        await settled(app, pilot)
        assert app.rows.highlighted == ledger.row(0)


async def test_rows_that_go_one_by_one_are_followed_by_the_next_page() -> None:
    """A queue that is worked off never ends in an empty screen while there is more."""
    ledger = Ledger(200)
    async with showing(ledger) as (app, pilot):
        for number in range(120):
            app.rows.remove_row(f"r{number}")
            await until(pilot, lambda: app.rows.is_settled)
        assert app.rows.highlighted == ledger.row(120)
        assert len(app.rows.items) >= app.rows.cursor.height
        assert not any(line.strip() == "…" for line in painted(app))


async def test_a_jump_is_not_lost_when_the_list_is_asked_again_meanwhile() -> None:
    """Keys do what they mean, whatever else asks the ledger."""
    ledger = Ledger(10_000)
    async with showing(ledger) as (app, pilot):
        ledger.gate.clear()
        await pilot.press("end")
        app.rows.reload()
        await pilot.press("up", "enter")
        ledger.gate.set()
        await settled(app, pilot)
        assert app.opened == [ledger.row(9_998)]


async def test_a_million_rows_in_memory_jump_by_folded_letters() -> None:
    """Rows that are all here are found by halving, case and marks folded, as the ledger's are."""
    rows = [Row(number, name) for number, name in enumerate(("Abel", "bärbel", "Étienne", "Fatuma"))]
    source = MemorySource(rows, lambda row: row.id, lambda row: row.name)
    for typed, expected in (("BAR", 1), ("e", 2), ("zz", 3), ("", 0)):
        page = await source.fetch(PageRequest(anchor=f"key:{typed}"))
        assert page.items[0].number == expected
    assert (await source.fetch(PageRequest(anchor="id:r2"))).items[0].number == 2
    with pytest.raises(AnchorGone):
        await source.fetch(PageRequest(anchor="id:gone"))


@pytest.mark.parametrize(
    ("gone", "stands_on", "requests"), [({232}, 233, 2), ({230}, 232, 2), ({230, 232}, 233, 3)]
)
async def test_a_refresh_whose_rows_are_gone_goes_to_the_one_that_followed(
    gone: set[int], stands_on: int, requests: int
) -> None:
    """A list never fails for good because somebody deleted the row it stood on, or the first one in sight."""
    ledger = Ledger(1_000)
    async with showing(ledger) as (app, pilot):
        for _ in range(10):
            await pilot.press("pagedown")
            await settled(app, pilot)
        await pilot.press("down", "down")
        assert app.rows.highlighted == ledger.row(232)
        ledger.removed = gone
        before = len(ledger.requests)
        app.rows.reload()
        await settled(app, pilot)
        assert app.rows.highlighted == ledger.row(stands_on)
        assert len([one for one in ledger.requests[before:] if one.anchor]) <= requests


async def test_a_refresh_of_whose_screen_nothing_is_left_goes_to_what_stood_before() -> None:
    """A refresh looks for the rows in sight, the highlight, the row that follows, and then begins at the first."""
    ledger = Ledger(1_000)
    async with showing(ledger) as (app, pilot):
        for _ in range(10):
            await pilot.press("pagedown")
            await settled(app, pilot)
        ledger.removed = set(range(50, 1_000))
        before = len(ledger.requests)
        app.rows.reload()
        await settled(app, pilot)
        assert [request.anchor for request in ledger.requests[before:] if request.anchor] == [
            "id:r230",
            "id:r231",
            "first",
        ]
        assert app.rows.highlighted == ledger.row(49)


async def test_rows_that_came_before_do_not_move_the_highlight() -> None:
    """Near the beginning a refresh asks for the first page; a row that was pushed off it is asked for by its id."""
    ledger = Ledger(1_000)
    async with showing(ledger) as (app, pilot):
        await pilot.press("down", "down")
        stood_on = app.rows.highlighted
        ledger.removed = set()
        ledger.pushed = 200
        app.rows.reload()
        await settled(app, pilot)
        assert app.rows.highlighted == stood_on
        anchors = [request.anchor for request in ledger.requests if request.anchor]
        assert anchors[-2:] == ["first", "id:r2"]
