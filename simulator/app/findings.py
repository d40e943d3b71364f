"""From pydantic's errors to findings: one for each mistake, with place and nearest right name."""

from __future__ import annotations

import difflib
import math
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Final

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from simulator.app.spots import Shape, Spot, locate
from simulator.app.tree import KeyPath, Node, dotted
from simulator.contracts.errors import Finding

CROSS_FIELD: Final = "cross_field"
"""Error type of checks over several fields; `problems` in its context holds (path, message)."""
UNKNOWN_NAME: Final = "unknown_name"
"""Error type of a name that is not in `names` of its context."""

_MOST_NAMES = 40
_EXPECTED = {
    "int_type": "a whole number",
    "float_type": "a number",
    "string_type": "text",
    "bool_type": "true or false",
    "list_type": "a list",
    "tuple_type": "a list",
    "dict_type": "a block of `key: value` lines",
    "model_type": "a block of `key: value` lines",
    "none_required": "nothing; there is no plug-in of this kind",
}
_RANGE = {"greater_than_equal", "less_than_equal", "greater_than", "less_than"}
_CHOICE = {"literal_error", "enum"}


@dataclass(frozen=True, slots=True)
class _Mistake:
    error: ErrorDetails
    spot: Spot
    node: Node
    """The value itself, or the nearest block around it when it is missing."""

    def finding(self, message: str, path: KeyPath | None = None) -> Finding:
        place = (self.node.file, self.node.line)
        return Finding(message, *place, dotted(self.spot.path if path is None else path))


def findings_of(error: ValidationError, model: type[BaseModel], tree: Node) -> list[Finding]:
    """Turn a validation error into findings.

    Args:
        error: what pydantic raised for `tree`.
        model: the model that it was validated against.
        tree: the scenario.

    Returns:
        One finding for each mistake, in the order of files and lines.
    """
    mistakes = []
    found: list[Finding] = []
    for details in error.errors(include_url=False):
        if details["type"] == CROSS_FIELD:
            found += [_across(tree, *problem) for problem in details["ctx"]["problems"]]
            continue
        spot = locate(model, details["loc"])
        mistake = _Mistake(details, spot, tree.deepest(spot.path))
        mistakes += [] if _is_echo(mistake) else [mistake]
    found += [_explain(group) for group in _grouped(_without_misspelt(mistakes))]
    order = {file: i for i, file in enumerate(dict.fromkeys(f.file for f in found))}
    return sorted(found, key=lambda f: (order[f.file], f.line or 0))


def nearest(word: str, names: Iterable[str]) -> str | None:
    """Return the name most like a word, None when none is alike."""
    by_lower = {name.lower().replace("-", "_"): name for name in names}
    close = difflib.get_close_matches(word.lower().replace("-", "_"), by_lower, n=1)
    return by_lower[close[0]] if close else None


def listed(names: Iterable[str], word: str = "") -> str:
    """Write names as a list; of many, those most like `word`."""
    every = list(names)
    if len(every) <= _MOST_NAMES:
        return ", ".join(every) or "none"
    likeness = difflib.SequenceMatcher(None, "", word)

    def unlike(name: str) -> float:
        likeness.set_seq1(name)
        return -likeness.ratio()

    shown = sorted(every, key=unlike)[:_MOST_NAMES]
    return f"{', '.join(shown)}, and {len(every) - len(shown)} more"


def _is_echo(mistake: _Mistake) -> bool:
    """Tell whether a list is called too short only because some of its items are wrong."""
    items, context = mistake.node.value, mistake.error.get("ctx", {})
    is_short = mistake.error["type"] == "too_short"
    return is_short and isinstance(items, list) and len(items) >= context["min_length"]


