"""One booking, one payment: which entries of a statement are payments already, under which code the others go in.

Pure. A bank's own reference is the code of its booking, but banks repeat references: for a standing order,
for all bookings of a batch. So a code is taken for the reference first, then for reference and day, then
for the next of them (`REF`, `REF/261103`, `REF/261103/2`), and an entry is a payment that is there already
when one of these has its day and its amount and no earlier entry of the file was that payment. The same
statement again, or one that overlaps it, therefore adds exactly what is not there yet. A reference that
stands for another amount on the same day contradicts itself and is left to a person (INV-6).

Banks have two days for a booking, of value and of booking, and count by one of them in one format and by the other in
another. An entry whose other day, reference and amount are a payment's is left to a person too.

A provider of mobile money never repeats a code: there the code alone decides.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Final, NamedTuple

from branchtui.contract.payments import PaymentSource
from branchtui.ledger.store.search import fold_reference

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

CODE_MAX: Final = 64
_WEAK: Final = 6
"""A reference of fewer letters and digits is a count within its file, not a name."""

_HASHED: Final = 12
_SUFFIX: Final = len("/261103/999999")


class Fate(StrEnum):
    """What becomes of an entry that brings money."""

    NEW = "new"
    KNOWN = "known"
    QUARANTINED = "quarantined"


class Held(NamedTuple):
    """A payment that carries a code: `day` is that of its payment in its branch.

    `is_reversed`: it was keyed by hand and taken back as one that never came.
    """

    payment_no: str
    amount_minor: int
    currency: str
    day: str
    source: str
    is_reversed: bool = False


class Wanted(NamedTuple):
    """An entry as it is looked for. `is_strict`: its provider never repeats a code.

    `other_day` is the bank's other day for it, which another file may count by.
    """

    base: str
    day: str
    amount_minor: int
    currency: str
    is_strict: bool = False
    other_day: str = ""


class Decision(NamedTuple):
    """What becomes of an entry: `code` is the one it has or gets, `held` the payment it is, or contradicts.

    `because` says why where that is not it.
    """

    fate: Fate
    code: str
    held: Held | None = None
    because: str = ""


@dataclass(slots=True)
class Codes:
    """Decides entry by entry of one file, in order. `held` says which payment has a code, if one has.

    `claimed` are codes that entries before are, or got; `given` of those the ones that this file brought,
    with their amounts.
    """

    held: Callable[[str], Held | None]
    claimed: set[str] = field(default_factory=set)
    given: dict[str, tuple[int, str]] = field(default_factory=dict)

    def decide(self, wanted: Wanted) -> Decision:
        """What becomes of the next entry."""
        decision = self._strict(wanted) if wanted.is_strict else self._bank(wanted)
        held = decision.held
        if decision.fate is Fate.KNOWN and held is not None and held.is_reversed:
            decision = decision._replace(
                fate=Fate.QUARANTINED, because=came_all_the_same(decision.code, held)
            )
        if decision.fate is not Fate.QUARANTINED:
            self.claimed.add(decision.code)
        if decision.fate is Fate.NEW:
            self.given[decision.code] = wanted.amount_minor, wanted.currency
        return decision

    def _strict(self, wanted: Wanted) -> Decision:
        held = self.held(wanted.base)
        standing = (held.amount_minor, held.currency) if held else self.given.get(wanted.base)
        if standing is None:
            return Decision(Fate.NEW, wanted.base)
        same = standing == (wanted.amount_minor, wanted.currency)
        return Decision(Fate.KNOWN if same else Fate.QUARANTINED, wanted.base, held)

    def _bank(self, wanted: Wanted) -> Decision:
        if wanted.base not in self.claimed and self.held(wanted.base) is None:
            return Decision(Fate.NEW, wanted.base)  # nearly every entry
        against: Decision | None = None
        for code in series(wanted.base, wanted.day):
            held = self.held(code)
            if held is None:
                if code not in self.claimed:
                    return against or self._on_its_other_day(wanted) or Decision(Fate.NEW, code)
                continue
            if code in self.claimed:
                continue
            is_other_door = held.source != PaymentSource.STATEMENT
            if not is_other_door and held.day != wanted.day:
                continue
            if (held.amount_minor, held.currency) == (wanted.amount_minor, wanted.currency):
                return Decision(Fate.KNOWN, code, held)
            against = against or Decision(Fate.QUARANTINED, code, held)
        raise AssertionError("a series of codes does not end")

    def _on_its_other_day(self, wanted: Wanted) -> Decision | None:
        """The payment that this may be by the bank's other day, as a file in another format counts."""
        if wanted.other_day in {"", wanted.day}:
            return None
        for code in (wanted.base, dated(wanted.base, wanted.other_day)):
            held = self.held(code)
            if (
                held is not None
                and code not in self.claimed
                and (held.day, held.amount_minor, held.currency)
                == (wanted.other_day, wanted.amount_minor, wanted.currency)
            ):
                return Decision(Fate.QUARANTINED, code, held, _told_by(wanted, held))
        return None


def came_all_the_same(code: str, held: Held) -> str:
    """Why money that came is kept apart though its code is known: the books say that it never did."""
    return (
        f"Code {code} is payment {held.payment_no}, which was keyed by hand and reversed as if it had never come: "
        "look whether this is its money."
    )


def _told_by(wanted: Wanted, held: Held) -> str:
    return (
        f"Payment {held.payment_no} of {held.day} has the reference {wanted.base} and this amount, and the bank gives this "
        f"entry that day beside {wanted.day}: look whether it is the same."
    )


def series(base: str, day: str) -> Iterator[str]:
    """The codes that a reference may stand under, in order."""
    yield base
    of_day = dated(base, day)
    yield of_day
    count = 2
    while True:
        yield f"{of_day}/{count}"
        count += 1


def dated(base: str, day: str) -> str:
    """The code of a reference that stands for another booking too: with its day."""
    return f"{base}/{day[2:].replace('-', '')}"


def base_of(reference: str | None, day: str, account: str, says: Iterable[str]) -> str:
    """The code that an entry is first looked for under: the bank's reference where it is one.

    Without one it is made of the day and of all that the entry says, in letters and digits alone: the same
    booking in another file of the bank says the same.
    """
    if reference is not None and is_name(reference):
        return reference
    told = "\x1f".join((account, day, *(fold_reference(each) for each in (reference or "", *says))))
    hashed = hashlib.sha256(told.encode()).hexdigest()[:_HASHED].upper()
    return f"{day[2:].replace('-', '')}-{hashed}"


def is_name(reference: str) -> bool:
    """Whether a reference can be a code: plain, long enough to name one thing, short enough for what is put behind."""
    return (
        reference.isascii()
        and len(reference) <= CODE_MAX - _SUFFIX
        and len(fold_reference(reference)) >= _WEAK
    )
