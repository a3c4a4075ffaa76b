"""Endpoints of balance records (contract, section 4)."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated
from zoneinfo import ZoneInfo

from pydantic import StringConstraints

from branchtui.contract import balance_records as wire
from branchtui.contract.paging import Page
from branchtui.contract.problem import Codes
from branchtui.ledger import numbers
from branchtui.ledger.access import Permission as P
from branchtui.ledger.kept import Counted
from branchtui.ledger.problems import not_found
from branchtui.ledger.store.rows import BalanceRecord, Counter
from branchtui.ledger.web.route import Call, ListQuery, Route, answered, paged
from branchtui.ledger.workflows import balance_records, jobs, record_bulk, record_jobs, record_sets
from branchtui.ledger.workflows.record_sets import (
    RECORDS,
    BulkPurpose,
    list_filters,
    read_set,
    set_filters,
)
from branchtui.ledger.workflows.record_views import Looker

if TYPE_CHECKING:
    from collections.abc import Callable

    from branchtui.ledger.core import Core
    from branchtui.ledger.operations import Command, Reply
    from branchtui.ledger.store.connection import Connection
    from branchtui.ledger.store.unit import BulkTx


class RecordsQuery(ListQuery, wire.RecordFilter):
    """What the list of records may be narrowed by; a branch covers those below it."""


class SummaryQuery(wire.RecordFilter):
    """The filter of a set, and what is to be done to all of it; with `ids` only these of it, by commas."""

    action: BulkPurpose = BulkPurpose.POST
    ids: Annotated[str, StringConstraints(min_length=1, max_length=record_sets.IDS_LENGTH_MAX)] | None = None


async def record_list(call: Call) -> Reply:
    """`GET /v1/balance-records`: newest first unless another order is asked for."""
    core, who = call.core, call.principal
    rows = await core.lists.page(
        RECORDS,
        call.query.window(),
        list_filters(core, who, call.query),
        who=who.user_id,
        now_us=call.at_us,
        zone=ZoneInfo(core.tree[who.branch_id].timezone),
        sees=lambda row: who.scope.covers(row.branch_id),
    )
    items = await Looker(core, who).answers(rows.rows)
    return paged(rows, items, call)


async def record(call: Call) -> Reply:
    """`GET /v1/balance-records/{id}`."""
    found = await call.core.reader.get(BalanceRecord, call.path["id"])
    if found is None or not call.principal.scope.covers(found.branch_id):
        raise not_found("balance record")
    (answer,) = await Looker(call.core, call.principal).answers([found])
    return answered(answer, version=found.version)


async def summary(call: Call) -> Reply:
    """`GET /v1/balance-records/summary`: the set that post-all or delete-all would touch."""
    asked: SummaryQuery = call.query
    filters = set_filters(call.core, call.principal, asked, asked.action, record_sets.named_ids(asked.ids))
    core = call.core

    def read(connection: Connection) -> wire.RecordSummary:
        connection.take_longer()
        found = read_set(connection, filters)
        return wire.RecordSummary(
            count=len(found.rows),
            total_minor=found.total_minor,
            set_hash=found.set_hash,
            currency=found.currency,
        )

    async def count() -> Counted:
        found = await core.reader.in_thread(read)
        return Counted(found, found.count, core.clock.now_us())

    # What was seen is confirmed by its fingerprint: never an earlier one, however many ask.
    return answered(await core.kept.exact(("records", json.dumps(filters, sort_keys=True)), count))


async def create(call: Call) -> Reply:
    """`POST /v1/balance-records`."""
    return await call.execute(
        "balance-record.create",
        lambda tx, command: balance_records.create(call.core, tx, command, call.body),
    )


async def edit(call: Call) -> Reply:
    """`PATCH /v1/balance-records/{id}`."""
    return await call.execute(
        "balance-record.change",
        lambda tx, command: balance_records.edit(
            call.core, tx, command, call.path["id"], call.version, call.body
        ),
    )


async def delete(call: Call) -> Reply:
    """`DELETE /v1/balance-records/{id}`."""
    return await call.execute(
        "balance-record.delete",
        lambda tx, command: balance_records.delete(call.core, tx, command, call.path["id"], call.version),
    )


async def post(call: Call) -> Reply:
    """`POST /v1/balance-records/{id}/post`."""
    return await call.execute(
        "balance-record.post",
        lambda tx, command: balance_records.post(call.core, tx, command, call.path["id"], call.version),
        (BalanceRecord, call.path["id"]),
        (Counter, numbers.ACCOUNTS),
    )


async def reverse(call: Call) -> Reply:
    """`POST /v1/balance-records/{id}/reverse`."""
    return await call.execute(
        "balance-record.reverse",
        lambda tx, command: balance_records.reverse(
            call.core, tx, command, call.path["id"], call.version, call.body.reason
        ),
    )


async def post_all(call: Call) -> Reply:
    """`POST /v1/balance-records/post-all`."""
    return await _bulk(call, record_jobs.POST_ALL, record_bulk.post_all)


async def delete_all(call: Call) -> Reply:
    """`POST /v1/balance-records/delete-all`."""
    return await _bulk(call, record_jobs.DELETE_ALL, record_bulk.delete_all)


async def _bulk(
    call: Call, action: str, decide: Callable[[Core, BulkTx, Command, wire.BulkAction], Reply]
) -> Reply:
    reply = await call.execute_bulk(action, lambda tx, command: decide(call.core, tx, command, call.body))
    if reply.status == 202:
        jobs.wake_runner(call.core)
    return reply


def routes() -> tuple[Route, ...]:
    """The endpoints of this module; fixed paths stand before those with an id."""
    return (*_collection_routes(), *_record_routes())


def _collection_routes() -> tuple[Route, ...]:
    path = "/v1/balance-records"
    return (
        Route(
            "GET",
            path,
            P.RECORD_VIEW,
            record_list,
            "Balance records of the branch",
            query=RecordsQuery,
            answer=Page[wire.BalanceRecord],
            operation="list_balance_records",
            sorts=tuple(RECORDS.sorts),
        ),
        Route(
            "POST",
            path,
            P.RECORD_CHANGE,
            create,
            "Key a balance",
            body=wire.NewBalanceRecord,
            answer=wire.BalanceRecord,
            status=201,
            keyed=True,
            operation="create_balance_record",
            refuses=(
                Codes.POSSIBLE_DUPLICATE,
                Codes.REFERENCE_TAKEN,
                Codes.CUSTOMER_NOT_ACTIVE,
            ),
        ),
        Route(
            "GET",
            f"{path}/summary",
            P.RECORD_BULK_OWN,
            summary,
            "What all means now",
            query=SummaryQuery,
            answer=wire.RecordSummary,
            operation="summarise_balance_records",
        ),
        Route(
            "POST",
            f"{path}/post-all",
            P.RECORD_BULK_OWN,
            post_all,
            "Post exactly the set that was seen",
            body=wire.BulkAction,
            answer=wire.BulkResult,
            keyed=True,
            operation="post_all_balance_records",
            refuses=(
                Codes.BATCH_CHANGED,
                Codes.CUSTOMER_NOT_ACTIVE,
                Codes.DAY_CLOSED,
                Codes.ACCOUNT_AMBIGUOUS,
            ),
            may_wait=True,
        ),
        Route(
            "POST",
            f"{path}/delete-all",
            P.RECORD_BULK_OWN,
            delete_all,
            "Delete exactly the set that was seen",
            body=wire.BulkAction,
            answer=wire.BulkResult,
            keyed=True,
            step_up=True,
            operation="delete_all_balance_records",
            refuses=(Codes.BATCH_CHANGED,),
            may_wait=True,
        ),
    )


def _record_routes() -> tuple[Route, ...]:
    path = "/v1/balance-records/{id}"
    return (
        Route(
            "GET",
            path,
            P.RECORD_VIEW,
            record,
            "A balance record",
            answer=wire.BalanceRecord,
            operation="get_balance_record",
        ),
        Route(
            "PATCH",
            path,
            P.RECORD_CHANGE,
            edit,
            "Change a record that waits",
            body=wire.BalanceRecordChange,
            answer=wire.BalanceRecord,
            keyed=True,
            if_match=True,
            operation="change_balance_record",
            refuses=(
                Codes.RECORD_ACCOUNTED,
                Codes.TRANSITION_NOT_ALLOWED,
                Codes.REFERENCE_TAKEN,
                Codes.CUSTOMER_NOT_ACTIVE,
            ),
        ),
        Route(
            "DELETE",
            path,
            P.RECORD_CHANGE,
            delete,
            "Delete a record that waits",
            status=204,
            keyed=True,
            if_match=True,
            operation="delete_balance_record",
            refuses=(
                Codes.RECORD_ACCOUNTED,
                Codes.TRANSITION_NOT_ALLOWED,
            ),
        ),
        Route(
            "POST",
            f"{path}/post",
            P.RECORD_POST,
            post,
            "Post a record: the customer's account against the opening-balance contra",
            answer=wire.BalanceRecord,
            keyed=True,
            if_match=True,
            operation="post_balance_record",
            refuses=(
                Codes.RECORD_ACCOUNTED,
                Codes.TRANSITION_NOT_ALLOWED,
                Codes.CUSTOMER_NOT_ACTIVE,
                Codes.DAY_CLOSED,
                Codes.ACCOUNT_AMBIGUOUS,
                Codes.NEEDS_CHECKER,
            ),
        ),
        Route(
            "POST",
            f"{path}/reverse",
            P.RECORD_REVERSE,
            reverse,
            "Mirror the entry of a posted record",
            body=wire.Reversal,
            answer=wire.BalanceRecord,
            keyed=True,
            if_match=True,
            step_up=True,
            operation="reverse_balance_record",
            refuses=(
                Codes.TRANSITION_NOT_ALLOWED,
                Codes.CUSTOMER_NOT_ACTIVE,
                Codes.DAY_CLOSED,
                Codes.INSUFFICIENT_BALANCE,
                Codes.NEEDS_CHECKER,
            ),
        ),
    )
