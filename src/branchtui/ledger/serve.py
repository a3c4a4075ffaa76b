"""Serving a ledger over HTTP: uvicorn with uvloop and httptools, one process, one database."""

from __future__ import annotations

import signal
import socket
from typing import TYPE_CHECKING, Final

import uvicorn

from branchtui.ledger import logs
from branchtui.ledger.core import open_core
from branchtui.ledger.passwords import Passwords
from branchtui.ledger.web.app import make_app
from branchtui.ledger.web.limits import Limits, Rates
from branchtui.ledger.web.protocol import BoundedProtocol
from branchtui.ledger.web.routes import all_routes

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.applications import Starlette
    from uvicorn.config import LoopFactoryType

KEEP_ALIVE_SECONDS: Final = 75
GRACE_SECONDS: Final = 30
_BACKLOG: Final = 1_024


def serve(
    database: str, host: str, port: int, *, announce: Callable[[str], None], rates: Rates | None = None
) -> None:
    """Serve until SIGINT or SIGTERM. `announce` is told the URL once the socket listens.

    Port 0 takes a free one. `rates` says what anybody may ask for; the usual ones unless given.

    Raises:
        StoreUnavailable: the database cannot be opened.
        OSError: the address cannot be bound.
    """
    logs.configure()
    core = open_core(database)
    try:
        with socket.create_server((host, port), backlog=_BACKLOG, reuse_port=False) as listening:
            bound_host, bound_port = listening.getsockname()[:2]
            app = make_app(core, all_routes(Passwords()), limits=Limits(rates))
            shown = f"[{bound_host}]" if ":" in bound_host else bound_host
            server = uvicorn.Server(server_config(app))

            def leave(*_: object) -> None:
                server.should_exit = True

            # uvicorn raises the signal that ended it once more: by default that would end the process here,
            # with nothing closed and nothing cleaned up.
            for told in (signal.SIGINT, signal.SIGTERM):
                signal.signal(told, leave)
            announce(f"http://{shown}:{bound_port}")
            server.run(sockets=[listening])
    finally:
        core.close()


def server_config(app: Starlette, *, loop: LoopFactoryType = "uvloop") -> uvicorn.Config:
    """How a ledger is served, by this module and by its tests."""
    return uvicorn.Config(
        app,
        loop=loop,
        http=BoundedProtocol,
        ws="none",
        access_log=False,
        log_level="warning",
        server_header=False,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=GRACE_SECONDS,
    )
