"""Endpoints of the log of money (contract, section 5)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated
from zoneinfo import ZoneInfo

from pydantic import StringConstraints

from branchtui.contract import transactions as wire
from branchtui.contract.base import Day, Id, Request
from branchtui.contract.paging import Page
from branchtui.contract.problem import Codes
from branchtui.ledger import audit
from branchtui.ledger.access import Permission as P
from branchtui.ledger.store.lists import bound_of
from branchtui.ledger.web.file_reply import file_reply
from branchtui.ledger.web.proof import refuse_unproved_reading
from branchtui.ledger.web.route import Call, ListQuery, Route, answered, paged
from branchtui.ledger.workflows import sessions, transaction_export, transaction_views, transactions

if TYPE_CHECKING:
    from branchtui.ledger.operations import Reply

Kind = Annotated[str, StringConstraints(pattern=r"^[a-z]+(?:[.-][a-z]+)*$", max_length=64)]
Person = Annotated[str, StringConstraints(min_length=1, max_length=64)]


class Narrowing(Request):
    """What the log may be narrowed by; a branch covers those below it, days are the user's branch's."""

    kind: Kind | None = None
    created_by: Person | None = None
    customer: Id | None = None
    branch: Id | None = None
    date_from: Day | None = None
    date_to: Day | None = None


class TransactionsQuery(ListQuery, Narrowing):
    """A page of the log."""


class ExportQuery(Narrowing):
    """All of the log that passes."""

    q: Annotated[str, StringConstraints(max_length=140)] | None = None


async def transaction_list(call: Call) -> Reply:
    """`GET /v1/transactions`: newest first.

    `q` finds the entries of the payments that it finds (by code, payer, phone, amount, customer), of an account or
    customer number, and of an operation by its short reference.
    """
    core, who, query = call.core, call.principal, call.query
    rows = await core.lists.page(
        transactions.TRANSACTIONS,
        query.window(),
        await transactions.filters(core, who, _asked(query), call.at_us),
        who=who.user_id,
        now_us=call.at_us,
        zone=ZoneInfo(core.tree[who.branch_id].timezone),
        sees=lambda row: who.scope.covers(row.branch_id),
    )
    return paged(rows, await transaction_views.answers(core, rows.rows), call)


async def transaction(call: Call) -> Reply:
    """`GET /v1/transactions/{id}`: with its legs, and what took it back."""
    return answered(await transaction_views.whole(call.core, call.principal, call.path["id"]))


async def export(call: Call) -> Reply:
    """`GET /v1/transactions.csv`: the log as a file, texts guarded against spreadsheets, totals in its last row.

    Of more than a thousand customers only for who proved a moment ago to be the person.
    """
    core, who = call.core, call.principal
    found = await transactions.filters(core, who, _asked(call.query), call.at_us)
    made = await transaction_export.export(core, bound_of(found), tuple(sorted(found)))
    if made.person_count > transaction_export.PERSONS_MAX:
        await refuse_unproved_reading(core.reader, who, call.at_us)
    figures = {"rows": made.row_count, "persons": made.person_count}
    event = audit.Event(action="transaction.export", object="/v1/transactions", after=figures)
    await core.writer.submit(lambda tx: sessions.log(tx, who, event, call.at_us))
    return file_reply(made.body, "transactions.csv", row_count=made.row_count)


def _asked(query: TransactionsQuery | ExportQuery) -> transactions.Asked:
    return transactions.Asked(
        kind=query.kind,
        created_by=query.created_by,
        customer=query.customer,
        branch=query.branch,
        date_from=query.date_from,
        date_to=query.date_to,
        q=(query.q or "").strip() or None,
    )


def routes() -> tuple[Route, ...]:
    """The endpoints of this module."""
    return (
        Route(
            "GET",
            "/v1/transactions",
            P.TRANSACTION_VIEW,
            transaction_list,
            "The complete log of money",
            query=TransactionsQuery,
            answer=Page[wire.Transaction],
            operation="list_transactions",
            sorts=tuple(transactions.TRANSACTIONS.sorts),
        ),
        Route(
            "GET",
            "/v1/transactions.csv",
            P.TRANSACTION_EXPORT,
            export,
            "The log as a file",
            query=ExportQuery,
            operation="export_transactions",
            media_type="text/csv",
            exports=True,
            refuses=(Codes.STEP_UP,),
        ),
        Route(
            "GET",
            "/v1/transactions/{id}",
            P.TRANSACTION_VIEW,
            transaction,
            "An entry with its legs",
            answer=wire.Transaction,
            operation="get_transaction",
        ),
    )
