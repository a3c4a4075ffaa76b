"""What any user of the host may send to the socket: the launcher neither falls nor stands still."""

from __future__ import annotations

import random
import signal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.launcher.clients import FIELDS, Client, RunningLauncher

from branchtui.launcher import wire
from branchtui.launcher.request import Request
from branchtui.launcher.waiter import END, KILLED

pytestmark = pytest.mark.faults

GOOD = wire.pack(FIELDS)
STRANGE: list[tuple[bytes, int]] = [
    (b"", 3),
    (b"\0", 3),
    (b"GET / HTTP/1.1\r\n\r\n", 3),
    (GOOD, 0),
    (GOOD, 1),
    (GOOD, 2),
    (GOOD, 4),
    (GOOD, 200),
    (GOOD + b"x" * 100_000, 3),
    (GOOD + b"\0a=b" * 1000, 3),
    (GOOD.replace(b" 1", b" 2"), 3),
    (GOOD + b"\0limit:9999999999999999=1:1", 3),
    (GOOD + b"\0limit:7=99999999999999999999:99999999999999999999", 3),
    (GOOD + b"\0env:=x", 3),
    (GOOD + b"\0option:database=x", 3),
    (GOOD + b"\0env:LC_ALL=\xff\xfe", 3),
    (GOOD + b"\0cwd=" + b"/x" * 9000, 3),
    (GOOD + b"\0env:BRANCHTUI_STATE_FOLDER=" + b"/x" * 9000, 3),
]
"""Packets, and with how many descriptors of the terminal each is sent."""


def still_serves(launcher: RunningLauncher) -> None:
    """The next honest client gets a session."""
    assert launcher.process.poll() is None, launcher.log
    with Client(launcher.path) as client:
        answer = client.ask()
        assert answer.startswith(wire.GO), (answer, launcher.log)
        client.see("Password")
    launcher.buried(int(answer[1:]))


@pytest.mark.pty
def test_those_who_say_nothing_hold_nobody_up(launcher: RunningLauncher) -> None:
    """Two connect and fall silent; a third works at once, and the silent ones are put out."""
    with Client(launcher.path) as one, Client(launcher.path) as two:
        still_serves(launcher)
        assert one.answer() == two.answer() == b"K%d" % signal.SIGALRM
    launcher.logged(f"signal={signal.SIGALRM.value}")


@pytest.mark.pty
def test_what_no_client_of_ours_sends_harms_nobody(launcher: RunningLauncher) -> None:
    """Refused, or served where it is harmless; the launcher serves the next one."""
    for data, descriptors in STRANGE:
        with Client(launcher.path) as client:
            client.send(data, descriptors)
            answer = client.answer()
        assert answer[:1] in {wire.GO, wire.REFUSED, END, KILLED, b""}, (data[-100:], descriptors, answer)
        still_serves(launcher)
    assert "Traceback" not in launcher.log


@pytest.mark.pty
def test_seeded_rubbish_harms_nobody(launcher: RunningLauncher) -> None:
    """A few dozen packets that begin well and go wrong somewhere."""
    seed = 20_261_128
    print(f"SEED={seed}")
    chance = random.Random(seed)
    for _ in range(30):
        data = bytearray(GOOD)
        for _ in range(chance.randrange(1, 6)):
            data[chance.randrange(len(data))] = chance.randrange(256)
        with Client(launcher.path) as client:
            client.send(bytes(data), chance.choice([0, 1, 3, 3, 3, 5]))
            answer = client.answer()
        if answer.startswith(wire.GO):
            launcher.buried(int(answer[1:]))
    still_serves(launcher)
    assert "Traceback" not in launcher.log


@pytest.mark.pty
def test_a_crowd_of_one_user_is_turned_away_at_once(launcher: RunningLauncher) -> None:
    """Beyond the limit of a user nothing is forked, and each is told."""
    crowd = [Client(launcher.path) for _ in range(40)]
    refused = [client for client in crowd[4:] if b"as many sessions" in client.answer()]
    assert len(refused) == 36
    assert launcher.log.count("started") == 4
    for client in crowd:
        client.__exit__()
    started = [int(line.rpartition("=")[2]) for line in launcher.log.splitlines() if "started" in line]
    for pid in started:
        launcher.buried(pid)
    still_serves(launcher)


@pytest.mark.pty
def test_a_client_that_hangs_up_early_leaves_nothing_behind(launcher: RunningLauncher) -> None:
    """Before its greeting, and right after it."""
    for greeting in (b"", GOOD):
        with Client(launcher.path) as client:
            if greeting:
                client.send(greeting)
    launcher.logged("ended")
    started = [int(line.rpartition("=")[2]) for line in launcher.log.splitlines() if "started" in line]
    for pid in started:
        launcher.buried(pid)
    still_serves(launcher)


@pytest.mark.pty
def test_another_version_is_told_so(launcher: RunningLauncher) -> None:
    """After an upgrade on disk the old launcher serves nobody: the client starts the new program plainly."""
    with Client(launcher.path) as client:
        answer = client.ask([("version", "99.0"), *FIELDS[1:]])
    assert answer.startswith(wire.REFUSED)
    assert b"restart it" in answer


@given(st.binary(max_size=2000))
def test_any_bytes_are_a_request_or_garbled(data: bytes) -> None:
    """Reading has no other outcome, whatever was sent."""
    for packet in (data, GOOD + data, GOOD + b"\0" + data):
        try:
            read = Request.read(packet)
        except wire.Garbled:
            continue
        assert all(wire.passes(name) for name in read.environment)


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["cwd", "env:LC_ALL", "option:user"]),
            st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])),
        )
    )
)
def test_what_is_packed_is_unpacked(fields: list[tuple[str, str]]) -> None:
    """Both sides agree."""
    try:
        data = wire.pack(fields)
    except wire.Garbled:
        return
    assert wire.unpack(data) == fields
