"""Every endpoint of the ledger."""

from __future__ import annotations

from typing import TYPE_CHECKING

from branchtui.ledger.web import (
    approvals,
    balance_records,
    customers,
    dashboard,
    imports,
    jobs,
    me,
    operations,
    payments,
    people,
    security,
    sessions,
    uploads,
)

if TYPE_CHECKING:
    from branchtui.ledger.passwords import Passwords
    from branchtui.ledger.web.route import Route


def all_routes(passwords: Passwords) -> tuple[Route, ...]:
    """The endpoints, in the order of the contract."""
    return (
        *sessions.routes(passwords),
        *me.routes(passwords),
        *people.routes(passwords),
        *security.routes(),
        *customers.routes(),
        *balance_records.routes(),
        *payments.routes(),
        *uploads.routes(),
        *imports.routes(),
        *jobs.routes(),
        *approvals.routes(),
        *operations.routes(),
        *dashboard.routes(),
    )
