"""A workbook (XLSX) as the text table that somebody would have saved it as (T-21; ledger, section 7).

The archive is looked at before anything is unpacked: its parts, what they claim to unpack to, no macros, no links
to other files, no formulas. A process of its own, with little memory and little time, then reads the first sheet.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
import weakref
import zipfile
import zlib
from typing import IO, TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

UNPACKED_BYTES_MAX: Final = 64 * 1024 * 1024
PARTS_MAX: Final = 1_000
READ_SECONDS: Final = 60
SEVERAL_SHEETS: Final = 3
HIDDEN_COLUMNS: Final = 4
HIDDEN_CELLS: Final = 5
"""How the reading process ends where more than one sheet holds something, or where columns or numbers are hidden."""

_ARCHIVE: Final = b"PK\x03\x04"
_OLD: Final = b"\xd0\xcf\x11\xe0"
_BLOCK_BYTES: Final = 256 * 1024
_SHEETS: Final = re.compile(r"xl/worksheets/[^/]+\.xml", re.IGNORECASE)
_FORMULA: Final = re.compile(rb"<(?:\w+:)?f[\s/>]")
_HIDDEN_ROW: Final = re.compile(
    rb"<(?:\w+:)?row\s[^>]{0,400}\b(?:hidden=[\"'](?:1|true)|ht=[\"']0(?:\.0+)?)[\"'][^>]{0,400}(?<!/)>"
)
_ERROR: Final = re.compile(rb"<(?:\w+:)?c\s[^>]{0,200}\bt=[\"']e[\"']")
_MERGED: Final = re.compile(
    rb"<(?:\w+:)?mergeCell\s[^>]{0,100}\bref=[\"']\$?[A-Z]+\$?(\d+):\$?[A-Z]+\$?(\d+)[\"']"
)
_FORMULA_BYTES: Final = 512
"""How much of a block is looked at again with the next one: a tag may lie on both."""
_ENCRYPTED: Final = 1
_PLACE_BYTES: Final = 100
"""What the reading process names is short: columns, or a cell."""


class WorkbookUnfit(ValueError):
    """What cannot be read as a table; `str()` is the sentence for a person."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def is_workbook(start: bytes) -> bool:
    """Whether a file that begins so is an archive, or an old or protected workbook: no text at all."""
    return start.startswith((_ARCHIVE, _OLD))


def as_text(
    chunks: Callable[[], Iterable[bytes]], *, may_merge: bool = False
) -> Callable[[], Iterator[bytes]]:
    """The sheet that is shown and holds something, as UTF-8 with commas: a function that gives its bytes from the beginning.

    Rows stay at their numbers. A date is written 2026-09-30, a number with all the digits that a sheet keeps (15),
    and as its format shows it where that says more than its value: 00042.
    `may_merge`: cells may be merged over several rows, of which the first alone keeps what stands there.

    Raises:
        WorkbookUnfit: no workbook, a protected or an old one, too large, damaged, or with macros, links, formulas,
            cells in error, rows, columns or numbers that are hidden, or merged cells where there may be none.
    """
    with tempfile.TemporaryFile() as packed:
        for at, chunk in enumerate(chunks()):
            if at == 0 and chunk.startswith(_OLD):
                said = (
                    "This workbook is protected by a password, or of the old kind (.xls). "
                    "Save it without a password as .xlsx or CSV."
                )
                raise WorkbookUnfit("not-a-table", said)
            packed.write(chunk)
        packed.seek(0)
        try:
            with zipfile.ZipFile(packed) as archive:
                _look_at(archive, may_merge=may_merge)
        except (
            zipfile.BadZipFile,
            zlib.error,
            OSError,
            EOFError,
            ValueError,
            NotImplementedError,
        ) as failure:
            if isinstance(failure, WorkbookUnfit):
                raise
            said = "This is no workbook that can be opened. Save it again as .xlsx, or as CSV."
            raise WorkbookUnfit("not-a-table", said) from failure
        packed.seek(0)
        return _read(packed)


