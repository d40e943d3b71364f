"""Readers whom a note met in one of two twin runs, or in both."""

from __future__ import annotations

from typing import Final

import pandas as pd

from simulator.experiments.traces.lives import TWIN

MEETING: Final = [*TWIN, "reader_id"]
"""Columns that name a note and a reader in every run of a seed."""


def compare_meetings(other: pd.DataFrame, base: pd.DataFrame) -> pd.DataFrame:
    """Compare what two twin runs did after the window, reader by reader.

    A note that was shown more in its window has met readers who would have met it later. What is
    left of that is seen in readers whom it met in neither window, a group that is the same for both
    runs. And what is believed of the note is seen in readers whom it met later in both.

    Args:
        other, base: what `lives.meetings` returns for two runs of one seed.

    Returns:
        One row a creator: `creator_id`; `fresh` and `base_fresh`, natural impressions after the
        window by readers met in neither window, in each run; `both`, those by readers met after
        the window in both runs, with sums `p_click` and `base_p_click` of what was predicted.
    """
    windows = pd.concat([run.loc[run["in_window"], MEETING] for run in (other, base)])
    seen = pd.MultiIndex.from_frame(windows.drop_duplicates())
    later = [run[run["is_later"]] for run in (other, base)]
    fresh = [run.groupby("creator_id").size() for run in (_without(run, seen) for run in later)]
    predicted = later[1][[*MEETING, "p_click"]].rename(columns={"p_click": "base_p_click"})
    same = later[0][[*MEETING, "p_click"]].merge(predicted, on=MEETING)
    believed = same.groupby("creator_id").agg(
        both=("p_click", "size"), p_click=("p_click", "sum"), base_p_click=("base_p_click", "sum")
    )
    table = believed.join(fresh[0].rename("fresh"), how="outer")
    table = table.join(fresh[1].rename("base_fresh"), how="outer")
    return table.fillna(0.0).reset_index()


def _without(run: pd.DataFrame, seen: pd.MultiIndex) -> pd.DataFrame:
    return run[~pd.MultiIndex.from_frame(run[MEETING]).isin(seen)]
