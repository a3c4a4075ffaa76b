"""How tables say in words on which side of an account an amount stands: `DR`, `Haben`, `Money In`, `-`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

_DEBITS: Final = frozenset(
    {
        "dr", "d", "debit", "s", "soll", "out", "af", "debet", "débit", "dbit", "-", "withdrawal", "withdrawals",
        "withdrawn", "money out", "paid out", "outgoing", "sent", "payment out", "cargo", "lastschrift", "ausgang",
        "cash out", "wn", "obciążenie", "débito", "debito", "saída", "saida", "debe", "dare", "addebito", "ut", "ud",
        "uttag",
    }
)  # fmt: skip
_CREDITS: Final = frozenset(
    {
        "cr", "c", "credit", "h", "haben", "in", "bij", "crédit", "crdt", "+", "deposit", "deposits", "deposited",
        "money in", "paid in", "incoming", "received", "payment in", "abono", "gutschrift", "eingang",
        "cash in", "ma", "uznanie", "crédito", "credito", "entrada", "haber", "avere", "accredito", "inn", "ind",
        "insättning", "kredit",
    }
)  # fmt: skip
_LENGTH_MAX: Final = 20
"""No word for a side is longer, with blanks around it."""

_PLAIN: Final = frozenset(
    {
        "dr", "cr", "debit", "credit", "dbit", "crdt", "debet", "kredit", "débit", "crédit", "débito", "crédito", "debito",
        "credito", "soll", "haben", "withdrawal", "deposit", "money out", "money in", "paid out", "paid in",
    }
)  # fmt: skip
"""Words that say the side in a column of any name: others, as `C` or `in`, may be of another thing there."""

_COLUMNS: Final = frozenset(
    {
        "details", "af_bij", "af/bij", "sign", "indicator", "credit_debit_indicator", "direction", "in/out", "in_out",
        "flow", "nature", "sens", "side", "transaction", "",
    }
)  # fmt: skip
_CARDS: Final = ("card", "kart", "funding")
"""What the names of columns hold that say by what kind of card somebody paid, a debit card or a credit card."""

_KINDS: Final = ("typ", "tipo")
"""What the names of columns hold that say what kind a movement is."""


def may_be_side(name: str) -> bool:
    """Whether a column of this name may say credit or debit, if all its cells do: `Transaction Type`, `Direction`."""
    return any(each in name for each in _KINDS) or name in _COLUMNS


def is_of_card(name: str) -> bool:
    """Whether a column of this name may say what kind of card it was: no word in it is the side of an amount."""
    return any(each in name for each in _CARDS)


def side_of(cell: str) -> int:
    """1 for a credit, -1 for a debit, 0 where the cell says neither."""
    word = _word(cell)
    return 1 if word in _CREDITS else -1 if word in _DEBITS else 0


def _word(cell: str) -> str:
    word = " ".join(cell.lower().replace("_", " ").split())
    return word.removesuffix(".") if len(word) > 1 else word


class SideEvidence:
    """Which of some columns says the side of the amounts beside it, by its cells in the movements of a file.

    `plain` are columns whose names tell nothing: there the plainest words alone count.

    `found` is the column whose cells all say credit or debit. `doubtful` are columns of which some cells do and others
    say something else: they do not tell the side, but where one contradicts its amount nobody knows which is right.
    """

    def __init__(self, places: Iterable[int], plain: Iterable[int] = ()) -> None:
        self._plain = frozenset(plain)
        self._words = dict.fromkeys((*places, *sorted(self._plain)), 0)
        self._others = dict.fromkeys(self._words, False)

    def add(self, cells: Sequence[str], is_movement: Callable[[], bool]) -> None:
        """The cells of a row; an empty one says nothing of its column, nor does any of a row that is no movement."""
        for at in self._words:
            cell = cells[at] if at < len(cells) else ""
            if len(cell) > _LENGTH_MAX:
                is_side = False
            else:
                is_side = _word(cell) in _PLAIN if at in self._plain else side_of(cell) != 0
            if is_side:
                self._words[at] += 1
            elif not self._others[at] and cell.strip() and is_movement():
                self._others[at] = True

    @property
    def found(self) -> int | None:
        """The first column that says the side."""
        return next((at for at, count in self._words.items() if count and not self._others[at]), None)

    @property
    def doubtful(self) -> tuple[int, ...]:
        """Columns of kinds, some of which are sides."""
        return tuple(at for at, count in self._words.items() if count and self._others[at])
