"""`branchtui import`: what the import screen does, for scripts. Findings go to standard error, the result to standard output."""

from __future__ import annotations

import asyncio
import getpass
import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TextIO

from branchtui.contract.imports import (
    FILE_NAME_MAX,
    DateOrder,
    DecimalWriting,
    FindingLevel,
    Import,
    ImportKind,
    ImportMode,
    ImportOptions,
    ImportState,
    Job,
    JobState,
    NewImport,
)
from branchtui.contract.statements import AboveZero
from branchtui.exits import DONE, REFUSED, WRONG_USAGE
from branchtui.format.counts import count_of
from branchtui.format.money import money
from branchtui.format.safe_text import safe_text
from branchtui.remote.client import Ledger, LinkSettings
from branchtui.remote.errors import LedgerError, OutcomeUnknown
from branchtui.remote.resolver import Verdict
from branchtui.settings import Settings, SettingsError

if TYPE_CHECKING:
    import argparse

JOB_WAIT_SECONDS: Final = 5
DOUBT_SECONDS_MAX: Final = 60.0
"""How long a change in doubt is waited for; the ledger is asked again at the user's next sign-in."""
FINDINGS_MAX: Final = 10_000
"""Lines of findings that are printed; the whole report is in the file of rejects."""
PAGE_ROWS: Final = 200


class NoSuchBranch(Exception):
    """No office that the user may see has this code."""


class Unsettled(LedgerError):
    """Nobody knows yet whether the ledger took the file."""


@dataclass(frozen=True)
class Wanted:
    """What is imported, and how; `branch` is the code of an office, empty for the sender's own."""

    kind: ImportKind
    file: Path
    mode: ImportMode
    options: ImportOptions
    branch: str = ""


def run(arguments: argparse.Namespace) -> int:
    """Import `arguments.file` as `arguments.kind`: 0 when rows went in, 1 refused or failed, 2 wrong usage.

    The password is asked on a terminal and read from the first line of standard input otherwise (SEC-1).
    """
    kind = ImportKind(arguments.kind)
    if kind is ImportKind.OTHER:
        known = ", ".join(one.value for one in ImportKind if one is not ImportKind.OTHER)
        return _fail(f"{arguments.kind} is no kind of import. Kinds are {known}.", WRONG_USAGE)
    try:
        settings = Settings.load(ledger=arguments.ledger, user=arguments.user)
    except SettingsError as error:
        return _fail(str(error))
    password = _password()
    if not password:
        return _fail("Standard input holds no password.")
    options = ImportOptions(
        date_order=DateOrder(arguments.date_order) if arguments.date_order else None,
        decimal=DecimalWriting(arguments.decimal) if arguments.decimal else None,
        above_zero=AboveZero(arguments.above_zero) if arguments.above_zero else None,
    )
    wanted = Wanted(kind, Path(arguments.file), ImportMode(arguments.mode), options, arguments.branch or "")
    try:
        ended = asyncio.run(_import(settings, password, wanted))
    except NoSuchBranch as error:
        return _fail(str(error), WRONG_USAGE)
    except LedgerError as error:
        return _fail(error.sentence)
    except KeyboardInterrupt:
        return _fail("Stopped. An import that was begun goes on in the ledger.")
    _say(sys.stdout, json.dumps(summary(ended)) if arguments.json else sentence(ended))
    return DONE if ended.state is ImportState.DONE else REFUSED


def summary(ended: Import) -> dict[str, Any]:
    """The result as one JSON object; amounts in minor units."""
    members = "id kind mode state sha256 rows_total rows_ok rows_warning rows_error imported total_minor currency reason"
    return ended.model_dump(mode="json", include=set(members.split()))


def sentence(ended: Import) -> str:
    """The result for a person."""
    if ended.state is not ImportState.DONE:
        return f"Nothing was imported. {ended.reason or ''}".strip()
    total = ""
    if ended.currency and ended.total_minor:
        total = f", {money(ended.total_minor, ended.currency)} {ended.currency}"
    left = f"; {ended.rows_error:,} left out" if ended.rows_error else ""
    return f"{ended.imported:,} of {count_of(ended.rows_total, 'row')} imported{total}{left}."


