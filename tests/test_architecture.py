"""The rules about the shape of the project that no other tool holds."""

import ast
import importlib.util
import json
import re
import subprocess
import sys
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

pytestmark = pytest.mark.xdist_group("sources")
"""Together, so that the sources are parsed once."""

ROOT = Path(__file__).resolve().parent.parent
SOURCES = sorted((ROOT / "src" / "branchtui").rglob("*.py"))

LONGEST_MODULE_LINES = 400
LONGEST_FUNCTION_LINES = 70

SERVER_PACKAGES = frozenset(
    {
        "alembic",
        "apsw",
        "argon2",
        "babel",
        "greenlet",
        "phonenumbers",
        "prometheus_client",
        "psycopg",
        "rapidfuzz",
        "sqlalchemy",
        "starlette",
        "structlog",
        "uvicorn",
        "uvloop",
    }
)
TERMINAL_PACKAGES = frozenset({"rich", "textual"})
CLIENT_PACKAGES = frozenset(
    {
        "branchtui.app",
        "branchtui.remote",
        "branchtui.screens",
        "branchtui.terminal",
        "branchtui.widgets",
    }
)

# Imports the named modules and everything below them, and prints the names of all modules then loaded.
PROBE = """
import importlib, json, pkgutil, sys
for name in sys.argv[1:]:
    module = importlib.import_module(name)
    for found in pkgutil.walk_packages(getattr(module, "__path__", []), name + "."):
        if ".migrations" not in found.name:  # Alembic alone can load these
            importlib.import_module(found.name)
print(json.dumps(sorted(sys.modules)))
"""


def loaded_by(*names: str) -> set[str]:
    """Return the names of all modules that a fresh interpreter holds after importing these and their parts."""
    existing = [name for name in names if importlib.util.find_spec(name)]
    done = subprocess.run(
        [sys.executable, "-c", PROBE, *existing], capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 0, done.stderr
    return set(json.loads(done.stdout))


def top_level(modules: set[str]) -> set[str]:
    """Return the packages that modules belong to."""
    return {name.partition(".")[0] for name in modules}


@cache
def parsed() -> list[tuple[str, ast.Module]]:
    """Each source module's path from the root, and its syntax tree."""
    return [(str(path.relative_to(ROOT)), ast.parse(path.read_text(encoding="utf-8"))) for path in SOURCES]


def test_importing_remote_loads_neither_the_terminal_nor_the_server() -> None:
    """code.md: remote is usable from a script, which pays for no screen and no server."""
    loaded = loaded_by("branchtui.remote")
    assert not top_level(loaded) & (TERMINAL_PACKAGES | SERVER_PACKAGES)
    assert "branchtui.ledger" not in loaded


def test_importing_the_app_and_its_screens_loads_no_server() -> None:
    """code.md: the terminal program runs where branchtui[ledger] was never installed."""
    loaded = loaded_by("branchtui.app", "branchtui.screens", "branchtui.widgets", "branchtui.terminal")
    assert not top_level(loaded) & SERVER_PACKAGES
    assert "branchtui.ledger" not in loaded


def test_importing_the_ledger_loads_no_terminal() -> None:
    """code.md: a server carries no Textual and nothing of our client.

    Rich is no sign of either: structlog takes it up wherever it is installed.
    """
    loaded = loaded_by("branchtui.ledger")
    assert "branchtui.ledger.web.app" in loaded
    assert "textual" not in top_level(loaded)
    assert not {".".join(name.split(".")[:2]) for name in loaded} & CLIENT_PACKAGES


def test_importing_the_command_line_loads_nothing_but_the_standard_library() -> None:
    """code.md: the command line imports the rest late, so that --help is instant."""
    if importlib.util.find_spec("branchtui.cli") is None:
        return
    probe = "import json, sys, branchtui.cli; print(json.dumps(sorted(sys.modules)))"
    output = subprocess.run(
        [sys.executable, "-c", probe], capture_output=True, text=True, check=True, timeout=60
    ).stdout
    plain = subprocess.run(
        [sys.executable, "-c", "import json, sys; print(json.dumps(sorted(sys.modules)))"],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    ).stdout
    added = top_level(set(json.loads(output)) - set(json.loads(plain)))
    assert added <= sys.stdlib_module_names | {"branchtui"}


def test_format_rests_on_the_standard_library_and_wcwidth() -> None:
    """code.md: format/ imports the standard library and wcwidth only."""
    allowed = sys.stdlib_module_names | {"wcwidth"}
    foreign = []
    for path, tree in parsed():
        if "/format/" not in path:
            continue
        for node in ast.walk(tree):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom):
                names = [node.module or ""]
            foreign += [
                f"{path}:{name}"
                for name in names
                if name.partition(".")[0] not in allowed and not name.startswith("branchtui.format")
            ]
    assert not foreign


def test_no_two_modules_need_each_other() -> None:
    """code.md: data flows one way. Neither by a late import nor for a type alone does a module name one above it."""
    names = {
        path.removeprefix("src/").removesuffix(".py").replace("/", ".").removesuffix(".__init__"): tree
        for path, tree in parsed()
    }
    TopologicalSorter(
        {name: set(_imported(tree, set(names))) - {name} for name, tree in names.items()}
    ).prepare()


