"""Estimators of two-sided randomisation on the cells of a test, beside the truth."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from simulator.contracts.events import DAY_S
from simulator.experiments.analysis.results import interval, two_sided_p
from simulator.experiments.cells import OUTCOMES, Cells
from simulator.experiments.estimators import (
    allocation_rule,
    cr_weights,
    lr_weights,
    smrd_weights,
    tsri_weights,
    tsrn_weights,
)

if TYPE_CHECKING:
    from simulator.results.result import Result

GLOBAL: Final = ("cr", "lr", "tsrn", "tsri_1", "tsri_2", "total")
"""Estimators of the effect of a launch; the other rows are contrasts of cells."""

SPILLOVERS: Final = ("user_spillover", "item_spillover")

_OF_NOTE: Final = {"new_note_impressions": "impressions_24h", "new_note_clicks": "clicks_24h"}


@dataclass(frozen=True, slots=True)
class CellEstimate:
    """One estimator's answer.

    Attributes:
        outcome: one of `OUTCOMES`, summed over the test.
        name: `cr`, `lr`, `tsrn`, `tsri_1`, `tsri_2`, or a contrast of `smrd`.
        value: estimate, in outcomes of the whole platform over the test.
        se: standard error, two-way clustered by reader and creator.
        low, high: interval.
        p: p-value.
        truth: effect of a launch on the same total; NaN for contrasts, which no pair of worlds has.
    """

    outcome: str
    name: str
    value: float
    se: float
    low: float
    high: float
    p: float
    truth: float


@dataclass(frozen=True, slots=True)
class TwoSidesRead:
    """What the four cells of a test say.

    Attributes:
        totals: outcome -> float[2][2], arm of reader (row) by arm of creator, scaled up to the
            platform.
        base: outcome -> total of the world without the treatment.
        estimates: all estimators on all outcomes.
        a_c, a_l: treated shares of readers and of creators in the test.
        balance: balance that the estimators were told.
        measured: see `market_balance`.
        rule: treated shares (readers, creators) that suit the balance.
    """

    totals: dict[str, list[list[float]]]
    base: dict[str, float]
    estimates: tuple[CellEstimate, ...]
    a_c: float
    a_l: float
    balance: float
    measured: float
    rule: tuple[float, float]


def market_balance(result: Result) -> float:
    """Return how long supply lasts: the share of its first hours that a new note lacks its target.

    The estimators of two-sided randomisation ask for b = exp(-λ/τ), about the share of time that
    an item can be had. A note can be seen by any number of readers; what runs out is the support
    that it is promised, until it has its target of impressions. So b is 1 where no note gets its
    target in the window (readers' attention is scarce) and near 0 where all have it at once.

    Args:
        result: the run of the test.
    """
    params = result.manifest.params
    start_t = params.warm_up_days * DAY_S
    window = float(params.quota_window_s)
    notes = result.notes
    rows = (notes["published_t"] >= start_t) & (notes["published_t"] <= params.end_t - window)
    took = (notes["reached_target_t"] - notes["published_t"])[rows].fillna(window)
    return float((took.clip(0.0, window) / window).mean()) if len(took) else 1.0


def launch_totals(control: Result, launch: Result) -> dict[str, tuple[float, float]]:
    """Return outcome -> total without the treatment, and after a launch: notes of the test.

    Args:
        control: the world without the treatment.
        launch: the world where everybody is treated.
    """
    out = {}
    for outcome, column in _OF_NOTE.items():
        sums = []
        for world in (control, launch):
            start_t = world.manifest.params.warm_up_days * DAY_S
            sums.append(float(world.notes.loc[world.notes["published_t"] >= start_t, column].sum()))
        out[outcome] = (sums[0], sums[1])
    return out


def read_cells(
    cells: Cells,
    measured: float,
    totals: Mapping[str, tuple[float, float]],
    balance: float | None = None,
    alpha: float = 0.05,
) -> TwoSidesRead:
    """Apply every estimator to every outcome.

    Treated shares are those found in the test, so that estimates are differences of means per unit
    scaled up, and luck in the sizes of arms does not enter.

    Args:
        cells: sums of the test's event log; each of the four cells has impressions.
        measured: see `market_balance`.
        totals: see `launch_totals`.
        balance: what the estimators are told; the measured balance by default.
        alpha: level of intervals.
    """
    a_c, a_l = cells.shares()
    balance = measured if balance is None else balance
    weights = _weights(a_c, a_l, balance)
    found = []
    for outcome in OUTCOMES:
        sums = cells.outcome(outcome)
        before, after = totals[outcome]
        for name, weight in weights.items():
            value, se = sums.estimate(weight)
            low, high = interval(value, se, np.inf, alpha)
            truth = after - before if name in GLOBAL else float("nan")
            found.append(
                CellEstimate(
                    outcome, name, value, se, low, high, two_sided_p(value, se, np.inf), truth
                )
            )
    return TwoSidesRead(
        {name: cells.outcome(name).totals.tolist() for name in OUTCOMES},
        {name: totals[name][0] for name in OUTCOMES},
        tuple(found),
        a_c,
        a_l,
        balance,
        measured,
        allocation_rule(balance),
    )


def _weights(a_c: float, a_l: float, b: float) -> dict[str, NDArray[np.float64]]:
    contrasts = {
        name: np.asarray(weight) for name, weight in smrd_weights(a_c, a_l)._asdict().items()
    }
    return {
        "cr": cr_weights(a_c),
        "lr": lr_weights(a_l),
        "tsrn": tsrn_weights(a_c, a_l),
        "tsri_1": tsri_weights(a_c, a_l, 1.0, b),
        "tsri_2": tsri_weights(a_c, a_l, 2.0, b),
        **{name: contrasts[name] for name in ("total", "direct", *SPILLOVERS)},
    }
