"""How much of a file goes into one request: little at first, then as much as the line carries in a few seconds."""

from __future__ import annotations

from typing import Final

CHUNK_BYTES_MAX: Final = 128 * 1024
"""The most that the ledger takes at once."""

CHUNK_BYTES_MIN: Final = 4 * 1024
"""Arrives within the client's deadlines over 1 KiB/s, and says how fast the line is."""

_SECONDS: Final = 3.0
_GROWTH: Final = 4


class ChunkSize:
    """Remembered by a client, so that its next file begins with what the last one found out.

    A chunk arrives whole or not at all. One that is too large for the line would run into its deadline each time
    that it is sent, and the file would never arrive.
    """

    def __init__(self) -> None:
        self.bytes = CHUNK_BYTES_MIN

    def arrived(self, count: int, seconds: float) -> None:
        """A chunk of `count` bytes took so long: the next one may take three seconds, and grows fourfold at most."""
        if count < self.bytes:
            # The end of a file says little: its time is mostly the round trip's.
            return
        wanted = self.bytes * _GROWTH if seconds <= 0 else int(count / seconds * _SECONDS)
        self.bytes = min(CHUNK_BYTES_MAX, self.bytes * _GROWTH, max(CHUNK_BYTES_MIN, wanted))

    def failed(self) -> None:
        """One did not arrive: the next one is smaller."""
        self.bytes = max(CHUNK_BYTES_MIN, self.bytes // _GROWTH)
