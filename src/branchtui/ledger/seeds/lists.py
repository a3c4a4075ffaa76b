"""What customers of a seed are listed by: labels, groups, organisations, staff, products; and what loans are agreed.

The institution's own lists are made once; a branch gets staff and groups for each part of a seed.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import TYPE_CHECKING, Final

from dateutil.relativedelta import relativedelta

from branchtui.contract.codes import CodeName
from branchtui.contract.customers import AccountKind
from branchtui.contract.loans import LoanEvery, LoanMethod
from branchtui.format.folding import fold
from branchtui.ledger import names, numbers
from branchtui.ledger.store.rows import CodeValue, LoanInstalment, LoanTerms, Product, Staff
from branchtui.ledger.store.search import facet_mark
from branchtui.ledger.workflows import customer_filing
from branchtui.ledger.workflows.codes import FACET_COUNTER
from branchtui.ledger.workflows.loan_schedules import Part, reckon

if TYPE_CHECKING:
    from branchtui.ledger.seeds.planting import Planting
    from branchtui.ledger.store.unit import BulkTx

GROUPS: Final = "seed_group"
CUSTOMERS_A_GROUP: Final = 30
GROUPED_SHARE: Final = 0.3
CUSTOMERS_A_STAFF: Final = 400
STAFF_MAX: Final = 60
"""Members of staff that one part of a seed brings."""

LABELS: Final = (
    ("Farmer", 0.22),
    ("Trader", 0.12),
    ("Youth", 0.08),
    ("Gold member", 0.02),
    ("Staff family", 0.004),
)
"""Names, and the share of customers who have each."""

ORGANISATIONS: Final = (
    ("County Government", 0.05),
    ("Teachers Service", 0.04),
    ("Tea Growers Union", 0.03),
    ("Dairy Co-operative", 0.02),
    ("District Hospital", 0.008),
    ("Coffee Mills", 0.004),
    ("Bus Owners Association", 0.002),
)
PRODUCTS: Final = (
    ("SAV", "Ordinary savings", AccountKind.SAVINGS, 0.7),
    ("JUN", "Junior saver", AccountKind.SAVINGS, 0.2),
    ("FIX", "Fixed deposit", AccountKind.SAVINGS, 0.1),
    ("SHR", "Share capital", AccountKind.SHARES, 1.0),
    ("DEV", "Development loan", AccountKind.LOAN, 0.5),
    ("EMG", "Emergency loan", AccountKind.LOAN, 0.3),
    ("SCH", "School fees loan", AccountKind.LOAN, 0.2),
)
"""Code, name, kind, and the share among accounts of the kind."""

_LOANS: Final = {
    "DEV": ("14", LoanMethod.DECLINING_BALANCE, (12, 24, 36)),
    "EMG": ("12", LoanMethod.FLAT, (6, 12)),
    "SCH": ("10", LoanMethod.DECLINING_BALANCE, (10, 12)),
}
_PRINCIPALS_MINOR: Final = (2_000_000, 5_000_000, 10_000_000, 20_000_000, 35_000_000)
_STAFF_GIVEN: Final = (
    "Peter Lucy Moses Tabitha Elijah Naomi Ibrahim Salome Caleb Dorcas Hassan Priscilla".split()
)
_STAFF_FAMILY: Final = (
    "Otieno Njoroge Wafula Cheptoo Mutiso Karanja Abdi Nyaga Koskei Akoth Mwikali Lokwang".split()
)


@dataclass(frozen=True, slots=True)
class Listed:
    """A value that customers are listed by, with its mark."""

    id: str
    mark: str


@dataclass(frozen=True, slots=True)
class Agreed:
    """The terms of a seeded loan, and what is still owed of it in minor units."""

    terms: LoanTerms
    instalments: tuple[LoanInstalment, ...]
    owed_minor: int


class Lists:
    """The lists of a planting, as chance deals them out."""

    def __init__(self, tx: BulkTx, planting: Planting, customers: int) -> None:
        self._planting = planting
        self._labels = [
            (share, self._value(tx, CodeName.LABEL, name, customer_filing.LABEL)) for name, share in LABELS
        ]
        self._organisations = [
            (share, self._value(tx, CodeName.ORGANISATION, name, customer_filing.ORGANISATION))
            for name, share in ORGANISATIONS
        ]
        self._products = self._sold(tx)
        self._staff = self._employed(tx, max(3, min(STAFF_MAX, customers // CUSTOMERS_A_STAFF)))
        self._groups = self._founded(tx, max(1, round(customers * GROUPED_SHARE) // CUSTOMERS_A_GROUP))
        tx.flush()

    def labels(self) -> list[Listed]:
        """The labels of one customer."""
        rng = self._planting.rng
        return [value for share, value in self._labels if rng.random() < share]

    def organisation(self) -> Listed | None:
        """The organisation of one customer, if any."""
        chance = self._planting.rng.random()
        for share, value in self._organisations:
            if chance < share:
                return value
            chance -= share
        return None

    def group(self) -> Listed | None:
        """The group of one customer, if any."""
        rng = self._planting.rng
        place, chance = rng.randrange(len(self._groups)), rng.random()
        return self._groups[place] if chance < GROUPED_SHARE else None

    def staff(self) -> Listed:
        """To whom one customer is assigned."""
        return self._planting.rng.choice(self._staff)

    def product(self, kind: AccountKind) -> tuple[str, str]:
        """Code and mark of the product that an account of this kind is of."""
        chance = self._planting.rng.random()
        sold = [(share, code, mark) for code, share, mark, each in self._products if each is kind]
        for share, code, mark in sold:
            if chance < share:
                return code, mark
            chance -= share
        return sold[-1][1:]

    def loan(self, account_id: str, product: str) -> Agreed:
        """The terms of one loan, begun some months ago and paid for about as long."""
        rng = self._planting.rng
        rate, method, lengths = _LOANS[product]
        count, principal = rng.choice(lengths), rng.choice(_PRINCIPALS_MINOR)
        passed = rng.randrange(count)
        behind = 1 if rng.random() < 0.15 and passed else 0
        start = self._planting.days[-1].date - relativedelta(months=passed, days=10)
        parts = _schedule(principal, rate, method, start, count)
        terms = LoanTerms(
            account_id=account_id,
            principal_minor=principal,
            interest_minor=sum(part.interest_minor for part in parts),
            rate=rate,
            method=method.value,
            every=LoanEvery.MONTH.value,
            start_date=start.isoformat(),
            instalments=count,
        )
        rows = tuple(
            LoanInstalment(
                account_id, part.number, part.due_date.isoformat(), part.principal_minor, part.interest_minor
            )
            for part in parts
        )
        return Agreed(terms, rows, sum(part.total_minor for part in parts[passed - behind :]))

    def _value(self, tx: BulkTx, code: CodeName, name: str, kind: int) -> Listed:
        value = tx.find_one(CodeValue, code=code.value, name_key=fold(name))
        if value is None:
            value = self._new_value(code, name, numbers.reserve(tx, FACET_COUNTER))
            tx.put(value)
        return Listed(value.id, facet_mark(kind, value.number))

    def _new_value(self, code: CodeName, name: str, number: int) -> CodeValue:
        at_us = self._planting.begin_us
        return CodeValue(
            id=self._planting.new_id(at_us),
            version=1,
            code=code.value,
            name=name,
            name_key=fold(name),
            position=number,
            active=1,
            number=number,
            created_at=at_us,
        )

    def _sold(self, tx: BulkTx) -> list[tuple[str, float, str, AccountKind]]:
        found = []
        for code, name, kind, share in PRODUCTS:
            product = tx.find_one(Product, code=code)
            if product is None:
                product = Product(
                    id=self._planting.new_id(self._planting.begin_us),
                    version=1,
                    code=code,
                    name=name,
                    name_key=fold(name),
                    kind=kind.value,
                    currency=None,
                    description="",
                    active=1,
                    number=numbers.reserve(tx, FACET_COUNTER),
                    created_at=self._planting.begin_us,
                )
                tx.put(product)
            found.append((code, share, facet_mark(customer_filing.PRODUCT, product.number), kind))
        return found

    def _employed(self, tx: BulkTx, count: int) -> list[Listed]:
        first = numbers.reserve(tx, FACET_COUNTER, count)
        found = []
        for place in range(count):
            given = _STAFF_GIVEN[(first + place) % len(_STAFF_GIVEN)]
            family = _STAFF_FAMILY[(first + place) // len(_STAFF_GIVEN) % len(_STAFF_FAMILY)]
            name = names.full_name(given, None, family)
            staff = Staff(
                id=self._planting.new_id(self._planting.begin_us),
                version=1,
                branch_id=self._planting.branch.id,
                staff_no=f"S{first + place:05d}",
                first_name=given,
                last_name=family,
                name=name,
                name_key=fold(name),
                mobile_no=None,
                email=None,
                joined_on=self._planting.first_day.isoformat(),
                active=1,
                number=first + place,
                created_at=self._planting.begin_us,
            )
            tx.put(staff)
            found.append(Listed(staff.id, facet_mark(customer_filing.STAFF, staff.number)))
        return found

    def _founded(self, tx: BulkTx, count: int) -> list[Listed]:
        first = numbers.reserve(tx, GROUPS, count)
        number = numbers.reserve(tx, FACET_COUNTER, count)
        values = [
            self._new_value(CodeName.GROUP, f"Chama {first + place:05d}", number + place)
            for place in range(count)
        ]
        for value in values:
            tx.put(value)
        return [Listed(value.id, facet_mark(customer_filing.GROUP, value.number)) for value in values]


@cache
def _schedule(principal: int, rate: str, method: LoanMethod, start: date, count: int) -> tuple[Part, ...]:
    """A schedule; there are as many as there are choices, and each serves many loans."""
    return tuple(reckon(principal, rate, method, start, count, LoanEvery.MONTH))
