"""What every wire model is: frozen and strict; requests forbid unknown members, answers ignore them."""

from __future__ import annotations

import re
from datetime import date
from enum import StrEnum
from typing import Annotated, Any, Final

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationInfo,
    field_validator,
)

PATIENT_SECONDS: Final = 30.0
"""How long the ledger works on a read that must be exact however much it goes through; other reads have ten."""


class OpenEnum(StrEnum):
    """An enumeration that may grow: a value an older terminal does not know reads as `other`.

    Every subclass declares `OTHER = "other"`. Requests refuse it (contract, section 1).
    """

    @classmethod
    def _missing_(cls, value: object) -> OpenEnum | None:
        return cls.__members__.get("OTHER") if isinstance(value, str) else None


class Wire(BaseModel):
    """A frozen, strict model. Units stand in the member names."""

    model_config = ConfigDict(frozen=True, strict=True, extra="ignore", populate_by_name=True)


class Answer(Wire):
    """What the ledger says. Unknown members are ignored, so that a ledger may be newer than its terminal."""

    # The ledger always says all of them, and its document tells so.
    model_config = ConfigDict(json_schema_serialization_defaults_required=True)


class Request(Wire):
    """What a client asks. Unknown members and unknown enumeration values are refused (VAL-2)."""

    model_config = ConfigDict(extra="forbid")

    @field_validator("*")
    @classmethod
    def _refuse_unknown_enumeration_values(cls, value: Any, info: ValidationInfo) -> Any:
        if _is_unknown(value):
            raise ValueError(f"{info.field_name}: this value is not known.")
        return value


def _is_unknown(value: Any) -> bool:
    """Whether this is, or a list or the names of an object hold, what an enumeration does not know."""
    if isinstance(value, OpenEnum):
        return value.name == "OTHER"
    if not isinstance(value, list | tuple | dict) or not isinstance(next(iter(value), None), OpenEnum):
        return False  # all of a list are of one kind, and it may hold thousands of numbers
    return any(_is_unknown(each) for each in value)


Id = Annotated[str, StringConstraints(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9_-]+$")]
"""An opaque identifier; ours are UUIDv7."""

Number = Annotated[
    str, StringConstraints(min_length=1, max_length=20, pattern=r"^[A-Za-z0-9][A-Za-z0-9./-]*$")
]
"""A number that people type: text of at most 20 ASCII characters, leading zeros kept."""

Version = Annotated[int, Field(ge=1)]
"""Grows by one with each change; the strong ETag is this number in quotes (CONC-1)."""

TRIMMED = Field(json_schema_extra={"x-trimmed": True})
"""Says in the API document that spaces around it are dropped, and that some text has to be left."""

Name = Annotated[str, StringConstraints(min_length=1, max_length=140, strip_whitespace=True), TRIMMED]
Memo = Annotated[str, StringConstraints(max_length=500)]
Reason = Annotated[str, StringConstraints(min_length=1, max_length=500, strip_whitespace=True), TRIMMED]
Code = Annotated[str, StringConstraints(min_length=1, max_length=64)]

MAX_AMOUNT_MINOR = 10**15
"""The largest amount of one movement, in minor units (VAL-1)."""

COUNTED_MAX = 2**63 - 1
"""The most that the balance of an account, or the sum of a file, can be either way, in minor units."""

AmountMinor = Annotated[int, Field(ge=1, le=MAX_AMOUNT_MINOR)]
"""A movement: a positive whole number of the currency's smallest unit; never a float."""

BalanceMinor = int
"""What is held or owed, in minor units; may be negative."""

_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_WHOLE = re.compile(r"[0-9]{1,16}")  # as many as the largest amount has


def _written_as_a_day(value: Any) -> Any:
    """Only `YYYY-MM-DD` is a day in a text: pydantic also takes `"0"`, for the first of January 1970."""
    if not isinstance(value, str):
        return value
    if not _DAY.fullmatch(value):
        raise ValueError("Write the day as YYYY-MM-DD.")
    try:
        return date.fromisoformat(value)
    except ValueError as error:
        raise ValueError("There is no such day.") from error


def _written_as_a_flag(value: Any) -> Any:
    """Only `true` and `false` are a choice in a parameter: pydantic also takes `yes`, `on` and `1`."""
    if not isinstance(value, str):
        return value
    if value not in {"true", "false"}:
        raise ValueError("Write true or false.")
    return value == "true"


def _written_as_digits(value: Any) -> Any:
    """Only digits are a number in a parameter: pydantic also takes `1_0` and `10.0`."""
    if not isinstance(value, str):
        return value
    if not _WHOLE.fullmatch(value):
        raise ValueError("Write a whole number in digits.")
    return int(value)


Day = Annotated[date, BeforeValidator(_written_as_a_day)]
"""A calendar day, `YYYY-MM-DD`, in what is asked."""

Whole = Annotated[int, BeforeValidator(_written_as_digits)]
"""A whole number in a query, in ASCII digits."""

Flag = Annotated[bool, BeforeValidator(_written_as_a_flag)]
"""Yes or no in a query: `true` or `false`."""

Currency = Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]
"""ISO 4217."""


class RefusedAction(Answer):
    """Why an action may not be done to a resource now, by this user.

    `approval` names what `POST /v1/approvals` may be asked for instead, where a second person can allow it.
    """

    code: str
    message: str
    approval: str | None = None


class Resource(Answer):
    """A mutable resource: its version, what this user may do to it now, and why not the rest."""

    id: str
    version: int
    actions: tuple[str, ...] = ()
    refused: dict[str, RefusedAction] = {}

    def allows(self, action: str) -> bool:
        """Whether the ledger offers `action` on this resource to this user, as of this answer."""
        return action in self.actions
