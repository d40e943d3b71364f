"""Charts of the funnel: stages, losses, channels and costs."""

from __future__ import annotations

from collections.abc import Sequence

import altair as alt
import pandas as pd

from dashboard.charts.look import RUN, finished, names_axis, run_colour


def stage_chart(
    frame: pd.DataFrame, runs: Sequence[str], titles: tuple[str, str]
) -> alt.LayerChart:
    """Draw the requests in which new notes reached each stage, and how many of them went on.

    Args:
        frame: columns run, stage (words, in order), requests, kept, reached.
        runs: names of all runs, baseline first.
        titles: of requests and of kept.
    """
    base = _bars(frame, runs, "stage")
    x = alt.X("requests:Q", title=titles[0], axis=alt.Axis(format="~s", tickCount=6))
    tips = [*_tips("stage"), alt.Tooltip("requests:Q", title=titles[0], format=",.0f"),
            alt.Tooltip("kept:Q", title=titles[1], format=".1%")]  # fmt: skip
    bars = base.mark_bar().encode(x=x, tooltip=tips)
    text = base.mark_text(align="left", dx=4, fontSize=11).encode(
        x=x, text="label:N", color=alt.value("#555")
    )
    return finished([bars, text], _height(frame, "stage", runs))


def share_chart(
    frame: pd.DataFrame, runs: Sequence[str], by: str, column: str, title: str
) -> alt.LayerChart:
    """Draw a share for each of some names, one bar a run.

    Args:
        frame: columns run, `by` (words, in order) and `column`, from 0 to 1.
        runs: names of all runs, baseline first.
        by: what the bars are of.
        column: what they show.
        title: of x.
    """
    x = alt.X(f"{column}:Q", title=title, axis=alt.Axis(format="%"))
    tips = [*_tips(by), alt.Tooltip(f"{column}:Q", title=title, format=".1%")]
    return finished(
        [_bars(frame, runs, by).mark_bar().encode(x=x, tooltip=tips)], _height(frame, by, runs)
    )


def cost_chart(frame: pd.DataFrame, runs: Sequence[str], title: str) -> alt.LayerChart:
    """Draw microseconds an impression by stage.

    Args:
        frame: columns run, stage, micros, share.
        runs: names of all runs, baseline first.
        title: of x.
    """
    x = alt.X("micros:Q", title=title, axis=alt.Axis(format=",.0f"))
    tips = [*_tips("stage"), alt.Tooltip("micros:Q", title=title, format=",.1f"),
            alt.Tooltip("share:Q", format=".1%")]  # fmt: skip
    bars = _bars(frame, runs, "stage").mark_bar().encode(x=x, tooltip=tips)
    return finished([bars], _height(frame, "stage", runs))


def overlap_chart(
    frame: pd.DataFrame, channels: Sequence[str], titles: tuple[str, str, str]
) -> alt.LayerChart:
    """Draw, of what one channel found (rows), how much each other one found too (columns).

    Args:
        frame: columns channel, other, share.
        channels: names in order.
        titles: of rows, of columns and of the share.
    """
    base = alt.Chart(frame).encode(
        x=alt.X("other:N", title=titles[1], sort=list(channels),
                axis=names_axis(160, -60)),
        y=alt.Y("channel:N", title=titles[0], sort=list(channels), axis=names_axis(160)),
    )  # fmt: skip
    colour = alt.Color("share:Q", title=None, legend=None,
                       scale=alt.Scale(scheme="blues", domain=[0, 1]))  # fmt: skip
    tips = ["channel:N", "other:N", alt.Tooltip("share:Q", title=titles[2], format=".1%")]
    cells = base.mark_rect().encode(color=colour, tooltip=tips)
    text = base.mark_text(fontSize=10).encode(
        text=alt.Text("share:Q", format=".0%"),
        color=alt.condition("datum.share > 0.55", alt.value("white"), alt.value("#333")),
    )
    return finished([cells, text], 190 + 26 * len(channels))


def _bars(frame: pd.DataFrame, runs: Sequence[str], by: str) -> alt.Chart:
    names = list(dict.fromkeys(frame[by]))
    y = alt.Y(f"{by}:N", title=None, sort=names,
              axis=names_axis())  # fmt: skip
    chart: alt.Chart = alt.Chart(frame).encode(
        y=y, yOffset=alt.YOffset(f"{RUN}:N", sort=list(runs)), color=run_colour(runs)
    )
    return chart


def _tips(by: str) -> list[alt.Tooltip]:
    return [alt.Tooltip(f"{RUN}:N", title=" "), alt.Tooltip(f"{by}:N", title=" ")]


def _height(frame: pd.DataFrame, by: str, runs: Sequence[str]) -> int:
    return 110 + frame[by].nunique() * (26 if len(runs) == 1 else 18 * len(runs))
