"""Every public module, class and function says what it is."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("simulator", "recall", "policies", "dashboard")
FILES = sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))

Definition = ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef
# The documentation of these is found on the method they replace or complete.
EXEMPT = {"override", "overload", "setter", "deleter"}


def is_public(name: str) -> bool:
    return not name.startswith("_")


def is_exempt(node: Definition) -> bool:
    names = {ast.unparse(decorator).rpartition(".")[2] for decorator in node.decorator_list}
    return bool(names & EXEMPT)


def public_definitions(parent: ast.Module | ast.ClassDef, prefix: str = "") -> Iterator[tuple]:
    """Yield the qualified name and the node of each public definition, classes entered."""
    for node in parent.body:
        if isinstance(node, Definition) and is_public(node.name) and not is_exempt(node):
            yield prefix + node.name, node
            if isinstance(node, ast.ClassDef):
                yield from public_definitions(node, f"{prefix}{node.name}.")


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_public_names_are_documented(path):
    module = ast.parse(path.read_text(encoding="utf-8"))
    named = [("module", module), *public_definitions(module)]
    missing = [
        f"{path.relative_to(ROOT)}:{getattr(node, 'lineno', 1)} {name}"
        for name, node in named
        if ast.get_docstring(node) is None
    ]
    assert not missing, "no docstring:\n" + "\n".join(missing)
