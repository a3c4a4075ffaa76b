"""Files: uploads that go on where they stopped, imports, jobs, and what is saved to disk (contract, section 8)."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import uuid
from collections.abc import Callable
from functools import cached_property, partial
from pathlib import Path
from typing import Final

from branchtui.contract.imports import (
    FindingLevel,
    Import,
    ImportAccepted,
    ImportKind,
    ImportState,
    Job,
    NewImport,
    RowFinding,
    StartImport,
    Upload,
)
from branchtui.contract.paging import DEFAULT_LIMIT, Page
from branchtui.contract.statements import ColumnMap, ColumnMapChange, Columns, NewColumnMap
from branchtui.format.counts import count_of
from branchtui.remote.calls import query_of, segment
from branchtui.remote.chunking import CHUNK_BYTES_MIN, ChunkSize
from branchtui.remote.classify import Event, Failed, Kind
from branchtui.remote.documents import Documents
from branchtui.remote.files import Source
from branchtui.remote.intents import Intent
from branchtui.remote.retry import Try
from branchtui.remote.transport import Ask

_UPLOADS: Final = uuid.UUID("5b0c3a0e-9d1f-4f0a-8f2b-6c1d7e9a4b30")
"""The name space of uploads."""
_SENT_BEFORE_MAX: Final = 4
"""How often the same file of one user is looked for among uploads of before; then it gets a name by chance."""
_NOT_FOUND: Final = 404
_UNAUTHORISED: Final = 401
JOB_WAIT_MAX_SECONDS: Final = 20

Progress = Callable[[int, int], None]
"""Told how many bytes have arrived, of how many."""


class Imports(Documents):
    """The endpoints about files."""

    @cached_property
    def _chunk_size(self) -> ChunkSize:
        return ChunkSize()

    async def upload(self, path_or_bytes: Path | str | bytes, progress: Progress | None = None) -> Upload:
        """Send a file in chunks of 4 to 128 KiB, as the line carries; after a break it goes on from what arrived.

        So does a second call for the same file by the same user, in whichever process, when the first was broken off.
        The result holds the file's SHA-256, for `NewImport.sha256`.

        Raises:
            FileProblem: it cannot be read, is too large, or changed. Refused, Unreachable: as a reading.
        """
        source = await asyncio.to_thread(Source, path_or_bytes)
        with source:
            upload_id, offset = await self._where(source)
            if offset and progress is not None:
                progress(offset, source.length)
            while offset < source.length or source.length == 0:
                offset = await self._send_chunk(upload_id, source, offset)
                if progress is not None:
                    progress(offset, source.length)
                if source.length == 0:
                    break
            return Upload(id=upload_id, length=source.length, offset=source.length, sha256=source.sha256)

    async def _where(self, source: Source) -> tuple[str, int]:
        """The upload that takes the file, and what it has of it.

        Named after user and bytes, so that whoever begins again goes on, in another process too, and nothing is
        kept here for it. One that is whole is used by an import or a document, and an upload is used once.
        """
        if source.length > CHUNK_BYTES_MIN:
            session = self._session
            who = "" if session is None else f"{session.ledger.ledger_id}\n{session.user.username}"
            for again in range(_SENT_BEFORE_MAX):
                upload_id = str(uuid.uuid5(_UPLOADS, f"{who}\n{source.length}\n{source.sha256}\n{again}"))
                offset = await self._arrived_before(upload_id)
                if offset < source.length:
                    return upload_id, offset
        return self._new_key(), 0

    async def _arrived_before(self, upload_id: str) -> int:
        """How much of it the ledger has from an earlier try."""
        try:
            return await self._retries.run(Kind.CHUNK, partial(self._arrived, upload_id))
        except Failed as failure:
            raise self._error_of(failure, Kind.CHUNK) from failure

    async def _send_chunk(self, upload_id: str, source: Source, offset: int) -> int:
        """Send what follows `offset`; the new offset. Before any second attempt the ledger says what it has."""

        async def attempt(this: Try) -> int:
            begin = offset
            if this.number > 1:
                begin = await self._arrived(upload_id, this)
                if begin > offset or (begin == source.length and source.length > 0):
                    return begin
            chunk = source.read(begin, self._chunk_size.bytes)
            digest = base64.b64encode(hashlib.sha256(chunk).digest()).decode()
            ask = Ask(
                "PUT",
                f"/v1/uploads/{segment(upload_id)}",
                Kind.CHUNK,
                body=chunk,
                media_type="application/octet-stream",
                headers={
                    "Upload-Length": str(source.length),
                    "Upload-Offset": str(begin),
                    "Content-Digest": f"sha-256=:{digest}:",
                },
            )
            begun = self._clock.monotonic()
            try:
                await self._attempt(ask, this)
            except Failed as failure:
                if failure.event is Event.BROKEN:
                    self._chunk_size.failed()
                raise
            self._chunk_size.arrived(len(chunk), self._clock.monotonic() - begun)
            return begin + len(chunk)

        try:
            return await self._retries.run(Kind.CHUNK, attempt)
        except Failed as failure:
            raise self._error_of(failure, Kind.CHUNK) from failure

    async def _arrived(self, upload_id: str, this: Try) -> int:
        """How many bytes the ledger has; none when it does not know the upload."""
        ask = Ask("HEAD", f"/v1/uploads/{segment(upload_id)}", Kind.CHUNK)
        try:
            reply = await self._attempt(ask, this)
        except Failed as failure:
            # A HEAD has no body that could hold a problem; only the status speaks.
            if failure.status == _NOT_FOUND:
                return 0
            if failure.status == _UNAUTHORISED:
                failure.event = Event.UNAUTHORISED
            raise
        text = reply.headers.get("upload-offset", "")
        if not (text.isascii() and text.isdigit()):
            raise Failed(Event.GARBLED, "The ledger did not say how much of the file has arrived.")
        return int(text)

    async def start_import(self, new: NewImport) -> ImportAccepted:
        """Let the ledger check, or check and take in, an uploaded file. Raises as a change does."""
        intent = Intent.plain("import.create", new.kind.value, target=new.upload_id)
        return await self._write(intent, path="/v1/imports", body=new, answer=ImportAccepted)

    async def import_start(self, import_: Import, start: StartImport) -> ImportAccepted:
        """Go on from the preview that was seen. Raises as a change does."""
        intent = Intent.plain("import.start", f"of {count_of(import_.rows_total, 'row')}", target=import_.id)
        path = f"/v1/imports/{segment(import_.id)}/start"
        return await self._write(
            intent, path=path, body=start, if_match=import_.version, answer=ImportAccepted
        )

    async def save_column_map(self, new: NewColumnMap) -> ColumnMap:
        """Keep a way of reading a bank's tables. Raises as a change does."""
        intent = Intent.plain("column-map.create", new.name)
        return await self._write(intent, path="/v1/column-maps", body=new, answer=ColumnMap)

    async def change_column_map(self, kept: ColumnMap, columns: Columns) -> ColumnMap:
        """Keep other answers under the name of a map that was seen. Raises as a change does."""
        intent = Intent.plain("column-map.change", kept.name)
        return await self._write(
            intent,
            method="PUT",
            path=f"/v1/column-maps/{segment(kept.id)}",
            body=ColumnMapChange(columns=columns),
            if_match=kept.version,
            answer=ColumnMap,
        )

    async def import_(self, import_id: str) -> Import:
        """One import as it stands."""
        return await self._read(f"/v1/imports/{segment(import_id)}", Import)

    async def imports(
        self,
        *,
        state: ImportState | str | None = None,
        kind: ImportKind | str | None = None,
        cursor: str | None = None,
        limit: int = DEFAULT_LIMIT,
    ) -> Page[Import]:
        """Imports, newest first."""
        query = query_of(state=state, kind=kind, cursor=cursor, limit=limit)
        return await self._read("/v1/imports", Page[Import], query=query)

    async def import_rows(
        self,
        import_id: str,
        *,
        level: FindingLevel | str | None = None,
        cursor: str | None = None,
        limit: int = DEFAULT_LIMIT,
    ) -> Page[RowFinding]:
        """What was found in the rows, by row number."""
        path = f"/v1/imports/{segment(import_id)}/rows"
        return await self._read(
            path, Page[RowFinding], query=query_of(level=level, cursor=cursor, limit=limit)
        )

    async def import_rejects(self, import_id: str, to_path: Path) -> None:
        """Save the bad rows, as they came, with an error column. Never over a file that exists (FileProblem)."""
        await self._save(f"/v1/imports/{segment(import_id)}/rejects.csv", to_path)

    async def import_template(
        self, kind: ImportKind | str, to_path: Path, *, branch_id: str | None = None
    ) -> None:
        """Save an empty file with the right columns: a workbook where the path ends with `.xlsx`, text otherwise.

        A workbook offers the offices and the staff of a branch, of the own one unless it is named. Never over a file
        that exists (FileProblem).
        """
        name = kind.value if isinstance(kind, ImportKind) else kind
        ending = "xlsx" if to_path.suffix == ".xlsx" else "csv"
        query = query_of(branch_id=branch_id)
        await self._save(f"/v1/templates/{segment(name)}.{ending}", to_path, query=query)

    async def jobs(
        self,
        *,
        mine: bool = False,
        branch: str | None = None,
        cursor: str | None = None,
        limit: int = DEFAULT_LIMIT,
    ) -> Page[Job]:
        """Long work that is queued or running, newest first."""
        query = query_of(mine=mine, branch=branch, cursor=cursor, limit=limit)
        return await self._read("/v1/jobs", Page[Job], query=query)

    async def job(self, job_id: str, wait: int = JOB_WAIT_MAX_SECONDS) -> Job:
        """Where a job stands; the ledger holds the answer up to `wait` seconds for it to end. No activity of a person."""
        path = f"/v1/jobs/{segment(job_id)}"
        seconds = max(0, min(wait, JOB_WAIT_MAX_SECONDS))
        return await self._read(
            path, Job, query=query_of(wait=seconds), is_activity=False, wait_seconds=float(seconds)
        )
