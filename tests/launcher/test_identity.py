"""Who a session is, and what it has of its teller and of the launcher. Real processes, real users."""

from __future__ import annotations

import json
import os
import pwd
import resource
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.e2e.demonstration import Demonstration
from tests.launcher.clients import FIELDS, Client, RunningLauncher, status_of

from branchtui.launcher.waiter import END

pytestmark = [pytest.mark.pty, pytest.mark.faults]


@pytest.fixture
def telling(place: Path) -> Iterator[RunningLauncher]:
    """A launcher whose sessions tell what they are."""
    with RunningLauncher(place / "socket", module=("tests.launcher.facts",)) as running:
        yield running


def facts_of(client: Client, *more: tuple[str, str]) -> dict[str, Any]:
    """What the session of `client` says of itself."""
    assert client.ask([*FIELDS, *more]) == b"G0"
    client.see("\n")
    found: dict[str, Any] = json.loads(client.painted.partition(b"\r\n")[0])
    return found


def test_a_session_is_its_teller_and_nobody_else(
    telling: RunningLauncher, others: list[pwd.struct_passwd]
) -> None:
    """User, group and supplementary groups are the teller's, all three of each, by the databases of the host."""
    for entry in others:
        with Client(telling.path, uid=entry.pw_uid) as client:
            facts = facts_of(client)
            assert facts["users"] == [entry.pw_uid] * 3
            wanted = sorted(set(os.getgrouplist(entry.pw_name, entry.pw_gid)))
            assert facts["groups"] == [[entry.pw_gid] * 3, wanted]
            assert facts["environment"]["HOME"] == entry.pw_dir
            assert client.answer() == END + b"7"


def test_a_session_of_the_program_can_gain_nothing(
    launcher: RunningLauncher, others: list[pwd.struct_passwd]
) -> None:
    """SEC-2: no capability, no new privileges by any program, nobody may trace it; it leads a session of its own."""
    with Client(launcher.path, uid=others[0].pw_uid) as client:
        answer = client.ask()
        assert answer.startswith(b"G"), answer
        client.see("Password")
        status = status_of(int(answer[1:]))
        assert status["Uid"].split() == [str(others[0].pw_uid)] * 4
        assert {status[name] for name in ("CapEff", "CapPrm", "CapInh", "CapAmb")} == {"0" * 16}
        assert (status["NoNewPrivs"], status["Umask"], status["Threads"]) == ("1", "0077", "1")
        # What may not be dumped or traced belongs to root in /proc.
        assert Path(f"/proc/{answer[1:].decode()}/environ").stat().st_uid == 0


def test_a_child_forked_ahead_becomes_its_teller_like_any_other(
    telling: RunningLauncher, others: list[pwd.struct_passwd]
) -> None:
    """The spare was forked before anybody was known; once it has a client it is that user and holds no more."""
    for _ in range(20):
        spare = telling.spare()
        with Client(telling.path, uid=others[0].pw_uid) as client:
            facts = facts_of(client)
        assert facts["users"] == [others[0].pw_uid] * 3
        assert facts["descriptors"] <= 6
        # It may have been asked before it was ready, and another was forked instead.
        if facts["process"] == spare:
            return
    raise AssertionError("the spare was never used")


@pytest.mark.e2e
def test_a_session_works_with_what_was_loaded_before_it(
    launcher: RunningLauncher, others: list[pwd.struct_passwd], place: Path
) -> None:
    """Sign in and open lists as a user who may not read the launcher's Python: nothing is left to load."""
    entry = others[0]
    state = place / "state"
    state.mkdir()
    os.chown(state, entry.pw_uid, entry.pw_gid)
    with Demonstration() as demonstration, Client(launcher.path, uid=entry.pw_uid) as client:
        teller = demonstration.user("teller")
        fields = {"option:ledger": demonstration.url, "option:user": teller.username}
        fields |= {"env:XDG_STATE_HOME": str(state), "env:XDG_CONFIG_HOME": str(state)}
        assert client.ask(list({**dict(FIELDS), **fields}.items())).startswith(b"G")
        client.see("Password")
        os.write(client.master, f"{teller.password}\r".encode())
        client.see("What waits")
        for key, text in (
            (b"\x1bOQ", "Achieng"),
            (b"\x1bOR", "Member"),
            (b"\x1bOS", "Payments"),
            (b"\x1b[20~", "Activity"),
        ):
            os.write(client.master, key)
            client.see(text)
        written = list(state.rglob("*"))
        assert written
        assert {path.stat().st_uid for path in written} == {entry.pw_uid}
        assert not any(path.stat().st_mode & 0o077 for path in written)


