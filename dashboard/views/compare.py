"""Runs side by side: who gains, who pays, and how sure that is."""

from __future__ import annotations

import streamlit as st

from dashboard import state
from dashboard.charts import compare as charts
from dashboard.frames import compare as frames
from dashboard.metric_words import difference_words, metric_label, pick_metric, value_words
from dashboard.panels.compare import exposure, inspect_scenario, metric_table
from dashboard.picks import pick_runs
from dashboard.words import escaped, t
from dashboard.workspace import workspace
from simulator.app.compare import Comparison


def page() -> None:
    """Draw the page."""
    st.title(t("compare.title"), anchor=False)
    st.markdown(t("compare.what"))
    cards = pick_runs(label=t("compare.pick"))
    if not cards:
        st.info(t("compare.none"), icon=":material/checklist:")
        return
    found = frames.comparison(tuple(workspace().open_run(card.id) for card in cards))
    _trust(found)
    other = _other(found)
    _headlines(found, other)
    _trade(found)
    _daily(found)
    exposure(found)
    if other:
        metric_table(found, other)


def _trust(found: Comparison) -> None:
    """Say what the differences can be trusted for."""
    first, *others = found.runs
    if not others:
        st.info(t("compare.only_one"), icon=":material/add:")
        return
    strange = [run.folder.name for run in others if not frames.is_paired(first, run)]
    if strange:
        names = escaped(", ".join(strange))
        st.warning(t("compare.not_paired", runs=names), icon=":material/warning:")
    else:
        st.caption(t("compare.paired"))
    if not frames.same_length(found.runs):
        days = ", ".join(str(run.manifest.params.measured_days) for run in found.runs)
        st.warning(t("compare.days", days=days), icon=":material/warning:")
    st.caption(t("compare.one_seed"))


def _other(found: Comparison) -> int:
    """Return the position of the run that stands beside the baseline, 0 when there is none."""
    names = [run.folder.name for run in found.runs[1:]]
    if len(names) < 2:
        return len(names)
    i = state.index_of(names, state.read("against"))
    chosen = st.selectbox(t("compare.against"), names, index=i, key="pick-against")
    state.write(against=chosen)
    return names.index(chosen) + 1


def _headlines(found: Comparison, other: int) -> None:
    known = {metric.name: metric for metric in found.metrics}
    columns = st.columns(len(frames.HEADLINES))
    for column, name in zip(columns, frames.HEADLINES, strict=True):
        metric, delta = known[name], None
        if other:
            gap = found.of(name, other)
            delta = difference_words(metric, gap.difference)
            if gap.verdict in {"better", "worse"}:
                delta = f"{delta} · {t(f'compare.{gap.verdict}')}"
        value = value_words(metric, found.values[other].get(name))
        column.metric(
            metric_label(metric),
            value,
            delta,
            delta_color="off",
            delta_arrow="off",
            border=True,
            height="stretch",
        )


def _trade(found: Comparison) -> None:
    st.subheader(t("compare.trade"), anchor=False)
    left, middle, right = st.columns(3)
    with left:
        y = pick_metric("y", "new_note_impression_share", t("compare.y_axis"))
    with middle:
        x = pick_metric("x", "time_spent_min_per_dau", t("compare.x_axis"))
    with right:
        size = pick_metric("size", "notes_per_dau", t("compare.size_axis"))
    frame = frames.trade(found, x.name, y.name, size.name)
    names = [run.folder.name for run in found.runs]
    picked = ""
    if frame.empty:
        st.info(t("compare.no_trade"), icon=":material/block:")
    else:
        chart = charts.trade_chart(frame, (x, y, size), names)
        event = st.altair_chart(chart, on_select="rerun", selection_mode=charts.PICK, key="trade")
        st.caption(t("compare.trade_what"))
        picked = next((str(row["run"]) for row in event["selection"].get(charts.PICK, [])), "")
    inspect_scenario(found, picked)


def _daily(found: Comparison) -> None:
    st.subheader(t("compare.daily"), anchor=False)
    metric = pick_metric("metric", "new_note_impression_share", t("compare.metric"))
    as_gap = len(found.runs) > 1 and st.toggle(
        t("compare.as_difference"), value=state.read("gap") == "1", key="gap"
    )
    state.write(gap="1" if as_gap else None)
    frame = frames.daily(found, metric.name)
    if frame.empty:
        st.info(t("compare.no_daily"), icon=":material/block:")
        return
    intervals = frames.daily_intervals(found, metric.name) if as_gap else frame.iloc[:0]
    names = [run.folder.name for run in found.runs]
    st.altair_chart(charts.daily_chart(frame, intervals, metric, names))
    few = as_gap and intervals.empty
    st.caption(t("compare.few_days" if few else f"compare.daily_{'gap' if as_gap else 'level'}"))
