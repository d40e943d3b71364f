"""A tuned scenario as a file: the user's own text with the changed values in it.

Comments, order and quotes of the text stay. Blocks that it leaves out are added, lists that it
takes from a parent are written out, because a list in a file replaces that of its parent.
"""

from __future__ import annotations

import difflib
import io
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.tokens import CommentToken

from simulator.app.files import bundled_scenarios, locate
from simulator.app.line_merge import merged_lines
from simulator.app.loading import merge_parents
from simulator.app.model import DEFAULT_PLUGINS, scenario_model
from simulator.app.overrides import apply_overrides
from simulator.app.resolved import to_yaml
from simulator.app.spots import Shape
from simulator.app.tree import Node, from_python, merge
from simulator.app.yaml_source import parse_mapping
from simulator.contracts.config import format_duration, parse_duration
from simulator.contracts.errors import ScenarioError

_INDENTS: Final = ((4, 2), (2, 0))
_WIDTHS: Final = (100, 4_096)
_NOTHING: Final = Node({})


def tuned_text(source_text: str, overrides: Mapping[str, object], path: Path | None = None) -> str:
    """Lay values over the text of a scenario.

    Args:
        source_text: the scenario as its file holds it.
        overrides: values by dotted path, as `simulator.app.api.resolve` takes them.
        path: the file, where a relative `extends` starts from. What does not extend a bundled
            scenario by its name is written out, so that the text can stand anywhere.

    Returns:
        A text that resolves to what the source resolves to with the overrides.

    Raises:
        ScenarioError: the text is no scenario, or a path cannot be followed.
    """
    own = parse_mapping(source_text, str(path or "the scenario"))
    whole = merge_parents(own, path)
    target = apply_overrides(whole, overrides, DEFAULT_PLUGINS)
    name = _bundled_parent(own, path)
    if not overrides and name == _parent_word(own):
        return source_text
    parent = _NOTHING if name is None else merge_parents(from_python({"extends": name}), None)
    for text in _written(source_text, parent, target, name):
        if _says(text, target):
            return text
    return to_yaml(_mapping(target.plain()))


def diff(before: str, after: str, before_name: str = "before", after_name: str = "after") -> str:
    """Return a unified diff of two texts, "" when they are equal."""
    lines = difflib.unified_diff(
        before.splitlines(), after.splitlines(), before_name, after_name, lineterm=""
    )
    return "\n".join(lines)


def _parent_word(own: Node) -> str | None:
    parent = own.child("extends")
    return None if parent is None or parent.value is None else parent.raw


def _bundled_parent(own: Node, path: Path | None) -> str | None:
    """Return the name of the bundled scenario that a text extends, None for any other parent."""
    word = _parent_word(own)
    if word is None:
        return None
    place = locate(word, None if path is None else path.parent).resolve()
    return next((name for name, at in bundled_scenarios().items() if at.resolve() == place), None)


def _written(text: str, parent: Node, target: Node, extends: str | None) -> Iterator[str]:
    """Yield the text with the target's values, in the layouts nearest to the source first."""
    layouts = [(indent, width) for indent in _INDENTS for width in _WIDTHS]
    for layout in sorted(layouts, key=lambda layout: _distance(text, layout)):
        yaml = _yaml(*layout)
        document = yaml.load(text)
        before = _dumped(yaml, document)
        if extends is None:
            document.pop("extends", None)
        elif document["extends"] != extends:
            document["extends"] = extends
        _fit(document, parent, target, Shape(scenario_model()))
        after = _dumped(yaml, document)
        lines = merged_lines(before.splitlines(), text.splitlines(), after.splitlines())
        yield "\n".join(lines) + "\n"
        yield after


def _distance(text: str, layout: tuple[tuple[int, int], int]) -> int:
    """Return how many lines change when a text is read and written in a layout."""
    yaml = _yaml(*layout)
    again = _dumped(yaml, yaml.load(text))
    return sum(line[0] in "+-" for line in diff(text, again).splitlines())


def _yaml(indent: tuple[int, int], width: int) -> YAML:
    yaml = YAML()
    yaml.preserve_quotes = True
    yaml.width = width
    yaml.indent(mapping=2, sequence=indent[0], offset=indent[1])
    yaml.representer.add_representer(
        type(None), lambda writer, _: writer.represent_scalar("tag:yaml.org,2002:null", "null")
    )
    return yaml


def _dumped(yaml: YAML, document: object) -> str:
    stream = io.StringIO()
    yaml.dump(document, stream)
    return stream.getvalue()


def _says(text: str, target: Node) -> bool:
    try:
        found = merge_parents(parse_mapping(text, "the tuned scenario"), None)
    except ScenarioError:
        return False
    shape = Shape(scenario_model())
    return _normal(found.plain(), shape) == _normal(target.plain(), shape)


def _fit(block: CommentedMap, parent: Node, target: Node, shape: Shape) -> None:
    """Change a block so that, laid over its parent, it says what the target says."""
    wanted = _mapping(target.value)
    if _tag(parent) != _tag(target):
        parent = _NOTHING  # a block of another type takes nothing from its parent
    for key in [key for key in block if key not in wanted and key != "extends"]:
        del block[key]
    own = from_python(_plain(block))
    merged = merge(parent, own)
    last = next(reversed(block), None)
    for key, value in wanted.items():
        inner = _field(shape, key, target)
        now = merged.child(key)
        if now is not None and _normal(now.plain(), inner) == _normal(value.plain(), inner):
            continue
        above = parent.child(key) or _NOTHING
        if _is_open(block.get(key), above, value):
            if key not in block:
                block[key] = _empty_map(value)
            _fit(block[key], above, value, inner)
        elif isinstance(block.get(key), CommentedSeq) and isinstance(value.value, list):
            _fit_list(block[key], value.value, inner)
        else:
            block[key] = _value(value, inner)
    _carry_comment(block, last, next(reversed(block), None))


