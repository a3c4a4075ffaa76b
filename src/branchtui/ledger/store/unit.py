"""A unit of work over a batch of commands: read what is needed, decide in Python, write once.

`Batch` holds what the commands decided so far have changed; `Tx` is one command's own layer above
it. A command that refuses leaves its layer behind and nothing else, so a batch needs no savepoint
and the same rules serve every engine.
"""

from __future__ import annotations

import json
from functools import partial
from operator import attrgetter
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, TypeVar

from branchtui.ledger.store.mapping import (
    TABLES,
    insert_rows,
    mapping_of,
    select_among,
    select_equal,
)
from branchtui.ledger.store.wanted import ByKey, Rows, Wanted, asked
from branchtui.ledger.store.writes import writes_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from branchtui.ledger.store.connection import Connection
    from branchtui.ledger.store.writes import Write

R = TypeVar("R")


class _Gone:
    """Stands where a row was deleted."""


GONE = _Gone()

_Layer = dict[type[Any], dict[Any, Any]]


class Batch:
    """What a batch of commands will write, and the rows it has read."""

    def __init__(self, connection: Connection, company: int = 1) -> None:
        """`company`: how many commands it holds, which are likely to ask alike."""
        self.connection = connection
        self.company = company
        self._ahead: dict[Any, list[Any]] = {}
        self._stored: _Layer = {}
        self._changed: _Layer = {}

    def begin(self) -> Tx:
        """A fresh layer for the next command."""
        return Tx(self)

    def current(self, row_type: type[Any], key: Any) -> Any:
        """The row as this batch leaves it so far, or None."""
        changed = self._changed.get(row_type)
        row = changed.get(key) if changed else None
        if row is not None:
            return None if row is GONE else row
        return self.stored(row_type, key)

    def stored(self, row_type: type[Any], key: Any) -> Any:
        """The row as the database holds it, or None; read once a batch."""
        known = self._stored.get(row_type)
        if known is None:
            known = self._stored[row_type] = {}
        elif key in known:
            return known[key]
        mapping = mapping_of(row_type)
        found = self.connection.execute(mapping.select_by_key, _bound_key(mapping.key, key)).fetchone()
        row = known[key] = row_type(*found) if found else None
        return row

    def read(self, wanted: Iterable[Wanted]) -> None:
        """Read what is asked for, in as few statements as can be, all sent together.

        Rows by their key are found by `stored` from now on; those of a statement, or of one text column, by
        `rows` until the batch writes.
        """
        keys: dict[type[Any], dict[Any, None]] = {}
        among: dict[tuple[type[Any], str], dict[str, None]] = {}
        statements: list[tuple[str, dict[str, Any]]] = []
        for each in wanted:
            if isinstance(each, ByKey):
                keys.setdefault(each.row_type, {})[each.key] = None
            elif each.among is None:
                statements.append((each.statement, each.bound))
            else:
                ((name, value),) = each.bound.items()
                among.setdefault((each.among, name), {})[value] = None
        asking: list[tuple[str, dict[str, Any]]] = []
        taking: list[Callable[[list[Any]], None]] = []
        for row_type, some in keys.items():
            self._ask_for_keys(row_type, some, asking, taking)
        for (row_type, name), values in among.items():
            asking.append((select_among(row_type, name), {"keys": json.dumps(list(values))}))
            taking.append(partial(self._take_among, row_type, name, values))
        for statement, bound in {asked(*each): each for each in statements}.values():
            asking.append((statement, bound))
            taking.append(partial(self._take_rows, statement, bound))
        if asking:
            for take, rows in zip(taking, self.connection.execute_all(asking), strict=True):
                take(rows)

    def _ask_for_keys(
        self,
        row_type: type[Any],
        keys: Iterable[Any],
        asking: list[tuple[str, dict[str, Any]]],
        taking: list[Callable[[list[Any]], None]],
    ) -> None:
        known = self._stored.setdefault(row_type, {})
        mapping = mapping_of(row_type)
        wanted = [key for key in keys if key not in known]
        if len(mapping.key) == 1 and len(wanted) > 1:
            asking.append((select_among(row_type, mapping.key[0]), {"keys": json.dumps(wanted)}))
            taking.append(partial(self._take_keys, row_type, wanted))
            return
        for key in wanted:
            asking.append((mapping.select_by_key, _bound_key(mapping.key, key)))
            taking.append(partial(self._take_keys, row_type, [key]))

    def _take_keys(self, row_type: type[Any], keys: list[Any], rows: list[Any]) -> None:
        known = self._stored.setdefault(row_type, {})
        known.update(dict.fromkeys(keys))
        key_of = mapping_of(row_type).key_of
        for values in rows:
            row = row_type(*values)
            known[key_of(row)] = row

    def _take_among(self, row_type: type[Any], name: str, values: Iterable[str], rows: list[Any]) -> None:
        found: dict[str, list[Any]] = {value: [] for value in values}
        columns = mapping_of(row_type).columns
        place = columns.index(name) if name in columns else None
        for row in rows:
            # What the engine keeps from others of the row is no column of the class, which knows it all the same.
            found[getattr(row_type(*row), name) if place is None else row[place]].append(row)
        for value, some in found.items():
            self._take_rows(select_equal(row_type, (name,)), {name: value}, some)

    def _take_rows(self, statement: str, bound: dict[str, Any], rows: list[Any]) -> None:
        self._ahead[asked(statement, bound)] = rows

    def expect(self, wanted: Sequence[Wanted]) -> None:
        """These rows will be asked for; where that costs a journey, one serves for all."""
        if self.connection.is_far:
            self.read(each for each in wanted if not self.is_known(each))

    def expect_equal(self, columns: Sequence[tuple[type[Any], str]], values: Sequence[str]) -> None:
        """Rows with these values of text columns will be asked for, those of the first value next."""
        if len(values) > 1 and not all(self.has_ahead(equal_to(*each, values[0])) for each in columns):
            self.read(equal_to(*each, value) for each in columns for value in values)

    def rows(self, rows: Rows) -> Iterable[Any]:
        """The rows of a statement as the database holds them."""
        ahead = self._ahead.get(asked(rows.statement, rows.bound)) if self._ahead else None
        return self.connection.execute(rows.statement, rows.bound) if ahead is None else ahead

    def knows(self, row_type: type[Any], key: Any) -> bool:
        """Whether the row with this key was read."""
        return key in self._stored.get(row_type, {})

    def has_ahead(self, rows: Rows) -> bool:
        """Whether the rows of this statement were read ahead."""
        return asked(rows.statement, rows.bound) in self._ahead

    def is_known(self, wanted: Wanted) -> bool:
        """Whether this was read, by key or ahead."""
        return self.has_ahead(wanted) if isinstance(wanted, Rows) else self.knows(wanted.row_type, wanted.key)

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

    def forget(self, row_type: type[Any], keys: Iterable[Any]) -> None:
        """What was read of the rows with these keys holds no longer."""
        known = self._stored.get(row_type, {})
        for key in keys:
            known.pop(key, None)

    def flush(self) -> None:
        """Write everything: deletions children first, then insertions parents first, then updates."""
        self._ahead = {}
        if self.connection.is_far:
            self._read_changed()
        inserts: list[Write] = []
        updates: list[Write] = []
        for row_type in reversed(TABLES):
            if any(row is GONE for row in self._changed.get(row_type, {}).values()):
                self._delete(row_type, self._changed[row_type])
        for row_type in TABLES:
            changed = self._changed.get(row_type)
            if not changed:
                continue
            # What is only ever added is not looked for: the engine refuses a second one.
            look = self._known if mapping_of(row_type).append_only else self.stored
            kept = ((key, row) for key, row in changed.items() if row is not GONE)
            new, updated = writes_of(row_type, kept, partial(look, row_type))
            inserts += new
            updates += updated
        self.connection.write_all(inserts + updates)
        for row_type, changed in self._changed.items():
            known = self._stored.setdefault(row_type, {})
            known.update({key: None if row is GONE else row for key, row in changed.items()})
        self._changed = {}

    def _read_changed(self) -> None:
        """Read what stands where something changed, all classes together; what is only ever added is not looked for."""
        self.read(
            ByKey(row_type, key)
            for row_type, changed in self._changed.items()
            if not mapping_of(row_type).append_only
            for key in changed
        )

    def _delete(self, row_type: type[Any], changed: dict[Any, Any]) -> None:
        mapping = mapping_of(row_type)
        for key in [key for key, row in changed.items() if row is GONE]:
            if self.stored(row_type, key) is not None:
                self.connection.execute(mapping.delete, _bound_key(mapping.key, key))

    def _known(self, row_type: type[Any], key: Any) -> Any:
        return self._stored.get(row_type, {}).get(key)