def _imported(tree: ast.Module, ours: set[str]) -> list[str]:
    found: list[str] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            # `from package import module` names the module, not all that its package hands on.
            whole = [f"{node.module}.{alias.name}" for alias in node.names]
            found += [name if name in ours else node.module for name in whole]
    return [name for name in found if name in ours]


def test_no_module_is_longer_than_400_lines() -> None:
    """code.md, habit 1: when a module grows, find the second idea in it."""
    lengths = {str(p.relative_to(ROOT)): len(p.read_text(encoding="utf-8").splitlines()) for p in SOURCES}
    assert not {path: lines for path, lines in lengths.items() if lines > LONGEST_MODULE_LINES}


def test_no_function_is_longer_than_70_lines() -> None:
    """code.md, habit 1: a function fits on a screen. A table of routes is no function: nothing happens in it."""
    too_long = {
        f"{path}:{node.name}": lines
        for path, tree in parsed()
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and not _is_table_of_routes(node)
        and (lines := (node.end_lineno or node.lineno) - node.lineno + 1) > LONGEST_FUNCTION_LINES
    }
    assert not too_long


def _is_table_of_routes(node: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    returned = node.body[-1].value if isinstance(node.body[-1], ast.Return) else None
    return isinstance(returned, ast.Tuple) and all(
        isinstance(one, ast.Call) and isinstance(one.func, ast.Name) and one.func.id == "Route"
        for one in returned.elts
    )


def test_no_stylesheet_is_written_in_python() -> None:
    """code.md: every stylesheet lies in styles/; a class names its file and holds no rules."""
    held = [
        f"{path}:{node.lineno}"
        for path, tree in parsed()
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign | ast.AnnAssign)
        for target in (node.targets if isinstance(node, ast.Assign) else [node.target])
        if isinstance(target, ast.Name) and target.id in {"CSS", "DEFAULT_CSS"}
    ]
    assert not held


def test_styles_holds_stylesheets_only() -> None:
    """code.md: what lies in styles/ is one kind of file, which the package carries as it is."""
    strangers = [path.name for path in (ROOT / "styles").rglob("*") if path.suffix not in {".tcss", ""}]
    assert not strangers


# Sinks that read markup out of a plain string: text of the ledger may reach them only as Content.
MARKUP_CALLS = {"Static", "Label", "Button", "notify", "add_row"}
MARKUP_ATTRIBUTES = {"border_subtitle", "border_title", "sub_title", "title", "tooltip"}


def is_markup_sink(node: ast.Call | ast.Assign) -> bool:
    """Tell whether an f-string goes into something here that would read markup out of it."""
    if isinstance(node, ast.Call):
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        return name in MARKUP_CALLS and any(isinstance(argument, ast.JoinedStr) for argument in node.args)
    return isinstance(node.value, ast.JoinedStr) and any(
        isinstance(target, ast.Attribute) and target.attr in MARKUP_ATTRIBUTES for target in node.targets
    )


def markup_sinks(tree: ast.AST) -> list[int]:
    """Return the lines of a syntax tree that break TTY-2."""
    nodes = [node for node in ast.walk(tree) if isinstance(node, ast.Call | ast.Assign)]
    return [node.lineno for node in nodes if is_markup_sink(node)]


def test_no_f_string_goes_where_textual_reads_markup() -> None:
    """link.md TTY-2: a customer named "[/] Kofi" is text and neither a tag nor a crash."""
    found = [f"{path}:{line}" for path, tree in parsed() for line in markup_sinks(tree)]
    assert not found


@pytest.mark.parametrize(
    "line",
    ["Static(f'{name}')", "self.notify(f'Hello {name}')", "table.add_row(f'{a}', b)", "self.title = f'{a}'"],
)
def test_the_markup_rule_sees_each_kind_of_sink(line: str) -> None:
    """link.md TTY-2: the rule above can fail."""
    assert markup_sinks(ast.parse(line)) == [1]


# Written in pieces, so that this file does not name what it forbids.
REGISTRY_ADDRESSES = [
    "py" + r"pi\.org",
    "python" + r"hosted\.org",
    "--" + r"(extra-)?index-url[ =]+\S*:",
    "--" + "find-links",
]
MACHINE_PATHS = [
    r"/w[o]rk/(main|shared)\b",
    "/ro" + "ot/",
    "/ho" + r"me/[a-z]",
    "/Us" + r"ers/[a-z]",
    "/op" + r"t/[a-z]",
]


def test_no_tracked_file_names_a_registry_or_a_path_of_one_machine() -> None:
    """The project installs from whatever index its user has configured, wherever he keeps it."""
    pattern = "|".join(REGISTRY_ADDRESSES + MACHINE_PATHS)
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True, timeout=60)
    named = []
    for name in listed.stdout.decode().split("\0"):
        path = ROOT / name
        if not path.is_file():
            continue
        text = path.read_text(encoding="utf-8", errors="replace")
        named += [f"{name}: {match.group()}" for match in re.finditer(pattern, text)]
    assert not named


def test_lock_files_hold_a_hash_for_every_release() -> None:
    """A fresh clone installs the very files that were checked, and no other."""
    for path in sorted((ROOT / "requirements").glob("*.txt")):
        blocks = re.split(r"^(?=[a-z0-9])", path.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]
        assert blocks, path.name
        for block in blocks:
            assert re.match(r"[a-z0-9-]+==\S+ \\\n    --hash=sha256:[0-9a-f]{64}", block), block.splitlines()[
                0
            ]
