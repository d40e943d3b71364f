"""Outcomes by unit of a run with arms: readers, new notes and creators, one row each.

Units come with what they did before the experiment, where they were there, as covariates.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from simulator.contracts.events import DAY_S, Arm
from simulator.contracts.plugins import ExperimentDesign
from simulator.experiments.analysis import Mean, Metric, Ratio

if TYPE_CHECKING:
    from simulator.results.result import Result

CLUSTER: Final = "cluster"
"""Column of the group of a unit, where groups were randomised whole."""

READER_METRICS: Final[dict[str, Metric]] = {
    "ctr": Ratio("clicks", "impressions", ("pre_clicks", "pre_impressions")),
    "time_min_per_reader": Mean("time_min", "pre_time_min"),
    "impressions_per_reader": Mean("impressions", "pre_impressions"),
    "active_days_per_reader": Mean("active_days", "pre_active_days"),
    "new_note_share": Ratio("new_impressions", "impressions"),
    "new_note_ctr": Ratio("new_clicks", "new_impressions"),
    "retention_next_day": Ratio("returns", "origins", ("pre_returns", "pre_origins")),
    "sessions_per_reader": Mean("sessions", "pre_sessions"),
    "publish_penetration": Ratio(
        "publish_days", "active_days", ("pre_publish_days", "pre_active_days")
    ),
    "publish_days_per_reader": Mean("publish_days", "pre_publish_days"),
}
"""What readers do; a row is a reader."""

NOTE_METRICS: Final[dict[str, Metric]] = {
    "impressions_24h": Mean("impressions_24h", "creator_pre_impressions"),
    "fulfilled": Mean("fulfilled", "creator_pre_impressions"),
    "clicks_24h": Mean("clicks_24h"),
    "note_ctr_24h": Ratio("clicks_24h", "impressions_24h"),
    "high_heat_share": Mean("hot"),
    "impression_share_24h": Mean("impression_share", "creator_pre_impressions"),
}
"""What becomes of new notes; a row is a note, errors are clustered by creator."""

CREATOR_METRICS: Final[dict[str, Metric]] = {
    "notes_per_creator": Mean("published", "pre_published"),
    "active_creators": Mean("active", "pre_active"),
    "notes_per_active_creator": Ratio("published", "active"),
}
"""What creators do; a row is a creator."""

DESCRIPTIONS: Final[dict[str, str]] = {
    "ctr": "clicks per impression, all notes",
    "time_min_per_reader": "minutes that a reader spends over the test",
    "impressions_per_reader": "notes that a reader sees over the test",
    "active_days_per_reader": "days with a visit of a reader over the test",
    "new_note_share": "share of impressions that go to new notes",
    "new_note_ctr": "clicks per impression of new notes",
    "impressions_24h": "impressions of a new note in its first 24 hours",
    "fulfilled": "share of new notes that reach the target impressions in time",
    "clicks_24h": "clicks on a new note in its first 24 hours",
    "note_ctr_24h": "clicks per impression of new notes in their first 24 hours",
    "notes_per_creator": "notes that a creator publishes over the test",
    "retention_next_day": "share of days with a visit that are followed by one the next day",
    "sessions_per_reader": "sessions of a reader over the test",
    "publish_penetration": "days on which a reader publishes per day with a visit",
    "publish_days_per_reader": (
        "days on which a reader publishes: the numerator of publish_penetration, whose denominator "
        "is active_days_per_reader"
    ),
    "high_heat_share": "share of new notes that reach the clicks of a hot note by the test's end",
    "impression_share_24h": "share of impressions that new notes get in their first 24 hours",
    "active_creators": "share of creators, known before the test, who publish in it",
    "notes_per_active_creator": "notes of a creator who publishes, over the test",
    "impressions_24h_tsrn": "impressions of a new note: treated pairs against all others",
    "impressions_24h_tsri1": "impressions of a new note, corrected for competition, k = 1",
    "impressions_24h_tsri2": "impressions of a new note, corrected for competition, k = 2",
    "clicks_24h_tsrn": "clicks on a new note: treated pairs against all others",
    "clicks_24h_tsri1": "clicks on a new note, corrected for competition, k = 1",
    "clicks_24h_tsri2": "clicks on a new note, corrected for competition, k = 2",
}

FAMILIES: Final[dict[str, str]] = {
    **dict.fromkeys(READER_METRICS, "readers"),
    **dict.fromkeys(NOTE_METRICS, "notes"),
    **dict.fromkeys(CREATOR_METRICS, "creators"),
}
"""Metric -> family, inside which p-values are adjusted."""


def family_of(metric: str) -> str:
    """Return the family of a metric; a name with one more word is in that of the shorter name."""
    return FAMILIES.get(metric) or FAMILIES.get(metric.rpartition("_")[0], "notes")


DAY_METRICS: Final = ("ctr", "new_note_share", "new_note_ctr", "note_ctr_24h")
"""Metrics of designs that randomise days: ratios of a day's totals."""

