"""Charts of the experiment page: forest, power, estimates by seed."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Final

import altair as alt
import pandas as pd

from dashboard.style import ACCENT, CONTROL, SERIES

TRUTH: Final = "#000000"
"""Colour of the truth: no run and no arm has it."""

_ROW_HEIGHT: Final = 30
_AXIS_HEIGHT: Final = 60
_TARGET: Final = 0.8


def forest(
    frame: pd.DataFrame,
    title: str,
    titles: Mapping[str, str],
    *,
    form: str = "+.1~%",
    reach: float = math.inf,
) -> alt.LayerChart | alt.FacetChart:
    """Draw a point with its interval for each row, and a diamond where the truth is known.

    Args:
        frame: `name`, `value`, `low`, `high`, and `truth` where it is to be shown.
        title: what the values are.
        titles: words for `value`, `low`, `high`, `truth` in hints.
        form: d3 format of values.
        reach: how far from 0 the axis goes at most; marks beyond it are cut off.
    """
    order = [str(name) for name in frame["name"]]
    y = alt.Y("name:N", sort=order, title=None, axis=alt.Axis(labelLimit=170))
    tips = [alt.Tooltip("name:N", title=" ")]
    shown = [key for key in ("value", "low", "high", "truth") if key in frame.columns]
    tips += [alt.Tooltip(f"{key}:Q", title=titles[key], format=form) for key in shown]
    base = alt.Chart(frame).encode(y=y, tooltip=tips)
    axis = alt.Axis(format=form, tickCount=6)
    rule = base.mark_rule(color=ACCENT, strokeWidth=2, clip=True).encode(
        x=alt.X("low:Q", title=title, axis=axis, scale=_scale(frame, reach)), x2="high:Q"
    )
    point = base.mark_point(color=ACCENT, filled=True, size=70, opacity=1, clip=True).encode(
        x="value:Q"
    )
    zero = alt.Chart(pd.DataFrame({"zero": [0.0]})).mark_rule(color=CONTROL, strokeDash=[4, 3])
    layers = [zero.encode(x="zero:Q"), rule, point]
    if "truth" in frame.columns:
        diamond = base.mark_point(
            shape="diamond",
            color=TRUTH,
            size=110,
            strokeWidth=2,
            filled=False,
            opacity=1,
            clip=True,
        )
        layers.append(diamond.encode(x="truth:Q"))
    return alt.layer(*layers).properties(height=_ROW_HEIGHT * len(order) + _AXIS_HEIGHT)


def _scale(frame: pd.DataFrame, reach: float) -> alt.Scale:
    low, high = float(frame["low"].min()), float(frame["high"].max())
    if not (low < -reach or high > reach):
        return alt.Scale()
    return alt.Scale(domain=[max(low, -reach), min(high, reach)], nice=False)


def power_curve(
    frame: pd.DataFrame, x_title: str, y_title: str, size: str
) -> alt.LayerChart | alt.FacetChart:
    """Draw the probability of seeing an effect by its size, one line a size of the world.

    Args:
        frame: `size`, `effect` and `power`; the first size is the planned one.
        x_title, y_title, size: words of the axes and the legend.
    """
    names = list(dict.fromkeys(frame["size"]))
    colours = [ACCENT, *(c for c in SERIES if c != ACCENT)]
    lines = (
        alt.Chart(frame)
        .mark_line(strokeWidth=2)
        .encode(
            x=alt.X("effect:Q", title=x_title, axis=alt.Axis(format=".1~%", tickCount=8)),
            y=alt.Y("power:Q", title=y_title, axis=alt.Axis(format=".0%"),
                    scale=alt.Scale(domain=[0, 1])),
            color=alt.Color("size:N", title=size, sort=names,
                            scale=alt.Scale(domain=names, range=colours[: len(names)]),
                            legend=alt.Legend(orient="bottom")),
            tooltip=[alt.Tooltip("size:N", title=size),
                     alt.Tooltip("effect:Q", title=x_title, format=".2%"),
                     alt.Tooltip("power:Q", title=y_title, format=".0%")],
        )
    )  # fmt: skip
    target = alt.Chart(pd.DataFrame({"power": [_TARGET]}))
    rule = target.mark_rule(color=CONTROL, strokeDash=[4, 3]).encode(y="power:Q")
    return alt.layer(rule, lines).properties(height=340)


def seeds(
    frame: pd.DataFrame, titles: Mapping[str, str], *, with_truth: bool
) -> alt.LayerChart | alt.FacetChart:
    """Draw the estimate of each seed with its interval, a panel a design.

    Args:
        frame: `seed`, `design`, `estimate`, `low`, `high`, `truth`.
        titles: words for `seed`, `estimate`, `truth`, `low`, `high`.
        with_truth: whether a diamond shows the truth of each world.
    """
    keys = ["estimate", "low", "high", *(["truth"] if with_truth else [])]
    tips = [alt.Tooltip("seed:O", title=titles["seed"])]
    tips += [alt.Tooltip(f"{key}:Q", title=titles[key], format="+.3~g") for key in keys]
    x = alt.X("seed:O", title=titles["seed"], axis=alt.Axis(labelAngle=0))
    base = alt.Chart(frame).encode(x=x, tooltip=tips)
    rule = base.mark_rule(color=ACCENT, strokeWidth=2).encode(
        y=alt.Y("low:Q", title=titles["estimate"]), y2="high:Q"
    )
    point = base.mark_point(color=ACCENT, filled=True, size=60, opacity=1).encode(y="estimate:Q")
    zero = base.mark_rule(color=CONTROL, strokeDash=[4, 3]).encode(y=alt.datum(0))
    layers = [zero, rule, point]
    if with_truth:
        diamond = base.mark_point(
            shape="diamond", color=TRUTH, size=90, strokeWidth=2, filled=False, opacity=1
        )
        layers.append(diamond.encode(y="truth:Q"))
    chart = alt.layer(*layers).properties(height=240)
    if len(set(frame["design"])) == 1:
        return chart
    column = alt.Column("design:N", title=None)
    return chart.properties(width=240).facet(column=column, data=frame)
