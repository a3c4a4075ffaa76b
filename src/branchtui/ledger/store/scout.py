"""Reading ahead for a batch: what its commands will ask for comes in a few round trips instead of hundreds.

Each command is run as a scout first, up to where it begins to write. Where it asks for what is not known
yet it is set aside (a greenlet: plain functions can wait without being written for it) until the
questions of all have been put to the database together. The run that counts comes after that, in order,
and finds nearly everything in memory; what it finds missing it asks for itself, and what that is (the head
of the chain, counters) the commands behind it mostly share. A scout sees the database alone and decides
nothing, so that it may be wrong without harm.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Final

from greenlet import GreenletExit, getcurrent, greenlet

from branchtui.ledger.store.unit import Batch, Tx
from branchtui.ledger.store.wanted import ByKey, Rows, Wanted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

ROUNDS_MAX: Final = 32
"""Questions in a row that a scout may put; behind them it is left alone."""


def read_ahead(batch: Batch, commands: Sequence[Callable[[Tx], Any]]) -> None:
    """Let `batch` know what `commands` will read before they write, as far as that can be foreseen."""
    hub = getcurrent()
    scouts = [greenlet(partial(_scout, _Scouting(batch, hub), command), hub) for command in commands]
    for _ in range(ROUNDS_MAX):
        questions = [(scout, scout.switch()) for scout in scouts]
        scouts = [scout for scout, asked in questions if asked is not None]
        if not scouts:
            return
        batch.read(question for _, asked in questions if asked is not None for question in asked)
    for scout in scouts:
        scout.throw()


def _scout(batch: _Scouting, command: Callable[[Tx], Any]) -> None:
    try:
        command(_Looking(batch))
    except (Exception, GreenletExit):  # noqa: BLE001 - what goes wrong here goes wrong again where it counts
        return


class _Looking(Tx):
    """A command's layer that ends it where it begins to write: by then it has read what is its own."""

    def put(self, row: Any) -> None:
        raise GreenletExit

    def remove(self, row: Any) -> None:
        raise GreenletExit


class _Scouting(Batch):
    """The batch as a scout sees it: what is not known yet is asked for together with the others."""

    def __init__(self, batch: Batch, hub: greenlet) -> None:
        super().__init__(batch.connection)
        self._batch = batch
        self._hub = hub

    def stored(self, row_type: type[Any], key: Any) -> Any:
        if not self._batch.knows(row_type, key):
            self._hub.switch([ByKey(row_type, key)])
        return self._batch.stored(row_type, key)

    def expect(self, wanted: Sequence[Wanted]) -> None:
        if missing := [each for each in wanted if not self._batch.is_known(each)]:
            self._hub.switch(missing)

    def rows(self, rows: Rows) -> Iterable[Any]:
        if not self._batch.has_ahead(rows):
            self._hub.switch([rows])
        return self._batch.rows(rows)

    def remember(self, row_type: type[Any], key: Any, row: Any) -> None:
        self._batch.remember(row_type, key, row)
