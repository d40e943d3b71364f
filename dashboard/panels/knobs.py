"""Fields for the tunable knobs of a policy."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from dashboard.frames.experiment_plan import Knob, knobs_of
from dashboard.words import escaped, t


def knob_inputs(policy: str, told: Mapping[str, Any]) -> dict[str, object]:
    """Draw the tunable knobs of a policy, and return the values that differ from the defaults.

    Args:
        policy: type of the policy.
        told: values from the address, which may be nonsense.
    """
    found = knobs_of(policy)
    if not found:
        st.caption(t("experiment.no_knobs"))
        return {}
    values: dict[str, object] = {}
    with st.expander(t("experiment.knobs", n=len(found)), expanded=len(found) <= 4):
        for knob in found:
            value = _field(policy, knob, told.get(knob.name, knob.default))
            if value != knob.default:
                values[knob.name] = value
    return values


def _field(policy: str, knob: Knob, value: Any) -> Any:  # noqa: ANN401  (whatever the knob holds)
    key, text = f"knob-{policy}-{knob.name}", escaped(knob.text)
    if knob.kind == "switch":
        return st.toggle(knob.name, bool(value), key=key, help=text)
    if knob.kind == "choice":
        at = knob.choices.index(value) if value in knob.choices else 0
        return st.selectbox(knob.name, knob.choices, index=at, key=key, help=text)
    if knob.kind == "text":
        return st.text_input(knob.name, str(value), key=key, help=text)
    return _number(knob, value, key, text)


def _number(knob: Knob, value: Any, key: str, text: str) -> Any:  # noqa: ANN401
    kind = int if knob.kind == "whole" else float
    if not isinstance(value, int | float) or isinstance(value, bool):
        value = knob.default
    low = None if knob.low is None else kind(knob.low)
    high = None if knob.high is None else kind(knob.high)
    if value is not None:
        value = kind(value)
        value = value if low is None else max(value, low)
        value = value if high is None else min(value, high)
    step = 1 if kind is int else _step(float(knob.default or 1.0))
    found = st.number_input(
        knob.name, min_value=low, max_value=high, value=value, step=step, key=key, help=text
    )
    return found if found is None else kind(found)


def _step(scale: float) -> float:
    """Return a round step for a value of some size."""
    return 0.01 if scale < 1.0 else 0.1 if scale < 5.0 else 0.5
