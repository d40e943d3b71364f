"""Experiment lab: plan a test with its power before, and read finished ones beside the truth."""

from __future__ import annotations

import streamlit as st

from dashboard import state
from dashboard.experiment_cards import experiment_cards
from dashboard.panels.experiment_plan import plan_panel
from dashboard.panels.experiment_read import read_panel
from dashboard.words import t
from dashboard.workspace import workspace

VIEWS = ("plan", "read")


def page() -> None:
    """Draw the page."""
    st.title(t("experiment.title"), anchor=False)
    st.markdown(t("experiment.what"))
    default = "read" if experiment_cards(workspace()) else "plan"
    chosen = st.segmented_control(
        t("experiment.view"),
        VIEWS,
        default=state.read("view", default, VIEWS),
        format_func=lambda name: t(f"experiment.view_{name}"),
        key="experiment-view",
        label_visibility="collapsed",
        required=True,
    )
    state.write(view=chosen)
    if chosen == "read":
        read_panel()
    else:
        plan_panel()
