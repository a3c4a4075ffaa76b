"""How tables say in words whether the bank has booked a movement: `Completed`, `Vorgemerkt`, `Reverted`."""

from __future__ import annotations

from typing import Final

BOOKED: Final = frozenset(
    {
        "", "completed", "complete", "posted", "booked", "cleared", "settled", "success", "successful", "paid", "succeeded",
        "executed", "processed", "reconciled", "transaction success", "gebucht", "umsatz gebucht", "geboekt", "verwerkt",
        "comptabilisé", "contabilizado", "zaksięgowana", "zaksięgowano", "zrealizowana", "rozliczona", "wykonana",
        "udført", "bogført", "bokført", "bokförd", "utförd",
    }
)  # fmt: skip
NOT_BOOKED: Final = frozenset(
    {
        "pending", "in progress", "processing", "authorised", "authorized", "scheduled", "open", "waiting", "unposted",
        "failed", "transaction failed", "declined", "rejected", "cancelled", "canceled", "reverted", "reversed", "expired",
        "void", "voided", "refunded", "blocked", "on hold", "uncleared", "uncollected", "initiated", "created",
        "vorgemerkt", "umsatz vorgemerkt", "offen", "storniert", "abgelehnt", "gereserveerd", "in behandeling",
        "en attente", "en cours", "pendiente", "pendente", "oczekująca", "odrzucona", "anulowana", "venter", "reservert",
    }
)  # fmt: skip
"""What is no money yet, or never became any."""

_COLUMNS: Final = (
    "state",
    "info",
    "stan",
    "buchungsstatus",
    "booking_status",
    "payment_status",
    "posting_status",
)


def may_be_status(name: str) -> bool:
    """Whether a column of this name may say how a movement stands, if all its cells do: `State` is also a part of a country."""
    return name in _COLUMNS


def is_status(cell: str) -> bool:
    """Whether a cell says how a movement stands."""
    word = cell.strip().lower()
    return word in BOOKED or word in NOT_BOOKED
