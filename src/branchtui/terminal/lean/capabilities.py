"""What the terminal can do, from terminfo, and whether the program can use it at all."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

DUMB: Final = (
    "TERM={term}: this terminal cannot place text on the screen, so branchtui cannot draw on it. "
    "Nothing was started. Use a terminal window, or set TERM to what yours is, for example TERM=xterm."
)
_NO_TERM: Final = (
    "TERM is not set, so branchtui cannot know how to draw. Nothing was started. "
    "Set TERM to what your terminal is, for example TERM=xterm."
)


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What may be sent besides text, `CUP`, `EL` and `SGR`, which every terminal we draw on has.

    `rep`: repeat the last character, `rep_any`: also one that is not ASCII (tmux does not). `ech`: erase characters. `bce`: erasing takes the background.
    `regions`: scroll regions; `indn`: scroll by many lines at once. `hpa`/`vpa`: move to a column/row.
    `colours`: 0, 8, 16, 256 or 2**24. `reflows`: another width wraps the lines that stand there anew.
    """

    rep: bool = False
    rep_any: bool = False
    ech: bool = False
    bce: bool = False
    regions: bool = False
    indn: bool = False
    hpa: bool = False
    vpa: bool = False
    colours: int = 8
    reflows: bool = False


XTERM: Final = Capabilities(
    rep=True,
    rep_any=True,
    ech=True,
    bce=True,
    regions=True,
    indn=True,
    hpa=True,
    vpa=True,
    colours=256,
)
# For hosts whose terminfo lacks an entry: families by the beginning of TERM, longest first.
_FAMILIES: Final = {
    "putty": Capabilities(ech=True, bce=True, regions=True, indn=True, hpa=True, vpa=True, colours=8),
    "xterm": Capabilities(ech=True, bce=True, regions=True, indn=True, hpa=True, vpa=True, colours=8),
    "tmux": Capabilities(regions=True, indn=True, hpa=True, vpa=True, colours=8),
    "screen": Capabilities(regions=True, hpa=True, vpa=True, colours=8),
    "linux": Capabilities(ech=True, bce=True, regions=True, hpa=True, vpa=True, colours=8),
    "vt": Capabilities(regions=True, colours=0),
}
_LEAST: Final = Capabilities(colours=8)

Lookup = Callable[[str], "bytes | int | bool | None"]
"""Answers a terminfo name: a flag, a number or a string; None when the terminal has no such entry."""


def unusable(environment: Mapping[str, str]) -> str | None:
    """The sentence for a person whose terminal cannot be drawn on; None when it can."""
    term = environment.get("TERM", "")
    if not term:
        return _NO_TERM
    return DUMB.format(term=term) if term in {"dumb", "unknown"} else None


def capabilities(environment: Mapping[str, str], lookup: Lookup | None = None) -> Capabilities:
    """What the terminal named by TERM can do; `lookup` stands in for the system's terminfo.

    A string capability counts only when it is the ECMA-48 sequence that the painter would send. COLORTERM
    and a TERM ending in `-256color` or `-direct` may raise the number of colours, NO_COLOR takes them all.
    """
    term = environment.get("TERM", "")
    find = lookup or _terminfo(term)
    known = _by_terminfo(find) if find else _by_name(term)
    return Capabilities(
        rep=known.rep,
        rep_any=known.rep,
        ech=known.ech,
        bce=known.bce,
        regions=known.regions,
        indn=known.indn,
        hpa=known.hpa,
        vpa=known.vpa,
        colours=_colours(known.colours, term, environment),
        # GNU screen has no alternate screen unless told, and wraps what is on its only one.
        reflows=term.startswith("screen"),
    )


def _by_terminfo(find: Lookup) -> Capabilities:
    def sends(name: str, sequence: bytes) -> bool:
        found = find(name)
        return isinstance(found, bytes) and found.partition(b"$<")[0] == sequence

    number = find("colors")
    return Capabilities(
        rep=sends("rep", b"%p1%c\x1b[%p2%{1}%-%db"),
        ech=sends("ech", b"\x1b[%p1%dX"),
        bce=find("bce") is True,
        regions=sends("csr", b"\x1b[%i%p1%d;%p2%dr"),
        indn=sends("indn", b"\x1b[%p1%dS") and sends("rin", b"\x1b[%p1%dT"),
        hpa=sends("hpa", b"\x1b[%i%p1%dG"),
        vpa=sends("vpa", b"\x1b[%i%p1%dd"),
        colours=number if isinstance(number, int) and not isinstance(number, bool) else 0,
    )


def _by_name(term: str) -> Capabilities:
    return next((known for name, known in _FAMILIES.items() if term.startswith(name)), _LEAST)


def _colours(told: int, term: str, environment: Mapping[str, str]) -> int:
    if environment.get("NO_COLOR"):
        return 0
    if environment.get("COLORTERM") in {"truecolor", "24bit"} or term.endswith("-direct") or told > 256:
        return 1 << 24
    if term.endswith("-256color") or told == 256:
        return 256
    # Every xterm, PuTTY and tmux of this century shows the bright eight, whatever its old entry says.
    if told >= 16 or term.startswith(("xterm", "putty", "tmux", "screen", "rxvt")):
        return 16
    return 8 if told >= 8 else 0


def _terminfo(term: str) -> Lookup | None:
    """The system's terminfo, or None when it does not know the terminal."""
    import curses
    import os

    # Only the first call in a process counts, hence one terminal a process; a descriptor is asked for, not used.
    descriptor = os.open(os.devnull, os.O_RDWR)
    try:
        curses.setupterm(term, descriptor)
    except curses.error:
        return None
    finally:
        os.close(descriptor)

    def find(name: str) -> bytes | int | bool | None:
        if name == "bce":
            return curses.tigetflag(name) == 1
        return curses.tigetnum(name) if name == "colors" else curses.tigetstr(name)

    return find
