"""What the small client and a session say to each other: one packet each way, short, and of a known version.

The socket keeps packets whole (SOCK_SEQPACKET), so that nothing is ever half read. The client's packet carries
the three descriptors of its terminal. Both sides import this, the client first of all: no module but `os`.
"""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Final

GREETING: Final = "branchtui-attach 1"
"""The first field: what this is, and in which version."""
MAX_BYTES: Final = 32_768
MAX_FIELDS: Final = 256
DESCRIPTORS: Final = 3
GO: Final = b"G"
"""The session has the terminal; its process id follows."""
REFUSED: Final = b"R"
"""No session; a short reason in ASCII follows."""
MAX_ANSWER_BYTES: Final = 256
SERVICE_SOCKET: Final = "/run/branchtui/launcher.sock"
"""Where the launcher of the whole host listens."""

_PASSED: Final = frozenset(
    {
        "COLORTERM",
        "ESCDELAY",
        "LANG",
        "LANGUAGE",
        "NO_COLOR",
        "TERM",
        "TERMINFO",
        "TERMINFO_DIRS",
        "TZ",
        "XDG_CACHE_HOME",
        "XDG_CONFIG_HOME",
        "XDG_DATA_HOME",
        "XDG_RUNTIME_DIR",
        "XDG_STATE_HOME",
    }
)
_PASSED_FAMILIES: Final = ("BRANCHTUI_", "LC_")


class Garbled(ValueError):
    """A packet that no client of this version sends."""


def passes(name: str) -> bool:
    """Whether a variable of the teller's environment goes into the session.

    What steers loaders, Python, proxies or TLS never does, and what the password database says (HOME, USER)
    comes from there.
    """
    return name in _PASSED or name.startswith(_PASSED_FAMILIES)


def pack(fields: Sequence[tuple[str, str]]) -> bytes:
    """A packet of named fields.

    Raises:
        Garbled: it is longer than may be sent.
    """
    texts = [GREETING, *(f"{name}={value}" for name, value in fields)]
    data = os.fsencode("\0".join(texts))
    if len(data) > MAX_BYTES or len(texts) > MAX_FIELDS:
        raise Garbled("too long")
    return data


def unpack(data: bytes) -> list[tuple[str, str]]:
    """The named fields of a packet, in their order.

    Raises:
        Garbled: it is something else, of another version, or longer than allowed.
    """
    if len(data) > MAX_BYTES:
        raise Garbled("too long")
    greeting, *texts = os.fsdecode(data).split("\0", MAX_FIELDS)
    if greeting != GREETING or len(texts) >= MAX_FIELDS:
        raise Garbled("another version")
    fields = []
    for text in texts:
        name, mark, value = text.partition("=")
        if not mark or not name:
            raise Garbled("a field without a value")
        fields.append((name, value))
    return fields


def service_sockets(environment: Mapping[str, str], wanted: str | None) -> list[str]:
    """Where to look for a launcher, in order: the one that is named, else the host's and one's own."""
    named = wanted or environment.get("BRANCHTUI_SOCKET")
    if named:
        return [named]
    own = own_socket(environment)
    return [SERVICE_SOCKET, own] if own else [SERVICE_SOCKET]


def own_socket(environment: Mapping[str, str]) -> str | None:
    """Where the launcher of a single user listens; None when the host gives its users no such folder."""
    folder = environment.get("XDG_RUNTIME_DIR")
    return f"{folder}/branchtui/launcher.sock" if folder else None
