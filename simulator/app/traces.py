"""Traces of support: twin runs of one seed that differ in the boost of a cohort alone."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from simulator.app.loading import Source, load_scenario
from simulator.app.overrides import parse_path
from simulator.app.resolved import ResolvedScenario
from simulator.contracts.errors import Finding, ScenarioError
from simulator.contracts.events import DAY_S

if TYPE_CHECKING:
    from policies.cohort import CohortConfig
    from simulator.experiments.traces.lives import Span
    from simulator.sweeps.plan import Cell

TRACES: Final = Path("traces")
"""Where studies go unless told otherwise."""

CONTROL: Final = 1.0
"""The coefficient that changes nothing."""

PRIOR_IMPRESSIONS: Final = 30.0
"""Pseudo-impressions of the smoothed click rate where the funnel has no such knob."""


@dataclass(frozen=True, slots=True)
class Study:
    """A study that can run.

    Attributes:
        source: what the scenario was loaded from.
        settings: values laid over it, by dotted path.
        knob: dotted path of the coefficient that varies.
        boosts: its values, the control first, then ascending.
        seeds: seeds, each with a run of every boost.
        days: age to which notes are followed.
        scenario: the control's scenario at the first seed.
    """

    source: Source
    settings: Mapping[str, object]
    knob: str
    boosts: tuple[float, ...]
    seeds: tuple[int, ...]
    days: int
    scenario: ResolvedScenario

    @property
    def cohort(self) -> CohortConfig | None:
        """Return which notes are boosted; None for all."""
        return getattr(_policy_of(self.scenario, self.knob), "cohort", None)

    @property
    def window_s(self) -> float:
        """Return the age at which support has ended, seconds."""
        policy = _policy_of(self.scenario, self.knob)
        return float(getattr(policy, "max_age", self.scenario.thresholds.quota_window))

    @property
    def prior_impressions(self) -> float:
        """Return the pseudo-impressions with which the funnel smooths click rates."""
        for block in (self.scenario.rank, self.scenario.pre_rank):
            statistics = getattr(block, "statistics", None)
            if statistics is not None:
                return float(getattr(statistics, "prior_impressions", PRIOR_IMPRESSIONS))
        return PRIOR_IMPRESSIONS

    @property
    def span(self) -> Span:
        """Return which notes are followed: measured ones whose life to the last age is seen."""
        from simulator.experiments.traces.lives import EDGES_S, Span

        last_s = float(self.days * DAY_S)
        edges = {edge for edge in EDGES_S if edge < last_s} | {self.window_s, last_s}
        end_t = float(self.scenario.warm_up_s + self.scenario.horizon_s)
        first_t = float(self.scenario.warm_up_s)
        return Span(first_t, end_t - last_s, tuple(sorted(edges)), self.window_s)

    def place(self, cell: Cell) -> tuple[int, float]:
        """Return the seed and the boost of a run."""
        return cell.seed, float(str(cell.settings[self.knob]))

    def cells(self) -> list[Cell]:
        """Return every run: all boosts of the first seed, then of the next."""
        from simulator.sweeps.plan import Cell, Variant

        variants = [
            Variant(f"{boost:g}×", {**self.settings, self.knob: boost}) for boost in self.boosts
        ]
        pairs = [(seed, variant) for seed in self.seeds for variant in variants]
        return [Cell(i, variant, seed) for i, (seed, variant) in enumerate(pairs)]

    def folder(self, out: Path | str | None = None) -> Path:
        """Return the folder of the study: one for all its boosts and seeds."""
        neutral = dataclasses.replace(self.scenario, seed=0)
        return Path(out if out is not None else TRACES) / f"{neutral.name}-{neutral.hash8}"


def plan(
    source: Source,
    settings: Mapping[str, object],
    boosts: Sequence[float],
    n_seeds: int,
    days: int = 7,
    knob: str | None = None,
) -> Study:
    """Check a study and every variant of it.

    Args:
        source: scenario file, name or content.
        settings: values laid over it, by dotted path.
        boosts: coefficients; 1, the control, must be among them.
        n_seeds: seeds, counted from the scenario's own.
        days: age to which notes are followed.
        knob: dotted path of the coefficient; that of the first boost when None.

    Raises:
        ScenarioError: no boost, a wrong coefficient, or a horizon too short to follow notes.
    """
    plain = load_scenario(source, settings)
    path = knob or _first_boost(plain)
    others = sorted({float(boost) for boost in boosts} - {CONTROL})
    if len(others) == len(set(boosts)) or not others:
        raise _mistake("a study needs the boost 1, the control, and another one", "boosts")
    chosen = (CONTROL, *others)
    ready = [load_scenario(source, {**settings, path: boost}) for boost in chosen]
    seeds = tuple(range(plain.seed, plain.seed + n_seeds))
    study = Study(source, dict(settings), path, chosen, seeds, days, ready[0])
    _check_times(study)
    return study


def _first_boost(scenario: ResolvedScenario) -> str:
    for i, policy in enumerate(scenario.policies):
        if policy.type == "boost":
            return f"policies[{i}].coefficient"
    there = ", ".join(policy.type for policy in scenario.policies) or "none"
    message = f"the scenario has no boost to vary; its policies: {there}"
    raise _mistake(message, "policies")


def _policy_of(scenario: ResolvedScenario, knob: str) -> object | None:
    path = parse_path(knob)
    is_policy = len(path) > 2 and path[0] == "policies" and isinstance(path[1], int)
    return scenario.policies[int(path[1])] if is_policy else None


def _check_times(study: Study) -> None:
    span = study.span
    if study.window_s >= study.days * DAY_S:
        hours = study.window_s / 3_600
        message = f"support lasts {hours:g} h, so notes must be followed for longer than that"
        raise _mistake(message, study.knob)
    if span.last_t <= span.first_t:
        days = study.scenario.horizon_s // DAY_S
        message = f"following notes for {study.days} days needs a longer horizon than {days}d"
        raise _mistake(message, "horizon")


def _mistake(message: str, path: str) -> ScenarioError:
    return ScenarioError([Finding(message, path=path)])
