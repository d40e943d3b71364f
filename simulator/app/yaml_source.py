"""YAML text to a tree: YAML 1.2 core values only, bounded in size, every value with its line.

The parser's event stream is read instead of constructed objects: no tag is ever acted on, nesting
and size are bounded while reading, and an alias costs what it stands for.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final, NoReturn

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError
from ruamel.yaml.events import (
    AliasEvent,
    CollectionEndEvent,
    DocumentStartEvent,
    Event,
    MappingStartEvent,
    ScalarEvent,
    SequenceStartEvent,
)

from simulator.app.tree import (
    MAX_DEPTH,
    MAX_NODES,
    KeyPath,
    Node,
    Scalar,
    dotted,
    scalar,
    too_large,
)
from simulator.contracts.errors import Finding, ScenarioError

MAX_LINE: Final = 20_000
"""Longest line in characters; the scanner's time grows with the square of it."""

_NULL = frozenset({"", "~", "null", "Null", "NULL"})
_BOOL = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_INT = re.compile(r"[-+]?[0-9]+")
_BASED = re.compile(r"0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_SPECIAL = re.compile(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")
_MAX_DIGITS = 2_000


def core_value(text: str) -> Scalar:
    """Resolve an unquoted scalar by the YAML 1.2 core schema."""
    if text in _NULL:
        return None
    if _INT.fullmatch(text) and len(text) <= _MAX_DIGITS:
        return int(text)
    if _BASED.fullmatch(text):
        return int(text, 0)
    if _FLOAT.fullmatch(text):
        return float(text)
    if _SPECIAL.fullmatch(text):
        return float(text.replace(".", ""))
    return _BOOL.get(text, text)


def parse_mapping(text: str, file: str) -> Node:
    """Parse a whole scenario file.

    Args:
        text: its content.
        file: its name for messages.

    Returns:
        The tree; its root is a mapping.

    Raises:
        ScenarioError: not YAML, not a mapping, more than one document, repeated keys, tags,
            merge keys, bad aliases, or too large.
    """
    root = _Builder(file, has_lines=True).build(text)
    if root is None or root.value is None:
        raise ScenarioError([Finding("the file is empty; a scenario needs a name", file=file)])
    if not isinstance(root.value, dict):
        message = "the top level must be a block of `key: value` lines"
        raise ScenarioError([Finding(message, file=file, line=root.line, value=root.shown())])
    return root


def parse_value(text: str, file: str) -> Node:
    """Parse one value, as given on a command line; lines are left out of its places.

    Raises:
        ScenarioError: as for `parse_mapping`.
    """
    root = _Builder(file, has_lines=False).build(text)
    return Node(None, "", file) if root is None else root


@dataclass(slots=True)
class _Frame:
    node: Node
    anchor: str | None
    n_before: int
    key: Node | None = None
    part: str | int = ""
    height: int = 1