class Tx:
    """What one command reads and writes. Nothing is written before the whole batch is."""

    def __init__(self, batch: Batch) -> None:
        self._batch = batch
        self._layer: _Layer = {}

    def get(self, row_type: type[R], key: Any) -> R | None:
        """The row with this key (a tuple where the key has several columns), or None."""
        layer = self._layer.get(row_type)
        own = layer.get(key) if layer else None
        if own is not None:
            return None if own is GONE else own
        found: R | None = self._batch.current(row_type, key)
        return found

    def find(self, row_type: type[R], **equal: Any) -> list[R]:
        """All rows whose columns equal these values, as the batch leaves them so far."""
        names = tuple(sorted(equal))
        found_of = attrgetter(*names)
        wanted = found_of(SimpleNamespace(**equal))
        one_text = len(names) == 1 and isinstance(wanted, str)
        rows = Rows(select_equal(row_type, names), equal, row_type if one_text else None)
        return self._as_left(row_type, rows, lambda row: found_of(row) == wanted)

    def find_one(self, row_type: type[R], **equal: Any) -> R | None:
        """The only row whose columns equal these values, or None; several are a broken promise."""
        found = self.find(row_type, **equal)
        assert len(found) <= 1, f"{row_type.__name__} is not unique by {sorted(equal)}"
        return found[0] if found else None

    def select(self, row_type: type[R], rows: Rows, fits: Callable[[R], bool]) -> list[R]:
        """The rows of a compiled statement over all columns of `row_type`, as the batch leaves them so far.

        `fits` says in Python what the statement's condition says, for rows that are not written yet.
        """
        return self._as_left(row_type, rows, fits)

    def _as_left(self, row_type: type[R], rows: Rows, fits: Callable[[R], bool]) -> list[R]:
        mapping = mapping_of(row_type)
        found: dict[Any, Any] = {}
        for values in self._batch.rows(rows):
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

    def expect(self, *wanted: tuple[type[Any], Any] | Rows) -> None:
        """Say which rows (class and key, or a statement's) will be asked for next, so that they may come together."""
        self._batch.expect([each if isinstance(each, Rows) else ByKey(*each) for each in wanted])

    @property
    def is_far(self) -> bool:
        """Whether reading costs a journey, so that saying beforehand what is expected pays."""
        return self._batch.connection.is_far

    @property
    def company(self) -> int:
        """How many commands are decided together with this one, which are likely to ask alike."""
        return self._batch.company

    def expect_equal(self, columns: Sequence[tuple[type[Any], str]], values: Sequence[str]) -> None:
        """Say that rows with these values of text columns will be asked for, by this command and those behind it."""
        self._batch.expect_equal(columns, values)

    def add(self, row: Any) -> None:
        """Insert a row whose key was made for it just now: it is not looked for among those that are there."""
        row_type = type(row)
        key = mapping_of(row_type).key_of(row)
        self.put(row)
        self._batch.remember(row_type, key, None)

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
        insert_rows(self.connection, row_type, map(mapping.values_of, rows))
        self._flushed = True
        for row in rows:
            self._batch.remember(row_type, mapping.key_of(row), row)

    def read(self, row_type: type[Any], keys: Iterable[Any]) -> None:
        """Read the rows with these keys in one statement, so that `get` finds them."""
        self._batch.read(ByKey(row_type, key) for key in keys)

    def forget(self, row_type: type[Any], keys: Iterable[Any]) -> None:
        """A set-based statement has changed the rows with these keys: `get` reads them anew."""
        self._batch.forget(row_type, keys)

    def drop(self) -> None:
        """The command refused; after a flush that would leave half of it, so the whole transaction fails."""
        assert not self._flushed, "a bulk command refuses before it writes"
        super().drop()


def equal_to(row_type: type[Any], name: str, value: str) -> Rows:
    """What `Tx.find` asks the database for where it looks for one value of a text column."""
    return Rows(select_equal(row_type, (name,)), {name: value}, row_type)


def _bound_key(names: tuple[str, ...], key: Any) -> dict[str, Any]:
    parts = key if isinstance(key, tuple) else (key,)
    return {f"key_{name}": part for name, part in zip(names, parts, strict=True)}