def _look_at(archive: zipfile.ZipFile, *, may_merge: bool) -> None:
    """Refuse before anything is unpacked what need not be, and then count what really comes out."""
    parts = archive.infolist()
    names = {part.filename.lower() for part in parts}
    if "xl/workbook.xml" not in names:
        raise WorkbookUnfit(
            "not-a-table", "This is an archive and no workbook. Send a table, as .xlsx or CSV."
        )
    if any(part.flag_bits & _ENCRYPTED for part in parts):
        said = "This workbook is protected by a password. Save it without one."
        raise WorkbookUnfit("workbook-protected", said)
    if any("vbaproject" in name or name.startswith("xl/macrosheets/") for name in names):
        raise WorkbookUnfit("workbook-macros", "This workbook holds macros. Save it as .xlsx, or as CSV.")
    if any(name.startswith("xl/externallinks/") for name in names):
        said = "This workbook has links to other files. Copy its rows as values into a new one."
        raise WorkbookUnfit("workbook-links", said)
    if (
        len(names) != len(parts)
        or len(parts) > PARTS_MAX
        or sum(each.file_size for each in parts) > UNPACKED_BYTES_MAX
    ):
        raise _too_large()
    for part in parts:
        _count(archive, part, is_sheet=_SHEETS.fullmatch(part.filename) is not None, may_merge=may_merge)


def _count(archive: zipfile.ZipFile, part: zipfile.ZipInfo, *, is_sheet: bool, may_merge: bool) -> None:
    """A part must unpack to what it claims (the archive's own check sum holds that), and a sheet hold nothing but values."""
    behind = b""
    with archive.open(part) as opened:
        while block := opened.read(_BLOCK_BYTES):
            if is_sheet:
                _refuse_sheet(behind + block, may_merge=may_merge)
            behind = block[-_FORMULA_BYTES:]


def _refuse_sheet(block: bytes, *, may_merge: bool) -> None:
    """What a sheet may not hold, because a reader of its values would not see what a person sees."""
    if _FORMULA.search(block):
        said = "The sheet holds formulas. Paste its rows as values, or save it as CSV."
        raise WorkbookUnfit("workbook-formulas", said)
    if _HIDDEN_ROW.search(block):
        said = "The sheet hides rows that hold something. Show them or delete them, then save it again."
        raise WorkbookUnfit("workbook-hidden", said)
    if _ERROR.search(block):
        said = "The sheet holds cells in error, such as #N/A or #REF!. Correct or clear them, then save it again."
        raise WorkbookUnfit("workbook-errors", said)
    if may_merge:
        return
    for found in _MERGED.finditer(block):
        if found[1] != found[2]:
            said = (
                f"The sheet merges cells over rows {found[1].decode()} to {found[2].decode()}, of which the first "
                "alone keeps the value. Unmerge them and fill every row."
            )
            raise WorkbookUnfit("workbook-merged", said)


def _too_large() -> WorkbookUnfit:
    mib = UNPACKED_BYTES_MAX // 1024 // 1024
    return WorkbookUnfit(
        "workbook-too-large", f"This workbook unpacks to more than {mib} MiB, the most that is read."
    )


def _read(packed: IO[bytes]) -> _Text:
    """The sheet as text, by a process that has a minute and a gigabyte at most."""
    command = [sys.executable, "-I", "-m", "branchtui.ledger.feeds.workbook_reader"]
    with tempfile.TemporaryFile() as table:
        try:
            subprocess.run(  # noqa: S603 - starts our own program
                command,
                stdin=packed,
                stdout=table,
                stderr=subprocess.DEVNULL,
                timeout=READ_SECONDS,
                check=True,
            )
        except (subprocess.SubprocessError, OSError) as failure:
            code = failure.returncode if isinstance(failure, subprocess.CalledProcessError) else 0
            place = os.pread(table.fileno(), _PLACE_BYTES, 0).decode("ascii", "replace")
            raise _unread(code, place) from failure
        return _Text(os.dup(table.fileno()))


def _unread(code: int, place: str) -> WorkbookUnfit:
    """Why the reading process ended as it did; `place` is what it names."""
    if code == SEVERAL_SHEETS:
        said = "Several sheets of the workbook hold something. Keep the one to send, and hide or delete the others."
        return WorkbookUnfit("workbook-sheets", said)
    if code == HIDDEN_COLUMNS:
        said = f"The sheet hides columns that hold something: {place}. Show them or delete them, then save it again."
        return WorkbookUnfit("workbook-hidden", said)
    if code == HIDDEN_CELLS:
        said = f"A number format hides what stands in {place}. Show it or clear it, then save the workbook again."
        return WorkbookUnfit("workbook-hidden", said)
    said = "The sheet could not be read: it is damaged, or reaches over too many rows and columns. Save it as CSV."
    return WorkbookUnfit("workbook-unread", said)


class _Text:
    """The bytes of a file without a name, from the beginning each time; gone when nobody reads them any more."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        weakref.finalize(self, os.close, descriptor)

    def __call__(self) -> Iterator[bytes]:
        # By place and not by the file's own mark: a table is read by several at once.
        place = 0
        while block := os.pread(self._descriptor, _BLOCK_BYTES, place):
            place += len(block)
            yield block
