"""Parts of an experiment's report: who is affected, and how thick the pools are."""

from __future__ import annotations

import math
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import pandas as pd

from simulator.app import experiment_words as words
from simulator.app import present
from simulator.app.experiments import CONTROL, LAUNCH, design_of
from simulator.experiments.errors import AnalysisError
from simulator.experiments.pools import pool_thickness
from simulator.experiments.strata import Stratified, stratified
from simulator.reports.page import Section, Table

if TYPE_CHECKING:
    from simulator.app.experiments import Found
    from simulator.experiments.analysis.segments import SegmentEffect


def strata_of(found: Found, name: str, metric: str) -> Stratified | str:
    """Return the effects by stratum at the first seed, or why there are none."""
    test, control, launch = (found.worlds[key] for key in (name, CONTROL, LAUNCH))
    try:
        return stratified(test, control, launch, _design(found, name), metric)
    except AnalysisError as error:
        return str(error)


def pools_of(found: Found, name: str) -> pd.DataFrame:
    """Return the thickness of the pools of a design at the first seed."""
    return pool_thickness(found.worlds[name], _design(found, name))


def _design(found: Found, name: str) -> Any:  # noqa: ANN401  (a design with knobs of its own)
    return design_of(found.study, found.study.designs[name], found.study.seeds[0])


def strata_section(result: Stratified | str) -> Section:
    """Return the section on whom the treatment helps, or why that is not known."""
    if isinstance(result, str):
        return Section("Who is affected?", [f"Not read: {result}."])
    rows = [
        [
            effect.segment,
            f"{effect.n_control:,} / {effect.n_treatment:,}",
            _with_interval(effect),
            f"{words.p_value(effect.p)}\n{words.p_value(effect.p_adjusted)}",
            words.signed(result.truth.get(effect.segment, float("nan"))),
        ]
        for effect in result.found.segments
    ]
    columns = ["stratum", "control / treatment", "difference\n95 % interval",
               "p\nadjusted (Holm)", "truth"]  # fmt: skip
    text = [
        f"Strata are cut by {result.by}, at the median.",
        f"Do they differ at all? p = {words.p_value(result.found.interaction_p)}.",
        *(f"{warning[:1].upper()}{warning[1:]}." for warning in result.found.warnings),
    ]
    table = Table(f"Effect on {result.metric} by stratum", columns, rows)
    return Section("Who is affected?", text, tables=[table])


def _with_interval(effect: SegmentEffect) -> str:
    ends = f"{words.signed(effect.low)}\u00a0…\u00a0{words.signed(effect.high)}"
    return f"{words.signed(effect.difference)}\n{ends}"


def pools_table(pools: pd.DataFrame) -> Table:
    """Return the table of pools; a caption warns where they are thinner than the platform's."""
    rows = [
        [str(row["arm"]), _share(row["new_share"]), _share(row["old_share"])]
        for row in pools.to_dict(orient="records")
    ]
    thin = (pools[["new_share", "old_share"]] < 0.999).any(axis=None)
    caption = (
        "Readers of the test choose from fewer notes than after a launch: levels are not those of "
        "the platform."
        if thin
        else "Both arms may be shown every note, as after a launch."
    )
    columns = ["readers of", "new notes they may be shown", "old notes they may be shown"]
    return Table("Pools of the arms", columns, rows, caption)


def _share(value: float) -> str:
    return f"{value:.0%}" if math.isfinite(value) else present.NOTHING


def strata_json(result: Stratified | str) -> dict[str, Any]:
    """Return effects by stratum in terms of JSON, or why there are none."""
    return {"not_read": result} if isinstance(result, str) else asdict(result)
