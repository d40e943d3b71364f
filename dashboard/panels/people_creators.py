"""How creators go on publishing, by what became of their last note."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd
import streamlit as st

from dashboard.charts import people as charts
from dashboard.frames import people as frames
from dashboard.words import escaped, t
from simulator.app.loading import load_scenario

if TYPE_CHECKING:
    from simulator.results.result import Result

_KNOBS = (
    "sensitivity", "sensitive_share", "reference_impressions", "saturation", "like_weight",
    "comment_weight", "reference_motivation", "learning_rate", "decay_per_day",
)  # fmt: skip


def creators_panel(runs: list[tuple[str, Result]]) -> None:
    """Draw the creators of one run, or of two with the baseline last.

    Args:
        runs: name and run.
    """
    st.subheader(t("people.motivation"), anchor=False)
    st.caption(t("people.motivation_what"))
    again = together(runs, frames.publish_again, "segment")
    words = charts.Words(t("people.days_since_known"), t("people.has_published"),
                         t("people.exposure"), t("people.run"))  # fmt: skip
    draw_curves(again, "day", words)
    st.caption(t("people.motivation_beware"))
    st.subheader(t("people.cohorts"), anchor=False)
    cohorts = together(runs, frames.creator_cohorts, "group")
    words = charts.Words(t("people.day_n"), t("people.publishes"), t("people.cohort"),
                         t("people.run"))  # fmt: skip
    draw_curves(cohorts, "n", words)
    st.caption(t("people.cohorts_what"))
    _amounts(runs)
    _oracle(runs[0][1])


def together(runs: list[tuple[str, Result]], frame: Any, column: str) -> pd.DataFrame:  # noqa: ANN401
    """Return a table of all runs with `run` and, in words, `series`.

    Args:
        runs: name and run, the baseline last.
        frame: function from a run to its table.
        column: column that tells series apart.
    """
    found = [frame(result).assign(run=name) for name, result in runs]
    table: pd.DataFrame = pd.concat(found, ignore_index=True)
    if table.empty:
        return table.assign(series=[])
    order = {name: i for i, name in enumerate((*frames.SEGMENTS, "known", "warm_up", "test"))}
    table = table.sort_values(column, key=lambda names: names.map(order), kind="stable")
    one = len(runs) == 1 and "range" in table.columns
    ranges = table["range"] if one else [""] * len(table)
    series = [_series(str(n), str(r)) for n, r in zip(table[column], ranges, strict=True)]
    shown = table.assign(series=series)
    return shown.sort_values("run", key=lambda r: r != runs[0][0], kind="stable")


def _series(name: str, span: str) -> str:
    words = t(f"people.series_{name}")
    return f"{words} ({span})" if span and name != "none" else words


def draw_curves(table: pd.DataFrame, x: str, words: charts.Words, *, zero: bool = True) -> None:
    """Draw curves, or say that there is too little to draw."""
    if table.empty:
        st.info(t("people.too_little"), icon=":material/hourglass_empty:")
        return
    order = list(dict.fromkeys(table["series"]))
    st.altair_chart(charts.curves(table, x, order, words, zero=zero), width="stretch")


def _amounts(runs: list[tuple[str, Result]]) -> None:
    st.subheader(t("people.amounts"), anchor=False)
    table = together(runs, frames.notes_per_creator, "segment")
    if table.empty:
        st.info(t("people.too_little"), icon=":material/hourglass_empty:")
        return
    words = charts.Words(t("people.mean_exposure"), t("people.notes_a_creator"),
                         t("people.exposure"), t("people.run"))  # fmt: skip
    order = list(dict.fromkeys(table["series"]))
    st.altair_chart(charts.levels(table, order, words), width="stretch")
    rows = {
        t("people.run"): table["run"],
        t("people.mean_exposure"): table["series"],
        t("people.n_creators"): [f"{n:,}" for n in table["creators"]],
        t("people.notes_a_creator"): [f"{x:.2f}" for x in table["value"]],
        t("people.interval"): [
            f"{a:.2f} … {b:.2f}" for a, b in zip(table["low"], table["high"], strict=True)
        ],
    }
    st.dataframe(pd.DataFrame(rows), hide_index=True)
    st.caption(t("people.amounts_beware"))


def _oracle(result: Result) -> None:
    if not st.toggle(t("people.oracle"), key="people-oracle", help=t("people.oracle_help")):
        return
    st.caption(t("people.oracle_what"))
    creators = load_scenario(result.folder / "scenario.resolved.yaml").world.creators
    fields = type(creators).model_fields
    rows = [
        {
            t("people.knob"): name,
            t("people.value"): str(getattr(creators, name)),
            t("people.meaning"): escaped(fields[name].description or ""),
        }
        for name in _KNOBS
        if name in fields
    ]
    st.table(pd.DataFrame(rows).set_index(t("people.knob")))
