"""A unit of work over a batch of commands: read what is needed, decide in Python, write once.

`Batch` holds what the commands decided so far have changed; `Tx` is one command's own layer above
it. A command that refuses leaves its layer behind and nothing else, so a batch needs no savepoint
and the same rules serve every engine.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final, TypeVar

from branchtui.ledger.store.mapping import TABLES, insert_by_position, mapping_of, select_equal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from branchtui.ledger.store.connection import Connection

R = TypeVar("R")


class _Gone:
    """Stands where a row was deleted."""


GONE = _Gone()

_WORTH_ONE_STATEMENT: Final = 2

_Layer = dict[type[Any], dict[Any, Any]]


class Batch:
    """What a batch of commands will write, and the rows it has read."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self._ahead: dict[Any, list[Any]] = {}
        self._stored: _Layer = {}
        self._changed: _Layer = {}

    def begin(self) -> Tx:
        """A fresh layer for the next command."""
        return Tx(self)

    def current(self, row_type: type[Any], key: Any) -> Any:
        """The row as this batch leaves it so far, or None."""
        changed = self._changed.get(row_type, {}).get(key, None)
        if changed is not None:
            return None if changed is GONE else changed
        return self.stored(row_type, key)

    def stored(self, row_type: type[Any], key: Any) -> Any:
        """The row as the database holds it, or None; read once a batch."""
        known = self._stored.setdefault(row_type, {})
        if key not in known:
            mapping = mapping_of(row_type)
            found = self.connection.execute(mapping.select_by_key, _bound_key(mapping.key, key)).fetchone()
            known[key] = row_type(*found) if found else None
        return known[key]

    def read(self, row_type: type[Any], keys: Iterable[Any]) -> None:
        """Read the rows with these keys unless they are known; those of one column in one statement."""
        known = self._stored.setdefault(row_type, {})
        wanted = [key for key in keys if key not in known]
        mapping = mapping_of(row_type)
        if len(mapping.key) != 1 or len(wanted) < _WORTH_ONE_STATEMENT:
            for key in wanted:
                self.stored(row_type, key)
            return
        known.update(dict.fromkeys(wanted))
        for values in self.connection.execute(mapping.select_by_keys, {"keys": json.dumps(wanted)}):
            row = row_type(*values)
            known[mapping.key_of(row)] = row

    def rows(self, statement: str, bound: dict[str, Any]) -> Iterable[Any]:
        """The rows of a statement as the database holds them."""
        ahead = self._ahead.get(asked(statement, bound)) if self._ahead else None
        return self.connection.execute(statement, bound) if ahead is None else ahead

    def knows(self, row_type: type[Any], key: Any) -> bool:
        """Whether the row with this key was read."""
        return key in self._stored.get(row_type, {})

    def has_ahead(self, statement: str, bound: dict[str, Any]) -> bool:
        """Whether the rows of this statement were read ahead."""
        return asked(statement, bound) in self._ahead

    def keep_ahead(self, statement: str, bound: dict[str, Any], rows: list[Any]) -> None:
        """Rows that commands of this batch will ask for; they stand until the batch writes."""
        self._ahead[asked(statement, bound)] = rows

    def changed_rows(self, row_type: type[Any]) -> dict[Any, Any]:
        """Key to row (or GONE) of everything of this class that the batch changed."""
        return self._changed.get(row_type, {})

    def absorb(self, layer: _Layer) -> None:
        """Take a command's layer over: it was decided."""
        for row_type, changed in layer.items():
            self._changed.setdefault(row_type, {}).update(changed)

    def remember(self, row_type: type[Any], key: Any, row: Any) -> None:
        """Note a row that a query brought along."""
        self._stored.setdefault(row_type, {}).setdefault(key, row)

    def flush(self) -> None:
        """Write everything: deletions, then insertions parents first, then updates."""
        self._ahead = {}
        inserts: list[tuple[str, list[dict[str, Any]]]] = []
        updates: list[tuple[str, list[dict[str, Any]]]] = []
        for row_type in TABLES:
            changed = self._changed.get(row_type)
            if not changed:
                continue
            mapping = mapping_of(row_type)
            new, old = self._delete_and_sort(row_type, changed)
            if new:
                inserts.append((mapping.insert, new))
            if old:
                updates.append((mapping.update, old))
        self.connection.write_all(inserts + updates)
        for row_type, changed in self._changed.items():
            known = self._stored.setdefault(row_type, {})
            known.update({key: None if row is GONE else row for key, row in changed.items()})
        self._changed = {}

    def _delete_and_sort(
        self, row_type: type[Any], changed: dict[Any, Any]
    ) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
        """Delete what is gone; the parameters of what is new, and of what stands there already."""
        mapping = mapping_of(row_type)
        new: list[dict[str, Any]] = []
        old: list[dict[str, Any]] = []
        if self.connection.is_far and not mapping.append_only:
            self.read(row_type, changed)
        for key, row in changed.items():
            # What is only ever added is not looked for: the engine refuses a second one.
            before = self._known(row_type, key) if mapping.append_only else self.stored(row_type, key)
            if row is GONE:
                if before is not None:
                    self.connection.execute(mapping.delete, _bound_key(mapping.key, key))
                continue
            values = dict(zip(mapping.columns, mapping.values_of(row), strict=True))
            if before is None:
                new.append(values)
            elif before is not row:
                values.update(_bound_key(mapping.key, key))
                old.append(values)
        return new, old

    def _known(self, row_type: type[Any], key: Any) -> Any:
        return self._stored.get(row_type, {}).get(key)


