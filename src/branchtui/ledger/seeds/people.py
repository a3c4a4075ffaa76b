"""Customers who do not exist: names of many scripts, phones of the region, numbers in order."""

from __future__ import annotations

import itertools
import json
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any, Final

import phonenumbers

from branchtui.contract.codes import CodeName
from branchtui.contract.customers import (
    AccountKind,
    AccountStatus,
    CustomerStatus,
    LegalForm,
    NewCustomer,
)
from branchtui.ledger import numbers
from branchtui.ledger.phones import Phone, region_of
from branchtui.ledger.seeds.lists import Agreed, Lists
from branchtui.ledger.seeds.people_names import ENTITIES, PEOPLE
from branchtui.ledger.store.rows import Account, Counter, Customer
from branchtui.ledger.store.text_index import filled_at_once
from branchtui.ledger.workflows import customer_filing
from branchtui.ledger.workflows.customer_rows import build_customer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from random import Random

    from branchtui.ledger.seeds.planting import Planting
    from branchtui.ledger.store.unit import BulkTx

PHONES: Final = "seed_phone"
SHARED_PHONE: Final = 200
"""One customer in so many uses the phone of the customer before, as couples do."""

_ENTITY_SHARE: Final = 0.03
_PENDING_SHARE: Final = 0.02
_MIDDLE_SHARE: Final = 0.15
_LEFT_SHARE: Final = 0.02
_BLOCK: Final = 1_000_000
_STRIDE: Final = 617_957
"""Shares no divisor with the block: neighbours in the count are strangers as numbers."""

_NAMES: Final = [names for _, names in PEOPLE]
_WEIGHTS: Final = list(itertools.accumulate(weight for weight, _ in PEOPLE))

_NAMED: Final = """SELECT 1 FROM customers WHERE customer_no = ?
  UNION ALL SELECT 1 FROM accounts WHERE account_no = ?"""

_KENYAN: Final = (
    "700 701 702 705 708 712 715 720 722 723 725 728 740 741 745 746 757 758 768 110 112 115".split()
)
_KINDS: Final = (
    (AccountKind.SAVINGS, 0.6),
    (AccountKind.SHARES, 0.35),
    (AccountKind.LOAN, 0.2),
)


@dataclass(frozen=True, slots=True)
class Person:
    """A customer and all accounts, the wallet first; whether somebody else has the phone as well."""

    customer: Customer
    accounts: tuple[Account, ...]
    shares_phone: bool = False
    loans: tuple[Agreed, ...] = ()

    @property
    def wallet(self) -> Account:
        """Where payments go."""
        return self.accounts[0]


def make_people(
    tx: BulkTx, planting: Planting, count: int, *, fixed: Sequence[tuple[NewCustomer, Phone]] = ()
) -> list[Person]:
    """`fixed`, then made-up people until there are `count`; written at once, with their accounts."""
    phones = phone_series(planting, numbers.reserve(tx, PHONES, count))
    taken = {number for new, _ in fixed for number in (new.customer_no, new.account_no) if number}
    customer_nos = _Series(tx, numbers.CUSTOMERS, numbers.write_customer_no, taken)
    account_nos = _Series(tx, numbers.ACCOUNTS, numbers.write_account_no, taken)
    like = NewCustomer(branch_id=planting.branch.id)
    lists = Lists(tx, planting, count)
    people: list[Person] = []
    phone: Phone | None = None
    for place in range(count):
        shared = place > len(fixed) and place % SHARED_PHONE == 0
        new, own_phone = fixed[place] if place < len(fixed) else (_invented(planting, like), None)
        phone = own_phone or (phone if shared and phone else next(phones))
        customer = build_customer(
            new,
            new_id=planting.new_id(planting.begin_us),
            customer_no=new.customer_no or next(customer_nos),
            account_no=new.account_no or next(account_nos),
            phone=phone,
            today=planting.first_day,
            created_by=planting.actor,
            at_us=planting.begin_us + place,
        )
        if shared:
            people[-1] = replace(people[-1], shares_phone=True)
        every_kind = place < len(fixed)
        accounts, loans, sold = _accounts_of(customer, planting, account_nos, lists, every_kind=every_kind)
        columns = _listed(lists, sold) | ({} if every_kind else _left(customer, planting))
        customer = replace(customer, **columns)
        people.append(Person(customer, accounts, shared, loans))
    customer_nos.keep(tx)
    account_nos.keep(tx)
    with filled_at_once(tx.connection, "customers"):
        tx.insert([person.customer for person in people])
    tx.insert([row for person in people for row in customer_filing.facet_rows(person.customer)])
    tx.insert([account for person in people for account in person.accounts])
    tx.insert([loan.terms for person in people for loan in person.loans])
    tx.insert([row for person in people for loan in person.loans for row in loan.instalments])
    return people


def phone_series(planting: Planting, first: int) -> Iterator[Phone]:
    """Mobile numbers of the branch's region, the `first` of the series and those after it; none twice."""
    region = region_of(planting.branch.currency, planting.branch.timezone)
    for place in itertools.count(first):
        block, within = divmod(place, _BLOCK)
        tail = f"{within * _STRIDE % _BLOCK:06d}"
        if region == "KE":
            head = _KENYAN[(place + block) % len(_KENYAN)]
            yield Phone(f"+254{head}{tail}", f"0{head}{tail}")
        else:
            yield _by_example(region, tail)


