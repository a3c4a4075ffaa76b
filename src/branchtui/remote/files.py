"""Local files that go to the ledger and come from it."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Final, Self

from branchtui.remote.errors import FileProblem

UPLOAD_BYTES_MAX: Final = 64 * 1024 * 1024
"""The largest file that is sent (limits of the ledger's section 7)."""


class Source:
    """A file to send: read piece by piece at any offset, its digest known before the first byte goes out."""

    def __init__(self, path_or_bytes: Path | str | bytes) -> None:
        try:
            self._open(path_or_bytes)
        except OSError as error:
            raise FileProblem(f"{path_or_bytes!s} cannot be read: {error.strerror}.") from error

    def _open(self, path_or_bytes: Path | str | bytes) -> None:
        self._bytes = path_or_bytes if isinstance(path_or_bytes, bytes) else None
        self._file: BinaryIO | None = None
        if isinstance(path_or_bytes, bytes):
            self.length = len(path_or_bytes)
            self.sha256 = hashlib.sha256(path_or_bytes).hexdigest()
        else:
            # Non-blocking: a pipe in the place of a file must not hang the terminal.
            descriptor = os.open(path_or_bytes, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
            self._file = os.fdopen(descriptor, "rb")
            found = os.fstat(descriptor)
            if not stat.S_ISREG(found.st_mode):
                self.close()
                raise FileProblem(f"{path_or_bytes} is no file.")
            self.length = found.st_size
            if self.length <= UPLOAD_BYTES_MAX:
                self.sha256 = hashlib.file_digest(self._file, "sha256").hexdigest()
        if self.length > UPLOAD_BYTES_MAX:
            self.close()
            raise FileProblem(
                f"The file has {self.length // 1024 // 1024:,} MiB; "
                f"{UPLOAD_BYTES_MAX // 1024 // 1024} MiB is the most. Nothing was sent."
            )

    def read(self, offset: int, count: int) -> bytes:
        """`count` bytes from `offset`, fewer at the end.

        Raises:
            FileProblem: the file is not the one it was when it was opened.
        """
        if self._file is None:
            assert self._bytes is not None
            return self._bytes[offset : offset + count]
        wanted = min(count, self.length - offset)
        piece = os.pread(self._file.fileno(), wanted, offset)
        if len(piece) != wanted:
            raise FileProblem("The file changed while it was sent. Send it again.")
        return piece

    def close(self) -> None:
        """Let go of the file."""
        if self._file is not None:
            self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


@contextmanager
def new_file(path: Path) -> Iterator[BinaryIO]:
    """A file that did not exist, for this user alone (0600); gone again when the body fails (SEC-6).

    Neither an existing file nor a link in its place is ever written to.

    Raises:
        FileProblem: with the sentence for the person.
    """
    try:
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        file = os.fdopen(os.open(path, flags, 0o600), "wb")
    except FileExistsError:
        raise FileProblem(f"{path} exists already and was left as it is. Give another name.") from None
    except OSError as error:
        raise FileProblem(f"{path} cannot be written: {error.strerror}.") from error
    try:
        with file:
            yield file
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        path.unlink(missing_ok=True)
        raise FileProblem(f"{path} cannot be written: {error.strerror}.") from error
    except BaseException:
        path.unlink(missing_ok=True)
        raise
