"""What many an emulator names in its terminfo and does not know is used once the terminal has proved it (REP, SU)."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from branchtui.terminal.lean.capabilities import Capabilities

TRIAL: Final = "\x1b[H \x1b[2b\u2500\x1b[2b"
"""A blank and a line, each twice again by REP: where the cursor then is tells which of them were repeated."""
TRIAL_ASCII: Final = "\x1b[H \x1b[2b \x1b[2b"
"""The same without the line."""
TRIAL_OVER: Final = "\r\x1b[K"
_ALL_REPEATED: Final = 6
_ASCII_REPEATED: Final = 4


def unproven(caps: Capabilities) -> Capabilities:
    """What may be used of `caps` before the terminal has answered the trial."""
    return replace(caps, rep=False, rep_any=False, indn=caps.indn and not caps.rep)


def proven(caps: Capabilities, column: int) -> Capabilities:
    """What may be used after the answer: the cursor stood in `column`, from 0."""
    if column not in {_ALL_REPEATED, _ASCII_REPEATED}:
        return unproven(caps)
    return replace(caps, rep_any=caps.rep_any and column == _ALL_REPEATED)
