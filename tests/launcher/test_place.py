"""Where a launcher listens: one a path, nobody else's folder, and no trust in a stranger's socket."""

from __future__ import annotations

import os
import pwd
import signal
import socket
import stat
from pathlib import Path

import pytest
from tests.launcher.clients import Client, RunningLauncher, as_user, wait_for_end

from branchtui.launcher import attach, wire
from branchtui.launcher.command import limits_from
from branchtui.launcher.service import Limits
from branchtui.launcher.socket_file import CannotListen, SocketFile


def test_a_second_launcher_is_refused(place: Path) -> None:
    """Two at one path would take turns at being found."""
    with SocketFile(place / "socket"), pytest.raises(CannotListen, match="Another launcher"):
        SocketFile(place / "socket")


def test_the_socket_is_gone_with_the_launcher_and_free_again(place: Path) -> None:
    """A client then knows at once that the plain start is needed."""
    for _ in range(2):
        with SocketFile(place / "socket"):
            assert stat.S_ISSOCK((place / "socket").stat().st_mode)
        assert not (place / "socket").exists()


@pytest.mark.pty
def test_what_a_killed_launcher_left_is_no_obstacle(place: Path) -> None:
    """SIGKILL leaves the socket; the next one takes its place and serves."""
    with RunningLauncher(place / "socket") as first:
        first.process.kill()
        first.process.wait()
        assert first.path.exists()
        with RunningLauncher(place / "socket") as second:
            assert second.said == f"branchtui launcher ready at {place / 'socket'}\n"
            with Client(second.path) as client:
                assert client.ask().startswith(wire.GO)


def test_a_file_of_somebody_is_left_as_it_is(place: Path) -> None:
    """Only a socket of one's own is a rest."""
    (place / "socket").write_text("precious")
    with pytest.raises(CannotListen, match="something else"):
        SocketFile(place / "socket")
    assert (place / "socket").read_text() == "precious"


def test_a_folder_that_others_may_write_is_refused(place: Path) -> None:
    """Somebody else could put another socket in its place."""
    place.chmod(0o777)
    with pytest.raises(CannotListen, match="belongs to others"):
        SocketFile(place / "socket")


def test_a_client_trusts_root_and_itself_alone(place: Path, others: list[pwd.struct_passwd]) -> None:
    """A socket at which somebody else listens gets neither a terminal nor an environment."""
    path = place / "socket"
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as stranger:
        stranger.bind(str(path))
        with as_user(others[0].pw_uid):
            stranger.listen()
        reason = attach._attach(str(path), {})
        assert isinstance(reason, str)
        assert "another user" in reason
        heard, _ = stranger.accept()
        with heard:
            assert heard.recv(wire.MAX_BYTES) == b""


def test_a_launcher_of_one_user_serves_nobody_else(place: Path, others: list[pwd.struct_passwd]) -> None:
    """Without root it could not become them."""
    mine = others[0]
    os.chown(place, mine.pw_uid, -1)
    with (
        RunningLauncher(
            place / "socket", module=("tests.launcher.facts",), more=[str(mine.pw_uid)]
        ) as running,
        Client(running.path, uid=None) as root,
    ):
        assert b"another user" in root.answer()


@pytest.mark.parametrize(
    ("given", "found"),
    [
        (["--fast"], {"fast": "1"}),
        (
            ["--fast", "--ledger", "http://x", "--user=amina", "--ascii"],
            {"fast": "1", "ledger": "http://x", "user": "amina", "ascii": "1"},
        ),
        (["--socket", "/s", "--fast"], {"fast": "1", "socket": "/s"}),
        (["--fast", "--help"], None),
        (["--fast", "--ledger"], None),
        (["--fast", "--user", "--ascii"], None),
        (["--fast", "demo"], None),
    ],
)
def test_the_short_reading_of_the_command_line_leaves_every_doubt_to_the_full_one(
    given: list[str], found: dict[str, str] | None
) -> None:
    """What it does not know it does not judge."""
    assert attach.asked(given) == found


def test_the_named_socket_comes_before_the_usual_ones() -> None:
    """--socket, else BRANCHTUI_SOCKET, else the host's and one's own."""
    usual = {"XDG_RUNTIME_DIR": "/run/user/7"}
    assert wire.service_sockets({**usual, "BRANCHTUI_SOCKET": "/b"}, "/a") == ["/a"]
    assert wire.service_sockets({**usual, "BRANCHTUI_SOCKET": "/b"}, None) == ["/b"]
    assert wire.service_sockets(usual, None) == [wire.SERVICE_SOCKET, "/run/user/7/branchtui/launcher.sock"]
    assert wire.service_sockets({}, None) == [wire.SERVICE_SOCKET]


def test_how_many_sessions_is_the_operators_to_say() -> None:
    """A number within reason, else a sentence."""
    assert limits_from({}) == Limits(200, 4)
    assert limits_from({"BRANCHTUI_LAUNCHER_SESSIONS": "20"}) == Limits(20, 4)
    with pytest.raises(ValueError, match="can be a number"):
        limits_from({"BRANCHTUI_LAUNCHER_SESSIONS_PER_USER": "many"})


@pytest.mark.pty
def test_it_ends_when_told_and_takes_its_spare_along(launcher: RunningLauncher) -> None:
    """SIGTERM and SIGINT: exit code 0, no child left that nobody can reach."""
    spare = launcher.spare()
    launcher.process.send_signal(signal.SIGINT)
    assert launcher.process.wait(30) == 0
    wait_for_end(spare)


@pytest.mark.pty
def test_a_spare_does_not_outlive_a_launcher_that_was_killed(launcher: RunningLauncher) -> None:
    """SIGKILL: nobody can ever give it a client."""
    spare = launcher.spare()
    launcher.process.kill()
    wait_for_end(spare)


@pytest.mark.pty
def test_a_spare_that_was_killed_is_replaced(launcher: RunningLauncher) -> None:
    """The next client gets a session all the same, and there is a spare again."""
    first = launcher.spare()
    os.kill(first, signal.SIGKILL)
    wait_for_end(first)
    with Client(launcher.path) as client:
        answer = client.ask()
        assert answer.startswith(wire.GO)
    wait_for_end(int(answer[1:]))
    assert launcher.spare() != first
