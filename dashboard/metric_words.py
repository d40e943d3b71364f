"""What metrics are called on the pages, and choosing one."""

from __future__ import annotations

import streamlit as st

from dashboard import state
from dashboard.words import known, t
from simulator.app.present import metric_difference, metric_value, phrase
from simulator.metrics.catalog import Metric
from simulator.metrics.families import FAMILIES, metrics


def metric_label(metric: Metric) -> str:
    """Return a short name in the language of the session; units are not in it."""
    return known(f"measures.{metric.name}", phrase(metric))


def metric_title(metric: Metric) -> str:
    """Return a short name with the unit, as axes want it."""
    label = metric_label(metric)
    return f"{label}, {t(f'measures.unit_{metric.unit}')}" if metric.unit else label


def value_words(metric: Metric, value: float | None) -> str:
    """Return a value with its unit in the language of the session."""
    return _translated(metric, metric_value(metric, value))


def difference_words(metric: Metric, difference: float | None) -> str:
    """Return a signed difference with its unit in the language of the session."""
    return _translated(metric, metric_difference(metric, difference))


def _translated(metric: Metric, text: str) -> str:
    number, gap, unit = text.rpartition(" ")
    return (
        f"{number}{gap}{t(f'measures.unit_{unit}')}" if unit in {metric.unit, "pp"} - {""} else text
    )


def family_of() -> dict[str, str]:
    """Return the family of each metric by name, in order of display."""
    return {metric.name: family.name for family in FAMILIES for metric in family.metrics}


def pick_metric(name: str, default: str, label: str) -> Metric:
    """Let the user choose a metric; the choice stands in the address.

    Args:
        name: query parameter.
        default: name of the metric that holds without it.
        label: what the field is called.
    """
    by_name = {metric.name: metric for metric in metrics()}
    names = list(by_name)
    chosen = st.selectbox(
        label,
        names,
        index=state.index_of(names, state.read(name, default, names)),
        format_func=lambda key: metric_label(by_name[key]),
        key=f"metric-{name}",
        help=t("measures.help"),
    )
    state.write(**{name: None if chosen == default else chosen})
    return by_name[chosen]
