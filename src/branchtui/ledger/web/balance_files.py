"""Endpoints of balance files, and of what is remarkable in one (contract, section 6)."""

from __future__ import annotations

from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from branchtui.contract import balance_files as wire
from branchtui.contract.balance_files import FileState, PayerChange
from branchtui.contract.base import Id
from branchtui.contract.imports import FindingLevel, RowFinding
from branchtui.contract.paging import Page
from branchtui.contract.problem import Codes
from branchtui.ledger.access import Permission as P
from branchtui.ledger.store.rows import Upload
from branchtui.ledger.web.file_reply import file_reply
from branchtui.ledger.web.route import Call, ListQuery, Route, answered, if_match_version, paged
from branchtui.ledger.workflows import balance_files, file_report, file_views, jobs, uploads
from branchtui.ledger.workflows.activity import branch_filter
from branchtui.ledger.workflows.file_check import NOTHING, facts_of

if TYPE_CHECKING:
    from branchtui.ledger.operations import Reply


class FilesQuery(ListQuery):
    """Which files."""

    state: FileState | None = None
    branch: Id | None = None


class RowsQuery(ListQuery):
    """Which findings."""

    level: FindingLevel | None = None


class PayersQuery(ListQuery):
    """Which payers."""

    change: PayerChange | None = None


async def create(call: Call) -> Reply:
    """`POST /v1/balance-files`: 202 with the job that checks it; the same bytes again give the first result (200)."""
    core, asked = call.core, call.body
    upload_id = asked.upload_id.lower()
    upload = await core.reader.get(Upload, upload_id)
    said = NOTHING
    if upload is not None and upload.user_id == call.principal.user_id:
        # An upload whose last answer was lost may still wait for its SHA-256.
        await uploads.finish(core, upload)
        said = await core.reader.in_thread(lambda found: facts_of(found, upload_id, asked.options))
    reply = await call.execute(
        "balance-file.create", lambda tx, command: balance_files.create(core, tx, command, asked, said)
    )
    jobs.wake_runner(core)
    return reply


async def validate(call: Call) -> Reply:
    """`POST /v1/balance-files/{id}/validate`: a fresh preview of the same bytes (202)."""
    reply = await call.execute(
        "balance-file.validate",
        lambda tx, command: balance_files.validate(call.core, tx, command, call.path["id"]),
    )
    jobs.wake_runner(call.core)
    return reply


async def apply(call: Call) -> Reply:
    """`POST /v1/balance-files/{id}/apply`: exactly what the preview showed; 202 with the job, 200 for one payer.

    `If-Match` may be sent; the body binds all the same.
    """
    version = _version(call)
    reply = await call.execute_bulk(
        "balance-file.apply",
        lambda tx, command: balance_files.apply(call.core, tx, command, call.path["id"], call.body, version),
    )
    jobs.wake_runner(call.core)
    return reply


async def revert(call: Call) -> Reply:
    """`POST /v1/balance-files/{id}/revert`: mirror entries, where nothing has moved since; 202 with the job, 200 for one.

    `If-Match` may be sent.
    """
    version = _version(call)
    reply = await call.execute_bulk(
        "balance-file.revert",
        lambda tx, command: balance_files.revert(call.core, tx, command, call.path["id"], version),
    )
    jobs.wake_runner(call.core)
    return reply


async def reject(call: Call) -> Reply:
    """`POST /v1/balance-files/{id}/reject`: nobody applies it any more; its `file_id` is free again."""
    return await call.execute(
        "balance-file.reject",
        lambda tx, command: balance_files.reject(tx, command, call.path["id"], call.body.reason),
    )


def _version(call: Call) -> int | None:
    if "if-match" in call.http.headers:
        call.if_match = if_match_version(call.http)
    return call.if_match


async def file_list(call: Call) -> Reply:
    """`GET /v1/balance-files`: recent uploads, newest first."""
    core, who, query = call.core, call.principal, call.query
    filters = branch_filter(call.scope_of(query.branch))
    if query.state is not None:
        filters["state"] = query.state.value
    rows = await core.lists.page(
        file_views.FILES,
        query.window(),
        filters,
        who=who.user_id,
        now_us=call.at_us,
        zone=ZoneInfo(core.tree[who.branch_id].timezone),
        sees=lambda row: who.scope.covers(row.branch_id),
    )
    return paged(rows, tuple(file_views.answer(each, who, xray=False) for each in rows.rows), call)


async def get(call: Call) -> Reply:
    """`GET /v1/balance-files/{id}`: with its X-ray."""
    found = await balance_files.get(call.core, call.principal, call.path["id"])
    return answered(file_views.answer(found, call.principal), version=found.version)


