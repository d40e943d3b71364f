"""A test day by day, and what its arms do to each other, both beside the truth."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from simulator.contracts.events import Arm
from simulator.contracts.plugins import ExperimentDesign
from simulator.experiments.analysis import Metric, always_valid, analyze
from simulator.experiments.analysis.analyze import Settings
from simulator.experiments.errors import AnalysisError
from simulator.experiments.outcomes import (
    CLUSTER,
    NOTE_METRICS,
    READER_METRICS,
    in_arms,
    levels,
    note_table,
    reader_table,
)
from simulator.experiments.pools import normalised

if TYPE_CHECKING:
    from simulator.results.result import Result

FOLLOWED: Final[dict[str, Any]] = {
    **dict.fromkeys(READER_METRICS, (reader_table, "reader_id", None)),
    **dict.fromkeys(NOTE_METRICS, (note_table, "note_id", "creator_id")),
}
"""Metric -> table that holds it, its unit, and the cluster of errors."""


def cumulative(
    test: Result,
    control: Result,
    launch: Result,
    metric: str,
    alpha: float = 0.05,
    design: ExperimentDesign[Any] | None = None,
) -> pd.DataFrame:
    """Return the estimate of all days so far, after each day of the test.

    Args:
        test: the run of the design.
        control: the world without the treatment.
        launch: the world where everybody is treated.
        metric: a metric of readers or of new notes.
        alpha: level.
        design: the design, set up, so that pools are normalised as in the reading of the test.

    Returns:
        One row a day: `day`, `value`, ends of the interval of a test that is looked at once (`low`,
        `high`) and of one that may be looked at every day (`valid_low`, `valid_high`), `truth`.
    """
    table_of, unit, cluster = FOLLOWED[metric]
    declared: dict[str, Metric] = {**READER_METRICS, **NOTE_METRICS}
    one = {metric: declared[metric]}
    rows = []
    first = 0 if design is None else design.first_read_day
    for day in range(first, test.manifest.params.measured_days):
        table = in_arms(table_of(test, day, first))
        if design is not None and metric in NOTE_METRICS:
            table = normalised(table, "arm", test, design)
        try:
            settings = Settings(control=0, alpha=alpha, on_contamination="drop")
            by, of = (CLUSTER, None) if CLUSTER in table else (unit, cluster)
            effect = analyze(table, one, by, "arm", of, settings=settings).effects[0]
        except AnalysisError:
            continue
        before, after = (
            levels(table_of(world, day, first), one)[metric] for world in (control, launch)
        )
        n = effect.n_units_control + effect.n_units_treatment
        rows.append((day, effect.difference, effect.difference_low, effect.difference_high,
                     effect.se, n, after - before))  # fmt: skip
    columns = ["day", "value", "low", "high", "se", "n", "truth"]
    frame = pd.DataFrame(rows, columns=columns)
    if frame.empty:
        return frame.assign(valid_low=np.nan, valid_high=np.nan)
    looks = always_valid(frame["value"], frame["se"], frame["n"], float(frame["n"].iloc[-1]), alpha)
    return frame.assign(valid_low=looks.low, valid_high=looks.high)


def displacement(
    test: Result, control: Result, launch: Result, design: ExperimentDesign[Any]
) -> pd.DataFrame:
    """Return what each arm has in the test, less what it would have were it the whole platform.

    The difference of the two columns of gaps is the bias of a plain comparison: control arms lose
    what treated ones take from them, and treated arms have what they could not have after a launch.

    Args:
        test: the run of the design.
        control: the world without the treatment.
        launch: the world where everybody is treated.
        design: the design.

    Returns:
        One row a metric of the randomised sides: `metric`, `control_arm`, `control_world`,
        `treated_arm`, `launch_world`.
    """
    rows = []
    for side, table_of, metrics in (
        ("reader", reader_table, READER_METRICS),
        ("note", note_table, NOTE_METRICS),
    ):
        if side not in design.sides:
            continue
        table = table_of(test, None, design.first_read_day)
        arms = [levels(table[table["arm"] == int(arm)], metrics) for arm in _PAIR]
        worlds = [
            levels(table_of(world, None, design.first_read_day), metrics)
            for world in (control, launch)
        ]
        rows += [
            (name, arms[0][name], worlds[0][name], arms[1][name], worlds[1][name])
            for name in metrics
        ]
    columns = ["metric", "control_arm", "control_world", "treated_arm", "launch_world"]
    return pd.DataFrame(rows, columns=columns)


_PAIR: Final = (Arm.CONTROL, Arm.TREATMENT)
