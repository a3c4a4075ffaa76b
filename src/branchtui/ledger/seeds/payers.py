"""Who pays, and what a provider would tell of it: owners one can find, and strangers one cannot."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Final

from branchtui.ledger import numbers
from branchtui.ledger.feeds.incoming import PhoneForm
from branchtui.ledger.seeds.people import PHONES, phone_series
from branchtui.ledger.workflows.matching import Evidence, Found

if TYPE_CHECKING:
    from collections.abc import Callable

    from branchtui.ledger.phones import Phone
    from branchtui.ledger.seeds.people import Person
    from branchtui.ledger.seeds.planting import Planting
    from branchtui.ledger.store.rows import Customer
    from branchtui.ledger.store.unit import BulkTx

_BY_REFERENCE_SHARE: Final = 0.7
_HEAD, _TAIL = 4, 3
_PLAIN_WORDS: Final = ("school fees", "rent", "savings", "chama", "mkopo", "harambee")

Paid = tuple[Evidence, "Found[Customer]"]
"""What a payment says, and who answers to it."""


def by_owner(planting: Planting, person: Person) -> Paid:
    """A payment that names its owner by number, or comes from a phone that only the owner has."""
    customer = person.customer
    name = customer.name.upper()
    if planting.rng.random() < _BY_REFERENCE_SHARE or person.shares_phone:
        number = customer.account_no
        evidence = Evidence(number, customer.mobile_no, PhoneForm.E164, name)
        return evidence, Found(by_reference=(customer,), is_ours=True)
    return Evidence(None, customer.mobile_no, PhoneForm.E164, name), Found(by_phone=(customer,))


class Payers:
    """Payers whose payments must wait, for every reason there is."""

    def __init__(self, tx: BulkTx, planting: Planting, active: list[Person]) -> None:
        self._tx, self._planting, self._active = tx, planting, active
        self._couples = [
            (one, other)
            for one, other in pairwise(active)
            if other.shares_phone and one.customer.mobile_no == other.customer.mobile_no
        ]
        self._kinds: tuple[Callable[[], Paid], ...] = (
            self._unknown_number,
            self._masked,
            self._couple,
            self._misspelt,
            self._hashed,
        )

    def stranger(self) -> Paid:
        """A payment that the rules give to nobody."""
        return self._planting.rng.choice(self._kinds)()

    def recognisable(self) -> Paid:
        """A stranger whom the suggestions find at once: the queue opens on one."""
        return self._masked(self._active[min(1, len(self._active) - 1)])

    def _unknown_number(self) -> Paid:
        """The account number with two digits too many; the phone is the owner's."""
        customer = self._someone().customer
        while True:
            digits = str(self._planting.rng.randrange(10, 100))
            reference = customer.account_no + digits
            if not numbers.names_somebody(self._tx, reference):
                break
        evidence = Evidence(reference, customer.mobile_no, PhoneForm.E164, customer.name.upper())
        return evidence, Found(by_phone=(customer,), is_ours=True)

    def _masked(self, person: Person | None = None) -> Paid:
        """No reference, a masked phone and a first name: what the provider shows of a till's customers."""
        customer = (person or self._someone()).customer
        assert customer.mobile_no is not None, "people of a seed have phones"
        plain = customer.mobile_no.removeprefix("+")
        mask = plain[:_HEAD] + "*" * (len(plain) - _HEAD - _TAIL) + plain[-_TAIL:]
        first = (customer.first_name or customer.name).upper()
        return Evidence(None, mask, PhoneForm.MASKED, first), Found()

    def _couple(self) -> Paid:
        """Two customers on one phone; where there are none, the payer is unknown."""
        if not self._couples:
            return self._misspelt()
        one, other = self._planting.rng.choice(self._couples)
        evidence = Evidence(None, one.customer.mobile_no, PhoneForm.E164, one.customer.name.upper())
        return evidence, Found(by_phone=(one.customer, other.customer))

    def _misspelt(self) -> Paid:
        """A phone nobody has, plain words for a reference, a name one letter away from a customer's."""
        name = self._someone().customer.name.upper()
        at = self._planting.rng.randrange(1, max(2, len(name) - 1))
        reference = self._planting.rng.choice(_PLAIN_WORDS)
        phone = self._unused_phone().e164
        return Evidence(reference, phone, PhoneForm.E164, name[:at] + name[at + 1 :]), Found()

    def _hashed(self) -> Paid:
        """Only the hash of a phone nobody has."""
        evidence = Evidence(None, self._unused_phone().sha_international, PhoneForm.SHA256, None)
        return evidence, Found()

    def _someone(self) -> Person:
        return self._planting.rng.choice(self._active)

    def _unused_phone(self) -> Phone:
        return next(phone_series(self._planting, numbers.reserve(self._tx, PHONES)))
