"""Endpoints of receipts (contract, section 5)."""

from __future__ import annotations

from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from branchtui.contract import receipts as wire
from branchtui.contract.base import Request
from branchtui.contract.paging import Page
from branchtui.ledger.access import Permission as P
from branchtui.ledger.problems import not_found
from branchtui.ledger.store.rows import Receipt
from branchtui.ledger.web.route import Call, ListQuery, Route, answered, paged
from branchtui.ledger.workflows import receipts

if TYPE_CHECKING:
    from branchtui.ledger.operations import Reply


class CheckQuery(Request):
    """What stands on the paper."""

    receipt_no: wire.ReceiptNo
    check_code: wire.CheckCode


async def print_receipt(call: Call) -> Reply:
    """`POST /v1/transactions/{id}/receipts`: the lines to print; a repeated print is a copy and says its number."""
    entry_id, asked = call.path["id"], call.body
    return await call.execute(
        receipts.ACTION, lambda tx, command: receipts.print_receipt(call.core, tx, command, entry_id, asked)
    )


async def print_payment_receipt(call: Call) -> Reply:
    """`POST /v1/payments/{id}/receipts`: of the entry that last moved the payment's money."""
    payment_id, asked = call.path["id"], call.body
    return await call.execute(
        receipts.ACTION,
        lambda tx, command: receipts.print_payment_receipt(call.core, tx, command, payment_id, asked),
    )


async def receipt_list(call: Call) -> Reply:
    """`GET /v1/receipts`: newest first; `q` is a number or its beginning."""
    core, who = call.core, call.principal
    rows = await core.lists.page(
        receipts.RECEIPTS,
        call.query.window(),
        receipts.filters(who.scope, (call.query.q or "").strip() or None),
        who=who.user_id,
        now_us=call.at_us,
        zone=ZoneInfo(core.tree[who.branch_id].timezone),
        sees=lambda row: who.scope.covers(row.branch_id),
    )
    return paged(rows, await receipts.answers(core, rows.rows), call)


async def receipt(call: Call) -> Reply:
    """`GET /v1/receipts/{id}`."""
    found = await call.core.reader.get(Receipt, call.path["id"])
    if found is None or not call.principal.scope.covers(found.branch_id):
        raise not_found("receipt")
    (answer,) = await receipts.answers(call.core, [found])
    return answered(answer, version=found.version)


async def check(call: Call) -> Reply:
    """`GET /v1/receipts/check`: whether number and code belong together, of a receipt of any branch."""
    query: CheckQuery = call.query
    found = await receipts.check(call.core, call.principal, query.receipt_no, query.check_code)
    return answered(found)


def routes() -> tuple[Route, ...]:
    """The endpoints of this module; fixed paths stand before those with an id."""
    return (
        Route(
            "POST",
            "/v1/transactions/{id}/receipts",
            P.RECEIPT_PRINT,
            print_receipt,
            "A receipt, or a copy of it, as lines for a printer",
            body=wire.PrintReceipt,
            answer=wire.PrintedReceipt,
            status=201,
            keyed=True,
            operation="print_receipt",
        ),
        Route(
            "POST",
            "/v1/payments/{id}/receipts",
            P.RECEIPT_PRINT,
            print_payment_receipt,
            "The receipt of a payment, or a copy of it",
            body=wire.PrintReceipt,
            answer=wire.PrintedReceipt,
            status=201,
            keyed=True,
            operation="print_payment_receipt",
        ),
        Route(
            "GET",
            "/v1/receipts",
            P.RECEIPT_CHECK,
            receipt_list,
            "Receipts that were printed",
            query=ListQuery,
            answer=Page[wire.Receipt],
            operation="list_receipts",
            sorts=tuple(receipts.RECEIPTS.sorts),
        ),
        Route(
            "GET",
            "/v1/receipts/check",
            P.RECEIPT_CHECK,
            check,
            "Whether a receipt is genuine",
            query=CheckQuery,
            answer=wire.CheckedReceipt,
            operation="check_receipt",
        ),
        Route(
            "GET",
            "/v1/receipts/{id}",
            P.RECEIPT_CHECK,
            receipt,
            "A receipt that was printed",
            answer=wire.Receipt,
            operation="get_receipt",
        ),
    )