def test_two_tellers_share_no_descriptor(launcher: RunningLauncher, others: list[pwd.struct_passwd]) -> None:
    """A session holds its own terminal and its own line; nobody's connection is open in another's process."""
    first, second = others
    with Client(launcher.path, uid=first.pw_uid) as one, Client(launcher.path, uid=second.pw_uid) as two:
        sessions = [int(client.ask()[1:]) for client in (one, two)]
        for client in (one, two):
            client.see("Password")
        held = [
            {str(descriptor.readlink()) for descriptor in Path(f"/proc/{pid}/fd").iterdir()}
            for pid in sessions
        ]
        assert not held[0] & held[1] - {"anon_inode:[eventpoll]", "/dev/null"}
        terminals = [{name for name in names if name.startswith("/dev/pts/")} for names in held]
        assert terminals == [{os.ttyname(one.slave)}, {os.ttyname(two.slave)}]


def test_only_what_is_on_the_list_comes_from_the_tellers_environment(telling: RunningLauncher) -> None:
    """What steers a loader, Python, a proxy or TLS never passes, and nothing of the launcher's own stays."""
    sent = {
        "LC_ALL": "C.UTF-8",
        "BRANCHTUI_CA_FILE": "/ca.pem",
        "XDG_STATE_HOME": "/state",
        "LD_PRELOAD": "/evil.so",
        "PYTHONPATH": "/evil",
        "HTTPS_PROXY": "http://evil",
        "SSLKEYLOGFILE": "/keys",
        "HOME": "/evil",
        "PATH": "/evil",
    }
    with Client(telling.path) as client:
        facts = facts_of(client, *[(f"env:{name}", value) for name, value in sent.items()])
    passed = {"TERM", "LC_ALL", "BRANCHTUI_CA_FILE", "XDG_STATE_HOME"}
    assert facts["environment"].keys() == passed | {"HOME", "USER", "LOGNAME", "PATH"}
    assert facts["environment"]["HOME"] == pwd.getpwuid(os.getuid()).pw_dir
    assert "/evil" not in facts["environment"]["PATH"]


def test_limits_of_the_login_only_ever_lower(telling: RunningLauncher) -> None:
    """RLIMIT_NOFILE as the client has it, but never above the launcher's; core files never."""
    number = resource.RLIMIT_NOFILE
    _, most = resource.getrlimit(number)
    with Client(telling.path) as client:
        lower = facts_of(client, (f"limit:{number}", "100:200"))
    assert (lower["files"], lower["core"]) == ([100, 200], [0, 0])
    with Client(telling.path) as client:
        higher = facts_of(client, (f"limit:{number}", "-1:-1"), (f"limit:{resource.RLIMIT_CORE}", "-1:-1"))
    assert higher["files"][1] == most
    assert higher["core"] == [0, 0]


def test_it_stands_where_its_teller_stands(telling: RunningLauncher, place: Path) -> None:
    """The teller's folder, files for the teller alone, a session of its own, and six descriptors at most."""
    with Client(telling.path) as client:
        facts = facts_of(client, ("cwd", str(place)))
    assert (facts["folder"], facts["umask"], facts["leads"]) == (str(place), 0o077, True)
    assert facts["descriptors"] <= 6


def test_no_two_sessions_draw_the_same_random_numbers(telling: RunningLauncher) -> None:
    """What was seeded before the fork is seeded again after it."""
    drawn = []
    for _ in range(3):
        with Client(telling.path) as client:
            drawn.append(tuple(facts_of(client)["random"]))
    assert len({number for number, _ in drawn}) == len({key for _, key in drawn}) == 3


@pytest.mark.parametrize("asked", ["", "1"])
def test_equal_pages_are_merged_only_where_the_operator_asked(place: Path, asked: str) -> None:
    """Decision 0010: what one session has in memory can be guessed by timing another's, so it is off by itself."""
    with (
        RunningLauncher(place / "socket", env={"BRANCHTUI_LAUNCHER_MERGE_PAGES": asked}) as running,
        Client(running.path) as client,
    ):
        if asked and not running.said:
            assert "merges no pages" in running.log
            return
        answer = client.ask()
        told = Path(f"/proc/{answer[1:].decode()}/ksm_stat")
        if not told.exists() or "ksm_merge_any" not in told.read_text():
            pytest.skip("this kernel does not say who lets it merge pages")
        assert f"ksm_merge_any: {'yes' if asked else 'no'}" in told.read_text()


def test_the_socket_is_for_everybody_when_it_is_roots_and_else_for_its_owner(
    launcher: RunningLauncher,
) -> None:
    """A teller needs to connect, and nobody else may replace it: the folder is the service's."""
    mode = stat.S_IMODE(launcher.path.stat().st_mode)
    assert mode == (0o666 if os.geteuid() == 0 else 0o600)
    assert not launcher.path.parent.stat().st_mode & (stat.S_IWGRP | stat.S_IWOTH)