async def rows(call: Call) -> Reply:
    """`GET /v1/balance-files/{id}/rows`: what was found, by row number."""
    found = await balance_files.get(call.core, call.principal, call.path["id"])
    level = None if call.query.level is None else call.query.level.value
    page = await file_report.findings(
        call.core, found, call.query.window(), level, who=call.principal.user_id, now_us=call.at_us
    )
    return paged(page, tuple(page.rows), call)


async def payers(call: Call) -> Reply:
    """`GET /v1/balance-files/{id}/payers`: what each payer owes before and after, by row number."""
    found = await balance_files.get(call.core, call.principal, call.path["id"])
    page = await file_report.payers(
        call.core,
        found,
        call.query.window(),
        call.query.change,
        who=call.principal.user_id,
        now_us=call.at_us,
    )
    return paged(page, tuple(page.rows), call)


async def rejects(call: Call) -> Reply:
    """`GET /v1/balance-files/{id}/rejects.csv`: the bad rows as a plain table, to correct and send again."""
    found = await balance_files.get(call.core, call.principal, call.path["id"])
    made = await file_report.rejects(call.core, found)
    return file_reply(made.body, f"rejects-{found.id}.csv", row_count=made.row_count)


def routes() -> tuple[Route, ...]:
    """The endpoints of this module."""
    return (*_reading_routes(), *_changing_routes())


def _changing_routes() -> tuple[Route, ...]:
    one = "/v1/balance-files/{id}"
    return (
        Route(
            "POST",
            "/v1/balance-files",
            P.FILE_SEND,
            create,
            "Check a balance file and see what it would move",
            body=wire.NewBalanceFile,
            answer=wire.BalanceFile,
            keyed=True,
            operation="create_balance_file",
            refuses=(Codes.UPLOAD_OFFSET, Codes.REFERENCE_TAKEN),
            may_wait=True,
        ),
        Route(
            "POST",
            f"{one}/validate",
            P.FILE_SEND,
            validate,
            "Look at a file that waits once more",
            answer=wire.BalanceFile,
            status=202,
            keyed=True,
            operation="validate_balance_file",
            refuses=(Codes.TRANSITION_NOT_ALLOWED,),
        ),
        Route(
            "POST",
            f"{one}/apply",
            P.FILE_SEND,
            apply,
            "Post exactly what the preview showed",
            body=wire.ApplyBalanceFile,
            answer=wire.BalanceFile,
            keyed=True,
            operation="apply_balance_file",
            refuses=(
                Codes.NEEDS_CHECKER,
                Codes.PRECONDITION_FAILED,
                Codes.TRANSITION_NOT_ALLOWED,
                Codes.BATCH_CHANGED,
            ),
            may_wait=True,
        ),
        Route(
            "POST",
            f"{one}/revert",
            P.FILE_REVERT,
            revert,
            "Take an applied file back by mirror entries",
            answer=wire.BalanceFile,
            keyed=True,
            step_up=True,
            operation="revert_balance_file",
            refuses=(
                Codes.NEEDS_CHECKER,
                Codes.PRECONDITION_FAILED,
                Codes.TRANSITION_NOT_ALLOWED,
                Codes.REVERT_BLOCKED,
                Codes.DAY_CLOSED,
            ),
            may_wait=True,
        ),
        Route(
            "POST",
            f"{one}/reject",
            P.FILE_SEND,
            reject,
            "Give up a file that waits",
            body=wire.RejectBalanceFile,
            answer=wire.BalanceFile,
            keyed=True,
            operation="reject_balance_file",
            refuses=(Codes.TRANSITION_NOT_ALLOWED,),
        ),
    )


def _reading_routes() -> tuple[Route, ...]:
    one = "/v1/balance-files/{id}"
    return (
        Route(
            "GET",
            "/v1/balance-files",
            P.FILE_VIEW,
            file_list,
            "Recent uploads",
            query=FilesQuery,
            answer=Page[wire.BalanceFile],
            operation="list_balance_files",
            sorts=tuple(file_views.FILES.sorts),
        ),
        Route(
            "GET",
            one,
            P.FILE_VIEW,
            get,
            "One balance file with its X-ray",
            answer=wire.BalanceFile,
            operation="get_balance_file",
        ),
        Route(
            "GET",
            f"{one}/rows",
            P.FILE_VIEW,
            rows,
            "What was found in the rows",
            query=RowsQuery,
            answer=Page[RowFinding],
            operation="list_balance_file_rows",
            sorts=("row_no",),
        ),
        Route(
            "GET",
            f"{one}/payers",
            P.FILE_VIEW,
            payers,
            "What the file means for each payer",
            query=PayersQuery,
            answer=Page[wire.PayerMove],
            operation="list_balance_file_payers",
            sorts=("row_no",),
        ),
        Route(
            "GET",
            f"{one}/rejects.csv",
            P.FILE_VIEW,
            rejects,
            "The bad rows as a file",
            operation="get_balance_file_rejects",
            media_type="text/csv",
        ),
    )
