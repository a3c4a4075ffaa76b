"""Rhythms of settlement as a person keys them: `10 days`, `3 weeks mon`, `month last fri`, `last day of the month`."""

from __future__ import annotations

import re
from typing import Final

WEEKDAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_NTH: Final = {
    "first": "1",
    "1st": "1",
    "second": "2",
    "2nd": "2",
    "third": "3",
    "3rd": "3",
    "fourth": "4",
    "4th": "4",
    "fifth": "5",
    "5th": "5",
    "last": "last",
}
_UNIT = re.compile(r"(day|week|month)s?")
_NUMBER = re.compile(r"[0-9]{1,3}")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_FILLERS: Final = frozenset({"the", "of", "on", "a", "and", "from"})
_HOW: Final = "Key it as 10 days, 3 weeks mon, month last fri, month day 31, last day of the month."
_KEYED_LENGTH_MAX: Final = 80


class RhythmError(ValueError):
    """A keyed rhythm that is none; `str()` is the sentence for the person."""


def parse_rhythm(text: str) -> dict[str, str]:
    """The members of a rhythm that was keyed: `every`, `unit`, and `weekday`, `nth`, `day_of_month`, `anchor`.

    Reads what the ledger says of a rhythm in words, and the short forms. Whether the members go together is the
    ledger's to say.

    Raises:
        RhythmError: with the sentence for the person.
    """
    if len(text) > _KEYED_LENGTH_MAX:
        raise RhythmError(f"This is too long. {_HOW}")
    words = [word for word in re.split(r"[\s,]+", text.strip().lower()) if word and word not in _FILLERS]
    found: dict[str, str] = {}
    for place, word in enumerate(words):
        _take(word, words[place + 1 : place + 2], words[:place], found)
    if "unit" not in found and "weekday" in found:
        found["unit"] = "week"
    if "unit" not in found:
        raise RhythmError(f"{text.strip()} is no rhythm. {_HOW}")
    found.setdefault("every", "1")
    # "First Monday after every 3 weeks": the first on or after each, which is what a weekday alone means.
    if found.get("nth") == "1" and (found["unit"] != "month" or "after" in words):
        del found["nth"]
    return found


def _take(word: str, following: list[str], before: list[str], found: dict[str, str]) -> None:
    """Read one word of a rhythm."""
    unit = _UNIT.fullmatch(word)
    if word in {"every", "after"}:
        return
    if word in _NTH:
        found["nth"] = _NTH[word]
    elif word == "day" and following and _NUMBER.fullmatch(following[0]):
        found["day_of_month"] = following[0]
    elif word == "day" and "nth" in found and "weekday" not in found:
        return
    elif unit is not None:
        found.setdefault("unit", unit[1])
    elif any(word.startswith(day) for day in WEEKDAYS):
        found["weekday"] = word[:3]
    elif _DAY.fullmatch(word):
        found["anchor"] = word
    elif _NUMBER.fullmatch(word):
        if before and before[-1] == "day":
            return
        if "unit" in found and (not following or not _UNIT.fullmatch(following[0])):
            found["day_of_month"] = word
        else:
            found["every"] = word
            if following and (named := _UNIT.fullmatch(following[0])):
                found["unit"] = named[1]
    else:
        raise RhythmError(f"{word}: this is not understood. {_HOW}")
