"""What was keyed and fits into no request, in words: nothing of it is sent, and nothing of it is lost."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol, TypeVar

from branchtui.widgets.status_line import Level

Made = TypeVar("Made")


class KeyedForm(Protocol):
    """What is needed of the form that was sent."""

    def refused(self, errors: Mapping[str, str]) -> list[str]:
        """Show sentences beside their fields; the ones that belong to none come back."""
        ...

    def say(self, text: str, level: Level = "info") -> None:
        """Put a sentence under the form."""
        ...


def wrong_values(error: BaseException | None) -> dict[str, str]:
    """Sentences by JSON pointer where `error` says that a request could not be made; empty for any other error."""
    # It brings pydantic along, which the first paint does without.
    from pydantic import ValidationError

    if not isinstance(error, ValidationError):
        return {}
    return {
        "/" + "/".join(str(step) for step in one["loc"]): _sentence(one)
        for one in error.errors(include_url=False, include_input=False)
    }


def made_of(dialog: KeyedForm, make: Callable[[], Made]) -> Made | None:
    """The request that `make` makes of what a form holds; None, and the form says why, where none can be made of it."""
    from pydantic import ValidationError

    try:
        return make()
    except ValidationError as error:
        rest = dialog.refused(wrong_values(error))
        dialog.say(" ".join(rest) or "Look at the marked field. Nothing was sent.", "warning")
        return None


def _sentence(one: Any) -> str:
    limits = one.get("ctx", {})
    said = {
        "string_pattern_mismatch": "Letters A to Z, digits and . / - only, a letter or digit first.",
        "string_too_short": "This is too short.",
        "string_too_long": f"{limits.get('max_length')} characters at most.",
        "too_long": f"{limits.get('max_length')} at most.",
        "less_than_equal": f"{limits.get('le')} at most.",
        "greater_than_equal": f"{limits.get('ge')} at least.",
    }.get(one["type"], "This cannot be taken.")
    # A value within another has no field of its own, and the sentence stands under the form.
    return said if len(one["loc"]) == 1 else f"{str(one['loc'][-1]).replace('_', ' ').capitalize()}: {said}"
