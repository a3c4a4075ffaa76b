"""A launcher whose sessions tell who and where they are, and end: `python -m tests.launcher.facts SOCKET [UID]`."""

from __future__ import annotations

import json
import os
import random
import resource
import socket
import sys
from pathlib import Path

from branchtui.launcher.kernel import Peer
from branchtui.launcher.service import Launcher, Limits
from branchtui.launcher.session import enter
from branchtui.launcher.socket_file import SocketFile
from branchtui.remote.client import fresh_key


def tell(line: socket.socket, peer: Peer) -> int:
    """Enter as a session does, and send what this process has become."""
    enter(line, peer)
    umask = os.umask(0)
    facts = {
        "process": os.getpid(),
        "users": os.getresuid(),
        "groups": [os.getresgid(), sorted(os.getgroups())],
        "environment": dict(os.environ),
        "folder": str(Path.cwd()),
        "umask": umask,
        "files": resource.getrlimit(resource.RLIMIT_NOFILE),
        "core": resource.getrlimit(resource.RLIMIT_CORE),
        "leads": os.getsid(0) == os.getpid(),
        "descriptors": len(list(Path("/proc/self/fd").iterdir())) - 1,
        "random": [random.random(), fresh_key()[-12:]],
    }
    sys.stdout.write(json.dumps(facts) + "\n")
    sys.stdout.flush()
    line.send(b"G0")
    return 7


def main() -> None:
    """Serve until told to end."""
    os.environ["PYTHONMALLOC"] = os.environ["HTTPS_PROXY"] = "of the launcher"
    for uid in sys.argv[2:]:
        os.setuid(int(uid))
    with (
        SocketFile(Path(sys.argv[1])) as file,
        Launcher(file.listener, tell, lambda: None, limits=Limits(), log=lambda _: None) as launcher,
    ):
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        launcher.run()


if __name__ == "__main__":
    main()
