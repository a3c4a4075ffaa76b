"""Many customers at once, straight into a running ledger."""

from __future__ import annotations

from typing import TYPE_CHECKING

from branchtui.contract.customers import NewCustomer
from branchtui.ledger.workflows.customer_rows import build_customer

if TYPE_CHECKING:
    from tests.ledger.running import RunningLedger

    from branchtui.ledger.store.unit import BulkTx


def plant_people(
    ledger: RunningLedger, branch: str, count: int, *, last_name: str, first_name: str = "P"
) -> None:
    """Customers `P0 last`, `P1 last`, ... without accounts."""
    branch_id = ledger.branch(branch).id

    def insert(tx: BulkTx) -> None:
        tx.insert(
            [
                build_customer(
                    NewCustomer(
                        first_name=f"{first_name}{place}",
                        last_name=last_name,
                        branch_id=branch_id,
                        active=True,
                    ),
                    new_id=ledger.core.new_id(),
                    customer_no=f"{branch}-{first_name}-{place}",
                    account_no=f"{branch}-{first_name}-{place}",
                    phone=None,
                    today=ledger.today(branch),
                    created_by="ledger",
                    at_us=ledger.clock.now_us(),
                )
                for place in range(count)
            ]
        )

    ledger.bulk(insert)
