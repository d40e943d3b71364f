"""Parts of an experiment's report: who is affected, and how thick the pools are."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import pandas as pd

from simulator.app import experiment_words as words
from simulator.app import present
from simulator.app.experiments import CONTROL, LAUNCH, design_of
from simulator.experiments.analysis import adjust
from simulator.experiments.errors import AnalysisError
from simulator.experiments.outcomes import family_of
from simulator.experiments.pools import pool_thickness
from simulator.experiments.strata import CUTS, Stratified, stratified
from simulator.reports.page import Section, Table

if TYPE_CHECKING:
    from simulator.app.experiments import Found
    from simulator.experiments.analysis.segments import SegmentEffect


def all_strata(found: Found, name: str, primary: str) -> list[Stratified | str]:
    """Return effects by stratum: of the primary metric, then of the first of other families.

    Metrics of new notes are also cut by how much their creators had published. What cannot be read
    is said of the primary metric alone.

    Args:
        found: the study's findings.
        name: a design.
        primary: metric that decides.
    """
    out: list[Stratified | str] = []
    effects = found.first[name].effects
    leads = {family_of(metric): metric for metric in reversed(effects)}
    metrics = [primary, *(m for f, m in leads.items() if f != family_of(primary))]
    for metric in metrics:
        for by in CUTS:
            result = _stratified(found, name, metric, by)
            if not isinstance(result, str) or (metric, by) == (primary, "past"):
                out.append(result)
    return out


def _stratified(found: Found, name: str, metric: str, by: str) -> Stratified | str:
    test, control, launch = (found.worlds[key] for key in (name, CONTROL, LAUNCH))
    try:
        return stratified(test, control, launch, _design(found, name), metric, cut_by=by)
    except AnalysisError as error:
        return f"{metric}: {error}"


def pools_of(found: Found, name: str) -> pd.DataFrame:
    """Return the thickness of the pools of a design at the first seed."""
    return pool_thickness(found.worlds[name], _design(found, name))


def _design(found: Found, name: str) -> Any:  # noqa: ANN401  (a design with knobs of its own)
    return design_of(found.study, found.study.designs[name], found.study.seeds[0])


def strata_section(results: Sequence[Stratified | str]) -> Section:
    """Return the section on whom the treatment helps, or why that is not known."""
    read = [result for result in results if not isinstance(result, str)]
    text = [f"Not read: {result}." for result in results if isinstance(result, str)]
    if not read:
        return Section("Who is affected?", text)
    text.append(
        "Strata were there before the test, cut at the median. First read whether they differ at "
        "all (interaction, adjusted by Holm over the tables); only then a single stratum."
    )
    p = adjust([result.found.interaction_p for result in read])
    tables = [_strata_table(r, float(q)) for r, q in zip(read, p, strict=True)]
    return Section("Who is affected?", text, tables=tables)


def _strata_table(result: Stratified, p_adjusted: float) -> Table:
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
    p = words.p_value(result.found.interaction_p)
    caption = " ".join(
        [
            f"Cut by {result.by}.",
            f"Do they differ at all? p = {p}, adjusted {words.p_value(p_adjusted)}.",
            *(f"{warning[:1].upper()}{warning[1:]}." for warning in result.found.warnings),
        ]
    )
    return Table(f"Effect on {result.metric} by stratum", columns, rows, caption)


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


def strata_json(results: Sequence[Stratified | str]) -> dict[str, Any]:
    """Return effects by stratum in terms of JSON: of the primary metric, then `others`.

    Args:
        results: see `all_strata`.
    """
    first, *others = [
        {"not_read": result} if isinstance(result, str) else asdict(result) for result in results
    ]
    return {**first, "others": others}
