"""Charts of the page on creators and readers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import altair as alt
import pandas as pd

from dashboard.style import ACCENT, CONTROL, SERIES, WARNING

Chart = alt.LayerChart | alt.FacetChart

_HEIGHT: Final = 320
_STRIP_HEIGHT: Final = 22


@dataclass(frozen=True, slots=True)
class Words:
    """What a chart says.

    Attributes:
        x, y, series, run: titles of the axes, the colours and the dashes.
    """

    x: str
    y: str
    series: str
    run: str


def curves(
    frame: pd.DataFrame, x: str, order: Sequence[str], words: Words, *, zero: bool = True
) -> Chart:
    """Draw shares with their intervals, a colour a series and a dash a run.

    Args:
        frame: columns `x`, `share`, `low`, `high`, `series` and `run`; the baseline comes last.
        x: column of the x-axis.
        order: series in their order.
        words: titles.
        zero: whether the y-axis starts at 0.
    """
    runs = list(dict.fromkeys(frame["run"]))
    colour = alt.Color(
        "series:N", title=words.series, sort=list(order),
        legend=alt.Legend(orient="bottom", symbolOpacity=1, labelLimit=260, columns=2),
        scale=alt.Scale(domain=list(order), range=list(SERIES[: len(order)])),
    )  # fmt: skip
    dash = alt.StrokeDash(
        "run:N", title=words.run, sort=runs,
        scale=alt.Scale(domain=runs, range=[[1, 0], [5, 4]][: len(runs)]),
        legend=alt.Legend(orient="bottom") if len(runs) > 1 else None,
    )  # fmt: skip
    axis = alt.Axis(format=".0%")
    base = alt.Chart(frame).encode(x=alt.X(f"{x}:Q", title=words.x, axis=alt.Axis(tickMinStep=1)))
    band = base.mark_area(opacity=0.13 if len(runs) == 1 else 0.06).encode(
        y=alt.Y("low:Q", title=words.y, axis=axis, scale=alt.Scale(zero=zero)),
        y2="high:Q",
        color=colour,
        detail="run:N",
    )
    tips = [alt.Tooltip("series:N", title=words.series), alt.Tooltip("run:N", title=words.run),
            alt.Tooltip(f"{x}:Q", title=words.x), alt.Tooltip("share:Q", title=words.y,
            format=".1%")]  # fmt: skip
    is_daily = bool((frame[x] % 1 == 0).all())
    line = base.mark_line(strokeWidth=2, point={"size": 22} if is_daily else False).encode(
        y="share:Q", color=colour, strokeDash=dash, tooltip=tips
    )
    return alt.layer(band, line).properties(height=_HEIGHT)


def levels(frame: pd.DataFrame, order: Sequence[str], words: Words) -> Chart:
    """Draw a point with its interval for each series, the baseline in grey.

    Args:
        frame: `series`, `value`, `low`, `high` and `run`; the baseline comes last.
        order: series in their order.
        words: titles.
    """
    runs = list(dict.fromkeys(frame["run"]))
    colour = _run_colour(runs, words)
    tips = [alt.Tooltip("series:N", title=words.series), alt.Tooltip("run:N", title=words.run),
            alt.Tooltip("value:Q", title=words.y, format=".3~g")]  # fmt: skip
    x = alt.X("series:N", sort=list(order), title=words.x, axis=alt.Axis(labelAngle=0))
    base = alt.Chart(frame).encode(
        x=x, xOffset=alt.XOffset("run:N", sort=runs), color=colour, tooltip=tips
    )
    rule = base.mark_rule(strokeWidth=2).encode(y=alt.Y("low:Q", title=words.y), y2="high:Q")
    point = base.mark_point(filled=True, size=70, opacity=1).encode(y="value:Q")
    return alt.layer(rule, point).properties(height=_HEIGHT)


def _run_colour(runs: list[str], words: Words) -> alt.Color:
    return alt.Color(
        "run:N", title=words.run, sort=runs,
        scale=alt.Scale(domain=runs, range=[ACCENT, CONTROL][: len(runs)]),
        legend=alt.Legend(orient="bottom") if len(runs) > 1 else None,
    )  # fmt: skip


def days(frame: pd.DataFrame, words: Words, start: str) -> Chart:
    """Draw a value by day, with a rule where the measured days begin.

    Args:
        frame: `day`, `value`, `run`; the baseline comes last.
        words: titles.
        start: what the rule says.
    """
    runs = list(dict.fromkeys(frame["run"]))
    colour = _run_colour(runs, words)
    tips = [alt.Tooltip("run:N", title=words.run), alt.Tooltip("day:Q", title=words.x),
            alt.Tooltip("value:Q", title=words.y, format=".3~g")]  # fmt: skip
    dash = alt.StrokeDash(
        "run:N", sort=runs, legend=None,
        scale=alt.Scale(domain=runs, range=[[1, 0], [5, 4]][: len(runs)]),
    )  # fmt: skip
    line = (
        alt.Chart(frame)
        .mark_line(point={"size": 22}, strokeWidth=2)
        .encode(
            x=alt.X("day:Q", title=words.x, axis=alt.Axis(tickMinStep=1, grid=False)),
            y=alt.Y("value:Q", title=None, scale=alt.Scale(zero=True)),
            color=colour,
            strokeDash=dash,
            tooltip=tips,
        )
    )
    rule = alt.Chart(pd.DataFrame({"day": [-0.5], "what": [start]}))
    mark = rule.mark_rule(color=CONTROL, strokeDash=[4, 3]).encode(x="day:Q", tooltip="what:N")
    layers = [mark, line] if (frame["day"] < 0).any() else [line]
    return alt.layer(*layers).properties(height=260)


def strip(frame: pd.DataFrame, titles: Mapping[str, str], verdicts: Mapping[str, str]) -> Chart:
    """Draw where each value lies in its band, all bands on one scale.

    Args:
        frame: `label`, `place`, `shown`, `band` and `verdict`.
        titles: words for `place`, `shown`, `band` and `verdict`.
        verdicts: verdict -> its words, in the order pass, fail, not judged.
    """
    order = list(frame["label"])
    data = frame.assign(verdict=frame["verdict"].map(dict(verdicts)))
    y = alt.Y("label:N", sort=order, title=None, axis=alt.Axis(labelLimit=190))
    tips = [alt.Tooltip("label:N", title=" "), alt.Tooltip("shown:N", title=titles["shown"]),
            alt.Tooltip("band:N", title=titles["band"])]  # fmt: skip
    x = alt.X("place:Q", title=titles["place"], scale=alt.Scale(domain=[-1.05, 2.05]),
              axis=alt.Axis(values=[0, 1], format=".0f", labels=False, grid=False))  # fmt: skip
    inside = alt.Chart(data).mark_bar(color="#e4eef6", height=_STRIP_HEIGHT - 8)
    band = inside.encode(y=y, x=alt.datum(0, type="quantitative"), x2=alt.datum(1))
    colour = alt.Color(
        "verdict:N", title=titles["verdict"], legend=alt.Legend(orient="bottom"),
        scale=alt.Scale(domain=list(verdicts.values()), range=[ACCENT, WARNING, CONTROL]),
    )  # fmt: skip
    shape = alt.Shape(
        "verdict:N", title=titles["verdict"], legend=alt.Legend(orient="bottom"),
        scale=alt.Scale(domain=list(verdicts.values()), range=["circle", "triangle", "square"]),
    )  # fmt: skip
    point = alt.Chart(data.dropna(subset=["place"])).mark_point(filled=True, size=80, opacity=1)
    dots = point.encode(y=y, x=x, color=colour, shape=shape, tooltip=tips)
    return alt.layer(band, dots).properties(height=_STRIP_HEIGHT * len(order) + 80)
