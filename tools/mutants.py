# ruff: noqa: INP001 - a script beside the package, no part of it
"""Tries whether the tests notice: seeds one bug after another and sees whether a test fails by it (testing.md, T1).

The bugs stand in tools/mutants.toml: the exact text of the code, what stands there instead, and the tests that are
meant to notice. Each is tried in a copy of the working tree; the tree itself is never touched. Bugs that nobody
notices are holes in the net: `make mutants` fails when more than one in twenty is, and writes docs/mutants.md.

`python -m tools.mutants NAME...` tries these alone and writes nothing.
"""

from __future__ import annotations

import ast
import contextlib
import importlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import tomllib
import traceback
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, NoReturn
from xml.etree import ElementTree as ET

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

ROOT: Final = Path(__file__).parent.parent
LIST: Final = ROOT / "tools" / "mutants.toml"
PAGE: Final = ROOT / "docs" / "mutants.md"
LEAST_CAUGHT: Final = 0.95
WORKERS: Final = int(os.environ.get("BRANCHTUI_MUTANT_WORKERS", "2"))
SECONDS_MAX: Final = 900.0
"""So long the tests of one bug may take on a machine that is busy: one that never ends has been noticed by nobody."""

SEED: Final = "mutants"
CAUGHT, SURVIVED, BROKEN = "caught", "survived", "broken"
_NO_WITNESS: Final = ("ImportError", "ModuleNotFoundError", "SyntaxError", "IndentationError", "NameError")
"""What says that the bug is no program: whoever fails by it has noticed nothing."""

# Only the plugins that these tests use: to load the others takes longer than most of these tests.
_PLUGINS: Final = ("anyio.pytest_plugin", "xdist.plugin", "_hypothesis_pytestplugin", "pytest_timeout")
_PYTEST: Final = (
    *"-q -n0 -p no:cacheprovider".split(),
    *(f"-p{each}" for each in _PLUGINS),
    "-mnot postgres",
)
_NOT_LOADED: Final = frozenset(
    {"branchtui", "tests", "tools", "conftest", "xdist", "__main__", "__mp_main__"}
)
"""What is tried, and what would bring a plugin along."""

_LOADED: Final = "loaded.txt"
_LOOK_SECONDS: Final = 0.05


@dataclass(frozen=True, slots=True)
class Mutant:
    """A seeded bug: in `file`, `new` instead of `old`, which stands there once. `tests` are files or node ids."""

    name: str
    why: str
    file: str
    old: str
    new: str
    tests: tuple[str, ...]

    def mutated(self, source: str) -> str:
        """The module with the bug."""
        return source.replace(self.old, self.new)


@dataclass(frozen=True, slots=True)
class Trial:
    """What became of a bug; `by` is the test that failed, or what was wrong with the bug itself."""

    mutant: Mutant
    fate: str
    by: str
    seconds: float


def collect(path: Path = LIST) -> tuple[Mutant, ...]:
    """The list, as it stands."""
    listed = tomllib.loads(path.read_text())["mutant"]
    return tuple(Mutant(**{**each, "tests": tuple(each["tests"])}) for each in listed)


def faults(mutants: Sequence[Mutant], root: Path = ROOT) -> Iterator[str]:
    """What is not true in the list any more, a sentence each."""
    names = [each.name for each in mutants]
    for name in sorted({each for each in names if names.count(each) > 1}):
        yield f"{name} stands in the list twice"
    known: dict[str, str | None] = {}
    for each in mutants:
        path = root / each.file
        source = path.read_text() if path.is_file() else ""
        times = source.count(each.old)
        if times != 1:
            yield f"{each.name}: its text stands {times} times in {each.file}, not once"
        elif each.old == each.new:
            yield f"{each.name} changes nothing"
        elif not _is_python(each.mutated(source)):
            yield f"{each.name} makes {each.file} what is no Python"
        if not each.tests:
            yield f"{each.name} names no test that is meant to notice"
        for test in each.tests:
            if not _has_test(root, test, known):
                yield f"{each.name} names {test}, which is not there"


def _is_python(source: str) -> bool:
    try:
        ast.parse(source)
    except SyntaxError:
        return False
    return True


def _has_test(root: Path, test: str, known: dict[str, str | None]) -> bool:
    """Whether a file, or the function or method that a node id names, is there."""
    file, *names = test.partition("[")[0].split("::")
    if file not in known:
        path = root / file
        known[file] = path.read_text() if path.is_file() else None
    source = known[file]
    return source is not None and all(f"def {name}(" in source or f"class {name}" in source for name in names)


# ── trying ───────────────────────────────────────────────────────────────────────────────────────────────────────────


