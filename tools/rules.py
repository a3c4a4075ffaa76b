# ruff: noqa: INP001 - a script beside the package, no part of it
"""Makes docs/rules.md: each rule in short, where the code names it, and which tests prove it.

The rules stand in tools/rules.toml. A test proves a rule when its own docstring names it; code keeps one
when a docstring of a module, class or function names it. `DUR-1 to 4` and `RTY-5, 6` name all they say.
"""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

ROOT: Final = Path(__file__).parent.parent
PAGE: Final = ROOT / "docs" / "rules.md"
SENTENCES: Final = 2
"""Tests told by name for each rule; the others are counted."""

FAMILIES: Final = "IDEM|CONC|DUR|ERR|PAGE|VAL|AUTHZ|AUTH|MC|AUD|HOOK|INV|OUT|RTY|TLS|TTY|SEC"
_NAMED: Final = re.compile(rf"\b({FAMILIES})-(\d+)((?:(?: to |, | and )(?:\1-)?\d{{1,2}}\b(?!\.\d))*)")
_MORE: Final = re.compile(r"( to |, | and )(?:[A-Z]+-)?(\d+)")


@dataclass(frozen=True, slots=True)
class Proof:
    """A test that names rules."""

    path: str
    name: str

    @property
    def sentence(self) -> str:
        """Its name as one reads it."""
        return self.name.removeprefix("test_").replace("_", " ")


@dataclass(slots=True)
class Rules:
    """The rules by part, the reasons of those not built, and who names each."""

    parts: dict[str, dict[str, str]]
    not_built: dict[str, str]
    tests: dict[str, list[Proof]] = field(default_factory=lambda: defaultdict(list))
    code: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))

    @property
    def ids(self) -> list[str]:
        """Every rule, in the order of the page."""
        return [rule for rules in self.parts.values() for rule in rules]


def named_in(text: str) -> set[str]:
    """The ids of all rules that a text names, ranges and lists spelled out."""
    found: set[str] = set()
    for family, first, more in _NAMED.findall(text):
        last = int(first)
        found.add(f"{family}-{last}")
        for joint, number in _MORE.findall(more):
            begin = last + 1 if joint == " to " else int(number)
            found |= {f"{family}-{each}" for each in range(begin, int(number) + 1)}
            last = int(number)
    return found


def collect(root: Path = ROOT) -> Rules:
    """Read the list of rules and everything that names one."""
    listed = tomllib.loads((root / "tools" / "rules.toml").read_text())
    rules = Rules({part["title"]: part["rules"] for part in listed["part"]}, listed["not_built"])
    for path, node, docstring in _docstrings(sorted((root / "tests").rglob("test_*.py"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_"):
            for rule in sorted(named_in(docstring)):
                rules.tests[rule].append(Proof(path.relative_to(root).as_posix(), node.name))
    for path, _, docstring in _docstrings(sorted((root / "src").rglob("*.py"))):
        place = path.relative_to(root).as_posix()
        for rule in sorted(named_in(docstring)):
            if place not in rules.code[rule]:
                rules.code[rule].append(place)
    return rules


def faults(rules: Rules) -> Iterator[str]:
    """What is not true in the list, a sentence each."""
    known = set(rules.ids)
    for rule in sorted((rules.tests.keys() | rules.code.keys() | rules.not_built.keys()) - known):
        yield f"{rule} is named and stands in no list of tools/rules.toml"
    for rule in rules.ids:
        if not rules.tests.get(rule) and rule not in rules.not_built:
            yield f"{rule} is proved by no test and does not stand under [not_built]"
        if rules.tests.get(rule) and rule in rules.not_built:
            yield f"{rule} stands under [not_built] although {rules.tests[rule][0].path} proves it"


def page(rules: Rules) -> str:
    """The whole of docs/rules.md."""
    lines = [
        "# Rules, and what proves them",
        "",
        "Made by `make rules` from `tools/rules.toml` and from the docstrings of code and tests that name a rule.",
        "A test that names a rule proves it: break the code and that test fails.",
    ]
    for title, part in rules.parts.items():
        lines += ["", f"## {title}", "", "| rule | in short | named in | proved by |", "|---|---|---|---|"]
        lines += [_row(rules, rule, text) for rule, text in part.items()]
    return "\n".join(lines) + "\n"


def _row(rules: Rules, rule: str, text: str) -> str:
    code = ", ".join(f"[{_module(place)}](../{place})" for place in rules.code.get(rule, ()))
    tests = rules.tests.get(rule, [])
    told = "; ".join(f"[{test.sentence}](../{test.path})" for test in tests[:SENTENCES])
    if len(tests) > SENTENCES:
        told += f"; {len(tests) - SENTENCES} more"
    if rule in rules.not_built:
        told = f"**not built yet**: {rules.not_built[rule]}"
    return f"| {rule} | {text} | {code} | {told} |"


def _module(place: str) -> str:
    return place.removeprefix("src/branchtui/").removesuffix(".py")


def _docstrings(paths: Iterable[Path]) -> Iterator[tuple[Path, ast.AST, str]]:
    for path in paths:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
                docstring = ast.get_docstring(node)
                if docstring:
                    yield path, node, docstring


def main() -> int:
    """Write the page; tell what is not true in the list, and fail then."""
    rules = collect()
    PAGE.write_text(page(rules))
    wrong = list(faults(rules))
    for sentence in wrong:
        sys.stderr.write(f"{sentence}\n")
    return int(bool(wrong))


if __name__ == "__main__":
    sys.exit(main())
