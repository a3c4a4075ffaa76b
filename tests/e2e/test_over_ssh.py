"""The teller's day over a real SSH line, on a host that is set up as `docs/ssh.md` says.

Real `sshd`, real `ssh`, real tmux, one pseudo-terminal; it waits for painted text and ended processes,
never for time.
"""

from __future__ import annotations

import re
import shutil
import signal
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.e2e import day
from tests.e2e.ssh_host import SshHost, await_end, missing
from tests.e2e.terminal import Terminal

if TYPE_CHECKING:
    from tests.e2e.demonstration import Demonstration

pytestmark = [
    pytest.mark.faults,
    pytest.mark.e2e,
    pytest.mark.pty,
    pytest.mark.skipif(bool(missing()), reason=missing() or "sshd is there"),
]
needs_tmux = pytest.mark.skipif(shutil.which("tmux") is None, reason="tmux is not installed")


@pytest.mark.sampled(1)
@pytest.mark.parametrize("compression", ["-C", "-oCompression=no"])
def test_the_day_passes_over_ssh_by_keys_alone(
    demonstration: Demonstration, tmp_path: Path, compression: str
) -> None:
    """With `ssh -C` and without; the line ends when the teller leaves, and nothing stays behind."""
    log = tmp_path / "ssh.log"
    teller = demonstration.user("teller")
    with (
        SshHost(tmp_path, demonstration, teller) as host,
        Terminal(host.client(compression, "-v", "-E", str(log))) as shown,
    ):
        day.sign_in(shown, teller)
        if compression == "-C":
            balance = day.key_change_and_post_a_balance(shown)
            day.see_the_balance_on_the_account(shown, balance)
        day.associate_the_oldest_payment(shown)
        running = host.programs()
        assert running
        day.leave(shown)
        await_end(running)
        assert not host.programs()
    demonstration.check()
    squeezed = re.search(r"compress incoming: raw data (\d+), compressed (\d+)", log.read_text())
    assert bool(squeezed) is (compression == "-C")
    assert not squeezed or int(squeezed[2]) < int(squeezed[1]) / 2


def test_whatever_the_client_asks_for_it_gets_the_counter(
    demonstration: Demonstration, tmp_path: Path
) -> None:
    """T-28: a command on the line and `ctrl+z` are no way to a shell."""
    teller = demonstration.user("teller")
    with (
        SshHost(tmp_path, demonstration, teller) as host,
        Terminal([*host.client(), "echo", "a", "shell"]) as shown,
    ):
        day.sign_in(shown, teller)
        shown.press("ctrl+z", "f2")
        shown.see("Customers", "Achieng")
        assert b"a shell" not in shown.received
        day.leave(shown)


def test_a_cut_line_ends_the_session_and_leaves_no_process(
    demonstration: Demonstration, tmp_path: Path
) -> None:
    """What was typed and not sent is gone, what was sent is in the ledger, and nothing runs on."""
    teller = demonstration.user("teller")
    with (
        SshHost(tmp_path, demonstration, teller) as host,
        Terminal(host.client()) as shown,
    ):
        day.sign_in(shown, teller)
        running = host.programs()
        assert running
        shown.process.kill(signal.SIGKILL)
        await_end(running)
        assert not host.programs()
        assert not list(host.state.glob("failure-*"))
    demonstration.check()


def test_a_line_that_fell_silent_ends_the_session_too(demonstration: Demonstration, tmp_path: Path) -> None:
    """ClientAliveInterval: nobody said good-bye, and the session ends all the same."""
    teller = demonstration.user("teller")
    with (
        SshHost(tmp_path, demonstration, teller, alive=(1, 2)) as host,
        Terminal(host.client()) as shown,
    ):
        day.sign_in(shown, teller)
        running = host.programs()
        assert running
        # Its machine is gone from the network: the connection stands and nothing answers on it.
        shown.process.kill(signal.SIGSTOP)
        await_end(running)
        assert not host.programs()


@needs_tmux
def test_in_tmux_the_same_screen_stands_after_the_line_broke(
    demonstration: Demonstration, tmp_path: Path
) -> None:
    """A form half filled in when the line was cut is there again, and the day goes on."""
    teller = demonstration.user("teller")
    with SshHost(tmp_path, demonstration, teller, in_tmux=True) as host:
        with Terminal(host.client("-C")) as cut:
            day.sign_in(cut, teller)
            balance = day.key_change_and_post_a_balance(cut)
            day.see_the_balance_on_the_account(cut, balance)
            cut.press("n")
            cut.see("New Member Balance")
            cut.press("2", "enter", "77.50")
            cut.see("77.50", "Active since 20")
            cut.come_to_rest()
            # As tmux keeps it: it leaves out what a slow reader would not see anyway.
            before = host.screen_in_tmux()
            cut.process.kill(signal.SIGKILL)
            cut.wait_for_end()

        with Terminal(host.client("-C"), env={"TERM": "xterm"}) as again:
            again.see_again(before)
            again.press("ctrl+s")
            again.see("1 so far")
            again.press("esc")
            again.see_no_more("New Member Balance")
            # The keys of tmux itself are taken away: this would open a shell beside.
            again.press("\x02", "c")
            again.press("f1")
            again.see("Help", "Go to")
            running = [pid for pid in host.programs() if "branchtui" in _command(pid)]
            day.leave(again)
            await_end(running)
    demonstration.check()


def _command(pid: int) -> str:
    line = Path(f"/proc/{pid}/cmdline")
    return line.read_bytes().replace(b"\0", b" ").decode() if line.exists() else ""