class Copy:
    """A copy of the working tree, in which one run of tests at a time is under way."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._report = folder.with_suffix(".xml")
        self._said = folder.with_suffix(".txt")
        self._source: tuple[Path, str] | None = None
        self._pid = 0
        self._begun = 0.0
        listed = subprocess.run(
            ("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"),  # noqa: S607 - git is found on PATH
            cwd=ROOT,
            check=True,
            capture_output=True,
        )
        for name in listed.stdout.decode().split("\0"):
            if name and (ROOT / name).is_file():
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(ROOT / name, folder / name)

    def put_in(self, mutant: Mutant) -> str:
        """Put a bug in; says what is wrong with the bug itself, if anything is."""
        path = self.folder / mutant.file
        self._source = path, path.read_text()
        self._write(path, mutant.mutated(self._source[1]))
        checked = subprocess.run(  # noqa: S603 - the linter, on a file of ours
            (sys.executable, "-m", "ruff", "check", "--quiet", "--select", "F821", str(path)),
            check=False,
            capture_output=True,
        )
        return "it uses a name that is not there" if checked.returncode else ""

    def take_out(self) -> None:
        """As it was."""
        if self._source is not None:
            self._write(*self._source)
        self._source = None

    @staticmethod
    def _write(path: Path, source: str) -> None:
        """Of the same second and size, the compiled one of before would be taken for this."""
        path.write_text(source)
        for compiled in path.parent.glob(f"__pycache__/{path.stem}.*.pyc"):
            compiled.unlink()

    def start(self, tests: Iterable[str], *options: str) -> None:
        """Begin to run these tests here, in a child that has everything loaded but what is tried."""
        self._report.unlink(missing_ok=True)
        arguments = [*_PYTEST, f"--junit-xml={self._report}", *options, *tests]
        self._begun = time.monotonic()
        self._pid = os.fork()
        if self._pid == 0:
            self._be_child(arguments)

    def _be_child(self, arguments: list[str]) -> NoReturn:
        code = 70
        try:
            os.setsid()
            said = os.open(self._said, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            os.dup2(said, 1)
            os.dup2(said, 2)
            os.chdir(self.folder)
            os.environ |= {
                "PYTHONPATH": str(self.folder / "src"),
                "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
                "BRANCHTUI_SEED": SEED,
            }
            away = {"", str(ROOT), str(ROOT / "src")}
            sys.path[:] = [
                str(self.folder / "src"),
                str(self.folder),
                *(each for each in sys.path if each not in away),
            ]
            sys.modules.pop("tools", None)
            import branchtui

            if Path(branchtui.__file__).is_relative_to(self.folder):
                code = int(pytest.main(arguments))
            (self.folder / _LOADED).write_text("\n".join(sys.modules))
        except BaseException:  # noqa: BLE001 - a child must never go on as its parent would
            traceback.print_exc()
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)

    def ended(self) -> tuple[str, str, float] | None:
        """What became of the code, the first test that failed or why that is no proof, and seconds; None: not yet."""
        seconds = time.monotonic() - self._begun
        pid, status = os.waitpid(self._pid, os.WNOHANG)
        if not pid and seconds < SECONDS_MAX:
            return None
        self.end()
        if not pid:
            return BROKEN, f"the tests came to no end within {SECONDS_MAX:.0f} s", seconds
        return *self._read(os.waitstatus_to_exitcode(status)), seconds

    def end(self) -> None:
        """Whatever is under way here ends, with what its tests started and left behind."""
        if self._pid:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._pid, signal.SIGKILL)
            with contextlib.suppress(ChildProcessError):
                os.waitpid(self._pid, 0)
        self._pid = 0

    def _read(self, code: int) -> tuple[str, str]:
        cases = [] if not self._report.is_file() else list(ET.parse(self._report).iter("testcase"))  # noqa: S314 - pytest's own
        if code == 0 and any(case.find("skipped") is None for case in cases):
            return SURVIVED, ""
        for case in cases:
            failure = case.find("failure")
            if failure is not None and not failure.get("message", "").startswith(_NO_WITNESS):
                return CAUGHT, case.get("name", "").partition("[")[0]
        said = self._said.read_text().strip().splitlines()
        return BROKEN, "no test ran to a failure of its own: " + (said[-1] if said else f"exit {code}")

    def run(self, tests: Iterable[str], *options: str) -> tuple[str, str, float]:
        """Run these tests to their end."""
        self.start(tests, *options)
        while (end := self.ended()) is None:
            _wait()
        return end

    def load(self, tests: Iterable[str]) -> None:
        """Load what the tests need beside our own code, once for all children."""
        self.run(tests, "--collect-only")
        names = (self.folder / _LOADED).read_text().split()
        for name in names:
            # A plugin that was loaded before pytest is would not have its assertions rewritten, and says so.
            if name.partition(".")[0] not in _NOT_LOADED and name not in _PLUGINS:
                with contextlib.suppress(Exception):
                    importlib.import_module(name)


def try_all(mutants: Sequence[Mutant]) -> list[Trial]:
    """Try each, some at a time; tells of each as it ends.

    Raises:
        SystemExit: a test that is meant to notice fails without any bug.
    """
    tests = dict.fromkeys(test for each in mutants for test in each.tests)
    trials: dict[str, Trial] = {}
    with tempfile.TemporaryDirectory(prefix="branchtui-mutants-") as folder:
        copies = [Copy(Path(folder) / f"copy-{number}") for number in range(WORKERS)]
        try:
            copies[0].load(tests)
            _refuse_failing(copies, tests)
            _try(copies, mutants, trials)
        finally:
            for copy in copies:
                copy.end()
    return [trials[each.name] for each in mutants]


def _refuse_failing(copies: Sequence[Copy], tests: Iterable[str]) -> None:
    # A copy without a test of its own would run all there are.
    shares = [(copy, share) for at, copy in enumerate(copies) if (share := list(tests)[at :: len(copies)])]
    for copy, share in shares:
        copy.start(share)
    for copy, _ in shares:
        while (end := copy.ended()) is None:
            _wait()
        if end[0] != SURVIVED:
            raise SystemExit(f"Without any bug the tests do not pass: {end[1]}")


def _try(copies: Sequence[Copy], mutants: Sequence[Mutant], trials: dict[str, Trial]) -> None:
    waiting, busy = list(mutants)[::-1], dict[Copy, Mutant]()
    while waiting or busy:
        for copy in copies:
            if copy not in busy and waiting:
                mutant = waiting.pop()
                if wrong := copy.put_in(mutant):
                    copy.take_out()
                    _note(trials, Trial(mutant, BROKEN, wrong, 0.0))
                else:
                    busy[copy] = mutant
                    copy.start(mutant.tests, "-x")
            elif copy in busy and (end := copy.ended()) is not None:
                copy.take_out()
                _note(trials, Trial(busy.pop(copy), *end))
        _wait()


def _wait() -> None:
    time.sleep(_LOOK_SECONDS)  # noqa: TID251 - several children at once, and none of them tells that it has ended


def _note(trials: dict[str, Trial], trial: Trial) -> None:
    trials[trial.mutant.name] = trial
    sys.stderr.write(f"{trial.fate:9} {trial.seconds:6.1f} s  {trial.mutant.name}  {trial.by}\n")
    sys.stderr.flush()


# ── telling ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def score(trials: Sequence[Trial]) -> float:
    """The part that was caught; what is broken was not."""
    return sum(trial.fate == CAUGHT for trial in trials) / len(trials)


def page(trials: Sequence[Trial]) -> str:
    """The whole of docs/mutants.md."""
    caught = sum(trial.fate == CAUGHT for trial in trials)
    lines = [
        "# Seeded bugs, and who notices them",
        "",
        "Made by `make mutants` from `tools/mutants.toml`: each of these bugs is put into a copy of the code, and the tests",
        "that are meant to notice are run. A bug that no test notices is a hole in the net, and gets a test of its own.",
        "",
        f"**{caught} of {len(trials)} caught ({caught / len(trials):.0%}).**",
        "",
        "| bug | why it matters | in | noticed by |",
        "|---|---|---|---|",
    ]
    for trial in trials:
        mutant = trial.mutant
        by = trial.by.removeprefix("test_").replace("_", " ") if trial.fate == CAUGHT else f"**{trial.fate}**"
        module = mutant.file.removeprefix("src/branchtui/").removesuffix(".py")
        lines.append(f"| {mutant.name} | {mutant.why} | [{module}](../{mutant.file}) | {by} |")
    return "\n".join(lines) + "\n"


def table(trials: Sequence[Trial]) -> str:
    """What a run came to, for who ran it."""
    width = max(len(trial.mutant.name) for trial in trials)
    lines = [
        f"{trial.mutant.name:{width}}  {trial.fate:9} {trial.seconds:6.1f} s  {trial.by}" for trial in trials
    ]
    return (
        "\n".join([*lines, f"{score(trials):.1%} of {len(trials)} caught, {LEAST_CAUGHT:.0%} needed"]) + "\n"
    )


def main(names: Sequence[str]) -> int:
    """Try the list, or the named ones; 1 when too few are caught, or the list is not true any more."""
    mutants = collect()
    wrong = list(faults(mutants))
    for sentence in wrong:
        sys.stderr.write(f"{sentence}\n")
    unknown = set(names) - {each.name for each in mutants}
    if wrong or unknown:
        sys.stderr.write("".join(f"{name} stands in no list\n" for name in sorted(unknown)))
        return 1
    # Told to end, it ends what it has under way as well.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    trials = try_all([each for each in mutants if not names or each.name in names])
    sys.stdout.write(table(trials))
    if not names:
        PAGE.write_text(page(trials))
    return int(score(trials) < LEAST_CAUGHT)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
