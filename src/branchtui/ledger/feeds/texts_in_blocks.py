"""The text of a file in blocks, decoded while it is read: never the whole file at once."""

from __future__ import annotations

import codecs
from typing import TYPE_CHECKING, Final

from branchtui.ledger.feeds import encodings
from branchtui.ledger.feeds.statement import Damaged

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from branchtui.contract.imports import Encoding

_BLOCK_BYTES: Final = 64 * 1024


def text_blocks(
    chunks: Callable[[], Iterable[bytes]], encoding: Encoding | None = None, codec: str | None = None
) -> Iterator[str]:
    """The text of a file, block by block, in the encoding that is given or that its bytes show.

    `codec` is Python's name for a code page that the file itself names.

    Raises:
        Damaged: bytes that are no text in it.
    """
    chosen = encoding or encodings.recognise(chunks())
    start = next(iter(chunks()), b"")
    decoder = codecs.getincrementaldecoder(codec or encodings.codec_of(chosen, start))()
    try:
        for chunk in chunks():
            for at in range(0, len(chunk), _BLOCK_BYTES):
                yield decoder.decode(chunk[at : at + _BLOCK_BYTES])
        yield decoder.decode(b"", final=True)
    except UnicodeDecodeError as failure:
        raise Damaged("encoding-end", "The bytes here are not text in the file's encoding.") from failure
