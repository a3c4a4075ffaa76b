"""A refusal on its way to the caller. Rules raise it; the web layer writes it as problem+json."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from pydantic import BaseModel

from branchtui.contract.problem import Codes, FieldError, Outcome

if TYPE_CHECKING:
    from pydantic import ValidationError

STORED_STATUSES: Final = frozenset({409, 412, 422})
"""Definitive rejections: kept under the key and replayed (IDEM-6)."""

_NOT_STORED: Final = frozenset({Codes.POSSIBLE_DUPLICATE, Codes.KEY_REUSED, Codes.OPERATION_IN_PROGRESS})


@dataclass(eq=False)
class Refusal(Exception):
    """The ledger says no, and nothing was applied.

    `detail` is for a person; `extra` holds further members of the problem, by code; `headers` go
    beside it (the ETag of what stands now).
    """

    status: int
    code: str
    detail: str
    extra: dict[str, Any] = field(default_factory=dict)
    errors: tuple[FieldError, ...] = ()
    outcome: Outcome = Outcome.NOT_APPLIED
    retry_after_seconds: int | None = None
    retry_same_key: bool = False
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def is_stored(self) -> bool:
        """Whether the key keeps this answer for ever (IDEM-6)."""
        return self.status in STORED_STATUSES and self.code not in _NOT_STORED


def not_found(what: str) -> Refusal:
    """The same for what does not exist and for what is another branch's (AUTHZ-2)."""
    return Refusal(404, Codes.NOT_FOUND, f"There is no such {what}.")


def forbidden(detail: str) -> Refusal:
    """The role may not do this."""
    return Refusal(403, Codes.FORBIDDEN, detail)


def invalid(pointer: str, message: str, code: str = Codes.VALIDATION) -> Refusal:
    """One value breaks a rule; `pointer` is a JSON pointer into the body."""
    error = FieldError(pointer=pointer, code=code, message=message)
    return Refusal(422, Codes.VALIDATION, message, errors=(error,))


def invalid_members(error: ValidationError) -> Refusal:
    """A model's complaints as one refusal, in plain words, with a pointer a member."""
    found = tuple(
        FieldError(
            pointer="/" + "/".join(str(part) for part in each["loc"]),
            code=each["type"],
            message=_in_words(each["type"], each["msg"], str(each["loc"][-1]) if each["loc"] else "request"),
        )
        for each in error.errors(include_url=False, include_input=False, include_context=False)
    )
    detail = found[0].message if found else "The request is not what it should be."
    return Refusal(422, Codes.VALIDATION, detail, errors=found)


def _in_words(kind: str, message: str, name: str) -> str:
    said = {
        "missing": f"{name} is missing.",
        "extra_forbidden": f"{name} is not known here.",
        "int_type": f"{name} must be a whole number.",
        "value_error": message.removeprefix("Value error, "),
    }
    return said.get(kind, f"{name}: {message[:1].lower()}{message[1:]}.")


def conflict(code: str, detail: str, **extra: Any) -> Refusal:
    """The state does not allow it."""
    return Refusal(409, code, detail, extra=extra)


def stops() -> Refusal:
    """The ledger is being stopped; another process, or this one in a moment, takes it."""
    return Refusal(
        503,
        Codes.MAINTENANCE,
        "The ledger is being stopped. Nothing was done.",
        retry_after_seconds=2,
        retry_same_key=True,
    )


def render(refusal: Refusal, instance: str | None) -> bytes:
    """The refusal as the bytes of a problem+json body (ERR-1); `instance` is the request's id."""
    problem: dict[str, Any] = {
        "type": f"urn:branchtui:problem:{refusal.code}",
        "title": refusal.code.replace("-", " ").capitalize(),
        "status": refusal.status,
        "detail": refusal.detail,
        "instance": instance,
        "code": refusal.code,
        "outcome": refusal.outcome.value,
        "retry": {
            "allowed": refusal.retry_after_seconds is not None or refusal.retry_same_key,
            "same_key": refusal.retry_same_key,
            "after_ms": None if refusal.retry_after_seconds is None else refusal.retry_after_seconds * 1_000,
        },
        "errors": [error.model_dump(mode="json", exclude_none=True) for error in refusal.errors],
    }
    problem.update(refusal.extra)
    return json.dumps(problem, ensure_ascii=False, separators=(",", ":"), default=_plain).encode()


def _plain(value: Any) -> Any:
    """What JSON does not know: models become objects, sets become lists."""
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json")
    if isinstance(value, set | frozenset):
        return sorted(value)
    return str(value)
