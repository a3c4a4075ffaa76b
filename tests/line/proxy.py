"""A proxy in user space between the client and the ledger: every fault of `faults.py`, at any byte (T3)."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections import deque
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING, Final

from tests.line.faults import NONE, Cut, Fault, How, Pace, Passed, flipped
from tests.line.leaping import real_work

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    Plan = Callable[[Passed], Fault]

_READ_BYTES: Final = 65_536
_RESET: Final = struct.pack("ii", 1, 0)
_NO_BODY: Final = (204, 304)


class Gone(Exception):
    """This connection takes no part any more."""


class ByteProxy:
    """Passes exchanges on; `plan` says for each what befalls it.

    `passed` tells of every exchange, `kept` holds the requests that were kept for later. `is_deaf`: connections are
    taken and never heard.
    """

    def __init__(self, port: int) -> None:
        self.ledger_port = port
        self.url = ""
        self.passed: list[Passed] = []
        self.kept: deque[bytes] = deque()
        self.plan: Plan = lambda _: NONE
        self.is_deaf = False
        self.connections = 0
        self._server: asyncio.Server | None = None
        self._port = 0
        self._lines: set[asyncio.Task[None]] = set()
        self._idle: set[_Line] = set()

    def befall(
        self, *faults: Fault, only: Callable[[Passed], bool] = lambda one: one.key is not None
    ) -> None:
        """The next requests that are meant meet these faults, one each; all others pass."""
        waiting = deque(faults)
        self.plan = lambda one: waiting.popleft() if waiting and only(one) else NONE

    def mend(self) -> None:
        """From now on everything passes."""
        self.plan, self.is_deaf = (lambda _: NONE), False

    async def listen(self) -> None:
        """Take connections, on the port of the last time."""
        self._server = await asyncio.start_server(self._take, "127.0.0.1", self._port)
        self._port = self._server.sockets[0].getsockname()[1]
        self.url = f"http://127.0.0.1:{self._port}"

    async def refuse(self) -> None:
        """Nobody listens, and what stands breaks: the machine is gone."""
        if self._server is not None:
            self._server.close()
            self._server = None
        for line in self._lines:
            line.cancel()
        await asyncio.gather(*self._lines, return_exceptions=True)

    def drop_idle(self) -> None:
        """Connections that carry nothing just now are closed from this side."""
        for line in self._idle:
            line.close()

    async def release(self) -> bytes:
        """Let the oldest kept request go to the ledger; what it answers."""
        request = self.kept.popleft()
        reader, writer = await self._upstream()
        writer.write(request)
        with real_work():
            answer = await read_answer(reader, request.partition(b" ")[0].decode())
        writer.close()
        return answer

    async def _take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._lines.add(task)
        self.connections += 1
        line = _Line(self, reader, writer)
        try:
            await line.carry()
        except (Gone, ConnectionError, asyncio.IncompleteReadError):
            pass
        except asyncio.CancelledError:
            reset(writer)
        finally:
            self._lines.discard(task)
            line.close()

    async def _upstream(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        with real_work():
            return await asyncio.open_connection("127.0.0.1", self.ledger_port)


class _Line:
    """One connection of the client, and the one that goes on to the ledger."""

    def __init__(self, proxy: ByteProxy, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._proxy = proxy
        self._reader = reader
        self._writer = writer
        self._up_reader: asyncio.StreamReader | None = None
        self._up_writer: asyncio.StreamWriter | None = None

    def close(self) -> None:
        """Both ends."""
        for writer in (self._writer, self._up_writer):
            if writer is not None and not writer.is_closing():
                writer.close()

    async def carry(self) -> None:
        """One exchange after the other, until somebody has gone."""
        while not self._reader.at_eof():
            if self._proxy.is_deaf:
                await self._wait_for_client()
            self._proxy._idle.add(self)
            try:
                head = await self._reader.readuntil(b"\r\n\r\n")
            finally:
                self._proxy._idle.discard(self)
            one = _begun(head)
            self._proxy.passed.append(one)
            one.fault = fault = self._proxy.plan(one)
            length = len(head) + _length_of(head)
            if fault.request is not None and fault.request.at < length:
                # Nobody reads on behind the cut: the rest stays with the sender, or in the kernel.
                body = await self._reader.readexactly(max(0, fault.request.at - len(head)))
                one.request = (head + body)[: fault.request.at]
                await self._cut_request(one, fault.request)
            one.request = head + await self._reader.readexactly(length - len(head))
            one.answer = await self._answer_of(one)
            await self._hand_back(one)

    async def _cut_request(self, one: Passed, cut: Cut) -> None:
        writer = await self._ledger()
        await pour(writer, one.request, one.fault.up)
        one.is_cut = True
        await self._end(cut.how)

    async def _answer_of(self, one: Passed) -> bytes:
        fault = one.fault
        request = flipped(one.request, fault.flip_request)
        if fault.is_kept:
            self._proxy.kept.append(request)
        copies = [asyncio.create_task(self._copy(one.method, request)) for _ in range(fault.copies)]
        answer = b"" if fault.is_lost else await self._ask(one, request)
        if copies:
            with real_work():
                await asyncio.wait(copies)
        return answer if fault.instead is None else fault.instead

    async def _ask(self, one: Passed, request: bytes) -> bytes:
        writer = await self._ledger()
        await pour(writer, request, one.fault.up)
        if one.fault.ends_upstream:
            writer.write_eof()
        assert self._up_reader is not None
        with real_work():
            return await read_answer(self._up_reader, one.method)

    async def _copy(self, method: str, request: bytes) -> None:
        reader, writer = await self._proxy._upstream()
        writer.write(request)
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            await read_answer(reader, method)
        writer.close()

    async def _hand_back(self, one: Passed) -> None:
        fault, answer = one.fault, flipped(one.answer, one.fault.flip_answer)
        if fault.answer is not None and fault.answer.at < len(answer):
            await pour(self._writer, answer[: fault.answer.at], fault.down)
            one.is_cut = True
            await self._end(fault.answer.how)
        if not answer:
            # Lost on the way, and nothing in its place.
            await self._wait_for_client()
        await pour(self._writer, answer, fault.down)

    async def _end(self, how: How) -> None:
        """End this line as `how` says; never comes back."""
        if how is How.RST:
            for writer in (self._up_writer, self._writer):
                if writer is not None:
                    reset(writer)
            raise Gone
        if how is How.FIN:
            if self._up_writer is not None:
                self._up_writer.close()
            # Closing at once would reset the line where bytes of the request are still unread.
            self._writer.write_eof()
        await self._wait_for_client()

    async def _wait_for_client(self) -> None:
        """Hear nothing any more until the client has gone."""
        while await self._reader.read(_READ_BYTES):
            pass
        raise Gone

    async def _ledger(self) -> asyncio.StreamWriter:
        if self._up_writer is None:
            self._up_reader, self._up_writer = await self._proxy._upstream()
        return self._up_writer


def _begun(head: bytes) -> Passed:
    method, path, _ = head.split(b"\r\n", 1)[0].decode().split(" ")
    key = _header(head, b"idempotency-key")
    at = asyncio.get_running_loop().time()
    return Passed(method, path, at, None if key is None else key.decode().strip('"'))


async def pour(writer: asyncio.StreamWriter, data: bytes, pace: Pace) -> None:
    """Send `data` at a pace; comes back when the kernel has it."""
    for wait, piece in pace.slices(data):
        if wait:
            await asyncio.sleep(wait)
        writer.write(piece)
        await writer.drain()


async def read_answer(reader: asyncio.StreamReader, method: str) -> bytes:
    """One whole answer: with a length, in chunks, or without a body."""
    head = await reader.readuntil(b"\r\n\r\n")
    if method == "HEAD" or int(head[9:12]) in _NO_BODY:
        return head
    if _header(head, b"transfer-encoding") is None:
        return head + await reader.readexactly(_length_of(head))
    pieces = [head]
    while True:
        size = await reader.readuntil(b"\r\n")
        pieces.append(size + await reader.readexactly(int(size, 16) + 2))
        if int(size, 16) == 0:
            return b"".join(pieces)


def _length_of(head: bytes) -> int:
    return int(_header(head, b"content-length") or 0)


def _header(head: bytes, name: bytes) -> bytes | None:
    for line in head.split(b"\r\n")[1:]:
        found, _, value = line.partition(b":")
        if found.lower() == name:
            return value.strip()
    return None


def reset(writer: asyncio.StreamWriter) -> None:
    """RST: what is not sent yet never is."""
    line: socket.socket | None = writer.get_extra_info("socket")
    if line is not None and line.fileno() >= 0:
        line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
    writer.transport.abort()


@asynccontextmanager
async def byte_proxy(port: int) -> AsyncIterator[ByteProxy]:
    """A proxy before the ledger at `port`, whole until it is told otherwise."""
    proxy = ByteProxy(port)
    await proxy.listen()
    try:
        yield proxy
    finally:
        await proxy.refuse()
