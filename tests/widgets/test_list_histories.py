"""Histories of a list: keys, slow and failing pages, rows that come, go and move, in any order."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.widgets.apps import WidgetApp
from tests.widgets.keyset import HeldSource, Shelf
from textual.pilot import Pilot

from branchtui.ledger.store.rows import ClosedDay
from branchtui.widgets.columns import Column
from branchtui.widgets.page_loader import REQUESTS_A_STEP
from branchtui.widgets.row_window import PAGES_MAX
from branchtui.widgets.virtual_list import VirtualList

pytestmark = pytest.mark.faults

HISTORIES = int(os.environ.get("BRANCHTUI_LIST_HISTORIES", "8"))
PAGE_ROWS = 30
ROWS = 900
KEYS = ("down", "up", "pagedown", "pageup", "home", "end", "space", "jump", "reload", "resize")
Step = tuple[str, int]

keys = st.tuples(st.sampled_from(KEYS), st.integers(0, ROWS - 1))
answers = st.tuples(st.sampled_from(("answer", "answer", "answer", "fail")), st.integers(0, 5))
moves = st.tuples(
    st.sampled_from(("add", "remove", "remove many", "rename", "remove highlighted")),
    st.integers(0, ROWS - 1),
)
histories = st.lists(st.one_of(keys, keys, answers, answers, moves), min_size=1, max_size=30)


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shelf]:
    """The ledger's store with one table of rows."""
    made = Shelf(Path(tmp_path_factory.mktemp("shelf")) / "ledger.db")
    yield made
    made.close()


class History:
    """A list over the shelf, and what happens to it."""

    def __init__(
        self, shelf: Shelf, pilot: Pilot[None], rows: VirtualList[ClosedDay], source: HeldSource
    ) -> None:
        self.shelf, self.pilot, self.rows, self.source = shelf, pilot, rows, source
        self.has_moved = False

    async def run(self, step: Step) -> None:
        """One step, and what holds after each."""
        name, number = step
        before = len(self.source.requests)
        if name in KEYS:
            await self.key(name, number)
        elif name in {"answer", "fail"}:
            self.source.release(number, well=name == "answer")
        else:
            self.move(name, number)
        await self.pilot.pause()
        if name in KEYS:
            assert len(self.source.requests) - before <= REQUESTS_A_STEP
        self.holds()

    async def key(self, name: str, number: int) -> None:
        """What a person does."""
        if name == "jump":
            self.rows.jump_to_key(f"text {number:05d}")
        elif name == "reload":
            self.rows.reload()
        elif name == "resize":
            await self.pilot.resize_terminal(60 + number % 30, 8 + number % 20)
        else:
            await self.pilot.press(name)

    def move(self, name: str, number: int) -> None:
        """What others do."""
        self.has_moved = True
        row_id = f"d{number:05d}"
        if name == "add":
            self.shelf.put(f"new{number}", f"text {number:05d} b")
        elif name == "rename":
            self.shelf.put(row_id, f"text {(number * 7) % ROWS:05d} c")
        elif name == "remove highlighted":
            if self.rows.cursor.highlighted_id:
                self.shelf.remove(self.rows.cursor.highlighted_id)
        else:
            for more in range(150 if name == "remove many" else 1):
                self.shelf.remove(f"d{number + more:05d}")

    def holds(self) -> None:
        """What is true of a list at any time."""
        cursor = self.rows.cursor
        ids = [row.id for row in self.rows.items]
        assert len(ids) == len(set(ids)), "no row stands twice"
        assert len(cursor.window.rows) <= PAGES_MAX * PAGE_ROWS, "the window is bounded"
        assert self.source.most_at_an_edge <= 1, "one request an edge"
        if ids:
            assert 0 <= cursor.at < len(ids)
            assert cursor.top <= cursor.at < cursor.top + cursor.height, "the highlight is in sight"

    async def settle(self) -> None:
        """Everything is answered."""
        self.source.release_all()
        for _ in range(6_000):
            await self.pilot.pause()
            if self.rows.is_settled and not self.source.waiting:
                return
        raise AssertionError("the list never came to rest")

    def painted(self) -> list[str]:
        """The lines of the list."""
        return [self.rows.render_line(y).text.rstrip() for y in range(self.rows.size.height)]


async def told(shelf: Shelf, history: list[Step]) -> None:
    """Live through a history, then let everything settle and look."""
    shelf.begin(ROWS)
    source = HeldSource(shelf)
    rows: VirtualList[ClosedDay] = VirtualList(
        [Column("Text", lambda row: row.date)], row_id=lambda row: row.id, source=source, page_limit=PAGE_ROWS
    )
    app = WidgetApp(rows)
    async with app.run_test(size=(80, 18)) as pilot:
        rows.focus()
        lived = History(shelf, pilot, rows, source)
        await lived.settle()
        source.is_held = True
        for step in history:
            await lived.run(step)
        await lived.settle()
        await looks_whole(lived)


async def looks_whole(lived: History) -> None:
    """At rest: no placeholder, the highlight where the ledger has it, and after one more refresh the ledger's own rows."""
    rows, truth = lived.rows, lived.shelf.ids()
    lived.holds()
    assert not any(line.strip() == "…" for line in lived.painted()), "a placeholder was left behind"
    if not lived.has_moved and rows.items:
        place = truth.index(rows.cursor.highlighted_id or "")
        assert rows.position in {f"{place + 1:,} of {len(truth):,}", f"of {len(truth):,}"}
    stood_on = rows.cursor.highlighted_id
    before = len(lived.source.requests)
    rows.reload()
    await lived.settle()
    if stood_on in truth and not lived.has_moved:
        assert len(lived.source.requests) - before <= REQUESTS_A_STEP
    if stood_on in truth:
        assert rows.cursor.highlighted_id == stood_on, "the highlight is kept by id"
    ids = [row.id for row in rows.items]
    assert bool(ids) == bool(truth)
    if ids:
        start = truth.index(ids[0])
        assert ids == truth[start : start + len(ids)], "no row is missing, none is in another's place"
        is_filled = len(ids) - rows.cursor.top >= min(
            rows.cursor.height, len(truth) - start - rows.cursor.top
        )
        assert is_filled, "rows that are there fill the screen"
    assert not any(line.strip() == "…" for line in lived.painted())


@settings(max_examples=HISTORIES, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(history=histories)
def test_whatever_happens_the_list_comes_to_rest_on_the_ledgers_rows(
    shelf: Shelf, history: list[Step]
) -> None:
    """Terminal, Lists: by keyset pages, answers in any order, some failing, rows moving (PAGE-2)."""
    asyncio.run(told(shelf, history))
