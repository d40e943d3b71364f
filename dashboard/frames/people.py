"""From a run to how creators and readers come back, by what a platform sees of them."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from simulator.contracts.events import DAY_S
from simulator.metrics.intervals import wilson

if TYPE_CHECKING:
    from simulator.results.result import Result

SEGMENTS: Final = ("none", "low", "mid", "high")
"""Segments by an amount, in order: nothing, and the lower, middle and upper third of the rest."""
MOST_DAYS: Final = 14
"""Days after the first that curves follow."""

_STEP_D: Final = 0.25
_Z: Final = 1.959964
_LEAST: Final = 10

Floats = NDArray[np.float64]


def segments(amount: pd.Series) -> pd.DataFrame:
    """Return the segment of each amount and its range in words, in the index of the amounts.

    Args:
        amount: numbers, 0 or more.

    Returns:
        Columns `segment` (one of `SEGMENTS`) and `range`, such as `3 - 8`.
    """
    some = amount[amount > 0]
    edges = some.quantile([1 / 3, 2 / 3]).tolist() if len(some) else [0.0, 0.0]
    place = np.searchsorted(edges, amount.to_numpy(), side="left")
    names = np.where(amount > 0, np.array(SEGMENTS[1:], object)[place], SEGMENTS[0])
    out = pd.DataFrame({"segment": names, "amount": amount}, index=amount.index)
    ends = out.groupby("segment")["amount"].agg(["min", "max"])
    words = {name: _range(low, high) for name, low, high in ends.itertuples()}
    return out.assign(range=out.pop("segment").map(words), segment=names)[["segment", "range"]]


def _range(low: float, high: float) -> str:
    first, last = (f"{x:,.0f}" if x >= 10 or x == round(x) else f"{x:.1f}" for x in (low, high))
    return first if first == last else f"{first} – {last}"


@lru_cache(maxsize=8)
def publish_again(result: Result) -> pd.DataFrame:
    """Return the share of creators who have published again, by exposure of their last note.

    Time starts 24 hours after the note, when its exposure is known; creators who published before
    that are left out, and those of whom too little is seen leave the curve when the run ends
    (Kaplan and Meier, JASA 1958; intervals by Greenwood's formula on the log-log scale).

    Returns:
        Columns `segment`, `range`, `day`, `share`, `low`, `high` and `notes`.
    """
    end_t = result.manifest.params.end_t
    notes = result.notes[["creator_id", "published_t", "impressions_24h"]]
    notes = notes[notes["published_t"] >= 0].sort_values(["creator_id", "published_t"])
    following = notes.groupby("creator_id")["published_t"].shift(-1)
    known_t = notes["published_t"] + DAY_S
    is_seen = (known_t < end_t) & ~(following < known_t)
    notes, following, known_t = notes[is_seen], following[is_seen], known_t[is_seen]
    again = following.notna()
    waited = (following.fillna(end_t) - known_t) / DAY_S
    parts = segments(notes["impressions_24h"])
    frames = []
    for name in SEGMENTS:
        rows = parts["segment"] == name
        if rows.sum() >= _LEAST:
            curve = survival(waited[rows].to_numpy(), again[rows].to_numpy())
            span = parts.loc[rows, "range"].iloc[0]
            frames.append(curve.assign(segment=name, range=span, notes=int(rows.sum())))
    columns = ["segment", "range", "day", "share", "low", "high", "notes"]
    return (
        pd.concat(frames, ignore_index=True)[columns] if frames else pd.DataFrame(columns=columns)
    )


def survival(waited: Floats, happened: NDArray[np.bool_]) -> pd.DataFrame:
    """Return the share to whom something has happened by some days, with intervals.

    Args:
        waited: float64[n], days until it happened, or until nobody looked any more.
        happened: bool[n], whether it happened.

    Returns:
        Columns `day`, `share`, `low`, `high`, as long as a few are still followed.
    """
    times, events = np.unique(waited[happened], return_counts=True)
    ends = np.sort(waited)
    at_risk = ends.size - np.searchsorted(ends, times, side="left")
    left = np.cumprod(1.0 - events / at_risk)
    with np.errstate(divide="ignore"):
        greenwood = np.cumsum(events / (at_risk * np.maximum(at_risk - events, 0.5)))
    days = np.arange(0.0, min(MOST_DAYS, float(waited.max(initial=0.0))) + 1e-9, _STEP_D)
    days = days[ends.size - np.searchsorted(ends, days, side="left") >= _LEAST]
    place = np.searchsorted(times, days, side="right") - 1
    stays = np.where(place >= 0, left[place] if left.size else 1.0, 1.0)
    error = np.where(place >= 0, np.sqrt(greenwood[place]) if left.size else 0.0, 0.0)
    low, high = _log_log(stays, error)
    return pd.DataFrame({"day": days, "share": 1 - stays, "low": 1 - high, "high": 1 - low})


def _log_log(stays: Floats, error: Floats) -> tuple[Floats, Floats]:
    inside = np.clip(stays, 1e-9, 1 - 1e-9)
    log = np.log(inside)
    width = np.exp(_Z * error / np.abs(log))
    is_open = (stays > 0) & (stays < 1)
    return np.where(is_open, inside**width, stays), np.where(is_open, inside ** (1 / width), stays)


def day_n(visits: pd.DataFrame, group: pd.Series, last_day: int) -> pd.DataFrame:
    """Return the share of units that come on the n-th day after their first, by group.

    A unit counts on day n only if the run reaches that day.

    Args:
        visits: `unit` and `day`, a row a unit and day on which it came.
        group: unit -> group.
        last_day: last day of the run.

    Returns:
        Columns `group`, `n`, `share`, `low`, `high`, `units`.
    """
    days = visits.drop_duplicates(["unit", "day"])
    first = days.groupby("unit")["day"].min()
    table = pd.DataFrame(
        {"n": days["day"] - days["unit"].map(first), "group": days["unit"].map(group)}
    )
    came = table.groupby(["group", "n"]).size()
    rows = []
    for name in group.unique():
        starts = first[first.index.isin(group.index[group == name])]
        for n in range(1, MOST_DAYS + 1):
            units = int((starts + n <= last_day).sum())
            if units >= _LEAST:
                rows.append((name, n, float(came.get((name, n), 0)), float(units)))
    found = pd.DataFrame(rows, columns=["group", "n", "hits", "units"])
    share = found["hits"] / found["units"]
    low, high = wilson(share.to_numpy(float), found["units"].to_numpy(float))
    return found.assign(share=share, low=low, high=high)


@lru_cache(maxsize=8)
def creator_cohorts(result: Result) -> pd.DataFrame:
    """Return the publishing of creators after their first note in the run, by when that was.

    Returns:
        As `day_n`; groups are `known` (notes from before the run), `warm_up` and `test`.
    """
    notes = result.notes[["creator_id", "published_t", "published_day"]]
    inside = notes[notes["published_t"] >= 0]
    first = inside.groupby("creator_id")["published_day"].min()
    known = first.index.isin(notes.loc[notes["published_t"] < 0, "creator_id"])
    names = np.where(known, "known", np.where(first < 0, "warm_up", "test"))
    visits = pd.DataFrame({"unit": inside["creator_id"], "day": inside["published_day"]})
    return day_n(visits, pd.Series(names, first.index), _last_day(result))


@lru_cache(maxsize=8)
def reader_cohorts(result: Result, by: str) -> pd.DataFrame:
    """Return how readers come back after their first visit in the run.

    Args:
        result: a finished run.
        by: `activity`, impressions of the first day, or `cohort`, when the first day was.

    Returns:
        As `day_n`, and `range`, what the group spans.
    """
    readers = result.readers[["reader_id", "day", "impressions"]].sort_values("day")
    first = readers.groupby("reader_id").first()
    if by == "activity":
        parts = segments(first["impressions"])
        group, spans = parts["segment"], dict(zip(parts["segment"], parts["range"], strict=True))
    else:
        group = _cohort(first["day"])
        spans = {name: name for name in group.unique()}
    visits = readers.rename(columns={"reader_id": "unit"})[["unit", "day"]]
    found = day_n(visits, group, _last_day(result))
    return found.assign(range=found["group"].map(spans))


def _cohort(first: pd.Series) -> pd.Series:
    """Cut first days into at most four spans of the same length."""
    low, high = int(first.min()), int(first.max())
    width = max((high - low) // 4 + 1, 1)
    start = low + (first - low) // width * width
    end = np.minimum(start + width - 1, high)
    names = [str(a) if a == b else f"{a} … {b}" for a, b in zip(start, end, strict=True)]
    order = np.argsort(start.to_numpy(), kind="stable")
    return pd.Series(names, first.index).iloc[order]


@lru_cache(maxsize=8)
def next_day(result: Result) -> pd.DataFrame:
    """Return the share of a day's readers who come the next day, by the impressions of the day.

    Returns:
        Columns `segment`, `range`, `day`, `share`, `low`, `high`, `units`.
    """
    readers = result.readers[["reader_id", "day", "impressions"]]
    visits = _visit_keys(readers["reader_id"], readers["day"])
    table = readers[(readers["day"] >= 0) & (readers["day"] < _last_day(result))]
    came = np.isin(_visit_keys(table["reader_id"], table["day"] + 1), visits)
    parts = segments(table["impressions"])
    counted = (
        table.assign(came=came, segment=parts["segment"], range=parts["range"])
        .groupby(["segment", "range", "day"])["came"]
        .agg(["sum", "count"])
        .reset_index()
    )
    counted = counted.rename(columns={"count": "units"})
    share = counted.pop("sum") / counted["units"]
    low, high = wilson(share.to_numpy(float), counted["units"].to_numpy(float))
    return counted.assign(share=share, low=low, high=high)


def _visit_keys(reader: pd.Series, day: pd.Series) -> NDArray[np.int64]:
    """Return one number for each reader and day; days lie within 30,000 of the start."""
    keys: NDArray[np.int64] = reader.to_numpy(np.int64) * 65_536 + day.to_numpy(np.int64)
    return keys


def next_day_share(result: Result) -> float:
    """Return the share of reader-days that are followed by a visit on the next day."""
    table = next_day(result)
    n = table["units"].sum()
    return float((table["share"] * table["units"]).sum() / n) if n else float("nan")


@lru_cache(maxsize=8)
def notes_per_creator(result: Result) -> pd.DataFrame:
    """Return measured notes a creator, by the mean exposure of the creator's notes.

    Returns:
        Columns `segment`, `range`, `creators`, `value`, `low`, `high`.
    """
    params = result.manifest.params
    notes = result.notes
    inside = notes[notes["published_t"] >= params.warm_up_days * DAY_S]
    followed = inside[inside["published_t"] <= params.end_t - DAY_S]
    exposure = followed.groupby("creator_id")["impressions_24h"].mean()
    count = inside.groupby("creator_id").size().reindex(exposure.index)
    parts = segments(exposure)
    found = count.groupby(parts["segment"]).agg(["count", "mean", "std"])
    spans = dict(zip(parts["segment"], parts["range"], strict=True))
    rows = [name for name in SEGMENTS if name in found.index]
    found = found.loc[rows]
    half = _Z * found["std"].fillna(0.0) / np.sqrt(found["count"])
    return pd.DataFrame(
        {"segment": rows, "range": [spans[name] for name in rows],
         "creators": found["count"].to_numpy(), "value": found["mean"].to_numpy(),
         "low": (found["mean"] - half).to_numpy(), "high": (found["mean"] + half).to_numpy()}
    )  # fmt: skip


@lru_cache(maxsize=8)
def by_day(result: Result) -> pd.DataFrame:
    """Return readers, publishers and notes of each day: `day`, `what`, `value`."""
    creators = result.creators[result.creators["published"] > 0].groupby("day")
    table = pd.DataFrame(
        {
            "dau": result.readers.groupby("day").size(),
            "publishers": creators.size(),
            "notes": creators["published"].sum(),
        }
    ).fillna(0)
    table["notes_per_dau"] = table["notes"] / table["dau"]
    return table.rename_axis("day").reset_index().melt("day", var_name="what", value_name="value")


def _last_day(result: Result) -> int:
    return result.manifest.params.measured_days - 1
