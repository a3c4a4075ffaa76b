"""The `branchtui ledger ...` commands that look after a real ledger; each returns its exit code."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from branchtui.exits import DONE
from branchtui.ledger import backup as copies
from branchtui.ledger import setup, upkeep
from branchtui.ledger.clock import SystemClock
from branchtui.ledger.commands import read_password, telling, verify_timezone

if TYPE_CHECKING:
    import argparse


@telling
def branch_add(arguments: argparse.Namespace) -> int:
    """Add a branch below another one."""
    if arguments.timezone:
        verify_timezone(arguments.timezone)
    at_us = SystemClock().now_us()
    setup.change(
        arguments.database,
        lambda tx: upkeep.new_branch(
            tx,
            code=arguments.code,
            name=arguments.name,
            parent=arguments.parent,
            timezone=arguments.timezone,
            at_us=at_us,
        ),
        alone=True,  # who serves the ledger knows its branches from the start
    )
    return DONE


@telling
def payee_add(arguments: argparse.Namespace) -> int:
    """Give a short code to a branch."""
    at_us = SystemClock().now_us()
    setup.change(
        arguments.database,
        lambda tx: upkeep.new_payee(
            tx,
            provider=arguments.provider,
            number=arguments.number,
            branch_code=arguments.branch,
            at_us=at_us,
        ),
    )
    return DONE


@telling
def callback_token(arguments: argparse.Namespace) -> int:
    """Print a new secret of a provider's address; it is shown this once."""
    at_us = SystemClock().now_us()
    token = setup.change(
        arguments.database,
        lambda tx: upkeep.fresh_callback_token(
            tx, provider=arguments.provider, end_others=arguments.end_others, at_us=at_us
        ),
    )
    sys.stdout.write(f"{token}\n")
    return DONE


@telling
def user_unlock(arguments: argparse.Namespace) -> int:
    """Let a user try again."""
    at_us = SystemClock().now_us()
    setup.change(arguments.database, lambda tx: upkeep.unlock_user(tx, arguments.username, at_us))
    return DONE


@telling
def user_password(arguments: argparse.Namespace) -> int:
    """Give a user a new password and end the user's sessions."""
    password, at_us = read_password(arguments), SystemClock().now_us()
    setup.change(arguments.database, lambda tx: upkeep.set_password(tx, arguments.username, password, at_us))
    return DONE


@telling
def user_disable(arguments: argparse.Namespace) -> int:
    """Let a user no longer sign in and end the user's sessions."""
    at_us = SystemClock().now_us()
    setup.change(arguments.database, lambda tx: upkeep.disable_user(tx, arguments.username, at_us))
    return DONE


@telling
def user_forget_codes(arguments: argparse.Namespace) -> int:
    """Forget the one-time codes of a user whose device is lost."""
    at_us = SystemClock().now_us()
    setup.change(arguments.database, lambda tx: upkeep.forget_codes(tx, arguments.username, at_us))
    return DONE


@telling
def backup(arguments: argparse.Namespace) -> int:
    """Copy the ledger into a new file, proved."""
    copies.back_up(arguments.database, Path(arguments.to).absolute())
    return DONE


@telling
def new_epoch(arguments: argparse.Namespace) -> int:
    """Begin a new epoch after the database was restored by other means."""
    copies.new_epoch(arguments.database, SystemClock().now_us())
    sys.stdout.write("A new epoch has begun. Everybody signs in again.\n")
    return DONE


@telling
def restore(arguments: argparse.Namespace) -> int:
    """Make a ledger from a copy."""
    copies.restore(arguments.database, Path(arguments.source).absolute(), SystemClock().now_us())
    sys.stdout.write("The ledger is restored, as a new epoch. Everybody signs in again.\n")
    return DONE
