"""Scenario text as a tree of values that remember the file and line they came from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from simulator.contracts.errors import Finding, ScenarioError

Scalar = str | int | float | bool | None
KeyPath = tuple[str | int, ...]

MAX_NODES: Final = 20_000
"""Most values a scenario may hold, aliases expanded."""
MAX_DEPTH: Final = 40
"""Deepest nesting a scenario may have."""
_SHOWN = 60


@dataclass(frozen=True, slots=True)
class Node:
    """One value and its place; never changed after it is built, so branches may be shared.

    Attributes:
        value: a scalar, or child nodes by key or in order.
        raw: the scalar as the user wrote it; "" for collections.
        file: file that the value came from, "" when there is none.
        line: 1-based line of the value's key, or of the value itself when it has no key.
    """

    value: Scalar | dict[str, Node] | list[Node]
    raw: str = ""
    file: str = ""
    line: int | None = None

    def child(self, part: str | int) -> Node | None:
        """Return the child under a key or index, None where there is none."""
        if isinstance(self.value, dict) and isinstance(part, str):
            return self.value.get(part)
        if isinstance(self.value, list) and isinstance(part, int):
            return self.value[part] if 0 <= part < len(self.value) else None
        return None

    def deepest(self, path: KeyPath) -> Node:
        """Return the node at `path`, or its nearest ancestor that exists."""
        node = self
        for part in path:
            child = node.child(part)
            if child is None:
                return node
            node = child
        return node

    def at(self, path: KeyPath) -> Node | None:
        """Return the node at `path`, None where there is none."""
        node: Node | None = self
        for part in path:
            if node is None:
                return None
            node = node.child(part)
        return node

    def plain(self) -> object:
        """Return the value as dicts, lists and scalars."""
        if isinstance(self.value, dict):
            return {key: child.plain() for key, child in self.value.items()}
        if isinstance(self.value, list):
            return [child.plain() for child in self.value]
        return self.value

    def shown(self) -> str:
        """Describe the value in a few words for a message."""
        if isinstance(self.value, dict):
            return f"a block with {', '.join(self.value) or 'nothing in it'}"[:_SHOWN]
        if isinstance(self.value, list):
            return f"a list of {len(self.value)}"
        text = "null" if self.value is None else self.raw
        if isinstance(self.value, str) and _reads_otherwise(text):
            text = f'"{text}"'
        return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}… ({len(text)} characters)"


def _reads_otherwise(text: str) -> bool:
    """Tell whether text without its quotes would read as nothing or as another type."""
    try:
        float(text)
    except ValueError:
        return text != text.strip() or text.lower() in {"", "~", "null", "true", "false"}
    return True


def dotted(path: KeyPath) -> str:
    """Write a path as users do: `policies[0].coefficient`."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}"
    return text.removeprefix(".")


def from_python(value: object, file: str = "", path: KeyPath = ()) -> Node:
    """Turn dicts, lists and scalars into a tree; nodes inside are kept as they are.

    Args:
        value: what to convert; tuples count as lists, NumPy scalars as numbers.
        file: name of the source for messages.
        path: where the value will sit, for messages.

    Returns:
        The tree.

    Raises:
        ScenarioError: nested too deeply, too large, or holding something that is no data.
    """
    return _convert(value, file, path, [0])


def _convert(value: object, file: str, path: KeyPath, count: list[int]) -> Node:
    count[0] += 1
    if len(path) > MAX_DEPTH or count[0] > MAX_NODES:
        raise ScenarioError([Finding(too_large(), file=file, path=dotted(path[:3]))])
    if isinstance(value, Node):
        return value
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, Mapping):
        items = {str(k): _convert(v, file, (*path, str(k)), count) for k, v in value.items()}
        return Node(items, file=file)
    if isinstance(value, Sequence) and not isinstance(value, str | bytes | bytearray):
        return Node([_convert(v, file, (*path, i), count) for i, v in enumerate(value)], file=file)
    if value is None or isinstance(value, str | int | float):
        return scalar(value, str(value) if is_short(value) else "a very long number", file)
    message = f"a value of type {type(value).__name__} cannot stand in a scenario"
    raise ScenarioError(
        [Finding(message, file=file, path=dotted(path), value=repr(value)[:_SHOWN])]
    )


def is_short(value: Scalar) -> bool:
    """Tell whether Python agrees to write the value out: it refuses integers of 4,300 digits."""
    return not isinstance(value, int) or value.bit_length() < 8_000


def scalar(value: Scalar, raw: str, file: str, line: int | None = None) -> Node:
    """Build a leaf; an integer beyond every range becomes infinite, so that checks refuse it."""
    if isinstance(value, int) and value.bit_length() > 1_000:
        value = float("inf")
    return Node(value, raw, file, line)


def too_large() -> str:
    """Return the message for a tree beyond the limits."""
    return f"too large: more than {MAX_NODES:,} values, or nested deeper than {MAX_DEPTH}"


def merge(parent: Node, child: Node) -> Node:
    """Lay `child` over `parent`: blocks merge by key, lists and scalars replace.

    A block that names another `type` than its parent starts afresh, because the parent's fields
    belong to the other type.
    """
    if not (isinstance(parent.value, dict) and isinstance(child.value, dict)):
        return child
    if _type_of(parent) is not None and _type_of(child) not in {None, _type_of(parent)}:
        return child
    merged = dict(parent.value)
    for key, node in child.value.items():
        merged[key] = merge(merged[key], node) if key in merged else node
    return replace(child, value=merged)


def _type_of(node: Node) -> str | None:
    tag = node.child("type")
    return None if tag is None else tag.raw
