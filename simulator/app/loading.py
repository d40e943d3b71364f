"""From a scenario file, a bundled name or a mapping to a scenario that can run."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from pydantic import BaseModel, ValidationError

from simulator.app.files import locate, read_text
from simulator.app.findings import findings_of
from simulator.app.model import DEFAULT_PLUGINS, ScenarioBase, scenario_model
from simulator.app.overrides import apply_overrides
from simulator.app.resolved import ResolvedScenario
from simulator.app.schema import json_schema
from simulator.app.spots import Shape
from simulator.app.tree import Node, from_python, merge
from simulator.app.yaml_source import parse_mapping
from simulator.contracts.errors import Finding, ScenarioError

__all__ = [
    "Source",
    "check_tree",
    "json_schema",
    "load_scenario",
    "merge_parents",
    "read_tree",
    "validate",
]

Source = str | Path | Mapping[str, object]

MAX_PARENTS: Final = 10
"""Longest chain of `extends`."""
_EXACT = 2**53


def load_scenario(
    source: Source, overrides: Mapping[str, object] | None = None
) -> ResolvedScenario:
    """Load a scenario with everything it extends, overrides and defaults.

    Args:
        source: path of a file, name of a bundled scenario, or the content as a mapping.
        overrides: values by dotted path, for example `{"seed": 3, "world.readers.n": 500}`.

    Returns:
        The scenario, complete and valid.

    Raises:
        ScenarioError: with every mistake found.
        PluginError: the installed plug-ins themselves are broken.
    """
    model = scenario_model()
    tree = read_tree(source)
    tree = apply_overrides(tree, overrides or {}, DEFAULT_PLUGINS)
    return ResolvedScenario.of(check_tree(tree, model))


def validate(source: Source, overrides: Mapping[str, object] | None = None) -> list[Finding]:
    """Return every mistake in a scenario; none when it can run. See `load_scenario`."""
    try:
        load_scenario(source, overrides)
    except ScenarioError as error:
        return list(error.findings)
    return []


def read_tree(source: Source) -> Node:
    """Read a scenario and its parents, merged, as far as that needs no model.

    Raises:
        ScenarioError: a file cannot be read or is no YAML, or parents are missing or circular.
    """
    if isinstance(source, Mapping):
        return merge_parents(from_python(source), None)
    path = locate(source)
    return merge_parents(parse_mapping(read_text(path), str(path)), path)


def check_tree(tree: Node, model: type[ScenarioBase]) -> ScenarioBase:
    """Validate a merged scenario.

    Args:
        tree: the scenario, its root a mapping.
        model: what to validate against.

    Returns:
        The validated model.

    Raises:
        ScenarioError: with every mistake found.
    """
    filled = _with_nested_defaults(tree, Shape(model))
    # JSON is the one mode in which strict types still take lists as tuples.
    text = json.dumps(_whole_numbers(filled.plain()))
    try:
        return model.model_validate_json(text, strict=True)
    except ValidationError as error:
        raise ScenarioError(findings_of(error, model, filled)) from None


def merge_parents(tree: Node, path: Path | None) -> Node:
    """Lay a scenario over everything that it extends.

    Args:
        tree: the scenario as its file holds it.
        path: its file, where relative parents start from; None for the working directory.

    Raises:
        ScenarioError: parents are missing or circular.
    """
    chain = [] if path is None else [path]
    while (named_by := _parent_of(tree)) is not None:
        parent = locate(named_by.raw, chain[-1].parent if chain else None)
        _check_chain(chain, parent, named_by)
        chain.append(parent)
        older = parse_mapping(read_text(parent, named_by), str(parent))
        tree = merge(older, _without_parent(tree))
    return tree


def _parent_of(tree: Node) -> Node | None:
    node = tree.child("extends")
    if node is None or node.value is None:
        return None
    if not isinstance(node.value, str) or not node.value.strip():
        place = (node.file, node.line, "extends", node.shown())
        raise ScenarioError([Finding("must be the path or the name of a scenario", *place)])
    return node


def _check_chain(chain: list[Path], parent: Path, named_by: Node) -> None:
    names = [str(path) for path in (*chain, parent)]
    if _identity(parent) in [_identity(path) for path in chain]:
        circle = "a scenario cannot extend itself" if len(chain) == 1 else "scenarios in a circle"
        message = f"{circle}: {' extends '.join(names)}"
    elif len(chain) > MAX_PARENTS:
        message = f"more than {MAX_PARENTS} parents: {' extends '.join(names)}"
    else:
        return
    raise ScenarioError([Finding(message, named_by.file, named_by.line, "extends")])


def _identity(path: Path) -> str:
    try:
        return str(path.resolve())
    except (OSError, RuntimeError, ValueError):
        return str(path)


def _without_parent(tree: Node) -> Node:
    children = tree.value if isinstance(tree.value, dict) else {}
    kept = {key: node for key, node in children.items() if key != "extends"}
    return Node(kept, tree.raw, tree.file, tree.line)


def _with_nested_defaults(node: Node, shape: Shape) -> Node:
    """Lay blocks over the default of their own field, which may differ from their model's.

    Without this, naming one knob of a block would reset its others to what the model of the
    block says in general, not to what the scenario would hold if the block were left out.
    """
    if isinstance(node.value, list):
        shapes = [shape.item(i) for i in range(len(node.value))]
        items = [
            node_i if shape_i is None else _with_nested_defaults(node_i, shape_i)
            for node_i, shape_i in zip(node.value, shapes, strict=True)
        ]
        return Node(items, node.raw, node.file, node.line)
    if not isinstance(node.value, dict):
        return node
    if shape.one_of is not None:
        tag = node.child("type")
        choice = shape.one_of.choices.get(tag.raw) if tag else None
        return node if choice is None else _with_nested_defaults(node, Shape(choice))
    if shape.model is None:
        return node
    children = {key: _filled(child, shape, key) for key, child in node.value.items()}
    return Node(children, node.raw, node.file, node.line)


def _filled(child: Node, owner: Shape, key: str) -> Node:
    shape = owner.field(key)
    if shape is None or owner.model is None:
        return child
    default = owner.model.model_fields[key].default
    is_block = isinstance(child.value, dict) and isinstance(default, BaseModel)
    if is_block and shape.one_of is None:
        child = merge(from_python(default.model_dump(mode="json")), child)
    return _with_nested_defaults(child, shape)


def _whole_numbers(value: object) -> object:
    """Write floats without a fraction as integers: `1e6` readers are 1,000,000 readers."""
    if isinstance(value, dict):
        return {key: _whole_numbers(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_whole_numbers(item) for item in value]
    if isinstance(value, float) and value.is_integer() and abs(value) < _EXACT:
        return int(value)
    return value
