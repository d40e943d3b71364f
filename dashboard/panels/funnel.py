"""Parts of the funnel's page."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
import streamlit as st

from dashboard.charts import funnel as charts
from dashboard.frames import funnel as frames
from dashboard.frames.compare import stacked
from dashboard.words import escaped, t
from simulator.app.present import NOTHING, significant
from simulator.results.result import Result

Runs = Sequence[Result]


def headlines(runs: Runs) -> None:
    """Show five numbers of the last run, with those of the baseline beside."""
    found = [_headline(run) for run in runs]
    for column, name in zip(st.columns(len(found[0])), found[0], strict=True):
        beside = t("funnel.baseline", value=found[0][name]) if len(runs) > 1 else None
        column.metric(
            t(f"funnel.card_{name}"), found[-1][name], beside,
            delta_color="off", delta_arrow="off", border=True, height="stretch",
        )  # fmt: skip


def _headline(run: Result) -> dict[str, str]:
    n, missed = frames.n_judged(run)
    reached = frames.stages(run).set_index("stage")["reached"]
    micros = frames.costs(run)["micros"].sum()
    return {
        "judged": f"{n:,}",
        "missed": _percent(missed / n if n else np.nan),
        "recalled": _percent(reached["recalled"]),
        "shown": _percent(reached["examined"]),
        "cost": f"{significant(micros)} µs" if micros else NOTHING,
    }


def stages(runs: Runs) -> None:
    """Show how far new notes come."""
    st.subheader(t("funnel.stages"), anchor=False)
    frame = stacked(runs, [frames.stages(run) for run in runs])
    frame["stage"] = [t(f"funnel.{name}") for name in frame["stage"]]
    frame["label"] = [_percent(share) if np.isfinite(share) else "" for share in frame["kept"]]
    titles = t("funnel.stages_x"), t("funnel.kept")
    st.altair_chart(charts.stage_chart(frame, _names(runs), titles))
    st.caption(t("funnel.stages_what"))
    for run in runs:
        limits = (f"{t(f'funnel.{name}')} {n:,}" for name, n in frames.limits(run).items())
        text = escaped(", ".join(limits))
        st.caption(t("funnel.limits", run=escaped(run.folder.name), limits=text))
    st.subheader(t("funnel.reached_title"), anchor=False)
    title = t("funnel.reached")
    st.altair_chart(charts.share_chart(frame, _names(runs), "stage", "reached", title))


def losses(runs: Runs) -> None:
    """Show the dominant reasons of the notes that missed their quota."""
    st.subheader(t("funnel.losses"), anchor=False)
    found = [frames.losses(run).dropna(subset=["share"]) for run in runs]
    frame = stacked(runs, found)
    if frame.empty:
        st.caption(t("funnel.none_missed"))
        return
    frame["reason"] = [t(f"funnel.reason_{name}") for name in frame["reason"]]
    title = t("funnel.losses_x")
    st.altair_chart(charts.share_chart(frame, _names(runs), "reason", "share", title))
    st.caption(t("funnel.losses_what"))


def channels(runs: Runs, *, new_only: bool) -> None:
    """Show what each channel found of the impressions of all or of new notes."""
    frame = stacked(runs, [frames.channel_table(run, new_only=new_only) for run in runs])
    title = t("funnel.channels_x")
    st.altair_chart(charts.share_chart(frame, _names(runs), "channel", "share", title))
    st.caption(t("funnel.channels_what"))
    order = ["channel", *(["run"] if len(runs) > 1 else []), "asked", "found"]
    table = frame[order].assign(
        share=[_percent(x) for x in frame["share"]],
        alone=[_percent(x) for x in frame["alone_share"]],
        ctr=[_percent(x) for x in frame["ctr"]],
    )
    named = {name: t(f"funnel.col_{name}") for name in table.columns}
    right = {
        named[name]: st.column_config.TextColumn(alignment="right")
        for name in ("share", "alone", "ctr")
    }
    st.dataframe(table.rename(columns=named), hide_index=True, column_config=right)


def overlaps(runs: Runs, *, new_only: bool) -> None:
    """Show which channels find the same notes, a heat map a run."""
    st.subheader(t("funnel.overlap"), anchor=False)
    titles = t("funnel.overlap_y"), t("funnel.overlap_x"), t("funnel.overlap_share")
    for run in runs:
        if len(runs) > 1:
            st.markdown(f"**{escaped(run.folder.name)}**")
        frame = frames.overlap(run, new_only=new_only).dropna(subset=["share"])
        frame = frame[frame["other"].isin(frame["channel"])]
        if frame.empty:
            st.caption(t("funnel.no_impressions"))
        else:
            st.altair_chart(charts.overlap_chart(frame, list(frame["channel"].unique()), titles))
    st.caption(t("funnel.overlap_what"))


def costs(runs: Runs) -> None:
    """Show where the time of the simulator went."""
    st.subheader(t("funnel.cost"), anchor=False)
    frame = stacked(runs, [frames.costs(run) for run in runs])
    if frame.empty:
        st.info(t("funnel.no_profile"), icon=":material/speed:")
        return
    st.altair_chart(charts.cost_chart(frame, _names(runs), t("funnel.cost_x")))
    st.caption(t("funnel.cost_what"))


def _names(runs: Runs) -> list[str]:
    return [run.folder.name for run in runs]


def _percent(share: float) -> str:
    return f"{significant(100 * share)} %" if pd.notna(share) else NOTHING