class Tx:
    """What one command reads and writes. Nothing is written before the whole batch is."""

    def __init__(self, batch: Batch) -> None:
        self._batch = batch
        self._layer: _Layer = {}

    def get(self, row_type: type[R], key: Any) -> R | None:
        """The row with this key (a tuple where the key has several columns), or None."""
        own = self._layer.get(row_type, {}).get(key)
        if own is not None:
            return None if own is GONE else own
        found: R | None = self._batch.current(row_type, key)
        return found

    def find(self, row_type: type[R], **equal: Any) -> list[R]:
        """All rows whose columns equal these values, as the batch leaves them so far."""
        names = tuple(sorted(equal))

        def fits(row: R) -> bool:
            return all(getattr(row, name) == equal[name] for name in names)

        return self.select(row_type, select_equal(row_type, names), equal, fits)

    def find_one(self, row_type: type[R], **equal: Any) -> R | None:
        """The only row whose columns equal these values, or None; several are a broken promise."""
        found = self.find(row_type, **equal)
        assert len(found) <= 1, f"{row_type.__name__} is not unique by {sorted(equal)}"
        return found[0] if found else None

    def select(
        self, row_type: type[R], statement: str, bound: dict[str, Any], fits: Callable[[R], bool]
    ) -> list[R]:
        """The rows of a compiled statement over all columns of `row_type`, as the batch leaves them so far.

        `fits` says in Python what the statement's condition says, for rows that are not written yet.
        """
        mapping = mapping_of(row_type)
        found: dict[Any, Any] = {}
        for values in self._batch.rows(statement, bound):
            row: Any = row_type(*values)
            key = mapping.key_of(row)
            self._batch.remember(row_type, key, row)
            found[key] = row
        for layer in (self._batch.changed_rows(row_type), self._layer.get(row_type, {})):
            for key, row in layer.items():
                if row is not GONE and fits(row):
                    found[key] = row
                else:
                    found.pop(key, None)
        return list(found.values())

    def put(self, row: Any) -> None:
        """Insert or replace a row, by its key."""
        row_type = type(row)
        self._layer.setdefault(row_type, {})[mapping_of(row_type).key_of(row)] = row

    def remove(self, row: Any) -> None:
        """Delete a row."""
        row_type = type(row)
        self._layer.setdefault(row_type, {})[mapping_of(row_type).key_of(row)] = GONE

    def keep(self) -> None:
        """The command was decided: its changes become the batch's."""
        self._batch.absorb(self._layer)
        self._layer = {}

    def drop(self) -> None:
        """The command refused: nothing of it stays."""
        self._layer = {}


class BulkTx(Tx):
    """A command that has the writer to itself and may run set-based statements, inside one transaction.

    It decides first and writes then: once it has flushed, it can no longer refuse, only fail as a whole.
    """

    _flushed = False

    @property
    def connection(self) -> Connection:
        """The writer's own connection, inside this command's transaction."""
        return self._batch.connection

    def flush(self) -> None:
        """Write what was put so far, for set-based statements that build on it."""
        self.keep()
        self._batch.flush()
        self._flushed = True

    def insert(self, rows: Sequence[Any]) -> None:
        """Write many new rows of one class at once; later reads of this command find them without asking."""
        if not rows:
            return
        row_type = type(rows[0])
        mapping = mapping_of(row_type)
        self.connection.executemany(insert_by_position(row_type), map(mapping.values_of, rows))
        self._flushed = True
        for row in rows:
            self._batch.remember(row_type, mapping.key_of(row), row)

    def drop(self) -> None:
        """The command refused; after a flush that would leave half of it, so the whole transaction fails."""
        assert not self._flushed, "a bulk command refuses before it writes"
        super().drop()


def asked(statement: str, bound: dict[str, Any]) -> tuple[Any, ...]:
    """What tells one question to the database from another."""
    return (statement, *bound.items())


def _bound_key(names: tuple[str, ...], key: Any) -> dict[str, Any]:
    parts = key if isinstance(key, tuple) else (key,)
    return {f"key_{name}": part for name, part in zip(names, parts, strict=True)}