def _carry_comment(block: CommentedMap, old: object, new: object) -> None:
    """Move the lines of comment below a block's former last key below the key that is last now."""
    token = (block.ca.items.get(old) or [None] * 4)[2]
    if old == new or token is None:
        return
    beside, _, below = token.value.partition("\n")
    if below.strip():
        moved = CommentToken(f"\n{below}", token.start_mark, token.end_mark)
        block.ca.items[new] = [None, None, moved, None]
        token.value = f"{beside}\n" if beside.strip() else "\n"


def _is_open(now: object, above: Node, target: Node) -> bool:
    """Tell whether a block can be changed key by key: it is there, or a parent has it."""
    if not isinstance(target.value, dict):
        return False
    is_above = isinstance(above.value, dict) and bool(above.value) and _tag(above) == _tag(target)
    return isinstance(now, CommentedMap) or (now is None and is_above)


def _tag(node: Node) -> str:
    tag = node.child("type")
    return "" if tag is None else tag.raw


def _fit_list(items: CommentedSeq, wanted: list[Node], shape: Shape) -> None:
    """Change a list in place; entries that stay keep their comments."""
    shapes = [shape.item(i) or Shape(None) for i in range(len(wanted))]
    plain = [_normal(node.plain(), s) for node, s in zip(wanted, shapes, strict=True)]
    if len(items) != len(wanted):
        _line_up(items, wanted, plain, shapes)
    for i, (node, inner) in enumerate(zip(wanted, shapes, strict=True)):
        if _normal(_plain(items[i]), inner) == plain[i]:
            continue
        if isinstance(items[i], CommentedMap) and isinstance(node.value, dict):
            _fit(items[i], _NOTHING, node, _of_type(inner, node))
        else:
            items[i] = _value(node, inner)


def _line_up(
    items: CommentedSeq, wanted: list[Node], plain: list[object], shapes: list[Shape]
) -> None:
    """Drop and insert entries until the list has the right length, equal ones matched."""
    like = shapes[0] if shapes else Shape(None)
    here = [repr(_normal(_plain(item), like)) for item in items]
    there = [repr(value) for value in plain]
    matcher = difflib.SequenceMatcher(None, here, there, autojunk=False)
    for _, i1, i2, j1, j2 in reversed(matcher.get_opcodes()):
        for i in reversed(range(i1 + min(i2 - i1, j2 - j1), i2)):
            del items[i]
        for j in range(j1 + min(i2 - i1, j2 - j1), j2):
            items.insert(i1 + j - j1, _value(wanted[j], shapes[j]))


def _field(shape: Shape, key: str, owner: Node) -> Shape:
    return _of_type(shape, owner).field(key) or Shape(None)


def _of_type(shape: Shape, node: Node) -> Shape:
    """Return the shape of the plug-in that a block names, the shape itself for another block."""
    tag = node.child("type")
    if shape.one_of is None or tag is None:
        return shape
    choice = shape.one_of.choices.get(tag.raw)
    return shape if choice is None else Shape(choice)


def _value(node: Node, shape: Shape) -> Any:  # noqa: ANN401  (any value of a file)
    """Return a value to write: blocks of single values on one line, durations with their unit."""
    if isinstance(node.value, dict):
        block = _empty_map(node)
        inner = _of_type(shape, node)
        for key, child in node.value.items():
            block[key] = _value(child, inner.field(key) or Shape(None))
        return block
    if isinstance(node.value, list):
        items = CommentedSeq(
            _value(child, shape.item(i) or Shape(None)) for i, child in enumerate(node.value)
        )
        if not any(isinstance(child.value, dict) for child in node.value):
            items.fa.set_flow_style()
        return items
    return _scalar(node.value, shape)


def _empty_map(node: Node) -> CommentedMap:
    block = CommentedMap()
    children = _mapping(node.value).values()
    if all(not isinstance(child.value, dict) for child in children):
        block.fa.set_flow_style()
    return block


def _scalar(value: object, shape: Shape) -> object:
    is_seconds = isinstance(value, int | float) and not isinstance(value, bool)
    if shape.is_duration and is_seconds and float(value).is_integer():  # type: ignore[arg-type]
        return format_duration(int(value))  # type: ignore[call-overload]
    return value


def _normal(value: object, shape: Shape) -> object:
    """Return a value in one form, so that `24h` equals `1d` and 2.0 equals 2."""
    if isinstance(value, dict):
        inner = _of_type(shape, from_python({"type": value.get("type", "")}))
        return {key: _normal(v, inner.field(key) or Shape(None)) for key, v in value.items()}
    if isinstance(value, list):
        return [_normal(v, shape.item(i) or Shape(None)) for i, v in enumerate(value)]
    if isinstance(value, bool) or value is None:
        return (str(value),)  # apart from 0 and 1
    if shape.is_duration:
        with suppress(ValueError):
            return parse_duration(value)
    return value


def _plain(value: object) -> object:
    """Return what the reader of scenarios would make of a part of a document."""
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if isinstance(value, bool) or value is None:
        return value
    for kind in (int, float, str):
        if isinstance(value, kind):
            return kind(value)
    return value


def _mapping(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
