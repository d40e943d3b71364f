"""How outcomes of experiments, designs and verdicts read in the language of the session."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any, Final

from dashboard.frames.experiment_plan import pitfalls_of
from dashboard.words import escaped, known, t
from simulator.app import present
from simulator.app.experiment_words import number, signed
from simulator.app.registry import registry
from simulator.contracts.errors import NotesimError
from simulator.experiments.outcomes import DESCRIPTIONS, READER_METRICS

SHARES: Final = frozenset({"ctr", "new_note_share", "new_note_ctr", "fulfilled", "note_ctr_24h"})
"""Outcomes that read best in per cent."""

REACH: Final = 1.5
"""Relative effects beyond which charts are cut off: noise, in a test that small."""

_REASONS: Final = (
    (r"no significant change of (?P<metric>\w+)$", "no_change"),
    (r"(?P<metric>\w+) is significantly worse$", "worse"),
    (r"(?P<metric>\w+) is significantly past its margin$", "past_margin"),
    (r"(?P<metric>\w+) is significantly better and every guardrail holds$", "better"),
    (r"not yet shown to be within the margin: (?P<metric>[\w, ]+)$", "not_shown"),
    (r"sample ratio mismatch on (?P<metric>\w+)", "mismatch"),
)
"""Reasons of verdicts -> their key in the texts; what fits none is shown as it is."""


def outcome(metric: str) -> str:
    """Return what a metric is called."""
    return known(f"outcomes.{metric}", metric)


def outcome_hint(metric: str) -> str:
    """Return a metric's name with what it counts."""
    told = DESCRIPTIONS.get(metric, "")
    return f"`{metric}`: {escaped(told)}" if told else f"`{metric}`"


def side_of(metric: str) -> str:
    """Return whether a metric is one of readers or of notes and their creators."""
    return "reader" if metric in READER_METRICS else "note"


def level(metric: str, value: float) -> str:
    """Write a level."""
    if metric in SHARES and math.isfinite(value):
        return f"{number(100.0 * value)} %"
    return number(value)


def change(metric: str, value: float) -> str:
    """Write a difference with its sign; of shares in percentage points."""
    if metric in SHARES and math.isfinite(value):
        return t("outcomes.points", x=signed(100.0 * value))
    return signed(value)


def amount(metric: str, value: float) -> str:
    """Write the size of a difference, without sign; of shares in percentage points."""
    if metric in SHARES and math.isfinite(value):
        return t("outcomes.points", x=number(100.0 * value))
    return number(value)


def percent(value: float) -> str:
    """Write a relative change with its sign; a dash when it is not known."""
    return present.relative(value)


def plain_percent(value: float) -> str:
    """Write a share in per cent, without sign; a dash when it is not known."""
    return f"{number(100.0 * value)} %" if math.isfinite(value) else present.NOTHING


def design_says(design: str) -> str:
    """Return what a design does, in a sentence or two."""
    try:
        otherwise = registry().summary("experiment", design)
    except NotesimError:
        otherwise = design
    return known(f"designs.{design}", escaped(otherwise))


def design_beware(design: str) -> str:
    """Return what to beware of with a design."""
    try:
        otherwise = " ".join(pitfalls_of(design))
    except NotesimError:
        otherwise = ""
    return known(f"designs.{design}_beware", escaped(otherwise))


def design_name(design: str) -> str:
    """Return what a design is called, with its name in scenarios."""
    words = known(f"designs.{design}_name", "")
    return f"{words} ({design})" if words else design


def reason(verdict: Mapping[str, Any]) -> str:
    """Return why a test was decided so."""
    text = str(verdict.get("reason", ""))
    for pattern, key in _REASONS:
        if found := re.match(pattern, text):
            names = ", ".join(outcome(name.strip()) for name in found["metric"].split(","))
            return t(f"outcomes.{key}", metric=names)
    return escaped(text)


def decision(verdict: Mapping[str, Any]) -> str:
    """Return a decision in words."""
    name = str(verdict.get("decision", ""))
    return known(f"outcomes.{name.lower().replace(' ', '_')}", escaped(name))
