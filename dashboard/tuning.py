"""What is tuned: a scenario and the values laid over it, kept in the session and in the address."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

import streamlit as st

from dashboard import state
from simulator.app.loading import load_scenario
from simulator.app.overrides import parse_assignments
from simulator.app.resolved import ResolvedScenario
from simulator.app.tree import Node
from simulator.contracts.errors import Finding, ScenarioError

Overrides = dict[str, Any]

_SET: Final = "tune-set"
_OF: Final = "tune-of"
_ROUND: Final = "tune-round"
_PIN: Final = "tune-pinned-values"
_MOST: Final = 200
"""Most values that an address may change."""


@dataclass(frozen=True, slots=True)
class Tuned:
    """What the knobs say now.

    Attributes:
        scenario: the tuned scenario; the last valid part of it when something is wrong.
        findings: what is wrong.
    """

    scenario: ResolvedScenario
    findings: tuple[Finding, ...]

    def wrong_at(self, path: str) -> list[str]:
        """Return sentences about one place, cells of a table in it included."""
        return [sentence(f) for f in self.findings if f.path == path or _is_cell(f.path, path)]


def _is_cell(inner: str, path: str) -> bool:
    return inner.startswith(f"{path}[") and "." in path and not path.endswith("]")


def sentence(finding: Finding) -> str:
    """Write a finding without the place that it stands beside."""
    text = finding.message[:1].upper() + finding.message[1:]
    text += f" (got {finding.value})." if finding.value is not None else "."
    if finding.suggestion is not None:
        text += f" Did you mean {finding.suggestion!r}?"
    return text + (f" Allowed: {finding.allowed}." if finding.allowed is not None else "")


def overrides() -> Overrides:
    """Return the changed values by place; change them through `change` alone."""
    found: Overrides = st.session_state.setdefault(_SET, {})
    return found


def change(path: str, value: object) -> None:
    """Lay a value over the scenario and forget values inside of what it replaces."""
    mine = overrides()
    for other in [p for p in mine if p == path or p.startswith((f"{path}.", f"{path}["))]:
        del mine[other]
    mine[path] = value


def put(path: str, value: object, original: Mapping[str, object]) -> None:
    """Lay a value over the scenario, or take it back when it is what the file says.

    Args:
        path: place.
        value: what a file may hold there.
        original: values of the file by place, of places that mean the same in the tuned scenario.
    """
    change(path, value)
    if path in original and original[path] == value:
        del overrides()[path]


def reset() -> None:
    """Return every value to what the file says."""
    st.session_state[_SET] = {}
    redraw()


def redraw() -> None:
    """Give every widget of a knob a new key, so that it shows the value that holds now."""
    st.session_state[_ROUND] = number() + 1


def number() -> int:
    """Return a number that changes whenever widgets must start anew."""
    return int(st.session_state.get(_ROUND, 0))


def begin(path: Path) -> list[str]:
    """Take the values from the address when a scenario is opened.

    Args:
        path: its file.

    Returns:
        Assignments of the address that mean nothing here.
    """
    if st.session_state.get(_OF) == str(path):
        return []
    is_first = _OF not in st.session_state
    st.session_state[_OF] = str(path)
    st.session_state[_PIN] = {}
    reset()
    if not is_first:
        return []
    texts = st.query_params.get_all("set")[:_MOST]
    kept, ignored = valid_part(path, texts)
    st.session_state[_SET] = kept
    return ignored


def valid_part(path: Path, texts: list[str]) -> tuple[Overrides, list[str]]:
    """Return the assignments that can be laid over a file together, and those that cannot."""
    try:
        found = _plain(parse_assignments(texts))
        load_scenario(path, found)
    except ScenarioError:
        return _one_by_one(path, texts)
    return found, []


def _one_by_one(path: Path, texts: list[str]) -> tuple[Overrides, list[str]]:
    kept: Overrides = {}
    ignored: list[str] = []
    for text in texts:
        try:
            more = kept | _plain(parse_assignments([text]))
            load_scenario(path, more)
        except ScenarioError:
            ignored.append(text)
        else:
            kept = more
    return kept, ignored


def _plain(found: Mapping[str, object]) -> Overrides:
    return {path: v.plain() if isinstance(v, Node) else v for path, v in found.items()}


def assignments(values: Mapping[str, object]) -> list[str]:
    """Write changed values as `--set` and the address take them."""
    return [f"{path}={json.dumps(v, ensure_ascii=False)}" for path, v in values.items()]


def remember() -> None:
    """Put the changed values into the address."""
    state.write(set=assignments(overrides()))


def tuned(path: Path) -> Tuned:
    """Return the scenario that the knobs describe.

    What is wrong is reported, and the scenario without the changes that are wrong is returned.

    Raises:
        ScenarioError: the file itself is wrong.
    """
    changed = path.stat().st_mtime
    values = overrides()
    try:
        return Tuned(_resolved(path, changed, key_of(values)), ())
    except ScenarioError as error:
        kept, _ = _one_by_one(path, assignments(values))
        return Tuned(_resolved(path, changed, key_of(kept)), error.findings)


def baseline(path: Path) -> ResolvedScenario:
    """Return what the tuned scenario is compared with: the file, or what was pinned."""
    return _resolved(path, path.stat().st_mtime, key_of(pinned()))


def pinned() -> Overrides:
    """Return the values of the baseline; none when it is the file."""
    found: Overrides = st.session_state.get(_PIN, {})
    return found


def pin() -> None:
    """Make the values of now the baseline."""
    st.session_state[_PIN] = dict(overrides())


def unpin() -> None:
    """Make the file the baseline again."""
    st.session_state[_PIN] = {}


def is_pinned() -> bool:
    """Tell whether the baseline is something else than the file."""
    return bool(st.session_state.get(_PIN))


def key_of(values: Mapping[str, object]) -> str:
    """Return changed values as a text that caches can keep."""
    return json.dumps(list(values.items()))


def values_of(key: str) -> Overrides:
    """Return the values that `key_of` wrote."""
    return dict(json.loads(key))


@lru_cache(maxsize=256)
def _resolved(path: Path, changed: float, key: str) -> ResolvedScenario:  # noqa: ARG001
    return load_scenario(path, values_of(key))
