"""TTY-2: text goes to a widget as `Content`, never as a string that the framework would read as markup."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

_SOURCES = Path(__file__).resolve().parents[2] / "src" / "branchtui"
_PARTS = {
    "Static",
    "Label",
    "Button",
    "OptionList",
    "Option",
    "Checkbox",
    "RadioButton",
    "TabPane",
    "Collapsible",
}
_METHODS = {"notify", "add_row", "add_column", "add_option", "add_options", "update"}
_TITLES = {"border_title", "border_subtitle", "tooltip", "title", "sub_title"}
_SAFE = {"Content", "Text", "stylize", "join", "assemble"}


def unsafe_texts(source: str, content_functions: frozenset[str] = frozenset()) -> list[str]:
    """One line for each text that a widget would read as markup."""
    tree = ast.parse(source)
    return [f"{node.lineno}: {ast.unparse(node)[:80]}" for node in _unsafe_nodes(tree, content_functions)]


def content_functions(sources: list[str]) -> frozenset[str]:
    """Functions that say they return `Content`."""
    return frozenset(
        node.name
        for source in sources
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.FunctionDef)
        and node.returns is not None
        and ast.unparse(node.returns) == "Content"
    )


def _unsafe_nodes(tree: ast.AST, known: frozenset[str]) -> Iterator[ast.expr | ast.stmt]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            name = _name(node.func)
            if any(keyword.arg == "markup" and _is_false(keyword.value) for keyword in node.keywords):
                continue
            if (
                (name in _PARTS and not all(_is_data(argument, known) for argument in node.args[:1]))
                or (name == "notify" and not all(_is_data(argument, known) for argument in node.args))
                or (isinstance(node.func, ast.Attribute) and name in _METHODS and _is_surely_text(node.args))
            ):
                yield node
        elif isinstance(node, ast.Assign):
            titled = any(
                isinstance(target, ast.Attribute) and target.attr in _TITLES for target in node.targets
            )
            if titled and not _is_data(node.value, known):
                yield node


def _is_surely_text(arguments: list[ast.expr]) -> bool:
    # Other objects have methods of these names: only texts that are surely texts are judged.
    return any(isinstance(argument, ast.JoinedStr) or _has_bracket(argument) for argument in arguments)


def _name(function: ast.expr) -> str:
    if isinstance(function, ast.Attribute):
        return function.attr
    return function.id if isinstance(function, ast.Name) else ""


def _is_data(value: ast.expr, known: frozenset[str]) -> bool:
    if isinstance(value, ast.Constant):
        return not _has_bracket(value)
    if isinstance(value, ast.Call):
        return _name(value.func) in _SAFE | known
    return isinstance(value, ast.Starred)


def _has_bracket(value: ast.expr) -> bool:
    return isinstance(value, ast.Constant) and isinstance(value.value, str) and "[" in value.value


def _is_false(value: ast.expr) -> bool:
    return isinstance(value, ast.Constant) and value.value is False


def test_no_widget_of_ours_is_given_a_string_that_could_be_markup() -> None:
    """T-02: `"[/] Kofi"` as a string crashes a Static; as `Content` it is shown."""
    paths = [
        path for folder in ("widgets", "screens", "terminal") for path in (_SOURCES / folder).rglob("*.py")
    ]
    paths += [path for path in [_SOURCES / "app.py"] if path.is_file()]
    sources = {path: path.read_text(encoding="utf-8") for path in paths}
    known = content_functions(list(sources.values()))
    found = [
        f"{path.name}:{line}" for path, source in sources.items() for line in unsafe_texts(source, known)
    ]
    assert found == []


@pytest.mark.parametrize(
    "source",
    [
        "Static(f'{name}')",
        "Static(name)",
        "Label(record.name)",
        "Static('[esc] leave')",
        "self.notify(str(error))",
        "table.add_row(f'{name}')",
        "self.line.update(f'{name}')",
        "box.border_title = name",
        "Button('a' + name)",
    ],
)
def test_the_lint_sees_what_it_is_for(source: str) -> None:
    """A check must be able to fail."""
    assert unsafe_texts(source)


@pytest.mark.parametrize(
    "source",
    [
        "Static(Content(name))",
        "Static(name, markup=False)",
        "Static('Sending')",
        "Static(restated(x))",
        "d.update(other)",
    ],
)
def test_the_lint_lets_data_pass(source: str) -> None:
    """`Content`, `markup=False`, a constant without brackets, a function that returns `Content`."""
    assert unsafe_texts(source, frozenset({"restated"})) == []
