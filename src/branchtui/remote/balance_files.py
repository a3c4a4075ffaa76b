"""Balance files: sent, seen, applied, taken back (contract, section 6)."""

from __future__ import annotations

from pathlib import Path

from branchtui.contract.balance_files import (
    ApplyBalanceFile,
    BalanceFile,
    FileSettings,
    FileSettingsChange,
    FileState,
    NewBalanceFile,
    PayerChange,
    PayerMove,
    RejectBalanceFile,
)
from branchtui.contract.imports import FindingLevel, RowFinding
from branchtui.contract.paging import DEFAULT_LIMIT, Page
from branchtui.remote.calls import query_of, segment
from branchtui.remote.documents import Documents
from branchtui.remote.intents import Intent

_FILES = "/v1/balance-files"


class BalanceFiles(Documents):
    """The endpoints of balance files. Changes raise what `Writing._write` raises."""

    async def balance_files(
        self,
        *,
        state: FileState | str | None = None,
        branch: str | None = None,
        cursor: str | None = None,
        anchor: str | None = None,
        limit: int = DEFAULT_LIMIT,
        count: bool = False,
    ) -> Page[BalanceFile]:
        """Recent uploads, newest first."""
        query = query_of(state=state, branch=branch, cursor=cursor, anchor=anchor, limit=limit, count=count)
        return await self._read(_FILES, Page[BalanceFile], query=query)

    async def balance_file(self, file_id: str) -> BalanceFile:
        """One file with its X-ray."""
        return await self._read(f"{_FILES}/{segment(file_id)}", BalanceFile)

    async def send_balance_file(self, new: NewBalanceFile) -> BalanceFile:
        """Let the ledger check an uploaded file; `job_id` goes on unless the same bytes were applied before."""
        intent = Intent.plain("balance-file.create", target=new.upload_id)
        return await self._write(intent, path=_FILES, body=new, answer=BalanceFile)

    async def validate_balance_file(self, file: BalanceFile) -> BalanceFile:
        """A fresh preview of the same bytes."""
        return await self._write(
            self._named("balance-file.validate", file), path=f"{_path(file)}/validate", answer=BalanceFile
        )

    async def apply_balance_file(self, file: BalanceFile) -> BalanceFile:
        """Post exactly what the preview of `file` showed; a job goes on where it is of several payers."""
        body = ApplyBalanceFile(file_sha256=file.sha256, preview_version=file.preview_version)
        intent = Intent.for_amount(
            "balance-file.apply", _words(file), file.id, abs(file.total_minor), file.currency
        )
        return await self._write(
            intent, path=f"{_path(file)}/apply", body=body, if_match=file.version, answer=BalanceFile
        )

    async def revert_balance_file(self, file: BalanceFile) -> BalanceFile:
        """Take an applied file back by mirror entries; Conflict `revert-blocked` names what has moved since."""
        intent = Intent.for_amount(
            "balance-file.revert", _words(file), file.id, abs(file.total_minor), file.currency
        )
        return await self._write(
            intent, path=f"{_path(file)}/revert", if_match=file.version, answer=BalanceFile
        )

    async def reject_balance_file(self, file: BalanceFile, reason: str) -> BalanceFile:
        """Give up a file that waits."""
        return await self._write(
            self._named("balance-file.reject", file),
            path=f"{_path(file)}/reject",
            body=RejectBalanceFile(reason=reason),
            answer=BalanceFile,
        )

    async def balance_file_rows(
        self,
        file_id: str,
        *,
        level: FindingLevel | str | None = None,
        cursor: str | None = None,
        limit: int = DEFAULT_LIMIT,
    ) -> Page[RowFinding]:
        """What was found in the rows, by row number."""
        path = f"{_FILES}/{segment(file_id)}/rows"
        return await self._read(
            path, Page[RowFinding], query=query_of(level=level, cursor=cursor, limit=limit)
        )

    async def balance_file_payers(
        self,
        file_id: str,
        *,
        change: PayerChange | str | None = None,
        cursor: str | None = None,
        limit: int = DEFAULT_LIMIT,
    ) -> Page[PayerMove]:
        """What a file means for each payer, by row number."""
        path = f"{_FILES}/{segment(file_id)}/payers"
        return await self._read(
            path, Page[PayerMove], query=query_of(change=change, cursor=cursor, limit=limit)
        )

    async def balance_file_rejects(self, file_id: str, to_path: Path) -> None:
        """Save the bad rows as a table with an error column. Never over a file that exists (FileProblem)."""
        await self._save(f"{_FILES}/{segment(file_id)}/rejects.csv", to_path)

    async def file_settings(self) -> FileSettings:
        """What is remarkable in a balance file."""
        return await self._read("/v1/settings/balance-files", FileSettings)

    async def set_file_settings(self, seen: FileSettings, change: FileSettingsChange) -> FileSettings:
        """Set it, against what was seen."""
        return await self._write(
            Intent.plain("file-settings.change"),
            method="PUT",
            path="/v1/settings/balance-files",
            body=change,
            if_match=seen.version,
            answer=FileSettings,
        )

    @staticmethod
    def _named(action: str, file: BalanceFile) -> Intent:
        return Intent.plain(action, _words(file), target=file.id)


def _path(file: BalanceFile) -> str:
    return f"{_FILES}/{segment(file.id)}"


def _words(file: BalanceFile) -> str:
    """A file without a name of a payer (OUT-2)."""
    return f"file {file.file_id or 'of a table'}, {file.payers:,} payers"
