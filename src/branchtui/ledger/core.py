"""What the workflows stand on: the institution, its branch tree, the clock, the store."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, field
from ipaddress import IPv4Network, IPv6Network
from typing import TYPE_CHECKING, Any, Final, Protocol

from branchtui.ledger.access import Scope
from branchtui.ledger.clock import Clock, SystemClock, local_date, new_id
from branchtui.ledger.code_book import CodeBook
from branchtui.ledger.kept import Kept
from branchtui.ledger.metrics import Metrics
from branchtui.ledger.provider_book import ProviderBook
from branchtui.ledger.seal_key import key_path, read_key
from branchtui.ledger.store import migrate
from branchtui.ledger.store.cursors import Cursors
from branchtui.ledger.store.engine import store_at
from branchtui.ledger.store.errors import StoreUnavailable
from branchtui.ledger.store.lists import Lists
from branchtui.ledger.store.mapping import mapping_of
from branchtui.ledger.store.rows import Branch, Institution
from branchtui.ledger.store.writer import Writer
from branchtui.ledger.wakes import Wakes

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable, Iterable
    from datetime import date
    from pathlib import Path

    from branchtui.ledger.mailing import MailServer
    from branchtui.ledger.store.connection import Connection
    from branchtui.ledger.store.engine import Claim, Store
    from branchtui.ledger.store.reader import Reader

Networks = tuple[IPv4Network | IPv6Network, ...]

SHARED_WAIT_SECONDS: Final = 1.0
"""Where other processes change the ledger too, whoever waits for a change looks again after this."""


class UnknownBranch(KeyError):
    """A row names a branch that this process has not read yet: another one has just added it."""


class Tree:
    """The branches of the institution: a forest by parent."""

    def __init__(self, branches: Iterable[Branch]) -> None:
        self._by_id: Final = {branch.id: branch for branch in branches}
        self._children: dict[str | None, list[str]] = {}
        for branch in self._by_id.values():
            self._children.setdefault(branch.parent_id, []).append(branch.id)

    def __getitem__(self, branch_id: str) -> Branch:
        try:
            return self._by_id[branch_id]
        except KeyError:
            raise UnknownBranch(branch_id) from None

    def find(self, branch_id: str) -> Branch | None:
        """The branch with this id, or None."""
        return self._by_id.get(branch_id)

    def by_code(self, code: str) -> Branch | None:
        """The branch with this code, or None."""
        return next((branch for branch in self._by_id.values() if branch.code == code), None)

    def above(self, branch_id: str) -> frozenset[str]:
        """The branch and everything above it, up to the top."""
        found: set[str] = set()
        place: str | None = branch_id
        while place is not None and place not in found:
            found.add(place)
            place = self[place].parent_id
        return frozenset(found)

    def below(self, branch_id: str) -> frozenset[str]:
        """The branch and everything under it."""
        found, waiting = {branch_id}, [branch_id]
        while waiting:
            for child in self._children.get(waiting.pop(), ()):
                if child not in found:
                    found.add(child)
                    waiting.append(child)
        return frozenset(found)

    def scope(self, branch_id: str) -> Scope:
        """What somebody of this branch may see: it and everything under it."""
        found = self.below(branch_id)
        return Scope(found, top=len(found) == len(self._by_id))

    def __iter__(self) -> Any:
        return iter(self._by_id.values())


@dataclass(slots=True)
class Core:
    """The parts of a running ledger, wired by `open_core`."""

    institution: Institution
    tree: Tree
    reader: Reader
    writer: Writer
    lists: Lists
    book: CodeBook
    providers: ProviderBook
    clock: Clock
    new_id: Callable[[], str]
    claim: Claim
    key_file: Path | None
    holder: str = ""
    """This process among those that share the ledger, for leases; a file is nobody else's."""
    fresh_until: float = 0.0
    """When, by the machine's own count, institution and branches are to be read anew; matters where others write."""
    background: set[Any] = field(default_factory=set)
    wakes: Wakes = field(default_factory=Wakes)
    kept: Kept = field(default_factory=Kept)
    metrics: Metrics = field(default_factory=Metrics)
    used_while_full: dict[str, int] = field(default_factory=dict)
    """When each session was last used, in microseconds, where the disk had no room to note it."""

    stopping: bool = False
    """Whether the ledger was told to stop: it is ready for nobody, what it has accepted it still does."""

    mail: MailServer | None = None
    """Where statements are mailed to; without one they wait."""
    callback_sources: Networks = ()
    """The networks from which providers' messages are taken; from everywhere when there are none (HOOK-1)."""

    runner: asyncio.Task[Any] | None = None
    """What works on the jobs."""

    @property
    def settings(self) -> dict[str, Any]:
        """What the institution has set."""
        found: dict[str, Any] = json.loads(self.institution.settings)
        return found

    async def refresh(self, *, at_once: bool = False) -> None:
        """Read the institution and its branches anew where another process may have changed them a second ago.

        `at_once`: however young what is known is.
        """
        if not self.holder or (time.monotonic() < self.fresh_until and not at_once):
            return
        self.fresh_until = time.monotonic() + SHARED_WAIT_SECONDS
        try:
            (self.institution,) = await self.reader.find(Institution)
            self.tree = Tree(await self.reader.find(Branch))
            self.book.forget()
        except BaseException:
            self.fresh_until = 0.0
            raise

    async def know(self, branch_id: str) -> None:
        """Read the branches anew if this one is not among them: another process may have added it a moment ago."""
        if self.tree.find(branch_id) is None:
            await self.refresh(at_once=True)

    def limit_of(self, role: str, own_minor: int | None) -> int | None:
        """The largest single amount of somebody: the own limit, else the institution's for the role, else none."""
        by_role: dict[str, int] = self.settings.get("role_limits", {})
        return own_minor if own_minor is not None else by_role.get(role)

    def secret_key(self) -> bytes:
        """The key that second factors are made with; that of a ledger in a file is made when it is first needed.

        Raises:
            KeyUnusable: there is none, or the file cannot be used.
        """
        return read_key(self.key_file, make=not self.holder)

    def today(self, branch: Branch) -> date:
        """The calendar day in the branch's time zone."""
        return local_date(self.clock.now_us(), branch.timezone)

    def begin_stop(self) -> None:
        """End what would last: who waits for news is answered, the job at work stops behind its chunk."""
        self.stopping = True
        if self.runner is not None:
            self.runner.cancel()
        self.wakes.close()

    def close(self) -> None:
        """Finish what the writer holds, close the connections, free the file.

        The writer's connection closes last: only it can bring the write-ahead log into the database,
        so that a stopped ledger is one file.
        """
        self.reader.stop()
        self.writer.stop()
        self.claim.release()


