# ruff: noqa: INP001 - a script beside the package, no part of it
"""Tries whether the tests notice: seeds one bug after another and sees whether a test fails by it (testing.md, T1).

The bugs stand in tools/mutants.toml: the exact text of the code, what stands there instead, and the tests that are
meant to notice. Each is tried in a copy of the working tree; the tree itself is never touched. Bugs that nobody
notices are holes in the net: `make mutants` fails when more than one in twenty is, and writes docs/mutants.md.

`python -m tools.mutants NAME...` tries these alone and writes nothing.
"""

from __future__ import annotations

import ast
import os
import queue
import shutil
import subprocess
import sys
import tempfile
import time
import tomllib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final
from xml.etree import ElementTree as ET

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
_PYTEST: Final = tuple(
    "-m pytest -q -p no:cacheprovider -p anyio.pytest_plugin -p xdist.plugin -p _hypothesis_pytestplugin".split()
)
_WHICH: Final = ("-m", "not postgres")


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
    """A copy of the working tree, for one bug at a time."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
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
        found = self._run((sys.executable, "-c", "import branchtui; print(branchtui.__file__)"))
        if not Path(found.stdout.strip()).is_relative_to(folder):
            raise SystemExit(f"Another copy would be tried than the one that is changed: {found.stdout}")

    def try_mutant(self, mutant: Mutant) -> Trial:
        """Put the bug in, run the tests that are meant to notice, take it out again."""
        path = self.folder / mutant.file
        source = path.read_text()
        begun = time.monotonic()
        try:
            self._write(path, mutant.mutated(source))
            undefined = self._run(
                (sys.executable, "-m", "ruff", "check", "-q", "--select", "F821", mutant.file)
            )
            if undefined.returncode:
                return Trial(mutant, BROKEN, "it uses a name that is not there", time.monotonic() - begun)
            fate, by = self.tested(mutant.tests, ("-x", "-n0"), SECONDS_MAX)
        finally:
            self._write(path, source)
        return Trial(mutant, fate, by, time.monotonic() - begun)

    def tested(
        self, tests: Iterable[str], options: Sequence[str], seconds: float | None = None
    ) -> tuple[str, str]:
        """What becomes of the code under these tests, and the first that failed, or why they are no proof."""
        report = self.folder.with_suffix(".xml")
        report.unlink(missing_ok=True)
        try:
            done = self._run(
                (sys.executable, *_PYTEST, *_WHICH, f"--junit-xml={report}", *options, *tests), seconds
            )
        except subprocess.TimeoutExpired:
            return BROKEN, f"the tests came to no end within {seconds:.0f} s"
        cases = [] if not report.is_file() else list(ET.parse(report).iter("testcase"))  # noqa: S314 - pytest's own
        if done.returncode == 0 and any(case.find("skipped") is None for case in cases):
            return SURVIVED, ""
        failed = [(case, case.find("failure")) for case in cases if case.find("failure") is not None]
        for case, failure in failed:
            said = "" if failure is None else failure.get("message", "")
            if not said.startswith(_NO_WITNESS):
                return CAUGHT, case.get("name", "").partition("[")[0]
        return BROKEN, "no test ran to a failure of its own: " + done.stdout.strip().splitlines()[-1]

    @staticmethod
    def _write(path: Path, source: str) -> None:
        """Of the same second and size, the compiled one of before would be taken for this."""
        path.write_text(source)
        for compiled in path.parent.glob(f"__pycache__/{path.stem}.*.pyc"):
            compiled.unlink()

    def _run(self, command: Sequence[str], seconds: float | None = None) -> subprocess.CompletedProcess[str]:
        environment = {
            **os.environ,
            "PYTHONPATH": str(self.folder / "src"),
            "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
            "BRANCHTUI_SEED": SEED,
        }
        return subprocess.run(  # noqa: S603 - starts Python and its tools
            command,
            cwd=self.folder,
            env=environment,
            check=False,
            capture_output=True,
            text=True,
            timeout=seconds,
        )


def try_all(mutants: Sequence[Mutant]) -> list[Trial]:
    """Try each, two at a time; tells of each as it ends.

    Raises:
        SystemExit: a test that is meant to notice fails without any bug.
    """
    with tempfile.TemporaryDirectory(prefix="branchtui-mutants-") as folder:
        copies: queue.SimpleQueue[Copy] = queue.SimpleQueue()
        for number in range(WORKERS):
            place = Path(folder) / f"copy-{number}"
            place.mkdir()
            copies.put(Copy(place))
        first = copies.get()
        tests = dict.fromkeys(test for each in mutants for test in each.tests)
        fate, by = first.tested(tests, ("-n", str(WORKERS)))
        copies.put(first)
        if fate != SURVIVED:
            raise SystemExit(f"Without any bug the tests do not pass: {by}")

        def one(mutant: Mutant) -> Trial:
            copy = copies.get()
            try:
                trial = copy.try_mutant(mutant)
            finally:
                copies.put(copy)
            sys.stderr.write(f"{trial.fate:9} {trial.seconds:5.1f} s  {mutant.name}  {trial.by}\n")
            return trial

        with ThreadPoolExecutor(WORKERS) as pool:
            return list(pool.map(one, mutants))


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
    trials = try_all([each for each in mutants if not names or each.name in names])
    sys.stdout.write(table(trials))
    if not names:
        PAGE.write_text(page(trials))
    return int(score(trials) < LEAST_CAUGHT)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
