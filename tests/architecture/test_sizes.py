"""House limits on the size of files and functions, on comments and on annotations."""

import ast
import tokenize
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("simulator", "recall", "policies", "dashboard")
FILES = sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))

FILE_MEDIAN, FILE_P90, FILE_MAX = 130, 300, 450
FUNCTION_MEDIAN, FUNCTION_P90, FUNCTION_MAX, KERNEL_MAX = 8, 25, 60, 90
COMMENT_SHARE = 0.05

FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef


class Function(NamedTuple):
    """One function of the source: where it is, how long, and its arguments without a type."""

    place: str
    is_kernel: bool
    n_lines: int
    untyped: list[str]


def n_lines(path: Path) -> int:
    return len(path.read_text(encoding="utf-8").splitlines())


def n_comments(path: Path) -> int:
    with tokenize.open(path) as stream:
        tokens = tokenize.generate_tokens(stream.readline)
        return sum(token.type == tokenize.COMMENT for token in tokens)


def body_length(node: FunctionNode) -> int:
    """Count the lines of a function from `def` to its end, without its docstring."""
    length = node.end_lineno - node.lineno + 1
    if ast.get_docstring(node, clean=False) is not None:
        docstring = node.body[0]
        length -= docstring.end_lineno - docstring.lineno + 1
    return length


def untyped_arguments(node: FunctionNode) -> list[str]:
    spec = node.args
    positional = [*spec.posonlyargs, *spec.args]
    if positional and positional[0].arg in {"self", "cls"}:
        positional = positional[1:]
    arguments = [*positional, *spec.kwonlyargs, spec.vararg, spec.kwarg]
    return [item.arg for item in arguments if item is not None and item.annotation is None]


def functions_in(path: Path) -> Iterator[Function]:
    where = path.relative_to(ROOT)
    is_kernel = path.stem.endswith("kernels")
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, FunctionNode):
            place = f"{where}:{node.lineno} {node.name}"
            yield Function(place, is_kernel, body_length(node), untyped_arguments(node))


FUNCTIONS = [function for path in FILES for function in functions_in(path)]


@pytest.mark.parametrize(
    ("what", "lengths", "percentile", "limit"),
    [
        ("file", [n_lines(path) for path in FILES], 50, FILE_MEDIAN),
        ("file", [n_lines(path) for path in FILES], 90, FILE_P90),
        ("function", [function.n_lines for function in FUNCTIONS], 50, FUNCTION_MEDIAN),
        ("function", [function.n_lines for function in FUNCTIONS], 90, FUNCTION_P90),
    ],
)
def test_typical_sizes(what, lengths, percentile, limit):
    found = np.percentile(lengths, percentile) if lengths else 0
    assert found <= limit, f"{what} length, percentile {percentile}: {found:.0f} > {limit} lines"


def test_no_file_is_too_long():
    long = [
        f"{path.relative_to(ROOT)}: {n_lines(path)} lines"
        for path in FILES
        if n_lines(path) > FILE_MAX
    ]
    assert not long, f"files over {FILE_MAX} lines:\n" + "\n".join(long)


def test_no_function_is_too_long():
    long = [
        f"{function.place}: {function.n_lines} lines"
        for function in FUNCTIONS
        if function.n_lines > (KERNEL_MAX if function.is_kernel else FUNCTION_MAX)
    ]
    message = f"functions over {FUNCTION_MAX} lines ({KERNEL_MAX} in kernels):\n"
    assert not long, message + "\n".join(long)


def test_every_argument_is_annotated():
    bare = [f"{item.place}: {', '.join(item.untyped)}" for item in FUNCTIONS if item.untyped]
    assert not bare, "arguments without a type:\n" + "\n".join(bare)


def test_comments_are_few():
    share = sum(map(n_comments, FILES)) / sum(map(n_lines, FILES))
    assert share <= COMMENT_SHARE, f"{share:.1%} of lines carry a comment, over {COMMENT_SHARE:.0%}"