class NewWriter(Protocol):
    """Makes the writer over a store; `Writer` is one."""

    def __call__(self, store: Store, *, committed: Callable[[float], object]) -> Writer: ...  # noqa: D102


def open_core(
    database: str,
    *,
    clock: Clock | None = None,
    ids: Callable[[], str] = new_id,
    new_store: Callable[[str], Store] = store_at,
    new_writer: NewWriter = Writer,
) -> Core:
    """Open the ledger at the URL `database` for serving; a file belongs to this process until `close`.

    Store and writer may be others than those of the URL: where they lie on another disk, or on the thread of the loop.

    Raises:
        StoreUnavailable: it does not exist, is not set up, is of another version, or is in use.
    """
    store = new_store(database)
    store.verify()
    claim = claim_current(store)
    try:
        connection = store.connect()
        try:
            institution, tree = load_institution(connection)
        finally:
            connection.close()
        metrics = Metrics()
        writer, reader = new_writer(store, committed=metrics.committed), store.reader()
        metrics.watch_writer(writer)
        writer.start()
        reader.start()
    except BaseException:
        claim.release()
        raise
    return Core(
        institution=institution,
        tree=tree,
        reader=reader,
        writer=writer,
        lists=Lists(reader, Cursors(institution.secret)),
        book=CodeBook(reader),
        providers=ProviderBook(reader, seconds=SHARED_WAIT_SECONDS),
        clock=clock or SystemClock(),
        new_id=ids,
        claim=claim,
        key_file=key_path(store.file),
        holder=new_id() if store.shared else "",
        wakes=Wakes(at_most_seconds=SHARED_WAIT_SECONDS if store.shared else None),
        metrics=metrics,
    )


def claim_current(store: Store, *, alone: bool = False) -> Claim:
    """Claim a ledger and bring its tables to this version; nobody else may have it while they change.

    Raises:
        StoreUnavailable: it is in use, there is none, or its tables are of a later version.
    """
    claim = store.claim(alone=alone)
    try:
        connection = store.connect()
        try:
            stands = migrate.verify(connection) == migrate.head()
            if stands or alone or not store.shared:
                migrate.upgrade(connection)
                return claim
        finally:
            connection.close()
    except BaseException:
        claim.release()
        raise
    claim.release()
    claim_current(store, alone=True).release()
    return claim_current(store)


def load_institution(connection: Connection) -> tuple[Institution, Tree]:
    """The institution and its branches.

    Raises:
        StoreUnavailable: the database was never set up.
    """
    found = connection.execute(_select_all(Institution)).fetchone()
    if found is None:
        raise StoreUnavailable(migrate.NO_LEDGER)
    branches = [Branch(*values) for values in connection.execute(_select_all(Branch))]
    return Institution(*found), Tree(branches)


def _select_all(row_type: type[Any]) -> str:
    mapping = mapping_of(row_type)
    return f"SELECT {', '.join(mapping.columns)} FROM {mapping.table.name}"  # noqa: S608 - names of our own schema
