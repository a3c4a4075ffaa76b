"""Anchors made by a ledger that is served: hourly, and after so many rows; beside the work, never in its way (AUD-3)."""

from __future__ import annotations

import asyncio
import os
import threading
from contextlib import suppress
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeVar

import structlog

from branchtui.ledger import anchors
from branchtui.ledger.anchors import Anchor, AnchorUnusable, Stand
from branchtui.ledger.clock import as_datetime
from branchtui.ledger.logs import places
from branchtui.ledger.seal_key import KeyUnusable, read_key
from branchtui.ledger.store.rows import AuditRow, ChainHead

if TYPE_CHECKING:
    from collections.abc import Callable

    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    from branchtui.ledger.core import Core

PLACE_VARIABLE: Final = "BRANCHTUI_LEDGER_ANCHORS"
KEY_VARIABLE: Final = "BRANCHTUI_LEDGER_ANCHOR_KEY_FILE"
EVERY_SECONDS: Final = 3_600
EVERY_ROWS: Final = 10_000
LOOK_SECONDS: Final = 2.0
"""How often a ledger looks whether an anchor is due: so much later than 10,000 rows it may be made."""

_AFTER_ALARM_SECONDS: Final = 60.0
_PLACE_SECONDS: Final = 30.0

T = TypeVar("T")

log = structlog.get_logger("branchtui.ledger")


def signing_key() -> Ed25519PrivateKey:
    """The key whose file the environment names.

    Raises:
        AnchorUnusable: none is named, or the file cannot be used.
    """
    named = os.environ.get(KEY_VARIABLE)
    if not named:
        raise AnchorUnusable(
            f"Which key signs the anchors? Name its file with {KEY_VARIABLE}; "
            "branchtui ledger anchor-key makes one."
        )
    try:
        return anchors.private_key(read_key(Path(named), make=False))
    except KeyUnusable as error:
        raise AnchorUnusable(str(error)) from error


def time_of(at_us: int) -> str:
    """A moment as an anchor states it."""
    return as_datetime(at_us).isoformat()


def contradiction(before: Anchor | None, stand: Stand) -> str | None:
    """The branch whose chain ends before its anchored row, or has another one there; None when there is none.

    A restore that was announced began a new epoch, which is compared with nothing.
    """
    if before is None or before.stand.epoch != stand.epoch:
        return None
    for branch, (seq, found) in before.stand.heads.items():
        stands, now = stand.heads.get(branch, (0, ""))
        if stands < seq or (stands == seq and now != found):
            return branch
    return None


def is_due(before: Anchor | None, stand: Stand, at_us: int) -> bool:
    """Whether something is to be anchored: rows were added, and an hour has passed or they are many."""
    if before is None or before.stand.epoch != stand.epoch:
        return bool(stand.heads)
    added = sum(seq - before.stand.heads.get(branch, (0, ""))[0] for branch, (seq, _) in stand.heads.items())
    age = as_datetime(at_us) - datetime.fromisoformat(before.at)
    # A clock that was put back would otherwise hold the next anchor up.
    return added > 0 and (added >= EVERY_ROWS or abs(age.total_seconds()) >= EVERY_SECONDS)


class Anchoring:
    """Watches the heads of one ledger and keeps the file of anchors; `alarms` counts what an operator must look at.

    Nothing of it is waited for by a request. What goes wrong is said in the log, again and again until it is
    mended, and stops no money.
    """

    def __init__(self, core: Core, place: Path) -> None:
        self._core = core
        self._place = place
        self._last: Anchor | None = None
        self.alarms = 0

    async def run(self) -> None:
        """Look every two seconds, until cancelled."""
        while True:
            seconds = LOOK_SECONDS
            try:
                if not await self.look():
                    seconds = _AFTER_ALARM_SECONDS
            except Exception as error:  # noqa: BLE001 - a database that is away is told of elsewhere
                log.warning("the heads were not read", error=type(error).__name__, places=places(error))
            await asyncio.sleep(seconds)

    async def look(self) -> bool:
        """Make an anchor when one is due; False after an alarm."""
        stand = await self._stand()
        if contradiction(self._last, stand) is None and not is_due(self._last, stand, self._now()):
            return True
        try:
            return await self._anchor()
        except BlockingIOError:
            # Another process of this ledger is writing the very same.
            return True
        except (OSError, AnchorUnusable) as error:
            return self._alarm("the audit chain is not anchored", error=str(error))

    async def _anchor(self) -> bool:
        before = await self._beside(lambda: anchors.last_in(self._place))
        # The heads are read after the anchor they are compared with: another process may have just made it.
        stand = await self._stand()
        self._last = before
        gone = contradiction(before, stand)
        if gone is None and not is_due(before, stand, self._now()):
            return True
        if before is not None and before.stand.epoch == stand.epoch:
            gone = gone or await self._missing(before)
            if gone is not None:
                return self._alarm(
                    "the ledger was rolled back or its history was changed", anchor=before.n, branch=gone
                )
        key = signing_key()

        def continued(found: Anchor | None) -> Anchor | None:
            if (found and found.digest) != (before and before.digest):
                return None
            return anchors.sign(stand, found, key, time_of(self._now()))

        made = await self._beside(lambda: anchors.append(self._place, continued))
        self._last = made or self._last
        return True

    async def _missing(self, before: Anchor) -> str | None:
        for branch, (seq, found) in before.stand.heads.items():
            row = await self._core.reader.get(AuditRow, (branch, seq))
            if row is None or row.hash.hex() != found:
                return branch
        return None

    async def _stand(self) -> Stand:
        heads = await self._core.reader.find(ChainHead)
        institution = self._core.institution
        return Stand(
            institution.ledger_id,
            institution.epoch,
            {head.branch_id: (head.seq, head.hash.hex()) for head in heads},
        )

    async def _beside(self, work: Callable[[], T]) -> T:
        """`work` on a thread of its own. One whose file system hangs must hold up neither others nor the end."""
        loop = asyncio.get_running_loop()
        done: asyncio.Future[T] = loop.create_future()

        def finish(result: T | None, error: BaseException | None) -> None:
            if done.done():
                return
            if error is not None:
                done.set_exception(error)
            else:
                done.set_result(result)  # type: ignore[arg-type]  # the result of `work`, whatever it is

        def run() -> None:
            try:
                told = partial(finish, work(), None)
            except BaseException as error:  # noqa: BLE001 - raised again where it is awaited
                told = partial(finish, None, error)
            # Nobody is left to be told when the ledger has stopped meanwhile.
            with suppress(RuntimeError):
                loop.call_soon_threadsafe(told)

        threading.Thread(target=run, name="anchors", daemon=True).start()
        while True:
            try:
                return await asyncio.wait_for(asyncio.shield(done), _PLACE_SECONDS)
            except TimeoutError:
                if done.done():
                    raise
                self._alarm("the place of the anchors does not answer")

    def _now(self) -> int:
        return self._core.clock.now_us()

    def _alarm(self, event: str, **details: object) -> bool:
        self.alarms += 1
        self._core.metrics.alarm("anchors")
        log.error(event, place=str(self._place), **details)
        return False


def start_anchoring(core: Core) -> Anchoring | None:
    """Begin in the background, where the environment names a place; on the event loop."""
    place = os.environ.get(PLACE_VARIABLE)
    if not place:
        return None
    anchoring = Anchoring(core, Path(place))
    task = asyncio.get_running_loop().create_task(anchoring.run(), name="anchoring")
    core.background.add(task)
    task.add_done_callback(core.background.discard)
    return anchoring
