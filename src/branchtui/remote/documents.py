"""Answers that go to a file, piece by piece: templates, rejected rows."""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path
from typing import BinaryIO, Final

from branchtui.remote.answers import JSON_BYTES_MAX, Reply, decoded, failure_of
from branchtui.remote.classify import Event, Failed, Kind
from branchtui.remote.files import UPLOAD_BYTES_MAX, new_file
from branchtui.remote.http_library import httpx
from branchtui.remote.retry import Try
from branchtui.remote.transport import Ask
from branchtui.remote.writing import Writing

# What came in by an upload goes out again with a column more.
DOCUMENT_BYTES_MAX: Final = 2 * UPLOAD_BYTES_MAX
DOCUMENT_SECONDS: Final = 300.0
_DIGEST: Final = "sha-256=:"


class Documents(Writing):
    """Adds to `Writing` the saving of an answer."""

    async def _save(
        self, path: str, to_path: Path, *, accept: str = "*/*", query: tuple[tuple[str, str], ...] = ()
    ) -> None:
        """GET `path` into a new file, in the form `accept`; half a file never stays.

        Raises:
            FileProblem: the file exists or cannot be written. Refused, Unreachable: as a reading.
        """
        headers = {"Accept": accept}
        ask = Ask("GET", path, Kind.READ, query=query, headers=headers, deadline_seconds=DOCUMENT_SECONDS)
        with new_file(to_path) as file:

            async def attempt(this: Try) -> None:
                file.seek(0)
                file.truncate()
                await self._download(ask, this, file)

            try:
                await self._retries.run(Kind.READ, attempt, total_seconds=DOCUMENT_SECONDS)
            except Failed as failure:
                raise self._error_of(failure, Kind.READ) from failure

    async def _download(self, ask: Ask, this: Try, file: BinaryIO) -> None:
        if this.after is not None and this.after.event is Event.UNAUTHORISED:
            await self._renew_session(this.after.token)
        token = self._session.access_token if self._session is not None else None
        if not self._breaker.admit():
            raise self._link_down()
        try:
            async with self._transport.stream(ask, token=token, seconds=this.seconds_left) as response:
                self._breaker.succeeded()
                if not response.is_success or "html" in response.headers.get("content-type", ""):
                    body = b"".join([piece async for piece in decoded(response, JSON_BYTES_MAX)])
                    failure = failure_of(
                        Reply(response.status_code, response.headers, body), self._clock.now()
                    )
                    failure.token = token
                    raise failure
                digest = hashlib.sha256()
                async for piece in decoded(response, DOCUMENT_BYTES_MAX):
                    digest.update(piece)
                    file.write(piece)
                _compare(response.headers, digest.digest())
        except Failed as failure:
            self._count_failure(failure)
            raise


def _compare(headers: httpx.Headers, digest: bytes) -> None:
    """Whether the whole file is what the ledger made (PAGE-4); nothing to compare is nothing wrong."""
    said = headers.get("content-digest", "")
    if said.startswith(_DIGEST) and said[len(_DIGEST) :].rstrip(":") != base64.b64encode(digest).decode():
        raise Failed(Event.GARBLED, "The file that arrived is not the one the ledger made.")
