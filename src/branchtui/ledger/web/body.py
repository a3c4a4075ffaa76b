"""Bodies from strangers: bounded, parsed once strictly, and free of what text may not hold (VAL-1 to 3)."""

from __future__ import annotations

import asyncio
import json
import unicodedata
import zlib
from typing import TYPE_CHECKING, Any, Final, TypeVar

from pydantic import BaseModel, ValidationError

from branchtui.contract.problem import Codes, FieldError
from branchtui.ledger.problems import Refusal, invalid_members
from branchtui.ledger.texts import is_unsafe

if TYPE_CHECKING:
    from starlette.requests import Request as HttpRequest

M = TypeVar("M", bound=BaseModel)

MAX_JSON_BYTES: Final = 256 * 1024
MAX_DEPTH: Final = 16
BODY_SECONDS: Final = 60.0
UNHURRIED_SECONDS: Final = 10.0
"""How long a body may take before its rate counts."""

SLOWEST_BYTES_PER_SECOND: Final = 1024


async def read_bounded(
    request: HttpRequest, limit: int = MAX_JSON_BYTES, *, encodings: frozenset[str] = frozenset({"identity"})
) -> bytes:
    """The body as it was sent, counted while it streams, never by what `Content-Length` claims.

    Raises:
        Refusal: 413 beyond `limit` bytes, 415 for a body in another of the `encodings`, 408 for one that drips.
    """
    if content_encoding(request) not in encodings:
        raise Refusal(415, Codes.MEDIA_TYPE, "A request in this encoding is not accepted here.")
    if has_no_body(request):
        return b""
    loop = asyncio.get_running_loop()
    began = loop.time()
    parts: list[bytes] = []
    size = 0
    try:
        async with asyncio.timeout(UNHURRIED_SECONDS) as deadline:
            async for part in request.stream():
                size += len(part)
                if size > limit:
                    raise _too_large(limit)
                parts.append(part)
                earned = UNHURRIED_SECONDS + size / SLOWEST_BYTES_PER_SECOND
                deadline.reschedule(began + min(BODY_SECONDS, earned))
    except TimeoutError as error:
        raise Refusal(
            408, Codes.TOO_SLOW, "The request did not arrive in time. Nothing was done.", retry_same_key=True
        ) from error
    return b"".join(parts)


def has_no_body(request: HttpRequest) -> bool:
    """Whether the head says that nothing follows, as of a request without either header nothing does (RFC 9112, 6.3)."""
    headers = request.headers
    return headers.get("content-length", "0") == "0" and "transfer-encoding" not in headers


def content_encoding(request: HttpRequest) -> str:
    """How the body is encoded; of two headers neither is believed."""
    return ", ".join(request.headers.getlist("content-encoding")).strip().lower() or "identity"


def unzipped(raw: bytes, limit: int) -> bytes:
    """What gzip packed, no more of it unpacked than may be there.

    Raises:
        Refusal: 413 beyond `limit` bytes, 400 for what is not exactly one gzip stream.
    """
    unpacker = zlib.decompressobj(16 + zlib.MAX_WBITS)
    try:
        found = unpacker.decompress(raw, limit + 1)
    except zlib.error as error:
        raise Refusal(400, Codes.MALFORMED, "This is not gzip.") from error
    if len(found) > limit:
        raise _too_large(limit)
    if not unpacker.eof or unpacker.unused_data:
        raise Refusal(400, Codes.MALFORMED, "This is not one whole gzip stream.")
    return found


def _too_large(limit: int) -> Refusal:
    return Refusal(413, Codes.TOO_LARGE, f"A request may hold {limit // 1024} KiB at most.")


def parse_json(raw: bytes) -> Any:
    """The JSON value of `raw`; duplicate members, NaN, lone surrogates and deep nesting are refused.

    Raises:
        Refusal: 400 `malformed`.
    """
    try:
        value = json.loads(
            raw.decode("utf-8"),
            object_pairs_hook=_no_duplicates,
            parse_constant=_no_constant,
            parse_int=_bounded_int,
        )
        _verify_depth(value, MAX_DEPTH)
    except (ValueError, RecursionError) as error:
        raise Refusal(400, Codes.MALFORMED, "The request is not readable JSON.") from error
    return value


def verify_text(value: Any, pointer: str = "") -> list[FieldError]:
    """The texts of `value` that hold control or direction characters, each with its place (VAL-3)."""
    if isinstance(value, str):
        return [_bad_text(pointer)] if is_unsafe(value) else []
    if isinstance(value, dict):
        return [bad for name, each in value.items() for bad in verify_text(each, f"{pointer}/{name}")]
    if isinstance(value, list):
        return [bad for place, each in enumerate(value) for bad in verify_text(each, f"{pointer}/{place}")]
    return []


def parse_model(raw: bytes, model: type[M]) -> M:
    """The request model that `raw` holds, texts in NFC.

    Raises:
        Refusal: 400 when it is not JSON, 422 with one error a member when it is not the model.
    """
    value = parse_json(raw)
    bad = verify_text(value)
    if bad:
        raise Refusal(422, Codes.VALIDATION, bad[0].message, errors=tuple(bad))
    composed, changed = _composed(value)
    try:
        return model.model_validate_json(json.dumps(composed) if changed else raw)
    except ValidationError as error:
        raise invalid_members(error) from error


def parse_query(given: list[tuple[str, str]], model: type[M]) -> M:
    """The parameters of a request as a model, texts in NFC.

    Raises:
        Refusal: 422 with one error a parameter; one that stands twice is refused, since either could be meant.
    """
    values = {name: unicodedata.normalize("NFC", text) for name, text in given}
    bad = verify_text(values)
    if len(values) != len(given):
        names = [name for name, _ in given]
        bad += [
            FieldError(pointer=f"/{name}", code="repeated", message=f"{name} stands twice.")
            for name in values
            if names.count(name) > 1
        ]
    if bad:
        raise Refusal(422, Codes.VALIDATION, bad[0].message, errors=tuple(bad))
    try:
        return model.model_validate_strings(values)
    except ValidationError as error:
        raise invalid_members(error) from error


def _bad_text(pointer: str) -> FieldError:
    name = pointer.rsplit("/", 1)[-1] or "text"
    return FieldError(pointer=pointer, code="text", message=f"{name} holds control or direction characters.")


def _no_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a member stands twice")
    if any("\ud800" <= character <= "\udfff" for name in found for character in name):
        raise ValueError("a member's name is no text")
    return found


def _composed(value: Any) -> tuple[Any, bool]:
    """The value with its texts in NFC, however they were escaped, and whether one was not."""
    if isinstance(value, str):
        done = unicodedata.is_normalized("NFC", value)
        return (value if done else unicodedata.normalize("NFC", value)), not done
    if isinstance(value, dict):
        members = {name: _composed(each) for name, each in value.items()}
        return {name: each for name, (each, _) in members.items()}, any(new for _, new in members.values())
    if isinstance(value, list):
        items = [_composed(each) for each in value]
        return [each for each, _ in items], any(new for _, new in items)
    return value, False


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not a JSON value")


def _bounded_int(digits: str) -> int:
    if len(digits) > 40:
        raise ValueError("a number is too long")
    return int(digits)


def _verify_depth(value: Any, left: int) -> None:
    """Refuse more than `left` objects and arrays within each other."""
    if not isinstance(value, dict | list):
        return
    if left == 0:
        raise ValueError("nested too deep")
    for each in value.values() if isinstance(value, dict) else value:
        _verify_depth(each, left - 1)