RARE: Final[dict[str, str]] = {"high_heat_share": "hot"}
"""Metrics that count rare notes -> the column of 0 and 1 that is counted."""

_SUMS: Final = (
    "impressions", "clicks", "new_impressions", "new_clicks", "time_spent_s", "sessions",
)  # fmt: skip


def reader_table(result: Result, until_day: int | None = None, from_day: int = 0) -> pd.DataFrame:
    """Return one row a reader who ever came: arm, totals of the test, and of the days before.

    Args:
        result: a finished run.
        until_day: last measured day that counts; all by default.
        from_day: first measured day that counts.
    """
    days = result.readers
    if until_day is not None:
        days = days[days["day"] <= until_day]
    days = _with_days(days, result.notes)
    columns = [*_SUMS, "active_days", "returns", "origins", "publish_days"]
    after = days[days["day"] >= from_day].groupby("reader_id")[columns].sum()
    before = days[days["day"] < 0].groupby("reader_id")[columns].sum().add_prefix("pre_")
    arm = days.groupby("reader_id")["reader_arm"].first()
    table = arm.to_frame("arm").join(after).join(before).fillna(0.0)
    table["time_min"] = table.pop("time_spent_s") / 60.0
    table["pre_time_min"] = table.pop("pre_time_spent_s") / 60.0
    return _grouped(result, table.reset_index(), "reader_id", side=0)


def _with_days(days: pd.DataFrame, notes: pd.DataFrame) -> pd.DataFrame:
    """Add to reader-days: whether the reader came the next day, where that is known, and wrote."""
    key = days["reader_id"].to_numpy(np.int64) * _DAYS + days["day"].to_numpy(np.int64)
    day = days["day"].to_numpy()
    # The last day before the test is no origin: what follows it is under treatment.
    known = (day < day.max(initial=0)) & (day != -1)
    written = notes[notes["published_t"] >= 0]
    wrote = written["creator_id"].to_numpy(np.int64) * _DAYS + written["published_day"].to_numpy()
    return days.assign(
        active_days=1,
        origins=known.astype(np.int64),
        returns=(known & np.isin(key + 1, key)).astype(np.int64),
        publish_days=np.isin(key, wrote).astype(np.int64),
    )


_DAYS: Final = 100_000
"""More days than any run has, to make one number of a reader and a day."""


def note_table(result: Result, until_day: int | None = None, from_day: int = 0) -> pd.DataFrame:
    """Return one row a note that was published in the test, 24 hours before its end or earlier.

    The covariate is what a creator's earlier notes got a note in their first 24 hours; missing for
    creators without any.

    Args:
        result: a finished run.
        until_day: last measured day of publication that counts; all by default.
        from_day: first measured day of publication that counts.
    """
    params = result.manifest.params
    start_t = params.warm_up_days * DAY_S
    end_t = start_t + params.measured_days * DAY_S
    notes = result.notes
    earlier = notes[(notes["published_t"] >= 0) & (notes["published_t"] < start_t - DAY_S)]
    history = earlier.groupby("creator_id")["impressions_24h"].mean()
    first_t = start_t + from_day * DAY_S
    rows = (notes["published_t"] >= first_t) & (notes["published_t"] <= end_t - DAY_S)
    new = notes[rows] if until_day is None else notes[rows & (notes["published_day"] <= until_day)]
    table = new[["note_id", "creator_id", "category", "impressions_24h", "clicks_24h"]].copy()
    table["arm"] = new["note_arm"]
    table["day"] = new["published_day"]
    table["fulfilled"] = new["reached_target_t"].notna().astype(float)
    hot = params.scaled(params.hot_clicks)
    table["hot"] = (new["clicks"] >= hot).astype(float)
    last = params.measured_days if until_day is None else until_day
    shown = float(result.readers.loc[result.readers["day"].between(0, last), "impressions"].sum())
    table["impression_share"] = table["impressions_24h"] * (len(table) / shown if shown else 0.0)
    table["creator_pre_impressions"] = table["creator_id"].map(history)
    known = notes[notes["published_t"] < start_t].groupby("creator_id").size()
    table["creator_pre_notes"] = table["creator_id"].map(known)
    return _grouped(result, table.reset_index(drop=True), "creator_id", side=1)


