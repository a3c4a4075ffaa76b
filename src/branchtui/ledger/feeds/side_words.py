"""How tables say in words on which side of an account an amount stands: `DR`, `Haben`, `Money In`, `-`."""

from __future__ import annotations

from typing import Final

_DEBITS: Final = frozenset(
    {
        "dr", "d", "debit", "s", "soll", "out", "af", "debet", "débit", "dbit", "-", "withdrawal", "withdrawals",
        "withdrawn", "money out", "paid out", "outgoing", "sent", "payment out", "cargo", "lastschrift", "ausgang",
    }
)  # fmt: skip
_CREDITS: Final = frozenset(
    {
        "cr", "c", "credit", "h", "haben", "in", "bij", "crédit", "crdt", "+", "deposit", "deposits", "deposited",
        "money in", "paid in", "incoming", "received", "payment in", "abono", "gutschrift", "eingang",
    }
)  # fmt: skip
_COLUMNS: Final = frozenset(
    {
        "details", "af_bij", "af/bij", "sign", "indicator", "credit_debit_indicator", "direction", "in/out", "in_out",
        "flow", "nature", "sens", "side",
    }
)  # fmt: skip


def may_be_side(name: str) -> bool:
    """Whether a column of this name may say credit or debit, if all its cells do: `Transaction Type`, `Direction`."""
    return "type" in name or name in _COLUMNS


def side_of(cell: str) -> int:
    """1 for a credit, -1 for a debit, 0 where the cell says neither."""
    word = " ".join(cell.lower().replace("_", " ").split())
    if len(word) > 1:
        word = word.removesuffix(".")
    return 1 if word in _CREDITS else -1 if word in _DEBITS else 0
