"""PID: a controller for each note that follows the delivery curve of its quota."""

from __future__ import annotations

import math
from typing import ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from policies.note_columns import Columns
from policies.promise_policy import PromisePolicy
from policies.promises import Pace, PromiseConfig, Rows
from simulator.contracts.config import knob
from simulator.contracts.events import HOUR_S
from simulator.contracts.support import NoteSupport
from simulator.contracts.views import PlatformView


class PidConfig(PromiseConfig):
    """Knobs of the controller; lags are in units of the note's first target."""

    type: Literal["pid"] = "pid"
    kp: float = knob(8.0, "Log coefficient for a whole target of lag.", ge=0, le=100, tunable=True)
    ki: float = knob(
        0.45, "Log coefficient for each hour of a whole target of lag.", ge=0, le=100, tunable=True
    )
    kd: float = knob(
        0.0, "Log coefficient for a lag that grows by a whole target an hour.", ge=0, le=100
    )
    base: float = knob(
        5.0,
        "Coefficient of a note on schedule whose past needed no correction.",
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
    tolerance: float = knob(0.02, "Lag that counts as none.", ge=0, le=1)
    integral_limit: float = knob(
        2.0, "Most that the integral adds to or takes from the log coefficient.", ge=0, le=20
    )
    integrate_below: float = knob(
        0.3, "Lag up to which the integral grows at its full rate.", ge=0, le=10
    )
    separate_above: float = knob(
        0.8, "Lag from which it does not grow at all; in between the rate falls.", ge=0.01, le=10
    )
    discount: float = knob(
        0.05, "Share of the integral that is forgotten in an hour.", ge=0, le=0.99
    )
    freeze_below: float = knob(
        0.35,
        "Traffic, as a share of the mean hour's, below which outputs are held: at night one "
        "impression more or less says nothing.",
        ge=0,
        le=1,
    )


class Pid(PromisePolicy[PidConfig]):
    """log coefficient = log base + Kp·e + Ki·∫e + Kd·e', with e = y(t) - x the lag of the note.

    A note that nothing can move (nobody recalls it) would wind its integral up without end, so
    the integral is clamped, separated (large lags do not enter it), forgets, and stands still
    while the coefficient is at a bound that the lag pushes against. Options as in production
    controllers such as that of the PAI-Rec engine; `policies.pid_tuning` turns a step response
    into gains.
    """

    Config = PidConfig
    COLUMNS: ClassVar[Columns] = {"integral": (np.float64, 0.0), "lag": (np.float64, math.nan)}

    def on_tick(self, view: PlatformView) -> None:
        """Take one control step, unless traffic is too thin."""
        clock = self.promises.clock
        clock.observe(view)
        rows = self.promises.update(view)
        self.columns.cover(view.notes.n)
        if rows.size and clock.density(view.now) >= self.config.freeze_below:
            self._step(view, rows)

    def support(self, view: PlatformView) -> NoteSupport | None:
        """Return the support of notes with open promises."""
        return self.coefficient_support(view, self._initial, self.config.pre_rank_power)

    def _step(self, view: PlatformView, rows: Rows) -> None:
        config = self.config
        step_h = config.tick / HOUR_S
        lag = self._outside(self.promises.pace(view, rows).lag)
        before = self.columns["lag"][rows]
        slope = np.where(np.isnan(before), 0.0, lag - before) / step_h
        integral = self.columns["integral"][rows] * (1.0 - config.discount) ** step_h
        output = self._output(lag, integral, slope)
        grown = self._clamped(integral + config.ki * lag * step_h * self._rate(lag))
        is_wound = (output >= math.log(config.max_coefficient)) & (lag > 0)
        is_wound |= (output <= 0.0) & (lag < 0)
        integral = np.where(is_wound, integral, grown)
        self.columns["integral"][rows] = integral
        self.columns["lag"][rows] = lag
        self.promises["coefficient"][rows] = self._bounded(self._output(lag, integral, slope))

    def _initial(self, pace: Pace) -> NDArray[np.float32]:
        return self._bounded(math.log(self.config.base) + self.config.kp * self._outside(pace.lag))

    def _outside(self, lag: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the part of lags that is outside of the tolerance band."""
        return np.sign(lag) * np.maximum(np.abs(lag) - self.config.tolerance, 0.0)

    def _rate(self, lag: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the rate of the integral, from 1 for small lags to 0 for large ones."""
        low = min(self.config.integrate_below, self.config.separate_above)
        width = max(self.config.separate_above - low, 1e-9)
        return np.clip((self.config.separate_above - np.abs(lag)) / width, 0.0, 1.0)

    def _clamped(self, integral: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.clip(integral, -self.config.integral_limit, self.config.integral_limit)

    def _output(
        self,
        lag: NDArray[np.float64],
        integral: NDArray[np.float64],
        slope: NDArray[np.float64],
    ) -> NDArray[np.float64]:
        config = self.config
        return math.log(config.base) + config.kp * lag + integral + config.kd * slope

    def _bounded(self, output: NDArray[np.float64]) -> NDArray[np.float32]:
        highest = math.log(self.config.max_coefficient)
        return np.exp(np.clip(output, 0.0, highest)).astype(np.float32)
