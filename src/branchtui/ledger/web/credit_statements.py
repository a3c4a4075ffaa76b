"""Endpoints of statements: JSON, plain text or PDF, as the request's `Accept` asks (contract, section 7)."""

from __future__ import annotations

import base64
import hashlib
from typing import TYPE_CHECKING, Final

from branchtui.contract import credit_statements as wire
from branchtui.contract.problem import Codes
from branchtui.ledger.access import Permission as P
from branchtui.ledger.operations import Reply
from branchtui.ledger.pdfs import statement_pdf
from branchtui.ledger.store.rows import StatementMail
from branchtui.ledger.web.route import Call, Route, answered
from branchtui.ledger.workflows import credit_statements
from branchtui.ledger.workflows.credit_cycles import WAKE

if TYPE_CHECKING:
    from branchtui.ledger.workflows.credit_statements import Whole

TEXT: Final = "text/plain"
PDF: Final = "application/pdf"


async def statement(call: Call) -> Reply:
    """`GET /v1/statements/{id}`: as JSON, or as the file that is asked for alone."""
    core, who = call.core, call.principal
    found = await credit_statements.visible(core, who, call.path["id"])
    wanted = call.http.headers.get("accept", "").partition(";")[0].strip().lower()
    if wanted == PDF:
        whole = await credit_statements.whole(core, found)
        return _file(whole, await statement_pdf(whole), PDF, "pdf")
    if wanted == TEXT:
        whole = await credit_statements.whole(core, found)
        return _file(whole, credit_statements.as_text(whole).encode(), f"{TEXT}; charset=utf-8", "txt")
    whole = await credit_statements.whole(core, found, credit_statements.LINES_SHOWN)
    mail = await core.reader.get(StatementMail, found.id)
    return answered(credit_statements.answer(who, whole, mail), cache_control="no-store")


async def mail(call: Call) -> Reply:
    """`POST /v1/statements/{id}/mail`."""
    statement_id = call.path["id"]
    made = await call.execute(
        "statement.mail", lambda tx, command: credit_statements.send_again(tx, command, statement_id)
    )
    call.core.wakes.call(WAKE)
    return made


def _file(found: Whole, body: bytes, media_type: str, ending: str) -> Reply:
    """A file for a person, with the digest of its bytes (PAGE-4)."""
    digest = base64.b64encode(hashlib.sha256(body).digest()).decode()
    name = credit_statements.file_name(found, ending)
    headers = {
        "content-type": media_type,
        "content-disposition": f'attachment; filename="{name}"',
        "content-digest": f"sha-256=:{digest}:",
        "cache-control": "no-store",
    }
    return Reply(status=200, body=body, headers=headers)


def routes() -> tuple[Route, ...]:
    """The endpoints of this module."""
    one = "/v1/statements/{id}"
    return (
        Route(
            "GET",
            one,
            P.CREDIT_VIEW,
            statement,
            "A statement, as it was when its cycle ended",
            answer=wire.Statement,
            operation="get_statement",
            also=(TEXT, PDF),
        ),
        Route(
            "POST",
            f"{one}/mail",
            P.CREDIT_CHANGE,
            mail,
            "Mail a statement once more, to the address that the account has now",
            answer=wire.StatementBrief,
            keyed=True,
            operation="mail_statement",
            refuses=(Codes.TRANSITION_NOT_ALLOWED,),
        ),
    )