def _by_example(region: str, tail: str) -> Phone:
    kind = phonenumbers.PhoneNumberType.MOBILE
    example = phonenumbers.example_number_for_type(None if region == "ZZ" else region, kind)
    assert example is not None, "every region has a mobile number to show"
    written = phonenumbers.format_number(example, phonenumbers.PhoneNumberFormat.E164)
    local = phonenumbers.format_number(example, phonenumbers.PhoneNumberFormat.NATIONAL)
    digits = "".join(c for c in local if c.isdigit())
    return Phone(written[: -len(tail)] + tail, digits[: -len(tail)] + tail)


class _Series:
    """Numbers of a counter that name nobody yet; `keep` moves the counter to the last one taken."""

    def __init__(self, tx: BulkTx, name: str, write: Callable[[int], str], taken: set[str]) -> None:
        counter = tx.get(Counter, name)
        self._last = counter.value if counter else 0
        self._tx, self._name, self._write, self._taken = tx, name, write, taken

    def __next__(self) -> str:
        while True:
            self._last += 1
            number = self._write(self._last)
            if number not in self._taken and not self._names_somebody(number):
                return number

    def keep(self, tx: BulkTx) -> None:
        """Note how far the counter has come."""
        tx.put(Counter(self._name, self._last))

    def _names_somebody(self, number: str) -> bool:
        # One look an index: to read all numbers there are costs more the larger the ledger has grown.
        return self._tx.connection.execute(_NAMED, (number, number)).fetchone() is not None


def _invented(planting: Planting, like: NewCustomer) -> NewCustomer:
    """A person or an entity nobody knows; `like` has the branch, and the values that all share."""
    rng = planting.rng
    if rng.random() < _ENTITY_SHARE:
        name = " ".join(rng.choice(part) for part in ENTITIES)
        entity = {"legal_form": LegalForm.ENTITY, "name": name, "active": True}
        return like.model_copy(update=entity)
    given, family = rng.choices(_NAMES, cum_weights=_WEIGHTS)[0]
    first = rng.choice(given)
    middle = rng.choice(given) if rng.random() < _MIDDLE_SHARE else None
    person = {
        "first_name": first,
        "middle_name": middle if middle != first else None,
        "last_name": rng.choice(family).replace("~", " "),
        "date_of_birth": _birthday(rng, planting.first_day),
        "active": rng.random() > _PENDING_SHARE,
    }
    return like.model_copy(update=person)


def _birthday(rng: Random, today: date) -> date:
    return today - timedelta(days=rng.randrange(18 * 365, 80 * 365))


def _accounts_of(
    customer: Customer, planting: Planting, account_nos: _Series, lists: Lists, *, every_kind: bool
) -> tuple[tuple[Account, ...], tuple[Agreed, ...], set[str]]:
    """The wallet and some more, each of a product; the loans among them; the marks of the products."""
    kinds = [kind for kind, share in _KINDS if planting.rng.random() < share or every_kind]
    made = [_account(customer, AccountKind.WALLET, customer.account_no, planting)]
    loans: list[Agreed] = []
    marks: set[str] = set()
    for kind in kinds:
        code, mark = lists.product(kind)
        account = replace(_account(customer, kind, next(account_nos), planting), product=code)
        made.append(account)
        marks.add(mark)
        if kind is AccountKind.LOAN:
            loans.append(lists.loan(account.id, code))
    return tuple(made), tuple(loans), marks


def _listed(lists: Lists, sold: set[str]) -> dict[str, Any]:
    """The columns of a customer with staff, and with labels, a group, an organisation as chance has it."""
    labels, staff, group, organisation = lists.labels(), lists.staff(), lists.group(), lists.organisation()
    named = [*labels, staff, *(each for each in (group, organisation) if each is not None)]
    return {
        "labels": json.dumps(sorted(each.id for each in labels)),
        "staff_id": staff.id,
        "group_id": group.id if group else None,
        "organisation_id": organisation.id if organisation else None,
        "facets": "".join(sorted(sold | {each.mark for each in named})),
    }


def _left(customer: Customer, planting: Planting) -> dict[str, Any]:
    """The columns of who has left: a few of those who are active have left, a few of those who wait were refused."""
    day = planting.first_day.isoformat()
    if planting.rng.random() > _LEFT_SHARE:
        return {}
    if customer.status == CustomerStatus.ACTIVE:
        return {
            "status": CustomerStatus.CLOSED.value,
            "closed_on": day,
            "closure_reason": f"{CodeName.CLOSURE_REASON.value}-2",
        }
    return {
        "status": CustomerStatus.REJECTED.value,
        "rejected_on": day,
        "rejection_reason": f"{CodeName.REJECTION_REASON.value}-2",
    }


def _account(customer: Customer, kind: AccountKind, number: str, planting: Planting) -> Account:
    return Account(
        id=planting.new_id(planting.begin_us),
        version=1,
        account_no=number,
        customer_id=customer.id,
        branch_id=customer.branch_id,
        kind=kind.value,
        currency=planting.branch.currency,
        status=AccountStatus.OPEN.value,
        product=None,
        balance_minor=0,
        created_at=customer.created_at,
    )
