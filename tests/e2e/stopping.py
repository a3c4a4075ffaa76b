"""The terminal program, held at one point of its intent journal: `python -m tests.e2e.stopping ...`, as `branchtui ...`.

`STOP_AT` names the point, `sent:within` for example: a transition, and whether it is before the write, inside its
transaction or after it. Once there, the file `reached` appears in `STOP_FOLDER`, and the program waits for one byte
of that folder's pipe `go`.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from branchtui.cli import main
from branchtui.remote import client
from branchtui.remote.journal import IntentJournal

if TYPE_CHECKING:
    from branchtui.remote.intents import IntentState, Pending

REACHED, GO = "reached", "go"


class _Held(IntentJournal):
    """The journal as it is, with a halt in one transition."""

    _transition, _, _moment = os.environ.get("STOP_AT", "").partition(":")
    _folder = Path(os.environ.get("STOP_FOLDER", ""))
    _is_inside = False

    def prepare(self, pending: Pending) -> None:
        self._is_inside = self._transition == "prepare"
        self._at("before")
        super().prepare(pending)
        self._at("after")

    def move(self, key: str, state: IntentState) -> None:
        self._is_inside = self._transition == state.value
        self._at("before")
        super().move(key, state)
        self._at("after")

    def _write_heads(self) -> None:
        super()._write_heads()
        self._at("within")

    def _at(self, moment: str) -> None:
        reached = self._folder / REACHED
        if self._is_inside and moment == self._moment and not reached.exists():
            reached.touch()
            with (self._folder / GO).open("rb", buffering=0) as go:
                go.read(1)


if __name__ == "__main__":
    vars(client)["IntentJournal"] = _Held
    sys.exit(main())
