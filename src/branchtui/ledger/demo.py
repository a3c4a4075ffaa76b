"""The demonstration: a whole institution in a new file, with people, money and users (product, command line).

Its first branch holds the customers whom the samples name, and the short code that they pay to.
Nobody else is called as they are, nor has their phones.
"""

from __future__ import annotations

import random
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypedDict

from branchtui.contract.customers import NewCustomer
from branchtui.contract.sessions import Role
from branchtui.contract.vouchers import NewPlan
from branchtui.ledger import numbers, setup
from branchtui.ledger.access import SYSTEM
from branchtui.ledger.clock import Clock, SystemClock, new_id
from branchtui.ledger.phones import Phone, read_phone
from branchtui.ledger.seed import plant
from branchtui.ledger.seeds.credit import plant_credit
from branchtui.ledger.seeds.payments import PROVIDER
from branchtui.ledger.store.rows import Branch, Counter
from branchtui.ledger.workflows.plans import new_plan

if TYPE_CHECKING:
    from pathlib import Path

    from branchtui.ledger.store.unit import BulkTx

SHORT_CODE: Final = "600100"
CURRENCY: Final = "KES"
TIMEZONE: Final = "Africa/Nairobi"
TELLER_LIMIT_MINOR: Final = 10_000_000
TOP: Final = "HQ"
_SEED: Final = 600_100
_WORDS_EACH: Final = 4

_WORDS: Final = (
    "acacia amber anchor apron basket beacon bellow birch bottle branch bridge candle canvas carpet cedar "
    "cinder clover cobalt copper coral cotton cradle crayon dahlia desert drawer ember falcon feather fennel "
    "flint garden ginger granite hammer harbour hazel heron honey island ivory jacket jasper kettle ladder "
    "lantern lemon linen maize mango marble meadow mirror morning needle nutmeg orchard otter paddle papaya "
    "pebble pepper pigeon pillow planet pocket quarry rabbit raven ribbon river saddle saffron sandal "
    "shadow silver socket spindle spring stable sugar summit tailor tamarind teapot thistle thunder ticket "
    "timber tulip tunnel valley velvet violet walnut whistle willow window winter yellow zebra"
).split()


class DemoUser(TypedDict):
    """Somebody who may sign in to the demonstration."""

    username: str
    role: str
    branch_id: str
    password: str


class Demonstration(TypedDict):
    """What was built, as the command line prints it."""

    database: str
    callback_token: str
    short_code: str
    users: list[DemoUser]


@dataclass(frozen=True, slots=True)
class _Share:
    """What a branch is filled with."""

    code: str
    name: str
    customers: int
    payments: int
    unmatched: int
    balance_records: int
    credit_accounts: int


BRANCHES: Final = (
    _Share(
        "KIA",
        "Kiambu",
        customers=3_800,
        payments=2_300,
        unmatched=120,
        balance_records=300,
        credit_accounts=24,
    ),
    _Share(
        "NYE", "Nyeri", customers=1_200, payments=700, unmatched=30, balance_records=100, credit_accounts=8
    ),
)
"""5,000 customers, 3,000 payments of which 150 wait, 400 balance records, 32 credit accounts."""

PEOPLE: Final = (
    ("teller1", Role.TELLER, "KIA"),
    ("supervisor1", Role.SUPERVISOR, "KIA"),
    ("teller2", Role.TELLER, "NYE"),
    ("supervisor2", Role.SUPERVISOR, "NYE"),
    ("auditor", Role.AUDITOR, TOP),
    ("administrator", Role.ADMINISTRATOR, TOP),
)
"""The first teller is who the terminal signs in as. Auditor and administrator see both branches."""

KNOWN: Final = (
    ("000101", "100245", ("Wanjiku", None, "Kamau"), "0711 222 333"),
    ("000102", "100246", ("Achieng", None, "O'Brien"), "0711 222 444"),
    ("000103", "100247", ("Ngũgĩ", "wa", "Mwangi"), "0711 222 555"),
    ("000104", "100248", ("Naliaka", None, "Wekesa"), "0711 222 666"),
)
"""Customer number, main account, name, phone of those whom the samples look for."""


PLANS: Final = (
    ("DAY", "A day of surfing", 5_000, 1),
    ("WEEK", "A week of surfing", 30_000, 7),
    ("MONTH", "A month of surfing", 100_000, 30),
)
"""Code, name, price in minor units, days."""


