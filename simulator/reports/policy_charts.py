"""Charts of the report on policies; see `charts.py` for the house look."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pandas as pd

from simulator.reports.charts import CONTROL, Axes, Spec, finished, lines, records

if TYPE_CHECKING:
    from simulator.reports.policies import PolicyComparison

ACCENT: Final = "#2368a2"
_MANY: Final = (
    "#0b3c6b", "#e08a1e", "#2a9d8f", "#c1444b", "#7a5195", "#6b7280", "#4c8dd6", "#a3790f",
    "#15803d", "#d6629c", "#5b21b6", "#0e7490", "#9a3412",
)  # fmt: skip
"""Colours that also differ in lightness, for policies without an order."""


def trade_chart(comparison: PolicyComparison, gain: str, cost: str) -> Spec:
    """Draw each policy's difference in gain against its relative difference in cost."""
    import altair as alt

    from simulator.reports.policies import front

    best = set(front(comparison, gain, cost))
    rows = [_origin(comparison, best)]
    for variant in comparison.variants:
        up, along = comparison.pair(variant, gain), comparison.pair(variant, cost)
        if up and along and along["baseline"]:
            scale = abs(along["baseline"])
            rows.append(
                {
                    "policy": variant,
                    "gain": up["difference"],
                    "gain_low": up["low"],
                    "gain_high": up["high"],
                    "cost": along["difference"] / scale,
                    "cost_low": along["low"] / scale,
                    "cost_high": along["high"] / scale,
                    "front": variant in best,
                }
            )
    base = alt.Chart(alt.InlineData(values=records(pd.DataFrame(rows))))
    x_axis, y_axis = alt.Axis(format="+.1%"), alt.Axis(format="+.3~g")
    x = alt.X("cost:Q", title=f"{cost}, relative difference", axis=x_axis)
    y = alt.Y("gain:Q", title=f"{gain}, difference", axis=y_axis)
    rules = [
        base.mark_rule(opacity=0.35).encode(x="cost:Q", y=alt.Y("gain_low:Q"), y2="gain_high:Q"),
        base.mark_rule(opacity=0.35).encode(y="gain:Q", x=alt.X("cost_low:Q"), x2="cost_high:Q"),
    ]
    fill = alt.condition("datum.front", alt.value(ACCENT), alt.value("#ffffff"))
    tips = [alt.Tooltip("policy:N"), alt.Tooltip("gain:Q", format="+.3~g"),
            alt.Tooltip("cost:Q", format="+.2%")]  # fmt: skip
    points = base.mark_point(size=70, stroke=ACCENT, opacity=1).encode(
        x=x, y=y, fill=fill, tooltip=tips
    )
    names = base.mark_text(align="left", dx=7, dy=-6, color="#333").encode(
        x="cost:Q", y="gain:Q", text="policy:N"
    )
    return finished(alt.layer(*rules, points, names))


def fulfilment_chart(comparison: PolicyComparison) -> Spec:
    """Draw the share of notes that have reached the target by hours since publishing."""
    axes = Axes(
        "hour", "share", "hours since publishing", "notes with the target", ".0%", zero=True
    )
    return _coloured(comparison.fulfilment, axes)


def exposure_chart(comparison: PolicyComparison) -> Spec:
    """Draw the distribution of impressions of new notes in their first day."""
    frame = comparison.exposure[comparison.exposure["impressions"] > 0]
    axes = Axes(
        "impressions", "quantile", "impressions in the first day", "share of notes with at most",
        ".0%", log_x=True,
    )  # fmt: skip
    return _coloured(frame, axes)


def daily_chart(comparison: PolicyComparison, metric: str) -> Spec:
    """Draw a metric day by day, with a rule at each shock."""
    daily = comparison.daily
    frame = daily[daily["metric"] == metric].rename(columns={"mean": metric})
    axes = Axes("day", metric, "measured day", metric)
    return _coloured(frame, axes, tuple(shock.day for shock in comparison.shocks))


def _coloured(frame: pd.DataFrame, axes: Axes, marks: tuple[float, ...] = ()) -> Spec:
    names = list(dict.fromkeys(frame["variant"])) if len(frame) else []
    colours = [CONTROL, *(_MANY[i % len(_MANY)] for i in range(len(names)))][: len(names)]
    return lines(frame.rename(columns={"variant": "policy"}), axes, "policy", marks, colours)


def _origin(comparison: PolicyComparison, best: set[str]) -> dict[str, object]:
    zeros = dict.fromkeys(("gain", "gain_low", "gain_high", "cost", "cost_low", "cost_high"), 0.0)
    return {"policy": comparison.baseline, **zeros, "front": comparison.baseline in best}
