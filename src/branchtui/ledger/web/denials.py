"""Who asked for what the role may not do: on the chain, once a minute for each, without holding the answer up (AUD-1)."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from branchtui.ledger import audit
from branchtui.ledger.store.errors import StoreFailure
from branchtui.ledger.workflows import sessions

if TYPE_CHECKING:
    from branchtui.ledger.access import Principal
    from branchtui.ledger.core import Core

QUIET_US: Final = 60 * 1_000_000
"""A program that asks a thousand times is one row a minute: nobody fills the chain by being refused."""

REMEMBERED_MAX: Final = 10_000
"""Pairs of user and endpoint; the one noted longest ago is forgotten first."""


class Denials:
    """Notes denied authorizations of one served ledger."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self._noted: OrderedDict[tuple[str, str], int] = OrderedDict()

    def note(self, who: Principal, route: str, at_us: int) -> None:
        """`who` was refused the endpoint `route`, as a template without values."""
        key = (who.user_id, route)
        known = self._noted.get(key)
        if known is not None and at_us - known < QUIET_US:
            return
        self._noted[key] = at_us
        self._noted.move_to_end(key)
        if len(self._noted) > REMEMBERED_MAX:
            self._noted.popitem(last=False)
        event = audit.Event(
            "authorization.denied", outcome="not_applied", object=route, reason=who.role.value
        )
        task = asyncio.ensure_future(self._write(who, event, at_us))
        self._core.background.add(task)
        task.add_done_callback(self._core.background.discard)

    async def _write(self, who: Principal, event: audit.Event, at_us: int) -> None:
        # A full disk, a ledger that stops, a server that is away change nothing of the refusal.
        with suppress(StoreFailure):
            await self._core.writer.submit(lambda tx: sessions.log(tx, who, event, at_us))