def build(folder: Path, *, clock: Clock | None = None) -> Demonstration:
    """Build the demonstration in a new file inside `folder`.

    Raises:
        StoreUnavailable: the file exists already, or cannot be made.
    """
    database = f"sqlite:///{folder / 'ledger.db'}"
    time = clock or SystemClock()
    passwords = {username: _made_up_password() for username, _, _ in PEOPLE}
    username = PEOPLE[-1][0]
    new = setup.NewLedger(
        "Pamoja Sacco", TOP, "Head office", CURRENCY, TIMEZONE, username, passwords[username]
    )
    setup.init_ledger(database, new, clock=time)
    now_us = time.now_us()
    made = setup.change(database, lambda tx: _fill(tx, database, passwords, now_us))
    plant_credit(
        database,
        accounts={share.code: share.credit_accounts for share in BRANCHES},
        now_us=now_us,
        rng=random.Random(_SEED),  # noqa: S311 - the same demonstration every time
    )
    return made


def demo_people(branch_id: str) -> tuple[tuple[NewCustomer, Phone], ...]:
    """The customers whom the samples name, with their phones."""
    found: list[tuple[NewCustomer, Phone]] = []
    for customer_no, account_no, (first, middle, last), written in KNOWN:
        new = NewCustomer(
            first_name=first,
            middle_name=middle,
            last_name=last,
            branch_id=branch_id,
            customer_no=customer_no,
            account_no=account_no,
            mobile_no=written,
            active=True,
        )
        found.append((new, read_phone(written, "KE")))
    return tuple(found)


def _fill(tx: BulkTx, database: str, passwords: dict[str, str], now_us: int) -> Demonstration:
    rng = random.Random(_SEED)  # noqa: S311 - the same demonstration every time
    tx.put(Counter(numbers.CUSTOMERS, int(KNOWN[-1][0])))
    tx.put(Counter(numbers.ACCOUNTS, int(KNOWN[-1][1]) - int(numbers.write_account_no(0))))
    for place, share in enumerate(BRANCHES):
        branch = setup.add_branch(
            tx, code=share.code, name=share.name, parent_code=TOP, currency=CURRENCY, timezone=TIMEZONE
        )
        if place == 0:
            setup.add_payee(tx, provider=PROVIDER, number=SHORT_CODE, branch_id=branch.id)
        tx.flush()
        plant(
            tx,
            branch,
            customers=share.customers,
            payments=share.payments,
            unmatched=share.unmatched,
            balance_records=share.balance_records,
            rng=rng,
            now_us=now_us,
            fixed=demo_people(branch.id) if place == 0 else (),
            recorders=_recorders(share.code),
        )
    for code, name, price_minor, days in PLANS:
        plan = NewPlan(code=code, name=name, price_minor=price_minor, currency=CURRENCY, validity_days=days)
        tx.put(new_plan(new_id(), plan, now_us))
    users = [_user(tx, username, role, code, passwords[username], now_us) for username, role, code in PEOPLE]
    return Demonstration(
        database=database,
        callback_token=setup.new_callback_token(tx, PROVIDER, now_us),
        short_code=SHORT_CODE,
        users=users,
    )


def _recorders(code: str) -> tuple[str, ...]:
    """Who created the branch's balance records that wait: a third each by its teller, its supervisor, the ledger."""
    return (*(username for username, _, at in PEOPLE if at == code), SYSTEM)


def _user(tx: BulkTx, username: str, role: Role, code: str, password: str, now_us: int) -> DemoUser:
    """A user of the demonstration; the administrator came with the ledger itself."""
    branch = tx.find_one(Branch, code=code)
    assert branch is not None, "branches are made before their users"
    if username != PEOPLE[-1][0]:
        limit_minor = TELLER_LIMIT_MINOR if role is Role.TELLER else None
        setup.add_user(
            tx,
            username=username,
            role=role,
            branch_code=code,
            password=password,
            limit_minor=limit_minor,
            at_us=now_us,
        )
    return DemoUser(username=username, role=role.value, branch_id=branch.id, password=password)


def _made_up_password() -> str:
    """Unrelated words and a number: longer than fifteen characters, easy to type."""
    words = "-".join(secrets.choice(_WORDS) for _ in range(_WORDS_EACH))
    return f"{words}-{secrets.randbelow(90) + 10}"
