"""Serving a ledger over HTTP: uvicorn with uvloop and httptools, one process, one database."""

from __future__ import annotations

import asyncio
import gc
import logging
import resource
import signal
import socket
import sys
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import structlog
import uvicorn
from prometheus_client import start_http_server

from branchtui import __version__
from branchtui.ledger import logs
from branchtui.ledger.anchoring import start_anchoring
from branchtui.ledger.core import open_core
from branchtui.ledger.figures import StoreFigures
from branchtui.ledger.mailing import mail_server
from branchtui.ledger.metrics import UNREADABLE
from branchtui.ledger.passwords import Passwords
from branchtui.ledger.store.engine import store_at
from branchtui.ledger.web.app import make_app
from branchtui.ledger.web.limits import Limits, Rates
from branchtui.ledger.web.protocol import BoundedProtocol, House
from branchtui.ledger.web.routes import all_routes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from starlette.applications import Starlette
    from uvicorn.config import LoopFactoryType

    from branchtui.ledger.core import Core, Networks

log = structlog.get_logger("branchtui.ledger")

KEEP_ALIVE_SECONDS: Final = 75
GRACE_SECONDS: Final = 30
DRAIN_SECONDS: Final = 1.0
_BACKLOG: Final = 1_024
_SOON_SECONDS: Final = 0.02
SWITCH_SECONDS: Final = 0.001
"""How long one thread may keep the interpreter while another waits.

The writer gives it up at every statement; a busy event loop would keep it for the usual 5 ms each time.
"""


@dataclass(frozen=True, slots=True)
class Serving:
    """How a ledger is served; `port` 0 takes a free one.

    `callback_sources` are the networks from which a provider's messages are taken; from everywhere when empty.
    `rates` says what anybody may ask for; the usual ones unless given. `proxies` are the addresses whose
    `X-Forwarded-For` is believed, nobody's unless given. `metrics` is host and port of the figures for operators,
    which nobody serves unless given. `drain_seconds` is how long, once told to stop, new work is still taken.
    """

    host: str = "127.0.0.1"
    port: int = 0
    rates: Rates | None = None
    proxies: tuple[str, ...] = ()
    callback_sources: Networks = ()
    metrics: tuple[str, int] | None = None
    drain_seconds: float = DRAIN_SECONDS
    log_level: int = logging.WARNING


def serve(database: str, how: Serving, *, announce: Callable[[str], None]) -> None:
    """Serve until SIGINT or SIGTERM; a second one ends the process at once.

    `announce` is told the URL once the socket listens, and then that of the figures, if there are to be any.

    Raises:
        StoreUnavailable: the database cannot be opened.
        MailUnusable: the mail server that the environment names cannot be used.
        OSError: an address cannot be bound.
    """
    lines = logs.configure(level=how.log_level)
    _raise_file_limit()
    sys.setswitchinterval(SWITCH_SECONDS)
    mail = mail_server()
    core = open_core(database)
    core.mail = mail
    core.callback_sources = how.callback_sources
    try:
        with (
            socket.create_server((how.host, how.port), backlog=_BACKLOG, reuse_port=False) as listening,
            _figures(database, core, how.metrics) as figures,
        ):

            async def begin() -> None:
                start_anchoring(core)

            app = make_app(core, all_routes(Passwords()), limits=Limits(how.rates), on_start=begin)
            server = LedgerServer(server_config(app, proxies=how.proxies), core, how.drain_seconds)
            signal.signal(signal.SIGINT, server.handle_exit)
            signal.signal(signal.SIGTERM, server.handle_exit)
            core.metrics.gauge(
                "branchtui_connections", "Open connections", lambda: len(server.server_state.connections)
            )
            _rarely_collect()
            announce(_url(listening))
            if figures is not None:
                announce(f"{_url(figures)}/metrics")
            log.info("serving", version=__version__)
            server.run(sockets=[listening])
    finally:
        core.close()
        log.info("stopped")
        lines.close()


def _rarely_collect() -> None:
    """Let the collector pass over what the program is made of, and look at the rest less often.

    Nearly all that work leaves behind goes by itself; thousands of rows that live for a step of it are
    looked through again and again, for a third of the time that the step takes.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)


class LedgerServer(uvicorn.Server):
    """uvicorn's server, which stops in steps: not ready, drained, closed."""

    def __init__(self, config: uvicorn.Config, core: Core, drain_seconds: float) -> None:
        super().__init__(config)
        self._core = core
        self._drain_seconds = drain_seconds

    def handle_exit(self, sig: int, frame: Any) -> None:
        """Begin to stop. The next signal finds its default and ends the process, as a power cut might."""
        self._core.stopping = True
        self.should_exit = True
        for told in (signal.SIGINT, signal.SIGTERM):
            signal.signal(told, signal.SIG_DFL)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Take what still comes for a moment, on connections that end with it; then close, and finish what is left.

        Who asks is told with each answer that its connection ends, so that next to nobody is cut off in the middle.
        """
        log.info("stopping", connections=len(self.server_state.connections))
        self._core.begin_stop()
        until = time.monotonic() + self._drain_seconds
        while self.server_state.connections and time.monotonic() < until:  # noqa: ASYNC110 - as uvicorn waits
            await asyncio.sleep(_SOON_SECONDS)
        await self._close_doors(sockets or [])
        await super().shutdown(sockets)

    async def _close_doors(self, sockets: list[socket.socket]) -> None:
        """Take no more connections, but those that the kernel has taken already: closing would cut them off."""
        doors = [door.dup() for door in sockets]
        for server in self.servers:
            server.close()
        taken: list[socket.socket] = []
        for door in doors:
            with door, suppress(BlockingIOError):
                door.setblocking(False)
                while True:
                    taken.append(door.accept()[0])
        for line in taken:
            await asyncio.get_running_loop().connect_accepted_socket(self._protocol, line)

    def _protocol(self) -> asyncio.Protocol:
        made: asyncio.Protocol = self.config.http_protocol_class(  # type: ignore[call-arg]  # as uvicorn itself
            config=self.config, server_state=self.server_state, app_state=self.lifespan.state
        )
        return made

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """The handlers are ours, from before the first request to behind the last."""
        yield


def server_config(
    app: Starlette, *, loop: LoopFactoryType = "uvloop", proxies: tuple[str, ...] = ()
) -> uvicorn.Config:
    """How a ledger is served, by this module and by its tests."""
    core: Core = app.state.core
    house = House(refused=lambda status: core.metrics.answered(UNREADABLE, status, 0.0))
    return uvicorn.Config(
        app,
        loop=loop,
        http=partial(BoundedProtocol, house=house),  # type: ignore[arg-type]  # it only ever calls it
        ws="none",
        access_log=False,
        log_config=None,
        log_level="error",
        server_header=False,
        proxy_headers=bool(proxies),
        forwarded_allow_ips=list(proxies),
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=GRACE_SECONDS,
    )


@contextmanager
def _figures(database: str, core: Core, place: tuple[str, int] | None) -> Iterator[socket.socket | None]:
    """Serve the figures for operators on a thread and a socket of their own: they are there when all else hangs."""
    if place is None:
        yield None
        return
    core.metrics.registry.register(StoreFigures(store_at(database), core.clock))
    host, port = place
    server, thread = start_http_server(port, host, core.metrics.registry)
    try:
        yield server.socket
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _url(listening: socket.socket) -> str:
    host, port = listening.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _raise_file_limit() -> None:
    """As many open files as this user may have: a connection is one of them."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
