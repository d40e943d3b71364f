"""Report on how far a simulated platform looks like published ones."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from simulator.reports.page import Chart, Page, Section, Table
from simulator.reports.realism_charts import (
    ages_chart,
    band_chart,
    hours_chart,
    lorenz_chart,
    slots_chart,
)

if TYPE_CHECKING:
    from simulator.metrics.realism import Checked, Curves
    from simulator.metrics.realism.facts import Band

SIGNS = {"pass": "✓", "fail": "✗", "not judged": "–"}
"""Sign of a verdict."""


@dataclass(frozen=True, slots=True)
class Facts:
    """About the runs behind a report.

    Attributes:
        name: name of their scenario.
        seeds: their seeds.
        command: how to make the report again.
        scenario: resolved scenario of the first run, YAML text.
    """

    name: str
    seeds: Sequence[int]
    command: str
    scenario: str


def score(found: Sequence[Checked]) -> tuple[int, int]:
    """Return how many facts hold, and how many could be judged."""
    judged = [item for item in found if item.verdict != "not judged"]
    return sum(item.verdict == "pass" for item in judged), len(judged)


def number(x: float, band: Band) -> str:
    """Write a value in the unit of its band."""
    if math.isnan(x):
        return "–"
    if math.isinf(x):
        return "any"
    return f"{100 * x:.3g} %" if band.unit == "share" else f"{x:.3g} {band.unit}".strip()


def page(found: Sequence[Checked], curves: Curves, facts: Facts) -> Page:
    """Return the report.

    Args:
        found: every fact, judged by the mean over the runs.
        curves: curves of the first run.
        facts: about the runs.
    """
    passed, judged = score(found)
    verdict = f"{passed} of {judged} facts hold." if judged else "No fact can be judged."
    failed = [item.fact.name.replace("_", " ") for item in found if item.verdict == "fail"]
    sections = [_values(found), *_misses(found), _curves(curves)]
    seeds = ", ".join(str(seed) for seed in facts.seeds)
    return Page(
        title=f"Realism of {facts.name}",
        question="Does the simulated platform behave as published facts say such platforms do?",
        verdict=[verdict, *([f"It misses: {', '.join(failed)}."] if failed else [])],
        sections=sections,
        facts={"seeds": seeds, "judged by": "the mean over the runs"},
        command=facts.command,
        scenario=facts.scenario,
    )


def _values(found: Sequence[Checked]) -> Section:
    rows = [
        [
            f"{SIGNS[item.verdict]} {item.fact.text}",
            "\n".join(_whole(f"{b.value} {number(item.values[b.value], b)}") for b in bands),
            "\n".join(_whole(f"{number(b.low, b)} – {number(b.high, b)}") for b in bands),
            item.fact.source,
            item.fact.strength,
        ]
        for item, bands in ((item, item.fact.bands) for item in found)
    ]
    caption = "Bands are priors of this project, set around what the sources say."
    table = Table("Facts", ("fact", "value", "band", "source", "strength"), rows, caption)
    chart = Chart("Values in their bands", band_chart(found), "Crosses lie outside.")
    return Section("Facts and values", charts=[chart], tables=[table])


def _whole(text: str) -> str:
    """Return a text that is not broken at its spaces."""
    return text.replace(" ", "\N{NO-BREAK SPACE}")


def _misses(found: Sequence[Checked]) -> list[Section]:
    rows = [
        [item.fact.name.replace("_", " "), item.verdict, item.reason,
         item.fact.known_cause if item.verdict == "fail" else ""]
        for item in found
        if item.reason
    ]  # fmt: skip
    if not rows:
        return []
    table = Table("", ("fact", "verdict", "what does not hold", "what is known about it"), rows)
    return [Section("What does not hold or could not be judged", tables=[table])]


def _curves(curves: Curves) -> Section:
    charts = [
        Chart("Hours of the day", hours_chart(curves.hours)),
        Chart(
            "Clicks by slot",
            slots_chart(curves.slots),
            "Rankers put what they think best first; over the predicted rate, slots are alike.",
        ),
        Chart("Lorenz curve of life impressions", lorenz_chart(curves.lorenz)),
    ]
    if len(curves.ages):
        charts.append(Chart("Ageing", ages_chart(curves.ages)))
    return Section("The curves behind them, first run", charts=charts)
