"""How a sheet shows a number by its format (ECMA-376, part 1, 18.8.31), where that is something else than its value.

A key such as 00042 is often the number 42 under the format `00000`; whoever looks at the sheet means what it shows.
Of the program that reads workbooks: it imports nothing of ours.
"""

from __future__ import annotations

import operator
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_DIGITS_MAX: Final = 10**15
"""A sheet keeps fifteen digits; what is longer has lost some already."""
_TOKEN: Final = re.compile(
    r'"([^"]*)"|\\(.)|_.|\*.|\[\$([^\]-]*)[^\]]*\]|\[(<=|>=|<>|<|>|=)(-?[0-9.]+)\]|\[[^\]]*\]|(.)', re.DOTALL
)
_NAMES: Final = re.compile(r"[0-9]|[^\W_][-_/]")
"""What beside one digit makes another key of it: `"0"0`, `"CUST-"0`; `"KES "0` is a currency, `0"/="` a price."""
_SCALED: Final = re.compile(r"[0#?](,+)(?![0#?,])")
"""Commas behind the last digit, or in front of the point: each divides by a thousand."""
_PLACES: Final = "0#"
_LITERALS: Final = " -+()/:"
_MINUS: Final = ("-", "\u2212")
_SIDES: Final = frozenset({"dr", "cr", "d", "c", "debit", "credit"})
"""What beside the digits says on which side of an account a number stands."""
_TOLD_BY_SIGN: Final = 2
"""The section of a format for what is below zero, where its sections have no conditions of their own."""
_COMPARED: Final[dict[str, Callable[[float, float], bool]]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "=": operator.eq,
    "<>": operator.ne,
}


@dataclass(frozen=True, slots=True)
class Section:
    """One of the parts that a format has between semicolons: how it shows the numbers that it is for.

    `parts` are digits (empty) and what stands between them, `least` the digits that are always shown. `scale` is the
    word or sign behind a number that is shown as a part of a hundred or in thousands, `power` what it is multiplied
    with. `word`: it shows this and no number. `side`: it writes debit or credit beside the number. `is_below`: it writes a
    minus or brackets, whatever the number.
    """

    parts: tuple[str, ...] = ()
    least: int = 0
    power: float = 1
    scale: str = ""
    word: str = ""
    side: str = ""
    is_below: bool = False
    is_unseen: bool = False
    compared: tuple[str, float] | None = None

    @property
    def says_the_value(self) -> bool:
        """Whether it shows what the value says."""
        return not (self.parts or self.scale or self.word or self.side or self.is_below or self.is_unseen)

    def takes(self, value: float) -> bool:
        """Whether its condition holds, if it has one."""
        return self.compared is None or _COMPARED[self.compared[0]](value, self.compared[1])

    def shown(self, value: float) -> str | None:
        """The number as the sheet shows it; None where its value says the same."""
        if self.word or self.is_unseen:
            return self.word
        if self.side:
            return f"{value:.15g} {self.side}"
        if self.scale:
            return f"{value * self.power:.15g}{self.scale}"
        whole = int(value)
        if self.parts and whole == value and 0 <= whole < _DIGITS_MAX:
            return self._digits(whole)
        return f"-{value:.15g}" if self.is_below and value > 0 else None

    def _digits(self, whole: int) -> str:
        digits = str(whole).rjust(self.least, "0") if whole or self.least else ""
        places = sum(part == "" for part in self.parts)
        lead, digits = digits[: max(0, len(digits) - places)], digits[max(0, len(digits) - places) :]
        skipped, at, out = places - len(digits), 0, []
        for part in self.parts:
            if part:
                out.append(part)
            elif skipped:
                skipped -= 1
            else:
                out.append(lead + digits[at])
                lead, at = "", at + 1
        return "".join(out)


