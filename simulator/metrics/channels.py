"""Which recall channels find the notes that are shown and clicked, and when in a note's life."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from simulator.metrics.bands import AGES, band_sql, exposures, labels
from simulator.metrics.intervals import ClusterSums, clustered
from simulator.results.folder import RunFolder
from simulator.results.query import Query

if TYPE_CHECKING:
    import pandas as pd

SHADOW: Final = "shadow."
"""Mark of channels whose finds are logged and not shown."""

_FOUND: Final = "(channels >> {c}) & 1"


@dataclass(frozen=True, slots=True)
class ChannelTables:
    """What each channel found of the measured impressions.

    Shares of a channel that shows its finds are no recall: what it found was shown the likelier,
    and what no channel found was not shown at all. A shadow channel has no say in what is shown,
    so its share of the clicked impressions is recall among what the others showed.

    Attributes:
        channels: names, in the order of their bits; shadow channels are marked.
        impressions, clicks: how many impressions, and clicked ones, the tables rest on.
        clicked: of clicked impressions, one row an age band, exposure band and channel, with
            `all` for margins: `n` impressions of `notes` notes, `found` by the channel, `share`
            with the ends of its 95 % interval (`low`, `high`, clustered by note), and `alone`,
            found by no other channel that shows its finds, with `alone_share` (null for shadow
            channels).
        shown: the same of all impressions: the channel mix.
        overlap: one row a pair of channels: `both`, impressions that both found, `share` of all
            impressions, and `of_channel`, share of those that the first found.
    """

    channels: tuple[str, ...]
    impressions: int
    clicks: int
    clicked: pd.DataFrame
    shown: pd.DataFrame
    overlap: pd.DataFrame

    def long(self) -> pd.DataFrame:
        """Return the three tables as one, told apart by the column `table`."""
        import pandas as pd

        tables = {"clicked": self.clicked, "shown": self.shown, "overlap": self.overlap}
        return pd.concat(
            [frame.assign(table=name) for name, frame in tables.items()], ignore_index=True
        )[["table", *dict.fromkeys([*self.clicked.columns, *self.overlap.columns])]]


def channel_tables(folder: RunFolder) -> ChannelTables:
    """Compute the tables from the event log of a finished run.

    Args:
        folder: the run; without an event log every table is empty.

    Raises:
        RunError: a table is damaged.
    """
    manifest = folder.manifest
    channels, params = manifest.channels, manifest.params
    bands = labels(AGES), labels(exposures(params))
    age, exposure = band_sql("note_age_s", AGES), band_sql("note_impressions", exposures(params))
    with Query(folder.path, ["events"], scratch=folder.scratch) as query:
        query.execute(f"""
            CREATE TEMP VIEW banded AS
            SELECT {age} AS age, {exposure} AS exposure, note_id, channels, click
            FROM events WHERE day >= 0 AND day < {params.measured_days}""")
        clicked = _shares(query.columns(_sums(channels, "click = 1")), channels, bands)
        shown = _shares(query.columns(_sums(channels, "true")), channels, bands)
        masks = query.columns("""
            SELECT channels, count(*) AS n, count(*) FILTER (click = 1) AS clicks
            FROM banded GROUP BY channels ORDER BY channels""")
    n, clicks = (masks[name].astype(np.int64) for name in ("n", "clicks"))
    overlap = _overlap(masks["channels"].astype(np.uint32), n, channels)
    return ChannelTables(channels, int(n.sum()), int(clicks.sum()), clicked, shown, overlap)


def _sums(channels: Sequence[str], condition: str) -> str:
    """Return SQL for sums over notes by band; the age or exposure of a margin is -1."""
    served = sum(1 << c for c, name in enumerate(channels) if not name.startswith(SHADOW))
    by_note = ", ".join(
        f"sum({_FOUND.format(c=c)}) AS y{c}, "
        f"count(*) FILTER ((channels & {served}) = {(1 << c) & served or -1}) AS alone{c}"
        for c in range(len(channels))
    )
    again = ", ".join(f"sum(y{c}) AS y{c}, sum(alone{c}) AS alone{c}" for c in range(len(channels)))
    totals = ", ".join(
        f"sum(y{c}) AS y{c}, sum(y{c} * y{c}) AS yy{c}, sum(n * y{c}) AS ny{c}, "
        f"count(*) FILTER (y{c} > 0) AS hit{c}, count(*) FILTER (y{c} < n) AS missed{c}, "
        f"sum(alone{c}) AS alone{c}"
        for c in range(len(channels))
    )
    return f"""
        WITH note AS (
            SELECT age, exposure, note_id, count(*) AS n, {by_note}
            FROM banded WHERE {condition} GROUP BY age, exposure, note_id
        ), margin AS (
            SELECT age, exposure, note_id, sum(n) AS n, {again} FROM note
            GROUP BY GROUPING SETS ((age, exposure, note_id), (age, note_id),
                (exposure, note_id), (note_id))
        )
        SELECT coalesce(age, -1) AS age, coalesce(exposure, -1) AS exposure, count(*) AS notes,
            sum(n) AS n, sum(n * n) AS nn, {totals}
        FROM margin GROUP BY ALL ORDER BY age, exposure"""


def _shares(
    found: Mapping[str, NDArray[np.generic]],
    channels: Sequence[str],
    bands: tuple[list[str], list[str]],
) -> pd.DataFrame:
    """Return one row a cell and channel, bands in their order and margins last."""
    import pandas as pd

    sums = {name: column.astype(np.float64) for name, column in found.items()}
    age, exposure = (sums[name].astype(np.int64) for name in ("age", "exposure"))
    frames = []
    for c, name in enumerate(channels):
        parts = (sums[f"{part}{c}"] for part in ("ny", "yy", "hit", "missed"))
        own = ClusterSums(sums["notes"], sums["n"], sums[f"y{c}"], sums["nn"], *parts)
        low, high = clustered(own)
        alone = np.nan if name.startswith(SHADOW) else sums[f"alone{c}"]
        frames.append(
            pd.DataFrame(
                {
                    "age": np.array(bands[0])[age],
                    "exposure": np.array(bands[1])[exposure],
                    "channel": name,
                    "notes": own.clusters.astype(np.int64),
                    "n": own.n.astype(np.int64),
                    "found": own.y.astype(np.int64),
                    "share": own.y / own.n,
                    "low": low,
                    "high": high,
                    "alone": alone,
                    "alone_share": alone / own.n,
                }
            ).assign(_age=age % len(bands[0]), _exposure=exposure % len(bands[1]), _channel=c)
        )
    order = ["_age", "_exposure", "_channel"]
    return pd.concat(frames).sort_values(order, ignore_index=True).drop(columns=order)


def _overlap(
    masks: NDArray[np.uint32], n: NDArray[np.int64], channels: Sequence[str]
) -> pd.DataFrame:
    """Return one row an ordered pair of channels, a channel with itself included."""
    import pandas as pd

    bits = (masks[:, None] >> np.arange(len(channels), dtype=np.uint32)) & 1
    both = bits.T.astype(np.int64) @ (bits * n[:, None]).astype(np.int64)
    a, b = np.divmod(np.arange(both.size), max(1, len(channels)))
    names = np.array(channels, object)
    with np.errstate(divide="ignore", invalid="ignore"):
        share, of_channel = both / np.float64(n.sum()), both / np.diag(both)[:, None]
    return pd.DataFrame(
        {
            "channel": names[a],
            "other": names[b],
            "both": both.ravel(),
            "share": share.ravel(),
            "of_channel": of_channel.ravel(),
        }
    )
