"""The whole program over constants, with the driver it would choose by itself: `python -m tests.terminal.fixed_counter`.

Every terminal is to show the same pictures. No ledger, no clock; names with marks, wide letters and more rows
than fit.
"""

from __future__ import annotations

import sys
from typing import cast

from tests.screens import fixed

from branchtui.app import BranchApp
from branchtui.remote.client import Ledger
from branchtui.screens.desk import Credentials
from branchtui.settings import Settings
from branchtui.terminal.lean import Choice, choose

NAMES = (
    "Wanjiku Kamau",
    "Ngozi Ọ̀kọ́ńkwọ̀",
    "Ng\u0169g\u0129 wa Mwangi",
    "e\u0301le\u0300ve \u0301x",
    "山田 太郎",
    "ｗｉｄｅ 漢字",
    "สมชาย ใจดี",
    "יוסף",
    "عائشة",
    "A very long name indeed of Nakuru Ltd",
)


def fixed_counter(*, painting: Choice | None = None, ascii_only: bool = False) -> BranchApp:
    """The program, signed in at once."""
    setattr(fixed, "NAMES", tuple(f"{name} {turn}" for turn in range(5) for name in NAMES))  # noqa: B010 - a tuple of another length
    return BranchApp(
        Settings(ledger="https://ledger.example.org", ascii_only=ascii_only),
        open_ledger=lambda _: cast("Ledger", fixed.FixedLedger()),
        credentials=Credentials("teller", "made up"),
        now=lambda: fixed.NOW,
        painting=painting,
    )


if __name__ == "__main__":
    is_ascii = "--ascii" in sys.argv
    chosen = choose(ascii_only=is_ascii)
    assert chosen.driver_class is not None, chosen.reason
    app = fixed_counter(painting=chosen, ascii_only=is_ascii)
    app.run(mouse=False)
    sys.exit(app.return_code or 0)
