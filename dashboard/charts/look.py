"""What the charts of runs side by side have in common."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import altair as alt

from dashboard.style import SERIES

HEIGHT: Final = 300
RUN: Final = "run"
"""Column that tells runs apart."""


def run_colour(runs: Sequence[str]) -> alt.Color:
    """Return the colours of runs, baseline first; the same on every chart of a page."""
    scale = alt.Scale(domain=list(runs), range=list(SERIES[: len(runs)]))
    legend = alt.Legend(title=None, orient="top", columns=2, labelLimit=260, symbolOpacity=1)
    return alt.Color(f"{RUN}:N", scale=scale, sort=list(runs), legend=legend)


def finished(layers: Sequence[alt.Chart], height: int = HEIGHT) -> alt.LayerChart:
    """Return layers as one chart in the house look; `height` in pixels."""
    chart = alt.LayerChart(layer=list(layers)).properties(height=height)
    styled = chart.configure_view(stroke=None).configure_axis(gridColor="#eceef1")
    assert isinstance(styled, alt.LayerChart)  # noqa: S101  (for the type checker)
    return styled


def names_axis(limit: int = 240, angle: int = 0) -> alt.Axis:
    """Return an axis that leaves no name out; `limit` in pixels, `angle` in degrees."""
    return alt.Axis(labelLimit=limit, labelOverlap=False, labelAngle=angle)


def number_format(*, percent: bool, signed: bool = False) -> str:
    """Return how an axis or a tip writes numbers, as d3 reads it."""
    return ("+" if signed else "") + (".3~p" if percent else ",.4~r")
