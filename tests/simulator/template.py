"""The ledger that every world begins with: a branch, its people, a few customers, a short code."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from tests.ledger.running import CURRENCY, PASSWORD, TIMEZONE, cheap_passwords, user_row

from branchtui.contract.sessions import Role
from branchtui.format.folding import fold
from branchtui.ledger import setup
from branchtui.ledger.store.rows import Account, Branch, Customer

if TYPE_CHECKING:
    from pathlib import Path

    from branchtui.ledger.store.unit import BulkTx

MORNING: Final = datetime(2026, 11, 3, 6, 0, tzinfo=UTC)
"""When every world begins."""

MORNING_US: Final = int(MORNING.timestamp()) * 1_000_000
BRANCH: Final = "NKU"
TELLERS: Final = tuple(f"teller-{number}" for number in range(1, 10))
SUPERVISORS: Final = ("supervisor-1", "supervisor-2")
CUSTOMERS: Final = tuple(f"customer-{number}" for number in range(1, 7))
SHORT_CODE: Final = "600100"


@dataclass(frozen=True, slots=True)
class Template:
    """A ledger file that is copied, and what its provider sends to."""

    path: Path
    branch_id: str
    callback_token: str


class _Fixed:
    def now_us(self) -> int:
        return MORNING_US


def make_template(path: Path) -> Template:
    """A fresh ledger at `path`."""
    database = f"sqlite:///{path}"
    new = setup.NewLedger("Pamoja Sacco", "HQ", "Head office", CURRENCY, TIMEZONE, "root", PASSWORD)
    setup.init_ledger(database, new, clock=_Fixed())
    hashed = cheap_passwords().hash(PASSWORD)

    def fill(tx: BulkTx) -> tuple[str, str]:
        branch = setup.add_branch(
            tx, code=BRANCH, name="Nakuru", parent_code="HQ", currency=CURRENCY, timezone=TIMEZONE
        )
        for name in TELLERS:
            tx.put(user_row(name, Role.TELLER, branch.id, hashed, MORNING_US))
        for name in SUPERVISORS:
            tx.put(user_row(name, Role.SUPERVISOR, branch.id, hashed, MORNING_US))
        for number, name in enumerate(CUSTOMERS, start=1):
            _add_customer(tx, branch, name, number)
        setup.add_payee(tx, provider="mpesa", number=SHORT_CODE, branch_id=branch.id)
        return branch.id, setup.new_callback_token(tx, "mpesa", MORNING_US)

    branch_id, token = setup.change(database, fill)
    return Template(path, branch_id, token)


def _add_customer(tx: BulkTx, branch: Branch, name: str, number: int) -> None:
    """An active customer with an empty wallet."""
    account_no, customer_no = f"01{number:08d}", f"C{number:07d}"
    day = MORNING.date().isoformat()
    tx.put(
        Customer(
            id=name,
            version=1,
            customer_no=customer_no,
            account_no=account_no,
            legal_form="person",
            name=f"Achieng {name}",
            first_name="Achieng",
            middle_name=None,
            last_name=name,
            branch_id=branch.id,
            status="active",
            mobile_no=None,
            phone_sha_international=None,
            phone_sha_local=None,
            email=None,
            date_of_birth=None,
            gender=None,
            external_id=None,
            submitted_on=day,
            activation_date=day,
            created_by="ledger",
            created_at=MORNING_US,
            name_key=fold(f"Achieng {name}"),
            reversed_name_key=fold(f"{name} Achieng"),
            search_text=fold(f"Achieng {name} {customer_no} {account_no}"),
        )
    )
    tx.put(
        Account(
            id=f"wallet-{number}",
            version=1,
            account_no=account_no,
            customer_id=name,
            branch_id=branch.id,
            kind="wallet",
            currency=CURRENCY,
            status="open",
            product=None,
            balance_minor=0,
            created_at=MORNING_US,
        )
    )
