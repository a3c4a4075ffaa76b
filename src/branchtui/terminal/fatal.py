"""What is said when the program fails: a reference on the screen, the place in a file, no values anywhere (SEC-3)."""

from __future__ import annotations

import os
import secrets
import traceback
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Final

from rich.text import Text

_LETTERS: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_REFERENCE_LENGTH: Final = 6


def _new_reference() -> str:
    return "".join(secrets.choice(_LETTERS) for _ in range(_REFERENCE_LENGTH))


class FatalReport:
    """Writes where it failed to `folder` (None: the user's state directory), and says the reference."""

    def __init__(self, folder: Path | None, new_reference: Callable[[], str] = _new_reference) -> None:
        self._folder = folder
        self._new_reference = new_reference

    def report(self, error: BaseException | None) -> Text:
        """The text for the person; the file holds files, lines and functions, and neither values nor messages."""
        reference = self._new_reference()
        kind = "an unknown failure" if error is None else type(error).__name__
        where = self._write(reference, error)
        kept = f" Where it failed is in {where}." if where else ""
        return Text(
            f"branchtui stopped: {kind}, reference {reference}.{kept}\n"
            "What you had sent is safe in the ledger. Sign in again: Activity shows what went through."
        )

    def _write(self, reference: str, error: BaseException | None) -> Path | None:
        if error is None:
            return None
        # The message of an error may quote a name or a phone; its place never does.
        lines = [f"{type(error).__name__}\n"]
        lines += [
            f"{frame.filename}:{frame.lineno} {frame.name}\n"
            for frame in traceback.extract_tb(error.__traceback__)
        ]
        with suppress(OSError):
            folder = self._folder or _state_folder()
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            path = folder / f"failure-{reference}.txt"
            handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.writelines(lines)
            return path
        return None


def _state_folder() -> Path:
    import platformdirs

    return platformdirs.user_state_path("branchtui", appauthor=False)
