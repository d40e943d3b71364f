"""Gains for the PID policy from a step response.

What a note has is the integral of what it gets, and what it gets rises with the logarithm of its
coefficient: an integrating process with dead time, x' = k·u(t - L). Gains follow the SIMC rules
(Skogestad, Journal of Process Control 2003).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class StepResponse:
    """An integrating process with dead time.

    Attributes:
        slope: growth of progress for each unit of log coefficient, targets an hour.
        dead_time_h: time until a change of the coefficient shows, hours.
    """

    slope: float
    dead_time_h: float


@dataclass(frozen=True, slots=True)
class Gains:
    """Gains as the PID policy takes them.

    Attributes:
        kp: log coefficient for a whole target of lag.
        ki: log coefficient for each hour of a whole target of lag.
    """

    kp: float
    ki: float


def fit_step(
    hours: NDArray[np.float64],
    control: NDArray[np.float64],
    treated: NDArray[np.float64],
    step: float,
) -> StepResponse:
    """Fit an integrating process to the mean progress of notes with and without a step.

    The step is a constant boost from birth; the difference in progress is a ramp that starts
    after the dead time. The ramp is fitted by least squares for every dead time on the grid of
    `hours`, and the best is taken.

    Args:
        hours: float64[n], ages of notes, ascending, at least 3.
        control: float64[n], mean share of the target at these ages without the step.
        treated: float64[n], with it.
        step: log of the coefficient of the step, above 0.

    Raises:
        ValueError: fewer than 3 ages, or a step that is not above 0.
    """
    if hours.size < 3 or step <= 0:
        raise ValueError(
            f"a step response needs 3 ages or more and a step above 0: got {hours.size} and {step}"
        )
    gain = (treated - control) / step
    best = (np.inf, 0.0, 0.0)
    for dead in hours[:-2]:
        ramp = np.maximum(hours - dead, 0.0)
        slope = float(ramp @ gain / (ramp @ ramp))
        error = float(np.square(gain - slope * ramp).sum())
        if error < best[0]:
            best = (error, slope, float(dead))
    return StepResponse(slope=best[1], dead_time_h=best[2])


def simc(response: StepResponse, closed_loop_h: float) -> Gains:
    """Return PI gains: Kp = 1/(k·(τ + L)), Ki = Kp/(4·(τ + L)).

    Args:
        response: the process.
        closed_loop_h: wanted time constant τ of the closed loop, hours; the longer, the calmer.

    Raises:
        ValueError: the process does not respond, or no time at all is wanted.
    """
    horizon = closed_loop_h + response.dead_time_h
    if response.slope <= 0 or horizon <= 0:
        raise ValueError(
            "gains need a process that rises with the coefficient and a time above 0: got a slope "
            f"of {response.slope} and {horizon} h"
        )
    kp = 1.0 / (response.slope * horizon)
    return Gains(kp=kp, ki=kp / (4.0 * horizon))
