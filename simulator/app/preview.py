"""A scenario in a small world: seconds instead of minutes, for the direction of an effect.

The small world keeps the scenario's funnel, policies, behaviour and thresholds. Creators and notes
follow the number of readers, so a note gets about as many impressions as in the full world, but
fewer readers mean more noise, fewer notes to choose from and coarser serving windows.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from simulator.contracts.config import format_duration
from simulator.contracts.events import DAY_S

if TYPE_CHECKING:
    from simulator.app.resolved import ResolvedScenario

_WIDEST_WINDOW_S: Final = 600
_ROWS_PER_PART: Final = 50_000


@dataclass(frozen=True, slots=True)
class Size:
    """How small the world is.

    Attributes:
        readers: readers at the start, at most.
        warm_up_days: days that are not measured, at most.
        days: measured days, at most; with fewer than two no note has its first day inside the run.
    """

    readers: int = 200
    warm_up_days: int = 1
    days: int = 2


def small_world(
    scenario: ResolvedScenario, seed: int, size: Size | None = None
) -> ResolvedScenario:
    """Return a scenario in a small world.

    The serving window grows as the readers get fewer, as in `simulator.app.trial.shrunken`. Shocks
    that begin after the end are left out.

    Args:
        scenario: a plain run, no experiment.
        seed: seed of the small world.
        size: how small.

    Raises:
        ScenarioError: the scenario cannot be shrunken.
    """
    from simulator.app.loading import load_scenario

    size = size or Size()
    n, n_small = scenario.world.readers.n, min(size.readers, scenario.world.readers.n)
    horizon = min(scenario.horizon_s, size.days * DAY_S)
    changes: dict[str, object] = {
        "seed": seed,
        "horizon": format_duration(horizon),
        "warm_up": format_duration(min(scenario.warm_up_s, size.warm_up_days * DAY_S)),
        "world.readers.n": n_small,
    }
    if n_small < n:
        window = scenario.serving_window_s * n // n_small
        changes["serving_window_s"] = min(_WIDEST_WINDOW_S, window)
    arrivals = scenario.world.retention.arrivals_per_day
    if arrivals is not None:
        changes["world.retention.arrivals_per_day"] = arrivals * n_small / n
    if scenario.shocks:
        shocks = [shock for shock in scenario.shocks if shock.at < horizon]
        changes["shocks"] = [shock.model_dump(mode="json") for shock in shocks]
    return load_scenario(scenario.to_mapping(), changes)


def metrics_of(
    scenario: ResolvedScenario, should_stop: Callable[[], bool] = lambda: False
) -> Mapping[str, float | None]:
    """Run a scenario, keep nothing of it, and return its metrics.

    Channels and features are refreshed once a serving window at most, which saves most of the time
    of a small world with its wide windows. With windows of a minute or less the values are those
    that `simulator.app.api.run` finds.

    Args:
        scenario: what to run.
        should_stop: asked before each serving window.

    Returns:
        Value over the measured days by name; None where not defined.

    Raises:
        InterruptedRunError: `should_stop` said so.
        NotesimError: the run could not be finished.
    """
    from simulator.app import build
    from simulator.engine.replication import Hooks
    from simulator.metrics import compute
    from simulator.results.folder import RunFolder
    from simulator.results.unit_tables import build_unit_tables

    with tempfile.TemporaryDirectory(prefix="notesim-") as place:
        folder = RunFolder(Path(place))
        times = replace(build.timetable(scenario, 0), least_period_s=scenario.serving_window_s)
        sinks = folder.writers(_ROWS_PER_PART)
        replication = build.build_replication(scenario, sinks, folder.path, times)
        replication.run(Hooks(should_stop=should_stop))
        params = build.metric_params(scenario)
        build_unit_tables(folder, params)
        return compute(folder, params).totals