@dataclass(frozen=True, slots=True)
class Format:
    """The sections of a format: for what is above zero, below and zero, or each by its own condition."""

    sections: tuple[Section, ...]

    def hides(self, value: float) -> bool:
        """Whether nothing is seen of this number, though it is one; a zero that is not shown is a blank cell."""
        return value != 0 and self._of(value).is_unseen

    def shown(self, value: float) -> str | None:
        """The number as the sheet shows it; None where its value says the same."""
        section = self._of(value)
        if section.side and value < 0 and section is not self.sections[0] and section.compared is None:
            value = -value  # the section for what is below zero writes no minus of its own
        return section.shown(value)

    def _of(self, value: float) -> Section:
        sections = self.sections
        if any(each.compared for each in sections[:2]):
            return next((each for each in sections if each.takes(value)), Section())
        if value < 0 and len(sections) >= _TOLD_BY_SIGN:
            return sections[1]
        return sections[-1] if value == 0 and len(sections) > _TOLD_BY_SIGN else sections[0]


def format_of(code: str) -> Format | None:
    """What a format makes of numbers; None where it shows what the value says.

    Thousands separators, decimals and currencies are the writing of an amount: its value is what is meant.
    """
    if not code.strip():
        return None
    sections = tuple(_section(tokens) for tokens in _split(code)[:3])
    return None if all(each.says_the_value for each in sections) else Format(sections)


def _split(code: str) -> list[list[re.Match[str]]]:
    """The tokens of each section; the fourth is for texts."""
    sections: list[list[re.Match[str]]] = [[]]
    for found in _TOKEN.finditer(code):
        if found[6] == ";":
            sections.append([])
        else:
            sections[-1].append(found)
    return sections


def _section(tokens: Sequence[re.Match[str]]) -> Section:
    parts: list[str] = []
    signs = ""
    compared: tuple[str, float] | None = None
    for found in tokens:
        literal, sign = found[1] or found[2] or found[3], found[6]
        if found[4]:
            compared = found[4], float(found[5])
        elif literal:
            parts.append(literal)
            signs += "\0"
        elif sign:
            signs += sign
            parts.append("" if sign in _PLACES else sign)
    return _meaning(parts, signs, compared)


def _meaning(parts: list[str], signs: str, compared: tuple[str, float] | None) -> Section:
    """What a section shows, by its parts and the signs among them (NUL stands for a literal)."""
    literals = "".join(parts)
    if not literals.strip() and "" not in parts:
        return Section(is_unseen=True, compared=compared)
    if not signs.strip("\0" + _LITERALS):
        word = literals.strip() if any(letter.isalnum() for letter in literals) else ""
        return Section(word=word, compared=compared)
    if "%" in literals:
        return Section(power=100 if "%" in signs else 1, scale="%", compared=compared)
    if scaled := _SCALED.search(signs):
        many = len(scaled[1])
        return Section(power=1000.0**-many, scale=" " + " ".join(["thousand"] * many), compared=compared)
    if "" not in parts:
        return Section(compared=compared)
    first, last = parts.index(""), len(parts) - 1 - parts[::-1].index("")
    before, behind = "".join(parts[:first]), "".join(parts[last + 1 :])
    said = f"{before}{behind}".strip().removesuffix(".")
    if said.lower() in _SIDES:
        return Section(side=said, compared=compared)
    least = len("".join(sign for sign in signs if sign in _PLACES).lstrip("#"))
    is_key = least > 1 or any(_NAMES.search(each) for each in (before, "".join(parts[first:last]), behind))
    if not is_key or signs.strip("\0" + _PLACES + _LITERALS):
        return Section(is_below=_reads_as_below(before, behind), compared=compared)
    return Section(tuple(parts), least, is_below=_reads_as_below(before, behind), compared=compared)


def _reads_as_below(before: str, behind: str) -> bool:
    """Whether what stands round the digits says that a number is below zero."""
    before, behind = before.strip(), behind.strip()
    return before.startswith(_MINUS) or before.endswith(_MINUS) or behind in _MINUS or behind.startswith(")")
