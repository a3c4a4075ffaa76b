"""Accounts that the rows of a table call by a name: where there are several, the rows are not all of one account."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

_COLUMNS: Final = frozenset({"account_name", "accountname", "kontoname", "kontobezeichnung", "nom_du_compte"})


class AccountNames:
    """The names in such a column: one alone is what its owner calls the account, and says nothing."""

    def __init__(self, header: Sequence[str]) -> None:
        self._at = next((at for at, name in enumerate(header) if name in _COLUMNS), None)
        self._names: set[str] = set()

    def add(self, cells: Sequence[str]) -> None:
        """The cells of a row."""
        if (
            self._at is not None
            and len(self._names) < 2
            and (name := "".join(cells[self._at : self._at + 1]).strip())
        ):
            self._names.add(name)

    @property
    def found(self) -> int | None:
        """The column, where it names several accounts."""
        return self._at if len(self._names) > 1 else None
