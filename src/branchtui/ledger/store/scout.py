"""Reading ahead for a batch: what its commands will ask for comes in a few round trips instead of hundreds.

Each command is run once as a scout, on a layer that is thrown away. Where it asks for what is not known
yet it is set aside (a greenlet: plain functions can wait without being written for it) until the
questions of all have been put to the database together. The run that counts comes after that, in order,
and finds nearly everything in memory; what it finds missing it asks for itself. A scout sees the
database alone and decides nothing, so that it may be wrong without harm.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Final

from greenlet import getcurrent, greenlet

from branchtui.ledger.store.unit import Batch, Tx, asked

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

ROUNDS_MAX: Final = 32
"""Questions in a row that a scout may put; behind them it is left alone."""


def read_ahead(batch: Batch, commands: Sequence[Callable[[Tx], Any]]) -> None:
    """Let `batch` know what `commands` will read, as far as that can be foreseen."""
    hub = getcurrent()
    scouts = [greenlet(partial(_scout, _Scouting(batch, hub), command), hub) for command in commands]
    for _ in range(ROUNDS_MAX):
        questions = [(scout, scout.switch()) for scout in scouts]
        scouts = [scout for scout, question in questions if question is not None]
        if not scouts:
            return
        _answer(batch, [question for _, question in questions if question is not None])
    for scout in scouts:
        scout.throw()


def _scout(batch: _Scouting, command: Callable[[Tx], Any]) -> None:
    try:
        command(batch.begin())
    except Exception:  # noqa: BLE001 - what goes wrong here goes wrong again where it counts
        return


class _Scouting(Batch):
    """The batch as a scout sees it: what is not known yet is asked for together with the others."""

    def __init__(self, batch: Batch, hub: greenlet) -> None:
        super().__init__(batch.connection)
        self._batch = batch
        self._hub = hub

    def stored(self, row_type: type[Any], key: Any) -> Any:
        if not self._batch.knows(row_type, key):
            self._hub.switch((row_type, key))
        return self._batch.stored(row_type, key)

    def rows(self, statement: str, bound: dict[str, Any]) -> Iterable[Any]:
        if not self._batch.has_ahead(statement, bound):
            self._hub.switch((statement, bound))
        return self._batch.rows(statement, bound)

    def remember(self, row_type: type[Any], key: Any, row: Any) -> None:
        self._batch.remember(row_type, key, row)


def _answer(batch: Batch, questions: list[tuple[Any, Any]]) -> None:
    """Put the questions to the database: statements together, keys by their table in one statement."""
    keys: dict[type[Any], dict[Any, None]] = {}
    statements: dict[tuple[Any, ...], tuple[str, Any]] = {}
    for what, given in questions:
        if isinstance(what, str):
            statements[asked(what, given)] = (what, given)
        else:
            keys.setdefault(what, {})[given] = None
    for row_type, wanted in keys.items():
        batch.read(row_type, wanted)
    if statements:
        rows = batch.connection.execute_all(list(statements.values()))
        for (statement, bound), each in zip(statements.values(), rows, strict=True):
            batch.keep_ahead(statement, bound, each)
