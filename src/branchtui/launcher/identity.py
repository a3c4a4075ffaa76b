"""Becoming the teller: all of the identity at once, for good, and proved."""

from __future__ import annotations

import os
import pwd
import resource
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from branchtui.launcher.kernel import keep_privileges_down

_OWNER_ONLY: Final = 0o077
ROOT: Final = 0


class NotPossible(Exception):
    """There can be no session for this person here; `str()` is the reason, in ASCII."""


@dataclass(frozen=True, slots=True)
class Account:
    """A person of this host, as the password and group databases know them."""

    uid: int
    gid: int
    groups: tuple[int, ...]
    name: str
    home: str


def account_of(uid: int) -> Account:
    """The account with that user id.

    Raises:
        NotPossible: the host knows nobody with it.
    """
    try:
        entry = pwd.getpwuid(uid)
    except KeyError:
        raise NotPossible("this host knows no such user") from None
    groups = tuple(sorted(set(os.getgrouplist(entry.pw_name, entry.pw_gid))))
    return Account(uid, entry.pw_gid, groups, entry.pw_name, entry.pw_dir or "/")


def become(account: Account) -> None:
    """Take the account's user, groups and nothing else, irrevocably.

    Raises:
        NotPossible: it could not be done or is not so afterwards; the process must then end.
    """
    try:
        if os.geteuid() == ROOT:
            os.setgroups(account.groups)
            os.setresgid(account.gid, account.gid, account.gid)
            os.setresuid(account.uid, account.uid, account.uid)
        keep_privileges_down()
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    except (OSError, ValueError):
        raise NotPossible("the session could not take your identity") from None
    os.umask(_OWNER_ONLY)
    _prove(account)


def _prove(account: Account) -> None:
    if os.getresuid() != (account.uid,) * 3:
        raise NotPossible("the session did not take your identity")
    if account.uid == ROOT:
        return
    if ROOT in os.getresgid() and account.gid != ROOT:
        raise NotPossible("the session kept a group of the launcher")
    for regain in (os.setuid, os.seteuid):
        with suppress(PermissionError):
            regain(ROOT)
            raise NotPossible("the session could go back to root")


def lower_limits(wanted: dict[int, tuple[int, int]]) -> None:
    """Take over the teller's resource limits as the login gave them; they may only lower what holds here."""
    for number, (soft, hard) in wanted.items():
        with suppress(OSError, OverflowError, ValueError):
            soft_now, hard_now = resource.getrlimit(number)
            hard_then = _lower(hard, hard_now)
            resource.setrlimit(number, (_lower(_lower(soft, soft_now), hard_then), hard_then))


def _lower(one: int, other: int) -> int:
    if one == resource.RLIM_INFINITY:
        return other
    return one if other == resource.RLIM_INFINITY else min(one, other)
