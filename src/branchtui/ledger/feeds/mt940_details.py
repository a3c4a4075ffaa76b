"""Field :86: of MT940: who paid and what for, in the structures that banks give it.

German and Polish banks write `166?00...?20...?32NAME`, others the same with another sign; Dutch banks write
`/NAME/.../REMI/...` or `/CNTP/account/bank/name/town/REMI/USTD//...`, or words in columns (`NAAM: ...
OMSCHRIJVING: ...`); MultiCash writes numbered lines (:NS:); the rest is free text. Lines are cut anywhere at
65 signs, so the structured ones are put together again as they were.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable

_NUMBERED: Final = re.compile(r"\s*[0-9]{3}([^0-9A-Za-z\s])[0-9]{2}", re.ASCII)
_WIDTH: Final = 27
"""Signs of a numbered part; a text that is longer goes on in the next."""
_SEPA: Final = re.compile(
    # Cooperative banks put a colon and a space behind the tag.
    r"(EREF|KREF|MREF|CRED|DEBT|COAM|OAMT|SVWZ|ABWA|ABWE|IBAN|BIC|ANAM|BREF|RREF|MTLG)(?:\+|: )",
    re.ASCII,
)
_KEYED: Final = re.compile(
    r"/(EREF|MARF|CSID|BENM|ORDP|NAME|REMI|TRTP|IBAN|BIC|ISDT|ULTD|ULTB|ADDR|PREF|PURP|ID|CNTP|RTRN|SVCL|ACNO|BAI)/"
)
_WORDED: Final = re.compile(
    r"\b(REK|IBAN|BIC|NAAM|OMSCHRIJVING|KENMERK|MACHTIGING|INCASSANT|BETALINGSKENM\.|VOOR)\s*:\s?"
)
_NUMBERED_LINE: Final = re.compile(r"([0-9]{2})(.*)", re.ASCII | re.DOTALL)
_PURPOSE: Final = frozenset({*(f"{n}" for n in range(20, 30)), *(f"{n}" for n in range(60, 64))})
_IN_WORDS: Final = frozenset("/-.,:;+()&'_")
"""Signs that stand between the digits of plain texts as well: `100/245`."""

_NAME: Final = ("32", "33")
_RETURNED: Final = frozenset({"108", "109", "159", "181"})
"""German business codes of SEPA payments that came back: direct debits and transfers that were returned, or refunded."""


class Details(NamedTuple):
    """What an entry says in words; empty where it says nothing.

    `has_reason`: it says why the money came back, as returns do. `is_returned`: its business code says that it did, if
    it is one of SEPA.
    """

    name: str
    purpose: str
    has_reason: bool = False
    is_returned: bool = False


def read_details(lines: list[str]) -> Details:
    """Name and purpose of the lines of one field :86:."""
    joined = "".join(lines)
    found = _NUMBERED.match(joined)
    if found is not None and (found[1] not in _IN_WORDS or _is_numbered(joined, found[1])):
        return _numbered(joined, found[1])
    if _KEYED.match(joined.lstrip()) or len(_KEYED.findall(joined)) > 1:
        return _keyed(joined)
    whole = " ".join(lines)
    return _worded(whole) if "NAAM:" in whole else Details("", whole)


def _is_numbered(text: str, sign: str) -> bool:
    """Whether a text that begins as `100/24` or `166-00` does is in numbered parts: the first is 00, and others follow."""
    parts = text.split(sign)[1:]
    return parts[0][:2] == "00" and any(each[:2] in _PURPOSE for each in parts[1:])


def read_lines(lines: list[str]) -> Details:
    """Name and purpose of the lines of one field :NS: of MultiCash, each under its number."""
    found = [each for line in lines if (each := _NUMBERED_LINE.fullmatch(line.strip()))]
    purpose = [each[2].strip() for each in found if 1 <= int(each[1]) <= 14]
    name = [each[2].strip() for each in found if each[1] in {"15", "16"}]
    return Details(" ".join(name), " ".join(purpose))


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
    # Polish banks write the name from 27 on; a purpose that comes so far has filled 26.
    names = ("27", "28", "29") if "27" in parts and "26" not in parts else ()
    told = sorted(_PURPOSE.intersection(parts).difference(names))
    purpose = _whole(parts[number] for number in told)
    tagged = _tagged(purpose)
    named = _NAME if any(number in parts for number in _NAME) else names[:2]
    name = tagged.get("ABWA") or " ".join(_whole(parts.get(number, "") for number in named).split())
    if tagged:
        purpose = tagged.get("SVWZ") or tagged.get("") or tagged.get("EREF") or tagged.get("MTLG") or ""
    return Details(name, purpose, is_returned=text.lstrip()[:3] in _RETURNED)


def _whole(parts: Iterable[str]) -> str:
    """Parts put together as they were: one that is full goes on in the next, another ends with its word."""
    return "".join(each if len(each) >= _WIDTH else f"{each} " for each in parts).strip()


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
        if not found.get(key):
            found[key] = said.strip("/ ") if key != "CNTP" else said
    party = found.get("CNTP", "").split("/")
    name = found.get("NAME") or (party[2] if len(party) > 2 else "")
    purpose = _remitted(found.get("REMI", "")) or found.get("EREF", "")
    return Details(name.strip(), purpose, has_reason="RTRN" in found)


def _remitted(said: str) -> str:
    """What was sent along: text, or a reference within its type and issuer (`STRD/CUR/...`)."""
    if said.startswith("USTD/"):
        return said[5:].strip("/ ")
    if said.startswith("STRD/") or "/CDTRREF/" in said:
        return said.rpartition("/")[2].strip()
    return said


def _worded(text: str) -> Details:
    pieces = _WORDED.split(text)
    found: dict[str, str] = {}
    for key, said in zip(pieces[1::2], pieces[2::2], strict=True):
        found.setdefault(key, said.strip(" /"))
    purpose = found.get("OMSCHRIJVING") or found.get("BETALINGSKENM.") or found.get("KENMERK")
    return Details(found.get("NAAM", ""), purpose or pieces[0].strip())
