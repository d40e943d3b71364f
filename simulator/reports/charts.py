"""From frames to Vega-Lite specifications: the same charts for pages and for the dashboard.

A chart shows levels of an ordered setting (a boost, a quota) in shades of one colour and its
control in grey. Intervals are bands or rules, never left out where they are known.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import pandas as pd

if TYPE_CHECKING:
    import altair as alt

Spec = dict[str, Any]
"""A Vega-Lite specification with its data inside."""

CONTROL: Final = "#8a8f98"
SHADES: Final = ("#a6c8e4", "#5b9bd0", "#2368a2", "#0b3c6b")
"""Colours of treatments, weakest first."""

_WIDTH, _HEIGHT = 620, 260
_FONT = "system-ui, sans-serif"


@dataclass(frozen=True, slots=True)
class Axes:
    """What the axes of a chart say.

    Attributes:
        x, y: columns.
        x_title, y_title: what they are, with units.
        y_format: d3 format of y, for example `.1%`.
        log_x: whether x is logarithmic; its values must then be above 0.
        zero: whether y must include 0.
        whole_x: whether x counts something, so that marks between whole numbers say nothing.
    """

    x: str
    y: str
    x_title: str
    y_title: str
    y_format: str = "~r"
    log_x: bool = False
    zero: bool = False
    whole_x: bool = False


def lines(
    frame: pd.DataFrame,
    axes: Axes,
    series: str,
    marks: Sequence[float] = (),
    colours: Sequence[str] = (),
) -> Spec:
    """Draw one line a series, with its interval as a band where there is one.

    Args:
        frame: long table with the columns of `axes` and `series`, and `low` and `high` where the
            interval is known.
        axes: what goes where.
        series: column that tells lines apart; its first value is the control.
        marks: values of x that get a vertical rule.
        colours: one a series; shades of one colour by default.
        colours: one a line, in the order of the frame; `shades` by default.
    """
    import altair as alt

    names = [str(name) for name in frame[series].unique()]
    data = alt.InlineData(values=records(frame.astype({series: str})))
    base = alt.Chart(data).encode(x=_x(axes), color=_colour(series, names, colours))
    layers: list[alt.Chart] = []
    if {"low", "high"} <= set(frame.columns):
        band = base.mark_area(opacity=0.15)
        layers.append(band.encode(y=_y(axes, "low"), y2=alt.Y2("high")))
    tooltip = [_tip(series, "nominal"), _tip(axes.x), _tip(axes.y, form=axes.y_format)]
    line = base.mark_line(point={"size": 22}, strokeWidth=2)
    layers.append(line.encode(y=_y(axes, axes.y), tooltip=tooltip))
    layers += [_rule(x, axes) for x in marks]
    return finished(alt.layer(*layers))


def intervals(frame: pd.DataFrame, axes: Axes) -> Spec:
    """Draw one point a row with its interval over an ordered setting, and a line at 0.

    Args:
        frame: rows with the columns of `axes`, and `low` and `high`.
        axes: what goes where; x is taken as ordered names.
    """
    import altair as alt

    names = [str(name) for name in frame[axes.x]]
    data = alt.InlineData(values=records(frame.astype({axes.x: str})))
    x = alt.X(axes.x, type="ordinal", title=axes.x_title, sort=names, axis=alt.Axis(labelAngle=0))
    base = alt.Chart(data).encode(x=x)
    tips = [
        _tip(axes.x, "ordinal"),
        *(_tip(c, form=axes.y_format) for c in (axes.y, "low", "high")),
    ]
    rule = base.mark_rule(strokeWidth=2, color=SHADES[2]).encode(
        y=_y(axes, "low"), y2=alt.Y2("high"), tooltip=tips
    )
    point = base.mark_point(size=70, filled=True, color=SHADES[2], opacity=1).encode(
        y=_y(axes, axes.y), tooltip=tips
    )
    nothing = alt.Chart(alt.InlineData(values=[{"zero": 0}]))
    zero = nothing.mark_rule(color=CONTROL, strokeDash=[4, 3]).encode(y=alt.Y("zero:Q"))
    return finished(alt.layer(zero, rule, point), width=_WIDTH // 2)


def shades(names: Sequence[str]) -> list[str]:
    """Return a colour for each name: grey for the first, then from light to dark."""
    n = len(names) - 1
    last = len(SHADES) - 1
    places = [last if n == 1 else round(i * last / (n - 1)) for i in range(n)]
    return [CONTROL, *(SHADES[place] for place in places)][: len(names)]


def finished(
    chart: alt.LayerChart | alt.FacetChart, width: int = _WIDTH, height: int = _HEIGHT
) -> Spec:
    """Return the specification of a chart in the house look; sizes in pixels."""
    sized = chart.properties(width=width, height=height)
    styled = (
        sized.configure_view(stroke=None)
        .configure_axis(
            labelFont=_FONT, titleFont=_FONT, titleFontWeight="normal", gridColor="#eceef1",
            domainColor="#c8ccd2", tickColor="#c8ccd2", labelColor="#444", titleColor="#444",
        )
        .configure_legend(labelFont=_FONT, titleFont=_FONT, titleFontWeight="normal")
    )  # fmt: skip
    spec: Spec = styled.to_dict()
    return spec


def _x(axes: Axes) -> alt.X:
    import altair as alt

    scale = alt.Scale(type="log", nice=False) if axes.log_x else alt.Scale(zero=False)
    steps: dict[str, Any] = {"tickMinStep": 1} if axes.whole_x else {}
    return alt.X(axes.x, type="quantitative", title=axes.x_title, scale=scale,
                 axis=alt.Axis(format="~r", grid=False, **steps))  # fmt: skip


def _y(axes: Axes, column: str) -> alt.Y:
    import altair as alt

    return alt.Y(column, type="quantitative", title=axes.y_title,
                 scale=alt.Scale(zero=axes.zero), axis=alt.Axis(format=axes.y_format))  # fmt: skip


def _colour(series: str, names: Sequence[str], colours: Sequence[str]) -> alt.Color:
    import altair as alt

    scale = alt.Scale(domain=list(names), range=list(colours) or shades(names))
    legend = alt.Legend(symbolOpacity=1)
    return alt.Color(
        series, type="nominal", title=series, scale=scale, sort=list(names), legend=legend
    )


def _tip(column: str, kind: str = "quantitative", form: str = ".3~r") -> alt.Tooltip:
    import altair as alt

    if kind == "quantitative":
        return alt.Tooltip(column, type="quantitative", format=form)
    return alt.Tooltip(column, type=kind)  # type: ignore[arg-type]


def _rule(x: float, axes: Axes) -> alt.Chart:
    import altair as alt

    data = alt.InlineData(values=[{axes.x: x}])
    rule: alt.Chart = alt.Chart(data).mark_rule(color="#555", strokeDash=[2, 3])
    return rule.encode(x=_x(axes))


def records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Return rows in terms of JSON; NaN and infinity become null."""
    rows = frame.to_dict(orient="records")
    return [{str(key): _plain(value) for key, value in row.items()} for row in rows]


def _plain(value: object) -> object:
    item = getattr(value, "item", None)
    value = item() if callable(item) else value
    return None if isinstance(value, float) and not math.isfinite(value) else value
