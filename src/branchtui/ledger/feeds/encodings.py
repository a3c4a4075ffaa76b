"""Which encoding a file is written in, judged from all its bytes."""

from __future__ import annotations

import codecs
import re
from typing import TYPE_CHECKING, Final

from branchtui.contract.imports import Encoding

if TYPE_CHECKING:
    from collections.abc import Iterable

_SAMPLE_BYTES: Final = 4_096
_BEYOND: Final = re.compile("[^\x00-\x7f]")
_STRAYS: Final = re.compile("[\udc80-\udcff]")
_RUNS: Final = re.compile(rb"[\x80-\xff]+")
_ZEROS_LEAST: Final = 0.25
_ZEROS_BESIDE: Final = 0.1
_SIGNS_IN_WORDS: Final = re.compile(
    rb"[A-Za-z][\x82\x84\x86-\x89\x8b\x93\x94\x98\x9b\xa1-\xa8\xab\xac\xaf\xb1\xb6\xb8\xbb\xbf][A-Za-z]"
    rb"|[a-z][\x8a\x8c\x8e\x9f]"
)
"""As in `Mu¤oz` and `JosŽ`: a sign between two letters, a capital behind a small one."""
_TOGETHER: Final = 4
"""Letters beyond ASCII in a row: more than in any word of a Western language."""
_CODECS: Final = {
    Encoding.UTF_8: "utf-8-sig",
    Encoding.UTF_16: "utf-16",
    Encoding.CP1252: "cp1252",
}


def recognise(chunks: Iterable[bytes]) -> Encoding:
    """UTF-16 by its mark or its zero bytes, UTF-8 unless more bytes are none of its letters than are, else the Western code page.

    A UTF-8 file with a damaged byte, or cut within a letter, stays UTF-8: its reader tells of the rows that hold
    such bytes, where the code page would make other letters of every name.
    """
    decoder = codecs.getincrementaldecoder("utf-8")("surrogateescape")
    letters = strays = 0
    is_first = True
    for chunk in chunks:
        if is_first and _is_utf_16(chunk):
            return Encoding.UTF_16
        is_first = False
        letters, strays = _weighed(decoder.decode(chunk), letters, strays)
    letters, strays = _weighed(decoder.decode(b"", final=True), letters, strays)
    return Encoding.CP1252 if strays > letters else Encoding.UTF_8


def is_western(chunks: Iterable[bytes]) -> bool:
    """Whether bytes that are no UTF-8 read as texts of the Western code page.

    Its letters beyond ASCII stand among others; those of Cyrillic, Arabic or Han in code pages of their own follow each other.
    Western letters in the code pages of DOS and of old Macs, which spreadsheets still save, would be signs within words.
    """
    found = together = 0
    for chunk in chunks:
        if _SIGNS_IN_WORDS.search(chunk):
            return False
        for several in _RUNS.findall(chunk):
            found += len(several)
            together += len(several) if len(several) >= _TOGETHER else 0
    return together * 2 <= found


def _weighed(text: str, letters: int, strays: int) -> tuple[int, int]:
    """How many signs beyond ASCII and how many bytes that are no text there are, with those of `text`."""
    if text.isascii():
        return letters, strays
    found = len(_STRAYS.findall(text))
    return letters + len(_BEYOND.findall(text)) - found, strays + found


def codec_of(encoding: Encoding, start: bytes) -> str:
    """Python's name for `encoding`; a UTF-16 file without a mark is read in the order its zeros show."""
    if encoding is Encoding.UTF_16 and not start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        sample = start[:_SAMPLE_BYTES]
        return "utf-16-le" if sample[1::2].count(0) >= sample[::2].count(0) else "utf-16-be"
    return _CODECS[encoding]


def _is_utf_16(start: bytes) -> bool:
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return True
    sample = start[:_SAMPLE_BYTES]
    half = len(sample) // 2
    even, odd = sample[::2].count(0), sample[1::2].count(0)
    # Latin letters, digits and separators are zero in one half of their bytes; in the other few signs of Han are.
    return (
        half >= 2
        and max(odd, even) > half * _ZEROS_LEAST
        and min(odd, even) <= max(odd, even) * _ZEROS_BESIDE
    )
