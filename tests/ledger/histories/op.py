"""What a client asked and what it was told: the lines of a history (Jepsen's invoke, ok, fail, info)."""

from __future__ import annotations

import base64
import json
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

STORED: Final = frozenset({409, 412, 422})
"""Rejections that the ledger keeps under the key (IDEM-6)."""


@dataclass
class Op:
    """One operation of one client; times are CLOCK_MONOTONIC in ns, which all processes of a machine share.

    `returned` is None for `info`: nobody ever told the client, so it may have happened, now or later.
    """

    kind: str
    who: str
    args: dict[str, Any]
    key: str = ""
    invoked: int = 0
    returned: int | None = None
    status: int = 0
    body: bytes = b""
    copies: int = 1
    more: list[str] = field(default_factory=list)
    """Answers of further copies under the same key that differed from `body`; there should be none."""

    @property
    def is_kept(self) -> bool:
        """Whether the answer is one that the ledger keeps under the key."""
        return self.returned is not None and bool(self.key) and (self.status < 300 or self.status in STORED)

    @property
    def json(self) -> dict[str, Any]:
        """The body."""
        found: dict[str, Any] = json.loads(self.body) if self.body else {}
        return found

    def line(self) -> str:
        """As a line of a file."""
        return json.dumps(asdict(self) | {"body": base64.b64encode(self.body).decode()})


def read(path: Path) -> Iterator[Op]:
    """The operations of a file."""
    for line in path.read_text().splitlines():
        given = json.loads(line)
        yield Op(**given | {"body": base64.b64decode(given["body"])})
