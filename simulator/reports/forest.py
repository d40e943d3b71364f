"""Forest plot: estimates with intervals, one row a name, and the truth beside them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from simulator.reports.charts import CONTROL, SHADES, Spec, finished, records

if TYPE_CHECKING:
    import pandas as pd

_ROW: Final = 22
"""Pixels of a row."""

TRUTH: Final = "#c4501b"
"""Colour of the truth, apart from every treatment's also for colour-blind readers."""


def forest(frame: pd.DataFrame, row: str, title: str, form: str = "+.1%") -> Spec:
    """Draw one row a name: a point with its interval, a diamond where the truth is, a line at 0.

    Args:
        frame: rows with `row`, `value`, `low`, `high`, `truth` (missing where unknown), and
            `margin` where a value must not lie below one; it is drawn as a stroke.
        row: column of names, in the order of the frame from top to bottom.
        title: what the values are, with unit.
        form: d3 format of values.
    """
    import altair as alt

    names = [str(name) for name in frame[row]]
    data = alt.InlineData(values=records(frame.astype({row: str})))
    y = alt.Y(row, type="nominal", title=None, sort=names, axis=alt.Axis(labelLimit=260))
    base = alt.Chart(data).encode(y=y)
    tips = [alt.Tooltip(row, type="nominal")]
    tips += [
        alt.Tooltip(name, type="quantitative", format=form)
        for name in ("value", "low", "high", "truth")
    ]
    x = alt.X("low", type="quantitative", title=title, axis=alt.Axis(format=form))
    rule = base.mark_rule(strokeWidth=2, color=SHADES[2]).encode(x=x, x2=alt.X2("high"))
    point = base.mark_point(size=70, filled=True, color=SHADES[2], opacity=1).encode(
        x=alt.X("value", type="quantitative"), tooltip=tips
    )
    diamond = base.mark_point(
        shape="diamond", size=110, filled=False, color=TRUTH, strokeWidth=2, opacity=1
    ).encode(x=alt.X("truth", type="quantitative"), tooltip=tips)
    nothing = alt.Chart(alt.InlineData(values=[{"zero": 0}]))
    zero = nothing.mark_rule(color=CONTROL, strokeDash=[4, 3]).encode(x=alt.X("zero:Q"))
    layers = [zero, rule, point, diamond]
    if "margin" in frame:
        stroke = base.mark_tick(color=CONTROL, thickness=3, size=16, opacity=1)
        layers.append(stroke.encode(x=alt.X("margin", type="quantitative"), tooltip=tips))
    return finished(alt.layer(*layers), height=max(_ROW * len(names), 2 * _ROW))