def _without_misspelt(mistakes: list[_Mistake]) -> list[_Mistake]:
    """Drop each missing field that an unknown field beside it was meant to be."""
    extras = [m for m in mistakes if m.error["type"] == "extra_forbidden"]
    meant = {(*m.spot.path[:-1], nearest(str(m.spot.path[-1]), m.spot.siblings)) for m in extras}
    has_parent = ("extends",) in meant  # then what seems missing may stand in the parent
    return [
        m
        for m in mistakes
        if m.error["type"] != "missing"
        or not (m.spot.path in meant or (has_parent and len(m.spot.path) == 1) or _is_later(m))
    ]


def _is_later(missing: _Mistake) -> bool:
    """Tell whether an entry before this one is missing from a list, too."""
    items, index = missing.node.value, missing.spot.path[-1]
    return isinstance(items, list) and isinstance(index, int) and index > len(items)


def _grouped(mistakes: list[_Mistake]) -> list[list[_Mistake]]:
    """Gather what pydantic says of one value once for each arm of a union."""
    groups: dict[KeyPath, list[_Mistake]] = {}
    for mistake in mistakes:
        groups.setdefault(mistake.spot.path, []).append(mistake)
    return list(groups.values())


def _explain(group: list[_Mistake]) -> Finding:
    if len(group) == 1:
        return _explain_one(group[0])
    parts = [_explain_one(mistake) for mistake in group]
    allowed = " or ".join(dict.fromkeys(part.allowed for part in parts if part.allowed))
    return replace(parts[0], message="matches none of what may stand here", allowed=allowed or None)


def _explain_one(mistake: _Mistake) -> Finding:
    kind = mistake.error["type"]
    value = mistake.node.value
    if isinstance(value, float) and not math.isfinite(value) and kind != "extra_forbidden":
        return _not_finite(mistake)
    if kind in _EXPECTED:
        return _wrong_type(mistake)
    if kind in _RANGE:
        return _out_of_range(mistake)
    if kind in _CHOICE:
        names = re.findall(r"'([^']*)'", str(mistake.error["ctx"]["expected"]))
        return _unknown_name(mistake, "not one of the choices", names)
    return _HANDLERS.get(kind, _other)(mistake)


def _not_finite(mistake: _Mistake) -> Finding:
    is_literal = mistake.node.raw.lower().lstrip("+-").lstrip(".") in {"inf", "nan"}
    message = "must be a finite number" if is_literal else "the number is too large"
    shape = mistake.spot.shape
    allowed = shape.bounds() if shape else None
    return replace(mistake.finding(message), value=mistake.node.shown(), allowed=allowed)


def _wrong_type(mistake: _Mistake) -> Finding:
    shape = mistake.spot.shape
    expected = _EXPECTED[mistake.error["type"]]
    if shape is not None and shape.is_duration:
        expected = "a duration: 30s, 15min, 6h or 28d"
    return replace(
        mistake.finding("wrong type"),
        value=mistake.node.shown(),
        allowed=expected,
        suggestion=_as_number(mistake),
    )


def _as_number(mistake: _Mistake) -> str | None:
    text = mistake.node.value
    if not isinstance(text, str) or mistake.error["type"] not in {"int_type", "float_type"}:
        return None
    digits = text.replace("_", "").replace(",", "").strip()
    return digits if re.fullmatch(r"-?\d+(\.\d+)?", digits) else None


def _out_of_range(mistake: _Mistake) -> Finding:
    shape = mistake.spot.shape or Shape(None)
    allowed = shape.bounds() or mistake.error["msg"].removeprefix("Input should be ")
    finding = replace(mistake.finding("out of range"), value=mistake.node.shown(), allowed=allowed)
    if shape.is_duration and isinstance(mistake.node.value, int):
        return replace(finding, message="out of range; a number without unit counts seconds")
    return finding


def _unknown_name(mistake: _Mistake, message: str, names: list[str]) -> Finding:
    word = mistake.node.raw
    return replace(
        mistake.finding(message),
        value=mistake.node.shown(),
        allowed=listed(names, word),
        suggestion=nearest(word, names),
    )


