"""The `branchtui ledger ...` commands: each returns its exit code and says on standard error why not."""

from __future__ import annotations

import getpass
import logging
import os
import sys
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from branchtui.contract.sessions import Role
from branchtui.exits import DONE, fail
from branchtui.format.money import MoneyError, parse_money
from branchtui.ledger import setup
from branchtui.ledger.clock import SystemClock
from branchtui.ledger.passwords import PasswordUnfit
from branchtui.ledger.store.errors import StoreUnavailable
from branchtui.ledger.store.rows import Branch
from branchtui.ledger.store.unit import BulkTx

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable

_LOG: Final = "BRANCHTUI_LEDGER_LOG"
"""Set to `warnings`, leaves out the line that each request has in the log."""

_MAX_PORT: Final = 65_535
_MAX_DRAIN_SECONDS: Final = 3_600

_LIMITS: Final = "BRANCHTUI_LEDGER_LIMITS"
"""Set to `off`, lifts how many changes and searches a second one user may ask for: for a benchmark."""


def telling(run: Callable[[argparse.Namespace], int]) -> Callable[[argparse.Namespace], int]:
    """A command whose expected failures become one sentence and exit code 1."""

    def command(arguments: argparse.Namespace) -> int:
        try:
            return run(arguments)
        except (StoreUnavailable, PasswordUnfit, MoneyError, ValueError) as error:
            return fail(str(error))
        except OSError as error:
            return fail(_of_the_system(error))
        except KeyboardInterrupt:
            return fail("\nStopped.")

    return command


def _of_the_system(error: OSError) -> str:
    """What the system refused, and of which file, without its number."""
    if error.strerror is None:  # a sentence of ours
        return str(error)
    return f"{error.filename}: {error.strerror}." if error.filename else f"{error.strerror}."


@telling
def init(arguments: argparse.Namespace) -> int:
    """Make a new ledger with its first branch and administrator."""
    _verify_place(arguments.currency, arguments.timezone)
    new = setup.NewLedger(
        institution=arguments.institution,
        branch_code=arguments.branch,
        branch_name=arguments.branch_name or arguments.branch,
        currency=arguments.currency,
        timezone=arguments.timezone,
        admin=arguments.admin,
        admin_password=read_password(arguments),
    )
    setup.init_ledger(arguments.database, new)
    sys.stdout.write(f"The ledger of {new.institution} is ready. Serve it with: branchtui ledger serve\n")
    return DONE


@telling
def user_add(arguments: argparse.Namespace) -> int:
    """Add a user to a branch of a ledger that nobody serves."""
    password = read_password(arguments)

    def add(tx: BulkTx) -> None:
        branch = tx.find_one(Branch, code=arguments.branch)
        limit = parse_money(arguments.limit, branch.currency) if arguments.limit and branch else None
        setup.add_user(
            tx,
            username=arguments.username,
            role=Role(arguments.role),
            branch_code=arguments.branch,
            password=password,
            limit_minor=limit,
            at_us=SystemClock().now_us(),
        )

    setup.change(arguments.database, add)
    return DONE


@telling
def serve(arguments: argparse.Namespace) -> int:
    """Serve a ledger until it is told to stop; the first line of output is its URL."""
    from branchtui.ledger.serve import Serving
    from branchtui.ledger.serve import serve as serve_ledger
    from branchtui.ledger.web.limits import LIFTED

    def announce(url: str) -> None:
        sys.stdout.write(f"{url}\n")
        sys.stdout.flush()

    how = Serving(
        host=arguments.host,
        port=_port(arguments.port),
        rates=LIFTED if os.environ.get(_LIMITS) == "off" else None,
        proxies=tuple(_proxy(each) for each in arguments.proxy),
        callback_sources=tuple(_network(each) for each in arguments.callback_from),
        metrics=_place(arguments.metrics) if arguments.metrics else None,
        drain_seconds=_seconds(arguments.drain),
        log_level=logging.WARNING if os.environ.get(_LOG) == "warnings" else logging.INFO,
    )
    serve_ledger(arguments.database, how, announce=announce)
    return DONE


