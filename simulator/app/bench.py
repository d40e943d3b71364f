"""Speed and memory by the size of the world, each size in a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Final

from simulator.contracts.errors import RunError

FROM_H: Final = 6
"""Hour of the first simulated day from which serving is measured."""

QUICK_UNTIL_H: Final = 10
"""Hour at which a quick benchmark stops."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What to measure.

    Attributes:
        readers: readers of the world.
        days: simulated days, without warm-up.
        from_h: simulated hour from which serving is measured: until then channels build their
            first indexes and the first readers arrive.
        until_h: simulated hour at which to stop; the end of the last day by default. Stopping
            earlier leaves out the metrics.
        scenario: path or name of the scenario whose plug-ins serve; None for the defaults.
    """

    readers: int
    days: int = 1
    from_h: int = FROM_H
    until_h: int | None = None
    scenario: str | None = None

    def text(self) -> str:
        """Say which simulated time is measured."""
        until = 24 * self.days if self.until_h is None else self.until_h
        whose = f", plug-ins of {self.scenario}" if self.scenario else ""
        return (
            f"hours {self.from_h} to {until} of a world without warm-up, "
            f"whose notes of the last 30 days exist from the start{whose}"
        )


@dataclass(frozen=True, slots=True)
class SizeCost:
    """Cost of one size of world.

    Attributes:
        readers: readers registered at the end.
        live_notes: notes in distribution at the end.
        impressions, requests: served in the measured time.
        cpu_s, wall_s: seconds of the serving loop in the measured time: every stage, near-line
            updates, index refreshes, training, day ends, and writing the event log.
        create_s: processor seconds to create the world.
        measure_s: processor seconds for the final metrics, None when left out.
        stages: seconds by stage in the measured time.
        reader_bytes, note_bytes: see `memory.held_bytes`.
        rss_bytes: resident memory at the end of serving.
        peak_rss_bytes: highest resident memory until then.
        peak_rss_with_metrics_bytes: the same with the final metrics.
    """

    readers: int
    live_notes: int
    impressions: int
    requests: int
    cpu_s: float
    wall_s: float
    create_s: float
    measure_s: float | None
    stages: dict[str, float]
    reader_bytes: int
    note_bytes: int
    rss_bytes: int
    peak_rss_bytes: int
    peak_rss_with_metrics_bytes: int

    @property
    def impressions_per_cpu_s(self) -> float:
        """Impressions for each processor second of serving."""
        return self.impressions / self.cpu_s

    @property
    def impressions_per_wall_s(self) -> float:
        """Impressions for each real second of serving."""
        return self.impressions / self.wall_s

    def as_json(self) -> dict[str, object]:
        """Return everything in terms of JSON."""
        return {
            **asdict(self),
            "impressions_per_cpu_s": self.impressions_per_cpu_s,
            "impressions_per_wall_s": self.impressions_per_wall_s,
            "us_per_impression": 1e6 * self.cpu_s / self.impressions,
        }


@dataclass(frozen=True, slots=True)
class Growth:
    """Memory beyond a fixed base: what the larger of two worlds takes more than the smaller.

    Attributes:
        smaller, larger: readers of the two worlds.
        bytes_per_reader: growth of what follows readers, per reader.
        bytes_per_live_note: growth of what follows notes, per live note.
        rss_bytes_per_reader: growth of resident memory per reader, its share of notes included.
        held_bytes_per_reader: the same for what the first two count.
    """

    smaller: int
    larger: int
    bytes_per_reader: float
    bytes_per_live_note: float
    rss_bytes_per_reader: float
    held_bytes_per_reader: float


def growth(costs: Iterable[SizeCost]) -> Growth | None:
    """Return the growth between the two largest worlds; None when there is only one."""
    ordered = sorted(costs, key=lambda cost: cost.readers)
    if len(ordered) < 2 or ordered[-1].readers == ordered[-2].readers:
        return None
    a, b = ordered[-2:]
    readers, notes = b.readers - a.readers, max(1, b.live_notes - a.live_notes)
    by_readers, by_notes = b.reader_bytes - a.reader_bytes, b.note_bytes - a.note_bytes
    return Growth(
        smaller=a.readers,
        larger=b.readers,
        bytes_per_reader=by_readers / readers,
        bytes_per_live_note=by_notes / notes,
        rss_bytes_per_reader=(b.rss_bytes - a.rss_bytes) / readers,
        held_bytes_per_reader=(by_readers + by_notes) / readers,
    )


def bench(
    plans: Iterable[Plan], told: Callable[[Plan], None] = lambda _plan: None
) -> list[SizeCost]:
    """Measure worlds one after the other.

    Args:
        plans: what to measure.
        told: called before each world.

    Returns:
        One cost for each plan.

    Raises:
        RunError: a measurement failed.
    """
    costs = []
    for plan in plans:
        told(plan)
        costs.append(measure_apart(plan))
    return costs


def measure_apart(plan: Plan) -> SizeCost:
    """Measure one world in a new process, so that its peak memory is its own."""
    command = [sys.executable, "-m", "simulator.app.bench_worker", json.dumps(asdict(plan))]
    done = subprocess.run(  # noqa: S603  (this interpreter, our own module)
        command, stdout=subprocess.PIPE, text=True, env=dict(os.environ), check=False
    )
    if done.returncode != 0:
        raise RunError(f"measuring {plan.readers:,} readers failed", "bench")
    return SizeCost(**json.loads(done.stdout.splitlines()[-1]))


def stage_table(costs: Sequence[SizeCost]) -> list[tuple[str, list[float]]]:
    """Return seconds by stage for each size, the most expensive of the last size first.

    Stages of one kind that each take less than one in a hundred there, such as `recall.popular`,
    are added up as `recall.(others)`.
    """
    total = sum(costs[-1].stages.values())
    rows: dict[str, list[float]] = {}
    for stage in {name: None for cost in reversed(costs) for name in cost.stages}:
        kind, dot, _ = stage.partition(".")
        is_small = dot and costs[-1].stages.get(stage, 0.0) < 0.01 * total
        row = rows.setdefault(f"{kind}.(others)" if is_small else stage, [0.0] * len(costs))
        for i, cost in enumerate(costs):
            row[i] += cost.stages.get(stage, 0.0)
    return sorted(rows.items(), key=lambda item: -item[1][-1])
