"""Endpoints of what statements need: whose account is whose, and how a bank's tables are read."""

from __future__ import annotations

import json

from branchtui.contract import statements as wire
from branchtui.contract.paging import Page
from branchtui.contract.problem import Codes
from branchtui.ledger.access import Permission as P
from branchtui.ledger.operations import Reply
from branchtui.ledger.web.route import Call, ListQuery, Route, paged
from branchtui.ledger.workflows import activity, column_maps, payees


async def payee_list(call: Call) -> Reply:
    """`GET /v1/payees`: those of the branches that the caller may see, by number."""
    filters = activity.branch_filter(call.principal.scope)
    rows = await call.core.lists.page(
        payees.PAYEES, call.query.window(), filters, who=call.principal.user_id, now_us=call.at_us
    )
    return paged(rows, tuple(payees.answer(each) for each in rows.rows), call)


async def payee_create(call: Call) -> Reply:
    """`POST /v1/payees`."""
    return await call.execute(
        "payee.create", lambda tx, command: payees.create(call.core, tx, command, call.body)
    )


async def map_list(call: Call) -> Reply:
    """`GET /v1/column-maps`: those of the own branches and of the branches above, by name."""
    core, who = call.core, call.principal
    seen = who.scope.branch_ids | core.tree.above(who.branch_id)
    filters = {"branches": json.dumps(sorted(seen))}
    rows = await core.lists.page(
        column_maps.MAPS, call.query.window(), filters, who=who.user_id, now_us=call.at_us
    )
    return paged(rows, tuple(column_maps.answer(each, who) for each in rows.rows), call)


async def map_create(call: Call) -> Reply:
    """`POST /v1/column-maps`."""
    return await call.execute(
        "column-map.create", lambda tx, command: column_maps.create(call.core, tx, command, call.body)
    )


async def map_change(call: Call) -> Reply:
    """`PUT /v1/column-maps/{id}`."""
    map_id, seen, asked = call.path["id"], call.version, call.body
    return await call.execute(
        "column-map.change",
        lambda tx, command: column_maps.change(call.core, tx, command, map_id, seen, asked),
    )


async def map_delete(call: Call) -> Reply:
    """`DELETE /v1/column-maps/{id}`."""
    map_id, seen = call.path["id"], call.version
    return await call.execute(
        "column-map.delete", lambda tx, command: column_maps.delete(call.core, tx, command, map_id, seen)
    )


def routes() -> tuple[Route, ...]:
    """The endpoints of this module."""
    maps = "/v1/column-maps"
    return (
        Route(
            "GET",
            "/v1/payees",
            P.CALLBACK_VIEW,
            payee_list,
            "Short codes and bank accounts, and the branch of each",
            query=ListQuery,
            answer=Page[wire.Payee],
            operation="list_payees",
            sorts=tuple(payees.PAYEES.sorts),
        ),
        Route(
            "POST",
            "/v1/payees",
            P.BRANCH_ADMIN,
            payee_create,
            "Give a short code or a bank account to a branch",
            body=wire.NewPayee,
            answer=wire.Payee,
            status=201,
            keyed=True,
            step_up=True,
            operation="create_payee",
            refuses=(Codes.REFERENCE_TAKEN,),
        ),
        Route(
            "GET",
            maps,
            P.IMPORT_VIEW,
            map_list,
            "Saved ways of reading the tables of banks",
            query=ListQuery,
            answer=Page[wire.ColumnMap],
            operation="list_column_maps",
            sorts=tuple(column_maps.MAPS.sorts),
        ),
        Route(
            "POST",
            maps,
            P.IMPORT_STATEMENTS,
            map_create,
            "Save a way of reading a bank's tables",
            body=wire.NewColumnMap,
            answer=wire.ColumnMap,
            status=201,
            keyed=True,
            operation="create_column_map",
            refuses=(Codes.REFERENCE_TAKEN,),
        ),
        Route(
            "PUT",
            f"{maps}/{{id}}",
            P.IMPORT_STATEMENTS,
            map_change,
            "Change a saved way of reading",
            body=wire.ColumnMapChange,
            answer=wire.ColumnMap,
            keyed=True,
            if_match=True,
            operation="change_column_map",
        ),
        Route(
            "DELETE",
            f"{maps}/{{id}}",
            P.IMPORT_STATEMENTS,
            map_delete,
            "Delete a saved way of reading",
            answer=column_maps.Gone,
            keyed=True,
            if_match=True,
            operation="delete_column_map",
        ),
    )
