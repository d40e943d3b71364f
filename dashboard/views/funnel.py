"""What recall finds, where new notes are lost on the way, and what it costs."""

from __future__ import annotations

import streamlit as st

from dashboard import state
from dashboard.frames import funnel as frames
from dashboard.panels.funnel import channels, costs, headlines, losses, overlaps, stages
from dashboard.picks import pick_beside, pick_run
from dashboard.words import t
from dashboard.workspace import workspace


def page() -> None:
    """Draw the page."""
    st.title(t("funnel.title"), anchor=False)
    st.markdown(t("funnel.what"))
    left, right = st.columns(2)
    with left:
        card = pick_run(label=t("funnel.run"), events=True)
    if card is None:
        return
    with right:
        beside = pick_beside(card, t("funnel.beside"), t("funnel.alone"))
    runs = [workspace().open_run(card.id), *([beside] if beside else [])]
    headlines(runs)
    if all(frames.n_judged(run)[0] for run in runs):
        stages(runs)
        losses(runs)
    else:
        st.info(t("funnel.no_notes"), icon=":material/hourglass_empty:")
    st.subheader(t("funnel.channels"), anchor=False)
    new_only = _pick_population() == "new"
    if any(frames.channel_table(run, new_only=new_only)["found"].sum() for run in runs):
        channels(runs, new_only=new_only)
        overlaps(runs, new_only=new_only)
    else:
        st.info(t("funnel.no_impressions"), icon=":material/visibility_off:")
    costs(runs)


def _pick_population() -> str:
    options = ["all", "new"]
    before = state.read("of", options[0], options)
    chosen = st.segmented_control(
        t("funnel.of"),
        options,
        default=before,
        format_func=lambda name: t(f"funnel.of_{name}"),
        key="pick-of",
    )
    state.write(of="new" if chosen == "new" else None)
    return chosen or options[0]
