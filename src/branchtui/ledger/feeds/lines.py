"""The physical lines of a file, decoded while they are read: the file is never in memory as a whole."""

from __future__ import annotations

import io
import re
from collections import deque
from typing import TYPE_CHECKING, Final

from branchtui.ledger.feeds.finding import Finding, error

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

LINE_CHARACTERS_MAX: Final = 64 * 1024
_BUFFER_BYTES: Final = 64 * 1024
_BLOCK_CHARACTERS: Final = 32 * 1024
_PLAIN_CHARACTERS_MAX: Final = 4 * 1024
_END_OF_FILE: Final = "\x1a"

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
    `end` is how the last line ended, empty at the end of the file; `is_cut` says that the last line had no end.
    """

    def __init__(self, chunks: Iterable[bytes], codec: str) -> None:
        buffered = io.BufferedReader(_Bytes(chunks), _BUFFER_BYTES)
        errors = "strict" if codec.startswith("utf-16") else "surrogateescape"
        self._text = io.TextIOWrapper(buffered, encoding=codec, errors=errors, newline="")
        self._waiting: deque[str] = deque()
        self._rest = ""
        self._failed: BadLine | None = None
        self.end = ""
        self.is_cut = False
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
        if not self._waiting:
            self._fill()
        if not self._waiting:
            self.end = ""
            raise self._failed or StopIteration
        line = self._waiting.popleft()
        if len(line) > LINE_CHARACTERS_MAX and len(line.rstrip("\r\n")) > LINE_CHARACTERS_MAX:
            raise BadLine(
                error("line-too-long", f"This line is longer than {LINE_CHARACTERS_MAX // 1024} KiB.")
            )
        self.size += len(line)
        if "\0" in line:
            self.has_nul = True
        if "'" in line:
            self.has_guard = True
        if not line.isascii() and BAD_BYTES.search(line):
            self.has_bad_bytes = True
        self.end = "\r\n" if line.endswith("\r\n") else line[-1] if line[-1] in "\r\n" else ""
        self.is_cut = not self.end
        return line

    def plain(self) -> list[str] | None:
        """The next lines, many at once, if no single one needs a look; they come singly unless `took_plain` follows.

        Plain lines are short, end all the same way, and hold no NUL and no bytes that are no text.
        """
        if self._waiting:
            return None
        self._fill()
        return list(self._waiting) if self._waiting and _are_plain(self._waiting) else None

    def took_plain(self) -> None:
        """The lines that `plain` gave were read."""
        last = self._waiting[-1]
        self.end = "\r\n" if last.endswith("\r\n") else "\n"
        self._waiting.clear()

    def _fill(self) -> None:
        """Read on until there is a whole line, or nothing more. Of a line that is too long a beginning is kept."""
        while not self._waiting and self._failed is None:
            try:
                text = self._text.read(_BLOCK_CHARACTERS)
                while text.endswith("\r") and (following := self._text.read(1)):
                    text += following
            except UnicodeError:
                said = "The bytes here are not text in the file's encoding."
                self._failed = BadLine(error("encoding-end", said), ends=True)
                return
            if not text:
                # Old systems end a file with this sign, which is no row.
                self._waiting.extend([self._rest] if self._rest.strip(_END_OF_FILE) else [])
                self._rest = ""
                return
            self._waiting.extend(io.StringIO(self._rest + text, newline=""))
            whole = self._waiting[-1].endswith(("\n", "\r"))
            self._rest = "" if whole else self._waiting.pop()[: LINE_CHARACTERS_MAX + 1]


def _are_plain(lines: Iterable[str]) -> bool:
    text = "".join(lines)
    returns = text.count("\r")
    if returns and not returns == text.count("\r\n") == text.count("\n"):
        return False
    if not text.endswith("\n") or "\0" in text or max(map(len, lines)) > _PLAIN_CHARACTERS_MAX:
        return False
    return text.isascii() or BAD_BYTES.search(text) is None


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
