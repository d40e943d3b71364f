"""What a test says: each metric from the units that the design randomised, with its errors."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from simulator.contracts.events import Arm
from simulator.contracts.plugins import ExperimentDesign
from simulator.experiments.analysis import Metric, Ratio, Settings, SrmResult, adjust, analyze
from simulator.experiments.errors import AnalysisError
from simulator.experiments.outcomes import (
    CLUSTER,
    CREATOR_METRICS,
    DAY_METRICS,
    NOTE_METRICS,
    RARE,
    READER_METRICS,
    creator_table,
    family_of,
    in_arms,
    levels,
    note_table,
    reader_table,
    unit_of,
)
from simulator.experiments.pools import normalised, normaliser
from simulator.experiments.two_way import BOTH, CELL_METRICS, ESTIMATORS, cell_effects, two_way

if TYPE_CHECKING:
    from simulator.experiments.analysis import Effect
    from simulator.results.result import Result

DAY: Final = "day"
"""Side of designs that randomise periods of time."""

MIN_EVENTS: Final = 10
"""Rare notes in an arm below which the normal approximation is not to be trusted."""


@dataclass(frozen=True, slots=True)
class Read:
    """Result of a test on one world.

    Attributes:
        effects: metric -> effect, p-values adjusted within families of metrics (Holm).
        srm: one check a randomised side.
        remarks: what a reader must know; metrics that could not be read are named here.
        n_contaminated: units found in both arms.
        p_bh: metric -> p-value adjusted within its family by Benjamini and Hochberg.
    """

    effects: dict[str, Effect]
    srm: tuple[SrmResult, ...]
    remarks: tuple[str, ...] = ()
    n_contaminated: int = 0
    p_bh: dict[str, float] = field(default_factory=dict)


@dataclass(slots=True)
class _Gathered:
    effects: dict[str, Effect] = field(default_factory=dict)
    srm: list[SrmResult] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    n_contaminated: int = 0


def read(result: Result, design: ExperimentDesign[Any], alpha: float = 0.05) -> Read:
    """Analyse a run with arms as a platform would, on every side that is randomised.

    Readers are units of their metrics; notes are clustered by creator (or by category where that
    is drawn); where both sides are drawn, errors of ratios and of means a note are two-way; groups
    are units where they were drawn whole, and days are units of a switchback. P-values are adjusted
    over the metrics of a family: readers, notes, creators.

    Args:
        result: a finished run of the design.
        design: the design, set up.
        alpha: level of intervals.

    Raises:
        AnalysisError: no metric could be read.
    """
    found = _Gathered()
    if design.first_read_day:
        found.remarks.append(
            f"the first {design.first_read_day} days are not read: the treated share still rose; "
            "units that were treated earlier have been treated for longer"
        )
    if DAY in design.sides:
        _read_days(result, design, alpha, found)
    if "reader" in design.sides:
        table = in_arms(reader_table(result, from_day=design.first_read_day))
        _add(found, table, READER_METRICS, unit_of(table, "reader_id"), None, design, alpha)
    if "note" in design.sides:
        _read_notes(result, design, alpha, found)
    if design.sides == BOTH:
        _read_both(result, design, alpha, found)
    if not found.effects:
        raise AnalysisError("nothing can be read: " + "; ".join(found.remarks))
    names = list(found.effects)
    p, families = [found.effects[n].p for n in names], [family_of(n) for n in names]
    holm, bh = adjust(p, families, "holm"), adjust(p, families, "bh")
    effects = {
        n: replace(found.effects[n], p_adjusted=float(q), family=family_of(n))
        for n, q in zip(names, holm, strict=True)
    }
    rates = dict(zip(names, bh.tolist(), strict=True))
    return Read(effects, tuple(found.srm), tuple(found.remarks), found.n_contaminated, rates)


def metrics_of(design: ExperimentDesign[Any]) -> list[str]:
    """Return the metrics that a design can read, in the order of reports."""
    found: list[str] = []
    if DAY in design.sides:
        found += DAY_METRICS
    if "reader" in design.sides:
        found += READER_METRICS
    if "note" in design.sides:
        found += NOTE_METRICS
        if getattr(design.config, "unit", "creator") == "creator":
            found += CREATOR_METRICS
    if _is_of_pairs(design):
        found += [f"{metric}_{name}" for metric in CELL_METRICS for name in ESTIMATORS]
    return found


def _is_of_pairs(design: ExperimentDesign[Any]) -> bool:
    """Return whether readers and notes of all arms meet, so that every cell has an outcome."""
    return design.sides == BOTH and design.visible() is None


def both_levels(
    control: Result, treated: Result, design: ExperimentDesign[Any]
) -> dict[str, tuple[float, float]]:
    """Return metric -> level with nobody treated, and level with everybody treated.

    Args:
        control: the world without the treatment.
        treated: the same world after a launch.
        design: the design of the test, set up; it says which days are read.
    """
    before, after = (
        {
            **levels(reader_table(result, from_day=design.first_read_day), READER_METRICS),
            **levels(note_table(result, from_day=design.first_read_day), NOTE_METRICS),
            **levels(creator_table(result, design), CREATOR_METRICS),
        }
        for result in (control, treated)
    )
    out = {name: (before[name], after[name]) for name in before}
    cells = {f"{metric}_{name}": out[metric] for metric in CELL_METRICS for name in ESTIMATORS}
    return out | cells


def _read_both(
    result: Result, design: ExperimentDesign[Any], alpha: float, found: _Gathered
) -> None:
    """Let errors hold the draw of both sides; read what the cells say together."""
    meetings = getattr(result, "meetings", None)
    if meetings is None:
        found.remarks.append("errors are of one side alone: the run holds no meetings")
        return
    notes = in_arms(note_table(result, from_day=design.first_read_day))
    n_readers = None
    if normaliser(result, design) is not None:
        meetings = normalised(meetings, "note_arm", result, design)
        arms = in_arms(reader_table(result, from_day=design.first_read_day))["arm"].to_numpy(
            np.int64
        )
        n_readers = np.bincount(arms, minlength=2)
    try:
        found.effects = two_way(found.effects, meetings, notes, alpha, n_readers)
        if _is_of_pairs(design):
            readers = in_arms(reader_table(result, from_day=design.first_read_day))
            found.effects |= cell_effects(meetings, readers, notes, design, alpha)
    except AnalysisError as error:
        found.remarks.append(f"cells cannot be read: {error}")


def _read_notes(
    result: Result, design: ExperimentDesign[Any], alpha: float, found: _Gathered
) -> None:
    unit = getattr(design.config, "unit", "creator")
    cluster = {"creator": "creator_id", "note": "creator_id", "category": "category"}[unit]
    notes = normalised(
        in_arms(note_table(result, from_day=design.first_read_day)), "arm", result, design
    )
    side = {"creator": "creator_id", "note": "note_id", "category": "category"}[unit]
    if CLUSTER in notes:
        side = cluster = CLUSTER
    _add(found, notes, NOTE_METRICS, side, None if side == cluster else cluster, design, alpha)
    if unit == "creator":
        creators = in_arms(creator_table(result, design))
        by = unit_of(creators, "creator_id")
        _add(found, creators, CREATOR_METRICS, by, None, design, alpha, check=False)


def _read_days(
    result: Result, design: ExperimentDesign[Any], alpha: float, found: _Gathered
) -> None:
    is_treated: Callable[[int], bool] = design.is_treated  # type: ignore[attr-defined]
    is_read: Callable[[int], bool] = design.is_read  # type: ignore[attr-defined]
    readers = result.readers[result.readers["day"] >= 0]
    columns = ["impressions", "clicks", "new_impressions", "new_clicks"]
    days = readers.groupby("day")[columns].sum()
    days["time_min"] = readers.groupby("day")["time_spent_s"].sum() / 60.0
    days["readers"] = readers.groupby("day").size()
    table = days.reset_index()
    table = table[[is_read(int(day)) for day in table["day"]]]
    table["arm"] = [int(is_treated(int(day))) for day in table["day"]]
    metrics: dict[str, Metric] = {
        name: Ratio(metric.numerator, metric.denominator)
        for name, metric in READER_METRICS.items()
        if name in DAY_METRICS and isinstance(metric, Ratio)
    }
    _add(found, table, metrics, "day", None, design, alpha, check=False)
    notes = note_table(result)
    notes = notes[[is_read(int(day)) for day in notes["day"]]]
    notes["arm"] = [int(is_treated(int(day))) for day in notes["day"]]
    without = {name: metric for name, metric in NOTE_METRICS.items() if name in DAY_METRICS}
    _add(found, notes, without, "day", None, design, alpha, check=False)
    found.remarks.append("days are the units: the test has as many observations as days")


def _add(
    found: _Gathered,
    table: pd.DataFrame,
    metrics: Mapping[str, Metric],
    unit: str,
    cluster: str | None,
    design: ExperimentDesign[Any],
    alpha: float,
    *,
    check: bool = True,
) -> None:
    """Analyse one table; a metric that cannot be read becomes a remark, the others are read."""
    share = design.treated_share
    arms: dict[object, float] = {int(Arm.CONTROL): 1.0 - share, int(Arm.TREATMENT): share}
    there = np.unique(table["arm"]).tolist()
    missing = [arm for arm in arms if arm not in there]
    if missing:
        found.remarks.append(f"no {unit} is in arm {missing[0]}")
        return
    settings = Settings(
        control=0, alpha=alpha, correction="none", shares=arms, on_contamination="drop"
    )
    checks: tuple[SrmResult, ...] = ()
    for name, metric in metrics.items():
        try:
            analysis = analyze(table, {name: metric}, unit, "arm", cluster, settings=settings)
        except AnalysisError as error:
            found.remarks.append(f"{name} cannot be read: {error}")
            continue
        found.effects[name] = analysis.effects[0]
        if name in RARE and (least := _rarest(table, RARE[name])) < MIN_EVENTS:
            found.remarks.append(
                f"{name} counts {least} notes in an arm: too few for its interval and p-value"
            )
        checks = analysis.srm
        found.n_contaminated = max(found.n_contaminated, analysis.n_contaminated)
        found.remarks += [w for w in analysis.warnings if w not in found.remarks]
    if check:
        found.srm += checks


def _rarest(table: pd.DataFrame, column: str) -> int:
    """Return the smaller of the arms' counts of rows with a 1."""
    return int(table.groupby("arm")[column].sum().min())
