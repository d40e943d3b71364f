"""Model predictive control: plan the rest of every quota, act on the first step, plan again."""

from __future__ import annotations

import math
from typing import ClassVar, Final, Literal

import numpy as np
from numpy.typing import NDArray

from policies.mpc_plan import PlanInput, solve
from policies.note_columns import Columns
from policies.pacing import front_load
from policies.promise_policy import PromisePolicy
from policies.promises import Pace, PromiseConfig, Rows
from simulator.contracts.config import Duration, knob
from simulator.contracts.events import HOUR_S
from simulator.contracts.plugins import Arrays
from simulator.contracts.spec import PlatformSpec
from simulator.contracts.support import NoteSupport
from simulator.contracts.views import PlatformView

Floats = NDArray[np.float64]

_BLOCKS: Final = np.array([0, 1, 2, 4, 8, 16, 32, 48, 96, 192, 384, 768, 1_440])
"""Edges of the blocks of a plan, in planning periods: fine at first, coarse later."""


class MpcConfig(PromiseConfig):
    """Knobs of the plan."""

    type: Literal["mpc"] = "mpc"
    plan_every: Duration = knob(1_800, "Time between two plans.", ge=300, le=6 * HOUR_S)
    budget_share: float = knob(
        0.15,
        "Share of all impressions that help may bring.",
        ge=0.001,
        le=1,
        tunable=True,
    )
    elasticity: float = knob(
        0.8,
        "Impressions of a note grow with its coefficient to this power.",
        ge=0.1,
        le=5,
        tunable=True,
    )
    belief: float = knob(
        3.0,
        "Impressions that the usual note counts for in the response of a note.",
        unit="impressions",
        ge=0.1,
        le=1_000,
    )
    margin: float = knob(
        1.0,
        "Impressions planned beyond the need, × its square root: what comes is counted in whole "
        "impressions and varies like a Poisson number.",
        ge=0,
        le=10,
        tunable=True,
    )
    burst: float = knob(
        1.5,
        "Most that a block may bring, × what the delivery curve has due in it.",
        ge=1,
        le=100,
        tunable=True,
    )
    max_coefficient: float = knob(
        30.0, "Most that a note's value is multiplied by.", ge=1, le=1_000, tunable=True
    )
    pre_rank_power: float = knob(
        1.0, "The coefficient at pre-rank is that at rank to this power.", ge=0, le=5, tunable=True
    )
    give_up_from: float = knob(
        0.5, "Share of the window before which no note is given up.", ge=0, le=1
    )
    patience: int = knob(
        4, "Plans in a row that leave a note less than half of its need before it is given up.",
        unit="plans", ge=1, le=1_000,
    )  # fmt: skip


