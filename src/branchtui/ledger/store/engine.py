"""A store is an engine and a place: SQLite in a file, or PostgreSQL at an address. Chosen by the URL."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from branchtui.ledger.store.errors import StoreUnavailable

if TYPE_CHECKING:
    from pathlib import Path

    from branchtui.ledger.store.connection import Connection
    from branchtui.ledger.store.errors import Fault
    from branchtui.ledger.store.reader import Reader


class Claim(Protocol):
    """The right to write to a ledger."""

    def release(self) -> None:
        """Give it back."""
        ...


class Store(Protocol):
    """Where a ledger lies, and how it is opened there."""

    @property
    def name(self) -> str:
        """What messages call it; holds no password."""
        ...

    @property
    def shared(self) -> bool:
        """Whether several ledger processes may serve it at once."""
        ...

    @property
    def file(self) -> Path | None:
        """The file, where it lies in one."""
        ...

    def verify(self, *, new: bool = False) -> None:
        """Refuse a place where no ledger can be (`new`), or where none is.

        Raises:
            StoreUnavailable: the sentence for the person.
        """
        ...

    def claim(self, *, alone: bool = False) -> Claim:
        """Claim the ledger; `alone`: while nobody else has it. A file is always claimed alone (DUR-1).

        Raises:
            StoreUnavailable: somebody has it.
        """
        ...

    def connect(self, *, read_only: bool = False) -> Connection:
        """A connection with the settings that keep money.

        Raises:
            StoreUnavailable: the engine or the server is one that may lose what it acknowledged, or is not there.
        """
        ...

    def connect_writer(self) -> Connection:
        """As `connect`, for the one that writes and calls `tidy` between batches."""
        ...

    def reader(self) -> Reader:
        """What reads beside the writer."""
        ...

    def fault_of(self, error: BaseException) -> Fault | None:
        """What an error of this engine means; None for an error that is not its own."""
        ...

    def was_committed(self, mark: tuple[str, int]) -> bool:
        """Whether the transaction that a CommitDoubt is about was done; answers only when it is certain."""
        ...

    def made(self) -> None:
        """A ledger was made here: what is to be done about the place itself."""
        ...

    def filled(self) -> None:
        """Very many rows came in at once: what the engine should learn about them."""
        ...


def store_at(url: str) -> Store:
    """The store that `url` names: `sqlite:///PATH` or `postgresql://HOST/DATABASE`.

    Raises:
        StoreUnavailable: the address is of another form, or holds a password.
    """
    scheme = url.partition(":")[0]
    if scheme in {"postgresql", "postgres"}:
        from branchtui.ledger.store.postgres.store import PostgresStore

        return PostgresStore(url)
    if scheme == "sqlite":
        from branchtui.ledger.store.sqlite_store import SqliteStore, database_path

        return SqliteStore(database_path(url))
    raise StoreUnavailable(
        "A database is written sqlite:///PATH or postgresql://HOST/DATABASE; this is neither."
    )
