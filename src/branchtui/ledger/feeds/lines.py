"""The physical lines of a file, decoded while they are read: the file is never in memory as a whole."""

from __future__ import annotations

import io
import re
from typing import TYPE_CHECKING, Final

from branchtui.ledger.feeds.finding import Finding, error

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

LINE_CHARACTERS_MAX: Final = 64 * 1024
_BUFFER_BYTES: Final = 64 * 1024

BAD_BYTES: Final = re.compile("[\udc80-\udcff]+")
"""How bytes that are no text in the file's encoding read."""


class BadLine(Exception):
    """A line that cannot be handed on; reading may go on behind it unless it `ends` the file."""

    def __init__(self, finding: Finding, *, ends: bool = False) -> None:
        super().__init__(finding.message)
        self.finding = finding
        self.ends = ends


class Lines:
    """An iterator over lines with their ends; LF, CR LF and CR each end one.

    `size` counts the characters since `begin`, `has_nul` says that a NUL was among them, `has_guard`
    that a `'` was, `has_bad_bytes` that bytes stood there which are no text in the file's encoding (they read as lone surrogates);
    `end` is how the last line ended, empty at the end of the file.
    """

    def __init__(self, chunks: Iterable[bytes], codec: str) -> None:
        buffered = io.BufferedReader(_Bytes(chunks), _BUFFER_BYTES)
        errors = "strict" if codec.startswith("utf-16") else "surrogateescape"
        self._text = io.TextIOWrapper(buffered, encoding=codec, errors=errors, newline="")
        self.end = ""
        self.begin()

    def begin(self) -> None:
        """A new record starts with the next line."""
        self.size = 0
        self.has_nul = False
        self.has_guard = False
        self.has_bad_bytes = False

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        try:
            line = self._text.readline(LINE_CHARACTERS_MAX + 2)
            if len(line) > LINE_CHARACTERS_MAX:
                self._refuse_long(line)
        except UnicodeError as failure:
            raise BadLine(
                error("encoding-end", "The bytes here are not text in the file's encoding."), ends=True
            ) from failure
        if not line:
            raise StopIteration
        self.size += len(line)
        if "\0" in line:
            self.has_nul = True
        if "'" in line:
            self.has_guard = True
        if not line.isascii() and BAD_BYTES.search(line):
            self.has_bad_bytes = True
        self.end = "\r\n" if line.endswith("\r\n") else line[-1] if line[-1] in "\r\n" else ""
        return line

    def _refuse_long(self, line: str) -> None:
        """Skip what is left of a line that is too long, and say so."""
        if line.rstrip("\r\n") != line and len(line.rstrip("\r\n")) <= LINE_CHARACTERS_MAX:
            return
        while line and not line.endswith(("\n", "\r")):
            line = self._text.readline(_BUFFER_BYTES)
        raise BadLine(error("line-too-long", f"This line is longer than {LINE_CHARACTERS_MAX // 1024} KiB."))


class _Bytes(io.RawIOBase):
    """An iterable of chunks as a raw stream."""

    def __init__(self, chunks: Iterable[bytes]) -> None:
        super().__init__()
        self._chunks = iter(chunks)
        self._rest = memoryview(b"")

    def readable(self) -> bool:
        """It is read, never written."""
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]  # the stub has a private Buffer
        """Fill `buffer` from the next chunk; 0 at the end."""
        while not self._rest:
            following = next(self._chunks, None)
            if following is None:
                return 0
            self._rest = memoryview(following)
        size = min(len(buffer), len(self._rest))
        buffer[:size] = self._rest[:size]
        self._rest = self._rest[size:]
        return size
