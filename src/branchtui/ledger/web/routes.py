"""Every endpoint of the ledger."""

from __future__ import annotations

from typing import TYPE_CHECKING

from branchtui.ledger.web import (
    accounts,
    approvals,
    associations,
    balance_files,
    balance_records,
    business_days,
    callback_events,
    codes,
    credit,
    credit_moves,
    credit_statements,
    customer_lifecycle,
    customer_parts,
    customers,
    dashboard,
    documents,
    file_settings,
    imports,
    jobs,
    learned_payers,
    me,
    operations,
    payment_moves,
    payments,
    people,
    receipts,
    reports,
    security,
    sessions,
    statements,
    transactions,
    uploads,
    vouchers,
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
        *business_days.routes(),
        *security.routes(),
        *codes.routes(),
        *customers.routes(),
        *customer_lifecycle.routes(),
        *customer_parts.routes(),
        *documents.routes(),
        *accounts.routes(),
        *balance_records.routes(),
        *associations.routes(),
        *payments.routes(),
        *callback_events.routes(),
        *learned_payers.routes(),
        *credit.routes(),
        *credit_moves.routes(),
        *credit_statements.routes(),
        *payment_moves.routes(),
        *transactions.routes(),
        *receipts.routes(),
        *vouchers.routes(),
        *uploads.routes(),
        *imports.routes(),
        *statements.routes(),
        *balance_files.routes(),
        *file_settings.routes(),
        *jobs.routes(),
        *approvals.routes(),
        *operations.routes(),
        *dashboard.routes(),
        *reports.routes(),
    )
