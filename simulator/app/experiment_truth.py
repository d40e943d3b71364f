"""Parts of an experiment's report that only a simulator has: the truth, its error, its pace."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from simulator.app import experiment_words as words
from simulator.app import present
from simulator.app.experiments import CONTROL, design_of
from simulator.experiments.horizon import DAILY, STOCK, horizon, long_run, sharpness
from simulator.experiments.spillover import spillover
from simulator.reports.charts import CONTROL as GREY
from simulator.reports.charts import SHADES, Axes, lines
from simulator.reports.forest import TRUTH
from simulator.reports.page import Chart, Section, Table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from simulator.app.experiments import Found
    from simulator.experiments.scorecard import Score
    from simulator.experiments.spillover import Spillover

_BOUND: Final = "turnover bound"
_ENOUGH: Final = 2.0
"""Errors away from zero below which a share of the long-run effect says nothing."""


def sharp_section(found: Found, scores: Sequence[Score], design: str) -> list[Section]:
    """Return the section on the error of the truth, when there are seeds to tell it from.

    Args:
        found: the study's findings.
        scores: records over seeds.
        design: the design of the report.
    """
    own = [score for score in scores if score.design == design and score.n > 1]
    if not own:
        return []
    rows = [[score.metric, *_sharp_row(score.truth, score.truth_se, _apart(score))]
            for score in own]  # fmt: skip
    columns = ["metric", "truth", "error", "error with separate luck", "times sharper"]
    caption = (
        f"Over {own[0].n} worlds. Both worlds of a seed have the same readers, notes and luck, "
        "and one past. The error with separate luck is what as many pairs of unrelated worlds "
        "would have."
    )
    whole = Table("Error of the truth, whole test", columns, rows, caption)
    return [Section("How sharp is the truth?", tables=[whole, _sharp_days(found, columns)])]


def _apart(score: Score) -> float:
    """Return the error of the truth without shared luck."""
    left = 1.0 - score.luck_removed
    return score.truth_se / math.sqrt(left) if left > 0.0 else math.nan


def _sharp_row(effect: float, se: float, apart: float) -> list[str]:
    times = f"{apart / se:.1f} ×" if se > 0.0 and math.isfinite(apart) else present.NOTHING
    return [words.signed(effect), words.number(se), words.number(apart), times]


def _sharp_days(found: Found, columns: Sequence[str]) -> Table:
    sharp = sharpness(found.days)
    chosen = _shown_days(int(sharp["day"].max()) + 1)
    rows = [
        [f"{row['metric']}, day {row['day'] + 1}",
         *_sharp_row(row["effect"], row["se"], row["se_apart"])]
        for row in sharp[sharp["day"].isin(chosen)].to_dict(orient="records")
        if math.isfinite(row["effect"])
    ]  # fmt: skip
    return Table("Error of the truth, single days", columns, rows)


def _shown_days(n: int) -> list[int]:
    """Return up to five days, the first and the last among them."""
    parts = min(n - 1, 4)
    return sorted({round(i * (n - 1) / parts) for i in range(parts + 1)} if parts else {0})


def horizon_section(found: Found, primary: str) -> list[Section]:
    """Return the section on how soon the long-run effect is there.

    Args:
        found: the study's findings.
        primary: metric that decides.
    """
    if found.days.empty or found.days["day"].max() < 1:
        return []
    sharp = sharpness(found.days)
    frame = horizon(sharp, found.turnover)
    shown = [m for m in dict.fromkeys((primary, STOCK, "notes_published")) if _tells(frame, m)]
    text = (
        f"In a day {found.turnover:.1%} of the live notes are replaced. What works through the "
        "corpus can be there only as fast as notes are replaced: after t days, at most t times "
        "that share. What readers see at once, and what a policy does to a new note, runs ahead "
        "of it. The long-run effect is the mean of the last quarter of the days, so it is itself "
        "cut short by the horizon; of the corpus, it is what new notes have already. Notes of the "
        "day before the launch count a day after it, so the corpus moves at once."
    )
    charts = [_curve(frame, shown)] if shown else []
    return [Section("How soon is the effect there?", [text], charts, [_pace(frame, sharp)])]


def _tells(frame: pd.DataFrame, metric: str) -> bool:
    rows = frame[(frame["metric"] == metric) & frame["fraction"].notna()]
    return bool(
        len(rows) > 1 and (metric == STOCK or rows["fraction_se"].iloc[-1] <= 1.0 / _ENOUGH)
    )


def _curve(frame: pd.DataFrame, shown: Sequence[str]) -> Chart:
    parts = []
    for metric in shown:
        rows = frame[(frame["metric"] == metric) & frame["fraction"].notna()]
        error = 1.96 * rows["fraction_se"] * (rows["n"] > 1)
        parts.append(
            pd.DataFrame(
                {"series": metric, "day": rows["day"] + 1, "value": rows["fraction"],
                 "low": rows["fraction"] - error, "high": rows["fraction"] + error}
            )
        )  # fmt: skip
    rows = frame.drop_duplicates("day")
    bound = rows["bound"]
    parts.append(pd.DataFrame({"series": _BOUND, "day": rows["day"] + 1, "value": bound,
                               "low": bound, "high": bound}))  # fmt: skip
    colours = [*[TRUTH, SHADES[3], SHADES[1]][: len(shown)], GREY]
    axes = Axes(
        "day", "value", "day after the launch", "share of the long-run effect", ".0%", whole_x=True
    )
    return Chart(
        "Share of the long-run effect that a launch has by a day",
        lines(pd.concat(parts, ignore_index=True), axes, "series", colours=colours),
        "Truth of the day, not of a test. Bands: Monte-Carlo error over worlds, where there are "
        "several.",
    )


def _pace(frame: pd.DataFrame, sharp: pd.DataFrame) -> Table:
    days = _shown_days(int(frame["day"].max()) + 1)
    whole = long_run(sharp)
    rows = []
    for metric, about in DAILY.items():
        own = frame[frame["metric"] == metric].set_index("day")
        clear = _tells(frame, metric)
        cells = [_share(own["fraction"].get(day, math.nan)) if clear else "" for day in days]
        rows.append([f"{metric}\n{about}", words.signed(whole[metric]), *cells])
    bound = frame.drop_duplicates("day").set_index("day")["bound"]
    rows.append([_BOUND, "", *(_share(bound[day]) for day in days)])
    columns = ["metric", "long-run effect", *(f"day {day + 1}" for day in days)]
    caption = (
        "Shares are left out where the effect is less than two Monte-Carlo errors from zero (of "
        "one world: where it changes too much from day to day)."
    )
    return Table("Share of the long-run effect by day", columns, rows, caption)


def _share(value: float) -> str:
    return f"{value:.0%}".replace("-", "−") if math.isfinite(value) else present.NOTHING


def spillovers_of(found: Found, name: str) -> list[Spillover]:
    """Return what a design's test does to its untreated units, at the first seed."""
    design = design_of(found.study, found.study.designs[name], found.study.seeds[0])
    return spillover(found.worlds[name], found.worlds[CONTROL], design)


