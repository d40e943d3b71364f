"""Relative differences of a preview, one row a metric, with intervals."""

from __future__ import annotations

import altair as alt
import pandas as pd

from dashboard.style import ACCENT, CONTROL


def differences(frame: pd.DataFrame, title: str) -> alt.LayerChart | alt.FacetChart:
    """Draw a point with its interval for each metric, hollow while the interval holds 0.

    Args:
        frame: from `dashboard.frames.tune.chart_frame`.
        title: what the horizontal axis says.
    """
    data = frame.assign(
        is_clear=frame["verdict"] != "unclear",
        value=frame["value"].clip(-_MOST, _MOST),
        low=frame["low"].clip(-_MOST, _MOST),
        high=frame["high"].clip(-_MOST, _MOST),
    )
    names = list(frame["metric"])
    y = alt.Y("metric:N", sort=names, title=None, axis=alt.Axis(labelLimit=190))
    tips = [
        alt.Tooltip("metric:N", title=" "),
        *(alt.Tooltip(f"{name}:Q", format="+.1%") for name in ("value", "low", "high")),
    ]
    colour = alt.condition("datum.is_clear", alt.value(ACCENT), alt.value(CONTROL))
    base = alt.Chart(data).encode(y=y, tooltip=tips)
    axis = alt.Axis(format="+.0%", grid=True, tickCount=6)
    rule = base.mark_rule(strokeWidth=2).encode(
        x=alt.X("low:Q", title=title, axis=axis), x2="high:Q", color=colour
    )
    point = base.mark_point(size=80, filled=True, opacity=1).encode(x="value:Q", color=colour)
    zero = alt.Chart(pd.DataFrame({"zero": [0.0]})).mark_rule(strokeDash=[4, 3], color=CONTROL)
    chart = alt.layer(zero.encode(x="zero:Q"), rule, point)
    return chart.properties(height=26 * max(1, len(names)) + 40)


_MOST = 3.0
"""Where axes are cut: +300 %."""
