"""Values laid over a scenario from a command line or from Python, by dotted path."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Final

from simulator.app.tree import MAX_DEPTH, KeyPath, Node, dotted, from_python, merge
from simulator.app.yaml_source import parse_value
from simulator.contracts.errors import Finding, ScenarioError

SOURCE: Final = "--set"
"""Stands for a file name in findings about overrides."""

_PART = re.compile(r"(?:^|\.)(\w[\w-]*)|\[(\d{1,9})\]")


def parse_assignments(texts: Iterable[str]) -> dict[str, object]:
    """Read `a.b=value` texts, values in YAML; a later one replaces an earlier one of its path.

    Args:
        texts: for example `seed=3`, `policies[0].coefficient=2` or `policies=[{type: boost}]`.

    Returns:
        Overrides for `apply_overrides`.

    Raises:
        ScenarioError: a text without `=`, or a value that is no YAML.
    """
    findings: list[Finding] = []
    overrides: dict[str, object] = {}
    for text in texts:
        path, equals, value = text.partition("=")
        if not equals:
            message = "an override reads path=value, for example world.readers.n=500"
            findings.append(Finding(message, SOURCE, value=text[:60]))
            continue
        try:
            overrides[path.strip()] = parse_value(value, SOURCE)
        except ScenarioError as error:
            findings += [replace(finding, path=path.strip()) for finding in error.findings]
    if findings:
        raise ScenarioError(findings)
    return overrides


def apply_overrides(
    tree: Node, overrides: Mapping[str, object], defaults: Mapping[str, object]
) -> Node:
    """Lay overrides over a scenario: blocks merge by key, lists and scalars replace.

    Args:
        tree: the scenario.
        overrides: values by dotted path; nodes, or plain values. Paths to a `type` go first,
            because naming another type clears a block.
        defaults: values of top-level keys for paths into a block that the scenario leaves out.

    Returns:
        The scenario with overrides.

    Raises:
        ScenarioError: paths that cannot be followed.
    """
    findings: list[Finding] = []
    paths = sorted(overrides, key=lambda text: not text.endswith(".type"))
    for text in paths:
        try:
            path = parse_path(text)
            base = _with_default(tree, path, defaults)
            tree = _put(base, path, from_python(overrides[text], SOURCE, path), ())
        except ScenarioError as error:
            findings += error.findings
    if findings:
        raise ScenarioError(findings)
    return tree


def parse_path(text: str) -> KeyPath:
    """Read `policies[0].coefficient` or `policies.0.coefficient`.

    Raises:
        ScenarioError: not a path.
    """
    parts: list[str | int] = []
    at = 0
    while at < len(text) and len(parts) < MAX_DEPTH:
        match = _PART.match(text, at)
        if match is None:
            break
        name, index = match.groups()
        is_index = name is None or (name.isascii() and name.isdigit())
        parts.append(int(index or name) if is_index else name)
        at = match.end()
    if at < len(text) or not parts or isinstance(parts[0], int):
        message = "not a path; write keys and indexes like policies[0].coefficient"
        raise ScenarioError([Finding(message, SOURCE, value=repr(text[:60]))])
    if parts[0] == "extends":
        raise ScenarioError([Finding("the parent cannot be overridden", SOURCE, path="extends")])
    return tuple(parts)


def _with_default(tree: Node, path: KeyPath, defaults: Mapping[str, object]) -> Node:
    key = str(path[0])
    if len(path) == 1 or tree.child(key) is not None or key not in defaults:
        return tree
    value = dict(tree.value) if isinstance(tree.value, dict) else {}
    return replace(tree, value=value | {key: from_python(defaults[key])})


def _put(node: Node, rest: KeyPath, leaf: Node, done: KeyPath) -> Node:
    if not rest:
        return merge(node, leaf)
    part, here = rest[0], (*done, rest[0])
    if isinstance(node.value, list):
        items = list(node.value)
        if not isinstance(part, int) or part >= len(items):
            raise _no_entry(here, len(items))
        items[part] = _put(items[part], rest[1:], leaf, here)
        return replace(node, value=items)
    if not isinstance(node.value, dict) or isinstance(part, int):
        raise _no_field(node, here)
    child = node.value.get(part)
    if child is not None:
        return replace(node, value=node.value | {part: _put(child, rest[1:], leaf, here)})
    if len(rest) > 1:
        child = _put(Node({}, file=SOURCE), rest[1:], leaf, here)
    return replace(node, value=node.value | {part: child or leaf})


def _no_entry(path: KeyPath, n: int) -> ScenarioError:
    allowed = f"an index from 0 to {n - 1}" if n else "nothing: the list is empty"
    return ScenarioError(
        [Finding("there is no such entry in the list", SOURCE, path=dotted(path), allowed=allowed)]
    )


def _no_field(node: Node, path: KeyPath) -> ScenarioError:
    is_block = isinstance(node.value, dict)
    message = "a block has keys, not indexes" if is_block else "a single value has nothing inside"
    return ScenarioError([Finding(message, SOURCE, path=dotted(path))])
