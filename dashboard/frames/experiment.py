"""From the report of an experiment to tables: effects, checks, and how right the test is."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, Final

import pandas as pd

from dashboard.experiment_cards import Report

EFFECT_COLUMNS: Final = (
    "metric", "control", "treatment", "difference", "difference_low", "difference_high", "relative",
    "relative_low", "relative_high", "se", "p", "p_adjusted", "n_control", "n_treatment",
    "variance_reduction", "truth", "truth_relative", "covered",
)  # fmt: skip
SCORE_COLUMNS: Final = (
    "design", "metric", "n", "truth", "estimate", "bias", "bias_se", "bias_share", "rmse",
    "coverage", "power", "wrong_sign", "best", "decision",
)  # fmt: skip
SEED_COLUMNS: Final = ("seed", "design", "estimate", "low", "high", "truth")
SRM_COLUMNS: Final = ("side", "n_control", "n_treatment", "share", "expected", "p", "flagged")


def test_of(report: Report, design: str) -> Mapping[str, Any]:
    """Return what a report holds of a design; empty when it has none."""
    found = (report.get("tests") or {}).get(design)
    return found if isinstance(found, dict) else {}


def effects(report: Report, design: str) -> pd.DataFrame:
    """Return one row a metric: what the test of the first seed says, and the truth beside it.

    Args:
        report: content of the report.
        design: name of the design.

    Returns:
        `EFFECT_COLUMNS`; NaN where the report is silent.
    """
    first = min(report.get("seeds") or [0])
    readings = {
        r.get("metric"): r
        for r in report.get("readings") or ()
        if r.get("design") == design and r.get("seed") == first
    }
    found = test_of(report, design).get("effects") or {}
    out = [_effect(name, e, readings.get(name, {})) for name, e in found.items()]
    return pd.DataFrame(out, columns=list(EFFECT_COLUMNS))


def _effect(name: str, effect: Mapping[str, Any], reading: Mapping[str, Any]) -> dict[str, Any]:
    truth, base = _real(reading, "truth"), _real(reading, "base")
    low, high = _real(effect, "difference_low"), _real(effect, "difference_high")
    numbers = {
        key: _real(effect, key)
        for key in EFFECT_COLUMNS
        if key not in {"metric", "truth", "truth_relative", "covered"}
    }
    return {
        **numbers,
        "metric": name,
        "n_control": _real(effect, "n_units_control"),
        "n_treatment": _real(effect, "n_units_treatment"),
        "truth": truth,
        "truth_relative": truth / base if base else math.nan,
        "covered": low <= truth <= high,
    }


def checks(report: Report, design: str) -> pd.DataFrame:
    """Return one row a randomised side: sizes of the arms and whether their ratio holds."""
    out = []
    for check in test_of(report, design).get("srm") or ():
        n_control, n_treatment = (*(check.get("counts") or ()), 0, 0)[:2]
        expected = [float(x) for x in check.get("expected") or ()]
        out.append(
            {
                "side": str(check.get("side", "")),
                "n_control": n_control,
                "n_treatment": n_treatment,
                "share": _ratio(n_treatment, n_control + n_treatment),
                "expected": _ratio(expected[-1], sum(expected)) if expected else math.nan,
                "p": _real(check, "p"),
                "flagged": bool(check.get("flagged")),
            }
        )
    return pd.DataFrame(out, columns=list(SRM_COLUMNS))


def guardrails(report: Report, design: str) -> pd.DataFrame:
    """Return one row a guardrail: its margin, the interval of the harm, and what that means.

    Returns:
        Columns `metric`, `margin`, `low`, `high`, and `state`: `holds`, `open` or `broken`.
    """
    verdict = test_of(report, design).get("verdict") or {}
    out = []
    for found in verdict.get("guardrails") or ():
        state = "open"
        if found.get("violated"):
            state = "broken"
        elif found.get("non_inferior"):
            state = "holds"
        out.append(
            {
                "metric": str(found.get("metric", "")),
                "margin": _real(found, "margin"),
                "low": _real(found, "harm_low"),
                "high": _real(found, "harm_high"),
                "state": state,
            }
        )
    return pd.DataFrame(out, columns=["metric", "margin", "low", "high", "state"])


def scorecard(report: Report, metric: str = "") -> pd.DataFrame:
    """Return one row a metric and design: truth, bias, coverage, power, over all seeds.

    Args:
        report: content of the report.
        metric: only this one; all by default.
    """
    best = report.get("advice") or {}
    out = []
    for score in report.get("scores") or ():
        if metric and score.get("metric") != metric:
            continue
        design, name = str(score.get("design", "")), str(score.get("metric", ""))
        truth, bias = _real(score, "truth"), _real(score, "bias")
        verdict = test_of(report, design).get("verdict") or {}
        numbers = {key: _real(score, key) for key in SCORE_COLUMNS[2:-2]}
        out.append(
            {
                **numbers,
                "design": design,
                "metric": name,
                "n": int(score.get("n") or 0),
                "bias_share": _ratio(bias, abs(truth)),
                "best": best.get(name) == design,
                "decision": str(verdict.get("decision", "")),
            }
        )
    return pd.DataFrame(out, columns=list(SCORE_COLUMNS))


def by_seed(report: Report, metric: str) -> pd.DataFrame:
    """Return one row a seed and design: estimate with interval, and the truth of that world."""
    out = [
        {"seed": int(r.get("seed") or 0), "design": str(r.get("design", "")),
         **{key: _real(r, key) for key in SEED_COLUMNS[2:]}}
        for r in report.get("readings") or ()
        if r.get("metric") == metric
    ]  # fmt: skip
    return pd.DataFrame(out, columns=list(SEED_COLUMNS))


def strata(report: Report, design: str) -> tuple[pd.DataFrame, str]:
    """Return effects by stratum with the truth, and what the strata are cut by."""
    found = test_of(report, design).get("strata") or {}
    truth = found.get("truth") or {}
    segments: Sequence[Mapping[str, Any]] = (found.get("found") or {}).get("segments") or ()
    out = [
        {
            "stratum": str(s.get("segment", "")),
            "value": _real(s, "difference"),
            "low": _real(s, "low"),
            "high": _real(s, "high"),
            "truth": _real(truth, str(s.get("segment", ""))),
        }
        for s in segments
    ]
    columns = ["stratum", "value", "low", "high", "truth"]
    return pd.DataFrame(out, columns=columns), str(found.get("by", ""))


def rows(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the rows of a table as dictionaries by column."""
    return [{str(key): x for key, x in row.items()} for row in frame.to_dict(orient="records")]


def _real(values: Mapping[str, Any], key: str) -> float:
    value = values.get(key)
    return float(value) if isinstance(value, int | float) else math.nan


def _ratio(above: float, below: float) -> float:
    return above / below if below else math.nan
