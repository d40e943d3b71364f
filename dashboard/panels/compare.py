"""Parts of the comparison: scenario of a point, exposure of new notes, table of metrics."""

from __future__ import annotations

from typing import Final

import pandas as pd
import streamlit as st

from dashboard import state
from dashboard.charts import compare as charts
from dashboard.frames import compare as frames
from dashboard.frames.compare_table import long_table
from dashboard.metric_words import difference_words, family_of, metric_label, value_words
from dashboard.words import escaped, t
from simulator.app.compare import Comparison, Difference
from simulator.app.present import NOTHING, relative, significant
from simulator.contracts.events import HOUR_S
from simulator.metrics.catalog import Metric

_SEEN: Final = "trade-seen"
_MARKS: Final = {"better": "▲", "worse": "▼", "same": "=", "neutral": "◆", "unknown": ""}
_COLUMNS: Final = (
    "metric", "baseline", "value", "difference", "relative", "interval", "verdict", "name"
)  # fmt: skip


def inspect_scenario(found: Comparison, picked: str) -> None:
    """Show the scenario of one run and how it differs from the baseline's.

    Args:
        found: the comparison.
        picked: name of the run that was clicked last, "" for none.
    """
    names = [run.folder.name for run in found.runs]
    if picked in names and picked != st.session_state.get(_SEEN):
        st.session_state["pick-inspect"] = picked
    st.session_state[_SEEN] = picked
    if st.session_state.get("pick-inspect") not in names:
        st.session_state["pick-inspect"] = state.read("inspect", names[-1], names)
    chosen = st.selectbox(t("compare.inspect"), names, key="pick-inspect")
    state.write(inspect=chosen)
    run = found.runs[names.index(chosen)]
    if chosen != names[0]:
        changes = frames.scenario_changes(found.runs[0], run)
        st.caption(t("compare.changes" if changes else "compare.no_changes", run=escaped(names[0])))
        if changes:
            st.code(changes, language="diff")
    with st.expander(t("compare.scenario")):
        st.code(run.scenario, language="yaml", height=360)
        st.download_button(t("compare.download_yaml"), run.scenario, f"{chosen}.yaml")


def exposure(found: Comparison) -> None:
    """Show how evenly new notes are seen, and how soon they reach the quota."""
    names = [run.folder.name for run in found.runs]
    left, right = st.columns(2)
    with left:
        st.subheader(t("compare.lorenz"), anchor=False)
        curves, ginis = zip(*(frames.lorenz(run) for run in found.runs), strict=True)
        frame = frames.stacked(found.runs, curves)
        if frame.empty:
            st.info(t("compare.no_lorenz"), icon=":material/block:")
        else:
            titles = t("compare.lorenz_x"), t("compare.lorenz_y")
            st.altair_chart(charts.lorenz_chart(frame, names, titles))
            pairs = (f"{n} {significant(g)}" for n, g in zip(names, ginis, strict=True))
            st.caption(t("compare.lorenz_what", ginis=escaped(", ".join(pairs))))
    with right:
        st.subheader(t("compare.fulfilment"), anchor=False)
        frame = frames.stacked(found.runs, [frames.fulfilment(run) for run in found.runs])
        if frame.empty:
            st.info(t("compare.no_fulfilment"), icon=":material/block:")
        else:
            titles = t("compare.fulfil_x"), t("compare.fulfil_y")
            st.altair_chart(charts.fulfilment_chart(frame, names, titles))
            st.caption(t("compare.fulfilment_what", targets=_targets(found)))


def metric_table(found: Comparison, other: int) -> None:
    """Show every metric of one run beside the baseline, by family, with a file of all runs.

    Args:
        found: the comparison.
        other: position of the run, from 1.
    """
    st.subheader(t("compare.table"), anchor=False)
    families = family_of()
    options = ["all", *dict.fromkeys(families.values())]
    titles = {"all": t("compare.all")} | {name: t(f"measures.{name}") for name in options[1:]}
    before = state.read("family", "all", options)
    chosen = st.pills(
        t("compare.family"), options, default=before, format_func=titles.__getitem__, key="family"
    )
    state.write(family=None if chosen in (None, "all") else chosen)
    shown = [m for m in found.metrics if chosen in (None, "all", families[m.name])]
    named = {name: t(f"compare.col_{name}") for name in _COLUMNS}
    frame = pd.DataFrame([_cells(m, found.of(m.name, other)) for m in shown]).rename(columns=named)
    right = {named[name]: st.column_config.TextColumn(alignment="right") for name in _COLUMNS[1:6]}
    st.dataframe(frame, hide_index=True, column_config=right)
    st.caption(t("compare.table_what"))
    short = found.runs[other].manifest.remarks
    if names := [metric_label(m) for m in shown if m.name in short]:
        st.caption(t("compare.short", names=", ".join(names)))
    paired = {run.folder.name: frames.is_paired(found.runs[0], run) for run in found.runs[1:]}
    table = long_table(found, paired).to_csv(index=False)
    st.download_button(t("compare.download"), table, "comparison.csv", "text/csv")


def _cells(metric: Metric, gap: Difference) -> dict[str, str]:
    """Return what the table shows of one metric of one run: texts by column."""
    interval = NOTHING
    if gap.daily is not None:
        ends = (difference_words(metric, end) for end in (gap.daily.low, gap.daily.high))
        interval = " … ".join(ends)
    return {
        "metric": metric_label(metric),
        "baseline": value_words(metric, gap.baseline),
        "value": value_words(metric, gap.value),
        "difference": difference_words(metric, gap.difference),
        "relative": relative(gap.relative),
        "interval": interval,
        "verdict": _MARKS[gap.verdict],
        "name": metric.name,
    }


def _targets(found: Comparison) -> str:
    """Return the quotas of the runs in words, with the runs they belong to where they differ."""
    by_text: dict[str, list[str]] = {}
    for run in found.runs:
        params = run.manifest.params
        n, hours = params.scaled(params.quota_impressions), params.quota_window_s / HOUR_S
        text = t("compare.target", n=n, hours=f"{hours:g}")
        by_text.setdefault(text, []).append(run.folder.name)
    if len(by_text) == 1:
        return next(iter(by_text))
    return escaped("; ".join(f"{text} ({', '.join(names)})" for text, names in by_text.items()))
