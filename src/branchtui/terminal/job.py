"""`ctrl+z`: stopping the program, and whether somebody could bring it back."""

from __future__ import annotations

import os
import signal


def has_shell_behind() -> bool:
    """Whether a shell with job control started this program.

    Such a shell gives each of its jobs a process group of its own, so that the group is another than the
    session leader's. Behind `ForceCommand` of sshd, in a window of tmux or as the program of a terminal
    window it is the same: there a stopped program would stand for ever, its terminal with it.
    """
    try:
        return os.getpgrp() != os.getsid(0)
    except OSError:
        return False


def stop_here() -> None:
    """Stop this process until it is continued, as ctrl+z stops a job of the shell."""
    os.kill(os.getpid(), signal.SIGSTOP)
