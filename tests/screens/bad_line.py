"""A line between the terminal and a real ledger that breaks when a test says so."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from random import Random
from typing import TYPE_CHECKING

import httpx
from tests.remote.doubles import Asked, closes, response, running

from branchtui.remote.client import Ledger
from branchtui.remote.clock import SystemClock
from branchtui.remote.journal import IntentJournal
from branchtui.remote.journal_files import journal_directory

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from branchtui.settings import Settings


@dataclass
class BadLine:
    """Passes everything on until it is told otherwise; `url` is what the terminal calls.

    `loses_answers`: changes reach the ledger, their answers are lost. `loses_requests`: changes are lost on
    the way. Either way nobody learns what became of a key before `mend`. `answers_lost_of` loses so many answers
    of one path; `is_dead`: nothing passes at all; what begins with a path in `held` waits for its event;
    `uploads_pass`: the pieces of a file, which are no change of their own.
    """

    ledger_url: str
    url: str = ""
    loses_answers: bool = False
    loses_requests: bool = False
    is_dead: bool = False
    uploads_pass: bool = False
    answers_lost_of: dict[str, int] = field(default_factory=dict)
    held: dict[str, asyncio.Event] = field(default_factory=dict)
    passed: list[str] = field(default_factory=list)

    def mend(self) -> None:
        """From now on everything passes."""
        self.loses_answers = self.loses_requests = self.is_dead = False

    async def __call__(self, asked: Asked, writer: asyncio.StreamWriter) -> None:
        """One request."""
        path = asked.path.partition("?")[0]
        if self.is_dead:
            await closes(asked, writer)
            return
        for beginning, event in self.held.items():
            if path.startswith(beginning):
                await event.wait()
        is_question = path.startswith("/v1/operations/")
        is_piece = self.uploads_pass and path.startswith("/v1/uploads/")
        is_change = asked.method != "GET" and not path.startswith("/v1/sessions") and not is_piece
        is_broken = self.loses_answers or self.loses_requests
        if is_broken and (is_question or (self.loses_requests and is_change)):
            await closes(asked, writer)
            return
        answer = await self._pass(asked)
        lost = self.answers_lost_of.get(path, 0)
        self.answers_lost_of[path] = lost - 1
        if (is_broken and is_change) or lost > 0:
            await closes(asked, writer)
            return
        headers = {
            name.replace("-", "_"): value
            for name, value in answer.headers.items()
            if name
            not in {"content-length", "content-type", "content-encoding", "connection", "date", "vary"}
        }
        media_type = answer.headers.get("content-type", "application/json")
        writer.write(response(answer.status_code, answer.content, media_type, **headers))

    async def _pass(self, asked: Asked) -> httpx.Response:
        self.passed.append(f"{asked.method} {asked.path.partition('?')[0]}")
        headers = {name: value for name, value in asked.headers.items() if name not in {"host", "connection"}}
        async with httpx.AsyncClient(base_url=self.ledger_url, trust_env=False) as client:
            return await client.request(asked.method, asked.path, headers=headers, content=asked.body)

    def open_ledger(self, settings: Settings) -> Ledger:
        """A client whose waits end at once, with its journal where the settings say."""
        assert settings.state_folder is not None
        return self.client(settings.state_folder)

    def client(self, state_folder: Path) -> Ledger:
        """As `open_ledger`."""
        clock = SystemClock()
        directory = journal_directory(state_folder, self.url, "default")
        return Ledger(
            self.url,
            journal=IntentJournal.open(directory, now=clock.now()),
            clock=clock,
            rng=Random(7),
            sleep=at_once,
        )


async def at_once(seconds: float) -> None:
    """A hundredth of the wait, and 50 ms at most: what asks again and again must not keep the rest from running."""
    await asyncio.sleep(min(seconds / 100, 0.05))


@asynccontextmanager
async def bad_line(ledger_url: str) -> AsyncIterator[BadLine]:
    """A line to the ledger, whole until it is told otherwise."""
    line = BadLine(ledger_url)
    async with running(line) as server:
        line.url = server.url
        yield line