def _network(written: str) -> IPv4Network | IPv6Network:
    """A network in the notation of CIDR, or one address.

    Raises:
        ValueError: it is neither.
    """
    try:
        return ip_network(written)
    except ValueError as error:
        raise ValueError(f"{written} is no network, such as 196.201.214.0/24 or 196.201.214.200.") from error


def _proxy(written: str) -> str:
    """An address or a network whose word is taken for who asks.

    Raises:
        ValueError: it is neither: nobody would be believed, and every client would be the proxy's one.
    """
    try:
        ip_network(written)
    except ValueError as error:
        raise ValueError(f"{written} is no address of a proxy, such as 127.0.0.1 or 10.0.0.0/8.") from error
    return written


def _port(port: int) -> int:
    if not 0 <= port <= _MAX_PORT:
        raise ValueError(f"{port} is no port: 0 to {_MAX_PORT}, 0 takes a free one.")
    return port


def _seconds(seconds: float) -> float:
    if not 0 <= seconds <= _MAX_DRAIN_SECONDS:
        raise ValueError(f"{seconds:g} is no time to drain for: 0 to {_MAX_DRAIN_SECONDS} seconds.")
    return seconds


def _place(written: str) -> tuple[str, int]:
    """Host and port of `[HOST:]PORT`; this machine's own where only a port is given.

    Raises:
        ValueError: it is neither.
    """
    host, _, port = written.rpartition(":")
    if not port.isascii() or not port.isdecimal() or int(port) > _MAX_PORT:
        raise ValueError(f"{written} is no [HOST:]PORT, such as 9464 or 10.0.0.5:9464.")
    return host.strip("[]") or "127.0.0.1", int(port)


@telling
def migrate(arguments: argparse.Namespace) -> int:
    """Bring the tables of a ledger to this version."""
    setup.change(arguments.database, lambda _: None)
    return DONE


def check(arguments: argparse.Namespace) -> int:
    """Prove the invariants: nothing printed and 0 when all is well, a line a violation and 1 otherwise."""
    return telling(_check)(arguments)


def _check(arguments: argparse.Namespace) -> int:
    from branchtui.ledger import check as checks

    if bool(arguments.anchors) != bool(arguments.public_key):
        raise ValueError("Anchors are verified with a key: give --anchors and --public-key together.")
    if not arguments.anchors:
        return checks.run(arguments.database)
    from branchtui.ledger import anchors, check_anchors

    key = anchors.read_public_key(Path(arguments.public_key).read_bytes())
    lines = anchors.lines_of(Path(arguments.anchors))
    notes: list[str] = []
    status = checks.run(
        arguments.database, more=lambda found: check_anchors.broken_anchors(found, lines, key, notes)
    )
    sys.stderr.writelines(f"{note}\n" for note in notes)
    return status


@telling
def seed(arguments: argparse.Namespace) -> int:
    """Add realistic people, payments and balance records to a branch."""
    from branchtui.ledger.seed import seed as plant

    plant(
        arguments.database,
        branch_code=arguments.branch,
        customers=arguments.customers,
        payments=arguments.payments,
        balance_records=arguments.balance_records,
    )
    return DONE


def read_password(arguments: argparse.Namespace) -> str:
    """The password from standard input or a prompt; never from an argument (AUTH-8).

    Raises:
        ValueError: standard input holds none, or nobody is there to type it.
    """
    if not arguments.password_stdin:
        try:
            return getpass.getpass("Password: ")
        except EOFError as error:
            raise ValueError("No password was typed; --password-stdin reads it from a pipe.") from error
    password = sys.stdin.readline().rstrip("\r\n")
    if not password:
        raise ValueError("Standard input holds no password.")
    return password


def _verify_place(currency: str, timezone: str) -> None:
    """Refuse a currency or time zone that does not exist, before anything is made."""
    if not (len(currency) == 3 and currency.isascii() and currency.isupper()):
        raise ValueError(f"{currency} is no ISO 4217 currency, such as KES.")
    verify_timezone(timezone)


def verify_timezone(timezone: str) -> None:
    """Refuse a time zone that does not exist.

    Raises:
        ValueError: the sentence for the person.
    """
    try:
        ZoneInfo(timezone)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:  # a part of the world is a folder
        raise ValueError(f"There is no time zone {timezone}; write one such as Africa/Nairobi.") from error
