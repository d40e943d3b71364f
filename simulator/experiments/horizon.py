"""The truth day by day: how sharp it is, and how much of the long-run effect is there by a day."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from simulator.contracts.events import DAY_S

if TYPE_CHECKING:
    from simulator.results.result import Result

STOCK: Final = "found_corpus"
"""Metric of the whole corpus, which changes only as notes are replaced."""

FLOW_OF_STOCK: Final = "fulfilled"
"""Metric of a day's notes that the stock tends to."""

DAILY: Final = {
    "ctr": "clicks per impression",
    "time_min_per_visit": "minutes of a reader on a day with a visit",
    "active_readers": "readers who came on the day",
    "new_note_share": "share of impressions that go to new notes",
    "new_note_ctr": "clicks per impression of new notes",
    "impressions_24h": "impressions in 24 hours of a note published on the day",
    FLOW_OF_STOCK: "share of the day's notes that reach the target impressions in time",
    "notes_published": "notes published on the day",
    "publishers": "creators who published on the day",
    STOCK: "share of all live notes that reached the target impressions in time",
}
"""Metrics that every day has, in the order of reports."""


def levels_by_day(result: Result) -> pd.DataFrame:
    """Return the level of each of `DAILY` on each measured day; NaN where a day cannot tell.

    Args:
        result: a finished run.
    """
    params = result.manifest.params
    days = pd.RangeIndex(params.measured_days, name="day")
    readers = result.readers[result.readers["day"] >= 0].groupby("day")
    columns = ["impressions", "clicks", "new_impressions", "new_clicks", "time_spent_s"]
    sums = readers[columns].sum().reindex(days)
    came = readers.size().reindex(days)
    notes = result.notes[result.notes["published_t"] >= params.warm_up_days * DAY_S]
    end_t = (params.warm_up_days + params.measured_days) * DAY_S
    whole = notes[notes["published_t"] <= end_t - DAY_S].groupby("published_day")
    of_day = notes.groupby("published_day")
    return pd.DataFrame(
        {
            "ctr": sums["clicks"] / sums["impressions"],
            "time_min_per_visit": sums["time_spent_s"] / 60.0 / came,
            "active_readers": came.astype(float),
            "new_note_share": sums["new_impressions"] / sums["impressions"],
            "new_note_ctr": sums["new_clicks"] / sums["new_impressions"],
            "impressions_24h": whole["impressions_24h"].mean().reindex(days),
            FLOW_OF_STOCK: whole["reached_target_t"].agg(lambda t: t.notna().mean()).reindex(days),
            "notes_published": of_day.size().reindex(days, fill_value=0).astype(float),
            "publishers": of_day["creator_id"].nunique().reindex(days, fill_value=0).astype(float),
            STOCK: _found(result, days),
        },
        index=days,
    )


def _found(result: Result, days: pd.RangeIndex) -> list[float]:
    """Return the share of live notes, a day old or older, that reached their target in time."""
    params = result.manifest.params
    published = result.notes["published_t"].to_numpy()
    found = result.notes["reached_target_t"].notna().to_numpy()
    out = []
    for day in days:
        end_t = (params.warm_up_days + day + 1) * DAY_S
        live = (published <= end_t - DAY_S) & (published > end_t - params.max_age_s)
        out.append(float(found[live].mean()) if live.any() else float("nan"))
    return out


def turnover(result: Result) -> float:
    """Return the share of the live notes that a day replaces: publications over live notes.

    Args:
        result: a finished run, usually the world without the treatment.
    """
    params = result.manifest.params
    start_t = params.warm_up_days * DAY_S
    end_t = start_t + params.measured_days * DAY_S
    published = result.notes["published_t"].to_numpy()
    new = float((published >= start_t).sum()) / params.measured_days
    live = float(((published <= end_t) & (published > end_t - params.max_age_s)).sum())
    return new / live if live else float("nan")


def truth_by_day(seed: int, control: Result, launch: Result) -> pd.DataFrame:
    """Return one row a metric and day: `seed`, `metric`, `day`, `control`, `launch`.

    Args:
        seed: replication seed.
        control: the world without the treatment.
        launch: the world where everybody is treated.
    """
    before, after = levels_by_day(control), levels_by_day(launch)
    tall = [table.melt(ignore_index=False, var_name="metric").reset_index() for table in
            (before, after)]  # fmt: skip
    frame = tall[0].rename(columns={"value": "control"}).assign(launch=tall[1]["value"], seed=seed)
    return frame[["seed", "metric", "day", "control", "launch"]]


def sharpness(days: pd.DataFrame) -> pd.DataFrame:
    """Return how sharp the truth of each metric and day is, over seeds.

    Args:
        days: rows of `truth_by_day`, of all seeds.

    Returns:
        One row a metric and day: `metric`, `day`, `n` seeds, `effect`, its Monte-Carlo error `se`,
        and the error `se_apart` that as many pairs of worlds of different luck would have. Errors
        are NaN for one seed.
    """
    days = days.assign(effect=days["launch"] - days["control"])
    groups = days.groupby(["metric", "day"], sort=False)
    n = groups["effect"].count()
    spread = groups[["effect", "control", "launch"]].std(ddof=1)
    out = pd.DataFrame({"n": n, "effect": groups["effect"].mean()})
    out["se"] = spread["effect"] / np.sqrt(n)
    out["se_apart"] = np.hypot(spread["control"], spread["launch"]) / np.sqrt(n)
    return out.reset_index()


def long_run(sharp: pd.DataFrame) -> dict[str, float]:
    """Return metric -> long-run effect, as far as the horizon shows it.

    That is the mean over the last quarter of the days that can tell; of a stock, the mean over all
    days of the flow that it tends to.

    Args:
        sharp: see `sharpness`.
    """
    out = {}
    for metric, rows in sharp.groupby("metric", sort=False):
        effect = rows.set_index("day")["effect"].dropna()
        last = effect.iloc[-max(len(effect) // 4, 1) :] if len(effect) else effect
        out[str(metric)] = float(last.mean()) if len(last) else float("nan")
    if STOCK in out:
        out[STOCK] = float(sharp.loc[sharp["metric"] == FLOW_OF_STOCK, "effect"].mean())
    return out


def horizon(sharp: pd.DataFrame, rate: float) -> pd.DataFrame:
    """Return the share of the long-run effect that is there on each day, and the turnover bound.

    Formula of the bound: after t days at most w t of an effect that works through the corpus is
    there, where w is the share of the corpus that a day replaces (`turnover`). Effects on what
    readers see at once may run ahead of it.

    Args:
        sharp: see `sharpness`.
        rate: w.

    Returns:
        The rows of `sharpness` with `fraction` of the long-run effect, its error `fraction_se`
        (that of the long-run effect itself is left out; of one seed, the spread over days stands
        in for it), and `bound`.
    """
    whole = sharp["metric"].map(long_run(sharp)).replace(0.0, np.nan)
    spread = sharp.groupby("metric", sort=False)["effect"].transform("std")
    return sharp.assign(
        fraction=sharp["effect"] / whole,
        fraction_se=sharp["se"].fillna(spread) / whole.abs(),
        bound=np.minimum(rate * (sharp["day"] + 1), 1.0),
    )
