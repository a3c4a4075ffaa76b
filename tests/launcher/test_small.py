"""What the launcher's parts may load: the client next to nothing, the other commands nothing of it."""

from __future__ import annotations

import json
import subprocess
import sys

from tests.launcher.clients import RunningLauncher

PROBE = "import sys, json, {name}; print(json.dumps(sorted(sys.modules)))"
HEAVY = {
    "argparse",
    "asyncio",
    "dataclasses",
    "enum",
    "pathlib",
    "re",
    "signal",
    "socket",
    "textual",
    "typing",
}


def loaded(name: str, *options: str) -> set[str]:
    """The modules that a fresh interpreter holds after importing `name`."""
    done = subprocess.run(
        [
            sys.executable,
            "-S",
            *options,
            "-c",
            f"import sys; sys.path[:0] = {sys.path!r}; {PROBE.format(name=name)}",
        ],
        capture_output=True,
        text=True,
        check=True,
    )
    # The probe itself needs json.
    plain = {"json", "re", "enum", "functools"}
    return set(json.loads(done.stdout)) - plain


def test_the_client_loads_next_to_nothing() -> None:
    """Each millisecond before the greeting is one before the first paint."""
    assert not loaded("branchtui.launcher.attach") & (HEAVY - {"re", "enum"})


def test_the_waiter_imports_nothing_of_ours() -> None:
    """It runs without the package's folder, and every session pays for it."""
    ours = {name for name in loaded("branchtui.launcher.waiter") if name.startswith("branchtui.")}
    assert ours == {"branchtui.launcher", "branchtui.launcher.waiter"}


def test_other_commands_load_nothing_of_the_launcher() -> None:
    """`--help` answers at once, with --fast in it."""
    code = "import sys\nfrom branchtui.cli import main\ntry:\n    main(['--help'])\nexcept SystemExit:\n    pass\n"
    code += "assert not [name for name in sys.modules if name.startswith('branchtui.launcher')]"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "--fast" in done.stdout
    assert "launcher" in done.stdout


def test_nothing_runs_in_the_launcher_but_one_thread(launcher: RunningLauncher) -> None:
    """No thread survives a fork, and none may be there to be lost."""
    assert launcher.said.startswith("branchtui launcher ready")
    with open(f"/proc/{launcher.process.pid}/status") as status:  # noqa: PTH123 - one line of it
        assert "Threads:\t1\n" in status.read()
