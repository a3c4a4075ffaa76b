"""Imports as commands and as answers: asked for, shown, started from their preview (contract, section 8)."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import Boolean, bindparam, literal_column

from branchtui.contract import imports as wire
from branchtui.contract.base import RefusedAction
from branchtui.contract.imports import ImportKind, ImportMode, ImportState
from branchtui.contract.problem import Codes
from branchtui.contract.statements import Columns, StatementTotals
from branchtui.format.counts import count_of
from branchtui.ledger import audit
from branchtui.ledger.clock import as_datetime
from branchtui.ledger.operations import Reply, reply
from branchtui.ledger.problems import Refusal, conflict, invalid, not_found
from branchtui.ledger.store import tables
from branchtui.ledger.store.list_spec import ListSpec, Sort
from branchtui.ledger.store.rows import ColumnMap, Import
from branchtui.ledger.workflows import jobs, uploads
from branchtui.ledger.workflows.import_kinds import KINDS, STATEMENT_KINDS
from branchtui.ledger.workflows.import_rights import refuse_sending, sees
from branchtui.ledger.workflows.import_rows import Asked
from branchtui.ledger.workflows.import_run import why_not

if TYPE_CHECKING:
    from branchtui.ledger.access import Principal
    from branchtui.ledger.core import Core
    from branchtui.ledger.operations import Command
    from branchtui.ledger.store.rows import Branch
    from branchtui.ledger.store.unit import Tx

_c = tables.imports.c

IMPORTS: Final = ListSpec(
    row_type=Import,
    name="imports",
    sorts={"created": Sort("created_at", descending=True, key=None)},
    filters={
        "branch": _c.branch_id == bindparam("branch"),
        "branches": literal_column("+imports.branch_id IN (SELECT value FROM json_each(:branches))", Boolean),
        "state": _c.state == bindparam("state"),
        "kind": _c.kind == bindparam("kind"),
        "kinds": literal_column("+imports.kind IN (SELECT value FROM json_each(:kinds))", Boolean),
    },
)
"""The list behind `GET /v1/imports`."""

_BUSY: Final = (ImportState.VALIDATING.value, ImportState.IMPORTING.value)


def create(core: Core, tx: Tx, command: Command, new: wire.NewImport) -> Reply:
    """`POST /v1/imports`: the file goes to a job that checks it and, unless `dry_run`, takes it in.

    Raises:
        Refusal: 404 for an upload or branch that is not the caller's, 409 `upload-offset` while it is
            unfinished, 409 `file-already-imported`, 422 for another SHA-256, kind or currency.
    """
    branch = _branch(core, command.principal, new.branch_id)
    upload, sha256 = uploads.whole_upload(tx, command.principal, new.upload_id, new.sha256)
    is_statement = new.kind in STATEMENT_KINDS
    if refusal := refuse_sending(command.principal, new.kind):
        raise refusal
    if new.kind not in KINDS and not is_statement:
        raise invalid("/kind", f"Files of kind {new.kind.value} are not offered yet by this ledger.")
    if new.currency is not None and new.currency != branch.currency and not is_statement:
        raise invalid("/currency", f"Currency: {new.currency} is not the branch's, {branch.currency}.")
    if not new.confirm:
        _refuse_repeated(tx, branch.id, sha256)
    import_id = core.new_id()
    job = jobs.add_job(core, tx, command, kind="import", subject_id=import_id, branch_id=branch.id)
    import_ = _new(import_id, job.id, command, new, branch, sha256, _columns(core, tx, new, branch))
    tx.put(import_)
    after = {"kind": import_.kind, "sha256": import_.sha256, "mode": import_.mode, "dry_run": new.dry_run}
    event = audit.Event(action=command.action, object=_path(import_id), after=after)
    return _accepted(import_, event, f"{import_.kind}, {upload.length:,} bytes")


def start(
    core: Core,
    tx: Tx,
    command: Command,
    import_id: str,
    asked: wire.StartImport,
    version: int | None = None,
) -> Reply:
    """`POST /v1/imports/{id}/start`: take in what the preview showed, bound to its bytes and version.

    `version` is that of `If-Match`, where the client sent it.

    Raises:
        Refusal: 404; 409 `transition-not-allowed`, `batch-changed` for another file or preview,
            `file-already-imported`, or `import-refused` when its mode or an open question forbids it.
    """
    import_ = tx.get(Import, import_id)
    if import_ is None or not sees(command.principal, import_):
        raise not_found("import")
    if refusal := refuse_sending(command.principal, import_.kind):
        raise refusal
    if version is not None and version != import_.version:
        current = answer(import_, command.principal)
        said = "The import has changed since you saw it. Nothing was taken in."
        raise Refusal(412, Codes.PRECONDITION_FAILED, said, extra={"current": current, "changed_fields": []})
    if import_.state != ImportState.READY:
        raise conflict(
            Codes.TRANSITION_NOT_ALLOWED,
            f"This import is {import_.state}; only one that is ready can be started.",
            **{"from": import_.state, "command": "start", "allowed": []},
        )
    if (asked.sha256, asked.preview_version) != (import_.sha256, import_.preview_version):
        raise conflict(
            Codes.BATCH_CHANGED,
            "This is not the file or the preview that you saw. Look at it again. Nothing was taken in.",
            sha256=import_.sha256,
            preview_version=import_.preview_version,
        )
    mode = asked.mode or ImportMode(import_.mode)
    import_ = replace(import_, mode=mode.value)
    if reason := why_not(import_):
        raise conflict("import-refused", reason)
    if not Asked.loaded(import_.options).confirm:
        _refuse_repeated(tx, import_.branch_id, import_.sha256)
    job = jobs.add_job(core, tx, command, kind="import", subject_id=import_.id, branch_id=import_.branch_id)
    import_ = replace(
        import_,
        version=import_.version + 1,
        state=ImportState.IMPORTING.value,
        job_id=job.id,
        operation_key=command.key,
        created_by=command.principal.username,
        reason=None,
    )
    tx.put(import_)
    after = {"sha256": import_.sha256, "mode": import_.mode, "rows": import_.rows_total}
    event = audit.Event(action=command.action, object=_path(import_id), after=after)
    return _accepted(import_, event, f"{import_.kind}, {count_of(import_.rows_total, 'row')}")


async def get(core: Core, principal: Principal, import_id: str) -> Import:
    """The import.

    Raises:
        Refusal: 404.
    """
    found = await core.reader.get(Import, import_id)
    if found is None or not sees(principal, found):
        raise not_found("import")
    return found


def answer(import_: Import, principal: Principal) -> wire.Import:
    """The import as the contract shows one to this user."""
    refused = refuse_start(import_, principal)
    recognised: dict[str, Any] = json.loads(import_.recognised)
    statements = recognised.pop("statements", ())
    return wire.Import(
        id=import_.id,
        version=import_.version,
        actions=() if refused else ("start",),
        refused={"start": refused} if refused else {},
        branch_id=import_.branch_id,
        kind=ImportKind(import_.kind),
        mode=ImportMode(import_.mode),
        state=ImportState(import_.state),
        job_id=import_.job_id,
        sha256=import_.sha256,
        preview_version=import_.preview_version,
        rows_total=import_.rows_total,
        rows_ok=import_.rows_ok,
        rows_warning=import_.rows_warning,
        rows_error=import_.rows_error,
        imported=import_.imported,
        total_minor=import_.total_minor,
        currency=import_.currency,
        recognised=wire.Recognised.model_validate(recognised, strict=False),
        file_name=Asked.loaded(import_.options).file_name,
        statements=tuple(StatementTotals.model_validate(each, strict=False) for each in statements),
        reason=import_.reason,
        created_by=import_.created_by,
        created_at=as_datetime(import_.created_at),
    )


def refuse_start(import_: Import, principal: Principal) -> RefusedAction | None:
    """Why this user may not start the import now, in the mode it has, or None."""
    if refusal := refuse_sending(principal, import_.kind):
        return RefusedAction(code=refusal.code, message=refusal.detail)
    if import_.state in _BUSY:
        return RefusedAction(code=Codes.TRANSITION_NOT_ALLOWED, message="The ledger is at work on it.")
    if import_.state != ImportState.READY:
        said = f"This import is {import_.state}; only one that is ready can be started."
        return RefusedAction(code=Codes.TRANSITION_NOT_ALLOWED, message=said)
    reason = why_not(import_)
    return RefusedAction(code=Codes.IMPORT_REFUSED, message=reason) if reason else None


def _branch(core: Core, principal: Principal, branch_id: str | None) -> Branch:
    wanted = branch_id or principal.branch_id
    if not principal.scope.covers(wanted):
        raise not_found("branch")
    return core.tree[wanted]


def _refuse_repeated(tx: Tx, branch_id: str, sha256: str) -> None:
    """The same bytes again, after they were taken in, are a slip until somebody says otherwise."""
    earlier = [each for each in tx.find(Import, branch_id=branch_id, sha256=sha256) if each.imported > 0]
    if not earlier:
        return
    latest = max(earlier, key=lambda each: each.created_at)
    day = as_datetime(latest.created_at).date().isoformat()
    raise conflict(
        Codes.FILE_ALREADY_IMPORTED,
        f"{latest.created_by} imported this very file on {day}: {count_of(latest.imported, 'row')}. Nothing was taken in.",
        existing={"import_id": latest.id, "imported": latest.imported},
    )


def _columns(core: Core, tx: Tx, new: wire.NewImport, branch: Branch) -> Columns | None:
    """The columns that were said, or saved under the name that was said."""
    name = new.options.column_map
    if name is None:
        return new.options.columns
    if new.options.columns is not None:
        raise invalid("/options/column_map", "Say columns or column_map, not both.")
    above = core.tree.above(branch.id)
    found = [each for each in tx.find(ColumnMap, name=name) if each.branch_id in above]
    if not found:
        raise invalid("/options/column_map", f"There is no column map {name}.")
    own = next((each for each in found if each.branch_id == branch.id), found[0])
    return Columns.model_validate_json(own.columns)


def _new(
    import_id: str,
    job_id: str,
    command: Command,
    new: wire.NewImport,
    branch: Branch,
    sha256: str,
    columns: Columns | None,
) -> Import:
    asked = Asked(
        decimal=new.options.decimal,
        date_order=new.options.date_order,
        delimiter=new.options.delimiter,
        encoding=new.options.encoding,
        confirm=new.confirm,
        currency=new.currency,
        account=(new.account or "").strip(),
        columns=columns,
        file_name=new.file_name.strip(),
        above_zero=new.options.above_zero,
    )
    return Import(
        id=import_id,
        version=1,
        branch_id=branch.id,
        kind=new.kind.value,
        mode=new.mode.value,
        state=ImportState.VALIDATING.value,
        job_id=job_id,
        upload_id=new.upload_id.lower(),
        sha256=sha256,
        preview_version=0,
        dry_run=int(new.dry_run),
        options=asked.dumped(),
        control="{}" if new.control is None else new.control.model_dump_json(),
        rows_total=0,
        rows_ok=0,
        rows_warning=0,
        rows_error=0,
        imported=0,
        total_minor=0,
        currency=branch.currency,
        recognised="{}",
        reason=None,
        operation_key=command.key,
        created_by=command.principal.username,
        created_at=command.at_us,
    )


def _accepted(import_: Import, event: audit.Event, summary: str) -> Reply:
    return reply(
        wire.ImportAccepted(import_id=import_.id, job_id=import_.job_id),
        event=event,
        branch_id=import_.branch_id,
        status=202,
        resource=_path(import_.id),
        location=f"/v1/jobs/{import_.job_id}",
        summary=summary,
    )


def _path(import_id: str) -> str:
    return f"/v1/imports/{import_id}"