class Mpc(PromisePolicy[MpcConfig]):
    """Forecast traffic and each note's response, solve a linear program, apply its first block.

    The forecast is the platform's usual traffic at each time of the day. The response of a note is
    what it got for each impression of the platform, by coefficient^elasticity, shrunk to the
    usual note. A note that the plan cannot serve is given up and says so, which frees its budget.
    """

    Config = MpcConfig
    COLUMNS: ClassVar[Columns] = {
        "shown": (np.float64, math.nan),
        "gained": (np.float64, 0.0),
        "effort": (np.float64, 0.0),
        "hopeless": (np.uint16, 0),
    }

    def setup(self, spec: PlatformSpec) -> None:
        """Start without a plan."""
        super().setup(spec)
        self._usual = np.zeros(2)
        self._next_plan_t = -math.inf

    def on_tick(self, view: PlatformView) -> None:
        """Take note of what help brought; plan when it is time."""
        served = self.promises.clock.observe(view)
        before = self.promises.rows
        self.columns.cover(view.notes.n)
        self._learn(view, before, served)
        rows = self.promises.update(view)
        self._open(view, rows)
        if view.now >= self._next_plan_t:
            self._next_plan_t = view.now + self.config.plan_every
            if rows.size:
                self._plan(view, rows)

    def support(self, view: PlatformView) -> NoteSupport | None:
        """Return the support of notes with open promises."""
        return self.coefficient_support(view, self._initial, self.config.pre_rank_power)

    def state_arrays(self) -> Arrays:
        """Return the book, responses and the time of the next plan."""
        own = {"usual": self._usual.copy(), "next_plan_t": np.array([self._next_plan_t])}
        return {**super().state_arrays(), **own}

    def load_state(self, arrays: Arrays) -> None:
        """Take back what `state_arrays` returned."""
        super().load_state(arrays)
        self._usual = np.array(arrays["usual"], np.float64)
        self._next_plan_t = float(arrays["next_plan_t"].tolist()[0])

    def _initial(self, pace: Pace) -> NDArray[np.float32]:
        """Return the mean coefficient of notes with open promises: a guess until the next plan."""
        planned = self.promises["coefficient"][self.promises.rows]
        planned = planned[planned > 0]
        usual = float(planned.mean()) if planned.size else math.sqrt(self.config.max_coefficient)
        return np.full(pace.t.size, usual, np.float32)

    def _open(self, view: PlatformView, rows: Rows) -> None:
        unknown = rows[np.isnan(self.columns["shown"][rows])]
        if unknown.size:
            self.columns["shown"][unknown] = view.notes.impressions[unknown]

    def _learn(self, view: PlatformView, rows: Rows, served: float) -> None:
        """Add what notes got since the last step to what they got for which effort."""
        self._open(view, rows)
        shown = view.notes.impressions[rows].astype(np.float64)
        gained = shown - self.columns["shown"][rows]
        used = np.maximum(self.promises["coefficient"][rows].astype(np.float64), 1.0)
        effort = served * used**self.config.elasticity
        self.columns["shown"][rows] = shown
        self.columns["gained"][rows] += gained
        self.columns["effort"][rows] += effort
        keep = math.exp(-self.config.tick / (3.0 * self.config.window))
        self._usual = keep * self._usual + np.array([gained.sum(), effort.sum()])

    def _response(self, rows: Rows) -> Floats:
        """Return float64[m], impressions of notes for each impression of the platform, no help."""
        usual = (self._usual[0] + 1.0) / (self._usual[1] + 1e4)
        belief = self.config.belief
        gained, effort = self.columns["gained"][rows], self.columns["effort"][rows]
        return np.asarray((gained + belief) / (effort + belief / usual))

    def _plan(self, view: PlatformView, rows: Rows) -> None:
        config = self.config
        edges = self._edges(view, rows)
        traffic = self._traffic(view, rows, edges)
        response = self._response(rows)
        lacking = self.promises.remaining(view, rows).astype(np.float64)
        lacking += config.margin * np.sqrt(lacking)
        need = lacking - response * traffic.sum(axis=1)
        strongest = config.max_coefficient**config.elasticity - 1.0
        curve = config.burst * np.maximum(need, 0.0)[:, None] * self._due(view, rows, edges)
        plan = PlanInput(
            need=need,
            cap=np.minimum(strongest * response[:, None] * traffic, curve),
            budget=config.budget_share * self._forecast(edges),
            worth=1.0 + np.linspace(0.5, 0.0, edges.size - 1),
        )
        given = solve(plan)
        natural = np.maximum(response * traffic[:, 0], 1e-9)
        wanted = (1.0 + given[:, 0] / natural) ** (1.0 / config.elasticity)
        coefficient = np.clip(wanted, 1.0, config.max_coefficient).astype(np.float32)
        self.promises["coefficient"][rows] = coefficient
        self._give_up(view, rows, need, given.sum(axis=1))

    def _edges(self, view: PlatformView, rows: Rows) -> Floats:
        """Return the edges of the blocks up to the last deadline, seconds."""
        last = float(self.promises["deadline_t"][rows].max())
        edges = view.now + _BLOCKS * float(self.config.plan_every)
        return np.asarray(np.append(edges[edges < last], last))

    def _forecast(self, edges: Floats) -> Floats:
        clock = self.promises.clock
        return np.diff(clock.exposure_days(edges)) * clock.impressions_per_day

    def _traffic(self, view: PlatformView, rows: Rows, edges: Floats) -> Floats:
        """Return float64[m, k], impressions of the platform in each block before deadlines."""
        clock = self.promises.clock
        ends = np.minimum(edges[None, :], self.promises["deadline_t"][rows][:, None])
        return np.diff(clock.exposure_days(ends), axis=1) * clock.impressions_per_day

    def _due(self, view: PlatformView, rows: Rows, edges: Floats) -> Floats:
        """Return float64[m, k], share of what is left that the delivery curve has in each block."""
        start, end = view.notes.published_t[rows], self.promises["deadline_t"][rows]
        at = np.minimum(edges[None, :], end[:, None])
        clock = self.promises.clock
        begun = clock.exposure_days(start)
        length = np.maximum(clock.exposure_days(end) - begun, 1e-9)
        t = (clock.exposure_days(at) - begun[:, None]) / length[:, None]
        due = front_load(t, self.promises["theta"][rows][:, None])
        return np.asarray(np.diff(due, axis=1) / np.maximum(1.0 - due[:, :1], 1e-9))

    def _give_up(self, view: PlatformView, rows: Rows, need: Floats, served: Floats) -> None:
        is_short = (need > 0.5) & (served < 0.5 * need)
        hopeless = np.where(is_short, self.columns["hopeless"][rows] + 1, 0)
        self.columns["hopeless"][rows] = hopeless
        t = self.promises.pace(view, rows).t
        lost = (hopeless >= self.config.patience) & (t >= self.config.give_up_from)
        if lost.any():
            self.promises.stop(view, rows[lost])
