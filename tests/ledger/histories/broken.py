"""A ledger with one mistake in it, served as the real one is: what the checks of a history are tried on.

`python -m tests.ledger.histories.broken MISTAKE --database URL --port NUMBER`. Each mistake is one that a
ledger could have; the product's own functions are replaced here, and nowhere else.
"""

from __future__ import annotations

import random
import sys
import threading
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from branchtui.ledger import journal, operations, serve
from branchtui.ledger.store import unit, writer
from branchtui.ledger.store.reader import SqliteReader
from branchtui.ledger.store.rows import Account, BalanceRecord
from branchtui.ledger.web.limits import LIFTED
from branchtui.ledger.workflows import balance_records

if TYPE_CHECKING:
    from collections.abc import Callable

ONE_IN: Final = 4
"""How often a mistake happens where it could."""


_pause = threading.Event()


class _With:
    """An object with something else in place of one of its methods."""

    def __init__(self, original: Any, **instead: Any) -> None:
        self._original = original
        self.__dict__.update(instead)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._original, name)


def version_unchecked() -> None:
    """An edit made on an old version is taken (CONC-3)."""
    original = balance_records._unchanged

    def unchanged(core: Any, tx: Any, who: Any, record_id: str, seen: int, moving: Any = None) -> Any:
        record = tx.get(BalanceRecord, record_id)
        return original(core, tx, who, record_id, record.version if record else seen, moving)

    balance_records._unchanged = unchanged


def answered_before_the_commit() -> None:
    """Now and then callers are told before COMMIT (DUR-3): what they are told can be lost, or come later than they ask."""
    original: Callable[..., Any] = writer._run_batch

    def told_first(store: Any, connection: Any, tasks: list[Any], results: list[Any], committed: Any) -> None:
        commit = connection.commit

        def tell_and_commit() -> None:
            if random.randrange(ONE_IN) == 0:
                for task, result in zip(tasks, results, strict=True):
                    task.loop.call_soon_threadsafe(writer._settle, [(task.future, result)])
                _pause.wait(0.05)
            commit()

        original(store, _With(connection, commit=tell_and_commit), tasks, results, committed)

    writer._run_batch = told_first


def balance_read_before_the_turn() -> None:
    """Now and then a balance comes from an earlier batch, as if it had been read outside of the turn (CONC-7)."""
    earlier: dict[str, Account] = {}
    original = unit.Batch.stored

    def stored(self: unit.Batch, row_type: type[Any], key: Any) -> Any:
        found = original(self, row_type, key)
        if row_type is not Account or found is None:
            return found
        before = earlier.get(key, found)
        earlier[key] = found
        if random.randrange(ONE_IN) == 0:
            return replace(found, balance_minor=before.balance_minor)
        return found

    unit.Batch.stored = stored  # type: ignore[method-assign]


def leg_without_its_account() -> None:
    """Now and then one leg is not written to its account (INV-1): the books no longer sum to zero."""
    original = journal.post_entry

    def post_entry(tx: Any, command: Any, draft: Any, **options: Any) -> Any:
        touched = original(tx, command, draft, **options)
        if random.randrange(ONE_IN) == 0:
            tx.put(draft.legs[-1].account)
        return touched

    journal.post_entry = post_entry


def read_of_yesterday() -> None:
    """Now and then a read shows what the same read showed the time before."""
    shown: dict[Any, Any] = {}
    original = SqliteReader._fetch

    async def fetch(self: SqliteReader, statement: str, bound: dict[str, Any]) -> Any:
        found = await original(self, statement, bound)
        before = shown.setdefault((statement, *bound.items()), found)
        if random.randrange(ONE_IN) == 0:
            return before
        shown[statement, *bound.items()] = found
        return found

    SqliteReader._fetch = fetch  # type: ignore[method-assign]


def replayed_otherwise() -> None:
    """Who repeats a key is answered, but not what the first was answered (IDEM-8)."""
    original = operations._replay
    operations._replay = lambda known, command: replace(original(known, command), status=200)


MISTAKES: Final[dict[str, Callable[[], None]]] = {
    each.__name__: each
    for each in (
        version_unchecked,
        answered_before_the_commit,
        balance_read_before_the_turn,
        leg_without_its_account,
        read_of_yesterday,
        replayed_otherwise,
    )
}


def main() -> None:
    """Serve with the mistake that the command line names."""
    mistake, _, database, _, port = sys.argv[1:]
    MISTAKES[mistake]()
    how = serve.Serving(port=int(port), rates=LIFTED)
    serve.serve(database, how, announce=lambda url: print(url, flush=True))


if __name__ == "__main__":
    main()
