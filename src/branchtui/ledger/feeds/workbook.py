"""A workbook (XLSX) as the text table that somebody would have saved it as (T-21; ledger, section 7).

The archive is looked at before anything is unpacked: its parts, what they claim to unpack to, no macros, no links
to other files, no formulas. A process of its own, with little memory and little time, then reads the first sheet.
"""

from __future__ import annotations

import lzma
import os
import re
import subprocess
import sys
import tempfile
import weakref
import zipfile
import zlib
from typing import IO, TYPE_CHECKING, Final

from branchtui.ledger.feeds.workbook_ends import (
    HAS_ERRORS,
    HAS_FORMULAS,
    HAS_MERGED,
    HIDES_CELLS,
    HIDES_COLUMNS,
    HIDES_ROWS,
    MAY_MERGE,
    SEVERAL_SHEETS,
    TURNED_DAYS,
    TWO_WRITINGS,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

UNPACKED_BYTES_MAX: Final = 64 * 1024 * 1024
PARTS_MAX: Final = 1_000
READ_SECONDS: Final = 60
_ENDS: Final = {
    SEVERAL_SHEETS: (
        "workbook-sheets",
        "Several sheets of the workbook hold something. Keep the one to send, and hide or delete the others.",
    ),
    HIDES_COLUMNS: (
        "workbook-hidden",
        "The sheet hides columns that hold something: {}. Show them or delete them, then save it again.",
    ),
    HIDES_CELLS: (
        "workbook-hidden",
        "A number format hides what stands in {}. Show it or clear it, then save the workbook again.",
    ),
    HAS_FORMULAS: (
        "workbook-formulas",
        "The sheet holds formulas. Paste its rows as values, or save it as CSV.",
    ),
    HIDES_ROWS: (
        "workbook-hidden",
        "The sheet hides rows that hold something. Show them or delete them, then save it again.",
    ),
    HAS_ERRORS: (
        "workbook-errors",
        "The sheet holds cells in error, such as #N/A or #REF!. Correct or clear them, then save it again.",
    ),
    HAS_MERGED: (
        "workbook-merged",
        "The sheet merges cells over rows {}, of which the first alone keeps the value. Unmerge them and fill every row.",
    ),
    TWO_WRITINGS: (
        "workbook-writings",
        "Amounts are written in two ways: {} with a decimal comma. Make them all numbers, then save it again.",
    ),
    TURNED_DAYS: (
        "workbook-writings",
        "{} a text, and no date has a day above 12: days may have become months. Write them all one way, as texts: 2026-09-30.",
    ),
}
"""What is said by how the reading process ends; it names the place."""

_ARCHIVE: Final = b"PK\x03\x04"
_OLD: Final = b"\xd0\xcf\x11\xe0"
_BLOCK_BYTES: Final = 256 * 1024
_UTF_16: Final = (b"\xff\xfe", b"\xfe\xff", b"<\0", b"\0<")
"""How a part begins that is written in UTF-16: the library that reads sheets would find nothing in it."""
_READ: Final = re.compile(r"(?!customxml|docprops).*\.(?:xml|rels)$", re.IGNORECASE)
"""The parts that make up the sheets; programs keep what they want in the others, in UTF-16 too."""
_WORKBOOK: Final = re.compile(r"(?:^|/)workbook[0-9]*\.xml$")
"""Where programs put the part that names the sheets: mostly in the folder `xl`."""
_ENCRYPTED: Final = 1
_MARK_BYTES: Final = 2
_PLACE_BYTES: Final = 100
"""What the reading process names is short: columns, rows, or a cell."""


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
                _look_at(archive)
        except (
            zipfile.BadZipFile,
            zlib.error,
            lzma.LZMAError,
            OSError,
            EOFError,
            ValueError,
            NotImplementedError,
        ) as failure:
            if isinstance(failure, WorkbookUnfit):
                raise
            said = "This is no workbook that can be opened. Save it again as .xlsx, or as CSV."
            raise WorkbookUnfit("not-a-table", said) from failure
        return _read(packed, may_merge=may_merge)


def _look_at(archive: zipfile.ZipFile) -> None:
    """Refuse before anything is unpacked what need not be, and then count what really comes out."""
    parts = archive.infolist()
    names = {part.filename.replace("\\", "/").lower() for part in parts}
    if not any(map(_WORKBOOK.search, names)):
        raise WorkbookUnfit(
            "not-a-table", "This is an archive and no workbook. Send a table, as .xlsx or CSV."
        )
    if any(part.flag_bits & _ENCRYPTED for part in parts):
        said = "This workbook is protected by a password. Save it without one."
        raise WorkbookUnfit("workbook-protected", said)
    if any("vbaproject" in name or "macrosheets/" in name for name in names):
        raise WorkbookUnfit("workbook-macros", "This workbook holds macros. Save it as .xlsx, or as CSV.")
    if any("externallinks/" in name for name in names):
        said = "This workbook has links to other files. Copy its rows as values into a new one."
        raise WorkbookUnfit("workbook-links", said)
    if len(names) != len(parts):
        raise zipfile.BadZipFile  # which of two parts of one name is meant nobody knows
    if len(parts) > PARTS_MAX:
        said = f"This workbook has more than {PARTS_MAX:,} parts, the most that is read. Copy its rows into a new one."
        raise WorkbookUnfit("workbook-too-large", said)
    if sum(each.file_size for each in parts) > UNPACKED_BYTES_MAX:
        mib = UNPACKED_BYTES_MAX // 1024 // 1024
        said = f"This workbook unpacks to more than {mib} MiB, the most that is read."
        raise WorkbookUnfit("workbook-too-large", said)
    for part in parts:
        _count(archive, part)


def _count(archive: zipfile.ZipFile, part: zipfile.ZipInfo) -> None:
    """A part must unpack to what it claims (the archive's own check sum holds that)."""
    with archive.open(part) as opened:
        if opened.read(_MARK_BYTES) in _UTF_16 and _READ.match(part.filename):
            said = "This workbook is written in UTF-16, which is not read. Save it again as .xlsx, or as CSV."
            raise WorkbookUnfit("workbook-unread", said)
        while opened.read(_BLOCK_BYTES):
            pass


def _read(packed: IO[bytes], *, may_merge: bool) -> _Text:
    """The sheet as text, by a process that has a minute and a gigabyte at most."""
    command = [sys.executable, "-I", "-m", "branchtui.ledger.feeds.workbook_reader"]
    if may_merge:
        command.append(MAY_MERGE)
    # Of the file itself: a small one is in Python's buffer as a whole, whose own place alone `seek` would set.
    os.lseek(packed.fileno(), 0, os.SEEK_SET)
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
    if code in _ENDS:
        return WorkbookUnfit(_ENDS[code][0], _ENDS[code][1].format(place))
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
