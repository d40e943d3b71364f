"""Small runs that leave nothing behind: to warm up, to measure speed, to estimate."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

from simulator.contracts.errors import NotesimError
from simulator.contracts.events import DAY_S

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from simulator.app.resolved import ResolvedScenario
    from simulator.engine.replication import Replication

TINY: Final[Mapping[str, object]] = {
    "name": "tiny",
    "horizon": "1d",
    "warm_up": "0d",
    "world": {"readers": {"n": 60}},
}
"""The smallest scenario with everything on."""

_WIDEST_WINDOW_S: Final = 600


class EnoughError(NotesimError):
    """A trial has seen what it wanted to see."""


class Nowhere:
    """A table sink that keeps nothing."""

    @property
    def parts(self) -> int:
        """Finished parts: always none."""
        return 0

    def append(self, columns: Mapping[str, NDArray[np.generic]]) -> None:
        """Drop the rows."""

    def flush(self) -> None:
        """Do nothing."""

    def truncate_to(self, n_parts: int) -> None:
        """Do nothing."""


@dataclass(slots=True)
class Trial:
    """What a trial run cost.

    Attributes:
        impressions: impressions served.
        requests: requests served.
        simulated_s: simulated time covered, seconds.
        create_s: processor seconds until the first window was served.
        serve_s: processor seconds from then on.
        seconds: seconds by stage.
    """

    impressions: int = 0
    requests: int = 0
    simulated_s: float = 0.0
    create_s: float = 0.0
    serve_s: float = 0.0
    seconds: dict[str, float] = field(default_factory=dict)


def load(content: Mapping[str, object], **overrides: object) -> ResolvedScenario:
    """Load a scenario from its content; `a__b` in an override's name stands for `a.b`."""
    from simulator.app.loading import load_scenario

    dotted = {name.replace("__", "."): value for name, value in overrides.items()}
    return load_scenario(dict(content), dotted)


def shrunken(scenario: ResolvedScenario, n_readers: int) -> ResolvedScenario:
    """Return one unmeasured-warm-up-free day of a scenario with fewer readers.

    The serving window grows as the readers get fewer, so that as many requests are served
    together as in the full scenario: that is what the cost of an impression depends on.
    """
    n = scenario.world.readers.n
    if n_readers >= n:
        return load(scenario.to_mapping(), horizon="1d", warm_up="0d")
    window = min(_WIDEST_WINDOW_S, scenario.serving_window_s * n // n_readers)
    changes: dict[str, object] = {"serving_window_s": window, "world__readers__n": n_readers}
    arrivals = scenario.world.retention.arrivals_per_day
    if arrivals is not None:
        changes["world__retention__arrivals_per_day"] = arrivals * n_readers / n
    return load(scenario.to_mapping(), horizon="1d", warm_up="0d", **changes)


def try_out(scenario: ResolvedScenario, budget_s: float = float("inf")) -> Trial:
    """Run a scenario without keeping anything.

    Args:
        scenario: what to run.
        budget_s: real time for serving, seconds; the run is broken off when it is used up.

    Returns:
        The costs.
    """
    from simulator.app import build
    from simulator.engine.replication import Hooks
    from simulator.engine.sinks import Sinks

    with tempfile.TemporaryDirectory(prefix="notesim-") as folder:
        sinks = dict.fromkeys(Sinks.names(), Nowhere())
        begun = time.process_time()
        replication = build.build_replication(
            scenario, sinks, Path(folder), build.timetable(scenario, 0)
        )
        watch = _Watch(budget_s)
        try:
            replication.run(Hooks(progress=watch))
        except EnoughError:
            pass
        else:
            watch.simulated_s = float(scenario.warm_up_s + scenario.horizon_s)
    return _costs(replication, watch, begun)


@dataclass(slots=True)
class _Watch:
    budget_s: float
    clock: Callable[[], float] = time.perf_counter
    first_cpu_s: float = 0.0
    stop_at: float = 0.0
    simulated_s: float = 0.0

    def __call__(self, t: float, _impressions: int) -> None:
        self.simulated_s = t
        if not self.stop_at:
            self.first_cpu_s = time.process_time()
            self.stop_at = self.clock() + self.budget_s
        elif self.clock() > self.stop_at:
            raise EnoughError("the trial is over")


def _costs(replication: Replication, watch: _Watch, begun: float) -> Trial:
    tally = replication.commit.tally
    first = watch.first_cpu_s or time.process_time()
    return Trial(
        impressions=tally.impressions,
        requests=tally.requests,
        simulated_s=watch.simulated_s,
        create_s=first - begun,
        serve_s=time.process_time() - first,
        seconds=dict(replication.costs.seconds),
    )


def day_share(scenario: ResolvedScenario, until_s: float) -> float:
    """Return the share of a day's sessions that start before a time of the day.

    Args:
        scenario: whose diurnal curve counts.
        until_s: seconds since midnight.
    """
    weights = scenario.world.sessions.hourly_weights
    hours = min(until_s, DAY_S) / 3_600
    full = int(hours)
    part = weights[full] * (hours - full) if full < len(weights) else 0.0
    return (sum(weights[:full]) + part) / sum(weights)