class _Builder:
    def __init__(self, file: str, *, has_lines: bool) -> None:
        self.file = file
        self.has_lines = has_lines
        self.frames: list[_Frame] = []
        self.anchors: dict[str, tuple[Node, int, int]] = {}
        self.root: Node | None = None
        self.n_nodes = 0
        self.n_documents = 0
        self.findings: list[Finding] = []

    def build(self, text: str) -> Node | None:
        for number, line in enumerate(text.splitlines(), 1):
            if len(line) > MAX_LINE:
                self.fail(f"the line is longer than {MAX_LINE:,} characters", number)
        for event in self._events(text):
            self._take(event)
        if self.findings:
            raise ScenarioError(self.findings)
        return self.root

    def _events(self, text: str) -> Iterator[Event]:
        events = iter(YAML(typ="safe", pure=True).parse(text))
        while True:
            try:
                event = next(events)
            except StopIteration:
                return
            except MarkedYAMLError as error:
                mark = error.problem_mark
                last = text.count("\n") + (not text.endswith("\n"))
                line = None if mark is None else min(mark.line + 1, last)
                self.fail(_explain(error.problem), line)
            except Exception as error:  # the parser meets arbitrary text
                self.fail(f"not valid YAML: {str(error).splitlines()[0]}", None)
            yield event

    def _take(self, event: Event) -> None:
        line = event.start_mark.line + 1
        if isinstance(event, DocumentStartEvent):
            self.n_documents += 1
            if self.n_documents > 1:
                self.fail("more than one document; a file holds one scenario", line)
        elif isinstance(event, CollectionEndEvent):
            self._close()
        elif isinstance(event, AliasEvent):
            self._alias(event.anchor, line)
        elif isinstance(event, ScalarEvent | SequenceStartEvent | MappingStartEvent):
            self._open(event, line)

    def _open(self, event: ScalarEvent | SequenceStartEvent | MappingStartEvent, line: int) -> None:
        if event.tag is not None:
            self.fail("tags are not allowed; write plain values", line, value=event.tag)
        self._count(1, 1, line)
        at = line if self.has_lines else None
        if isinstance(event, ScalarEvent):
            value = core_value(event.value) if event.style is None else event.value
            self._check_text(event.value, line)
            node = scalar(value, event.value, self.file, at)
            if event.anchor is not None:
                self.anchors[event.anchor] = (node, 1, 1)
            self._attach(node, line, is_plain=event.style is None)
            return
        empty: dict[str, Node] | list[Node] = {} if isinstance(event, MappingStartEvent) else []
        frame = _Frame(Node(empty, "", self.file, at), event.anchor, self.n_nodes)
        if isinstance(event, SequenceStartEvent):
            frame.part = 0
        self.frames.append(frame)

    def _close(self) -> None:
        frame = self.frames.pop()
        if frame.anchor is not None:
            size = self.n_nodes - frame.n_before + 1
            self.anchors[frame.anchor] = (frame.node, size, frame.height)
        self._attach(frame.node, frame.node.line or 0, height=frame.height)

    def _alias(self, name: str, line: int) -> None:
        if any(frame.anchor == name for frame in self.frames):
            self.fail("an alias stands inside of what it names", line, value=f"*{name}")
        if name not in self.anchors:
            self.fail("an alias names an anchor that is not there", line, value=f"*{name}")
        node, size, height = self.anchors[name]
        self._count(size, height, line)
        self._attach(replace(node, line=line if self.has_lines else None), line, height=height)

    def _count(self, size: int, height: int, line: int) -> None:
        self.n_nodes += size
        if self.n_nodes > MAX_NODES or len(self.frames) + height > MAX_DEPTH:
            self.fail(too_large(), line)

    def _attach(self, node: Node, line: int, *, height: int = 1, is_plain: bool = False) -> None:
        if not self.frames:
            self.root = node
            return
        frame = self.frames[-1]
        frame.height = max(frame.height, height + 1)
        children = frame.node.value
        if isinstance(children, list):
            children.append(node)
            frame.part = len(children)
        elif frame.key is None:
            self._check_key(node, line, is_plain=is_plain)
            frame.key, frame.part = node, node.raw
        elif isinstance(children, dict):
            self._put(children, frame.key, node)
            frame.key, frame.part = None, ""

    def _check_key(self, key: Node, line: int, *, is_plain: bool) -> None:
        if isinstance(key.value, dict | list):
            self.fail("a key must be a single word", line, value=key.shown())
        if is_plain and key.raw == "<<":
            self.fail("merge keys (<<) are not supported; use `extends`", line)

    def _put(self, children: dict[str, Node], key: Node, node: Node) -> None:
        if key.raw not in children:
            children[key.raw] = replace(node, line=key.line)
            return
        first = children[key.raw].line
        message = "the key is given twice" + (f", first on line {first}" if first else "")
        self.findings.append(self._finding(message, key.line, value=key.raw))

    def _check_text(self, text: str, line: int) -> None:
        if any("\ud800" <= character <= "\udfff" for character in text):
            self.fail("the text holds half of a character (a lone surrogate)", line)

    def _finding(self, message: str, line: int | None, value: str | None = None) -> Finding:
        path: KeyPath = tuple(frame.part for frame in self.frames if frame.part != "")
        at = line if self.has_lines else None
        return Finding(message, self.file, at, dotted(path[:8]), value)

    def fail(self, message: str, line: int | None, value: str | None = None) -> NoReturn:
        raise ScenarioError([*self.findings, self._finding(message, line, value)])


def _explain(problem: str | None) -> str:
    if problem and r"'\t'" in problem:
        return "a tab is used for indentation; YAML wants spaces"
    return f"not valid YAML: {problem}"