async def _import(settings: Settings, password: str, wanted: Wanted) -> Import:
    """Send, follow to the end, tell what was found. Raises LedgerError or NoSuchBranch with the sentence."""
    link = LinkSettings(
        ca_file=settings.ca_file,
        client_cert_file=settings.client_cert_file,
        client_key_file=settings.client_key_file,
        state_directory=settings.state_folder,
        slow_line=settings.slow_line,
    )
    async with Ledger.open(settings.ledger or "", link) as ledger:
        await ledger.sign_in(settings.user or "", password)
        try:
            branch_id = await _branch_id(ledger, wanted.branch)
            upload = await ledger.upload(wanted.file, _show_upload)
            new = NewImport(
                upload_id=upload.id,
                kind=wanted.kind,
                mode=wanted.mode,
                sha256=upload.sha256,
                options=wanted.options,
                branch_id=branch_id,
                file_name=safe_text(wanted.file.name)[:FILE_NAME_MAX],
            )
            import_id, job_id = await _accepted(ledger, new)
            await _end_of(ledger, job_id)
            ended = await ledger.import_(import_id)
            await _tell_findings(ledger, ended)
        finally:
            await ledger.sign_out()
        return ended


async def _branch_id(ledger: Ledger, code: str) -> str | None:
    """The id of the office with this code, None where none is named."""
    if not code:
        return None
    seen = {branch.code.casefold(): branch.id for branch in await ledger.branch_tree()}
    if code.casefold() not in seen:
        raise NoSuchBranch(f"There is no office {code} that you may see. Leave --branch out for your own.")
    return seen[code.casefold()]


async def _accepted(ledger: Ledger, new: NewImport) -> tuple[str, str]:
    """Import and job; when the answer was lost, those of the operation that the ledger recorded."""
    try:
        accepted = await ledger.start_import(new)
    except OutcomeUnknown as unknown:
        _say(sys.stderr, unknown.sentence)
        try:
            async with asyncio.timeout(DOUBT_SECONDS_MAX):
                settlement = await ledger.resolver.settle(unknown.intent)
        except TimeoutError:
            raise Unsettled(unknown.sentence) from unknown
        ledger.resolver.acknowledge(unknown.intent.key)
        operation = settlement.operation
        if settlement.verdict is not Verdict.RECORDED or operation is None or not operation.resource:
            raise Unsettled(settlement.sentence) from unknown
        found = await ledger.import_(operation.resource.rpartition("/")[2])
        return found.id, found.job_id
    return accepted.import_id, accepted.job_id


async def _end_of(ledger: Ledger, job_id: str) -> Job:
    while True:
        job = await ledger.job(job_id, JOB_WAIT_SECONDS)
        _progress(f"{job.done:,} of {count_of(job.total, 'row')}" if job.total else "checking")
        if job.state in {JobState.SUCCEEDED, JobState.FAILED}:
            _progress("")
            return job


async def _tell_findings(ledger: Ledger, ended: Import) -> None:
    """Wrong rows first, then warnings: `row 7, amount: ... [12.345]`."""
    printed = 0
    for level in (FindingLevel.ERROR, FindingLevel.WARNING):
        cursor: str | None = None
        while True:
            page = await ledger.import_rows(ended.id, level=level, cursor=cursor, limit=PAGE_ROWS)
            for one in page.items:
                place = f"row {one.row_no}" + (f", {one.column}" if one.column else "")
                value = f" [{one.value}]" if one.value else ""
                _say(sys.stderr, f"{one.level.value}: {place}: {one.message}{value}")
            printed += len(page.items)
            cursor = page.next
            if printed >= FINDINGS_MAX:
                _say(sys.stderr, "More was found; the file of rejects holds all of it.")
                return
            if cursor is None:
                break


def _show_upload(offset: int, length: int) -> None:
    _progress(f"sent {offset:,} of {length:,} bytes")


def _progress(text: str) -> None:
    """One line that is written over, on a terminal alone."""
    if sys.stderr.isatty():
        sys.stderr.write(f"\r\x1b[K{text}")
        sys.stderr.flush()


def _say(stream: TextIO, text: str) -> None:
    """A line, whatever the stream's encoding can write."""
    encoding = stream.encoding or "utf-8"
    stream.write(text.encode(encoding, "backslashreplace").decode(encoding) + "\n")


def _password() -> str:
    if sys.stdin.isatty():
        return getpass.getpass("Password: ")
    return sys.stdin.readline().rstrip("\r\n")


def _fail(text: str, code: int = REFUSED) -> int:
    _say(sys.stderr, text)
    return code
