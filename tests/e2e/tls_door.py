"""The TLS in front of a ledger, as a proxy of `docs/operate.md` gives it: it asks every terminal for a certificate."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    import trustme


class TlsDoor:
    """Takes TLS on a loopback port and passes what comes through it to the ledger at `port`.

    `refused` counts the handshakes that it ended. It stays to be read after a refusal, so that what it says arrives.
    """

    def __init__(self, port: int, authority: trustme.CA) -> None:
        self.refused = 0
        self._port = port
        self._tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert("localhost").configure_cert(self._tls)
        authority.configure_trust(self._tls)
        self._tls.verify_mode = ssl.CERT_REQUIRED
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"https://localhost:{self._listener.getsockname()[1]}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._listen, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _listen(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                line, _ = self._listener.accept()
                threading.Thread(target=self._take, args=[line], daemon=True).start()

    def _take(self, line: socket.socket) -> None:
        with line, contextlib.suppress(OSError):
            try:
                private = self._tls.wrap_socket(line.dup(), server_side=True)
            except ssl.SSLError:
                self.refused += 1
                line.shutdown(socket.SHUT_WR)
                while line.recv(65_536):
                    pass
                return
            with private, socket.create_connection(("127.0.0.1", self._port)) as ledger:
                back = threading.Thread(target=_pass_on, args=[ledger, private], daemon=True)
                back.start()
                _pass_on(private, ledger)
                ledger.shutdown(socket.SHUT_RDWR)
                back.join()


def _pass_on(source: socket.socket, target: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(65_536):
            target.sendall(data)
