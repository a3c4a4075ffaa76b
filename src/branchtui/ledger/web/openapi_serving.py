"""The API document over HTTP: made when it is first asked for, compressed once, and read again only when it changed."""

from __future__ import annotations

import gzip
import hashlib
from functools import cached_property
from typing import TYPE_CHECKING, Final

from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from branchtui.ledger.web.openapi import document

if TYPE_CHECKING:
    from collections.abc import Sequence

    from starlette.requests import Request as HttpRequest

    from branchtui.ledger.web.route import Route

PATH: Final = "/openapi.json"


class Document:
    """What `GET /openapi.json` answers, to anybody: it says nothing that is not the same for all ledgers."""

    def __init__(self, routes: Sequence[Route]) -> None:
        self._routes = routes

    async def serve(self, http: HttpRequest) -> Response:
        """The document, or 304 to who has it."""
        body, packed, tag = await run_in_threadpool(lambda: self._made)
        zipped = "gzip" in http.headers.get("accept-encoding", "")
        etag = f'"{tag}-gzip"' if zipped else f'"{tag}"'
        headers = {"etag": etag, "cache-control": "no-cache", "vary": "accept-encoding"}
        known = {each.strip().removeprefix("W/") for each in http.headers.get("if-none-match", "").split(",")}
        if etag in known or "*" in known:
            return Response(status_code=304, headers=headers)
        if zipped:
            return Response(
                packed, headers=headers | {"content-encoding": "gzip"}, media_type="application/json"
            )
        return Response(body, headers=headers, media_type="application/json")

    @cached_property
    def _made(self) -> tuple[bytes, bytes, str]:
        """The bytes, the same compressed, and their name."""
        body = document(self._routes)
        return body, gzip.compress(body, mtime=0), hashlib.sha256(body).hexdigest()[:32]