def spillover_table(found: Sequence[Spillover]) -> list[Table]:
    """Return the table of what a test does to its control arm; none where nobody is untreated."""
    rows = [
        [
            f"{s.metric}\n{s.side}, {s.n_units:,} compared",
            words.number(s.test),
            words.number(s.alone),
            f"{words.signed(s.difference)}\n{words.signed(s.low)}\u00a0…\u00a0{words.signed(s.high)}",
            present.relative(s.difference / s.alone if s.alone else math.nan).replace(
                " ", "\u00a0"
            ),
            words.p_value(s.p),
        ]
        for s in found
    ]
    if not rows:
        return []
    columns = ["metric", "control arm", "the same, nobody treated", "spillover\n95 % interval",
               "relative", "p"]  # fmt: skip
    caption = (
        "Readers and creators of the control arm, each beside the same one in the world where "
        "nobody is treated: what differs is what the treated did to them. Not adjusted for the "
        "number of metrics."
    )
    return [Table("Spillover on the untreated", columns, rows, caption)]


def _relative(s: Spillover) -> str:
    change = s.difference / s.alone if s.alone else math.nan
    return present.relative(change).replace(" ", "\u00a0")


def days_json(found: Found) -> dict[str, Any]:
    """Return the truth by day, with its error and pace, in terms of JSON."""
    frame = horizon(sharpness(found.days), found.turnover)
    return {"turnover": found.turnover, "days": frame.to_dict(orient="records")}
