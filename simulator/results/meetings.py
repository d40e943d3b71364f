"""What only tests keep: who met whom, and which groups were drawn whole."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from simulator.contracts.events import DAY_S
from simulator.results.folder import RunFolder
from simulator.results.params import MetricParams
from simulator.results.query import Query
from simulator.results.tables import CLUSTERS, OF_TESTS, arrow_schema, write_parquet

if TYPE_CHECKING:
    from simulator.contracts.groups import Groups

_SOURCES = ("events", "notes")


def build_meetings(folder: RunFolder, params: MetricParams, first_day: int = 0) -> None:
    """Write `meetings.parquet`.

    Args:
        folder: run whose event log is complete.
        params: days and windows.
        first_day: first measured day that counts.

    Raises:
        RunError: a source table is damaged, or the result cannot be written.
    """
    start_t = (params.warm_up_days + first_day) * DAY_S
    end_t = (params.warm_up_days + params.measured_days) * DAY_S
    new = f"note_age_s < {params.new_age_s}"
    of_test = f"published_t >= {start_t} AND published_t <= {end_t - DAY_S}"
    young = f"note_age_s < {DAY_S} AND {of_test}"
    with Query(folder.path, _SOURCES, scratch=folder.scratch) as query:
        query.store(
            "meetings",
            f"""
            SELECT events.reader_id, events.creator_id, max(events.reader_arm) AS reader_arm,
                events.note_arm, count(*) AS impressions, sum(click) AS clicks,
                count(*) FILTER ({new}) AS new_impressions,
                coalesce(sum(click) FILTER ({new}), 0) AS new_clicks,
                count(*) FILTER ({young}) AS impressions_24h,
                coalesce(sum(click) FILTER ({young}), 0) AS clicks_24h
            FROM events JOIN notes USING (note_id) WHERE day >= {first_day}
            GROUP BY events.reader_id, events.creator_id, events.note_arm
            ORDER BY events.reader_id, events.creator_id, events.note_arm""",
        )


def write_clusters(folder: RunFolder, groups: Groups) -> None:
    """Write `clusters.parquet`.

    Args:
        folder: run whose test drew groups.
        groups: the groups.

    Raises:
        RunError: the file could not be written.
    """
    import pyarrow as pa

    side = np.full(groups.unit.shape, int(groups.side == "creator"), np.uint8)
    arrays = [pa.array(x) for x in (side, groups.unit, groups.cluster, groups.arm)]
    table = pa.Table.from_arrays(arrays, schema=arrow_schema(CLUSTERS))
    write_parquet(folder.path / OF_TESTS["clusters"].place, table)
