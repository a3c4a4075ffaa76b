"""The proxy of `tests/line` beside tests that wait for a screen: on a loop and thread of its own."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING, Self

from tests.line.proxy import ByteProxy, byte_proxy

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine
    from typing import Any, TypeVar

    from tests.line.faults import Fault

    T = TypeVar("T")


class Proxied:
    """A line to the ledger at `url` on which faults can be laid."""

    def __init__(self, url: str) -> None:
        self._port = int(url.rpartition(":")[2])
        self._loop = asyncio.new_event_loop()
        self._is_there = threading.Event()
        self._is_over = asyncio.Event()
        self._thread = threading.Thread(target=self._loop.run_until_complete, args=[self._run()])
        self.proxy: ByteProxy

    def __enter__(self) -> Self:
        self._thread.start()
        self._is_there.wait()
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._is_over.set)
        self._thread.join()
        self._loop.close()

    @property
    def url(self) -> str:
        """Where the terminal finds the ledger."""
        return self.proxy.url

    def do(self, what: Callable[[], object]) -> None:
        """Call something of the proxy in its own thread, and wait until it was called."""

        async def call() -> None:
            what()

        self.run(call())

    def run(self, what: Coroutine[Any, Any, T]) -> T:
        """Let the proxy's loop run something to its end."""
        return asyncio.run_coroutine_threadsafe(what, self._loop).result()

    def befall(self, *faults: Fault) -> None:
        """The next changes meet these faults, one attempt each."""
        self.do(lambda: self.proxy.befall(*faults))

    async def _run(self) -> None:
        async with byte_proxy(self._port) as self.proxy:
            self._is_there.set()
            await self._is_over.wait()
