"""Where text for a printer goes: to the terminal's own printer, into a file, to a command, or on the screen alone."""

from __future__ import annotations

import asyncio
import shlex
from typing import TYPE_CHECKING, Final, Literal

from textual import work

from branchtui.remote.errors import FileProblem
from branchtui.screens.base import LedgerScreen
from branchtui.screens.rows import amount_in
from branchtui.terminal.gated_app import GatedApp
from branchtui.terminal.printing import printable
from branchtui.widgets.dialogs import MessageDialog

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence
    from pathlib import Path

    from branchtui.contract.receipts import PrintedReceipt

COMMAND_SECONDS: Final = 20.0
"""How long a print command may take: it hands the text to a queue."""

_WIDE: Final = 80
_NAMES_MAX: Final = 100


class NotPrinted(Exception):
    """The text did not reach the printer; `str()` is the sentence for the person."""


class PrinterScreen(LedgerScreen):
    """A screen that prints. What the ledger made is on the paper; where it goes is the operator's setting."""

    @property
    def paper_columns(self) -> Literal[40, 80]:
        """Characters in a line of the paper here: a till printer's, or a page's."""
        return 80 if self.desk.settings.print_columns >= _WIDE else 40

    @work(group="write")
    async def print_receipt(self, ask: Callable[[], Awaitable[PrintedReceipt]]) -> None:
        """Have the ledger make the receipt that `ask` asks for, and print it."""
        await self.printed(ask)

    async def printed(self, ask: Callable[[], Awaitable[PrintedReceipt]]) -> None:
        """The same, in a worker that does more."""
        receipt: PrintedReceipt | None = None
        async with self.outcome() as outcome:
            receipt = await ask()
            outcome.done(f"Receipt {receipt.receipt_no}.")
        if receipt is None:
            return
        copy = f"-copy-{receipt.copy_no}" if receipt.copy_no else ""
        said = f"receipt {receipt.receipt_no}{', copy ' + str(receipt.copy_no) if receipt.copy_no else ''}"
        await self.put_out(
            receipt.lines,
            f"receipt-{receipt.receipt_no}{copy}",
            f"{said} of {amount_in(receipt)}, check code {receipt.check_code}",
        )

    async def put_out(self, lines: Sequence[str], name: str, said: str) -> None:
        """Print `lines`, or show them where there is no printer; `name` is a file's, `said` what was printed."""
        settings = self.desk.settings
        if settings.printer == "none":
            self.say(f"No printer is set up here: {said} is shown only.", "warning")
            await self.app.push_screen(MessageDialog(name, list(lines)))
            return
        text = printable([*lines, *[""] * settings.print_feed], is_utf8=settings.print_utf8)
        try:
            where = await self._to_printer(text, name)
        except NotPrinted as problem:
            self.say(f"NOT printed: {said}. {problem}", "error")
            return
        self.say(f"Printed: {said}{where}.", "done")

    async def _to_printer(self, text: str, name: str) -> str:
        settings = self.desk.settings
        if settings.printer == "terminal":
            assert isinstance(self.app, GatedApp), "what the screens are made for"
            self.app.print_through(text)
            return ""
        if settings.printer == "file":
            return f" into {_filed(text, settings.print_folder or settings.imports, name)}"
        await _piped(text, settings.print_command or "")
        return ""


def _filed(text: str, folder: Path, name: str) -> Path:
    """Write a new file for this user alone; never over one that is there (SEC-6).

    Raises:
        NotPrinted: it cannot be written.
    """
    from branchtui.remote.files import new_file

    for number in range(1, _NAMES_MAX):
        path = folder / (f"{name}.txt" if number == 1 else f"{name}-{number}.txt")
        try:
            with new_file(path) as file:
                file.write(text.encode())
        except FileProblem as problem:
            if path.exists():
                continue
            raise NotPrinted(problem.sentence) from problem
        return path
    raise NotPrinted(f"There are too many of this name in {folder}.")


async def _piped(text: str, command: str) -> None:
    """Give the text to the operator's command on its standard input; no shell reads the command.

    Raises:
        NotPrinted: there is none, it does not start, it fails, or it takes too long.
    """
    try:
        arguments = shlex.split(command)
    except ValueError as error:
        raise NotPrinted("The print command of the settings cannot be read.") from error
    if not arguments:
        raise NotPrinted("The settings name no print command.")
    try:
        process = await asyncio.create_subprocess_exec(
            *arguments,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
        )
    except OSError as error:
        raise NotPrinted(f"{arguments[0]} cannot be started: {error.strerror}.") from error
    try:
        async with asyncio.timeout(COMMAND_SECONDS):
            await process.communicate(text.encode())
    except TimeoutError as error:
        process.kill()
        await process.wait()
        raise NotPrinted(f"{arguments[0]} did not end within {COMMAND_SECONDS:.0f} seconds.") from error
    if process.returncode:
        raise NotPrinted(f"{arguments[0]} failed ({process.returncode}).")
