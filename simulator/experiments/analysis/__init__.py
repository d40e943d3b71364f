"""Analysis of experiments on plain tables: effects, errors, checks, sequential looks, decisions."""

from simulator.experiments.analysis.aggregates import Aggregates, aggregate
from simulator.experiments.analysis.analyze import Settings, analyze
from simulator.experiments.analysis.bootstrap import bootstrap_concentration
from simulator.experiments.analysis.correction import adjust
from simulator.experiments.analysis.decision import Guardrail, Plan, Verdict, decide
from simulator.experiments.analysis.metrics import Gini, Mean, Metric, Quantile, Ratio, TopShare
from simulator.experiments.analysis.power import (
    mde,
    power,
    required_units,
    unit_deviation,
    units_to_detect,
)
from simulator.experiments.analysis.resampling import (
    Replicates,
    Resplit,
    UnitTotals,
    resample_aa,
    unit_totals,
)
from simulator.experiments.analysis.results import Analysis, Effect
from simulator.experiments.analysis.segments import Heterogeneity, segment_effects
from simulator.experiments.analysis.sequential import (
    AlwaysValid,
    Looks,
    always_valid,
    group_sequential,
    peeking_error,
    spent_alpha,
)
from simulator.experiments.analysis.srm import SrmResult, srm
from simulator.experiments.analysis.two_sided import TwoSided, two_sided

__all__ = [
    "Aggregates",
    "AlwaysValid",
    "Analysis",
    "Effect",
    "Gini",
    "Guardrail",
    "Heterogeneity",
    "Looks",
    "Mean",
    "Metric",
    "Plan",
    "Quantile",
    "Ratio",
    "Replicates",
    "Resplit",
    "Settings",
    "SrmResult",
    "TopShare",
    "TwoSided",
    "UnitTotals",
    "Verdict",
    "adjust",
    "aggregate",
    "always_valid",
    "analyze",
    "bootstrap_concentration",
    "decide",
    "group_sequential",
    "mde",
    "peeking_error",
    "power",
    "required_units",
    "resample_aa",
    "segment_effects",
    "spent_alpha",
    "srm",
    "two_sided",
    "unit_deviation",
    "unit_totals",
    "units_to_detect",
]
