"""All families together, and what can be said of them without computing anything."""

from __future__ import annotations

from typing import Final

from simulator.metrics import content, creator, diversity, guarantee, platform, reader, recommender
from simulator.metrics.catalog import Family, Metric
from simulator.results.params import MetricParams

FAMILIES: Final[tuple[Family, ...]] = (
    creator.FAMILY,
    guarantee.FAMILY,
    reader.FAMILY,
    platform.FAMILY,
    content.FAMILY,
    diversity.FAMILY,
    recommender.FAMILY,
)


def metrics() -> list[Metric]:
    """Return every metric in order of display."""
    return [metric for family in FAMILIES for metric in family.metrics]


def names() -> list[str]:
    """Return the name of every metric in order of display."""
    return [metric.name for metric in metrics()]


def remarks(params: MetricParams) -> dict[str, str]:
    """Return what to know about values of a run that is shorter than a metric needs."""
    return {m.name: m.if_shorter for m in metrics() if params.measured_days < m.needs_days}
