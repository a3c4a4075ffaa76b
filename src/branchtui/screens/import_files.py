"""Files of the import folder, and of no other place: nothing outside it, and no link, is ever opened (T-28)."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from branchtui.remote.errors import FileProblem
from branchtui.remote.files import UPLOAD_BYTES_MAX

NAMES_MAX: Final = 100
_LINK_ERRORS: Final = frozenset({errno.ELOOP, errno.EMLINK})


def read_inside(folder: Path, typed: str, *, most: int = UPLOAD_BYTES_MAX) -> tuple[Path, bytes]:
    """The file that `typed` names below `folder`, with its bytes, `most` of them.

    Every step of the way is opened by itself and never through a link, so that what was checked is what is read.

    Raises:
        FileProblem: with the sentence for the person.
    """
    parts = parts_inside(folder, typed)
    ground = folder.resolve()
    shown = "/".join(parts)
    try:
        with _opened(ground, parts[:-1]) as directory:
            # Non-blocking: a pipe in the place of a file must not hang the terminal.
            flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
            descriptor = os.open(parts[-1], flags, dir_fd=directory)
            try:
                _refuse_unfit(os.fstat(descriptor), shown, most)
                with os.fdopen(os.dup(descriptor), "rb") as file:
                    return ground.joinpath(*parts), file.read(most + 1)
            finally:
                os.close(descriptor)
    except OSError as error:
        raise FileProblem(_sentence(error, shown, folder)) from error


def parts_inside(folder: Path, typed: str) -> tuple[str, ...]:
    """The names on the way from `folder` to the file.

    Raises:
        FileProblem: it lies elsewhere, or nothing was named.
    """
    text = typed.strip().strip("'\"")
    if not text:
        raise FileProblem("Name a file, or paste rows.")
    if "\0" in text:
        raise FileProblem("A file's name has no such character.")
    path = Path(text).expanduser() if text.startswith("~") else Path(text)
    if path.is_absolute():
        for ground in (folder, folder.resolve()):
            if path.is_relative_to(ground):
                path = path.relative_to(ground)
                break
        else:
            raise FileProblem(f"{text} is outside {folder}. Files are imported from there alone.")
    if ".." in path.parts:
        raise FileProblem(f"{text} leads out of {folder}. Files are imported from there alone.")
    if not path.parts:
        raise FileProblem(f"{text} is a folder. Name a file in it.")
    return path.parts


def free_names(folder: Path, stem: str, suffix: str) -> Iterator[Path]:
    """Names that no file has yet: `stem.suffix`, `stem-2.suffix` and so on, a hundred at most."""
    for number in range(1, NAMES_MAX + 1):
        path = folder / (f"{stem}{suffix}" if number == 1 else f"{stem}-{number}{suffix}")
        if not os.path.lexists(path):
            yield path


@contextmanager
def _opened(ground: Path, names: tuple[str, ...]) -> Iterator[int]:
    """The folder at the end of `names`, each entered from the one before and never by a link."""
    flags = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
    descriptor = os.open(ground, flags)
    try:
        for name in names:
            inner = os.open(name, flags | os.O_NOFOLLOW, dir_fd=descriptor)
            os.close(descriptor)
            descriptor = inner
        yield descriptor
    finally:
        os.close(descriptor)


def _refuse_unfit(found: os.stat_result, shown: str, most: int) -> None:
    if stat.S_ISDIR(found.st_mode):
        raise FileProblem(f"{shown} is a folder. Name a file in it.")
    if not stat.S_ISREG(found.st_mode):
        raise FileProblem(f"{shown} is no ordinary file.")
    if found.st_size > most:
        mib = most // 1024 // 1024
        raise FileProblem(f"{shown} has more than {mib} MiB, the most that can be sent.")


def _sentence(error: OSError, shown: str, folder: Path) -> str:
    if error.errno in _LINK_ERRORS:
        return f"{shown} is a link, and links are not followed. Copy the file itself into {folder}."
    if error.errno == errno.ENOTDIR:
        return f"The way to {shown} leads through a link or a file. Copy the file into {folder}."
    if error.errno == errno.ENOENT:
        return f"There is no file {shown} in {folder}."
    if error.errno == errno.EACCES:
        return f"{shown} may not be read by you."
    return f"{shown} cannot be read: {error.strerror}."
