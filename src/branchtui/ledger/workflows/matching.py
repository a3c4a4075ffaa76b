"""Whose payment is it? The tiers of the contract, section 5, as pure rules that say why.

First hit wins, ambiguity never resolves itself, nothing fuzzy posts itself: tiers 1 to 3 associate,
4 and 5 only suggest. Who is looked at (the payee's branch and those below it) is the caller's part.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Final, Generic, NamedTuple, Protocol, TypeVar

from rapidfuzz import fuzz

from branchtui.contract.customers import CustomerStatus
from branchtui.format.folding import fold
from branchtui.ledger.feeds.incoming import PhoneForm
from branchtui.ledger.names import is_family_first
from branchtui.ledger.store.search import fold_reference
from branchtui.ledger.workflows.customer_rules import plain
from branchtui.ledger.workflows.references import (
    has_lost_sign,
    in_plain_digits,
    is_written_short,
    numbers_within,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from branchtui.ledger.store.rows import Customer

BY_PERSON: Final = 0
BY_REFERENCE: Final = 1
BY_PHONE: Final = 2
BY_HASH: Final = 3
BY_MASK: Final = 4
BY_LIKENESS: Final = 5

MAX_SUGGESTIONS: Final = 10
LIKENESS_MIN: Final = 85
"""Names less alike than this, of 100, are different names."""
LIKENESS_LEAD: Final = 10
"""How far the best name must be ahead of the second to be worth a suggestion."""


class Called(Protocol):
    """Somebody by name and number."""

    @property
    def customer_no(self) -> str:
        """The number."""
        ...

    @property
    def name_key(self) -> str:
        """The name, folded."""
        ...


C = TypeVar("C", bound=Called)


@dataclass(frozen=True)
class Evidence:
    """What a payment says about who paid, as stored."""

    reference: str | None
    phone: str | None
    phone_form: PhoneForm
    name: str | None

    @cached_property
    def folded_reference(self) -> str:
        """The reference as numbers of ours are compared with it; empty when there is none."""
        return fold_reference(in_plain_digits(self.reference or ""))

    @cached_property
    def numbers_within(self) -> tuple[str, ...]:
        """What the reference holds beside words that may be a number of ours."""
        return numbers_within(self.reference)

    @property
    def tail(self) -> str:
        """The last visible digits of the phone, three at most."""
        return self.mask[1][-3:] if self.phone_form is PhoneForm.MASKED else (self.phone or "")[-3:]

    @property
    def mask(self) -> tuple[str, str]:
        """The visible digits of a masked phone: those in front and those at the end."""
        head, _, rest = (self.phone or "").partition("*")
        return head, rest.rpartition("*")[2]


class Owner(Protocol):
    """As much of a customer as the tiers need: a whole one, or what was read of thousands at once."""

    @property
    def id(self) -> str: ...  # noqa: D102
    @property
    def customer_no(self) -> str: ...  # noqa: D102
    @property
    def account_no(self) -> str: ...  # noqa: D102
    @property
    def status(self) -> str: ...  # noqa: D102
    @property
    def name(self) -> str: ...  # noqa: D102
    @property
    def first_name(self) -> str | None: ...  # noqa: D102
    @property
    def last_name(self) -> str | None: ...  # noqa: D102
    @property
    def mobile_no(self) -> str | None: ...  # noqa: D102


Who = TypeVar("Who", bound=Owner)


class Found(NamedTuple, Generic[Who]):
    """Who answers to the evidence, in the scope of the payee.

    `is_ours` says that the reference has the look of our numbers: digits only, or a prefix of ours. `within_reference`
    are those whose numbers stand in one that names nobody as a whole: `ACC 100245`.
    """

    by_reference: tuple[Who, ...] = ()
    by_phone: tuple[Who, ...] = ()
    is_ours: bool = False
    within_reference: tuple[Who, ...] = ()


class Decision(NamedTuple, Generic[Who]):
    """The owner with tier and reasons, or why the payment waits.

    `waits_for`: the one owner whose transfer has to end first.
    """

    customer: Who | None = None
    tier: int | None = None
    reasons: tuple[str, ...] = ()
    waits_because: str | None = None
    waits_for: Who | None = None


@dataclass(frozen=True, slots=True)
class Suggestion:
    """Who it may be, with reasons; `score` is 0 to 100."""

    customer: Customer
    tier: int
    score: int
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Learned:
    """A customer to whom people gave payments from the same payer before."""

    customer: Customer
    times: int


@dataclass(frozen=True, slots=True)
class Habit:
    """The one customer who paid `amount` (as it is shown) about this day of the month, in so many of `of` months."""

    customer: Customer
    amount: str
    months: int
    of: int


def decide(evidence: Evidence, found: Found[Who], *, unknown_waits: bool = False) -> Decision[Who]:
    """The owner of a payment by tiers 1 to 3, or why it waits (tier 0 and whatever is ambiguous).

    `unknown_waits`: the payee's branch lets every reference that names nobody wait, plain words among them.
    """
    reference = evidence.folded_reference
    if len(found.by_reference) > 1:
        named = _listed(found.by_reference)
        return Decision(
            waits_because=f"Reference {evidence.reference} names more than one customer: {named}."
        )
    if has_lost_sign(evidence.reference):
        return Decision(
            waits_because=f"Reference {evidence.reference} lost a sign on its way: whom it names is not certain."
        )
    if found.by_reference:
        owner = found.by_reference[0]
        return _give(owner, BY_REFERENCE, reference_reason(evidence, owner))
    if reference and (found.is_ours or is_written_short(evidence.reference)):
        return Decision(
            waits_because=f"Reference {evidence.reference} looks like one of our numbers and names nobody."
        )
    if reference and unknown_waits:
        return Decision(
            waits_because=f"Reference {evidence.reference} names nobody, and here such a payment waits."
        )
    if evidence.phone_form in {PhoneForm.E164, PhoneForm.SHA256}:
        return _by_phone(evidence, found)
    if evidence.phone_form is PhoneForm.MASKED:
        return Decision(waits_because="The phone is masked, and a mask alone proves nobody.")
    return Decision(waits_because="Neither a reference nor a phone says who paid.")


def suggest(
    evidence: Evidence,
    found: Found[Customer],
    *,
    masked: Iterable[Customer] = (),
    alike: Sequence[Customer] = (),
    learned: Iterable[Learned] = (),
    habit: Habit | None = None,
) -> tuple[Suggestion, ...]:
    """Who the payment may belong to, best first, each once and with all reasons.

    `masked` have a phone that the visible digits fit, `alike` a name that begins or ends alike, `habit` a customer
    who used to pay this amount about this day.
    """
    hints: list[Suggestion] = []
    shared = len(found.by_reference) > 1
    hints += [
        Suggestion(owner, BY_REFERENCE, 90 if shared else 100, (reference_reason(evidence, owner),))
        for owner in found.by_reference
    ]
    hints += [
        Suggestion(
            owner, BY_LIKENESS, 85, (f"reference {evidence.reference} holds a number of {short_name(owner)}",)
        )
        for owner in found.within_reference
    ]
    hashed = evidence.phone_form is PhoneForm.SHA256
    shared = len(found.by_phone) > 1
    for owner in found.by_phone:
        reason = hash_reason(owner) if hashed else phone_reason(evidence, owner)
        named = shared and name_fits(evidence.name, owner)
        score = 95 if not shared else 88 if named else 80
        reasons = (reason, "first name fits") if named else (reason,)
        hints.append(Suggestion(owner, BY_HASH if hashed else BY_PHONE, score, reasons))
    hints += [
        Suggestion(owner, BY_MASK, 75, (f"phone ends {evidence.tail} and first name fits",))
        for owner in masked
        if mask_fits(evidence, owner) and name_fits(evidence.name, owner)
    ]
    for payer in learned:
        times = "once" if payer.times == 1 else f"{payer.times} times"
        reason = f"the same payer was given to this customer before, {times}"
        hints.append(Suggestion(payer.customer, BY_LIKENESS, 70, (reason,)))
    if habit is not None:
        hints.append(Suggestion(habit.customer, BY_LIKENESS, 60, (habit_reason(habit),)))
    hints += _by_name(evidence, alike)
    return _merged(hints)


def short_name(customer: Owner) -> str:
    """A customer as a sentence names him: `W. Kamau`; an entity, or a name without parts, in full."""
    first, last = customer.first_name, customer.last_name
    if not first or not last or is_family_first(first):
        return customer.name
    return f"{first[0]}. {last}"


def reference_reason(evidence: Evidence, customer: Owner) -> str:
    """`reference 100245 is the account of W. Kamau`."""
    number = (
        "customer number" if evidence.folded_reference == fold_reference(customer.customer_no) else "account"
    )
    return f"reference {evidence.reference} is the {number} of {short_name(customer)}"


def phone_reason(evidence: Evidence, customer: Owner) -> str:
    """`the phone that ends 333 is W. Kamau's`."""
    return f"the phone that ends {evidence.tail} is {short_name(customer)}'s"


def hash_reason(customer: Owner) -> str:
    """`the hashed phone is W. Kamau's, which ends 333`."""
    return f"the hashed phone is {short_name(customer)}'s, which ends {(customer.mobile_no or '')[-3:]}"


def habit_reason(habit: Habit) -> str:
    """`paid 1,500.00 KES about this day in 2 of the last 3 months, and nobody else did`."""
    return (
        f"paid {habit.amount} about this day in {habit.months} of the last {habit.of} months, "
        "and nobody else did"
    )


def name_fits(payer_name: str | None, customer: Customer) -> bool:
    """Whether the payer's first name is one of the customer's names."""
    words = fold(payer_name or "").split()
    return bool(words) and words[0] in customer.name_key.split()


def mask_fits(evidence: Evidence, customer: Customer) -> bool:
    """Whether the visible digits of a masked phone are those of the customer's.

    Masks do not always have one sign for each hidden digit, so only the two ends count.
    """
    head, tail = evidence.mask
    digits = (customer.mobile_no or "").removeprefix("+")
    if not digits or len(tail) < 3 or len(head) + len(tail) > len(digits) + 1:
        return False
    at_home = head.startswith("0") and any(digits[skip:].startswith(head[1:]) for skip in (1, 2, 3))
    return digits.endswith(tail) and (digits.startswith(head) or at_home)


def _by_phone(evidence: Evidence, found: Found[Who]) -> Decision[Who]:
    """The owner of the phone, unless the reference holds the number of somebody else: it is not overruled."""
    owners = found.by_phone
    hashed = evidence.phone_form is PhoneForm.SHA256
    phone = "the hashed phone" if hashed else f"the phone that ends {evidence.tail}"
    if len(owners) > 1:
        return Decision(waits_because=f"More than one customer has {phone}: {_listed(owners)}.")
    others = [each for each in found.within_reference if owners and each.id != owners[0].id]
    if others:
        holds = f"Reference {evidence.reference} holds a number of {_listed(others)}"
        return Decision(waits_because=f"{holds}, and {phone} is {short_name(owners[0])}'s.")
    if owners:
        reason = hash_reason(owners[0]) if hashed else phone_reason(evidence, owners[0])
        return _give(owners[0], BY_HASH if hashed else BY_PHONE, reason)
    if evidence.folded_reference:
        return Decision(waits_because=f"Nobody has reference {evidence.reference}, and nobody has {phone}.")
    return Decision(waits_because=f"There is no reference, and nobody has {phone}.")


def _give(owner: Who, tier: int, reason: str) -> Decision[Who]:
    """The owner, unless he is not active: then it waits and says so."""
    if owner.status == CustomerStatus.ACTIVE:
        return Decision(owner, tier, (reason,))
    because = f"{reason[0].upper()}{reason[1:]}, customer {owner.customer_no}, who is {plain(owner.status)}."
    is_moving = owner.status == CustomerStatus.TRANSFER_IN_PROGRESS
    return Decision(waits_because=because, waits_for=owner if is_moving else None)


def far_ahead(evidence: Evidence, alike: Sequence[C]) -> tuple[int, C] | None:
    """The one whose name is like the payer's, if no other's comes near, and how like it is, of 100."""
    wanted = fold(evidence.name or "")
    if not wanted:
        return None
    scored = sorted(
        ((round(fuzz.token_sort_ratio(wanted, each.name_key)), each) for each in alike),
        key=lambda pair: (-pair[0], pair[1].customer_no),
    )
    if not scored or scored[0][0] < LIKENESS_MIN:
        return None
    if len(scored) > 1 and scored[0][0] - scored[1][0] < LIKENESS_LEAD:
        return None
    return scored[0]


def _by_name(evidence: Evidence, alike: Sequence[Customer]) -> list[Suggestion]:
    found = far_ahead(evidence, alike)
    if found is None:
        return []
    likeness, owner = found
    reason = "the name is the same" if likeness == 100 else f"the name is like {short_name(owner)}'s"
    return [Suggestion(owner, BY_LIKENESS, likeness * 65 // 100, (f"{reason}, and no other comes near",))]


def _merged(hints: list[Suggestion]) -> tuple[Suggestion, ...]:
    """One suggestion a customer: the strongest tier, all reasons, and whoever is not active last."""
    merged: dict[str, Suggestion] = {}
    for hint in sorted(hints, key=lambda each: (-each.score, each.tier)):
        known = merged.get(hint.customer.id)
        if known is None:
            merged[hint.customer.id] = hint
        else:
            reasons = known.reasons + tuple(each for each in hint.reasons if each not in known.reasons)
            merged[hint.customer.id] = Suggestion(
                known.customer, min(known.tier, hint.tier), min(known.score + 2, 100), reasons
            )
    found = [_with_standing(each) for each in merged.values()]
    found.sort(key=lambda each: (-each.score, each.tier, each.customer.customer_no))
    return tuple(found[:MAX_SUGGESTIONS])


def _with_standing(hint: Suggestion) -> Suggestion:
    if hint.customer.status == CustomerStatus.ACTIVE:
        return hint
    standing = f"but the customer is {plain(hint.customer.status)}"
    return Suggestion(hint.customer, hint.tier, hint.score // 2, (*hint.reasons, standing))


def _listed(customers: Sequence[Owner]) -> str:
    """`W. Kamau (000101) and A. O'Brien (000102)`, three at most."""
    named = [f"{short_name(each)} ({each.customer_no})" for each in customers[:3]]
    if len(customers) > 3:
        named.append(f"{len(customers) - 3} more")
    return " and ".join([", ".join(named[:-1]), named[-1]] if len(named) > 1 else named)
