"""A real SMTP server on a free loopback port, which takes, refuses, delays or drops what it is sent."""

from __future__ import annotations

import asyncio
import email
import email.policy
import queue
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Self

from aiosmtpd.smtp import SMTP

from branchtui.ledger.mailing import MailServer

if TYPE_CHECKING:
    from collections.abc import Callable
    from email.message import EmailMessage

WAIT_SECONDS: Final = 30.0


@dataclass
class Mailbox:
    """Use as a context manager. `mood` says what becomes of the next messages; `tried` counts all of them.

    Moods: `takes`, `refuses` (550 to the recipient), `not now` (451), `delays` (answers only when told), `drops`
    (hangs up in the middle of the message).
    """

    mood: str = "takes"
    tried: int = 0
    port: int = 0
    moods: list[str] = field(default_factory=list)
    taken: queue.SimpleQueue[EmailMessage] = field(default_factory=queue.SimpleQueue)
    _loop: asyncio.AbstractEventLoop = field(default_factory=asyncio.new_event_loop)
    _release: asyncio.Event = field(default_factory=asyncio.Event)

    def __enter__(self) -> Self:
        self._thread = threading.Thread(target=self._loop.run_forever, name="mailbox", daemon=True)
        self._thread.start()
        self._server = asyncio.run_coroutine_threadsafe(self._open(), self._loop).result(WAIT_SECONDS)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._release.set)
        asyncio.run_coroutine_threadsafe(self._close(), self._loop).result(WAIT_SECONDS)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(WAIT_SECONDS)
        self._loop.close()

    async def _open(self) -> asyncio.Server:
        return await asyncio.get_running_loop().create_server(
            lambda: SMTP(self, enable_SMTPUTF8=True, loop=self._loop), "127.0.0.1", 0
        )

    async def _close(self) -> None:
        self._server.close()
        for task in asyncio.all_tasks() - {asyncio.current_task()}:
            task.cancel()
        await asyncio.sleep(0)

    def server(self, **how: Any) -> MailServer:
        """Its address, as an operator would name it."""
        return MailServer(
            "127.0.0.1", self.port, implicit_tls=False, sender="Accounts <shop@example.org>", **how
        )

    def mail(self) -> EmailMessage:
        """The next message that it took."""
        return self.taken.get(timeout=WAIT_SECONDS)

    def let_go(self) -> None:
        """Answer what was delayed."""
        self._loop.call_soon_threadsafe(self._release.set)

    # What aiosmtpd calls.

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, session: Any, envelope: Any, address: str, options: list[str]
    ) -> str:
        """Each message asks once."""
        self.tried += 1
        if self.moods:
            self.mood = self.moods.pop(0)
        if self.mood == "refuses":
            return "550 5.1.1 no such mailbox\x1b[31m here"
        if self.mood == "not now":
            return "451 4.7.1 come back later"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Any, envelope: Any) -> str:  # noqa: N802 - aiosmtpd's name
        """The whole message has arrived."""
        if self.mood == "drops":
            transport: Any = server.transport
            transport.abort()
            return "421 gone"
        if self.mood == "delays":
            await self._release.wait()
        message = email.message_from_bytes(envelope.content, policy=email.policy.default)
        self.taken.put(message)
        return "250 OK"


def waited(until: Callable[[], Any], tries: int = 600) -> Any:
    """The first answer that is something; a wait that has an end."""
    pause = threading.Event()
    for _ in range(tries):
        found = until()
        if found:
            return found
        pause.wait(0.05)
    raise AssertionError("it did not come about")
