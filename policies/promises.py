"""Promises of impressions to notes: stages, targets, deadlines, and what became of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import model_validator

from policies.day_clock import DayClock
from policies.note_columns import NoteColumns
from policies.pacing import front_load, theta_through
from simulator.contracts.config import Config, Duration, format_duration, knob
from simulator.contracts.events import DAY_S
from simulator.contracts.plugins import Arrays, PluginConfig
from simulator.contracts.quotas import QuotaChanges, QuotaEvent
from simulator.contracts.spec import PlatformSpec
from simulator.contracts.support import NoteSupport
from simulator.contracts.views import PlatformView

Rows = NDArray[np.int32]
Floats = NDArray[np.float64]

_UNSEEN, _OPEN, _CLOSED = 0, 1, 2
_COLUMNS: Final = {
    "state": (np.uint8, _UNSEEN),
    "stage": (np.uint8, 0),
    "target": (np.float32, 0.0),
    "first_target": (np.float32, 0.0),
    "theta": (np.float32, 0.0),
    "deadline_t": (np.float64, 0.0),
    "coefficient": (np.float32, 0.0),
}


class StageConfig(Config):
    """A further stage of a promise; it begins when the stage before is met or has expired."""

    target: int = knob(
        ..., "Life impressions at its end.", unit="impressions, scaled", ge=1, le=100_000_000
    )
    window: Duration = knob(..., "Age of the note at its end.", ge=600, le=30 * DAY_S)


class PromiseConfig(PluginConfig):
    """What every policy with a quota has."""

    target: int = knob(
        100,
        "Impressions promised to each note, × thresholds.scale.",
        unit="impressions, scaled",
        ge=1,
        le=100_000_000,
        tunable=True,
    )
    window: Duration = knob(
        DAY_S, "Age by which a note is to reach the target.", ge=600, le=30 * DAY_S, tunable=True
    )
    later_stages: tuple[StageConfig, ...] = knob(
        (), "Further stages, for example 200 impressions by 72h; targets are scaled as well."
    )
    theta: float = knob(
        2.0,
        "Front load of the delivery curve 1 - (1 - t)e^(-θt) in the first stage; 0 is uniform.",
        ge=0,
        le=10,
        tunable=True,
    )
    day_clock: bool = knob(
        True, "Whether time runs with the platform's traffic instead of evenly.", tunable=True
    )
    tick: Duration = knob(300, "Time between two control steps.", ge=60, le=3_600)

    @model_validator(mode="after")
    def _ascending(self) -> Self:
        stages = [(self.target, self.window), *((s.target, s.window) for s in self.later_stages)]
        for (target, window), (next_target, next_window) in pairwise(stages):
            if next_target <= target or next_window <= window:
                raise ValueError(
                    "stages must ascend in target and window: "
                    f"{next_target} by {format_duration(next_window)} does not follow "
                    f"{target} by {format_duration(window)}"
                )
        return self

    @property
    def windows_s(self) -> tuple[int, ...]:
        """Age of a note at the end of each stage, seconds."""
        return (self.window, *(stage.window for stage in self.later_stages))

    def scaled_targets(self, spec: PlatformSpec) -> tuple[float, ...]:
        """Return life impressions at the end of each stage, in a world of this scale."""
        targets = (self.target, *(stage.target for stage in self.later_stages))
        return tuple(scaled(target, spec.threshold_scale) for target in targets)


@dataclass(frozen=True, slots=True)
class Pace:
    """Where m notes stand in their stages.

    Attributes:
        t: float64[m], share of the stage's window, counted from birth, that has passed.
        x: float64[m], share of its target that they have.
        lag: float64[m], what is due less what they have, in units of the note's first target.
    """

    t: Floats
    x: Floats
    lag: Floats


NextTarget = Callable[[PlatformView, Rows, int, NDArray[np.bool_]], NDArray[np.float32]]
"""(view, notes, stage, whether the stage before was met) -> life impressions to promise; a value
that is not above the stage before ends the note's support."""


