"""A host for tellers, as `docs/ssh.md` sets it up: a real `sshd` on a loopback port, and the real client on it."""

from __future__ import annotations

import getpass
import os
import re
import select
import shlex
import shutil
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final, Self

if TYPE_CHECKING:
    from tests.e2e.demonstration import Demonstration, Person

PAGE: Final = Path(__file__).parents[2] / "docs" / "ssh.md"
_PROGRAM: Final = "/usr/local/bin/branchtui"
_TMUX_SETTINGS: Final = "/etc/branchtui/tmux.conf"
_PRIVILEGE_SEPARATION: Final = Path("/run/sshd")
_PATIENCE_SECONDS: Final = 30.0
_TRIES: Final = 5


def missing() -> str:
    """Why there can be no such host here; empty when there can."""
    for program in ("sshd", "ssh", "ssh-keygen"):
        if _found(program) is None:
            return f"{program} is not installed"
    if os.geteuid() != 0:
        return (
            ""
            if _PRIVILEGE_SEPARATION.is_dir()
            else f"sshd needs {_PRIVILEGE_SEPARATION}, which only root can make"
        )
    return ""


def block(language: str) -> str:
    """The block of the page in this language."""
    found = re.search(rf"^```{re.escape(language)}\n(.*?)^```", PAGE.read_text(), re.MULTILINE | re.DOTALL)
    assert found, f"docs/ssh.md has no block in {language}"
    return found[1]


def replaced(text: str, old: str, new: str) -> str:
    """`text` with `old`, which must be in it, made `new`."""
    assert old in text, f"docs/ssh.md does not say {old!r}"
    return text.replace(old, new)


