"""Charts of runs side by side."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import altair as alt
import pandas as pd

from dashboard.charts.look import RUN, finished, number_format, run_colour
from dashboard.metric_words import metric_title
from dashboard.style import CONTROL
from simulator.app.present import is_share
from simulator.metrics.catalog import Metric

PICK: Final = "pick"
"""Name of the selection of the trade-off chart."""

_DASH: Final = [4, 3]


def trade_chart(
    frame: pd.DataFrame, axes: tuple[Metric, Metric, Metric], runs: Sequence[str]
) -> alt.LayerChart:
    """Draw runs as points; rules are the baseline plus the interval of daily differences.

    Args:
        frame: from `frames.compare.trade`.
        axes: metrics of x, y and the size of points.
        runs: names of all runs, baseline first.
    """
    x, y, size = (metric_title(metric) for metric in axes)
    form = [number_format(percent=is_share(metric)) for metric in axes]
    base = alt.Chart(frame)
    at_x = alt.X("x:Q", title=x, scale=alt.Scale(zero=False, padding=30), axis=_axis(form[0]))
    at_y = alt.Y("y:Q", title=y, scale=alt.Scale(zero=False, padding=30), axis=_axis(form[1]))
    colour = run_colour(runs)
    first = base.transform_filter(alt.datum.run == runs[0])
    lines = [
        first.mark_rule(color=CONTROL, strokeDash=_DASH).encode(x=at_x),
        first.mark_rule(color=CONTROL, strokeDash=_DASH).encode(y=at_y),
        base.mark_rule(opacity=0.5).encode(x="x_low:Q", x2="x_high:Q", y=at_y, color=colour),
        base.mark_rule(opacity=0.5).encode(y="y_low:Q", y2="y_high:Q", x=at_x, color=colour),
    ]
    tips = [
        alt.Tooltip(f"{RUN}:N", title=" "),
        alt.Tooltip("x:Q", title=x, format=form[0]),
        alt.Tooltip("y:Q", title=y, format=form[1]),
        alt.Tooltip("size:Q", title=size, format=form[2]),
    ]
    pick = alt.selection_point(name=PICK, fields=[RUN])
    points = (
        base.mark_circle(opacity=0.9)
        .encode(
            x=at_x,
            y=at_y,
            color=colour,
            size=alt.Size(
                "size:Q", legend=None, scale=alt.Scale(zero=True, range=[0, 300], nice=False)
            ),
            tooltip=tips,
            opacity=alt.condition(pick, alt.value(0.9), alt.value(0.35)),
        )
        .add_params(pick)
    )
    return finished([*lines, points], height=340)


def daily_chart(
    frame: pd.DataFrame, intervals: pd.DataFrame, metric: Metric, runs: Sequence[str]
) -> alt.LayerChart:
    """Draw a metric day by day, or its differences with the interval of their mean.

    Args:
        frame: from `frames.compare.daily`.
        intervals: from `frames.compare.daily_intervals`; empty for levels.
        metric: what is drawn.
        runs: names of all runs, baseline first.
    """
    is_gap = len(intervals) > 0
    column = "difference" if is_gap else "value"
    form = number_format(percent=is_share(metric), signed=is_gap)
    x = alt.X("day:Q", title=None, axis=alt.Axis(format="d", tickMinStep=1, grid=False))
    y = alt.Y(
        f"{column}:Q",
        title=metric_title(metric),
        scale=alt.Scale(zero=is_gap),
        axis=_axis(form),
    )
    colour = run_colour(runs)
    tips = [
        alt.Tooltip(f"{RUN}:N", title=" "),
        alt.Tooltip("day:Q", title="·"),
        alt.Tooltip(f"{column}:Q", title=metric_title(metric), format=form),
    ]
    line = alt.Chart(frame).mark_line(point={"size": 24}, strokeWidth=2)
    layers: list[alt.Chart] = []
    if is_gap:
        bands = alt.Chart(intervals)
        layers.append(bands.mark_rect(opacity=0.15).encode(y="low:Q", y2="high:Q", color=colour))
        layers.append(bands.mark_rule(strokeDash=_DASH).encode(y="mean:Q", color=colour))
    layers.append(line.encode(x=x, y=y, color=colour, tooltip=tips))
    return finished(layers)


def lorenz_chart(
    frame: pd.DataFrame, runs: Sequence[str], titles: tuple[str, str]
) -> alt.LayerChart:
    """Draw Lorenz curves with the line of equality.

    Args:
        frame: columns run, notes, impressions; shares from 0 to 1.
        runs: names of all runs, baseline first.
        titles: of x and y.
    """
    x = alt.X("notes:Q", title=titles[0], axis=_axis("%"))
    y = alt.Y("impressions:Q", title=titles[1], axis=_axis("%"))
    equal = alt.Chart(pd.DataFrame({"notes": [0.0, 1.0], "impressions": [0.0, 1.0]}))
    diagonal = equal.mark_line(color="#c8ccd2", strokeDash=_DASH, strokeWidth=1).encode(x=x, y=y)
    tips = [
        alt.Tooltip(f"{RUN}:N", title=" "),
        alt.Tooltip("notes:Q", title=titles[0], format=".0%"),
        alt.Tooltip("impressions:Q", title=titles[1], format=".1%"),
    ]
    curves = alt.Chart(frame).mark_line(strokeWidth=2)
    lines = curves.encode(x=x, y=y, color=run_colour(runs), tooltip=tips)
    return finished([diagonal, lines])


def fulfilment_chart(
    frame: pd.DataFrame, runs: Sequence[str], titles: tuple[str, str]
) -> alt.LayerChart:
    """Draw the share of notes that reached the quota by hours since publishing, with its band.

    Args:
        frame: columns run, hour, share, low, high.
        runs: names of all runs, baseline first.
        titles: of x and y.
    """
    x = alt.X("hour:Q", title=titles[0], axis=alt.Axis(grid=False))
    y = alt.Y("share:Q", title=titles[1], axis=_axis("%"))
    base = alt.Chart(frame).encode(x=x, color=run_colour(runs))
    band = base.mark_area(opacity=0.12).encode(y=alt.Y("low:Q", title=titles[1]), y2="high:Q")
    tips = [
        alt.Tooltip(f"{RUN}:N", title=" "),
        alt.Tooltip("hour:Q", title=titles[0], format=".0f"),
        *(alt.Tooltip(f"{name}:Q", format=".1%") for name in ("share", "low", "high")),
    ]
    return finished([band, base.mark_line(strokeWidth=2).encode(y=y, tooltip=tips)])


def _axis(form: str) -> alt.Axis:
    return alt.Axis(format=form, tickCount=6)
