"""How readers come back: the day after, and on the days after their first visit."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd
import streamlit as st

from dashboard import state
from dashboard.charts import people as charts
from dashboard.frames import people as frames
from dashboard.panels.people_creators import draw_curves, together
from dashboard.words import t

if TYPE_CHECKING:
    from simulator.results.result import Result

CUTS = ("activity", "cohort")


def readers_panel(runs: list[tuple[str, Result]]) -> None:
    """Draw the readers of one run, or of two with the baseline last.

    Args:
        runs: name and run.
    """
    st.subheader(t("people.day_n_return"), anchor=False)
    by = st.segmented_control(
        t("people.cut"),
        CUTS,
        default=state.read("cut", CUTS[0], CUTS),
        format_func=lambda name: t(f"people.cut_{name}"),
        key="people-cut",
        required=True,
    )
    state.write(cut=by)
    words = charts.Words(t("people.day_n"), t("people.comes"), t(f"people.cut_{by}"),
                         t("people.run"))  # fmt: skip
    if by == "activity":
        table = together(runs, lambda run: frames.reader_cohorts(run, "activity"), "group")
    else:
        table = _cohorts(runs)
    draw_curves(table, "n", words, zero=False)
    st.caption(t(f"people.cut_{by}_what"))
    st.subheader(t("people.next_day"), anchor=False)
    words = charts.Words(t("people.day"), t("people.comes_next"), t("people.cut_activity"),
                         t("people.run"))  # fmt: skip
    draw_curves(together(runs, frames.next_day, "segment"), "day", words, zero=False)
    st.caption(t("people.next_day_what"))


def _cohorts(runs: list[tuple[str, Result]]) -> pd.DataFrame:
    found = [frames.reader_cohorts(run, "cohort").assign(run=name) for name, run in runs]
    table = pd.concat(found, ignore_index=True)
    return table.assign(series=[t("people.from_days", days=days) for days in table["group"]])
