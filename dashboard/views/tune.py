"""Tune: turn knobs of a scenario and see at once what changes, in a small world."""

from __future__ import annotations

import streamlit as st

from dashboard import state, tuning
from dashboard.gallery import Offer, offers
from dashboard.keep_panel import keep_panel
from dashboard.knob_panel import knob_panel
from dashboard.preview_panel import preview_panel
from dashboard.words import escaped, known, t
from dashboard.workspace import workspace

_FIRST = "quickstart"


def page() -> None:
    """Draw the page."""
    st.title(t("tune.title"), anchor=False)
    offer = _choose([offer for offer in offers(workspace()) if not offer.is_experiment])
    ignored = tuning.begin(offer.path)
    if ignored:
        st.warning(t("tune.ignored", what=escaped("; ".join(ignored)[:300])))
    left, right = st.columns([5, 6], gap="large")
    now = tuning.tuned(offer.path)
    with left:
        knob_panel(offer.path, now)
    tuning.remember()
    with right:
        _baseline()
        if now.findings:
            st.warning(t("tune.mend"), icon=":material/error:")
        else:
            preview_panel(now.scenario, tuning.baseline(offer.path))
    if not now.findings:
        keep_panel(offer.path, offer.name, now.scenario, tuning.baseline(offer.path))


def _choose(found: list[Offer]) -> Offer:
    names = list(dict.fromkeys(offer.name for offer in found))
    last = st.session_state.get("tune-last", _FIRST)
    wanted = st.session_state.pop("tune-scenario", None) or state.read("scenario", last, names)
    if wanted in names and st.session_state.get("tune-pick") not in names:
        st.session_state["tune-pick"] = wanted
    name = st.selectbox(t("tune.scenario"), names, key="tune-pick")
    st.session_state["tune-last"] = name
    state.write(scenario=name)
    offer = next(offer for offer in found if offer.name == name)
    st.caption(escaped(known(f"scenarios.{name}", offer.question)))
    return offer


def _baseline() -> None:
    text = t("tune.pinned") if tuning.is_pinned() else t("tune.against_file")
    left, right = st.columns([3, 2], vertical_alignment="center")
    left.caption(text)
    if tuning.overrides():
        right.button(t("tune.pin"), key="tune-pin", on_click=tuning.pin)
    if tuning.is_pinned():
        right.button(t("tune.unpin"), key="tune-unpin", on_click=tuning.unpin)