def _unknown_field(mistake: _Mistake) -> Finding:
    spot = mistake.spot
    where = f" for {spot.owner_name}" if spot.owner_name else ""
    word = str(spot.path[-1])
    return replace(
        mistake.finding(f"unknown field{where}"),
        allowed=listed(spot.siblings, word),
        suggestion=nearest(word, spot.siblings),
    )


def _missing(mistake: _Mistake) -> Finding:
    where = f" for {mistake.spot.owner_name}" if mistake.spot.owner_name else ""
    owner = mistake.spot.owner
    if owner is not None and owner.n_items is not None:
        return _wrong_length(mistake)
    return mistake.finding(f"a required field is missing{where}")


def _wrong_length(mistake: _Mistake) -> Finding:
    path, context = mistake.spot.path, mistake.error.get("ctx", {})
    shape = mistake.spot.shape
    if isinstance(path[-1], int) and not context:
        path, shape = path[:-1], mistake.spot.owner
    least, most = context.get("min_length"), context.get("max_length")
    n = shape.n_items if shape else None
    number = f"{n}" if n else f"at least {least}" if least is not None else f"at most {most}"
    unit = "entries" if isinstance(mistake.node.value, list) else "characters"
    finding = mistake.finding(f"wrong number of {unit}", path)
    return replace(finding, value=mistake.node.shown(), allowed=number)


def _unknown_type(mistake: _Mistake) -> Finding:
    one_of = mistake.spot.shape.one_of if mistake.spot.shape else None
    tag = mistake.node.child("type") or mistake.node
    if one_of is None:
        return _other(mistake)
    named = replace(
        mistake, node=tag, spot=replace(mistake.spot, path=(*mistake.spot.path, "type"))
    )
    return _unknown_name(named, f"unknown {one_of.label}", list(one_of.choices))


def _no_type(mistake: _Mistake) -> Finding:
    if mistake.node.child("type") is not None:
        return _unknown_type(mistake)
    path = (*mistake.spot.path, "type")
    one_of = mistake.spot.shape.one_of if mistake.spot.shape else None
    names = listed(one_of.choices) if one_of else None
    keys = mistake.node.value if isinstance(mistake.node.value, dict) else {}
    fields = {name for c in one_of.choices.values() for name in c.model_fields} if one_of else set()
    for key, child in keys.items():
        if key not in fields and nearest(key, ["type"]):
            finding = Finding("unknown field", child.file, child.line, dotted((*path[:-1], key)))
            return replace(finding, suggestion="type")
    return replace(mistake.finding("a required field is missing", path), allowed=names)


def _by_validator(mistake: _Mistake) -> Finding:
    message = str(mistake.error.get("ctx", {}).get("error", mistake.error["msg"]))
    finding = mistake.finding(message)
    is_leaf = not isinstance(mistake.node.value, dict | list)
    return replace(finding, value=mistake.node.shown()) if is_leaf else finding


def _across(tree: Node, path: KeyPath, message: str) -> Finding:
    node = tree.deepest(path)
    return Finding(message, node.file, node.line, dotted(path))


def _not_in_names(mistake: _Mistake) -> Finding:
    return _unknown_name(mistake, mistake.error["msg"], list(mistake.error["ctx"]["names"]))


def _other(mistake: _Mistake) -> Finding:
    message = mistake.error["msg"]
    return replace(mistake.finding(message[:1].lower() + message[1:]), value=mistake.node.shown())


_HANDLERS: Final[dict[str, Callable[[_Mistake], Finding]]] = {
    "extra_forbidden": _unknown_field,
    "missing": _missing,
    "too_short": _wrong_length,
    "too_long": _wrong_length,
    "string_too_short": _wrong_length,
    "string_too_long": _wrong_length,
    "union_tag_invalid": _unknown_type,
    "union_tag_not_found": _no_type,
    "value_error": _by_validator,
    "assertion_error": _by_validator,
    UNKNOWN_NAME: _not_in_names,
}
