"""Differences-in-Q on the log of an author-side test, beside its naive rival and the truth."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from simulator.contracts.events import DAY_S
from simulator.contracts.plugins import ExperimentDesign
from simulator.experiments.analysis.results import interval, two_sided_p
from simulator.experiments.errors import AnalysisError
from simulator.experiments.estimators import SessionEffect, differences_in_q

if TYPE_CHECKING:
    from simulator.results.result import Result

REWARDS: Final = {
    "clicks": "clicks on all notes",
    "time_min": "minutes in view and reading",
    "new_clicks": "clicks on new notes",
}
"""What a session brings, per session."""

_COLUMNS: Final = (
    "day", "reader_id", "session_no", "t", "position", "note_id", "creator_id", "note_arm",
    "note_age_s", "click", "view_s", "dwell_s",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class SessionReading:
    """What two readings of one log say of one reward, and the truth.

    Attributes:
        reward: one of `REWARDS`, per session.
        value, se, low, high, p: Differences-in-Q.
        naive, naive_se, naive_low, naive_high: rewards of exposures alone.
        truth: reward of a session after a launch less that without the treatment.
        base: reward of a session without the treatment.
        n_sessions: sessions read.
        n_dropped: exposures in states that only one arm reached.
    """

    reward: str
    value: float
    se: float
    low: float
    high: float
    p: float
    naive: float
    naive_se: float
    naive_low: float
    naive_high: float
    truth: float
    base: float
    n_sessions: int
    n_dropped: int


def is_author_side(design: ExperimentDesign[Any]) -> bool:
    """Return whether only notes are randomised: what the estimator is for."""
    return set(design.sides) == {"note"}


def session_effects(result: Result, design: ExperimentDesign[Any]) -> NDArray[np.float64]:
    """Return float64[rewards, 6], the fields of `SessionEffect` for each of `REWARDS`.

    The state is the position in the session. Notes from before the test are not randomised: they
    count in the rest of a session. Errors are clustered both by reader and by what is randomised.

    Args:
        result: a finished run of the design that still has its event log.
        design: the design.

    Raises:
        AnalysisError: an arm has no impression.
    """
    events = result.events(_COLUMNS, where="day >= 0")
    keys = ["day", "reader_id", "session_no"]
    events = events.sort_values([*keys, "t", "position"], kind="stable", ignore_index=True)
    session = events.groupby(keys, sort=False).ngroup().to_numpy()
    unit = _units(events, result, design)
    reader = events["reader_id"].to_numpy()
    rewards = _rewards(events)
    arm = events["note_arm"].to_numpy()
    return np.array(
        [
            differences_in_q(session, arm, rewards[name], None, reader, unit)
            for name in REWARDS
        ],
        np.float64,
    )  # fmt: skip


def _units(
    events: pd.DataFrame, result: Result, design: ExperimentDesign[Any]
) -> NDArray[np.int64]:
    unit = getattr(design.config, "unit", "creator")
    if unit == "category":
        category = result.notes.set_index("note_id")["category"]
        return np.asarray(events["note_id"].map(category), np.int64)
    return events["note_id" if unit == "note" else "creator_id"].to_numpy(np.int64)


def _rewards(events: pd.DataFrame) -> dict[str, NDArray[np.float64]]:
    new = (events["note_age_s"] < DAY_S).to_numpy(np.float64)
    click = events["click"].to_numpy(np.float64)
    minutes = (events["view_s"] + events["dwell_s"]).to_numpy(np.float64) / 60.0
    return {
        "clicks": click,
        "time_min": minutes,
        "new_clicks": click * new,
    }


def session_levels(result: Result) -> dict[str, float]:
    """Return the reward of a session in a whole world, over its measured days.

    Args:
        result: a finished run.
    """
    days = result.readers[result.readers["day"] >= 0]
    n = float(days["sessions"].sum())
    sums = {
        "clicks": days["clicks"].sum(),
        "time_min": days["time_spent_s"].sum() / 60.0,
        "new_clicks": days["new_clicks"].sum(),
    }
    return {name: float(value) / n if n else float("nan") for name, value in sums.items()}


def read_sessions(
    effects: NDArray[np.float64],
    control: Mapping[str, float],
    launch: Mapping[str, float],
    alpha: float = 0.05,
) -> tuple[SessionReading, ...]:
    """Lay the estimates of a log beside the truth.

    Args:
        effects: see `session_effects`.
        control: levels of the world without the treatment; see `session_levels`.
        launch: levels of the world where everybody is treated.
        alpha: level of intervals.
    """
    found = []
    for name, row in zip(REWARDS, effects.tolist(), strict=True):
        value, se, naive, naive_se = row[:4]
        e = SessionEffect(value, se, naive, naive_se, int(row[4]), int(row[5]))
        found.append(
            SessionReading(
                name, e.value, e.se, *interval(e.value, e.se, np.inf, alpha),
                two_sided_p(e.value, e.se, np.inf), e.naive, e.naive_se,
                *interval(e.naive, e.naive_se, np.inf, alpha), launch[name] - control[name],
                control[name], e.n_sessions, e.n_dropped,
            )
        )  # fmt: skip
    return tuple(found)


def effects_or_none(result: Result, design: ExperimentDesign[Any]) -> NDArray[np.float64] | None:
    """Return the effects of an author-side test; None for other designs, or an arm unseen."""
    if not is_author_side(design):
        return None
    try:
        return session_effects(result, design)
    except AnalysisError:
        return None
