"""Errors of tests of both sides, and what their four cells say together."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from simulator.contracts.events import Arm
from simulator.contracts.plugins import ExperimentDesign
from simulator.experiments.analysis import Effect, two_sided
from simulator.experiments.analysis.crossed import Scores, mean_scores, ratio_scores, widened
from simulator.experiments.analysis.results import interval, two_sided_p
from simulator.experiments.errors import AnalysisError
from simulator.experiments.estimators import tsri_weights, tsrn_weights

Floats = NDArray[np.float64]

BOTH: Final = ("reader", "note")
"""Sides of a test of both."""

ESTIMATORS: Final[Mapping[str, str]] = {
    "tsrn": "treated pairs against all others",
    "tsri1": "corrected for competition, k = 1",
    "tsri2": "corrected for competition, k = 2",
}
"""Estimators of two-sided randomisation, by the suffix of the metric that they estimate."""

_OF_READERS: Final = {"ctr": ("clicks", "impressions"), "new_note_ctr": ("new_clicks",
                      "new_impressions")}  # fmt: skip
_OF_NOTES: Final = {"note_ctr_24h": ("clicks_24h", "impressions_24h"), "impressions_24h":
                    ("impressions_24h", ""), "clicks_24h": ("clicks_24h", "")}  # fmt: skip
CELL_METRICS: Final = ("impressions_24h", "clicks_24h")
"""Metrics of notes that are sums over pairs, so that estimators of cells apply."""


def two_way(
    effects: Mapping[str, Effect],
    meetings: pd.DataFrame,
    notes: pd.DataFrame,
    alpha: float,
    n_readers: NDArray[np.int64] | None = None,
) -> dict[str, Effect]:
    """Return the effects, with what the other randomised side adds to their errors.

    Means a reader and shares that depend on a threshold keep the errors of their own side: slots
    are conserved, and a threshold is no sum over pairs.

    Args:
        effects: metric -> effect with errors of its own side.
        meetings: readers and creators who met.
        notes: notes of the test that are in its arms.
        alpha: level.
        n_readers: int64[2], readers of each arm, where outcomes of notes are normalised by them; by
            default their number is part of the draw.
    """
    n_notes = np.bincount(notes["arm"].to_numpy(np.int64), minlength=2).astype(np.int64)
    out = dict(effects)
    for name in effects:
        if name in _OF_READERS:
            scores = _scores(meetings, _OF_READERS[name], "reader_arm", "note_arm", n_notes)
        elif name in _OF_NOTES:
            scores = _scores(
                meetings, _OF_NOTES[name], "note_arm", "reader_arm", n_notes, n_readers
            )
        else:
            continue
        out[name] = widened(effects[name], scores, alpha)
    return out


def cell_effects(
    meetings: pd.DataFrame,
    readers: pd.DataFrame,
    notes: pd.DataFrame,
    design: ExperimentDesign[Any],
    alpha: float,
) -> dict[str, Effect]:
    """Return what the estimators of two-sided randomisation say of sums over pairs, a note.

    A cell's level is its outcome a note of its arm, were all readers of its arm. Errors are
    two-way, and hold for the given numbers of readers and notes.

    Args:
        meetings: readers and creators who met.
        readers: readers in the arms of the test.
        notes: notes of the test that are in its arms.
        design: the design, with the market's `balance`.
        alpha: level.

    Raises:
        AnalysisError: the test has no readers or no notes.
    """
    if readers.empty or notes.empty:
        raise AnalysisError("no reader or no note is in an arm")
    user_arms = readers.set_index("reader_id")["arm"]
    by_creator = notes.groupby("creator_id")
    item_arms = by_creator["arm"].first()
    sizes: Floats = np.asarray(by_creator.size(), np.float64)
    met = meetings[meetings["reader_id"].isin(user_arms.index)]
    met = met[met["creator_id"].isin(item_arms.index) & (met["note_arm"] != int(Arm.OUTSIDE))]
    a_c = float((user_arms == 1).mean())
    a_l = float(sizes[item_arms.to_numpy() == 1].sum() / sizes.sum())
    weights = _weights(a_c, a_l, float(getattr(design.config, "balance", 0.5)))
    counts = (len(user_arms), int(sizes.size))
    out = {}
    for metric in CELL_METRICS:
        log = two_sided(met, metric, ("reader_id", "reader_arm"), ("creator_id", "note_arm"),
                        user_arms, item_arms)  # fmt: skip
        for name, weight in weights.items():
            control, value, se = log.mean_a_note(weight, sizes)
            label = f"{metric}_{name}"
            out[label] = _effect(label, (control, value, se), counts, alpha)
    return out


def _scores(
    meetings: pd.DataFrame,
    columns: tuple[str, str],
    own: str,
    other: str,
    n_notes: NDArray[np.int64],
    n_readers: NDArray[np.int64] | None = None,
) -> Scores:
    """Return scores of meetings in arms of the own side, where the other side was drawn too."""
    rows = meetings[meetings[own] != int(Arm.OUTSIDE)]
    unit = "creator_id" if other == "note_arm" else "reader_id"
    arm, units = rows[own].to_numpy(np.int64), rows[unit].to_numpy(np.int64)
    above = rows[columns[0]].to_numpy(np.float64)
    if columns[1]:
        scores = ratio_scores(above, rows[columns[1]].to_numpy(np.float64), arm, units)
    else:
        scores = mean_scores(above, arm, units, n_notes, n_readers)
    drawn = (rows[other] != int(Arm.OUTSIDE)).to_numpy()
    return scores._replace(value=scores.value[drawn], arm=arm[drawn], other=units[drawn])


def _weights(a_c: float, a_l: float, b: float) -> dict[str, Floats]:
    """Return weights of the levels of cells: those of totals, times the share of pairs."""
    cells = np.outer([1.0 - a_c, a_c], [1.0 - a_l, a_l])
    return {
        "tsrn": tsrn_weights(a_c, a_l) * cells,
        "tsri1": tsri_weights(a_c, a_l, 1.0, b) * cells,
        "tsri2": tsri_weights(a_c, a_l, 2.0, b) * cells,
    }


def _effect(
    name: str, found: tuple[float, float, float], counts: tuple[int, int], alpha: float
) -> Effect:
    """Return a row; its relative lift takes the level of untreated pairs as known."""
    control, value, se = found
    low, high = interval(value, se, np.inf, alpha)
    p = two_sided_p(value, se, np.inf)
    scale = 1.0 / control if control else float("nan")
    warnings = (f"{counts[0]:,} readers and {counts[1]:,} creators, two-way errors",)
    return Effect(
        metric=name, arm="1", control=control, treatment=control + value, difference=value,
        difference_low=low, difference_high=high, relative=value * scale,
        relative_low=low * scale, relative_high=high * scale, se=se, relative_se=se * abs(scale),
        df=np.inf, p=p, p_adjusted=p, family="all", unadjusted=value, unadjusted_se=se,
        variance_reduction=0.0, n_units_control=counts[1], n_units_treatment=counts[1],
        n_clusters_control=counts[0], n_clusters_treatment=counts[0], warnings=warnings,
    )  # fmt: skip
