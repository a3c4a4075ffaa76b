"""A relay on loopback that counts what passes between the terminal program and its ledger."""

from __future__ import annotations

import re
import select
import socket
import threading
from dataclasses import dataclass
from typing import Self
from urllib.parse import urlsplit

_REQUEST = re.compile(rb"(?:GET|POST|PUT|PATCH|DELETE|HEAD) [^ \r\n]+ HTTP/1\.1\r\n")
_PAGE = re.compile(rb"GET [^ \r\n]+[?&]limit=[^ \r\n]+ HTTP/1\.1\r\n")


@dataclass
class Passed:
    """What passed since the last look: requests, pages of lists among them, bytes each way on the wire."""

    requests: int = 0
    pages: int = 0
    bytes_up: int = 0
    bytes_down: int = 0


class Relay:
    """Listens on a free port and passes everything on to `url`."""

    def __init__(self, url: str) -> None:
        where = urlsplit(url)
        self._target = (where.hostname or "127.0.0.1", where.port or 80)
        self._listening = socket.create_server(("127.0.0.1", 0))
        self._passed = Passed()
        self._lock = threading.Lock()
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def url(self) -> str:
        """Where the program is to find the ledger."""
        return f"http://127.0.0.1:{self._listening.getsockname()[1]}"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._listening.close()

    def take(self) -> Passed:
        """What passed since the last call."""
        with self._lock:
            passed, self._passed = self._passed, Passed()
        return passed

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listening.accept()
            except OSError:
                return
            threading.Thread(target=self._carry, args=(client,), daemon=True).start()

    def _carry(self, client: socket.socket) -> None:
        with client, socket.create_connection(self._target) as server:
            for each in (client, server):
                each.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            while True:
                ready, _, _ = select.select([client, server], [], [])
                for source in ready:
                    data = source.recv(65_536)
                    if not data:
                        return
                    with self._lock:
                        if source is client:
                            self._passed.bytes_up += len(data)
                            self._passed.requests += len(_REQUEST.findall(data))
                            self._passed.pages += len(_PAGE.findall(data))
                        else:
                            self._passed.bytes_down += len(data)
                    (server if source is client else client).sendall(data)
