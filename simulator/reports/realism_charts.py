"""Charts of a realism report: values in their bands, and the curves behind them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from simulator.reports.charts import CONTROL, SHADES, Axes, Spec, finished, lines, records

if TYPE_CHECKING:
    import pandas as pd

    from simulator.metrics.realism import Checked
    from simulator.metrics.realism.facts import Band

PASS: Final = SHADES[2]
FAIL: Final = "#c4501b"
_EDGE: Final = 1.0
"""How far beyond its band a value is drawn at most, in widths of the band."""


def band_chart(found: Sequence[Checked]) -> Spec:
    """Draw every judged value where it lies in its band: from 0, the low end, to 1, the high."""
    import altair as alt
    import pandas as pd

    rows = [
        {
            "value": band.value.replace("_", " "),
            "place": place_in(band, item.values[band.value]),
            "measured": item.values[band.value],
            "holds": "inside" if band.holds(item.values[band.value]) else "outside",
        }
        for item in found
        if item.verdict != "not judged"
        for band in item.fact.bands
    ]
    frame = pd.DataFrame(rows, columns=["value", "place", "measured", "holds"])
    order = frame["value"].tolist()
    y = alt.Y("value", type="nominal", sort=order, title=None, axis=alt.Axis(labelLimit=260))
    scale = alt.Scale(domain=[-_EDGE, 1 + _EDGE])
    data = alt.Chart(alt.InlineData(values=records(frame))).encode(y=y)
    ends = alt.InlineData(values=[{"low": 0, "high": 1}])
    band = alt.Chart(ends).mark_rect(color=CONTROL, opacity=0.18)
    shown = band.encode(x=alt.X("low:Q", scale=scale, title=None), x2="high:Q")
    colour = alt.Scale(domain=["inside", "outside"], range=[PASS, FAIL])
    title = "place in the band (grey), from its low end 0 to its high end 1"
    points = data.mark_point(filled=True, size=80, opacity=1).encode(
        x=alt.X("place", type="quantitative", scale=scale, title=title),
        color=alt.Color("holds", type="nominal", scale=colour, title=None),
        shape=alt.Shape("holds", type="nominal", title=None,
                        scale=alt.Scale(domain=["inside", "outside"], range=["circle", "cross"])),
        tooltip=[alt.Tooltip("value", type="nominal"),
                 alt.Tooltip("measured", type="quantitative", format=".3~g")],
    )  # fmt: skip
    spec = finished(alt.layer(shown, points))
    spec["height"] = max(120, 17 * len(rows))
    return spec


def place_in(band: Band, x: float) -> float:
    """Return where a value lies in a band: 0 at its low end, 1 at its high end, at most 1 beyond.

    A band without an upper end counts as being as wide as its low end is large, and the middle of
    a band that is a single value is that value.
    """
    width = band.high - band.low if math.isfinite(band.high) else abs(band.low)
    if width == 0:
        return 0.5 if x == band.low else math.copysign(_EDGE, x - band.low) + 0.5
    return min(1 + _EDGE, max(-_EDGE, (x - band.low) / width))


def hours_chart(hours: pd.DataFrame) -> Spec:
    """Draw the share of impressions by hour of the day."""
    axes = Axes("hour", "share", "hour of the day", "share of impressions", ".1%", zero=True)
    return lines(hours.assign(series="impressions"), axes, "series", colours=(SHADES[2],))


def slots_chart(slots: pd.DataFrame) -> Spec:
    """Draw click rates by slot, as they are and relative to what was predicted."""
    import pandas as pd

    mean = slots["ctr"] / slots["ctr"].mean()
    parts = [
        slots.assign(series="click rate", value=mean),
        slots.assign(series="over the predicted rate", value=slots["adjusted"]),
    ]
    axes = Axes("position", "value", "slot", "relative to all slots", ".2f")
    return lines(pd.concat(parts), axes, "series", colours=(CONTROL, SHADES[2]))


def ages_chart(ages: pd.DataFrame) -> Spec:
    """Draw the share of ten days' impressions by day of a note's life."""
    axes = Axes("day", "share", "day of a note's life", "share of impressions", ".0%", zero=True)
    return lines(ages.assign(series="notes"), axes, "series", colours=(SHADES[2],))


def lorenz_chart(lorenz: pd.DataFrame) -> Spec:
    """Draw the Lorenz curve of life impressions beside perfect equality."""
    import pandas as pd

    parts = [
        lorenz.assign(impressions=lorenz["notes"], series="equality"),
        lorenz.assign(series="this run"),
    ]
    axes = Axes("notes", "impressions", "share of notes, least seen first", "share of impressions",
                ".0%", zero=True)  # fmt: skip
    return lines(pd.concat(parts), axes, "series", colours=(CONTROL, SHADES[2]))
