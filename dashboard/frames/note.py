"""One note of a run beside its peers, and the same note in another run of the same world."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from dashboard.frames.windows import published, whole_window
from simulator.contracts.events import DAY_S, HOUR_S
from simulator.metrics.failures import REASONS, Failures, find_failures
from simulator.metrics.intervals import wilson
from simulator.metrics.journeys import COLUMNS, exposure_by_hour, promises
from simulator.results.folder import RunFolder
from simulator.results.result import Result

Choice = Literal["random", "best", "worst"]
PeersBy = Literal["hour", "category", "all"]
PEERS: Final[tuple[PeersBy, ...]] = ("hour", "category", "all")
_BAND: Final = (0.1, 0.5, 0.9)


@dataclass(frozen=True, slots=True)
class Match:
    """The counterpart of a note in another run.

    Attributes:
        note_id: the note there, None when there is none.
        how: `same`, the same creator published it at the same instant; `nth`, another note, the
            creator's note of the same number; `none`.
    """

    note_id: int | None
    how: Literal["same", "nth", "none"]


def window_h(run: Result) -> int:
    """Return the length of a run's quota window in whole hours, at least 1."""
    return max(1, run.manifest.params.quota_window_s // HOUR_S)


def target(run: Result) -> int:
    """Return the impressions that fulfil the quota in a run, scaled with its world."""
    params = run.manifest.params
    return params.scaled(params.quota_impressions)


def judged(run: Result) -> pd.DataFrame:
    """Return the new notes of a run whose quota window is over, by note id."""
    return whole_window(run, float(run.manifest.params.quota_window_s)).set_index("note_id")


def notes_of(run: Result) -> pd.DataFrame:
    """Return the notes published on measured days, by note id."""
    return published(run).set_index("note_id")


def facts_of(run: Result, note_id: int) -> dict[str, Any]:
    """Return the row of a note published on a measured day, by column."""
    row = notes_of(run).loc[[note_id]].to_dict("records")[0]
    return {str(name): value for name, value in row.items()}


def choose(run: Result, how: Choice, seed: int = 0) -> int | None:
    """Return a note: any, the most seen, or the least seen of those that missed the quota.

    Args:
        run: the run.
        how: which one.
        seed: of a random choice.
    """
    notes = judged(run)
    if how == "worst":
        notes = notes[notes["reached_target_t"].isna()]
    if notes.empty:
        return None
    if how == "random":
        return int(notes.index.to_numpy()[np.random.default_rng(seed).integers(len(notes))])
    ids = notes.index.to_numpy()
    seen = curves(run).loc[ids].to_numpy(float)[:, -1]
    return int(ids[seen.argmax() if how == "best" else seen.argmin()])


@lru_cache(maxsize=16)
def curves(run: Result) -> pd.DataFrame:
    """Return cumulative impressions of the judged notes: one row a note, a column an hour."""
    hours = window_h(run)
    found = exposure_by_hour(RunFolder(run.folder), float(hours * HOUR_S))
    index = judged(run).index
    table = np.zeros((len(index), hours + 1))
    place = index.get_indexer(pd.Index(found["note_id"]))
    rows = place >= 0
    hour = found["hour"].to_numpy(np.int64)[rows] + 1
    np.add.at(table, (place[rows], hour), found["impressions"].to_numpy(float)[rows])
    return pd.DataFrame(table.cumsum(axis=1), index=index)


def peers(run: Result, note_id: int, by: PeersBy) -> NDArray[np.int64]:
    """Return the judged notes of the same hour of the day, category, or all of them."""
    notes, note = judged(run), facts_of(run, note_id)
    if by == "category":
        notes = notes[notes["category"] == note["category"]]
    elif by == "hour":
        hour = notes["published_t"] % DAY_S // HOUR_S
        notes = notes[hour == note["published_t"] % DAY_S // HOUR_S]
    return notes.index[notes.index != note_id].to_numpy(np.int64)


def band(run: Result, note_ids: NDArray[np.int64]) -> pd.DataFrame:
    """Return hour, median and the 10 % and 90 % quantiles of notes' cumulative impressions."""
    table = curves(run).loc[note_ids].to_numpy(float)
    if not len(table):
        return pd.DataFrame(columns=["hour", "low", "median", "high"], dtype=float)
    low, median, high = np.quantile(table, _BAND, axis=0)
    hours = np.arange(table.shape[1], dtype=float)
    return pd.DataFrame({"hour": hours, "low": low, "median": median, "high": high})


@lru_cache(maxsize=32)
def journey(run: Result, note_id: int) -> pd.DataFrame:
    """Return the impressions of a note in its window, in order of time.

    Columns: hour since publishing, impressions and clicks so far, ctr so far with the ends of
    Wilson's 95 % interval, coefficient (final over organic rank value) and the columns of the log.
    """
    events = run.events(COLUMNS, f"note_id = {int(note_id)} AND note_age_s < {window_h(run)}*3600")
    events = events.sort_values("note_age_s", kind="stable", ignore_index=True)
    n = np.arange(1, len(events) + 1, dtype=float)
    clicks = events["click"].to_numpy(float).cumsum()
    low, high = wilson(clicks / n, n)
    organic = events["organic_value"].to_numpy(float)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = events["final_value"].to_numpy(float) / organic
    return events.assign(
        hour=events["note_age_s"].to_numpy(float) / HOUR_S,
        impressions=n,
        clicks=clicks,
        ctr=clicks / n,
        low=low,
        high=high,
        coefficient=np.where(organic > 0, ratio, np.nan),
        helped=events["granted_by"].to_numpy() > 0,
    )


def steps(found: pd.DataFrame, hours: int) -> pd.DataFrame:
    """Return hour and impressions so far of a journey, from 0 to the end of the window."""
    n = float(len(found))
    hour = [0.0, *found["hour"], float(hours)]
    return pd.DataFrame({"hour": hour, "impressions": [0.0, *found["impressions"], n]})


def channel_counts(found: pd.DataFrame, channels: tuple[str, ...]) -> pd.DataFrame:
    """Return channel and the impressions of a journey that it had found; several may find one."""
    bits = found["channels"].to_numpy(np.int64)
    counts = [int(((bits >> c) & 1).sum()) for c in range(len(channels))]
    return pd.DataFrame({"channel": channels, "impressions": counts})


def quota_path(run: Result, note_id: int) -> tuple[pd.DataFrame, bool]:
    """Return the path that was promised to a note, as lines, and whether a policy promised it.

    Columns: stage, hour, impressions; two rows a stage, its start and its deadline. Without a
    promise the path is the even pace to the scenario's threshold.
    """
    start = float(facts_of(run, note_id)["published_t"])
    made = promises(RunFolder(run.folder), note_id)
    if made.empty:
        pace = {"hour": [0.0, float(window_h(run))], "impressions": [0.0, float(target(run))]}
        return pd.DataFrame({"stage": [0, 0], **pace}), False
    ends = [made[["t", "impressions"]], made[["deadline_t", "target"]]]
    named = [end.set_axis(["hour", "impressions"], axis=1).assign(stage=made.index) for end in ends]
    path = pd.concat(named, ignore_index=True).sort_values(["stage", "hour"], ignore_index=True)
    return path.assign(hour=(path["hour"] - start) / HOUR_S), True


@lru_cache(maxsize=16)
def failures(run: Result) -> Failures:
    """Return why notes of a run missed their quota; kept for the same run."""
    return find_failures(run.folder, run.manifest.params)


def reason(run: Result, note_id: int) -> tuple[str, pd.DataFrame]:
    """Return the dominant reason ("" when it reached the quota or is not judged) and all lags.

    The lags have the columns factor and times: how much of what notes that reached it had.
    """
    found = failures(run).notes
    own = found[found["note_id"] == note_id]
    if own.empty:
        return "", pd.DataFrame(columns=["factor", "times"])
    lags = own[[f"lag_{name}" for name in REASONS]].to_numpy(float)[0]
    frame = pd.DataFrame({"factor": list(REASONS), "times": np.exp(-lags)})
    return str(own["reason"].iloc[0]), frame


def match(run: Result, note_id: int, other: Result) -> Match:
    """Find a note of one run in another run of the same world.

    Publishing follows motivation, so that runs drift apart: a note may have another id there, or
    not exist. The instant of publishing is drawn for creator, day and serial number; the same
    creator at the same instant is the same note, with the same quality and luck.
    """
    note, there = facts_of(run, note_id), notes_of(other)
    same = there[
        (there["published_t"] == note["published_t"])
        & (there["creator_id"] == note["creator_id"])
        & (there["category"] == note["category"])
    ]
    if len(same):
        return Match(int(same.index[0]), "same")
    own = notes_of(run)
    earlier = (own["creator_id"] == note["creator_id"]) & (own.index < note_id)
    theirs = there[there["creator_id"] == note["creator_id"]].sort_index()
    n = int(earlier.sum())
    return Match(int(theirs.index[n]), "nth") if n < len(theirs) else Match(None, "none")
