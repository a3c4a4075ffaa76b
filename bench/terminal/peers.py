"""Programs of the same kind from Debian: tig, visidata and hledger-ui, with the same steps by their own keys."""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

from bench.terminal.session import Session
from bench.terminal.steps import Steps

_ROWS = 5000
_FIRST = "Achieng Kofi Amaka Wanjiru Otieno Fatuma Juma Akosua Chidi Nyambura".split()


@dataclass(frozen=True)
class Peer:
    """A program: its command, where it runs, and (step, key, times) in its own keys."""

    name: str
    command: tuple[str, ...]
    steps: tuple[tuple[str, str, int], ...]
    folder: str
    env: dict[str, str] = field(default_factory=dict)


def peers(folder: Path) -> list[Peer]:
    """The peers that are installed, with their data made in `folder`."""
    found: list[Peer] = []
    steps: tuple[tuple[str, str, int], ...]
    if shutil.which("tig") and (where := _history(folder)):
        steps = (*_LIST, ("open a dialog", "h", 1), ("close a dialog", "q", 1), ("switch screen", "enter", 1))
        found.append(Peer("tig", ("tig",), steps, where))
    if shutil.which("vd"):
        steps = (
            *_LIST,
            ("open a dialog", "\x1bf", 1),
            ("close a dialog", "escape", 1),
            ("switch screen", "I", 1),
            ("switch back", "q", 1),
            ("go to the search", "/", 1),
            ("type a character in the search", "ama", 3),
        )
        found.append(Peer("visidata", ("vd", _table(folder)), steps, str(folder), {"HOME": str(folder)}))
    if shutil.which("hledger-ui"):
        steps = (
            *_LIST,
            ("open a dialog", "?", 1),
            ("close a dialog", "escape", 1),
            ("switch screen", "\x1b[C", 1),
            ("switch back", "\x1b[D", 1),
            ("go to the search", "/", 1),
            ("type a character in the search", "ama", 3),
        )
        found.append(Peer("hledger-ui", ("hledger-ui", "-f", _journal(folder)), steps, str(folder)))
    return found


_LIST = (("cursor down", "down", 6), ("page down", "pagedown", 4), ("cursor up", "up", 3))


def walk_peer(peer: Peer, width: int, height: int) -> Steps:
    """The peer's steps on a terminal of that size."""
    with Session(peer.command, width=width, height=height, env=peer.env, cwd=peer.folder) as session:
        found: Steps = {"first screen": [session.start(quiet=2.0)]}
        for name, key, times in peer.steps:
            for turn in range(times):
                typed = key[turn] if name.startswith("type") else key
                found.setdefault(name, []).append(session.press(typed, quiet=0.3))
        return found


def _table(folder: Path) -> str:
    file = folder / "customers.csv"
    rows = (
        f"{number:010},{_FIRST[number * 7 % 10]} {_FIRST[number * 3 % 10]},+2547{number * 7919 % 100000000:08},"
        f"{number * 7331 % 1000000 / 100:.2f}"
        for number in range(_ROWS)
    )
    file.write_text("account,name,phone,balance\n" + "\n".join(rows) + "\n")
    return str(file)


def _journal(folder: Path) -> str:
    file = folder / "customers.journal"
    entries = (
        f"2026-01-{number % 28 + 1:02} payment\n    assets:member:{number:06} {_FIRST[number % 10]}"
        f"    KES {number * 37 % 9000}.00\n    income:fees\n"
        for number in range(_ROWS)
    )
    file.write_text("\n".join(entries))
    return str(file)


def _history(folder: Path) -> str | None:
    """A repository of a few hundred commits, for tig to list."""
    where = folder / "history"
    if where.exists():
        return str(where)
    where.mkdir()
    env = {**os.environ, "GIT_CONFIG_GLOBAL": os.devnull}
    stream = "".join(
        f"commit refs/heads/main\ncommitter {_FIRST[number % 10]} <teller@example.org> {1767225600 + number} +0000\n"
        f"data <<E\nPost the balance of member {number * 7919 % 100000:05}\nE\n"
        f"M 100644 inline book/{number}.txt\ndata <<E\n{'credit 9,500.00 debit 12.00 ' * 3}\nE\n"
        for number in range(400)
    )
    try:
        subprocess.run(["git", "init", "-q", "-b", "main", where], check=True, env=env)
        subprocess.run(
            ["git", "fast-import", "--quiet"], input=stream.encode(), check=True, cwd=where, env=env
        )
    except (OSError, subprocess.CalledProcessError):
        return None
    return str(where)
