"""Charts of one note's first hours."""

from __future__ import annotations

from collections.abc import Sequence

import altair as alt
import pandas as pd

from dashboard.charts.look import RUN, finished, names_axis
from dashboard.style import CONTROL, SERIES

_DASH = [4, 3]
_COLOURS = SERIES[1:3]
"""Colours of the note and of its counterpart; grey is for its peers."""


def impressions_chart(
    band: pd.DataFrame, path: pd.DataFrame, notes: pd.DataFrame, titles: tuple[str, str]
) -> alt.LayerChart:
    """Draw impressions so far, the promised path, and the band of peers.

    Args:
        band: columns hour, low, median, high.
        path: columns stage, hour, impressions.
        notes: columns run, hour, impressions.
        titles: of x and y.
    """
    x = alt.X("hour:Q", title=titles[0], axis=alt.Axis(grid=False))
    title = titles[1]
    layers = [
        alt.Chart(band)
        .mark_area(color=CONTROL, opacity=0.2, interpolate="linear")
        .encode(x=x, y=alt.Y("low:Q", title=title), y2="high:Q"),
        alt.Chart(band)
        .mark_line(color=CONTROL, strokeWidth=2)
        .encode(x=x, y=alt.Y("median:Q", title=title)),
        alt.Chart(path)
        .mark_line(color="#333333", strokeDash=_DASH, strokeWidth=1.5)
        .encode(x=x, y=alt.Y("impressions:Q", title=title), detail="stage:N"),
        alt.Chart(notes)
        .mark_line(strokeWidth=2.5, interpolate="step-after")
        .encode(x=x, y=alt.Y("impressions:Q", title=title), color=_colour(notes), tooltip=_tips(
            notes, titles[0], "impressions", title, ".0f")),
    ]  # fmt: skip
    return finished(layers, 340)


def coefficient_chart(notes: pd.DataFrame, titles: tuple[str, str, str]) -> alt.LayerChart:
    """Draw the coefficient at each impression; hollow points had no support.

    Args:
        notes: columns run, hour, coefficient, helped.
        titles: of x, y and of points with support.
    """
    x = alt.X("hour:Q", title=titles[0], axis=alt.Axis(grid=False))
    y = alt.Y("coefficient:Q", title=titles[1], scale=alt.Scale(zero=False, nice=True))
    fill = alt.condition("datum.helped", alt.value(0.85), alt.value(0.0))
    tips = [*_tips(notes, titles[0], "coefficient", titles[1], ".2f"),
            alt.Tooltip("helped:N", title=titles[2])]  # fmt: skip
    points = alt.Chart(notes).mark_point(size=45, filled=False)
    one = alt.Chart(pd.DataFrame({"coefficient": [1.0]})).mark_rule(color=CONTROL, strokeDash=_DASH)
    shown = points.encode(
        x=x, y=y, color=_colour(notes), fill=_fill(notes), fillOpacity=fill, tooltip=tips
    )
    return finished([one.encode(y=y), shown], 330)


def ctr_chart(notes: pd.DataFrame, titles: tuple[str, str]) -> alt.LayerChart:
    """Draw the click rate so far with its interval.

    Args:
        notes: columns run, hour, ctr, low, high.
        titles: of x and y.
    """
    x = alt.X("hour:Q", title=titles[0], axis=alt.Axis(grid=False))
    axis = alt.Axis(format="%")
    base = alt.Chart(notes).encode(x=x, color=_colour(notes))
    area = base.mark_area(opacity=0.15, interpolate="step-after").encode(
        y=alt.Y("low:Q", title=titles[1], axis=axis), y2="high:Q"
    )
    line = base.mark_line(strokeWidth=2, interpolate="step-after").encode(
        y=alt.Y("ctr:Q", title=titles[1], axis=axis),
        tooltip=[*_tips(notes, titles[0], "ctr", titles[1], ".1%"),
                 *(alt.Tooltip(f"{end}:Q", format=".1%") for end in ("low", "high"))],
    )  # fmt: skip
    return finished([area, line], 330)


def channel_chart(frame: pd.DataFrame, title: str) -> alt.LayerChart:
    """Draw the impressions that each channel had found.

    Args:
        frame: columns run, channel, impressions.
        title: of x.
    """
    runs = list(dict.fromkeys(frame[RUN]))
    bars = alt.Chart(frame).mark_bar().encode(
        y=alt.Y("channel:N", title=None, sort="-x", axis=names_axis(200)),
        yOffset=alt.YOffset(f"{RUN}:N", sort=runs),
        x=alt.X("impressions:Q", title=title, axis=alt.Axis(format="d", tickMinStep=1)),
        color=_colour(frame),
        tooltip=[alt.Tooltip(f"{RUN}:N", title=" "), "channel:N", "impressions:Q"],
    )  # fmt: skip
    rows = frame["channel"].nunique()
    return finished([bars], 100 + 22 * rows * len(runs))


def lag_chart(frame: pd.DataFrame, title: str) -> alt.LayerChart:
    """Draw how much of each factor a note had, as a multiple of what is usual.

    Args:
        frame: columns run, factor (in the order of the funnel), times.
        title: of x.
    """
    runs, factors = (list(dict.fromkeys(frame[name])) for name in (RUN, "factor"))
    y = alt.Y("factor:N", title=None, sort=factors, axis=names_axis(260))
    x = alt.X("times:Q", title=title, scale=alt.Scale(type="log"), axis=alt.Axis(format="~r"))
    points = alt.Chart(frame).mark_point(size=80, filled=True, opacity=0.9)
    one = alt.Chart(pd.DataFrame({"times": [1.0]})).mark_rule(color=CONTROL, strokeDash=_DASH)
    shown = points.encode(
        x=x, y=y, yOffset=alt.YOffset(f"{RUN}:N", sort=runs), color=_colour(frame),
        tooltip=[alt.Tooltip(f"{RUN}:N", title=" "), "factor:N",
                 alt.Tooltip("times:Q", title=title, format=".2~r")],
    )  # fmt: skip
    return finished([one.encode(x=x), shown], 90 + 40 * len(factors))


def _tips(notes: pd.DataFrame, x: str, column: str, y: str, form: str) -> Sequence[alt.Tooltip]:
    return [
        alt.Tooltip(f"{RUN}:N", title=" "),
        alt.Tooltip("hour:Q", title=x, format=".1f"),
        alt.Tooltip(f"{column}:Q", title=y, format=form),
    ] if len(notes) else []  # fmt: skip


def _scale(frame: pd.DataFrame) -> alt.Scale:
    runs = list(dict.fromkeys(frame[RUN]))
    return alt.Scale(domain=runs, range=list(_COLOURS[: len(runs)]))


def _colour(frame: pd.DataFrame) -> alt.Color:
    legend = alt.Legend(title=None, orient="top", columns=1, labelLimit=360, symbolOpacity=1)
    return alt.Color(f"{RUN}:N", scale=_scale(frame), sort=None, legend=legend)


def _fill(frame: pd.DataFrame) -> alt.Fill:
    return alt.Fill(f"{RUN}:N", scale=_scale(frame), sort=None, legend=None)
