"""How tables say in words whether the bank has booked a movement: `Completed`, `Vorgemerkt`, `Reverted`."""

from __future__ import annotations

from typing import Final

from branchtui.ledger.feeds.finding import Finding, warning
from branchtui.ledger.feeds.statement import text_of

BOOKED: Final = frozenset(
    {
        "", "completed", "complete", "posted", "booked", "cleared", "settled", "success", "successful", "paid", "succeeded",
        "executed", "processed", "reconciled", "transaction success", "gebucht", "umsatz gebucht", "geboekt", "verwerkt",
        "comptabilisé", "contabilizado", "zaksięgowana", "zaksięgowano", "zrealizowana", "rozliczona", "wykonana",
        "udført", "bogført", "bokført", "bokförd", "utförd", "ts", "succès", "réussi", "réussie", "terminé", "terminée",
        "sucesso", "concluído", "concluída", "éxito", "completado", "imekamilika", "imefanikiwa",
    }
)  # fmt: skip
NOT_BOOKED: Final = frozenset(
    {
        "pending", "in progress", "processing", "authorised", "authorized", "scheduled", "open", "waiting", "unposted",
        "failed", "transaction failed", "declined", "rejected", "cancelled", "canceled", "reverted", "reversed", "expired",
        "void", "voided", "refunded", "blocked", "on hold", "uncleared", "uncollected", "initiated", "created",
        "vorgemerkt", "umsatz vorgemerkt", "offen", "storniert", "abgelehnt", "gereserveerd", "in behandeling",
        "en attente", "en cours", "pendiente", "pendente", "oczekująca", "odrzucona", "anulowana", "venter", "reservert",
        "tf", "échec", "échoué", "échouée", "annulé", "annulée", "falhou", "falhada", "cancelado", "cancelada", "fallido",
        "imeshindwa", "imeshindikana", "inasubiri",
    }
)  # fmt: skip
"""What is no money yet, or never became any."""

TAKEN_BACK: Final = frozenset({"reversed", "refunded", "charged back", "chargeback"})
"""It was money before, and may be in the books."""

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


def remarks_of(status: str) -> list[Finding]:
    """What a person is to know of a status by which a movement is passed over."""
    word, shown = status.lower(), text_of(status, 40)
    if word in TAKEN_BACK:
        said = f"{shown}: the money was given back. Where it is a payment here, look after it by hand."
        return [warning("taken-back", said, "status", shown)]
    if word in NOT_BOOKED:
        return []
    said = f"{shown} is not known to mean that the row is booked: it is passed over. If it does, say so: columns, booked."
    return [warning("status", said, "status", shown)]
