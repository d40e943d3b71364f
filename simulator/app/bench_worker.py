"""One size of the benchmark, measured in this process: `python -m simulator.app.bench_worker`."""

from __future__ import annotations

import json
import resource
import sys
import tempfile
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

from simulator.app.bench import Plan, SizeCost
from simulator.app.memory import held_bytes, process_memory
from simulator.app.trial import TINY, EnoughError, load, try_out
from simulator.contracts.events import HOUR_S

if TYPE_CHECKING:
    from simulator.app.resolved import ResolvedScenario
    from simulator.engine.replication import Replication

_ROWS_PER_PART: Final = 100_000
_PLUGINS: Final = ("content", "models", "recall", "pre_rank", "rank", "policies", "rerank")


def cpu_s() -> float:
    """Return the processor seconds of this process, its threads and its children."""
    own, children = (
        resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    )
    return own.ru_utime + own.ru_stime + children.ru_utime + children.ru_stime


@dataclass(slots=True)
class _Mark:
    cpu_s: float = field(default_factory=cpu_s)
    wall_s: float = field(default_factory=time.perf_counter)
    impressions: int = 0
    requests: int = 0
    stages: dict[str, float] = field(default_factory=dict)


class _Stopwatch:
    """Marks the first window, the first measured window, and the last one."""

    def __init__(self, plan: Plan, replication: Replication) -> None:
        self._from_s = plan.from_h * HOUR_S
        self._until_s = float("inf") if plan.until_h is None else plan.until_h * HOUR_S
        self._replication = replication
        self.created: _Mark | None = None
        self.begun: _Mark | None = None
        self.ended: _Mark | None = None

    def __call__(self, t: float, _impressions: int) -> None:
        if self.created is None:
            self.created = _Mark()
        if self.begun is None and t >= self._from_s:
            self.begun = self.mark()
        if t >= self._until_s:
            raise EnoughError("the benchmark is over")

    def mark(self) -> _Mark:
        tally = self._replication.commit.tally
        stages = dict(self._replication.costs.seconds)
        return _Mark(impressions=tally.impressions, requests=tally.requests, stages=stages)


def measure(plan: Plan, scenario: ResolvedScenario, folder: Path) -> SizeCost:
    """Run one world and take its costs.

    Args:
        plan: what to measure.
        scenario: the world and the plug-ins.
        folder: empty folder for the tables.
    """
    from simulator.app import build
    from simulator.engine.replication import Hooks
    from simulator.results.folder import RunFolder

    run = RunFolder(folder)
    at_start = cpu_s()
    times = build.timetable(scenario, 0)
    replication = build.build_replication(scenario, run.writers(_ROWS_PER_PART), folder, times)
    watch = _Stopwatch(plan, replication)
    with suppress(EnoughError):
        replication.run(Hooks(progress=watch))
    watch.ended = watch.mark()
    rss, peak = process_memory()
    before_metrics = cpu_s()
    if plan.until_h is None:
        from simulator.metrics import measure as measure_run

        measure_run(run, build.metric_params(scenario))
    measured = cpu_s() - before_metrics if plan.until_h is None else None
    return _cost(replication, watch, (at_start, measured), (rss, peak))


def _cost(
    replication: Replication,
    watch: _Stopwatch,
    apart_s: tuple[float, float | None],
    rss: tuple[int, int],
) -> SizeCost:
    created, begun, ended = watch.created, watch.begun, watch.ended
    if created is None or begun is None or ended is None or ended.cpu_s <= begun.cpu_s:
        raise ValueError("the measured time is too short: nothing was served in it")
    view = replication.state.view(float(replication.state.notes["published_t"][-1]))
    held = held_bytes(replication)
    return SizeCost(
        readers=view.readers.n,
        live_notes=view.notes.n - view.live_start,
        impressions=ended.impressions - begun.impressions,
        requests=ended.requests - begun.requests,
        cpu_s=ended.cpu_s - begun.cpu_s,
        wall_s=ended.wall_s - begun.wall_s,
        create_s=created.cpu_s - apart_s[0],
        measure_s=apart_s[1],
        stages={name: s - begun.stages.get(name, 0.0) for name, s in ended.stages.items()},
        reader_bytes=held["readers"],
        note_bytes=held["notes"],
        rss_bytes=rss[0],
        peak_rss_bytes=rss[1],
        peak_rss_with_metrics_bytes=process_memory()[1],
    )


def _content(plan: Plan) -> Mapping[str, object]:
    """Return the content to measure: the tiny world, with another scenario's plug-ins if asked."""
    if plan.scenario is None:
        return TINY
    from simulator.app.loading import load_scenario

    whole = load_scenario(plan.scenario).to_mapping()
    return {**TINY, **{key: whole[key] for key in _PLUGINS}}


def main(text: str) -> SizeCost:
    """Measure the plan given as JSON, after a tiny run that loads and compiles everything."""
    plan = Plan(**json.loads(text))
    try_out(load(TINY))
    scenario = load(
        _content(plan), name="bench", horizon=f"{plan.days}d", world__readers__n=plan.readers
    )
    with tempfile.TemporaryDirectory(prefix="notesim-bench-") as folder:
        return measure(plan, scenario, Path(folder))


if __name__ == "__main__":
    from simulator.app.cli.threads import limit_threads

    limit_threads()
    sys.stdout.write(json.dumps(asdict(main(sys.argv[1]))) + "\n")
