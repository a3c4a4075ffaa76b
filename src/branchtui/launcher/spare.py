"""A child forked ahead of need: it has been through a first screen already, and waits to be somebody's.

A fresh fork copies each page it writes to while a teller looks at an empty screen. The spare has done that
before anybody connected. It holds nothing but its end of a socket pair, on which the launcher hands it a client.
"""

from __future__ import annotations

import os
import select
import socket
import struct
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from branchtui.launcher.kernel import Peer

_READY: Final = b"ready"
_PEER: Final = struct.Struct("3i")
ENDED: Final = 0


@dataclass(frozen=True, slots=True)
class Spare:
    """The launcher's side of it."""

    pid: int
    channel: socket.socket

    def is_ready(self) -> bool:
        """Whether it waits for a client now; it never takes long, and is never waited for."""
        return bool(select.select([self.channel], [], [], 0)[0])

    def give(self, line: socket.socket, peer: Peer) -> bool:
        """Hand it a client; whether it took it. The launcher's end is closed then."""
        with self.channel:
            try:
                if self.channel.recv(len(_READY), socket.MSG_DONTWAIT) != _READY:
                    return False
                packet = _PEER.pack(peer.pid, peer.uid, peer.gid)
                socket.send_fds(self.channel, [packet], [line.fileno()], socket.MSG_NOSIGNAL)
            except OSError:
                return False
        return True


def wait_as_spare(
    channel: socket.socket, rehearse: Callable[[], None], serve: Callable[[socket.socket, Peer], int]
) -> int:
    """In the child: rehearse, wait for a client, serve it; the exit code. Ends when the launcher does."""
    rehearse()
    with channel:
        try:
            channel.send(_READY)
            packet, descriptors, _, _ = socket.recv_fds(channel, _PEER.size, 1)
        except OSError:
            return ENDED
    if not packet:
        return ENDED
    with suppress(OSError):
        os.set_inheritable(descriptors[0], False)
    return serve(socket.socket(fileno=descriptors[0]), Peer(*_PEER.unpack(packet)))
