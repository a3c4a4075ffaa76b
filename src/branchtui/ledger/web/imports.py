"""Endpoints of imports and templates (contract, section 8)."""

from __future__ import annotations

import json

from branchtui.contract import imports as wire
from branchtui.contract.base import Id, Request
from branchtui.contract.imports import FindingLevel, ImportKind, ImportState
from branchtui.contract.paging import Page
from branchtui.contract.problem import Codes
from branchtui.ledger.access import Permission as P
from branchtui.ledger.operations import Reply
from branchtui.ledger.problems import not_found
from branchtui.ledger.store.rows import Upload
from branchtui.ledger.web.file_reply import file_reply
from branchtui.ledger.web.route import Call, ListQuery, Route, answered, if_match_version, paged
from branchtui.ledger.workflows import import_report, import_templates, imports, jobs, uploads
from branchtui.ledger.workflows.activity import branch_filter
from branchtui.ledger.workflows.import_kinds import KINDS
from branchtui.ledger.workflows.import_rights import seen_kinds


class ImportsQuery(ListQuery):
    """Which imports."""

    state: ImportState | None = None
    kind: ImportKind | None = None
    branch: Id | None = None


class RowsQuery(ListQuery):
    """Which findings."""

    level: FindingLevel | None = None


class TemplateQuery(Request):
    """Whom a template is for: the office and the staff that a workbook offers; the columns are the same for everybody."""

    branch_id: Id | None = None
    staff_id: Id | None = None


async def create(call: Call) -> Reply:
    """`POST /v1/imports`: 202 with the job."""
    asked: wire.NewImport = call.body
    # An upload whose last answer was lost may still wait for its SHA-256.
    upload = await call.core.reader.get(Upload, asked.upload_id.lower())
    if upload is not None and upload.user_id == call.principal.user_id:
        await uploads.finish(call.core, upload)
    reply = await call.execute(
        "import.create", lambda tx, command: imports.create(call.core, tx, command, asked)
    )
    jobs.wake_runner(call.core)
    return reply


async def start(call: Call) -> Reply:
    """`POST /v1/imports/{id}/start`: 202 with the job. `If-Match` may be sent; the body binds all the same."""
    if "if-match" in call.http.headers:
        call.if_match = if_match_version(call.http)
    reply = await call.execute(
        "import.start",
        lambda tx, command: imports.start(call.core, tx, command, call.path["id"], call.body, call.if_match),
    )
    jobs.wake_runner(call.core)
    return reply


async def list_imports(call: Call) -> Reply:
    """`GET /v1/imports`: newest first."""
    query: ImportsQuery = call.query
    filters = branch_filter(call.scope_of(query.branch))
    if query.state is not None:
        filters["state"] = query.state.value
    if query.kind is not None:
        filters["kind"] = query.kind.value
    kinds = seen_kinds(call.principal)
    if kinds is not None:
        filters["kinds"] = json.dumps(kinds)
    rows = await call.core.lists.page(
        imports.IMPORTS, query.window(), filters, who=call.principal.user_id, now_us=call.at_us
    )
    return paged(rows, tuple(imports.answer(each, call.principal) for each in rows.rows), call)


async def get(call: Call) -> Reply:
    """`GET /v1/imports/{id}`."""
    found = await imports.get(call.core, call.principal, call.path["id"])
    return answered(imports.answer(found, call.principal), version=found.version)


async def rows(call: Call) -> Reply:
    """`GET /v1/imports/{id}/rows`: what was found, by row number."""
    found = await imports.get(call.core, call.principal, call.path["id"])
    level = None if call.query.level is None else call.query.level.value
    page = await import_report.findings(
        call.core, found, call.query.window(), level, who=call.principal.user_id, now_us=call.at_us
    )
    return paged(page, tuple(page.rows), call)


async def rejects(call: Call) -> Reply:
    """`GET /v1/imports/{id}/rejects.csv`: the bad rows, to correct and send again."""
    found = await imports.get(call.core, call.principal, call.path["id"])
    made = await import_report.rejects(call.core, found)
    return file_reply(made.body, f"rejects-{found.id}.csv", row_count=made.row_count)


async def template(call: Call) -> Reply:
    """`GET /v1/templates/{kind}.csv`: the columns of a kind."""
    kind, _ = await _template(call)
    return file_reply(import_templates.as_text(kind), f"{kind.value}.csv")


async def workbook_template(call: Call) -> Reply:
    """`GET /v1/templates/{kind}.xlsx`: the columns, and what each may hold in this office."""
    kind, staff_id = await _template(call)
    made = await import_templates.as_workbook(call.core, call.principal, kind, call.query.branch_id, staff_id)
    return file_reply(made, f"{kind.value}.xlsx", media_type=import_templates.MEDIA_TYPE)


async def _template(call: Call) -> tuple[ImportKind, str | None]:
    """The kind, and the member of staff that was named."""
    kind = next((each for each in KINDS if each.value == call.path["kind"]), None)
    if kind is None:
        raise not_found("template")
    query: TemplateQuery = call.query
    return kind, await import_templates.for_whom(call.core, call.principal, query.branch_id, query.staff_id)


def routes() -> tuple[Route, ...]:
    """The endpoints of this module."""
    one = "/v1/imports/{id}"
    return (
        Route(
            "POST",
            "/v1/imports",
            P.IMPORT_FILES,
            create,
            "Check a file and take it in",
            body=wire.NewImport,
            answer=wire.ImportAccepted,
            status=202,
            keyed=True,
            operation="create_import",
            refuses=(
                Codes.UPLOAD_OFFSET,
                Codes.FILE_ALREADY_IMPORTED,
            ),
        ),
        Route(
            "POST",
            f"{one}/start",
            P.IMPORT_FILES,
            start,
            "Take in what the preview showed",
            body=wire.StartImport,
            answer=wire.ImportAccepted,
            status=202,
            keyed=True,
            operation="start_import",
            refuses=(
                Codes.PRECONDITION_FAILED,
                Codes.TRANSITION_NOT_ALLOWED,
                Codes.BATCH_CHANGED,
                Codes.FILE_ALREADY_IMPORTED,
                Codes.IMPORT_REFUSED,
            ),
        ),
        Route(
            "GET",
            "/v1/imports",
            P.IMPORT_LIST,
            list_imports,
            "Imports",
            query=ImportsQuery,
            answer=Page[wire.Import],
            operation="list_imports",
            sorts=tuple(imports.IMPORTS.sorts),
        ),
        Route(
            "GET",
            one,
            P.IMPORT_LIST,
            get,
            "One import",
            answer=wire.Import,
            operation="get_import",
        ),
        Route(
            "GET",
            f"{one}/rows",
            P.IMPORT_LIST,
            rows,
            "What was found in the rows",
            query=RowsQuery,
            answer=Page[wire.RowFinding],
            operation="list_import_rows",
            sorts=("row_no",),
        ),
        Route(
            "GET",
            f"{one}/rejects.csv",
            P.IMPORT_LIST,
            rejects,
            "The bad rows as a file",
            operation="get_rejects",
            media_type="text/csv",
        ),
        Route(
            "GET",
            "/v1/templates/{kind}.csv",
            P.IMPORT_LIST,
            template,
            "An empty file with the right columns",
            query=TemplateQuery,
            operation="get_template",
            media_type="text/csv",
        ),
        Route(
            "GET",
            "/v1/templates/{kind}.xlsx",
            P.IMPORT_LIST,
            workbook_template,
            "An empty workbook with the right columns, and what each may hold",
            query=TemplateQuery,
            operation="get_workbook_template",
            media_type=import_templates.MEDIA_TYPE,
        ),
    )
