"""Holds runs against stylised facts: one run, then several seeds together."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from simulator.contracts.events import DAY_S
from simulator.metrics.realism.curves import Curves, curves
from simulator.metrics.realism.facts import FACTS, Band, Fact
from simulator.metrics.realism.measures import measure_all
from simulator.results.query import Query

if TYPE_CHECKING:
    from simulator.results.result import Result

Verdict = Literal["pass", "fail", "not judged"]
GUARANTEES = ("quota", "pid", "dual_price", "mpc", "ladder")
"""Beginnings or endings of the types of policies that guarantee impressions."""


@dataclass(frozen=True, slots=True)
class Checked:
    """One fact held against one or more runs.

    Attributes:
        fact: the fact.
        values: by band's value name, the mean over runs, NaN where not defined.
        spread: by the same name, standard deviation over runs, NaN with a single run.
        verdict: `pass` when the means lie in all bands.
        reason: why it was not judged, or which bands do not hold; empty when it passed.
    """

    fact: Fact
    values: Mapping[str, float]
    spread: Mapping[str, float]
    verdict: Verdict
    reason: str


def check_run(result: Result) -> dict[str, float]:
    """Return the values that facts are about; see `measures.measure_all`.

    Raises:
        RunError: the event log was dropped, or a table is damaged.
    """
    with _opened(result) as query:
        return measure_all(query, result.manifest.params, result.manifest.channels)


def curves_of(result: Result) -> Curves:
    """Return the curves behind the values of one run.

    Raises:
        RunError: the event log was dropped, or a table is damaged.
    """
    with _opened(result) as query:
        return curves(query, result.manifest.params)


@contextmanager
def _opened(result: Result) -> Iterator[Query]:
    """Open the tables that facts are about, with views of what was measured."""
    params = result.manifest.params
    tables = ("events", "reader_days", "note_outcomes", "metrics", "activity")
    with Query(result.folder, tables) as query:
        measured = f"day >= 0 AND day < {params.measured_days}"
        start, end = params.warm_up_days * DAY_S, params.end_t
        for view, source in (
            ("impressions", f"SELECT * FROM events WHERE {measured}"),
            ("visits", f"SELECT * FROM reader_days WHERE {measured}"),
            (
                "new_notes",
                f"SELECT * FROM note_outcomes WHERE published_t >= {start} AND published_t < {end}",
            ),
        ):
            query.execute(f"CREATE OR REPLACE TEMP VIEW {view} AS {source}")
        yield query


def summarise(
    values: Sequence[Mapping[str, float]], measured_days: int, policies: Sequence[str]
) -> list[Checked]:
    """Judge every fact by the mean over runs of one scenario on several seeds.

    Args:
        values: what `check_run` returned for each run.
        measured_days: measured days of the runs.
        policies: types of their policies.
    """
    return [_judge(fact, values, measured_days, policies) for fact in FACTS]


def _judge(
    fact: Fact, values: Sequence[Mapping[str, float]], days: int, policies: Sequence[str]
) -> Checked:
    names = [band.value for band in fact.bands]
    table = np.array([[run.get(name, math.nan) for name in names] for run in values], float)
    means = {name: float(np.mean(table[:, i])) for i, name in enumerate(names)}
    spread = {
        name: float(np.std(table[:, i], ddof=1)) if len(values) > 1 else math.nan
        for i, name in enumerate(names)
    }
    excuse = _excuse(fact, days, policies)
    if not excuse and any(math.isnan(x) for x in means.values()):
        excuse = "not defined in this run"
    if excuse:
        return Checked(fact, means, spread, "not judged", excuse)
    broken = [_broken(band, means[band.value]) for band in fact.bands]
    reasons = [text for text in broken if text]
    return Checked(fact, means, spread, "fail" if reasons else "pass", "; ".join(reasons))


def _excuse(fact: Fact, days: int, policies: Sequence[str]) -> str:
    supported = [name for name in policies if name != "none"]
    guaranteed = any(word in name for name in supported for word in GUARANTEES)
    if fact.when == "without_support" and supported:
        return "only for runs without support"
    if fact.when == "with_quota" and not guaranteed:
        return "only for runs with a guarantee"
    if days < fact.needs_days:
        return f"needs {fact.needs_days} measured days"
    return ""


def _broken(band: Band, x: float) -> str:
    if band.holds(x):
        return ""
    side = f"below {band.low:g}" if x < band.low else f"above {band.high:g}"
    return f"{band.value} {x:.3g} is {side}"
