"""Passwords that everybody tries first: the common ones, words of this house, what an institution adds (AUTH-2)."""

from __future__ import annotations

import os
from functools import lru_cache
from pathlib import Path
from typing import Final

MORE: Final = "BRANCHTUI_LEDGER_BAD_PASSWORDS"
"""Names a file of further passwords, one a line: those of a breach, the names of the institution."""

MORE_MAX: Final = 1_000_000
_LEAST_SIGNS: Final = 4
_WORDS: Final = frozenset(
    "admin administrator auditor bank branch branchtui changeme default ledger login mpesa password sacco secret "
    "supervisor teller welcome".split()
)
_ROWS: Final = (
    "abcdefghijklmnopqrstuvwxyz",
    "01234567890",
    "qwertyuiopasdfghjklzxcvbnm",
    "1qaz2wsx3edc4rfv5tgb6yhn",
)
_RUNS: Final = tuple(row * 12 for row in _ROWS) + tuple(row[::-1] * 12 for row in _ROWS)
_TRIMMED: Final = "0123456789 !\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~"
_WITHOUT: Final = str.maketrans("", "", _TRIMMED)


def is_easy(password: str, username: str) -> bool:
    """Whether a password is one that is guessed early, itself or with a little around it.

    That is: a common one or the user's name, as it is, several times over, or between digits and signs; a
    run along the alphabet or the keyboard; fewer than four different characters.
    """
    folded, name = password.casefold(), username.casefold()
    if len(set(folded)) < _LEAST_SIGNS or any(folded in run for run in _RUNS):
        return True
    lists = (_common(), _more(os.environ.get(MORE, "")), _WORDS, {name})
    letters = folded.translate(_WITHOUT)
    parts = {folded, folded.strip(_TRIMMED), letters, folded.replace(name, "") if name else folded}
    parts |= {_repeated(each) for each in parts}
    return any(not part.strip(_TRIMMED) or any(part in each for each in lists) for part in parts)


def _repeated(text: str) -> str:
    """The shortest part that, several times over, is the text; the text itself when there is none."""
    period = (text + text).find(text, 1)
    return text[:period] if 0 < period < len(text) else text


@lru_cache(maxsize=1)
def _common() -> frozenset[str]:
    return _lines(Path(__file__).with_name("common_passwords.txt"))


@lru_cache(maxsize=1)
def _more(path: str) -> frozenset[str]:
    return _lines(Path(path)) if path else frozenset()


def _lines(path: Path) -> frozenset[str]:
    """The passwords of a file, folded.

    Raises:
        OSError: it cannot be read.
        ValueError: it is too long to be kept in memory.
    """
    found: set[str] = set()
    with path.open(encoding="utf-8", errors="replace") as lines:
        for line in lines:
            if len(found) >= MORE_MAX:
                raise ValueError(f"{path} holds more than {MORE_MAX:,} passwords.")
            if not line.startswith("# "):
                found.add(line.rstrip("\r\n").casefold())
    return frozenset(found)