def creator_table(result: Result, design: ExperimentDesign[Any]) -> pd.DataFrame:
    """Return one row a creator with notes from before the test: notes in it, and before.

    Args:
        result: a finished run.
        design: the design, set up; it draws the arm of a creator.
    """
    notes = result.notes
    start_t = result.manifest.params.warm_up_days * DAY_S
    known = notes[notes["published_t"] < start_t]
    ids = np.sort(known["creator_id"].unique()).astype(np.int32)
    table = pd.DataFrame({"creator_id": ids})
    none = np.zeros(ids.size, np.int32)
    new = np.ones(ids.size, np.bool_)
    table["arm"] = design.note_arms(none, ids, none.astype(np.int16), new)
    first_t = start_t + design.first_read_day * DAY_S
    after = notes[notes["published_t"] >= first_t].groupby("creator_id").size()
    before = known[known["published_t"] >= 0].groupby("creator_id").size()
    table["published"] = table["creator_id"].map(after).fillna(0.0)
    table["pre_published"] = table["creator_id"].map(before).fillna(0.0)
    table["active"] = (table["published"] > 0).astype(float)
    table["pre_active"] = (table["pre_published"] > 0).astype(float)
    return _grouped(result, table, "creator_id", side=1)


def _grouped(result: Result, table: pd.DataFrame, unit: str, side: int) -> pd.DataFrame:
    """Add the `cluster` and arm of units that were drawn in groups; others are outside."""
    drawn = getattr(result, "clusters", None)
    if drawn is None or not (drawn["side"] == side).any():
        return table
    of_unit = drawn[drawn["side"] == side].set_index("unit_id")
    cluster = table[unit].map(of_unit["cluster"]).fillna(-1).astype(np.int64)
    arm = table[unit].map(of_unit["arm"]).fillna(int(Arm.OUTSIDE)).astype(np.uint8)
    return table.assign(cluster=cluster, arm=arm)


def unit_of(table: pd.DataFrame, unit: str) -> str:
    """Return the column of what was randomised: groups where there are any, else the unit."""
    return CLUSTER if CLUSTER in table else unit


def cell_totals(result: Result) -> NDArray[np.float64]:
    """Return float[2, 2], impressions of new notes by arm of reader (row) and of note (column).

    Needs the event log.

    Args:
        result: a finished run.
    """
    columns = ["reader_arm", "note_arm"]
    events = result.events(columns, where=f"day >= 0 AND note_age_s < {DAY_S}")
    out = np.zeros((2, 2))
    inside = events[(events != int(Arm.OUTSIDE)).all(axis=1)]
    np.add.at(out, (inside["reader_arm"], inside["note_arm"]), 1.0)
    return out


def in_arms(table: pd.DataFrame) -> pd.DataFrame:
    """Return the rows that are in the experiment."""
    return table[table["arm"] != int(Arm.OUTSIDE)]


def levels(table: pd.DataFrame, metrics: dict[str, Metric]) -> dict[str, float]:
    """Return the value of each metric over all rows of a table, whatever their arm."""
    out: dict[str, float] = {}
    for name, metric in metrics.items():
        if isinstance(metric, Ratio):
            below = float(table[metric.denominator].sum())
            out[name] = float(table[metric.numerator].sum()) / below if below else float("nan")
        elif isinstance(metric, Mean):
            out[name] = float(table[metric.column].mean())
    return out