class SshHost:
    """The page's settings with the paths, the account and the ledger of this test, and nothing else changed.

    `in_tmux` takes the page's other ForceCommand; `alive` stands in for the seconds of ClientAliveInterval
    and its count.
    """

    def __init__(
        self,
        folder: Path,
        demonstration: Demonstration,
        person: Person,
        *,
        in_tmux: bool = False,
        alive: tuple[int, int] | None = None,
    ) -> None:
        self._folder = folder
        self._host_key, self._teller_key = folder / "host_key", folder / "teller_key"
        for key in (self._host_key, self._teller_key):
            subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key)], check=True)
        if os.geteuid() == 0:
            _PRIVILEGE_SEPARATION.mkdir(mode=0o755, exist_ok=True)
        self.state = folder / "state"
        self._environment = {
            "BRANCHTUI_LEDGER": demonstration.url,
            "BRANCHTUI_USER": person.username,
            "BRANCHTUI_STATE_FOLDER": str(self.state),
            "BRANCHTUI_IMPORT_FOLDER": str(folder),
            "XDG_CONFIG_HOME": str(folder / "config"),
            "TMUX_TMPDIR": str(folder),
        }
        self._settings = self._settings_of_the_page(in_tmux, alive)

    def __enter__(self) -> Self:
        # A port that is free now may be taken when the server asks for it.
        for _ in range(_TRIES):
            if self._start():
                return self
        raise AssertionError(f"sshd does not start:\n{self.log}")

    def __exit__(self, *_: object) -> None:
        self._server.terminate()
        self._server.wait(_PATIENCE_SECONDS)
        assert self._server.stderr is not None
        self._server.stderr.close()
        if socket_path := next(self._folder.glob("tmux-*/default"), None):
            subprocess.run(["tmux", "-S", str(socket_path), "kill-server"], check=False, capture_output=True)

    def client(self, *options: str) -> list[str]:
        """The command that connects, with `options` of ssh."""
        known = self._folder / "known_hosts"
        public = " ".join(self._host_key.with_suffix(".pub").read_text().split()[:2])
        known.write_text(f"[127.0.0.1]:{self.port} {public}\n")
        wanted = {
            "IdentitiesOnly": "yes",
            "IdentityAgent": "none",
            "IdentityFile": str(self._teller_key),
            "UserKnownHostsFile": str(known),
            "StrictHostKeyChecking": "yes",
            "BatchMode": "yes",
            "SendEnv": "LANG",
        }
        named = [word for name, value in wanted.items() for word in ("-o", f"{name}={value}")]
        return [
            "ssh",
            "-F",
            str(self._client_settings()),
            "-tt",
            *options,
            *named,
            "-p",
            str(self.port),
            "counter",
        ]

    def programs(self) -> list[int]:
        """The processes of sessions on this host that still run, whoever their parent is."""
        mark = f"BRANCHTUI_STATE_FOLDER={self.state}".encode()
        found = []
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit() and int(entry.name) != os.getpid():
                try:
                    if mark in (entry / "environ").read_bytes().split(b"\0"):
                        found.append(int(entry.name))
                except OSError:
                    continue
        return found

    def _client_settings(self) -> Path:
        path = self._folder / "ssh_config"
        text = replaced(block("ssh_config"), "HostName counter.example.org", "HostName 127.0.0.1")
        text = replaced(text, "User amina", f"User {getpass.getuser()}")
        # With and without is what the test says.
        path.write_text(replaced(text, "    Compression yes\n", ""))
        return path

    def screen_in_tmux(self) -> str:
        """What stands on the screen that tmux keeps, whoever looks at it and however much of it came there."""
        socket_path = next(self._folder.glob("tmux-*/default"))
        command = ["tmux", "-S", str(socket_path), "capture-pane", "-p"]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.removesuffix("\n")

    def _settings_of_the_page(self, in_tmux: bool, alive: tuple[int, int] | None) -> str:
        text = block("sshd_config")
        if in_tmux:
            tmux = self._folder / "tmux.conf"
            tmux.write_text(block("tmux"))
            command = replaced(block("sshd_config-tmux"), _TMUX_SETTINGS, str(tmux))
            text = re.sub(r"^    ForceCommand .*\n", lambda _: command, text, flags=re.MULTILINE)
        text = replaced(text, _PROGRAM, f"{shlex.quote(sys.executable)} -m branchtui")
        text = replaced(text, "Match Group tellers", f"Match User {getpass.getuser()}")
        variables = " ".join(f"{name}={value}" for name, value in self._environment.items())
        text = replaced(text, "BRANCHTUI_LEDGER=https://ledger.example.org", variables)
        if alive is not None:
            text = replaced(text, "ClientAliveInterval 15", f"ClientAliveInterval {alive[0]}")
            text = replaced(text, "ClientAliveCountMax 8", f"ClientAliveCountMax {alive[1]}")
        return text

    def _start(self) -> bool:
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port: int = free.getsockname()[1]
        own = {
            "Port": str(self.port),
            "ListenAddress": "127.0.0.1",
            "HostKey": str(self._host_key),
            "AuthorizedKeysFile": f"{self._teller_key}.pub",
            # The folder of a test lies below one that all may write to.
            "StrictModes": "no",
            "PermitRootLogin": "prohibit-password",
            "PidFile": "none",
            "UsePAM": "no",
        }
        path = self._folder / "sshd_config"
        path.write_text("".join(f"{name} {value}\n" for name, value in own.items()) + self._settings)
        server = _found("sshd")
        assert server, "asked before"
        self._server = subprocess.Popen([server, "-D", "-e", "-f", str(path)], stderr=subprocess.PIPE)
        self.log = ""
        assert self._server.stderr is not None
        while "Server listening" not in self.log:
            ready, _, _ = select.select([self._server.stderr], [], [], _PATIENCE_SECONDS)
            line = self._server.stderr.readline().decode() if ready else ""
            self.log += line
            if not line:
                self._server.kill()
                self._server.wait()
                return False
        return True


def await_end(pids: list[int]) -> None:
    """Wait until every process has ended; the kernel says so, nothing is polled."""
    for pid in pids:
        try:
            handle = os.pidfd_open(pid)
        except ProcessLookupError:
            continue
        try:
            ended, _, _ = select.select([handle], [], [], _PATIENCE_SECONDS)
            if not ended:
                command = Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
                signal.pidfd_send_signal(handle, signal.SIGKILL)
                raise AssertionError(f"This is still there: {command}")
        finally:
            os.close(handle)


def _found(program: str) -> str | None:
    return shutil.which(program) or shutil.which(program, path="/usr/sbin:/usr/local/sbin:/sbin")
