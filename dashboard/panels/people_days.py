"""Readers, publishers and notes day by day."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd
import streamlit as st

from dashboard.charts import people as charts
from dashboard.frames import people as frames
from dashboard.words import t

if TYPE_CHECKING:
    from simulator.results.result import Result

_WHAT = ("dau", "publishers", "notes", "notes_per_dau")


def days_panel(runs: list[tuple[str, Result]]) -> None:
    """Draw one run, or two with the baseline last.

    Args:
        runs: name and run.
    """
    found = [frames.by_day(result).assign(run=name) for name, result in runs]
    table = pd.concat(found, ignore_index=True)
    st.caption(t("people.days_what"))
    for left in range(0, len(_WHAT), 2):
        for column, what in zip(st.columns(2), _WHAT[left : left + 2], strict=True):
            with column:
                st.markdown(f"**{t(f'people.by_day_{what}')}**")
                rows = table[table["what"] == what]
                words = charts.Words(t("people.day"), t(f"people.by_day_{what}"), "",
                                     t("people.run"))  # fmt: skip
                chart = charts.days(rows, words, t("people.starts"))
                st.altair_chart(chart, width="stretch")