class Promises:
    """The book of promises of one policy.

    Args:
        config: pacing.
        next_target: what to promise to notes at the start of a stage.
        windows_s: age at the end of each stage, seconds.

    Attributes:
        clock: the clock that pacing goes by.
        rows: int32[m], notes with an open promise, ascending.
    """

    def __init__(
        self,
        config: PromiseConfig,
        next_target: NextTarget,
        windows_s: tuple[int, ...],
    ) -> None:
        self._config = config
        self._next_target = next_target
        self._windows = windows_s
        self._columns = NoteColumns(_COLUMNS)
        self._changes: list[QuotaChanges] = []
        self.clock = DayClock(is_on=config.day_clock)
        self.rows: Rows = np.empty(0, np.int32)

    def __getitem__(self, name: str) -> NDArray[Any]:
        """Return a writable column: `stage`, `target`, `deadline_t` or `coefficient`.

        `coefficient` is for the policy; it is 0 from the start of a stage until it is set.
        """
        return self._columns[name]

    def update(self, view: PlatformView) -> Rows:
        """Begin promises to notes just published, close those met or expired; return `rows`."""
        self._begin(view)
        while self.rows.size:
            shown = view.notes.impressions[self.rows]
            met = shown >= self["target"][self.rows]
            over = met | (view.now >= self["deadline_t"][self.rows])
            if not over.any():
                break
            self._end_stage(view, self.rows[over], met[over])
        return self.rows

    def stop(self, view: PlatformView, rows: Rows) -> None:
        """Give up notes with open promises before their deadline."""
        self._log(rows, np.full(rows.size, QuotaEvent.STOPPED))
        self._close(rows)

    def is_open(self, note_idx: NDArray[np.int32]) -> NDArray[np.bool_]:
        """Return which of some places hold a note with an open promise; padding does not."""
        if not self.rows.size:
            return np.zeros(note_idx.shape, np.bool_)
        known = (note_idx >= self.rows[0]) & (note_idx < self._columns.n)
        state = self["state"][np.where(known, note_idx, 0)]
        return np.asarray(known & (state == _OPEN))

    def pace(self, view: PlatformView, rows: Rows) -> Pace:
        """Return where notes with open promises stand."""
        target = self["target"][rows].astype(np.float64)
        t = self.clock.elapsed(view.notes.published_t[rows], self["deadline_t"][rows], view.now)
        x = view.notes.impressions[rows] / target
        due = front_load(t, self["theta"][rows])
        return Pace(t, x, (due - x) * target / self["first_target"][rows])

    def remaining(self, view: PlatformView, rows: Rows) -> NDArray[np.int32]:
        """Return int32[m], impressions that notes lack."""
        lacking = self["target"][rows] - view.notes.impressions[rows]
        return np.maximum(np.ceil(lacking), 0).astype(np.int32)

    def support(self, view: PlatformView, rows: Rows) -> NoteSupport | None:
        """Return support that ends with the targets and does nothing else yet; None for no note."""
        if not rows.size:
            return None
        support = NoteSupport.of(rows.copy())
        support.remaining = self.remaining(view, rows)
        return support

    def take_changes(self) -> QuotaChanges | None:
        """Return what changed since the last call, and forget it."""
        changes, self._changes = self._changes, []
        if not changes:
            return None
        return QuotaChanges(
            *(
                np.concatenate([getattr(change, name) for change in changes])
                for name in ("note_idx", "event", "stage", "target", "deadline_t")
            )
        )

    def state_arrays(self) -> Arrays:
        """Return the book and the clock, under `promise/`."""
        mine = {
            "rows": self.rows.copy(),
            **self._columns.state_arrays(),
            **self.clock.state_arrays(),
        }
        return {f"promise/{name}": array for name, array in mine.items()}

    def load_state(self, arrays: Mapping[str, NDArray[Any]]) -> None:
        """Take back what `state_arrays` returned."""
        mine = {
            name.removeprefix("promise/"): array
            for name, array in arrays.items()
            if name.startswith("promise/")
        }
        self.rows = mine["rows"].copy()
        self._columns.load_state(mine)
        self.clock.load_state(mine)

    def _begin(self, view: PlatformView) -> None:
        fresh = self._columns.cover(view.notes.n)
        if not fresh.size:
            return
        first = max(view.first_younger_than(self._windows[0]), view.live_start)
        fresh = fresh[fresh >= first]
        self._start(view, fresh, 0, np.ones(fresh.size, np.bool_))

    def _start(self, view: PlatformView, rows: Rows, stage: int, met: NDArray[np.bool_]) -> None:
        """Promise a stage to notes; those whose next target is no more than their last get none."""
        if not rows.size:
            return
        before = self["target"][rows] if stage else np.zeros(rows.size, np.float32)
        target = self._next_target(view, rows, stage, met).astype(np.float32)
        wanted = target > before
        self["state"][rows[~wanted]] = _CLOSED
        rows, before, target = rows[wanted], before[wanted], target[wanted]
        deadline = view.notes.published_t[rows] + self._windows[stage]
        self["state"][rows] = _OPEN
        self["stage"][rows] = stage
        self["target"][rows] = target
        self["deadline_t"][rows] = deadline
        self["coefficient"][rows] = 0.0
        if stage == 0:
            self["first_target"][rows] = target
            self["theta"][rows] = self._config.theta
        else:
            t = self.clock.elapsed(view.notes.published_t[rows], deadline, view.now)
            self["theta"][rows] = theta_through(t, before / target)
        self._log(rows, np.full(rows.size, QuotaEvent.START))
        self.rows = np.union1d(self.rows, rows).astype(np.int32)

    def _end_stage(self, view: PlatformView, rows: Rows, met: NDArray[np.bool_]) -> None:
        self._log(rows, np.where(met, QuotaEvent.MET, QuotaEvent.EXPIRED))
        self._close(rows)
        stages = self["stage"][rows]
        for stage in range(len(self._windows) - 1):
            now_in = stages == stage
            self._start(view, rows[now_in], stage + 1, met[now_in])

    def _close(self, rows: Rows) -> None:
        self["state"][rows] = _CLOSED
        self.rows = self.rows[self["state"][self.rows] == _OPEN]

    def _log(self, rows: Rows, event: NDArray[np.integer]) -> None:
        if rows.size:
            self._changes.append(
                QuotaChanges(
                    rows.copy(),
                    event.astype(np.uint8),
                    self["stage"][rows],
                    self["target"][rows],
                    self["deadline_t"][rows],
                )
            )


def scaled(count: float, scale: float) -> float:
    """Return a count for a platform of full size in this world, at least 1, rounded up."""
    return float(max(1.0, np.ceil(count * scale - 1e-9)))


def refuse_later_stages(config: PromiseConfig, instead: str) -> None:
    """Refuse `later_stages` for a policy that makes its own.

    Args:
        config: the policy's configuration.
        instead: the knobs that take their place.

    Raises:
        ValueError: `later_stages` is not empty.
    """
    if config.later_stages:
        raise ValueError(f"later_stages means nothing here; use {instead}")
