"""What a client asks for: its packet, read strictly, by a process that has already become its sender."""

from __future__ import annotations

import array
import os
import re
import socket
from dataclasses import dataclass, field
from typing import Final, Self

from branchtui.launcher.wire import DESCRIPTORS, MAX_BYTES, Garbled, passes, unpack

_LIMIT: Final = re.compile(r"(-?\d{1,20}):(-?\d{1,20})")
_OPTIONS: Final = frozenset({"ledger", "user", "ascii"})


@dataclass(frozen=True, slots=True)
class Request:
    """`limits` are soft and hard by the kernel's number; `options` those of the command line that were given."""

    version: str = ""
    cwd: str = ""
    options: dict[str, str] = field(default_factory=dict)
    environment: dict[str, str] = field(default_factory=dict)
    limits: dict[int, tuple[int, int]] = field(default_factory=dict)

    @classmethod
    def read(cls, data: bytes) -> Self:
        """The request in a packet; variables that may not pass are left out.

        Raises:
            Garbled: it is no request of this version.
        """
        version = cwd = ""
        options: dict[str, str] = {}
        environment: dict[str, str] = {}
        limits: dict[int, tuple[int, int]] = {}
        for name, value in unpack(data):
            kind, _, rest = name.partition(":")
            if name == "version":
                version = value
            elif name == "cwd":
                cwd = value
            elif kind == "option" and rest in _OPTIONS:
                options[rest] = value
            elif kind == "limit":
                number, pair = _limit(rest, value)
                limits[number] = pair
            elif kind == "env" and rest:
                if passes(rest):
                    environment[rest] = value
            else:
                raise Garbled("an unknown field")
        return cls(version, cwd, options, environment, limits)


def _limit(number: str, value: str) -> tuple[int, tuple[int, int]]:
    found = _LIMIT.fullmatch(value)
    if found is None or not (number.isascii() and number.isdecimal()) or len(number) > 2:
        raise Garbled("a limit that is none")
    return int(number), (int(found[1]), int(found[2]))


def receive(line: socket.socket) -> tuple[Request, list[int]]:
    """The request and the three descriptors of the client's terminal. Waits; the caller bounds it.

    Raises:
        Garbled: anything else came.
        OSError: the client is gone.
    """
    room = socket.CMSG_SPACE(DESCRIPTORS * array.array("i").itemsize)
    data, told, flags, _ = line.recvmsg(MAX_BYTES, room)
    descriptors = array.array("i")
    for level, kind, content in told:
        if (level, kind) == (socket.SOL_SOCKET, socket.SCM_RIGHTS):
            whole = len(content) - len(content) % descriptors.itemsize
            descriptors.frombytes(content[:whole])
    if flags & (socket.MSG_TRUNC | socket.MSG_CTRUNC) or len(descriptors) != DESCRIPTORS:
        raise Garbled("too much, or no terminal")
    if not all(os.isatty(descriptor) for descriptor in descriptors[:1]):
        raise Garbled("no terminal")
    return Request.read(data), list(descriptors)
