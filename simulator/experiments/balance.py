"""Were the arms alike before the test? Means of what units did in the past, by arm."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from simulator.contracts.plugins import ExperimentDesign
from simulator.experiments.analysis import Settings, adjust, analyze
from simulator.experiments.errors import AnalysisError
from simulator.experiments.outcomes import creator_table, in_arms, reader_table

if TYPE_CHECKING:
    from simulator.results.result import Result

READER_PAST: Final = {
    "pre_impressions": "notes seen before the test",
    "pre_clicks": "clicks before the test",
    "pre_active_days": "days with a visit before the test",
}
CREATOR_PAST: Final = {"pre_published": "notes published before the test"}
"""What of the past is compared -> what it is."""


@dataclass(frozen=True, slots=True)
class Balance:
    """One covariate by arm.

    Attributes:
        side: `readers` or `creators`.
        covariate: what was compared.
        control, treatment: means of the arms.
        p: p-value of their difference.
        p_adjusted: the same over all rows (Holm).
    """

    side: str
    covariate: str
    control: float
    treatment: float
    p: float
    p_adjusted: float


def balance(result: Result, design: ExperimentDesign[Any]) -> list[Balance]:
    """Compare the pasts of the arms, on each side that is randomised by whole units.

    Args:
        result: a finished run of the design.
        design: the design, set up.
    """
    rows: list[tuple[str, str, float, float, float]] = []
    if "reader" in design.sides:
        rows += _compared("readers", in_arms(reader_table(result)), "reader_id", READER_PAST)
    if "note" in design.sides and getattr(design.config, "unit", "creator") == "creator":
        creators = in_arms(creator_table(result, design))
        rows += _compared("creators", creators, "creator_id", CREATOR_PAST)
    adjusted = adjust([row[-1] for row in rows])
    return [Balance(*row, float(q)) for row, q in zip(rows, adjusted, strict=True)]


def _compared(
    side: str, table: pd.DataFrame, unit: str, past: dict[str, str]
) -> list[tuple[str, str, float, float, float]]:
    settings = Settings(control=0, on_contamination="drop")
    try:
        effects = analyze(table, list(past), unit, "arm", settings=settings).effects
    except AnalysisError:
        return []
    return [(side, past[e.metric], e.control, e.treatment, e.p) for e in effects]
