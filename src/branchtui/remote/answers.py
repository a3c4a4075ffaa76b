"""An answer's bytes made a model: counted, bounded, cleaned, checked (limits of the ledger's section 7)."""

from __future__ import annotations

import json
import zlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Final, TypeVar

from pydantic import BaseModel, ValidationError

from branchtui.contract.problem import MEDIA_TYPE, Problem
from branchtui.format.safe_text import safe_object
from branchtui.remote.classify import Event, Failed, event_of
from branchtui.remote.http_library import httpx
from branchtui.remote.own_certificate import NOT_TAKEN_BY_PROXY

JSON_BYTES_MAX: Final = 2 * 1024 * 1024
DEPTH_MAX: Final = 32
_GZIP_WINDOW: Final = 16 + zlib.MAX_WBITS

M = TypeVar("M", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer as it came: status, headers, and the decoded body."""

    status: int
    headers: httpx.Headers
    body: bytes

    @property
    def is_success(self) -> bool:
        """Whether the status is 2xx."""
        return 200 <= self.status < 300

    @property
    def media_type(self) -> str:
        """The media type without its parameters, in small letters."""
        return str(self.headers.get("content-type", "")).partition(";")[0].strip().lower()


class Decoder:
    """Undoes the body's encoding piece by piece, and never gives more than `limit` bytes in all.

    A small gzip body can hold gigabytes, so that the length of what arrives says nothing (T-16).

    Raises:
        Failed: too long, no valid gzip, cut, or an encoding that was not asked for.
    """

    def __init__(self, headers: httpx.Headers, limit: int) -> None:
        encoding = headers.get("content-encoding", "identity").strip().lower()
        if encoding not in {"identity", "gzip", ""}:
            raise Failed(Event.GARBLED, "The answer is encoded in a way that was not asked for.")
        self._gzip = zlib.decompressobj(_GZIP_WINDOW) if encoding == "gzip" else None
        self._left = limit

    def feed(self, piece: bytes) -> bytes:
        """The next decoded bytes."""
        if self._gzip is not None:
            try:
                # One more than is left, to see whether there would be more; 0 would mean no bound.
                piece = self._gzip.decompress(piece, self._left + 1)
            except zlib.error:
                raise Failed(Event.GARBLED, "The answer is no valid gzip.") from None
        self._left -= len(piece)
        if self._left < 0:
            raise Failed(Event.GARBLED, "The answer is larger than any answer of the ledger.")
        return piece

    def end(self) -> None:
        """The body ended; is it whole?"""
        if self._gzip is not None and not self._gzip.eof:
            raise Failed(Event.GARBLED, "The answer was cut.")


async def decoded(response: httpx.Response, limit: int) -> AsyncIterator[bytes]:
    """The body of `response`, decoded, piece by piece, bounded to `limit` bytes."""
    if "content-length" not in response.headers and "transfer-encoding" not in response.headers:
        # The end of such a body cannot be told from a cut (PAGE-4).
        raise Failed(Event.GARBLED, "The answer does not say where it ends.")
    decoder = Decoder(response.headers, limit)
    async for piece in response.aiter_raw():
        yield decoder.feed(piece)
    decoder.end()


def read_answer(reply: Reply, model: type[M]) -> M:
    """The model in a 2xx answer, its text made safe for a terminal (TTY-1, second wall).

    Raises:
        Failed: GARBLED when it is not what the contract says; FOREIGN when it is not JSON at all.
    """
    if reply.media_type != "application/json":
        raise Failed(Event.FOREIGN, _not_ours(reply))
    try:
        return model.model_validate_json(_clean_json(reply.body))
    except ValidationError as error:
        places = ", ".join(".".join(str(step) for step in wrong["loc"]) for wrong in error.errors()[:3])
        raise Failed(
            Event.GARBLED, f"The ledger's answer is not what this terminal knows ({places})."
        ) from None


def read_nothing(reply: Reply) -> None:
    """The answer to what is answered with nothing: 204, and no other.

    A page that somebody between put there is a 2xx as well, and says nothing about the change (ERR-2).

    Raises:
        Failed: FOREIGN for anything else.
    """
    if reply.status != httpx.codes.NO_CONTENT or reply.body:
        raise Failed(Event.FOREIGN, _not_ours(reply))


def failure_of(reply: Reply, now: datetime) -> Failed:
    """What an answer other than 2xx came to."""
    problem = _problem_of(reply)
    wait = retry_after(reply.headers.get("retry-after"), now)
    if problem is not None and problem.retry.after_ms is not None:
        wait = max(wait, problem.retry.after_ms / 1000)
    return Failed(
        event_of(reply.status, problem, wait),
        _not_ours(reply) if problem is None else problem.detail or problem.title,
        problem=problem,
        retry_after_seconds=wait,
        status=reply.status,
        is_replay=reply.headers.get("idempotency-replayed", "").strip() in {"true", "?1"},
    )


def retry_after(text: str | None, now: datetime) -> float:
    """`Retry-After` in seconds from now, given as seconds or as a date; 0 when there is none or it makes no sense."""
    if text is None:
        return 0.0
    text = text.strip()
    if text.isascii() and text.isdigit():
        return float(min(int(text[:9]), 86_400))
    try:
        then = parsedate_to_datetime(text)
    except ValueError:
        return 0.0
    if then.tzinfo is None:
        then = then.replace(tzinfo=UTC)
    return min(max(0.0, (then - now).total_seconds()), 86_400.0)


def _problem_of(reply: Reply) -> Problem | None:
    """The ledger's problem, or None when the body is anybody else's (ERR-2)."""
    if reply.media_type != MEDIA_TYPE:
        return None
    try:
        members: Any = json.loads(_clean_json(reply.body))
        if not isinstance(members, dict):
            return None
        # RFC 9457 puts what belongs to one code beside the common members; the model keeps it in `extra`.
        extra = {name: value for name, value in members.items() if name not in Problem.model_fields}
        nested = members.get("extra")
        members["extra"] = {**extra, **(nested if isinstance(nested, dict) else {})}
        problem = Problem.model_validate_json(json.dumps(members))
    except (Failed, ValidationError):
        return None
    # A problem about another status was put there by somebody between.
    return problem if problem.status == reply.status else None


def _clean_json(body: bytes) -> bytes:
    """`body` with every text in it safe for a terminal; as it is when there was nothing to clean."""
    try:
        value = json.loads(body, parse_constant=_refuse_constant)
        _refuse_deep(value)
    except (ValueError, RecursionError):
        raise Failed(Event.GARBLED, "The answer was cut or is no JSON.") from None
    clean = safe_object(value)
    return body if clean == value else json.dumps(clean).encode()


def _refuse_constant(name: str) -> None:
    raise ValueError(name)


def _refuse_deep(value: object) -> None:
    level: list[object] = [value]
    for _ in range(DEPTH_MAX + 1):
        level = [
            child
            for item in level
            if isinstance(item, dict | list)
            for child in (item.values() if isinstance(item, dict) else item)
            if isinstance(child, dict | list)
        ]
        if not level:
            return
    raise ValueError("nested too deeply")


def _not_ours(reply: Reply) -> str:
    if reply.status == httpx.codes.BAD_REQUEST and b"SSL certificate" in reply.body:
        # nginx lets the handshake pass and says it on a page: none was sent, or it does not take it.
        return NOT_TAKEN_BY_PROXY
    if "html" in reply.media_type:
        return "A web page answered instead of the ledger. Check the address and the line."
    return f"Something that is not the ledger answered ({reply.status}). Check the address and the line."
