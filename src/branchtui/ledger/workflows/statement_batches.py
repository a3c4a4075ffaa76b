"""One booking of a bank told of in two ways: as one entry, and as the payments that it stands for.

A statement (camt.053) often holds a batch as one entry, and the notification (camt.054) of the same day its payments.
Whichever comes first, the money is booked once: what came in as payments is known again by the references of the whole
booking, what is of several payments and lists none waits for them, and where the whole is a payment already its parts
are left to a person.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any, Final

from branchtui.format.money import money
from branchtui.ledger.feeds.statement import Booking
from branchtui.ledger.store import statement_store
from branchtui.ledger.store.rows import StatementBatch
from branchtui.ledger.workflows.statement_codes import Fate, is_name

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from branchtui.ledger.store.connection import Connection
    from branchtui.ledger.store.unit import BulkTx
    from branchtui.ledger.workflows.statement_codes import Decision, Held, Wanted

WAITS: Final = (
    "The entry is of several payments that this file does not tell apart: they come in with the bank's notification "
    "(camt.054), or are recorded by hand from its list. Nothing is booked for the entry itself."
)


class Batches:
    """The bookings that came in as several payments, looked up for many references at once."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._any: dict[str, bool] = {}
        self._known: dict[tuple[str, str], list[statement_store.Batch]] = {}

    def read(self, provider: str, references: Iterable[str]) -> None:
        """Look these references up, unless they were."""
        if provider not in self._any:
            self._any[provider] = statement_store.has_batches(self._connection, provider)
        if not self._any[provider]:
            return
        wanted = [each for each in dict.fromkeys(references) if (provider, each) not in self._known]
        self._known.update({(provider, each): [] for each in wanted})
        if wanted:
            for found in statement_store.batches(self._connection, provider, wanted):
                self._known[provider, found.reference].append(found)

    def has_any(self, provider: str) -> bool:
        """Whether any booking of this provider, which was read, came in as several payments."""
        return self._any.get(provider, False)

    def find(self, provider: str, references: Iterable[str], wanted: Wanted) -> statement_store.Batch | None:
        """The booking that this entry is as a whole, the one of its own day first."""
        found = [
            one
            for each in references
            for one in self._known.get((provider, each), ())
            if (one.amount_minor, one.currency) == (wanted.amount_minor, wanted.currency)
        ]
        return min(found, key=lambda one: one.day != wanted.day, default=None)


def names_of(booking: Booking | None, wanted: Wanted) -> tuple[str, ...]:
    """What a whole booking may be known by: its references that are names, and the code of the entry."""
    if booking is None:
        return (wanted.base,)
    return tuple(dict.fromkeys([*filter(is_name, booking.references), wanted.base]))


def settled(
    decision: Decision,
    wanted: Wanted,
    booking: Booking | None,
    provider: str,
    *,
    batches: Batches,
    held: Callable[[str], Held | None],
) -> Decision:
    """What becomes of an entry that no code knows: booked in another way already, or of several payments."""
    if decision.fate is not Fate.NEW or wanted.is_strict:
        return decision
    if booking is None and not batches.has_any(provider):
        return decision  # nearly every entry
    names = names_of(booking, wanted)
    if booking is not None and booking.is_listed:
        for each in names:
            one = held(each)
            if one is not None and (one.amount_minor, one.currency) == (
                booking.amount_minor,
                wanted.currency,
            ):
                said = (
                    f"The booking {each} of {money(booking.amount_minor, wanted.currency)} {wanted.currency} is payment "
                    f"{one.payment_no} as a whole: its parts are not taken in a second time. Look after it by hand."
                )
                return decision._replace(fate=Fate.QUARANTINED, because=said)
        return decision
    found = batches.find(provider, names, wanted)
    if found is not None and found.day == wanted.day:
        return decision._replace(
            fate=Fate.KNOWN, because=f"its {found.payments:,} payments are in, one by one"
        )
    if found is not None:
        said = f"Under the reference {found.reference} a booking of {found.day} with this amount came in as its {found.payments:,} payments: look whether it is the same."
        return decision._replace(fate=Fate.QUARANTINED, because=said)
    if booking is not None and booking.is_several:
        return decision._replace(fate=Fate.QUARANTINED, because=WAITS)
    return decision


def dumped(booking: Booking) -> list[Any]:
    """A booking as JSON keeps it."""
    return [list(booking.references), booking.amount_minor, booking.count, booking.is_listed]


def loaded(kept: list[Any] | None) -> Booking | None:
    """From JSON."""
    return None if kept is None else Booking(tuple(kept[0]), kept[1], kept[2], kept[3])


def remember(tx: BulkTx, provider: str, booking: Booking, day: str, currency: str, import_id: str) -> None:
    """Keep that a booking came in as its payments, once for each of its names."""
    for each in filter(is_name, booking.references):
        told = "\x1f".join((provider, each, day, str(booking.amount_minor), currency))
        batch_id = hashlib.sha256(told.encode()).hexdigest()[:32]
        if tx.get(StatementBatch, batch_id) is None:
            tx.put(
                StatementBatch(
                    batch_id, provider, each, day, booking.amount_minor, currency, booking.count, import_id
                )
            )
