"""Part of an experiment's report: an author-side log read session by session."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Final

import numpy as np

from simulator.app import experiment_words as words
from simulator.experiments.scorecard import Reading, Score, scores
from simulator.experiments.session_reads import REWARDS
from simulator.reports.page import Section, Table

if TYPE_CHECKING:
    from simulator.app.experiment_logs import Logged
    from simulator.experiments.session_reads import SessionReading

NAIVE, IN_Q = "naive", "Differences-in-Q"

_TEXT: Final = (
    "The same log, read twice. The naive reading compares what treated and control notes bring at "
    "the impression itself. Differences-in-Q compares what they and all that follows in the "
    "session bring, so that a click which a treated note takes from a later one does not count as "
    "a gain. It knows of a session only the position; which notes a policy chooses to show, and "
    "what reaches beyond a session, it cannot see."
)


def sessions_sections(logged: Mapping[int, Logged]) -> list[Section]:
    """Return the section on sessions of an author-side test, if it is one.

    Args:
        logged: seed -> what the log says, first seed first.
    """
    reads = {seed: told.sessions for seed, told in logged.items() if told.sessions}
    if not reads:
        return []
    tables = [_first(next(iter(reads.values())))]
    if len(reads) > 1:
        tables.append(_over_seeds(session_scores(reads)))
    return [Section("The log by sessions", [_TEXT], tables=tables)]


def _first(readings: Iterable[SessionReading]) -> Table:
    rows = [
        [
            REWARDS[r.reward],
            words.number(r.base),
            _with_ends(r.naive, r.naive_low, r.naive_high),
            _with_ends(r.value, r.low, r.high),
            words.signed(r.truth),
            words.signed(r.naive - r.truth),
            words.signed(r.value - r.truth),
        ]
        for r in readings
    ]
    last = list(readings)[-1]
    columns = ["per session", "nobody treated", "naive\n95 % interval",
               "Differences-in-Q\n95 % interval", "truth", "naive less truth",
               "in Q less truth"]  # fmt: skip
    caption = (
        f"{last.n_sessions:,} sessions; {last.n_dropped:,} impressions at positions that only one "
        "arm reached are left out. Errors are clustered by reader and by what is randomised."
    )
    return Table("Effect of a launch on a session", columns, rows, caption)


def _with_ends(value: float, low: float, high: float) -> str:
    return f"{words.signed(value)}\n{words.signed(low)}\u00a0…\u00a0{words.signed(high)}"


def session_scores(reads: Mapping[int, Iterable[SessionReading]]) -> list[Score]:
    """Return the record of both readings over seeds; `design` is the reward.

    Args:
        reads: seed -> readings of its log.
    """
    found = []
    for seed, readings in reads.items():
        for r in readings:
            found.append(_scored(seed, r, NAIVE, (r.naive, r.naive_se, r.naive_low, r.naive_high)))
            found.append(_scored(seed, r, IN_Q, (r.value, r.se, r.low, r.high)))
    return scores(found)


def _scored(
    seed: int, r: SessionReading, name: str, values: tuple[float, float, float, float]
) -> Reading:
    from simulator.experiments.analysis.results import two_sided_p

    value, se, low, high = values
    base = r.base or float("nan")
    return Reading(
        seed, r.reward, name, value, se, low, high, two_sided_p(value, se, np.inf), r.truth, base,
        value / base, low / base, high / base,
    )  # fmt: skip


def _over_seeds(found: list[Score]) -> Table:
    rows = [
        [
            f"{REWARDS[score.design]}\n{score.metric}",
            words.signed(score.truth),
            words.signed(score.estimate),
            words.bias_of(score),
            words.number(score.rmse),
            f"{score.coverage:.0%}",
        ]
        for score in found
    ]
    columns = ["per session, reading", "truth", "mean estimate", "bias ± Monte-Carlo error",
               "RMSE", "coverage"]  # fmt: skip
    return Table(f"Both readings over {found[0].n} worlds", columns, rows)
