"""Field :86: of MT940: who paid and what for, in the structures that banks give it.

German and Polish banks write `166?00...?20...?32NAME`, others the same with another sign; Dutch banks write
`/NAME/.../REMI/...`; the rest is free text. Lines are cut anywhere at 65 signs, so the structured ones are
put together again as they were.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple

_NUMBERED: Final = re.compile(r"\s*[0-9]{3}([^0-9A-Za-z\s])[0-9]{2}", re.ASCII)
_SEPA: Final = re.compile(
    r"(EREF|KREF|MREF|CRED|DEBT|COAM|OAMT|SVWZ|ABWA|ABWE|IBAN|BIC|ANAM|BREF|RREF|MTLG)\+", re.ASCII
)
_KEYED: Final = re.compile(
    r"/(EREF|MARF|CSID|BENM|ORDP|NAME|REMI|TRTP|IBAN|BIC|ISDT|ULTD|ULTB|ADDR|PREF|PURP|ID)/"
)
_PURPOSE: Final = frozenset({*(f"{n}" for n in range(20, 30)), *(f"{n}" for n in range(60, 64))})
_NAME: Final = ("32", "33")


class Details(NamedTuple):
    """What an entry says in words; empty where it says nothing."""

    name: str
    purpose: str


def read_details(lines: list[str]) -> Details:
    """Name and purpose of the lines of one field :86:."""
    joined = "".join(lines)
    found = _NUMBERED.match(joined)
    if found is not None:
        return _numbered(joined, found[1])
    if len(_KEYED.findall(joined)) > 1:
        return _keyed(joined)
    return Details("", " ".join(lines))


def _numbered(text: str, sign: str) -> Details:
    parts: dict[str, str] = {}
    last = ""
    for each in text.split(sign)[1:]:
        number, said = each[:2], each[2:]
        if len(number) == 2 and number.isdigit():
            parts[number] = parts.get(number, "") + said
            last = number
        elif parts:
            parts[last] += sign + each  # the sign stood in a text
    purpose = "".join(said for number, said in sorted(parts.items()) if number in _PURPOSE)
    tagged = _tagged(purpose)
    name = tagged.get("ABWA") or " ".join("".join(parts.get(number, "") for number in _NAME).split())
    if tagged:
        purpose = tagged.get("SVWZ") or tagged.get("") or tagged.get("EREF") or tagged.get("MTLG") or ""
    return Details(name, purpose)


def _tagged(purpose: str) -> dict[str, str]:
    """The parts of a SEPA purpose by their tags (`EREF+`); nothing where there are none."""
    pieces = _SEPA.split(purpose)
    if len(pieces) == 1:
        return {}
    found = {"": pieces[0]} if pieces[0].strip() else {}
    return found | dict(zip(pieces[1::2], pieces[2::2], strict=True))


def _keyed(text: str) -> Details:
    pieces = _KEYED.split(text)
    found: dict[str, str] = {}
    for key, said in zip(pieces[1::2], pieces[2::2], strict=True):
        found.setdefault(key, said.strip("/ "))
    return Details(found.get("NAME", ""), found.get("REMI") or found.get("EREF") or "")
