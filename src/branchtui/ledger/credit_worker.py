"""What ends cycles and mails statements while a ledger is served; any number of processes may do it at once.

A cycle ends in a transaction that looks at the account again, so that of two processes one finds nothing to do. A
mail is leased before it is sent: one process sends it, and another takes over when that one has died. Whoever
dies between the server's yes and the note of it sends a second copy, under the same Message-ID.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Final

import structlog
from sqlalchemy import bindparam, func, select

from branchtui.contract.credit_statements import MailState
from branchtui.ledger.mailing import MailFailed, message_of
from branchtui.ledger.pdfs import statement_pdf
from branchtui.ledger.store import tables
from branchtui.ledger.store.errors import StoreFailure
from branchtui.ledger.store.mapping import compiled
from branchtui.ledger.store.rows import CreditStatement, StatementMail
from branchtui.ledger.workflows import credit_statements
from branchtui.ledger.workflows.credit_cycles import WAKE, close_account

if TYPE_CHECKING:
    from branchtui.ledger.core import Core
    from branchtui.ledger.mailing import MailServer
    from branchtui.ledger.store.unit import Tx

LOOK_SECONDS: Final = 10.0
"""How often it looks by itself: another process may have made what is due."""

ACCOUNTS_A_STEP: Final = 100
MAILS_A_STEP: Final = 20
MAILS_AT_ONCE: Final = 4
LEASE_US: Final = 180_000_000
"""Longer than one message may take."""

_MINUTE_US: Final = 60_000_000
AGAIN_MINUTES: Final = (1, 5, 15, 60, 180, 360, 720, 1_440, 1_440)
"""How long after each failed try comes the next; after the last one nobody tries any more by himself."""

FINAL_TRIES: Final = 3
"""Tries of a message that the server says it will never take."""

_c, _m = tables.credit_accounts.c, tables.statement_mails.c
_DUE: Final = compiled(
    select(_c.id)
    .where(_c.next_close_at <= bindparam("now"))
    .order_by(_c.next_close_at, _c.id)
    .limit(bindparam("limit_rows"))
)
_SOONEST: Final = compiled(select(func.min(_c.next_close_at)))
_MAILS: Final = compiled(
    select(_m.statement_id)
    .where(
        _m.state == bindparam("waiting"),
        _m.next_try_at <= bindparam("now"),
        _m.leased_until <= bindparam("now"),
    )
    .order_by(_m.next_try_at, _m.statement_id)
    .limit(bindparam("limit_rows"))
)

log = structlog.get_logger("branchtui.ledger")


def start_credit_worker(core: Core) -> None:
    """Begin in the background, on the event loop."""
    for name, work in (("credit-cycles", _close_for_ever), ("credit-mail", _mail_for_ever)):
        task = asyncio.get_running_loop().create_task(work(core), name=name)
        core.background.add(task)
        task.add_done_callback(core.background.discard)


async def _close_for_ever(core: Core) -> None:
    while not core.stopping:
        # Asked for before the look at the table, so that an account made in between is not slept over.
        waker = asyncio.ensure_future(core.wakes.wait(WAKE))
        await asyncio.sleep(0)
        seconds = LOOK_SECONDS
        try:
            await close_what_is_due(core)
            seconds = await _until_next(core)
        except StoreFailure:
            pass
        except Exception:
            core.metrics.alarm("cycles")
            log.exception("a cycle could not be ended")
        try:
            await asyncio.wait([waker], timeout=seconds)
        finally:
            waker.cancel()


async def close_what_is_due(core: Core) -> int:
    """End every cycle that is over now; returns how many ended here."""
    ended = 0
    await core.refresh()
    while not core.stopping:
        now = core.clock.now_us()
        found = await core.reader.values(_DUE, {"now": now, "limit_rows": ACCOUNTS_A_STEP})
        if not found:
            break
        ids = [account_id for (account_id,) in found]
        step = await _close_step(core, ids, now)
        ended += step
        if not step:
            break
    if ended:
        core.wakes.call(WAKE)
    return ended


async def _close_step(core: Core, ids: list[str], now: int) -> int:
    """End the cycles of these accounts together; where one of them cannot be ended, each by itself."""
    try:
        return await core.writer.submit(lambda tx: _close(core, tx, ids, now))
    except StoreFailure:
        raise
    except Exception:
        log.exception("cycles could not be ended together")
    ended = 0
    for each in ids:
        try:
            ended += await core.writer.submit(partial(_close_one, core, each, now))
        except StoreFailure:
            raise
        except Exception:
            core.metrics.alarm("cycles")
            log.exception("a cycle could not be ended", account=each)
    return ended


def _close_one(core: Core, account_id: str, now: int, tx: Tx) -> int:
    return close_account(core, tx, account_id, now)


def _close(core: Core, tx: Tx, ids: list[str], now: int) -> int:
    return sum(close_account(core, tx, account_id, now) for account_id in ids)


async def _until_next(core: Core) -> float:
    ((soonest,),) = await core.reader.values(_SOONEST, {})
    if soonest is None:
        return LOOK_SECONDS
    seconds = (int(soonest) - core.clock.now_us()) / 1_000_000
    return min(LOOK_SECONDS, max(0.05, seconds))


# ── mail ────────────────────────────────────────────────────────────────────────────────────────────────────────────


async def _mail_for_ever(core: Core) -> None:
    while not core.stopping:
        waker = asyncio.ensure_future(core.wakes.wait(WAKE))
        await asyncio.sleep(0)
        try:
            sent = await mail_what_waits(core)
        except StoreFailure:
            sent = 0
        except Exception:
            sent = 0
            core.metrics.alarm("mail")
            log.exception("mail could not be looked after")
        try:
            if not sent:
                await asyncio.wait([waker], timeout=LOOK_SECONDS)
        finally:
            waker.cancel()


async def mail_what_waits(core: Core) -> int:
    """Try the mails whose time has come; returns how many were tried. Without a mail server they wait."""
    server = core.mail
    if server is None:
        return 0
    bound = {"waiting": MailState.WAITING.value, "now": core.clock.now_us(), "limit_rows": MAILS_A_STEP}
    found = [statement_id for (statement_id,) in await core.reader.values(_MAILS, bound)]
    places_ = asyncio.Semaphore(MAILS_AT_ONCE)

    async def one(statement_id: str) -> None:
        async with places_:
            await _mail(core, server, statement_id)

    await asyncio.gather(*(one(each) for each in found))
    return len(found)


async def _mail(core: Core, server: MailServer, statement_id: str) -> None:
    mail = await core.writer.submit(lambda tx: _lease(core, tx, statement_id))
    if mail is None:
        return
    failure: MailFailed | None = None
    try:
        await _send(core, server, mail)
    except MailFailed as error:
        failure = error
    except asyncio.CancelledError:
        # The ledger stops: another process need not wait until the lease is old.
        with suppress(StoreFailure):
            await core.writer.submit(lambda tx: _give_back(tx, mail))
        raise
    except Exception:
        log.exception("a statement could not be made")
        failure = MailFailed("The statement could not be made into a message.", is_final=True)
    await core.writer.submit(lambda tx: _note(core, tx, mail, failure))


async def _send(core: Core, server: MailServer, mail: StatementMail) -> None:
    statement = await core.reader.get(CreditStatement, mail.statement_id)
    assert statement is not None, "a mail names its statement"
    found = await credit_statements.whole(core, statement)
    pdf = await statement_pdf(found)
    message = message_of(
        server,
        to=mail.address,
        subject=f"{found.said['institution']}: {found.title}, {found.statement.closed_on}",
        text=credit_statements.as_text(found),
        name=credit_statements.file_name(found, "pdf"),
        pdf=pdf,
        mark=statement.id,
        at=core.clock.now_us() / 1_000_000,
    )
    await server.send(message)


def _lease(core: Core, tx: Tx, statement_id: str) -> StatementMail | None:
    """Take a mail that is due, unless another process has it."""
    now = core.clock.now_us()
    mail = tx.get(StatementMail, statement_id)
    if mail is None or mail.state != MailState.WAITING or mail.next_try_at > now or mail.leased_until > now:
        return None
    taken = replace(mail, holder=core.new_id(), leased_until=now + LEASE_US)
    tx.put(taken)
    return taken


def _give_back(tx: Tx, mail: StatementMail) -> None:
    now = tx.get(StatementMail, mail.statement_id)
    if now is not None and now.holder == mail.holder:
        tx.put(replace(now, holder=None, leased_until=0))


def _note(core: Core, tx: Tx, mail: StatementMail, failure: MailFailed | None) -> None:
    """Write down what became of a try, if it is still this process's."""
    now = tx.get(StatementMail, mail.statement_id)
    if now is None or now.holder != mail.holder:
        return
    at_us = core.clock.now_us()
    now = replace(now, tries=now.tries + 1, holder=None, leased_until=0)
    if failure is None:
        tx.put(replace(now, state=MailState.SENT.value, sent_at=at_us, last_error=None))
        return
    most = FINAL_TRIES if failure.is_final else len(AGAIN_MINUTES) + 1
    if now.tries >= most:
        now = replace(now, state=MailState.FAILED.value)
        core.metrics.alarm("mail")
        log.error("a statement is not mailed any more", statement=mail.statement_id, tries=now.tries)
    else:
        now = replace(now, next_try_at=at_us + AGAIN_MINUTES[now.tries - 1] * _MINUTE_US)
    tx.put(replace(now, last_error=str(failure)))
